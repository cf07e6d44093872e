"""One input of a campaign: files and a command line, made from the campaign's seed and its number alone."""

from __future__ import annotations

import io
import json
import random
import tarfile
from dataclasses import dataclass

from tests.fuzz import commands
from tests.fuzz.mutate import mutated, with_canary
from tests.fuzz.samples import Corpus, Files
from tests.fuzz.structure import canary_json, mutated_json, mutated_yaml

_LONG = 60  # lines
READERS = 0.8  # the share of inputs that are one file each


@dataclass(frozen=True, slots=True)
class Input:
    """``files`` below the input's folder; ``argv`` names it ``{}``. ``changed``: the files that are not as
    they were captured. ``reader``: one captured text, of which every line is accounted for. ``canary``: a
    word that nobody knows stands in it."""

    number: int
    files: Files
    argv: tuple[str, ...]
    changed: tuple[str, ...]
    reader: bool = False
    canary: bool = False
    stdin: bytes = b""


def made(corpus: Corpus, seed: int, number: int, readers: float = READERS) -> Input:
    """The input of that number; the same for the same corpus."""
    draw = random.Random(f"{seed}:{number}")
    return _reader(corpus, draw, number) if draw.random() < readers else _verb(corpus, draw, number)


def _reader(corpus: Corpus, draw: random.Random, number: int) -> Input:
    name = draw.choice(tuple(corpus.texts))
    data = _part(draw.choice(corpus.texts[name]), draw)
    canary = draw.random() < 0.15
    if canary:
        data = canary_json(data, draw) if name.endswith(".json") else with_canary(data, draw)
    else:
        data = changed(name, data, draw, corpus.texts[name])
    common = ("--lang", draw.choice(("en", "ja")))
    return Input(number, {name: data}, ("explain", "{}/" + name, "--json", *common), (name,), True, canary)


def _part(data: bytes, draw: random.Random) -> bytes:
    """Some lines of what is long and only takes longer: sysctls, routes, connections, sockets."""
    lines = data.splitlines(keepends=True)
    if len(lines) <= _LONG or data.lstrip()[:1] in (b"[", b"{") or b"{" in data or b"COMMIT" in data:
        return data
    at = draw.randrange(len(lines) - _LONG)
    return b"".join(lines[at : at + _LONG])


def changed(name: str, data: bytes, draw: random.Random, others: tuple[bytes, ...] = ()) -> bytes:
    """A text changed as one of its kind can be."""
    if name.endswith(".json") and draw.random() < 0.75:
        return mutated_json(data, draw, others)
    if name.endswith(".yaml") and draw.random() < 0.5:
        return mutated_yaml(data, draw, others)
    return mutated(data, draw, others)


def _verb(corpus: Corpus, draw: random.Random, number: int) -> Input:
    verb = draw.choices(commands.VERBS, commands.WEIGHTS)[0]
    argv = commands.command(verb, draw)
    host = dict(draw.choice(corpus.hosts))
    touched: list[str] = []
    files: Files = {}
    if "{}/before" in argv:
        names = draw.sample(sorted(host), min(len(host), draw.choice((1, 1, 1, 2, 3))))
        damaged = {**host, **{name: changed(name, host[name], draw) for name in names}}
        whole, _ = ("after", "before") if verb == "diff" and draw.random() < 0.5 else ("before", "after")
        other = "before" if whole == "after" else "after"
        files |= {f"{whole}/{name}": data for name, data in damaged.items()}
        touched += (f"{whole}/{name}" for name in names)
        if verb == "diff":
            files |= {f"{other}/{name}": data for name, data in host.items()}
    kind = {"check": "policy", "plan": "compose", "lab": "topology"}.get(verb)
    if kind is not None:
        if kind == "topology" and draw.random() < 0.3:
            kind = "compose"
        document = draw.choice(corpus.documents[kind])
        if "{}/before" not in argv or draw.random() < 0.6:
            document = changed("document.yaml", document, draw, corpus.documents[kind])
            touched.append("document.yaml")
        files["document.yaml"] = document
    if "{}/flows.jsonl" in argv:
        flow = {"from": draw.choice(commands.ENDS), "to": draw.choice(commands.ENDS), "dst": "8.8.8.8:53"}
        files["flows.jsonl"] = mutated(json.dumps(flow).encode() + b"\n", draw)
        touched.append("flows.jsonl")
    return _by_another_way(Input(number, files, tuple(argv), tuple(touched)), draw)


def _by_another_way(given: Input, draw: random.Random) -> Input:
    """The snapshot as an archive, or pasted."""
    chance = draw.random()
    if given.argv[0] not in ("explain", "trace", "lint") or chance > 0.3:
        return given
    captured = {name: data for name, data in given.files.items() if name.startswith("before/")}
    if not captured:
        return given
    argv = tuple("-" if word == "{}/before" else word for word in given.argv)
    if chance < 0.1:
        data = _archive(captured)
        if draw.random() < 0.5:
            data = mutated(data, draw)
        return Input(given.number, given.files, argv, (), stdin=data)
    pasted = b"".join(
        b"root@h:~# " + name.rpartition("/")[2].rpartition(".")[0].replace("-", " ").encode() + b"\n" + data
        for name, data in captured.items()
        if b"\0" not in data and name.endswith(".txt")
    )
    return Input(given.number, given.files, argv, (), stdin=mutated(pasted, draw) if pasted else b" ")


def _archive(files: Files) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name.removeprefix("before/"))
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return packed.getvalue()
