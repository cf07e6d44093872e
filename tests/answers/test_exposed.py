"""exposed: who can open a connection to every port, by what call, past which rules."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from sekisho.answers.exposed import exposed
from sekisho.answers.exposure import Access, Exposure
from sekisho.answers.trace import trace
from sekisho.semantics.world import World
from sekisho.sources.load import load
from tests.answers.shop import world, write
from tests.truth import needs_truth, truth_dir


def _by_caller(port: Exposure) -> dict[str, Access]:
    return {item.caller: item for item in port.access}


def test_every_port_and_every_caller(tmp_path: Path) -> None:
    found = {(port.place, port.port): _by_caller(port) for port in exposed(world(tmp_path)).ports}
    status = {
        key: [each[caller].status for caller in ("internet", "vpc", "same-host", "other-network")]
        for key, each in found.items()
    }
    assert status == {
        ("web", 80): ["yes", "yes", "yes", "no"],
        ("db", 3306): ["no", "no", "yes", "no"],
        ("host", 22): ["yes", "yes", "yes", "yes"],
    }
    web = found["web", 80]
    assert "10.0.0.10:8080" in web["internet"].via
    assert web["internet"].sees == ("",)
    assert web["same-network"].via == ("direct",)
    assert found["db", 3306]["same-network"].status == "yes"


def test_a_rule_of_input_that_is_bypassed(tmp_path: Path) -> None:
    closed = "-A INPUT -i eth0 -p tcp -m tcp --dport 8080 -j DROP\n"
    found = exposed(world(tmp_path, input_=closed)).ports
    internet = _by_caller(next(port for port in found if port.place == "web"))["internet"]
    assert internet.status == "yes"
    assert internet.bypasses is not None
    assert internet.bypasses.text == closed.strip()


def test_published_ports_are_known_from_a_listing_of_the_nat_table_alone() -> None:
    """The article's host: two DNAT rules, and nothing that Docker itself said."""
    found = exposed(World(load("examples/host-10.1.0.81"))).ports
    assert [(port.address, port.port, _by_caller(port)["internet"].status) for port in found] == [
        ("172.18.0.2", 3306, "yes"),
        ("172.18.0.3", 8080, "yes"),
    ]


def test_witnesses_are_confirmed(tmp_path: Path) -> None:
    host = world(tmp_path)
    for port in exposed(host).ports:
        for item in port.access:
            if item.witness is not None:
                found = trace(host, item.witness.question)
                assert found.forward.disposition == "delivered"
                assert found.forward.packet.dport == port.port


_CALLERS = {"vpc-peer": "vpc", "host": "same-host"}


@needs_truth
@pytest.mark.parametrize("version", ["20.10.24", "26.1.5", "27.5.1", "28.5.2", "29.7.2"])
@pytest.mark.parametrize("scenario", ["custom-ports", "two-custom-networks", "publish-loopback", "noproxy"])
def test_what_real_engines_let_through(version: str, scenario: str) -> None:
    """Each connection that was made to a container from the peer or the host is one that exposed tells."""
    root = truth_dir()
    assert root is not None
    folder = root / "docker" / version / scenario
    if not (folder / "probes.json").exists():
        pytest.skip(f"no {scenario} under {version}")
    host = World(load(str(folder)))
    ports = {port.address: _by_caller(port) for port in exposed(host).ports if port.place != "host"}
    seen: dict[tuple[str, str], bool] = {}
    for probe in json.loads((folder / "probes.json").read_text()):
        address, caller = probe["dst"].rpartition(":")[0], _CALLERS.get(probe["src"])
        if caller is not None and address in ports:
            seen[address, caller] = seen.get((address, caller), False) or probe["ok"]
    assert seen
    for (address, caller), reached in seen.items():
        if reached:
            assert ports[address][caller].status in ("yes", "perhaps"), (address, caller)


