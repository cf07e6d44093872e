"""A host's own routes and rule sets in a topology: read as what they are, and written anew.

They are the words of commands. Nothing of them goes to a command as it stands: what is not understood is
an error that names the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sekisho.errors import Said, SourceError, said
from sekisho.lab.not_loaded import NotLoaded
from sekisho.lab.rulesets import rule_words
from sekisho.model.evidence import Evidence
from sekisho.model.netfilter import BUILTIN_CHAINS, Rule
from sekisho.model.routing import Route
from sekisho.sources import ip_route
from sekisho.sources.iptables_rule import command, parse_words
from sekisho.sources.iptables_tables import NO_POLICY
from sekisho.sources.iptables_words import split_words
from sekisho.values.names import BadNameError, chain_name
from sekisho.values.numbers import integer, is_number

_POLICIES = ("ACCEPT", "DROP")
_CHAIN = re.compile(r":(\S+)\s+(\S+)(?:\s+\[[0-9]{1,20}:[0-9]{1,20}\])?\s*\Z")
_MOST_DIGITS = 6  # of a rule's number: no chain here is longer
_CLEARING = {"-F": "-F", "--flush": "-F", "-X": "-X", "--delete-chain": "-X", "-Z": "-Z", "--zero": "-Z"}
_DELETING = frozenset({"-D", "--delete"})
# A command, or the table of one: each line is one command of the table above it.
_COMMANDS = re.compile(
    r"-[ADIRLSFZNXPEt].*|--(append|delete|insert|replace|list|flush|zero|new|policy|rename|table).*"
)
_NEXTHOP = re.compile(r"\s+(?=nexthop\s)")


class NotUnderstoodError(ValueError):
    """A text of a topology that is not understood; ``number``: which of its lines, from 1, and that one."""

    def __init__(self, what: str | Said, number: int, line: str) -> None:
        super().__init__(what)
        self.number = number
        self.line = line


def read_route(text: str) -> Route:
    """The words of ``ip route add``. Raises NotUnderstoodError."""
    if not text.isprintable():
        raise NotUnderstoodError("a route is one line of words that can be seen", 1, text)
    parsed = ip_route.parse("\n\t".join(_NEXTHOP.split(text.strip())), "", 4)
    if parsed.unread or len(parsed.facts) != 1:
        what = said("not understood as the words of ip route add")
        if parsed.unread and parsed.unread[0].detail:
            what = said("not understood as the words of ip route add: {0}", parsed.unread[0].detail)
        raise NotUnderstoodError(what, 1, text)
    return parsed.facts[0]


# ------------------------------------------------------------------------------------- iptables


def read_iptables(text: str, chains: Iterable[str]) -> str:
    """The text of iptables-restore --noflush, written anew. ``chains``: those that are there already.

    Raises NotUnderstoodError.
    """
    return "".join(f"{line}\n" for line in _iptables(text, set(chains)))


def _iptables(text: str, known: set[str]) -> Iterator[str]:
    table = ""
    # A rule may go to a chain that is made further down.
    made = {found[1] for line in text.split("\n") if (found := _CHAIN.match(line.strip()))}
    known |= {name for name in made if _is_chain(name)}
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if not line.isprintable():
            raise NotUnderstoodError("a rule is one line of what can be seen", number, raw)
        if line.startswith("*"):
            table = line[1:]
            if table not in BUILTIN_CHAINS:
                raise NotUnderstoodError(said("there is no table {0!r}", table), number, raw)
            yield line
        elif not table:
            raise NotUnderstoodError("a table comes first, as in *filter", number, raw)
        elif line == "COMMIT":
            table = ""
            yield line
        elif line.startswith(":"):
            yield _declared(line, number)
        else:
            yield from _command(line, number, known | set(BUILTIN_CHAINS[table]))
    if table:
        raise NotUnderstoodError("the table has no COMMIT", text.count("\n") + 1, "")


def _is_chain(name: str) -> bool:
    try:
        return bool(chain_name(name))
    except BadNameError:
        return False


def _declared(line: str, number: int) -> str:
    found = _CHAIN.match(line)
    if found is None or not _is_chain(found[1]) or found[2] not in (*_POLICIES, *NO_POLICY):
        raise NotUnderstoodError("not a chain with its policy, as in :INPUT ACCEPT [0:0]", number, line)
    return f":{found[1]} {found[2]} [0:0]"


def _command(line: str, number: int, known: set[str]) -> Iterator[str]:
    try:
        words = split_words(line)
    except ValueError as error:
        raise NotUnderstoodError(said("{0}", error), number, line) from None
    second = next((word for word in words[1:] if _COMMANDS.fullmatch(word)), None)
    if second is not None:
        raise NotUnderstoodError(said("not understood: {0}", second), number, line)
    if words[0] in _CLEARING and len(words) < 3 and all(map(_is_chain, words[1:])):
        yield " ".join((_CLEARING[words[0]], *words[1:]))
        return
    if words[0] in _DELETING and len(words) > 2 and _is_chain(words[1]):
        yield from _delete(words, line, number, known)
        return
    try:
        found = command(line)
        name = chain_name(found.chain)
    except ValueError as error:
        raise NotUnderstoodError(said("not a command that is understood: {0}", error), number, line) from None
    if found.problems:
        raise NotUnderstoodError(said("not understood: {0}", found.problems[0].detail), number, line)
    if found.verb == "policy":
        if found.policy not in _POLICIES:
            raise NotUnderstoodError(said("there is no policy {0!r}", found.policy), number, line)
        yield f"-P {name} {found.policy}"
    elif found.verb == "new-chain":
        known.add(name)
        yield f"-N {name}"
    elif found.verb not in ("append", "insert"):
        raise NotUnderstoodError(said("not understood: {0}", words[0]), number, line)
    else:
        verb = f"-I {name} {found.position}" if found.verb == "insert" else f"-A {name}"
        yield from (f"{verb} {_written(rule, number, line, known)}".rstrip() for rule in found.rules)


def _delete(words: list[str], line: str, number: int, known: set[str]) -> Iterator[str]:
    if len(words) == 3 and is_number(words[2]):
        if len(words[2]) > _MOST_DIGITS:
            raise NotUnderstoodError(said("not understood: {0}", words[2][:40]), number, line)
        yield f"-D {words[1]} {integer(words[2])}"
        return
    rules, problems = parse_words(words[2:])
    if problems:
        raise NotUnderstoodError(said("not understood: {0}", problems[0].detail), number, line)
    yield from (f"-D {words[1]} {_written(rule, number, line, known)}" for rule in rules)


def _written(rule: Rule, number: int, line: str, known: set[str]) -> str:
    refused: list[NotLoaded] = []
    words = rule_words(rule, 4, frozenset(known), refused)
    if words is None:
        raise NotUnderstoodError(refused[0].why, number, line)
    return words


# ------------------------------------------------------------------------------------- nftables


def read_nft(text: str) -> str:
    """Tables as ``nft list ruleset`` prints them, with comments of one's own; written anew.

    Raises NotUnderstoodError.
    """
    from sekisho.lab.nft_text import nft_text
    from sekisho.sources import nft_capture
    from sekisho.sources import nft_text as nft_reader

    lines = [_without_comment(line) for line in text.split("\n")]
    try:
        ruleset = nft_reader.parse("\n".join(lines), "")
    except SourceError as error:
        raise NotUnderstoodError(error.said_what, error.line, error.text) from None
    for unread in nft_capture.unread(ruleset):
        raise _at(
            unread.evidence,
            said("not understood: {0}", unread.detail) if unread.detail else said("not understood"),
        )
    refused: list[NotLoaded] = []
    written = nft_text(ruleset.tables, refused)
    for item in refused:
        raise _at(item.place, item.why)
    return written


def _at(place: Evidence, what: Said) -> NotUnderstoodError:
    return NotUnderstoodError(what, place.line, place.text)


def _without_comment(line: str) -> str:
    """The line without what stands behind a ``#`` that is outside of quotes."""
    at = next(
        (at for at, letter in enumerate(line) if letter == "#" and line.count('"', 0, at) % 2 == 0), None
    )
    return line if at is None else line[:at].rstrip()
