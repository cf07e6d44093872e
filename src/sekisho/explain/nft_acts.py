"""What an nftables rule does with the packets that fit it, one sentence for each act."""

from __future__ import annotations

from sekisho.explain.context import HostContext
from sekisho.explain.message import Message, join, m
from sekisho.explain.partly import may_hold_more
from sekisho.explain.targets import named_value
from sekisho.model.nft import NftTable
from sekisho.model.nft_expression import (
    Concat,
    Ct,
    Expression,
    Lookup,
    MapLookup,
    Mapping,
    Meta,
    Number,
    SetLiteral,
    SetReference,
    Word,
)
from sekisho.model.nft_rule import (
    Assign,
    Log,
    Meter,
    Nat,
    Queue,
    Reject,
    SetUpdate,
    Simple,
    Statement,
    UseObject,
    Verdict,
    VerdictMap,
    Xt,
)
from sekisho.model.nft_types import data_type
from sekisho.sources.nft_render_statements import statement_text
from sekisho.sources.nft_render_values import mapping_text, printed

_MOST = 6


def explain_act(
    statement: Statement, who: Message, table: NftTable, base: bool, context: HostContext
) -> list[Message]:
    """The sentences about ``who``; ``base``: the rule stands in a base chain."""
    match statement:
        case Verdict():
            return _verdict(statement, who, table, base)
        case VerdictMap(key, SetReference(name)) if any(one.name == name for one in table.sets):
            return [m("nft.vmap.named", who, key_name(key), name)]
        case VerdictMap(key, data):
            return [m("nft.vmap", who, key_name(key), *_map(data, data_type(key), "", table))]
        case Nat():
            return _nat(statement, who, table, context)
        case Reject(kind, code):
            return [m("target.REJECT", who, _reject(kind, code))]
        case Assign(Meta("mark"), value):
            return [m("target.MARK", who, printed(value, "mark"))]
        case Assign(Ct("mark"), value):
            return [m("target.CONNMARK", who, printed(value, "mark"))]
        case Assign(Ct("zone"), _) | UseObject("ct helper" | "ct timeout" | "ct expectation"):
            return [m("target.CT", who, statement_text(statement, table.family))]
        case Assign(Lookup("tcp option", ("maxseg", *_)), value):
            return [m("target.TCPMSS", who, printed(value))]
        case Assign():
            return [m("target.field", who, statement_text(statement, table.family))]
        case Log():
            prefix = dict(statement.options).get("prefix", "").strip()
            return [m("target.LOG", who, m("target.LOG.prefix", prefix) if prefix else "")]
        case Queue():
            return [m("target.NFQUEUE", who, statement_text(statement, table.family))]
        case SetUpdate(operation, name) if operation in ("add", "update"):
            return [m("nft.update", who, name)]
        case SetUpdate(_, name) | Meter(name):
            return [m("nft.update.other", who, name, statement_text(statement, table.family))]
        case Simple(("notrack",)):
            return [m("target.NOTRACK", who)]
        case Simple(("flow", *_)):
            return [m("nft.flow", who, statement.words[-1].removeprefix("@"))]
        case UseObject("counter"):
            return [m("target.none", who)]
        case Xt("target", name):
            return [m("nft.xt.target", who, name)]
        case _:
            return [m("nft.act", who, statement_text(statement, table.family))]


def _verdict(verdict: Verdict, who: Message, table: NftTable, base: bool) -> list[Message]:
    kind = verdict.kind
    if kind == "accept":
        return [m("nft.accept", who)]
    if kind == "drop":
        return [m("target.DROP", who)]
    if kind == "return":
        return [m("target.RETURN.builtin" if base else "target.RETURN", who)]
    if kind == "continue":
        return [m("target.none", who)]
    chain = next((one for one in table.chains if one.name == verdict.chain), None)
    if chain is not None and chain.bound:
        return [m(f"nft.braces.{kind}", who)]
    said = [m("target.goto" if kind == "goto" else "target.jump.plain", who, verdict.chain)]
    if chain is None:
        said.append(m("target.jump.missing", verdict.chain))
    elif not chain.rules and not may_hold_more(chain.name, table.incomplete):
        said.append(m("target.jump.empty"))
    return said


