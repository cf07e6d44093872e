"""Which engine writes the rules: its version, its firewall backend, and dockerd's own flags.

The rules that dockerd writes changed often. Each property below names one such change with the version
that made it; the versions were taken from moby's source and held against captures of real engines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from sekisho.errors import UsageError, said
from sekisho.values.address import Address, Prefix
from sekisho.values.numbers import integer

Version = tuple[int, int, int]

# For a series without a patch level, the release that was measured.
MEASURED: dict[str, Version] = {
    "20.10": (20, 10, 24),
    "23": (23, 0, 6),
    "24": (24, 0, 9),
    "25": (25, 0, 7),
    "26": (26, 1, 5),
    "27": (27, 5, 1),
    "28": (28, 5, 2),
    "29": (29, 7, 2),
}
NEWEST = MEASURED["29"]

# libnetwork's ipamutils/utils.go: docker0 takes the first of these 31.
DEFAULT_POOLS: tuple[tuple[str, int], ...] = (
    ("172.17.0.0/16", 16),
    ("172.18.0.0/16", 16),
    ("172.19.0.0/16", 16),
    ("172.20.0.0/14", 16),
    ("172.24.0.0/14", 16),
    ("172.28.0.0/14", 16),
    ("192.168.0.0/16", 20),
)


@dataclass(frozen=True, slots=True)
class Pool:
    """One ``--default-address-pool``: ``base`` is cut into subnets of ``size`` bits."""

    base: Prefix
    size: int


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine's version and the flags of dockerd that touch the network."""

    version: Version = NEWEST
    nftables: bool = False
    iptables: bool = True
    ip6tables_flag: bool | None = None
    experimental: bool = False
    ip_forward: bool = True
    ip_forward_no_drop: bool = False
    ip_masq: bool = True
    icc: bool = True
    userland_proxy: bool = True
    allow_direct_routing: bool = False
    bip: tuple[Address, int] | None = None
    bip6: tuple[Address, int] | None = None
    fixed_cidr: Prefix | None = None
    fixed_cidr_v6: Prefix | None = None
    default_gateway: Address | None = None
    default_gateway_v6: Address | None = None
    ipv6: bool = False
    bridge: str | None = None
    host_address: Address | None = None
    mtu: int = 1500
    accept_fwmark: str | None = None
    pools: tuple[Pool, ...] = tuple(Pool(Prefix.parse(base), size) for base, size in DEFAULT_POOLS)
    network_options: tuple[tuple[str, str, str], ...] = ()
    listens: tuple[tuple[Address, int], ...] = ()

    @property
    def name(self) -> str:
        """``27.5.1``, or ``29.7.2 (nftables)``."""
        text = ".".join(str(part) for part in self.version)
        return f"{text} (nftables)" if self.nftables else text

    @property
    def ip6tables(self) -> bool:
        """On by default from 27.0; before, only with ``--experimental --ip6tables``."""
        if not self.iptables and self.version < (27, 0, 0):
            return False
        if self.version >= (27, 0, 0):
            return self.ip6tables_flag if self.ip6tables_flag is not None else True
        return bool(self.ip6tables_flag) and self.experimental

    @property
    def hairpin(self) -> bool:
        """Without docker-proxy, published ports of a bridge's own containers go out and back in."""
        return not self.userland_proxy

    @property
    def classic_forward(self) -> bool:
        """Up to 27 every network's rules stand in FORWARD itself."""
        return self.version < (28, 0, 0)

    @property
    def ipset_forward(self) -> bool:
        """28.0.0 alone matches all bridges by an ipset in FORWARD."""
        return self.version == (28, 0, 0)

    @property
    def isolation_chains(self) -> bool:
        """DOCKER-ISOLATION-STAGE-1 and -2, gone with 29."""
        return self.version < (29, 0, 0)

    @property
    def user_chain_returns(self) -> bool:
        """DOCKER-USER ends with ``-j RETURN`` until 28.2.1."""
        return self.version < (28, 2, 2)

    @property
    def ip6_user_chain(self) -> bool:
        """20.10 has no DOCKER-USER in ip6tables."""
        return self.version >= (23, 0, 0)

    @property
    def drops_unpublished(self) -> bool:
        """From 28 on a container's unpublished ports cannot be reached from other hosts."""
        return self.version >= (28, 0, 0)

    @property
    def raw_drop_per_port(self) -> bool:
        return (28, 0, 0) <= self.version < (28, 2, 0)

    @property
    def raw_drop_per_container(self) -> bool:
        return self.version >= (28, 2, 0)

    @property
    def gateway_modes(self) -> bool:
        return self.version >= (27, 0, 0)

    @property
    def lowest_free_subnet(self) -> bool:
        """27 takes the lowest free subnet; older engines the one after the last they gave out."""
        return self.version >= (27, 0, 0)

    @property
    def mac_from_address(self) -> bool:
        """Up to 27 a container's MAC is 02:42 and its IPv4 address; from 28 on it is random."""
        return self.version < (28, 0, 0)

    @property
    def internal_default_route(self) -> bool:
        """20.10 gives a container of an internal network a default route all the same."""
        return self.version < (26, 0, 0)

    @property
    def default_ula(self) -> bool:
        """From 27 on ``--ipv6`` needs no subnet: a ULA prefix is derived from the host."""
        return self.version >= (27, 0, 0)

    @property
    def default_bridge_ula(self) -> bool:
        """For the default bridge that came with 28.0, and ``--bip6`` with it."""
        return self.version >= (28, 0, 0)

    @property
    def fixed_cidr_is_subnet(self) -> bool:
        """From 27 on ``--fixed-cidr`` alone is the default bridge's subnet; before, a range in the one that
        is taken from the pools (measured on 20.10), and passed over where it lies outside."""
        return self.version >= (27, 0, 0)

    @property
    def routes_block_subnets(self) -> bool:
        """Up to 20.10.14 every route of table main but the default one blocks the subnets that it overlaps;
        then only those of scope link do (libnetwork 9db86fb7, vendored in 20.10.15)."""
        return self.version < (20, 10, 15)


def parse_version(text: str) -> Version:
    """``20.10``, ``28``, ``28.0.1``, or what ``docker version`` prints (``20.10.24+dfsg1``).

    Raises UsageError for a series without a profile.
    """
    found = re.match(r"v?([0-9]{1,20})(?:\.([0-9]{1,20}))?(?:\.([0-9]{1,20}))?", text)
    advice = said("known: {0}, or an exact version of one of them", ", ".join(MEASURED))
    if found is None:
        raise UsageError(said("not a Docker version: {0!r}", text), advice=advice)
    major, minor, patch = (integer(part) if part is not None else None for part in found.groups())
    series = f"{major}.{minor}" if f"{major}.{minor}" in MEASURED else str(major)
    if series not in MEASURED or major is None:
        raise UsageError(said("no profile for Docker {0}", text), advice=advice)
    if minor is None or (series == "20.10" and patch is None):
        return MEASURED[series]
    return (major, minor, patch or 0)


def with_backend(engine: Engine, backend: str) -> Engine:
    """``iptables`` or ``nftables``. Raises UsageError where the engine has no such backend."""
    if backend not in ("iptables", "nftables"):
        raise UsageError(f"not a firewall backend: {backend!r}", advice="iptables or nftables")
    if backend == "nftables" and engine.version < (29, 0, 0):
        raise UsageError(
            f"Docker {engine.name} has no nftables backend",
            advice="--firewall-backend=nftables came with 29.0",
        )
    return replace(engine, nftables=backend == "nftables")
