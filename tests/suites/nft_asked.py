"""Each rule alone on a host: what the model says of packets, held against what a kernel does with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random

from sekisho.lab.agreement import Decision, terms
from sekisho.lab.droplog import DropLog
from sekisho.lab.exchange import decisions, start_at
from sekisho.lab.namespaces import LabError
from sekisho.lab.oracle import Oracle
from sekisho.model.links import Interface
from sekisho.model.nft import NftChain, NftRule, NftRuleset, NftTable
from sekisho.model.nft_expression import Payload
from sekisho.model.nft_rule import Assign, Nat, Queue, Reject, Tproxy, Transfer, Verdict, VerdictMap
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.world import World
from sekisho.values.address import Address, Family, Prefix
from sekisho.values.names import interface_name, link_address
from tests.conformance.hosts import snapshot_of
from tests.conformance.network import link_local, plain_network
from tests.conformance.vocabulary import VOCABULARIES
from tests.suites.nft_aim import aimed, aims, protocols
from tests.suites.nft_kernel import INTERFACES

_FAMILIES: dict[str, tuple[Family, ...]] = {
    "ip": (4,), "ip6": (6,), "inet": (4, 6), "netdev": (4, 6), "bridge": (4, 6),
}  # fmt: skip
_TELLING = (Verdict, VerdictMap, Nat, Reject, Queue, Tproxy, Assign)


@dataclass(frozen=True, slots=True)
class Alone:
    """A rule in the only base chain of its table."""

    file: str
    table: NftTable
    rule: NftRule
    text: str

    @property
    def chain(self) -> NftChain:
        """The base chain."""
        return next(chain for chain in self.table.chains if chain.hook is not None)


@dataclass
class Asked:
    """What came of the rules."""

    unasked: Counter[str] = field(default_factory=Counter)
    decisions: int = 0
    agreed: int = 0
    wrong: dict[str, str] = field(default_factory=dict)
    open: dict[str, str] = field(default_factory=dict)

    def add(self, other: Asked) -> None:
        """Take another one's in."""
        self.unasked += other.unasked
        self.decisions += other.decisions
        self.agreed += other.agreed
        self.wrong |= other.wrong
        self.open |= other.open


def alone(file: str, ruleset: NftRuleset) -> Iterator[Alone]:
    """Every rule of a listing by itself, with all that it may name beside it."""
    for table in ruleset.tables:
        if table.family not in _FAMILIES:
            continue
        users = tuple(replace(one, rules=()) for one in table.chains if one.hook is None)
        for chain in table.chains:
            if chain.hook is None:
                continue
            for rule in chain.rules:
                text = rule.evidence.text if rule.evidence else ""
                yield Alone(file, replace(table, chains=(*users, _placed(chain, rule))), rule, text)


def _placed(chain: NftChain, rule: NftRule) -> NftChain:
    """The chain with this rule alone; where nothing would tell that it took a packet, it drops it."""
    if chain.devices:
        device = "eth0" if chain.hook == "ingress" else "eth1"
        chain = replace(chain, devices=(device,), devices_printed=f'device "{device}"')
    if chain.type == "filter" and not any(isinstance(part, _TELLING) for part in rule.statements):
        rule = replace(rule, statements=(*rule.statements, Verdict("drop")))
    return replace(chain, rules=(rule,))


def elsewhere(one: Alone) -> Iterator[Alone]:
    """The rule where packets to any address come by, if it may stand there; else where it is."""
    chain = one.chain
    if chain.hook == "input" and chain.type == "filter":
        chains = tuple(
            replace(each, hook="forward") if each.hook is not None else each for each in one.table.chains
        )
        yield replace(one, table=replace(one.table, chains=chains))
    yield one


def _unaskable(rule: NftRule) -> str | None:
    """Why the oracle cannot tell what becomes of packets of such a rule."""
    for part in rule.statements:
        if isinstance(part, Transfer) and part.kind == "dup":
            return "a copy of a packet cannot be told from it"
        if isinstance(part, Assign) and part.key in (Payload("ip", "version"), Payload("ip", "hdrlength")):
            return "it makes of a packet what is none"
    return None


def ask(rules: list[Alone], packets: int, seed: int, verbose: bool = False) -> Asked:
    """Put packets to the model and the kernel, ``packets`` for each rule and family of packets."""
    found = Asked()
    drops = DropLog()
    for one in rules:
        if (reason := _unaskable(one.rule)) is not None:
            found.unasked[reason] += 1
            continue
        for family in _FAMILIES[one.table.family]:
            key = f"{one.table.family} {one.chain.hook} | {one.text}"
            refusal = ""
            for place in elsewhere(one):
                try:
                    _ask(place, family, packets, Random(f"{seed} {key} {family}"), drops, found, key, verbose)
                    break
                except LabError as error:
                    refusal = str(error).strip().splitlines()[-1].strip()[:100]
                except Exception as fault:  # what must not happen is told with the rule it happens to
                    found.wrong[key] = f"{type(fault).__name__}: {fault}"
                    break
            else:
                found.unasked[f"this kernel or nft does not take it here ({refusal})"] += 1
    return found


