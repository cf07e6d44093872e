"""What the campaign starts from: the repository's own captures, and the large collection where it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sekisho.sources.recognise import by_aws_name, by_name
from tests.cli.command import ROOT
from tests.truth import truth_dir

_LARGEST = 60_000  # bytes; what is larger only takes longer
_LARGEST_ALONE = 20_000
_FOLDERS = ("examples", "tests/cases", "tests/data/docker", "tests/hostile/samples", "tests/sources/captures")
_DOCUMENTS = ("examples/topologies", "examples/policies", "tests/data/compose")

Files = dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Corpus:
    """``hosts``: whole snapshots. ``texts``: single files, by their name in a snapshot. ``documents``: YAML
    and JSON that people write, by what it is (``compose``, ``policy``, ``topology``)."""

    hosts: tuple[Files, ...]
    texts: dict[str, tuple[bytes, ...]]
    documents: dict[str, tuple[bytes, ...]]


def corpus(*, truth: bool = True) -> Corpus:
    """All of it; ``truth``: with the large collection too, if it is there."""
    roots = [ROOT / name for name in _FOLDERS]
    collection = truth_dir() if truth else None
    if collection is not None:
        roots.append(collection)
    folders = sorted({_host_of(path) for root in roots for path in root.rglob("*") if _is_captured(path)})
    hosts = [host for folder in folders if (host := _host(folder))]
    texts: dict[str, dict[bytes, None]] = {}
    for host in hosts:
        for name, data in host.items():
            if len(data) < _LARGEST_ALONE or b"COMMIT" not in data:
                texts.setdefault(name.rpartition("/")[2], {})[data] = None
    return Corpus(tuple(hosts), {name: tuple(found) for name, found in sorted(texts.items())}, _documents())


def _is_captured(path: Path) -> bool:
    return path.is_file() and by_name(path.name) is not None


def _host_of(path: Path) -> Path:
    """The snapshot to which a captured file belongs."""
    return path.parents[2] if path.parent.parent.name == "netns" else path.parent


def _host(folder: Path) -> Files:
    found: Files = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        known = by_name(path.name) if name.count("/") in (0, 2) else by_aws_name(path.name)
        if known is not None and path.is_file() and path.stat().st_size <= _LARGEST:
            found[name] = path.read_bytes()
    return found


def _documents() -> dict[str, tuple[bytes, ...]]:
    found: dict[str, list[bytes]] = {"compose": [], "policy": [], "topology": []}
    for name in _DOCUMENTS:
        for path in sorted((ROOT / name).rglob("*.yaml")):
            kind = {"topologies": "topology", "policies": "policy"}.get(path.parent.name, "compose")
            found[kind].append(path.read_bytes())
    found["compose"].append((ROOT / "tests/hostile/samples/compose.json").read_bytes())
    found["topology"].append((ROOT / "tests/hostile/samples/topology.json").read_bytes())
    return {kind: tuple(texts) for kind, texts in found.items()}
