"""Rule sets that people posted, each with a question and a known answer (measured, stated or proven).

A dump is loaded as it was posted; what its owner did not show, and the question states, is added here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sekisho.answers.trace import Question, trace
from sekisho.semantics.journey import Journey, Leg
from sekisho.semantics.world import World
from sekisho.sources.load import load, load_text
from sekisho.values.address import format_ip
from tests.truth import needs_truth, truth_dir

pytestmark = needs_truth

INTERNET = "203.0.113.9"
WIRE = (
    "{n}: {name}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default\n"
    "    link/ether 02:00:00:00:00:{n:02x} brd ff:ff:ff:ff:ff:ff\n"
    "    inet {address} scope global {name}\n"
)


def dump(number: int) -> str:
    """The text after the header of the dump of this number."""
    root = truth_dir()
    assert root is not None
    [file] = (root / "dumps").glob(f"{number:02d}_*")
    header, marker, text = file.read_text(encoding="utf-8").partition("# ---- dump starts ----\n")
    assert marker, file
    assert "# KNOWN ANSWER:" in header
    return text


def without_remarks(text: str) -> str:
    """Without the collector's own lines, which stand among the routes."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("# "))


def addresses(**named: str) -> str:
    """``ip addr`` of some interfaces; ``_`` in a name is ``-``."""
    return "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536\n    inet 127.0.0.1/8 scope host lo\n" + "".join(
        WIRE.format(n=n, name=name.replace("_", "-"), address=address)
        for n, (name, address) in enumerate(named.items(), 2)
    )


def folder(place: Path, **files: str) -> World:
    """A snapshot folder of these files (``__`` is ``-``, the ending .txt)."""
    for name, text in files.items():
        (place / (name.replace("__", "-") + ".txt")).write_text(text, encoding="utf-8")
    snapshot = load(str(place))
    assert snapshot.host.unread == ()
    return World(snapshot)


def ask(
    world: World,
    source: str,
    target: str,
    proto: str = "tcp",
    dport: int | None = 80,
    iface: str | None = None,
) -> Journey:
    """Where a packet goes."""
    port = None if proto == "icmp" else dport
    sport = None if proto == "icmp" else 40000
    return trace(world, Question(source, target, proto, sport=sport, dport=port, iface=iface))


def ends(leg: Leg | None) -> tuple[str, str | None]:
    """How and through what."""
    assert leg is not None
    return leg.disposition, leg.packet.oif


def source(leg: Leg | None) -> str:
    assert leg is not None
    return format_ip(leg.packet.family, leg.packet.src)


def rules(leg: Leg) -> list[tuple[str, int | None]]:
    """(chain, rule) of every step."""
    return [(s.chain, s.rule) for s in leg.steps if s.chain and s.table and s.hook != "route"]


def chains(leg: Leg) -> Iterator[str]:
    """The chains that were entered."""
    return (step.chain for step in leg.steps if step.chain and step.table)


def got_through(journey: Journey) -> bool:
    return journey.disposition in ("delivered", "exits")


DOCKER0 = "172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1\n"
TO_ETH0 = "default via 192.0.2.1 dev eth0\n192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.10\n"
FORWARDS = "net.ipv4.ip_forward = 1\nnet.ipv4.conf.all.rp_filter = 0\n"


@pytest.mark.parametrize("br_netfilter", ["0", "1"])
def test_12_icc_false_needs_br_netfilter(tmp_path: Path, br_netfilter: str) -> None:
    world = folder(
        tmp_path, iptables__filter=dump(12), ip__route=TO_ETH0 + DOCKER0,
        ip__addr=addresses(eth0="192.0.2.10/24", docker0="172.17.0.1/16"),
        sysctl=FORWARDS + f"net.bridge.bridge-nf-call-iptables = {br_netfilter}\n",
    )  # fmt: skip
    found = ask(world, "172.17.0.2", "172.17.0.3", dport=9999)
    linked = ask(world, "172.17.0.4", "172.17.0.3", dport=8080)
    assert got_through(linked)
    if br_netfilter == "0":
        assert got_through(found)
        assert "FORWARD" not in chains(found.forward)
    else:
        assert found.disposition == "dropped"
        assert rules(found.forward)[-1] == ("FORWARD", 4)
        assert ("DOCKER", 4) in rules(linked.forward)


