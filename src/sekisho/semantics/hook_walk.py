"""The checkpoints of a hook, passed by one packet: tables' chains, connection tracking, translation."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import assert_never

from sekisho.semantics import nat, related
from sekisho.semantics.carried import Twin, asks_connection, carry_out, key_of, twin_of
from sekisho.semantics.chains import Passed, run
from sekisho.semantics.choices import Choices
from sekisho.semantics.conntrack import Connection, Tracker, differences, rewrite, show, track
from sekisho.semantics.hooks import NAT_SIDE
from sekisho.semantics.host import HostCode
from sekisho.semantics.journey import Disposition, Doubt, Hook, Lean, Step
from sekisho.semantics.partial import is_unseen
from sekisho.semantics.passage import Checkpoint, NatCore, Tracking, checkpoints, reroutes
from sekisho.semantics.program import (
    CONFIRMED_BIT,
    ESTABLISHED,
    NEW,
    RELATED,
    Accept,
    Action,
    Continue,
    CopyMark,
    Drop,
    FirstOf,
    Goto,
    Jump,
    NotUnderstood,
    Program,
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
    Way,
)
from sekisho.semantics.related import is_error, relate
from sekisho.semantics.traveller import Traveller


@dataclass(frozen=True, slots=True)
class End:
    """The packet's way ends in this namespace."""

    disposition: Disposition
    doubts: tuple[Doubt, ...] = ()
    kernel_reason: str | None = None
    answer: str | None = None
    where: str = ""


