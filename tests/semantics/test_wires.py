"""Containers on an interface's own wire (macvlan) whose namespaces were not captured."""

from __future__ import annotations

import json
from pathlib import Path

from sekisho.answers.reach import Question as ReachQuestion
from sekisho.answers.reach import reach
from sekisho.answers.trace import Question, trace
from sekisho.semantics.world import World
from sekisho.sources.load import load

NETWORK = [{
    "Name": "lan", "Id": "1" * 64, "Driver": "macvlan", "Scope": "local", "Internal": False,
    "IPAM": {"Config": [{"Subnet": "192.0.2.0/24", "Gateway": "192.0.2.1"}]},
    "Options": {"parent": "eth0"},
    "Containers": {
        "2" * 64: {"Name": "m1", "IPv4Address": "192.0.2.20/24", "MacAddress": "02:42:c0:00:02:14"},
    },
}]  # fmt: skip
CONTAINER = [{
    "Name": "/m1", "Id": "2" * 64, "State": {"Running": True, "Pid": 7}, "Config": {},
    "HostConfig": {"NetworkMode": "lan"},
    "NetworkSettings": {"Networks": {"lan": {
        "NetworkID": "1" * 64, "IPAddress": "192.0.2.20", "IPPrefixLen": 24, "Gateway": "192.0.2.1",
        "MacAddress": "02:42:c0:00:02:14",
    }}},
}]  # fmt: skip


def world(folder: Path) -> World:
    (folder / "ip-route.txt").write_text(
        "default via 192.0.2.1 dev eth0\n192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.10\n"
    )
    (folder / "docker-networks.json").write_text(json.dumps(NETWORK))
    (folder / "docker-containers.json").write_text(json.dumps(CONTAINER))
    return World(load(str(folder)))


def test_its_answer_takes_the_wire(tmp_path: Path) -> None:
    """Frames for the child's MAC never enter the host's IP layer, and its own go out by the parent
    (drivers/net/macvlan.c): the same in both readings."""
    here = world(tmp_path)
    found = trace(here, Question("192.0.2.77", "192.0.2.20:22", "tcp", 40000))
    assert (found.forward.disposition, found.forward.where) == ("delivered", "m1")
    assert found.reply is not None
    assert (found.reply.disposition, found.reply.steps[-1].args) == ("exits", ("eth0", "192.0.2.77"))
    assert found.works
    [cell] = reach(here, ReachQuestion("192.0.2.77", "container:m1:22", "tcp")).cells
    assert cell.status == "yes"


def test_whether_its_parent_is_meant_nobody_knows_without_addresses(tmp_path: Path) -> None:
    """Parent and child never see one another's frames; any address of the subnet may be the parent's."""
    inside = tmp_path / "netns" / "m1"
    inside.mkdir(parents=True)
    (inside / "ip-addr.txt").write_text("2: eth0    inet 192.0.2.20/24 scope global eth0\n")
    (inside / "ip-route.txt").write_text(
        "default via 192.0.2.1 dev eth0\n192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.20\n"
    )
    known = trace(world(tmp_path), Question("container:m1", "192.0.2.10:53", "udp"))
    assert (known.forward.disposition, known.forward.steps[-1].code) == ("neighbour_failed", "macvlan-apart")
    routes = (tmp_path / "ip-route.txt").read_text().replace(" src 192.0.2.10", "")
    (tmp_path / "ip-route.txt").write_text(routes)
    here = World(load(str(tmp_path)))
    found = trace(here, Question("container:m1", "192.0.2.10:53", "udp"))
    assert {way.disposition for way in found.forward.ways} == {"neighbour_failed", "exits"}
    assert [(doubt.code, doubt.args) for doubt in found.forward.doubts] == [
        ("own-address-not-captured", ("eth0",))
    ]
    [cell] = reach(here, ReachQuestion("container:m1", "192.0.2.10:53", "udp")).cells
    assert cell.status == "perhaps"
