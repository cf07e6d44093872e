"""Random conditions of nftables rules, aimed at the edges of what the vocabulary has."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network
from random import Random

from sekisho.values.address import Prefix
from tests.conformance.nft_rarer import rarer_condition
from tests.conformance.vocabulary import INTERFACES, PORTS, Vocabulary

COMES_IN = ("prerouting", "input", "forward")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule stands: the base chain's hook, type and priority, and the chains it may jump to."""

    hook: str
    kind: str
    priority: int
    below: tuple[str, ...]
    base: bool


class Conditions:
    """Makes conditions of one family of packets; ``table`` is the family of the table they stand in."""

    def __init__(self, chance: Random, words: Vocabulary) -> None:
        self.chance = chance
        self.words = words
        self.ip = "ip" if words.family == 4 else "ip6"
        self.table = self.ip
        # nft takes prefixes with host bits, but shows others then.
        self.clean = [text for text in words.prefixes if str(ip_network(text, strict=False)) == text]
        self._used: set[tuple[str, int]] = set()

    def _prefixes(self, number: int) -> list[str]:
        """Some that do not overlap."""
        found: list[str] = []
        for text in self.chance.sample(self.clean, len(self.clean)):
            if len(found) < number and not any(Prefix.parse(text).overlaps(Prefix.parse(o)) for o in found):
                found.append(text)
        while len(found) < number:
            found.append(found[0])
        return found

    def _ports(self, number: int) -> list[str]:
        """Ports and ranges, ascending and apart."""
        low = sorted(self.chance.sample(PORTS, number))
        return [str(p) if self.chance.random() < 0.7 else f"{p}-{p}" for p in low]

    def _condition(self, where: Place) -> str:
        chance = self.chance
        makers = [
            self._interface, self._interface, self._address, self._address, self._port, self._port,
            self._protocol, self._icmp, self._state, self._state, self._connection, self._mark, self._fib,
            self._header, self._flags, self._concat, self._meta, self._rarer, self._rarer, self._rarer,
        ]  # fmt: skip
        return chance.choice(makers)(where)

    def _rarer(self, where: Place) -> str:
        return rarer_condition(self.chance, self.words, where.hook)

    def _sign(self, odds: float = 0.25) -> str:
        return "!= " if self.chance.random() < odds else ""

    def _interface(self, where: Place) -> str:
        chance = self.chance
        sides = {"prerouting": "i", "input": "i", "forward": "io", "output": "o", "postrouting": "io"}[
            where.hook
        ]
        side = chance.choice(sides)
        name = chance.choice(INTERFACES)
        form = chance.randrange(6)
        if form == 0:
            return f'{side}if {self._sign()}"{name}"'
        if form == 1:
            return f'{side}ifname {self._sign()}"{name[:3]}*"'
        if form == 2:
            two = ", ".join(f'"{n}"' for n in chance.sample(INTERFACES, 2))
            return f"{side}ifname {self._sign()}{{ {two} }}"
        if form == 3:
            return f"{side}ifname {self._sign()}@ifs"
        return f'{side}ifname {self._sign()}"{name}"'

    def _address(self, where: Place) -> str:
        chance, ip = self.chance, self.ip
        side = chance.choice(("saddr", "daddr"))
        form = chance.randrange(7)
        if form == 0:
            return f"{ip} {side} {self._sign()}@addrs"
        if form == 1:
            return f"{ip} {side} {self._sign()}{{ {', '.join(self._prefixes(2))} }}"
        if form == 2:
            return f"{ip} {side} {self._sign()}{chance.choice(self.words.ranges)}"
        if form == 3:
            one = chance.choice(self.clean).partition("/")[0]
            return f"{ip} {side} {chance.choice(('<', '>', '<=', '>='))} {one}"
        if form == 4 and self.words.family == 4:
            return f"ip {side} & 0.0.0.3 {chance.choice(('==', '!='))} 0.0.0.{chance.randint(0, 3)}"
        prefix = chance.choice(self.clean)
        return f"{ip} {side} {self._sign()}{prefix}"

    def _port(self, where: Place) -> str:
        chance = self.chance
        proto = chance.choice(("tcp", "tcp", "udp", "sctp"))
        side = chance.choice(("dport", "dport", "dport", "sport"))
        port = chance.choice(PORTS)
        form = chance.randrange(7)
        if form == 0:
            return f"{proto} {side} {self._sign()}@ports"
        if form == 1:
            return f"{proto} {side} {self._sign()}{{ {', '.join(self._ports(3))} }}"
        if form == 2:
            return f"{proto} {side} {self._sign()}{port}-65535"
        if form == 3:
            edge = max(port, 2) if port < 65535 else 60000
            return f"{proto} {side} {chance.choice(('<', '>', '<=', '>='))} {edge}"
        if form == 4:
            return f"meta l4proto {{ tcp, udp }} th {side} {self._sign()}{port}"
        return f"{proto} {side} {self._sign()}{port}"

    def _protocol(self, where: Place) -> str:
        chance = self.chance
        icmp = self.words.icmp
        name = chance.choice(("tcp", "udp", icmp, "sctp"))
        if chance.random() < 0.4:
            return f"meta l4proto {self._sign()}{{ {name}, {'tcp' if name != 'tcp' else 'udp'} }}"
        field = "protocol" if self.words.family == 4 else "nexthdr"
        return chance.choice(
            (f"meta l4proto {self._sign()}{name}", f"{self.ip} {field} {self._sign()}{name}")
        )

    def _icmp(self, where: Place) -> str:
        name = "icmp" if self.words.family == 4 else "icmpv6"
        kind = self.chance.choice(("echo-request", "echo-reply", "destination-unreachable"))
        if self.chance.random() < 0.3:
            return f"{name} type {{ echo-request, echo-reply }}"
        return f"{name} type {self._sign()}{kind}"

    def _state(self, where: Place) -> str:
        names = self.chance.sample(("new", "established", "related", "invalid", "untracked"), 2)
        form = self.chance.randrange(6)
        if form == 0:
            return f"ct state != {names[0]}"
        if form == 1:
            return f"ct state {{ {names[0]}, {names[1]} }}"
        if form == 2:
            return f"ct state & ({names[0]} | {names[1]}) == 0"
        return f"ct state {','.join(names[: self.chance.randint(1, 2)])}"

    def _connection(self, where: Place) -> str:
        chance, ip = self.chance, self.ip
        direction = chance.choice(("original", "reply"))
        end = chance.choice(("proto-src", "proto-dst"))
        prefix = chance.choice(self.clean)
        port = chance.choice(PORTS)
        return chance.choice((
            f"ct direction {self._sign()}{direction}",
            f"ct status {chance.choice(('dnat', 'snat', 'snat,dnat'))}",
            f"ct status & {chance.choice(('dnat', 'snat'))} == 0",
            f"ct mark {self._sign()}{chance.choice((0, 1, 2))}",
            f"ct mark & 0x3 {chance.choice(('==', '!='))} {chance.choice((0, 1, 2))}",
            f"ct {direction} {ip} {chance.choice(('saddr', 'daddr'))} {self._sign()}{prefix}",
            f"meta l4proto tcp ct {direction} {end} {self._sign()}{port}",
            f"ct protocol {self._sign()}{chance.choice(('tcp', 'udp'))}",
        ))  # fmt: skip

    def _mark(self, where: Place) -> str:
        chance = self.chance
        return chance.choice((
            f"meta mark {self._sign()}{chance.choice((0, 1, 2, 5))}",
            f"meta mark & 0x3 {chance.choice(('==', '!='))} {chance.choice((0, 1, 2))}",
            f"meta mark {self._sign()}@marks",
            f"meta mark {chance.choice(('<', '>', '<=', '>='))} 2",
            f"meta mark {self._sign()}1-3",
        ))  # fmt: skip

    def _fib(self, where: Place) -> str:
        chance = self.chance
        kinds = ["local", "broadcast", "unicast", "multicast", "unreachable", "prohibit", "blackhole"]
        if self.words.family == 6:
            kinds = [
                "local",
                "unicast",
                "unicast",
                "multicast",
                "anycast",
                "unreachable",
                "prohibit",
                "blackhole",
            ]
        kind = chance.choice(kinds)
        side = chance.choice(("daddr", "saddr"))
        there = chance.choice(("exists", "missing"))
        name = chance.choice(INTERFACES)
        forms = [f"fib {side} type {self._sign()}{kind}", f"fib {side} type {self._sign()}{kind}",
                 f"fib {side} . mark type {self._sign()}{kind}"]  # fmt: skip
        if self.words.family == 4:
            forms.append(f"fib {side} type {{ local, broadcast }}")
        if where.hook in COMES_IN:
            forms.append(f"fib {side} . iif type {self._sign()}{kind}")
            forms += [
                f"fib saddr . iif oif {there}", f"fib {side} oif {there}",
                f"fib saddr . mark . iif oif {there}",
                f'fib {side} oif {self._sign()}"{name}"', f'fib {side} . mark oifname {self._sign()}"{name}"',
                f'fib saddr . iif oifname "{name}"',
            ]  # fmt: skip
        return chance.choice(forms)

    def _header(self, where: Place) -> str:
        chance, ip = self.chance, self.ip
        ttl = "ttl" if self.words.family == 4 else "hoplimit"
        return chance.choice((
            f"{ip} {ttl} {chance.choice(('<', '>', '!=', '=='))} {chance.choice((1, 2, 62, 63, 64))}",
            f"{ip} dscp {self._sign()}{chance.choice(('cs0', 'cs2', '0x4'))}",
        ))  # fmt: skip

    def _flags(self, where: Place) -> str:
        chance = self.chance
        one, two = chance.sample(("syn", "ack", "fin", "rst"), 2)
        return chance.choice((
            f"tcp flags {one}", f"tcp flags != {one}", f"tcp flags & (fin | syn | rst | ack) == {one}",
            f"tcp flags & ({one} | {two}) == {one} | {two}", f"tcp flags & ({one} | {two}) != {one}",
            f"tcp flags {{ {one}, {two} }}", f"tcp flags {one},{two}",
        ))  # fmt: skip

    def _concat(self, where: Place) -> str:
        chance, ip = self.chance, self.ip
        side = chance.choice(("saddr", "daddr"))
        name = chance.choice(INTERFACES)
        pair = ", ".join(f"{a} . {p}" for a, p in zip(self._prefixes(2), self._ports(2), strict=True))
        mine = "iifname" if where.hook in COMES_IN else "oifname"
        return chance.choice((
            f"{ip} {side} . tcp dport {self._sign()}@pairs",
            f"{ip} {side} . udp dport {self._sign()}{{ {pair} }}",
            f'{mine} . meta l4proto {self._sign()}{{ "{name}" . tcp, "eth0" . udp }}',
            f'{mine} . {ip} {side} {{ "{name}" . {chance.choice(self.clean)} }}',
            "ct state . meta mark { new . 0x0, established . 0x1 }",
        ))  # fmt: skip

    def _meta(self, where: Place) -> str:
        chance = self.chance
        forms = []
        if where.hook not in ("prerouting", "input"):
            # There the packets' Ethernet addresses are not what a broadcast's would be.
            forms.append(f"meta pkttype {self._sign()}{chance.choice(('host', 'broadcast', 'multicast'))}")
        if self.table == "inet":
            forms.append(f"meta nfproto {self._sign(0.1)}{'ipv4' if self.words.family == 4 else 'ipv6'}")
        forms.append(f"meta protocol {self._sign(0.1)}{self.ip}")
        if where.hook == "output":
            forms.append(f"meta skuid {self._sign()}{chance.choice((0, 1000))}")
        if where.hook == "prerouting":
            forms.append(f"meta length {chance.choice(('<', '>', '=='))} {chance.choice((28, 40, 52, 60))}")
        return chance.choice(forms)


def in_one_word(condition: str) -> bool:
    """nft 1.0.6 joins neighbouring bytes of a header into one comparison, also where ``!=`` makes that
    another condition (fixed later): the rule in the kernel is not the one that was written or is shown."""
    return condition.startswith(
        (
            "ip ttl",
            "ip protocol",
            "ip6 nexthdr",
            "ip6 hoplimit",
            "icmp",
            "ip dscp",
            "ip6 dscp",
            "@",
            "ip hdr",
            "ip ecn",
            "ip6 ecn",
            "ip version",
            "ip6 version",
            "ip length",
            "ip6 length",
            "udp length",
            "ip frag",
        )
    ) or ("port" in condition)
