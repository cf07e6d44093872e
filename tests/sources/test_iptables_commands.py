"""iptables commands: what they make of a table, and what is known of the rest of it."""

from __future__ import annotations

import random
import subprocess

import pytest

from sekisho.model.netfilter import Table
from sekisho.sources import iptables_commands, iptables_S
from sekisho.sources.iptables_rule import normal_form, render_rule
from sekisho.sources.load import load_text
from tests.sources.capture_files import capture


def tables(text: str, family: int = 4) -> dict[str, Table]:
    script = iptables_commands.read_all([(text, "f")])
    return {
        table.name: table
        for (version, _), found in script.tables().items()
        if version == family
        for table in found
    }


def rules(table: Table, chain: str) -> list[str]:
    return [render_rule(rule) for one in table.chains if one.name == chain for rule in one.rules]


def test_a_script_that_starts_afresh_is_whole() -> None:
    found = tables(capture("commands/iptables-commands.txt"))
    table = found["filter"]
    assert table.incomplete is None
    assert {one.name: one.policy for one in table.chains} == {
        "INPUT": "DROP", "FORWARD": "DROP", "OUTPUT": "ACCEPT", "LOGDROP": None,
    }  # fmt: skip
    assert rules(table, "INPUT") == [
        "-i lo -j ACCEPT",
        "-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
        "-i eth0 -p tcp -m tcp --dport 22 -j ACCEPT",
        "-j LOGDROP",
    ]
    assert rules(table, "LOGDROP") == ['-j LOG --log-prefix "dropped: "', "-j DROP"]
    assert found["nat"].incomplete is not None
    assert found["nat"].incomplete.why == "before"


def test_what_stood_before_is_not_known() -> None:
    table = tables("iptables -A INPUT -p tcp --dport 22 -j DROP\niptables -I INPUT -s 192.0.2.1 -j ACCEPT\n")[
        "filter"
    ]
    assert table.incomplete is not None
    assert (table.incomplete.why, table.incomplete.whole) == ("before", frozenset())
    assert table.incomplete.first == (("INPUT", 1),)
    assert rules(table, "INPUT") == ["-s 192.0.2.1/32 -j ACCEPT", "-p tcp -m tcp --dport 22 -j DROP"]


def test_one_chain_flushed_and_its_policy_set() -> None:
    table = tables("iptables -F INPUT\niptables -P INPUT DROP\niptables -A FORWARD -j DROP\n")["filter"]
    assert table.incomplete is not None
    assert table.incomplete.whole == {"INPUT"}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("iptables -F\niptables -A INPUT -j DROP\niptables -D INPUT -j DROP\n", []),
        (
            "iptables -F\niptables -A INPUT -j DROP\niptables -A INPUT -j DROP\n"
            "iptables -D INPUT -j DROP\n",
            ["-j DROP"],
        ),
        ("iptables -F\niptables -A INPUT -j DROP\niptables -I INPUT -j ACCEPT\n", ["-j ACCEPT", "-j DROP"]),
        ("iptables -F\niptables -A INPUT -i lo -j ACCEPT\niptables -A INPUT -j DROP\n"
         "iptables -I INPUT 2 -j LOG\n",
         ["-i lo -j ACCEPT", "-j LOG", "-j DROP"]),
        ("iptables -A INPUT -j DROP; iptables -F\n", []),
        ("iptables -F && iptables -A INPUT -j DROP 2>/dev/null || true\n", ["-j DROP"]),
        # measured with iptables 1.8.9: of a list each rule goes before the one before it
        ("iptables -F\niptables -I INPUT -s 192.0.2.1,192.0.2.2 -j DROP\n",
         ["-s 192.0.2.2/32 -j DROP", "-s 192.0.2.1/32 -j DROP"]),
    ],
)  # fmt: skip
def test_follows_what_the_commands_do(text: str, left: list[str]) -> None:
    table = tables(text)["filter"]
    assert rules(table, "INPUT") == left
    assert table.incomplete is None


@pytest.mark.parametrize(
    "line",
    [
        "for p in 22 80; do iptables -A INPUT -p tcp --dport $p -j ACCEPT; done",
        "iptables -A INPUT -i $WAN -j DROP",
        "iptables -A INPUT -s $(dig +short example.com) -j DROP",
        "systemctl restart docker",
        "iptables-restore < /etc/iptables/rules.v4",
        'iptables -A INPUT -j LOG --log-prefix "open',
        "iptables -R INPUT 1 -j DROP",
        "iptables -D INPUT 1",
        "iptables -E INPUT OTHER",
    ],
)
def test_what_cannot_be_told_makes_the_table_doubtful(line: str) -> None:
    script = iptables_commands.read_all([(f"iptables -F\niptables -P INPUT DROP\n{line}\n", "f")])
    ((table,),) = script.tables().values()
    assert table.incomplete is not None
    assert table.incomplete.why == "unread"
    assert [one.evidence.line for one in script.unread] == [3]


