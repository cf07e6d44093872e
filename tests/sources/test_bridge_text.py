"""``bridge -d link`` and ``bridge fdb`` as text: the same facts as from their JSON."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.model.evidence import Evidence
from sekisho.model.links import BridgeEntry
from sekisho.sources import bridge_json, bridge_text
from sekisho.sources.bridge_json import BridgePort
from sekisho.sources.load import load
from tests.strategies.routing import interface_names, macs

# What iproute2 6.1 printed of two ports.
LINK = """\
4: v2@w2: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 master br0 state forwarding priority 32 cost 2 
    hairpin on guard off root_block off fastleave off learning on flood on mcast_flood on bcast_flood on mcast_router 1 mcast_to_unicast off neigh_suppress off vlan_tunnel off isolated on locked off 
6: v3@w3: <BROADCAST,MULTICAST> mtu 1500 master br0 state disabled priority 32 cost 2 
    hairpin off guard off root_block off fastleave off learning on flood on mcast_flood on bcast_flood on mcast_router 1 mcast_to_unicast off neigh_suppress off vlan_tunnel off isolated off locked off 
"""  # noqa: E501, W291
FDB = """\
33:33:00:00:00:01 dev br0 self permanent
ce:b9:ee:fa:e2:86 dev v2 used 1/0 master br0 
e6:fe:12:28:a9:be dev v2 master br0 permanent
02:00:00:00:00:aa dev v3 vlan 5 master br0 static
"""  # noqa: W291
# And before 4.20, with the operational state in the first line.
OLD = "5: veth1 state UP @(null): <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 master docker0 state forwarding priority 32 cost 2\n"  # noqa: E501


def _said(port: BridgePort) -> tuple[object, ...]:
    return port.name, port.master, port.hairpin, port.isolated, port.state


def test_reads_ports_and_entries() -> None:
    found = bridge_text.parse(LINK + FDB, "bridge.txt")
    assert found.unread == ()
    assert [_said(port) for port in found.ports] == [
        ("v2", "br0", True, True, "forwarding"), ("v3", "br0", False, False, "disabled"),
    ]  # fmt: skip
    assert found.ports[1].evidence == Evidence("bridge.txt", 3, LINK.split("\n")[2])
    assert [(e.mac, e.port, e.bridge, e.flags) for e in found.entries or ()] == [
        ("33:33:00:00:00:01", "br0", None, ("self", "permanent")), ("ce:b9:ee:fa:e2:86", "v2", "br0", ()),
        ("e6:fe:12:28:a9:be", "v2", "br0", ("permanent",)), ("02:00:00:00:00:aa", "v3", "br0", ("static",)),
    ]  # fmt: skip


def test_without_details_switches_are_not_known() -> None:
    (port,) = bridge_text.parse(OLD, "f").ports
    assert _said(port) == ("veth1", "docker0", None, None, "forwarding")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (LINK.replace("isolated on", "isolated o"), "unknown-word"),
        (LINK.replace(" cost 2 ", " cost"), "unknown-line"),
        (FDB.replace("permanent", "permanently"), "unknown-word"),
        ("hello\n", "unknown-line"),
    ],
)
def test_damage_is_named(text: str, reason: str) -> None:
    unread = bridge_text.parse(text, "f").unread
    assert reason in {item.reason for item in unread}


def test_a_snapshot_may_hold_the_text(tmp_path: Path) -> None:
    (tmp_path / "bridge.txt").write_text(LINK + FDB)
    (tmp_path / "ip-link.txt").write_text(
        "".join(f"{n}: v{n}: <UP> mtu 1500 state UP \n" for n in (2, 3)) + "4: br0: <UP> mtu 1500 state UP \n"
    )
    host = load(str(tmp_path)).host
    assert [(i.name, i.master, i.isolated, i.port_state) for i in host.interfaces or ()] == [
        ("v2", "br0", True, "forwarding"), ("v3", "br0", False, "disabled"), ("br0", None, None, None),
    ]  # fmt: skip
    assert len(host.bridge_entries or ()) == 4


def test_entries_may_come_first() -> None:
    whole, turned = (bridge_text.parse(text, "f") for text in (LINK + FDB, FDB + LINK))
    assert (turned.ports, turned.entries, turned.unread) == (whole.ports, whole.entries, ())


@pytest.mark.parametrize(
    "head", ["6: v3@w3: <BROADCAST,MULTICAST> mtu 1500 garbled", FDB.split("\n")[0], "hello"]
)
def test_details_are_of_the_port_before_them_or_of_none(head: str) -> None:
    lines = LINK.split("\n")
    found = bridge_text.parse("\n".join((*lines[:2], head, lines[3], "")), "f")
    assert [_said(port) for port in found.ports] == [("v2", "br0", True, True, "forwarding")]
    assert ("unknown-line", 4) in [(one.reason, one.evidence.line) for one in found.unread]


def test_further_details_leave_what_was_said() -> None:
    head, *_ = LINK.split("\n")
    found = bridge_text.parse(f"{head}\n    hairpin on\n    isolated off\n    locked off\n", "f")
    assert ([_said(port)[2:4] for port in found.ports], found.unread) == ([(True, False)], ())


switches = st.booleans()
ports = st.builds(
    BridgePort, interface_names, interface_names, switches, st.just(Evidence("f", 0, "")), switches,
    st.sampled_from(("forwarding", "disabled", "blocking")),
)  # fmt: skip
entries = st.builds(
    BridgeEntry, macs, interface_names, interface_names,
    st.lists(st.sampled_from(("self", "permanent", "static")), unique=True).map(tuple),
)  # fmt: skip


def _printed(ports: list[BridgePort], entries: list[BridgeEntry]) -> str:
    """As ``bridge -d link`` and ``bridge fdb`` print them."""
    lines: list[str] = []
    for number, port in enumerate(ports, 1):
        switches = (("hairpin", port.hairpin), ("isolated", port.isolated))
        said = "".join(f"{name} {'on' if on else 'off'} " for name, on in switches)
        lines.append(
            f"{number}: {port.name}: <> mtu 1500 master {port.master} state {port.state} priority 32 cost 2 "
        )
        lines.append(f"    {said}")
    for entry in entries:
        lines.append(f"{entry.mac} dev {entry.port} master {entry.bridge} {' '.join(entry.flags)}")
    return "".join(f"{line}\n" for line in lines)


@given(st.lists(ports, min_size=1), st.lists(entries))
def test_printing_and_reading_gives_them_back(some: list[BridgePort], others: list[BridgeEntry]) -> None:
    found = bridge_text.parse(_printed(some, others), "f")
    assert (list(found.ports), list(found.entries or ()), found.unread) == (some, others, ())


def test_json_says_the_same() -> None:
    text = (
        '[{"ifname":"v2","master":"br0","state":"forwarding","cost":2,"hairpin":true,"isolated":true},'
        '{"ifname":"v3","master":"br0","state":"disabled","cost":2,"hairpin":false,"isolated":false}]'
    )
    assert [_said(p) for p in bridge_json.parse(text, "f").ports] == [
        _said(p) for p in bridge_text.parse(LINK, "f").ports
    ]
