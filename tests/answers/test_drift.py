"""Drift: nothing on hosts as dockerd left them, and each change by its name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sekisho.answers.drift import DriftReport, drift
from sekisho.errors import UsageError
from sekisho.model.netfilter import Chain, Option, Rule
from sekisho.model.snapshot import Snapshot
from sekisho.sources.iptables_rule import parse_rule, render_rule
from sekisho.sources.load import load
from tests.truth import loaded, needs_truth, truth_dir

SHIPPED = Path(__file__).resolve().parents[1] / "data" / "docker"
HOST = SHIPPED / "28.5.2" / "two-custom-networks"


def _host() -> Snapshot:
    return load(str(HOST))


def _with_chain(snapshot: Snapshot, table: str, chain: str, rules: tuple[Rule, ...] | None) -> Snapshot:
    """The IPv4 rules of one chain exchanged; None takes the chain away."""
    rulesets = []
    for ruleset in snapshot.host.rulesets:
        tables = []
        for one in ruleset.tables:
            chains: list[Chain] = []
            for found in one.chains:
                if (ruleset.family, one.name, found.name) != (4, table, chain):
                    chains.append(found)
                elif rules is not None:
                    chains.append(replace(found, rules=rules))
            tables.append(replace(one, chains=tuple(chains)))
        rulesets.append(replace(ruleset, tables=tuple(tables)))
    return replace(snapshot, host=replace(snapshot.host, rulesets=tuple(rulesets)))


def _rules(snapshot: Snapshot, table: str, chain: str) -> tuple[Rule, ...]:
    for ruleset in snapshot.host.rulesets:
        for one in ruleset.tables if ruleset.family == 4 else ():
            for found in one.chains:
                if (one.name, found.name) == (table, chain):
                    return found.rules
    raise AssertionError(f"no {table} {chain}")


def _ids(snapshot: Snapshot) -> list[tuple[str, str]]:
    return [(finding.id, finding.args[-1]) for finding in drift(snapshot).findings]


def test_nothing_has_drifted() -> None:
    for folder in sorted(SHIPPED.glob("*/*")):
        report = drift(load(str(folder)))
        assert (report.findings, report.sure) == ((), True)
        assert report.compared > 30


def test_every_single_rule_is_missed() -> None:
    """Each rule of a chain of Docker's taken away in turn: found missing, and nothing else said."""
    host = _host()
    for table, chain in (
        ("filter", "DOCKER"),
        ("filter", "FORWARD"),
        ("nat", "DOCKER"),
        ("nat", "POSTROUTING"),
    ):
        rules = _rules(host, table, chain)
        assert rules
        for at, rule in enumerate(rules):
            changed = _with_chain(host, table, chain, (*rules[:at], *rules[at + 1 :]))
            assert _ids(changed) == [("drift.rule-missing", render_rule(rule))]


def test_a_chain_that_was_flushed_away() -> None:
    """iptables -t nat -F; iptables -t nat -X: no jump can stay without its chain."""
    host = _host()
    for chain in ("PREROUTING", "OUTPUT", "POSTROUTING"):
        host = _with_chain(host, "nat", chain, ())
    found = drift(_with_chain(host, "nat", "DOCKER", None)).findings
    assert ("drift.chain-missing", ("iptables", "nat", "DOCKER")) in [(f.id, f.args) for f in found]
    missing = [finding.args[2] for finding in found if finding.id == "drift.rule-missing"]
    assert set(missing) == {"PREROUTING", "OUTPUT", "POSTROUTING"}
    assert {finding.id for finding in found} == {"drift.chain-missing", "drift.rule-missing"}


def test_a_rule_twice() -> None:
    host = _host()
    rules = _rules(host, "nat", "DOCKER")
    changed = _with_chain(host, "nat", "DOCKER", (*rules, rules[-1]))
    assert _ids(changed) == [("drift.rule-twice", render_rule(rules[-1]))]


