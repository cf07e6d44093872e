"""What hangs on a bridge: a container that Docker names, a namespace that was captured, or an
address that is known only because a rule translates to it (then it is said that it was inferred)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from sekisho.semantics.ports import Port
from sekisho.values.address import Address
from sekisho.values.intset import IntSet


class Link(NamedTuple):
    """What carries frames between interfaces: a bridge of a namespace, or the wire of its interface. A name
    alone tells none: every host may have a docker0."""

    owner: str
    device: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """``origin``: docker, namespace, neighbour, rule or wire (its ``link`` is then the parent interface's).
    ``node``/``interface``: the captured namespace and its end of the link; ``port`` and what follows: the
    bridge's port, see ``ports.Port``. None: not captured."""

    name: str
    link: Link
    addresses: frozenset[Address]
    origin: str
    node: str | None = None
    interface: str | None = None
    port: str | None = None
    hairpin: bool | None = None
    mac: str | None = None
    isolated: bool | None = False
    passes: bool | None = True

    @property
    def bridge(self) -> str:
        """The name of the bridge, or of the parent."""
        return self.link.device

    def shares_port(self, other: Attachment) -> bool:
        """Whether both hang on one port of a bridge, where frames turn around in hairpin mode only."""
        return self is other or (self.port is not None and self.port == other.port)


@dataclass(frozen=True, slots=True)
class Segment:
    """A bridge for one family: its owner's addresses on it, their subnets, and who is there.

    A frame from a port goes up into the owner's IP layer or across to another port:

        from a container (it looks for a neighbour first)   up: the bridge's own address, or off the subnets
        from elsewhere on the bridge                        across: the subnets, but for the owner's own
                                                            addresses and the broadcast addresses
    """

    own: IntSet
    up_from_port: IntSet
    up_from_wire: IntSet
    attachments: tuple[Attachment, ...]


def attached(
    name: str,
    link: Link,
    addresses: Iterable[Address],
    origin: str,
    port: Port,
    node: str | None = None,
    interface: str | None = None,
    mac: str | None = None,
) -> Attachment:
    """What is behind a port."""
    return Attachment(
        name, link, frozenset(addresses), origin, node, interface, port.name, port.hairpin, mac,
        port.isolated, port.passes,
    )  # fmt: skip


def fresh(seen: set[tuple[Link, Address]], every: Iterable[Attachment]) -> Iterable[Attachment]:
    """Those that have an address which none before them has on the same bridge."""
    for attachment in every:
        new = frozenset(a for a in attachment.addresses if (attachment.link, a) not in seen)
        if new:
            seen |= {(attachment.link, address) for address in new}
            yield attachment
