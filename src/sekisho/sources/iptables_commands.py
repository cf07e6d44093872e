"""``iptables -A INPUT ...``: commands that people type, and scripts of them.

::

    iptables -F                                     what stood in the table is known from here on: nothing
    iptables -P INPUT DROP
    sudo iptables -t nat -I PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.0.0.2

What stood in a chain before is not known, unless the script flushes it: rules that are inserted at its head
stand before that, those that are appended behind it (``Partial`` of why ``before``). A line that cannot be
told without running the script (a loop, a variable that nothing sets, another program) may do anything to
any table.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from sekisho.model.evidence import Evidence, Partial, Unread
from sekisho.model.netfilter import BUILTIN_CHAINS, Chain, Rule, Table, is_builtin
from sekisho.model.stated import Stated
from sekisho.sources.iptables_reader import ReadRule, read_rule
from sekisho.sources.iptables_words import split_words
from sekisho.sources.shell_lines import NotPlainError, Shell, Typed
from sekisho.sources.text import numbered_lines
from sekisho.values.address import Family
from sekisho.values.names import BadNameError, chain_name
from sekisho.values.numbers import is_number

Key = tuple[Family, str]
_PROGRAM = re.compile(r"(?:\S*/)?ip(6?)tables(?:-(legacy|nft))?")
_BEFORE = frozenset({"sudo", "doas", "command", "exec", "nice", "time"})
# They change no rule: what they print stands elsewhere.
_HARMLESS = frozenset(
    {"echo", "printf", "modprobe", "set", "exit", "sleep", "true", ":", "sysctl", "logger", "umask", "cd",
     "trap", "netfilter-persistent", "iptables-save", "ip6tables-save", "cat", "ls", "which", "apt",
     "apt-get", "yum", "dnf"}
)  # fmt: skip
_REMARK = re.compile(r"\s#[^'\"]*$")
_LOOKS = re.compile(r"-[nvxw]*[LSCZVh][nvxw]*|--(?:list|list-rules|check|zero|version|help)")
_VERBOSE = frozenset({"-v", "--verbose", "-n", "--numeric", "--line-numbers"})


@dataclass(slots=True)
class _Chain:
    chain: Chain
    head: list[Rule] = field(default_factory=list)  # before whatever stood there
    rules: list[Rule] = field(default_factory=list)  # behind it
    whole: bool = False

    def all(self) -> list[Rule]:
        return [*self.head, *self.rules]


@dataclass(slots=True)
class _Table:
    name: str
    place: Evidence
    chains: dict[str, _Chain] = field(default_factory=dict)
    flushed: Evidence | None = None
    unread: Evidence | None = None
    first: Evidence | None = None


@dataclass(slots=True)
class Script:
    """What all commands together make. ``tables`` by family and back end, ``stated`` the lines that make no
    rule of their own, ``unread`` those that nobody understands."""

    made: dict[Key, dict[str, _Table]] = field(default_factory=dict)
    stated: list[Stated] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    shell: Shell = field(default_factory=Shell)
    lost: Evidence | None = None
    of_table: dict[tuple[Key, str], list[Evidence]] = field(default_factory=dict)

    def places(self, key: Key, table: str) -> list[Evidence]:
        """The lines that change the table."""
        return self.of_table.get((key, table), [])

    def read(self, text: str, file: str) -> None:
        """Follow a text's lines, after those of the texts before it."""
        for number, line in numbered_lines(_joined(text)):
            place = Evidence(file, number, line)
            try:
                typed = list(self.shell.commands(line))
            except NotPlainError as error:
                self._lose(place, "shell", str(error))
                continue
            if not typed:
                kind = "comment" if line.lstrip().startswith("#") else "set"
                self.stated.append(Stated("script", kind, (line.strip(),), evidence=place))
            elif remark := _REMARK.search(line):
                self.stated.append(Stated("script", "remark", (remark[0].strip(),), evidence=place))
            for one in typed:
                self._command(one, place)

    def tables(self) -> dict[Key, tuple[Table, ...]]:
        """The tables that the commands change, as far as the commands tell."""
        return {
            key: tuple(_made(table, self.lost) for table in tables.values())
            for key, tables in self.made.items()
        }

    def undone(self) -> Iterator[Stated]:
        """The lines of which later ones left nothing: a rule that was flushed, a policy that was set anew."""
        made = [one for tables in self.made.values() for one in tables.values()]
        of_chains = [chain for one in made for chain in one.chains.values()]
        kept = [one.evidence for one in self.stated] + [one.evidence for one in self.unread]
        for chain in of_chains:
            kept += (chain.chain.evidence, *(rule.evidence for rule in chain.all()))
        said = {(place.file, place.line) for place in kept if place is not None}
        for (_, table), places in self.of_table.items():
            for place in places:
                if (place.file, place.line) not in said:
                    yield Stated("script", "undone", (table,), evidence=place)

    def _command(self, typed: Typed, place: Evidence) -> None:
        words = list(typed.words)
        while words and words[0] in _BEFORE:
            del words[0]
            while words and words[0].startswith("-"):
                del words[0]
        program = words[0].rpartition("/")[2] if words else ""
        found = _PROGRAM.fullmatch(words[0]) if words else None
        if found is None:
            if not program or program in _HARMLESS:
                self.stated.append(Stated("script", "other", (program,), evidence=place))
            else:
                self._lose(place, "unknown-line", program)
            return
        family: Family = 6 if found[1] else 4
        words = [word for word in words[1:] if word not in _VERBOSE]
        if any(_LOOKS.fullmatch(word) for word in words[:3]) and not _changes(words):
            self.stated.append(Stated("script", "looks", (" ".join(words),), evidence=place))
            return
        try:
            read = _read(_without_wait(words), family, place)
        except ValueError as error:
            self._lose(place, "unclosed-quote", str(error))
            return
        self._carry_out(read, (family, found[2] or ""), place, typed.after == "||")

    def _carry_out(self, read: ReadRule, key: Key, place: Evidence, perhaps: bool) -> None:
        name = read.table or "filter"
        tables = self.made.setdefault(key, {})
        table = tables.setdefault(name, _Table(name, place))
        self.of_table.setdefault((key, name), []).append(place)
        try:
            chain = chain_name(read.chain) if read.chain else ""
        except BadNameError:
            self._miss(table, place, "bad-name", read.chain)
            return
        making = read.verb in ("append", "insert")
        if read.problems and not making:
            self._miss(table, place, read.problems[0].reason, read.problems[0].detail)
            return
        match read.verb:
            case "append" | "insert" if chain:
                self.unread += (Unread(place, one.reason, one.detail) for one in read.problems)
                _add(table, chain, read, place, read.verb == "insert" and not perhaps)
                return
            case "policy" if chain:
                known = _chain(table, chain, place)
                known.chain = replace(known.chain, policy=read.policy, evidence=place)
                return
            case "new-chain" if chain:
                # It fails where there is one, and leaves it as it is.
                new = chain not in table.chains
                known = _chain(table, chain, place)
                known.whole = known.whole or new
                return
            case "flush":
                _flush(table, chain, place)
            case "delete-chain":
                gone = [one for one in table.chains if one == chain or not (chain or is_builtin(name, one))]
                if not all(_deletable(table, one) for one in gone):
                    self._miss(table, place, "unknown-line", "delete-chain")
                    return
                for one in gone:
                    del table.chains[one]
            case "delete" if chain and not read.problems:
                _delete(table, chain, read)
            case "zero":
                pass
            case _:
                self._miss(table, place, "unknown-line", read.verb or "")
                return
        self.stated.append(Stated("script", read.verb or "", (name, chain), evidence=place))

    def _miss(self, table: _Table, place: Evidence, reason: str, detail: str) -> None:
        table.unread = table.unread or place
        self.unread.append(Unread(place, reason, detail))

    def _lose(self, place: Evidence, reason: str, detail: str) -> None:
        """A line that may do anything to any table."""
        self.lost = self.lost or place
        self.unread.append(Unread(place, reason, detail))


