"""IPsec, tc, virtual services and WireGuard where they act. Sources: as ``semantics.beside`` names them."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho.answers.trace import Question, trace
from sekisho.semantics.world import World
from sekisho.sources.load import load
from sekisho.sources.write import snapshot_texts
from tests.agreement.verbs import Agreement

FILES = {
    "ip-addr.txt": """2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP
    inet 198.51.100.10/24 scope global eth0
3: eth1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP
    inet 192.0.2.1/24 scope global eth1
4: wg0: <POINTOPOINT,NOARP,UP,LOWER_UP> mtu 1420 qdisc noqueue state UNKNOWN
    inet 10.9.0.1/16 scope global wg0
""",
    "ip-route.txt": """default via 198.51.100.1 dev eth0
198.51.100.0/24 dev eth0 proto kernel scope link src 198.51.100.10
192.0.2.0/24 dev eth1 proto kernel scope link src 192.0.2.1
10.9.0.0/16 dev wg0 proto kernel scope link src 10.9.0.1
""",
    "ip-rule.txt": """0:	from all lookup local
32766:	from all lookup main
32767:	from all lookup default
""",
    "iptables-save.txt": """*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
COMMIT
""",
    "ss.txt": "tcp   LISTEN 0      128          0.0.0.0:22        0.0.0.0:*\n",
    "sysctl.txt": "net.ipv4.ip_forward = 1\nnet.ipv4.conf.all.rp_filter = 0\n"
    + "".join(f"net.ipv4.conf.{name}.rp_filter = 0\n" for name in ("eth0", "eth1", "wg0")),
}
EMPTY = dict.fromkeys(("xfrm.txt", "tc.txt", "ipvs.txt", "wireguard.txt"), "")
OUTSIDE = "203.0.113.9"


def question(source: str, target: str, iface: str | None = None, proto: str = "tcp") -> Question:
    """A first packet."""
    sport, dport = (40000, 22) if proto == "tcp" else (None, None)
    return Question(source, target, proto, sport, dport, iface, with_reply=False)


IN = question(OUTSIDE, "198.51.100.10", "eth0")
OUT = question("host", OUTSIDE)
THROUGH = question(OUTSIDE, "192.0.2.7", "eth0")
BACK = question("192.0.2.7", OUTSIDE, "eth1")
EVERY = {"in": IN, "out": OUT, "through": THROUGH, "back": BACK}


def world(folder: Path, **texts: str) -> World:
    """A host with these listings besides."""
    for name, text in {**FILES, **{f"{name}.txt": text for name, text in texts.items()}}.items():
        (folder / name).write_text(text)
    return World(load(str(folder)))


def touched(host: World) -> dict[str, set[str]]:
    """Which questions depend on what, by the kinds of doubt."""
    legs = {name: trace(host, asked).forward for name, asked in EVERY.items()}
    return {name: {doubt.code for doubt in leg.doubts} for name, leg in legs.items() if leg.doubts}


def test_empty_listings_say_that_there_is_nothing(tmp_path: Path) -> None:
    with_them = world(tmp_path, **{name.removesuffix(".txt"): "" for name in EMPTY})
    assert with_them.site.snapshot.host.beside_shown == {"xfrm", "tc", "ipvs", "wireguard"}
    assert touched(with_them) == {}
    for name in EMPTY:
        (tmp_path / name).unlink()
    without = world(tmp_path)
    assert without.site.snapshot.host.beside_shown == frozenset()
    for asked in EVERY.values():
        assert trace(with_them, asked).forward == trace(without, asked).forward


@pytest.mark.parametrize(
    ("direction", "packets", "where"),
    [
        ("dir out", f"src 0.0.0.0/0 dst {OUTSIDE}/32", {"out", "back"}),
        ("dir out", "src 192.0.2.0/24 dst 0.0.0.0/0", {"back"}),
        ("dir fwd", "src 0.0.0.0/0 dst 0.0.0.0/0", {"through", "back"}),
        ("dir in", f"src {OUTSIDE}/32 dst 198.51.100.10/32", {"in"}),
        ("dir in", "src 2001:db8::/64 dst ::/0", set()),
        ("socket in", "src 0.0.0.0/0 dst 0.0.0.0/0", set()),
    ],
)
def test_a_policy_of_ipsec_is_a_doubt_for_its_packets(
    tmp_path: Path, direction: str, packets: str, where: set[str]
) -> None:
    host = world(tmp_path, xfrm=f"{packets} \n\t{direction} priority 0 ptype main \n")
    assert touched(host) == {name: {"beside-xfrm"} for name in where}


@pytest.mark.parametrize(("direction", "doubts"), [("in", True), ("fwd", True), ("out", False)])
def test_what_ipsec_carries_may_be_something_else_inside(
    tmp_path: Path, direction: str, doubts: bool
) -> None:
    host = world(tmp_path, xfrm=f"src 10.1.0.0/24 dst 10.2.0.0/24 \n\tdir {direction} priority 0\n")
    inside = trace(host, question(OUTSIDE, "198.51.100.10", "eth0", "esp")).forward
    assert bool(inside.doubts) is doubts
    traversal = Question(OUTSIDE, "198.51.100.10", "udp", 4500, 4500, "eth0", with_reply=False)
    assert any(doubt.code == "beside-xfrm" for doubt in trace(host, traversal).forward.doubts) is doubts


@pytest.mark.parametrize(
    ("listing", "where"),
    [
        ("tc filter show dev eth0 ingress\nfilter protocol all pref 1 bpf chain 0\n", {"in", "through"}),
        ("tc filter show dev eth0 egress\nfilter protocol all pref 1 bpf chain 0\n", {"out", "back"}),
        ("tc filter show dev eth0 egress\ntc filter show dev eth1 egress\n", set()),
        ("qdisc netem 8001: dev eth1 root refcnt 2 limit 1000\n", {"through"}),
        ("qdisc fq_codel 0: dev eth1 root refcnt 2\nqdisc clsact ffff: dev eth0 parent ffff:fff1\n", set()),
    ],
)
def test_tc_is_a_doubt_at_its_interface(tmp_path: Path, listing: str, where: set[str]) -> None:
    assert touched(world(tmp_path, tc=listing)) == {name: {"beside-tc"} for name in where}


@pytest.mark.parametrize(
    ("service", "where"),
    [
        ("-A -t 198.51.100.10:22 -s rr\n", {"in"}),
        ("-A -u 198.51.100.10:22 -s rr\n", set()),
        ("-A -t 198.51.100.10:23 -s rr\n", set()),
        ("-A -t 198.51.100.10:0 -s rr -p\n", {"in"}),
        (f"-A -t {OUTSIDE}:22 -s rr\n", {"out", "back"}),
        ("-A -t [2001:db8::1]:22 -s rr\n", set()),
        ("-A -f 5 -s rr\n", {"in", "out", "through", "back"}),
    ],
)
def test_a_virtual_service_has_its_packets(tmp_path: Path, service: str, where: set[str]) -> None:
    assert touched(world(tmp_path, ipvs=service)) == {name: {"beside-ipvs"} for name in where}


def peers(folder: Path, allowed: str) -> World:
    return world(folder, wireguard=f"wg0\t{allowed}\n")


def test_peers_have_what_leaves_for_their_addresses(tmp_path: Path) -> None:
    host = peers(tmp_path, "10.9.0.2/32 10.9.8.0/24")
    assert trace(host, question("host", "10.9.0.2")).forward.disposition == "exits"
    assert trace(host, question("192.0.2.7", "10.9.8.9", "eth1")).forward.disposition == "exits"
    refused = trace(host, question("host", "10.9.0.3")).forward
    assert (refused.disposition, refused.answer) == ("rejected", "icmp-host-unreachable")
    assert trace(host, OUT).forward.disposition == "exits"


def test_nothing_comes_from_addresses_of_no_peer(tmp_path: Path) -> None:
    host = peers(tmp_path, "10.9.0.2/32")
    assert trace(host, question("10.9.0.2", "198.51.100.10", "wg0")).forward.disposition == "delivered"
    assert trace(host, question("10.9.0.3", "198.51.100.10", "wg0")).forward.disposition == "dropped"
    assert trace(host, IN).forward.disposition == "delivered"
    assert trace(peers(tmp_path, "(none)"), question("host", "10.9.0.2")).forward.disposition == "rejected"


def test_a_line_that_was_not_read_may_be_about_anything(tmp_path: Path) -> None:
    text = "wg0\t10.9.0.2/32\nwg0\t10.9.0.0/9x\n"
    assert set(touched(world(tmp_path, wireguard=text))) == set(EVERY)


def test_a_listing_that_failed_may_hold_anything(tmp_path: Path) -> None:
    (tmp_path / "capture-notes.txt").write_text("xfrm.txt: ip xfrm policy: Operation not permitted\n")
    assert touched(world(tmp_path)) == {name: {"command-failed"} for name in EVERY}


LISTINGS = {
    "xfrm": "src 192.0.2.0/24 dst 0.0.0.0/0 \n\tdir out priority 0\n",
    "tc": "tc filter show dev eth1 ingress\nfilter protocol all pref 1 bpf chain 0\n",
    "ipvs": "-A -t 198.51.100.10:22 -s rr\n",
    "wireguard": "wg0\t10.9.0.2/32 10.9.8.0/24\n",
}


@pytest.mark.parametrize("kind", LISTINGS)
def test_both_readings_agree(tmp_path: Path, kind: str) -> None:
    host = world(tmp_path, **{kind: LISTINGS[kind]})
    found = Agreement(kind, host, 4, 3, 25).run()
    assert found.differ == []
    assert found.compared["packet"] > 10


def test_they_are_written_as_they_were_read(tmp_path: Path) -> None:
    written = snapshot_texts(world(tmp_path, **LISTINGS).site.snapshot)
    assert {kind: written[f"{kind}.txt"] for kind in LISTINGS} == LISTINGS