@pytest.mark.parametrize(("id", "gone", "text"), [
    ("drift.rule-orphaned", "172.18.0.99",
     "! -i br-0123456789ab -p tcp -m tcp --dport 99 -j DNAT --to-destination 172.18.0.99:99"),
    ("drift.rule-orphaned", "172.18.0.99",
     "-p tcp -m tcp --dport 99 -j DNAT --to-destination 172.18.0.99:99"),
    ("drift.rule-foreign", "-p tcp -m tcp --dport 99 -j ACCEPT", "-p tcp -m tcp --dport 99 -j ACCEPT"),
])  # fmt: skip
def test_rules_that_are_not_dockers(id: str, gone: str, text: str) -> None:
    host = _host()
    rules = _rules(host, "nat", "DOCKER")
    ((found_id, last),) = _ids(_with_chain(host, "nat", "DOCKER", (*rules, parse_rule(text)[0])))
    assert found_id == id
    assert last in (gone, "br-0123456789ab")


@pytest.mark.parametrize("destination", ["/0.0.0.0/32", "nowhere/32", "10.0.0.300/32", "::/0/128"])
def test_a_rule_for_no_address_is_nobodys(destination: str) -> None:
    """iptables would not load it; it is no container's that is gone either."""
    host = _host()
    rules = _rules(host, "nat", "DOCKER")
    rule = parse_rule("-p tcp -m tcp --dport 99 -j ACCEPT")[0]
    rule = replace(rule, matches=(Option("", "destination", False, (destination,)), *rule.matches))
    assert _ids(_with_chain(host, "nat", "DOCKER", (*rules, rule))) == [
        ("drift.rule-foreign", f"-d {destination} -p tcp -m tcp --dport 99 -j ACCEPT")
    ]


def test_what_stands_before_docker_user() -> None:
    host = _host()
    rules = _rules(host, "filter", "FORWARD")
    early = parse_rule("-i tailscale0 -j ACCEPT")[0]
    found = drift(_with_chain(host, "filter", "FORWARD", (early, *rules))).findings
    assert [(finding.id, finding.args) for finding in found] == [
        ("drift.before-user", ("iptables", "-i tailscale0 -j ACCEPT"))
    ]


def test_rules_of_docker_user_are_the_administrators() -> None:
    host = _host()
    rule = parse_rule("-i eth0 -p tcp -m tcp --dport 3306 -j DROP")[0]
    assert drift(_with_chain(host, "filter", "DOCKER-USER", (rule,))).findings == ()


def test_forwarding_switched_off_by_somebody() -> None:
    host = _host()
    sysctls = tuple(
        replace(item, value="0") if item.key == "net.ipv4.ip_forward" else item
        for item in host.host.sysctls or ()
    )
    (finding,) = drift(replace(host, host=replace(host.host, sysctls=sysctls))).findings
    assert (finding.id, finding.args) == ("drift.sysctl", ("net.ipv4.ip_forward", "0", "1"))
    assert finding.evidence is not None


def test_a_bridge_without_its_address_route_and_proxy() -> None:
    host = _host()
    facts = host.host
    bridge = next(n.bridge for n in host.networks or () if (n.bridge or "").startswith("br-"))
    changed = replace(
        facts,
        addresses=tuple(item for item in facts.addresses or () if item.interface != bridge),
        routes=tuple(r for r in facts.routes if not any(hop.dev == bridge for hop in r.nexthops)),
        sockets=(),
    )
    ids = {finding.id for finding in drift(replace(host, host=changed)).findings}
    assert ids == {"drift.address-missing", "drift.route-missing", "drift.socket-missing"}


def _cut(folder: Path, name: str, end: int, *others: str) -> Snapshot:
    """The host with these files alone, the first of which ends after some lines."""
    lines = (HOST / name).read_text().splitlines(keepends=True)
    (folder / name).write_text("".join(lines[:end]))
    for other in ("docker-networks.json", "docker-containers.json", "docker-version.json", *others):
        (folder / other).write_text((HOST / other).read_text())
    return load(str(folder))


def _of_tables(report: DriftReport) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple(each for each in report.partial if each[0] == "drift.partial")


