"""Published ports: the order in which dockerd binds them, and the host ports that it chooses itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sekisho.docker.engine import Engine
from sekisho.docker.intent import PortSpec
from sekisho.values.address import Address

EPHEMERAL = (32768, 60999)
ANY4 = Address(4, 0)
ANY6 = Address(6, 0)


class PortTaken(Exception):
    """The host port, or every port of the range, is in use. ``args``: port spec, the first port."""

    def __init__(self, port: PortSpec, number: int) -> None:
        super().__init__(number)
        self.port = port
        self.number = number


def binding_order(engine: Engine, ports: Iterable[PortSpec]) -> list[PortSpec]:
    """27 and later: exact host ports before ranges and open choices, then container port, protocol, host
    port, end of the range, host address (PortBindingReq.Compare). Older engines sort by descending host
    port and container port, with a comparison that leaves some orders to chance (nat.SortPortMap)."""
    if engine.version >= (27, 0, 0):
        return sorted(ports, key=_compare_key)
    return sorted(ports, key=lambda port: (-port.host_first, -port.container_port, port.proto != "tcp"))


def order_is_chance(engine: Engine, ports: Iterable[PortSpec]) -> bool:
    """Whether the order of binding follows from nothing: up to 26 dockerd sorts ports that come in random
    order, and where each of two counts as the lesser (go-connections, nat.portMapSorter: the greater host
    port, or the smaller container port, or tcp of one port) the end depends on the beginning."""
    if engine.version >= (27, 0, 0):
        return False

    def less(one: PortSpec, other: PortSpec) -> bool:
        if one.host_first > other.host_first or one.container_port < other.container_port:
            return True
        return one.container_port == other.container_port and one.proto == "tcp"

    found = list(ports)
    pairs = ((one, other) for at, one in enumerate(found) for other in found[:at])
    return any(less(one, other) and less(other, one) for one, other in pairs)


def _compare_key(port: PortSpec) -> tuple[bool, int, str, int, int, str]:
    exact = port.host_first > 0 and port.host_first == port.host_last
    host = str(port.host_address) if port.host_address is not None else ""
    return (not exact, port.container_port, port.proto, port.host_first, port.host_last, host)


def host_addresses(
    engine: Engine, port: PortSpec, default: Address | None, v6_listens: bool, v6_container: bool
) -> tuple[Address, ...]:
    """The host addresses that one ``-p`` binds: 0.0.0.0 and :: where none is named.

    Without docker-proxy nothing carries host IPv6 to a container that has only IPv4.
    """
    named = port.host_address or default
    if named is not None and (named.value or port.host_address is not None):
        found: tuple[Address, ...] = (named,)
    else:
        found = (ANY4, ANY6) if v6_listens else (ANY4,)
    if engine.hairpin and not v6_container:
        found = tuple(address for address in found if address.family == 4)
    return found


def host_range(port: PortSpec, ephemeral: tuple[int, int] = EPHEMERAL) -> tuple[int, int]:
    """The host ports that may be chosen."""
    return (port.host_first, port.host_last) if port.host_first else ephemeral


def choose(port: PortSpec, is_free: Callable[[int], bool], first: int, last: int, after: int) -> int:
    """The next free host port of the range after ``after``, round and round. Raises PortTaken."""
    count = last - first + 1
    for step in range(count):
        number = first + (after - first + 1 + step) % count
        if is_free(number):
            return number
    raise PortTaken(port, first)
