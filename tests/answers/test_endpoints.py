"""Endpoints as users write them, and the packets they make."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho.answers.endpoints import Endpoint, parse_endpoint
from sekisho.answers.ends import parse_end
from sekisho.answers.facing import default_interfaces
from sekisho.answers.places import Reading
from sekisho.answers.trace import Question, question_of_flow, trace
from sekisho.errors import UsageError
from sekisho.semantics.world import World
from sekisho.sources.load import load, load_text
from sekisho.values.address import Address

HOST = Path(__file__).resolve().parents[2] / "examples" / "host-10.1.0.81"


def address(text: str) -> Address:
    return Address.parse(text)


TABLE: list[tuple[str, Endpoint]] = [
    ("10.1.0.81", Endpoint("10.1.0.81", "address", address=address("10.1.0.81"))),
    ("10.1.0.81:80", Endpoint("10.1.0.81:80", "address", address=address("10.1.0.81"), port=80)),
    ("10.1.0.81/32:80", Endpoint("10.1.0.81/32:80", "address", address=address("10.1.0.81"), port=80)),
    ("[10.1.0.81]:80", Endpoint("[10.1.0.81]:80", "address", address=address("10.1.0.81"), port=80)),
    ("2001:db8::1", Endpoint("2001:db8::1", "address", address=address("2001:db8::1"))),
    ("[2001:db8::1]:443", Endpoint("[2001:db8::1]:443", "address", address=address("2001:db8::1"), port=443)),
    ("[::1]", Endpoint("[::1]", "address", address=address("::1"))),
    ("internet", Endpoint("internet", "internet")),
    ("internet:53", Endpoint("internet:53", "internet", port=53)),
    ("host:22", Endpoint("host:22", "host", port=22)),
    (":22", Endpoint(":22", "host", port=22)),
    ("container:web", Endpoint("container:web", "container", "web")),
    ("container:web:8080", Endpoint("container:web:8080", "container", "web", port=8080)),
    ("network:my_net", Endpoint("network:my_net", "network", "my_net")),
    ("iface:eth0.7:80", Endpoint("iface:eth0.7:80", "iface", "eth0.7", port=80)),
    ("netns:a-b", Endpoint("netns:a-b", "netns", "a-b")),
]


@pytest.mark.parametrize(("text", "wanted"), TABLE, ids=[text for text, _ in TABLE])
def test_endpoints(text: str, wanted: Endpoint) -> None:
    assert parse_endpoint(text) == wanted


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("an endpoint is empty", ""),
        ("not a port: '0'", "host:0"),
        ("not a port: '65536'", "host:65536"),
        ("not a port: 'http'", "10.0.0.1:http"),
        ("not a port: '80-90'", "host:80-90"),
        ("not a port: '８０'", "host:８０"),
        ("not a port: ''", "container:web:"),
        ("the bracket is not closed", "[::1"),
        ("the bracket is not closed", "[::1]80"),
        ("container: needs a name", "container:"),
        ("a trace follows one packet: name one address of 10.0.0.0/24", "10.0.0.0/24"),
        ("not an endpoint: host bits are set in '10.0.0.1/24'", "10.0.0.1/24"),
        ("not an endpoint: prefix length 33 is more than 32: '10.0.0.1/33'", "10.0.0.1/33"),
        ("not an endpoint: not an IP address: '300.1.1.1'", "300.1.1.1"),
        ("not an endpoint: not an IP address: '010.0.0.1'", "010.0.0.1"),
        ("not an endpoint: not an IP address: 'somewhere'", "somewhere"),
        ("instance: is not understood by this verb", "instance:i-0123"),
        ("eni: is not understood by this verb", "eni:eni-0123:80"),
    ],
)
def test_what_is_no_endpoint(said: str, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_endpoint(text)
    assert caught.value.what == said
    assert caught.value.advice


@pytest.fixture(scope="module")
def world() -> World:
    return World(load(str(HOST)))


@pytest.mark.parametrize(
    ("said", "question"),
    [
        ("no container 'web' in this snapshot", Question("internet", "container:web")),
        ("no Docker network 'net' in this snapshot", Question("network:net", "host")),
        ("no IPv4 address is known on interface eth7", Question("internet", "iface:eth7")),
        ("no IPv6 address of the host is known", Question("2001:db8::1", "host")),
        ("10.0.0.1 and ::1 are of different IP versions", Question("10.0.0.1", "::1")),
        ("no interface 'eth7' is known here", Question("internet", "host", iface="eth7")),
        ("unknown protocol: 'tcpp'", Question("internet", "host", "tcpp")),
        ("ICMP has no ports", Question("internet", "host:22", "icmp")),
        ("a packet needs a source address: write FROM as an address and add --in eth0",
         Question("iface:eth0", "host")),
    ],
)  # fmt: skip
def test_questions_that_make_no_packet(world: World, said: str, question: Question) -> None:
    with pytest.raises(UsageError) as caught:
        trace(world, question)
    assert caught.value.what == said


def test_where_packets_set_out(world: World) -> None:
    def first(source: str, **more: str) -> tuple[str, str | None]:
        hop = trace(world, Question(source, "10.1.0.81:22", **more)).forward.hops[0]  # type: ignore[arg-type]
        return hop.node, hop.iif

    assert first("internet") == ("host", "eth0")
    assert first("host") == ("host", None)
    assert first("10.1.0.7") == ("host", "eth0")
    assert first("172.18.0.2") == ("host", "br-528a7aa7b156")
    assert first("127.0.0.1") == ("host", None)
    assert first("192.0.2.1", iface="docker0") == ("host", "docker0")


def test_a_connection_to_the_unspecified_address_stays_here(world: World) -> None:
    found = trace(world, Question("host", "0.0.0.0:22"))
    assert str(found.forward.packet) == "tcp 127.0.0.1:* -> 127.0.0.1:22"


def test_without_a_default_route_nothing_faces_the_internet() -> None:
    world = World(load_text("$ ip route\n10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.1\n"))
    with pytest.raises(UsageError) as caught:
        trace(world, Question("internet", "host"))
    assert "no default route" in caught.value.what
    assert "--in" in caught.value.advice


@pytest.mark.parametrize(
    ("said", "flow"),
    [
        ("a flow needs src (an address) or from (an endpoint)", {"dst": "10.0.0.1"}),
        ("a flow needs dst", {"src": "10.0.0.1"}),
        ("unknown field 'port' in a flow", {"src": "10.0.0.1", "dst": "10.0.0.2", "port": 1}),
        ("dport is a port from 0 to 65535, not '80'", {"src": "10.0.0.1", "dst": "10.0.0.2", "dport": "80"}),
        ("dport is a port from 0 to 65535, not True", {"src": "10.0.0.1", "dst": "10.0.0.2", "dport": True}),
        (
            "sport is a port from 0 to 65535, not 65536",
            {"src": "10.0.0.1", "dst": "10.0.0.2", "sport": 65536},
        ),
        ("state is new or established, not 'old'", {"src": "10.0.0.1", "dst": "10.0.0.2", "state": "old"}),
        ("in is the name of an interface, or null", {"in": 5, "src": "10.0.0.1", "dst": "10.0.0.2"}),
    ],
)
def test_flows_that_make_no_question(said: str, flow: dict[str, object]) -> None:
    with pytest.raises(UsageError) as caught:
        question_of_flow(flow)
    assert caught.value.what == said


def test_a_flow_is_a_question() -> None:
    flow = {"id": 7, "in": "eth0", "src": "192.0.2.9", "dst": "10.1.0.81", "proto": "tcp", "sport": 40000,
            "dport": 22, "state": "new"}  # fmt: skip
    assert question_of_flow(flow) == Question("192.0.2.9", "10.1.0.81", "tcp", 40000, 22, "eth0", id=7)
    sent = {"from": "container:web", "dst": "8.8.8.8", "proto": 1, "sport": None, "state": "established"}
    assert question_of_flow(sent) == Question("container:web", "8.8.8.8", "1", state="established")


def page(*routes: str) -> World:
    return World(load_text("$ ip route show table all\n" + "\n".join(routes) + "\n"))


ETH0 = ("default via 192.0.2.1 dev eth0 metric 100", "192.0.2.0/24 dev eth0 src 192.0.2.10")
ETH1 = "198.51.100.0/24 dev eth1 src 198.51.100.10"


@pytest.mark.parametrize(
    ("routes", "fronts"),
    [
        (ETH0, ("eth0",)),
        ((*ETH0, ETH1), ("eth0",)),
        (("default via 198.51.100.1 dev eth1 metric 200", *ETH0, ETH1), ("eth0", "eth1")),
        ((*ETH0, ETH1, "default via 198.51.100.1 dev eth1 table 1001"), ("eth0", "eth1")),
        (("default dev wg0 table 51820 scope link", *ETH0), ("eth0", "wg0")),
        (("0.0.0.0/1 dev tun0", "128.0.0.0/1 dev tun0", *ETH0), ("eth0", "tun0")),
        (("0.0.0.0/2 dev tun0", "unreachable default table 7", *ETH0), ("eth0",)),
        ((ETH1,), ()),
    ],
)
def test_interfaces_with_a_default_route_face_the_internet(
    routes: tuple[str, ...], fronts: tuple[str, ...]
) -> None:
    assert default_interfaces(page(*routes).site, 4) == fronts


@pytest.mark.parametrize(("called", "front"), [("192.0.2.10", "eth0"), ("198.51.100.10", "eth1")])
def test_the_internet_calls_an_address_where_it_is(called: str, front: str) -> None:
    world = page(*ETH0, ETH1, "default via 198.51.100.1 dev eth1 table 1001")
    assert trace(world, Question("internet", f"{called}:22")).forward.packet.iif == front


def test_an_address_of_another_interface_is_not_the_one_that_is_asked_for() -> None:
    """A host whose outward interface's address nothing shows is not called by that of a bridge."""
    world = page("default via 192.0.2.1 dev eth0", "172.17.0.0/16 dev docker0 proto kernel src 172.17.0.1")
    with pytest.raises(UsageError, match="no IPv4 address is known on interface eth0"):
        trace(world, Question("192.0.2.9", "host:22", iface="eth0"))


def test_a_blacked_out_address_of_the_host_is_one_that_others_may_call() -> None:
    """``inet x.x.x.x/24`` on eth0: nobody may say that the Internet reaches none of the host's addresses."""
    links = (
        "$ ip -o addr\n2: eth0    inet x.x.x.x/24 scope global eth0\n"
        "3: docker0    inet 172.17.0.1/16 scope global docker0\n"
    )
    routes = (
        "$ ip route\ndefault via 192.0.2.1 dev eth0\n172.17.0.0/16 dev docker0 proto kernel src 172.17.0.1\n"
    )
    reading = Reading(World(load_text(links + routes)), 4)
    with pytest.raises(UsageError):
        reading.targets_of(parse_end("host:22"))
    told = links.replace("x.x.x.x", "192.0.2.10")
    assert Reading(World(load_text(told + routes)), 4).targets_of(parse_end("host:22"))
