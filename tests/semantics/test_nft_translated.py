"""What nft's listing loses of iptables-nft's rules is left open; what it tells is what iptables means.

The listings are nft 1.0.6's of rules that iptables-nft 1.8.9 loaded; the kernel test makes them anew.
"""

from __future__ import annotations

import json
import shlex
import subprocess

import pytest

from sekisho.explain.context import HostContext
from sekisho.explain.nft import explain_nft
from sekisho.model.snapshot import Snapshot
from sekisho.semantics import netfilter
from sekisho.semantics.conjunction import parts
from sekisho.semantics.match_context import MatchContext
from sekisho.semantics.nft import nft_stations
from sekisho.semantics.nft_translated import made_by_iptables
from sekisho.semantics.program import ESTABLISHED, NEW, RELATED, Continue, Guarded, NotUnderstood
from sekisho.sources import iptables_save, nft_text
from sekisho.values.address import Family
from sekisho.values.packet import TCP, UDP
from tests.semantics.nft_host import namespace
from tests.semantics.one import holds
from tests.semantics.rules import HOST, packet

# (family, rule, its words in a listing, whether they hide something)
RULES: list[tuple[Family, str, str, bool]] = [
    (4, "-m addrtype --src-type LOCAL ! --dst-type LOCAL", "fib saddr type != local", True),
    (4, "-m addrtype ! --src-type LOCAL", "fib saddr type != local", True),
    (4, "-m addrtype --src-type LOCAL --dst-type LOCAL", "fib saddr type local", False),
    (4, "-m addrtype --src-type UNICAST --dst-type LOCAL", "fib saddr type unicast", True),
    (4, "-m addrtype --dst-type LOCAL", "fib daddr type local", False),
    (4, "-m conntrack ! --ctstate NEW,DNAT", "ct status dnat", True),
    (4, "-m conntrack --ctstate NEW,RELATED", "ct state new,related", False),
    (4, "-p udp -m multiport ! --ports 53,1024:2000",
     "meta l4proto udp udp sport . udp dport { 0-65535 . 53, 53 . 0-65535, 0-65535 . 1024, 1024 . 0-65535,"
     " 0-65535 . 2000, 2000 . 0-65535 }", True),
    (4, "-p udp -m multiport ! --ports 53",
     "meta l4proto udp udp sport . udp dport { 0-65535 . 53, 53 . 0-65535 }", True),
    (4, "-p udp -m multiport --dports 53,1024:2000", "meta l4proto udp udp dport { 53, 1024-2000 }", False),
    (4, "-p tcp -m ecn ! --ecn-tcp-ece", "meta l4proto tcp tcp flags != ecn", True),
    (4, "-p tcp -m tcp ! --syn", "tcp flags != syn / fin,syn,rst,ack", False),
    (4, "-m mark --mark 0x5/0xf", "meta mark & 0x0000000f == 0x00000005", False),
    (6, "-m frag --fraglen 42", "", True),
    (6, "-m rt", "", True),
    (4, "-m comment --comment seen", "", False),
    (4, "-j CONNMARK --set-xmark 0x4/0xf", "ct mark set ct mark xor 0x4 and 0xfffffff0", True),
    (4, "-j CONNMARK --set-xmark 0x4/0x4", "ct mark set ct mark or 0x4", False),
    (4, "-j CONNMARK --restore-mark --nfmask 0x5 --ctmask 0x5", "meta mark set ct mark and 0x5", True),
    (4, "-j CONNMARK --save-mark --nfmask 0xff --ctmask 0xff", "ct mark set mark and 0xff", True),
    (4, "-j CONNMARK --save-mark", "ct mark set mark", False),
    (4, "-j MARK --set-xmark 0x4/0xf", "meta mark set mark and 0xfffffff0 xor 0x4", False),
    (4, "-j TOS --set-tos 0x04", "ip6 dscp set 0x01", True),
    (6, "-j TOS --set-tos 0x04", "ip6 dscp set 0x01", True),
]  # fmt: skip


def iptables_line(rule: str, family: Family) -> Guarded:
    text = f"*mangle\n:FORWARD ACCEPT [0:0]\n-A FORWARD {rule}\nCOMMIT\n"
    rulesets = iptables_save.parse(text, "f", family).facts
    (station,) = netfilter.stations(rulesets, MatchContext(family, HOST, {}))["forward"]
    return station.base.lines[0]


