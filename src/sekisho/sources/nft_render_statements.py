"""Statements and rules as nft prints them."""

from __future__ import annotations

from sekisho.model.nft import NftRule
from sekisho.model.nft_expression import Binary, Expression, Flags, Number, Unknown, Word
from sekisho.model.nft_rule import (
    Assign,
    Counter,
    CtCount,
    Last,
    Limit,
    Log,
    Match,
    Meter,
    Nat,
    Queue,
    Quota,
    Reject,
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
from sekisho.model.nft_types import BITMASKS, data_type
from sekisho.sources.nft_render_values import printed, stateful_text, verdict_text

_USUAL_REJECT = {"ip": "icmp", "ip6": "icmpv6"}


def rule_text(rule: NftRule, family: str) -> str:
    """A rule's line; ``family`` is its table's."""
    words = [statement_text(statement, family) for statement in rule.statements]
    if rule.comment is not None:
        words.append(f'comment "{rule.comment}"')
    return " ".join(words)


def statement_text(statement: Statement, family: str) -> str:
    """One statement."""
    match statement:
        case Match():
            return _match(statement)
        case Verdict():
            return verdict_text(statement)
        case VerdictMap(key, data):
            return f"{printed(key)} vmap {printed(data, data_type(key))}"
        case Counter() | Limit() | Quota() | CtCount() | Last() | Simple():
            return stateful_text(statement)
        case UseObject("secmark", name):
            return f"meta secmark set {printed(name, 'string')}"
        case UseObject(kind, name):
            word = "set" if kind.startswith("ct ") else "name"
            return f"{kind} {word} {printed(name, 'string')}"
        case Assign(key, value):
            return f"{printed(key)} set {_assigned(key, value)}"
        case Nat():
            return _nat(statement)
        case Tproxy(tproxy_family, address, port):
            words = f"tproxy {tproxy_family} to" if tproxy_family else "tproxy to"
            return f"{words} {_target(address, port, always=True)}"
        case Reject(kind, code):
            return _reject(kind, code, family)
        case Log():
            return _log(statement)
        case Queue(number, flags):
            return f"queue {'flags ' + ','.join(flags) + ' ' if flags else ''}to {printed(number)}"
        case Synproxy():
            return " ".join(("synproxy", *synproxy_words(statement)))
        case SetUpdate():
            return _update(statement)
        case Meter(name, element, statements, size):
            inner = " ".join((printed(element), *(stateful_text(one) for one in statements)))
            return f"meter {name} {f'size {size} ' if size is not None else ''}{{ {inner} }}"
        case Transfer():
            return _transfer(statement)
        case Xt(_, "comment" | "?"):
            return ""
        case Xt(kind, name, quoted):
            return f'xt {kind} "{name}"' if quoted else f"xt {kind} {name}"
        case Unknown(text):
            return text


def _match(match: Match) -> str:
    left, right = match.left, match.right
    kind = data_type(left)
    shown = _right(match.operator, right, _constant_kind(left, kind))
    if isinstance(left, Binary) and left.operator == "&" and _slashed(match, kind):
        mask = _commas(left.right, kind)
        sign = "" if match.operator == "==" else f"{match.operator} "
        return f"{printed(left.left)} {sign}{_commas(right, kind)} / {mask}"
    if match.operator in ("==", "in") and not isinstance(left, Binary):
        bits = kind in BITMASKS and isinstance(right, Word | Flags | Number)
        implicit = match.operator == "in" or not bits
        return f"{printed(left)} {'' if implicit else '== '}{shown}"
    return f"{printed(left)} {match.operator} {shown}"


def _slashed(match: Match, kind: str) -> bool:
    if match.form:
        return match.form == "slash"
    several = isinstance(match.left, Binary) and isinstance(match.left.right, Flags)
    return several and kind == "tcp_flag" and match.operator in ("==", "!=")


def _constant_kind(left: Expression, kind: str) -> str:
    return "raw" if printed(left).startswith("@") else kind


def _right(operator: str, right: Expression, kind: str) -> str:
    if operator in ("in", "!") and isinstance(right, Flags):
        return _commas(right, kind)
    return printed(right, kind)


def _commas(value: Expression, kind: str) -> str:
    if isinstance(value, Flags):
        return ",".join(printed(name, kind) for name in value.names)
    return printed(value, kind)


def _assigned(key: Expression, value: Expression) -> str:
    kind = data_type(key)
    if isinstance(value, Flags) and kind == "ct_event":
        return _commas(value, kind)
    return printed(value, kind)


def _nat(nat: Nat) -> str:
    words = [nat.kind]
    if nat.family:
        words.append(nat.family)
    if nat.prefix:
        words.append("prefix")
    if nat.address is not None or nat.port is not None:
        words += ["to", _target(nat.address, nat.port)]
    if nat.flags:
        words.append(",".join(nat.flags))
    return " ".join(words)


def _target(address: Expression | None, port: Expression | None, always: bool = False) -> str:
    """Address and port; ``always``: an IPv6 address stands in brackets even without a port."""
    shown = "" if address is None else printed(address)
    if port is None and not always:
        return shown
    if address is not None and shown.count(":") > 1 and "map" not in shown.split():
        shown = "-".join(f"[{part}]" for part in shown.split("-"))
    return shown if port is None else f"{shown}:{printed(port)}"


def _reject(kind: str, code: Expression | None, family: str) -> str:
    if kind == "tcp reset":
        return "reject with tcp reset"
    if kind == _USUAL_REJECT.get(family, "icmpx") and code in (None, Word("port-unreachable")):
        return "reject"
    return f"reject with {kind}" + ("" if code is None else f" {printed(code)}")


def _log(log: Log) -> str:
    words = ["log"]
    grouped: dict[str, list[str]] = {}
    for key, value in log.options:
        if key == "flags":
            group, _, name = value.partition(" ")
            grouped.setdefault(group, []).append(name)
        else:
            words += [key, f'"{value}"' if key == "prefix" else value]
    for group, names in grouped.items():
        words.append(f"flags {group} {','.join(names)}" if names != [""] else f"flags {group}")
    return " ".join(words)


def synproxy_words(synproxy: Synproxy) -> tuple[str, ...]:
    """``mss 1460``, ``wscale 7``, ``timestamp sack-perm``: each on its line in an object."""
    words: list[str] = []
    if synproxy.mss is not None:
        words.append(f"mss {synproxy.mss}")
    if synproxy.wscale is not None:
        words.append(f"wscale {synproxy.wscale}")
    if synproxy.flags:
        words.append(" ".join(synproxy.flags))
    return tuple(words)


def _update(update: SetUpdate) -> str:
    inner = " ".join((printed(update.element), *(stateful_text(one) for one in update.statements)))
    data = "" if update.data is None else f" : {printed(update.data)}"
    return f"{update.operation} @{update.name} {{ {inner}{data} }}"


def _transfer(transfer: Transfer) -> str:
    words = [transfer.kind, *((transfer.family,) if transfer.family else ()), "to"]
    if transfer.address is not None:
        words.append(printed(transfer.address))
        if transfer.device is not None:
            words.append("device")
    if transfer.device is not None:
        words.append(printed(transfer.device, "iface_index"))
    return " ".join(words)
