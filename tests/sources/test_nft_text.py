"""Reading the text of nft, line by line and statement by statement.

The statements and their JSON forms are what nft 1.0.6 printed for them (see test_nft_kernel.py for the
rest); the model is written out by hand from nft(8).
"""

from __future__ import annotations

import json

import pytest

from sekisho.errors import SourceError
from sekisho.lab.namespaces import NetworkNamespace
from sekisho.model.nft_expression import (
    Binary,
    Concat,
    Constant,
    Ct,
    Element,
    Exists,
    Fib,
    Flags,
    Inner,
    Lookup,
    MapLookup,
    Mapping,
    Meta,
    NetPrefix,
    Number,
    Payload,
    Range,
    SetLiteral,
    SetReference,
    Unknown,
    Word,
)
from sekisho.model.nft_rule import (
    Assign,
    Counter,
    Last,
    Limit,
    Match,
    Nat,
    Reject,
    SetUpdate,
    Statement,
    UseObject,
    Verdict,
    VerdictMap,
    Xt,
)
from sekisho.sources import nft_capture, nft_json, nft_render, nft_text
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
    # Names of protocols are numbers behind a mask, not headers.
    (
        "meta l4proto & icmp > icmp",
        (Match(">", Binary("&", Meta("l4proto"), Word("icmp")), Word("icmp")),),
    ),
    (
        "meta protocol & ip == ip",
        (Match("==", Binary("&", Meta("protocol"), Word("ip")), Word("ip")),),
    ),
    # nft 1.0.6 prints this of ip6 dscp & 0x21, without the parentheses that it would need.
    ("@nh,0,16 & 0xfc0 >> 6 & 0x21 == 0x0/8", (Unknown("@nh,0,16 & 0xfc0 >> 6 & 0x21 == 0x0/8", True),)),
    (
        "meta mark set meta mark | 0x00000001 << 8 accept",
        (Unknown("meta mark set meta mark | 0x00000001 << 8"), Verdict("accept")),
    ),
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
    ("frobnicate ip saddr 1.2.3.4 accept", (Unknown("frobnicate ip saddr 1.2.3.4"), Verdict("accept"))),
    ("udp dport 53 tcp flags ~ 5 counter packets 1 bytes 2 drop", (
        Match("==", Payload("udp", "dport"), Number(53)), Unknown("tcp flags ~ 5", matches=True),
        Counter(1, 2), Verdict("drop"),
    )),
    # An act in a piece that nobody can read: the piece is no condition alone.
    ("tcp dport { 80, 443 queue num 3", (Unknown("tcp dport { 80 , 443 queue num 3"),)),
    ("tcp dport { 80, 443 add @s { ip saddr } accept", (
        Unknown("tcp dport { 80 , 443 add @s { ip saddr }"), Verdict("accept"),
    )),
    ("meta mark set ~5 accept", (Unknown("meta mark set ~5"), Verdict("accept"))),
    ("ct mark set (meta mark | 0x00000010) << 8", (
        Assign(Ct("mark"), Binary("<<", Binary("|", Meta("mark"), Number(16)), Number(8))),
    )),
    ("meta mark set meta mark & 0x3 | ip dscp << 2", (
        Assign(Meta("mark"), Binary(
            "|", Binary("&", Meta("mark"), Number(3)), Binary("<<", Payload("ip", "dscp"), Number(2))
        )),
    )),
    ('ip saddr . "eth0" @s', (
        Match("==", Concat((Payload("ip", "saddr"), Constant(Word("eth0"), quoted=True))), SetReference("s")),
    )),
    ("10.0.0.1 . tcp dport @s", (
        Match("==", Concat((Constant(Word("10.0.0.1")), Payload("tcp", "dport"))), SetReference("s")),
    )),
    ("add @c { ip saddr . 10002 timeout 1s }", (
        SetUpdate("add", "c", Element(Concat((Payload("ip", "saddr"), Constant(Number(10002)))), 1000)),
    )),
    ("add @m { ip saddr : 10.0.0.1 . 80 }", (
        SetUpdate("add", "m", Payload("ip", "saddr"), Concat((Word("10.0.0.1"), Number(80)))),
    )),
    ("sctp chunk init num-inbound-streams 3", (
        Match("==", Lookup("sctp chunk", ("init", "num-inbound-streams")), Number(3)),
    )),
    ("tcp option @255,8,8 255", (Match("==", Lookup("tcp option", ("@255,8,8",)), Number(255)),)),
    ("udp dport 4789 vxlan ip saddr 10.0.0.0/8", (
        Match("==", Payload("udp", "dport"), Number(4789)),
        Match("==", Inner("vxlan", Payload("ip", "saddr")), NetPrefix(Word("10.0.0.0"), 8)),
    )),
    ("gre version 0", (Match("==", Payload("gre", "version"), Number(0)),)),
    ("last used 5m12s drop", (Last("5m12s"), Verdict("drop"))),
    ('meta secmark set "ssh"', (UseObject("secmark", Word("ssh")),)),
    ('tcp dport 22 log prefix "unfinished', (Unknown('tcp dport 22 log prefix "unfinished'),)),
]  # fmt: skip


