"""The two hosts of the article: what the page itself and the kernel's rules say of each packet."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sekisho.answers.trace import Question, trace
from sekisho.semantics.journey import Journey, Leg, Step
from sekisho.semantics.world import World
from sekisho.sources.load import load
from sekisho.values.address import format_ip

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
HOST = EXAMPLES / "host-10.1.0.81"
FIRST = EXAMPLES / "host-10.0.0.10"
BRIDGE = "br-528a7aa7b156"


def ask(snapshot: Path, source: str, target: str, **more: str) -> Journey:
    return trace(World(load(str(snapshot))), Question(source, target, **more))  # type: ignore[arg-type]


def ends(leg: Leg) -> tuple[str, str, str]:
    packet = leg.packet
    return (
        f"{format_ip(packet.family, packet.src)}:{packet.sport or '*'}",
        f"{format_ip(packet.family, packet.dst)}:{packet.dport or '*'}",
        packet.oif or "",
    )


def rules(leg: Leg) -> list[tuple[str, int]]:
    """The numbered rules that fitted, as (chain, number)."""
    return [(step.chain or "", step.rule) for step in leg.steps if step.rule is not None]


def nat_steps(leg: Leg) -> list[Step]:
    return [step for step in leg.steps if step.table == "nat"]


def test_published_port_from_the_internet_and_back() -> None:
    found = ask(HOST, "internet", "10.1.0.81:3306")
    assert found.forward.disposition == "delivered"
    assert rules(found.forward) == [("PREROUTING", 1), ("DOCKER", 3)]
    assert ends(found.forward)[1:] == ("172.18.0.2:3306", BRIDGE)
    assert found.reply is not None
    assert found.reply.disposition == "exits"
    assert ends(found.reply)[0] == "10.1.0.81:3306"
    assert ends(found.reply)[2] == "eth0"
    assert nat_steps(found.reply) == []


def test_the_other_published_port_goes_to_the_other_container() -> None:
    found = ask(HOST, "internet", "10.1.0.81:8080")
    assert (found.forward.disposition, ends(found.forward)[1]) == ("delivered", "172.18.0.3:8080")


def test_a_port_that_is_not_published_is_for_the_host() -> None:
    found = ask(HOST, "internet", "10.1.0.81:22")
    assert (found.forward.disposition, found.forward.where) == ("delivered", "host")
    assert ends(found.forward)[1] == "10.1.0.81:22"
    assert any(lean.code == "sockets-not-captured" for lean in found.leans_on)


def test_outbound_traffic_of_a_container_is_masqueraded() -> None:
    found = ask(HOST, "172.18.0.2", "8.8.8.8:443")
    assert found.forward.disposition == "exits"
    assert ends(found.forward)[0::2] == ("10.1.0.81:*", "eth0")
    assert str(found.forward.packet.next_hop) == "10.1.0.1"
    assert rules(found.forward)[-1] == ("POSTROUTING", 1)
    assert found.reply is not None
    assert (found.reply.disposition, found.reply.where) == ("delivered", "172.18.0.2")


def test_between_two_bridges_leans_on_the_filter_table() -> None:
    found = ask(HOST, "172.17.0.2", "172.18.0.3:8080")
    assert found.forward.disposition == "delivered"
    assert rules(found.forward) == [("POSTROUTING", 2)]
    assert ends(found.forward)[:2] == ("172.18.0.1:*", "172.18.0.3:8080")
    assert ("table-not-captured", ("filter",)) in [(lean.code, lean.args) for lean in found.leans_on]


def test_a_container_that_calls_the_host_meets_docker_proxy_if_anything() -> None:
    found = ask(HOST, "172.18.0.3", "10.1.0.81:8080")
    assert found.forward.disposition == "undetermined"
    assert ("DOCKER", 1) in rules(found.forward)
    assert [doubt.code for doubt in found.forward.doubts] == ["only-docker-proxy"]


def test_a_container_calling_its_own_published_port_is_not_translated() -> None:
    found = ask(HOST, "172.18.0.2", "10.1.0.81:3306")
    assert ("DOCKER", 1) in rules(found.forward)
    assert ends(found.forward)[1] == "10.1.0.81:3306"


def test_without_userland_proxy_the_hairpin_rule_fires(tmp_path: Path) -> None:
    """Rule 1 taken out and the DNAT without ``! -i``, as dockerd writes them with the proxy off."""
    shutil.copytree(HOST, tmp_path / "host")
    nat = tmp_path / "host" / "iptables-nat.txt"
    lines = nat.read_text().splitlines(keepends=True)
    kept = [line for line in lines if f"RETURN all -- {BRIDGE} *" not in line]
    assert len(kept) == len(lines) - 1
    nat.write_text("".join(kept).replace(f"DNAT tcp -- !{BRIDGE} *", "DNAT tcp -- * *"))
    found = ask(tmp_path / "host", "172.18.0.2", "10.1.0.81:3306")
    assert found.forward.disposition == "delivered"
    assert ends(found.forward)[:2] == ("172.18.0.1:*", "172.18.0.2:3306")
    assert rules(found.forward) == [("PREROUTING", 1), ("DOCKER", 2), ("POSTROUTING", 3)]
    assert found.reply is not None
    assert found.reply.where == "172.18.0.2"


def test_the_host_itself_is_translated_in_output_but_not_towards_loopback() -> None:
    outward = ask(HOST, "host", "10.1.0.81:3306")
    assert [(s.hook, s.chain, s.rule) for s in nat_steps(outward.forward)][:2] == [
        ("output", "OUTPUT", 1),
        ("output", "DOCKER", 3),
    ]
    assert ends(outward.forward)[1] == "172.18.0.2:3306"
    loopback = ask(HOST, "host", "127.0.0.1:3306")
    assert rules(loopback.forward) == []
    assert ends(loopback.forward)[1] == "127.0.0.1:3306"


@pytest.mark.parametrize(
    ("target", "next_hop"),
    [("10.0.0.2", "10.0.0.1"), ("10.0.5.5", "10.0.5.5"), ("1.1.1.1", "10.0.0.1")],
)
def test_where_the_first_host_sends_its_packets(target: str, next_hop: str) -> None:
    found = ask(FIRST, "host", target)
    assert (found.forward.disposition, found.forward.packet.oif) == ("exits", "eth0")
    assert str(found.forward.packet.next_hop) == next_hop
    assert ends(found.forward)[0] == "10.0.0.10:*"


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("internet", "10.1.0.81:3306"),
        ("172.18.0.2", "8.8.8.8:443"),
        ("172.17.0.2", "172.18.0.3:8080"),
    ],
)
def test_nothing_is_forwarded_when_forwarding_is_off(tmp_path: Path, source: str, target: str) -> None:
    shutil.copytree(HOST, tmp_path / "host")
    sysctl = tmp_path / "host" / "sysctl.txt"
    sysctl.write_text(sysctl.read_text().replace("ip_forward = 1", "ip_forward = 0"))
    found = ask(tmp_path / "host", source, target)
    assert found.forward.disposition == "not_forwarding"
    assert found.reply is None
