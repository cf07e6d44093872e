"""Sysctls, listening sockets and tracked connections of a namespace."""

from __future__ import annotations

from dataclasses import dataclass, field

from sekisho.model.evidence import Evidence
from sekisho.values.address import Address, Family
from sekisho.values.names import InterfaceName, SysctlKey


@dataclass(frozen=True, slots=True)
class Sysctl:
    """One ``key = value`` of ``sysctl``; keys with dots (``net.ipv4.conf.eth0.rp_filter``).

    An interface name that contains dots is written with ``/`` in their place, as sysctl does.
    """

    key: SysctlKey
    value: str
    evidence: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class SysctlFileLine:
    """A line of a file that sets sysctls. ``key`` None: a comment or a blank line; ``value`` None: ``-key``,
    which takes the key out of globs. ``text`` is the line as it stands in that file."""

    text: str
    key: str | None = None
    value: str | None = None
    evidence: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class SysctlFile:
    """A file such as /etc/sysctl.d/99-app.conf. ``evidence`` is the line that names it, where one does."""

    path: str
    lines: tuple[SysctlFileLine, ...] = ()
    evidence: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Socket:
    """One line of ``ss -Hnltup``. ``address`` None is the wildcard ``*`` (both families).

    ``interface`` is what follows ``%``. ``process`` is the raw ``users:(...)`` text. ``dual`` None: of the
    IPv6 wildcard the listing does not tell whether it takes IPv4 as well (netstat shows ``:::80`` either
    way).
    """

    proto: str
    state: str
    address: Address | None
    port: int
    interface: InterfaceName | None = None
    process: str | None = None
    queues: tuple[int, int] = field(default=(0, 0), compare=False)
    peer: str = field(default="", compare=False)
    evidence: Evidence | None = field(default=None, compare=False)
    dual: bool | None = False


@dataclass(frozen=True, slots=True)
class FlowTuple:
    """One direction of a tracked connection; ports are None for protocols without."""

    src: Address
    dst: Address
    sport: int | None = None
    dport: int | None = None
    icmp: tuple[int, int, int] | None = None  # type, code, id


@dataclass(frozen=True, slots=True)
class TrackedConnection:
    """One line of ``conntrack -L``.

    ``attributes`` are the remaining ``key=value`` words in order; those of one direction (counters,
    GRE keys, a zone of that direction only) as ("original.zone-orig", "9"), ("reply.packets", "1").
    """

    family: Family
    proto: int
    original: FlowTuple
    reply: FlowTuple
    state: str | None = None
    status: tuple[str, ...] = ()
    mark: int = 0
    zone: int = 0
    timeout: int | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    evidence: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class LoggedPacket:
    """A packet as netfilter's LOG wrote it into the kernel's log: ``prefix IN=docker0 OUT=eth0 SRC=...``.

    ``iif``/``oif`` None: the packet came in by none (OUT of this host), or left by none (INPUT,
    PREROUTING). ``words`` are all of the line's ``KEY=VALUE`` pairs and flags (``SYN``, ``DF``) in order.
    ``inner``: the packet that an ICMP error is about, in brackets. ``stamp``: what the log put before it
    (when, which host).
    """

    prefix: str
    iif: InterfaceName | None
    oif: InterfaceName | None
    src: Address
    dst: Address
    proto: str
    sport: int | None = None
    dport: int | None = None
    icmp: tuple[int, int] | None = None
    words: tuple[tuple[str, str], ...] = ()
    inner: str = ""
    stamp: str = ""
    evidence: Evidence | None = field(default=None, compare=False)
