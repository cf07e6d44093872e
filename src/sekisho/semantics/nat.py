"""What a Translate action means for a connection: which address and port it gets.

Source: net/netfilter/nf_nat_core.c (get_unique_tuple), nf_nat_masquerade.c, nf_nat_redirect.c.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sekisho.semantics.addresses import HostAddress
from sekisho.semantics.choices import Choices
from sekisho.semantics.conntrack import Connection, bind
from sekisho.semantics.hidden_addresses import HiddenAddresses
from sekisho.semantics.host import HostCode
from sekisho.semantics.journey import Doubt, Lean
from sekisho.semantics.program import Translate
from sekisho.semantics.source_address import best_address, deciding, preferred_addresses
from sekisho.semantics.traveller import Traveller, holds
from sekisho.values.address import BITS
from sekisho.values.packet import ICMP, ICMPV6, PORT_PROTOCOLS


class NoAddress(Exception):
    """An interface has no address to translate to: the kernel drops the packet."""


class UnknownAddress(Exception):
    """No text shows which address that is."""

    def __init__(self, doubt: Doubt) -> None:
        super().__init__(doubt.code)
        self.doubt = doubt


def _unknown(action: Translate, packet: Traveller, hidden: HiddenAddresses) -> Doubt | None:
    """Why nobody knows the interface's address that is taken."""
    if action.own_address == "out":
        return hidden.masquerading(packet.oif or "lo")
    return hidden.first(packet.iif or "lo") if action.own_address == "in" else None


def translate(
    action: Translate,
    side: str,
    packet: Traveller,
    connection: Connection,
    host: HostCode,
    choices: Choices,
) -> tuple[Lean, ...]:
    """Bind the connection to what the action says, and tell what that leans on.

    Raises NoAddress where MASQUERADE or REDIRECT finds no address, UnknownAddress where nobody knows it.
    """
    family = packet.family
    unknown = _unknown(action, packet, host.hidden[family])
    if holds(action.exempt, packet):
        return ()
    if unknown is not None:
        raise UnknownAddress(unknown)
    leans: list[Lean] = []
    current = connection.reply.mirrored()
    present = current.dst if side == "dst" else current.src
    address = _address(action, side, packet, present, host.addresses[family], choices)
    port_now = current.dport if side == "dst" else current.sport
    port, is_open = None, False
    if action.ports is not None and packet.proto in PORT_PROTOCOLS:
        port, is_open = _port(action, port_now, leans)
    elif side == "src" and packet.proto in PORT_PROTOCOLS:
        leans.append(Lean("source-port-random" if action.random else "source-port-kept"))
        is_open = action.random
    elif side == "src" and packet.proto in (ICMP, ICMPV6):
        is_open = action.random  # an echo's identifier stands for the port
    bind(connection, side, address, port, is_open)
    return tuple(leans)


def _address(
    action: Translate,
    side: str,
    packet: Traveller,
    present: int,
    addresses: Sequence[HostAddress],
    choices: Choices,
) -> int | None:
    if action.own_address == "out":
        towards = deciding(packet.family, packet.dst, packet.next_hop)
        found = best_address(preferred_addresses(addresses, packet.oif or ""), towards)
        if found is None:
            raise NoAddress(packet.oif or "")
        return found.value
    if action.own_address == "in":
        if packet.iif is None:
            return (127 << 24) + 1 if packet.family == 4 else 1
        first = _first_on(addresses, packet.iif, packet)
        if first is None:
            raise NoAddress(packet.iif)
        return first.value
    if action.netmap is not None:
        bits = BITS[packet.family]
        host_mask = (1 << (bits - action.netmap.length)) - 1
        return action.netmap.value | (present & host_mask)
    if action.addresses is None:
        return None
    first_value, last_value = action.addresses
    if first_value == last_value:
        return first_value
    doubt = Doubt("nat-picks-address", (str(first_value), str(last_value)))
    return first_value if choices.choose((doubt,), 2) == 0 else last_value


def _first_on(addresses: Iterable[HostAddress], interface: str, packet: Traveller) -> HostAddress | None:
    """The interface's first address; of IPv6 the first that reaches as far as the packet's destination
    (nf_nat_redirect.c, nf_nat_redirect_ipv6_usable)."""
    here = [a for a in addresses if a.interface == interface and not a.secondary]
    if packet.family == 6:
        near = packet.dst >> 118 == 0xFE80 >> 6
        # Nothing reaches only as far as ::1 does, but lo's own.
        here = [a for a in here if (a.value >> 118 == 0xFE80 >> 6) == near and packet.dst != 1]
    return here[0] if here else None


def _port(action: Translate, present: int | None, leans: list[Lean]) -> tuple[int | None, bool]:
    """The new port (None: unchanged), and whether it is left open which one it will be."""
    assert action.ports is not None
    first, last = action.ports
    if action.base_port is not None and present is not None:
        return first + (present - action.base_port) % (last - first + 1), False
    if first == last:
        return first, False
    if present is not None and first <= present <= last and not action.random:
        return None, False
    leans.append(Lean("nat-picks-port", (str(first), str(last))))
    return None, True
