"""Rule sets as they are loaded: what was understood comes out as it went in, and nothing else does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho.lab.loading import load
from sekisho.lab.namespaces import LabError, NetworkNamespace
from sekisho.lab.nft_text import is_one_part, nft_text
from sekisho.lab.not_loaded import NotLoaded
from sekisho.lab.operations import Load
from sekisho.lab.rulesets import ipset_text, iptables_text, rule_words
from sekisho.model.evidence import Evidence
from sekisho.model.netfilter import Chain, IpSet, Option, Rule, Ruleset, Table, Target
from sekisho.model.nft import NftChain, NftFlowtable, NftObject, NftRule, NftSet, NftTable
from sekisho.model.nft_expression import Meta, Payload, SetReference, Unknown, Word
from sekisho.model.nft_rule import Log, Match, Simple, Statement, Verdict
from sekisho.sources import iptables_save
from sekisho.sources import nft_text as nft_reader
from sekisho.sources.iptables_rule import parse_rule
from tests.strategies import netfilter, nft

ACCEPT = Target("ACCEPT")
PLACE = Evidence("iptables-save.txt", 7, "the line")


def why(rule: Rule, chains: frozenset[str] = frozenset({"MINE"})) -> str:
    """Why a rule is not loaded, "" where it is."""
    refused: list[NotLoaded] = []
    words = rule_words(replace(rule, evidence=PLACE), 4, chains, refused)
    assert (words is None) == bool(refused)
    if refused:
        assert str(refused[0]).startswith("iptables-save.txt:7: the line: ")
    return str(refused[0].why) if refused else ""


@settings(max_examples=50)
@given(netfilter.rulesets(4) | netfilter.rulesets(6))
def test_usual_rule_sets_come_out_as_they_went_in(ruleset: Ruleset) -> None:
    refused: list[NotLoaded] = []
    back = iptables_save.parse(iptables_text(ruleset, refused), "iptables-save.txt", ruleset.family)
    assert refused == []
    assert back.unread == ()
    assert back.facts[0].tables == tuple(map(_without_telling, ruleset.tables))


TELLING = ("AUDIT", "IDLETIMER", "LED")


def _without_telling(table: Table) -> Table:
    """The table without targets that only tell the machine."""
    chains = []
    for chain in table.chains:
        rules = (
            replace(rule, target=None) if rule.target and rule.target.name in TELLING else rule
            for rule in chain.rules
        )
        chains.append(replace(chain, rules=tuple(rules)))
    return replace(table, chains=tuple(chains))


@pytest.mark.parametrize(
    "text",
    [
        "-M /tmp/evil -m nothing -j ACCEPT",
        "--modprobe /tmp/evil -j ACCEPT",
        "-m ../../x -j ACCEPT",
        "-m nothing --of-the-kind 1 -j ACCEPT",
        "-p tcp --dport 80 extra -j ACCEPT",
        "-j NOWHERE",
        "-m bpf --object-pinned /sys/fs/bpf/x -j ACCEPT",
        "-m cgroup --path ../../x -j ACCEPT",
        "-W 5 -j ACCEPT",
    ],
)
def test_rules_that_are_not_loaded(text: str) -> None:
    rule, _ = parse_rule(text)
    assert why(rule)


@pytest.mark.parametrize(
    "rule",
    [
        Rule((Option("comment", "comment", False, ("a\n-A INPUT -j DROP",)),), ACCEPT),
        Rule((Option("comment", "comment", False, ("a\0b",)),), ACCEPT),
        Rule((Option("comment", "comment", False, ("x" * 1001,)),), ACCEPT),
        Rule((Option("", "in-interface", False, ("eth0 -j DROP",)),), Target("X -j DROP")),
        Rule((Option("?", "", False, ("-m evil",)),), ACCEPT),
        Rule((Option("tcp", "dport", False, ("80", "-j", "DROP")),), ACCEPT),
        Rule((Option("evil", "x", False, ("1",)),), ACCEPT),
        Rule((Option("tcp", "dport\n-j DROP", False, ("1",)),), ACCEPT),
        Rule((Option("iprange", "src", False, ("10.0.0.1-10.0.0.9",)),), ACCEPT),
        Rule((), Target("ACCEPT", options=(Option("DNAT", "to-destination", False, ("1.2.3.4",)),))),
        Rule((), Target("-j")),
        Rule((), Target("ACCEPT\nCOMMIT")),
    ],
)
def test_facts_that_no_text_says(rule: Rule) -> None:
    assert why(rule)


def test_a_rule_that_only_tells_the_machine_counts_without_telling() -> None:
    refused: list[NotLoaded] = []
    for text in (
        "-p tcp -j AUDIT --type accept",
        "-p tcp -j IDLETIMER --timeout 10 --label x",
        "-p tcp -j LED --led-trigger-id x",
    ):
        assert rule_words(parse_rule(text)[0], 4, frozenset(), refused) == "-p tcp"
    assert refused == []


def test_a_line_that_would_be_read_as_two_is_not_loaded() -> None:
    comments = tuple(Option("comment", "comment", False, ("x" * 200,)) for _ in range(60))
    assert why(Rule(comments[:40], ACCEPT)) == ""
    assert why(Rule(comments, ACCEPT)) == "longer than a line of iptables-restore can be"


@pytest.mark.kernel
def test_iptables_restore_reads_a_long_line_as_two() -> None:
    """The reason for the limit: the words behind it are a command of their own."""
    line = "-A INPUT" + "".join(f' -m comment --comment "{"x" * 240}"' for _ in range(37))
    line += ' -m comment --comment "' + "y" * (10239 - len(line) - len(' -m comment --comment "'))
    assert len(line) == 10239
    text = f"*filter\n{line}-A OUTPUT -p tcp -j DROP\nCOMMIT\n"
    namespace = NetworkNamespace()
    namespace.run(("iptables-nft-restore",), text)
    assert "-A OUTPUT -p tcp -j DROP" in namespace.run(("iptables-nft-save",))
    namespace.close()


@pytest.mark.kernel
@settings(max_examples=25)
@given(st.lists(netfilter.TEXT, min_size=1, max_size=8))
def test_every_comment_arrives_in_the_kernel_as_it_is(comments: list[str]) -> None:
    rules = tuple(Rule((Option("comment", "comment", False, (text,)),), ACCEPT) for text in comments)
    table = Table("filter", (Chain("INPUT", "ACCEPT", rules),))
    refused: list[NotLoaded] = []
    text = iptables_text(Ruleset(4, "nft", (table,)), refused)
    assert refused == []
    namespace = NetworkNamespace()
    load(namespace, Load(("iptables-nft-restore",), text))
    saved = iptables_save.parse(namespace.run(("iptables-nft-save",)), "iptables-save.txt").facts[0]
    namespace.close()
    assert saved.tables[0].chains[0].rules == rules


def test_tables_chains_and_policies_that_there_are_not() -> None:
    rule = Rule((), ACCEPT)
    tables = (
        Table("filter\n*nat", (Chain("INPUT", "ACCEPT", (rule,)),)),
        Table(
            "filter",
            (
                Chain("INPUT", "ACCEPT", (rule,)),
                Chain("A B"),
                Chain("-A"),
                Chain("OUTPUT", "ACCEPT\n-x"),
                Chain("x" * 29),
            ),
        ),
    )
    refused: list[NotLoaded] = []
    text = iptables_text(Ruleset(4, "nft", tables), refused)
    assert text == "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j ACCEPT\nCOMMIT\n"
    assert len(refused) == 5


# ---------------------------------------------------------------------------------------- ipset


def test_sets() -> None:
    plain = IpSet(
        "a",
        "hash:ip,port",
        (("family", "inet"), ("comment", "")),
        (("10.0.0.1,tcp:80", (("comment", "x y"),)),),
    )
    refused: list[NotLoaded] = []
    text = 'create a hash:ip,port family inet comment\nadd a 10.0.0.1,tcp:80 comment "x y"\n'
    assert ipset_text([plain], refused) == text
    assert refused == []


@pytest.mark.parametrize(
    "bad",
    [
        IpSet("a\nflush", "hash:ip"),
        IpSet("-exist", "hash:ip"),
        IpSet("a", "hash:ip\nsave"),
        IpSet("a", "x"),
        IpSet("a", "hash:ip", (("-file", "/tmp/x"),)),
        IpSet("a", "hash:ip", (("family", "inet\nflush"),)),
        IpSet("a", "hash:ip", (("family", "-f"),)),
    ],
)
def test_sets_that_are_not_loaded(bad: IpSet) -> None:
    refused: list[NotLoaded] = []
    assert ipset_text([bad], refused) == ""
    assert len(refused) == 1


@pytest.mark.parametrize(
    "entry",
    [
        ("10.0.0.1\nflush", ()),
        ("-file", ()),
        ("", ()),
        ('10.0.0.1"', ()),
        ("10.0.0.1", (("comment", 'a"b'),)),
        ("10.0.0.1", (("comment", "a\nb"),)),
        ("10.0.0.1", (("comment", "a\\"),)),
        ("10.0.0.1", (("x y", ""),)),
        ("10.0.0.1", (("timeout", "5 -x"),)),
    ],
)
def test_elements_that_are_not_loaded(entry: tuple[str, tuple[tuple[str, str], ...]]) -> None:
    refused: list[NotLoaded] = []
    assert ipset_text([IpSet("a", "hash:ip", (), (entry,))], refused) == "create a hash:ip\n"
    assert len(refused) == 1


# ------------------------------------------------------------------------------------- nftables


def chain(*statements: Statement, comment: str | None = None, name: str = "c") -> NftTable:
    """A table with one rule."""
    rule = NftRule(statements, comment, evidence=PLACE)
    return NftTable("inet", "t", (NftChain(name, "filter", "input", 0, "accept", (rule,)),))


EMPTY = """table inet t {
	chain c {
		type filter hook input priority 0; policy accept;
	}
}
"""


@pytest.mark.parametrize(
    "table",
    [
        chain(Unknown('include "/etc/shadow"')),
        chain(Simple(("include", '"/etc/shadow"'))),
        chain(Simple(("notrack", ";", "include"))),
        chain(Verdict("jump", 'x; include "/etc/shadow"')),
        chain(Verdict("jump", "c }\n}\ninclude")),
        chain(Match("==", Payload("tcp", "dport"), Word('1 accept; include "/etc/shadow"'))),
        chain(Match("==", Meta("iifname"), Word('eth0" include "/etc/shadow'))),
        chain(Match("==", Meta("iifname"), Word("eth0\ninclude"))),
        chain(Match("==", Payload("tcp", "dport }"), Word("1"))),
        chain(Match("==", Payload("ip", "saddr"), SetReference("s } include"))),
        chain(Log((("prefix", 'x" ; include "/etc/shadow'),))),
        chain(Match("==", Payload("ip", "saddr"), Word("1.2.3.4 # x"))),
        chain(Match("==", Payload("ip", "saddr"), Word("$x"))),
        chain(Match("==", Payload("ip", "saddr"), Word("1.2.3.4\\"))),
    ],
)
def test_rules_of_nftables_that_are_not_loaded(table: NftTable) -> None:
    refused: list[NotLoaded] = []
    assert nft_text([table], refused) == EMPTY
    assert [item.place for item in refused] == [PLACE]


def test_a_comment_that_nft_cannot_read_is_left_out() -> None:
    refused: list[NotLoaded] = []
    for comment in ('x" include "/etc/shadow', "a\nb", "x" * 200):
        assert nft_text([chain(Verdict("accept"), comment=comment)], refused).count("\n\t\taccept\n") == 1
    assert 'accept comment "why # not; $x"' in nft_text(
        [chain(Verdict("accept"), comment="why # not; $x")], refused
    )
    assert refused == []


@pytest.mark.parametrize(
    "table",
    [
        NftTable("inet", "include"),
        NftTable("inet", "t {\n"),
        NftTable("inet t { }\ninclude", "t"),
        NftTable("inet", "t", (NftChain('c { } include "/x"'),)),
        NftTable("inet", "t", (NftChain("c", "filter; include", "input", 0, "accept"),)),
        NftTable("inet", "t", (NftChain("c", "filter", "input", 0, 'accept; include "/x"'),)),
        NftTable("netdev", "t", (NftChain("c", "filter", "ingress", 0, "accept", devices=('x" include',)),)),
        NftTable("inet", "t", sets=(NftSet("s }", ("ipv4_addr",)),)),
        NftTable("inet", "t", sets=(NftSet("s", ("ipv4_addr; include",)),)),
        NftTable("inet", "t", sets=(NftSet("s", ("ipv4_addr",), flags=("interval } include",)),)),
        NftTable(
            "inet", "t", sets=(NftSet("s", ("ipv4_addr",), elements=(Word('1.2.3.4 } include "/x"'),)),)
        ),
        NftTable("inet", "t", sets=(NftSet("s", (), typeof='ip saddr } include "/x"'),)),
        NftTable("inet", "t", sets=(NftSet("s", ("ipv4_addr",), policy="memory\ninclude"),)),
        NftTable("inet", "t", objects=(NftObject("counter { } include", "x"),)),
        NftTable(
            "inet",
            "t",
            objects=(NftObject("ct helper", "x", lines=('type "ftp" protocol tcp;', "} include")),),
        ),
        NftTable("inet", "t", flowtables=(NftFlowtable("f", devices=("eth0 } } include",)),)),
        NftTable("inet", "t", flowtables=(NftFlowtable("f", lines=("counter } include",)),)),
    ],
)
def test_parts_of_nftables_that_are_not_loaded(table: NftTable) -> None:
    refused: list[NotLoaded] = []
    text = nft_text([table], refused)
    assert "include" not in text
    assert len(refused) == 1


@pytest.mark.parametrize(
    ("text", "one"),
    [
        ("tcp dport { 22, 80-90 } accept", True),
        ('iifname "eth*" jump x', True),
        ("ip saddr @s", True),
        ('log prefix "a # b; $c include"', True),
        ("meta mark set meta mark & 0xff", True),
        ("accept; drop", False),
        ("accept # no", False),
        ("accept }", False),
        ("{ accept", False),
        ("( }", False),
        ("include", False),
        ('x include "/x"', False),
        ("define x = 1", False),
        ("$x", False),
        ("a\\", False),
        ('"open', False),
        ("a'b'", False),
        ('"a\nb"', False),
        ("a\0", False),
        ("includes", True),
    ],
)
def test_what_the_scanner_of_nft_takes_for_one_part(text: str, one: bool) -> None:
    assert is_one_part(text) is one


@pytest.mark.kernel
def test_an_include_finds_no_file_of_the_machine(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("SECRET of the machine\n")
    namespace = NetworkNamespace()
    for path in (str(secret), "/etc/shadow", "/proc/self/environ", "/root/.bashrc"):
        with pytest.raises(LabError, match=r"File not found|No such file") as caught:
            load(namespace, Load(("nft", "-f", "-"), f'include "{path}"\n'))
        assert "SECRET" not in str(caught.value)
    namespace.close()


BRACES = """table inet t {
\tchain c {
\t\ttype filter hook input priority filter; policy accept;
\t\tlog prefix "jump c#1" tcp dport 22 jump {
\t\t\tip saddr 10.0.0.1 log prefix "c#1"
\t\t\taccept comment "c#1"
\t\t} comment "jump c#1"
\t}
}
"""


@pytest.mark.kernel
def test_chains_in_braces_are_loaded_where_they_stand() -> None:
    """Whatever strings look like: the braces stand where the verdict does."""
    held, refused = nft_reader.parse(BRACES, ""), list[NotLoaded]()
    text = nft_text(held.tables, refused)
    assert refused == []
    other = NetworkNamespace()
    try:
        load(other, Load(("nft", "-f", "-"), text))
        assert nft_reader.parse(other.run(("nft", "list", "ruleset")), "").tables == held.tables
    finally:
        other.close()


def test_the_name_of_a_chain_in_braces_is_never_written() -> None:
    inner = NftChain('x } include "/y"', rules=(NftRule((Verdict("accept"),)),), bound=True)
    for verdicts in ((Verdict("jump", inner.name),), (Verdict("jump", inner.name),) * 2):
        table = NftTable("inet", "t", (NftChain("c", rules=(NftRule(verdicts),)), inner))
        assert "include" not in nft_text([table], [])


@pytest.mark.parametrize(
    "rule", ['iifgroup "default"', 'oifgroup & 1 == "default"', 'iifgroup { "default", 5 }']
)
def test_groups_of_interfaces_are_loaded_by_number(rule: str) -> None:
    """nft looks names of groups up in a file of the system, which a lab does not see."""
    text = f"table ip t {{\n\tchain c {{\n\t\t{rule} accept\n\t}}\n}}\n"
    refused: list[NotLoaded] = []
    assert rule.replace('"default"', "0") in nft_text(nft_reader.parse(text, "").tables, refused)
    assert refused == []


def test_what_is_not_understood_of_a_set_is_not_left_out() -> None:
    text = "table ip t {\n\tset s {\n\t\ttype ipv4_addr\n\t\tshiny thing\n\t}\n}\n"
    refused: list[NotLoaded] = []
    assert "set" not in nft_text(nft_reader.parse(text, "").tables, refused)
    assert len(refused) == 1


@pytest.mark.kernel
@settings(max_examples=15)
@given(text=nft.rulesets())
def test_what_the_kernel_holds_is_loaded_again_as_it_is(text: str) -> None:
    one, other = NetworkNamespace(), NetworkNamespace()
    try:
        try:
            one.run(("nft", "-f", "-"), text)
        except LabError:
            return
        held = nft_reader.parse(one.run(("nft", "list", "ruleset")), "")
        refused: list[NotLoaded] = []
        load(other, Load(("nft", "-f", "-"), nft_text(held.tables, refused)))
        assert refused == []
        assert nft_reader.parse(other.run(("nft", "list", "ruleset")), "").tables == held.tables
    finally:
        one.close()
        other.close()


def test_options_may_be_cut_short_as_getopt_has_them() -> None:
    """Measured: iptables 1.8.9 takes this line, and saves it with --rateest-ewmalog."""
    text = "-j RATEEST --rateest-name a --rateest-interval 250ms --rateest-ewma 0.5s"
    refused: list[NotLoaded] = []
    words = rule_words(parse_rule(text)[0], 4, frozenset(), refused)
    assert (words, refused) == (text.replace("ewma ", "ewmalog "), [])
    namespace = NetworkNamespace()
    load(namespace, Load(("iptables-nft-restore",), f"*filter\n-A INPUT {words}\nCOMMIT\n"))
    assert "--rateest-ewmalog 500" in namespace.run(("iptables-nft-save",))
    namespace.close()
