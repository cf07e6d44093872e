"""Random nftables rule sets that use every expression and statement the semantics claim to know.

Valid by construction: each base chain has user chains of its own, so that what only some hooks allow
stays there. Priorities of one hook all differ.
"""

from __future__ import annotations

from dataclasses import replace

from tests.conformance.nft_conditions import COMES_IN, Conditions, Place, in_one_word
from tests.conformance.nft_rarer import in_braces, rarer_change, rarer_sets
from tests.conformance.vocabulary import PORTS

HOOKS = ("prerouting", "input", "forward", "output", "postrouting")
_NAT_HOOKS = {"prerouting": -100, "input": 100, "output": -100, "postrouting": 100}


class NftRuleMaker(Conditions):
    """Makes tables of one family of packets from a source of chance."""

    def rule_set(self) -> str:
        """The text of one to three tables, as nft -f takes it."""
        number = self.chance.choice((1, 1, 2, 3))
        return "".join(self._table(at) for at in range(number))

    def _table(self, at: int) -> str:
        self.table = self.chance.choice((self.ip, "inet"))
        lines = [f"table {self.table} t{at} {{"]
        chains: list[str] = []
        names: list[tuple[str, Place, int]] = []
        for number in range(self.chance.randint(1, 5)):
            base = self._base(number)
            if base is None:
                continue
            hook, kind, priority = base
            users = [f"u{number}{n}" for n in range(self.chance.randint(0, 2))]
            policy = "drop" if kind == "filter" and self.chance.random() < 0.12 else "accept"
            head = f"type {kind} hook {hook} priority {priority}; policy {policy};"
            for place, name in enumerate((f"b{number}", *users)):
                below = tuple(users[place:])
                names.append(
                    (name, Place(hook, kind, priority, below, place == 0), self.chance.randint(0, 5))
                )
            chains.append(f"chain b{number} {{ {head} \n }}")
            chains += [f"chain {name} {{\n }}" for name in users]
        lines += self._sets()
        lines += [f" {chain}" for chain in chains]
        lines.append("}")
        text = "\n".join(lines) + "\n"
        for name, where, count in names:
            for _ in range(count):
                text += f"add rule {self.table} t{at} {name} {self._rule(where)}\n"
        return text

    def _base(self, number: int) -> tuple[str, str, int] | None:
        chance = self.chance
        kind = chance.choices(("filter", "nat", "route"), (60, 35, 5))[0]
        hook = "output" if kind == "route" else chance.choice(HOOKS)
        if kind == "nat" and hook == "forward":
            hook = "prerouting"
        near = _NAT_HOOKS.get(hook, 0) if kind == "nat" else 0
        for _ in range(9):
            priority = chance.choice((near, near, -300, -150, 0, 50, chance.randint(-390, 390)))
            if kind == "nat":
                priority = near + chance.choice((0, 0, chance.randint(-90, 90)))
            if ((hook, priority) not in self._used and priority not in (-200, -100, 100)) or kind == "nat":
                if (hook, priority) in self._used:
                    continue
                self._used.add((hook, priority))
                return hook, kind, priority
        return None

    # ------------------------------------------------------------------------------------- sets

    def _sets(self) -> list[str]:
        words = self.words
        addresses = ", ".join(self._prefixes(3))
        pairs = ", ".join(f"{a} . {p}" for a, p in zip(self._prefixes(2), self._ports(2), strict=True))
        kind = "ipv4_addr" if words.family == 4 else "ipv6_addr"
        ports = ", ".join(self._ports(4))
        marks = ", ".join(str(n) for n in self.chance.sample((1, 2, 3, 5, 0x10), 2))
        one, two = self._targets()
        return [
            f" set addrs {{ type {kind}; flags interval; auto-merge; elements = {{ {addresses} }}\n }}",
            f" set ports {{ type inet_service; flags interval; auto-merge; elements = {{ {ports} }}\n }}",
            ' set ifs { type ifname; flags interval; elements = { "eth*", "docker0" }\n }'
            if self.chance.random() < 0.5 else ' set ifs { type ifname; elements = { "eth0", "docker0" }\n }',
            f" set marks {{ type mark; elements = {{ {marks} }}\n }}",
            f" set pairs {{ type {kind} . inet_service; flags interval; elements = {{ {pairs} }}\n }}",
            " map tomark { type inet_service : mark; elements = { 80 : 1, 443 : 2, 8080 : 5 }\n }",
            f" map toaddr {{ type inet_service : {kind}; elements = {{ 80 : {one}, 443 : {two} }}\n }}",
            *rarer_sets(words),
            f" map topair {{ type inet_service : {kind} . inet_service;"
            f" elements = {{ 80 : {one} . 8080, 2000 : {two} . 81 }}\n }}",
        ]  # fmt: skip

    def _targets(self) -> list[str]:
        return self.chance.sample(self.words.dnat, 2)

    # ------------------------------------------------------------------------------------ rules

    def _rule(self, where: Place) -> str:
        if self.chance.random() < 0.06:
            inner = replace(where, base=False)
            rules = [self._plain_rule(inner) for _ in range(self.chance.randint(1, 3))]
            return f"{self._condition(where)} {in_braces(self.chance, rules)}"
        return self._plain_rule(where)

    def _plain_rule(self, where: Place) -> str:
        chance = self.chance
        found = [self._condition(where) for _ in range(chance.choice((0, 1, 1, 1, 2, 2, 3)))]
        if sum(" != " in one and in_one_word(one) for one in found) > 1:
            found = found[:1]
        if chance.random() < 0.2:
            found.append(self._change(where))
            if chance.random() < 0.4:
                found.append(self._condition(where))
        if chance.random() < 0.3:
            found.append("counter")
        found.append(self._act(where))
        if " vmap " in found[-1] and chance.random() < 0.3:
            found.append(
                chance.choice(
                    ("counter", "meta mark set 0x5", "drop" if where.kind == "filter" else "accept")
                )
            )
        return " ".join(part for part in found if part) or "counter"

    def _change(self, where: Place) -> str:
        chance = self.chance
        early = where.priority < -200 and where.kind == "filter" and where.hook in ("prerouting", "output")
        if chance.random() < 0.5:
            return rarer_change(chance, self.words, early)
        forms = [
            f"meta mark set {chance.choice((0, 1, 2, 5))}", "meta mark set meta mark | 0x2",
            "meta mark set meta mark & 0xfffffffe", "meta mark set meta mark ^ 0x3", "meta mark set ct mark",
            "meta mark set tcp dport map @tomark", "meta mark set ct mark & 0x3 | 0x4",
            "meta mark set iifname map { \"eth0\" : 1, \"docker0\" : 2 }", "ct mark set meta mark",
            f"ct mark set {chance.choice((0, 1, 2))}", "ct mark set meta mark | 0x1",
            "ct mark set ct mark & 0x2",
            f"{self.ip} dscp set {chance.choice(('cs1', 'cs0'))}",
        ]  # fmt: skip
        if early:
            forms += ["notrack", "ct zone set 3"]
        if where.hook in ("prerouting", "forward", "postrouting"):
            forms.append(
                f"{self.ip} {'ttl' if self.words.family == 4 else 'hoplimit'} set {chance.choice((2, 9))}"
            )
        return chance.choice(forms)

    def _act(self, where: Place) -> str:
        chance = self.chance
        if where.kind == "nat" and chance.random() < 0.6:
            return self._nat(where)
        odds = chance.random()
        if odds < 0.2 and where.below:
            return f"{chance.choice(('jump', 'jump', 'goto'))} {chance.choice(where.below)}"
        if odds < 0.35:
            return self._vmap(where)
        if odds < 0.5:
            return chance.choice(("accept", "accept", "return", "continue", ""))
        if odds < 0.6 and where.kind == "filter":
            return "drop"
        if odds < 0.66 and where.kind == "filter" and where.hook in ("input", "forward", "output"):
            return self._reject()
        return ""

    def _reject(self) -> str:
        four = self.words.family == 4
        kind = "icmp" if four else "icmpv6"
        code = self.chance.choice(("host-unreachable" if four else "no-route", "admin-prohibited"))
        forms = ["reject", "meta l4proto tcp reject with tcp reset", f"reject with {kind} type {code}"]
        if self.table == "inet":
            forms += ["reject with icmpx type admin-prohibited", "reject with icmpx type no-route"]
        return self.chance.choice(forms)

    def _vmap(self, where: Place) -> str:
        chance = self.chance
        verdicts = ["accept", "continue", "return", *(f"jump {name}" for name in where.below)]
        if where.kind == "filter":
            verdicts.append("drop")
        one, two = chance.choice(verdicts), chance.choice(verdicts)
        a, b = sorted(chance.sample(PORTS, 2))
        mine = "iifname" if where.hook in COMES_IN else "oifname"
        first, second = self._prefixes(2)
        low = b if b - a > 1 else b + 1
        more = f", {low}-65535 : {two}" if low < 65535 else ""
        return chance.choice((
            f"tcp dport vmap {{ {a} : {one}{more} }}",
            f"ct state vmap {{ new : {one}, established : {two} }}",
            f'{mine} vmap {{ "eth0" : {one}, "docker0" : {two} }}',
            f'{mine} vmap {{ "eth*" : {one}, "docker0" : {two} }}',
            f"meta l4proto vmap {{ tcp : {one}, udp : {two} }}",
            f"meta mark vmap {{ 0x1 : {one}, 0x2 : {two} }}",
            f"{self.ip} saddr . tcp dport vmap {{ {first} . {a} : {one}, {second} . {b} : {two} }}"
            if first != second else f"{self.ip} saddr vmap {{ {first} : {one} }}",
        ))  # fmt: skip

    def _nat(self, where: Place) -> str:
        if where.hook in ("prerouting", "output"):
            return self._dnat()
        return self._snat(where)

    def _family(self) -> str:
        return f" {self.ip}" if self.table == "inet" else ""

    def _dnat(self) -> str:
        chance, words, ip = self.chance, self.words, self._family()
        target = chance.choice(words.dnat)
        with_port = f"[{target}]:8080" if words.family == 6 else f"{target}:8080"
        first, second = self._targets()
        return chance.choice((
            f"dnat{ip} to {target}",
            f"meta l4proto tcp dnat{ip} to {with_port}",
            f"tcp dport 80 dnat{ip} to {with_port}",
            f"udp dport 53 dnat{ip} to {target}",
            f"dnat{ip} to tcp dport map @toaddr",
            f"dnat{ip} to tcp dport map @topair",
            f"dnat{ip} to tcp dport map {{ 80 : {first}, 22-53 : {second} }}",
            f"dnat{ip} to udp dport map {{ 53 : {first} . 80, 443 : {second} . 53 }}",
            "tcp dport 443 redirect to :8080",
            "redirect to :tcp dport map { 80 : 8080, 443 : 22 }",
            "redirect",
            f"tcp dport 81 dnat{ip} to {target} persistent",
            f"tcp dport 1000-2000 dnat{ip} to {target}",
        ))  # fmt: skip

    def _snat(self, where: Place) -> str:
        chance, words, ip = self.chance, self.words, self._family()
        target = chance.choice(words.snat)
        first = chance.choice(words.prefixes)
        forms = [
            f"snat{ip} to {target}",
            f"snat{ip} to {self.ip} saddr map {{ {first} : {target} }}",
            f"meta l4proto udp snat{ip} to {target}",
        ]
        if where.hook == "postrouting":
            forms += ["masquerade", "masquerade", 'oifname "eth0" masquerade persistent']
        return chance.choice(forms)
