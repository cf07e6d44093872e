"""Which tables of nftables start connection tracking: by what is written in them, whoever it fits.

The kernel starts it when a rule, a set or an object is loaded that needs connections, for both families where
the table is of both (net/netfilter: the calls of nf_ct_netns_get in nft_ct.c, nft_nat.c, nft_masq.c,
nft_redir.c, nft_synproxy.c, nft_connlimit.c, nft_flow_offload.c).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sekisho.model.nft import NftTable
from sekisho.model.nft_expression import (
    Binary,
    Concat,
    Ct,
    Element,
    Expression,
    Hash,
    MapLookup,
    Mapping,
    SetLiteral,
    Unknown,
)
from sekisho.model.nft_rule import (
    Assign,
    CtCount,
    Match,
    Meter,
    Nat,
    Queue,
    SetUpdate,
    Simple,
    Statement,
    Synproxy,
    Tproxy,
    Transfer,
    UseObject,
    Verdict,
    VerdictMap,
    Xt,
)
from sekisho.semantics.journey import Doubt
from sekisho.semantics.targets import PASSING
from sekisho.semantics.tracked import Need, first_of
from sekisho.values.address import Family

_FAMILIES: dict[int, tuple[str, ...]] = {4: ("ip", "inet", "bridge"), 6: ("ip6", "inet", "bridge")}
_OBJECTS = frozenset({"ct helper", "ct timeout", "ct expectation", "synproxy"})
_XT = frozenset({
    "DNAT", "SNAT", "MASQUERADE", "REDIRECT", "NETMAP", "CONNMARK", "CONNSECMARK", "SYNPROXY",
    "cluster", "connbytes", "connlabel", "connlimit", "connmark", "conntrack", "helper", "state",
})  # fmt: skip


def tracking_need(tables: Iterable[NftTable], family: Family) -> Need:
    """Whether any of the tables starts tracking for packets of the family; the first doubt where only what
    is not understood may."""
    return first_of(
        need for table in tables if table.family in _FAMILIES[family] for need in _of_table(table, family)
    )


def _of_table(table: NftTable, family: Family) -> Iterator[Need]:
    for thing in table.objects:
        yield thing.kind in _OBJECTS
    for one in table.sets:
        yield any(isinstance(statement, CtCount) for statement in one.statements)
    names = frozenset(chain.name for chain in table.chains)
    for chain in table.chains:
        for rule in chain.rules:
            for statement in rule.statements:
                need = first_of((_of_statement(statement, family), _of_unseen_chains(statement, names)))
                yield need if isinstance(need, bool) else Doubt(need.code, need.args, rule.evidence)
    in_sets = (line for one in table.sets for line in one.unread)
    in_objects = (line for thing in table.objects for line in thing.unread)
    for line in (*table.unread, *in_sets, *in_objects):
        yield Doubt("table-unread", (table.name,), line.evidence)


def _of_unseen_chains(statement: Statement, names: frozenset[str]) -> Need:
    """A chain that nobody saw may hold anything."""
    return next(
        (Doubt("chain-not-captured", (name,)) for name in _calls(statement) if name not in names), False
    )


def _calls(statement: Statement) -> Iterator[str]:
    verdicts: Iterable[object] = (statement,)
    if isinstance(statement, VerdictMap) and isinstance(statement.data, SetLiteral):
        verdicts = (one.value for one in statement.data.elements if isinstance(one, Mapping))
    return (one.chain for one in verdicts if isinstance(one, Verdict) and one.chain)


def _of_statement(statement: Statement, family: Family) -> Need:
    match statement:
        case Nat(_, of) if of in ("", "ip" if family == 4 else "ip6"):
            return True
        case CtCount() | Synproxy() | Simple(("flow", *_)) | UseObject("synproxy"):
            return True
        case UseObject(kind) if kind.startswith("ct "):
            return True
        case Xt(kind, name):
            known = name in _XT or name in ("comment", "?") or name in PASSING
            return name in _XT if known else Doubt("match-not-understood", (f"xt {kind} {name}",))
        case Unknown(text):
            return Doubt("match-not-understood", (text,))
        case SetUpdate(_, _, _, _, inner) | Meter(_, _, inner):
            found = [_of_statement(one, family) for one in inner]
            return _any(*found, _of_expressions(statement))
        case _:
            return _of_expressions(statement)


def _of_expressions(statement: Statement) -> Need:
    return _any(*map(_of_expression, _expressions(statement)))


def _any(*needs: Need) -> Need:
    return first_of(needs)


def _expressions(statement: Statement) -> Iterator[Expression | None]:
    match statement:
        case Match(_, left, right):
            yield from (left, right)
        case VerdictMap(key):
            yield key
        case Assign(key, value):
            yield from (key, value)
        case SetUpdate(_, _, element, data):
            yield from (element, data)
        case Meter(_, element):
            yield element
        case UseObject(_, named):
            yield named
        case Queue(number):
            yield number
        case Nat(_, _, address, port) | Tproxy(_, address, port):
            yield from (address, port)
        case Transfer(_, address, device):
            yield from (address, device)


def _of_expression(expression: Expression | None) -> Need:
    match expression:
        case Ct():
            return True
        case Binary(_, left, right):
            return _any(_of_expression(left), _of_expression(right))
        case Concat(parts):
            return _any(*map(_of_expression, parts))
        case MapLookup(key) | Element(key):
            return _of_expression(key)
        case Hash(_, inner):
            return _of_expression(inner)
        case Unknown(text):
            return Doubt("match-not-understood", (text,))
        case _:
            return False
