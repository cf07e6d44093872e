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
