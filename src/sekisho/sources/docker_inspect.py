"""Docker's own view: ``docker network inspect``, ``docker inspect``, ``docker version``.

The field names are those of the Engine API (NetworkResource, ContainerJSON). Podman's inspect output
is read as well: its networks have lower-case keys and their bridge as ``network_interface``.
"""

from __future__ import annotations

from dataclasses import replace

from sekisho.errors import SourceError, said
from sekisho.model.docker import (
    DockerContainer,
    DockerEndpoint,
    DockerNetwork,
    DockerSubnet,
    NetworkMember,
    PublishedPort,
)
from sekisho.model.evidence import Evidence, Unread
from sekisho.sources.json_stream import (
    Element,
    Json,
    dict_items,
    elements,
    line_of_key,
    list_at,
    pairs_at,
    text_at,
    value_at,
)
from sekisho.sources.parsed import Parsed
from sekisho.values.address import Address, Prefix
from sekisho.values.names import (
    BadNameError,
    container_name,
    interface_name,
    link_address,
    network_name,
)
from sekisho.values.numbers import integer

BRIDGE_NAME_OPTION = "com.docker.network.bridge.name"


def parse_networks(text: str, file: str) -> Parsed[DockerNetwork]:
    """``docker network inspect $(docker network ls -q)``. A network with a bad value is Unread; one with
    a bad member is kept, without its members.

    Raises SourceError when the text is not JSON or an element is no network at all.
    """
    facts: list[DockerNetwork] = []
    unread: list[Unread] = []
    for element in elements(text, file):
        podman = isinstance(element.value, dict) and "network_interface" in element.value
        key = "name" if podman else "Name"
        evidence = _evidence(element, file, key)
        if not text_at(element.value, key) or not text_at(element.value, "id" if podman else "Id"):
            raise _not_a(
                "this is not a network as Docker's inspect prints it",
                evidence,
                "docker network inspect $(docker network ls -q)",
            )
        try:
            network = (_podman_network if podman else _network)(element.value, evidence)
        except BadNameError as error:
            unread.append(Unread(evidence, "bad-name", error.text))
        except ValueError as error:
            unread.append(Unread(evidence, "bad-address", str(error)))
        else:
            faults: list[Unread] = []
            members = None if podman else _members(element, file, evidence, faults)
            facts.append(replace(network, members=None if faults else members))
            unread += faults
    return Parsed(tuple(facts), tuple(unread))


def parse_containers(text: str, file: str) -> Parsed[DockerContainer]:
    """``docker inspect $(docker ps -q)``; as ``parse_networks`` for what is wrong."""
    facts: list[DockerContainer] = []
    unread: list[Unread] = []
    for element in elements(text, file):
        evidence = _evidence(element, file, "Name")
        value = element.value
        if not text_at(value, "Id") or value_at(value, "State") is None or not text_at(value, "Name"):
            raise _not_a(
                "this is not a container as Docker's inspect prints it",
                evidence,
                "docker inspect $(docker ps -q)",
            )
        try:
            facts.append(_container(value, evidence))
        except BadNameError as error:
            unread.append(Unread(evidence, "bad-name", error.text))
        except ValueError as error:
            unread.append(Unread(evidence, "bad-value", str(error)))
    return Parsed(tuple(facts), tuple(unread))


def parse_version(text: str, file: str) -> str | None:
    """The engine's version of ``docker version --format json``; None where it does not tell.

    Engines before 23 print the word ``json`` for that format; the client's own version says nothing
    about the engine.
    """
    if text.strip() == "json":
        return None
    found = elements(text, file)
    for element in found:
        if not isinstance(element.value, dict) or not {"Server", "Client"} & set(element.value):
            raise SourceError(
                "this is not what `docker version` prints", file=file, line=element.line,
                text=element.source[:120], advice="capture it with: docker version --format json",
            )  # fmt: skip
    versions = [text_at(element.value, "Server", "Version") for element in found]
    return next((version for version in versions if version), None)


def _evidence(element: Element, file: str, key: str) -> Evidence:
    line, text = line_of_key(element, key)
    return Evidence(file, line, text)


def _not_a(what: str, evidence: Evidence, command: str) -> SourceError:
    return SourceError(
        what, file=evidence.file, line=evidence.line,
        text=evidence.text, advice=said("capture it with: {0}", command),
    )  # fmt: skip


def _network(value: Json, evidence: Evidence) -> DockerNetwork:
    options = pairs_at(value, "Options")
    driver, network_id = text_at(value, "Driver"), text_at(value, "Id")
    bridge = dict(options).get(BRIDGE_NAME_OPTION) or f"br-{network_id[:12]}"
    subnets = tuple(
        DockerSubnet(
            Prefix.parse(text_at(config, "Subnet")),
            _address(text_at(config, "Gateway")),
            _prefix(text_at(config, "IPRange")),
        )
        for config in list_at(value, "IPAM", "Config")
        if text_at(config, "Subnet")
    )
    return DockerNetwork(
        network_name(text_at(value, "Name")), network_id, driver, text_at(value, "Scope") or "local",
        value_at(value, "Internal") is True, interface_name(bridge) if driver == "bridge" else None, subnets,
        options,
        pairs_at(value, "Labels"), None, evidence,
    )  # fmt: skip