def nft_line(listing: str, family: Family) -> Guarded:
    (table,) = nft_text.parse(listing, "f").tables
    (station,) = nft_stations(table, MatchContext(family, HOST, {}))
    return station.base.lines[0]


def listed(words: str, rule: str, family: Family) -> str:
    """As nft prints the rule in the table of iptables-nft."""
    counter = "counter packets 0 bytes 0"
    line = f"{counter} {words}" if "-j" in rule.split() else f"{words} {counter}"
    own = "ip" if family == 4 else "ip6"
    return (
        f"table {own} mangle {{\n\tchain FORWARD {{\n"
        f"\t\ttype filter hook forward priority mangle; policy accept;\n\t\t{line}\n\t}}\n}}\n"
    )


def agree(rule: str, listing: str, family: Family) -> bool:
    """Whether the listing leaves nothing open; nowhere may both be sure and differ."""
    one, other = iptables_line(rule, family), nft_line(listing, family)
    ends = {"src": "2001:db8::1", "dst": "2001:db8::2"} if family == 6 else {}
    sure = True
    for proto in (TCP, UDP):
        for dport in (53, 1500, 9):
            for mark, flags, state in ((5, 2, NEW), (0, 16, RELATED), (4, 64, ESTABLISHED)):
                asked = packet(**ends, proto=proto, sport=40000, dport=dport, mark=mark, tcp_flags=flags,
                               ctstate=state, ctdir=0, ctproto=proto)  # fmt: skip
                wanted, found = holds(one.guard, asked), holds(other.guard, asked)
                assert found in (wanted, None), (asked, wanted, found)
                sure = sure and found is not None
    acts, told = ([p.action for p in parts(line) if p.action != Continue()] for line in (one, other))
    if any(isinstance(action, NotUnderstood) for action in told):
        return False
    assert acts == told
    return sure


@pytest.mark.parametrize(("family", "rule", "words", "hides"), RULES)
def test_what_the_words_hide_is_open(family: Family, rule: str, words: str, hides: bool) -> None:
    assert agree(rule, listed(words, rule, family), family) is not hides


def test_the_same_words_in_a_table_of_ones_own_are_what_they_say() -> None:
    own = listed("fib saddr type local", "", 4).replace("mangle {", "mine {")
    assert holds(nft_line(own, 4).guard, packet(src="10.0.0.1")) is True


def test_a_base_chain_of_nfts_own_beside_iptables_changes_nothing_of_these() -> None:
    more = "\tchain mine {\n\t\ttype filter hook input priority 5; policy accept;\n\t}\n}\n"
    (table,) = nft_text.parse(listed("fib saddr type unicast", "", 4).removesuffix("}\n") + more, "f").tables
    assert made_by_iptables(table)


def _said(listing: str) -> list[str]:
    host = namespace(listing)
    assert host.nft is not None
    lines = explain_nft(host.nft, HostContext(Snapshot("x", host), host))
    return [one.code for _, said in lines for one in said]


@pytest.mark.parametrize(("family", "rule", "words", "hides"), RULES)
def test_a_reader_is_told_where_words_may_hide_something(
    family: Family, rule: str, words: str, hides: bool
) -> None:
    told = "nft.translated" in _said(listed(words, rule, family))
    assert told or not hides
    assert not told or hides or "--src-type" in rule  # that may have asked for a destination as well


SCRIPT = r"""
import json, subprocess, sys
found = []
for tool, rule in json.load(sys.stdin):
    subprocess.run([tool, "-t", "mangle", "-A", "FORWARD", *rule], check=True)
    listed = subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True, check=True)
    found.append(listed.stdout)
    subprocess.run(["nft", "flush", "ruleset"], check=True)
json.dump(found, sys.stdout)
"""


@pytest.mark.kernel
def test_listings_of_this_machine_say_nothing_else() -> None:
    tools: dict[Family, str] = {4: "iptables-nft", 6: "ip6tables-nft"}
    asked = [(tools[family], shlex.split(rule)) for family, rule, _, _ in RULES]
    command = ["unshare", "-n", "python3", "-c", SCRIPT]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=True)
    for (family, rule, _, _), listing in zip(RULES, json.loads(done.stdout), strict=True):
        agree(rule, listing, family)
