"""The commands that would settle an answer: the right ones, in order, no stranger's text unquoted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sekisho.answers.settling import commands_for, settling
from sekisho.explain.messages_doubts import MESSAGES
from sekisho.model.evidence import Evidence
from sekisho.semantics.journey import Doubt, Lean
from sekisho.sources.load import load_text
from tests.cli.command import sekisho

# What no command shows: chance, what is not modelled, and what the question leaves open.
NOBODY_SHOWS = frozenset(
    """match-not-understood target-not-understood userspace-decides rate-limit recent-list connection-count
    connection-volume quota random-choice payload time-of-day cgroup socket-lookup ipsec-policy l3mdev-rule
    conntrack-helper realm cpu cluster device-group condition-file geoip connection-label ipvs tcp-option
    field-not-stated address-type-by-route too-many-questions too-many-calls chain-loop chain-too-deep
    route-not-understood route-encapsulates rule-not-understood multicast-membership sent-to-everybody
    bridge-address-resolution connection-clash multipath nat-picks-address answer-keeps-to-its-link
    broadcast-forwarded reverse-path-undecided manifest-cut manifest-lost one-of-several-sources
    setting-not-modelled link-not-modelled beside-xfrm beside-tc beside-ipvs beside-line-unread""".split()  # noqa: SIM905
)


@pytest.mark.parametrize("code", sorted(MESSAGES.keys() - NOBODY_SHOWS))
def test_every_doubt_that_a_text_could_settle_has_a_command(code: str) -> None:
    assert commands_for(Doubt(code, ("IPv4", "main", "main")), 4)


def test_what_settles_most_comes_first() -> None:
    doubts = [Doubt("table-incomplete", ("filter",)), Doubt("own-address-not-captured", ("eth0",)),
              Doubt("own-address-not-captured", ("docker0",))]  # fmt: skip
    leans = [
        Lean("policy-rules-not-captured"),
        Lean("table-not-captured", ("raw",)),
        Lean("bridge-by-name", ("b",)),
    ]
    assert settling(doubts, leans, 4) == ("ip addr", "iptables-save", "ip rule", "ip -d link")
    assert settling((), leans, 6)[:2] == ("ip -6 rule", "ip6tables-save")


def test_settings_share_one_command_and_a_listing_of_all_tables_is_enough() -> None:
    keys = ("net.ipv4.conf.eth0.rp_filter", "net.ipv4.ip_forward")
    doubts = [Doubt("sysctl-decides", (key,)) for key in keys]
    assert settling(doubts, (), 4) == (f"sysctl {keys[0]} {keys[1]}",)
    routes = [Doubt("route-line-unread", ("x",)), Doubt("routing-table-not-captured", ("IPv4", "7"))]
    assert settling(routes, (), 4) == ("ip route show table all",)


def test_a_failed_command_is_told_with_the_rights_that_it_needs() -> None:
    failed = [
        Doubt("command-failed", ("ip rule", "Permission denied")),
        Doubt("table-failed", ("filter", "x")),
    ]
    assert settling(failed, [Lean("table-not-shown", ("nat",))], 4) == ("sudo ip rule", "sudo iptables-save")


@pytest.mark.parametrize(
    "one",
    [
        Doubt("routing-table-not-captured", ("IPv4", "7; rm -rf /")),
        Lean("sysctl-not-captured", ("net.ipv4.conf.$(reboot).rp_filter", "0")),
        Doubt("command-failed", ("ip rule; reboot", "x")),
    ],
)
def test_names_of_strangers_reach_no_shell(one: Doubt | Lean) -> None:
    for command in commands_for(one, 4):
        assert command in ("ip route show table '7; rm -rf /'", "sysctl 'net.ipv4.conf.$(reboot).rp_filter'")


WEB = "sudo nsenter -t \"$(docker inspect -f '{{.State.Pid}}' web)\" -n "
NAMED = WEB.replace("web", "NAME")


@pytest.mark.parametrize(
    ("one", "command"),
    [
        (Lean("in-namespace", ("web", "policy-rules-not-captured")), WEB + "ip rule"),
        (Doubt("in-namespace", ("web", "sysctl-decides", "net.ipv4.conf.eth0.rp_filter")),
         WEB + "sysctl net.ipv4.conf.eth0.rp_filter"),
        (Doubt("table-incomplete", ("nat",), Evidence("netns/web/iptables-save.txt", 3, "x")),
         WEB + "iptables-save"),
        (Doubt("command-failed", ("ip rule", "x"), Evidence("netns/web/ip-rule.txt", 1, "x")),
         WEB + "ip rule"),
        (Lean("in-namespace", ("web;reboot", "policy-rules-not-captured")), NAMED + "ip rule"),
        (Lean("in-namespace", ("$(reboot)", "policy-rules-not-captured")), NAMED + "ip rule"),
    ],
)  # fmt: skip
def test_a_containers_namespace_is_asked_itself(one: Doubt | Lean, command: str) -> None:
    assert commands_for(one, 4) == (command,)


def test_what_is_missing_of_a_container_is_told_as_its_own_and_pasted_back(tmp_path: Path) -> None:
    """The host's rules are there, the container's are not; its command's output belongs to it."""
    folder = Path(__file__).parents[1] / "data" / "docker" / "28.5.2" / "two-custom-networks"
    asked = ("container:c0", "internet", "--proto", "icmp")
    found = json.loads(sekisho("trace", str(folder), *asked, "--json").out)
    assert "in c0: ip rule not captured: taken as the default rules" in found["leans_on"]
    [command] = [each for each in found["settle"] if each.endswith("ip rule")]
    assert command == WEB.replace("web", "c0") + "ip rule"
    page = tmp_path / "page.txt"
    page.write_text(f"$ {command}\n0:\tfrom all lookup local\n32766:\tfrom all lookup main\n")
    shown = load_text(page.read_text())
    assert [(each.name, len(each.rules or ())) for each in shown.namespaces] == [("c0", 2)]
    assert shown.host.rules is None