@pytest.mark.parametrize(("line", "want"), RULES, ids=[line for line, _ in RULES])
def test_rules(line: str, want: tuple[Statement, ...]) -> None:
    statements, comment = rule_statements(line, "ip")
    assert (statements, comment) == (want, None)
    marks = [part.matches for part in statements if isinstance(part, Unknown)]
    assert marks == [part.matches for part in want if isinstance(part, Unknown)]


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


def test_a_line_nobody_knows_is_unread_where_it_stands() -> None:
    text = (
        "table ip a {\n\tset s {\n\t\ttype ipv4_addr\n\t\tshiny thing\n\t}\n\tbanana\n\tblender b {\n\t\ton\n"
        "\t}\n\tchain c {\n\t\ttype filter hook input priority odd; policy accept;\n\t}\n"
        "\tchain d {\n\t\ttype filter knot input;\n\t\taccept\n\t}\n}\nrest\n"
    )
    ruleset = nft_text.parse(text, "nft-ruleset.txt")
    (table,) = ruleset.tables
    assert [one.evidence.text for one in table.sets[0].unread] == ["shiny thing"]
    assert [one.evidence.line for one in table.unread] == [6, 7]
    assert [[one.evidence.line for one in chain.unread] for chain in table.chains] == [[11], [14]]
    assert [one.evidence.text for one in ruleset.unread] == ["rest"]
    assert len(list(nft_capture.unread(ruleset))) == 6


def test_a_text_without_any_table_is_refused() -> None:
    with pytest.raises(SourceError) as caught:
        nft_text.parse("\nhello\n", "nft-ruleset.txt")
    assert caught.value.line == 2


BRACES = """table inet t { # handle 4 progname named
\tchain c { # handle 1
\t\ttype filter hook ingress device "eth0" priority filter; policy accept; flags offload;
\t\tip saddr 10.0.0.1 counter packets 1 bytes 60 jump {
\t\t\ttcp dport 22 accept comment "ssh"
\t\t\tjump d
\t\t} # handle 7
\t\tiifname "eth0" goto {
\t\t}
\t}

\tchain d { # handle 2
\t\tdrop # handle 9
\t}
}
"""


def test_chains_in_braces_come_after_the_others_and_are_named_by_their_rule() -> None:
    ruleset = nft_text.parse(BRACES, "nft-ruleset.txt")
    (table,) = ruleset.tables
    assert [(chain.name, chain.bound) for chain in table.chains] == [
        ("c", False), ("d", False), ("c#1", True), ("c#2", True),
    ]  # fmt: skip
    first, second = table.chains[0].rules
    assert (first.statements[-1], first.handle) == (Verdict("jump", "c#1"), 7)
    assert second.statements[-1] == Verdict("goto", "c#2")
    assert [rule.evidence and rule.evidence.line for rule in table.chains[2].rules] == [5, 6]
    assert (table.owner, table.handle, table.chains[0].flags) == ("named", 4, ("offload",))
    assert list(nft_capture.unread(ruleset)) == []
    assert nft_render.render(ruleset, nft_render.Style(handles=True)) == BRACES


