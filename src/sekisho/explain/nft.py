"""nftables rule sets in words: tables, chains, sets, and each rule by its statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sekisho.explain.context import HostContext
from sekisho.explain.matches import Phrase, pair_places, subject
from sekisho.explain.message import Message, join, m
from sekisho.explain.nft_acts import explain_act
from sekisho.explain.nft_phrases import add_condition
from sekisho.explain.partly import partly, uncalled, without_rules
from sekisho.model.evidence import Evidence
from sekisho.model.nft import NftChain, NftFlowtable, NftObject, NftRule, NftRuleset, NftSet, NftTable
from sekisho.model.nft_rule import Counter, Statement, Verdict, VerdictMap
from sekisho.semantics.nft import moving
from sekisho.semantics.nft_tables import native_tables
from sekisho.semantics.nft_translated import hidden_match, hidden_target, made_by_iptables
from sekisho.sources.nft_render_statements import rule_text
from sekisho.sources.nft_render_values import mapping_text

Explained = tuple[Evidence, tuple[Message, ...]]
_MOST = 8
_HOOKS = {"prerouting", "input", "forward", "output", "postrouting"}
_NAT_HOOKS = {"prerouting", "input", "output", "postrouting"}


def explain_nft(ruleset: NftRuleset, context: HostContext) -> Iterator[Explained]:
    """(its place and text, its explanation) for every object of the capture."""
    own = native_tables(ruleset, context.namespace.rulesets)
    for table in ruleset.tables:
        if table not in own:
            yield from _same(table)
        else:
            yield from _table(table, context)


def _at(evidence: Evidence | None, text: str) -> Evidence:
    """The place, with the captured line where it has one and no JSON."""
    if evidence is None:
        return Evidence("", 0, text)
    shown = text if evidence.text.startswith("{") or not evidence.text else evidence.text
    return Evidence(evidence.file, evidence.line, shown)


def _same(table: NftTable) -> Iterator[Explained]:
    yield _at(table.evidence, f"table {table.family} {table.name}"), (m("nft.same"),)


def _table(table: NftTable, context: HostContext) -> Iterator[Explained]:
    said = [m("nft.table", table.name, m(f"nft.family.{table.family}"))]
    if table.name == "docker-bridges":
        said.append(m("nft.docker"))
    if table.managed:
        said.append(m("nft.managed"))
    if "dormant" in table.flags:
        said.append(m("nft.dormant"))
    if table.comment:
        said.append(m("match.comment", table.comment))
    said.extend(partly(table.incomplete))
    yield _at(table.evidence, f"table {table.family} {table.name}"), tuple(said)
    changing = frozenset(moving(table))
    for item in table.objects:
        yield _at(item.evidence, f"{item.kind} {item.name}"), _object(item)
    for one in table.sets:
        yield _at(one.evidence, f"{'map' if one.is_map else 'set'} {one.name}"), _set(one, changing)
    for flowtable in table.flowtables:
        yield _at(flowtable.evidence, f"flowtable {flowtable.name}"), _flowtable(flowtable)
    calls = _calls_of(table)
    for chain in table.chains:
        if not chain.bound:  # the rule that leads there has said it
            yield _at(chain.evidence, f"chain {chain.name}"), _chain(chain, table, calls.get(chain.name, ()))
        for number, rule in enumerate(chain.rules, 1):
            place = _at(rule.evidence, rule_text(rule, table.family))
            yield place, _rule(number, rule, chain, table, context)


def _object(item: NftObject) -> tuple[Message, ...]:
    said = [m("nft.object", item.kind, item.name)]
    if item.comment:
        said.append(m("match.comment", item.comment))
    return tuple(said)


def _set(one: NftSet, changing: frozenset[str]) -> tuple[Message, ...]:
    kind, data = " . ".join(one.key_type), " . ".join(one.data_type)
    if one.data_type == ("verdict",):
        said = [m("nft.set.vmap", one.name, kind)]
    elif one.is_map:
        said = [m("nft.set.map", one.name, kind, data)]
    else:
        said = [m("nft.set.plain", one.name, kind)]
    if one.elements:
        shown: list[Message | str] = [mapping_text(element, kind, data) for element in one.elements[:_MOST]]
        if len(one.elements) > _MOST:
            shown.append(m("nft.more", len(one.elements) - _MOST))
        said.append(m("nft.set.holds", len(one.elements), join("list", shown)))
    else:
        said.append(m("nft.map.empty"))
    if one.name in changing or one.dynamic:
        said.append(m("nft.set.moves"))
    if one.comment:
        said.append(m("match.comment", one.comment))
    return tuple(said)


def _flowtable(flowtable: NftFlowtable) -> tuple[Message, ...]:
    return (m("nft.flowtable", flowtable.name, ", ".join(flowtable.devices) or "-"),)


def _chain(chain: NftChain, table: NftTable, callers: Sequence[Message]) -> tuple[Message, ...]:
    said: list[Message] = []
    if chain.hook is None:
        said.append(m("chain.user", chain.name))
        called = m("chain.called", join("and", callers[:_MOST]))
        said.append(called if callers else uncalled(table.incomplete))
        if not chain.rules:
            said.append(without_rules(chain.name, table.incomplete))
        return tuple(said)
    ends = chain.hook.upper()
    if chain.type == "nat" and chain.hook in _NAT_HOOKS:
        said.append(m(f"chain.nat.{ends}"))
    elif chain.hook in _HOOKS and table.family != "bridge":
        said.append(m(f"chain.{ends}"))
    elif chain.devices:
        said.append(m(f"nft.hook.{chain.hook}", ", ".join(chain.devices)))
    else:
        said.append(m("nft.hook.other", chain.hook))
    said.append(m("nft.priority.nat" if chain.type == "nat" else "nft.priority", chain.priority))
    if chain.type == "route":
        said.append(m("nft.route"))
    if not chain.rules:
        said.append(without_rules(chain.name, table.incomplete))
    if chain.policy == "accept":
        said.append(m("chain.policy.nat" if chain.type == "nat" else "nft.policy.accept"))
    elif chain.policy == "drop":
        said.append(m("nft.policy.drop"))
    if chain.comment:
        said.append(m("match.comment", chain.comment))
    return tuple(said)


def _calls_of(table: NftTable) -> dict[str, list[Message]]:
    """The rules and maps that lead to each chain."""
    found: dict[str, list[Message]] = {}
    for chain in table.chains:
        for number, rule in enumerate(chain.rules, 1):
            for name in dict.fromkeys(each for statement in rule.statements for each in _called(statement)):
                found.setdefault(name, []).append(m("rule.name", chain.name, number))
    for one in table.sets:
        for name in dict.fromkeys(_called_by(one.elements)):
            found.setdefault(name, []).append(m("nft.map.name", one.name))
    return found


def _called(statement: Statement) -> Iterator[str]:
    """The chains that a statement leads to."""
    if isinstance(statement, VerdictMap):
        yield from _called_by(getattr(statement.data, "elements", ()))
    elif isinstance(statement, Verdict) and statement.chain:
        yield statement.chain


def _called_by(elements: Iterable[object]) -> Iterator[str]:
    for element in elements:
        value = getattr(element, "value", None)
        if isinstance(value, Verdict) and value.chain:
            yield value.chain


def _rule(
    number: int, rule: NftRule, chain: NftChain, table: NftTable, context: HostContext
) -> tuple[Message, ...]:
    """The rule's number, one sentence for each act, remarks, how often it was hit, its comment.

    The first sentence names the packets; what is matched after an act is named with the next one.
    """
    said: list[Message] = [m("rule.number", number)]
    phrase, fresh, acted = Phrase(), True, False
    remarks: list[Message] = []
    counter: Counter | None = None
    for statement in rule.statements:
        if isinstance(statement, Counter):
            counter = statement
        elif add_condition(statement, phrase, table.family):
            fresh = True
        else:
            who = _who(phrase, fresh, acted)
            said += explain_act(statement, who, table, chain.hook is not None, context)
            remarks += phrase.remarks
            phrase, fresh, acted = Phrase(), False, True
    if not acted or fresh:
        said.append(m("target.none", _who(phrase, fresh, acted)))
        remarks += phrase.remarks
    said += remarks
    if made_by_iptables(table) and any(
        hidden_match(one, table.family) or hidden_target(one) for one in rule.statements
    ):
        said.append(m("nft.translated"))
    if counter is not None:
        said += _hits(counter, chain)
    if rule.comment is not None:
        said.append(m("match.comment", rule.comment))
    return tuple(said)


def _who(phrase: Phrase, fresh: bool, acted: bool) -> Message:
    if acted and not fresh:
        return m("nft.they")
    pair_places(phrase)
    return m("nft.of_them", subject(phrase)) if acted else subject(phrase)


def _hits(counter: Counter, chain: NftChain) -> list[Message]:
    if counter.packets is None:
        return []
    if counter.packets == 0:
        return [m("counter.never")]
    count, size = f"{counter.packets:,}", f"{counter.bytes or 0:,}"
    noun = ("connection", "connections") if chain.type == "nat" else ("one", "packets")
    return [m(f"counter.{noun[0]}", size) if counter.packets == 1 else m(f"counter.{noun[1]}", count, size)]
