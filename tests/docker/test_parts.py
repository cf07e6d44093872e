"""Port words, command lines, address pools, engine versions and flags."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.docker.commands import parse_command, parse_lines
from sekisho.docker.engine import DEFAULT_POOLS, Engine, Pool, parse_version, with_backend
from sekisho.docker.engine_flags import apply
from sekisho.docker.errors import DockerError
from sekisho.docker.intent import Connect, CreateNetwork, PortSpec, RemoveNetwork, RunContainer
from sekisho.docker.ipam import Addresses, NoAddressLeft, NoSubnetLeft, Pools
from sekisho.docker.port_words import parse_port
from sekisho.docker.ports import binding_order
from sekisho.docker.predict import bare_host, predict
from sekisho.errors import UsageError
from sekisho.values.address import Address, Prefix

A = Address.parse
PORTS: list[tuple[list[PortSpec], str]] = [
    ([PortSpec(80)], "80"),
    ([PortSpec(80, "tcp", None, 8080, 8080)], "8080:80"),
    ([PortSpec(53, "udp", None, 53, 53)], "53:53/UDP"),
    ([PortSpec(80, "tcp", A("127.0.0.1"), 8080, 8080)], "127.0.0.1:8080:80"),
    ([PortSpec(80, "tcp", A("127.0.0.1"))], "127.0.0.1::80"),
    ([PortSpec(80, "tcp", A("::1"), 8080, 8080)], "[::1]:8080:80"),
    ([PortSpec(80, "tcp", None, 9000, 9002)], "9000-9002:80"),
    ([PortSpec(80, "tcp", None, 90, 90), PortSpec(81, "tcp", None, 91, 91)], "90-91:80-81"),
    ([PortSpec(80), PortSpec(81)], "80-81"),
]


@pytest.mark.parametrize(("want", "text"), PORTS)
def test_ports(want: list[PortSpec], text: str) -> None:
    assert parse_port(text) == want


@pytest.mark.parametrize(
    "text", ["", "a", "80:", "80:a", "99999", "81-80", "1-2:1-4", "1.2.3:80:80", "80/x", "::"]
)
def test_bad_ports(text: str) -> None:
    with pytest.raises(ValueError, match=r"invalid|no port"):
        parse_port(text)


def test_the_order_of_binding() -> None:
    """PortBindingReq.Compare: exact host ports first, then container port, protocol, host port."""
    ports = [PortSpec(443), PortSpec(81, "tcp", None, 9000, 9002), PortSpec(80, "udp", None, 5, 5),
             PortSpec(80, "tcp", None, 8080, 8080), PortSpec(53, "udp", None, 53, 53)]  # fmt: skip
    found = [(port.container_port, port.proto) for port in binding_order(Engine(), ports)]
    assert found == [(53, "udp"), (80, "tcp"), (80, "udp"), (81, "tcp"), (443, "tcp")]


# --------------------------------------------------------------------------------- command lines


def test_run() -> None:
    act = parse_command(
        "docker run -dit --rm --name web --network app --ip 10.0.0.5 --network-alias www -p8080:80"
        " -p 53:53/udp --expose 99 -e A=b --sysctl net.core.somaxconn=5 --label x=y -P nginx:1"
        " nginx -p 80 --name other"
    )
    assert isinstance(act, RunContainer)
    spec = act.spec
    assert (spec.name, spec.image, spec.publish_all) == ("web", "nginx:1", True)
    (endpoint,) = spec.endpoints
    assert (endpoint.network, endpoint.ipv4, endpoint.aliases) == ("app", A("10.0.0.5"), ("www",))
    assert [port.container_port for port in spec.ports] == [80, 53]
    assert spec.exposed == ((99, "tcp"), (80, "tcp"), (53, "udp"))
    assert (spec.sysctls, spec.labels) == ((("net.core.somaxconn", "5"),), (("x", "y"),))


def test_several_networks() -> None:
    act = parse_command("docker run --name a --network name=one,ip=10.0.0.9,gw-priority=2 --network two x")
    assert isinstance(act, RunContainer)
    assert [(e.network, e.ipv4, e.gw_priority) for e in act.spec.endpoints] == [
        ("one", A("10.0.0.9"), 2), ("two", None, 0),
    ]  # fmt: skip


@pytest.mark.parametrize(("mode", "line"), [
    ("host", "docker run --name a --network host x"), ("none", "docker run --name a --net=none x"),
    ("container:b", "docker run --name a --network container:b x"),
])  # fmt: skip
def test_modes(mode: str, line: str) -> None:
    act = parse_command(line)
    assert isinstance(act, RunContainer)
    assert (act.spec.mode, act.spec.endpoints) == (mode, ())


def test_create_connect_remove() -> None:
    act = parse_command(
        "docker network create -d bridge --subnet 10.1.0.0/16 --gateway 10.1.0.254 --ip-range 10.1.5.0/24"
        " --aux-address r=10.1.0.7 --internal --ipv6 --subnet fd00:1::/64 -o a.b=1400 n"
    )
    assert isinstance(act, CreateNetwork)
    spec = act.spec
    first, second = spec.subnets
    assert (first.prefix, first.gateway, first.ip_range) == (
        Prefix.parse("10.1.0.0/16"), A("10.1.0.254"), Prefix.parse("10.1.5.0/24"),
    )  # fmt: skip
    assert (first.auxiliary, second.prefix) == ((A("10.1.0.7"),), Prefix.parse("fd00:1::/64"))
    assert (spec.name, spec.internal, spec.ipv6) == ("n", True, True)
    connect = parse_command("docker network connect --ip 10.1.0.9 n web")
    assert isinstance(connect, Connect)
    assert (connect.container, connect.endpoint.network, connect.endpoint.ipv4) == ("web", "n", A("10.1.0.9"))
    assert parse_command("docker network rm n") == RemoveNetwork("n")


@pytest.mark.parametrize(("words", "line"), [
    ("requires exactly 1 argument", "docker network create"),
    ("unknown flag", "docker network create --nope x n"),
    ("flag needs an argument", "docker network create n --subnet"),
    ("invalid subnet", "docker network create --subnet 10.1.0.0 n"),
    ("it should be 10.1.0.0/16", "docker network create --subnet 10.1.2.0/16 n"),
    ("no matching subnet", "docker network create --subnet 10.1.0.0/16 --gateway 10.2.0.1 n"),
    ("requires at least 1 argument", "docker run --name a"),
    ("would draw one", "docker run nginx"),
    ("invalid IP address", "docker run --name a --ip nope x"),
    ("invalid containerPort", "docker run --name a -p 80:x y"),
    ("conflicting options", "docker run --name a --network container:b -p 80:80 x"),
    ("not planned", "docker swarm init"),
    ("not a command line", "docker run 'x"),
])  # fmt: skip
def test_lines_that_docker_refuses(words: str, line: str) -> None:
    with pytest.raises(DockerError, match=words):
        parse_command(line)


def test_a_script_keeps_its_lines() -> None:
    text = "#!/bin/sh\n\ndocker pull x\ndocker network create \\\n  n\n"
    text += "docker run --name a --network nope \\\n x\n"
    acts = parse_lines(text.split("\n"), "up.sh")
    places = [act.spec.place for act in acts if isinstance(act, CreateNetwork | RunContainer)]
    assert [(place.file, place.line) for place in places if place] == [("up.sh", 4), ("up.sh", 6)]


# ----------------------------------------------------------------------------------------- pools


def test_thirty_one_networks_and_no_more() -> None:
    """172.17/16 to 172.31/16, then 192.168.0.0/16 by /20 (measured: the 31st user network fails)."""
    pools = Pools(Engine())
    taken: list[Prefix] = []
    for _ in range(31):
        taken.append(pools.choose(taken, ()))
    assert str(taken[0]) == "172.17.0.0/16"
    assert str(taken[14]) == "172.31.0.0/16"
    assert str(taken[15]) == "192.168.0.0/20"
    assert str(taken[30]) == "192.168.240.0/20"
    with pytest.raises(NoSubnetLeft):
        pools.choose(taken, ())


def test_a_freed_subnet() -> None:
    """27 takes the lowest free one; 26 goes on after the last that it gave out (both measured)."""
    wanted = {(27, 5, 1): "172.18.0.0/16", (26, 1, 5): "172.20.0.0/16"}
    for version, subnet in wanted.items():
        pools = Pools(Engine(version))
        taken = [pools.choose((), ())]
        for _ in range(2):
            taken.append(pools.choose(taken, ()))
        del taken[1]
        assert str(pools.choose(taken, ())) == subnet


prefixes = st.builds(
    lambda value, length: Prefix(4, value >> (32 - length) << (32 - length), length),
    st.integers(0, 2**32 - 1), st.integers(8, 30),
)  # fmt: skip


@given(st.lists(prefixes, max_size=6), st.lists(prefixes, max_size=6))
def test_a_chosen_subnet_is_free_and_the_first(taken: list[Prefix], reserved: list[Prefix]) -> None:
    blocked = [*taken, *reserved]
    every = [
        subnet
        for base, size in DEFAULT_POOLS
        for subnet in _split(Prefix.parse(base), size)
        if not any(subnet.overlaps(other) for other in blocked)
    ]
    try:
        found = Pools(Engine()).choose(taken, reserved)
    except NoSubnetLeft:
        assert every == []
        return
    assert found == every[0]


def _split(base: Prefix, size: int) -> list[Prefix]:
    step = 1 << (32 - size)
    return [Prefix(4, value, size) for value in range(base.first, base.last + 1, step)]


def test_addresses() -> None:
    pool = Addresses(Prefix.parse("10.0.0.0/30"))
    assert str(pool.lowest(None)) == "10.0.0.1"
    assert str(pool.lowest(None)) == "10.0.0.2"
    with pytest.raises(NoAddressLeft):
        pool.lowest(None)
    pool.free(A("10.0.0.1"))
    assert str(pool.lowest(None)) == "10.0.0.1"
    # A range's own first address is handed out (measured: 172.18.5.0, 192.168.5.128).
    inside = Addresses(Prefix.parse("172.18.0.0/16"))
    assert str(inside.lowest(Prefix.parse("172.18.5.0/24"))) == "172.18.5.0"


# --------------------------------------------------------------------------------------- engines


@pytest.mark.parametrize(("want", "text"), [
    ((20, 10, 24), "20.10"), ((20, 10, 7), "20.10.7"), ((20, 10, 24), "20.10.24+dfsg1"), ((28, 5, 2), "28"),
    ((28, 0, 0), "28.0"), ((28, 0, 1), "28.0.1"), ((29, 7, 2), "v29"), ((26, 1, 5), "26"),
])  # fmt: skip
def test_versions(want: tuple[int, int, int], text: str) -> None:
    assert parse_version(text) == want


@pytest.mark.parametrize("text", ["", "nope", "19.03", "30", "1"])
def test_unknown_versions(text: str) -> None:
    with pytest.raises(UsageError, match=r"Docker"):
        parse_version(text)


def test_flags() -> None:
    engine = apply(
        Engine(),
        ["--iptables=false", "--bip", "10.9.0.1/24", "--default-address-pool", "base=10.0.0.0/8,size=20",
         "--data-root", "/x", "--debug", "--default-network-opt=bridge=com.docker.network.driver.mtu=1400"],
    )  # fmt: skip
    assert (engine.iptables, engine.bip) == (False, (A("10.9.0.1"), 24))
    assert engine.pools == (Pool(Prefix.parse("10.0.0.0/8"), 20),)
    assert engine.network_options == (("bridge", "com.docker.network.driver.mtu", "1400"),)


@pytest.mark.parametrize("flags", [
    ["--nope"], ["--bip"], ["--bip=x"], ["--iptables=maybe"], ["iptables"], ["--default-address-pool=base=x"],
    ["--default-address-pool=base=10.0.0.0/24,size=20"], ["--firewall-backend=pf"],
])  # fmt: skip
def test_bad_flags(flags: list[str]) -> None:
    with pytest.raises(UsageError):
        apply(Engine(), flags)


def test_nftables_came_with_29() -> None:
    assert with_backend(Engine((29, 0, 0)), "nftables").nftables
    with pytest.raises(UsageError, match="no nftables backend"):
        with_backend(Engine((28, 5, 2)), "nftables")


@pytest.mark.parametrize(
    ("version", "ports", "chance"),
    [
        ("26.1.5", "-p 8080:80 -p 8443:443", True),  # each is the lesser: by host port, by container port
        ("26.1.5", "-p 8443:80 -p 8080:443", False),
        ("26.1.5", "-p 8080:80", False),
        ("26.1.5", "-p 53:53/tcp -p 53:53/udp", False),
        ("20.10.24", "-p 80 -p 443", False),
        ("20.10.24", "-p 8080:80 -p 8081:80", True),
        ("27.5.1", "-p 8080:80 -p 8443:443", False),
    ],
)
def test_the_order_of_ports_is_said_to_be_chance(version: str, ports: str, chance: bool) -> None:
    act = parse_command(f"docker run --name a {ports} x")
    assert act is not None
    plan = predict(bare_host(), Engine(parse_version(version)), [act])
    assert ("port-order" in [note.id for note in plan.notes]) == chance
