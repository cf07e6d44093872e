"""``-p`` values: ``[[ADDRESS:]HOST:]CONTAINER[/PROTO]`` with ranges, as go-connections' nat reads them."""

from __future__ import annotations

from sekisho.docker.intent import PortSpec
from sekisho.model.evidence import Evidence
from sekisho.values.address import Address
from sekisho.values.numbers import integer, is_number

PROTOCOLS = ("tcp", "udp", "sctp")


def parse_port(text: str, place: Evidence | None = None) -> list[PortSpec]:
    """The ports that one ``-p`` publishes. Raises ValueError with Docker's words."""
    rest, slash, proto = text.partition("/")
    proto = proto.lower() if slash else "tcp"
    if proto not in PROTOCOLS:
        raise ValueError(f"invalid proto: {proto}" if proto else f"invalid proto: {text}")
    address_text, host, container = _split(rest)
    if not container:
        raise ValueError(f"no port specified: {text}<empty>")
    address = None
    if address_text:
        try:
            address = Address.parse(address_text)
        except ValueError:
            raise ValueError(f"invalid IP address: {address_text}") from None
    first, last = _range(container, "containerPort")
    if not host:
        return [PortSpec(port, proto, address, place=place) for port in range(first, last + 1)]
    host_first, host_last = _range(host, "hostPort")
    if last - first != host_last - host_first:
        if first != last:
            raise ValueError(f"invalid ranges specified for container and host Ports: {container} and {host}")
        return [PortSpec(first, proto, address, host_first, host_last, place)]
    return [
        PortSpec(port, proto, address, host_first + port - first, host_first + port - first, place)
        for port in range(first, last + 1)
    ]


def _split(text: str) -> tuple[str, str, str]:
    """``1.2.3.4:80:81``, ``[::1]:80:81``, ``80:81``, ``81``."""
    if text.startswith("["):
        inside, _, after = text[1:].partition("]")
        parts = after.removeprefix(":").split(":")
        return inside, *(("", parts[0]) if len(parts) == 1 else (parts[0], parts[1]))
    parts = text.split(":")
    if len(parts) == 1:
        return "", "", parts[0]
    if len(parts) == 2:
        return "", parts[0], parts[1]
    return ":".join(parts[:-2]), parts[-2], parts[-1]


def _range(text: str, what: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    numbers = [first, last] if dash else [first, first]
    if not all(is_number(number) and integer(number) <= 65535 for number in numbers):
        raise ValueError(f"invalid {what}: {text}")
    low, high = integer(numbers[0]), integer(numbers[1])
    if high < low:
        raise ValueError(f"invalid {what}: {text}: invalid range specified for port")
    return low, high
