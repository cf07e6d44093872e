"""Text with several commands' outputs one after another, as people paste it into tickets.

A command line may stand before an output, behind any usual prompt or alone on its line:

    $ ip route                              [root@host ~]# iptables -t nat -nL -v
    ubuntu@ip-10-0-0-10:~$ sudo ip rule     # sysctl net.ipv4.ip_forward
    ==> ip-route.txt <==                    (a file's name, as head and tail print it)

It then tells format, family, table and namespace. Without one, the text is cut where the lines'
format changes. Markdown fences end a piece too. Every piece keeps the line numbers of the paste.

    page            what the page put around the lines: colours, tags, quoting, indentation
    paste           cuts them into sections
    paste_tidy      people's words, comments and what is marked as left out, of each section
    paste_failures  commands that were not let
    paste_pieces    from a section to what a reader gets
    paste_hosts     whose it is
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator

from sekisho.errors import Said, SourceError, said
from sekisho.model.evidence import Evidence, Note, Unread, note
from sekisho.sources.comments import JSON
from sekisho.sources.documents import compose_lines
from sekisho.sources.json_stream import decoder_for, iterate
from sekisho.sources.page import FENCE, lines_of_page
from sekisho.sources.paste_failures import Refused, refusal, with_refusals
from sekisho.sources.paste_hosts import with_hosts
from sekisho.sources.paste_pieces import piece_of
from sekisho.sources.paste_prompts import NO_COMMAND, Shells, opened_by, tells_nothing
from sekisho.sources.paste_prose import is_like_a_listing, is_prose
from sekisho.sources.paste_section import Section, begins_section, in_block
from sekisho.sources.paste_tidy import tidy
from sekisho.sources.pieces import HOST, Gathered, Piece
from sekisho.sources.recognise import Format, by_content, of_line

_CONTAINER_HOST = re.compile(r"[0-9a-f]{12}")

# `docker run` starts a container of its own, in a namespace that nothing else shows.
_UNKNOWN_NAMESPACE = "docker run"
_DOCKER = frozenset({Format.DOCKER_NETWORKS, Format.DOCKER_CONTAINERS})


def gather(text: str, file: str) -> Gathered:
    """Cut a paste into pieces, each with its host where it shows several."""
    pieces: list[Piece] = []
    prompts: list[str] = []
    notes: list[Evidence] = []
    unread: list[Unread] = []
    prose: list[Evidence] = []
    failed: list[Refused] = []
    sections = cut(text, file)
    alone = _only_container(sections)
    for section in sections:
        namespace = (section.command and section.command.namespace) or HOST
        container = _CONTAINER_HOST.fullmatch(section.host) is not None
        if namespace == HOST and container and section.host != alone:
            namespace = section.host
        if section.format is None or namespace == _UNKNOWN_NAMESPACE:
            if section.evidence is not None and tells_nothing(section.evidence.text):
                prose += [section.evidence] if section.command != NO_COMMAND else []
            else:
                notes += _not_read(section)
            for place in _beside(section, file):
                if is_like_a_listing(place.text):
                    unread.append(Unread(place, "unknown-line"))
                else:
                    prose.append(place)
            continue
        if (failure := refusal(section, file)) is not None:
            named = section.host if section.named and not container else ""
            failed.append(Refused(namespace, failure, named))
            prose += _but(tidy(section, file, 4).prose, failure.evidence)
            continue
        tidied = tidy(section, file, section.command.family if section.command else 4)
        prose += tidied.prose
        if section.bare and section.evidence and not any(line.strip() for line in section.lines):
            prose.append(section.evidence)  # nothing was printed there: it is only talked about
            continue
        found = piece_of(section, file, namespace, tidied.elided)
        if isinstance(found, Evidence):
            notes.append(found)
        else:
            pieces.append(found)
            prompts.append(section.host if section.named and not container else "")
            if found.format in _DOCKER and found.partial and section.evidence:
                notes.append(_about(section.evidence, said("not all there is ({0})", found.partial)))
    for at in _broken(pieces):
        unread += _lines_of(pieces.pop(at))
        prompts.pop(at)
    with_host, hosts, owners = with_hosts(pieces, prompts)
    gathered = Gathered(with_host, tuple(notes), tuple(unread), tuple(prose), hosts, owners)
    return with_refusals(gathered, failed, prompts)


def _but(places: Iterable[Evidence], this: Evidence) -> Iterator[Evidence]:
    return (place for place in places if place.line != this.line)


def _broken(pieces: list[Piece]) -> list[int]:
    """The places of pieces whose JSON has no end, from behind; none where nothing else would be left."""
    found = []
    for at, piece in enumerate(pieces):
        try:
            deque(iterate(piece.text, piece.file) if piece.format in JSON else (), maxlen=0)
        except SourceError:
            found.append(at)
    return found[::-1] if len(found) < len(pieces) else []


def _lines_of(piece: Piece) -> list[Unread]:
    """All its lines, as not understood: they belong together, and their end is missing."""
    lines = [(number, line) for number, line in enumerate(piece.text.split("\n"), 1) if line.strip()]
    return [
        Unread(Evidence(piece.file, number, line), "truncated" if at == 0 else "part-of-unread")
        for at, (number, line) in enumerate(lines)
    ]


def _about(place: Evidence, what: Said) -> Note:
    return note(place.file, place.line, what, place.text.strip())


def _not_read(section: Section) -> list[Evidence]:
    """A command whose output nobody reads; the last, empty prompt is none."""
    if section.evidence is None or (section.blank and section.command == NO_COMMAND):
        return []
    return [_about(section.evidence, said("not read"))]


def _beside(section: Section, file: str) -> list[Evidence]:
    """The lines that follow no command at all, and those behind a prompt at which nothing was typed, or
    nothing of interest."""
    place = section.evidence
    if place is not None and section.command != NO_COMMAND and not tells_nothing(place.text):
        return []
    return [
        Evidence(file, number, line)
        for number, line in enumerate(section.lines, section.start)
        if line.strip()
    ]


def _only_container(sections: list[Section]) -> str:
    """The container that all prompts name, "" where one names a host; containers show twelve hex digits."""
    seen = {
        section.host
        for section in sections
        if section.host and section.format is not None and not (section.command and section.command.namespace)
    }
    return next(iter(seen)) if len(seen) == 1 else ""


def cut(text: str, file: str) -> list[Section]:
    """The sections of a paste in order, those without any line included."""
    lines = lines_of_page(text)
    sections: list[Section] = []
    current = Section(1)
    shells = Shells()
    skip = 0
    fence = ""  # of the block that is open
    for index, line in enumerate(lines):
        if skip:
            skip -= 1
            continue
        opened = opened_by(line, index + 1, file, inside_block=in_block(current), shells=shells)
        if opened is not None:
            sections.append(current)
            current = opened
            continue
        mark = FENCE.match(line)
        if mark and (not in_block(current) or mark[1][:3] == fence):
            fence = "" if fence else mark[1][:3]
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
                if fixed is None:
                    sections.append(current)
                current = Section(
                    index + 1, command=fixed, evidence=current.evidence if fixed else None, host=shells.host,
                    named=current.named and fixed is not None,
                )  # fmt: skip
            # Keys tell more than the command: `docker inspect` prints networks as well.
            current.format = _json_format(lines[index : index + size]) or current.format
            for one in lines[index : index + size]:
                current.add(one)
            skip = size - 1
            current.closed = True
            continue
        if current.closed and line.strip():  # behind the end of a JSON value
            sections.append(current)
            current = Section(index + 1, host=shells.host)
        found = None if in_block(current) else of_line(line)
        if found is not None and begins_section(current, found, line):
            by_content = current.command is not None and current.command.by_content and current.blank
            lost = _lost_head(current, found)
            if not by_content:
                sections.append(current)
            current = Section(
                index + 1 - len(lost), found, host=shells.host,
                command=current.command if by_content else None,
                evidence=current.evidence if by_content else None, named=current.named and by_content,
            )  # fmt: skip
            for one in lost:
                current.add(one, of_line(one))
        current.add(line, found)
    for section in sections:  # something follows them, so their last line is whole
        if section.lines and section.lines[-1]:
            section.lines.append("")
    sections.append(current)
    return [one for one in sections if not one.blank or one.evidence is not None]


def _lost_head(section: Section, found: Format) -> list[str]:
    """The lines just before a listing without a command that are rather of it than people's words: its first
    ones, damaged. They are taken out of the section before."""
    if section.format is not None or section.evidence is not None:
        return []
    lost: list[str] = []
    while section.lines and section.lines[-1].strip():
        line = section.lines[-1]
        if is_prose(line, found) or not is_like_a_listing(line):
            break
        lost.insert(0, section.lines.pop())
    return lost


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
