# Listings are as wide as they are.
# ruff: noqa: E501
"""iptables -nL: columns and free text read into the save format's options, and written back."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho.model.netfilter import Chain, Option, Rule, Table, Target
from sekisho.sources import iptables_list, iptables_save
from sekisho.sources.iptables_list import NO_INTERFACES, ListStyle, detect_style, style_of
from sekisho.sources.iptables_rule import normal_form, render_rule
from sekisho.values.address import Family
from tests.strategies import netfilter
from tests.truth import needs_truth, truth_dir

CAPTURES = Path(__file__).parent / "captures" / "iptables-1.8.9"
ARTICLE = Path(__file__).parents[2] / "examples" / "host-10.1.0.81" / "iptables-nat.txt"

HEADER = " pkts bytes target     prot opt in     out     source               destination         \n"


def read(text: str, family: Family = 4, table: str | None = "filter", file: str = "f") -> Table:
    """The table of a listing in which everything is understood."""
    parsed = iptables_list.parse(text, file, family, table)
    assert [one for one in parsed.unread if one.reason != "missing-chain"] == []
    (found,) = parsed.facts
    return found


def row(line: str, family: Family = 4) -> Rule:
    """The rule of one line under the header of ``-nvL``."""
    text = f"Chain X (1 references)\n{HEADER}{line}\n"
    (rule,) = read(text, family).chains[0].rules
    return rule


# (the save format, the columns behind the counters) as iptables prints both.
ROWS = [
    ("-j ACCEPT", "ACCEPT     all  --  *      *       0.0.0.0/0            0.0.0.0/0           "),
    ("-j ACCEPT", "ACCEPT     0    --  *      *       0.0.0.0/0            0.0.0.0/0           "),
    ("", "           all  --  *      *       0.0.0.0/0            0.0.0.0/0           "),
    ("-p gre", "           47   --  *      *       0.0.0.0/0            0.0.0.0/0           "),
    ("! -p udp -j DROP", "DROP      !17   --  *      *       0.0.0.0/0            0.0.0.0/0           "),
    ("-s 10.0.0.1/32 ! -d 10.0.0.0/8", "           all  --  *      *       10.0.0.1            !10.0.0.0/8          "),
    ("! -i docker0 -o br-0123456789ab -j DROP", "DROP       all  --  !docker0 br-0123456789ab  0.0.0.0/0            0.0.0.0/0           "),
    ("-f -j DROP", "DROP       all  -f  *      *       0.0.0.0/0            0.0.0.0/0           "),
    ("! -f -j DROP", "DROP       all  !f  *      *       0.0.0.0/0            0.0.0.0/0           "),
    ("-g Z", "Z          all  --  *      *       0.0.0.0/0            0.0.0.0/0           [goto] "),
    ("-p tcp -m tcp --dport 80 -g Z", "Z          tcp  --  *      *       0.0.0.0/0            0.0.0.0/0           [goto]  tcp dpt:80"),
    ("-j DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION-STAGE-1  all  --  *      *       0.0.0.0/0            0.0.0.0/0           "),
    ("-s 1.2.0.0/255.255.0.255", "           all  --  *      *       1.2.0.0/255.255.0.255  0.0.0.0/0           "),
    ("-j CT --notrack", "CT         all  --  *      *       0.0.0.0/0            0.0.0.0/0            CT notrack"),
    ("-j NOTRACK", "CT         all  --  *      *       0.0.0.0/0            0.0.0.0/0            NOTRACK"),
    ("-j NOTRACK", "NOTRACK    all  --  *      *       0.0.0.0/0            0.0.0.0/0           "),
]  # fmt: skip


@pytest.mark.parametrize(("saved", "line"), ROWS)
def test_columns(saved: str, line: str) -> None:
    rule = row(f"   12   720 {line}")
    assert render_rule(rule) == saved
    assert (rule.packets, rule.bytes) == (12, 720)
    # Collapsed, as on a web page, it says the same.
    assert row(re.sub(" +", " ", f"12 720 {line}").strip()) == rule


@pytest.mark.parametrize(
    ("saved", "line"),
    [
        ("-j ACCEPT", "ACCEPT     all      *      *       ::/0                 ::/0                "),
        ("-i lo -j ACCEPT", "ACCEPT     0    --  lo     *       ::/0                 ::/0                "),
        ("-p ipv6-icmp -m icmp6 --icmpv6-type 1/0", "           ipv6-icmp    *      *       ::/0                 ::/0                 ipv6-icmptype 1 code 0"),
        ("-p ipv6-icmp -m icmp6 --icmpv6-type 1/0", "           ipv6-icmp--  *      *       ::/0                 ::/0                 ipv6-icmptype 1 code 0"),
        ("-s fd00::1/128 ! -d fe80::/10 -j DROP", "DROP       all      *      *       fd00::1             !fe80::/10            "),
        ("-p tcp -m tcp --dport 22", "           tcp      *      *       ::/0                 ::/0                 tcp dpt:22"),
    ],
)  # fmt: skip
def test_columns_of_ipv6(saved: str, line: str) -> None:
    rule = row(f"    0     0 {line}", 6)
    assert render_rule(rule) == saved
    assert row(re.sub(" +", " ", f"0 0 {line}").strip(), 6) == rule


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (99999, "99999"),
        (129_000, "129K"),
        (9999_000, "9999K"),
        (10_000_000, "10M"),
        (3 * 10**12, "3000G"),
        (12 * 10**15, "12000T"),
    ],
)
def test_rounded_counters(number: int, text: str) -> None:
    line = f"{text} {text} ACCEPT all -- * * 0.0.0.0/0 0.0.0.0/0"
    rule = row(line)
    assert (rule.packets, rule.bytes) == (number, number)
    table = Table("filter", (Chain("X", rules=(rule,)),))
    assert iptables_list.render(table, ListStyle(collapsed=True)).splitlines()[2] == line


def test_article_is_read_and_written_back() -> None:
    text = ARTICLE.read_text()
    parsed = iptables_list.parse(text, "iptables-nat.txt")
    assert parsed.unread == ()
    (table,) = parsed.facts
    assert table.name == "nat"
    assert table.incomplete is None
    assert [chain.name for chain in table.chains] == [
        "PREROUTING",
        "INPUT",
        "OUTPUT",
        "POSTROUTING",
        "DOCKER",
    ]
    docker = table.chains[4]
    assert (docker.policy, docker.references) == (None, 2)
    third = docker.rules[2]
    assert third.matches == (
        Option("", "in-interface", True, ("br-528a7aa7b156",)),
        Option("", "protocol", False, ("tcp",)),
        Option("tcp", "dport", False, ("3306",)),
    )
    assert third.target == Target(
        "DNAT", False, (Option("DNAT", "to-destination", False, ("172.18.0.2:3306",)),)
    )
    style = detect_style(text)
    assert (style.collapsed, style.blank_lines, style.verbose) == (True, False, True)
    assert iptables_list.render(table, style) == text


# Layouts other than 1.8.9's, each in the form of that version's print format.
OLD_1_4_7 = """\
Chain INPUT (policy ACCEPT)
num  target     prot opt source               destination         
1    ACCEPT     all  --  0.0.0.0/0            0.0.0.0/0           state RELATED,ESTABLISHED 
2    ACCEPT     icmp --  0.0.0.0/0            0.0.0.0/0           icmp type 8 
3    ACCEPT     all  --  0.0.0.0/0            0.0.0.0/0           
4    ACCEPT     tcp  --  0.0.0.0/0            0.0.0.0/0           state NEW tcp dpt:22 
5    LOG        all  --  0.0.0.0/0            127.0.0.0/8         limit: avg 5/min burst 5 LOG flags 0 level 7 prefix `denied: ' 
6    REJECT     all  --  0.0.0.0/0            0.0.0.0/0           reject-with icmp-host-prohibited 

Chain FORWARD (policy ACCEPT)
num  target     prot opt source               destination         

Chain OUTPUT (policy ACCEPT)
num  target     prot opt source               destination         
"""  # noqa: W291
OLD_1_8_7_IPV6 = """\
Chain INPUT (policy ACCEPT 12 packets, 960 bytes)
 pkts bytes target     prot opt in     out     source               destination         
 6498 3540K VIP        all      eth2   *       ::/0                 1000::/112          
    0     0            ipv6-icmp    *      *       ::/0                 ::/0                 ipv6-icmptype 1 code 0
    0     0 MARK       all      tailscale0 *       ::/0                 ::/0                 MARK xset 0x40000/0xff0000

Chain FORWARD (policy ACCEPT 0 packets, 0 bytes)
 pkts bytes target     prot opt in     out     source               destination         

Chain OUTPUT (policy ACCEPT 0 packets, 0 bytes)
 pkts bytes target     prot opt in     out     source               destination         

Chain VIP (1 references)
 pkts bytes target     prot opt in     out     source               destination         
"""  # noqa: W291
STRIPPED_1_8_10 = """\
Chain INPUT (policy ACCEPT 0 packets, 0 bytes)
num   pkts bytes target     prot opt in     out     source               destination

Chain FORWARD (policy DROP 0 packets, 0 bytes)
num   pkts bytes target     prot opt in     out     source               destination
1     6142  679K ts-forward  0    --  *      *       0.0.0.0/0            0.0.0.0/0
2     1527  206K ACCEPT     0    --  *      vh5cde1b791fe1  0.0.0.0/0            0.0.0.0/0            state RELATED,ESTABLISHED

Chain OUTPUT (policy ACCEPT 0 packets, 0 bytes)
num   pkts bytes target     prot opt in     out     source               destination

Chain ts-forward (1 references)
num   pkts bytes target     prot opt in     out     source               destination
"""
NAMES = """\
Chain INPUT (policy ACCEPT 0 packets, 0 bytes)
 pkts bytes target     prot opt in     out     source               destination         
    0     0 ACCEPT     tcp  --  any    any     anywhere             anywhere             tcp dpt:ssh
    0     0 DROP       icmp --  eth0   any     10.0.0.0/8          !anywhere             icmp echo-request
    0     0 DROP       tcp  --  any    any     anywhere             anywhere             tcp flags:FIN,SYN,RST,ACK/SYN
    0     0 LOG        all  --  any    any     anywhere             anywhere             LOG level warn prefix "x "

Chain FORWARD (policy ACCEPT 0 packets, 0 bytes)
 pkts bytes target     prot opt in     out     source               destination         

Chain OUTPUT (policy ACCEPT 0 packets, 0 bytes)
 pkts bytes target     prot opt in     out     source               destination         
"""  # noqa: W291


@pytest.mark.parametrize(
    ("text", "family", "wanted"),
    [
        (OLD_1_4_7, 4, style_of((1, 4, 7), verbose=False, line_numbers=True)),
        (OLD_1_8_7_IPV6, 6, style_of((1, 8, 7))),
        (STRIPPED_1_8_10, 4, replace(style_of((1, 8, 10), line_numbers=True), stripped=True)),
        (NAMES, 4, replace(style_of((1, 8, 13)), numeric=False)),
    ],
    ids=["1.4.7", "1.8.7 IPv6", "1.8.10 stripped", "names"],
)
def test_layout_of_another_version(text: str, family: Family, wanted: ListStyle) -> None:
    table = read(text, family)
    assert table.incomplete is None
    style = detect_style(text)
    # What these listings do not show.
    wanted = replace(
        wanted, version=style.version, notrack_as_ct=True, blank_opt=wanted.blank_opt and family == 6
    )
    assert style == wanted
    assert iptables_list.render(table, style, family) == text


def test_old_wordings_are_read_as_what_they_mean() -> None:
    rules = read(OLD_1_4_7).chains[0].rules
    shown = [
        render_rule(Rule(rule.matches[1:] if i != 4 else rule.matches[2:], rule.target))
        for i, rule in enumerate(rules)
    ]
    assert shown == [
        "-m state --state RELATED,ESTABLISHED -j ACCEPT",
        "-p icmp -m icmp --icmp-type 8 -j ACCEPT",
        "-j ACCEPT",
        "-p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT",
        '-m limit --limit 5/min -j LOG --log-prefix "denied: " --log-level 7',
        "-j REJECT --reject-with icmp-host-prohibited",
    ]


def test_listing_without_verbose_does_not_know_interfaces() -> None:
    table = read(OLD_1_4_7)
    for rule in table.chains[0].rules:
        assert Option("?", NO_INTERFACES) in rule.matches
        assert rule.packets is None
    assert not any(
        o.name == NO_INTERFACES for rule in read(STRIPPED_1_8_10).chains[1].rules for o in rule.matches
    )


@pytest.mark.parametrize(
    ("kept", "target_options", "text"),
    [
        ("foo bar", (), "DROP all -- * * 0.0.0.0/0 0.0.0.0/0 foo bar"),
        # Behind unknown words nothing is believed: the "!" may belong to what follows.
        ("! tcp dpt:80", (), "DROP tcp -- * * 0.0.0.0/0 0.0.0.0/0 ! tcp dpt:80"),
        (
            "foo ctstate NEW ",
            ("10.0.0.1",),
            "DNAT all -- * * 0.0.0.0/0 0.0.0.0/0 foo ctstate NEW to:10.0.0.1",
        ),
        ("quota: 5 bytes", (), "DROP all -- * * 0.0.0.0/0 0.0.0.0/0 quota: 5 bytes"),  # hides a "!"
        ("ctstate", (), "DROP all -- * * 0.0.0.0/0 0.0.0.0/0 ctstate"),
        ("tcpx", (), "DROP tcp -- * * 0.0.0.0/0 0.0.0.0/0 tcpx"),
    ],
)
def test_unknown_text_is_kept(kept: str, target_options: tuple[str, ...], text: str) -> None:
    parsed = iptables_list.parse(f"Chain X (0 references)\n{HEADER}0 0 {text}\n", "f", 4, "filter")
    assert [(one.reason, one.detail) for one in parsed.unread if one.reason != "missing-chain"] == [
        ("unknown-text", kept)
    ]
    (rule,) = parsed.facts[0].chains[0].rules
    assert rule.matches[-1] == Option("?", "", False, (kept,))
    assert rule.target is not None
    assert tuple(one.values[0] for one in rule.target.options) == target_options


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        ("unknown-line", "hello world"),
        ("unknown-line", "    0     0 DROP       all  --  *      *       0.0.0.0/0"),
        ("unknown-line", "Chain Y"),
        ("bad-address", "    0     0 DROP       all  --  *      *       10.0.0.256           0.0.0.0/0           "),
        ("bad-address", "    0     0 DROP       all  --  *      *       db.example           0.0.0.0/0           "),
        ("unknown-protocol", "    0     0 DROP       tpc  --  *      *       0.0.0.0/0            0.0.0.0/0           "),
        ("missing-value", "    0     0 DNAT       tcp  --  *      *       0.0.0.0/0            0.0.0.0/0            tcp dpt:80"),
    ],
)  # fmt: skip
def test_wrong_line_is_named(reason: str, line: str) -> None:
    parsed = iptables_list.parse(f"Chain X (0 references)\n{HEADER}{line}\n", "f", 4, "?")
    assert [(one.reason, one.evidence.line, one.evidence.text) for one in parsed.unread] == [
        (reason, 3, line)
    ]
    assert (parsed.facts[0].incomplete is not None) == (reason == "unknown-line")
    assert len(parsed.facts[0].chains[0].rules) == (reason != "unknown-line")


def test_line_cut_at_the_end_is_no_rule() -> None:
    line = "    0     0 DNAT       tcp  --  !br0   *       0.0.0.0/0            0.0.0.0/0            tcp dpt:80 to:10.0.0.1"
    start = f"Chain X (0 references)\n{HEADER}"
    whole = iptables_list.parse(start + line, "f", 4, "?")
    assert (len(whole.facts[0].chains[0].rules), whole.unread) == (1, ())
    for end in range(1, line.index(" to:") + 4):
        parsed = iptables_list.parse(start + line[:end], "f", 4, "?")
        if line[:end].strip():
            assert [one.reason for one in parsed.unread] == ["truncated"]
            assert parsed.facts[0].chains[0].rules == ()
            assert parsed.facts[0].incomplete is not None


def test_chain_that_is_not_listed_leaves_the_table_incomplete() -> None:
    parsed = iptables_list.parse(f"Chain INPUT (policy ACCEPT)\n{HEADER}", "f", 4, "filter")
    assert [one.detail for one in parsed.unread] == ["FORWARD", "OUTPUT"]
    assert parsed.facts[0].incomplete is not None


@pytest.mark.parametrize(
    ("name", "file", "chains", "target"),
    [
        ("nat", "iptables-nat.txt", "FORWARD", "ACCEPT"),
        ("raw", "snapshot/ip6tables-raw.txt", "FORWARD", "ACCEPT"),
        ("nat", "-", "PREROUTING INPUT OUTPUT POSTROUTING", "DOCKER"),
        ("nat", "-", "PREROUTING OUTPUT", "DNAT"),
        ("raw", "-", "PREROUTING OUTPUT", "CT"),
        ("mangle", "-", "PREROUTING INPUT FORWARD OUTPUT POSTROUTING", "MARK"),
        ("filter", "-", "INPUT FORWARD OUTPUT", "DROP"),
        ("security", "-", "INPUT FORWARD OUTPUT", "SECMARK"),
    ],
)
def test_table_is_told_by_file_name_or_chains(name: str, file: str, chains: str, target: str) -> None:
    line = f"0 0 {target} all -- * * 0.0.0.0/0 0.0.0.0/0\n"
    text = "".join(f"Chain {chain} (policy ACCEPT)\n{HEADER}{line}" for chain in chains.split())
    assert iptables_list.parse(text, file).facts[0].name == name


def test_comment_that_holds_its_own_end() -> None:
    rule = row("0 0 DROP tcp -- * * 0.0.0.0/0 0.0.0.0/0 /* a */ b */ tcp dpt:80 /* c */")
    comments = [one.values[0] for one in rule.matches if one.module == "comment"]
    assert comments == ["a */ b", "c"]


@pytest.mark.parametrize("folder", ["nft.v4", "nft.v6", "legacy.v4", "legacy.v6"])
@pytest.mark.parametrize("name", ["raw", "mangle", "nat", "filter"])
def test_capture_is_written_back_and_says_what_the_save_says(folder: str, name: str) -> None:
    family: Family = 4 if folder.endswith("4") else 6
    saved = iptables_save.parse((CAPTURES / folder / "save-c.txt").read_text(), "f", family).facts[0]
    (wanted,) = (table for table in saved.tables if table.name == name)
    for suffix in ("nvL", "nvxL", "nL"):
        text = (CAPTURES / folder / f"{name}-{suffix}.txt").read_text()
        table = read(text, family, name)
        style = detect_style(text)
        assert iptables_list.render(table, style, family) == text
        assert (style.verbose, style.exact, style.version) == (
            suffix != "nL",
            suffix == "nvxL",
            (1, 8, 9) if style.version else None,
        )
        if suffix == "nL":
            continue
        for listed, chain in zip(table.chains, wanted.chains, strict=True):
            for one, other in zip(listed.rules, chain.rules, strict=True):
                if "-m eui64" in render_rule(other) and folder == "nft.v6":
                    continue  # the nft back end prints nothing for this match
                assert normal_form(one) == normal_form(other)
                if suffix == "nvxL":
                    assert (one.packets, one.bytes) == (other.packets, other.bytes)


@needs_truth
def test_every_listing_of_real_engines_is_written_back() -> None:
    folder = truth_dir()
    assert folder is not None
    files = [f for f in sorted((folder / "docker").glob("*/*/iptables-*.txt")) if "save" not in f.name]
    assert len(files) > 500
    for file in files:
        text = file.read_text()
        parsed = iptables_list.parse(text, file.name)
        assert parsed.unread == (), file
        table = parsed.facts[0]
        assert table.name == file.stem.partition("-")[2]
        assert table.incomplete is None
        assert iptables_list.render(table, detect_style(text)) == text, file


@needs_truth
def test_listings_and_saves_of_real_engines_agree() -> None:
    folder = truth_dir()
    assert folder is not None
    compared = 0
    for file in sorted((folder / "docker").glob("*/*/iptables-save.txt")):
        if file.match("26.1.5/swarm-init/*"):
            continue  # the engine added a network between the two commands
        saved = iptables_save.parse(file.read_text(), file.name).facts[0]
        for wanted in saved.tables:
            listing = file.with_name(f"iptables-{wanted.name}.txt")
            if not listing.exists():
                continue
            table = read(listing.read_text(), 4, wanted.name)
            for listed, chain in zip(table.chains, wanted.chains, strict=True):
                assert (listed.name, listed.policy) == (chain.name, chain.policy)
                assert [normal_form(rule) for rule in listed.rules] == [
                    normal_form(rule) for rule in chain.rules
                ]
                compared += len(chain.rules)
    assert compared > 3000


STYLES = st.builds(
    ListStyle,
    line_numbers=st.booleans(),
    exact=st.booleans(),
    collapsed=st.booleans(),
    protocol_numbers=st.booleans(),
    narrow_protocol=st.booleans(),
)


@pytest.mark.parametrize("old", [False, True])
def test_the_layout_is_known_where_every_rule_goes_to_a_chain(old: bool) -> None:
    match = Option("conntrack", "ctstate", False, ("INVALID",))
    chain = Chain("INPUT", "ACCEPT", (Rule((match,), Target("USER", True), 0, 0),), packets=0, bytes=0)
    user = Chain("USER", None, references=1)
    text = iptables_list.render(Table("filter", (chain, user)), ListStyle(trailing_extras=old), 4)
    assert ("[goto] ctstate INVALID " in text) == old
    assert iptables_list.render(read(text, 4, "filter"), detect_style(text), 4) == text


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("name", ["raw", "mangle", "nat", "filter"])
@settings(max_examples=25)
@given(data=st.data())
def test_table_survives_writing_and_reading(data: st.DataObject, name: str, family: Family) -> None:
    wanted = data.draw(netfilter.tables(family, name, most=2))
    style = data.draw(STYLES)
    text = iptables_list.render(wanted, style, family)
    table = read(text, family, name)
    for listed, chain in zip(table.chains, wanted.chains, strict=True):
        assert (listed.name, listed.policy, listed.references) == (chain.name, chain.policy, chain.references)
        if not style.collapsed:  # collapsing may take blanks out of a comment or a prefix
            assert [normal_form(rule) for rule in listed.rules] == [normal_form(rule) for rule in chain.rules]
    assert iptables_list.render(table, style, family) == text
    assert iptables_list.render(table, detect_style(text), family) == text


@given(st.text(st.sampled_from("Chain INPUT(policyACEPT)0.123/ -*!:tcpdl\n\t[]K"), max_size=200))
def test_any_text_is_read_without_losing_a_line(text: str) -> None:
    parsed = iptables_list.parse(text, "f", 4, "?")
    told = {one.evidence.line for one in parsed.unread}
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip() and not line.lstrip().startswith("Chain "):
            assert number in told
    assert detect_style(text).verbose is False


def test_a_listing_that_shows_a_chain_twice_is_not_whole() -> None:
    """Two listings in one text: whose rules these are nobody knows."""
    head = "target     prot opt source               destination\n"
    one = f"Chain INPUT (policy ACCEPT)\n{head}DROP       tcp  --  0.0.0.0/0            0.0.0.0/0\n\n"
    found = iptables_list.parse(one + one, "f", 4, "filter")
    assert ("declared-twice", 5) in [(unread.reason, unread.evidence.line) for unread in found.unread]
    (table,) = found.facts
    assert table.incomplete is not None
    assert "INPUT" not in table.incomplete.whole
