"""snapshot.toml: what a capture cannot say about itself.

name = "web-1"
notes = "taken before the upgrade"

[roles]
eth0 = "internet"

[[wires]]                            of several hosts: interfaces that are on one wire
ends = ["web-1/eth1", "db-1/eth0"]
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sekisho.errors import SourceError, said
from sekisho.model.evidence import Evidence
from sekisho.values.numbers import integer

_LINE = re.compile(r"\(at line ([0-9]{1,20}),|\(at end of document\)")


@dataclass(frozen=True, slots=True)
class SnapshotToml:
    """``roles`` are (interface, role) pairs; ``notes`` one Evidence a line of the notes; ``wires`` the ends
    (HOST/INTERFACE) of each."""

    name: str = ""
    notes: tuple[Evidence, ...] = ()
    roles: tuple[tuple[str, str], ...] = ()
    wires: tuple[tuple[str, ...], ...] = ()


def parse(text: str, file: str) -> SnapshotToml:
    """Read it. Raises SourceError for bad TOML, unknown keys and values of the wrong type."""
    import tomllib  # only here: most snapshots have no such file

    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = _LINE.search(str(error))
        line = integer(match.group(1)) if match and match.group(1) else text.count("\n") + 1
        lines = text.split("\n")
        shown = lines[line - 1] if line <= len(lines) else ""
        raise SourceError(said("not valid TOML: {0}", error), file=file, line=line, text=shown) from None
    except RecursionError:
        raise SourceError("the document is nested too deeply", file=file) from None
    except ValueError:  # of Python's own numbers
        raise SourceError("a number is too large", file=file) from None
    for key, value in document.items():
        wanted = {"name": str, "notes": str, "roles": dict, "wires": list}.get(key)
        if wanted is None or not isinstance(value, wanted):
            raise _wrong(text, file, key)
    roles = document.get("roles", {})
    for interface, role in roles.items():
        if not isinstance(role, str):
            raise _wrong(text, file, interface)
    wires = tuple(_ends(wire) for wire in document.get("wires", []))
    if None in wires:
        raise _wrong(text, file, "wires")
    notes = [line for line in document.get("notes", "").splitlines() if line.strip()]
    return SnapshotToml(
        document.get("name", ""),
        tuple(Evidence(file, _line_of(text, "notes"), line) for line in notes),
        tuple(roles.items()),
        tuple(wire for wire in wires if wire is not None),
    )


def _ends(wire: object) -> tuple[str, ...] | None:
    """The ends of a wire; None where that is none."""
    found = wire.get("ends") if isinstance(wire, dict) and set(wire) == {"ends"} else None
    if (
        not isinstance(found, list)
        or not found
        or not all(isinstance(end, str) and "/" in end for end in found)
    ):
        return None
    return tuple(found)


def _wrong(text: str, file: str, key: str) -> SourceError:
    line = _line_of(text, key)
    return SourceError(
        said("{0!r} does not belong here", key), file=file, line=line,
        text=text.split("\n")[line - 1] if line else "",
        advice='the file holds name = "...", notes = "...", a table [roles] of eth0 = "internet", and tables '
        '[[wires]] of ends = ["HOST/eth0", "HOST/eth0"]',
    )  # fmt: skip


def _line_of(text: str, key: str) -> int:
    for number, line in enumerate(text.split("\n"), 1):
        if re.match(rf'\s*\[?\s*["\']?{re.escape(key)}["\']?\s*[\]=.]', line):
            return number
    return 0
