"""Dead lines as findings of lint: rules that take nothing, chains and sets that nobody uses, hidden routes.

Every finding carries its proof: the lines that take all that the dead one asks for.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from sekisho.answers.finding import Finding
from sekisho.answers.written_lines import WrittenLines
from sekisho.docker.own_lines import is_kept_free
from sekisho.model.netfilter import Rule
from sekisho.model.routing import Route
from sekisho.model.snapshot import Namespace, Snapshot
from sekisho.semantics.conjunction import parts
from sekisho.semantics.host import HostCode, compile_host
from sekisho.semantics.program import ChainCode, Goto, Guarded, Jump, NotUnderstood, Station, Unsure
from sekisho.semantics.unseen import unread_of, unseen, unseen_of
from sekisho.symbolic.chain_view import ChainView, stations
from sekisho.symbolic.dead import DeadLine, DeadLines
from sekisho.symbolic.stand_ins import without_large_sets
from sekisho.values.address import Family

# Lines of a proof that are shown; a rule may be covered by hundreds.
MOST_PROOF = 6
# Tables whose rules packets of both families pass.
_OF_BOTH = ("inet ", "bridge ", "netdev ")
FAMILIES: tuple[Family, Family] = (4, 6)


def dead_lines(snapshot: Snapshot) -> Iterator[Finding]:
    """All of them, of the host's own namespace."""
    host = compile_host(snapshot.host, leaning=False)
    written = WrittenLines(snapshot)
    found = {family: dict(_dead_in(host, family, written)) for family in FAMILIES}
    for family in FAMILIES:
        for place, (dead, station) in found[family].items():
            others = [other for other in FAMILIES if other != family and _has(host, other, station)]
            if any(place not in found[other] for other in others):
                continue  # a table for both families: what is dead for one is not for the other
            alike = [(dead, station), *(found[other][place] for other in others)]
            if family == FAMILIES[0] or not others:
                # Where a rule is about one family, the other's reason says nothing.
                told = next((each for each in alike if each[0].why != "impossible"), alike[0])
                yield _finding(*told)
    yield from _unused_chains(snapshot.host)
    yield from _unused_sets(snapshot.host)
    if snapshot.host.nft is not None:
        from sekisho.answers.nft_unused import unused_of_nft  # nftables' words, only where there are some

        yield from unused_of_nft(snapshot.host)
    yield from _hidden_routes(snapshot.host)


def chain_findings(snapshot: Snapshot, station: Station, view: ChainView) -> Iterator[Finding]:
    """The dead lines of a base chain and of the chains that only it calls, for packets of one family.
    ``view`` is that of the station without large sets."""
    host, family = compile_host(snapshot.host, leaning=False), view.space.family
    every = list(stations(host.programs[family]))
    place = (station.backend, station.table, station.base.name)
    same = (one for one in every if (one.backend, one.table, one.base.name) == place)
    known = next(same, station)
    if known != station:
        view = _view(known, family)
    for dead in _dead(known, view, every, WrittenLines(snapshot)):
        if dead.why != "impossible" or not known.table.startswith(_OF_BOTH):
            yield _finding(dead, known)


def _view(station: Station, family: Family) -> ChainView:
    return ChainView(without_large_sets(station, family).station, family)


# Back end, table, chain and number of a line.
_Place = tuple[str, str, str, int]


def _dead_in(
    host: HostCode, family: Family, written: WrittenLines
) -> Iterator[tuple[_Place, tuple[DeadLine, Station]]]:
    """What is dead for packets of one family."""
    every = list(stations(host.programs[family]))
    # A view is a manager of diagrams with a gigabyte of address space. Its parts name one another, so it goes
    # when garbage is looked for, which is quick among what came after the freeze.
    gc.freeze()
    try:
        for station in every:
            if station.chains or not all(_unseen(line) for line in station.base.lines):
                for dead in list(_dead(station, _view(station, family), every, written)):
                    place = (station.backend, station.table, dead.chain.name, dead.line.number)
                    yield place, (dead, station)
                gc.collect()
    finally:
        gc.unfreeze()


def _unseen(line: Guarded) -> bool:
    """Whether the line stands for what was not read; nothing is found out about it."""
    return isinstance(line.guard, Unsure) and isinstance(line.action, NotUnderstood)


def _dead(
    station: Station, view: ChainView, every: Sequence[Station], written: WrittenLines
) -> Iterator[DeadLine]:
    """The dead lines of a station's base chain and of the chains that are looked at with it."""
    family = view.space.family
    of_table = _of_table(station, every)
    acts = partial(written.acts, station, family)
    searches = [(DeadLines(view, acts), _looked_at(station, every))]
    if unseen_of(of_table) is not None:
        searches = [(searches[0][0], [station.base])]
        if station is of_table[0]:
            # Nobody knows on which hook lines that are not shown call the table's chains.
            anywhere = ChainView(replace(view.station, hook="forward"), family)
            searches.append((DeadLines(anywhere, acts, unseen=True), list(station.chains.values())))
    for lines, chains in searches:
        for dead in lines.find([chain.name for chain in chains if chain.lines]):
            if written.tells(dead, station, family):
                yield dead
        lines.close()


def _has(host: HostCode, family: Family, station: Station) -> bool:
    """Whether packets of the family pass the same base chain."""
    there = host.programs[family].stations.get(station.hook, ())
    return station.table.startswith(_OF_BOTH) and any(
        (one.table, one.base.name, one.backend) == (station.table, station.base.name, station.backend)
        for one in there
    )


