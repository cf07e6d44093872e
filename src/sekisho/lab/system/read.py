"""From a document to a topology: checked against the schema first, then for sense."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar, cast

from sekisho.errors import Said, SourceError, said
from sekisho.lab.parameters import settable
from sekisho.lab.system.docker_rules import USER_CHAINS
from sekisho.lab.system.document import Value, from_plain, parse
from sekisho.lab.system.schema import check, topology_schema
from sekisho.lab.system.topology import (
    ETH0,
    Container,
    Docker,
    Host,
    InternetHost,
    LinkQuality,
    Network,
    Publish,
    SecurityGroup,
    Service,
    Subnet,
    Topology,
    TrafficRule,
    Vpc,
    VpcRoute,
)
from sekisho.model.routing import Route
from sekisho.values.address import Address, Prefix
from sekisho.values.names import (
    ContainerName,
    InterfaceName,
    LabName,
    NamespaceName,
    SysctlKey,
    as_lab_name,
    container_name,
    interface_name,
    lab_name,
    namespace_name,
    sysctl_key,
)
from sekisho.values.numbers import integer

_EVERYTHING = Prefix(4, 0, 0)
_UNITS = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3}
_T = TypeVar("_T")
_LONGEST_VALUE = 200  # of a sysctl


def read_topology(path: str) -> Topology:
    """Read a topology file. Raises SourceError with file, line and text of what is wrong."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SourceError("not UTF-8 text", file=path) from error
    return topology_of(parse(text, path), path)


def topology_of(document: Value | dict[str, object], file: str = "topology") -> Topology:
    """The topology of a document. Raises SourceError where it is not one."""
    value = document if isinstance(document, Value) else from_plain(document)
    check(value, topology_schema(), file)
    return _Reader(file).topology(value)


