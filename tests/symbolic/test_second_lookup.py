"""IPv6 looks once more from the address that it takes; kernel cases: ipv6-looks-again-*."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sekisho.answers.reach import Question as Asked
from sekisho.answers.reach import reach
from sekisho.answers.trace import Question, trace
from sekisho.semantics.world import World
from sekisho.sources.load import load
from sekisho.symbolic.second_lookup import SEVERAL_SOURCES

ADDRESSES = """\
1: lo    inet6 ::1/128 scope host
2: eth0    inet6 2001:db8:1::10/64 scope global
3: eth1    inet6 2001:db8:2::10/64 scope global
"""
ROUTES = """\
default via 2001:db8:1::1 dev eth0 table 100 metric 1024 pref medium
2001:db8:1::/64 dev eth0 proto kernel metric 256 pref medium
2001:db8:2::/64 dev eth1 proto kernel metric 256 pref medium
"""


def _world(folder: Path, sources: tuple[str, ...], addresses: str = ADDRESSES) -> World:
    rules = [f"{100 + at}:\tfrom {source} lookup 100\n" for at, source in enumerate(sources)]
    rules = ["0:\tfrom all lookup local\n", *rules, "32766:\tfrom all lookup main\n"]
    (folder / "ip6-rule.txt").write_text("".join(rules))
    (folder / "ip6-route-table-all.txt").write_text(ROUTES)
    (folder / "ip-addr.txt").write_text(addresses)
    (folder / "ip6tables-save.txt").write_text("*filter\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n")
    return World(load(str(folder)))


ONE = ("2001:db8:1::/64",)
ALONE = ADDRESSES.rpartition("3: eth1")[0]


@pytest.mark.parametrize(
    ("sources", "addresses", "ends"),
    [
        (ONE, ALONE, "exits"),
        (ONE, ADDRESSES, "undetermined"),  # of two addresses as good the one of the interface made first
        (("2001:db8:1::/64", "2001:db8:2::/64"), ADDRESSES, "undetermined"),
        (("2001:db8:3::/64",), ADDRESSES, "no_route"),
        ((), ADDRESSES, "no_route"),
    ],
)
def test_which_address_a_packet_without_a_route_is_sent_from(
    sources: tuple[str, ...], addresses: str, ends: str, tmp_path: Path
) -> None:
    world = _world(tmp_path, sources, addresses)
    found = trace(world, Question("host", "[2001:db8:f::9]:5000", "udp"))
    assert (found.forward.disposition, found.forward.doubts) == (ends, ()) or ends == "undetermined"
    if ends == "undetermined":
        assert found.forward.doubts == (SEVERAL_SOURCES,)
    if ends == "exits":
        assert str(found.forward.packet).startswith("udp [2001:db8:1::10]:")
    status = {cell.status for cell in reach(world, Asked("host", "2001:db8:f::9", "udp", 6)).cells}
    assert status == {{"exits": "yes", "undetermined": "perhaps"}.get(ends, "no")}


def test_addresses_that_nothing_tells_may_be_the_one(tmp_path: Path) -> None:
    world = _world(tmp_path, ONE)
    host = replace(world.site.snapshot.host, addresses=None)
    found = trace(
        World(replace(world.site.snapshot, host=host)), Question("host", "[2001:db8:f::9]:5000", "udp")
    )
    assert found.forward.disposition == "undetermined"