def _of_table(station: Station, every: Sequence[Station]) -> list[Station]:
    return [other for other in every if (other.table, other.backend) == (station.table, station.backend)]


def _looked_at(station: Station, every: Sequence[Station]) -> list[ChainCode]:
    """The base chain, and its table's chains whose lines are dead if they are so for this station: a user
    chain is only dead if it is for every base chain that calls it, and one that none of them leads to is not
    looked at."""
    others = [other for other in _of_table(station, every) if other is not station]
    elsewhere = {name for other in others for name in _called(other)}
    mine = {name for name in _called(station) if name not in elsewhere}
    return [station.base, *(chain for name, chain in station.chains.items() if name in mine)]


def _called(station: Station) -> set[str]:
    """The chains that a base chain calls, directly, by maps or through others."""
    found: set[str] = set()
    waiting = [station.base]
    while waiting:
        for part in (part for line in waiting.pop().lines for part in parts(line)):
            if isinstance(part.action, Jump | Goto) and part.action.chain not in found:
                found.add(part.action.chain)
                if part.action.chain in station.chains:
                    waiting.append(station.chains[part.action.chain])
    return found


_IDS = {
    "impossible": ("lint.rule-impossible", "warning"),
    "unreachable": ("lint.rule-unreachable", "warning"),
    "shadowed": ("lint.rule-shadowed", "warning"),
    "contradicted": ("lint.rule-contradicted", "warning"),
    "redundant": ("lint.rule-redundant", "note"),
}


def _finding(dead: DeadLine, station: Station) -> Finding:
    code, severity = _IDS[dead.why]
    places = [dead.line.evidence, *(line.evidence for _, line in dead.proof[:MOST_PROOF])]
    names = ", ".join(f"{chain.name} {line.number}" for chain, line in dead.proof[:MOST_PROOF])
    if len(dead.proof) > MOST_PROOF:
        names += ", ..."
    policy = names or f"-P {station.base.name}"
    where = f"{station.table} {dead.chain.name}"
    kept = tuple(place for place in places if place is not None)
    return Finding(code, severity, (where, str(dead.line.number), policy), kept)


def _unused_chains(host: Namespace) -> Iterator[Finding]:
    for ruleset in host.rulesets:
        for table in ruleset.tables:
            if unseen(table, ruleset) is not None:
                continue
            named = {rule.target.name for chain in table.chains for rule in chain.rules if rule.target}
            for chain in table.chains:
                if table.is_base(chain) or chain.name in named or any(r.packets for r in chain.rules):
                    continue
                if not chain.rules or is_kept_free(chain.name, all(map(_returns, chain.rules))):
                    continue
                places = (chain.evidence,) if chain.evidence is not None else ()
                yield Finding("lint.chain-unused", "note", (f"{table.name} {chain.name}",), places)


def _returns(rule: Rule) -> bool:
    return not rule.matches and rule.target is not None and rule.target.name == "RETURN"


def _unused_sets(host: Namespace) -> Iterator[Finding]:
    """Sets that no rule of their IP version names, where all of those rules are there."""
    if host.ipsets is None or any("tables present" in item.evidence.text for item in host.unread):
        return
    whole = {
        ruleset.family
        for ruleset in host.rulesets
        if ruleset.complete and all(unread_of(table) is None for table in ruleset.tables)
    }
    words = {
        word
        for ruleset in host.rulesets
        for table in ruleset.tables
        for chain in table.chains
        for rule in chain.rules
        for option in (*rule.matches, *(rule.target.options if rule.target else ()))
        for value in option.values
        for word in value.split()
    }
    members = {element for ipset in host.ipsets if ipset.type == "list:set" for element, _ in ipset.entries}
    for ipset in host.ipsets:
        family = {"inet": {4}, "inet6": {6}}.get(dict(ipset.options).get("family", ""), {4, 6})
        if ipset.name not in words | members and family <= whole:
            places = (ipset.evidence,) if ipset.evidence is not None else ()
            yield Finding("lint.set-unused", "note", (ipset.name,), places)


def _hidden_routes(host: Namespace) -> Iterator[Finding]:
    """Routes for a destination that another route of the table takes whole: the same prefix with a smaller
    metric. (A longer prefix hides parts of a route, and rules may look a table up for some only.)"""
    best: dict[tuple[object, ...], Route] = {}
    for route in host.routes:
        key = (route.family, route.table, route.dst, route.tos)
        known = best.get(key)
        if known is None or _metric(route) < _metric(known):
            best[key] = route
    for route in host.routes:
        winner = best[route.family, route.table, route.dst, route.tos]
        down = any("dead" in hop.flags or "linkdown" in hop.flags for hop in winner.nexthops)
        if winner is not route and _metric(winner) < _metric(route) and not down and route.table != "local":
            places = tuple(one.evidence for one in (route, winner) if one.evidence is not None)
            yield Finding("lint.route-hidden", "note", (_words(route), _words(winner)), places)


def _metric(route: Route) -> int:
    default = 0 if route.family == 4 else 1024
    return default if route.metric is None else route.metric


def _words(route: Route) -> str:
    """The route as ``ip route`` would begin it."""
    hop = route.nexthops[0] if route.nexthops else None
    via = f" via {hop.via}" if hop is not None and hop.via is not None else ""
    device = f" dev {hop.dev}" if hop is not None and hop.dev else ""
    metric = f" metric {route.metric}" if route.metric is not None else ""
    return f"{route.dst}{via}{device}{metric}"
