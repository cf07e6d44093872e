"""FORWARD drops what nobody accepts, and nothing in it leads to Docker's chains any more.

That published ports are dropped there is proved, not read off the absence of a line: of all connections that
could be opened to them, whatever interfaces and addresses, FORWARD lets none through. A table whose text is
cut, or calls chains that were not captured, proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sekisho.answers.finding import Finding
from sekisho.model.netfilter import Chain, Ruleset, Table
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.host import compile_host
from sekisho.semantics.program import NEW
from sekisho.semantics.unseen import unseen
from sekisho.symbolic.chain_view import ChainView
from sekisho.values.intset import IntSet
from sekisho.values.packet import protocol_number

if TYPE_CHECKING:
    from sekisho.answers.docker_traps import Published

USER_CHAIN = "DOCKER-USER"


def forward_drops(snapshot: Snapshot, published: Sequence[Published]) -> Iterator[Finding]:
    """The finding for each IPv4 rule set that does so."""
    for ruleset in snapshot.host.rulesets if published else ():
        for table in ruleset.tables:
            chains = {chain.name: chain for chain in table.chains}
            forward = chains.get("FORWARD")
            if ruleset.family != 4 or table.name != "filter" or forward is None or forward.policy != "DROP":
                continue
            if unseen(table, ruleset) is not None or _leads_to_docker(forward, chains):
                continue
            if _lets_none_through(snapshot, ruleset, table, published):
                places = (forward.evidence, published[0].evidence)
                yield Finding(
                    "trap.forward-drop", "error", (), tuple(place for place in places if place is not None)
                )


def _leads_to_docker(start: Chain, chains: dict[str, Chain]) -> bool:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for rule in waiting.pop().rules:
            name = rule.target.name if rule.target is not None else ""
            if name.startswith("DOCKER") and name != USER_CHAIN:
                return True
            if name in chains and name not in seen:
                seen.add(name)
                waiting.append(chains[name])
    return False


def _lets_none_through(
    snapshot: Snapshot, ruleset: Ruleset, table: Table, published: Sequence[Published]
) -> bool:
    host = compile_host(snapshot.host, leaning=False)
    station = next(
        one
        for one in host.programs[4].stations["forward"]
        if (one.backend, one.table, one.base.name) == (ruleset.backend, table.name, "FORWARD")
    )
    view = ChainView(station, 4)
    space, wanted = view.space, view.space.nothing
    for proto, port in {(port.proto, port.container_port) for port in published}:
        number = space.member(space.field["proto"], IntSet.of(protocol_number(proto)))
        wanted |= number & space.member(space.field["dport"], IntSet.of(port))
    accepted, _ = view.verdicts(wanted & view.state_is(NEW))
    return not accepted.satisfiable()
