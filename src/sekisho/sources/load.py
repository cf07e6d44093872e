"""``load``: whatever a user has (a folder, an archive, one file, pasted text) as one Snapshot."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from sekisho.errors import SourceError, said
from sekisho.model.evidence import Evidence, Failure, Unread
from sekisho.model.snapshot import Snapshot
from sekisho.sources import aws_instances, docker_inspect, docker_lists, snapshot_toml
from sekisho.sources.archive import (
    Unzstd,
    archive_kind,
    read_archive,
    read_folder,
)
from sekisho.sources.assemble import namespace_of
from sekisho.sources.bounds import USUAL, Bounds, read_named, too_large
from sekisho.sources.collected import Collected
from sekisho.sources.failures import noted, with_failures
from sekisho.sources.layout import ADVICE, HostTexts, by_host, is_known, piece_of, text_of
from sekisho.sources.pieces import HOST, Gathered, Piece, empty_error
from sekisho.sources.recognise import Format, by_name
from sekisho.values.address import Address
from sekisho.values.names import BadNameError, namespace_name

STDIN = "stdin"
_DOCKER = frozenset({Format.DOCKER_NETWORKS, Format.DOCKER_CONTAINERS, Format.DOCKER_VERSION})


@dataclass(frozen=True, slots=True)
class Part:
    """One host of a snapshot, read when it is first asked for. ``name``: "" where there is one alone;
    ``path`` is how the user named the whole, ``shown`` how errors do."""

    name: str
    texts: HostTexts
    path: str
    shown: str

    def snapshot(self) -> Snapshot:
        """What it holds. Raises SourceError where nothing sensible can be read."""
        return _snapshot(self.path, self.texts.gathered, self.shown, self.name)

    def may_have(self, address: Address, own: bool) -> bool:
        """Whether its texts may name the address: as one of the host's ``own``, or anywhere."""
        return self.texts.may_have(address, own)


def load(path: str, *, unzstd: Unzstd | None = None, bounds: Bounds = USUAL) -> Snapshot:
    """Read a snapshot folder, an archive of one, a single file, or standard input for ``-``.

    ``unzstd`` unpacks .tar.zst archives (``capture.zstd.decompress`` does, with the zstd program).
    ``-`` takes pasted text, one command's output or an archive. Raises SourceError (file, line,
    text, advice) where nothing sensible can be read, more than ``bounds`` allow, or several hosts none of
    which ``bounds`` names; single lines that were not understood are in the ``unread`` of their namespace,
    files that no reader reads in ``notes``.
    """
    shown, found = _read(path, unzstd, bounds)
    return _snapshot(path, _chosen(found, bounds.host, shown).gathered, shown)


def load_hosts(
    path: str, *, unzstd: Unzstd | None = None, bounds: Bounds = USUAL
) -> tuple[tuple[str, Snapshot], ...]:
    """The same for every host that is there, or the one that ``bounds`` names, each with its name; one alone
    that nothing names has none."""
    shown, found = _asked(path, unzstd, bounds)
    return tuple((name, _snapshot(path, one.gathered, shown)) for name, one in found.items())


def load_parts(path: str, *, unzstd: Unzstd | None = None, bounds: Bounds = USUAL) -> tuple[Part, ...]:
    """The same for the parts of one world: of several hosts, each namespace has its host's name too."""
    shown, found = _asked(path, unzstd, bounds)
    several = len(found) > 1
    return tuple(Part(name if several else "", one, path, shown) for name, one in found.items())


def _asked(path: str, unzstd: Unzstd | None, bounds: Bounds) -> tuple[str, dict[str, HostTexts]]:
    shown, found = _read(path, unzstd, bounds)
    return shown, {bounds.host: _chosen(found, bounds.host, shown)} if bounds.host else found


