"""Random rules loaded into a kernel; what iptables then prints is read, compared and written back."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from sekisho.model.netfilter import Ruleset, Table
from sekisho.sources import iptables_list, iptables_S, iptables_save
from sekisho.sources.iptables_rule import normal_form
from sekisho.values.address import Family
from tests.sources.test_iptables_rule import NOWHERE
from tests.strategies import netfilter

TABLES = ("raw", "mangle", "nat", "filter")

# Prints everything that iptables says of the rules on its input, as one JSON object.
SCRIPT = r"""
import json, subprocess, sys
tool, rules = sys.argv[1], sys.stdin.read()
def run(*words, text=None):
    done = subprocess.run(words, input=text, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(words)}: {done.stderr}\n{rules}")
    return done.stdout
run(f"{tool}-restore", "-c", text=rules)
said = {"save": run(f"{tool}-save"), "save -c": run(f"{tool}-save", "-c")}
for table in ("raw", "mangle", "nat", "filter"):
    for words in ("-S", "-v -S", "-nvL", "-nvL -x --line-numbers", "-nL --line-numbers"):
        said[f"{table} {words}"] = run(tool, "-t", table, *words.split())
json.dump(said, sys.stdout)
"""


def ask(tool: str, rules: str) -> dict[str, str]:
    """Load the rules in a namespace of their own and return all outputs by command."""
    done = subprocess.run(
        ["unshare", "-n", "python3", "-c", SCRIPT, tool],
        input=rules,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, str] = json.loads(done.stdout)
    return said


def body(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))


def same_rules(one: Table, other: Table) -> None:
    assert [chain.name for chain in one.chains] == [chain.name for chain in other.chains]
    for left, right in zip(one.chains, other.chains, strict=True):
        assert [normal_form(rule) for rule in left.rules] == [normal_form(rule) for rule in right.rules]


@pytest.mark.kernel
@pytest.mark.parametrize("backend", ["nft", "legacy"])
@pytest.mark.parametrize("family", [4, 6])
@settings(max_examples=8, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(data=st.data())
def test_all_outputs_of_a_kernel_agree(data: st.DataObject, backend: str, family: Family) -> None:
    wanted: Ruleset = data.draw(netfilter.rulesets(family))
    said = ask(f"{'iptables' if family == 4 else 'ip6tables'}-{backend}", iptables_save.render(wanted, True))

    for command, counters in (("save", False), ("save -c", True)):
        saved = iptables_save.parse(said[command], "iptables-save.txt", family)
        assert not saved.unread
        assert iptables_save.render(saved.facts[0], counters) == body(said[command])
        assert saved.facts[0].backend == backend
        assert saved.facts[0].complete
    by_name = {table.name: table for table in saved.facts[0].tables}
    for table in wanted.tables:
        same_rules(table, by_name[table.name])
        for command, counters in (("-S", False), ("-v -S", True)):
            text = said[f"{table.name} {command}"]
            read = iptables_S.parse(text, "-S", family, table.name)
            assert not read.unread
            assert iptables_S.render(read.facts[0], counters) == text
            assert read.facts[0].chains == by_name[table.name].chains
        for command in ("-nvL", "-nvL -x --line-numbers", "-nL --line-numbers"):
            text = said[f"{table.name} {command}"]
            listed = iptables_list.parse(text, f"iptables-{table.name}.txt", family)
            assert not listed.unread
            style = iptables_list.detect_style(text)
            assert iptables_list.render(listed.facts[0], style, family) == text
            written = iptables_list.render(by_name[table.name], style, family)
            assert [_without_counts(line) for line in written.splitlines()] == [
                _without_counts(line) for line in text.splitlines()
            ]
            if "-nvL" in command:
                same_rules(listed.facts[0], by_name[table.name])


def _without_counts(line: str) -> str:
    """``iptables-save`` does not say how often a chain is referred to."""
    return re.sub(r" \(\d+ references\)", "", line)


# Rules files as people and programs write them: what they mean is what iptables-save says of them after.
BY_HAND = (
    "*filter\n-A INPUT -p tcp --dport 22 -j ACCEPT\n-A INPUT -j DROP\nCOMMIT\n",
    "*filter\n:INPUT - [0:0]\n:MINE - [0:0]\n-A INPUT -g MINE\n-A MINE -i lo -j RETURN\nCOMMIT\n",
    "*filter\n-P FORWARD DROP\n-N A\n-N B\n-A FORWARD -j B\n-A A -j DROP\n-I FORWARD -s 192.0.2.1 -j ACCEPT\n"
    "-I FORWARD 2 -d 192.0.2.2 -j ACCEPT\n-A B -j ACCEPT\nCOMMIT\n",
    "* nat\n-N R\n-A R -p tcp -j REDIRECT --to-ports 15001\n-A PREROUTING -p tcp -j R\n-A OUTPUT -o lo -j R\n"
    "COMMIT\n",
    "*filter\n-F\n-X\n-Z\n-A INPUT -s 192.0.2.1 -j DROP\n-F INPUT\n-N Y\n-A INPUT -j Y\nCOMMIT\n",
    "*filter\n-A INPUT -s 10.0.0.1,10.0.0.2 -d 10.1.0.1,10.1.0.2 -j DROP\n"
    "-A INPUT -s 0/0,10.0.0.3 -j DROP\nCOMMIT\n",
    "*filter\n-F INPUT\n-Z\n-N X\n-X\n-A FORWARD -s 192.0.2.1 -j DROP\nCOMMIT\n",
    "*filter\n-N X\n-N Y\n-A X -j DROP\n-A Y -j DROP\n-F X\n-X X\n-A FORWARD -j Y\nCOMMIT\n",
)


# Numbers as nobody prints them: with a zero at their front they are octal to most extensions, not to all.
OCTAL = (
    "-p tcp --dport 010", "-p tcp --dport 0x50", "-p udp --dport 010", "-p udp --dport 08",
    "-p icmp --icmp-type 010", "-p icmp --icmp-type 0x8/0x1", "-m length --length 010:020",
    "-m ttl --ttl-eq 010", "-p tcp -m multiport --dports 010,011:012", "-p tcp -m tcp --tcp-option 010",
    "-p sctp --dport 010", "-p dccp --dport 010", "-m statistic --mode nth --every 010 --packet 01",
    "-m quota --quota 010", "-m helper --helper 010", "-m comment --comment 010", "-m cpu --cpu 010",
    "-p tcp -m tcpmss --mss 010", "-j MARK --set-xmark 010/0x7", "-j TTL --ttl-set 010", "-j CT --zone 010",
    "-m mark --mark 010",
)  # fmt: skip


@pytest.mark.kernel
@pytest.mark.parametrize("rule", OCTAL)
def test_a_number_with_a_zero_at_its_front_is_what_iptables_takes_it_for(rule: str) -> None:
    table = "raw" if "CT" in rule else "mangle"
    text = f"*{table}\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING {rule}\nCOMMIT\n"
    read, loaded = (
        [
            normal_form(found)
            for one in iptables_save.parse(each, "iptables-save.txt").facts[0].tables
            for chain in one.chains
            for found in chain.rules
        ]
        for each in (text, ask("iptables-nft", text)["save"])
    )
    assert len(read) == 1
    assert read == loaded


@pytest.mark.parametrize("rule", ["-p tcp --dport 08", "-m length --length 1:09", "-p icmp --icmp-type 08"])
def test_a_number_that_is_neither_octal_nor_decimal_is_missed(rule: str) -> None:
    """iptables refuses the rule (measured, 1.8.9)."""
    read = iptables_save.parse(f"*filter\n:INPUT ACCEPT [0:0]\n-A INPUT {rule} -j DROP\nCOMMIT\n", "f")
    assert [unread.reason for unread in read.unread] == ["bad-value"]


# Lines of a rules file with which nothing at all is loaded.
_BEFORE = "*filter\n:FORWARD ACCEPT [0:0]\n:MINE - [0:0]\n-A FORWARD -s 192.0.2.9 -j DROP\n"
REFUSED = (
    "-FORWARD -j MINE", "-F FORWARD -j DROP", "-F NOSUCH", "-Z NOSUCH", "-Z -j DROP", "-X NOSUCH",
    "-X FORWARD", "-X -s 192.0.2.1", "-A MINE -j DROP\n-X MINE", "-A FORWARD -j MINE\n-X MINE",
    "-A FORWARD -g MINE\n-X", "-A MINE -j DROP\n-X",
)  # fmt: skip


@pytest.mark.kernel
@pytest.mark.parametrize("backend", ["nft", "legacy"])
@pytest.mark.parametrize("lines", REFUSED)
def test_a_line_with_which_nothing_is_loaded_is_missed(lines: str, backend: str) -> None:
    text = f"{_BEFORE}{lines}\nCOMMIT\n"
    done = subprocess.run(
        ["unshare", "-n", f"iptables-{backend}-restore"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    read = iptables_save.parse(text, "rules.v4")
    assert [unread.evidence.text for unread in read.unread] == [lines.rpartition("\n")[2]]
    assert read.facts[0].tables[0].incomplete is not None


@pytest.mark.kernel
@pytest.mark.parametrize(("rule", "family"), NOWHERE)
def test_iptables_legacy_prints_what_is_not_anywhere(rule: str, family: Family) -> None:
    tool = "iptables-legacy" if family == 4 else "ip6tables-legacy"
    said = ask(tool, f"*filter\n-A INPUT {rule}\nCOMMIT\n")
    assert f"-A INPUT {rule}\n" in said["save"]


@pytest.mark.kernel
@pytest.mark.parametrize("backend", ["nft", "legacy"])
@pytest.mark.parametrize("text", BY_HAND)
def test_a_rules_file_is_read_as_the_kernel_has_it(text: str, backend: str) -> None:
    read = iptables_save.parse(text, "rules.v4")
    assert not read.unread
    (table,) = read.facts[0].tables
    assert table.incomplete is None
    saved = iptables_save.parse(ask(f"iptables-{backend}", text)["save"], "iptables-save.txt").facts[0]
    there = {chain.name: chain for one in saved.tables if one.name == table.name for chain in one.chains}
    for name, chain in there.items():
        mine = next((one for one in table.chains if one.name == name), None)
        rules = [normal_form(rule) for rule in mine.rules] if mine else []
        assert rules == [normal_form(rule) for rule in chain.rules], name
        assert (mine and mine.policy) in (chain.policy, None), name
        # In a fresh table a policy that no line shows is ACCEPT.
        assert (mine and mine.policy) or chain.policy in ("ACCEPT", None), name
    assert {chain.name for chain in table.chains} <= set(there)
