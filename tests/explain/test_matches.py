"""Rules in words: who they are about, and what happens to those packets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.explain.idioms import Place
from sekisho.explain.matches import phrase_of, subject
from sekisho.explain.nat_index import NatIndex
from sekisho.explain.netfilter import explain_rule
from sekisho.explain.words import words
from sekisho.model.netfilter import Option, Rule, Target
from tests.explain.snapshots import explain_rule_at, host, ruleset, said

PHRASES = [
    # (rule, English, Japanese)
    ("", "All packets that get here", "ここに来たすべてのパケット"),
    ("-p tcp", "All TCP packets that get here", "ここに来たすべてのTCPパケット"),
    ("! -p udp", "Packets of any protocol but UDP", "プロトコルがUDP以外のパケット"),
    ("-s 10.0.0.0/8", "Packets from 10.0.0.0/8", "送信元が10.0.0.0/8のパケット"),
    ("! -d 10.0.0.1/32", "Packets to anywhere but 10.0.0.1", "宛先が10.0.0.1以外のパケット"),
    (
        "-d 172.18.0.2/32 -p tcp -m tcp --dport 3306",
        "TCP packets to port 3306 of 172.18.0.2",
        "宛先が172.18.0.2のポート3306のTCPパケット",
    ),
    (
        "! -i br0 -o br0",
        "Packets that leave by br0 and do not arrive on br0",
        "出力インターフェースがbr0で、入力インターフェースがbr0以外のパケット",
    ),
    (
        "-i eth+ -p udp -m multiport --dports 53,5000:5010",
        "UDP packets to port 53 or 5000-5010 that arrive on any interface whose name starts with eth",
        "宛先ポートが53または5000-5010で、入力インターフェースがethで始まる名前のもののUDPパケット",
    ),
    (
        "-s 10.0.0.0/8 -i eth0 -p tcp -m conntrack --ctstate ESTABLISHED",
        "TCP packets from 10.0.0.0/8 that arrive on eth0 and belong to an established connection "
        "(ESTABLISHED)",
        "送信元が10.0.0.0/8で、入力インターフェースがeth0で、"
        "コネクションの状態が確立済み (ESTABLISHED)のTCPパケット",
    ),
    (
        "! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL",
        "Packets to an address of this host itself outside 127.0.0.0/8",
        "宛先がこのホスト自身のアドレス (127.0.0.0/8を除く)のパケット",
    ),
    (
        "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN",
        "TCP packets that open a connection (SYN without ACK)",
        "TCPの接続開始 (SYNのみ)のTCPパケット",
    ),
    ("-m mark --mark 0x1/0xff", "Packets that carry the mark 0x1/0xff", "マークが0x1/0xffのパケット"),
    (
        "-m set --match-set bad src",
        "Packets that are in the ipset bad by source",
        "送信元がipset badに含まれるもののパケット",
    ),
    (
        "-m limit --limit 3/min --limit-burst 10",
        "Packets that come at a rate of at most 3/min (burst 10)",
        "頻度が3/min以内 (バースト10)のパケット",
    ),
]


def rule_of(text: str, table: str = "filter", chain: str = "FORWARD") -> Rule:
    found = ruleset(table, f"-A {chain} {text}".strip()).tables[0]
    return next(item for item in found.chains if item.name == chain).rules[0]


@pytest.mark.parametrize(("text", "english", "japanese"), PHRASES)
def test_who_a_rule_is_about(text: str, english: str, japanese: str) -> None:
    phrase = phrase_of(rule_of(text).matches)
    assert words(subject(phrase), "en") == english
    assert words(subject(phrase), "ja") == japanese


RULES = [
    ("filter", "-j DROP", "are dropped, and the sender is told nothing."),
    ("filter", "-j REJECT --reject-with tcp-reset", "rejected, and the sender is told (TCP reset"),
    ("filter", "-j REJECT", "(ICMP: port unreachable)"),
    (
        "filter",
        '-j LOG --log-prefix "bad: "',
        'written to the kernel log with "bad:" in front; the next rule',
    ),
    ("filter", "", "are only counted; the next rule goes on."),
    ("mangle", "-j MARK --set-xmark 0x1/0xffffffff", "get a mark (--set-xmark 0x1/0xffffffff)"),
    ("nat", "-p tcp -m tcp --dport 80 -j REDIRECT --to-ports 3128", "turned to this host itself, port 3128."),
    ("nat", "-j DNAT --to-destination 10.0.0.1-10.0.0.9:80", "new destination 10.0.0.1-10.0.0.9:80."),
    ("nat", "-j DNAT --to-destination 10.0.0.1:80 --random", "The port is chosen at random."),
    ("filter", "-j WONDER --much", "not known to Sekisho; answers that depend on it are undetermined."),
    ("filter", "-m wonder --odd thing -j DROP", "not known to Sekisho; answers that depend on it"),
    ("filter", "-j NFQUEUE --queue-num 1", "handed to a program (--queue-num 1), which decides"),
    ("filter", "-g ELSEWHERE", "The chain ELSEWHERE is not among the captured ones"),
    ("filter", '-m comment --comment "why not" -j DROP', 'The rule\'s own comment: "why not".'),
    ("filter", "-m limit --limit 1/s -j DROP", 'Whether the match "limit" holds cannot be read off'),
    ("filter", "-m set --match-set bad src -j DROP", "The ipset bad was not captured"),
]


@pytest.mark.parametrize(("table", "text", "want"), RULES)
def test_what_happens_to_them(table: str, text: str, want: str) -> None:
    chain = "PREROUTING" if table in ("nat", "mangle") else "FORWARD"
    rules = ruleset(table, f"-A {chain} {text}".strip())
    explained = explain_rule_at(rules, chain, 1, host(rules))
    assert want in said(explained)
    assert said(explained, "ja")


CONDITIONS = [
    ("", "source", "10.1.2.0/24"), ("", "destination", "192.0.2.7/32"), ("", "in-interface", "eth7"),
    ("", "out-interface", "br-0123456789ab"), ("tcp", "dport", "8443"), ("tcp", "sport", "1024:2047"),
    ("conntrack", "ctstate", "NEW,INVALID"), ("conntrack", "ctorigdst", "198.51.100.3"),
    ("addrtype", "src-type", "BLACKHOLE"), ("mark", "mark", "0x2a"),
    ("mac", "mac-source", "02:00:00:00:00:01"),
    ("iprange", "src-range", "10.0.0.1-10.0.0.7"), ("owner", "uid-owner", "1000"),
    ("length", "length", "40:60"),
    ("physdev", "physdev-in", "veth12"), ("pkttype", "pkt-type", "multicast"), ("dscp", "dscp", "0x2e"),
    ("string", "string", "needle"), ("u32", "u32", "6&0xFF=1"), ("?", "", "-m wonder --odd 1"),
]  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(CONDITIONS), st.booleans()), max_size=8, unique_by=lambda x: x[0]))
def test_no_condition_is_left_out(chosen: list[tuple[tuple[str, str, str], bool]]) -> None:
    matches = tuple(
        Option(module, name, negated and module != "?", (value,)) for (module, name, value), negated in chosen
    )
    rule = Rule(matches, Target("DROP"))
    table = ruleset("filter").tables[0]
    for lang in ("en", "ja"):
        text = said(explain_rule(Place(table, table.chains[1], 1, rule, {}, NatIndex(table)), host()), lang)
        for (_module, _name, value), _negated in chosen:
            for part in value.removesuffix("/32").split(","):
                assert part.replace(":", "-") in text.replace(":", "-")
