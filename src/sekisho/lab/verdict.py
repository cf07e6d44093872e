"""What the kernel did with a packet, as data.

Observed (one probe)
  passages: Passage (one per packet and namespace: the probe's own, then what answered it)
    steps: SeenStep (one per rule taken, chain end, policy)
  egress: Egress (one per frame that left for the world)
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sekisho.lab.conntrack import Tracked
from sekisho.lab.frames import Frame
from sekisho.semantics.journey import Disposition, Hook
from sekisho.values.address import Address
from sekisho.values.packet import Packet


@dataclass(frozen=True, slots=True)
class SeenStep:
    """A rule that the packet took, or the end of a chain.

    ``rule`` is 1-based, None for the end of a chain: ``verdict`` is then RETURN in a user chain, the
    policy in a base chain. Verdicts are the kernel's: ACCEPT, DROP, CONTINUE, JUMP, GOTO, RETURN,
    QUEUE, STOLEN; "" for a rule of a legacy table, where the kernel does not tell. ``target`` is the
    chain of a jump. ``backend``: "nft" or "legacy".
    """

    hook: Hook
    family: str
    table: str
    chain: str
    rule: int | None
    verdict: str
    target: str = ""
    backend: str = "nft"


@dataclass(frozen=True, slots=True)
class Passage:
    """One packet's way through one namespace's hooks.

    ``first`` and ``last`` are its headers when it entered and at the last place that told; ``hooks``
    the hooks that it passed to their ends. ``ct_state`` is the kernel's bit set (1 invalid, 2
    established, 4 related, 8 new, 64 untracked), ``ct_status`` the IPS_* bits. None: not told, which is
    so of invalid packets and of those that connection tracking has not seen.
    """

    node: str
    steps: tuple[SeenStep, ...]
    iif: str | None
    oif: str | None
    first: Packet
    last: Packet
    hooks: tuple[Hook, ...]
    ct_state: int | None = None
    ct_status: int | None = None

    @property
    def made_here(self) -> bool:
        """Whether the packet was made in this namespace."""
        return self.iif is None


@dataclass(frozen=True, slots=True)
class Egress:
    """A frame that arrived at a far end in the world.

    ``interface`` is the namespace's interface that it left by, ``port`` the device itself (a bridge's
    port; else the same). ``next_hop`` is whose MAC address it carries (None: broadcast, multicast).
    """

    node: str
    interface: str
    port: str
    next_hop: Address | None
    frame: Frame


@dataclass(frozen=True, slots=True)
class Observed:
    """Everything seen of one probe.

    ``packet`` is the probe's packet as it left or was delivered (``oif``, ``next_hop`` filled in),
    ``answer`` what came back: an ICMP error as iptables spells it, ``tcp-reset``, ``tcp-syn-ack``,
    ``icmp-echo-reply``... ``reason`` is the kernel's skb_drop_reason (``drops`` all of them, those of
    answers too), ``error`` the errno's name for a local send that failed, ``where`` the namespace that
    took the packet.
    """

    packet: Packet
    disposition: Disposition
    steps: tuple[SeenStep, ...]
    passages: tuple[Passage, ...] = ()
    replies: tuple[Passage, ...] = ()
    egress: Egress | None = None
    answer: str | None = None
    answer_egress: Egress | None = None
    reason: str | None = None
    error: str | None = None
    where: str = ""
    tracked: Tracked | None = None
    frames: tuple[Egress, ...] = field(default=(), repr=False)
    drops: tuple[str, ...] = ()
    ident: int = 0
    seq: int = 1000
