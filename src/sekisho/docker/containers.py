"""Containers as dockerd starts them: addresses, veth pairs, routes, published ports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sekisho.docker import ports, sandbox
from sekisho.docker.bridges import FAMILIES, Net
from sekisho.docker.daemon import Daemon
from sekisho.docker.errors import DockerError
from sekisho.docker.intent import ContainerSpec, EndpointSpec, PortSpec
from sekisho.docker.ipam import NoAddressLeft
from sekisho.docker.lowlevel import Binding
from sekisho.docker.networks import NetworkSteps
from sekisho.docker.publish import Publisher
from sekisho.docker.sandbox import Join
from sekisho.errors import said
from sekisho.model.docker import DockerContainer, DockerEndpoint, PublishedPort
from sekisho.model.evidence import Evidence
from sekisho.model.snapshot import Namespace, Snapshot
from sekisho.values.address import Address, Family
from sekisho.values.names import LinkAddress, container_name, link_address, network_name

LONE_MODES = ("host", "none")


@dataclass(slots=True)
class Box:
    """A container that runs. ``published_on``: the network whose endpoint its ports lead to."""

    spec: ContainerSpec
    id: str
    joins: list[Join] = field(default_factory=list)
    priorities: dict[str, int] = field(default_factory=dict)
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    published_on: str | None = None
    bindings: list[Binding] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.spec.name


class ContainerSteps:
    """Runs, connects and removes containers on a daemon."""

    def __init__(self, daemon: Daemon, networks: NetworkSteps) -> None:
        self.daemon = daemon
        self.networks = networks
        self.publisher = Publisher(daemon)
        self.boxes: dict[str, Box] = {}
        self._kept: dict[str, DockerContainer] = {}

    def adopt(self, before: Snapshot) -> None:
        """Take the containers of a running daemon: their names and addresses are in use."""
        self.daemon.skip_ids({container.id[:12] for container in before.containers or ()})
        for container in before.containers or ():
            self._kept[container.name] = container
            for endpoint in container.endpoints:
                net = self.networks.nets.get(endpoint.network)
                if net is None or not container.running:
                    continue
                net.containers.add(container.name)
                for address in endpoint.addresses:
                    for pool, _ in net.pools:
                        if pool.subnet.contains(address):
                            pool.take(address)
            if container.running:
                self.publisher.adopt(container)

    # ----------------------------------------------------------------------------------------- run

    def run(self, spec: ContainerSpec) -> None:
        """``docker run -d``. Raises DockerError where dockerd would refuse."""
        if spec.name in self.boxes or spec.name in self._kept:
            other = self.boxes[spec.name].id if spec.name in self.boxes else self._kept[spec.name].id
            raise DockerError(
                f'Conflict. The container name "/{spec.name}" is already in use by container "{other}". You'
                " have to remove (or rename) that container to be able to reuse that name.", spec.place,
            )  # fmt: skip
        box = Box(spec, spec.id or self.daemon.new_id())
        if spec.mode in LONE_MODES:
            # Every daemon has host and none, also where the capture of its networks lacks them.
            if spec.mode in self.networks.nets:
                self.networks.nets[spec.mode].containers.add(spec.name)
        elif spec.mode.startswith("container:"):
            self._target(spec)
        else:
            try:
                for endpoint in spec.endpoints or (EndpointSpec("bridge"),):
                    self._join(box, endpoint)
                self._publish(box)
            except DockerError as error:
                self._leave(box)
                raise (
                    DockerError(error.what, spec.place, error.said_advice) if not error.file else error
                ) from None
        self.boxes[spec.name] = box
        if spec.undetermined_order and self._automatic(spec):
            self.daemon.note("container-order", spec.name, place=spec.place)

    @staticmethod
    def _automatic(spec: ContainerSpec) -> bool:
        return any(endpoint.ipv4 is None for endpoint in spec.endpoints)

    def _target(self, spec: ContainerSpec) -> str:
        """The name of the container whose namespace this one shares."""
        wanted = spec.mode.removeprefix("container:")
        for name, identity in [
            *((box.name, box.id) for box in self.boxes.values()),
            *((container.name, container.id) for container in self._kept.values()),
        ]:
            if wanted == name or identity.startswith(wanted):
                return name
        raise DockerError(f"No such container: {wanted}", spec.place)

    def connect(self, name: str, endpoint: EndpointSpec) -> None:
        """``docker network connect``: published ports follow the default gateway when it moves."""
        box = self.boxes.get(name)
        if box is None:
            if name in self._kept:
                raise DockerError(
                    f"connecting {name}, which ran before, is not planned", endpoint.place,
                    said("give the whole compose file or all run commands"),
                )  # fmt: skip
            raise DockerError(f"No such container: {name}", endpoint.place)
        if box.spec.mode == "host":
            raise DockerError(
                "cannot connect container to host network - container must be created in host network mode"
                if endpoint.network == "host"
                else "container sharing network namespace with another container or host cannot be"
                " connected to any other network",
                endpoint.place,
            )
        self._join(box, endpoint)
        self._publish(box)

    def _join(self, box: Box, endpoint: EndpointSpec) -> None:
        net = self.networks.nets.get(endpoint.network)
        place = endpoint.place or box.spec.place
        if net is None:
            raise DockerError(f"network {endpoint.network} not found", place)
        if any(join.network == net.name for join in box.joins):
            raise DockerError(f"endpoint with name {box.name} already exists in network {net.name}", place)
        daemon, engine = self.daemon, self.daemon.engine
        addresses = self._addresses(net, endpoint, place)
        interface = endpoint.interface or f"eth{len(box.joins)}"
        mtu = net.mtu or 1500
        mac = None if endpoint.mac is None else link_address(endpoint.mac)
        if mac is None and engine.mac_from_address and net.spec.driver in ("bridge", "macvlan"):
            first = next((a for a, _ in addresses if a.family == 4), None)
            mac = mac_of(first) if first is not None else None
        elif mac is None:
            daemon.note("mac-random", box.name)
        join = Join(net.name, interface, "", len(box.joins) + 2, 0, mtu, addresses, {}, mac)
        for family in FAMILIES:
            gateway = self.networks.routed_by(net, family)
            silent = net.spec.internal and not engine.internal_default_route
            if (
                gateway is not None
                and not silent
                and any(address.family == family for address, _ in addresses)
            ):
                join.gateways[family] = gateway
        if net.bridge is not None:
            self._plug(net, join)
        elif net.spec.driver in ("macvlan", "ipvlan"):
            join.kind = net.spec.driver
            parent = next((i for i in daemon.host.interfaces if i.name == net.spec.option("parent")), None)
            join.peer_index = (parent.index if parent is not None else None) or 0
            if net.spec.option("parent") is None:
                daemon.note("no-parent", net.name, net.spec.driver, place=net.spec.place)
        box.joins.append(join)
        box.priorities[net.name] = endpoint.gw_priority
        box.aliases[net.name] = endpoint.aliases
        net.containers.add(box.name)

    def _plug(self, net: Net, join: Join) -> None:
        daemon = self.daemon
        join.port = daemon.new_veth()
        join.peer_index = daemon.host.next_index()
        if daemon.engine.mac_from_address:  # both ends of the pair are made on the host first
            join.index, join.peer_index = join.peer_index, join.peer_index + 1
        daemon.host.add_port(
            join.port, net.bridge or "", join.mtu, daemon.engine.hairpin, f"if{join.index}", join.peer_index
        )
        for address, _ in join.addresses:
            rules = net.rules.get(address.family)
            if rules is not None:
                self.publisher.endpoint(rules, address)

    def _addresses(
        self, net: Net, endpoint: EndpointSpec, place: Evidence | None
    ) -> list[tuple[Address, int]]:
        found: list[tuple[Address, int]] = []
        for family, wanted in ((4, endpoint.ipv4), (6, endpoint.ipv6)):
            pools = [pool for pool, _ in net.pools if pool.family == family]
            if wanted is not None:
                pool = next((pool for pool in pools if pool.subnet.contains(wanted)), None)
                if pool is None:
                    subnets = ", ".join(str(p.subnet) for p, _ in net.pools) or "no subnet"
                    # Since 25 it is checked before the container is made; both measured or read.
                    words = (
                        f"no configured subnet contains IP address {wanted}"
                        if self.daemon.engine.version >= (25, 0, 0)
                        else f"Invalid address {wanted}: It does not belong to any of this network's subnets"
                    )
                    raise DockerError(words, place, said("network {0} has {1}", net.name, subnets))
                if not pool.is_free(wanted):
                    raise DockerError(
                        "Address already in use", place, said("{0} in network {1}", wanted, net.name)
                    )
                pool.take(wanted)
                found.append((wanted, pool.subnet.length))
                continue
            for pool in pools[:1]:
                first = next((address for address, _ in found if address.family == 4), None)
                if family == 6 and first is not None and self._from_mac(net, pool.subnet.length):
                    address = Address(6, pool.subnet.value | 0x0242 << 32 | first.value)
                    pool.take(address)
                    found.append((address, pool.subnet.length))
                    continue
                try:
                    found.append((pool.lowest(pool.ip_range), pool.subnet.length))
                except NoAddressLeft:
                    raise DockerError(
                        "no available IPv4 addresses on this network's address pools:"
                        f" {net.name} ({net.id})", place,
                    ) from None  # fmt: skip
        return found

    def _from_mac(self, net: Net, length: int) -> bool:
        """Up to 26 the default bridge's IPv6 addresses end in the container's MAC."""
        return net.name == "bridge" and self.daemon.engine.version < (27, 0, 0) and length <= 80

    # ------------------------------------------------------------------------------------- publish

    def gateway_join(self, box: Box, family: Family) -> Join | None:
        """The endpoint that gives the default route (Endpoint.Less): gateway priority (28 and later),
        networks that are not internal, those with gateways of both families, then by name."""
        engine = self.daemon.engine

        def key(join: Join) -> tuple[int, bool, int, str]:
            net = self.networks.nets[join.network]
            priority = -box.priorities.get(join.network, 0) if engine.version >= (28, 0, 0) else 0
            return (priority, net.spec.internal, -len(join.gateways), join.network)

        for join in sorted(box.joins, key=key):
            if family in join.gateways:
                return join
        return None

    def _publish(self, box: Box) -> None:
        """Bind the container's ports to the endpoint that has its default gateway."""
        join = self.gateway_join(box, 4) or self.gateway_join(box, 6)
        target = join.network if join is not None and self._publishes(join.network) else None
        if target == box.published_on:
            return
        self.publisher.unpublish(box.bindings)
        box.bindings, box.published_on = [], target
        if target is None or join is None:
            return
        net = self.networks.nets[target]
        wanted = self._ports(box.spec)
        if ports.order_is_chance(self.daemon.engine, wanted):
            self.daemon.note("port-order", box.name, place=box.spec.place)
        box.bindings = self.publisher.publish(net, [address for address, _ in join.addresses], wanted)

    def _publishes(self, network: str) -> bool:
        """Whether dockerd opens ports for a network's containers: it passes over internal networks (sbJoin in
        libnetwork's endpoint.go, !n.internal), and only the bridge driver has ports at all."""
        spec = self.networks.nets[network].spec
        return spec.driver == "bridge" and not spec.internal

    def note_unpublished(self) -> None:
        """Ports that were asked for and are not open: dockerd starts the container and says nothing (of the
        host's network it warns)."""
        for box in self.boxes.values():
            asked = dict.fromkeys(f"{port.container_port}/{port.proto}" for port in self._ports(box.spec))
            if not asked or box.published_on is not None or box.spec.mode.startswith("container:"):
                continue
            args, place = (box.name, ", ".join(asked)), box.spec.place
            names = ", ".join(join.network for join in box.joins)
            if box.spec.mode in LONE_MODES:
                self.daemon.note(f"not-published.{box.spec.mode}", *args, place=place)
            elif any(self.networks.nets[join.network].spec.internal for join in box.joins):
                self.daemon.note("not-published.internal", *args, names, place=place)
            else:
                drivers = dict.fromkeys(self.networks.nets[join.network].spec.driver for join in box.joins)
                self.daemon.note("not-published.driver", *args, names, ", ".join(drivers), place=place)

    @staticmethod
    def _ports(spec: ContainerSpec) -> list[PortSpec]:
        found = list(spec.ports)
        if spec.publish_all:
            mapped = {(port.container_port, port.proto) for port in found}
            found += [PortSpec(port, proto) for port, proto in spec.exposed if (port, proto) not in mapped]
        return found

    # -------------------------------------------------------------------------------------- remove

    def remove(self, name: str, place: Evidence | None = None) -> None:
        """``docker rm -f``."""
        box = self.boxes.pop(name, None)
        if box is None:
            raise DockerError(f"No such container: {name}", place)
        self._leave(box)

    def _leave(self, box: Box) -> None:
        """Take back all that a container holds on the host."""
        self.publisher.unpublish(box.bindings)
        for join in box.joins:
            net = self.networks.nets[join.network]
            net.containers.discard(box.name)
            for address, _ in join.addresses:
                self.publisher.forget(address)
                for pool, _ in net.pools:
                    if pool.subnet.contains(address):
                        pool.free(address)
            if join.port:
                self.daemon.host.remove_interface(join.port)

    # --------------------------------------------------------------------------------------- facts

    def facts(self) -> tuple[DockerContainer, ...]:
        return (*self._kept.values(), *(self._fact(box) for box in self.boxes.values()))

    def _fact(self, box: Box) -> DockerContainer:
        spec = box.spec
        endpoints = [
            DockerEndpoint(
                network_name(join.network), tuple(address for address, _ in join.addresses),
                tuple(join.gateways.values()), join.mac, box.aliases.get(join.network, ()),
            )
            for join in box.joins
        ]  # fmt: skip
        if spec.mode in LONE_MODES:
            endpoints = [DockerEndpoint(network_name(spec.mode))]
        exposed = {(port.container_port, port.proto): None for port in self._ports(spec)}
        exposed.update(dict.fromkeys(spec.exposed))
        mode = spec.mode or (box.joins[0].network if box.joins else "bridge")
        if spec.mode.startswith("container:"):
            mode = f"container:{self._id_of(self._target(spec))}"
        return DockerContainer(
            container_name(spec.name), box.id, True, mode, tuple(endpoints), tuple(_published(box.bindings)),
            tuple(exposed), None, spec.image, spec.labels,
        )  # fmt: skip

    def _id_of(self, name: str) -> str:
        return self.boxes[name].id if name in self.boxes else self._kept[name].id

    def namespaces(self) -> tuple[Namespace, ...]:
        found = []
        for box in self.boxes.values():
            if box.spec.mode == "host" or box.spec.mode.startswith("container:"):
                continue
            routes = {}
            for family in FAMILIES:
                join = self.gateway_join(box, family)
                if join is not None:
                    routes[family] = (join.gateways[family], join.interface)
            dns = any(join.network != "bridge" for join in box.joins)
            found.append(
                sandbox.namespace(box.name, self.daemon.engine, box.joins, routes, dns, box.spec.sysctls)
            )
            if dns:
                self.daemon.note("dns-ports")
        return tuple(found)


def _published(bindings: Iterable[Binding]) -> Iterable[PublishedPort]:
    for binding in bindings:
        yield PublishedPort(binding.container_port, binding.proto, binding.host_address, binding.host_port)


def mac_of(address: Address) -> LinkAddress:
    """02:42 and the four bytes of the IPv4 address, as engines up to 27 choose it."""
    return link_address("02:42:" + address.value.to_bytes(4, "big").hex(":"))
