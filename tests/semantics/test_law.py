"""What is not understood is neither an end nor an acceptance: in every chain kind, by every verb."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho.answers.chain import ChainReader
from sekisho.answers.check import check
from sekisho.answers.diff import diff
from sekisho.answers.exposed import exposed
from sekisho.answers.lint import lint
from sekisho.answers.policy import load_policy
from sekisho.answers.reach import Question as Pair
from sekisho.answers.reach import reach
from sekisho.answers.trace import Question, trace
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.world import World
from sekisho.sources.load import load_text
from sekisho.symbolic.chain_view import SOMETHING_ELSE

ROUTES = """$ ip route
default via 10.0.0.1 dev eth0 src 10.0.0.10
10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.10
$ ip addr
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536
    inet 127.0.0.1/8 scope host lo
2: eth0: <BROADCAST,UP,LOWER_UP> mtu 1500
    inet 10.0.0.10/24 scope global eth0
$ ss -lnt
State  Recv-Q Send-Q Local Address:Port Peer Address:Port
LISTEN 0      128    0.0.0.0:22         0.0.0.0:*
$ sysctl -a
net.ipv4.conf.all.rp_filter = 0
net.ipv4.conf.eth0.rp_filter = 0
"""
RULES = (
    "$ ip rule\n0:\tfrom all lookup local\n{}32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n"
)
SAVE = "$ iptables-save -t {0}\n*{0}\n{1}COMMIT\n"
CHAINS = {
    "raw": ("PREROUTING", "OUTPUT"),
    "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
}
# Those that a packet passes on its way to a local process.
INWARD = [("raw", "PREROUTING"), ("mangle", "PREROUTING"), ("mangle", "INPUT"), ("nat", "PREROUTING"),
          ("nat", "INPUT"), ("filter", "INPUT")]  # fmt: skip


def table(name: str, chain: str, rule: str) -> str:
    """A table in which one chain has a rule."""
    heads = "".join(f":{each} ACCEPT [0:0]\n" for each in CHAINS[name])
    return SAVE.format(name, f"{heads}-A {chain} {rule}\n")


def nft(rule: str) -> str:
    """A base chain of one's own at the input hook."""
    base = "type filter hook input priority 0; policy accept;"
    return f"$ nft list ruleset\ntable inet own {{\n\tchain in {{\n\t\t{base}\n\t\t{rule}\n\t}}\n}}\n"


UNKNOWN = {
    **{f"{name} {chain}": table(name, chain, "-j FOOBAR") for name, chain in INWARD},
    "a match": table("filter", "INPUT", "-m strange --thing 1 -j DROP"),
    "a user chain": SAVE.format(
        "filter", ":INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:own - [0:0]\n"
        "-A INPUT -j own\n-A own -j FOOBAR\n",
    ),
    "a policy": SAVE.format("filter", ":INPUT QUEUE [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"),
    "nftables": nft("strange thing 1 drop"),
    "a policy rule": "$ ip route show table 7\nblackhole default\n"
    + RULES.format("5:\tfrom all strange 1 lookup 7\n"),
    "a route": "$ ip route show table 7\nstrange default\n"
    + RULES.format("5:\tfrom all iif eth0 lookup 7\n"),
}  # fmt: skip


@pytest.fixture(params=sorted(UNKNOWN))
def snapshot(request: pytest.FixtureRequest) -> Snapshot:
    """A host with something that nobody knows on the way to its port 22."""
    return load_text(ROUTES + UNKNOWN[request.param])


def test_trace_is_undetermined(snapshot: Snapshot) -> None:
    found = trace(World(snapshot), Question("10.0.0.77", "10.0.0.10", "tcp", 40000, 22, "eth0"))
    assert found.works is None


def test_reach_says_perhaps(snapshot: Snapshot) -> None:
    [cell] = reach(World(snapshot), Pair("vpc", "host:22", "tcp")).cells
    assert cell.status == "perhaps"
    assert cell.doubts


def test_exposed_says_perhaps_and_why(snapshot: Snapshot) -> None:
    found = exposed(World(snapshot))
    [port] = [each for each in found.ports if each.port == 22]
    [access] = [each for each in port.access if each.caller == "vpc"]
    assert access.status == "perhaps"
    assert access.doubts
    assert found.unsure


@pytest.mark.parametrize("kind", ["allow", "deny"])
def test_check_neither_passes_nor_fails(snapshot: Snapshot, kind: str, tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text(
        f"version: 1\nassertions:\n  - {kind}: {{from: vpc, to: 'host:22'}}\n"
    )
    report = check(World(snapshot), load_policy(str(tmp_path / "policy.yaml")))
    assert [result.status for result in report.results] == ["unsure"]


def test_lint_calls_nothing_behind_it_dead(snapshot: Snapshot) -> None:
    dead = {"lint.rule-impossible", "lint.rule-unreachable", "lint.rule-shadowed", "lint.rule-contradicted"}
    assert not dead & {finding.id for finding in lint(snapshot).findings}


def test_diff_to_the_host_without_it_is_open(snapshot: Snapshot) -> None:
    found = diff(World(load_text(ROUTES)), World(snapshot), 4)
    assert {change.kind for change in found.changes} <= {"unsure"}


def test_a_policy_that_no_line_shows_is_neither() -> None:
    """Heads are gone when a save is filtered for -A; a chain that nothing else decides is open then."""
    heads = ":INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
    rules = "-A FORWARD -i eth1 -j ACCEPT\n"
    reader = ChainReader(load_text(ROUTES + SAVE.format("filter", heads + rules)), "FORWARD")
    answer = reader.answer()
    assert answer.accepted is not None
    found = {row.iif: (bool(row.certain), bool(row.perhaps)) for row in answer.accepted}
    assert found == {"eth1": (True, False), SOMETHING_ELSE: (False, True)}
    assert [(doubt.code, doubt.args) for doubt in answer.doubts] == [
        ("policy-unknown", ("FORWARD", "filter"))
    ]


@pytest.mark.parametrize("rule", ["-j FOOBAR", "-m strange --thing 1 -j ACCEPT"])
def test_a_chain_alone_is_open(rule: str) -> None:
    reader = ChainReader(load_text(ROUTES + table("filter", "INPUT", rule)), "INPUT")
    answer = reader.answer()
    assert answer.accepted is not None
    assert all(row.perhaps or rule.endswith("ACCEPT") for row in answer.accepted)
