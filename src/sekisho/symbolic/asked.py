"""Which fields the rules of a program ask for: what none asks for need not be told apart; and what else of a
guard counts beside the fields."""

from __future__ import annotations

from sekisho.semantics.conjunction import leaves
from sekisho.semantics.control import single
from sekisho.semantics.program import (
    Guard,
    In,
    Interface,
    Masked,
    Members,
    Program,
    ReversePath,
)

# Fields that guards ask for by another name too: policy rules see the sender's user as ``flow_uid``.
_ALSO_AS = {"uid": ("uid", "flow_uid")}


def asks_for(program: Program, *names: str) -> bool:
    """Whether any rule looks at one of the fields."""
    wanted = frozenset(names)
    return any(
        _names(part.guard, wanted)
        for stations in program.stations.values()
        for station in stations
        for part in single(*station.every)
    )


def asks_anywhere(program: Program, name: str) -> bool:
    """Whether anything at all of a program looks at the field: rules, routes, checks, sockets."""
    chains = [*program.route_tables.values(), program.routing, program.arrival, program.forwarding]
    chains += [program.source_check, program.entrance, program.departure]
    chains += [] if program.sockets is None else [program.sockets]
    wanted = frozenset(_ALSO_AS.get(name, (name,)))
    return asks_for(program, *wanted) or any(_names(line.guard, wanted) for line in single(*chains))


def _names(guard: Guard, names: frozenset[str]) -> bool:
    for leaf in leaves(guard):
        if isinstance(leaf, Members):
            if not names.isdisjoint(leaf.fields):
                return True
        elif isinstance(leaf, In | Interface | Masked) and leaf.field in names:
            return True
    return False


def looks_further(guard: Guard) -> bool:
    """Whether the guard sees more of a state than ``State.seen`` tells: the way back, or the interface as a
    part of what sets hold."""
    return any(
        isinstance(leaf, ReversePath) or (isinstance(leaf, Members) and "iif" in leaf.fields)
        for leaf in leaves(guard)
    )
