"""Networks as dockerd makes them: subnet, gateway, bridge, sysctls, rules."""

from __future__ import annotations

from dataclasses import replace

from sekisho.docker import default_bridge, iptables_rules
from sekisho.docker.bridges import Bridges, Net, rules_of
from sekisho.docker.daemon import Daemon
from sekisho.docker.errors import DockerError
from sekisho.docker.intent import (
    INHIBIT_OPTION,
    MODE4_OPTION,
    MODE6_OPTION,
    NetworkSpec,
    SubnetSpec,
)
from sekisho.docker.ipam import Addresses, NoAddressLeft, NoSubnetLeft, Pools
from sekisho.errors import Said, said
from sekisho.model.docker import DockerNetwork, DockerSubnet
from sekisho.model.evidence import Evidence
from sekisho.model.snapshot import Snapshot
from sekisho.values.address import Address, Family, Prefix
from sekisho.values.names import interface_name, network_name

OVERLAP = "Pool overlaps with other one on this address space"
DRIVERS = ("bridge", "macvlan", "ipvlan", "overlay", "host", "null", "none")


class NetworkSteps:
    """Creates and removes networks on a daemon."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        self.bridges = Bridges(daemon)
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
            self.bridges.forward(4)
            if daemon.uses_iptables(6) and engine.ip_forward:
                daemon.fw6.policy("filter", "FORWARD", "DROP")
        daemon.nft.start(engine, daemon.uses_nft(4), daemon.uses_nft(6))
        self._lone()
        for address, port in engine.listens:
            daemon.host.listen("tcp", address, port, 'users:(("dockerd"))')
        if engine.bridge != "none":
            self.create(default_bridge.spec_of(engine, daemon.host, self._pool_subnet))
        self.bridges.user_chains()

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
                net.rules[item.subnet.family] = rules_of(spec, network.bridge or "", item.subnet)
            self.nets[network.name] = net
        self._lone()
        if before.networks is None:
            daemon.note("networks-unknown")

    def _lone(self) -> None:
        """The networks ``host`` and ``none``, which every daemon has whether its list shows them or not."""
        for name, driver in (("host", "host"), ("none", "null")):
            if name not in self.nets:
                self.nets[name] = Net(NetworkSpec(name, driver), self.daemon.new_id(), None)

    def _bridge_address(self, bridge: str | None, subnet: Prefix) -> Address | None:
        for item in self.daemon.host.addresses:
            if item.interface == bridge and subnet.contains(item.address):
                return item.address
        return None

    def need(self, name: str, place: Evidence | None) -> None:
        """Compose's question for an external network. Raises DockerError where it is not there."""
        if name not in self.nets:
            raise DockerError(
                f"network {name} declared as external, but could not be found", place,
                said("create it first (--create \"docker network create {0}\"), or name the host that has it"
                     " (--on)", name),
            )  # fmt: skip

    # -------------------------------------------------------------------------------------- create

    def create(self, spec: NetworkSpec) -> Net:
        """``docker network create``. Raises DockerError where dockerd would refuse."""
        if spec.name in self.nets:
            raise DockerError(f"network with name {spec.name} already exists", spec.place)
        if spec.driver not in DRIVERS:
            raise DockerError(
                f'plugin "{spec.driver}" not found',
                spec.place,
                said("drivers without a plugin: {0}", "bridge, macvlan, ipvlan, overlay, host, none"),
            )
        if spec.driver in ("host", "null", "none"):
            raise DockerError(
                f'only one instance of "{spec.driver}" network is allowed', spec.place,
                said("use the network {0} that is there", spec.driver),
            )  # fmt: skip
        spec = self._with_defaults(spec)
        if spec.driver == "overlay":
            raise DockerError(
                "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to"
                " connect this node to swarm and try again.", spec.place,
                said("an overlay network needs a swarm; plans cover one host's own networks"),
            )  # fmt: skip
        net = Net(spec, spec.id or self.daemon.new_id(), None)
        self._allocate(net)
        if spec.driver == "bridge":
            self.bridges.make(net, self.nets.values())
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
        """The destinations of the host's routes that no network may overlap: those on a link."""
        wide = self.daemon.engine.routes_block_subnets
        return [
            route.dst
            for route in self.daemon.host.routes
            if route.family == 4 and route.table == "main" and route.dst.length
            and (wide or route.scope == "link")
        ]  # fmt: skip

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
                    " assign to the network", spec.place, said("give the network an IPv6 subnet"),
                )  # fmt: skip
            wanted.append(SubnetSpec(self._ula(spec)))
        taken = self.taken()
        for item in wanted:
            prefix = item.prefix
            if (
                prefix is None
                or (prefix.family == 6 and not spec.ipv6)
                or (prefix.family == 4 and not spec.ipv4)
            ):
                continue
            if any(prefix.overlaps(other) for other in taken):
                start = "invalid pool request: " if engine.version >= (27, 0, 0) else ""
                place = item.place or spec.place
                raise DockerError(f"{start}{OVERLAP}", place, self._overlap_advice(prefix))
            taken.append(prefix)
            net.pools.append(self._pool(spec, item, prefix))

    def _overlap_advice(self, prefix: Prefix) -> Said:
        for net in self.nets.values():
            for pool, _ in net.pools:
                if pool.subnet.overlaps(prefix):
                    return said("{0} overlaps {1} of network {2}", prefix, pool.subnet, net.name)
        return said("{0} is given twice", prefix)

    def _pool_subnet(self, remember: bool) -> Prefix:
        """The next subnet of the pools. Raises NoSubnetLeft."""
        return self.pools.choose(self.taken(), self._reserved(), remember=remember)

    def _choose(self, spec: NetworkSpec, item: SubnetSpec) -> Prefix:
        try:
            return self.pools.choose(self.taken(), self._reserved(), item.size)
        except NoSubnetLeft:
            # Since 27 the words differ; both were captured.
            raise DockerError(
                "all predefined address pools have been fully subnetted"
                if self.daemon.engine.version >= (27, 0, 0)
                else "could not find an available, non-overlapping IPv4 address pool among the defaults to"
                " assign to the network",
                spec.place,
                said(
                    "give it a subnet (--subnet, or ipam in compose), or dockerd another"
                    " --default-address-pool"
                ),
            ) from None

    def _outside(self, item: SubnetSpec, prefix: Prefix, inside: Address | Prefix) -> str:
        """Since 25 all is checked before anything is done (api/types/network, ValidateIPAM); before that
        a gateway's address was just asked for (measured on 20.10)."""
        if self.daemon.engine.version >= (25, 0, 0):
            what = "ip-range" if inside == item.ip_range else "this address"
            return f"invalid {_role(item, inside)} {inside}: parent subnet {prefix} doesn't contain {what}"
        if inside == item.gateway:
            return f"failed to allocate gateway ({inside}): Requested address is out of range"
        return f"no matching subnet for {_role(item, inside)} {inside}"

    def _ula(self, spec: NetworkSpec) -> Prefix:
        self.daemon.note("ula", spec.name, place=spec.place)
        number = sum(
            1 for subnet in self.taken() if subnet.family == 6 and subnet.value >> 80 == 0xFD0000000000
        )
        return Prefix(6, (0xFD0000000000 << 80) | number << 64, 64)

    def _pool(self, spec: NetworkSpec, item: SubnetSpec, prefix: Prefix) -> tuple[Addresses, Address | None]:
        given = default_bridge.gateway_of(self.daemon.engine, spec, prefix.family)
        if given is not None and not prefix.contains(given):
            name = f"DefaultGatewayIPv{prefix.family}"
            raise DockerError(f"auxiliary address: ({name}:{given}) must belong to the master pool: {prefix}")
        for inside in (item.ip_range, item.gateway, *item.auxiliary):
            if inside is not None and not prefix.contains(inside):
                raise DockerError(self._outside(item, prefix, inside), item.place or spec.place)
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
        try:
            return addresses, addresses.lowest(item.ip_range)
        except NoAddressLeft:
            raise DockerError(
                "no available IPv4 addresses on this network's address pools", spec.place
            ) from None

    def routed_by(self, net: Net, family: Family) -> Address | None:
        """The gateway of a network's containers."""
        gateway = net.gateway(family)
        given = default_bridge.gateway_of(self.daemon.engine, net.spec, family)
        return gateway if gateway is None else given or gateway

    def _without_gateway(self, spec: NetworkSpec, family: Family) -> bool:
        mode = spec.option(MODE4_OPTION if family == 4 else MODE6_OPTION)
        inhibited = spec.internal and spec.option(INHIBIT_OPTION) == "true" and family == 4
        return mode == "isolated" or inhibited

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
        kept = {name: replace(network, members=None) for name, network in self._kept.items()}
        return tuple(kept.get(net.name) or _fact(net) for net in self.nets.values())


def _fact(net: Net) -> DockerNetwork:
    subnets = tuple(DockerSubnet(pool.subnet, gateway, pool.ip_range) for pool, gateway in net.pools)
    bridge = None if net.bridge is None else interface_name(net.bridge)
    return DockerNetwork(
        network_name(net.name), net.id, net.spec.driver, "local", net.spec.internal, bridge, subnets,
        net.spec.options, net.spec.labels,
    )  # fmt: skip


def _role(item: SubnetSpec, inside: Address | Prefix) -> str:
    if inside == item.ip_range:
        return "ip-range"
    return "gateway" if inside == item.gateway else "auxiliary address"
