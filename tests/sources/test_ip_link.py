"""``ip link`` and the interfaces of ``ip addr``: kinds, peers, bridge ports, as text and as JSON."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.model.evidence import Evidence
from sekisho.model.links import Interface
from sekisho.sources import bridge_json, ip_link, ip_link_json
from sekisho.values.names import interface_name as iface
from sekisho.values.names import link_address
from tests.sources.capture_files import capture
from tests.strategies.routing import interfaces
from tests.truth import needs_truth, truth_dir

UP = ("BROADCAST", "MULTICAST", "UP", "LOWER_UP")


def test_reads_an_interface_with_all_that_its_lines_say() -> None:
    text = (
        "4: v3@if2: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue master br0 state UP "
        "mode DEFAULT group default qlen 1000\n"
        "    link/ether 02:00:00:00:00:13 brd ff:ff:ff:ff:ff:ff link-netnsid 3 promiscuity 1  allmulti 1 \n"
        "    veth \n"
        "    bridge_slave state forwarding hairpin on learning on addrgenmode eui64 \n"
        "    alias to the second bridge\n"
        "    altname enp0s2\n"
    )
    [found] = ip_link.parse(text, "ip-link.txt").facts
    assert found == Interface(
        name=iface("v3"), index=4, kind="veth", flags=UP, state="UP", mtu=1500,
        mac=link_address("02:00:00:00:00:13"), master=iface("br0"), peer="if2", peer_namespace="3",
        hairpin=True, port_state="forwarding", details=(
            ("qdisc", "noqueue"), ("mode", "DEFAULT"), ("group", "default"), ("qlen", "1000"),
            ("link", "ether"), ("brd", "ff:ff:ff:ff:ff:ff"), ("promiscuity", "1"), ("allmulti", "1"),
            ("veth", ""), ("bridge_slave", ""), ("state", "forwarding"), ("hairpin", "on"),
            ("learning", "on"), ("addrgenmode", "eui64"),
            ("alias", "to the second bridge"), ("altname", "enp0s2"),
        ),
    )  # fmt: skip
    assert found.evidence == Evidence("ip-link.txt", 1, text.split("\n")[0])
    assert ip_link.render([found]) == text


# What the commands of captures/make-routes.sh made.
KINDS = {
    "lo": "loopback", "v0": "veth", "v3": "veth", "br0": "bridge", "x0": "veth", "mv0": "macvlan",
    "vx0": "vxlan", "ifb0": "ifb", "macvtap0": "macvtap", "tun0": "tun", "tap0": "tun",
}  # fmt: skip


@pytest.mark.parametrize(
    "name", ["ip-d-link.txt", "ip-d-link.json", "ip-d-addr.txt", "ip-d-addr.json", "ip-o-d-link.txt"]
)
def test_details_tell_what_was_made(name: str) -> None:
    parsed = ip_link.parse(capture(name), name)
    assert parsed.unread == ()
    found: dict[str, Interface] = {interface.name: interface for interface in parsed.facts}
    assert {name: found[name].kind for name in KINDS} == KINDS
    assert (found["v3"].hairpin, found["v3"].master, found["v3"].peer) == (True, "br0", "v2")
    assert found["br0"].hairpin is None
    assert found["x0"].peer == "if2"
    assert ("mode", "bridge") in found["mv0"].details
    assert ("id", "42") in found["vx0"].details
    assert ("type", "tap") in found["tap0"].details
    assert ("stp_state", "1") in found["br1"].details


def test_ip_and_bridge_say_the_same_of_ports() -> None:
    ports = bridge_json.parse(capture("bridge-d-link.json"), "f").ports
    links = ip_link.parse(capture("ip-d-link.json"), "f").facts
    assert [(p.name, p.master, p.hairpin, p.isolated, p.state) for p in ports] == [
        (i.name, i.master, i.hairpin, i.isolated, i.port_state) for i in links if i.master is not None
    ]
    assert [port.isolated for port in ports] == [True]
    entries = bridge_json.parse(capture("bridge-fdb.json"), "f").entries or ()
    assert {(entry.mac, entry.port, entry.bridge) for entry in entries} >= {
        ("02:00:00:00:00:aa", "v3", "br0"), ("02:00:00:00:00:13", "v3", "br0"),
    }  # fmt: skip


def test_without_details_the_kind_is_not_known() -> None:
    for name in ("ip-link.txt", "ip-link.json", "ip-addr.txt", "busybox-ip-link.txt"):
        found = ip_link.parse(capture(name), name).facts
        kinds: dict[str, str | None] = {interface.name: interface.kind for interface in found}
        assert (kinds["lo"], kinds["v0"], kinds["br0"]) == ("loopback", None, None)


def test_a_physical_interface_has_the_empty_kind() -> None:
    text = (
        "2: ens5: <UP> mtu 9001 qdisc mq state UP mode DEFAULT group default qlen 1000\n"
        "    link/ether 0a:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff promiscuity 0 minmtu 128 maxmtu 9216 "
        "numtxqueues 2 parentbus pci parentdev 0000:00:05.0 \n    altname enp0s5\n"
    )
    [found] = ip_link.parse(text, "f").facts
    assert (found.kind, found.details[-1]) == ("", ("altname", "enp0s5"))
    assert ip_link.render([found]) == text


# Lines of kinds that this kernel cannot make, as iproute2 6.1 prints them.
OTHER_KINDS = [
    ("vlan", ("id", "5"), "vlan protocol 802.1Q id 5 <REORDER_HDR> addrgenmode eui64 "),
    ("vrf", ("table", "10"), "vrf table 10 addrgenmode eui64 "),
    ("bond", ("mode", "active-backup"), "bond mode active-backup miimon 0 updelay 0 addrgenmode eui64 "),
    ("gre", ("remote", "10.0.0.99"), "gre remote 10.0.0.99 local 10.0.0.10 ttl 64 nopmtudisc "),
    ("geneve", ("id", "7"), "geneve id 7 remote 10.0.0.99 ttl auto dstport 6081 noudpcsum udp6zerocsumrx "),
    ("dummy", ("addrgenmode", "eui64"), "dummy addrgenmode eui64 numtxqueues 1 "),
    ("vxlan", ("nolearning", ""), "vxlan id 256 srcport 0 0 dstport 4789 nolearning ttl auto ageing 300 "),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "detail", "line"), OTHER_KINDS, ids=[kind for kind, _, _ in OTHER_KINDS])
def test_other_kinds_keep_their_settings(kind: str, detail: tuple[str, str], line: str) -> None:
    text = f"9: x9@v2: <> mtu 1500\n    link/ether 02:00:00:00:00:01 promiscuity 0 \n    {line}\n"
    [found] = ip_link.parse(text, "f").facts
    assert (found.kind, detail in found.details) == (kind, True)
    assert ip_link.render([found]) == text


@pytest.mark.parametrize("name", ["ip-link.txt", "ip-d-link.txt"])
def test_real_listings_come_back_byte_for_byte(name: str) -> None:
    text = capture(name)
    assert ip_link.render(ip_link.parse(text, name).facts) == text


def test_text_and_json_say_the_same() -> None:
    text = {item.name: item for item in ip_link.parse(capture("ip-link.txt"), "f").facts}
    json = {item.name: item for item in ip_link.parse(capture("ip-link.json"), "f").facts}
    # iproute2 prints the name of the peer's namespace in its text only.
    assert text.keys() == json.keys()
    assert {name for name in text if text[name] != json[name]} == {"x0"}


def test_counters_are_kept_as_details() -> None:
    parsed = ip_link.parse(capture("ip-s-link.txt"), "f")
    assert parsed.unread == ()
    assert ("RX:  bytes packets errors dropped  missed   mcast", "0 0 0 0 0 0") in parsed.facts[0].details


UNREADABLE = [
    ("truncated", "<BROADCAST,MULTI", "3: eth1@if7: <BROADCAST,MULTI"),
    ("truncated", "eth", "3: eth"),
    ("truncated", "3:", "3:"),
    ("truncated", "mtu", "3: eth1: <UP> mtu"),
    ("truncated", "qdi", "3: eth1: <UP> mtu 1500 qdi"),
    ("bad-number", "15oo", "3: eth1: <UP> mtu 15oo"),
    ("unknown-line", "Device", 'Device "eth9" does not exist.'),
    ("unknown-word", "colour", "3: eth1: <UP> mtu 1500 colour red"),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "word", "line"), UNREADABLE)
def test_a_first_line_with_a_fault_is_kept_as_unread(reason: str, word: str, line: str) -> None:
    parsed = ip_link.parse(f"1: lo: <UP> mtu 65536\n{line}\n    link/ether 02:00:00:00:00:01\n", "f")
    assert [interface.name for interface in parsed.facts] == ["lo"]
    fault, rest = parsed.unread
    assert (fault.evidence, fault.reason, fault.detail) == (Evidence("f", 2, line), reason, word)
    assert (rest.evidence.line, rest.reason) == (3, "part-of-unread")


@pytest.mark.parametrize(
    ("reason", "word", "line"),
    [
        ("truncated", "02:00:00", "    link/ether 02:00:00"),
        ("truncated", "brd", "    link/ether 02:00:00:00:00:01 brd"),
        ("unknown-line", "ballast", "    ballast 12"),
    ],
)
def test_a_fault_further_down_leaves_the_interface(reason: str, word: str, line: str) -> None:
    parsed = ip_link.parse(f"2: eth0: <UP> mtu 1500\n{line}\n", "f")
    assert [(item.name, item.mac) for item in parsed.facts] == [("eth0", None)]
    assert [(item.evidence, item.reason, item.detail) for item in parsed.unread] == [
        (Evidence("f", 2, line), reason, word)
    ]


def test_json_keys_of_a_later_iproute2_are_kept() -> None:
    text = (
        '[{"ifindex":2,"ifname":"eth0","flags":[],"mtu":1500,"link_type":"ether","shininess":7,'
        '"dpll":{"id":1}}]'
    )
    parsed = ip_link.parse(text, "f")
    assert parsed.unread == ()
    assert parsed.facts[0].details == (("link", "ether"), ("shininess", "7"), ("dpll", '{"id":1}'))
    assert ip_link_json.render(parsed.facts) == f"{text}\n"


@given(st.lists(interfaces(), max_size=4))
def test_printing_and_reading_gives_the_interfaces_back(wanted: list[Interface]) -> None:
    for text in (ip_link.render(wanted), ip_link_json.render(wanted)):
        parsed = ip_link.parse(text, "f")
        assert (list(parsed.facts), parsed.unread) == (wanted, ())


@needs_truth
def test_every_measured_listing_is_read_and_keeps_its_facts() -> None:
    root = truth_dir()
    assert root is not None
    files = sorted((root / "docker").rglob("ip-link.json"))
    assert files
    for file in files:
        parsed = ip_link.parse(file.read_text(), "f")
        assert (file, parsed.unread) == (file, ())
        assert ip_link.parse(ip_link_json.render(parsed.facts), "f").facts == parsed.facts
        assert ip_link.parse(ip_link.render(parsed.facts), "f").unread == ()