@dataclass(slots=True)
class HookWalk:
    """What a stay in one namespace carries along, and the way through its hooks.

    ``connection`` is the tracked connection of the packet, ``template`` says that a CT target has spoken,
    ``way`` and ``way_out`` are those of a local packet's latest route, ``spares`` lets pass what a rule would
    drop: the packet is one of long ago, of which only the connection that it opened matters.
    """

    host: HostCode
    packet: Traveller
    tracker: Tracker
    choices: Choices
    leans: dict[Lean, None]
    steps: list[Step] = field(default_factory=list)
    connection: Connection | None = None
    untracked: bool = False
    template: bool = False
    reply: bool = False
    linkdown: bool = False
    way_out: str | None = None
    way: Way | None = None
    spares: bool = False

    @property
    def program(self) -> Program:
        return self.host.programs[self.packet.family]

    def lean(self, *leans: Lean) -> None:
        """Remember what the answer takes for granted."""
        for lean in leans:
            self.leans.setdefault(lean)

    def route_again(self) -> End | None:
        """A station of OUTPUT changed what routing looks at."""
        raise NotImplementedError

    def carry(self, connection: Connection, direction: int) -> None:
        """The packet is sent because of one of this connection, whose it is RELATED to from the start
        (nf_conntrack_core.c, nf_conntrack_attach)."""
        self.connection, self.packet.ctstate = connection, RELATED
        show(self.packet, connection, direction)

    def template_zones(self) -> tuple[int, int] | None:
        """The zones of the template that the packet carries, where it was not tracked yet."""
        packet = self.packet
        waits = self.template and self.connection is None and packet.ctdir is not None
        return (packet.zone, packet.zone_reply) if waits else None

    def hook(self, hook: Hook) -> End | None:
        """Pass every checkpoint of a hook; None when the packet goes on."""
        self.lean(*self.program.gaps.get(hook, ()))
        packet = self.packet
        for checkpoint in checkpoints(self.program, hook):
            before = _routed_by(packet)
            if end := self._checkpoint(hook, checkpoint):
                return end
            looks_at = reroutes(checkpoint) if hook == "output" else 0
            if before[:looks_at] != _routed_by(packet)[:looks_at] and (end := self.route_again()):
                return end
        if hook in ("input", "postrouting") and self.connection is not None and packet.ctdir == 0:
            if self.tracker.clashes(self.connection):
                return End("undetermined", (Doubt("connection-clash"),))
            self.connection.status |= CONFIRMED_BIT
            packet.ctstatus = self.connection.status
        return None

    def _checkpoint(self, hook: Hook, checkpoint: Checkpoint) -> End | None:
        match checkpoint:
            case Station():
                return self._filter(checkpoint)
            case Tracking():
                return self._track()
            case NatCore(side, stations):
                return self._nat(hook, side, stations)

    def _track(self) -> End | None:
        if self.connection is not None:
            return None  # looped over lo: the packet carries its connection along
        if self.untracked:
            return None
        follow = relate if is_error(self.packet) else track
        self.connection = follow(self.packet, self.tracker)
        return None

    def _filter(self, station: Station) -> End | None:
        """A station whose chain every packet passes."""
        if not self._concerns(station):
            return None
        decided = self._pass(station)
        if isinstance(decided, Accept) or self._spared(decided):
            return None
        return self._end(station.hook, decided)

    def _spared(self, decided: Action | None) -> bool:
        """Whether a rule's drop was none when the connection was made."""
        if not self.spares or not isinstance(decided, Drop | Reject):
            return False
        self.lean(Lean("connection-assumed", ("dropped" if isinstance(decided, Drop) else "rejected",)))
        return True

    def _concerns(self, station: Station) -> bool:
        """Whether the packet comes in or leaves by an interface that the station is for."""
        packet = self.packet
        ends = (packet.iif, packet.physin) if station.hook == "ingress" else (packet.oif, packet.physout)
        return station.devices is None or any(end in station.devices for end in ends)

    def _nat(self, hook: Hook, side: str, stations: tuple[Station, ...]) -> End | None:
        """The nat core: chains only for a connection's first packet, then the translation itself."""
        connection, packet = self.connection, self.packet
        if connection is None:
            return None
        if packet.ctstate == RELATED and is_error(packet):
            return self._nat_of_error(hook, side, connection, packet.ctdir or 0)
        if packet.ctstate in (NEW, RELATED) and side not in connection.bound:
            for station in stations:
                decided = self._pass(station)
                if isinstance(decided, Translate):
                    break
                if not isinstance(decided, Accept) and not self._spared(decided):
                    return self._end(hook, decided)
            connection.bound.add(side)
        if packet.ctdir is None:
            return None
        changes = rewrite(connection, packet.ctdir, side, packet)
        if changes and (packet.ctstate == ESTABLISHED or packet.ctdir == 1):
            # The first packet's change stands at the rule that made it.
            verdict = "DNAT" if side == "dst" else "SNAT"
            code = f"conntrack-{'restores' if packet.ctdir else 'translates'}-{side}"
            self.steps.append(Step("conntrack", verdict, changes=changes, code=code))
        show(packet, connection, packet.ctdir)
        return None

    def _nat_of_error(self, hook: Hook, side: str, connection: Connection, direction: int) -> End | None:
        """An ICMP error is translated as its connection is; no chain is asked."""
        changes = related.translate(connection, direction, side, self.packet)
        if changes is None:
            return self._end(hook, Drop())
        if changes:
            verdict = "DNAT" if side == "dst" else "SNAT"
            code = f"conntrack-{'restores' if direction else 'translates'}-{side}"
            self.steps.append(Step("conntrack", verdict, changes=changes, code=code))
        return None

    def _pass(self, station: Station) -> Action | None:
        """Walk a station's chains and note the steps; the action that decided."""
        decided: Action | None = None
        for passed in run(station.base, station.chains, self, self.choices):
            decided = passed.action
            if isinstance(decided, Translate):
                end = self._translate(station, decided)
                if end is not None:
                    decided = end
            if passed.line is not None or not is_unseen(station.base):
                self.steps.append(self._step(station, passed, decided))
        return decided

    def _translate(self, station: Station, action: Translate) -> Action | None:
        if self.connection is None:
            return None
        side = NAT_SIDE[station.hook] if action.what == "hook" else action.what
        try:
            self.lean(*nat.translate(action, side, self.packet, self.connection, self.host, self.choices))
        except nat.NoAddress:
            return Drop()
        except nat.UnknownAddress as unknown:
            return NotUnderstood(unknown.doubt)
        return None

    def act(self, action: Action) -> None:
        """What an action that lets the chain go on does to the packet."""
        carry_out(action, self)

    def twin(self) -> Twin:
        """The packet once more, as far as lines may change it."""
        return twin_of(self)

    def key(self) -> Hashable:
        """What tells the packet from such twins."""
        return key_of(self)

    def _step(self, station: Station, passed: Passed, decided: Action | None) -> Step:
        """The step for a line that fitted; what the line changes of the packet happens right after."""
        line = passed.line
        verdict = _VERDICTS.get(type(decided), "CONTINUE")
        if line is None and passed.action is None:
            verdict = "RETURN"
        changes: tuple[tuple[str, str, str], ...] = ()
        if isinstance(decided, Translate) and self.connection is not None:
            changes = differences(self.connection.translated(0), NAT_SIDE[station.hook], self.packet)
        elif decided is not None and asks_connection(decided) and self.packet.ctdir is None:
            pass  # there is no connection whose mark it could be
        elif isinstance(decided, SetBits):
            old = getattr(self.packet, decided.field)
            changes = ((decided.field, f"{old:#x}", f"{decided.of(old):#x}"),)
        elif isinstance(decided, CopyMark):
            old, taken = getattr(self.packet, decided.target), getattr(self.packet, decided.source)
            changes = ((decided.target, f"{old:#x}", f"{decided.of(taken, old):#x}"),)
        target = line.target if line else ""
        if isinstance(decided, Jump | Goto):
            target = decided.chain
        code, args = ("chain-again", (str(passed.again),)) if passed.again else ("", ())
        return Step(
            station.hook, verdict, station.table, passed.chain.name, line.number if line else None,
            line.text if line else "", target, changes, "rule-part" if passed.more else code, args,
            line.evidence if line else passed.chain.evidence, station.backend,
        )  # fmt: skip

    def _end(self, hook: Hook, action: Action | None) -> End:
        match action:
            case Reject(answer):
                return End("rejected", kernel_reason="NETFILTER_DROP", answer=answer)
            case NotUnderstood(doubt):
                return End("undetermined", (doubt,))
            case Drop() | Stop() | None:
                return End("dropped", kernel_reason="NETFILTER_DROP")
            case Accept() | Jump() | Goto() | Return() | Continue() | Translate() | RouteTo() | FirstOf():
                raise AssertionError(action)  # none of these ends a way in a station
            case SetBits() | CopyMark() | Untrack() | SetZone() | Series():
                raise AssertionError(action)
            case _:
                assert_never(action)


_VERDICTS: dict[type, str] = {
    Accept: "ACCEPT", Translate: "ACCEPT", Drop: "DROP", Reject: "REJECT", Jump: "JUMP", Goto: "GOTO",
    Return: "RETURN", NotUnderstood: "UNKNOWN",
}  # fmt: skip


def _routed_by(packet: Traveller) -> tuple[int, ...]:
    """What ``reroutes`` counts in."""
    return packet.dst, packet.src, packet.mark, packet.tos, packet.ttl if packet.family == 6 else 0
