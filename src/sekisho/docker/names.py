"""Names in what is asked of Docker, refused where dockerd or what it asks refuses them."""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.docker.errors import DockerError
from sekisho.docker.intent import (
    BRIDGE_NAME_OPTION,
    Act,
    Connect,
    ContainerSpec,
    CreateNetwork,
    EndpointSpec,
    NetworkSpec,
    RunContainer,
)
from sekisho.model.evidence import Evidence
from sekisho.values.names import (
    BadNameError,
    container_name,
    interface_name,
    link_address,
    network_name,
    sysctl_key,
)

# (what to refuse with, for whom)
_Refusal = tuple[str, Evidence | None]


def check(act: Act) -> None:
    """Raises DockerError for the first name in it that cannot be one."""
    for words, place in _refusals(act):
        raise DockerError(words, place)


def _refusals(act: Act) -> Iterator[_Refusal]:
    match act:
        case CreateNetwork(spec):
            yield from _network(spec)
        case RunContainer(spec):
            yield from _container(spec)
        case Connect(_, endpoint):
            yield from _endpoint(endpoint)


def _network(spec: NetworkSpec) -> Iterator[_Refusal]:
    try:
        network_name(spec.name)
    except BadNameError:
        yield f"invalid name: {spec.name!r}", spec.place
    bridge = spec.option(BRIDGE_NAME_OPTION)
    if bridge:
        yield from _interface(bridge, spec.place)


def _container(spec: ContainerSpec) -> Iterator[_Refusal]:
    try:
        container_name(spec.name)
    except BadNameError:
        words = f"Invalid container name ({spec.name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
        yield words, spec.place
    for key, _ in spec.sysctls:
        try:
            sysctl_key(key)
        except BadNameError:
            yield f'sysctl "{key}" is not in a separate kernel namespace', spec.place
    for endpoint in spec.endpoints:
        yield from _endpoint(endpoint, spec.place)


def _endpoint(spec: EndpointSpec, beside: Evidence | None = None) -> Iterator[_Refusal]:
    place = spec.place or beside
    if spec.interface is not None:
        yield from _interface(spec.interface, place)
    if spec.mac is not None:
        try:
            link_address(spec.mac)
        except BadNameError:
            yield f"invalid MAC address: {spec.mac}", place


def _interface(name: str, place: Evidence | None) -> Iterator[_Refusal]:
    try:
        interface_name(name)
    except BadNameError:
        yield f"invalid network interface name: {name}", place
