"""The matches of an nftables rule as one phrase, in the words that iptables' conditions have.

A match that has no words here is quoted; whether it can be decided is said beside it.
"""

from __future__ import annotations

from collections.abc import Callable

from sekisho.explain.matches import Phrase
from sekisho.explain.message import Message, join, m
from sekisho.model.nft_expression import (
    Binary,
    Concat,
    Ct,
    Exists,
    Expression,
    Fib,
    Flags,
    Hash,
    Inner,
    Lookup,
    Meta,
    Numgen,
    Payload,
    RawPayload,
    SetLiteral,
    SetReference,
    Unknown,
    Word,
)
from sekisho.model.nft_rule import CtCount, Limit, Match, Quota, Statement, UseObject, Xt
from sekisho.model.nft_types import data_type
from sekisho.semantics.match_context import AddressTypes
from sekisho.semantics.nft_column import Open
from sekisho.semantics.nft_columns import column
from sekisho.semantics.nft_context import NftContext
from sekisho.sources.nft_render_statements import statement_text
from sekisho.sources.nft_render_values import limit_words, mapping_text, printed
from sekisho.values.address import Family

_MOST = 6
_NAMED_PROTOCOLS = {"tcp", "udp", "icmp", "sctp", "dccp", "gre", "esp", "ah", "udplite", "igmp"}


def add_condition(statement: Statement, phrase: Phrase, family: str) -> bool:
    """Add a match (or a limit, or what nobody knows) to the phrase; False for a statement that acts."""
    text = statement_text(statement, family)
    match statement:
        case Match():
            if not _add_match(statement, phrase):
                phrase.that.append(m("match.other", text))
            if _open(statement.left, family):
                phrase.remarks.append(m("match.unsure.note", text))
        case Limit():
            phrase.that.append(m("nft.limit.over" if statement.over else "nft.limit", limit_words(statement)))
            phrase.remarks.append(m("match.unsure.note", text))
        case Quota() | CtCount():
            phrase.that.append(m("match.other", text))
            phrase.remarks.append(m("match.unsure.note", text))
        case UseObject("limit" | "quota"):
            phrase.that.append(m("match.other", text))
            phrase.remarks.append(m("match.unsure.note", text))
        case Xt("match", "comment"):
            pass
        case Xt("match", "?"):
            phrase.that.append(m("nft.xt.blank"))
        case Xt("match", name):
            phrase.that.append(m("nft.xt.match", name))
            phrase.remarks.append(m("nft.xt.note", name))
        case Unknown(unknown):
            phrase.that.append(m("match.unknown", unknown))
            phrase.remarks.append(m("match.unknown.note", unknown))
        case _:
            return False
    return True


_PACKETS: tuple[Family, ...] = (4, 6)


def _open(expression: Expression, table: str) -> bool:
    """Whether no snapshot tells the value, in a table of that family."""
    if isinstance(expression, Binary):
        return _open(expression.left, table)
    if isinstance(expression, Concat):
        return any(_open(part, table) for part in expression.parts)
    if isinstance(expression, Meta | Ct | Payload | Inner | RawPayload | Lookup | Numgen | Hash):
        contexts = (NftContext(family, table, AddressTypes({}, {}), links=()) for family in _PACKETS)
        return any(isinstance(column(expression, context), Open) for context in contexts)
    return False


def _add_match(match: Match, phrase: Phrase) -> bool:
    """Say the match in words of its own, if there are any."""
    left, operator = match.left, match.operator
    if left in _PROTOCOL and operator in ("==", "!="):
        return _add_protocol(match, phrase)
    if isinstance(left, Binary):
        return _add_masked(left, match, phrase)
    if operator not in ("==", "!=", "in", "!"):
        return False
    no = ".not" if operator in ("!=", "!") else ""
    reader = _READERS.get(type(left))
    return reader is not None and reader(left, match, no, phrase)


_PROTOCOL = (Meta("l4proto"), Payload("ip", "protocol"), Payload("ip6", "nexthdr"))


