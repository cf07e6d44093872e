"""dockerd's own nftables tables (ip and ip6 docker-bridges) while it works on them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from sekisho.docker import nft_rules
from sekisho.docker.engine import Engine
from sekisho.docker.errors import DockerError
from sekisho.docker.firewall import BUILT_IN, Firewall
from sekisho.docker.iptables_rules import BridgeRules
from sekisho.docker.lowlevel import Binding
from sekisho.docker.nft_rules import FAMILY_NAMES, TABLE, Line
from sekisho.errors import said
from sekisho.model.nft import NftRuleset, NftTable
from sekisho.sources import nft_render, nft_text
from sekisho.values.address import Address, Family


@dataclass(slots=True)
class _Table:
    """Chains in the order of their making, each with (group, rule)."""

    chains: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    bridges: list[str] = field(default_factory=list)


class NftState:
    """Both families' tables; empty where dockerd uses iptables."""

    def __init__(self, before: NftRuleset | None) -> None:
        self._tables: dict[Family, _Table] = {}
        self._changed = False
        self._ports: dict[Binding, list[tuple[Family, Line]]] = {}
        for table in before.tables if before is not None else ():
            if table.name == TABLE and table.family in ("ip", "ip6"):
                self._tables[4 if table.family == "ip" else 6] = _adopted(table)

    @property
    def running(self) -> bool:
        return bool(self._tables)

    def start(self, engine: Engine, v4: bool, v6: bool) -> None:
        families: tuple[tuple[Family, bool], ...] = ((4, v4), (6, v6))
        for family, on in families:
            if on:
                self._tables[family] = _Table({name: [] for name in nft_rules.BASE_CHAINS})
                self._add(family, nft_rules.start(family, engine))

    def network(self, family: Family, engine: Engine, net: BridgeRules) -> None:
        table = self._tables[family]
        table.bridges.append(net.bridge)
        for chain in nft_rules.chains_of(net.bridge):
            table.chains[chain] = []
        self._add(family, nft_rules.network(family, engine, net))

    def endpoint(self, family: Family, engine: Engine, net: BridgeRules, address: Address) -> None:
        self._add(family, nft_rules.endpoint(family, engine, net, address))

    def port(self, family: Family, engine: Engine, net: BridgeRules, binding: Binding) -> None:
        """Raises DockerError where dockerd stumbles over a rule that is there already."""
        lines = list(nft_rules.port(family, engine, net, binding))
        for chain, group, rule in lines:
            if (group, rule) in self._tables[family].chains[chain] and "MASQ TO OWN PORT" in rule:
                shown = rule.replace(nft_rules.COUNTER, "counter")
                raise DockerError(
                    f"adding rules for bridge {net.bridge}: adding rule:'{shown}'"
                    f" chain:'{chain}' group:{group}: rule exists",
                    advice=said("without docker-proxy, this backend cannot publish one container port twice"),
                )
        self._ports[binding] = [(family, line) for line in lines]
        self._add(family, lines)

    def remove_port(self, binding: Binding) -> None:
        for family, (chain, group, rule) in self._ports.pop(binding, []):
            rules = self._tables[family].chains[chain]
            if (group, rule) in rules:
                rules.remove((group, rule))
                self._changed = True

    def remove_network(self, bridge: str) -> None:
        for table in self._tables.values():
            if bridge in table.bridges:
                table.bridges.remove(bridge)
                self._changed = True
                for chain in nft_rules.chains_of(bridge):
                    del table.chains[chain]

    def forget(self, address: Address) -> None:
        """The rule that guards an address which no container has any more."""
        table = self._tables.get(address.family)
        if table is None:
            return
        start = f"{FAMILY_NAMES[address.family]} daddr {address} iifname"
        rules = table.chains[nft_rules.RAW_CHAIN]
        rules[:] = [item for item in rules if not item[1].startswith(start)]

    def _add(self, family: Family, lines: Iterable[Line]) -> None:
        self._changed = True
        for chain, group, rule in lines:
            rules = self._tables[family].chains[chain]
            if (group, rule) in rules:
                continue
            at = sum(1 for other, _ in rules if other <= group)
            rules.insert(at, (group, rule))

    # ---------------------------------------------------------------------------------------- result

    def ruleset(self, before: NftRuleset | None, firewalls: tuple[Firewall, ...]) -> NftRuleset | None:
        """The whole rule set: other tables as they were, dockerd's as they are now.

        Tables that iptables-nft manages are left out: the iptables rule sets tell them, and newer.
        """
        if not self._changed and not any(fw.touched for fw in firewalls):
            return before
        kept = tuple(
            table
            for table in (before.tables if before is not None else ())
            if not (table.name == TABLE and self._changed) and not _of_iptables(table)
        )
        made: tuple[NftTable, ...] = ()
        if self._changed:
            text = "\n".join(line for family in self._tables for line in self._lines(family)) + "\n"
            made = nft_text.parse(text, "").tables
        if before is None:
            return NftRuleset(made) if made else None
        return replace(before, tables=(*kept, *made))

    def _lines(self, family: Family) -> list[str]:
        table = self._tables[family]
        lines = [f"table {FAMILY_NAMES[family]} {TABLE} {{"]
        for at, name in enumerate(nft_rules.MAPS):
            lines += [f"\tmap {name} {{", "\t\ttype ifname : verdict"]
            if table.bridges:
                elements = [
                    f'"{bridge}" : jump {nft_rules.chains_of(bridge)[at]}' for bridge in sorted(table.bridges)
                ]
                lines.append(f"\t\telements = {{ {', '.join(elements)} }}")
            lines += ["\t}", ""]
        for name, rules in table.chains.items():
            lines.append(f"\tchain {name} {{")
            base = nft_rules.BASE_CHAINS.get(name)
            if base:
                lines.append(f"\t\t{base}")
            lines += [f"\t\t{rule}" for _, rule in rules]
            lines += ["\t}", ""]
        return [*lines[:-1], "}"]


def _of_iptables(table: NftTable) -> bool:
    return table.managed or (table.family in ("ip", "ip6") and table.name in (*BUILT_IN, "security"))


def _adopted(table: NftTable) -> _Table:
    """A table that dockerd wrote before, read back as text."""
    found = _Table()
    for chain in table.chains:
        found.chains[chain.name] = []
        prefix = "filter-forward-in__"
        if chain.name.startswith(prefix):
            found.bridges.append(chain.name.removeprefix(prefix))
    name = ""
    for line in nft_render.render(NftRuleset((table,))).split("\n"):
        text = line.strip()
        if text.startswith("chain "):
            name = text.split()[1]
        elif text == "}":
            name = ""
        elif name and text and not text.startswith("type "):
            found.chains[name].append((_group(name, text), text))
    return found


def _group(chain: str, rule: str) -> int:
    if not chain.startswith("filter-forward-in__"):
        return nft_rules.FIRST
    if rule.endswith(('"UNPUBLISHED PORT DROP"', '"UNPROTECTED"')):
        return nft_rules.LAST
    if rule.endswith('"ICC"'):
        return nft_rules.ICC
    return nft_rules.PORTS if " dport " in rule else nft_rules.FIRST
