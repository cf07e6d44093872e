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
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from sekisho.errors import SourceError
from sekisho.model.evidence import Evidence, Partial, Unread
from sekisho.model.nft import NftChain, NftFlowtable, NftObject, NftRuleset, NftSet, NftTable
from sekisho.model.nft_rule import Verdict
from sekisho.sources.nft_text_blocks import OBJECTS, read_chain, read_flowtable, read_object, read_set
from sekisho.sources.nft_text_tokens import unquoted
from sekisho.sources.partial_words import lack_of
from sekisho.sources.text import Unreadable, named
from sekisho.values.names import nft_name
from sekisho.values.numbers import integer

_TABLE = re.compile(r"table (?:(ip|ip6|inet|arp|bridge|netdev) )?(\S+) \{(\})?")
_BLOCK = re.compile(r"(chain|set|map|flowtable|(?:ct )?[a-z]+) (\S+) \{(\})?")
_HANDLE = re.compile(r"# handle ([0-9]{1,20})$")
# Blanks behind the indentation stand for something that nft printed nothing for.
_GAP = re.compile(r"(?:\t+|(?: {8})+)( +)(?=\S)")
_OWNER = re.compile(r"#(?: handle ([0-9]{1,20}))? progname (.*)$")
_WARNING = re.compile(r"# Warning: table (\S+) (\S+) is managed by iptables-nft")
_COMMENT = re.compile(r'comment "([^"]*)"')


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a block: its number and its text without indentation and without ``# handle``. ``inner`` are
    the lines in the braces that it opens, ``after`` is what ends them: the closing brace and what follows."""

    number: int
    text: str
    handle: int | None = None
    inner: tuple[Line, ...] = ()
    after: str = ""


@dataclass(slots=True)
class _Draft:
    """A table while it is read."""

    family: str
    name: str
    evidence: Evidence
    handle: int | None
    owner: str = ""
    chains: list[NftChain] = field(default_factory=list)
    bound: list[NftChain] = field(default_factory=list)
    sets: list[NftSet] = field(default_factory=list)
    objects: list[NftObject] = field(default_factory=list)
    flowtables: list[NftFlowtable] = field(default_factory=list)
    flags: tuple[str, ...] = ()
    comment: str | None = None
    unread: list[Unread] = field(default_factory=list)
    incomplete: Partial | None = None
    blocks: set[tuple[str, str]] = field(default_factory=set)

    def is_new(self, kind: str, name: str) -> bool:
        """Whether no block of the kind with this name came before."""
        known = (kind, name) in self.blocks
        self.blocks.add((kind, name))
        return not known

    def finish(self, managed: bool) -> NftTable:
        return NftTable(
            self.family, self.name, (*self.chains, *self.bound), tuple(self.sets), tuple(self.objects),
            tuple(self.flowtables), self.flags, self.comment, managed, self.owner, tuple(self.unread),
            self.incomplete, self.handle, self.evidence,
        )  # fmt: skip


def parse(text: str, file: str) -> NftRuleset:
    """A whole listing; a text that ends inside a table leaves that table and the rule set ``incomplete``.

    A last line without its end is not read: the rest of it may say something else. Raises SourceError where
    not one line is the start of a table, and some are no comments either.
    """
    tables: list[NftTable] = []
    managed: set[tuple[str, str]] = set()
    strange: list[Line] = []
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
        draft = _start(line, file)
        if draft is None:
            strange.append(line)
            at += 1
            continue
        at = at + 1 if line.text.endswith("}") else _read_table(lines, at + 1, draft, file)
        if draft.incomplete is not None:
            lack = lack or draft.incomplete
            draft.incomplete = replace(lack, whole=draft.incomplete.whole)
        tables.append(draft.finish((draft.family, draft.name) in managed))
    if strange and not tables:
        raise SourceError(
            "expected `table FAMILY NAME {`", file=file, line=strange[0].number, text=strange[0].text,
            advice="capture it with: nft list ruleset",
        )  # fmt: skip
    return NftRuleset(
        tables=tuple(replace(one, managed=(one.family, one.name) in managed) for one in tables),
        unread=tuple(Unread(Evidence(file, line.number, line.text), "unknown-line") for line in strange),
        evidence=Evidence(file, 0, ""),
        incomplete=lack,
    )


def _torn(text: str, lines: list[Line]) -> Line | None:
    """The last line of a text that stops in the middle of it, taken out of the lines; a closing brace is
    whole without the end of its line, and so is a comment."""
    if text.endswith("\n") or not lines or lines[-1].text == "}" or lines[-1].text.startswith("#"):
        return None
    return None if _TABLE.fullmatch(lines[-1].text) else lines.pop()


def _start(line: Line, file: str) -> _Draft | None:
    """The table that begins with the line."""
    owner = _OWNER.search(line.text)
    text = line.text[: owner.start()].rstrip() if owner else line.text
    start = _TABLE.fullmatch(text)
    if start is None:
        return None
    handle = integer(owner.group(1)) if owner and owner.group(1) else line.handle
    evidence = Evidence(file, line.number, text)
    draft = _Draft(start.group(1) or "ip", start.group(2), evidence, handle, owner.group(2) if owner else "")
    try:
        named(nft_name, draft.name)
    except Unreadable as fault:
        draft.unread.append(fault.at(evidence))
    return draft


def _lines(text: str) -> list[Line]:
    found = []
    for number, raw in enumerate(text.split("\n"), 1):
        shown = raw.removesuffix("\r").lstrip()
        gap = _GAP.match(raw)
        shown = f"{gap.group(1)}{shown}" if gap else shown
        handle = None
        match = _HANDLE.search(shown)
        if match and not shown.startswith("#"):
            handle, shown = integer(match.group(1)), shown[: match.start()].rstrip()
        found.append(Line(number, shown, handle))
    while found and not found[-1].text:
        found.pop()
    return found


def _read_table(lines: list[Line], at: int, draft: _Draft, file: str) -> int:
    """Read what stands in a table; the place after its closing brace."""
    whole = 0, 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if line.text == "}":
            return at
        block = _BLOCK.fullmatch(line.text)
        if block is not None:
            inside, at, closed = ([], at, True) if block.group(3) else _block(lines, at)
            evidence = Evidence(file, line.number, line.text)
            cut = None if closed else Unread(Evidence(file, lines[-1].number, lines[-1].text), "truncated")
            _add(draft, block.group(1), block.group(2), inside, line.handle, evidence, cut)
            if not closed:
                break
            whole = len(draft.chains), len(draft.bound)
        elif line.text.startswith("flags "):
            draft.flags = tuple(line.text.removeprefix("flags ").rstrip(";").replace(" ", "").split(","))
        elif comment := _COMMENT.fullmatch(line.text):
            draft.comment = comment.group(1)
        elif line.text:
            draft.unread.append(Unread(Evidence(file, line.number, line.text), "unknown-line"))
    last = lines[-1]
    names = frozenset(chain.name for chain in (*draft.chains[: whole[0]], *draft.bound[: whole[1]]))
    draft.incomplete = Partial("cut", Evidence(file, last.number, last.text), names)
    return len(lines)


def _block(lines: list[Line], at: int, *, nested: bool = False) -> tuple[list[Line], int, bool]:
    """The lines of a block, the place after it, and whether it has its closing brace. Behind that of a block
    of the table stands nothing: what does is the table's own. ``nested``: the rule goes on there."""
    inside: list[Line] = []
    while at < len(lines):
        line = lines[at]
        at += 1
        if line.text.startswith("}"):
            if line.text != "}" and not nested:
                at -= 1  # to be met there
            return inside, at, True
        if line.text.startswith(("elements = {", "policy = {")):
            line, at = _joined(lines, at, line)
        elif line.text.endswith("{"):
            inner, at, closed = _block(lines, at, nested=True)
            end = lines[at - 1] if closed else Line(0, "")
            inside.append(replace(line, handle=end.handle, inner=tuple(inner), after=end.text))
            if not closed:
                return inside, at, False
            continue
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
    draft: _Draft, kind: str, name: str, inside: list[Line], handle: int | None, evidence: Evidence,
    cut: Unread | None,
) -> None:  # fmt: skip
    """Take a block; ``cut``: the text ends in it."""
    try:
        name = named(nft_name, unquoted(name))
    except Unreadable as fault:
        draft.unread.append(fault.at(evidence))
        return
    if not draft.is_new("set" if kind == "map" else kind, name):
        draft.unread.append(Unread(evidence, "duplicate-block", name))
        return
    if kind == "chain":
        chain, *bound = read_chain(name, draft.family, inside, handle, evidence)
        draft.chains.append(chain)
        draft.bound += bound
        return
    draft.unread += _within(inside, evidence.file)
    if kind in ("set", "map"):
        found = read_set(name, inside, handle, evidence)
        draft.sets.append(found if cut is None else replace(found, unread=(*found.unread, cut)))
    elif kind == "flowtable":
        draft.flowtables.append(read_flowtable(name, inside, handle, evidence))
    elif kind in OBJECTS:
        draft.objects.append(read_object(kind, name, inside, handle, evidence))
    else:
        draft.unread.append(Unread(evidence, "unknown-line"))


def _within(lines: Iterable[Line], file: str) -> Iterator[Unread]:
    """The blocks in a block that has none: a brace is missing, or is not where it belongs."""
    for line in lines:
        if line.inner or line.after:
            yield Unread(Evidence(file, line.number, line.text), "unknown-line")
            for each in line.inner:
                yield Unread(Evidence(file, each.number, each.text), "unknown-line")
            yield from _within(line.inner, file)


def braced(text: str, name: str, family: str, place: Evidence) -> tuple[Verdict, NftChain]:
    """``jump { ... }`` by itself, as JSON has it: the verdict and the chain in braces, which gets the name.

    Raises Unreadable where it is something else.
    """
    first, *rest = _lines(text)
    inside, at, closed = _block(rest, 0)
    if not closed or at != len(rest) or first.text not in ("jump {", "goto {"):
        raise Unreadable("unknown-word", text)
    chain, *_ = read_chain(name, family, inside, None, place)
    return Verdict(first.text.split()[0], name), replace(chain, bound=True)