def test_a_published_port_that_nobody_serves_is_reached_by_nobody() -> None:
    """docker-proxy accepts on the host and then finds the container's port closed; ping still works."""
    folder = Path(__file__).parents[1] / "data" / "docker" / "28.5.2" / "two-custom-networks"
    snapshot = load(str(folder))
    for port, expected in (("80", {"yes"}), ("81", {"no", "none"})):
        containers = tuple(
            replace(item, command=("httpd", "-f", "-p", port)) if item.name == "web" else item
            for item in snapshot.containers or ()
        )
        found = exposed(World(replace(snapshot, containers=containers)))
        (web,) = (item for item in found.ports if (item.place, item.port, item.proto) == ("web", 80, "tcp"))
        access = {item.caller: item.status for item in web.access}
        assert {access[caller] for caller in ("internet", "same-host")} <= expected
        assert {access[caller] for caller in ("vpc", "other-network")} <= expected


def test_where_no_route_was_captured_the_outside_is_not_nobody(tmp_path: Path) -> None:
    write(tmp_path)
    assert exposed(World(load(str(tmp_path)))).no_way_in == ()
    (tmp_path / "ip-route.txt").unlink()
    found = exposed(World(load(str(tmp_path))))
    assert found.no_way_in == ()
    for port in found.ports:
        for item in port.access:
            if item.caller in ("internet", "vpc"):
                assert item.status == "perhaps"
                assert ("routes-not-captured", ("IPv4",)) in [(each.code, each.args) for each in item.doubts]


def test_further_ways_that_nobody_knows_are_told_beside_those_that_work(tmp_path: Path) -> None:
    """From the host docker-proxy serves 127.0.0.1 alone; the rules serve all other addresses."""
    folder = tmp_path / "host"
    shutil.copytree(Path(__file__).parents[1] / "data" / "docker" / "28.5.2" / "two-custom-networks", folder)

    def served() -> Access:
        [web] = [each for each in exposed(World(load(str(folder)))).ports if each.place == "web"]
        return next(item for item in web.access if item.caller == "same-host")

    known = served()
    assert (known.status, "127.0.0.1:8080" in known.via, known.doubts) == ("yes", True, ())
    sockets = (folder / "ss.txt").read_text()
    (folder / "ss.txt").write_text(sockets.replace("0.0.0.0:8080", "x.x.x.x:8080"))
    hidden = served()
    assert (hidden.status, "127.0.0.1:8080" in hidden.via) == ("yes", False)
    assert {doubt.code for doubt in hidden.doubts} == {"socket-line-unread"}


def test_of_two_ways_in_the_one_that_is_certain_is_told(tmp_path: Path) -> None:
    """The same packet is certain by eth1 and open by eth0, whose rp_filter nothing tells: the way back to the
    caller is by eth1, and a strict filter on eth0 would not take it."""
    folder = write(tmp_path)
    _add(folder, "ip-addr.txt", "5: eth1    inet 10.9.0.1/24 scope global eth1\n")
    routes = "10.9.0.0/24 dev eth1 proto kernel scope link src 10.9.0.1\n"
    _add(folder, "ip-route.txt", routes + "default via 10.9.0.5 dev eth1 table 77\n")
    (folder / "ip-route.txt").rename(folder / "ip-route-table-all.txt")
    _add(folder, "ip-rule.txt", "100:\tfrom 172.18.0.0/16 lookup 77\n")
    host = World(load(str(folder)))
    (web,) = (port for port in exposed(host).ports if port.place == "web")
    for item in web.access:
        if item.status == "yes":
            assert item.witness is not None
            assert trace(host, item.witness.question).works is True, item.witness.words()


def _add(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text((folder / name).read_text() + text)


def test_the_user_that_a_policy_rule_asks_for_is_stated(tmp_path: Path) -> None:
    folder = write(tmp_path)
    _add(folder, "ip-rule.txt", "100:\tfrom all uidrange 0-100 blackhole\n")
    _add(
        folder, "sysctl.txt", "".join(f"net.ipv4.conf.{name}.rp_filter = 0\n" for name in ("all", "br-shop"))
    )
    host = World(load(str(folder)))
    (web,) = (port for port in exposed(host).ports if port.place == "web")
    access = _by_caller(web)["same-host"]
    assert access.status == "yes"
    assert access.witness is not None
    assert dict(access.witness.stated)["uid"] > 100
    assert trace(host, access.witness.question).works is True
