"""Tables written as ``iptables -nL`` writes them, in any of its layouts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress

from sekisho.model.netfilter import UNKNOWN_MODULE, Chain, Option, Rule, Table
from sekisho.sources.iptables_list_forms import Context
from sekisho.sources.iptables_list_style import ListStyle
from sekisho.sources.iptables_list_text import show_extras
from sekisho.sources.iptables_options import KNOWN_PROTOCOLS
from sekisho.values.address import Family
from sekisho.values.packet import protocol_number


def render(table: Table, style: ListStyle, family: Family = 4) -> str:
    """The listing of all chains of a table."""
    blocks: list[str] = []
    for chain in table.chains:
        lines = [_chain_line(chain, table.is_base(chain), style), _header(style)]
        lines += [_row(number, rule, style, family) for number, rule in enumerate(chain.rules, 1)]
        if style.collapsed:
            lines = [re.sub(" +", " ", line).strip() for line in lines]
        elif style.stripped:
            lines = [line.rstrip() for line in lines]
        blocks.append("\n".join(lines))
    text = ("\n\n" if style.blank_lines else "\n").join(blocks)
    return text + "\n" if style.final_newline and blocks else text


def _count(number: int, style: ListStyle) -> str:
    """A counter as iptables prints it: above 99999 rounded to K, M, G or T unless ``-x``."""
    if style.exact or number <= 99999:
        return str(number)
    for unit in "KMG":
        number = (number + 500) // 1000
        if number <= 9999:
            return f"{number}{unit}"
    return f"{(number + 500) // 1000}T"


def _chain_line(chain: Chain, is_base: bool, style: ListStyle) -> str:
    if not is_base:
        return f"Chain {chain.name} ({chain.references or 0} references)"
    policy = chain.policy or "-"  # no line showed it
    if not style.verbose:
        return f"Chain {chain.name} (policy {policy})"
    packets, count = _count(chain.packets or 0, style), _count(chain.bytes or 0, style)
    return f"Chain {chain.name} (policy {policy} {packets} packets, {count} bytes)"


def _header(style: ListStyle) -> str:
    line = "num  " if style.line_numbers else ""
    if style.verbose:
        line += "    pkts      bytes " if style.exact else " pkts bytes "
    line += "target     prot opt"
    if style.verbose:
        line += " in     out    "
    return f"{line} {'source':<19}  {'destination':<19} "


def _generic(rule: Rule) -> dict[str, Option]:
    found = {option.name: option for option in rule.matches if not option.module}
    for option in rule.matches:
        if option.module == UNKNOWN_MODULE and option.name in ("source", "destination", "protocol"):
            sign, _, value = option.values[0].rpartition(" ")
            found[option.name] = Option("", option.name, sign.startswith("!"), (value,))
    return found


def _row(number: int, rule: Rule, style: ListStyle, family: Family) -> str:
    given = _generic(rule)
    line = f"{number:<4} " if style.line_numbers else ""
    if style.verbose:
        width = 8 if style.exact else 5
        line += "".join(f"{_count(count or 0, style):>{width}} " for count in (rule.packets, rule.bytes))
    target = rule.target.name if rule.target is not None else ""
    notrack = target == "NOTRACK" and style.notrack_as_ct
    line += f"{'CT' if notrack else target:<9} "
    line += _protocol(given.get("protocol"), style)
    line += _opt(given.get("fragment"), style, family)
    if style.verbose:
        anything = "*" if style.numeric else "any"
        inside = _interface(given.get("in-interface"), anything)
        outside = _interface(given.get("out-interface"), anything)
        line += f" {inside:<6} {outside:<6} "
    for name in ("source", "destination"):
        line += _address(given.get(name), style, family)
    if rule.target is not None and rule.target.goto:
        line += "[goto] "
    context = Context(style.numeric, family, _plain_protocol(given.get("protocol")), style.trailing_extras)
    extras = show_extras(_without_columns(rule), context)
    if notrack:
        extras.append(" NOTRACK")
    return line + _joined(extras, style)


def _joined(extras: Iterable[str], style: ListStyle) -> str:
    if style.trailing_extras:
        return "".join(f"{extra.strip()} " for extra in extras)
    return "".join(extras)


def _without_columns(rule: Rule) -> Rule:
    kept = tuple(
        option
        for option in rule.matches
        if option.module not in ("", UNKNOWN_MODULE) or (option.module == UNKNOWN_MODULE and not option.name)
    )
    return Rule(kept, rule.target)


def _plain_protocol(option: Option | None) -> str:
    return option.values[0] if option is not None and not option.negated else ""


def _protocol(option: Option | None, style: ListStyle) -> str:
    sign = "!" if option is not None and option.negated else " "
    name = option.values[0] if option is not None else "all"
    if style.numeric and (style.protocol_numbers or name not in KNOWN_PROTOCOLS):
        with suppress(ValueError):
            name = str(protocol_number(name))
    return sign + (f"{name:<4} " if style.narrow_protocol else f"{name:<5}")


def _opt(option: Option | None, style: ListStyle, family: Family) -> str:
    if family == 6:
        return "   " if style.blank_opt else "-- "
    if option is None:
        return "-- "
    return "!f " if option.negated else "-f "


def _interface(option: Option | None, anything: str) -> str:
    if option is None:
        return anything
    return f"{'!' if option.negated else ''}{option.values[0]}"


def _address(option: Option | None, style: ListStyle, family: Family) -> str:
    everything = "0.0.0.0/0" if family == 4 else "::/0"
    sign = "!" if option is not None and option.negated else " "
    text = option.values[0] if option is not None else everything
    if text == everything and not style.numeric:
        text = "anywhere"
    host = "/32" if family == 4 else "/128"
    return f"{sign}{text.removesuffix(host):<19} "