def _read(path: str, unzstd: Unzstd | None, bounds: Bounds) -> tuple[str, dict[str, HostTexts]]:
    """What the texts hold, by host, and how errors name the whole."""
    if path == "-":
        data = sys.stdin.buffer.read(bounds.most + 1)
        if len(data) > bounds.most:
            raise too_large(STDIN, bounds.most)
        if archive_kind(data):
            return STDIN, by_host(STDIN, *read_archive(data, STDIN, unzstd, bounds), bounds)
        return STDIN, _by_page(_pasted(text_of(data, STDIN, bounds), STDIN), bounds)
    place = Path(path)
    if place.is_dir():
        return path, by_host(path, *read_folder(place, bounds, is_known), bounds)
    if not place.exists():
        raise SourceError("no such file or folder", file=path, advice=ADVICE)
    data = read_named(place, path, bounds)
    if archive_kind(data):
        return path, by_host(path, *read_archive(data, path, unzstd, bounds), bounds)
    return place.name, _by_page(_from_one_file(data, place.name, bounds), bounds)


def _by_page(gathered: Gathered, bounds: Bounds) -> dict[str, HostTexts]:
    each = {host: gathered.of(host) for host in gathered.hosts} or {"": gathered}
    return {host: HostTexts({}, "", [], bounds, one) for host, one in each.items()}


def _chosen(found: dict[str, HostTexts], host: str, shown: str) -> HostTexts:
    """The host that is named, or the only one."""
    if not host and len(found) == 1:
        return next(iter(found.values()))
    if host in found and host:
        return found[host]
    names = ", ".join(name for name in found if name)
    if not host:
        raise SourceError(
            said("the snapshot holds {0} hosts: {1}", len(found), names), file=shown,
            advice=said("name one of them: --host {0}", next(iter(found))),
        )  # fmt: skip
    if not names:
        raise SourceError(
            said("there is one host here, and nothing names it: {0!r} is not known", host), file=shown,
            advice="leave --host out",
        )  # fmt: skip
    raise SourceError(said("no host is called {0!r}", host), file=shown, advice=said("there are: {0}", names))


def load_text(text: str, file: str = STDIN) -> Snapshot:
    """Read pasted text, as ``load("-")`` does; ``file`` is what evidence names it."""
    found = _by_page(_pasted(text_of(text.encode(), file, USUAL), file), USUAL)
    return _snapshot("-", _chosen(found, "", file).gathered, file)


def _pasted(text: str, file: str) -> Gathered:
    from sekisho.sources import paste  # only here: a folder, the usual case, starts faster without

    return paste.gather(text, file)


def _from_one_file(data: bytes, name: str, bounds: Bounds) -> Gathered:
    text = text_of(data, name, bounds)
    expected = by_name(name)
    if expected is None:
        return _pasted(text, name)
    piece, comments = piece_of(name, name, text, expected, HOST)
    return Gathered((piece,), prose=comments)