def test_13_notrack_breaks_masquerade(tmp_path: Path) -> None:
    world = folder(
        tmp_path, iptables__save=dump(13), ip__route=TO_ETH0 + DOCKER0,
        ip__addr=addresses(eth0="192.0.2.10/24", docker0="172.17.0.1/16"), sysctl=FORWARDS,
    )  # fmt: skip
    for port, seen_as in ((443, "192.0.2.10"), (9999, "192.0.2.10"), (10000, "172.17.0.4"),
                          (12000, "172.17.0.4"), (19999, "172.17.0.4"), (20000, "192.0.2.10")):  # fmt: skip
        found = ask(world, "172.17.0.4", INTERNET, dport=port)
        assert (ends(found.forward), source(found.forward)) == (("exits", "eth0"), seen_as), port


PUBLISHED_15 = """
$ ip route show table local
local 172.17.0.1 dev docker0 proto kernel scope host src 172.17.0.1
$ sysctl net.ipv4
net.ipv4.ip_forward = 1
net.ipv4.conf.all.rp_filter = {rp_filter}
net.ipv4.conf.eth0.rp_filter = {rp_filter}
net.ipv4.conf.eth1.rp_filter = {rp_filter}
$ iptables-save
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.2:80
COMMIT
"""


@pytest.mark.parametrize("rp_filter", [0, 1, 2])
def test_15_the_reply_is_routed_before_its_source_is_restored(rp_filter: int) -> None:
    world = World(load_text(without_remarks(dump(15)) + PUBLISHED_15.format(rp_filter=rp_filter)))
    first = ask(world, INTERNET, "10.0.0.168", iface="eth0")
    assert (ends(first.reply), source(first.reply)) == (("exits", "eth0"), "10.0.0.168")
    second = ask(world, INTERNET, "10.0.0.139", iface="eth1")
    if rp_filter == 1:
        assert second.disposition == "rpfilter"
    else:
        # Out of the wrong interface with the other one's address: the VPC drops it.
        assert (ends(second.reply), source(second.reply)) == (("exits", "eth0"), "10.0.0.139")
    process = ask(world, INTERNET, "10.0.0.139", dport=22, iface="eth1")
    assert (ends(process.reply), source(process.reply)) == (("exits", "eth1"), "10.0.0.139")


SCENARIO_16 = """
$ ip route
default via 10.0.1.1 dev ens5 proto dhcp src 10.0.1.90 metric 512
10.0.1.0/24 dev ens5 proto kernel scope link src 10.0.1.90 metric 512
172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1
$ ip route show table 10001
default via 10.0.1.1 dev ens5
10.0.1.0/24 dev ens5 proto static scope link
$ ip rule
0:      from all lookup local
{rule}32766:  from all lookup main
32767:  from all lookup default
$ iptables-save
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 5678 -j DNAT --to-destination 172.17.0.2:80
COMMIT
$ sysctl net.ipv4
net.ipv4.ip_forward = 1
net.ipv4.conf.all.rp_filter = 0
net.ipv4.conf.ens5.rp_filter = 0
net.ipv4.conf.docker0.rp_filter = 0
"""


@pytest.mark.parametrize("version", ["2.3.0", "2.4.0"])
def test_16_a_rule_for_the_primary_address_catches_what_the_host_sends(version: str) -> None:
    assert "ip -4 addr" in dump(16)
    shown = dump(16).partition("# AL2 two-ENI")[0].partition("3: ens6")[0]
    shown += WIRE.format(n=4, name="docker0", address="172.17.0.1/16")
    rule = "32765:  from 10.0.1.90 lookup 10001\n" if version == "2.4.0" else ""
    world = World(load_text(shown + SCENARIO_16.format(rule=rule)))
    own = ask(world, "10.0.1.90", "10.0.1.90", dport=5678)
    assert format_ip(4, own.forward.packet.dst) == "172.17.0.2"
    leaves_by = own.forward.packet.oif if own.forward.disposition == "exits" else "docker0"
    assert leaves_by == ("ens5" if version == "2.4.0" else "docker0")
    outside = ask(world, INTERNET, "10.0.1.90", dport=5678, iface="ens5")
    assert got_through(outside)
    assert (ends(outside.reply), source(outside.reply)) == (("exits", "ens5"), "10.0.1.90")


def test_16_the_posted_policy_routing_of_amazon_linux_2() -> None:
    shown = "$ ip -4 rule" + dump(16).partition("$ ip -4 rule")[2]
    world = World(load_text(shown))
    for own, out in (("10.0.0.135", "eth1"), ("10.0.0.20", "eth0")):
        assert ends(ask(world, own, INTERNET).forward) == ("exits", out)