class _Reader:
    def __init__(self, file: str) -> None:
        self._file = file

    def topology(self, root: Value) -> Topology:
        vpcs = tuple(self._vpc(name, value) for name, value in root.items("vpcs"))
        subnets = tuple(
            self._subnet(vpc, name, value)
            for vpc, body in root.items("vpcs")
            for name, value in body.items("subnets")
        )
        hosts = tuple(self._host(name, value, subnets) for name, value in root.items("hosts"))
        internet = tuple(self._internet(name, value) for name, value in root.items("internet"))
        found = Topology(self._lab_name(root), root.text("title"), internet, vpcs, subnets, hosts)
        self._check_names(root, found)
        return found

    # -------------------------------------------------------------------------------- the VPC

    def _vpc(self, name: str, value: Value) -> Vpc:
        groups = tuple(
            SecurityGroup(
                group,
                tuple(self._rule(item, "from") for item in body.list("ingress")),
                tuple(self._rule(item, "to") for item in body.list("egress"))
                if body.get("egress") is not None
                else (TrafficRule(peer=_EVERYTHING),),
            )
            for group, body in value.items("security_groups")
        )
        return Vpc(
            name, self._prefix(value, "cidr"), _flag(value, "internet_gateway", True),
            _flag(value, "resolver", True), groups,
        )  # fmt: skip

    def _subnet(self, vpc: str, name: str, value: Value) -> Subnet:
        nacl, routes = value.get("nacl"), value.get("routes")
        sides: list[tuple[TrafficRule, ...] | None] = [None, None]
        if nacl is not None:
            for at, (side, end) in enumerate((("ingress", "from"), ("egress", "to"))):
                rules = [self._nacl_rule(item, end) for item in nacl.list(side)]
                sides[at] = tuple(sorted(rules, key=lambda rule: rule.number))
        return Subnet(
            name, vpc, self._prefix(value, "cidr"), sides[0], sides[1],
            None if routes is None else tuple(
                VpcRoute(self._prefix(item, "to"), item.text("via")) for item in value.list("routes")
            ),
        )  # fmt: skip

    def _rule(self, value: Value, end: str) -> TrafficRule:
        peer = value.get(end)
        text = "0.0.0.0/0" if peer is None else str(peer.data)
        group = text.removeprefix("sg:") if text.startswith("sg:") else None
        prefix = None
        if group is None:
            with self._at(peer or value):
                prefix = Prefix.parse(text)
        return TrafficRule(value.text("proto", "all"), self._ports(value), prefix, group)

    def _nacl_rule(self, value: Value, end: str) -> TrafficRule:
        peer = self._prefix(value, end) if value.get(end) is not None else _EVERYTHING
        return TrafficRule(
            value.text("proto", "all"), self._ports(value), peer, None, integer(value.text("rule")),
            value.text("action") == "allow",
        )  # fmt: skip

    def _ports(self, value: Value) -> tuple[int, int] | None:
        if (found := value.get("ports")) is None:
            return None
        first, _, last = str(found.data).partition("-")
        span = (integer(first), integer(last or first))
        if not 0 <= span[0] <= span[1] <= 65535 or value.text("proto", "all") not in ("tcp", "udp"):
            raise self._fault(found, "ports go from 0 to 65535, and only tcp and udp have them")
        return span

    # -------------------------------------------------------------------------------- hosts

    def _internet(self, name: str, value: Value) -> InternetHost:
        address, length = self._interface(value, "address")
        return InternetHost(
            self._name(value, name), address, length, self._services(value), self._link(value)
        )

    def _host(self, name: str, value: Value, subnets: tuple[Subnet, ...]) -> Host:
        subnet = self._find_subnet(value, subnets)
        address = self._address(value, "address")
        if not subnet.cidr.contains(address):
            what = said("{0} is not in the subnet {1} ({2})", address, subnet.name, subnet.cidr)
            raise self._fault(value, what, "address")
        networks = tuple(self._network(key, item) for key, item in value.items("networks"))
        docker = value.get("docker")
        return Host(
            self._name(value, name), subnet.name, subnet.vpc, address, self._device(value, "interface", ETH0),
            self._address(value, "public_address") if value.get("public_address") else None,
            tuple(str(item.data) for item in value.list("security_groups")),
            _flag(value, "source_dest_check", True), integer(value.text("imds_hop_limit", "1")),
            cast(Literal["via-gateway", "on-link", "none"], value.text("dns_route", "via-gateway")),
            Docker(_flag(docker, "rules", True), _flag(docker, "userland_proxy", True)),
            networks, self._containers(value, networks), self._services(value),
            tuple(self._sysctl(key, item) for key, item in value.items("sysctls")),
            *self._texts(value), self._link(value),
        )  # fmt: skip

    def _find_subnet(self, value: Value, subnets: tuple[Subnet, ...]) -> Subnet:
        wanted = value.text("subnet")
        found = [item for item in subnets if wanted in (item.name, f"{item.vpc}/{item.name}")]
        if len(found) != 1:
            what = said("several subnets are called {0!r}" if found else "there is no subnet {0!r}", wanted)
            known = ", ".join(f"{item.vpc}/{item.name}" for item in subnets)
            raise self._fault(value, what, "subnet", said("the subnets are: {0}", known))
        return found[0]

    def _network(self, name: str, value: Value) -> Network:
        subnet = self._prefix(value, "subnet")
        gateway = self._address(value, "gateway") if value.get("gateway") else Address(4, subnet.value + 1)
        if not subnet.contains(gateway):
            raise self._fault(value, said("the gateway {0} is not in {1}", gateway, subnet), "gateway")
        usual = interface_name("docker0" if name == "bridge" else f"br-{name}"[:15])
        bridge = self._device(value, "bridge", usual)
        return Network(
            name, bridge, subnet, gateway, _flag(value, "internal", False), _flag(value, "icc", True),
            _flag(value, "masquerade", True),
        )  # fmt: skip

    def _containers(self, value: Value, networks: tuple[Network, ...]) -> tuple[Container, ...]:
        by_name = {network.name: network for network in networks}
        taken = {network.name: {network.gateway} for network in networks}
        asked = {name: list(self._places(item)) for name, item in value.items("containers")}
        for wanted in asked.values():
            for network, address, at in wanted:
                if network not in by_name:
                    advice = said("known here: {0}", ", ".join(by_name) or "-")
                    raise self._fault(at, said("there is no network {0!r}", network), "", advice)
                if address is not None:
                    if not by_name[network].subnet.contains(address):
                        raise self._fault(at, said("{0} is not in the network {1}", address, network))
                    if address in taken[network]:
                        raise self._fault(at, said("{0} is taken already", address))
                    taken[network].add(address)
        found = []
        for name, item in value.items("containers"):
            places = tuple(
                (network, address or self._free(by_name[network], taken[network], at))
                for network, address, at in asked[name]
            )
            found.append(
                Container(
                    self._container_name(item, name), places, self._services(item),
                    tuple(self._publish(one) for one in item.list("publish")), self._link(item),
                )
            )  # fmt: skip
        return tuple(found)

    def _places(self, value: Value) -> Iterator[tuple[str, Address | None, Value]]:
        if value.get("networks") is not None:
            for name, item in value.items("networks"):
                with self._at(item):
                    yield name, None if item.data is None else Address.parse(str(item.data)), item
            return
        address = self._address(value, "address") if value.get("address") else None
        yield value.text("network", "bridge"), address, value.get("network") or value

    def _free(self, network: Network, taken: set[Address], at: Value) -> Address:
        """The lowest free address, as dockerd gives it."""
        for number in range(network.subnet.first + 1, network.subnet.last):
            address = Address(4, number)
            if address not in taken:
                taken.add(address)
                return address
        raise self._fault(at, said("the network {0} has no free address", network.name))

    def _publish(self, value: Value) -> Publish:
        text, _, proto = str(value.data).partition("/")
        parts = text.split(":")
        with self._at(value):
            host = Address.parse(parts[-3]) if len(parts) == 3 else None
        port, host_port = integer(parts[-1]), integer(parts[-2] if len(parts) > 1 else parts[-1])
        if not (0 < port < 65536 and 0 < host_port < 65536):
            raise self._fault(value, "a port goes from 1 to 65535")
        return Publish(port, host_port, "udp" if proto == "udp" else "tcp", host)

    # ----------------------------------------------------------------------------- small parts

    def _services(self, value: Value) -> tuple[Service, ...]:
        found = []
        for item in value.list("serves"):
            if isinstance(item.data, int):
                found.append(Service(item.data))
                continue
            proto = cast(Literal["tcp", "udp"], item.text("proto", "tcp"))
            usual = "echo" if proto == "udp" else "http"
            kind = cast(Literal["http", "echo"], item.text("kind", usual))
            if (proto, kind) == ("udp", "http"):
                raise self._fault(item, "http is served over tcp only")
            address = self._address(item, "address") if item.get("address") else None
            found.append(Service(integer(item.text("port")), proto, kind, address))
        return tuple(found)

    def _link(self, value: Value) -> LinkQuality:
        link = value.get("link")
        if link is None:
            return LinkQuality()
        delay, loss, rate = link.text("delay"), link.text("loss"), link.text("rate")
        return LinkQuality(
            (float(delay.rstrip("ms")) * (1 if delay.endswith("ms") else 1000)) if delay else None,
            float(loss.rstrip("%")) if loss else None,
            int(float(rate.rstrip("kmgbit")) * _UNITS[rate.removesuffix("bit").lstrip("0123456789.")])
            if rate else None,
        )  # fmt: skip

    def _texts(self, value: Value) -> tuple[tuple[Route, ...], str, str]:
        """The host's own routes and rule sets. Few have any: what reads them is loaded for those."""
        if all(value.get(key) is None for key in ("routes", "iptables", "nft")):
            return (), "", ""
        from sekisho.lab.system.host_texts import read_iptables, read_nft, read_route

        return (
            tuple(self._text(item, read_route) for item in value.list("routes")),
            self._rules(value, "iptables", partial(read_iptables, chains=USER_CHAINS)),
            self._rules(value, "nft", read_nft),
        )

    def _rules(self, value: Value, key: str, read: Callable[[str], str]) -> str:
        found = value.get(key)
        return "" if found is None else self._text(found, read)

    def _text(self, value: Value, read: Callable[[str], _T]) -> _T:
        """What a text of commands means. The error names its line, or which one of the text."""
        from sekisho.lab.system.host_texts import NotUnderstoodError

        try:
            return read(str(value.data))
        except NotUnderstoodError as error:
            line = value.block + error.number - 1 if value.block else value.line
            what = said("{0}: {1}", value.path, error)
            if error.number > 1 and not value.block:
                what = said("{0}, line {1} of it: {2}", value.path, error.number, error)
            raise SourceError(what, file=self._file, line=line, text=error.line) from None

    def _sysctl(self, key: str, value: Value) -> tuple[SysctlKey, str]:
        with self._at(value):
            found = sysctl_key(key)
            if not settable(found):
                raise ValueError(said("not a parameter of a network namespace that a lab sets: {0}", key))
            text = str(value.data)
            if not text.isprintable() or len(text) > _LONGEST_VALUE:
                raise ValueError(said("not a value that can be seen: {0!r}", text[:40]))
            return found, text

    def _lab_name(self, root: Value) -> LabName:
        """The document's own, else its file's, as far as that can be one."""
        with self._at(root):
            if root.get("name") is not None:
                return lab_name(root.text("name"))
        return as_lab_name(Path(self._file).stem, "topology")

    def _name(self, value: Value, name: str) -> NamespaceName:
        with self._at(value):
            return namespace_name(name)

    def _container_name(self, value: Value, name: str) -> ContainerName:
        with self._at(value):
            return container_name(name)

    def _device(self, value: Value, key: str, usual: InterfaceName) -> InterfaceName:
        found = value.get(key)
        if found is None:
            return usual
        with self._at(found):
            return interface_name(str(found.data))

    def _address(self, value: Value, key: str) -> Address:
        return self._parsed(value, key, Address.parse)

    def _prefix(self, value: Value, key: str) -> Prefix:
        return self._parsed(value, key, Prefix.parse)

    def _interface(self, value: Value, key: str) -> tuple[Address, int]:
        text, _, length = value.text(key).partition("/")
        if integer(length) > 30:
            raise self._fault(value, "an address in a subnet of at least four", key)
        with self._at(value.get(key) or value):
            return Address.parse(text), integer(length)

    def _parsed(self, value: Value, key: str, read: Callable[[str], _T]) -> _T:
        found = value.get(key)
        assert found is not None
        with self._at(found):
            return read(str(found.data))

    @contextmanager
    def _at(self, value: Value) -> Iterator[None]:
        try:
            yield
        except ValueError as error:
            raise self._fault(value, said("{0}", error)) from None

    def _fault(self, value: Value, what: str | Said, key: str = "", advice: str | Said = "") -> SourceError:
        place = (value.get(key) if key else None) or value
        text = "" if isinstance(place.data, dict | list | None) else str(place.data)
        return SourceError(what, file=self._file, line=place.line, text=text, advice=advice)

    def _check_names(self, root: Value, found: Topology) -> None:
        seen: dict[str, Said] = {}
        for kind, names in (
            (said("internet host"), [item.name for item in found.internet]),
            (said("host"), [item.name for item in found.hosts]),
            (said("container"), [item.name for host in found.hosts for item in host.containers]),
        ):
            for name in names:
                if name in seen:
                    what = said("the {0} {1!r} has the name of another {2}", kind, name, seen[name])
                    raise self._fault(root, what)
                seen[name] = kind
        for host in found.hosts:
            groups = {group.name for group in found.vpc(host.vpc).groups}
            for group in host.groups:
                if group not in groups:
                    at = root.get("hosts")
                    place = (at.get(host.name) if at else None) or root
                    raise self._fault(
                        place, said("there is no security group {0!r} in the VPC {1}", group, host.vpc),
                        "security_groups", said("the groups are: {0}", ', '.join(sorted(groups)) or "-"),
                    )  # fmt: skip


def _flag(value: Value | None, key: str, default: bool) -> bool:
    found = value.get(key) if value is not None else None
    return default if found is None else bool(found.data)
