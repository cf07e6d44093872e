"""What a reading of the stations finds out about one packet: data, no words.

Journey
  forward: Leg ── hops: Hop (one per namespace) ── steps: Step (one per rule, decision, change)
  reply:   Leg or None
  leans_on: Lean (what was assumed because it was not captured)
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from sekisho.model.evidence import Evidence
from sekisho.values.address import Address
from sekisho.values.packet import Packet
from sekisho.values.slotted import value

Hook = Literal[
    "ingress", "prerouting", "input", "forward", "output", "postrouting",
    "bridge-prerouting", "bridge-input", "bridge-forward", "bridge-output", "bridge-postrouting",
    "route", "bridge", "neighbour", "socket", "conntrack", "link",
]  # fmt: skip

# How a packet's way through the model ends; docs/dispositions.md says what each one means.
Disposition = Literal[
    "delivered", "exits", "dropped", "rejected", "no_route", "blackhole", "prohibited", "unreachable",
    "not_forwarding", "martian", "rpfilter", "neighbour_failed", "link_down", "no_socket", "ttl_expired",
    "too_big", "sg_denied", "nacl_denied", "source_dest_check", "loop", "undetermined",
]  # fmt: skip

DISPOSITIONS: tuple[Disposition, ...] = get_args(Disposition)

# Where a packet is as far as it can be followed: somebody has it.
ARRIVED: frozenset[Disposition] = frozenset({"delivered", "exits"})


@dataclass(frozen=True, slots=True)
class Lean:
    """Something an answer takes for granted. ``code`` is a message id, ``args`` its arguments."""

    code: str
    args: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a condition cannot be decided: an unknown match, a limit, an unstated header field."""

    code: str
    args: tuple[str, ...] = ()
    evidence: Evidence | None = field(default=None, compare=False)


@value
class Step:
    """One checkpoint passed.

    For a rule: ``table``, ``chain``, ``rule`` (1-based; None for the policy or the end of a chain),
    ``verdict`` one of ACCEPT, DROP, REJECT, JUMP, GOTO, RETURN, CONTINUE, DNAT, SNAT..., for the end of
    a base chain ACCEPT or DROP with ``rule`` None. Other stations: ``verdict`` says what was decided
    (route steps: LOCAL, FORWARD, OUTPUT or the disposition in capitals), ``code`` and ``args`` are the
    message for people. ``changes`` are (field, before, after) in text form.
    """

    hook: Hook
    verdict: str
    table: str | None = None
    chain: str | None = None
    rule: int | None = None
    text: str = ""
    target: str = ""
    changes: tuple[tuple[str, str, str], ...] = ()
    code: str = ""
    args: tuple[str, ...] = ()
    evidence: Evidence | None = field(default=None, compare=False)
    backend: str = ""


@value
class Hop:
    """A packet's stay in one namespace (``node``): the interfaces it came in by and left by."""

    node: str
    iif: str | None
    oif: str | None
    steps: tuple[Step, ...]


@value
class Leg:
    """One direction. ``packet`` is the packet as it left or was delivered; ``doubts`` are why the
    disposition is ``undetermined``; ``kernel_reason`` the kernel's skb_drop_reason where it has one;
    ``answer`` the ICMP error (or tcp-reset) that is sent back; ``where`` the container or namespace
    that takes the packet, when one is known. Where open questions lead to different ends, ``ways`` holds
    one leg for each end, the first being the one whose hops and packet this leg shows."""

    disposition: Disposition
    hops: tuple[Hop, ...]
    packet: Packet
    doubts: tuple[Doubt, ...] = ()
    kernel_reason: str | None = None
    answer: str | None = None
    where: str = ""
    ways: tuple[Leg, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of all hops in order."""
        return tuple(step for hop in self.hops for step in hop.steps)


@value
class Journey:
    """A packet and its reply. ``answered``: whether the reply gets back to the sender, as an answer to what
    it sent; None where nobody can say, or where no reply was asked for. ``onward``: the connection that
    docker-proxy makes to the container for one that it accepted; the server sees that one's source."""

    packet: Packet
    forward: Leg
    reply: Leg | None
    leans_on: tuple[Lean, ...] = ()
    undecided: tuple[Doubt, ...] = ()
    onward: Journey | None = None
    answered: bool | None = None

    @property
    def works(self) -> bool | None:
        """Whether the connection can be used: forward and reply arrive, behind docker-proxy too. None where
        nobody can say, or where no reply was asked for."""
        both = (self.answered, True if self.onward is None else self.onward.works)
        return False if False in both else None if None in both else True

    @property
    def open_doubts(self) -> tuple[Doubt, ...]:
        """Why nobody can say how a leg ends, behind docker-proxy too."""
        legs = (self.forward, self.reply)
        mine = tuple(doubt for leg in legs if leg is not None for doubt in leg.doubts)
        return mine if self.onward is None else (*mine, *self.onward.open_doubts)

    @property
    def sent(self) -> Packet:
        """The packet as it set out, with the source that routing chose for it."""
        for step in self.forward.steps[:1]:
            for name, before, after in step.changes:
                if name == "src" and not before:
                    return replace(self.packet, src=Address.parse(after).value)
        return self.packet

    @property
    def disposition(self) -> Disposition:
        """How it ends, behind docker-proxy where that is on the way."""
        return self.forward.disposition if self.onward is None else self.onward.disposition

    @property
    def served(self) -> Leg:
        """The leg that reaches the server: the packet as it sees it."""
        return self.forward if self.onward is None else self.onward.served
