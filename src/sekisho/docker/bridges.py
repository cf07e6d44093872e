"""Bridge networks on the host: the interface with its addresses and sysctls, and the rules of both
families."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sekisho.docker import iptables_rules
from sekisho.docker.daemon import Daemon
from sekisho.docker.errors import DockerError
from sekisho.docker.host_state import FORWARDING
from sekisho.docker.intent import (
    BRIDGE_NAME_OPTION,
    HOST4_OPTION,
    HOST6_OPTION,
    ICC_OPTION,
    MASQUERADE_OPTION,
    MODE4_OPTION,
    MODE6_OPTION,
    MTU_OPTION,
    TRUSTED_OPTION,
    NetworkSpec,
)
from sekisho.docker.ipam import Addresses
from sekisho.docker.iptables_rules import BridgeRules
from sekisho.values.address import Address, Family, Prefix
from sekisho.values.names import sysctl_of
from sekisho.values.numbers import integer, is_number

FAMILIES: tuple[Family, ...] = (4, 6)


@dataclass(slots=True)
class Net:
    """A network that exists. ``pools``: (addresses, gateway) of each subnet, IPv4's first."""

    spec: NetworkSpec
    id: str
    bridge: str | None
    pools: list[tuple[Addresses, Address | None]] = field(default_factory=list)
    rules: dict[Family, BridgeRules] = field(default_factory=dict)
    containers: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def mtu(self) -> int | None:
        text = self.spec.option(MTU_OPTION)
        return integer(text) if text is not None and is_number(text) else None

    def families(self) -> Iterator[Family]:
        for family in FAMILIES:
            if any(pool.family == family for pool, _ in self.pools):
                yield family

    def gateway(self, family: Family) -> Address | None:
        return next((gateway for pool, gateway in self.pools if pool.family == family), None)

    def length(self, address: Address) -> int:
        return next(pool.subnet.length for pool, _ in self.pools if pool.subnet.contains(address))


class Bridges:
    """Makes the bridges of a daemon's networks."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon

    def make(self, net: Net, others: Iterable[Net]) -> None:
        daemon, spec = self.daemon, net.spec
        net.bridge = spec.option(BRIDGE_NAME_OPTION) or f"br-{net.id[:12]}"
        if spec.option(BRIDGE_NAME_OPTION) is None and not spec.id:
            daemon.note("bridge-name", spec.name, net.bridge, place=spec.place)
        self._check(net, others)
        for pool, _ in net.pools:
            net.rules[pool.family] = rules_of(spec, net.bridge, pool.subnet)
        if daemon.engine.nftables:
            self._check_forwarding(net)
        daemon.host.add_bridge(net.bridge, net.mtu or 1500)
        daemon.host.set_sysctl(sysctl_of("net", "ipv6", "conf", net.bridge, "accept_ra"), "0")
        for pool, gateway in net.pools:
            if gateway is not None:
                daemon.host.add_address(net.bridge, gateway, pool.subnet.length)
                if pool.family == 6 and daemon.engine.version < (27, 0, 0):
                    daemon.host.add_address(net.bridge, Address.parse("fe80::1"), 64)
        if daemon.engine.hairpin:
            daemon.host.set_sysctl(sysctl_of("net", "ipv4", "conf", net.bridge, "route_localnet"), "1")
        for family in net.families():
            if not (daemon.engine.classic_forward and family == 4):
                self.forward(family)
        self._write_rules(net)

    def _check(self, net: Net, others: Iterable[Net]) -> None:
        bridge = net.bridge or ""
        for other in others:
            if other.bridge == bridge:
                raise DockerError(
                    f"cannot create network {net.id} ({bridge}): conflicts with network"
                    f" {other.id} ({bridge}):"
                    " networks have same bridge name", net.spec.place,
                )  # fmt: skip

    def _check_forwarding(self, net: Net) -> None:
        """nftables: dockerd leaves ip_forward alone, and refuses to make a network without it."""
        host, engine = self.daemon.host, self.daemon.engine
        if not engine.ip_forward:
            return
        words = {
            4: "IPv4 forwarding is disabled: check your host's firewalling and set sysctl"
            " net.ipv4.ip_forward=1",
            6: "IPv6 global forwarding is disabled: check your host's firewalling and set sysctls"
            " net.ipv6.conf.all.forwarding=1 and net.ipv6.conf.default.forwarding=1",
        }
        for family in net.families():
            if host.sysctl(FORWARDING[family]) == "0":
                raise DockerError(
                    f"{words[family]}, or disable this check using daemon option --ip-forward=false",
                    net.spec.place,
                )

    def forward(self, family: Family) -> None:
        """Switch forwarding on; where dockerd itself did, FORWARD's policy becomes DROP."""
        daemon, engine = self.daemon, self.daemon.engine
        if not engine.ip_forward or engine.nftables:
            return
        key = FORWARDING[family]
        value = daemon.host.sysctl(key)
        if value == "1":
            return
        if value is None:
            daemon.note("forwarding-unknown", key)
        daemon.host.set_sysctl(key, "1")
        if value == "0" and daemon.uses_iptables(family) and not engine.ip_forward_no_drop:
            fw = daemon.fw4 if family == 4 else daemon.fw6
            fw.policy("filter", "FORWARD", "DROP")

    def _write_rules(self, net: Net) -> None:
        daemon, engine = self.daemon, self.daemon.engine
        for family in FAMILIES:
            rules = net.rules.get(family)
            fw = daemon.fw4 if family == 4 else daemon.fw6
            if daemon.uses_iptables(family):
                if rules is not None:
                    iptables_rules.network(fw, engine, rules)
                # Up to 28.0.0 the isolation rules stand in both families, whatever the network has.
                both = engine.version <= (28, 0, 0)
                if engine.isolation_chains and not net.spec.internal and (rules is not None or both):
                    routed = rules is not None and rules.routed
                    iptables_rules.isolation(fw, engine, net.bridge or "", routed)
            elif daemon.uses_nft(family) and rules is not None:
                daemon.nft.network(family, engine, rules)
        self.user_chains()

    def user_chains(self) -> None:
        """DOCKER-USER stands first again."""
        for family, fw in ((4, self.daemon.fw4), (6, self.daemon.fw6)):
            if self.daemon.uses_iptables(4 if family == 4 else 6):
                iptables_rules.user_chain(fw, self.daemon.engine)


def rules_of(spec: NetworkSpec, bridge: str, prefix: Prefix) -> BridgeRules:
    """A network's options as its rules follow from them."""
    family = prefix.family
    source = spec.option(HOST4_OPTION if family == 4 else HOST6_OPTION)
    trusted = spec.option(TRUSTED_OPTION)
    return BridgeRules(
        bridge,
        prefix,
        spec.internal,
        _truth(spec.option(ICC_OPTION)),
        _truth(spec.option(MASQUERADE_OPTION)),
        spec.option(MODE4_OPTION if family == 4 else MODE6_OPTION) or "nat",
        Address.parse(source) if source else None,
        tuple(trusted.split(":")) if trusted else (),
    )


def _truth(text: str | None) -> bool:
    return text is None or text.lower() in ("1", "t", "true")
