"""Reading the text of nft, line by line and statement by statement.

The statements and their JSON forms are what nft 1.0.6 printed for them (see test_nft_kernel.py for the
rest); the model is written out by hand from nft(8).
"""

from __future__ import annotations

import pytest

from sekisho.errors import SourceError
from sekisho.model.nft_rule import (
    Assign,
    Binary,
    Concat,
    Counter,
    Ct,
    Element,
    Exists,
    Fib,
    Flags,
    Limit,
    MapLookup,
    Mapping,
    Match,
    Meta,
    Nat,
    NetPrefix,
    Number,
    Payload,
    Range,
    Reject,
    SetLiteral,
    SetReference,
    SetUpdate,
    Statement,
    Unknown,
    Verdict,
    VerdictMap,
    Word,
    Xt,
)
from sekisho.sources import nft_text
from sekisho.sources.nft_text_statements import rule_statements

RULES: list[tuple[str, tuple[Statement, ...]]] = [
    ('iifname "eth*"', (Match("==", Meta("iifname"), Word("eth*")),)),
    ('iif "lo" accept', (Match("==", Meta("iif"), Word("lo")), Verdict("accept"))),
    ("tcp dport 22", (Match("==", Payload("tcp", "dport"), Number(22)),)),
    ("tcp dport != 80-90", (Match("!=", Payload("tcp", "dport"), Range(Number(80), Number(90))),)),
    (
        "ip saddr { 10.0.0.0/8, 11.0.0.1 } drop",
        (
            Match(
                "==", Payload("ip", "saddr"), SetLiteral((NetPrefix(Word("10.0.0.0"), 8), Word("11.0.0.1")))
            ),
            Verdict("drop"),
        ),
    ),
    ("ct state established,new", (Match("in", Ct("state"), Flags((Word("established"), Word("new")))),)),
    ("ct state ! new", (Match("!", Ct("state"), Word("new")),)),
    ("ct original ip daddr 1.2.3.4", (Match("==", Ct("ip daddr", "original"), Word("1.2.3.4")),)),
    (
        "tcp flags syn / fin,syn,rst,ack",
        (
            Match(
                "==",
                Binary("&", Payload("tcp", "flags"), Flags(tuple(map(Word, ("fin", "syn", "rst", "ack"))))),
                Word("syn"),
            ),
        ),
    ),
    (
        "tcp flags & (fin | syn | rst | ack) == syn",
        (
            Match(
                "==",
                Binary("&", Payload("tcp", "flags"), Flags(tuple(map(Word, ("fin", "syn", "rst", "ack"))))),
                Word("syn"),
            ),
        ),
    ),
    (
        "meta mark & 0x000000ff == 0x00000005",
        (Match("==", Binary("&", Meta("mark"), Number(255)), Number(5)),),
    ),
    (
        "meta mark set meta mark & 0xffffff05 | 0x00000005",
        (
            Assign(
                Meta("mark"), Binary("|", Binary("&", Meta("mark"), Number(0xFFFFFF05)), Number(5))
            ),
        ),
    ),
    ("meta protocol ip ip saddr 1.1.1.1", (
        Match("==", Meta("protocol"), Word("ip")), Match("==", Payload("ip", "saddr"), Word("1.1.1.1")),
    )),
    ("meta mark 0x01000000/8", (Match("==", Meta("mark"), NetPrefix(Number(0x01000000), 8)),)),
    ("meta l4proto icmp-tcp", (Match("==", Meta("l4proto"), Range(Word("icmp"), Word("tcp"))),)),
    ("icmp type echo-request", (Match("==", Payload("icmp", "type"), Word("echo-request")),)),
    ("fib saddr . iif oif missing", (Match("==", Fib(("saddr", "iif"), "oif"), Exists(False)),)),
    (
        "ip saddr . tcp dport vmap { 1.1.1.1 . 80 : accept, 2.0.0.0/8 . 5-6 : jump other }",
        (
            VerdictMap(
                Concat((Payload("ip", "saddr"), Payload("tcp", "dport"))),
                SetLiteral((
                    Mapping(Concat((Word("1.1.1.1"), Number(80))), Verdict("accept")),
                    Mapping(
                        Concat((NetPrefix(Word("2.0.0.0"), 8), Range(Number(5), Number(6)))),
                        Verdict("jump", "other"),
                    ),
                )),
            ),
        ),
    ),
    ("tcp dport 5 dnat to 1.2.3.4:80-90 random", (
        Match("==", Payload("tcp", "dport"), Number(5)),
        Nat("dnat", "", Word("1.2.3.4"), Range(Number(80), Number(90)), ("random",)),
    )),
    ("dnat to [fe80::1]-[fe80::5]:80", (
        Nat("dnat", "", Range(Word("fe80::1"), Word("fe80::5")), Number(80)),
    )),
    ("dnat to ::/64", (Nat("dnat", "", NetPrefix(Word("::"), 64)),)),
    ("dnat ip to tcp dport map @m", (
        Nat("dnat", "ip", MapLookup(Payload("tcp", "dport"), SetReference("m"))),
    )),
    ("redirect to :tcp dport map { 80 : 90 }", (
        Nat("redirect", "", None, MapLookup(
            Payload("tcp", "dport"), SetLiteral((Mapping(Number(80), Number(90)),))
        )),
    )),
    ("update @dy { ip saddr timeout 10m limit rate 10/second }", (
        SetUpdate("update", "dy", Element(Payload("ip", "saddr"), 600_000), None, (Limit(10, "second"),)),
    )),
    ("limit rate 10/second burst 5 packets", (Limit(10, "second"),)),
    ("xt match string  counter packets 1 bytes 2 drop", (
        Xt("match", "string"), Xt("match", "comment"), Counter(1, 2), Verdict("drop"),
    )),
    ("tcp dport 8080 counter packets 0 bytes 0 ", (
        Match("==", Payload("tcp", "dport"), Number(8080)), Counter(), Xt("target", "?"),
    )),
    ('counter packets 0 bytes 0 xt target "DNAT"', (Counter(), Xt("target", "DNAT"))),
    ("frobnicate ip saddr 1.2.3.4 accept", (Unknown("frobnicate ip saddr 1.2.3.4 accept"),)),
    ('tcp dport 22 log prefix "unfinished', (Unknown('tcp dport 22 log prefix "unfinished'),)),
]  # fmt: skip