def read_all(texts: Iterable[tuple[str, str]]) -> Script:
    """Follow all texts (text, file) in order as one script."""
    script = Script()
    for text, file in texts:
        script.read(text, file)
    return script


def _joined(text: str) -> str:
    """Lines that end with a backslash are one; the lines keep their numbers."""
    lines = text.split("\n")
    for at in range(len(lines) - 2, -1, -1):
        if lines[at].endswith("\\") and not lines[at].lstrip().startswith("#"):
            lines[at] = f"{lines[at][:-1]} {lines[at + 1].strip()}"
            lines[at + 1] = ""
    return "\n".join(lines)


def _changes(words: Sequence[str]) -> bool:
    return any(re.fullmatch(r"-[ADIRNPFXE]|--(?:append|delete|insert|replace|new-chain|policy|flush)", word)
               for word in words)  # fmt: skip


def _without_wait(words: Sequence[str]) -> list[str]:
    """``-w 5`` waits for the lock."""
    kept: list[str] = []
    for at, word in enumerate(words):
        waits = at > 0 and words[at - 1] in ("-w", "--wait") and is_number(word)
        if word not in ("-w", "--wait") and not word.startswith("--wait=") and not waits:
            kept.append(word)
    return kept


def _read(words: list[str], family: Family, place: Evidence) -> ReadRule:
    """``-D CHAIN ...`` is read as ``-A CHAIN ...`` of the verb delete; by its number, it has a problem."""
    deletes = [at for at, word in enumerate(words) if word in ("-D", "--delete")]
    if len(deletes) == 1:
        words = [*words[: deletes[0]], "-A", *words[deletes[0] + 1 :]]
    read = read_rule(split_words(shlex.join(words)), family, evidence=place)
    return replace(read, verb="delete") if deletes and read.verb == "append" else read