def test_a_text_that_ends_in_braces_leaves_both_chains_open() -> None:
    (table,) = nft_text.parse(BRACES[: BRACES.index("\t\t\tjump d")], "nft-ruleset.txt").tables
    assert [chain.name for chain in table.chains] == ["c", "c#1"]
    assert table.incomplete is not None
    assert table.incomplete.whole == frozenset()
    (table,) = nft_text.parse(BRACES[: BRACES.index("\tchain d")], "nft-ruleset.txt").tables
    assert table.incomplete is not None
    assert table.incomplete.whole == {"c", "c#1", "c#2"}


OVER_LINES = """table inet t {
\tchain c {
\t\ttcp dport {
\t\t\t80,
\t\t\t443
\t\t} drop
\t\ttcp dport vmap {
\t\t\t22 : accept,
\t\t\t23 : drop
\t\t}
\t}
}
"""


def test_a_set_over_several_lines_is_one_rules() -> None:
    (table,) = nft_text.parse(OVER_LINES, "nft-ruleset.txt").tables
    lines = ("tcp dport { 80, 443 } drop", "tcp dport vmap { 22 : accept, 23 : drop }")
    wanted = [rule_statements(line, "inet")[0] for line in lines]
    assert [rule.statements for rule in table.chains[0].rules] == wanted
    assert not any(isinstance(part, Unknown) for statements in wanted for part in statements)


@pytest.mark.kernel
def test_nft_takes_a_set_over_several_lines() -> None:
    where = NetworkNamespace()
    try:
        where.run(["nft", "-f", "-"], feed=OVER_LINES)
        printed = where.run(["nft", "list", "ruleset"])
    finally:
        where.close()
    assert nft_text.parse(printed, "nft-ruleset.txt") == nft_text.parse(OVER_LINES, "nft-ruleset.txt")


@pytest.mark.parametrize("kind", ["chain", "set", "map", "flowtable", "counter"])
def test_a_name_that_is_none_is_unread(kind: str) -> None:
    text = f"table ip t {{\n\t{kind} a\x1b[2Jb {{\n\t}}\n}}\n"
    (table,) = nft_text.parse(text, "nft-ruleset.txt").tables
    assert [(one.reason, one.evidence.line) for one in table.unread] == [("bad-name", 2)]
    assert (table.chains, table.sets, table.flowtables, table.objects) == ((), (), (), ())
    body = {"family": "ip", "table": "t", "name": "a\x1b[2Jb", "handle": 2, "type": "ipv4_addr"}
    listed = {"nftables": [{"table": {"family": "ip", "name": "t"}}, {kind: body}]}
    (same,) = nft_json.parse(json.dumps(listed), "nft-ruleset.json").tables
    assert [one.reason for one in same.unread] == ["bad-name"]
    assert (same.chains, same.sets, same.flowtables, same.objects) == ((), (), (), ())


@pytest.mark.parametrize("name", ["a\x1b[2Jb", "x" * 256])
def test_a_tables_name_that_is_none_is_unread(name: str) -> None:
    (table,) = nft_text.parse(f"table ip {name} {{\n}}\n", "nft-ruleset.txt").tables
    assert [(one.reason, one.evidence.line) for one in table.unread] == [("bad-name", 1)]


HEAD = "type filter hook input priority filter; policy drop;"


