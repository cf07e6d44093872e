"""Reading Docker's and Podman's inspect output."""

from __future__ import annotations

import json

import pytest

from sekisho.errors import SourceError
from sekisho.model.docker import DockerEndpoint, DockerSubnet, NetworkMember, PublishedPort
from sekisho.sources import docker_inspect, docker_render
from sekisho.values.address import Address, Prefix
from sekisho.values.names import container_name, link_address, network_name
from tests.truth import needs_truth, truth_dir

NETWORK: dict[str, object] = {
    "Name": "app", "Id": "db89ce9e566a5827ec9d364fe91d13f3", "Scope": "local", "Driver": "bridge",
    "IPAM": {"Driver": "default", "Options": None,
             "Config": [{"Subnet": "172.18.0.0/16", "IPRange": "172.18.5.0/24", "Gateway": "172.18.0.1"},
                        {"Subnet": "fd00:1::/64", "Gateway": "fd00:1::1/64"}]},
    "Internal": True, "Options": {}, "Labels": {"a": "b"},
}  # fmt: skip
CONTAINER: dict[str, object] = {
    "Id": "014dd3f8c6a0", "Name": "/web", "State": {"Running": True, "Pid": 32680},
    "HostConfig": {"NetworkMode": "app", "RestartPolicy": {"Name": "no"}},
    "Config": {"Image": "nginx", "ExposedPorts": {"80/tcp": {}, "53/udp": {}}, "Labels": {"x": "y"}},
    "NetworkSettings": {
        "Ports": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}, {"HostIp": "::", "HostPort": "8080"}],
                  "53/udp": None, "90/tcp": [{"HostIp": "0.0.0.0", "HostPort": ""}]},
        "Networks": {"app": {"IPAddress": "172.18.0.2", "GlobalIPv6Address": "", "Gateway": "172.18.0.1",
                             "IPv6Gateway": "", "MacAddress": "4e:b4:11:72:87:9e", "Aliases": ["web"],
                             "DNSNames": ["web", "014dd3f8c6a0"]}}},
}  # fmt: skip


def test_who_is_in_a_network() -> None:
    """Containers by id, with the subnet's length after their addresses; swarm's own end has no container's
    id, and what has no such list tells nothing."""
    listed = {
        "cbae69": {"Name": "web", "MacAddress": "02:42:ac:12:00:02", "IPv4Address": "172.18.0.2/16",
                   "IPv6Address": "fd00:1::2/64"},
        "ingress-sbox": {"Name": "gateway_ingress-sbox", "MacAddress": "", "IPv4Address": "172.18.0.9/16",
                         "IPv6Address": ""},
    }  # fmt: skip
    texts = [{**NETWORK, "Containers": listed}, {**NETWORK, "Containers": {}}, NETWORK]
    networks = docker_inspect.parse_networks(json.dumps(texts), "docker-networks.json").facts
    assert [network.members for network in networks] == [
        (NetworkMember("cbae69", container_name("web"),
                       (Address.parse("172.18.0.2"), Address.parse("fd00:1::2")),
                       link_address("02:42:ac:12:00:02")),
         NetworkMember("ingress-sbox", container_name("gateway_ingress-sbox"),
                       (Address.parse("172.18.0.9"),), None)),
        (),
        None,
    ]  # fmt: skip
    again = docker_inspect.parse_networks(
        docker_render.render_networks(networks), "docker-networks.json"
    ).facts
    assert again == networks
    assert json.loads(docker_render.render_networks(networks))[0]["Containers"] == listed


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Name": "web\nroot@host:~#"}, "bad-name"),
        ({"Name": "web\x1b[2J"}, "bad-name"),
        ({"Name": ""}, "bad-name"),
        ({"MacAddress": "02:42\x1b[2J"}, "bad-name"),
        ({"IPv4Address": "172.18.0.999/16"}, "bad-address"),
    ],
)
def test_a_member_that_cannot_be_read_leaves_the_network(change: dict[str, str], reason: str) -> None:
    good = {"Name": "web", "MacAddress": "02:42:ac:12:00:02", "IPv4Address": "172.18.0.2/16"}
    text = json.dumps([NETWORK | {"Containers": {"c0": good, "c1": good | change}}])
    parsed = docker_inspect.parse_networks(text, "f")
    assert [(fact.name, fact.members) for fact in parsed.facts] == [("app", None)]
    assert [one.reason for one in parsed.unread] == [reason]


@pytest.mark.parametrize(
    ("listed", "reasons"),
    [({"c1": "odd"}, ["bad-name"]), (["c1"], ["bad-value"]), ("c1", ["bad-value"]), (None, [])],
)
def test_members_that_are_none(listed: object, reasons: list[str]) -> None:
    parsed = docker_inspect.parse_networks(json.dumps([NETWORK | {"Containers": listed}]), "f")
    assert [fact.members for fact in parsed.facts] == [None]
    assert [one.reason for one in parsed.unread] == reasons


