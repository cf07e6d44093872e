"""What a rule does with the packets that fit it."""

from __future__ import annotations

from sekisho.explain.context import HostContext, host_address, plain_value, split_endpoint
from sekisho.explain.idioms import Place
from sekisho.explain.matches import option_text
from sekisho.explain.message import Message, m
from sekisho.explain.owners import chain_role
from sekisho.explain.partly import may_hold_more
from sekisho.model.extension_targets import TARGETS
from sekisho.model.netfilter import UNKNOWN_MODULE, Chain, Rule, Table, Target
from sekisho.semantics.targets import target_doubt

_FIELDS = {"TOS", "DSCP", "TTL", "HL", "ECN", "TCPOPTSTRIP"}
_DETAILED = {"MARK", "CONNMARK", "CT", "TCPMSS", "SET", "NFQUEUE", "QUEUE", "TPROXY", "NFLOG", "ULOG"}
_SAME = {"ULOG": "NFLOG", "QUEUE": "NFQUEUE"}
_REJECT_DEFAULT = {"icmp-port-unreachable", "icmp6-port-unreachable", "port-unreach"}


def explain_target(place: Place, jump: Chain | None, who: Message, context: HostContext) -> list[Message]:
    """The sentence about ``who`` (the packets that fit) and what follows from the target's options;
    ``jump`` is the chain that the target names, if it names one."""
    target, table = place.rule.target, place.table
    if target is None:
        return [m("target.none", who)]
    if jump is not None or target.goto:
        return _jump(target, jump, table, who)
    doubt = target_doubt(target, place.family)
    strange = [item for item in target.options if item.module == UNKNOWN_MODULE]
    if doubt == "target-not-understood" and not strange:
        detail = f"{target.name} {option_text(target.options)}".strip()
        if target.name in TARGETS or table.incomplete is None:
            return [m("target.unknown", who, detail)]
        return [m("target.unknown.chain", who, detail)]
    said = _terminal(target, table.is_base(place.chain), who, context)
    said.extend(m("target.option.unknown", " ".join(item.values)) for item in strange)
    return said


def _jump(target: Target, chain: Chain | None, table: Table, who: Message) -> list[Message]:
    role = chain_role(target.name, table.name)
    if target.goto:
        said = [m("target.goto", who, target.name)]
    elif role is not None:
        said = [m("target.jump", who, target.name, role)]
    else:
        said = [m("target.jump.plain", who, target.name)]
    if chain is None:
        said.append(m("target.jump.missing", target.name))
    elif not chain.rules and not may_hold_more(chain.name, table.incomplete):
        said.append(m("target.jump.empty"))
    return said


def _terminal(target: Target, in_base: bool, who: Message, context: HostContext) -> list[Message]:
    name, options = target.name, target.options
    detail = option_text(item for item in options if item.module != UNKNOWN_MODULE)
    if name in ("ACCEPT", "DROP"):
        return [m(f"target.{name}", who)]
    if name == "RETURN":
        return [m("target.RETURN.builtin" if in_base else "target.RETURN", who)]
    if name == "REJECT":
        return [m("target.REJECT", who, _reject(plain_value(options, "reject-with")))]
    if name in ("DNAT", "SNAT"):
        value = plain_value(options, "to-destination" if name == "DNAT" else "to-source") or "?"
        return [m(f"target.{name}", who, named_value(value, context)), *_nat_extras(target)]
    if name == "MASQUERADE":
        return [m("target.MASQUERADE", who), *_nat_extras(target)]
    if name == "REDIRECT":
        ports = plain_value(options, "to-ports")
        where: object = m("target.REDIRECT.port", ports) if ports else ""
        return [m("target.REDIRECT", who, where), *_nat_extras(target)]
    if name == "NETMAP":
        return [m("target.NETMAP", who, plain_value(options, "to") or "?")]
    if name == "NOTRACK" or (name == "CT" and any(item.name == "notrack" for item in options)):
        return [m("target.NOTRACK", who)]
    if name == "LOG":
        prefix = plain_value(options, "log-prefix")
        return [m("target.LOG", who, m("target.LOG.prefix", prefix.strip()) if prefix else "")]
    if name in ("TRACE", "CHECKSUM"):
        return [m(f"target.{name}", who)]
    if name in _DETAILED:
        return [m(f"target.{_SAME.get(name, name)}", who, detail or name)]
    if name in _FIELDS:
        return [m("target.field", who, f"{name} {detail}".strip())]
    return [m("target.passing", who, name)]


def _reject(how: str | None) -> Message:
    if how is None or how in _REJECT_DEFAULT:
        return m("reject.default")
    return m("reject.tcp-reset") if how in ("tcp-reset", "tcp-rst") else m("reject.other", how)


def named_value(value: str, context: HostContext) -> Message | str:
    """A NAT address with the name of who has it, where somebody has."""
    address, _port = split_endpoint(value)
    if address is None:
        address = host_address(value)
    if address is None or address not in context.holders:
        return value
    named = context.name_of(address)
    if isinstance(named, str):
        return value
    return Message(named.code, (value, *named.args[1:]))


def _nat_extras(target: Target) -> list[Message]:
    names = {item.name for item in target.options}
    said: list[Message] = []
    ports = plain_value(target.options, "to-ports")
    if ports and target.name == "MASQUERADE":
        said.append(m("target.nat.ports", ports))
    if names & {"random", "random-fully"}:
        said.append(m("target.nat.random"))
    if "persistent" in names:
        said.append(m("target.nat.persistent"))
    return said


def explain_counters(rule: Rule, table: Table) -> list[Message]:
    """How often the rule was hit; nothing where the listing has no counters."""
    if rule.packets is None:
        return []
    if rule.packets == 0:
        return [m("counter.never")]
    count, size = f"{rule.packets:,}", f"{rule.bytes or 0:,}"
    if table.name == "nat":
        return [m("counter.connection", size) if rule.packets == 1 else m("counter.connections", count, size)]
    return [m("counter.one", size) if rule.packets == 1 else m("counter.packets", count, size)]
