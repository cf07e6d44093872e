"""The files that set sysctls at boot, with their names: what ``capture`` writes as sysctl-files.txt.

    ==> /etc/sysctl.d/99-app.conf <==           as ``tail -vn +1 /etc/sysctl.d/*.conf ...`` heads each file
    net.ipv4.ip_forward = 0
    # a comment

    /etc/sysctl.d/99-app.conf:net.ipv4.ip_forward = 0       as ``grep -H . /etc/sysctl.d/*.conf`` prints it

Both are read, and printed back as they were. The first also shows files that set nothing, which matters: an
empty file hides one of the same name in a directory that comes later. (What ``sysctl --system`` says is no
such list: since procps 4 it names all files first.) Inside a file: ``key = value``, with ``-`` before it
where a failure is no matter; ``-key`` alone takes keys out of a glob (sysctl.d(5)).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from sekisho.model.evidence import Evidence, Unread
from sekisho.model.host import SysctlFile, SysctlFileLine
from sekisho.sources.parsed import Parsed
from sekisho.sources.sysctl import KEY, dotted
from sekisho.values.names import BadNameError

_HEAD = re.compile(r"==> (/.*) <==\s*$")


def parse(text: str, file: str) -> Parsed[SysctlFile]:
    """Every file in the order of the text. A line that sets nothing and is no comment is Unread."""
    found: list[SysctlFile] = []
    inside: list[list[SysctlFileLine]] = []  # the lines of each
    unread: list[Unread] = []
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    headed = False
    for number, raw in enumerate(lines, 1):
        place = Evidence(file, number, raw)
        head = _HEAD.match(raw)
        if head:
            headed = True
            found.append(SysctlFile(head[1], evidence=place))
            inside.append([])
            continue
        named = None if headed else _named(raw)
        if named is None and not headed:
            if raw.strip():
                reason = "command-error" if raw.startswith(("sysctl:", "grep:")) else "unknown-line"
                unread.append(Unread(place, reason))
            continue
        path, said = named or ("", raw)
        if named is not None and (not found or found[-1].path != path):
            found.append(SysctlFile(path))
            inside.append([])
        line = _line(said, place)
        if line is None:
            unread.append(Unread(place, "unknown-line"))
            line = SysctlFileLine(said, evidence=place)
        inside[-1].append(line)
    return Parsed(
        tuple(replace(one, lines=tuple(own)) for one, own in zip(found, inside, strict=True)), tuple(unread)
    )


def _named(raw: str) -> tuple[str, str] | None:
    """A line that is led by its file: the file's path and the line itself."""
    path, colon, said = raw.partition(":")
    return (path, said) if colon and path.startswith("/") and "sysctl" in path else None


def _line(text: str, place: Evidence) -> SysctlFileLine | None:
    inside = text.strip()
    if not inside or inside[0] in "#;":
        return SysctlFileLine(text, evidence=place)
    key, equals, value = inside.partition("=")
    excused = key.startswith("-")
    key = key.removeprefix("-").strip()
    if not KEY.fullmatch(key) or (not equals and not excused):
        return None
    try:
        return SysctlFileLine(text, dotted(key), value.strip() if equals else None, place)
    except BadNameError:
        return None


def render(files: Iterable[SysctlFile]) -> str:
    """As it was read: with heads, or each line led by its file."""
    found: list[str] = []
    for item in files:
        if item.evidence is not None:
            found.append(item.evidence.text)
            found += (line.text for line in item.lines)
        else:
            found += (f"{item.path}:{line.text}" for line in item.lines)
    return "".join(f"{line}\n" for line in found)