def test_network() -> None:
    (network,) = docker_inspect.parse_networks(json.dumps([NETWORK], indent=4), "docker-networks.json").facts
    assert (network.name, network.driver, network.internal, network.bridge) == (
        "app",
        "bridge",
        True,
        "br-db89ce9e566a",
    )
    assert network.subnets == (
        DockerSubnet(
            Prefix.parse("172.18.0.0/16"), Address.parse("172.18.0.1"), Prefix.parse("172.18.5.0/24")
        ),
        DockerSubnet(Prefix.parse("fd00:1::/64"), Address.parse("fd00:1::1")),
    )
    assert network.labels == (("a", "b"),)
    assert network.evidence is not None
    assert (network.evidence.line, network.evidence.text) == (3, '"Name": "app",')


@pytest.mark.parametrize(
    ("driver", "options", "bridge"),
    [
        ("bridge", {"com.docker.network.bridge.name": "docker0"}, "docker0"),
        ("bridge", None, "br-db89ce9e566a"),
        ("host", {}, None),
        ("macvlan", {"parent": "eth0"}, None),
    ],
)
def test_bridge_name(driver: str, options: dict[str, str] | None, bridge: str | None) -> None:
    text = json.dumps([NETWORK | {"Driver": driver, "Options": options}])
    assert [fact.bridge for fact in docker_inspect.parse_networks(text, "f").facts] == [bridge]


def test_container() -> None:
    (container,) = docker_inspect.parse_containers(json.dumps([CONTAINER]), "docker-containers.json").facts
    assert (container.name, container.running, container.pid, container.image) == (
        "web",
        True,
        32680,
        "nginx",
    )
    assert container.network_mode == "app"
    assert container.endpoints == (
        DockerEndpoint(
            network_name("app"), (Address.parse("172.18.0.2"),), (Address.parse("172.18.0.1"),),
            link_address("4e:b4:11:72:87:9e"), ("web", "014dd3f8c6a0"),
        ),
    )  # fmt: skip
    assert container.published == (
        PublishedPort(80, "tcp", Address(4, 0), 8080),
        PublishedPort(80, "tcp", Address(6, 0), 8080),
        PublishedPort(90, "tcp", Address(4, 0), 0),
    )
    assert container.exposed == ((80, "tcp"), (53, "udp"))


def test_two_commands_output_is_two_arrays() -> None:
    text = json.dumps([NETWORK]) + "\n" + json.dumps([NETWORK | {"Name": "other"}])
    parsed = docker_inspect.parse_networks(text, "f")
    assert [(fact.name, fact.evidence and fact.evidence.line) for fact in parsed.facts] == [
        ("app", 1),
        ("other", 2),
    ]


def test_podman() -> None:
    networks = [
        {"name": "podman", "id": "2f259bab93aa", "driver": "bridge", "network_interface": "podman0",
         "subnets": [{"subnet": "10.88.0.0/16", "gateway": "10.88.0.1"}], "internal": False},
    ]  # fmt: skip
    (network,) = docker_inspect.parse_networks(json.dumps(networks), "f").facts
    assert (network.name, network.bridge) == ("podman", "podman0")
    assert network.subnets == (DockerSubnet(Prefix.parse("10.88.0.0/16"), Address.parse("10.88.0.1")),)


def test_a_bad_value_loses_one_network_only() -> None:
    bad = NETWORK | {"IPAM": {"Config": [{"Subnet": "172.18.0.999/16"}]}}
    parsed = docker_inspect.parse_networks(json.dumps([bad, NETWORK], indent=1), "f")
    assert [fact.name for fact in parsed.facts] == ["app"]
    assert [(one.reason, one.evidence.line) for one in parsed.unread] == [("bad-address", 3)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[\n {\n", 2),
        ("[\n {}\n]", 2),
        ('[{"Name": "x"}]', 1),
        ("[1]", 1),
        ("Error response from daemon", 1),
        ("[[]]", 1),
    ],
)
def test_refuses_what_is_no_network(text: str, line: int) -> None:
    with pytest.raises(SourceError) as caught:
        docker_inspect.parse_networks(text, "docker-networks.json")
    assert (caught.value.file, caught.value.line) == ("docker-networks.json", line)
    assert caught.value.advice


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ('{"Client":{"Version":"28.2.2"},"Server":{"Version":"28.5.2+dfsg4"}}\n', "28.5.2+dfsg4"),
        ('{"Client":{"Version":"28.2.2"},"Server":null}', None),
        ("json\n", None),
    ],
)
def test_version(text: str, version: str | None) -> None:
    assert docker_inspect.parse_version(text, "docker-version.json") == version


def test_version_of_something_else() -> None:
    with pytest.raises(SourceError):
        docker_inspect.parse_version('{"a": 1}', "docker-version.json")


@needs_truth
def test_every_real_network_and_container_is_read() -> None:
    truth = truth_dir()
    assert truth is not None
    networks = containers = 0
    for file in truth.glob("docker/*/*/docker-networks.json"):
        read = docker_inspect.parse_networks(file.read_text(), file.name)
        assert not read.unread
        assert len(read.facts) == len(json.loads(file.read_text()))
        networks += len(read.facts)
    for file in truth.glob("docker/*/*/docker-containers.json"):
        found = docker_inspect.parse_containers(file.read_text(), file.name)
        assert not found.unread
        assert [fact.id for fact in found.facts] == [one["Id"] for one in json.loads(file.read_text())]
        containers += len(found.facts)
    assert networks > 900
    assert containers > 300
