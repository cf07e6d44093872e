"""Whether a rule could have been loaded, and iptables' own words where it could not.

What iptables says was measured with iptables-nft and iptables-legacy 1.8.9 (ip6tables where the family is 6);
the kernel tests ask them again.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sekisho.model.extension_matches import MATCHES
from sekisho.model.extension_targets import TARGETS
from sekisho.model.netfilter import BUILTIN_CHAINS
from sekisho.semantics.loadable import Loader
from sekisho.semantics.loadable_options import Refusal
from sekisho.sources import iptables_save
from sekisho.values.address import Family
from tests.conformance.hosts import random_host

# (family, table, chain, rule, what iptables says; "" where the kernel refuses it without a word)
SAYS: list[tuple[Family, str, str, str, str]] = [
    (4, "filter", "INPUT", "-p udp --dport wrong!", 'Port "wrong!" does not resolve to anything.'),
    (4, "filter", "INPUT", "-p tcp --dport 70000", "invalid port/service `70000' specified"),
    (4, "filter", "INPUT", "-p tcp --dport 90:80", "invalid portrange (min > max)"),
    (4, "filter", "INPUT", "-p tcp --dport 80 --dport 81", "Only one `--destination-port' allowed"),
    (4, "filter", "INPUT", "-p tcp --tcp-flags SYN,FOO SYN", "Unknown TCP flag `FOO'"),
    (4, "filter", "INPUT", "-p icmp --icmp-type pongping", "Unknown ICMP type `pongping'"),
    (4, "filter", "INPUT", "-p icmp -m icmp", 'icmp: option "--icmp-type" must be specified'),
    (4, "filter", "INPUT", "-m conntrack --ctstate SOON", 'Bad ctstate "SOON"'),
    (4, "filter", "INPUT", "-m conntrack --ctstatus wrong", 'Bad ctstatus "wrong"'),
    (4, "filter", "INPUT", "-m conntrack --ctdir wrong",
     'conntrack: Bad value for "--ctdir" option: "wrong"'),
    (4, "filter", "INPUT", "-m state --state wrong", 'Bad state "wrong"'),
    (4, "filter", "INPUT", "-m mark --mark red",
     'mark: bad integer value for option "--mark", or out of range.'),
    (4, "filter", "INPUT", "-m limit ! --limit 5/m", 'limit: option "--limit" cannot be inverted.'),
    (4, "filter", "INPUT", "-m limit --limit-burst 10001",
     'limit: bad value for option "--limit-burst", or out of range (0-10000).'),
    (4, "filter", "INPUT", "-m statistic --mode nth",
     "--every and --packet must be specified when using nth mode"),
    (4, "filter", "INPUT", "-m statistic --mode dice", 'Bad mode "dice"'),
    (4, "filter", "INPUT", "-m recent",
     "recent: you must specify one of `--set', `--rcheck' `--update' or `--remove'"),
    (4, "filter", "INPUT", "-m length --length 1:2:3",
     'length: Too many components for option "--length" (max: 2)'),
    (4, "filter", "INPUT", "-m pkttype --pkt-type loopback", "Bad packet type 'loopback'"),
    (4, "filter", "INPUT", "-m physdev", "PHYSDEV: no physdev option specified"),
    (4, "filter", "INPUT", "-m addrtype --dst-type HERE", 'addrtype: bad type "HERE"'),
    (4, "filter", "INPUT", "-m mac --mac-source 02:00", "Invalid MAC address specified."),
    (4, "filter", "INPUT", "-m dscp --dscp 64",
     'dscp: bad value for option "--dscp", or out of range (0-63).'),
    (4, "filter", "INPUT", "-m hashlimit --hashlimit-upto 1/s",
     'hashlimit: option "--hashlimit-name" must be specified'),
    (4, "filter", "INPUT", "-p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16",
     "too many ports specified"),
    (4, "filter", "INPUT", "-m set --match-set nobody src", "Set nobody doesn't exist."),
    (4, "filter", "INPUT", "-o eth0", "Can't use -o with INPUT"),
    (4, "filter", "OUTPUT", "-i eth0", "Can't use -i with OUTPUT"),
    (4, "filter", "FORWARD", "-i averyverylongname",
     "interface name `averyverylongname' must be shorter than IFNAMSIZ (15)"),
    (4, "filter", "FORWARD", "! -s 10.0.0.1,10.0.0.2",
     "! not allowed with multiple source or destination IP addresses"),
    (4, "filter", "FORWARD", "-j ACCEPT --softly", 'unknown option "--softly"'),
    (4, "filter", "FORWARD", "-j REJECT --reject-with a-smile", 'unknown reject type "a-smile"'),
    (4, "filter", "FORWARD", "-j LOG --log-level loud", 'log level "loud" unknown'),
    (6, "filter", "FORWARD", "-f", "`-f' is not supported in IPv6, use -m frag instead"),
    (4, "nat", "PREROUTING", "-j DROP",
     'The "nat" table is not intended for filtering, the use of DROP is therefore inhibited.'),
    (4, "nat", "PREROUTING", "-j DNAT", 'DNAT: option "--to-destination" must be specified'),
    (4, "nat", "PREROUTING", "-j DNAT --to-destination here", 'Bad IP address "here"'),
    (4, "nat", "PREROUTING", "-j DNAT --to-destination 10.0.0.1:80",
     "Need TCP, UDP, SCTP or DCCP with port specification"),
    (4, "nat", "PREROUTING", "-p tcp -j DNAT --to-destination 10.0.0.1:90-80", "Port range `80' funky"),
    (4, "nat", "PREROUTING", "-p tcp -j REDIRECT --to-ports 70000", "Port `70000' not valid"),
    (4, "nat", "POSTROUTING", "-j MASQUERADE --to-ports 1024",
     "Need TCP, UDP, SCTP or DCCP with port specification"),
    (4, "mangle", "FORWARD", "-j TTL", "TTL: You must specify an action"),
    (4, "mangle", "FORWARD", "-j TTL --ttl-set 256",
     'TTL: bad value for option "--ttl-set", or out of range (0-255).'),
    (4, "mangle", "FORWARD", "-j CONNMARK --save-mark --restore-mark",
     'CONNMARK: option "--save-mark" cannot be used together with "--restore-mark".'),
    (4, "mangle", "FORWARD", "-j DSCP --set-dscp-class AF99", "Invalid DSCP value `AF99'"),
    (4, "raw", "PREROUTING", "-j CT --zone 65536", "Cannot parse 65536 as a zone ID"),
    # ---- the kernel
    (4, "filter", "INPUT", "-p udp -m tcp --dport 53", ""),
    (4, "filter", "INPUT", "-m icmp --icmp-type 8", ""),
    (4, "filter", "INPUT", "-m owner --uid-owner 0", ""),
    (4, "filter", "INPUT", "-m rpfilter", ""),
    (4, "filter", "OUTPUT", "-m mac --mac-source 02:00:00:00:00:01", ""),
    (4, "filter", "OUTPUT", "-m policy --dir in --pol ipsec", ""),
    (4, "filter", "FORWARD", "-j REJECT --reject-with tcp-reset", ""),
    (4, "filter", "FORWARD", "-j DNAT --to-destination 10.0.0.1", ""),
    (4, "filter", "FORWARD", "-j TTL --ttl-dec 1", ""),
    (4, "nat", "PREROUTING", "-j MASQUERADE", ""),
    (4, "nat", "POSTROUTING", "-j REDIRECT", ""),
    (4, "mangle", "FORWARD", "-j NOTRACK", ""),
    (4, "mangle", "PREROUTING", "-j TPROXY --on-port 80", ""),
    (6, "mangle", "PREROUTING", "-m hl --hl-eq 1 -j HL --hl-set 1 -p tcp -m udp", ""),
]  # fmt: skip

# What may look wrong and is loaded all the same.
TAKEN: list[tuple[Family, str, str, str]] = [
    (4, "filter", "FORWARD", "-p tcp --sport : --dport :90"),
    (4, "filter", "FORWARD", "-p tcp -m tcp -m tcp --dport 80"),
    (4, "filter", "FORWARD", "-p 6 -m tcp --dport 80"),
    (4, "filter", "FORWARD", "-p tcp -f -m tcp --dport 80"),
    (4, "filter", "FORWARD", "-p udp -m multiport --dports 53,5000:5010"),
    (4, "filter", "INPUT", "-m conntrack --ctstate new,Established"),
    (4, "filter", "INPUT", "-m limit"),
    (4, "filter", "INPUT", "-m state --state NEW -m comment --comment x"),
    (4, "filter", "INPUT", "-p icmp --icmp-type echo-rep"),
    (4, "filter", "INPUT", "-m recent --rcheck --seconds 60 --hitcount 4 --name SSH --rsource"),
    (4, "filter", "OUTPUT", "-m owner ! --uid-owner 0-99"),
    (4, "filter", "OUTPUT", "-p tcp -j REJECT --reject-with tcp-rst"),
    (4, "nat", "PREROUTING", "-p tcp -j DNAT --to-destination :80"),
    (4, "nat", "PREROUTING", "-j DNAT --to-destination 10.0.0.9-10.0.0.1"),
    (4, "nat", "INPUT", "-j SNAT --to-source 10.0.0.1"),
    (4, "nat", "PREROUTING", "-p tcp -j DNAT --to-destination 10.0.0.1:http"),
    (4, "mangle", "FORWARD", "-p tcp --syn -j TCPMSS --clamp-mss-to-pmtu"),
    (4, "raw", "PREROUTING", "-j CT"),
    (6, "filter", "FORWARD", "-p icmpv6 --icmpv6-type ping"),
    (6, "nat", "PREROUTING", "-p tcp -j DNAT --to-destination [2001:db8::1]:80"),
]


def refusal(family: Family, table: str, chain: str, rule: str, backend: str = "") -> Refusal | None:
    heads = "".join(f":{name} ACCEPT [0:0]\n" for name in BUILTIN_CHAINS[table])
    text = f"*{table}\n{heads}-A {chain} {rule}\nCOMMIT\n"
    read = iptables_save.parse(text, "iptables-save.txt", family).facts[0].tables[0]
    (only,) = (item for one in read.chains for item in one.rules)
    return Loader(read, family, backend, ()).refusal(chain, only)


@pytest.mark.parametrize(("family", "table", "chain", "rule", "says"), SAYS)
def test_iptables_own_words(family: Family, table: str, chain: str, rule: str, says: str) -> None:
    found = refusal(family, table, chain, rule)
    assert found is not None
    assert (found.brief if found.code == "refused.words" else "") == says


@pytest.mark.parametrize(("family", "table", "chain", "rule"), TAKEN)
def test_what_is_loaded_is_not_refused(family: Family, table: str, chain: str, rule: str) -> None:
    assert refusal(family, table, chain, rule) is None


def test_a_chain_is_judged_by_where_it_is_called_from() -> None:
    """The kernel asks every built-in chain from which packets come (xt_check_match, hook_mask)."""
    text = "*filter\n:INPUT ACCEPT\n:OUTPUT ACCEPT\n:MINE -\n-A %s -j MINE\n"
    text += "-A MINE -m owner --uid-owner 0 -j DROP\nCOMMIT\n"
    for called_from, code in (("OUTPUT", None), ("INPUT", "refused.place"), ("MINE", None)):
        table = iptables_save.parse(text % called_from, "f").facts[0].tables[0]
        rule = table.chains[2].rules[-1]
        found = Loader(table, 4).refusal("MINE", rule)
        assert (found and found.code) == code, called_from


def test_back_ends_differ() -> None:
    assert refusal(4, "filter", "FORWARD", "-j TRACE", "nft") is None
    assert refusal(4, "filter", "FORWARD", "-j TRACE", "legacy") == Refusal("refused.table", ("TRACE", "raw"))
    assert refusal(4, "filter", "FORWARD", "-p tcp -j TCPMSS --set-mss 1400", "nft") is None
    assert refusal(4, "filter", "FORWARD", "-p tcp -j TCPMSS --set-mss 1400", "legacy") == Refusal(
        "refused.syn", ("TCPMSS",)
    )


def test_sets_that_were_not_captured_may_exist() -> None:
    table = (
        iptables_save.parse("*filter\n-A INPUT -m set --match-set mine src\nCOMMIT\n", "f").facts[0].tables[0]
    )
    rule = table.chains[0].rules[0]
    assert Loader(table, 4, "", None).refusal("INPUT", rule) is None
    assert Loader(table, 4, "", ()).refusal("INPUT", rule) is not None


# ------------------------------------------------------------------------------------ asked again

SCRIPT = r"""
import json, subprocess, sys
found = []
for backend, family, table, chain, rule in json.load(sys.stdin):
    tool = ("iptables-" if family == 4 else "ip6tables-") + backend
    done = subprocess.run([tool, "-t", table, "-A", chain, *rule], capture_output=True, text=True)
    if done.returncode == 0:
        subprocess.run([tool, "-t", table, "-F"])
    found.append((done.returncode == 0, done.stderr))
