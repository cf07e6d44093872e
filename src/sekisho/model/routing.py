"""Routes and policy rules as iproute2 prints them (``ip route``, ``ip rule``)."""

from __future__ import annotations

from dataclasses import dataclass, field

from sekisho.model.evidence import Evidence
from sekisho.values.address import Address, Family, Prefix
from sekisho.values.names import InterfaceName

# /etc/iproute2/rt_tables: the names every system has.
TABLE_NAMES: dict[int, str] = {0: "unspec", 253: "default", 254: "main", 255: "local"}
TABLE_NUMBERS: dict[str, int] = {name: number for number, name in TABLE_NAMES.items()}


@dataclass(frozen=True, slots=True)
class NextHop:
    """One way out of a route: ``via`` None means that the destination itself is on the link.

    ``via`` may be of another family than the route (``via inet6``, RFC 5549). ``flags`` are the
    words iproute2 prints after it: ``onlink``, ``linkdown``, ``dead``, ``pervasive``, ``offload``.
    ``attributes`` is what only a ``nexthop`` line carries (``realms 3/4``, ``encap ...``). ``hidden`` is what
    somebody wrote in place of the gateway (``x.x.x.x``): there is one, nobody can say which.
    """

    dev: InterfaceName | None
    via: Address | None = None
    weight: int = 1
    flags: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    hidden: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """One line (with its ``nexthop`` lines) of ``ip route``.

    ``kind``: unicast, local, broadcast, anycast, multicast, blackhole, unreachable, prohibit, throw,
    nat. ``table`` is a name (main, local, default) or a number as text. ``metric`` is None where
    none is printed (IPv4 then means 0). ``scope``/``proto`` are None where not printed. Attributes
    that do not decide where a packet goes (mtu, advmss, pref, expires, error...) are kept in order
    as ``attributes`` pairs. ``kind_printed`` says that the text spelled out ``unicast``.
    """

    family: Family
    dst: Prefix
    kind: str = "unicast"
    table: str = "main"
    nexthops: tuple[NextHop, ...] = ()
    src: Address | None = None
    metric: int | None = None
    proto: str | None = None
    scope: str | None = None
    tos: int = 0
    nhid: int | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    kind_printed: bool = field(default=False, compare=False)
    evidence: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One line of ``ip rule``.

    ``action``: lookup (``table`` is set), goto (``goto`` is the priority), nop, blackhole,
    unreachable, prohibit. ``negated`` is the leading ``not``. Port and uid ranges are inclusive
    (first, last). ``fwmark`` is (value, mask).
    """

    family: Family
    priority: int
    action: str = "lookup"
    table: str = "main"
    goto: int | None = None
    negated: bool = False
    src: Prefix | None = None
    dst: Prefix | None = None
    iif: InterfaceName | None = None
    oif: InterfaceName | None = None
    fwmark: tuple[int, int] | None = None
    tos: int | None = None
    ipproto: int | None = None
    sport: tuple[int, int] | None = None
    dport: tuple[int, int] | None = None
    uidrange: tuple[int, int] | None = None
    l3mdev: bool = False
    suppress_prefixlength: int | None = None
    suppress_ifgroup: str | None = None
    proto: str | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    evidence: Evidence | None = field(default=None, compare=False)
