"""dockerd's flags: what each does to the default bridge, and what dockerd refuses, in its own words.

The words and the addresses of 20.10 are those of a real 20.10.24; later ones follow moby's source.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from sekisho.docker.bare import ORDINARY
from sekisho.docker.commands import parse_lines
from sekisho.docker.engine import Engine, parse_version
from sekisho.docker.engine_flags import apply
from sekisho.docker.errors import DockerError
from sekisho.docker.predict import Plan, Predictor
from sekisho.errors import UsageError
from sekisho.model.links import Interface, InterfaceAddress
from sekisho.model.snapshot import Snapshot
from sekisho.sources import ip_route
from sekisho.values.address import Address
from sekisho.values.names import interface_name


def _plan(version: str, flags: str, *commands: str, before: Snapshot = ORDINARY) -> Plan:
    predictor = Predictor(before, apply(Engine(parse_version(version)), flags.split()))
    for act in parse_lines(commands, "commands"):
        predictor.apply(act)
    return predictor.plan()


RUN = "docker run -d --name web nginx"


# (version, flags) -> the default bridge's subnets, its own addresses, a container's and what it routes by
BRIDGES: list[tuple[str, str, list[str], list[str], list[str], list[str]]] = [
    ("20.10", "", ["172.17.0.0/16"], ["172.17.0.1"], ["172.17.0.2"], ["172.17.0.1"]),
    ("20.10", "--bip=192.168.77.1/24 --default-gateway=192.168.77.254", ["192.168.77.0/24"], ["192.168.77.1"],
     ["192.168.77.2"], ["192.168.77.254"]),
    ("29", "--bip=192.168.77.1/24 --default-gateway 192.168.77.2", ["192.168.77.0/24"], ["192.168.77.1"],
     ["192.168.77.3"], ["192.168.77.2"]),
    ("20.10", "--fixed-cidr=172.17.128.0/17", ["172.17.0.0/16"], ["172.17.128.0"], ["172.17.128.1"],
     ["172.17.128.0"]),
    ("20.10", "--fixed-cidr=10.20.0.0/16", ["172.17.0.0/16"], ["172.17.0.1"], ["172.17.0.2"], ["172.17.0.1"]),
    ("26", "--fixed-cidr=172.17.128.0/17", ["172.17.0.0/16"], ["172.17.128.0"], ["172.17.128.1"],
     ["172.17.128.0"]),
    ("27", "--fixed-cidr=10.20.0.0/16", ["10.20.0.0/16"], ["10.20.0.1"], ["10.20.0.2"], ["10.20.0.1"]),
    ("28", "--ipv6 --bip6=fd00:9::1/64", ["172.17.0.0/16", "fd00:9::/64"], ["172.17.0.1", "fd00:9::1"],
     ["172.17.0.2", "fd00:9::2"], ["172.17.0.1", "fd00:9::1"]),
    ("29", "--ipv6 --bip6 fd00:9::5/64 --fixed-cidr-v6=fd00:9::100/120 --default-gateway-v6=fd00:9::9",
     ["172.17.0.0/16", "fd00:9::/64"], ["172.17.0.1", "fd00:9::5"], ["172.17.0.2", "fd00:9::100"],
     ["172.17.0.1", "fd00:9::9"]),
    # Without --ipv6 the default bridge has no IPv6, whatever is said of it.
    ("28", "--bip6=fd00:9::1/64", ["172.17.0.0/16"], ["172.17.0.1"], ["172.17.0.2"], ["172.17.0.1"]),
    ("28", "--fixed-cidr-v6=fd00:9::/64", ["172.17.0.0/16"], ["172.17.0.1"], ["172.17.0.2"], ["172.17.0.1"]),
]  # fmt: skip


@pytest.mark.parametrize(("version", "flags", "subnets", "own", "container", "gateways"), BRIDGES)
def test_the_default_bridge(
    version: str, flags: str, subnets: list[str], own: list[str], container: list[str], gateways: list[str]
) -> None:
    after = _plan(version, flags, RUN).after
    (bridge,) = [network for network in after.networks or () if network.name == "bridge"]
    assert [str(item.subnet) for item in bridge.subnets] == subnets
    mine = [item for item in after.host.addresses or () if item.interface == "docker0"]
    assert [str(item.address) for item in mine if item.scope == "global"] == own
    (web,) = after.containers or ()
    assert [str(address) for address in web.endpoints[0].addresses] == container
    assert [str(address) for address in web.endpoints[0].gateways] == gateways
    (inside,) = [one for one in after.namespaces if one.name == "web"]
    routes = [route.nexthops[0].via for route in inside.routes if not route.dst.length]
    assert [str(via) for via in routes] == gateways


def test_a_bridge_that_is_there() -> None:
    """--bridge: its own address is the gateway; containers get the lowest free one (10.44.0.1, measured)."""
    host = ORDINARY.host
    own = InterfaceAddress(interface_name("br9"), 4, Address.parse("10.44.0.5"), 24, scope="global")
    with_bridge = replace(
        host,
        interfaces=(*(host.interfaces or ()), Interface(interface_name("br9"), 3, "bridge", ("UP",))),
        addresses=(*(host.addresses or ()), own),
    )
    after = _plan("20.10", "--bridge br9", RUN, before=replace(ORDINARY, host=with_bridge)).after
    (bridge,) = [network for network in after.networks or () if network.name == "bridge"]
    assert (bridge.bridge, str(bridge.subnets[0].subnet), str(bridge.subnets[0].gateway)) == (
        "br9", "10.44.0.0/24", "10.44.0.5",
    )  # fmt: skip
    (web,) = after.containers or ()
    assert [str(address) for address in web.endpoints[0].addresses] == ["10.44.0.1"]
    assert "docker0" not in {item.name for item in after.host.interfaces or ()}


# What dockerd refuses to start with, and its words.
REFUSED: list[tuple[str, str, str]] = [
    ("20.10", "--bip6=fd00::1/64", "unknown flag: --bip6"),
    ("27", "--bip6 fd00::1/64", "unknown flag: --bip6"),
    ("28.5", "--bridge-accept-fwmark=1", "unknown flag: --bridge-accept-fwmark"),
    ("28.1", "--allow-direct-routing", "unknown flag: --allow-direct-routing"),
    ("27", "--ip-forward-no-drop", "unknown flag: --ip-forward-no-drop"),
    ("23", "--default-network-opt=bridge=a=b", "unknown flag: --default-network-opt"),
    ("28", "--firewall-backend=iptables", "unknown flag: --firewall-backend"),
    ("29", "--iptable=false", "unknown flag: --iptable"),
    ("29", "--never-heard-of", "unknown flag: --never-heard-of"),
    ("29", "-bip=10.0.0.1/24 --bip 10.0.0.1/24",
     "You specified -b & --bip, mutually exclusive options. Please specify only one"),
    ("28", "-b br9 --bip6=fd00::1/64",
     "You specified -b & --bip6, mutually exclusive options. Please specify only one"),
    ("20.10", "--icc=false --iptables=false",
     "You specified --iptables=false with --icc=false. ICC=false uses iptables to function."
     " Please set --icc or --iptables to true"),
    ("28", "--icc=false --ip6tables=false --ipv6",
     "You specified --ip6tables=false with --icc=false. ICC=false uses ip6tables to function."
     " Please set --icc or --ip6tables to true"),
    ("20.10", "--ip6tables", "ip6tables rules are only available if experimental features are enabled"),
    ("26", "--ip6tables=true", "ip6tables rules are only available if experimental features are enabled"),
    ("20.10", "--default-gateway=10.0.0.9",
     "auxiliary address: (DefaultGatewayIPv4:10.0.0.9) must belong to the master pool: 172.17.0.0/16"),
    ("20.10", "--bridge=br9", "bridge device with non default name br9 must be created manually"),
    ("20.10", "--ipv6",
     "IPv6 is enabled for the default bridge, but no subnet is configured. Specify an IPv6 subnet using"
     " --fixed-cidr-v6"),
    ("27", "--ipv6",
     "IPv6 is enabled for the default bridge, but no subnet is configured. Specify an IPv6 subnet using"
     " --fixed-cidr-v6"),
    ("29", "--rootless", "a rootless daemon's networks are in a namespace of RootlessKit's"),
    ("29", "--bip=fd00::1/64", "bad value for --bip: not an IPv4 address: fd00::1"),
    ("29", "--bip6=10.0.0.1/24", "bad value for --bip6: not an IPv6 address: 10.0.0.1"),
    ("29", "--default-gateway-v6=10.0.0.1",
     "bad value for --default-gateway-v6: not an IPv6 address: 10.0.0.1"),
    ("29", "--metrics-addr=127.0.0.1", "bad value for --metrics-addr: an address and a port are needed, for"
     " example 127.0.0.1:9323"),
]  # fmt: skip


@pytest.mark.parametrize(("version", "flags", "words"), REFUSED)
def test_what_dockerd_refuses(version: str, flags: str, words: str) -> None:
    with pytest.raises((UsageError, DockerError)) as refused:
        _plan(version, flags)
    assert str(refused.value.what) == words


@pytest.mark.parametrize("flags", [
    "--experimental --ip6tables", "--log-level=debug --data-root /x -D --tlsverify=false -l warn -H fd://",
    "--live-restore --dns 9.9.9.9 --host-gateway-ip=10.0.0.1 --userns-remap=default --init",
])  # fmt: skip
def test_what_says_nothing_about_the_network(flags: str) -> None:
    plain = _plan("20.10", "", RUN).after
    assert _plan("20.10", flags, RUN).after.host.addresses == plain.host.addresses
    assert _plan("20.10", flags, RUN).after.host.sockets == plain.host.sockets


@pytest.mark.parametrize(("flags", "sockets"), [
    ("-H tcp://:2375 --metrics-addr 127.0.0.1:9323", {("127.0.0.1", 2375), ("127.0.0.1", 9323)}),
    ("-H=tcp://10.1.0.81", {("10.1.0.81", 2375)}),
    ("--host tcp://0.0.0.0:2376 --host unix:///run/docker.sock", {("0.0.0.0", 2376)}),
    ("-Htcp://[::1]:2377/", {("::1", 2377)}),
    ("-H localhost:1234", {("127.0.0.1", 1234)}),
])  # fmt: skip
def test_dockerds_own_sockets(flags: str, sockets: set[tuple[str, int]]) -> None:
    """As ss showed them beside a 20.10.24 (the first line); the defaults are those of opts/hosts.go."""
    made = _plan("20.10", flags).after.host.sockets or ()
    assert {(str(item.address), item.port) for item in made if "dockerd" in (item.process or "")} == sockets


TUNNEL = "0.0.0.0/1 via 10.8.0.1 dev tun0\n128.0.0.0/1 via 10.8.0.1 dev tun0\n"
ROUTED = "172.17.0.0/16 via 10.1.0.1 dev eth0\n172.18.0.0/16 via 10.1.0.1 dev eth0\n"
ON_LINK = "172.17.0.0/16 dev eth1 proto kernel scope link src 172.17.0.9\n"


def _routed(text: str) -> Snapshot:
    parsed = ip_route.parse(text, "ip-route.txt")
    assert not parsed.unread
    host = ORDINARY.host
    return replace(ORDINARY, host=replace(host, routes=(*host.routes, *parsed.facts)))


@pytest.mark.parametrize(("version", "routes", "docker0", "network"), [
    # Up to 20.10.14 any route but the default one blocks what it overlaps (libnetwork's CheckRouteOverlaps),
    # from 20.10.15 on those of scope link do (measured on 20.10.24 with the tunnel's routes).
    ("20.10.14", ROUTED, "172.19.0.0/16", "172.20.0.0/16"),
    ("20.10.15", ROUTED, "172.17.0.0/16", "172.18.0.0/16"),
    ("20.10.15", TUNNEL, "172.17.0.0/16", "172.18.0.0/16"),
    ("20.10.24", ON_LINK, "172.18.0.0/16", "172.19.0.0/16"),
    ("28", ON_LINK, "172.18.0.0/16", "172.19.0.0/16"),
    ("28", ROUTED, "172.17.0.0/16", "172.18.0.0/16"),
    # Other tables are not asked.
    ("20.10.8", "172.17.0.0/16 via 10.1.0.1 dev eth0 table 100\n", "172.17.0.0/16", "172.18.0.0/16"),
])  # fmt: skip
def test_routes_that_block_subnets(version: str, routes: str, docker0: str, network: str) -> None:
    after = _plan(version, "", "docker network create app", before=_routed(routes)).after
    subnets = {one.name: str(one.subnets[0].subnet) for one in after.networks or () if one.subnets}
    assert subnets == {"bridge": docker0, "app": network}


@pytest.mark.parametrize("flags", ["", "--bip=10.9.0.1/24"])
def test_a_tunnel_that_takes_everything_keeps_old_engines_from_starting(flags: str) -> None:
    """dockerd looks for a free subnet of its pools before it reads --bip (measured on 20.10.24, with routes
    on a link in the tunnel's place)."""
    with pytest.raises(DockerError) as refused:
        _plan("20.10.8", flags, before=_routed(TUNNEL))
    words = str(refused.value.what)
    assert words.startswith(
        "list bridge addresses failed: PredefinedLocalScopeDefaultNetworks List: [172.17.0.0/16 172.18.0.0/16"
    )
    assert words.endswith("192.168.224.0/20 192.168.240.0/20]: no available network")


def test_a_new_network_on_an_old_engine_beside_a_tunnel() -> None:
    """Docker runs already when the tunnel comes up."""
    running = _plan("20.10.8", "").after
    tunnel = ip_route.parse(TUNNEL, "ip-route.txt").facts
    host = replace(running, host=replace(running.host, routes=(*running.host.routes, *tunnel)))
    with pytest.raises(DockerError, match="could not find an available, non-overlapping IPv4 address pool"):
        _plan("20.10.8", "", "docker network create app", before=host)
    given = _plan("20.10.8", "", "docker network create --subnet 10.7.0.0/24 app", before=host).after
    assert [str(n.subnets[0].subnet) for n in given.networks or () if n.name == "app"] == ["10.7.0.0/24"]
