"""Ports of the host that Docker's lists say are published: no process of the host's own has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho.answers.endpoints import unplaced
from sekisho.answers.exposed import exposed
from sekisho.answers.trace import Question, trace
from sekisho.semantics.world import World
from sekisho.sources.load import load_text
from tests.cli.command import sekisho

HEAD = "CONTAINER ID   IMAGE   STATUS       PORTS                      NAMES\n"
ROUTES = "$ ip route\ndefault via 192.0.2.1 dev eth0 src 192.0.2.10\n192.0.2.0/24 dev eth0 src 192.0.2.10\n"
SOCKETS = "$ ss -tln\nLISTEN 0 128 0.0.0.0:8080 0.0.0.0:*\n"


def page(ports: str, status: str = "Up 2 hours") -> str:
    return ROUTES + "$ docker ps\n" + HEAD + f"3f1c5f0ad2a1   nginx   {status:<10}   {ports:<24}   web\n"


def ends(text: str, target: str, **more: str) -> str:
    question = Question("192.0.2.9", target, **more)  # type: ignore[arg-type]
    return trace(World(load_text(text)), question).forward.disposition


@pytest.mark.parametrize(
    ("ports", "target", "end"),
    [
        ("0.0.0.0:8080->80/tcp", "192.0.2.10:8080", "undetermined"),
        ("192.0.2.10:8080->80/tcp", "192.0.2.10:8080", "undetermined"),
        ("0.0.0.0:8080->80/tcp", "192.0.2.10:8081", "delivered"),
        ("127.0.0.1:8080->80/tcp", "192.0.2.10:8080", "delivered"),
        ("[::]:8080->80/tcp", "192.0.2.10:8080", "delivered"),
        ("0.0.0.0:8080->80/udp", "192.0.2.10:8080", "delivered"),
        ("80/tcp", "192.0.2.10:80", "delivered"),
    ],
)
def test_no_process_of_the_hosts_own_has_it(ports: str, target: str, end: str) -> None:
    assert ends(page(ports), target) == end


def test_ss_tells() -> None:
    assert ends(page("0.0.0.0:8080->80/tcp") + SOCKETS, "192.0.2.10:8080") == "delivered"


def test_a_container_that_stopped_publishes_nothing() -> None:
    assert ends(page("0.0.0.0:8080->80/tcp", "Exited (0)"), "192.0.2.10:8080") == "delivered"


def test_all_packets_say_the_same(tmp_path: Path) -> None:
    place = tmp_path / "page.txt"
    place.write_text(page("0.0.0.0:8080->80/tcp"), encoding="utf-8")
    ran = sekisho("reach", str(place), "--from", "192.0.2.9", "--to", "host:8080", "--proto", "tcp")
    assert ran.status == 3
    assert "only docker-proxy could listen there" in ran.out
    assert "ss -lntup" in ran.out


def test_a_listed_container_has_ports_wherever_it_is() -> None:
    found = exposed(World(load_text(page("0.0.0.0:8080->80/tcp, 443/tcp"))))
    assert [(port.place, port.port, port.proto) for port in found.ports] == [
        ("web", 80, "tcp"),
        ("web", 443, "tcp"),
    ]
    assert {item.status for port in found.ports for item in port.access} == {"perhaps"}
    assert found.unsure


def test_its_own_address_is_what_is_missing() -> None:
    world = World(load_text(page("0.0.0.0:8080->80/tcp")))
    assert unplaced("web", "container:web", world) is not None
    assert unplaced("db", "container:db", world) is None