json.dump(found, sys.stdout)
"""
Ask = tuple[str, Family, str, str, str]


def asked(questions: list[Ask]) -> list[tuple[bool, str]]:
    """Of each rule whether iptables loads it, and what it says; in a namespace of its own."""
    words = [
        (backend, family, table, chain, shlex.split(rule))
        for backend, family, table, chain, rule in questions
    ]
    done = subprocess.run(
        ["unshare", "-n", "python3", "-c", SCRIPT],
        input=json.dumps(words),
        capture_output=True,
        text=True,
        check=True,
    )
    return [(taken, said) for taken, said in json.loads(done.stdout)]


@pytest.mark.kernel
@pytest.mark.parametrize("backend", ["nft", "legacy"])
def test_iptables_says_so_itself(backend: str) -> None:
    questions: list[Ask] = [(backend, *row[:4]) for row in SAYS] + [(backend, *row) for row in TAKEN]
    for question, (taken, said) in zip(questions, asked(questions), strict=True):
        _, family, table, chain, rule = question
        wanted = next((row[4] for row in SAYS if row[:4] == (family, table, chain, rule)), None)
        assert taken is (wanted is None), (question, said)
        assert wanted is None or re.sub(r"\s+", " ", wanted) in re.sub(r"\s+", " ", said), (question, said)


# A rule with each extension that has a place, as plain as can be.
PLACED: dict[str, tuple[Family, str]] = {
    "addrtype": (4, "-m addrtype --dst-type LOCAL --limit-iface-in"), "cgroup": (4, "-m cgroup --cgroup 1"),
    "eui64": (6, "-m eui64"), "mac": (4, "-m mac --mac-source 02:00:00:00:00:01"),
    "osf": (4, "-p tcp -m osf --genre Linux"), "owner": (4, "-m owner --socket-exists"),
    "policy": (4, "-m policy --dir in --pol none"), "realm": (4, "-m realm --realm 1"),
    "rpfilter": (6, "-m rpfilter"), "socket": (4, "-m socket"),
    "CHECKSUM": (4, "-j CHECKSUM --checksum-fill"),
    "CLASSIFY": (4, "-j CLASSIFY --set-class 1:1"), "CONNSECMARK": (4, "-j CONNSECMARK --save"),
    "CT": (4, "-j CT --zone 1"), "DNAT": (4, "-j DNAT --to-destination 10.0.0.1"),
    "DNPT": (6, "-j DNPT --src-pfx 2001:db8::/64 --dst-pfx 2001:db8:1::/64"),
    "DSCP": (4, "-j DSCP --set-dscp 1"), "ECN": (4, "-p tcp -j ECN --ecn-tcp-remove"),
    "HL": (6, "-j HL --hl-set 1"), "MASQUERADE": (4, "-j MASQUERADE"),
    "NETMAP": (4, "-j NETMAP --to 10.0.0.0/24"),
    "NOTRACK": (4, "-j NOTRACK"), "REDIRECT": (4, "-j REDIRECT"), "REJECT": (4, "-j REJECT"),
    "SNAT": (4, "-j SNAT --to-source 10.0.0.1"),
    "TCPMSS": (4, "-p tcp --syn -j TCPMSS --clamp-mss-to-pmtu"),
    "SNPT": (6, "-j SNPT --src-pfx 2001:db8::/64 --dst-pfx 2001:db8:1::/64"),
    "SYNPROXY": (4, "-p tcp -j SYNPROXY --mss 1460"),
    "TCPOPTSTRIP": (4, "-p tcp -j TCPOPTSTRIP --strip-options 4"),
    "TOS": (4, "-j TOS --set-tos 4"), "TPROXY": (4, "-p tcp -j TPROXY --on-port 80"),
    "TRACE": (4, "-j TRACE"), "TTL": (4, "-j TTL --ttl-set 1"),
}  # fmt: skip
NOT_ASKED = {"SECMARK"}  # asks for a context that this kernel's SELinux has


def test_every_extension_with_a_place_is_asked() -> None:
    placed = {name for name, one in (*MATCHES.items(), *TARGETS.items()) if one.tables or one.chains}
    assert placed <= set(PLACED) | NOT_ASKED


def places() -> Iterator[tuple[str, str]]:
    for table, chains in BUILTIN_CHAINS.items():
        yield from ((table, chain) for chain in chains)


@pytest.mark.kernel
@pytest.mark.parametrize("backend", ["nft", "legacy"])
def test_extensions_work_where_the_kernel_takes_them(backend: str) -> None:
    questions: list[Ask] = [
        (backend, family, table, chain, rule) for family, rule in PLACED.values() for table, chain in places()
    ]
    for question, (taken, said) in zip(questions, asked(questions), strict=True):
        _, family, table, chain, rule = question
        assert (refusal(family, table, chain, rule, backend) is None) is taken, (question, said)


def test_what_kernels_have_loaded_is_not_refused() -> None:
    """Hosts of the campaign, which a kernel takes whole, and every save that was captured."""
    found = [
        (host.seed, rule.evidence and rule.evidence.text, refused)
        for host in (random_host(seed) for seed in range(60))
        for ruleset in host.snapshot.host.rulesets
        for table in ruleset.tables
        for loader in (Loader(table, ruleset.family, ruleset.backend, host.snapshot.host.ipsets),)
        for chain in table.chains
        for rule in chain.rules
        if (refused := loader.refusal(chain.name, rule)) is not None
    ]
    assert found == []


ROOT = Path(__file__).resolve().parents[2]
SAVES = sorted(
    path
    for folder, name in (
        ("tests/sources/captures", "save*.txt"),
        ("tests/data", "ip*tables-save.txt"),
        ("examples", "ip*tables-save.txt"),
    )
    for path in (ROOT / folder).rglob(name)
)


def test_captured_saves_are_not_refused() -> None:
    assert len(SAVES) > 20
    for path in SAVES:
        family: Family = 6 if "v6" in str(path) or path.name.startswith("ip6") else 4
        ruleset = iptables_save.parse(path.read_text(), path.name, family).facts[0]
        for table in ruleset.tables:
            loader = Loader(table, family, ruleset.backend)
            for chain in table.chains:
                refused = {rule: loader.refusal(chain.name, rule) for rule in chain.rules}
                assert not any(refused.values()), (path, refused)