def test_ip6tables_and_back_ends_are_their_own() -> None:
    script = iptables_commands.read_all(
        [("ip6tables -A INPUT -j DROP\niptables-legacy -A INPUT -j DROP\n", "f")]
    )
    assert list(script.tables()) == [(6, ""), (4, "legacy")]


def test_every_line_is_accounted_for() -> None:
    text = capture("commands/iptables-commands.txt")
    snapshot = load_text(text)
    host = snapshot.host
    kept = {one.evidence.line for one in host.stated if one.evidence}
    kept |= {one.evidence.line for one in host.unread} | {note.line for note in snapshot.notes}
    kept |= {note.line for note in snapshot.prose}
    for table in (table for ruleset in host.rulesets for table in ruleset.tables):
        for chain in table.chains:
            places = (chain.evidence, *(rule.evidence for rule in chain.rules))
            kept |= {place.line for place in places if place}
    lines = text.split("\n")
    wanted = {number for number, line in enumerate(lines, 1) if line.strip() and not line.startswith("    ")}
    assert wanted - kept == set()


LISTING = "$ iptables -S\n-P INPUT DROP\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n"


def test_a_command_before_a_listing_shows_in_it() -> None:
    host = load_text(f"$ sudo iptables -P INPUT DROP\n{LISTING}").host
    (ruleset,) = host.rulesets
    assert ruleset.tables[0].incomplete is None
    assert [one.kind for one in host.stated] == ["shown"]


def test_a_command_behind_a_listing_makes_it_old() -> None:
    host = load_text(f"{LISTING}$ sudo iptables -I INPUT -p tcp --dport 22 -j ACCEPT\n").host
    (ruleset,) = host.rulesets
    assert ruleset.tables[0].incomplete is not None
    assert ruleset.tables[0].incomplete.why == "changed"
    assert [one.kind for one in host.stated] == ["changes"]


def test_a_command_that_complained_did_something_else() -> None:
    complaint = "iptables: No chain/target/match by that name."
    host = load_text(f"$ iptables -F\n$ iptables -A INPUT -j NOWHERE\n{complaint}\n").host
    assert [one.evidence.text for one in host.unread] == [complaint]
    assert host.rulesets[0].tables[0].incomplete is not None


_MATCHES = ("-p tcp --dport 22", "-s 192.0.2.0/24", "-i eth0", "-s 192.0.2.1,198.51.100.2", "-p udp")


def _script(draw: random.Random) -> list[str]:
    made = ["iptables -F", "iptables -X", "iptables -N ONE"]
    for _ in range(draw.randrange(4, 16)):
        chain = draw.choice(("INPUT", "INPUT", "FORWARD", "ONE", "TWO"))
        rule = f"{draw.choice(_MATCHES)} -j {draw.choice(('ACCEPT', 'DROP', 'ONE', 'TWO', 'RETURN'))}"
        kinds = (
            f"-A {chain} {rule}", f"-A {chain} {rule}", f"-I {chain} {rule}", f"-D {chain} {rule}",
            f"-I {chain} {draw.randrange(1, 4)} {rule}", f"-N {draw.choice(('ONE', 'TWO'))}", f"-F {chain}",
            f"-P {draw.choice(('INPUT', 'FORWARD'))} {draw.choice(('ACCEPT', 'DROP'))}",
            f"-X {draw.choice(('ONE', 'TWO'))}", "-F",
        )  # fmt: skip
        made.append(f"iptables {draw.choice(kinds)}")
    return made


@pytest.mark.kernel
@pytest.mark.parametrize("tool", ["iptables-nft", "iptables-legacy"])
def test_commands_do_what_iptables_does(tool: str) -> None:
    """Random scripts, less the commands that iptables refuses (it says so where they are typed)."""
    compared = 0
    for seed in range(60):
        lines = _script(random.Random(f"{tool}:{seed}"))
        typed = "".join(
            f"{line.replace('iptables', tool, 1)} 2>/dev/null && echo took {number}\n"
            for number, line in enumerate(lines)
        )
        done = subprocess.run(
            ["unshare", "-n", "sh", "-c", f"{typed}{tool} -S"], capture_output=True, text=True, check=True
        )
        said = done.stdout.splitlines(keepends=True)
        took = [lines[int(line.split()[1])] for line in said if line.startswith("took")]
        listing = "".join(line for line in said if not line.startswith("took"))
        kernel = {one.name: one for one in iptables_S.parse(listing, "f").facts[0].chains}
        table = tables("".join(f"{line}\n" for line in took))["filter"]
        assert table.incomplete is None, took
        assert {one.name for one in table.chains} == set(kernel), took
        for chain in table.chains:
            mine, theirs = ([normal_form(rule) for rule in one.rules] for one in (chain, kernel[chain.name]))
            assert mine == theirs, took
            assert chain.policy in (None, kernel[chain.name].policy), took
            compared += len(mine)
    assert compared > 50
