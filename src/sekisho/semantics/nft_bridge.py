"""Tables of family bridge: where they may stop a frame, an answer that crosses a bridge is undetermined.

Their conditions ask for ports and Ethernet fields that a snapshot seldom tells, so their chains are not
walked. A chain that can only accept changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.model.nft import NftChain, NftTable
from sekisho.model.nft_rule import (
    Counter,
    Limit,
    Log,
    Mapping,
    Match,
    Quota,
    SetLiteral,
    SetReference,
    SetUpdate,
    Statement,
    Verdict,
    VerdictMap,
)
from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import Accept, ChainCode, Guarded, NotUnderstood, Station, Unsure

_LETS_PASS = frozenset({"accept", "continue", "return", "jump", "goto"})


def bridge_stations(table: NftTable) -> Iterator[Station]:
    """A station at the hook "bridge" for each base chain that may stop a frame."""
    for chain in table.chains:
        if chain.hook is None or not _may_stop(chain, table):
            continue
        doubt = Doubt("bridge-chain", (table.name, chain.name), chain.evidence)
        line = Guarded(Unsure(doubt), NotUnderstood(doubt), 0, "", "", chain.evidence)
        base = ChainCode(chain.name, (line,), Accept(), chain.evidence)
        yield Station("bridge", chain.priority or 0, f"bridge {table.name}", base, {}, backend="nft")


def _may_stop(chain: NftChain, table: NftTable) -> bool:
    """Whether the chain, or one of the table's that it may call, does more than to let pass."""
    if chain.policy != "accept" or table.incomplete is not None:
        return True
    called = (chain, *(one for one in table.chains if one.hook is None))
    return any(
        not _lets_pass(statement, table)
        for one in called
        for rule in one.rules
        for statement in rule.statements
    )


def _lets_pass(statement: Statement, table: NftTable) -> bool:
    match statement:
        case Match() | Counter() | Log() | Limit() | Quota() | SetUpdate():
            return True
        case Verdict(kind):
            return kind in _LETS_PASS
        case VerdictMap(_, data):
            return all(_is_pass(element) for element in _elements(data, table))
        case _:
            return False


def _elements(data: SetLiteral | SetReference, table: NftTable) -> tuple[object, ...]:
    if isinstance(data, SetLiteral):
        return data.elements
    found = next((one for one in table.sets if one.name == data.name), None)
    return (None,) if found is None else found.elements


def _is_pass(element: object) -> bool:
    return (
        isinstance(element, Mapping)
        and isinstance(element.value, Verdict)
        and element.value.kind in _LETS_PASS
    )
