"""One base chain by itself: what it does to all packets there could be, whatever routing before it does.

Interfaces, marks and connection states are variables here too: states and interfaces above the header's in
the order, as most rule sets treat packets by them first, the others below. Combinations that no packet has
(a reply that is NEW...) are among them; so what is found dead is dead, and what is found accepted is accepted
if a packet like that comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from sekisho.semantics.conjunction import conjuncts, leaves
from sekisho.semantics.control import single, within
from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import (
    ESTABLISHED,
    INVALID,
    NEW,
    RELATED,
    UNTRACKED,
    Accept,
    ChainCode,
    Guard,
    In,
    Interface,
    Jump,
    Members,
    NotUnderstood,
    Program,
    Station,
    Translate,
)
from sekisho.symbolic.bits import ByOrigin, Ends, Set
from sekisho.symbolic.composition import Composition, changes_nothing
from sekisho.symbolic.domain import at_start
from sekisho.symbolic.flow import Flow
from sekisho.symbolic.guards import Guards
from sekisho.symbolic.reading import Cond, Within
from sekisho.symbolic.space import Space
from sekisho.symbolic.state import Front, State
from sekisho.values.address import Family
from sekisho.values.slotted import replace

_STATES = (NEW, ESTABLISHED, RELATED, INVALID, UNTRACKED)
# Stands for all interfaces that no rule names.
SOMETHING_ELSE = "(another interface)"


class ChainView:
    """A station read alone."""

    def __init__(self, station: Station, family: Family) -> None:
        self.station = station
        self.space = Space(family)
        self.guards = Guards(self.space)
        unsure = Cond(self.space.nothing, self.space.everything)
        self.guards.reverse = lambda state, guard: unsure
        self.flow = Flow(self.guards)
        self._whole = self._start()
        self._known = self.flow.known(self._whole)
        self.space.raise_fields(("ctstate", "iif", "oif"))

    @property
    def start(self) -> State:
        """All packets there could be."""
        return self._whole

    def holds(self, guard: Guard) -> Cond:
        """Which of all packets fit."""
        return self.flow.held(guard, self._whole, self._known)

    def _start(self) -> State:
        space = self.space
        names = _interfaces(self.station)
        field = space.field
        incoming = self.station.hook not in ("output", "bridge-output", "bridge-postrouting")
        outgoing = self.station.hook.removeprefix("bridge-") not in ("prerouting", "input", "ingress")
        state = replace(
            at_start(space), src_mac=field["src_mac"], uid=field["uid"], gid=field["gid"], local=True,
            mark=space.extra("mark", 32), ctmark=space.extra("ctmark", 32),
            ctstatus=space.extra("ctstatus", 10), pkttype=space.extra("pkttype", 3),
            zone=space.extra("zone", 16), fragment=space.extra("fragment", 1),
        )  # fmt: skip
        width = space.width("src")
        sent, onward = (
            Ends(space.extra(f"{side}src", width), space.extra(f"{side}dst", width),
                 space.extra(f"{side}sport", 16), space.extra(f"{side}dport", 16))
            for side in ("ctorig", "ctonward")
        )  # fmt: skip
        either = (*names, SOMETHING_ELSE)
        ports = (*names, SOMETHING_ELSE, None)
        return replace(
            state,
            ctsent=sent,
            ctonward=onward,
            iif=ByOrigin(_cases(space, "iif", either)) if incoming else None,
            oif=ByOrigin(_cases(space, "oif", either)) if outgoing else None,
            physin=ByOrigin(_cases(space, "physin", ports)),
            physout=ByOrigin(_cases(space, "physout", ports)),
            portin=ByOrigin(_cases(space, "portin", ports)),
            portout=ByOrigin(_cases(space, "portout", ports)),
            dst_mac=space.extra("dst_mac", 48),
            ctstate=ByOrigin(_cases(space, "ctstate", _STATES)),
            ctdir=ByOrigin(_cases(space, "ctdir", (0, 1, None))),
        )

    # -------------------------------------------------------------------------------- what it does

    @property
    def incoming(self) -> tuple[str | None, ...]:
        """The incoming interfaces that rules tell apart, with one for all others."""
        iif = self._whole.iif
        return tuple(str(name) for name, _ in iif.cases) if isinstance(iif, ByOrigin) else (iif,)

    def by(self, iif: str | None) -> Set:
        """The packets from one of the incoming interfaces."""
        return self.guards.named(self._whole.iif, iif)

    def verdicts(self, some: Set) -> tuple[Set, Set]:
        """The packets that may be accepted, and those that may be refused.

        What is in the first only is accepted for certain. The sender's MAC address is forgotten: a packet
        counts as accepted where some address makes it so.
        """
        if changes_nothing(self.station):
            parts = Composition(self.space, self.station, some, self.holds, self._without_mac)
            found = parts.verdicts()
            # Chains that are alone in asking for them have forgotten them already.
            asked = not self._mac_chains and self._asks_for_mac
        else:
            found, asked = self._walked(some), self._asks_for_mac
        if not asked:
            return found
        forgotten = self.space.of_fields(["src_mac"])
        return found[0].exists(forgotten), found[1].exists(forgotten)

    def doubts(self) -> tuple[Doubt, ...]:
        """The questions of the chain, and of those that it calls, that nobody can decide."""
        found: dict[Doubt, None] = {}
        for chain in within(self.station):
            for line in single(chain):
                if isinstance(line.action, NotUnderstood):
                    found[line.action.doubt] = None
                held = self.holds(line.guard)
                if held.yes is not held.maybe:
                    why = self.guards.open_questions(line.guard, self._whole, self.space.everything)
                    found.update(dict.fromkeys(why))
            if isinstance(chain.policy, NotUnderstood):
                found[chain.policy.doubt] = None
        return tuple(found)

    def _walked(self, some: Set) -> tuple[Set, Set]:
        """The same by following packets, where lines change what later ones ask for."""
        self.flow.bounds = True
        self.flow.returning = self._without_mac
        accepted: list[Set] = []
        refused: list[Set] = []
        front: Front = {self._whole: some}
        for passed, _, here in self.flow.run(self.station.base, self.station.chains, front, "chain"):
            if isinstance(passed, Within) and passed.within is not None:
                here &= passed.within
            if isinstance(passed.action, Accept | Translate | NotUnderstood):
                accepted.append(here)
            if not isinstance(passed.action, Accept | Translate):
                refused.append(here)
        return self.space.union(accepted), self.space.union(refused)

    @cached_property
    def _asks_for_mac(self) -> bool:
        return any(map(_asks_for_mac, self.station.every))

    def _without_mac(self, name: str, some: Set) -> Set:
        """What comes back from a chain that looked at MAC addresses, when no other chain does for them:
        whether there is a fitting one is all that counts then."""
        if name not in self._mac_chains:
            return some
        return some.exists(self.space.of_fields(["src_mac"]))

    @cached_property
    def _mac_chains(self) -> frozenset[str]:
        """Chains that ask for MAC addresses and are called for packets of one interface that no other such
        chain is called for."""
        asking = {name for name, chain in self.station.chains.items() if _asks_for_mac(chain)}
        if _asks_for_mac(self.station.base):
            return frozenset()
        by_interface: dict[str, list[str]] = {}
        for line in self.station.base.lines:
            if isinstance(line.action, Jump) and line.action.chain in asking:
                named = [p for p in conjuncts(line.guard) if isinstance(p, Interface) and p.field == "iif"]
                if len(named) != 1 or named[0].prefix:
                    return frozenset()
                by_interface.setdefault(named[0].name, []).append(line.action.chain)
        called = [name for names in by_interface.values() for name in names]
        alone = all(len(names) == 1 for names in by_interface.values()) and len(called) == len(set(called))
        return frozenset(called) if alone and set(called) == asking else frozenset()

    def state_is(self, *states: int) -> Set:
        """The packets of these connection states."""
        ctstate = self._whole.ctstate
        assert isinstance(ctstate, ByOrigin)
        return ctstate.where(states.__contains__, self.space.nothing)


def _asks_for_mac(chain: ChainCode) -> bool:
    return any(
        (isinstance(guard, In) and guard.field == "src_mac")
        or (isinstance(guard, Members) and "src_mac" in guard.fields)
        for line in single(chain)
        for guard in leaves(line.guard)
    )


def _cases(
    space: Space, name: str, values: tuple[str | int | None, ...]
) -> tuple[tuple[str | int | None, Set], ...]:
    return tuple(
        (value, some) for value, some in zip(values, (s for _, s in space.one_of(name, values)), strict=True)
    )


def _interfaces(station: Station) -> tuple[str, ...]:
    """The interfaces that rules name; a prefix stands for one of its interfaces."""
    found: dict[str, None] = {}
    for line in single(*station.every):
        for guard in leaves(line.guard):
            if isinstance(guard, Interface):
                found[guard.name + ("+" if guard.prefix and guard.name else "")] = None
            elif isinstance(guard, Members):
                for boxes, _ in guard.entries:
                    found.update((box, None) for box in boxes if isinstance(box, str))
    found.pop("", None)
    return tuple(found)


def stations(program: Program) -> Iterator[Station]:
    """Every station of a namespace, in the order of hooks."""
    for at_hook in program.stations.values():
        yield from at_hook
