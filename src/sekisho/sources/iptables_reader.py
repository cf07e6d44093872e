"""From the words of a rule to its options: the reading half of ``iptables_rule``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sekisho.model.evidence import Evidence
from sekisho.model.extensions import Arity
from sekisho.model.netfilter import UNKNOWN_MODULE, Option, Rule, Target
from sekisho.sources.iptables_instances import Instance, flatten
from sekisho.sources.iptables_names import REJECT6_ALIASES
from sekisho.sources.iptables_options import (
    ALIASES,
    GENERIC_LONG,
    GENERIC_SHORT,
    IMPLICIT_MATCH,
    MATCHES,
    MODULE_ALIASES,
    TARGETS,
    comes_once,
)
from sekisho.sources.iptables_values import NORMAL, in_decimal, network, protocol
from sekisho.sources.iptables_words import unquote
from sekisho.values.address import Family
from sekisho.values.numbers import integer, is_number


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a rule's words: a machine word and the offending text."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ReadRule:
    """All that one line of words says; ``rules`` is never empty."""

    rules: tuple[Rule, ...]
    problems: tuple[Problem, ...]
    verb: str | None
    chain: str
    policy: str | None
    position: int
    table: str | None


@lru_cache(maxsize=65536)
def _option(module: str, name: str, negated: bool, values: tuple[str, ...]) -> Option:
    """The option in its normal spelling. Raises ValueError for values that iptables refuses."""
    normal = NORMAL.get((module, name))
    if (module, name) == ("tcp", "syn"):
        return Option("tcp", "tcp-flags", negated, ("FIN,SYN,RST,ACK", "SYN"))
    values = in_decimal(module, name, values)
    return Option(module, name, negated, normal(values) if normal and values else values)


_PLAIN = {f"-{letter}": name for letter, name in GENERIC_SHORT.items()}


class _MissingValueError(Exception):
    """The words end where an option's value is due."""


