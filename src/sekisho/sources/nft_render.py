"""A rule set as ``nft list ruleset`` prints it.

What the text was captured with (``priority -100``, a number in hexadecimal, elements on a line) is kept;
where the model comes from JSON, the forms of nft 1.0 or 1.1 are taken by its version.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sekisho.model.nft import NftChain, NftFlowtable, NftObject, NftRule, NftRuleset, NftSet, NftTable
from sekisho.model.nft_rule import Counter, Limit, Quota, Statement, Synproxy, Verdict
from sekisho.sources.nft_render_statements import rule_text, synproxy_words
from sekisho.sources.nft_render_values import limit_words, mapping_text, quota_words, stateful_text
from sekisho.sources.nft_units import duration, priority_words
from sekisho.values.numbers import integer, is_number

# How many elements nft 1.0 puts on a line, by data type (others: one).
_COLUMNS = {
    "ipv4_addr": 2, "ct_state": 2, "ct_status": 2, "pkt_type": 2, "ct_dir": 2, "nf_proto": 2,
    "inet_service": 5, "inet_proto": 5, "mark": 5, "uid": 5, "gid": 5, "integer": 5, "arp_op": 5,
    "classid": 5, "tcp_flag": 5,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Style:
    """``output_dstnat``: the output hook's priority -100 is printed as dstnat (nft 1.1). ``numeric``:
    priorities as numbers, which every version reads. ``handles``: as ``nft -a`` prints."""

    output_dstnat: bool = False
    numeric: bool = False
    handles: bool = False


def style_of(version: str) -> Style:
    """The forms of a version of nft such as ``1.1.3``; unknown ones as of 1.0."""
    numbers = tuple(integer(part) for part in version.split(".") if is_number(part))
    return Style(output_dstnat=numbers >= (1, 0, 7))


def render(ruleset: NftRuleset, style: Style | None = None) -> str:
    """The whole text; "" for a rule set without tables."""
    style = style or style_of(ruleset.version)
    return "".join(f"{line}\n" for table in ruleset.tables for line in table_lines(table, style))


def table_lines(table: NftTable, style: Style) -> Iterator[str]:
    """The lines of one table."""
    yield f"table {table.family} {table.name} {{{_table_note(table, style)}"
    head = False
    if table.comment is not None:
        yield f'\tcomment "{table.comment}"'
    if table.flags:
        yield f"\tflags {','.join(table.flags)}"
        head = True
    blocks = [
        *(list(_object(item, style)) for item in table.objects),
        *(list(_set(item, style)) for item in table.sets),
        *(list(_flowtable(item, style)) for item in table.flowtables),
        *(list(_chain(item, table, style)) for item in table.chains if not item.bound),
    ]
    for number, block in enumerate(blocks):
        if number or head:
            yield ""
        yield from (f"\t{line}" if line else "" for line in block)
    yield "}"


def _table_note(table: NftTable, style: Style) -> str:
    handle = _handle(table.handle, style)
    return handle + (f"{'' if handle else ' #'} progname {table.owner}" if table.owner else "")


def _handle(handle: int | None, style: Style) -> str:
    return f" # handle {handle}" if style.handles and handle is not None else ""


def _object(item: NftObject, style: Style) -> Iterator[str]:
    yield f"{item.kind} {item.name} {{{_handle(item.handle, style)}"
    if item.comment is not None:
        yield f'\tcomment "{item.comment}"'
    for line in _object_lines(item):
        yield f"\t{line}"
    yield "}"


def _object_lines(item: NftObject) -> tuple[str, ...]:
    match item.statement:
        case Counter(packets, amount):
            return () if packets is None else (f"packets {packets} bytes {amount or 0}",)
        case Quota() as quota:
            return (quota_words(quota),)
        case Limit() as limit:
            return (limit_words(limit),)
        case Synproxy() as synproxy:
            return synproxy_words(synproxy)
        case _:
            return item.printed or tuple(_with_units(line) for line in item.lines)


def _with_units(line: str) -> str:
    word, _, rest = line.partition(" ")
    return f"timeout {duration(integer(rest) * 1000)}" if word == "timeout" else line


def _set(item: NftSet, style: Style) -> Iterator[str]:
    yield f"{'map' if item.is_map else 'set'} {item.name} {{{_handle(item.handle, style)}"
    yield f"\t{_types(item)}"
    if item.policy is not None:
        yield f"\tpolicy {item.policy}"
    if item.size is not None:
        counted = "" if item.count is None else f"\t# count {item.count}"
        yield f"\tsize {item.size}{counted}"
    flags = _flags(item)
    if flags:
        yield f"\tflags {','.join(flags)}"
    if item.statements:
        yield "\t" + " ".join(stateful_text(one) for one in item.statements)
    if item.auto_merge:
        yield "\tauto-merge"
    if item.timeout is not None:
        yield f"\ttimeout {duration(item.timeout)}"
    if item.gc_interval is not None:
        yield f"\tgc-interval {duration(item.gc_interval)}"
    if item.comment is not None:
        yield f'\tcomment "{item.comment}"'
    if item.elements:
        yield from _elements(item)
    yield "}"


def _types(item: NftSet) -> str:
    interval = "interval " if item.interval_data else ""
    if item.typeof:
        data = f" : {interval}{item.typeof_data}" if item.is_map else ""
        return f"typeof {item.typeof}{data}"
    data = f" : {interval}{' . '.join(item.data_type)}" if item.is_map else ""
    return f"type {' . '.join(item.key_type)}{data}"


_FLAG_ORDER = ("constant", "interval", "dynamic", "timeout")


def _flags(item: NftSet) -> list[str]:
    """In nft's order; a set with a default timeout shows the flag only beside another one."""
    flags = {*item.flags, *(("dynamic",) if item.dynamic else ())}
    if flags == {"timeout"} and item.timeout is not None:
        return []
    return [flag for flag in _FLAG_ORDER if flag in flags] + sorted(flags - set(_FLAG_ORDER))


