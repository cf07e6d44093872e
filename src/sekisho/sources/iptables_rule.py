"""One rule's words (``-s 10.0.0.0/8 -p tcp -m tcp --dport 80 -j DNAT --to-destination ...``).

Shared by all dialects that write rules as options: the save format, ``-S``, and commands typed by
hand. Read leniently (long and short names, ``-m`` left out after ``-p``, ``! -i x`` and ``-i ! x``),
kept in the order of the text, and written in the one spelling of ``iptables-save``.

The options of one ``-m`` belong together (``--limit`` and its ``--limit-burst``); ``instances`` gives
the groups. Where a second ``-m`` of the same module follows directly and nothing else tells, a bare
``Option(module, "")`` stands between the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sekisho.model.evidence import Evidence
from sekisho.model.netfilter import UNKNOWN_MODULE, Option, Rule, Target
from sekisho.sources.iptables_instances import instances, starts_instance
from sekisho.sources.iptables_normal import normal_form
from sekisho.sources.iptables_options import (
    ALWAYS_QUOTED,
    FREE_TEXT,
    KNOWN_PROTOCOLS,
    MATCHES,
    SHORT_OF,
    TARGETS,
)
from sekisho.sources.iptables_reader import Problem, read_rule
from sekisho.sources.iptables_words import (
    quote_always,
    quote_string,
    quote_text,
    quote_word,
    split_words,
)
from sekisho.values.address import Family
from sekisho.values.packet import protocol_number

__all__ = [
    "Command", "Problem", "command", "instances", "is_understood", "normal_form", "parse_rule", "parse_words",
    "render_options", "render_rule",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Command:
    """A line such as ``-A CHAIN ...``.

    ``verb`` is append, insert, policy or new-chain. ``rules`` has one rule, or several where
    iptables would make several of one line (``-s a,b``); none for policy and new-chain.
    ``position`` is of insert, from 1. ``table`` is None where the line names none.
    """

    verb: str
    chain: str
    rules: tuple[Rule, ...] = ()
    policy: str | None = None
    position: int = 1
    table: str | None = None
    packets: int | None = None
    bytes: int | None = None
    problems: tuple[Problem, ...] = ()


def parse_rule(text: str, family: Family = 4) -> tuple[Rule, tuple[Problem, ...]]:
    """The rule of ``-p tcp --dport 80 -j ACCEPT`` and what was wrong with it.

    Of a list of addresses (``-s a,b``) only the first rule is returned; see ``parse_words``.
    Raises ValueError when a quote is not closed.
    """
    found = read_rule(split_words(text), family)
    return found.rules[0], found.problems


def parse_words(words: Sequence[str], family: Family = 4) -> tuple[tuple[Rule, ...], tuple[Problem, ...]]:
    """All rules that iptables would make of these words (quotes kept), and what was wrong."""
    found = read_rule(words, family)
    return found.rules, found.problems


def command(text: str, family: Family = 4, evidence: Evidence | None = None) -> Command:
    """Read ``-A CHAIN ...``, ``-I CHAIN [N] ...``, ``-P CHAIN POLICY`` or ``-N CHAIN``.

    ``iptables -t nat`` may stand before it. Raises ValueError for any other line.
    """
    words = split_words(text)
    while words and words[0] in ("sudo", "iptables", "ip6tables", "iptables-nft", "iptables-legacy"):
        del words[0]
    found = read_rule(words, family, evidence=evidence)
    if found.verb is None or not found.chain:
        raise ValueError("no -A, -I, -P or -N with a chain's name")
    rule = found.rules[0]
    making = found.verb in ("append", "insert")
    return Command(
        found.verb,
        found.chain,
        found.rules if making else (),
        found.policy,
        found.position,
        found.table,
        rule.packets,
        rule.bytes,
        found.problems,
    )


def is_understood(rule: Rule) -> bool:
    """Whether no part of the rule is kept as mere text (``Option("?", ...)``)."""
    options = rule.matches + (rule.target.options if rule.target else ())
    return all(option.module != UNKNOWN_MODULE for option in options)


def render_option(option: Option, protocol_numbers: bool = False) -> str:
    """``! --name value``, without the ``-m`` before it."""
    if option.module == UNKNOWN_MODULE:
        return " ".join(option.values)
    before = "! " if option.negated else ""
    long = f"--{option.name}" if option.name else ""
    name = long if option.module else SHORT_OF[option.name]
    if protocol_numbers and name == "-p":
        return f"{before}-p {_number(option.values[0])}"
    key = (option.module, option.name)
    if key in FREE_TEXT:
        values = [quote_text(value) for value in option.values]
    elif key in ALWAYS_QUOTED:
        quote = quote_string if option.module == "string" else quote_always
        values = [quote(value) for value in option.values]
    elif option.module in MATCHES or option.module in TARGETS or not option.module:
        values = [quote_word(value) for value in option.values]
    else:  # nobody knows how it quotes: the words are kept as they stood
        values = list(option.values)
    return before + " ".join([name, *values] if name else values)


def _number(protocol: str) -> str:
    if protocol in KNOWN_PROTOCOLS:
        return protocol
    try:
        return str(protocol_number(protocol))
    except ValueError:
        return protocol


def render_options(matches: Iterable[Option], protocol_numbers: bool = False) -> list[str]:
    """The conditions as words joined per option, each ``-m`` where it is due."""
    parts: list[str] = []
    group: list[Option] = []
    for option in matches:
        if not group or starts_instance(option, group):
            group = [option]
            if option.module not in ("", UNKNOWN_MODULE):
                parts.append(f"-m {option.module}")
        else:
            group.append(option)
        if option.name or option.module == UNKNOWN_MODULE:
            parts.append(render_option(option, protocol_numbers))
    return [part for part in parts if part]


def render_target(target: Target) -> list[str]:
    """``-j NAME`` or ``-g NAME`` and its options."""
    parts = [f"{'-g' if target.goto else '-j'} {target.name}"]
    parts += [render_option(option) for option in target.options]
    return parts


def render_rule(rule: Rule, counters: bool = False, protocol_numbers: bool = False) -> str:
    """The rule in the spelling of ``iptables-save``, without ``-A CHAIN``.

    What is kept as text is written as it stood; a condition that the source did not show at all
    (``Option("?", name)`` without text) cannot be: ask ``is_understood`` before loading a rule.
    With ``counters``, ``-c PACKETS BYTES`` stands before the target, as ``iptables -v -S`` has it.
    ``protocol_numbers``: ``-p 47`` for what only /etc/protocols names, as from version 1.8.11 on.
    """
    parts = render_options(rule.matches, protocol_numbers)
    if counters:
        parts.append(f"-c {rule.packets or 0} {rule.bytes or 0}")
    if rule.target is not None:
        parts += render_target(rule.target)
    return " ".join(parts)
