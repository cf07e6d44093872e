"""What AWS does with the addresses of a VPC subnet.

Source of every fact: Amazon VPC User Guide, "Subnet CIDR blocks" (subnet sizing for IPv4 and IPv6) and
"Understanding Amazon DNS".

    10.0.1.0/24                                       2001:db8:1234:1a00::/64
    .0    network address                             ::    network address
    .1    VPC router                                  ::1   VPC router
    .2    base + 2: the resolver's place              ::2   reserved
    .3    future use                                  ::3   reserved
    .4    first usable                                ::4   first usable
    ...                                               ...
    .254  last usable                                 ...:fffe  last usable
    .255  broadcast, which a VPC does not support     ...:ffff  reserved
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sekisho.values.address import BITS, Address, Prefix
from sekisho.values.numbers import integer, is_number

Role = Literal["network", "router", "resolver", "future-use", "broadcast", "reserved"]
Reason = Literal["not-a-prefix", "no-length", "host-bits", "ipv4-size", "ipv6-size", "ipv6-step"]

IPV4_LENGTHS = range(16, 28 + 1)
IPV6_LENGTHS = range(44, 64 + 1, 4)

# Where the resolver answers in every VPC; in IPv4 also at the base of the VPC's primary CIDR block plus two.
RESOLVER: dict[int, Address] = {4: Address.parse("169.254.169.253"), 6: Address.parse("fd00:ec2::253")}

# By place in the subnet; the last address follows.
_FIRST_ROLES: dict[int, tuple[Role, ...]] = {
    4: ("network", "router", "resolver", "future-use"),
    6: ("network", "router", "reserved", "reserved"),
}
_LAST_ROLE: dict[int, Role] = {4: "broadcast", 6: "reserved"}


@dataclass(frozen=True, slots=True)
class Reserved:
    """An address that cannot be given to an instance.

    The role "resolver" is the *place* base + 2, which is kept in every IPv4 subnet; the resolver itself
    answers there only where the subnet begins the VPC's primary CIDR block.
    """

    address: Address
    role: Role

    @property
    def by(self) -> Literal["ip", "aws"]:
        """Who reserves it: IP itself the network address, AWS the others."""
        return "ip" if self.role == "network" else "aws"


@dataclass(frozen=True, slots=True)
class VpcSubnet:
    """``first_usable`` to ``last_usable`` is one unbroken range of ``usable`` addresses."""

    prefix: Prefix
    reserved: tuple[Reserved, ...]
    first_usable: Address
    last_usable: Address

    @property
    def size(self) -> int:
        """How many addresses the prefix holds."""
        return self.prefix.last - self.prefix.first + 1

    @property
    def usable(self) -> int:
        """How many of them can be given to interfaces."""
        return self.size - len(self.reserved)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why AWS would not make a subnet of it. ``canonical`` is the prefix without the host bits."""

    reason: Reason
    text: str
    canonical: Prefix | None = None


def vpc_subnet(text: str) -> VpcSubnet | Refusal:
    """The subnet that ``text``, a CIDR block such as ``10.0.1.0/24``, would be."""
    host, slash, length_text = text.partition("/")
    try:
        address = Address.parse(host)
    except ValueError:
        return Refusal("not-a-prefix", text)
    if not slash:
        return Refusal("no-length", text)
    if not is_number(length_text) or len(length_text) > 3:
        return Refusal("not-a-prefix", text)
    length, bits = integer(length_text), BITS[address.family]
    if length > bits:
        return Refusal("not-a-prefix", text)
    if address.family == 4 and length not in IPV4_LENGTHS:
        return Refusal("ipv4-size", text)
    if address.family == 6 and length not in IPV6_LENGTHS:
        inside = IPV6_LENGTHS[0] < length < IPV6_LENGTHS[-1]
        return Refusal("ipv6-step" if inside else "ipv6-size", text)
    prefix = Prefix(address.family, address.value >> (bits - length) << (bits - length), length)
    if prefix.value != address.value:
        return Refusal("host-bits", text, prefix)
    return _subnet(prefix)


def _subnet(prefix: Prefix) -> VpcSubnet:
    family, roles = prefix.family, _FIRST_ROLES[prefix.family]
    first = tuple(Reserved(Address(family, prefix.first + at), role) for at, role in enumerate(roles))
    last = Reserved(Address(family, prefix.last), _LAST_ROLE[family])
    return VpcSubnet(
        prefix=prefix,
        reserved=(*first, last),
        first_usable=Address(family, prefix.first + len(roles)),
        last_usable=Address(family, prefix.last - 1),
    )
