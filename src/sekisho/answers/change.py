"""Changes of a host that can be tried on a snapshot before anybody types them: a rule, a sysctl."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sekisho.model.host import Sysctl
from sekisho.model.netfilter import Chain, Rule, Ruleset, Table
from sekisho.model.snapshot import Namespace, Snapshot
from sekisho.sources import iptables_save
from sekisho.values.address import Family
from sekisho.values.names import sysctl_key

# The chains of the tables that proposals are about.
BUILT_IN = {"filter": ("INPUT", "FORWARD", "OUTPUT"), "raw": ("PREROUTING", "OUTPUT")}


@dataclass(frozen=True, slots=True)
class Insertion:
    """One rule in the host's iptables: before rule ``place`` of the chain (1-based), or at its end (None).
    ``backend``: that of the chain's rule set, where the host has two."""

    table: str
    chain: str
    place: int | None
    rule: str
    family: Family
    backend: str = ""

    def __str__(self) -> str:
        tool = "iptables" if self.family == 4 else "ip6tables"
        tool += f"-{self.backend}" if self.backend else ""
        where = f"-A {self.chain}" if self.place is None else f"-I {self.chain} {self.place}"
        return f"{tool} -t {self.table} {where} {self.rule}"

    def on(self, snapshot: Snapshot) -> Snapshot | None:
        """The snapshot after it; None where the chain is not there (or not known to be)."""
        host, done = snapshot.host, False
        rulesets: list[Ruleset] = []
        for each in host.rulesets:
            if not done and each.family == self.family and self.backend in ("", each.backend):
                changed = self._in(each)
                rulesets.append(changed or each)
                done = changed is not None
            else:
                rulesets.append(each)
        if not done:
            table = self._new_table(host)
            if table is None:
                return None
            mine = next((at for at, each in enumerate(rulesets) if each.family == self.family), None)
            if mine is None:
                rulesets.append(Ruleset(self.family, "", (table,)))
            else:
                rulesets[mine] = replace(rulesets[mine], tables=(*rulesets[mine].tables, table))
        return replace(snapshot, host=replace(host, rulesets=tuple(rulesets)))

    def _in(self, ruleset: Ruleset) -> Ruleset | None:
        """The rule set with the rule; None where it has no such chain."""
        done = False

        def chain(item: Chain) -> Chain:
            nonlocal done
            if item.name != self.chain:
                return item
            done = True
            at = len(item.rules) if self.place is None else self.place - 1
            return replace(item, rules=(*item.rules[:at], self._rule(), *item.rules[at:]))

        def table(item: Table) -> Table:
            return item if item.name != self.table else replace(item, chains=tuple(map(chain, item.chains)))

        found = replace(ruleset, tables=tuple(map(table, ruleset.tables)))
        return found if done else None

    def _new_table(self, host: Namespace) -> Table | None:
        """A built-in chain of a table that was not captured, or is not there: its rules are taken as none."""
        listed = {
            each.name for ruleset in host.rulesets for each in ruleset.tables if ruleset.family == self.family
        }
        chains = BUILT_IN.get(self.table, ())
        if host.nft is not None or self.table in listed or self.chain not in chains:
            return None
        rules = (self._rule(),)
        return Table(self.table, tuple(Chain(c, "ACCEPT", rules if c == self.chain else ()) for c in chains))

    def _rule(self) -> Rule:
        text = f"*{self.table}\n:{self.chain} - [0:0]\n-A {self.chain} {self.rule}\nCOMMIT\n"
        return iptables_save.parse(text, "proposed", self.family).facts[0].tables[0].chains[0].rules[0]


@dataclass(frozen=True, slots=True)
class Setting:
    """``sysctl -w KEY=VALUE``."""

    key: str
    value: str

    def __str__(self) -> str:
        return f"sysctl -w {self.key}={self.value}"

    def on(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot after it. Forwarding of all interfaces is written to each of them as well
        (devinet_sysctl_forward, addrconf_fixup_forwarding)."""
        host = snapshot.host
        changed = {self.key}
        if self.key in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
            family = self.key[:8]
            keys = (each.key for each in host.sysctls or ())
            changed |= {
                key for key in keys if key.startswith(f"{family}.conf.") and key.endswith(".forwarding")
            }
            changed.add(f"{family}.conf.all.forwarding")
        kept = tuple(each for each in host.sysctls or () if each.key not in changed)
        sysctls = (*kept, *(Sysctl(sysctl_key(key), self.value) for key in sorted(changed)))
        return replace(snapshot, host=replace(host, sysctls=sysctls))


Change = Insertion | Setting


def after(snapshot: Snapshot, changes: tuple[Change, ...]) -> Snapshot | None:
    """The snapshot after the changes, one after the other; None where one cannot be made."""
    for change in changes:
        changed = change.on(snapshot)
        if changed is None:
            return None
        snapshot = changed
    return snapshot
