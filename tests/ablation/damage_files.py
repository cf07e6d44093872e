"""Whole files: gone, empty, cut, refused, a namespace that is not there."""

from __future__ import annotations

import random

from tests.ablation.damage import ENDINGS, Damage, base, pick, text_lines
from tests.ablation.wholes import COMMANDS, Files

_NO_RULES = "v1.8.9 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)"
REFUSED = {
    "iptables-save": f"iptables-save {_NO_RULES}",
    "ip6tables-save": f"ip6tables-save {_NO_RULES}",
    "nft-ruleset": "Operation not permitted (you must be root)",
    "ipset-save": "ipset v7.17: Kernel error received: Operation not permitted",
    "conntrack": "conntrack v1.4.7 (conntrack-tools): Operation failed: Operation not permitted",
    "docker-networks": "permission denied while trying to connect to the Docker daemon socket at"
    " unix:///var/run/docker.sock",
    "docker-containers": "permission denied while trying to connect to the Docker daemon socket at"
    " unix:///var/run/docker.sock",
}  # fmt: skip
_REASONS = ("Permission denied", "Operation not permitted", "Cannot open netlink socket: Permission denied")
# What may be empty because there is nothing of the kind.
_EMPTY_IS_KNOWN = ("ip-neigh", "ipset-save", "conntrack", "nft-ruleset", "ip6-", "sysctl-files")


def _any(name: str) -> bool:
    return name.endswith(ENDINGS)


def remove_file(files: Files, draw: random.Random) -> Damage | None:
    """A file is not there."""
    name = pick(files, draw, _any)
    if name is None or len(files) == 1:
        return None
    return Damage("remove-file", {name: None})


def empty_file(files: Files, draw: random.Random) -> Damage | None:
    """A file of no bytes."""
    name = pick(files, draw, _any)
    if name is None:
        return None
    known = base(name).startswith(_EMPTY_IS_KNOWN) and not name.endswith(".json")
    undecidable = "an empty text says that there is nothing" if known or "/" in name else ""
    return Damage("empty-file", {name: b""}, undecidable=undecidable)


def cut(files: Files, draw: random.Random) -> Damage | None:
    """A file that ends at any byte."""
    name = pick(files, draw, _any)
    if name is None:
        return None
    data = files[name]
    at = draw.randrange(1, len(data)) if len(data) > 1 else 0
    return cut_at(name, data, at)


def cut_at(name: str, data: bytes, at: int) -> Damage:
    """The same at one byte."""
    left = data[:at]
    first = left.count(b"\n") + 1
    lines = {name: (first, data.count(b"\n") + 1)}
    return Damage(
        "cut",
        {name: left},
        lines,
        _taken(data[at:]),
        undecidable=_unseen_end(name, left, data),
        about=f"at {at}",
    )


def _taken(rest: bytes) -> tuple[str, ...]:
    """Names of tables and chains in the part that is gone."""
    lines = rest.decode("utf-8", "replace").splitlines()
    names = {line[1:].split()[0] for line in lines if line[:1] in ("*", ":") and line[1:].split()}
    return tuple(sorted(names))


def _unseen_end(name: str, left: bytes, data: bytes) -> str:
    """Why nobody can see that the text went on; empty where one can."""
    if name.endswith(".json"):
        return ""
    if not left.strip():
        return "an empty text says that there is nothing"
    if data[len(left) :].strip() == b"":
        return "nothing but white space is gone"
    whole_line = left.endswith(b"\n") or data[len(left) : len(left) + 1] == b"\n"
    last = text_lines(left)[-1].strip()
    if "tables-save" in name:
        between = last.startswith((b"# Completed", b"COMMIT")) or not last or b"*" not in left
        return "between two tables nothing shows that another followed" if whole_line and between else ""
    if "nft-ruleset" in name:
        outside = left.count(b"{") == left.count(b"}")
        return "between two tables nothing shows that another followed" if whole_line and outside else ""
    return "a cut at the end of a line shows nowhere" if whole_line else ""


def refused(files: Files, draw: random.Random) -> Damage | None:
    """The command was tried and failed: no file, and a line in the notes of the capture."""
    name = pick(files, draw, lambda it: base(it).rpartition(".")[0] in COMMANDS)
    if name is None or len(files) == 1:
        return None
    stem = base(name).rpartition(".")[0]
    line = f"{name}: {COMMANDS[stem]}: {draw.choice(_REASONS)}\n".encode()
    notes = files.get("capture-notes.txt", b"") + line
    return Damage("refused", {name: None, "capture-notes.txt": notes}, words=(COMMANDS[stem], name))


def error_in_file(files: Files, draw: random.Random) -> Damage | None:
    """The command's error stands in the file."""
    name = pick(files, draw, lambda it: base(it).rpartition(".")[0] in REFUSED)
    if name is None:
        return None
    text = REFUSED[base(name).rpartition(".")[0]].encode() + b"\n"
    return Damage("error-in-file", {name: text}, {name: (1, files[name].count(b"\n") + 1)})


def no_namespace(files: Files, draw: random.Random) -> Damage | None:
    """All of a container's namespace is missing."""
    names = sorted({name.split("/")[1] for name in files if name.startswith("netns/")})
    if not names:
        return None
    gone = draw.choice(names)
    return Damage(
        "no-namespace", {name: None for name in files if name.startswith(f"netns/{gone}/")}, words=(gone,)
    )


def empty_lists(files: Files, draw: random.Random) -> Damage | None:
    """Docker's lists hold nothing."""
    lists = [
        name
        for name in ("docker-containers.json", "docker-networks.json")
        if files.get(name, b"[]").strip() != b"[]"
    ]
    if not lists:
        return None
    gone = draw.choice(lists)
    alone = gone == "docker-containers.json" and b'"IPv4Address"' not in files.get(
        "docker-networks.json", b""
    )
    return Damage(
        "empty-lists", {gone: b"[]\n"}, undecidable="no other list names the containers" if alone else ""
    )


WAYS = (remove_file, empty_file, cut, refused, error_in_file, no_namespace, empty_lists)