MAIN_17 = """
$ ip route
default via 192.168.1.254 dev ovs_bond0 src 192.168.1.100
192.168.1.0/24 dev ovs_bond0 proto kernel scope link src 192.168.1.100
172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1
$ ip route show table static-table
$ ip route show table local
local 192.168.1.100 dev ovs_bond0 proto kernel scope host src 192.168.1.100
local 172.17.0.1 dev docker0 proto kernel scope host src 172.17.0.1
$ sysctl net.ipv4
net.ipv4.ip_forward = 1
net.ipv4.conf.all.rp_filter = 0
net.ipv4.conf.docker0.rp_filter = 0
net.ipv4.conf.ovs_bond0.rp_filter = 0
"""


@pytest.mark.parametrize("mirrored", [False, True])
def test_17_a_table_without_docker_routes_takes_the_reply_away(mirrored: bool) -> None:
    text = without_remarks(dump(17))
    if mirrored:
        text = text.replace(
            "\n192.168.1.0/24 via", "\n172.17.0.0/16 dev docker0 scope link\n192.168.1.0/24 via"
        )
    world = World(load_text(text + MAIN_17))
    lan = ask(world, "172.17.0.2", "192.168.1.100", dport=810)
    gateway = ask(world, "172.17.0.2", "172.17.0.1", dport=810)
    assert got_through(lan)  # the request arrives in any case
    assert got_through(gateway)
    assert lan.reply is not None
    assert gateway.reply is not None
    assert gateway.reply.hops[0].oif == "docker0"
    assert lan.reply.hops[0].oif == ("docker0" if mirrored else "ovs_bond0")


def test_18_a_compose_network_takes_the_lan_away(tmp_path: Path) -> None:
    (tmp_path / "ip-route.txt").write_text(dump(18), encoding="utf-8")
    world = World(load(str(tmp_path)))
    found = ask(world, "host", "172.28.5.5")
    assert ends(found.forward)[1] == "br-828c78b615e2"
    assert ends(ask(world, "host", "172.30.5.5").forward) == ("exits", "eth0")


LEGACY_20 = """*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A FORWARD -d 10.30.0.0/24 -o mpqemubr0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -s 10.30.0.0/24 -i mpqemubr0 -j ACCEPT
COMMIT
"""


def test_20_both_back_ends_must_accept(tmp_path: Path) -> None:
    routes = TO_ETH0 + "10.30.0.0/24 dev mpqemubr0 proto kernel scope link src 10.30.0.1\n"
    named = addresses(eth0="192.0.2.10/24", mpqemubr0="10.30.0.1/24")
    parts: dict[str, str] = {"ip__route": routes, "ip__addr": named, "sysctl": FORWARDS}
    for name in ("both", "legacy", "dropping"):
        (tmp_path / name).mkdir()
    # The first line is iptables' own warning.
    posted = dump(20).partition("\n")[2]
    both = folder(tmp_path / "both", iptables__filter=posted, iptables__legacy__save=LEGACY_20, **parts)
    found = ask(both, "10.30.0.5", INTERNET, iface="mpqemubr0")
    assert found.disposition == "dropped"
    assert {step.backend for step in found.forward.steps if step.table} == {"", "legacy"}
    assert rules(found.forward)[-1] == ("FORWARD", None)
    alone = folder(tmp_path / "legacy", iptables__legacy__save=LEGACY_20, **parts)
    assert got_through(ask(alone, "10.30.0.5", INTERNET, iface="mpqemubr0"))
    refusing = LEGACY_20.replace("-i mpqemubr0 -j ACCEPT", "-i mpqemubr0 -j DROP")
    accepting = posted.replace("-P FORWARD DROP", "-P FORWARD ACCEPT")
    other = folder(
        tmp_path / "dropping", iptables__filter=accepting, iptables__legacy__save=refusing, **parts
    )
    assert ask(other, "10.30.0.5", INTERNET, iface="mpqemubr0").disposition == "dropped"


