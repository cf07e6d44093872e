"""``nft list ruleset`` (with ``-a`` and ``-s``, too), read line by line.

    table inet filter { # handle 5        a table; inside it, blocks:
        set blocked {                     type, flags, elements...
        }
        chain input {                     type ... hook ... priority ...; policy ...;
            tcp dport 22 accept           and its rules, one a line
        }
    }

Every line becomes part of the model or an ``Unread`` of its table; a rule is kept with an ``Unknown``
where a part of it is not understood.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from sekisho.errors import SourceError
from sekisho.model.evidence import Evidence, Partial, Unread
from sekisho.model.nft import NftChain, NftFlowtable, NftObject, NftRuleset, NftSet, NftTable
from sekisho.sources.nft_text_blocks import read_chain, read_flowtable, read_object, read_set
from sekisho.sources.nft_text_tokens import unquoted
from sekisho.sources.partial_words import lack_of

_TABLE = re.compile(r"table (?:(ip|ip6|inet|arp|bridge|netdev) )?(\S+) \{(\})?")
_BLOCK = re.compile(r"(chain|set|map|flowtable|(?:ct )?[a-z]+) (\S+) \{(\})?")
_HANDLE = re.compile(r"\s*# handle (\d+)$")
_GAP = re.compile(r"\t+( +)(?=\S)")
_WARNING = re.compile(r"# Warning: table (\S+) (\S+) is managed by iptables-nft")
_COMMENT = re.compile(r'comment "([^"]*)"')


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a block: its number and its text without indentation and without ``# handle``."""

    number: int
    text: str
    handle: int | None = None


@dataclass(slots=True)
class _Draft:
    """A table while it is read."""

    family: str
    name: str
    evidence: Evidence
    handle: int | None
    chains: list[NftChain] = field(default_factory=list)
    sets: list[NftSet] = field(default_factory=list)
    objects: list[NftObject] = field(default_factory=list)
    flowtables: list[NftFlowtable] = field(default_factory=list)
    flags: tuple[str, ...] = ()
    comment: str | None = None
    unread: list[Unread] = field(default_factory=list)
    incomplete: Partial | None = None

    def finish(self, managed: bool) -> NftTable:
        return NftTable(
            self.family, self.name, tuple(self.chains), tuple(self.sets), tuple(self.objects),
            tuple(self.flowtables), self.flags, self.comment, managed, tuple(self.unread), self.incomplete,
            self.handle, self.evidence,
        )  # fmt: skip


def parse(text: str, file: str) -> NftRuleset:
    """A whole listing; a text that ends inside a table leaves that table and the rule set ``incomplete``.

    A last line without its end is not read: the rest of it may say something else. Raises SourceError at a
    line outside any table that is neither a comment nor the start of one.
    """
    tables: list[NftTable] = []
    managed: set[tuple[str, str]] = set()
    lines = _lines(text)
    torn = _torn(text, lines)
    lack = Partial("cut", Evidence(file, torn.number, torn.text)) if torn else None
    at = 0
    while at < len(lines):
        line = lines[at]
        if lack is None and (why := lack_of(line.text)):
            lack = Partial(why, Evidence(file, line.number, line.text))
        warning = _WARNING.match(line.text)
        if warning:
            managed.add((warning.group(1), warning.group(2)))
        if not line.text or line.text.startswith("#"):
            at += 1
            continue
        start = _TABLE.fullmatch(line.text)
        if start is None:
            raise SourceError(
                "expected `table FAMILY NAME {`", file=file, line=line.number, text=line.text,
                advice="capture it with: nft list ruleset",
            )  # fmt: skip
        evidence = Evidence(file, line.number, line.text)
        draft = _Draft(start.group(1) or "ip", start.group(2), evidence, line.handle)
        at = at + 1 if start.group(3) else _read_table(lines, at + 1, draft, file)
        if draft.incomplete is not None:
            draft.incomplete = lack = lack or draft.incomplete
        tables.append(draft.finish((draft.family, draft.name) in managed))
    return NftRuleset(
        tables=tuple(replace(one, managed=(one.family, one.name) in managed) for one in tables),
        evidence=Evidence(file, 0, ""),
        incomplete=lack,
    )