def test_what_was_not_captured_is_not_compared(tmp_path: Path) -> None:
    report = drift(_cut(tmp_path, "iptables-save.txt", 10_000))
    told = [args for code, args in report.partial if code == "lint.not-captured"]
    assert [command for _, command in told] == ["ip -d link", "ip addr", "ip route", "ss -lntup"]


def test_of_a_text_that_is_cut_nothing_is_missing(tmp_path: Path) -> None:
    lines = (HOST / "iptables-save.txt").read_text().splitlines()
    inside = lines.index(":DOCKER - [0:0]")  # in filter, after raw
    report = drift(_cut(tmp_path, "iptables-save.txt", inside))
    assert report.findings == ()
    assert _of_tables(report) == (
        ("drift.partial", ("iptables", "filter")), ("drift.partial", ("iptables", "nat")),
    )  # fmt: skip
    assert drift(load(str(HOST))).partial == ()


def test_what_is_there_is_compared_all_the_same(tmp_path: Path) -> None:
    snapshot = _cut(tmp_path, "iptables-save.txt", 10_000)
    (rule,) = (parse_rule("-s 9.9.9.9/32 -j ACCEPT")[0],)
    rules = _rules(snapshot, "nat", "DOCKER")
    unread = replace(rules[0], matches=(*rules[0].matches, Option("?", "", False, ("--what",))))
    changed = _with_chain(snapshot, "nat", "DOCKER", (unread, *rules[1:], rule))
    report = drift(changed)
    assert _of_tables(report) == (("drift.partial", ("iptables", "nat")),)
    # The rule that was not understood is not as dockerd writes it, and so is the one of somebody else; that
    # dockerd's own is missing would be a guess.
    assert [finding.id for finding in report.findings] == ["drift.rule-foreign"] * 2


def test_sockets_and_interfaces_that_were_not_asked_for(tmp_path: Path) -> None:
    """ss -lt shows no UDP, ip link show eth0 no bridge: neither is missing."""
    snapshot = _cut(tmp_path, "iptables-save.txt", 10_000, "ss.txt", "ip-link.json", "ip-addr.json")
    facts = snapshot.host
    assert {f.id for f in drift(replace(snapshot, host=replace(facts, sockets=()))).findings} == {
        "drift.socket-missing"
    }
    asked = replace(facts, sockets=(), socket_protocols=frozenset({"udp"}))
    assert drift(replace(snapshot, host=asked)).findings == ()
    eth0 = replace(
        facts,
        interfaces=tuple(item for item in facts.interfaces or () if item.name == "eth0"),
        addresses=tuple(item for item in facts.addresses or () if item.interface == "eth0"),
    )
    assert drift(replace(snapshot, host=eth0)).findings == ()


def test_dockerds_own_rules_before_docker_user() -> None:
    """26 beside a swarm writes some there; they take nothing from an administrator who has no rules."""
    host = _host()
    rules = _rules(host, "filter", "FORWARD")
    turned = _with_chain(host, "filter", "FORWARD", rules[::-1])
    assert _ids(turned) == []
    user = parse_rule("-s 9.9.9.9/32 -j DROP")[0]
    assert {code for code, _ in _ids(_with_chain(turned, "filter", "DOCKER-USER", (user,)))} == {
        "drift.before-user"
    }


def test_without_dockers_state_there_is_nothing_to_compare() -> None:
    with pytest.raises(UsageError, match="Docker's own state"):
        drift(replace(_host(), containers=None))


@needs_truth
def test_no_capture_of_a_real_engine_has_drifted() -> None:
    root = truth_dir()
    assert root is not None
    compared = 0
    for folder in sorted(path.parent for path in root.glob("docker/*/*/docker-containers.json")):
        if folder.name.startswith("swarm"):
            continue
        report = drift(loaded(folder))
        compared += report.compared
        # dockerd ran with --ip-forward=false, which leaves no trace but the switch.
        off = folder.name == "ip-forward-false" and folder.parent.name != "29.7.2-nftables"
        switched_off = [("drift.sysctl", "net.ipv4.ip_forward")] if off else []
        assert [(finding.id, finding.args[0]) for finding in report.findings] == switched_off, folder
    assert compared > 6000