@pytest.mark.parametrize(
    "lines",
    [
        (HEAD, HEAD.replace("drop", "accept")),
        (HEAD, "tcp dport 80 accept", HEAD.replace("drop", "accept")),
        ("tcp dport 80 accept", HEAD),
    ],
)
def test_a_head_that_is_not_the_first_of_its_chain_is_unread(lines: tuple[str, ...]) -> None:
    body = "".join(f"\t\t{line}\n" for line in lines)
    (table,) = nft_text.parse(f"table ip t {{\n\tchain c {{\n{body}\t}}\n}}\n", "f").tables
    (chain,) = table.chains
    assert [one.evidence.line for one in chain.unread] == [2 + len(lines)]
    assert chain.policy == ("drop" if lines[0] == HEAD else None)


def test_a_chain_in_braces_has_no_head() -> None:
    text = BRACES.replace('tcp dport 22 accept comment "ssh"', HEAD)
    chains = {chain.name: chain for chain in nft_text.parse(text, "f").tables[0].chains}
    assert [one.evidence.line for one in chains["c#1"].unread] == [5]
    assert chains["c#1"].hook is None


@pytest.mark.parametrize(("first", "second"), [("chain", "chain"), ("set", "map"), ("counter", "counter")])
def test_a_second_block_of_a_name_is_unread(first: str, second: str) -> None:
    text = f"table ip t {{\n\t{first} a {{\n\t}}\n\t{second} a {{\n\t}}\n\tquota a {{\n\t}}\n}}\n"
    (table,) = nft_text.parse(text, "f").tables
    assert [(one.reason, one.evidence.line) for one in table.unread] == [("duplicate-block", 4)]


@pytest.mark.parametrize("rule", [
    "(" * 5000 + "ct mark" + ")" * 5000 + " 1 drop", "ct mark" + " | 1" * 3000 + " == 1 drop",
    "ip saddr " + "{ " * 3000 + "1.1.1.1" + " }" * 3000 + " drop", "meter a { ip saddr " * 2000 + "counter",
])  # fmt: skip
def test_what_nests_deeper_than_anything_is_unread(rule: str) -> None:
    body = f"table ip t {{\n\tchain c {{\n\t\t{rule}\n\t}}\n}}\n"
    (table,) = nft_text.parse(body, "f").tables
    (found,) = table.chains[0].rules
    assert any(isinstance(one, Unknown) for one in found.statements)


def test_brackets_around_brackets_mean_the_same() -> None:
    one, many = (
        nft_text.parse(f"table ip t {{\n\tchain c {{\n\t\tct mark & {mask} == 1 drop\n\t}}\n}}\n", "f")
        for mask in ("(0x1 | 0x4)", "((((0x1 | 0x4))))")
    )
    assert one == many


ENDED = "table ip t {\n\tchain c {\n\t\taccept\n\t}\n}"


@pytest.mark.parametrize("end", ["", "\n", "\n\n# the end", "\n# the end\n"])
def test_a_text_that_ends_with_a_brace_or_a_comment_is_whole(end: str) -> None:
    """Also where nothing ends the last line."""
    found = nft_text.parse(ENDED + end, "f")
    assert found.incomplete is None
    assert [len(table.chains[0].rules) for table in found.tables] == [1]


@pytest.mark.parametrize(
    ("end", "tables"),
    [("\ntable ip6 u {", ["t", "u"]), ("\ntable ip6 u", ["t"]), ("\n# the end\ntable ip6", ["t"])],
)
def test_a_text_that_ends_in_a_line_has_lost_something(end: str, tables: list[str]) -> None:
    found = nft_text.parse(ENDED + end, "f")
    assert found.incomplete is not None
    assert found.incomplete.why == "cut"
    assert found.incomplete.evidence.text == end.rpartition("\n")[2]
    assert [table.name for table in found.tables] == tables


def test_a_rule_whose_line_has_no_end_is_none() -> None:
    """``tcp dport 80`` may have been ``tcp dport 8080 accept``."""
    found = nft_text.parse("table ip t {\n\tchain c {\n\t\tip saddr 10.0.0.1 accept\n\t\ttcp dport 80", "f")
    assert [len(table.chains[0].rules) for table in found.tables] == [1]
    assert found.incomplete is not None
