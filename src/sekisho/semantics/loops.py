"""Chains that call each other in a circle.

No kernel loads such rules (ip_tables: mark_source_chains; nf_tables: nft_chain_validate); a text that
shows them was damaged or mixed up. Calls that lead round stay undecided, so that no walk goes on for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from sekisho.semantics.control import calls_in, reached
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
    calls = calls_in(chains)
    round_about = _on_circles(calls)
    if not round_about:
        return dict(chains)
    leads_to = {name: reached(calls[name], calls) for name in round_about}

    def cut(name: str) -> Callable[[Action, Guarded], Action]:
        def uncalled(action: Action, line: Guarded) -> Action:
            if isinstance(action, Jump | Goto) and (
                action.chain == name or name in leads_to.get(action.chain, ())
            ):
                return NotUnderstood(Doubt("chain-loop", (action.chain,), line.evidence))
            return action

        return uncalled

    return {
        name: lines_with(chain, cut(name)) if name in round_about else chain for name, chain in chains.items()
    }


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


def lines_with(chain: ChainCode, change: Callable[[Action, Guarded], Action]) -> ChainCode:
    """The chain with every single act of its lines changed."""
    return replace(chain, lines=tuple(_line(line, change) for line in chain.lines))


def _line(line: Guarded, change: Callable[[Action, Guarded], Action]) -> Guarded:
    action = line.action
    if isinstance(action, FirstOf | Series):
        inner = tuple(_line(each, change) for each in action.lines)
        changed: Action = action if inner == action.lines else replace(action, lines=inner)
    else:
        changed = change(action, line)
    return line if changed is action else replace(line, action=changed)
