"""Which ports of a bridge hand frames to one another, where a snapshot tells only a part. What a kernel does
where it tells all is in tests/cases (bridge-...)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from sekisho.lab.exchange import start_at
from sekisho.model.links import Interface
from sekisho.model.snapshot import Namespace, Snapshot
from sekisho.semantics.journey import Leg
from sekisho.semantics.journeys import Start
from sekisho.semantics.ports import Links, Port, carries
from sekisho.semantics.world import World
from sekisho.symbolic.one_journeys import journey
from sekisho.values.names import interface_name as iface
from sekisho.values.names import namespace_name
from sekisho.values.packet import Packet
from tests.case_files import read

UP = ("BROADCAST", "MULTICAST", "UP", "LOWER_UP")


@pytest.mark.parametrize(
    ("flags", "state", "wanted"),
    [
        ((), None, True),  # not captured
        (UP, "UP", True),
        (UP, "UNKNOWN", True),
        (("BROADCAST", "MULTICAST"), "DOWN", False),
        (("NO-CARRIER", "BROADCAST", "MULTICAST", "UP"), "DOWN", False),
        (("NO-CARRIER", "BROADCAST", "MULTICAST", "UP", "M-DOWN"), "LOWERLAYERDOWN", False),
    ],
)
def test_what_carries_frames(flags: tuple[str, ...], state: str | None, wanted: bool) -> None:
    """As `ip link` prints flags and state (RFC 2863)."""
    assert carries(Interface(iface("eth0"), flags=flags, state=state)) is wanted


def test_of_several_ports_nobody_knows_which() -> None:
    def port(name: str, isolated: bool, state: str) -> Interface:
        return Interface(
            iface(name), kind="veth", flags=UP, master=iface("br0"), isolated=isolated, port_state=state
        )

    def links(*ports: Interface) -> Links:
        return Links.of(Namespace(namespace_name("host"), interfaces=ports))

    one, other, shut = (
        port("a", True, "forwarding"),
        port("b", False, "forwarding"),
        port("c", True, "blocking"),
    )
    assert links(one, other).port("br0", "a") == Port("a", None, True, True)
    assert links(one, other).port("br0", None) == Port(None, None, None, True)
    assert links(one, shut).port("br0", None) == Port(None, None, True, None)
    assert links().port("br0", None) == Port(None, None, False, True)


def _host(name: str, **changes: object) -> Snapshot:
    """The host of a case with docker0 and two ports, with some of its facts replaced."""
    return Snapshot("", replace(read(name).snapshot().host, **changes))  # type: ignore[arg-type]


def _forward(snapshot: Snapshot, packet: Packet) -> Leg:
    return journey(World(snapshot), start_at(packet)).forward


def _ports(snapshot: Snapshot, **changes: Mapping[str, object]) -> tuple[Interface, ...]:
    return tuple(
        replace(item, **changes.get(item.name, {}))  # type: ignore[arg-type]
        for item in snapshot.host.interfaces or ()
    )


def test_isolation_decides_where_the_ports_are_not_known() -> None:
    """Without the bridge's forwarding table nobody knows whose port is whose."""
    case = read("bridge-ports-isolated-from-each-other")
    every = _host(case.name, bridge_entries=None)
    assert _forward(every, case.packet).disposition == "dropped"  # all of them are isolated
    three = (
        *(every.host.interfaces or ()),
        Interface(iface("veth9"), 9, "veth", UP, master=iface("docker0"), isolated=False),
    )
    some = _forward(_host(case.name, bridge_entries=None, interfaces=three), case.packet)
    assert some.disposition == "undetermined"
    assert {doubt.code for doubt in some.doubts} == {"bridge-isolation-decides"}
    # One that is known not to be isolated gets all.
    alone = _host("bridge-port-isolated-alone", bridge_entries=None)
    known = tuple(
        entry for entry in read(case.name).snapshot().host.bridge_entries or () if entry.port == "vethc3"
    )
    assert _forward(
        replace(alone, host=replace(alone.host, bridge_entries=known)), case.packet
    ).disposition == ("delivered")


@pytest.mark.parametrize(("learned", "wanted"), [(True, {"link_down"}), (False, {"link_down", "delivered"})])
def test_a_port_that_is_shut(learned: bool, wanted: set[str]) -> None:
    case = read("bridge-port-without-carrier")
    host = case.snapshot() if learned else _host(case.name, bridge_entries=None)
    found = _forward(host, case.packet)
    assert {way.disposition for way in found.ways or (found,)} == wanted
    if not learned:
        assert {doubt.code for doubt in found.doubts} == {"bridge-port-decides"}


def test_a_bridge_of_shut_ports_has_nobody() -> None:
    """Not even somebody of whom nothing is known."""
    case = read("bridge-port-without-carrier")
    dead: dict[str, object] = {"flags": ("NO-CARRIER", "BROADCAST", "UP"), "state": "DOWN"}
    snapshot = case.snapshot()
    ports = _ports(snapshot, vethc2=dead, vethc3=dead)
    unknown = replace(case.packet, dst=case.packet.dst + 77)
    assert _forward(_host(case.name), unknown).disposition == "exits"
    assert _forward(_host(case.name, interfaces=ports), unknown).disposition == "link_down"


@pytest.mark.parametrize(("hairpin", "wanted"), [(False, "link_down"), (True, "exits"), (None, "exits")])
def test_a_single_port_leads_back_to_itself(hairpin: bool | None, wanted: str) -> None:
    """Whoever sends is behind it, and so would be whoever gets the frame."""
    case = read("bridge-with-one-open-port-finds-no-stranger")
    ports = _ports(case.snapshot(), vethc2={"hairpin": hairpin})
    found = _forward(_host(case.name, interfaces=ports), case.packet)
    assert found.disposition == wanted
    if wanted == "link_down":
        assert found.steps[-1].code == "bridge-no-other-port"
    # Between two ports that pass frames there may be somebody behind either.
    both: dict[str, object] = {"flags": UP, "state": "UP"}
    ports = _ports(case.snapshot(), vethc3=both)
    assert _forward(_host(case.name, interfaces=ports), case.packet).disposition == "exits"


@pytest.mark.parametrize(
    ("flags", "code"),
    [(("BROADCAST", "MULTICAST"), "interface-down"), (("NO-CARRIER", "BROADCAST", "UP"), "no-carrier")],
)
def test_nothing_goes_by_an_interface_without_frames(flags: tuple[str, ...], code: str) -> None:
    """Out of it, or in by it; `ip route` would say linkdown, or nothing at all."""
    case = read("source-not-looked-up-without-a-reason")
    snapshot = case.snapshot()
    for name in ("eth0", "eth1"):
        links = _ports(snapshot, **{name: {"flags": flags}})
        found = _forward(replace(snapshot, host=replace(snapshot.host, interfaces=links)), case.packet)
        assert (found.disposition, found.steps[-1].code) == ("link_down", code)


def test_nothing_comes_back_over_lo_that_is_down() -> None:
    """A namespace whose lo nobody switched on does not reach its own addresses (measured: sendto succeeds and
    nothing arrives)."""
    case = read("source-not-looked-up-without-a-reason")
    snapshot = case.snapshot()
    own = Packet(4, 0xC000020A, 0xC000020A, 17, 40000, 53, uid=0, gid=0)
    start = Start(own, "host", "process")
    assert journey(World(snapshot), start).forward.disposition != "link_down"
    links = _ports(snapshot, lo={"flags": ("LOOPBACK",), "state": "DOWN"})
    off = replace(snapshot, host=replace(snapshot.host, interfaces=links))
    assert journey(World(off), start).forward.disposition == "link_down"
