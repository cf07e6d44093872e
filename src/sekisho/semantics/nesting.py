"""Chains that call one another deeper than nf_tables loads.

    base ─▶ 1 ─▶ 2 ─▶ ... ─▶ 15 ─▶ 16   refused, by jump or by goto: "Too many links"

Measured on a kernel 6.18 by nft and iptables-nft (nf_tables_api.c, nft_chain_validate: NFT_JUMP_STACK_SIZE).
ip_tables has no such limit: its stack has room for every chain of the table (x_tables.c, xt_jumpstack_alloc),
and 5,000 chains, each called by the one before, are loaded and passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sekisho.semantics.control import callees_first, calls_in
from sekisho.semantics.journey import Doubt
from sekisho.semantics.loops import lines_with
from sekisho.semantics.program import Action, ChainCode, Goto, Guarded, Jump, NotUnderstood

# Calls that nf_tables follows from a base chain on.
DEEPEST = 15


def within_depth(chains: Mapping[str, ChainCode], bases: Iterable[str]) -> dict[str, ChainCode]:
    """The chains of one table by name; the calls that lead too deep are not understood, as no kernel can have
    loaded them. No chain may lead back to itself (``without_loops``)."""
    depths = depths_of(calls_in(chains), bases)
    return {
        name: chain if depths.get(name, 0) < DEEPEST else lines_with(chain, _cut)
        for name, chain in chains.items()
    }


def depths_of(calls: Mapping[str, tuple[str, ...]], bases: Iterable[str]) -> dict[str, int]:
    """By how many calls the chains are reached at most from a base chain; none of those that are not."""
    found = dict.fromkeys(bases, 0)
    for name in reversed(callees_first(found, calls)):
        for target in calls[name]:
            if target in calls:
                found[target] = max(found.get(target, 0), found[name] + 1)
    return found


def _cut(action: Action, line: Guarded) -> Action:
    if isinstance(action, Jump | Goto):
        return NotUnderstood(Doubt("chain-too-deep", (action.chain, str(DEEPEST)), line.evidence))
    return action
