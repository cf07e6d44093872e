"""``ip route`` in text form, of every iproute2 from 4.x to 6.x and of busybox.

One route per line, in this order (print_route in ip/iproute.c); a multipath route goes on in
``nexthop`` lines, an answer of ``ip route get`` in a ``cache`` line::

    [KIND] DST [from P] [encap ...] [nhid N] [tos T] [via [inet6] A] [dev D] [table T] [proto P]
        [scope S] [src A] [metric N] [FLAGS] [mark N] [realm(s) R] [uid N] [METRICS] [pref P]
    <TAB>nexthop [encap ...] [via [inet6] A] [realm(s) R] dev D weight N [FLAGS]
        cache [<FLAGS>] [expires N] [METRICS]

A line is IPv4 or IPv6 by its addresses; ``default dev tun0`` takes the family that all other lines
of the text share, else the one that the caller names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from sekisho.errors import one_line
from sekisho.model.evidence import Evidence, Unread
from sekisho.model.routing import NextHop, Route
from sekisho.sources.parsed import Parsed
from sekisho.sources.redacted import hides_address
from sekisho.sources.route_draft import HopDraft, RouteDraft, common_family
from sekisho.sources.route_words import (
    AFTER_DST,
    FLAGS,
    HOP_WORDS,
    KINDS,
    ROUTE_WORDS,
    Pair,
    encap_words,
    format_tos,
    parse_tos,
    take_attribute,
)
from sekisho.sources.text import (
    Unreadable,
    Words,
    looks_like_address,
    numbered_lines,
    parts_of,
    read_prefix,
    unknown_word,
)
from sekisho.values.address import Address, Family, Prefix
from sekisho.values.numbers import is_number

# A block is a route's own line and the lines that continue it, each with its number.
Line = tuple[int, str]


def parse(text: str, file: str, family: Family = 4, *, table: str = "main") -> Parsed[Route]:
    """Read the output of ``ip route`` (any options).

    ``family`` decides for lines that do not tell, ``table`` is the table of lines that name none
    (``ip route show table 100`` prints no table). A block of lines with a fault becomes Unread as a
    whole: half of a multipath route would be another route.
    """
    drafts: list[RouteDraft] = []
    unread: list[Unread] = []
    for block in _blocks(text):
        try:
            drafts.append(_read_block(block, file, table))
        except _InLine as fault:
            for number, line in block:
                evidence = Evidence(file, number, line)
                why = fault.why if number == fault.line else Unreadable("part-of-unread")
                unread.append(why.at(evidence))
    fallback = common_family(drafts, family)
    return Parsed(tuple(draft.freeze(fallback) for draft in drafts), tuple(unread))


def render(routes: Iterable[Route], *, table: str | None = "main", trailing_space: bool = True) -> str:
    """Print routes as ``ip route`` does; ``table`` is the one whose name is not printed.

    None prints every table's name, as ``ip -d route show table all`` does.

    iproute2 ends most lines with a blank; copies of its output often have lost it
    (``trailing_space=False``).
    """
    lines: list[str] = []
    for route in routes:
        lines += _render_lines(route, table)
    if not trailing_space:
        lines = [line.rstrip(" ") for line in lines]
    return "".join(f"{one_line(line)}\n" for line in lines)


def _blocks(text: str) -> Iterator[list[Line]]:
    block: list[Line] = []
    for number, raw in numbered_lines(text):
        for part in parts_of(raw):
            if block and _continues(part):
                block.append((number, part))
            else:
                if block:
                    yield block
                block = [(number, part)]
    if block:
        yield block


_CONTINUATIONS = ("nexthop", "cache", "nh_info")


def _continues(line: str) -> bool:
    """Whether a line belongs to the route above it; a cut ``next`` does, if it is indented."""
    word = line.split(maxsplit=1)[0]
    return word in _CONTINUATIONS or (line[0].isspace() and any(c.startswith(word) for c in _CONTINUATIONS))


class _InLine(Exception):
    def __init__(self, line: int, why: Unreadable) -> None:
        super().__init__(line, why)
        self.line = line
        self.why = why


def _read_block(block: list[Line], file: str, table: str) -> RouteDraft:
    draft = RouteDraft(table)
    for index, (number, line) in enumerate(block):
        words = Words(line)
        try:
            if index == 0:
                _read_head(draft, words)
            else:
                _read_continuation(draft, words)
        except Unreadable as fault:
            raise _InLine(number, fault) from None
    try:
        draft.settle(bare=len(block[0][1].split()) == 1)
    except Unreadable as fault:
        raise _InLine(block[0][0], fault) from None
    draft.evidence = Evidence(file, block[0][0], "\n".join(line for _, line in block))
    return draft


def _read_head(draft: RouteDraft, words: Words) -> None:
    word = words.take()
    if word in KINDS:
        draft.kind = word
        draft.kind_printed = word == "unicast"
        word = words.take(word)
    if word != "default":
        if not looks_like_address(word) and not is_number(word):
            raise unknown_word(word, KINDS | {"default"}, last=words.is_last)
        draft.dst = read_prefix(word, last=words.is_last)
        draft.family = draft.dst.family
    while words:
        word = words.take()
        reader = _READERS.get(word)
        if reader is not None:
            reader(draft, words)
        elif word in FLAGS:
            draft.hop.flags.append(word)
        else:
            draft.add_attribute(take_attribute(word, words))


def _read_via(draft: RouteDraft, words: Words) -> None:
    if words.peek() == "inet6":
        draft.hop.via = _via_inet6(words)
    elif hides_address(words.peek()):
        draft.hop.hidden = words.take("via")
    else:
        draft.hop.via = words.address("via")
        draft.tell(draft.hop.via.family, "via")


def _via_inet6(words: Words) -> Address:
    words.take()
    return words.address("via inet6")


def _read_dev(draft: RouteDraft, words: Words) -> None:
    draft.hop.dev = words.interface("dev")


def _read_table(draft: RouteDraft, words: Words) -> None:
    draft.table = words.take("table")


def _read_proto(draft: RouteDraft, words: Words) -> None:
    draft.proto = words.take("proto")


def _read_scope(draft: RouteDraft, words: Words) -> None:
    draft.scope = words.take("scope")


def _read_src(draft: RouteDraft, words: Words) -> None:
    draft.src = words.address("src")
    draft.tell(draft.src.family, "src")


def _read_metric(draft: RouteDraft, words: Words) -> None:
    draft.metric = words.number("metric") % (1 << 32)  # busybox prints it as a signed number


def _read_tos(draft: RouteDraft, words: Words) -> None:
    draft.tos = parse_tos(words.take("tos"))


def _read_nhid(draft: RouteDraft, words: Words) -> None:
    draft.nhid = words.number("nhid")


_READERS: dict[str, Callable[[RouteDraft, Words], None]] = {
    "via": _read_via, "dev": _read_dev, "table": _read_table, "proto": _read_proto,
    "scope": _read_scope, "src": _read_src, "metric": _read_metric, "tos": _read_tos,
    "dsfield": _read_tos, "nhid": _read_nhid,
}  # fmt: skip


def _read_continuation(draft: RouteDraft, words: Words) -> None:
    word = words.take()
    if word == "nexthop":
        draft.hops.append(_read_nexthop(draft, words))
    elif word == "nh_info":
        draft.attributes.append((word, " ".join(words.rest())))
    elif word == "cache":
        marks = words.take() if words.peek().startswith("<") else ""
        draft.attributes.append((word, marks))
        while words:
            draft.attributes.append(take_attribute(words.take(), words))
    else:
        raise unknown_word(word, frozenset({"nexthop", "cache", "nh_info"}), last=words.is_last)


def _read_nexthop(draft: RouteDraft, words: Words) -> NextHop:
    hop = HopDraft()
    while words:
        word = words.take()
        if word == "via" and words.peek() == "inet6":
            hop.via = _via_inet6(words)
        elif word == "via" and hides_address(words.peek()):
            hop.hidden = words.take(word)
        elif word == "via":
            hop.via = words.address(word)
            draft.tell(hop.via.family, "via")
        elif word in ("dev", "oif"):
            hop.dev = words.interface(word)
        elif word == "weight":
            hop.weight = words.number(word)
        elif word in FLAGS:
            hop.flags.append(word)
        elif word in HOP_WORDS:
            hop.attributes.append(take_attribute(word, words))
        else:
            raise unknown_word(word, ROUTE_WORDS, last=words.is_last)
    if hop.dev is None and hop.via is None:
        raise Unreadable("truncated", "nexthop")
    return hop.freeze()


def _render_lines(route: Route, table: str | None) -> list[str]:
    words = [] if route.kind == "unicast" and not route.kind_printed else [route.kind]
    words.append(format_dst(route.dst))
    single = single_hop(route)
    before = [pair for pair in route.attributes if pair[0] in AFTER_DST]
    after = [pair for pair in route.attributes if pair[0] not in AFTER_DST]
    words += [word for pair in before for word in _attribute_words(pair)]
    if route.nhid is not None:
        words += ["nhid", str(route.nhid)]
    if route.tos:
        words += ["tos", format_tos(route.tos)]
    if single is not None:
        words += _way_words(single, route.family)
    for name, value in (
        ("table", route.table if route.table != table else None), ("proto", route.proto),
        ("scope", route.scope), ("src", route.src), ("metric", route.metric),
    ):  # fmt: skip
        if value is not None:
            words += [name, str(value)]
    words += single.flags if single is not None else ()
    lines: list[str] = []
    for pair in after:
        if pair[0] in ("cache", "nh_info"):
            lines.append(_line(words))
            words = ["    cache" if pair[0] == "cache" else "\tnh_info", *pair[1:]]
            words = [word for word in words if word]
        else:
            words += _attribute_words(pair)
    lines.append(_line(words))
    if single is None:
        lines += [_nexthop_line(hop, route.family) for hop in route.nexthops]
    return lines


def single_hop(route: Route) -> NextHop | None:
    """The next hop to print beside the destination; None where ``nexthop`` lines are needed."""
    if len(route.nexthops) != 1:
        return None
    hop = route.nexthops[0]
    # Only a nexthop line can say a weight, or attributes of one next hop.
    return None if hop.weight != 1 or hop.attributes else hop


def _line(words: list[str]) -> str:
    # Of all values only that of pref is printed without a blank after it.
    return " ".join(words) if words[-2:-1] == ["pref"] else " ".join(words) + " "


def _nexthop_line(hop: NextHop, family: Family) -> str:
    words = ["\tnexthop"]
    encap = [pair for pair in hop.attributes if pair[0] == "encap"]
    words += [word for pair in encap for word in _attribute_words(pair)]
    words += _way_words(replace(hop, dev=None), family)
    words += [word for pair in hop.attributes if pair[0] != "encap" for word in _attribute_words(pair)]
    words += ["dev", hop.dev] if hop.dev is not None else []
    return _line([*words, "weight", str(hop.weight), *hop.flags])


def _way_words(hop: NextHop, family: Family) -> list[str]:
    words: list[str] = []
    if hop.via is not None:
        words += ["via", str(hop.via)] if hop.via.family == family else ["via", "inet6", str(hop.via)]
    elif hop.hidden:
        words += ["via", hop.hidden]
    if hop.dev is not None:
        words += ["dev", hop.dev]
    return words


def _attribute_words(pair: Pair) -> list[str]:
    name, value = pair
    if name == "encap":
        return ["", name, encap_words(value)]
    return [name, value] if value else [name]


def format_dst(prefix: Prefix) -> str:
    """A prefix as iproute2 prints one: ``default``, an address alone, or with its length."""
    if prefix.length == 0:
        return "default"
    return str(prefix.address) if prefix.length == prefix.bits else str(prefix)