def _add_protocol(match: Match, phrase: Phrase) -> bool:
    if phrase.protocol is not None or isinstance(match.right, SetReference):
        return False
    names = match.right.elements if isinstance(match.right, SetLiteral) else (match.right,)
    phrase.protocol = " / ".join(_protocol_name(mapping_text(one, "inet_proto", "")) for one in names)
    phrase.protocol_negated = match.operator == "!="
    return True


def _protocol_name(text: str) -> str:
    return text.upper() if text in _NAMED_PROTOCOLS else text


def values(right: Expression, kind: str) -> Message | str:
    """``80``, "80, 443 or 8080", "one of the set blocked"."""
    if isinstance(right, SetReference):
        return m("nft.one_of", right.name)
    if isinstance(right, SetLiteral):
        shown = [mapping_text(one, kind, "").replace('"', "") for one in right.elements[:_MOST]]
        more = [m("nft.more", len(right.elements) - _MOST)] if len(right.elements) > _MOST else []
        return join("or", [*shown, *more])
    if isinstance(right, Flags):
        return join("or", [printed(name, kind) for name in right.names])
    return printed(right, kind).replace('"', "")


# ------------------------------------------------------------------------------------ selectors


def _payload(left: Expression, match: Match, no: str, phrase: Phrase) -> bool:
    assert isinstance(left, Payload)
    shown = values(match.right, data_type(left))
    match left.protocol, left.field:
        case "ip" | "ip6", "saddr":
            phrase.near.append(m(f"match.source{no}", shown))
        case "ip" | "ip6", "daddr":
            phrase.near.append(m(f"match.destination{no}", shown))
        case protocol, "sport" | "dport" as field:
            phrase.near.append(m(f"match.{field}{no}", shown))
            if protocol != "th":
                phrase.protocol = phrase.protocol or _protocol_name(protocol)
        case "icmp" | "icmpv6", "type":
            phrase.near.append(m(f"match.icmp{no}", shown))
            phrase.protocol = phrase.protocol or ("ICMP" if left.protocol == "icmp" else "ICMPv6")
        case "ip" | "ip6", "dscp":
            phrase.that.append(m(f"match.dscp{no}", shown))
        case "ip" | "ip6", "ttl" | "hoplimit":
            phrase.that.append(m(f"match.ttl-eq{no}", shown))
        case "ip", "length":
            phrase.that.append(m(f"match.length{no}", shown))
        case "ether", "saddr":
            phrase.near.append(m(f"match.mac{no}", shown))
        case "tcp", "flags" if match.operator in ("in", "!"):
            phrase.that.append(m(f"nft.tcp-flags{no}", shown))
            phrase.protocol = phrase.protocol or "TCP"
        case _:
            return False
    return True


def _meta(left: Expression, match: Match, no: str, phrase: Phrase) -> bool:
    assert isinstance(left, Meta)
    shown = values(match.right, data_type(left))
    key = left.key
    if key in ("iif", "iifname", "oif", "oifname"):
        side = "in" if key.startswith("i") else "out"
        phrase.that.append(m(f"match.{side}-interface{no}", _interface(match.right, shown)))
        return True
    simple = {"mark": "match.mark", "skuid": "match.uid-owner", "skgid": "match.gid-owner",
              "length": "match.length", "pkttype": "match.pkttype"}  # fmt: skip
    if key in simple:
        phrase.that.append(m(f"{simple[key]}{no}", shown))
        return True
    if key == "nfproto":
        phrase.that.append(m(f"nft.nfproto{no}", str(shown).replace("ipv", "IPv")))
        return True
    return False


def _interface(right: Expression, shown: Message | str) -> Message | str:
    if isinstance(right, Word) and right.text.endswith("*"):
        return m("match.starting", right.text[:-1])
    return shown


_CT_ENDS = {"saddr": "src", "daddr": "dst", "proto-src": "srcport", "proto-dst": "dstport"}


