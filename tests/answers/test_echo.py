"""A ping that a host leaves unanswered: every verb says so. Whether it does is the kernel's word
(tests/cases, echo-...)."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho.answers.check import check
from sekisho.answers.policy import load_policy
from sekisho.answers.reach import Question, reach
from sekisho.answers.trace import Question as Asked
from sekisho.answers.trace import trace
from sekisho.explain.report import explain
from sekisho.semantics.echo import asked_of
from sekisho.semantics.fields import ANYCAST, BROADCAST, MULTICAST, UNICAST
from sekisho.semantics.world import World
from sekisho.values.address import Address, Family
from tests.case_files import read

NEIGHBOUR = "192.0.2.77"
# (case, a ping to the host works, one for everybody does)
CASES = [
    ("echo-is-answered", True, False),
    ("echo-ignored-at-all", False, False),
    ("echo-to-everybody-answered", True, True),
]
each = pytest.mark.parametrize(("name", "to_host", "to_all"), CASES, ids=[case[0] for case in CASES])


@each
def test_trace(name: str, to_host: bool, to_all: bool) -> None:
    world = World(read(name).snapshot())
    for target, works in (("192.0.2.10", to_host), ("192.0.2.255", to_all)):
        found = trace(world, Asked(NEIGHBOUR, target, "icmp"))
        assert found.forward.disposition == ("delivered" if works else "no_socket")
        assert (found.reply is not None) is works
        if found.reply is not None:  # nobody answers as everybody
            assert found.reply.packet.src == Address.parse("192.0.2.10").value


@each
def test_reach(name: str, to_host: bool, to_all: bool) -> None:
    for target, works in (("host", to_host), ("192.0.2.255", to_all)):
        (cell,) = reach(World(read(name).snapshot()), Question(NEIGHBOUR, target, "icmp")).cells
        assert cell.status == ("yes" if works else "no")


@each
def test_check(name: str, to_host: bool, to_all: bool, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    ends = f'from: "{NEIGHBOUR}", to: host, proto: icmp'
    policy.write_text(f"version: 1\nassertions:\n  - deny: {{{ends}}}\n")
    (found,) = check(World(read(name).snapshot()), load_policy(str(policy))).results
    assert found.status == ("failed" if to_host or to_all else "passed")


@pytest.mark.parametrize(("family", "kind", "wanted"), [
    (4, UNICAST, ["ipv4.icmp_echo_ignore_all"]),
    (4, BROADCAST, ["ipv4.icmp_echo_ignore_all", "ipv4.icmp_echo_ignore_broadcasts"]),
    (4, MULTICAST, ["ipv4.icmp_echo_ignore_all", "ipv4.icmp_echo_ignore_broadcasts"]),
    (6, UNICAST, ["ipv6.icmp.echo_ignore_all"]),
    (6, MULTICAST, ["ipv6.icmp.echo_ignore_all", "ipv6.icmp.echo_ignore_multicast"]),
    (6, ANYCAST, ["ipv6.icmp.echo_ignore_all", "ipv6.icmp.echo_ignore_anycast"]),
])  # fmt: skip
def test_the_settings_that_are_asked(family: Family, kind: int, wanted: list[str]) -> None:
    """As icmp_echo and icmpv6_echo_reply ask them; what was not captured of these is said."""
    assert asked_of(family, kind) == tuple(f"net.{key}" for key in wanted)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("net.ipv4.icmp_echo_ignore_all = 1", "sysctl.icmp_echo_ignore_all"),
        ("net.ipv4.icmp_echo_ignore_broadcasts = 0", "sysctl.icmp_echo_ignore_broadcasts"),
    ],
)
def test_explain(line: str, code: str) -> None:
    name = "echo-ignored-at-all" if line.endswith("1") else "echo-to-everybody-answered"
    told = explain(read(name).snapshot(), ("sysctl",), "en")
    said = {item.text.strip(): item.messages for section in told.sections for item in section.lines}
    assert code in {message.code for message in said[line]}
