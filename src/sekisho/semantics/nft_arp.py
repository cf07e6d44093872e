"""Whether the tables of family bridge may stop what asks for a neighbour's MAC address.

ARP and neighbour discovery pass a bridge's own chains as every frame does. They are not followed through
them: a rule that may drop and does not ask for what only other packets have may drop them as well.
"""

from __future__ import annotations

from sekisho.model.nft import NftChain, NftRule, NftRuleset
from sekisho.model.nft_expression import (
    Binary,
    Concat,
    Expression,
    Mapping,
    Meta,
    Payload,
    SetLiteral,
    Unknown,
    Word,
)
from sekisho.model.nft_rule import Assign, Match, Reject, Statement, Verdict, VerdictMap

# Headers that ARP does not have; neighbour discovery's are ICMPv6's, and asked for by few. No frame here has
# a VLAN tag.
_HEADERS = frozenset(
    {"vlan", "ip", "tcp", "udp", "udplite", "sctp", "dccp", "icmp", "th", "ah", "esp", "comp"}
)


def may_hide(ruleset: NftRuleset | None) -> bool:
    """Whether some chain on the way of such frames may drop them."""
    tables = [table for table in ruleset.tables if table.family == "bridge"] if ruleset else []
    return (ruleset is not None and ruleset.incomplete is not None) or any(
        table.incomplete is not None or any(_may_stop(chain) for chain in table.chains)
        for table in tables
        if "dormant" not in table.flags
    )


def _may_stop(chain: NftChain) -> bool:
    if chain.hook == "forward":
        return False  # the host's own questions are not forwarded
    if chain.hook is not None and chain.policy not in (None, "accept"):
        return True
    return any(_may_drop(rule) for rule in chain.rules)


def _may_drop(rule: NftRule) -> bool:
    for statement in rule.statements:
        if isinstance(statement, Match) and _for_others(statement):
            return False
        if isinstance(statement, VerdictMap) and _asks_headers(statement.key):
            return False
        if _drops(statement):
            return True
    return False


def _for_others(match: Match) -> bool:
    """A condition that no ARP frame fulfils."""
    if _asks_headers(match.left):
        return True
    names_protocol = match.left in (Payload("ether", "type"), Meta("protocol"))
    return names_protocol and match.operator in ("==", "in") and _without_arp(match.right)


def _without_arp(right: Expression) -> bool:
    """Of IPv6 nothing is excluded: neighbour discovery is IPv6."""
    words = right.elements if isinstance(right, SetLiteral) else (right,)
    return all(isinstance(word, Word) and word.text in ("ip", "vlan") for word in words)


def _asks_headers(expression: Expression) -> bool:
    match expression:
        case Payload(protocol, _):
            return protocol in _HEADERS
        case Concat(items):
            return any(_asks_headers(item) for item in items)
        case Binary(_, left, _):
            return _asks_headers(left)
        case _:
            return False


def _drops(statement: Statement) -> bool:
    match statement:
        case Verdict(kind):
            return kind in ("drop", "queue")
        case Assign(Payload("ip6", "hoplimit")):
            return True  # with any other than 255 an advertisement counts for nothing (ndisc_rcv)
        case VerdictMap(key, SetLiteral(elements)):
            return any(_element_drops(key, element) for element in elements)
        case VerdictMap() | Unknown() | Reject():
            return True  # what reject has no answer for it drops (nft_reject_bridge.c)
        case _:
            return False


def _element_drops(key: Expression, element: object) -> bool:
    if not isinstance(element, Mapping) or not isinstance(element.value, Verdict):
        return True  # nobody knows what it does
    if element.value != Verdict("drop"):
        return False
    by_protocol = key in (Payload("ether", "type"), Meta("protocol"))
    return not (by_protocol and _without_arp(element.key))