def _ct(left: Expression, match: Match, no: str, phrase: Phrase) -> bool:
    assert isinstance(left, Ct)
    key, right = left.key, match.right
    if key == "state":
        phrase.that.append(m(f"match.ctstate{no}", _states(right)))
        return True
    if key == "status" and match.operator in ("in", "!") and isinstance(right, Word):
        state = right.text.upper()
        words: Message | str = m(f"state.{state}") if state in ("DNAT", "SNAT") else right.text
        phrase.that.append(m(f"match.ctstate{no}", words))
        return True
    if key == "direction" and isinstance(right, Word) and not no:
        phrase.that.append(m(f"match.ctdir.{right.text.upper()}"))
        return True
    shown = values(right, data_type(left))
    if key == "mark":
        phrase.that.append(m(f"match.connmark{no}", shown))
        return True
    if key == "protocol":
        phrase.that.append(m(f"match.ctfield{no}", m("ct.ctproto"), shown))
        return True
    end = _CT_ENDS.get(key.rpartition(" ")[2])
    if end is not None and left.direction:
        side = "orig" if left.direction == "original" else "repl"
        phrase.that.append(m(f"match.ctfield{no}", m(f"ct.ct{side}{end}"), shown))
        return True
    return False


def _states(right: Expression) -> Message | str:
    if isinstance(right, SetReference):
        return values(right, "ct_state")
    items: tuple[object, ...] = (right,)
    if isinstance(right, SetLiteral | Flags):
        items = right.elements if isinstance(right, SetLiteral) else right.names
    names = [one.text for one in items if isinstance(one, Word)]
    if set(names) == {"established", "related"}:
        return m("state.established_related")
    return join("or", [m(f"state.{name.upper()}") for name in names])


def _fib(left: Expression, match: Match, no: str, phrase: Phrase) -> bool:
    assert isinstance(left, Fib)
    side = "src" if "saddr" in left.flags else "dst"
    if left.result == "type":
        kinds = match.right.elements if isinstance(match.right, SetLiteral) else (match.right,)
        names = [one.text for one in kinds if isinstance(one, Word)]
        local = ".local" if names == ["local"] else ""
        phrase.near.append(m(f"match.{side}-type{local}{no}", join("or", [name.upper() for name in names])))
        return True
    if left.result == "oif" and side == "src" and isinstance(match.right, Exists):
        back = match.right.value is not bool(no)
        detail = "" if "iif" in left.flags else ": loose"
        phrase.that.append(m("match.rpfilter" if back else "match.rpfilter.invert", detail))
        return True
    return False


def _add_masked(left: Binary, match: Match, phrase: Phrase) -> bool:
    """``tcp flags & mask == value``, ``meta mark & mask == value``."""
    no = {"==": "", "!=": ".not"}.get(match.operator)
    if left.operator != "&" or no is None:
        return False
    kind = data_type(left.left)
    if left.left == Payload("tcp", "flags"):
        mask = left.right.names if isinstance(left.right, Flags) else (left.right,)
        wanted = match.right.names if isinstance(match.right, Flags) else (match.right,)
        texts = [", ".join(printed(one, kind).upper() for one in names) for names in (mask, wanted)]
        phrase.protocol = phrase.protocol or "TCP"
        syn = set(texts[0].split(", ")) == {"FIN", "SYN", "RST", "ACK"} and texts[1] == "SYN"
        phrase.that.append(m(f"match.syn{no}") if syn else m(f"match.tcp-flags{no}", *texts))
        return True
    code = {Meta("mark"): "match.mark", Ct("mark"): "match.connmark"}.get(left.left)
    if code is None:
        return False
    phrase.that.append(m(f"{code}{no}", f"{printed(match.right, kind)}/{printed(left.right, kind)}"))
    return True


_READERS: dict[type, Callable[[Expression, Match, str, Phrase], bool]] = {
    Payload: _payload, Meta: _meta, Ct: _ct, Fib: _fib,
}  # fmt: skip