def test_an_open_answer_ends_with_them(tmp_path: Path) -> None:
    page = tmp_path / "page.txt"
    page.write_text(
        "$ ip rule\n0: from all lookup local\n100: from all lookup 51820\n32766: from all lookup main\n"
        "$ ip route\ndefault via 10.0.0.1 dev eth0 src 10.0.0.10\n"
    )
    ended = sekisho("trace", str(page), "host", "8.8.8.8")
    assert ended.status == 3
    assert ended.out.split("\n")[-4:] == [
        "These commands would settle it, what settles most first:",
        "  ip route show table 51820",
        "  ip addr",
        "",
    ]
    found = json.loads(sekisho("trace", str(page), "host", "8.8.8.8", "--json").out)
    assert found["settle"] == ["ip route show table 51820", "ip addr"]
    assert "確定" in sekisho("trace", str(page), "host", "8.8.8.8", "--lang", "ja").out


ROUTES6 = "$ ip -6 route\ndefault via fe80::1 dev eth0 proto static metric 1024\n"
ROUTES6 += "2001:db8:1::/64 dev eth0 proto kernel metric 256\n"


def test_a_policy_about_ipv6_is_settled_by_its_own_commands(tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_text(ROUTES6)
    wanted = "deny: {from: internet, to: '[2001:db8:1::10]:22'}"
    (tmp_path / "policy.yaml").write_text(f"version: 1\nassertions:\n  - {wanted}\n")
    words = ("check", str(tmp_path / "page.txt"), str(tmp_path / "policy.yaml"))
    found = json.loads(sekisho(*words, "--json").out)["settle"]
    assert "ip6tables-save" in found
    assert not {"iptables-save", "ip rule"} & set(found)
    assert "\n  ip6tables-save\n" in sekisho(*words, "--lang", "en").out


def test_a_comparison_tells_them_in_text_and_as_data(tmp_path: Path) -> None:
    before, after = tmp_path / "before.txt", tmp_path / "after.txt"
    routes = "$ ip route\ndefault via 10.0.0.1 dev eth0 src 10.0.0.10\n"
    before.write_text(routes)
    after.write_text("$ ip rule\n0: from all lookup local\n100: from all lookup 51820\n" + routes)
    words = ("diff", str(before), str(after))
    found = json.loads(sekisho(*words, "--json").out)["settle"]
    assert "ip route show table 51820" in found
    shown = sekisho(*words, "--lang", "en").out
    assert all(f"  {command}\n" in shown for command in found)


def test_a_command_is_not_told_twice_with_other_options() -> None:
    failed = [Lean("command-failed", ("iptables-save -c", "x"))]
    assert settling([Doubt("table-failed", ("filter", "x"))], failed, 4) == ("sudo iptables-save",)
    assert settling((), failed, 4) == ("sudo iptables-save -c",)
