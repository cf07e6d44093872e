"""Short forms into long ones: ports, networks, depends_on, and what else the network asks of."""

from __future__ import annotations

from sekisho.docker.compose.merge import as_mapping, as_sequence, depends_mapping
from sekisho.docker.compose.node import Node, scalar_text
from sekisho.docker.intent import PortSpec
from sekisho.docker.port_words import parse_port
from sekisho.errors import SourceError, said
from sekisho.sources.bounds import Bounds, raise_it

_LISTS = ("dns", "dns_search", "dns_opt", "tmpfs", "env_file", "label_file")
_PAIRS = ("environment", "labels", "sysctls", "annotations")


def canonical(model: Node, bounds: Bounds) -> Node:
    """The model with every service in long form. Raises SourceError with the place of a bad value."""
    ports = 0
    services = model.get("services")
    if services is not None:
        for name, service in services.mapping.items():
            if isinstance(service.value, dict):
                for key, value in service.value.items():
                    if key == "ports":
                        service.value[key] = _ports(value, f"services.{name}.{key}", bounds, ports)
                        ports += len(service.value[key].items)
                    else:
                        service.value[key] = _entry(key, value)
    for kind in ("networks", "volumes", "secrets", "configs"):
        resources = model.get(kind)
        for resource in resources.mapping.values() if resources is not None else ():
            external = resource.get("external")
            if external is not None and isinstance(external.value, dict):
                named = external.get("name")
                if named is not None:
                    resource.mapping.setdefault("name", named)
                resource.mapping["external"] = Node(True, external.place)
            labels = resource.get("labels")
            if labels is not None:
                resource.mapping["labels"] = pairs_mapping(labels)
    return model


def _entry(key: str, value: Node) -> Node:
    if key == "networks":
        return as_mapping(value)
    if key == "depends_on":
        return depends_mapping(value)
    if key in _LISTS:
        return as_sequence(value)
    if key in _PAIRS:
        return pairs_mapping(value)
    if key == "extra_hosts":
        return _extra_hosts(value)
    if key == "expose":
        return Node([Node(_plain(item), item.place) for item in value.items], value.place)
    if key == "build" and isinstance(value.value, str):
        return Node({"context": value}, value.place)
    return value


def pairs_mapping(node: Node) -> Node:
    """A list of ``KEY=value`` as a mapping; a bare KEY has no value."""
    if not isinstance(node.value, list):
        return node
    found: dict[str, Node] = {}
    for item in node.value:
        key, equals, value = _plain(item).partition("=")
        found[key] = Node(value if equals else None, item.place)
    return Node(found, node.place)


def _extra_hosts(node: Node) -> Node:
    """``host=address`` or ``host:address``, or a mapping, as a list of ``host=address``."""
    found: dict[str, Node] = {}
    for item in as_sequence(node).items:
        text = _plain(item)
        equals, colon = text.find("="), text.find(":")
        at = equals if equals >= 0 else colon
        if at <= 0:
            raise item.error(f"invalid additional host, missing IP: {text}", "host=address")
        host, address = text[:at], text[at + 1 :]
        if address.startswith("[") and address.endswith("]"):
            address = address[1:-1]
        found.setdefault(f"{host}={address}", item)
    return Node([Node(text, item.place) for text, item in found.items()], node.place)


def _plain(node: Node) -> str:
    return "" if isinstance(node.value, dict | list) else scalar_text(node.value)


def _ports(node: Node, path: str, bounds: Bounds, before: int) -> Node:
    """``before``: so many ports were there already."""
    if not isinstance(node.value, list):
        raise node.error(f"{path}: invalid type for port")
    found: list[Node] = []
    for item in node.value:
        if isinstance(item.value, dict):
            found.append(item)
            continue
        try:
            ports = parse_port(_plain(item))
        except ValueError as error:
            raise item.error(str(error), "[[ADDRESS:]HOST:]CONTAINER[/PROTOCOL]") from None
        if before + len(found) + len(ports) > bounds.ports:
            raise too_many_ports(item, bounds)
        found += [_long(port, item) for port in sorted(ports, key=_order)]
    return Node(found, node.place)


def too_many_ports(node: Node, bounds: Bounds) -> SourceError:
    """More than the bounds allow."""
    return node.error(said("more than {0} ports in one project", bounds.ports), raise_it(bounds.most))


def _order(port: PortSpec) -> str:
    return f"{port.container_port}/{port.proto}"


def _long(port: PortSpec, item: Node) -> Node:
    made: dict[str, Node] = {
        "mode": Node("ingress", item.place),
        "target": Node(port.container_port, item.place),
        "protocol": Node(port.proto, item.place),
    }
    if port.host_address is not None:
        made["host_ip"] = Node(str(port.host_address), item.place)
    if port.host_first:
        last = f"-{port.host_last}" if port.host_last != port.host_first else ""
        made["published"] = Node(f"{port.host_first}{last}", item.place)
    return Node(made, item.place)
