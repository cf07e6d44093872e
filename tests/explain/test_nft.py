"""nftables rules in words, in both languages."""

from __future__ import annotations

import pytest

from sekisho.explain.context import HostContext
from sekisho.explain.nft import explain_nft
from sekisho.explain.words import catalog, sentences
from sekisho.model.snapshot import Namespace, Snapshot
from sekisho.sources import nft_text
from sekisho.values.names import namespace_name

KNOWN = catalog()


def _explained(text: str, lang: str = "en") -> dict[str, str]:
    """The words for each line of a listing."""
    ruleset = nft_text.parse(text, "nft-ruleset.txt")
    host = Namespace(namespace_name("host"), nft=ruleset)
    found = list(explain_nft(ruleset, HostContext(Snapshot("x", host), host)))
    for _place, messages in found:
        for message in messages:
            for inner in message.walk():
                assert inner.code in KNOWN or inner.code.startswith("join."), inner.code
    return {place.text: sentences(messages, lang) for place, messages in found}


def _rule(rule: str, lang: str = "en", family: str = "inet") -> str:
    text = f"table {family} t {{\n\tchain c {{\n\t\t{rule}\n\t}}\n}}\n"
    return _explained(text, lang)[rule]


RULES = [
    ('iifname "docker0" accept', "Packets that arrive on docker0 are accepted here and go on"),
    ("tcp dport { 22, 80-90 } drop", "TCP packets to port 22 or 80-90 are dropped"),
    ("ip saddr 10.0.0.0/8 udp dport 53 accept", "UDP packets from 10.0.0.0/8 to port 53 are accepted"),
    ("ct state established,related accept", "belong to a connection that is already known"),
    ("ct state invalid drop", "INVALID"),
    ("tcp flags syn / fin,syn,rst,ack drop", "open a connection (SYN without ACK)"),
    ("fib saddr . iif oif missing drop", "fail the reverse path test"),
    ("fib daddr type local jump x", "to an address of this host itself go through chain x"),
    ("ip saddr != @blocked accept", "from anywhere but one of the set blocked"),
    ("meta mark set 0x00000005 accept", "get a mark (0x00000005)"),
    ("meta mark set 0x00000005 accept", "They are accepted here"),
    ("limit rate 5/second accept", "stay within the limit (rate 5/second)"),
    ("limit rate 5/second accept", "cannot be read off a snapshot"),
    (
        "tcp dport vmap { 22 : accept, 23 : drop }",
        "by what the map has for their destination port: 22 : accept",
    ),
    ("dnat ip to 10.0.0.2:80", "get the new destination 10.0.0.2:80"),
    ("dnat ip to 10.0.0.2:80", "IPv4 only"),
    ("dnat ip to tcp dport map { 80 : 10.0.0.2 }", "that the map has for their destination port"),
    ("masquerade", "the address of the interface by which they leave"),
    ("reject with icmpx admin-prohibited", "are rejected, and the sender is told (ICMP: admin-prohibited)"),
    ("add @seen { ip saddr }", "are noted in the set seen"),
    ("xt match recent counter packets 0 bytes 0 drop", 'fit the iptables match "recent"'),
    ("frobnicate everything", 'fit "frobnicate everything"'),
    ('counter packets 3 bytes 180 comment "why"', "only counted"),
    ('counter packets 3 bytes 180 comment "why"', 'own comment: "why"'),
    ("flow add @f", "bypass all chains"),
    ("notrack", "left out of connection tracking"),
]


@pytest.mark.parametrize(("rule", "want"), RULES)
def test_rules(rule: str, want: str) -> None:
    assert want in _rule(rule)


@pytest.mark.parametrize("rule", sorted({rule for rule, _ in RULES}))
def test_every_rule_has_japanese_words(rule: str) -> None:
    text = _rule(rule, "ja")
    assert text.startswith("ルール1")
    assert "nft." not in text


FIREWALL = """table inet fw {
\tflags dormant

\tset blocked {
\t\ttype ipv4_addr
\t\telements = { 10.0.0.1 }
\t}

\tchain input {
\t\ttype filter hook input priority filter; policy drop;
\t\tupdate @blocked { ip saddr }
\t}

\tchain lonely {
\t}
}
"""


def test_tables_chains_and_sets() -> None:
    words = _explained(FIREWALL)
    assert "IPv4 and IPv6" in words["table inet fw {"]
    assert "dormant" in words["table inet fw {"]
    assert "holds 1: 10.0.0.1" in words["set blocked {"]
    assert "a moment's state" in words["set blocked {"]
    assert "dropped for good" in words["chain input {"]
    assert "no rule" in words["chain lonely {"].lower()
