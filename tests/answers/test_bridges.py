"""Published ports behind bridges of any name: seen by rules alone, and what hangs on a name is said so."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho.answers.exposed import exposed
from sekisho.answers.reach import Question, reach
from sekisho.answers.trace import Question as One
from sekisho.answers.trace import trace
from sekisho.explain.context import HostContext
from sekisho.explain.picture import draw
from sekisho.explain.report import explain
from sekisho.explain.words import sentences
from sekisho.lab.topology import bridges_in
from sekisho.semantics.world import World
from sekisho.sources.load import load
from tests.answers.shop import write

NAT = """\
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.19.0.0/16 ! -o {0} -j MASQUERADE
-A DOCKER {1}-p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.19.0.2:80
COMMIT
"""
ROUTES = """\
default via 10.0.0.1 dev eth0
10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.5
172.19.0.0/16 dev {0} proto kernel scope link src 172.19.0.1
"""


def _host(folder: Path, bridge: str, other: str = "! -i {0} ") -> Path:
    (folder / "iptables-save.txt").write_text(NAT.format(bridge, other.format(bridge)))
    (folder / "ip-route.txt").write_text(ROUTES.format(bridge))
    (folder / "sysctl.txt").write_text("net.ipv4.ip_forward = 1\n")
    return folder


# (the bridge, what stands in the published port's rule, whether the name alone tells)
BRIDGES = [
    ("docker_gwbridge", "! -i {0} ", False),
    ("app0", "! -i {0} ", False),
    ("br-0a0b0c0d0e0f", "! -i {0} ", False),
    ("docker_gwbridge", "", True),
    ("br-0a0b0c0d0e0f", "", True),
    ("virbr0", "", True),
]


@pytest.mark.parametrize(("bridge", "rule", "by_name"), BRIDGES)
def test_a_published_port_is_seen(bridge: str, rule: str, by_name: bool, tmp_path: Path) -> None:
    world = World(load(str(_host(tmp_path, bridge, rule))))
    (port,) = exposed(world).ports
    status = {access.caller: access.status for access in port.access}
    assert (port.network, port.address, port.port, status["internet"]) == (bridge, "172.19.0.2", 80, "yes")
    found = trace(world, One("internet", "10.0.0.5:8080", "tcp"))
    assert (found.forward.disposition, found.forward.where) == ("delivered", "172.19.0.2")
    asked = reach(world, Question("internet", "10.0.0.5:8080", "tcp"))
    assert asked.cells[0].status == "yes"
    # Both readings, and both directions, say that the name is all that tells.
    for leans in (found.leans_on, asked.leans_on, exposed(world).leans_on):
        assert [lean.args for lean in leans if lean.code == "bridge-by-name"] == (
            [(bridge,)] if by_name else []
        )
    assert bridges_in(world.site.snapshot, world.site.snapshot.host) == {bridge}


def test_an_interface_of_another_name_is_no_bridge_for_its_routes(tmp_path: Path) -> None:
    """A DNAT to a machine on a second LAN leaves by that interface."""
    world = World(load(str(_host(tmp_path, "eth1", ""))))
    found = trace(world, One("internet", "10.0.0.5:8080", "tcp"))
    assert (found.forward.disposition, found.forward.packet.oif) == ("exits", "eth1")
    assert exposed(world).ports == ()


def test_what_does_not_pass_a_bridge_leans_on_no_name(tmp_path: Path) -> None:
    world = World(load(str(_host(tmp_path, "virbr0", ""))))
    found = trace(world, One("internet", "10.0.0.5:22", "tcp"))
    assert "bridge-by-name" not in {lean.code for lean in found.leans_on}


BOND = """\
2: eth0: <BROADCAST,MULTICAST,SLAVE,UP,LOWER_UP> mtu 1500 qdisc mq master bond0 state UP mode DEFAULT
    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff
3: eth1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq master lan state UP mode DEFAULT
    link/ether 02:00:00:00:00:02 brd ff:ff:ff:ff:ff:ff
"""


def test_ports_of_a_bond_are_plugged_into_no_bridge(tmp_path: Path) -> None:
    (tmp_path / "ip-link.txt").write_text(BOND)
    snapshot = load(str(tmp_path))
    lines = [line for section in explain(snapshot, ("links",), "en").sections for line in section.lines]
    texts = [sentences(line.messages, "en") for line in lines]
    assert "belongs to bond0" in texts[0]
    assert "plugged into the bridge lan" in texts[1]


@pytest.mark.parametrize(("bridge", "rule", "words", "drawn"), [
    ("docker_gwbridge", "! -i {0} ", "containers of swarm services leave the host", "swarm's gateway"),
    ("docker_gwbridge", "", "containers of swarm services leave the host", "swarm's gateway"),
    ("app0", "! -i {0} ", "there are rules that dockerd writes for such bridges only", "by its rules"),
    ("virbr0", "", "is a bridge, by its name", "a bridge by its name"),
    ("br-lan", "", "looks like a Docker bridge", "Docker's by its name"),
    ("br-0a0b0c0d0e0f", "", "the first 12 digits of the network's id", "user-defined Docker network"),
])  # fmt: skip
def test_the_words(bridge: str, rule: str, words: str, drawn: str, tmp_path: Path) -> None:
    snapshot = load(str(_host(tmp_path, bridge, rule)))
    context = HostContext(snapshot, snapshot.host)
    assert context.bridge(bridge) is not None
    assert context.bridge("eth0") is None
    assert drawn in "\n".join(draw(context, "en"))
    (route,) = [
        line for section in explain(snapshot, ("routes",), "en").sections for line in section.lines
        if line.text.startswith("172.19.")
    ]  # fmt: skip
    assert words in sentences(route.messages, "en")


ISOLATED = """\
3: br-shop: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    link/ether 02:00:00:00:00:03 brd ff:ff:ff:ff:ff:ff
6: veth6@if5: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue master br-shop state UP
    link/ether 02:00:00:00:00:06 brd ff:ff:ff:ff:ff:ff link-netnsid 0 promiscuity 1
    veth
    bridge_slave state forwarding priority 32 cost 2 hairpin off guard off isolated on
7: veth7@if5: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue master br-shop state UP
    link/ether 02:00:00:00:00:07 brd ff:ff:ff:ff:ff:ff link-netnsid 0 promiscuity 1
    veth
    bridge_slave state forwarding priority 32 cost 2 hairpin off guard off isolated on
"""


@pytest.mark.parametrize(("isolated", "status", "disposition"), [
    ("isolated on", "no", "dropped"),
    ("isolated off", "yes", "delivered"),
])  # fmt: skip
def test_senders_whom_nobody_knows_have_their_bridges_ports(
    isolated: str, status: str, disposition: str, tmp_path: Path
) -> None:
    """An isolated port hands isolated ports nothing (br_skb_isolated), whoever is behind it."""
    folder = write(tmp_path)
    for name in ("docker-networks.json", "docker-containers.json"):
        (folder / name).unlink()
    (folder / "ip-link.txt").write_text(ISOLATED.replace("isolated on", isolated))
    found = World(load(str(folder)))
    asked = reach(found, Question("172.18.0.7", "172.18.0.2", "tcp"))
    assert {cell.status for cell in asked.cells} == {status}
    one = trace(found, One("172.18.0.7", "172.18.0.2:80", "tcp"))
    assert one.forward.disposition == disposition