_KEYS = {
    "iifname": "nft.key.in", "iif": "nft.key.in", "oifname": "nft.key.out", "oif": "nft.key.out",
    "ip saddr": "nft.key.src", "ip6 saddr": "nft.key.src", "ip daddr": "nft.key.dst",
    "ip6 daddr": "nft.key.dst", "tcp dport": "nft.key.dport", "udp dport": "nft.key.dport",
    "th dport": "nft.key.dport", "ct state": "nft.key.state", "meta mark": "nft.key.mark",
    "meta l4proto": "nft.key.protocol",
}  # fmt: skip


def key_name(key: Expression) -> Message | str:
    """What a map is asked by, in words where it has some."""
    parts = key.parts if isinstance(key, Concat) else (key,)
    texts = [printed(part) for part in parts]
    return join("and", [m(_KEYS[text]) if text in _KEYS else text for text in texts])


def _map(data: SetLiteral | SetReference, kind: str, data_kind: str, table: NftTable) -> tuple[Message | str]:
    """The first elements of a map, wherever they are listed."""
    elements: tuple[Expression | Mapping, ...] = ()
    if isinstance(data, SetLiteral):
        elements = data.elements
    else:
        found = next((one for one in table.sets if one.name == data.name), None)
        if found is None:
            return (m("nft.map.missing", data.name),)
        elements = found.elements
        data_kind = " . ".join(found.data_type)
    if not elements:
        return (m("nft.map.empty"),)
    shown: list[Message | str] = [mapping_text(one, kind, data_kind) for one in elements[:_MOST]]
    if len(elements) > _MOST:
        shown.append(m("nft.more", len(elements) - _MOST))
    return (join("list", shown),)


def _reject(kind: str, code: Expression | None) -> Message:
    if kind == "tcp reset":
        return m("reject.tcp-reset")
    text = code.text if isinstance(code, Word) else str(code.value) if isinstance(code, Number) else ""
    return m("reject.default") if text == "port-unreachable" else m("reject.other", text)


def _nat(nat: Nat, who: Message, table: NftTable, context: HostContext) -> list[Message]:
    said: list[Message] = []
    mapped = next((part for part in (nat.address, nat.port) if isinstance(part, MapLookup)), None)
    if mapped is not None:
        side = "src" if nat.kind in ("snat", "masquerade") else "dst"
        values = _map(mapped.data, data_type(mapped.key), "", table)
        said.append(m(f"nft.nat.map.{side}", who, key_name(mapped.key), *values))
    elif nat.kind == "masquerade":
        said.append(m("target.MASQUERADE", who))
        if nat.port is not None:
            said.append(m("target.nat.ports", printed(nat.port)))
    elif nat.kind == "redirect":
        port = m("target.REDIRECT.port", printed(nat.port)) if nat.port is not None else ""
        said.append(m("target.REDIRECT", who, port))
    elif nat.prefix and nat.address is not None:
        said.append(m("target.NETMAP", who, printed(nat.address)))
    else:
        said.append(m(f"target.{nat.kind.upper()}", who, named_value(_target(nat), context)))
    if {"random", "fully-random"} & set(nat.flags):
        said.append(m("target.nat.random"))
    if "persistent" in nat.flags:
        said.append(m("target.nat.persistent"))
    if nat.family and table.family == "inet":
        said.append(m("nft.nat.family", "IPv4" if nat.family == "ip" else "IPv6"))
    return said


def _target(nat: Nat) -> str:
    address = "" if nat.address is None else printed(nat.address)
    if nat.port is None or isinstance(nat.port, Concat):
        return address
    return f"[{address}]:{printed(nat.port)}" if ":" in address else f"{address}:{printed(nat.port)}"
