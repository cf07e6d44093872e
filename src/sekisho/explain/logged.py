"""Packets in the kernel's log: what they were, who wrote them down, how to ask what becomes of them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from sekisho.explain.context import HostContext, option, rules_of
from sekisho.explain.message import Message, join, m
from sekisho.model.host import LoggedPacket
from sekisho.model.netfilter import Rule
from sekisho.values.numbers import is_number

_FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG")
_PREFIXES = ("log-prefix", "nflog-prefix", "ulog-prefix")


def explain_logged(item: LoggedPacket, context: HostContext) -> tuple[Message, ...]:
    """The packet, the rules with its prefix, and the ``trace`` that follows exactly it."""
    proto: Message | str = item.proto
    if item.icmp is not None:
        proto = m("log.icmp", item.proto, *item.icmp)
    src, dst = context.name_of(item.src), context.name_of(item.dst)
    said = [
        m(
            "log.packet",
            proto,
            src if item.sport is None else m("log.end", src, item.sport),
            dst if item.dport is None else m("log.end", dst, item.dport),
        )
    ]
    if item.iif is not None and item.oif is not None:
        said.append(m("log.forward", item.iif, item.oif))
    elif item.iif is not None:
        said.append(m("log.input", item.iif))
    elif item.oif is not None:
        said.append(m("log.output", item.oif))
    if item.prefix.strip():
        said.append(m("log.prefix", item.prefix.strip()))
        said += _writers(item, context)
    said.append(m("log.trace", trace_of(item, context.snapshot.path)))
    return tuple(said)


def _writers(item: LoggedPacket, context: HostContext) -> Iterator[Message]:
    captured = bool(context.namespace.rulesets) or context.namespace.nft is not None
    names = [*_of_iptables(item, context), *_of_nft(item, context)]
    if names:
        yield m("log.rule", join("or", names))
        yield m("log.not_verdict")
    else:
        yield m("log.rule.none" if captured else "log.rule.not_captured")


def _of_iptables(item: LoggedPacket, context: HostContext) -> Iterator[Message]:
    for ruleset in context.namespace.rulesets:
        for table in ruleset.tables if ruleset.family == item.src.family else ():
            for chain, number, rule in rules_of(table):
                if _prefix(rule) == item.prefix.strip() and _may_fit(rule, item):
                    yield m("rule.name", f"{table.name} {chain}", number)


def _prefix(rule: Rule) -> str | None:
    found = option(rule.target.options, *_PREFIXES) if rule.target is not None else None
    return found.values[0].strip() if found is not None and found.values else None


def _may_fit(rule: Rule, item: LoggedPacket) -> bool:
    """Whether the interfaces that the rule names are the packet's; whatever else it asks may well hold."""
    for name, value in (("in-interface", item.iif), ("out-interface", item.oif)):
        asked = option(rule.matches, name)
        if asked is None or len(asked.values) != 1:
            continue
        want = asked.values[0]
        fits = value is not None and (value.startswith(want[:-1]) if want.endswith("+") else value == want)
        if fits == asked.negated:
            return False
    return True


def _of_nft(item: LoggedPacket, context: HostContext) -> Iterator[Message]:
    if context.namespace.nft is None:
        return
    from sekisho.model.nft_rule import Log  # nftables' words, only where there are some

    for table in context.namespace.nft.tables:
        for chain in table.chains:
            for number, rule in enumerate(chain.rules, start=1):
                prefixes = (
                    value.strip().strip('"').strip()
                    for statement in rule.statements
                    if isinstance(statement, Log)
                    for name, value in statement.options
                    if name == "prefix"
                )
                if item.prefix.strip() in prefixes:
                    yield m("rule.name", f"{table.family} {table.name} {chain.name}", number)


def trace_of(item: LoggedPacket, path: str) -> str:
    """The command line that follows exactly this packet; ``path`` is how the user named the snapshot."""
    source = "host" if item.iif is None else str(item.src)
    words = ["sekisho", "trace", path, source, _end(item)]
    words += ["--proto", _proto(item.proto)]
    if item.sport is not None:
        words += ["--sport", str(item.sport)]
    if item.iif is not None:
        words += ["--in", item.iif]
    if item.icmp is not None:
        words += ["--icmp-type", str(item.icmp[0]), "--icmp-code", str(item.icmp[1])]
    flags = [name.lower() for name in _FLAGS if (name, "") in item.words]
    if item.proto == "TCP" and flags not in ([], ["syn"]):
        words += ["--tcp-flags", ",".join(flags)]
    return shlex.join(words)


def _end(item: LoggedPacket) -> str:
    if item.dport is None:
        return str(item.dst)
    return f"[{item.dst}]:{item.dport}" if item.dst.family == 6 else f"{item.dst}:{item.dport}"


def _proto(text: str) -> str:
    """As ``--proto`` takes it; ICMPv6 is icmp there, of an IPv6 address."""
    return text if is_number(text) else {"ICMPV6": "icmp"}.get(text.upper(), text.lower())
