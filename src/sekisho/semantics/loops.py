"""Chains that call each other in a circle.

No kernel loads such rules (ip_tables: mark_source_chains; nf_tables: nft_chain_validate); a text that
shows them was damaged or mixed up. Calls that lead round stay undecided, so that no walk goes on for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sekisho.semantics.conjunction import parts
from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import (
    Action,
    ChainCode,
    FirstOf,
    Goto,
    Guarded,
    Jump,
    NotUnderstood,
    Series,
)


def without_loops(chains: Mapping[str, ChainCode]) -> dict[str, ChainCode]:
    """The chains of one table by name; calls of a chain that leads back here are not understood."""
    calls = {name: tuple(dict.fromkeys(_calls(chain))) for name, chain in chains.items()}
    round_about = _on_circles(calls)
    if not round_about:
        return dict(chains)
    reached = {name: _reached(name, calls) for name in round_about}
    return {
        name: replace(chain, lines=tuple(_line(line, name, reached) for line in chain.lines))
        if name in round_about
        else chain
        for name, chain in chains.items()
    }


def _calls(chain: ChainCode) -> Iterator[str]:
    for line in chain.lines:
        kind = type(line.action)
        if kind is Jump or kind is Goto or kind is FirstOf or kind is Series:
            for part in parts(line):
                if isinstance(part.action, Jump | Goto):
                    yield part.action.chain


def _on_circles(calls: Mapping[str, tuple[str, ...]]) -> set[str]:
    """What is left once chains that call nobody, or only such, are taken away; circles and their callers."""
    callers: dict[str, list[str]] = {}
    open_calls = {}
    for name, targets in calls.items():
        open_calls[name] = sum(1 for target in targets if target in calls)
        for target in targets:
            callers.setdefault(target, []).append(name)
    done = [name for name, count in open_calls.items() if not count]
    for name in done:
        for caller in callers.get(name, ()):
            open_calls[caller] -= 1
            if not open_calls[caller]:
                done.append(caller)
    return set(calls) - set(done)


def _reached(start: str, calls: Mapping[str, tuple[str, ...]]) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for target in calls.get(waiting.pop(), ()):
            if target not in found:
                found.add(target)
                waiting.append(target)
    return found


def _line(line: Guarded, name: str, reached: Mapping[str, set[str]]) -> Guarded:
    action = _action(line.action, line, name, reached)
    return line if action is line.action else replace(line, action=action)


def _action(action: Action, line: Guarded, name: str, reached: Mapping[str, set[str]]) -> Action:
    if isinstance(action, Jump | Goto):
        leads_back = action.chain == name or name in reached.get(action.chain, ())
        return NotUnderstood(Doubt("chain-loop", (action.chain,), line.evidence)) if leads_back else action
    if isinstance(action, FirstOf | Series):
        inner = tuple(_line(each, name, reached) for each in action.lines)
        return action if inner == action.lines else replace(action, lines=inner)
    return action
