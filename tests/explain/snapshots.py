"""Small snapshots for tests, read by the real readers from text as the commands print it."""

from __future__ import annotations

from pathlib import Path

from sekisho.explain.context import HostContext
from sekisho.explain.idioms import Place
from sekisho.explain.message import Message
from sekisho.explain.nat_index import NatIndex
from sekisho.explain.netfilter import explain_rule
from sekisho.explain.words import sentences
from sekisho.model.netfilter import Ruleset
from sekisho.model.snapshot import Namespace, Snapshot
from sekisho.sources import ip_route, iptables_save
from sekisho.values.names import namespace_name

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def ruleset(table: str, *rules: str, chains: tuple[str, ...] = ()) -> Ruleset:
    """The rules (as after ``iptables``) in one table, with the built-in chains and those named."""
    builtin = {
        "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
        "filter": ("INPUT", "FORWARD", "OUTPUT"),
        "raw": ("PREROUTING", "OUTPUT"),
        "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    }[table]
    head = [f":{name} ACCEPT [0:0]" for name in builtin] + [f":{name} - [0:0]" for name in chains]
    text = "\n".join([f"*{table}", *head, *rules, "COMMIT", ""])
    parsed = iptables_save.parse(text, "iptables-save.txt")
    assert not parsed.unread, parsed.unread
    return parsed.facts[0]


def host(rules: Ruleset | None = None, routes: str = "") -> HostContext:
    """A host with these rules and ``ip route`` lines, nothing else captured."""
    parsed = ip_route.parse(routes, "ip-route.txt")
    assert not parsed.unread, parsed.unread
    namespace = Namespace(namespace_name("host"), routes=parsed.facts, rulesets=(rules,) if rules else ())
    return HostContext(Snapshot("test", namespace), namespace)


def explain_rule_at(rules: Ruleset, chain: str, number: int, context: HostContext) -> tuple[Message, ...]:
    """What is said about one rule of the only table."""
    table = rules.tables[0]
    chains = {item.name: item for item in table.chains}
    rule = chains[chain].rules[number - 1]
    return explain_rule(Place(table, chains[chain], number, rule, chains, NatIndex(table)), context)


def said(messages: object, lang: str = "en") -> str:
    """The messages in words."""
    assert isinstance(messages, tuple | list)
    return sentences(messages, lang)
