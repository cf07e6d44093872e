"""What lines do to control, and which chains that leads to, for all who follow packets through chains.

goes on      Continue, and what changes the packet: SetBits, CopyMark, Untrack, SetZone
calls        Jump, which comes back to the next line, and Goto, which does not
comes back   Return, and the end of a chain; where nobody has called, the policy
ends         accepted: Accept, Translate; refused: Drop, Reject, Stop; and RouteTo, which is an answer
in parts     FirstOf, Series: what their lines do
anything     NotUnderstood
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sekisho.semantics.conjunction import parts
from sekisho.semantics.program import (
    Accept,
    Action,
    ChainCode,
    Continue,
    CopyMark,
    Drop,
    FirstOf,
    Goto,
    Guarded,
    Jump,
    NotUnderstood,
    Reject,
    Return,
    RouteTo,
    Series,
    SetBits,
    SetZone,
    Station,
    Stop,
    Translate,
    Untrack,
)
from sekisho.values.slotted import value

# What changes a packet for later lines, and all that lets it go on to them.
CHANGING = (SetBits, CopyMark, Untrack, SetZone)
PASSING = (Continue, *CHANGING)
# What may do anything with some of its packets: let them go on, take them, or return them to the caller.
ANYTHING = (FirstOf, Series, NotUnderstood)
# What becomes of the packets that do not go on.
LEAVING: dict[type[Action], str] = {
    Accept: "accepted", Translate: "accepted", Return: "back", Drop: "refused", Reject: "refused",
    Stop: "refused", RouteTo: "refused",
}  # fmt: skip


@value
class Passed:
    """One line that fitted (or the end of a chain, ``line`` None), in the chain it stands in.

    ``more``: the line has acted and is not done yet. ``again``: the same packet has passed the chain before
    and came back; so it does once more, by so many steps that are not told again.
    """

    chain: ChainCode
    line: Guarded | None
    action: Action | None
    more: bool = False
    again: int = 0


def acts(action: Action) -> Iterator[Action]:
    """What a line does in the end, whichever of its parts acts."""
    if isinstance(action, FirstOf | Series):
        for line in action.lines:
            yield from acts(line.action)
    else:
        yield action


def single(*chains: ChainCode) -> Iterator[Guarded]:
    """The single acts of the chains' lines."""
    for chain in chains:
        for line in chain.lines:
            yield from parts(line)


def may_lead_back(action: Action) -> bool:
    """Whether what may do anything with a packet may end the chain for it, so that its caller goes on."""
    return any(isinstance(act, Return | Goto | NotUnderstood) for act in acts(action))


# ----------------------------------------------------------------------------------- who calls whom

_CALLING = frozenset({Jump, Goto, FirstOf, Series})


def called(line: Guarded) -> Iterator[str]:
    """The chains that a line may call."""
    if type(line.action) in _CALLING:
        for act in acts(line.action):
            if isinstance(act, Jump | Goto):
                yield act.chain


def calls_of(chain: ChainCode) -> tuple[str, ...]:
    """The chains that a chain calls, each once."""
    return tuple(dict.fromkeys(name for line in chain.lines for name in called(line)))


def calls_in(chains: Mapping[str, ChainCode]) -> dict[str, tuple[str, ...]]:
    """Whom each of some chains calls."""
    return {name: calls_of(chain) for name, chain in chains.items()}


def reached(start: Iterable[str], calls: Mapping[str, Iterable[str]]) -> dict[str, None]:
    """Some names and where steps from them lead to, each once, as they are come to."""
    found: dict[str, None] = {}
    waiting = list(start)
    seen = set(waiting)
    while waiting:
        name = waiting.pop()
        found[name] = None
        for target in calls.get(name, ()):
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return found


def callees_first(start: Iterable[str], calls: Mapping[str, Iterable[str]]) -> list[str]:
    """What of ``calls`` is reached from some names, each after all that it calls itself (but for what leads
    back to it)."""
    found: list[str] = []
    seen: set[str] = set()
    waiting = [(name, False) for name in start]
    while waiting:
        name, done = waiting.pop()
        if done:
            found.append(name)
        elif name not in seen and name in calls:
            seen.add(name)
            waiting.append((name, True))
            waiting += ((each, False) for each in calls[name])
    return found


def within(station: Station) -> list[ChainCode]:
    """The base chain, and all chains that it calls, directly or through others."""
    found = reached(calls_of(station.base), calls_in(station.chains))
    return [station.base, *(station.chains[name] for name in found)]


def leading_to(kinds: tuple[type[Action], ...], chains: Mapping[str, ChainCode]) -> frozenset[str]:
    """The chains with an act of these kinds, and those that call such, directly or through others."""
    callers: dict[str, list[str]] = {}
    for name, targets in calls_in(chains).items():
        for target in targets:
            callers.setdefault(target, []).append(name)
    return frozenset(reached((name for name, chain in chains.items() if does(chain, kinds)), callers))


def does(chain: ChainCode, kinds: tuple[type[Action], ...]) -> bool:
    """Whether a line of the chain itself has an act of these kinds."""
    return any(isinstance(act, kinds) for line in chain.lines for act in acts(line.action))