class _Reader:
    def __init__(self, words: Sequence[str], family: Family) -> None:
        self.words = words
        self.family = family
        self.at = 0
        self.instances: list[Instance] = []
        self.target: str | None = None
        self.goto = False
        self.target_options: list[Option] = []
        self.in_target = False
        self.implicit: str | None = None
        self.counters: tuple[int, int] | None = None
        self.lists: list[tuple[str, list[str]]] = []
        self.problems: list[Problem] = []
        self.verb: str | None = None
        self.chain = ""
        self.policy: str | None = None
        self.position = 1
        self.table: str | None = None

    # --- words -----------------------------------------------------------------------------

    def _next_value(self, negated: bool) -> tuple[str, bool]:
        """The next word as a value; ``! value`` (the old order) negates."""
        if self.at < len(self.words) and self.words[self.at] == "!":
            self.at += 1
            negated = True
        if self.at >= len(self.words):
            raise _MissingValueError
        self.at += 1
        return unquote(self.words[self.at - 1]), negated

    def _peek(self) -> str | None:
        return self.words[self.at] if self.at < len(self.words) else None

    def _loose_values(self) -> tuple[str, ...]:
        """All words up to the next option: for options whose number of values nobody knows."""
        start = self.at
        while self.at < len(self.words) and not self.words[self.at].startswith(("-", "!")):
            self.at += 1
        return tuple(self.words[start : self.at])

    def _keep(self, name: str, start: int, reason: str, detail: str) -> None:
        """Keep the words from ``start`` on as text."""
        if start and self.words[start - 1] == "!":
            start -= 1
        text = " ".join(self.words[start : self.at])
        self.instances.append(Instance(UNKNOWN_MODULE, [Option(UNKNOWN_MODULE, name, False, (text,))]))
        self.problems.append(Problem(reason, detail))

    # --- the loop --------------------------------------------------------------------------

    def read(self) -> None:
        negated = False
        while self.at < len(self.words):
            word = self.words[self.at]
            start = self.at
            self.at += 1
            if word == "!":
                negated = True
                continue
            try:
                plain = _PLAIN.get(word)
                if plain is not None:
                    self._generic(plain, negated, start)
                elif word.startswith("--"):
                    self._long(word[2:], negated, start)
                elif len(word) > 1 and word[0] == "-":
                    self._short(word, negated, start)
                else:
                    self._keep("", start, "unknown-word", word)
            except _MissingValueError:
                self._keep("", start, "missing-value", word)
            negated = False
        if negated:
            self._keep("", len(self.words) - 1, "missing-value", "!")

    def _short(self, word: str, negated: bool, start: int) -> None:
        name = GENERIC_SHORT.get(word[1])
        if name is None:
            self._keep("", start, "unknown-option", word)
            return
        if len(word) > 2 and name not in ("fragment", "ipv4", "ipv6"):  # -ptcp
            self.words = [*self.words[: self.at], word[2:], *self.words[self.at :]]
        self._generic(name, negated, start)

    def _long(self, name: str, negated: bool, start: int) -> None:
        if "=" in name:
            name, _, value = name.partition("=")
            self.words = [*self.words[: self.at], value, *self.words[self.at :]]
        generic = GENERIC_LONG.get(name)
        if generic is None and self._owner(name, guess=False)[0] is None:
            name = self._written_out(name)
            generic = GENERIC_LONG.get(name)
        if generic is not None and not self._knows_here(name):
            self._generic(generic, negated, start)
        else:
            self._extension(name, negated, start)

    # --- options of every rule -------------------------------------------------------------

    def _generic(self, name: str, negated: bool, start: int) -> None:
        if name == "match":
            module, _ = self._next_value(False)
            module = MODULE_ALIASES.get(module, module)
            self.instances.append(Instance(module))
            self.in_target = False
        elif name in ("jump", "goto"):
            self.target, _ = self._next_value(False)
            self.goto = name == "goto"
            self.in_target = True
        elif name in ("source", "destination"):
            self._address(name, negated, start)
        elif name == "protocol":
            self._protocol(negated, start)
        elif name in ("in-interface", "out-interface"):
            value, negated = self._next_value(negated)
            if value != "+" or negated:
                self._add("", _option("", name, negated, (value,)))
        elif name == "fragment":
            self._add("", _option("", name, negated, ()))
        elif name == "set-counters":
            self._counters(start)
        else:
            self._command(name)

    def _command(self, name: str) -> None:
        if name == "table":
            self.table, _ = self._next_value(False)
        elif name == "wait":
            following = self._peek()
            if following is not None and is_number(following):
                self.at += 1
        elif name in ("append", "insert", "new-chain", "policy"):
            self.verb = name
            self.chain, _ = self._next_value(False)
            following = self._peek()
            if name == "insert" and following is not None and is_number(following):
                self.position = integer(following)
                self.at += 1
            elif name == "policy":
                self.policy, _ = self._next_value(False)
        elif name in ("flush", "delete-chain", "zero"):
            self.verb = name
            following = self._peek()
            if following is not None and not following.startswith("-"):
                self.chain, _ = self._next_value(False)

    def _counters(self, start: int) -> None:
        first, _ = self._next_value(False)
        packets, comma, count = first.partition(",")
        if not comma:
            count, _ = self._next_value(False)
        if is_number(packets) and is_number(count):
            self.counters = (integer(packets), integer(count))
        else:
            self._keep("set-counters", start, "bad-counters", f"{packets} {count}")

    def _address(self, name: str, negated: bool, start: int) -> None:
        value, negated = self._next_value(negated)
        try:
            found = [network(item, self.family) for item in value.split(",")]
        except ValueError:
            self._keep(name, start, "bad-address", value)
            return
        if negated and len(found) > 1:  # which iptables refuses
            self._keep(name, start, "bad-value", value)
        elif len(found) > 1:
            self.lists.append((name, found))
            self._add("", Option("", name, False, (found[0],)))
        elif negated or found[0] not in ("0.0.0.0/0", "::/0"):
            self._add("", _option("", name, negated, (found[0],)))

    def _protocol(self, negated: bool, start: int) -> None:
        value, negated = self._next_value(negated)
        try:
            found = protocol(value)
        except ValueError:
            self._keep("protocol", start, "unknown-protocol", value)
            return
        if found != "all" or negated:
            self._add("", _option("", "protocol", negated, (found,)))
            self.implicit = None if negated else IMPLICIT_MATCH.get(found)

    def _add(self, module: str, option: Option) -> None:
        self.instances.append(Instance(module, [option]))
        self.in_target = False

    # --- options of matches and targets ----------------------------------------------------

    def _knows_here(self, name: str) -> bool:
        """Whether the module or target at hand has an option that is spelled like a generic one."""
        if self.in_target and self.target:
            return name in TARGETS.get(self.target, {})
        module = self.instances[-1].module if self.instances else ""
        return name in MATCHES.get(module, {})

    def _written_out(self, name: str) -> str:
        """An option that is cut short (``--to`` of DNAT), where only one begins so (getopt_long(3)); an
        extension that is not known may have one of that very name."""
        modules = {instance.module for instance in self.instances if instance.module != UNKNOWN_MODULE}
        if not modules - {""} <= set(MATCHES) or (self.in_target and self.target not in TARGETS):
            return name
        modules.add(self.implicit or "")
        known = {option for module in modules for option in MATCHES.get(module, ())}
        known |= set(TARGETS.get(self.target or "", ())) | set(GENERIC_LONG)
        known |= {alias for module, alias in ALIASES if module in modules or module == self.target}
        found = sorted(option for option in known if option.startswith(name))
        return found[0] if len({GENERIC_LONG.get(option, option) for option in found}) == 1 else name

    def _extension(self, name: str, negated: bool, start: int) -> None:
        owner, known = self._owner(name)
        if owner is None:
            self._loose_values()
            self._keep("", start, "unknown-option", f"--{name}")
            return
        module = owner.module if isinstance(owner, Instance) else owner
        name = ALIASES.get((module, name), name)
        count = known.get(name) if known is not None else None
        if count is None:
            if self._peek() == "!":
                self.at += 1
                negated = True
            loose = self._loose_values()
            # The words of a module that nobody knows stay as they are, quotes included.
            values = loose if known is None else tuple(unquote(word) for word in loose)
        else:
            taken: list[str] = []
            for _ in range(count):
                value, negated = self._next_value(negated)
                taken.append(value)
            values = tuple(taken)
        if self.family == 6 and (module, name) == ("REJECT", "reject-with") and values:
            values = (REJECT6_ALIASES.get(values[0], values[0]),)
        try:
            option = _option(module, name, negated, values)
        except ValueError:
            self._keep(name, start, "bad-value", " ".join(values))
            return
        options = owner.options if isinstance(owner, Instance) else self.target_options
        if options and any(one.name == name for one in options) and comes_once(module, name):
            self._keep(name, start, "repeated-option", f"--{name}")
            return
        options.append(option)

    def _owner(self, name: str, guess: bool = True) -> tuple[Instance | str | None, Arity | None]:
        """Whose option this is (an instance, or the target's name), and that one's known options; a ``guess``
        where none of them knows it."""
        last = self.instances[-1] if self.instances else None
        target = self.target
        if self.in_target and target is not None:
            known = TARGETS.get(target)
            if known is not None and _has(known, target, name):
                return target, known
        for instance in reversed(self.instances):
            known = MATCHES.get(instance.module)
            if known is not None and _has(known, instance.module, name):
                return instance, known
        if target is not None and not self.in_target:
            known = TARGETS.get(target)
            if known is not None and _has(known, target, name):
                return target, known
        if self.implicit is not None and _has(MATCHES[self.implicit], self.implicit, name):
            instance = Instance(self.implicit)
            if guess:
                self.instances.append(instance)
            return instance, MATCHES[self.implicit]
        if not guess:
            return None, None
        if self.in_target and target is not None:
            return target, TARGETS.get(target)
        if last is not None and last.module not in ("", UNKNOWN_MODULE):
            return last, MATCHES.get(last.module)
        return None, None

    # --- what comes out --------------------------------------------------------------------

    def result(self, counters: tuple[int, int] | None, evidence: Evidence | None) -> ReadRule:
        packets, count = self.counters or counters or (None, None)
        target = None
        if self.target is not None:
            target = Target(self.target, self.goto, tuple(self.target_options))
        rules = [Rule(flatten(self.instances), target, packets, count, evidence)]
        for name, values in self.lists:
            rules = [
                Rule(_with_address(rule.matches, name, value), target, packets, count, evidence)
                for rule in rules
                for value in values
            ]
        return ReadRule(
            tuple(rules),
            tuple(self.problems),
            self.verb,
            self.chain,
            self.policy,
            self.position,
            self.table,
        )


def _has(known: Arity, module: str, name: str) -> bool:
    return name in known or (module, name) in ALIASES


def _with_address(matches: tuple[Option, ...], name: str, value: str) -> tuple[Option, ...]:
    replaced = [
        Option("", name, False, (value,)) if not option.module and option.name == name else option
        for option in matches
    ]
    return tuple(o for o in replaced if o.negated or o.values not in (("0.0.0.0/0",), ("::/0",)))


def read_rule(
    words: Sequence[str],
    family: Family,
    counters: tuple[int, int] | None = None,
    evidence: Evidence | None = None,
) -> ReadRule:
    """Read the words (quotes kept) of one rule or one ``-A``, ``-I``, ``-P``, ``-N`` line.

    ``counters`` (packets, bytes) are the rule's unless its words hold ``-c``.
    """
    reader = _Reader(words, family)
    reader.read()
    return reader.result(counters, evidence)
