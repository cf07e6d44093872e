"""Random tables of family bridge: chains at every hook and priority, below br_netfilter's and above it."""

from __future__ import annotations

from random import Random

from tests.conformance.nft_conditions import Conditions, Place
from tests.conformance.vocabulary import BRIDGES, PORTS, Vocabulary

_HOOKS = ("prerouting", "input", "forward", "output", "postrouting")
_PRIORITIES = (-300, -200, -10, 1, 100, 300)
_PORTS = ("vdoc0", "vdoc1", "vbr-0", "vbr-1")
_MACS = ("02:42:ac:11:00:02", "02:42:ac:12:00:03", "02:00:00:00:00:02", "02:52:00:00:00:01")


class BridgeRuleMaker(Conditions):
    """Makes one table from a source of chance."""

    def __init__(self, chance: Random, words: Vocabulary) -> None:
        super().__init__(chance, words)
        self.table = "bridge"

    def table_text(self) -> str:
        """The text, as nft -f takes it."""
        chance = self.chance
        heads: list[str] = []
        rules: list[str] = []
        hooks = [(hook, priority) for hook in _HOOKS for priority in _PRIORITIES]
        for number, (hook, priority) in enumerate(chance.sample(hooks, chance.randint(1, 5))):
            policy = "drop" if chance.random() < 0.08 else "accept"
            head = f"type filter hook {hook} priority {priority}; policy {policy};"
            heads.append(f" chain b{number} {{ {head}\n }}\n chain u{number} {{\n }}\n")
            for name, base in ((f"b{number}", True), (f"u{number}", False)):
                place = Place(hook, "filter", priority, (f"u{number}",) if base else (), base)
                for _ in range(chance.randint(0, 4)):
                    rules.append(f"add rule bridge tb {name} {self._rule(place)}\n")
        return "table bridge tb {\n" + "".join(heads) + "}\n" + "".join(rules)

    def _rule(self, where: Place) -> str:
        chance = self.chance
        found = [self._one(where) for _ in range(chance.choice((0, 1, 1, 2)))]
        if chance.random() < 0.2:
            found.append(
                chance.choice(("meta mark set 1", "meta mark set meta mark | 0x2", f"{self._ttl()} set 9"))
            )
        found.append(chance.choice(("", "", "counter", "accept", "return", "drop", self._jump(where),
                                    self._map(where))))  # fmt: skip
        return " ".join(part for part in found if part) or "counter"

    def _ttl(self) -> str:
        return "ip ttl" if self.words.family == 4 else "ip6 hoplimit"

    def _jump(self, where: Place) -> str:
        return f"{self.chance.choice(('jump', 'goto'))} {where.below[0]}" if where.below else ""

    def _map(self, where: Place) -> str:
        chance = self.chance
        one, two = (chance.choice(("accept", "drop", "continue", "return")) for _ in range(2))
        key = "iifname" if where.hook in ("prerouting", "input", "forward") else "oifname"
        return chance.choice((
            f'{key} vmap {{ "vdoc0" : {one}, "vbr-1" : {two} }}',
            f"meta mark vmap {{ 0x1 : {one}, 0x2 : {two} }}",
            f"tcp dport vmap {{ 80 : {one}, 1000-2000 : {two} }}",
        ))  # fmt: skip

    def _one(self, where: Place) -> str:
        chance = self.chance
        if chance.random() < 0.4:
            return chance.choice((self._address, self._port, self._protocol, self._icmp))(where).replace(
                "@addrs", chance.choice(self.clean)
            ).replace("@ports", str(chance.choice(PORTS)))  # fmt: skip
        sides = {"forward": "io"}.get(where.hook, "i" if where.hook in ("prerouting", "input") else "o")
        side, port = chance.choice(sides), chance.choice(_PORTS)
        mac = chance.choice(_MACS)
        return chance.choice((
            f'{side}ifname {self._sign()}"{port}"', f'{side}ifname {self._sign()}"{port[:3]}*"',
            f'{side}ifname {self._sign()}{{ "vdoc0", "vbr-1" }}',
            f'{side}ifname . meta l4proto {{ "{port}" . tcp, "vdoc1" . udp }}',
            f'meta {side}brname {self._sign()}"{chance.choice(BRIDGES)}"',
            f"ether saddr {self._sign()}{mac}", f"ether daddr {self._sign()}{mac}",
            f"ether type {chance.choice(('ip', 'ip6', 'arp'))}", f"meta protocol {self.ip}",
            f"meta mark {self._sign()}{chance.choice((0, 1, 2))}",
        ))  # fmt: skip