def _chain(table: _Table, name: str, place: Evidence) -> _Chain:
    known = table.chains.get(name)
    if known is None:
        whole = table.flushed is not None and is_builtin(table.name, name)
        known = table.chains[name] = _Chain(Chain(name, evidence=place), whole=whole)
    return known


def _add(table: _Table, name: str, read: ReadRule, place: Evidence, insert: bool) -> None:
    known = _chain(table, name, place)
    if not insert:
        known.rules += read.rules
        return
    at = read.position - 1
    if known.whole and at > len(known.all()):
        table.unread = table.unread or place  # iptables refuses that
    elif at <= len(known.head):
        known.head[at:at] = reversed(read.rules)  # of a list of addresses, each goes before the one before
    elif known.whole:
        known.rules[at - len(known.head) : at - len(known.head)] = reversed(read.rules)
    else:  # among rules that nobody knows
        table.unread = table.unread or place


def _deletable(table: _Table, name: str) -> bool:
    """A chain goes where it is empty and no rule leads to it; of several, all or none (measured, 1.8.9)."""
    known = table.chains[name]
    targets = {rule.target.name for one in table.chains.values() for rule in one.all() if rule.target}
    return known.whole and not known.all() and name not in targets and not is_builtin(table.name, name)


def _flush(table: _Table, name: str, place: Evidence) -> None:
    """No rule is left, and so none that calls another chain. Policies stay."""
    for known in [one for chain, one in table.chains.items() if name in ("", chain)]:
        known.head.clear()
        known.rules.clear()
        known.whole = True
    if name:
        _chain(table, name, place).whole = True
        return
    table.flushed = place
    table.unread = None
    for builtin in BUILTIN_CHAINS.get(table.name, ()):
        _chain(table, builtin, place)


def _delete(table: _Table, name: str, read: ReadRule) -> None:
    """The first rule that is alike, of a list of addresses for each; where none is known, one from before."""
    known = table.chains.get(name)
    for rule in read.rules:
        rules = next((each for each in (known.head, known.rules) if rule in each), None) if known else None
        if rules is not None:
            rules.remove(rule)


def _made(table: _Table, lost: Evidence | None) -> Table:
    chains = tuple(replace(one.chain, rules=tuple(one.all())) for one in table.chains.values())
    whole = frozenset(
        name
        for name, one in table.chains.items()
        if one.whole and (one.chain.policy is not None or not is_builtin(table.name, name))
    )
    unread = table.unread or lost
    if unread is not None:
        return Table(table.name, chains, Partial("unread", unread), table.place)
    if table.flushed is not None and all(one.whole for one in table.chains.values()):
        return Table(table.name, chains, None, table.place)
    first = tuple((name, len(one.head)) for name, one in table.chains.items() if one.head)
    return Table(table.name, chains, Partial("before", table.place, whole, first), table.place)
