"""Random chains at the ingress and egress of interfaces, in tables of families netdev and inet."""

from __future__ import annotations

from random import Random

from tests.conformance.nft_conditions import Conditions, Place
from tests.conformance.vocabulary import PORTS, Vocabulary

_DEVICES = ("eth0", "eth1")


class DeviceRuleMaker(Conditions):
    """Makes tables from a source of chance. Each rule that decides is for IP packets of some address, port or
    protocol: without ARP and neighbour discovery nothing else could be asked."""

    def __init__(self, chance: Random, words: Vocabulary) -> None:
        super().__init__(chance, words)
        self.table = "netdev"

    def table_text(self) -> str:
        """The text, as nft -f takes it."""
        chance = self.chance
        heads: dict[str, str] = {}
        rules: list[str] = []
        kinds = [("netdev", "ingress"), ("netdev", "egress"), ("inet", "ingress")]
        for number, (family, hook) in enumerate(chance.sample(kinds, chance.randint(1, 3))):
            device, priority = chance.choice(_DEVICES), chance.choice((-500, 0, 20))
            head = f'type filter hook {hook} device "{device}" priority {priority}; policy accept;'
            place = Place(hook, "filter", priority, (), True)
            heads[family] = heads.get(family, "") + f" chain d{number} {{ {head}\n }}\n"
            for _ in range(chance.randint(1, 4)):
                rules.append(f"add rule {family} td d{number} {self._rule(place)}\n")
        tables = "".join(f"table {family} td {{\n{chains}}}\n" for family, chains in heads.items())
        return tables + "".join(rules)

    def _rule(self, where: Place) -> str:
        chance = self.chance
        found = [self._one(where) for _ in range(chance.choice((1, 1, 2)))]
        if chance.random() < 0.2:
            found.append(chance.choice(("meta mark set 1", f"{self._ttl()} set 9")))
        found.append(chance.choice(("", "counter", "accept", "drop", "drop",
                                    "tcp dport vmap { 80 : drop, 1000-2000 : accept }")))  # fmt: skip
        return " ".join(part for part in found if part)

    def _ttl(self) -> str:
        return "ip ttl" if self.words.family == 4 else "ip6 hoplimit"

    def _one(self, where: Place) -> str:
        chance = self.chance
        kind = chance.choice((self._address, self._port, self._protocol))
        return kind(where).replace("@addrs", chance.choice(self.clean)).replace(
            "@ports", str(chance.choice(PORTS))
        )  # fmt: skip