def _torn(text: str, lines: list[Line]) -> Line | None:
    """The last line of a text that stops in the middle of it, taken out of the lines; a closing brace is
    whole without the end of its line, and so is a comment."""
    if text.endswith("\n") or not lines or lines[-1].text == "}" or lines[-1].text.startswith("#"):
        return None
    return None if _TABLE.fullmatch(lines[-1].text) else lines.pop()


def _lines(text: str) -> list[Line]:
    found = []
    for number, raw in enumerate(text.split("\n"), 1):
        shown = raw.removesuffix("\r").lstrip()
        # Blanks behind nft's tabs stand for something that it printed nothing for.
        gap = _GAP.match(raw)
        shown = f"{gap.group(1)}{shown}" if gap else shown
        handle = None
        match = _HANDLE.search(shown)
        if match and not shown.startswith("#"):
            handle, shown = int(match.group(1)), shown[: match.start()]
        found.append(Line(number, shown, handle))
    while found and not found[-1].text:
        found.pop()
    return found


def _read_table(lines: list[Line], at: int, draft: _Draft, file: str) -> int:
    """Read what stands in a table; the place after its closing brace."""
    while at < len(lines):
        line = lines[at]
        at += 1
        if line.text == "}":
            return at
        block = _BLOCK.fullmatch(line.text)
        if block is not None:
            inside, at, closed = ([], at, True) if block.group(3) else _block(lines, at)
            evidence = Evidence(file, line.number, line.text)
            _add(draft, block.group(1), block.group(2), inside, line.handle, evidence)
            if not closed:
                break
        elif line.text.startswith("flags "):
            draft.flags = tuple(line.text.removeprefix("flags ").rstrip(";").replace(" ", "").split(","))
        elif comment := _COMMENT.fullmatch(line.text):
            draft.comment = comment.group(1)
        elif line.text:
            draft.unread.append(Unread(Evidence(file, line.number, line.text), "unknown-line"))
    last = lines[-1]
    draft.incomplete = Partial("cut", Evidence(file, last.number, last.text))
    return len(lines)


def _block(lines: list[Line], at: int) -> tuple[list[Line], int, bool]:
    """The lines of a block, the place after it, and whether it has its closing brace."""
    inside: list[Line] = []
    while at < len(lines):
        line = lines[at]
        at += 1
        if line.text == "}":
            return inside, at, True
        if line.text.startswith("elements = {") or line.text.startswith("policy = {"):
            line, at = _joined(lines, at, line)
        if line.text:
            inside.append(line)
    return inside, at, False


def _joined(lines: list[Line], at: int, line: Line) -> tuple[Line, int]:
    """A line with those that continue it, up to the brace that closes it."""
    parts = [line.text]
    while not parts[-1].rstrip().endswith("}") and at < len(lines):
        parts.append(lines[at].text)
        at += 1
    return Line(line.number, "\n".join(parts), line.handle), at


def _add(
    draft: _Draft, kind: str, name: str, inside: list[Line], handle: int | None, evidence: Evidence
) -> None:
    unread: list[Unread] = []
    name = unquoted(name)
    if kind == "chain":
        draft.chains.append(read_chain(name, draft.family, inside, handle, evidence, unread))
    elif kind in ("set", "map"):
        draft.sets.append(read_set(name, inside, handle, evidence, unread))
    elif kind == "flowtable":
        draft.flowtables.append(read_flowtable(name, inside, handle, evidence, unread))
    else:
        draft.objects.append(read_object(kind, name, inside, handle, evidence, unread))
    draft.unread += unread
