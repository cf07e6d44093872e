"""Networks as dockerd makes them: subnet, gateway, bridge, sysctls, rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from sekisho.docker import iptables_rules
from sekisho.docker.daemon import Daemon
from sekisho.docker.errors import DockerError
from sekisho.docker.intent import (
    BRIDGE_NAME_OPTION,
    HOST4_OPTION,
    HOST6_OPTION,
    HOST_BINDING_OPTION,
    ICC_OPTION,
    INHIBIT_OPTION,
    MASQUERADE_OPTION,
    MODE4_OPTION,
    MODE6_OPTION,
    MTU_OPTION,
    TRUSTED_OPTION,
    NetworkSpec,
    SubnetSpec,
)
from sekisho.docker.ipam import Addresses, NoAddressLeft, NoSubnetLeft, Pools
from sekisho.docker.iptables_rules import BridgeRules
from sekisho.model.docker import DockerNetwork, DockerSubnet
from sekisho.model.evidence import Evidence
from sekisho.model.snapshot import Snapshot
from sekisho.values.address import Address, Family, Prefix

OVERLAP = "Pool overlaps with other one on this address space"
DRIVERS = ("bridge", "macvlan", "ipvlan", "overlay", "host", "null", "none")
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
        return int(text) if text is not None and text.isdigit() else None

    def families(self) -> Iterator[Family]:
        for family in FAMILIES:
            if any(pool.family == family for pool, _ in self.pools):
                yield family

    def gateway(self, family: Family) -> Address | None:
        return next((gateway for pool, gateway in self.pools if pool.family == family), None)

    def length(self, address: Address) -> int:
        return next(pool.subnet.length for pool, _ in self.pools if pool.subnet.contains(address))


class NetworkSteps:
    """Creates and removes networks on a daemon."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        self.nets: dict[str, Net] = {}
        self.pools = Pools(daemon.engine)
        self._kept: dict[str, DockerNetwork] = {}

    # ------------------------------------------------------------------------------------ at start

    def start_daemon(self) -> None:
        """What dockerd does before anybody asks for anything: chains, forwarding, docker0."""
        daemon, engine = self.daemon, self.daemon.engine
        for family, fw in ((4, daemon.fw4), (6, daemon.fw6)):
            if daemon.uses_iptables(4 if family == 4 else 6):
                iptables_rules.start(fw, engine)
        if engine.classic_forward:
            self._forward(4)
            if daemon.uses_iptables(6) and engine.ip_forward:
                daemon.fw6.policy("filter", "FORWARD", "DROP")
        daemon.nft.start(engine, daemon.uses_nft(4), daemon.uses_nft(6))
        for name, driver in (("host", "host"), ("none", "null")):
            self.nets[name] = Net(NetworkSpec(name, driver), daemon.new_id(), None)
        if engine.bridge != "none":
            self._default_bridge()
        self._user_chains()

    def _user_chains(self) -> None:
        for family, fw in ((4, self.daemon.fw4), (6, self.daemon.fw6)):
            if self.daemon.uses_iptables(4 if family == 4 else 6):
                iptables_rules.user_chain(fw, self.daemon.engine)

    def _default_bridge(self) -> None:
        engine = self.daemon.engine
        subnets: list[SubnetSpec] = []
        if engine.bip is not None:
            address, length = engine.bip
            bits = 32 - length
            prefix = Prefix(4, address.value >> bits << bits, length)
            subnets.append(SubnetSpec(prefix, address, engine.fixed_cidr))
        elif engine.fixed_cidr is not None:
            subnets.append(SubnetSpec(engine.fixed_cidr))
        if engine.ipv6 and engine.fixed_cidr_v6 is not None:
            subnets.append(SubnetSpec(engine.fixed_cidr_v6))
        truth = {True: "true", False: "false"}
        spec = NetworkSpec(
            "bridge",
            "bridge",
            tuple(subnets),
            (
                ("com.docker.network.bridge.default_bridge", "true"),
                (ICC_OPTION, truth[engine.icc]),
                (MASQUERADE_OPTION, truth[engine.ip_masq]),
                (HOST_BINDING_OPTION, str(engine.host_address or "0.0.0.0")),
                (BRIDGE_NAME_OPTION, engine.bridge or "docker0"),
                (MTU_OPTION, str(engine.mtu)),
            ),
            ipv6=engine.ipv6,
        )
        self.create(spec, default=True)

    def adopt(self, before: Snapshot) -> None:
        """Take the networks of a running daemon as they are."""
        daemon = self.daemon
        taken = {network.id[:12] for network in before.networks or ()}
        daemon.skip_ids(taken)
        for network in before.networks or ():
            self._kept[network.name] = network
            ipv6 = any(item.subnet.family == 6 for item in network.subnets)
            spec = NetworkSpec(
                network.name, network.driver, (), network.options, network.internal, ipv6=ipv6,
                labels=network.labels,
            )  # fmt: skip
            net = Net(spec, network.id, network.bridge)
            for item in network.subnets:
                self.pools.seen(item.subnet)
                gateway = item.gateway or self._bridge_address(network.bridge, item.subnet)
                addresses = Addresses(item.subnet, item.ip_range)
                if gateway is not None and item.subnet.contains(gateway):
                    addresses.take(gateway)
                net.pools.append((addresses, gateway))
                net.rules[item.subnet.family] = self._rules(spec, network.bridge or "", item.subnet)
            self.nets[network.name] = net
        if before.networks is None:
            daemon.note("networks-unknown")

    def _bridge_address(self, bridge: str | None, subnet: Prefix) -> Address | None:
        for item in self.daemon.host.addresses:
            if item.interface == bridge and subnet.contains(item.address):
                return item.address
        return None

    # -------------------------------------------------------------------------------------- create

    def create(self, spec: NetworkSpec, default: bool = False) -> Net:
        """``docker network create``. Raises DockerError where dockerd would refuse."""
        if spec.name in self.nets:
            raise DockerError(f"network with name {spec.name} already exists", spec.place)
        if spec.driver not in DRIVERS:
            raise DockerError(
                f'could not find plugin {spec.driver} in v1 plugin registry: plugin "{spec.driver}" not found',
                spec.place,
                "drivers without a plugin: bridge, macvlan, ipvlan, overlay, host, none",
            )
        if spec.driver in ("host", "null", "none"):
            raise DockerError(
                f'only one instance of "{spec.driver}" network is allowed', spec.place,
                f"use the network {spec.driver} that is there",
            )  # fmt: skip
        spec = self._with_defaults(spec)
        if spec.driver == "overlay":
            raise DockerError(
                "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to"
                " connect this node to swarm and try again.", spec.place,
                "an overlay network needs a swarm; plans cover one host's own networks",
            )  # fmt: skip
        net = Net(spec, spec.id or self.daemon.new_id(), None)
        self._allocate(net)
        if spec.driver == "bridge":
            self._make_bridge(net, default)
        self.nets[spec.name] = net
        if spec.undetermined_order and self._automatic(spec):
            self.daemon.note("network-order", spec.name, place=spec.place)
        return net

    def _with_defaults(self, spec: NetworkSpec) -> NetworkSpec:
        mine = tuple(
            (key, value)
            for driver, key, value in self.daemon.engine.network_options
            if driver == spec.driver and spec.option(key) is None
        )
        return replace(spec, options=(*spec.options, *mine)) if mine else spec

    @staticmethod
    def _automatic(spec: NetworkSpec) -> bool:
        return not any(item.prefix is not None and item.prefix.family == 4 for item in spec.subnets)

    def taken(self) -> list[Prefix]:
        """Every subnet that Docker has given out."""
        return [pool.subnet for net in self.nets.values() for pool, _ in net.pools]

    def _reserved(self) -> list[Prefix]:
        """On-link routes of the host; what lies behind a gateway is not looked at."""
        return [
            route.dst
            for route in self.daemon.host.routes
            if route.family == 4
            and route.kind == "unicast"
            and route.scope == "link"
            and route.dst.length
            and all(hop.via is None for hop in route.nexthops)
        ]

    def _allocate(self, net: Net) -> None:
        spec, engine = net.spec, self.daemon.engine
        wanted = list(spec.subnets)
        have4 = any(item.prefix is not None and item.prefix.family == 4 for item in wanted)
        if spec.ipv4 and not have4:
            loose = next((item for item in wanted if item.prefix is None), SubnetSpec())
            wanted = [replace(loose, prefix=self._choose(spec, loose)), *(w for w in wanted if w.prefix)]
        have6 = any(item.prefix is not None and item.prefix.family == 6 for item in wanted)
        if spec.ipv6 and not have6:
            if not engine.default_ula:
                raise DockerError(
                    "could not find an available, non-overlapping IPv6 address pool among the defaults to"
                    " assign to the network", spec.place, "give the network an IPv6 subnet",
                )  # fmt: skip
            wanted.append(SubnetSpec(self._ula(spec)))
        taken = self.taken()
        for item in wanted:
            prefix = item.prefix
            if prefix is None or (prefix.family == 6 and not spec.ipv6) or (prefix.family == 4 and not spec.ipv4):
                continue
            if any(prefix.overlaps(other) for other in taken):
                start = "invalid pool request: " if engine.version >= (27, 0, 0) else ""
                raise DockerError(f"{start}{OVERLAP}", spec.place, self._overlap_advice(prefix))
            taken.append(prefix)
            net.pools.append(self._pool(spec, item, prefix))

    def _overlap_advice(self, prefix: Prefix) -> str:
        for net in self.nets.values():
            for pool, _ in net.pools:
                if pool.subnet.overlaps(prefix):
                    return f"{prefix} overlaps {pool.subnet} of network {net.name}"
        return f"{prefix} is given twice"

    def _choose(self, spec: NetworkSpec, item: SubnetSpec) -> Prefix:
        default_bridge = spec.option("com.docker.network.bridge.default_bridge") == "true"
        reserved = self._reserved()
        if default_bridge:
            kept = self._bridge_subnet(spec.option(BRIDGE_NAME_OPTION))
            if kept is not None:
                return kept
        try:
            return self.pools.choose(self.taken(), reserved, item.size)
        except NoSubnetLeft:
            # Since 27 the words differ; both were captured.
            raise DockerError(
                "all predefined address pools have been fully subnetted"
                if self.daemon.engine.version >= (26, 0, 0)
                else "could not find an available, non-overlapping IPv4 address pool among the defaults to"
                " assign to the network",
                spec.place,
                "give it a subnet (--subnet, or ipam in compose), or dockerd another --default-address-pool",
            ) from None

    def _bridge_subnet(self, bridge: str | None) -> Prefix | None:
        """A docker0 that is there already keeps its subnet."""
        for item in self.daemon.host.addresses:
            if item.interface == bridge and item.family == 4:
                bits = 32 - item.length
                return Prefix(4, item.address.value >> bits << bits, item.length)
        return None

    def _ula(self, spec: NetworkSpec) -> Prefix:
        self.daemon.note("ula", spec.name, place=spec.place)
        number = sum(1 for subnet in self.taken() if subnet.family == 6 and subnet.value >> 80 == 0xFD0000000000)
        return Prefix(6, (0xFD0000000000 << 80) | number << 64, 64)

    def _pool(self, spec: NetworkSpec, item: SubnetSpec, prefix: Prefix) -> tuple[Addresses, Address | None]:
        for inside in (item.ip_range, item.gateway, *item.auxiliary):
            if inside is not None and not prefix.contains(inside):
                raise DockerError(f"no matching subnet for {_role(item, inside)} {inside}", spec.place)
        addresses = Addresses(prefix, item.ip_range)
        for auxiliary in item.auxiliary:
            addresses.take(auxiliary)
        if self._without_gateway(spec, prefix.family):
            return addresses, None
        if item.gateway is not None:
            addresses.take(item.gateway)
            return addresses, item.gateway
        if spec.driver != "bridge" and self.daemon.engine.version >= (29, 0, 0):
            return addresses, None
        default = self.daemon.engine.default_gateway
        if spec.name == "bridge" and default is not None and prefix.contains(default):
            addresses.take(default)
        try:
            return addresses, addresses.lowest(item.ip_range)
        except NoAddressLeft:
            raise DockerError("no available IPv4 addresses on this network's address pools", spec.place) from None

    def _without_gateway(self, spec: NetworkSpec, family: Family) -> bool:
        mode = spec.option(MODE4_OPTION if family == 4 else MODE6_OPTION)
        inhibited = spec.internal and spec.option(INHIBIT_OPTION) == "true" and family == 4
        return mode == "isolated" or inhibited

    # -------------------------------------------------------------------------------------- bridge

    def _make_bridge(self, net: Net, default: bool) -> None:
        daemon, spec = self.daemon, net.spec
        net.bridge = spec.option(BRIDGE_NAME_OPTION) or f"br-{net.id[:12]}"
        if spec.option(BRIDGE_NAME_OPTION) is None and not spec.id:
            daemon.note("bridge-name", spec.name, net.bridge, place=spec.place)
        self._check_bridge(net, default)
        for pool, _ in net.pools:
            net.rules[pool.family] = self._rules(spec, net.bridge, pool.subnet)
        if daemon.engine.nftables:
            self._check_forwarding(net)
        daemon.host.add_bridge(net.bridge, net.mtu or 1500)
        shown = net.bridge.replace(".", "/")
        daemon.host.set_sysctl(f"net.ipv6.conf.{shown}.accept_ra", "0")
        for pool, gateway in net.pools:
            if gateway is not None:
                daemon.host.add_address(net.bridge, gateway, pool.subnet.length)
                if pool.family == 6 and daemon.engine.version < (27, 0, 0):
                    daemon.host.add_address(net.bridge, Address.parse("fe80::1"), 64)
        if daemon.engine.hairpin:
            daemon.host.set_sysctl(f"net.ipv4.conf.{shown}.route_localnet", "1")
        for family in net.families():
            if not (daemon.engine.classic_forward and family == 4):
                self._forward(family)
        self._write_rules(net)

    def _check_bridge(self, net: Net, default: bool) -> None:
        bridge = net.bridge or ""
        for other in self.nets.values():
            if other.bridge == bridge:
                raise DockerError(
                    f"cannot create network {net.id} ({bridge}): conflicts with network {other.id} ({bridge}):"
                    " networks have same bridge name", net.spec.place,
                )  # fmt: skip
        if len(bridge) > 15 or not bridge or set(bridge) & set("/ \t"):
            raise DockerError(f"invalid network interface name: {bridge}", net.spec.place)

    def _check_forwarding(self, net: Net) -> None:
        """nftables: dockerd leaves ip_forward alone, and refuses to make a network without it."""
        host, engine = self.daemon.host, self.daemon.engine
        if not engine.ip_forward:
            return
        keys = {4: "net.ipv4.ip_forward", 6: "net.ipv6.conf.all.forwarding"}
        words = {
            4: "IPv4 forwarding is disabled: check your host's firewalling and set sysctl net.ipv4.ip_forward=1",
            6: "IPv6 global forwarding is disabled: check your host's firewalling and set sysctls"
            " net.ipv6.conf.all.forwarding=1 and net.ipv6.conf.default.forwarding=1",
        }
        for family in net.families():
            if host.sysctl(keys[family]) == "0":
                raise DockerError(
                    f"{words[family]}, or disable this check using daemon option --ip-forward=false",
                    net.spec.place,
                )

    def _rules(self, spec: NetworkSpec, bridge: str, prefix: Prefix) -> BridgeRules:
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

    def _forward(self, family: Family) -> None:
        """Switch forwarding on; where dockerd itself did, FORWARD's policy becomes DROP."""
        daemon, engine = self.daemon, self.daemon.engine
        if not engine.ip_forward or engine.nftables:
            return
        key = "net.ipv4.ip_forward" if family == 4 else "net.ipv6.conf.all.forwarding"
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
        self._user_chains()

    # -------------------------------------------------------------------------------------- remove

    def remove(self, name: str, place: Evidence | None = None) -> None:
        """``docker network rm``."""
        net = self.nets.get(name)
        if net is None:
            raise DockerError(f"network {name} not found", place)
        if net.containers:
            raise DockerError(f"network {name} has active endpoints", place)
        if name in ("bridge", "host", "none"):
            raise DockerError(f"{name} is a pre-defined network and cannot be removed", place)
        del self.nets[name]
        self._kept.pop(name, None)
        if net.bridge is None:
            return
        for fw in (self.daemon.fw4, self.daemon.fw6):
            fw.delete_naming(net.bridge)
        self.daemon.nft.remove_network(net.bridge)
        self.daemon.host.remove_interface(net.bridge)

    # --------------------------------------------------------------------------------------- facts

    def facts(self) -> tuple[DockerNetwork, ...]:
        return tuple(self._kept.get(net.name) or _fact(net) for net in self.nets.values())


def _fact(net: Net) -> DockerNetwork:
    subnets = tuple(DockerSubnet(pool.subnet, gateway, pool.ip_range) for pool, gateway in net.pools)
    return DockerNetwork(
        net.name, net.id, net.spec.driver, "local", net.spec.internal, net.bridge, subnets,
        net.spec.options, net.spec.labels,
    )  # fmt: skip


def _truth(text: str | None) -> bool:
    return text is None or text.lower() in ("1", "t", "true")


def _role(item: SubnetSpec, inside: Address | Prefix) -> str:
    if inside == item.ip_range:
        return "range"
    return "gateway" if inside == item.gateway else "aux-address"
