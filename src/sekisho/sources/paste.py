"""Text with several commands' outputs one after another, as people paste it into tickets.

A command line may stand before an output, behind any usual prompt or alone on its line:

    $ ip route                              [root@host ~]# iptables -t nat -nL -v
    ubuntu@ip-10-0-0-10:~$ sudo ip rule     # sysctl net.ipv4.ip_forward
    ==> ip-route.txt <==                    (a file's name, as head and tail print it)

It then tells format, family, table and namespace. Without one, the text is cut where the lines'
format changes. Markdown fences end a piece too. Every piece keeps the line numbers of the paste.
"""

from __future__ import annotations

import re

from sekisho.errors import SourceError, said
from sekisho.model.evidence import Evidence, Unread
from sekisho.sources.documents import compose_lines
from sekisho.sources.json_stream import decoder_for
from sekisho.sources.paste_pieces import piece_of
from sekisho.sources.paste_prompts import NO_COMMAND, Shells, opened_by
from sekisho.sources.paste_section import Section, begins_section, in_block
from sekisho.sources.pieces import HOST, Gathered, Piece
from sekisho.sources.recognise import Format, by_content, of_line

_FENCE = re.compile(r"\s*(?:```|~~~)")
_CONTAINER_HOST = re.compile(r"[0-9a-f]{12}")

# `docker run` starts a container of its own, in a namespace that nothing else shows.
_UNKNOWN_NAMESPACE = "docker run"
_DOCKER = frozenset({Format.DOCKER_NETWORKS, Format.DOCKER_CONTAINERS})


def gather(text: str, file: str) -> Gathered:
    """Cut a paste into pieces. Raises SourceError when it shows two different hosts."""
    pieces: list[Piece] = []
    notes: list[Evidence] = []
    unread: list[Unread] = []
    sections = cut(text, file)
    hosts = _hosts(sections)
    for section in sections:
        namespace = (section.command and section.command.namespace) or HOST
        if namespace == HOST and _CONTAINER_HOST.fullmatch(section.host) and section.host != hosts:
            namespace = section.host
        if section.format is None or namespace == _UNKNOWN_NAMESPACE:
            notes += _not_read(section)
            unread += _unknown_lines(section, file)
            continue
        found = piece_of(section, file, namespace)
        if isinstance(found, Evidence):
            notes.append(found)
        else:
            pieces.append(found)
            if found.format in _DOCKER and found.partial and section.evidence:
                notes.append(_about(section.evidence, f"not all there is ({found.partial})"))
    return Gathered(tuple(pieces), tuple(notes), tuple(unread))


def _about(place: Evidence, what: str) -> Evidence:
    return Evidence(place.file, place.line, f"{what}: {place.text.strip()}")


def _not_read(section: Section) -> list[Evidence]:
    """A command whose output nobody reads; the last, empty prompt is none."""
    if section.evidence is None or (section.blank and section.command == NO_COMMAND):
        return []
    return [_about(section.evidence, "not read")]


def _unknown_lines(section: Section, file: str) -> list[Unread]:
    """The lines that follow no command at all and look like nothing that is known; ``#`` comments."""
    if section.evidence is not None:
        return []
    return [
        Unread(Evidence(file, number, line), "unknown-line")
        for number, line in enumerate(section.lines, section.start)
        if line.strip() and not line.startswith("#")
    ]


def _hosts(sections: list[Section]) -> str:
    """The one host that the prompts name ("" for none); containers show twelve hex digits."""
    seen: dict[str, Section] = {}
    for section in sections:
        if (
            section.host
            and section.format is not None
            and not (section.command and section.command.namespace)
        ):
            seen.setdefault(section.host, section)
    real = [host for host in seen if not _CONTAINER_HOST.fullmatch(host)]
    if len(real) > 1:
        place = seen[real[1]].evidence
        raise SourceError(
            said("the text comes from two hosts, {0} and {1}", real[0], real[1]),
            file=place.file if place else "",
            line=place.line if place else 0,
            text=place.text if place else "",
            advice="give each host's text on its own; a snapshot of several has a folder hosts/NAME for each",
        )
    return real[0] if real else next(iter(seen), "") if len(seen) == 1 else ""


def cut(text: str, file: str) -> list[Section]:
    """The sections of a paste in order, those without any line included."""
    lines = text.split("\n")
    sections: list[Section] = []
    current = Section(1)
    shells = Shells()
    skip = 0
    for index, line in enumerate(lines):
        if skip:
            skip -= 1
            continue
        opened = opened_by(line, index + 1, file, inside_block=in_block(current), shells=shells)
        if opened is not None:
            sections.append(current)
            current = opened
            continue
        if _FENCE.match(line) and not in_block(current):
            if not current.blank:
                sections.append(current)
                current = Section(index + 2, host=shells.host)
            else:
                current.start = index + 2
                current.lines.clear()
            continue
        size = _json_lines(lines, index)
        if size:
            if current.format is None or not current.blank:
                fixed = current.command if current.blank else None
                sections.append(current)
                current = Section(
                    index + 1, command=fixed, evidence=current.evidence if fixed else None, host=shells.host
                )
            # Keys tell more than the command: `docker inspect` prints networks as well.
            current.format = _json_format(lines[index : index + size]) or current.format
            for one in lines[index : index + size]:
                current.add(one)
            skip = size - 1
            continue
        found = None if in_block(current) else of_line(line)
        if found is not None and begins_section(current, found, line):
            by_content = current.command is not None and current.command.by_content and current.blank
            sections.append(current)
            current = Section(
                index + 1, found, host=shells.host,
                command=current.command if by_content else None,
                evidence=current.evidence if by_content else None,
            )  # fmt: skip
        current.add(line)
    for section in sections:  # something follows them, so their last line is whole
        if section.lines and section.lines[-1]:
            section.lines.append("")
    sections.append(current)
    return [one for one in sections if not one.blank or one.evidence is not None]


def _json_lines(lines: list[str], index: int) -> int:
    """How many lines the JSON value (or the compose file) takes that begins on this one; 0 where none
    begins."""
    if found := compose_lines(lines, index):
        return found
    if not re.match(r"\s*(?:\[\s*(?:[{\]]|$)|\{\s*(?:[\"}]|$))", lines[index]):
        return 0
    rest = "\n".join(lines[index:])
    try:
        _, end = decoder_for(rest).raw_decode(rest, len(rest) - len(rest.lstrip()))
    except (ValueError, RecursionError):
        return 0
    return rest.count("\n", 0, end) + 1


def _json_format(lines: list[str]) -> Format | None:
    return Format.COMPOSE if compose_lines(lines, 0) else by_content("\n".join(lines))