def test_22_two_bridges_and_a_port_on_loopback(tmp_path: Path) -> None:
    web = "br-4d44c079d811"
    world = folder(
        tmp_path,
        # ufw's chains are left out of the dump: this is what ufw-before-input begins with.
        iptables__save=dump(22).replace("-A FORWARD", "-A INPUT -i lo -j ACCEPT\n-A FORWARD", 1),
        ip__route="default via 10.10.10.1 dev eth0\n"
        "10.10.10.0/24 dev eth0 proto kernel scope link src 10.10.10.22\n"
        + DOCKER0 + f"172.18.0.0/16 dev {web} proto kernel scope link src 172.18.0.1\n",
        ip__addr=addresses(eth0="10.10.10.22/24", docker0="172.17.0.1/16", br_4d44c079d811="172.18.0.1/16"),
        sysctl=FORWARDS + "net.ipv4.conf.all.route_localnet = 0\n",
        ss="tcp LISTEN 0 4096 127.0.0.1:55432 0.0.0.0:* users:((\"docker-proxy\",pid=7,fd=4))\n",
    )  # fmt: skip
    a = ask(world, INTERNET, "10.10.10.22", dport=443, iface="eth0")
    assert got_through(a)
    assert format_ip(4, a.served.packet.dst) == "172.18.0.2"
    b = ask(world, "10.10.10.99", "127.0.0.1", dport=55432, iface="eth0")
    assert b.disposition == "dropped"
    assert rules(b.forward) == [("PREROUTING", 2)]
    c = ask(world, "10.10.10.99", "172.17.0.2", dport=5432, iface="eth0")
    assert (c.disposition, rules(c.forward)) == ("dropped", [("PREROUTING", 1)])
    d = ask(world, "172.18.0.2", "172.17.0.2", dport=5432)
    assert d.disposition == "dropped"
    e = ask(world, "host", "127.0.0.1", dport=55432)
    assert e.disposition == "delivered"


def test_23_tailscale_stands_before_docker_user(tmp_path: Path) -> None:
    world = folder(
        tmp_path, iptables__filter=dump(23),
        ip__route=TO_ETH0 + DOCKER0 + "100.64.0.0/10 dev tailscale0 scope link\n",
        ip__addr=addresses(eth0="192.0.2.10/24", docker0="172.17.0.1/16", tailscale0="100.87.121.57/32"),
        sysctl=FORWARDS + "net.ipv4.conf.eth0.rp_filter = 0\n",
    )  # fmt: skip
    found = ask(world, "100.64.0.7", "172.17.0.2", iface="tailscale0")
    assert got_through(found)
    assert "DOCKER-USER" not in chains(found.forward)
    assert rules(found.forward)[:3] == [("FORWARD", 1), ("ts-forward", 1), ("ts-forward", 2)]
    spoofed = ask(world, "100.64.0.7", "100.64.0.8", iface="eth0")
    assert (spoofed.disposition, rules(spoofed.forward)[-1]) == ("dropped", ("ts-forward", 3))
    stranger = ask(world, INTERNET, "172.17.0.2", iface="eth0")
    assert "DOCKER-USER" in chains(stranger.forward)
    assert stranger.disposition == "dropped"


AFTER_24 = (
    (
        "-A DOCKER -i docker0 -j RETURN\n",
        "-A POSTROUTING -s 10.45.0.0/16 ! -o ogstun -j MASQUERADE\n-A DOCKER -i docker0 -j RETURN\n",
    ),
    (
        "-A FORWARD -i docker0 -o docker0 -j ACCEPT\n",
        "-A FORWARD -i docker0 -o docker0 -j ACCEPT\n"
        "-A FORWARD -o ogstun -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
        "-A FORWARD -i ogstun ! -o ogstun -j ACCEPT\n",
    ),
)


@pytest.mark.parametrize("mended", [False, True])
def test_24_dockers_policy_drops_another_programs_forwarding(tmp_path: Path, mended: bool) -> None:
    text = dump(24)
    for before, after in AFTER_24 if mended else ():
        assert before in text
        text = text.replace(before, after)
    world = folder(
        tmp_path, iptables__save=text, sysctl=FORWARDS,
        ip__route=TO_ETH0 + DOCKER0 + "10.45.0.0/16 dev ogstun proto kernel scope link src 10.45.0.1\n",
        ip__addr=addresses(eth0="192.0.2.10/24", docker0="172.17.0.1/16", ogstun="10.45.0.1/16"),
    )  # fmt: skip
    found = ask(world, "10.45.0.2", INTERNET, iface="ogstun")
    if not mended:
        assert (found.disposition, rules(found.forward)[-1]) == ("dropped", ("FORWARD", None))
        return
    assert (ends(found.forward), source(found.forward)) == (("exits", "eth0"), "192.0.2.10")
    assert ends(found.reply) == ("exits", "ogstun")