def _ask(
    one: Alone, family: Family, packets: int, chance: Random, drops: DropLog, found: Asked, key: str,
    verbose: bool,
) -> None:  # fmt: skip
    snapshot = _host(family, one.table)
    at, wanted = aims(one.rule, one.table), protocols(one.rule)
    hook = one.chain.hook or ""
    with Oracle(snapshot, drops) as oracle:
        world, known = World(snapshot), terms(snapshot)
        for _ in range(packets):
            local = hook == "output" or (hook not in ("ingress", "forward") and chance.random() < 0.15)
            packet = aimed(chance, family, hook, at, wanted, local)
            for decision in decisions(snapshot, known, world, oracle, start_at(packet)):
                found.decisions += 1
                _count(decision, found, f"{key} (IPv{family})", verbose)


def _count(decision: Decision, found: Asked, key: str, verbose: bool) -> None:
    if decision.doubt:
        found.open.setdefault(key, decision.doubt)
    elif decision.difference:
        told = f"{decision.phase} {decision.packet} in {decision.packet.iif}: {decision.difference}"
        if verbose and key not in found.wrong:
            print("WRONG", key, told)
        found.wrong.setdefault(key, told)
    else:
        found.agreed += 1


def _host(family: Family, table: NftTable) -> Snapshot:
    """A router with two wires and two bridges, that has this table and no other."""
    words = VOCABULARIES[family]
    six, four = ("", True) if family == 4 else ("6", False)
    metric = "" if four else " metric 1024 pref medium"
    routes = [f"default via {words.behind['eth1'][0]} dev eth1{metric}"]
    for at, name in enumerate(words.addresses, 2):
        net, mine = words.network(name), words.own(name)
        routes += _of_interface(family, name, net, mine, at)
    if four:
        for net in ("127.0.0.0/8", "127.0.0.1"):
            routes.append(f"local {net} dev lo table local proto kernel scope host src 127.0.0.1")
        routes.append("broadcast 127.255.255.255 dev lo table local proto kernel scope link src 127.0.0.1")
    else:
        routes.append("local ::1 dev lo table local proto kernel metric 0 pref medium")
    rules = "0:\tfrom all lookup local\n32766:\tfrom all lookup main\n"
    rules += "32767:\tfrom all lookup default\n" if four else ""
    switch = "net.ipv4.ip_forward" if four else "net.ipv6.conf.all.forwarding"
    texts = (
        (f"ip{six}-route.txt", "".join(f"{line}\n" for line in routes)),
        (f"ip{six}-rule.txt", rules),
        ("sysctl.txt", f"{switch} = 1\nnet.bridge.bridge-nf-call-iptables = 0\n"
                       "net.bridge.bridge-nf-call-ip6tables = 0\n"),
        ("ipset-save.txt", ""),
    )  # fmt: skip
    snapshot = snapshot_of(texts, family, plain_network(words))
    further = tuple(
        Interface(
            interface_name(name),
            40 + at,
            "veth",
            ("BROADCAST", "MULTICAST"),
            "DOWN",
            1500,
            link_address(f"02:00:00:00:02:{at:02x}"),
        )
        for at, name in enumerate(INTERFACES)
        if name not in words.addresses
    )
    host = snapshot.host
    links = tuple(_shown_whole(link) for link in (*(host.interfaces or ()), *further))
    changed = replace(host, interfaces=links, nft=NftRuleset((table,)))
    return replace(snapshot, host=changed)


def _shown_whole(link: Interface) -> Interface:
    """With what ``ip -d link`` says besides."""
    return replace(
        link, details=(("group", "default"), ("link", "loopback" if link.name == "lo" else "ether"))
    )


def _of_interface(family: Family, name: str, net: str, own: str, index: int) -> list[str]:
    """The routes that come with the addresses of an interface."""
    if family == 4:
        last = Address(4, Prefix.parse(net).last)
        return [
            f"{net} dev {name} proto kernel scope link src {own}",
            f"local {own} dev {name} table local proto kernel scope host src {own}",
            f"broadcast {last} dev {name} table local proto kernel scope link src {own}",
        ]
    local = f"dev {name} table local proto kernel metric"
    return [
        f"{net} dev {name} proto kernel metric 256 pref medium",
        f"fe80::/64 dev {name} proto kernel metric 256 pref medium",
        f"local {own} {local} 0 pref medium",
        f"local {link_local(index)} {local} 0 pref medium",
        f"multicast ff00::/8 {local} 256 pref medium",
        *(f"anycast {Prefix.parse(each).address} {local} 0 pref medium" for each in (net, "fe80::/64")),
    ]
