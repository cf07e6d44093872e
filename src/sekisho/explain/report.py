"""``explain``: the whole snapshot, line by line, in one language."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import replace

from sekisho.errors import UsageError, said
from sekisho.explain.collect import (
    NAMES,
    TABLES,
    Explained,
    Key,
    explain_facts,
    key,
    partly_unread,
    unread_line,
)
from sekisho.explain.context import HostContext
from sekisho.explain.explanation import Explanation, Line, Section
from sekisho.explain.message import Message, m, sentence
from sekisho.explain.messages_terms import BRIEF, TERM_OF
from sekisho.explain.picture import draw
from sekisho.model.evidence import Evidence, Note
from sekisho.model.snapshot import Namespace, Snapshot

# Other words for a section.
ALIASES: dict[str, tuple[str, ...]] = {
    "route": ("routes",),
    "policy": ("rules",),
    "rule": ("rules",),
    "interfaces": ("links",),
    "addr": ("addresses",),
    "neigh": ("neighbours",),
    "iptables": (*TABLES, "tables"),
    "networks": ("docker",),
    "containers": ("docker",),
    "ss": ("sockets",),
    "sysctls": ("sysctl",),
    "connections": ("conntrack",),
}
_COLUMN_HEADS = re.compile(r"\s*(num\s+)?(pkts\s+bytes\s+)?target\s+prot\s+opt\b")
_SOCKET_HEADS = re.compile(
    r"(Netid\s+)?State\s+Recv-Q\s|Active (?:Internet|UNIX) |Proto\s+(?:Recv-Q|RefCnt)\s|NETWORK ID\s+NAME\s"
    r"|\s*(?:To\s+Action\s+From|--\s+-+\s+-+)\s*$|[A-Z ]*(?:CONTAINER ID|NAMES|PORTS)\b[A-Z ]*$"
)

_LABEL = re.compile(r"[^\s:]+:[^\s:]+:? +(?:flags=|Link encap:)")
_ROUTE_HEADS = re.compile(r"Kernel IP(v6)? routing table|Destination\s+(Gateway|Next Hop)\s.*Iface")
_FILTERS = re.compile(r"tc filter show dev \S+ (?:ingress|egress)\s*$")
_SUMMARY = re.compile(r"conntrack v\S+ \(conntrack-tools\): [0-9]{1,20} flow entries have been shown\.")


def explain(snapshot: Snapshot, sections: tuple[str, ...], lang: str) -> Explanation:
    """Explain every captured line of the named sections (all where none is named), and draw the host.

    Sections are those of ``collect.NAMES``, ``picture``, and the words in ``ALIASES``. Raises
    UsageError for any other.
    """
    wanted = _wanted(sections)
    found: list[Section] = []
    texts = dict(snapshot.texts)
    host = HostContext(snapshot, snapshot.host)
    for context in (host, *(HostContext(snapshot, each, host) for each in snapshot.namespaces)):
        found.extend(_sections(context, wanted, texts))
    found.extend(section for section in _rest(snapshot) if section.name in wanted)
    seen = {section.name for section in found}
    for name in wanted:
        if sections and name not in seen and name not in ("picture", "tables"):
            found.append(Section(name, "host", _title(key(name)), (), (_absent(name, snapshot.host),)))
    picture = tuple(draw(host, lang)) if not sections or "picture" in sections else ()
    return Explanation(snapshot.path, lang, tuple(_with_terms(found)), picture)


def _wanted(sections: tuple[str, ...]) -> tuple[str, ...]:
    if not sections:
        return NAMES
    wanted: list[str] = []
    for name in sections:
        if name != "picture" and name not in NAMES and name not in ALIASES:
            known = ", ".join(("picture", *NAMES))
            raise UsageError(said("no section is called {0!r}", name), advice=said("there are: {0}", known))
        wanted.extend(ALIASES.get(name, (name,)))
    return tuple(dict.fromkeys(wanted))


def _sections(context: HostContext, wanted: tuple[str, ...], texts: dict[str, str]) -> list[Section]:
    explained = _with_unread(context.namespace, list(explain_facts(context)))
    explained = _with_plain_lines(explained, texts)
    grouped: dict[Key, list[Line]] = {}
    for where, line in explained:
        if where.name in wanted:
            grouped.setdefault(where, []).append(line)
    name = context.namespace.name
    return [
        Section(where.name, name, _titled(where, context), tuple(lines))
        for where, lines in sorted(grouped.items(), key=lambda item: item[0])
    ]


def _with_unread(namespace: Namespace, explained: list[Explained]) -> list[Explained]:
    """Add what could not be read: to the fact of the same line, where part of it was understood,
    else as a line of its own in the section of the readable line before it."""
    if not namespace.unread:
        return explained
    result = list(explained)
    at: dict[tuple[str, int], int] = {}
    by_file: dict[str, list[tuple[int, Key]]] = {}
    for index, (where, line) in enumerate(explained):
        at.setdefault((line.file, line.line), index)
        by_file.setdefault(line.file, []).append((line.line, where))
    for numbers in by_file.values():
        numbers.sort()
    for unread in namespace.unread:
        line = unread_line(unread)
        index = at.get((line.file, line.line), -1) if line.line else -1
        if index >= 0:
            where, fact = result[index]
            more = line.messages if not fact.read else (partly_unread(unread),)
            result[index] = (where, replace(fact, messages=(*fact.messages, *more)))
            continue
        numbers = by_file.get(line.file, [(0, key("unread"))])
        before = bisect_right(numbers, line.line, key=lambda item: item[0])
        at[line.file, line.line] = len(result)
        result.append((numbers[max(before - 1, 0)][1], line))
    return result


def _with_plain_lines(explained: list[Explained], texts: dict[str, str]) -> list[Explained]:
    """Put the lines of each file in order and add those that hold no fact of their own."""
    by_file: dict[str, list[Explained]] = {}
    for where, line in explained:
        by_file.setdefault(line.file, []).append((where, line))
    ordered: list[Explained] = []
    for file, items in by_file.items():
        items.sort(key=lambda item: item[1].line)
        text = texts.get(file)
        placed = [item for item in items if item[1].line]
        ordered.extend(item for item in items if not item[1].line)  # about the whole of it
        if text is None or not placed or text.lstrip()[:1] in ("{", "["):
            ordered.extend(placed)
        else:
            ordered.extend(_merged(file, placed, text))
    return ordered


def _merged(file: str, items: list[Explained], text: str) -> Iterable[Explained]:
    facts: dict[int, list[Explained]] = {}
    for where, line in items:
        facts.setdefault(line.line, []).append((where, line))
    covered = {number for _where, line in items for number, _text in line.continued}
    where = items[0][0]
    result: list[Explained] = []
    below: dict[int, list[tuple[int, str]]] = {}  # lines that belong to one above, by its place
    for number, raw in enumerate(text.split("\n"), start=1):
        here = facts.get(number)
        if here is not None:
            result.extend(here)
            where = here[-1][0]
        elif raw.strip() and number not in covered:
            message = _plain(raw)
            if message is None and result:
                below.setdefault(len(result) - 1, []).append((number, raw))
            else:
                result.append((where, Line(file, number, raw, (message or m("line.unaccounted"),))))
    for place, more in below.items():
        at, owner = result[place]
        result[place] = (at, replace(owner, continued=(*owner.continued, *more)))
    return result


def _plain(raw: str) -> Message | None:
    """What a line without a fact is; None for an indented one and for the brace that closes a table,
    which belong to the line above."""
    if _COLUMN_HEADS.match(raw):
        return m("line.columns")
    if _SOCKET_HEADS.match(raw) or _ROUTE_HEADS.match(raw):
        return m("line.columns.ss")
    if _LABEL.match(raw):
        return m("line.label")
    if _FILTERS.match(raw):
        return m("line.filters")
    if raw.strip() == "COMMIT":
        return m("line.commit")
    if _SUMMARY.fullmatch(raw.strip()):
        return m("line.summary")
    if raw.lstrip().startswith("#"):
        return m("line.comment")
    return None if raw[:1].isspace() or raw.rstrip() == "}" else m("line.unaccounted")


def _titled(where: Key, context: HostContext) -> Message:
    title = _title(where)
    return title if context.is_host else m("section.in_namespace", title, context.namespace.name)


def _title(where: Key) -> Message:
    family: Message | str = f"IPv{where.family or 4}"
    if where.backend:
        family = m("section.backend", family, where.backend)
    return m(f"section.{where.name}", family)


def _absent(name: str, host: Namespace) -> Message:
    if name in ("notes", "unread"):
        return m("section.none")
    captured = {
        "rules": host.rules,
        "links": host.interfaces,
        "addresses": host.addresses,
        "neighbours": host.neighbours,
        "ipset": host.ipsets,
        "beside": host.beside_shown or None,
        "sysctl": host.sysctls,
        "sysctl-files": host.sysctl_files,
        "sockets": host.sockets,
        "conntrack": host.connections,
    }.get(name)
    listed = name in TABLES and any(ruleset.complete for ruleset in host.rulesets)
    return m("section.not_captured" if captured is None and not listed else "section.empty")


def _rest(snapshot: Snapshot) -> list[Section]:
    """What belongs to no namespace: lines of no known form, and notes of the capture."""
    rest: list[Section] = []
    if snapshot.notes or snapshot.prose:
        prose = tuple(Line(one.file, one.line, one.text, (_prose(one),)) for one in snapshot.prose)
        refused = {one.evidence for space in (snapshot.host, *snapshot.namespaces) for one in space.failed}
        lines = (*(_note(note, refused) for note in snapshot.notes), *prose)
        rest.append(Section("notes", "", m("section.notes"), lines))
    if snapshot.unread:
        lines = tuple(unread_line(unread) for unread in snapshot.unread)
        rest.append(Section("unread", "", m("section.unread"), lines))
    return rest


def _prose(place: Evidence) -> Message:
    """What a line beside the listings is: words, or the mark of what the page leaves out."""
    from sekisho.sources.paste_prose import ELISION  # only here: a folder has no prose

    return m("note.left-out" if ELISION.match(place.text) else "note.prose")


def _note(note: Evidence, refused: AbstractSet[Evidence]) -> Line:
    """A note of the capture at its line, or of Sekisho at the line, or the file, that it is about.
    ``refused`` are those of commands that were not let."""
    if note in refused:
        return Line(note.file, note.line, note.text, (m("note.refused"),))
    if not isinstance(note, Note):
        text = note.text if note.line else f"{note.file}: {note.text}"
        return Line(note.file, note.line, text, (m("note.capture"),))
    about = sentence(note.why)
    messages = [m("note.not-read") if note.why.template == "not read" else m("note.about", about)]
    return Line(note.file, note.line, note.shown or note.file, tuple(messages))


def _with_terms(sections: list[Section]) -> Iterable[Section]:
    """Add a word about each term of the field where it comes up for the first time; be brief where
    something was said in full before."""
    said: set[str] = set()
    for section in sections:
        lines: list[Line] = []
        for line in section.lines:
            terms = []
            for message in line.messages:
                for inner in message.walk():
                    term = TERM_OF.get(inner.code)
                    if term is not None and term not in said:
                        said.add(term)
                        terms.append(m(term))
            messages = (*(_brief(message, said) for message in line.messages), *terms)
            lines.append(Line(line.file, line.line, line.text, messages, line.continued, line.read))
        yield Section(section.name, section.namespace, section.title, tuple(lines), section.remarks)


def _brief(message: Message, said: set[str]) -> Message:
    if message.code not in BRIEF:
        return message
    if message.code in said:
        return Message(f"{message.code}.again", message.args)
    said.add(message.code)
    return message