def _elements(item: NftSet) -> Iterator[str]:
    kind, data = " . ".join(item.key_type), " . ".join(item.data_type)
    columns = item.columns or _columns(item)
    shown = [mapping_text(one, kind, data) for one in item.elements]
    rows = [", ".join(shown[at : at + columns]) for at in range(0, len(shown), columns)]
    last = len(rows) - 1
    for number, row in enumerate(rows):
        start = "\telements = { " if number == 0 else "\t\t     "
        yield start + row + (" }" if number == last else ",")


def _columns(item: NftSet) -> int:
    return _COLUMNS.get(" . ".join(item.key_type), 1)


def _flowtable(item: NftFlowtable, style: Style) -> Iterator[str]:
    yield f"flowtable {item.name} {{{_handle(item.handle, style)}"
    shown = item.priority_printed or priority_words(item.priority, "netdev", item.hook, False)
    yield f"\thook {item.hook} priority {shown if not style.numeric else item.priority}"
    if item.devices:
        listed = ", ".join(item.devices)
        yield "\t" + (item.devices_printed or f"devices = {{ {listed} }}")
    for line in item.lines:
        yield f"\t{line}"
    yield "}"


def _chain(chain: NftChain, table: NftTable, style: Style) -> Iterator[str]:
    yield f"chain {chain.name} {{{_handle(chain.handle, style)}"
    if chain.comment is not None:
        yield f'\tcomment "{chain.comment}"'
    if chain.hook is not None:
        yield f"\t{base_line(chain, table.family, style)}"
    bound = {one.name: one for one in table.chains if one.bound}
    for rule in chain.rules:
        yield from (f"\t{line}" for line in _rule(rule, table.family, bound, style))
    yield "}"


def _rule(rule: NftRule, family: str, bound: Mapping[str, NftChain], style: Style) -> Iterator[str]:
    """A rule's line; with the lines of the chain in braces that it leads to, if there is one."""
    handle = _handle(rule.handle, style)
    at = next((at for at, one in enumerate(rule.statements) if _leads(one) in bound), None)
    if at is None:
        yield rule_text(rule, family) + handle
        return
    verdict = rule.statements[at]
    head = rule_text(NftRule(rule.statements[:at]), family)
    after = rule_text(NftRule(rule.statements[at + 1 :], rule.comment), family)
    yield f"{head}{' ' if head else ''}{_kind(verdict)} {{"
    for each in bound[_leads(verdict)].rules:
        yield from (f"\t{line}" for line in _rule(each, family, bound, style))
    yield f"}}{' ' if after else ''}{after}{handle}"


def _leads(statement: Statement) -> str:
    return statement.chain if isinstance(statement, Verdict) else ""


def _kind(statement: Statement) -> str:
    return statement.kind if isinstance(statement, Verdict) else ""


def base_line(chain: NftChain, family: str, style: Style) -> str:
    """``type filter hook input priority filter; policy accept;``."""
    hook, number = chain.hook or "", chain.priority or 0
    priority = chain.priority_printed or priority_words(number, family, hook, style.output_dstnat)
    if style.numeric:
        priority = str(number)
    devices = f" {chain.devices_printed}" if chain.devices_printed else _devices(chain.devices)
    flags = f" flags {','.join(chain.flags)};" if chain.flags else ""
    return f"type {chain.type} hook {hook}{devices} priority {priority}; policy {chain.policy};{flags}"


def _devices(names: Iterable[str]) -> str:
    found = tuple(names)
    if not found:
        return ""
    if len(found) == 1:
        return f' device "{found[0]}"'
    return f" devices = {{ {', '.join(found)} }}"
