"""What ``docker compose up`` asks of Docker: networks first, then containers along ``depends_on``.

Compose creates unrelated networks and starts unrelated services at the same time; the order taken here
(by name) is one of those that may happen, and acts whose outcome depends on it say so.
"""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.docker.compose.canonical import too_many_ports
from sekisho.docker.compose.node import Node, scalar_text
from sekisho.docker.compose.project import Project, network_spec, service_scale
from sekisho.docker.intent import (
    Act,
    ContainerSpec,
    CreateNetwork,
    EndpointSpec,
    NeedNetwork,
    PortSpec,
    RunContainer,
)
from sekisho.docker.port_words import parse_port
from sekisho.errors import said
from sekisho.model.evidence import Evidence
from sekisho.sources.bounds import raise_it
from sekisho.values.address import Address
from sekisho.values.numbers import integer, is_number
from sekisho.values.unwound import Call, unwound


def acts(project: Project) -> Iterator[Act]:
    """Networks and containers. Raises SourceError with the place of a bad value."""
    made = [(key, node) for key, node in project.networks if not node.flag("external")]
    automatic = [key for key, node in made if not _has_subnet(node)]
    for key, node in project.networks:
        if node.flag("external"):
            yield NeedNetwork(key, project.network_name(key), node.place)
    for key, node in made:
        yield CreateNetwork(network_spec(key, node, project.name, len(automatic) < 2))
    services = dict(project.services)
    _check_amount(project)
    beside = _unordered(services)
    for name in _order(services):
        service = services[name]
        scale = service_scale(service)
        for number in range(1, scale + 1):
            yield RunContainer(_container(project, name, service, number, name in beside or scale > 1))


def _check_amount(project: Project) -> None:
    """Raises SourceError where a project asks for more than its bounds allow."""
    bounds = project.bounds
    containers = ports = 0
    for _, service in project.services:
        scale = service_scale(service)
        containers += scale
        if containers > bounds.containers:
            raise service.error(
                said("more than {0} containers in one project", bounds.containers), raise_it(bounds.most)
            )
        for item in (*_items(service, "ports"), *_items(service, "expose")):
            ports += scale * _ports_of(item)
            if ports > bounds.ports:
                raise too_many_ports(item, bounds)


def _ports_of(item: Node) -> int:
    """How many ports an entry is; what cannot be read is refused where it is read."""
    first, _, last = scalar_text(_scalar(item)).partition("/")[0].rpartition(":")[2].partition("-")
    plain = is_number(first) and is_number(last)
    return max(integer(last) - integer(first) + 1, 1) if plain else 1


def _has_subnet(node: Node) -> bool:
    ipam = node.get("ipam")
    config = ipam.get("config") if ipam is not None else None
    return any(item.text("subnet") for item in (config.items if config is not None else []))


def _depends(service: Node) -> list[str]:
    found = service.get("depends_on")
    return list(found.mapping) if found is not None else []


def _order(services: dict[str, Node]) -> list[str]:
    """Dependencies first, and by name among those that do not wait for one another."""
    done: dict[str, None] = {}

    def visit(name: str) -> Call[None]:
        if name in done or name not in services:
            return
        for other in sorted(_depends(services[name])):
            yield visit(other)
        done[name] = None

    for name in sorted(services):
        unwound(visit(name))
    return list(done)


def _unordered(services: dict[str, Node]) -> set[str]:
    """Services that another one on the same network starts beside: neither waits for the other."""
    order = _order(services)
    bit = {name: 1 << at for at, name in enumerate(order)}
    before: dict[str, int] = {}
    for name in order:
        known = 0
        for other in _depends(services[name]):
            known |= bit.get(other, 0) | before.get(other, 0)
        before[name] = known
    after = dict.fromkeys(order, 0)
    for name in reversed(order):
        for other in _depends(services[name]):
            if other in after:
                after[other] |= bit[name] | after[name]
    members: dict[str, int] = {}
    for name in order:
        for key in _networks(services[name]):
            members[key] = members.get(key, 0) | bit[name]
    found: set[str] = set()
    for name in order:
        for key in _networks(services[name]):
            if members[key] & ~(before[name] | after[name] | bit[name]):
                found.add(name)
    return found


def _networks(service: Node) -> dict[str, Node]:
    found = service.get("networks")
    return found.mapping if found is not None and service.get("network_mode") is None else {}


def container_name(project: Project, name: str, service: Node, number: int) -> str:
    """``container_name``, else PROJECT-SERVICE-NUMBER."""
    return service.text("container_name") or f"{project.name}-{name}-{number}"


