"""What becomes of the packets that carry others through tunnels: one packet's way, whatever it carries."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sekisho.semantics.journey import Disposition, Doubt, Hop, Journey, Lean
from sekisho.semantics.journeys import Start
from sekisho.semantics.tunnels import Through
from sekisho.semantics.world import World
from sekisho.values.packet import Packet

# The length of a carrier is that of what it carries, and nobody states its TTL; with vxlan each flow has a
# source port of its own.
_UNSTATED = frozenset({"length", "ttl"})
# So many tunnels inside one another are followed; the kernel takes as many, and not many more.
_DEEPEST = 3
_DEPTH = "carriers-depth"


@dataclass(frozen=True, slots=True)
class Carried:
    """How a carrier's way ends: see ``journey.Leg``."""

    disposition: Disposition
    hops: tuple[Hop, ...]
    where: str
    doubts: tuple[Doubt, ...] = ()
    kernel_reason: str | None = None
    leans: tuple[Lean, ...] = ()

    def arrives(self, node: str) -> bool:
        """Whether it gets to a namespace. Who listens there is the tunnel itself."""
        return self.where == node and self.disposition in ("delivered", "no_socket")


def carrier(world: World, through: Through, to: str, answering: bool) -> Carried:
    """Follow it to a namespace; each is followed once. ``answering``: what it carries is an answer, so that
    another one came the other way before."""
    key = ("carrier", through, answering)
    found = world.kept.get(key)
    if isinstance(found, Carried):
        return found
    depth = world.kept.get(_DEPTH, 0)
    assert isinstance(depth, int)
    if depth >= _DEEPEST:
        return _undetermined(through, "tunnel-in-tunnels")
    # Whatever asks for it before its way is known would have it carry itself.
    world.kept[key], world.kept[_DEPTH] = Carried("loop", (), through.node), depth + 1
    try:
        found = _followed(world, through, to, answering)
    finally:
        world.kept[_DEPTH] = depth
        del world.kept[key]
    world.kept[key] = found
    return found


def _followed(world: World, through: Through, to: str, answering: bool) -> Carried:
    if through.answers:
        return _answer(world, through, through.node, through.outer)
    first = _leg(_journey(world, through.node, through.outer, False), False)
    if through.other is None:
        return first
    if answering:
        return _answer(world, through, through.far, through.other)
    if first.arrives(to):
        return first
    # Dropped as the first of a connection, it may belong to one that the other end began.
    again = _answer(world, through, through.far, through.other)
    return replace(_undetermined(through, "carrier-tracked"), hops=first.hops) if again.arrives(to) else first


def _answer(world: World, through: Through, node: str, packet: Packet) -> Carried:
    found = _journey(world, node, packet, True)
    if found.reply is None and found.forward.disposition == "no_socket":
        return _undetermined(
            through, "carrier-tracked"
        )  # the tunnel answers, without a socket that is listed
    return _leg(found, found.reply is not None)


def _undetermined(through: Through, code: str) -> Carried:
    return Carried("undetermined", (), "", (Doubt(code, (f"{through.kind} ({through.words})",)),))


def _leg(found: Journey, reply: bool) -> Carried:
    leg = found.reply if reply and found.reply is not None else found.forward
    return Carried(leg.disposition, leg.hops, leg.where, leg.doubts, leg.kernel_reason, found.leans_on)


def _journey(world: World, node: str, packet: Packet, with_reply: bool) -> Journey:
    # Only here: that stands on the walk that asks for this, and most worlds have no tunnel.
    from sekisho.symbolic.one_journeys import OneWalk, journey_by

    unstated = set(_UNSTATED)
    if packet.sport is None and packet.dport is not None:
        unstated.add("sport")
    if not packet.src:
        unstated.add("src")
    start = Start(packet, node, "process", unstated=frozenset(unstated))
    return journey_by(OneWalk(world, packet.family), start, with_reply)