@pytest.mark.parametrize(("line", "want"), RULES, ids=[line for line, _ in RULES])
def test_rules(line: str, want: tuple[Statement, ...]) -> None:
    assert rule_statements(line, "ip") == (want, None)


@pytest.mark.parametrize(
    ("family", "want"),
    [("ip", "icmp"), ("ip6", "icmpv6"), ("inet", "icmpx"), ("bridge", "icmpx"), ("netdev", "icmpx")],
)
def test_a_plain_reject_depends_on_the_family(family: str, want: str) -> None:
    assert rule_statements("reject", family) == ((Reject(want, Word("port-unreachable")),), None)


def test_a_rules_comment_is_no_statement() -> None:
    assert rule_statements('accept comment "hi there"', "ip") == ((Verdict("accept"),), "hi there")


TEXT = """# Warning: table ip nat is managed by iptables-nft, do not touch!
table ip nat { # handle 3
\tchain DOCKER { # handle 1
\t\tcounter packets 1 bytes 60 accept # handle 7
\t}
}

table inet empty {
}
table ip6 one {}
"""


def test_tables_chains_and_handles() -> None:
    nat, empty, one = nft_text.parse(TEXT, "nft-ruleset.txt").tables
    assert (nat.family, nat.name, nat.managed, nat.handle) == ("ip", "nat", True, 3)
    assert [(chain.name, chain.handle) for chain in nat.chains] == [("DOCKER", 1)]
    rule = nat.chains[0].rules[0]
    assert (rule.handle, rule.evidence and rule.evidence.line) == (7, 4)
    assert (empty.family, empty.name, empty.chains, empty.managed) == ("inet", "empty", (), False)
    assert (one.family, one.name) == ("ip6", "one")
    assert nft_text.parse("", "nft-ruleset.txt").tables == ()


def test_a_cut_text_is_incomplete_and_keeps_what_it_has() -> None:
    text = "table ip a {\n\tchain x {\n\t}\n}\ntable ip b {\n\tchain y {\n\t\taccept\n"
    whole, cut = nft_text.parse(text, "nft-ruleset.txt").tables
    assert whole.incomplete is None
    assert cut.incomplete is not None
    assert (cut.incomplete.why, cut.incomplete.evidence.line) == ("cut", 7)
    assert [len(chain.rules) for chain in cut.chains] == [1]


def test_a_line_nobody_knows_is_unread() -> None:
    text = "table ip a {\n\tset s {\n\t\ttype ipv4_addr\n\t\tshiny thing\n\t}\n\tbanana\n}\n"
    (table,) = nft_text.parse(text, "nft-ruleset.txt").tables
    assert [(one.evidence.line, one.evidence.text) for one in table.unread] == [
        (4, "shiny thing"),
        (6, "banana"),
    ]


@pytest.mark.parametrize(("text", "line"), [("\nhello\n", 2), ("table ip nat {\n}\nrest\n", 3)])
def test_refuses_foreign_text(text: str, line: int) -> None:
    with pytest.raises(SourceError) as caught:
        nft_text.parse(text, "nft-ruleset.txt")
    assert (caught.value.file, caught.value.line) == ("nft-ruleset.txt", line)