def _container(project: Project, name: str, service: Node, number: int, beside: bool) -> ContainerSpec:
    mode = service.text("network_mode") or ""
    endpoints: tuple[EndpointSpec, ...] = ()
    if mode.startswith("service:"):
        other = mode.removeprefix("service:")
        target = dict(project.services)[other]
        mode = f"container:{container_name(project, other, target, 1)}"
    elif mode in ("bridge", "default"):
        mode, endpoints = "", (EndpointSpec("bridge", place=service.place),)
    elif mode and mode not in ("host", "none") and not mode.startswith("container:"):
        mode, endpoints = "", (EndpointSpec(mode, place=service.mapping["network_mode"].place),)
    elif not mode:
        endpoints = _endpoints(project, name, service, number)
    ports = [spec for port in _items(service, "ports") for spec in _port(port)]
    exposed = [(port.container_port, port.proto) for port in ports]
    for item in _items(service, "expose"):
        try:
            exposed += [(p.container_port, p.proto) for p in parse_port(scalar_text(_scalar(item)))]
        except ValueError as error:
            raise item.error(str(error)) from None
    labels = [
        ("com.docker.compose.project", project.name),
        ("com.docker.compose.service", name),
        ("com.docker.compose.container-number", str(number)),
    ]
    return ContainerSpec(
        container_name(project, name, service, number),
        service.text("image") or f"{project.name}-{name}",
        mode,
        endpoints,
        tuple(ports),
        tuple(dict.fromkeys(exposed)),
        sysctls=_pairs(service, "sysctls"),
        labels=(*_pairs(service, "labels"), *labels),
        undetermined_order=beside,
        place=service.place,
    )


def _items(service: Node, key: str) -> list[Node]:
    found = service.get(key)
    return found.items if found is not None else []


def _scalar(node: Node) -> str | int | float | bool | None:
    return None if isinstance(node.value, dict | list) else node.value


def _pairs(service: Node, key: str) -> tuple[tuple[str, str], ...]:
    found = service.get(key)
    return tuple(
        (name, scalar_text(_scalar(item)))
        for name, item in (found.mapping if found is not None else {}).items()
    )


def _endpoints(project: Project, name: str, service: Node, number: int) -> tuple[EndpointSpec, ...]:
    """The network of the highest priority first, then by name (NetworksByPriority)."""
    found = _networks(service)

    def key(item: tuple[str, Node]) -> tuple[int, str]:
        return (-integer(item[1].text("priority") or "0"), item[0])

    endpoints: list[EndpointSpec] = []
    for at, (network, node) in enumerate(sorted(found.items(), key=key)):
        mac = node.text("mac_address") or (service.text("mac_address") if at == 0 else None)
        aliases = [scalar_text(_scalar(item)) for item in (node.get("aliases") or Node([])).items]
        own = container_name(project, name, service, number)
        endpoints.append(
            EndpointSpec(
                project.network_name(network),
                _address(node, "ipv4_address"),
                _address(node, "ipv6_address"),
                mac,
                (*aliases, own, name),
                tuple(
                    _parsed(item, scalar_text(_scalar(item)))
                    for item in (node.get("link_local_ips") or Node([])).items
                ),
                integer(node.text("gw_priority") or "0"),
                node.text("interface_name"),
                (node.get("ipv4_address") or node.get("ipv6_address") or node).place,
            )
        )
    return tuple(endpoints)


def _address(node: Node, key: str) -> Address | None:
    text = node.text(key)
    return _parsed(node.mapping[key], text) if text is not None else None


def _parsed(node: Node, text: str) -> Address:
    try:
        return Address.parse(text)
    except ValueError:
        raise node.error(f"invalid IP address: {text}") from None


def _port(port: Node) -> list[PortSpec]:
    target, proto = port.text("target"), (port.text("protocol") or "tcp").lower()
    published, host = port.text("published") or "", port.text("host_ip")
    start = f"[{host}]:" if host and ":" in host else f"{host}:" if host else ""
    try:
        found = parse_port(
            f"{start}{published}:{target}/{proto}" if published or host else f"{target}/{proto}"
        )
    except ValueError as error:
        raise port.error(str(error)) from None
    return [_at(spec, port.place) for spec in found]


def _at(spec: PortSpec, place: Evidence) -> PortSpec:
    return PortSpec(
        spec.container_port, spec.proto, spec.host_address, spec.host_first, spec.host_last, place
    )
