"""Chains that call one another deeper than nf_tables loads.

    base ─▶ 1 ─▶ 2 ─▶ ... ─▶ 15 ─▶ 16   refused, by jump or by goto: "Too many links"

Measured on a kernel 6.18 by nft and iptables-nft (nf_tables_api.c, nft_chain_validate: NFT_JUMP_STACK_SIZE).
ip_tables has no such limit: its stack has room for every chain of the table (x_tables.c, xt_jumpstack_alloc),
and 5,000 chains, each called by the one before, are loaded and passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sekisho.semantics.journey import Doubt
from sekisho.semantics.loops import calls_of, lines_with
from sekisho.semantics.program import Action, ChainCode, Goto, Guarded, Jump, NotUnderstood

# Calls that nf_tables follows from a base chain on.
DEEPEST = 15


def within_depth(chains: Mapping[str, ChainCode], bases: Iterable[str]) -> dict[str, ChainCode]:
    """The chains of one table by name; the calls that lead too deep are not understood, as no kernel can have
    loaded them. No chain may lead back to itself (``without_loops``)."""
    depths = depths_of({name: calls_of(chain) for name, chain in chains.items()}, bases)
    return {
        name: chain if depths.get(name, 0) < DEEPEST else lines_with(chain, _cut)
        for name, chain in chains.items()
    }


def depths_of(calls: Mapping[str, tuple[str, ...]], bases: Iterable[str]) -> dict[str, int]:
    """By how many calls the chains are reached at most from a base chain; none of those that are not."""
    found = dict.fromkeys(bases, 0)
    waiting = list(found)
    reached: dict[str, int] = {}  # by how many calls of reached chains
    seen = set(waiting)
    for name in waiting:
        for target in calls.get(name, ()):
            if target in calls:
                reached[target] = reached.get(target, 0) + 1
                if target not in seen:
                    seen.add(target)
                    waiting.append(target)
    done = [name for name in found if not reached.get(name)]
    for name in done:
        for target in calls.get(name, ()):
            if target in calls:
                found[target] = max(found.get(target, 0), found[name] + 1)
                reached[target] -= 1
                if not reached[target]:
                    done.append(target)
    return found


def callees_first(base: ChainCode, chains: Mapping[str, ChainCode]) -> list[str]:
    """The chains that a packet may come to from a base chain, each after all that it calls itself."""
    found: dict[str, None] = {}
    waiting = [(name, False) for name in calls_of(base)]
    while waiting:
        name, called = waiting.pop()
        if called:
            found[name] = None
        elif name not in found:
            waiting.append((name, True))
            waiting += ((each, False) for each in calls_of(chains[name]) if each not in found)
    return list(found)


def _cut(action: Action, line: Guarded) -> Action:
    if isinstance(action, Jump | Goto):
        return NotUnderstood(Doubt("chain-too-deep", (action.chain, str(DEEPEST)), line.evidence))
    return action
