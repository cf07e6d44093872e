"""Sysctls, sockets and tracked connections as the kernel could report them."""

from __future__ import annotations

from hypothesis import strategies as st

from sekisho.model.host import FlowTuple, Socket, Sysctl, TrackedConnection
from sekisho.values.address import BITS, Address, Family
from sekisho.values.names import interface_name as iface
from sekisho.values.names import sysctl_key

NAMES = st.from_regex(r"[a-z][a-z0-9_-]{0,13}", fullmatch=True)
# An interface's own dots are slashes in a key.
INTERFACES = st.from_regex(r"[a-z][a-z0-9-]{0,7}([/][0-9]{1,3})?", fullmatch=True)
VALUES = st.from_regex(r"[0-9a-z][0-9a-z -]{0,10}[0-9a-z](\t[0-9]{1,6}){0,2}", fullmatch=True)
PORTS = st.integers(0, 65535)


def addresses(family: Family) -> st.SearchStrategy[Address]:
    """Any address of the family."""
    return st.integers(0, (1 << BITS[family]) - 1).map(lambda value: Address(family, value))


FAMILIES: st.SearchStrategy[Family] = st.sampled_from((4, 6))


@st.composite
def sysctls(draw: st.DrawFn) -> Sysctl:
    """``net.ipv4.ip_forward``, ``net.ipv6.conf.eth0/7.forwarding``, values with tabs."""
    if draw(st.booleans()):
        key = f"net.ipv{draw(FAMILIES)}.{draw(NAMES)}"
    else:
        key = f"net.ipv{draw(FAMILIES)}.conf.{draw(INTERFACES)}.{draw(NAMES)}"
    return Sysctl(sysctl_key(key), draw(VALUES))


@st.composite
def sockets(draw: st.DrawFn) -> Socket:
    """Listening sockets on one address, an interface, or the wildcards of one or both families."""
    proto, state = draw(st.sampled_from((("tcp", "LISTEN"), ("udp", "UNCONN"), ("tcp", "ESTAB"))))
    family = draw(FAMILIES)
    address = draw(st.one_of(st.none(), addresses(family), st.just(Address(family, 0))))
    process = draw(st.one_of(st.none(), st.just('users:(("nginx",pid=7,fd=6),("nginx worker",pid=8,fd=6))')))
    return Socket(
        proto, state, address, draw(PORTS), draw(st.one_of(st.none(), NAMES.map(iface))), process,
        (draw(st.integers(0, 9999)), draw(st.integers(0, 9999))),
    )  # fmt: skip


@st.composite
def flows(draw: st.DrawFn, family: Family, proto: int) -> FlowTuple:
    """One direction: ports for TCP and UDP, type, code and id for ICMP, addresses alone for others."""
    src, dst = draw(addresses(family)), draw(addresses(family))
    if proto in (6, 17):
        return FlowTuple(src, dst, draw(PORTS), draw(PORTS))
    if proto in (1, 58):
        byte = st.integers(0, 255)
        return FlowTuple(src, dst, icmp=(draw(byte), draw(byte), draw(PORTS)))
    return FlowTuple(src, dst)


@st.composite
def connections(draw: st.DrawFn) -> TrackedConnection:
    """Entries of any state, with marks, zones and counters."""
    family = draw(FAMILIES)
    proto = draw(st.sampled_from((1 if family == 4 else 58, 2, 6, 17, 50)))
    state = draw(st.sampled_from(("ESTABLISHED", "TIME_WAIT", "SYN_SENT"))) if proto == 6 else None
    status = draw(st.sampled_from(((), ("UNREPLIED",), ("ASSURED",), ("UNREPLIED", "OFFLOAD"))))
    counters = draw(st.sampled_from(((), (("original.packets", "3"), ("original.bytes", "180")))))
    return TrackedConnection(
        family, proto, draw(flows(family, proto)), draw(flows(family, proto)), state, status,
        draw(st.integers(0, 2**32 - 1)), draw(st.integers(0, 65535)), draw(st.integers(0, 432000)),
        (*counters, ("use", "1")),
    )  # fmt: skip