def _snapshot(path: str, gathered: Gathered, shown: str, site: str = "") -> Snapshot:
    if not gathered.pieces:
        raise _nothing(gathered, shown)
    by_namespace: dict[str, list[Piece]] = {HOST: []}
    for piece in gathered.pieces:
        by_namespace.setdefault(piece.namespace, []).append(piece)
    failures: dict[str, list[Failure]] = {}
    for name, failure in gathered.failed:
        failures.setdefault(name, []).append(failure)
    for piece in gathered.pieces if len(gathered.pieces) > 1 else ():
        for name, failure in noted(piece.text, piece.file) if piece.format is Format.CAPTURE_NOTES else ():
            failures.setdefault(name, []).append(failure)
    everything = Collected(unread=list(gathered.unread), notes=list(gathered.notes))
    namespaces = []
    for name, pieces in by_namespace.items():
        collected = Collected()
        try:
            known = namespace_name(name)
        except BadNameError:
            everything.unread += (Unread(piece.place(), "bad-name", name) for piece in pieces)
            continue
        read = namespace_of(known, pieces, collected)
        read = with_failures(read, failures[name]) if name in failures else read
        namespaces.append(replace(read, site=site) if site else read)
        everything.notes += collected.notes
    toml = snapshot_toml.SnapshotToml()
    for piece in gathered.pieces:
        if piece.format is Format.SNAPSHOT_TOML:
            toml = snapshot_toml.parse(piece.text, piece.file)
        elif piece.format is Format.CAPTURE_NOTES:
            everything.notes += _capture_notes(piece)
    docker = [piece for piece in gathered.pieces if piece.format in _DOCKER]
    networks = everything.one(
        docker, (Format.DOCKER_NETWORKS,), lambda it: docker_inspect.parse_networks(it.text, it.file)
    )
    containers = everything.one(
        docker, (Format.DOCKER_CONTAINERS,), lambda it: docker_inspect.parse_containers(it.text, it.file)
    )
    instances = everything.one(
        gathered.pieces, (Format.AWS_INSTANCES,), lambda it: aws_instances.parse(it.text, it.file)
    )
    listed = [piece for piece in gathered.pieces if piece.format in docker_lists.FORMATS]
    return Snapshot(
        path=path,
        host=namespaces[0],
        namespaces=tuple(namespaces[1:]),
        networks=networks,
        containers=containers,
        listed_containers=docker_lists.listed_containers(listed, everything),
        listed_networks=docker_lists.listed_networks(listed, everything),
        docker_version=_docker_version(docker, everything),
        instances=instances,
        name=toml.name,
        roles=toml.roles,
        wires=toml.wires,
        notes=(*toml.notes, *everything.notes),
        unread=tuple(everything.unread),
        prose=gathered.prose,
        texts=_texts(gathered.pieces),
    )


def _texts(pieces: Iterable[Piece]) -> tuple[tuple[str, str], ...]:
    """Each file's text, the pieces of a page on their lines of it."""
    found: dict[str, str] = {}
    pages: dict[str, list[str]] = {}
    for piece in pieces:
        if not piece.pasted:
            found[piece.file] = piece.text
            continue
        page = pages.setdefault(piece.file, [])
        lines = piece.text.split("\n")
        page += [""] * (len(lines) - len(page))
        start = max(piece.place().line - 1, 0)
        page[start : len(lines)] = lines[start:]
    return (*found.items(), *((file, "\n".join(page)) for file, page in pages.items()))


def _docker_version(pieces: Iterable[Piece], collected: Collected) -> str | None:
    piece = collected.best(pieces, (Format.DOCKER_VERSION,))
    if piece is None:
        return None
    if piece.blank:
        raise empty_error(piece)
    collected.use(piece)
    version = docker_inspect.parse_version(piece.text, piece.file)
    if version is None:
        collected.note(piece, "does not tell the engine's version")
    return version


def _capture_notes(piece: Piece) -> list[Evidence]:
    return [
        Evidence(piece.file, number, line)
        for number, line in enumerate(piece.text.split("\n"), 1)
        if line.strip()
    ]


def _nothing(gathered: Gathered, shown: str) -> SourceError:
    """Nothing could be read: say where the text stands that nobody knows."""
    lines = (*(one.evidence for one in gathered.unread), *gathered.notes, *gathered.prose)
    place = next(iter(lines), None)
    if place is None:
        return SourceError("there is no text", file=shown, advice=ADVICE)
    from sekisho.sources.paste_failures import asked_again  # only where an answer is an error anyway

    story = "\n".join((*(one.file for _, one in gathered.failed), *(line.text for line in lines)))
    for line in lines:
        if (again := asked_again(line.text, story)) is not None:
            return SourceError(
                "the command was refused: what it shows is not known, and not nothing",
                file=line.file, line=line.line, text=line.text,
                advice=said("ask again with the rights for it: {0}", again or "sudo ..."),
            )  # fmt: skip
    return SourceError(
        "no command's output that is known", file=place.file, line=place.line, text=place.text,
        advice=ADVICE,
    )  # fmt: skip
