"""The smallest change of rules that would let a refused packet through, or stop one that gets through.

Each proposal is tried on the model before it is told: the rule is put in, and the packet walked again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sekisho.answers.arrivals import Witness
from sekisho.answers.trace import Question, trace
from sekisho.model.netfilter import Chain, Ruleset, Table
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.journey import Journey, Leg, Step
from sekisho.semantics.world import HOST, World
from sekisho.sources import iptables_save
from sekisho.values.address import format_ip
from sekisho.values.packet import PORT_PROTOCOLS, protocol_name

# A packet that more rules than this refuse in turn is not let through by a small change.
MOST_CHANGES = 4
_ARRIVED = ("delivered", "exits")


@dataclass(frozen=True, slots=True)
class Insertion:
    """``iptables -t TABLE -I CHAIN PLACE RULE``, in the host's rules."""

    table: str
    chain: str
    place: int
    rule: str
    family: int

    def __str__(self) -> str:
        tool = "iptables" if self.family == 4 else "ip6tables"
        return f"{tool} -t {self.table} -I {self.chain} {self.place} {self.rule}"


def question_of(witness: Witness) -> Question:
    """The witness as ``sekisho trace`` is asked about it."""
    return Question(
        witness.source, witness.target, witness.proto, witness.sport, None, witness.iface,
        stated=witness.stated,
    )  # fmt: skip


def let_through(world: World, witness: Witness) -> tuple[Insertion, ...] | None:
    """Rules that make the packet and its reply arrive; None where rules alone do not."""
    done: list[Insertion] = []
    now = world
    for _ in range(MOST_CHANGES):
        found = trace(now, question_of(witness))
        if _works(found):
            return tuple(done)
        change = _acceptance(found)
        if change is None or change in done:
            return None
        done.append(change)
        now = World(_with(now.snapshot, change))
    return tuple(done) if _works(trace(now, question_of(witness))) else None


def stop(world: World, witness: Witness) -> Insertion | None:
    """One rule that refuses the packet; None where none does."""
    found = trace(world, question_of(witness))
    steps = [step for step in found.forward.steps if step.table == "filter" and step.chain]
    for step in sorted(steps, key=lambda step: step.chain != "DOCKER-USER"):
        if step.backend != "nftables":
            change = _insertion(found.forward, step, 1, "DROP")
            if change is not None and not _works(
                trace(World(_with(world.snapshot, change)), question_of(witness))
            ):
                return change
    return None


def _works(found: Journey) -> bool:
    return (
        found.forward.disposition in _ARRIVED
        and found.reply is not None
        and found.reply.disposition in _ARRIVED
    )


def _acceptance(found: Journey) -> Insertion | None:
    leg = found.forward if found.forward.disposition not in _ARRIVED else found.reply
    if leg is None or leg.disposition not in ("dropped", "rejected"):
        return None
    last = leg.hops[-1]
    stopping = next((step for step in reversed(last.steps) if step.table is not None), None)
    if last.node != HOST:
        return None
    if stopping is None or stopping.chain is None:
        return None
    return _insertion(leg, stopping, stopping.rule or 0, "ACCEPT")


def _insertion(leg: Leg, step: Step, place: int, target: str) -> Insertion | None:
    packet = leg.packet
    words = [f"-s {format_ip(packet.family, packet.src)}", f"-d {format_ip(packet.family, packet.dst)}"]
    words.append(f"-p {protocol_name(packet.proto)}")
    if packet.proto in PORT_PROTOCOLS:
        words.append(f"--dport {packet.dport}")
    assert step.table is not None
    assert step.chain is not None
    return Insertion(step.table, step.chain, place, " ".join((*words, f"-j {target}")), packet.family)


def _with(snapshot: Snapshot, change: Insertion) -> Snapshot:
    host = snapshot.host
    rulesets = tuple(_with_rule(item, change) for item in host.rulesets)
    return replace(snapshot, host=replace(host, rulesets=rulesets))


def _with_rule(ruleset: Ruleset, change: Insertion) -> Ruleset:
    if ruleset.family != change.family:
        return ruleset
    text = f"*{change.table}\n:{change.chain} - [0:0]\n-A {change.chain} {change.rule}\nCOMMIT\n"
    rule = iptables_save.parse(text, "proposed", ruleset.family).facts[0].tables[0].chains[0].rules[0]

    def chain(item: Chain) -> Chain:
        if item.name != change.chain:
            return item
        at = change.place - 1 if change.place else len(item.rules)
        return replace(item, rules=(*item.rules[:at], rule, *item.rules[at:]))

    def table(item: Table) -> Table:
        return replace(item, chains=tuple(map(chain, item.chains))) if item.name == change.table else item

    return replace(ruleset, tables=tuple(map(table, ruleset.tables)))