@pytest.mark.parametrize(("proto", "port"), [("udp", 46621), ("tcp", 41879)])
def test_25_embedded_dns_stays_in_the_namespace(tmp_path: Path, proto: str, port: int) -> None:
    world = folder(
        tmp_path, iptables__save=dump(25),
        ip__route="default via 172.18.0.1 dev eth0\n"
        "172.18.0.0/16 dev eth0 proto kernel scope link src 172.18.0.4\n",
        ip__addr=addresses(eth0="172.18.0.4/16"), sysctl="net.ipv4.ip_forward = 1\n",
        ss="udp UNCONN 0 0 127.0.0.11:46621 0.0.0.0:*\ntcp LISTEN 0 4096 127.0.0.11:41879 0.0.0.0:*\n",
    )  # fmt: skip
    found = ask(world, "host", "127.0.0.11", proto, 53)
    assert found.disposition == "delivered"
    assert (format_ip(4, found.forward.packet.dst), found.forward.packet.dport) == ("127.0.0.11", port)
    assert found.reply is not None
    assert found.reply.disposition == "delivered"
    assert found.reply.packet.sport == 53


RULES_26 = """*raw
:PREROUTING ACCEPT [0:0]
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING {nat}
-A DOCKER {docker}
COMMIT
*filter
:FORWARD DROP [0:0]
:DOCKER-USER - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-ISOLATION-STAGE-2 - [0:0]
-A FORWARD {forward1}
-A FORWARD {forward2}
-A DOCKER-USER -j RETURN
-A DOCKER-ISOLATION-STAGE-1 -i hairpin-8-1 ! -o hairpin-8-1 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 {stage1}
-A DOCKER-ISOLATION-STAGE-2 {stage2}
COMMIT
"""


def test_26_the_hops_that_the_kernel_recorded(tmp_path: Path) -> None:
    text = dump(26)
    shown = [line.partition("): ")[2] for line in text.splitlines() if "MATCH RULE" in line]
    assert len(shown) == 6
    nat, docker, forward1, forward2, stage1, stage2 = shown
    world = folder(
        tmp_path, sysctl=FORWARDS,
        iptables__save=RULES_26.format(nat=nat, docker=docker, forward1=forward1, forward2=forward2,
                                       stage1=stage1, stage2=stage2),
        ip__route="default via 172.17.0.1 dev eth0\n"
        "172.17.0.0/16 dev eth0 proto kernel scope link src 172.17.0.3\n"
        "172.22.0.0/16 dev hairpin-8-2 proto kernel scope link src 172.22.0.1\n"
        "172.23.0.0/16 dev hairpin-8-1 proto kernel scope link src 172.23.0.1\n",
        ip__addr=addresses(eth0="172.17.0.3/16", hairpin_8_2="172.22.0.1/16", hairpin_8_1="172.23.0.1/16"),
    )  # fmt: skip
    found = trace(
        world, Question("172.22.0.2", "172.17.0.3", "tcp", sport=53920, dport=1242, iface="hairpin-8-2")
    )
    assert found.disposition == "dropped"
    assert rules(found.forward) == [
        ("PREROUTING", None), ("PREROUTING", 1), ("DOCKER", 1), ("FORWARD", 1), ("DOCKER-USER", 1),
        ("FORWARD", 2), ("DOCKER-ISOLATION-STAGE-1", 2), ("DOCKER-ISOLATION-STAGE-2", 1),
    ]  # fmt: skip
    assert (format_ip(4, found.forward.packet.dst), found.forward.packet.dport) == ("172.23.0.2", 1242)


DOCKER_27 = """*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.18.0.0/16 ! -o br-web -j MASQUERADE
-A DOCKER ! -i br-web -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.18.0.2:80
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
{chains}-A FORWARD -j DOCKER-USER
-A FORWARD -o br-web -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o br-web -j DOCKER
-A FORWARD -i br-web ! -o br-web -j ACCEPT
-A DOCKER -d 172.18.0.2/32 ! -i br-web -o br-web -p tcp -m tcp --dport 80 -j ACCEPT
{rules}COMMIT
"""


