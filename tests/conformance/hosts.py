"""Random hosts as snapshots: two wires, two bridges with neighbours, rules, routes, switches."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from sekisho.model.netfilter import Ruleset
from sekisho.model.snapshot import Namespace, Snapshot
from sekisho.sources import ip_route, ip_rule, ipset_save, iptables_save, sysctl
from sekisho.values.address import Family
from sekisho.values.names import namespace_name
from tests.conformance.network import Network, random_network
from tests.conformance.realistic import TOGETHER, combined
from tests.conformance.routes import random_policy, random_routes
from tests.conformance.rules import RuleMaker
from tests.conformance.sets import further_sets
from tests.conformance.vocabulary import INTERFACES, VOCABULARIES, Vocabulary, sets_text


@dataclass(frozen=True, slots=True)
class Host:
    """A random host: ``kind`` tells how its rules were made; ``texts`` are the files it is made of; ``words``
    what its packets are made of."""

    seed: int
    kind: str
    family: Family
    snapshot: Snapshot
    texts: tuple[tuple[str, str], ...]
    words: Vocabulary


def random_host(seed: int) -> Host:
    """The host of a seed: always the same."""
    chance = Random(seed)
    kind = chance.choices(
        ("random", "random legacy", "random both", "programs", "random ipv6"), (40, 10, 8, 20, 22)
    )[0]
    family: Family = 6 if kind == "random ipv6" else 4
    words = VOCABULARIES[family]
    maker = RuleMaker(chance, words)
    texts: list[tuple[str, str]] = []
    six = "6" if family == 6 else ""
    if kind == "programs":
        names = chance.choice(TOGETHER)
        kind = " + ".join(names)
        texts.append(("iptables-save.txt", combined(names, chance)))
    else:
        if kind != "random legacy":
            texts.append((f"ip{six}tables-save.txt", maker.rule_set("nft")))
        if kind in ("random legacy", "random both"):
            texts.append((f"ip{six}tables-legacy-save.txt", maker.rule_set("legacy")))
    network = random_network(chance, words)
    texts += _own_texts(chance, network, family)
    return Host(seed, kind, family, snapshot_of(tuple(texts), family, network), tuple(texts), network.words)


def skeleton(seed: int, family: Family) -> tuple[list[tuple[str, str]], Network]:
    """A random host's routes, policy rules, switches and sets, and its network, without a firewall."""
    chance = Random(seed)
    network = random_network(chance, VOCABULARIES[family])
    return _own_texts(chance, network, family), network


def _own_texts(chance: Random, network: Network, family: Family) -> list[tuple[str, str]]:
    words, six = network.words, "6" if family == 6 else ""
    switches = random_switches(chance, family)
    router = "net.ipv6.conf.all.forwarding = 1" in switches
    return [
        (f"ip{six}-route.txt", random_routes(chance, words, network.addresses, router)),
        (f"ip{six}-rule.txt", random_policy(chance, words)),
        ("sysctl.txt", switches),
        ("ipset-save.txt", sets_text(VOCABULARIES[family]) + further_sets(VOCABULARIES[family])),
    ]


def snapshot_of(texts: tuple[tuple[str, str], ...], family: Family, network: Network) -> Snapshot:
    """The snapshot that the texts and the network make."""
    files = dict(texts)
    six = "6" if family == 6 else ""
    rulesets: list[Ruleset] = []
    for name in (f"ip{six}tables-save.txt", f"ip{six}tables-legacy-save.txt"):
        if name in files:
            parsed = iptables_save.parse(files[name], name, family)
            assert not parsed.unread, parsed.unread
            rulesets += parsed.facts
    routes = ip_route.parse(files[f"ip{six}-route.txt"], f"ip{six}-route.txt", family)
    rules = ip_rule.parse(files[f"ip{six}-rule.txt"], f"ip{six}-rule.txt", family)
    assert not routes.unread, routes.unread
    assert not rules.unread, rules.unread
    host = Namespace(
        namespace_name("host"),
        routes=routes.facts,
        route_tables=frozenset({(family, "all")}),
        rules=rules.facts,
        interfaces=network.interfaces,
        addresses=network.addresses,
        neighbours=network.neighbours,
        bridge_entries=network.entries,
        rulesets=tuple(rulesets),
        ipsets=ipset_save.parse(files["ipset-save.txt"], "ipset-save.txt").facts,
        sysctls=sysctl.parse(files["sysctl.txt"], "sysctl.txt").facts,
        sockets=network.sockets,
    )
    return Snapshot("random", host)


def random_switches(chance: Random, family: Family) -> str:
    """The host's settings."""
    on = chance.random() < 0.9
    values = {"net.bridge.bridge-nf-call-iptables": chance.choice("01")}
    values["net.bridge.bridge-nf-call-ip6tables"] = chance.choice("01")
    if family == 6:
        values["net.ipv6.conf.all.forwarding"] = "1" if on else "0"
        for what in ("all", "multicast", "anycast"):
            values[f"net.ipv6.icmp.echo_ignore_{what}"] = chance.choice("000001")
        return "".join(f"{key} = {value}\n" for key, value in values.items())
    values["net.ipv4.ip_forward"] = "1" if on else "0"
    for key, odds in (("rp_filter", "0001"), ("accept_local", "0001"), ("route_localnet", "0001")):
        values[f"net.ipv4.conf.all.{key}"] = chance.choice(odds)
    values["net.ipv4.conf.all.src_valid_mark"] = "0"
    values["net.ipv4.conf.all.send_redirects"] = chance.choice("01")
    values["net.ipv4.conf.lo.rp_filter"] = values["net.ipv4.conf.lo.send_redirects"] = "0"
    values["net.ipv4.icmp_echo_ignore_all"] = chance.choice("00001")
    values["net.ipv4.icmp_echo_ignore_broadcasts"] = chance.choice("011")
    for name in INTERFACES:
        conf = f"net.ipv4.conf.{name}"
        values[f"{conf}.rp_filter"] = chance.choice("00012")
        values[f"{conf}.forwarding"] = (
            values["net.ipv4.ip_forward"] if chance.random() < 0.9 else chance.choice("01")
        )
        values[f"{conf}.src_valid_mark"] = chance.choice("0001")
        values[f"{conf}.route_localnet"] = chance.choice("0001")
        values[f"{conf}.accept_local"] = chance.choice("0000001")
        values[f"{conf}.send_redirects"] = chance.choice("01")
    return "".join(f"{key} = {value}\n" for key, value in values.items())
