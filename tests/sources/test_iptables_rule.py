"""A rule's words: read leniently, written in the one spelling of iptables-save."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.model.netfilter import Option, Rule, Target
from sekisho.sources import iptables_rule
from sekisho.sources.iptables_rule import instances, normal_form, parse_rule, render_rule
from sekisho.sources.iptables_words import quote_text, quote_word, split_words, unquote
from sekisho.values.address import Family
from tests.strategies import netfilter


def option(module: str, name: str, *values: str, negated: bool = False) -> Option:
    return Option(module, name, negated, values)


# (what iptables 1.8.9 prints after such a rule is added, what was typed)
SPELLINGS = [
    ("-p tcp -m tcp --dport 80 -j ACCEPT", "-p tcp --dport 80 -j ACCEPT"),
    ("-p tcp -m tcp --dport 80 -j ACCEPT", "-p 6 -m tcp --destination-port http --jump ACCEPT"),
    ("-p tcp -m tcp --dport 80 -j LOG --log-prefix x", "-j LOG --log-prefix x -p tcp --dport 80"),
    ("-s 10.0.0.1/32 ! -d 10.0.0.0/8 -j DROP", "--src 10.0.0.1 ! --dst 10/8 -j DROP"),
    ("-s 10.0.0.0/8 -j DROP", "-s 10.1.2.3/255.0.0.0 -j DROP"),
    ("-s 1.2.0.0/255.255.0.255", "-s 1.2.3.0/255.255.0.255"),
    ("! -i eth0 -j DROP", "! --in-interface eth0 -j DROP"),
    ("-j DROP", "-s 0.0.0.0/0 -d 0/0 -i + -p all -j DROP"),
    ("-p tcp -m tcp --sport 0:80 --dport 80:65535", "-p tcp --sport :80 --dport 80:"),
    ("-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN", "-p tcp --syn"),
    ("-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN", "-p tcp ! --syn"),
    ("-p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE", "-p tcp --tcp-flags ALL NONE"),
    ("-p tcp -m tcp --tcp-flags SYN,RST SYN", "-p tcp --tcp-flags RST,SYN SYN"),
    ("-p tcp -m tcp --dport 80 -j REJECT --reject-with tcp-reset", "-p tcp --dpo 80 -j REJECT --rej tcp-rst"),
    ("-s 10.0.0.1/32 -p udp -j LOG --log-prefix x", "--sou 10.0.0.1 --prot udp --jum LOG --log-pre x"),
    ("-p icmp -m icmp --icmp-type 8", "-p icmp --icmp-type Echo-Req"),
    ("-m conntrack --ctdir ORIGINAL", "-m conntrack --ctdir original"),
    ("-m pkttype --pkt-type multicast", "-m pkttype --pkt-type MCAST"),
    ("-p icmp -m icmp --icmp-type 8", "-p icmp --icmp-type echo-request"),
    ("-p icmp -m icmp --icmp-type 3/1", "-p icmp --icmp-type host-unreachable"),
    ("-m state --state NEW -j ACCEPT", "-m state --state new -j ACCEPT"),
    ("-p udp -m multiport --dports 53,67:68", "-p udp -m multiport --destination-ports domain,67:68"),
    (r'''-m comment --comment "it\'s a \"b\""''', r'''-m comment --comment 'it'"'s a \"b\""'''),
    ("-m comment --comment plain_text-1", '-m comment --comment "plain_text-1"'),
    ("-j REJECT --reject-with icmp-port-unreachable", "-j REJECT --reject-with port-unreach"),
    ("-f -j DROP", "--fragments -j DROP"),
    ("-p gre -j ACCEPT", "-p 47 -j ACCEPT"),
    ("-m conntrack --ctstate NEW", "-m conntrack --ctstate=NEW"),
    ("-p tcp -m tcp -j ACCEPT", "-p tcp -m tcp -j ACCEPT"),
]  # fmt: skip

# What fits nothing; iptables-legacy 1.8.9 prints it so, iptables-nft's kernel refuses it.
NOWHERE: list[tuple[str, Family]] = [
    ("! -s 0.0.0.0/0 -j DROP", 4), ("! -d 0.0.0.0/0 -j DROP", 4), ("! -s ::/0 -j DROP", 6),
    ("! -d ::/0 -j DROP", 6),
]  # fmt: skip

# Older versions took the "!" behind the option as well, a value without a blank before it, and
# --set for --match-set.
OLD_SPELLINGS = [
    ("! -i eth0 -o br+ -j DROP", "-i ! eth0 --out-interface br+ -j DROP"),
    ("-p tcp -m tcp ! --dport 22", "-p tcp --dport ! 22"),
    ("! -s 10.0.0.0/8 ! -p udp", "-s ! 10.0.0.0/8 -p ! udp"),
    ("-m set ! --match-set a src,dst", "-m set --set ! a src,dst"),
    ("-s 10.0.0.1/32 -p tcp -j ACCEPT", "-s10.0.0.1 -ptcp -jACCEPT"),
    ("-m socket -j ACCEPT", "-m socket -j ACCEPT"),
]


@pytest.mark.parametrize(("saved", "typed"), SPELLINGS + OLD_SPELLINGS)
def test_typed_rule_is_written_as_iptables_saves_it(saved: str, typed: str) -> None:
    rule, problems = parse_rule(typed)
    assert problems == ()
    assert render_rule(rule) == saved
    assert parse_rule(saved) == (rule, ())


@pytest.mark.kernel
@pytest.mark.parametrize("backend", ["nft", "legacy"])
def test_iptables_itself_prints_the_rules_so(backend: str) -> None:
    commands = "".join(f"iptables-{backend} -A INPUT {typed} || exit\n" for _, typed in SPELLINGS)
    done = subprocess.run(
        ["unshare", "-n", "sh", "-c", f"{commands} iptables-{backend} -S INPUT"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[1:] == [f"-A INPUT {saved}" for saved, _ in SPELLINGS]


@pytest.mark.parametrize(
    ("saved", "typed"),
    [
        ("-s ::1/128 ! -d fe80::/10 -j DROP", "-s 0:0::1 -d ! fe80::/10 -j DROP"),
        ("-p ipv6-icmp -m icmp6 --icmpv6-type 135", "-p icmpv6 --icmpv6-type neighbor-solicitation"),
        ("-j REJECT --reject-with icmp6-no-route", "-j REJECT --reject-with no-route"),
    ],
)
def test_typed_ipv6_rule_is_written_as_ip6tables_saves_it(saved: str, typed: str) -> None:
    rule, problems = parse_rule(typed, 6)
    assert problems == ()
    assert render_rule(rule) == saved


def test_options_have_the_agreed_form() -> None:
    rule, _ = parse_rule(
        "-s 172.18.0.0/16 ! -o br0 -p tcp -m tcp --dport 80:90 -m conntrack --ctstate RELATED,ESTABLISHED"
        " -m addrtype --dst-type LOCAL -j DNAT --to-destination 10.0.0.1 --persistent"
    )
    assert rule == Rule(
        (
            option("", "source", "172.18.0.0/16"),
            option("", "out-interface", "br0", negated=True),
            option("", "protocol", "tcp"),
            option("tcp", "dport", "80:90"),
            option("conntrack", "ctstate", "RELATED,ESTABLISHED"),
            option("addrtype", "dst-type", "LOCAL"),
        ),
        Target("DNAT", False, (option("DNAT", "to-destination", "10.0.0.1"), option("DNAT", "persistent"))),
    )


def test_unknown_module_is_kept_word_for_word() -> None:
    text = '-m geoip ! --source-country CN,RU --deep "a b" 3 -m tcp --dport 1 -j FOO --bar x --baz'
    rule, problems = parse_rule(f"-p tcp {text}")
    assert problems == ()
    assert rule.matches[1:3] == (
        option("geoip", "source-country", "CN,RU", negated=True),
        option("geoip", "deep", '"a b"', "3"),
    )
    assert rule.target == Target("FOO", False, (option("FOO", "bar", "x"), option("FOO", "baz")))
    assert render_rule(rule) == f"-p tcp {text}"


@pytest.mark.parametrize(
    ("reason", "detail", "kept", "text"),
    [
        ("bad-address", "10.0.0.256", "-s 10.0.0.256", "-s 10.0.0.256 -j DROP"),
        ("bad-address", "fd00::1", "! -d fd00::1", "! -d fd00::1 -j DROP"),
        ("bad-address", "10.0.0.0/33", "-s 10.0.0.0/33", "-s 10.0.0.0/33 -j DROP"),
        ("bad-address", "example.com", "-d example.com", "-d example.com -j DROP"),
        ("unknown-protocol", "tpc", "-p tpc", "-p tpc -j DROP"),
        ("bad-value", "99999", "--dport 99999", "-p tcp --dport 99999 -j DROP"),
        ("bad-value", "SYN,FOO SYN", "--tcp-flags SYN,FOO SYN", "-p tcp --tcp-flags SYN,FOO SYN -j DROP"),
        ("bad-value", "10.0.0.1,10.0.0.2", "! -s 10.0.0.1,10.0.0.2", "! -s 10.0.0.1,10.0.0.2 -j DROP"),
        ("bad-value", "10.0.0.1,10.0.0.2", "-d ! 10.0.0.1,10.0.0.2", "-d ! 10.0.0.1,10.0.0.2 -j DROP"),
        ("unknown-option", "--dport", "--dport 80", "--dport 80 -j DROP"),
        ("unknown-word", "stray", "stray", "stray -j DROP"),
        ("missing-value", "-i", "! -i", "-j DROP ! -i"),
        ("missing-value", "!", "!", "-j DROP !"),
    ],
)
def test_what_makes_no_sense_is_kept_as_text(reason: str, detail: str, kept: str, text: str) -> None:
    rule, problems = parse_rule(text)
    assert [(problem.reason, problem.detail) for problem in problems] == [(reason, detail)]
    assert [one.values for one in rule.matches if one.module == "?"] == [(kept,)]
    assert not iptables_rule.is_understood(rule)
    assert rule.target is not None
    assert rule.target.name == "DROP"


@pytest.mark.parametrize(("text", "family"), NOWHERE)
def test_what_is_not_anywhere_is_kept(text: str, family: Family) -> None:
    rule, problems = parse_rule(text, family)
    assert problems == ()
    assert [one.negated for one in rule.matches] == [True]
    assert render_rule(rule) == text


def test_list_of_addresses_makes_several_rules() -> None:
    rules, problems = iptables_rule.parse_words(split_words("-s 10.0.0.1,10.0.0.2 -d 10.1.0.0/16 -j DROP"))
    assert problems == ()
    assert [render_rule(rule) for rule in rules] == [
        "-s 10.0.0.1/32 -d 10.1.0.0/16 -j DROP",
        "-s 10.0.0.2/32 -d 10.1.0.0/16 -j DROP",
    ]


@pytest.mark.parametrize(
    ("verb", "chain", "position", "text"),
    [
        ("append", "INPUT", 1, "-A INPUT -j DROP"),
        ("append", "INPUT", 1, "sudo iptables -w -t nat --append INPUT -j DROP"),
        ("insert", "FORWARD", 3, "-I FORWARD 3 -j DROP"),
        ("insert", "FORWARD", 1, "-I FORWARD -j DROP"),
        ("policy", "INPUT", 1, "-P INPUT DROP"),
        ("new-chain", "WEB", 1, "-N WEB"),
    ],
)
def test_command(verb: str, chain: str, position: int, text: str) -> None:
    found = iptables_rule.command(text)
    assert (found.verb, found.chain, found.position) == (verb, chain, position)
    assert len(found.rules) == (verb in ("append", "insert"))
    assert found.table == ("nat" if "-t nat" in text else None)


@pytest.mark.parametrize("text", ["", "-j DROP", "-D INPUT 3", "hello", "-A", 'A "'])
def test_line_that_is_no_command(text: str) -> None:
    with pytest.raises(ValueError, match=r"no -A|quote"):
        iptables_rule.command(text)


def test_instances_group_the_options_of_each_match() -> None:
    rule, _ = parse_rule(
        "-p tcp -m limit --limit 1/sec --limit-burst 9 -m limit --limit-burst 7 -m mark --mark 0x1"
        " -m mark ! --mark 0x2 -m socket -m foo --a 1 --a 2 -m foo --b 3"
    )
    assert [[one.name for one in group] for group in instances(rule.matches)] == [
        ["protocol"], ["limit", "limit-burst"], ["limit-burst"], ["mark"], ["mark"], [""], ["a", "a"], ["b"],
    ]  # fmt: skip
    assert render_rule(rule) == (
        "-p tcp -m limit --limit 1/sec --limit-burst 9 -m limit --limit-burst 7 -m mark --mark 0x1"
        " -m mark ! --mark 0x2 -m socket -m foo --a 1 --a 2 -m foo --b 3"
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("-p tcp -m tcp -j ACCEPT", "-p tcp -j ACCEPT"),
        ("-m conntrack --ctstate ESTABLISHED,RELATED", "-m conntrack --ctstate RELATED,ESTABLISHED"),
        ("-j MARK --set-mark 0x1", "-j MARK --set-xmark 0x1/0xffffffff"),
        ("-j MARK --set-mark 0x1/0xff", "-j MARK --set-xmark 0x1/0xff"),
        ("-j MARK --or-mark 4", "-j MARK --set-xmark 0x4/0x4"),
        ("-j MARK --and-mark 0xff", "-j MARK --set-xmark 0x0/0xffffff00"),
        ("-j CONNMARK --xor-mark 1", "-j CONNMARK --set-xmark 0x1/0x0"),
        ("-j CONNMARK --save-mark --mask 0xff", "-j CONNMARK --save-mark --nfmask 0xff --ctmask 0xff"),
        ("-j CONNMARK --save-mark", "-j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff"),
        ("-m mark --mark 1", "-m mark --mark 0x1/0xffffffff"),
        ("-m limit --limit-burst 5 --limit 3/min", "-m limit --limit 3/min"),
        ("-m mac --mac-source AA:BB:CC:00:11:22", "-m mac --mac-source aa:bb:cc:00:11:22"),
        ("-m comment --comment x -p udp -s 10.0.0.1", "-s 10.0.0.1/32 -p udp -m comment --comment x"),
        ("-j LOG --log-level warning", "-j LOG"),
        ("-j CLASSIFY --set-class 1:a", "-j CLASSIFY --set-class 0001:000a"),
    ],
)
def test_normal_form_is_one_for_rules_that_mean_the_same(one: str, other: str) -> None:
    assert normal_form(parse_rule(one)[0]) == normal_form(parse_rule(other)[0])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("-m state --state NEW", "-m conntrack --ctstate NEW"),
        ("-m socket", ""),
        ("-p tcp -m tcp --dport 80", "-p tcp -m tcp ! --dport 80"),
        ("-m limit --limit 3/min --limit-burst 6", "-m limit --limit 3/min"),
        ("-j FOO", "-g FOO"),
        ("-m geoip --x 1", "-m geoip --x 2"),
        ("! -i +", ""),
    ],
)
def test_normal_form_keeps_what_makes_a_difference(one: str, other: str) -> None:
    assert normal_form(parse_rule(one)[0]) != normal_form(parse_rule(other)[0])


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize(
    ("table", "chain"),
    [("raw", "OUTPUT"), ("mangle", "FORWARD"), ("nat", "POSTROUTING"), ("filter", "INPUT")],
)
@given(data=st.data())
def test_rule_survives_writing_and_reading(
    data: st.DataObject, table: str, chain: str, family: Family
) -> None:
    rule = data.draw(netfilter.rules(family, table, chain, ("USER",)))
    assert parse_rule(render_rule(rule), family) == (rule, ())
    counted, problems = parse_rule(render_rule(rule, counters=True), family)
    assert problems == ()
    assert (counted.packets, counted.bytes) == (rule.packets, rule.bytes)
    assert normal_form(normal_form(rule)) == normal_form(rule)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\n\r"))))
def test_quoted_words_survive(words: list[str]) -> None:
    for quote in (quote_text, quote_word):
        text = " ".join(quote(word) for word in words)
        assert [unquote(word) for word in split_words(text)] == words
