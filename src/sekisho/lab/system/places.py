"""Where in a lab: ``web``, ``web:8080``, ``198.51.100.10:8080``."""

from __future__ import annotations

from dataclasses import dataclass

from sekisho.errors import UsageError, said
from sekisho.lab.operations import OnLink
from sekisho.lab.system.plan import Plan
from sekisho.values.address import Address
from sekisho.values.numbers import integer, is_number


@dataclass(frozen=True, slots=True)
class Place:
    """An address and the port that was written with it."""

    address: Address
    port: int | None


def source_node(text: str, plan: Plan) -> str:
    """The node that a process is in. Raises UsageError where there is none of that name."""
    if plan.node(text) is not None:
        return text
    found = [
        node.name
        for node in plan.nodes
        if any(str(address) == text for interface, address in plan.addresses(node.name) if interface != "lo")
    ]
    if len(found) > 1:
        raise UsageError(
            said("{0} is an address of several nodes", text),
            advice=said("name one of them: {0}", ", ".join(found)),
        )
    if found:
        return found[0]
    known = ", ".join(node.name for node in plan.nodes[:20])
    raise UsageError(said("there is no node {0!r}", text), advice=said("the nodes are: {0}", known))


def target(text: str, plan: Plan) -> Place:
    """An address with or without a port, or a node for its main address. Raises UsageError."""
    name, colon, digits = text.rpartition(":")
    if not colon:
        name, digits = text, ""
    if colon and not (is_number(digits) and 0 < integer(digits) < 65536):
        raise UsageError(said("not a port: {0!r}", digits), text=text)
    port = integer(digits) if digits else None
    try:
        return Place(Address.parse(name), port)
    except ValueError:
        pass
    if plan.node(name) is None:
        known = ", ".join(node.name for node in plan.nodes[:20])
        raise UsageError(
            said("neither an address nor a node: {0!r}", name), advice=said("the nodes are: {0}", known)
        )
    address = main_address(plan, name)
    if address is None:
        raise UsageError(said("the node {0!r} has no address", name))
    return Place(address, port)


def relevant(plan: Plan, source: str, place: Place) -> list[str]:
    """The nodes that a packet may meet: all but the containers that have nothing to do with it."""
    wanted = {source}
    wanted |= {node.name for node in plan.nodes if node.host is None}
    targets = {place.address}
    targets |= {
        server.target[0] for server in plan.servers if server.target is not None and server.port == place.port
    }
    wanted |= {item.node for item in plan.settings if isinstance(item, OnLink) and item.address in targets}
    return [node.name for node in plan.nodes if node.name in wanted]


def main_address(plan: Plan, name: str) -> Address | None:
    """A node's first IPv4 address: not the loopback's, and not a bridge's where it has another."""
    bridges = {link.name for link in plan.links if link.node == name and not hasattr(link, "far_node")}
    own = [
        (interface, address)
        for interface, address in plan.addresses(name)
        if interface != "lo" and address.family == 4
    ]
    outer = [address for interface, address in own if interface not in bridges]
    return next(iter(outer or [address for _, address in own]), None)