@pytest.mark.parametrize(("allowed", "through"), [(None, False), (80, True), (8080, False)])
def test_27_ufw_docker_filters_by_the_containers_port(
    tmp_path: Path, allowed: int | None, through: bool
) -> None:
    lines = [line for line in dump(27).splitlines() if line]
    user = [f"-A ufw-user-forward -p tcp -m tcp --dport {allowed} -j ACCEPT"] if allowed else []
    save = DOCKER_27.format(
        chains="".join(f"{line}\n" for line in lines if line.startswith(":")),
        rules="".join(f"{line}\n" for line in [*user, *lines] if line.startswith("-A")),
    )
    world = folder(
        tmp_path, iptables__save=save, sysctl=FORWARDS,
        ip__route=TO_ETH0 + "172.18.0.0/16 dev br-web proto kernel scope link src 172.18.0.1\n"
        "192.168.1.0/24 via 192.0.2.1 dev eth0\n",
        ip__addr=addresses(eth0="192.0.2.10/24", br_web="172.18.0.1/16"),
    )  # fmt: skip
    assert got_through(ask(world, "203.0.113.5", "192.0.2.10", dport=8080, iface="eth0")) is through
    assert got_through(ask(world, "192.168.1.10", "192.0.2.10", dport=8080, iface="eth0"))
    out = ask(world, "172.18.0.2", INTERNET, dport=443)
    assert (ends(out.forward), source(out.forward)) == (("exits", "eth0"), "192.0.2.10")
    assert out.reply is not None
    assert out.reply.disposition in ("delivered", "exits")


@pytest.mark.parametrize(
    ("number", "answers"),
    [(29, (False, False, False)), (30, (False, False, False)), (33, (True, True, False))],
)
def test_29_30_33_direct_access_to_a_published_container(
    tmp_path: Path, number: int, answers: tuple[bool, bool, bool]
) -> None:
    named = {"nft__ruleset" if number == 30 else "iptables__save": dump(number)}
    world = folder(
        tmp_path, **named, sysctl=FORWARDS,
        ip__route=TO_ETH0 + "192.168.0.0/24 dev br-dummy proto kernel scope link src 192.168.0.1\n",
        ip__addr=addresses(eth0="192.0.2.10/24", br_dummy="192.168.0.1/24"),
    )  # fmt: skip
    asked = [ask(world, "192.0.2.77", "192.168.0.2", "icmp", iface="eth0")]
    asked += [ask(world, "192.0.2.77", "192.168.0.2", dport=port, iface="eth0") for port in (80, 81)]
    assert tuple(map(got_through, asked)) == answers
    published = ask(world, "192.0.2.77", "192.0.2.10", dport=8080, iface="eth0")
    assert got_through(published)
    assert (format_ip(4, published.served.packet.dst), published.served.packet.dport) == ("192.168.0.2", 80)
    out = ask(world, "192.168.0.2", INTERNET)
    assert source(out.forward) == ("192.168.0.2" if number == 33 else "192.0.2.10")


def test_35_every_rule_stands_twice_and_nothing_is_published(tmp_path: Path) -> None:
    world = folder(
        tmp_path, iptables__save=dump(35), ip__route=TO_ETH0 + DOCKER0, sysctl=FORWARDS,
        ip__addr=addresses(eth0="192.0.2.10/24", docker0="172.17.0.1/16"),
    )  # fmt: skip
    [table] = [table for ruleset in world.site.snapshot.host.rulesets for table in ruleset.tables]
    seen = [(chain.name, rule.matches, rule.target) for chain in table.chains for rule in chain.rules]
    assert len(seen) == 8
    assert all(seen.count(rule) == 2 for rule in seen)
    for port in (80, 443, 8080):
        found = ask(world, INTERNET, "192.0.2.10", dport=port, iface="eth0")
        assert format_ip(4, found.forward.packet.dst) == "192.0.2.10"
        assert [step for step in found.forward.steps if step.verdict == "DNAT"] == []
    out = ask(world, "172.17.0.2", INTERNET)
    assert source(out.forward) == "192.0.2.10"
    assert rules(out.forward).count(("POSTROUTING", 1)) == 1
    assert ("POSTROUTING", 2) not in rules(out.forward)  # the second one is never asked


def test_every_dump_is_asked_here() -> None:
    root = truth_dir()
    assert root is not None
    numbers = {file.name[:2] for file in (root / "dumps").glob("[0-9]*")}
    named = {number for name in globals() if name.startswith("test_") for number in name.split("_")}
    assert numbers - named == set()