def _members(
    element: Element, file: str, place: Evidence, unread: list[Unread]
) -> tuple[NetworkMember, ...] | None:
    """``Containers`` by id; its addresses carry the subnet's length. Swarm's networks of other hosts have
    null there."""
    listed = value_at(element.value, "Containers")
    if listed is None:
        return None
    if not isinstance(listed, dict):
        unread.append(Unread(_evidence(element, file, "Containers"), "bad-value", "Containers"))
        return None
    found = []
    for number, each in listed.items():
        try:
            found.append(_member(number, each))
        except BadNameError as error:
            unread.append(Unread(place, "bad-name", error.text))
        except ValueError as error:
            unread.append(Unread(place, "bad-address", str(error)))
    return tuple(found)


def _member(number: str, each: Json) -> NetworkMember:
    """Raises BadNameError and ValueError."""
    addresses = (_address(text_at(each, f"IPv{family}Address")) for family in (4, 6))
    known = tuple(address for address in addresses if address is not None)
    mac = text_at(each, "MacAddress")
    return NetworkMember(
        number, container_name(text_at(each, "Name")), known, link_address(mac) if mac else None
    )


def _podman_network(value: Json, evidence: Evidence) -> DockerNetwork:
    subnets = tuple(
        DockerSubnet(Prefix.parse(text_at(config, "subnet")), _address(text_at(config, "gateway")))
        for config in list_at(value, "subnets")
    )
    driver, bridge = text_at(value, "driver"), text_at(value, "network_interface")
    return DockerNetwork(
        network_name(text_at(value, "name")), text_at(value, "id"), driver, "local",
        value_at(value, "internal") is True,
        interface_name(bridge) if bridge and driver == "bridge" else None, subnets,
        pairs_at(value, "options"), pairs_at(value, "labels"), None, evidence,
    )  # fmt: skip


def _container(value: Json, evidence: Evidence) -> DockerContainer:
    exposed = {_port(key): None for key, _ in dict_items(value_at(value, "Config", "ExposedPorts"))}
    published: list[PublishedPort] = []
    for key, bindings in dict_items(value_at(value, "NetworkSettings", "Ports")):
        port, proto = _port(key)
        if not bindings:
            exposed.setdefault((port, proto))
        for binding in bindings if isinstance(bindings, list) else ():
            host_port = integer(text_at(binding, "HostPort") or "0")
            published.append(PublishedPort(port, proto, _address(text_at(binding, "HostIp")), host_port))
    pid = value_at(value, "State", "Pid")
    return DockerContainer(
        name=container_name(text_at(value, "Name").removeprefix("/")),
        id=text_at(value, "Id"),
        running=value_at(value, "State", "Running") is True,
        network_mode=text_at(value, "HostConfig", "NetworkMode"),
        endpoints=tuple(
            _endpoint(name, endpoint)
            for name, endpoint in dict_items(value_at(value, "NetworkSettings", "Networks"))
        ),
        published=tuple(published),
        exposed=tuple(exposed),
        pid=pid if isinstance(pid, int) and pid > 0 else None,
        image=text_at(value, "Config", "Image") or text_at(value, "ImageName"),
        labels=pairs_at(value, "Config", "Labels"),
        command=_command(value),
        evidence=evidence,
    )


def _command(value: Json) -> tuple[str, ...]:
    """The process that the container was started with: Path and Args, in Podman's output too."""
    path = text_at(value, "Path")
    words = list_at(value, "Args")
    if not path or not all(isinstance(word, str) for word in words):
        return ()
    return (path, *(str(word) for word in words))


def _endpoint(network: str, value: Json) -> DockerEndpoint:
    addresses = (text_at(value, "IPAddress"), text_at(value, "GlobalIPv6Address"))
    gateways = (text_at(value, "Gateway"), text_at(value, "IPv6Gateway"))
    names = [*list_at(value, "Aliases"), *list_at(value, "DNSNames")]
    mac = text_at(value, "MacAddress")
    return DockerEndpoint(
        network_name(network),
        tuple(Address.parse(text) for text in addresses if text),
        tuple(address for text in gateways if (address := _address(text))),
        link_address(mac) if mac else None,
        tuple(dict.fromkeys(name for name in names if isinstance(name, str))),
    )


def _port(text: str) -> tuple[int, str]:
    number, _, proto = text.partition("/")
    return integer(number), proto or "tcp"


def _address(text: str) -> Address | None:
    """An IPv6 gateway is printed with its prefix length (``fd00::1/64``) by some versions."""
    return Address.parse(text.partition("/")[0]) if text else None


def _prefix(text: str) -> Prefix | None:
    return Prefix.parse(text) if text else None
