"""explain and the walk agree on what is decided, and explain calls no rule valid that iptables refuses."""

from __future__ import annotations

import pytest

from sekisho.answers.trace import Question, trace
from sekisho.explain.explanation import Line
from sekisho.explain.report import explain
from sekisho.explain.words import sentences
from sekisho.semantics.world import World
from sekisho.sources.load import load_text

ROUTES = """\
$ ip route
default via 10.0.0.1 dev eth0 src 10.0.0.10
10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.10
172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1
$ sysctl -a
net.ipv4.ip_forward = 1
$ ipset save
create bad hash:ip family inet hashsize 1024 maxelem 65536
add bad 192.0.2.1
$ iptables-save
"""
OPEN = ("cannot be read off a snapshot", "not known to Sekisho", "which decides", "was not captured")

# Conditions and targets for a TCP packet that is forwarded; what comes after them lets it go.
MATCHES = [
    "-m limit --limit 5/min", "-m hashlimit --hashlimit-upto 1/sec --hashlimit-name x", "-m recent --rcheck",
    "-m statistic --mode random --probability 0.5", "-m string --algo bm --string x", "-m time --utc",
    "-m quota --quota 1000", "-m connbytes --connbytes 1: --connbytes-dir both --connbytes-mode bytes",
    "-m connlimit --connlimit-above 3", "-m u32 --u32 0=1", "-m cpu --cpu 0", "-m helper --helper ftp",
    "-m nfacct --nfacct-name x", "-m connlabel --label 1", "-m realm --realm 1", "-p tcp -m tcpmss --mss 500",
    "-p tcp -m osf --genre Linux", "-m policy --dir out --pol ipsec", "-m devgroup --src-group 1",
    "-m ipvs --ipvs", "-m wonder --odd 1", "-p tcp -m tcp --dport 443", "-m conntrack --ctstate NEW",
    "-m conntrack --ctexpire 5", "-m addrtype --dst-type LOCAL", "-m mark --mark 5", "-m ecn --ecn-ip-ect 0",
    "-m set --match-set bad src", "-m comment --comment x",
    "-m iprange --src-range 10.0.0.1-10.0.0.9", "-m dscp --dscp 0",
    "-m tos --tos 0/0xff", "-m pkttype --pkt-type unicast", "-m physdev --physdev-is-bridged",
    "-m statistic --mode nth --every 2 --packet 0",
    "-m cluster --cluster-total-nodes 2 --cluster-local-node 1 --cluster-hash-seed 1",
    "-p tcp -m multiport --dports 443", "-p tcp -m tcp --tcp-option 5",
]  # fmt: skip
TARGETS = [
    "LOG", "NFLOG", "AUDIT --type accept", "CLASSIFY --set-class 1:1", "CONNMARK --save-mark",
    "MARK --set-mark 1", "NFQUEUE", "NFQUEUE --queue-num 1 --queue-bypass", "SET --add-set bad src",
    "SET --map-set bad src --map-mark", "IDLETIMER --timeout 5 --label x", "TEE --gateway 10.0.0.9", "WONDER",
    "RATEEST --rateest-name x --rateest-interval 1s --rateest-ewmalog 2s", "ACCEPT", "LED --led-trigger-id x",
    "HMARK --hmark-mod 2 --hmark-tuple src",
]  # fmt: skip


def asked(*rules: str) -> tuple[World, list[Line]]:
    lines = "".join(f"-A FORWARD {rule}\n" for rule in rules)
    heads = ":INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
    snapshot = load_text(f"{ROUTES}*filter\n{heads}{lines}COMMIT\n")
    found = [
        line
        for section in explain(snapshot, ("filter",), "en").sections
        for line in section.lines
        if line.text.startswith("-A")
    ]
    return World(snapshot), found


def said(line: Line, lang: str = "en") -> str:
    return sentences(line.messages, lang)


def ways(world: World) -> str:
    question = Question("172.17.0.3", "8.8.8.8:443", sport=40000)
    return trace(world, question).forward.disposition


@pytest.mark.parametrize("match", MATCHES)
def test_what_a_match_leaves_open_is_said_of_it(match: str) -> None:
    world, (line,) = asked(f"{match} -j DROP")
    text = said(line)
    assert (ways(world) == "undetermined") == any(words in text for words in OPEN), text


@pytest.mark.parametrize("target", TARGETS)
def test_what_a_target_leaves_open_is_said_of_it(target: str) -> None:
    world, (line, _) = asked(f"-j {target}", "-j DROP")
    text = said(line)
    assert (ways(world) == "undetermined") == any(words in text for words in OPEN), text


def test_a_set_that_rules_change_is_open() -> None:
    """xt_set.c: SET goes on; what it adds may be in the set by now."""
    world, _ = asked("-j SET --add-set bad src", "-m set --match-set bad src -j DROP")
    found = trace(world, Question("172.17.0.3", "8.8.8.8:443"))
    assert [doubt.code for doubt in found.forward.doubts] == ["set-moves"]


REFUSED = [
    ("-p udp -m tcp --dport 53 -j ACCEPT", "tcp works only with -p tcp"),
    ("-m owner --uid-owner 0 -j ACCEPT", "owner does not work in chain FORWARD"),
    ("-j DNAT --to-destination 10.0.0.1", "DNAT works only in table nat"),
    ("-m hl --hl-eq 5 -j ACCEPT", "hl exists for IPv6 only"),
    ("-m connlabel --label 4000 -j ACCEPT", "refuses the value 4000 of connlabel's --label"),
    ("-m mark --mark red -j ACCEPT", 'iptables refuses it: mark: bad integer value for option "--mark"'),
    ("-m mark -j ACCEPT", 'iptables refuses it: mark: option "--mark" must be specified'),
    ("-p tcp --dport 80 --dport 81 -j ACCEPT", "Only one `--destination-port' allowed"),
    ("-m length --length 9:3 -j ACCEPT", "iptables 1.8.11 refuses this rule"),
]


@pytest.mark.parametrize(("rule", "words"), REFUSED)
def test_no_rule_is_called_valid_that_iptables_refuses(rule: str, words: str) -> None:
    _, (line,) = asked(rule)
    assert words in said(line)
    assert "読み込め" in said(line, "ja") or "拒否" in said(line, "ja")


def test_what_depends_on_a_rule_that_cannot_be_loaded_is_open() -> None:
    """A packet that the rule speaks of; others are not concerned."""
    world, _ = asked("-p tcp -m udp --dport 443 -j DROP")
    found = trace(world, Question("172.17.0.3", "8.8.8.8:443"))
    assert [doubt.code for doubt in found.forward.doubts] == ["rule-not-loadable"]
    assert trace(world, Question("172.17.0.3", "8.8.8.8:80")).forward.disposition == "exits"


def test_a_chain_that_the_text_lacks_is_no_unknown_target() -> None:
    snapshot = load_text("$ iptables -S | grep FORWARD\n-P FORWARD DROP\n-A FORWARD -j DOCKER-USER\n")
    (line,) = [
        line for section in explain(snapshot, ("filter",), "en").sections for line in section.lines
        if "DOCKER-USER" in line.text
    ]  # fmt: skip
    assert "a chain that was not captured, or a target that Sekisho does not know" in said(line)
