"""nftables' tables as text for ``nft -f``: written from the model, part by part, and read back.

A part (a rule, a chain's head, a set, an object) is one line or one block, and must stay so for nft's own
scanner (src/scanner.l): words of the characters that names, numbers and addresses have; strings in quotes,
in which nft knows no escape; brackets that close where they opened. A word of the scanner's own that takes
in a file or gives words another meaning (``include``, ``define``) is never written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sekisho.errors import SourceError, said
from sekisho.lab.not_loaded import NotLoaded
from sekisho.model.evidence import Evidence
from sekisho.model.nft import NftChain, NftFlowtable, NftObject, NftRule, NftRuleset, NftSet, NftTable
from sekisho.model.nft_expression import Expression, Mapping, Number, SetLiteral, Unknown, Word
from sekisho.model.nft_rule import Match, Statement, Verdict, Xt
from sekisho.model.nft_types import data_type
from sekisho.sources import nft_text as reader
from sekisho.sources.nft_render import Style, base_line, table_lines
from sekisho.sources.nft_render_statements import rule_text
from sekisho.sources.nft_text_statements import rule_statements
from sekisho.values.names import BadNameError, nft_name

FAMILIES = frozenset({"ip", "ip6", "inet", "arp", "bridge", "netdev"})
_STYLE = Style(numeric=True)
_TOKEN = re.compile(
    r"""
    [ \t\n]+
  | "[^"\n\r\t\x00-\x1f\x7f]*"
  | (?P<word>[A-Za-z0-9_./:@*%+-]+)
  | (?P<open>[{(\[]) | (?P<close>[})\]])
  | << | >> | == | != | <= | >= | [,|&^<>=!~?]
    """,
    re.VERBOSE,
)
_PAIRS = {")": "(", "}": "{", "]": "["}
# The scanner's words that are no words of a rule (src/scanner.l).
_FORBIDDEN = frozenset(
    {"include", "define", "redefine", "undefine", "describe", "monitor", "import", "export"}
)
_NAME = re.compile(r"[A-Za-z_.][A-Za-z0-9_./-]*\Z")


def nft_text(tables: Sequence[NftTable], refused: list[NotLoaded]) -> str:
    """The text of the tables; what is not loaded is added to ``refused``."""
    lines: list[str] = []
    for table in tables:
        kept = _kept(table, refused)
        if kept is not None:
            lines += table_lines(kept, _STYLE)
    return "".join(f"{line}\n" for line in lines)


def is_one_part(text: str) -> bool:
    """Whether nft's scanner finds nothing in the text that ends the part which it is."""
    at, inside = 0, []
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            return False
        at = token.end()
        if token["word"] in _FORBIDDEN:
            return False
        if token["open"]:
            inside.append(token["open"])
        elif token["close"] and (not inside or inside.pop() != _PAIRS[token["close"]]):
            return False
    return not inside


_Part = NftChain | NftSet | NftObject | NftFlowtable


def _place(fact: NftTable | NftRule | _Part) -> Evidence:
    return fact.evidence or Evidence("", 0, "")


def _kept(table: NftTable, refused: list[NotLoaded]) -> NftTable | None:
    """The table with the parts that are loaded. Comments decide nothing: only those of rules are kept."""
    if table.family not in FAMILIES or not _is_name(table.name):
        refused.append(
            NotLoaded(_place(table), said("there is no table {0} {1!r}", table.family, table.name))
        )
        return None
    bare = NftTable(table.family, table.name)
    objects = [replace(item, comment=None) for item in table.objects]
    sets = [replace(item, comment=None) for item in table.sets]
    return replace(
        bare,
        chains=tuple(_chains(table, refused)),
        sets=tuple(item for item in sets if _reads_back(replace(bare, sets=(item,)), refused)),
        objects=tuple(item for item in objects if _reads_back(replace(bare, objects=(item,)), refused)),
        flowtables=tuple(
            item for item in table.flowtables if _reads_back(replace(bare, flowtables=(item,)), refused)
        ),
        flags=tuple(flag for flag in table.flags if flag in ("dormant", "persist")),
    )


def _is_name(name: str) -> bool:
    try:
        return bool(_NAME.match(nft_name(name))) and name not in _FORBIDDEN
    except BadNameError:
        return False


# --------------------------------------------------------------------------- chains and rules


def _chains(table: NftTable, refused: list[NotLoaded]) -> Iterator[NftChain]:
    """Chains in braces are written by the rules that lead to them, and never by their names."""
    bound = frozenset(chain.name for chain in table.chains if chain.bound and not chain.unread)
    for chain in table.chains:
        if not chain.bound and not _is_name(chain.name):
            refused.append(NotLoaded(_place(chain), said("no name of a chain: {0!r}", chain.name)))
            continue
        bare = replace(chain, comment=None, rules=())
        if chain.unread or (chain.hook is not None and not _head(bare, table.family)):
            refused.append(NotLoaded(_place(chain), said("no head of a base chain that can be loaded")))
            continue
        rules = (
            replace(rule, statements=tuple(map(_numbered, rule.statements)), comment=_comment(rule.comment))
            for rule in chain.rules
        )
        yield replace(bare, rules=tuple(rule for rule in rules if _rule(rule, table.family, bound, refused)))


def _numbered(statement: Statement) -> Statement:
    """With the number of a group of interfaces in place of its only name that says one: names are read from
    a file of the system, which nothing here reads."""
    if isinstance(statement, Match) and data_type(statement.left) == "devgroup":
        return replace(statement, right=_group(statement.right))
    return statement


def _group(value: Expression) -> Expression:
    if isinstance(value, SetLiteral):
        return replace(
            value, elements=tuple(one if isinstance(one, Mapping) else _group(one) for one in value.elements)
        )
    return Number(0) if value == Word("default") else value


def _comment(text: str | None) -> str | None:
    """One that nft can read: it knows no way to write a quote, and takes 128 bytes at most."""
    fits = text is not None and text.isprintable() and '"' not in text and len(text.encode()) < 128
    return text if fits else None


def _head(chain: NftChain, family: str) -> bool:
    parts = base_line(chain, family, _STYLE).removesuffix(";").split("; policy ")
    return (
        len(parts) == 2
        and all(is_one_part(part) for part in parts)
        and _reads_back(NftTable(family, "t", chains=(chain,)), [])
    )


def _rule(rule: NftRule, family: str, bound: frozenset[str], refused: list[NotLoaded]) -> bool:
    """Whether a rule is loaded; what stands in its braces is looked at by itself."""
    named = tuple(
        replace(one, chain="braces") if isinstance(one, Verdict) and one.chain in bound else one
        for one in rule.statements
    )
    several = sum(one is not other for one, other in zip(named, rule.statements, strict=True)) > 1
    rule = replace(rule, statements=named)
    understood = not several and not any(isinstance(part, Unknown | Xt) for part in rule.statements)
    why = said("not understood")
    if understood:
        text = rule_text(rule, family)
        why = said("nft would read it as more than a rule")
        if is_one_part(text) and "\n" not in text:
            statements, comment = rule_statements(text, family)
            if (statements, comment) == (rule.statements, rule.comment):
                return True
            why = said("it does not read back as it was")
    refused.append(NotLoaded(_place(rule), why, understood))
    return False


# ------------------------------------------------------------------------- sets and the like


def _reads_back(table: NftTable, refused: list[NotLoaded]) -> bool:
    """Whether a table with one part comes out as it went in."""
    parts: tuple[_Part, ...] = table.objects or table.sets or table.flowtables or table.chains
    part = parts[0]
    why = said("no name that can be loaded: {0!r}", part.name)
    if _is_name(part.name):
        lines = list(table_lines(table, _STYLE))[1:-1]
        why = said("nft would read it as more than it is")
        if not part.unread and (table.chains or is_one_part("\n".join(lines))):
            why = said("it does not read back as it was")
            try:
                back = reader.parse("\n".join((f"table {table.family} {table.name} {{", *lines, "}")), "")
            except SourceError:
                back = NftRuleset()
            if _equal(back.tables, table):
                return True
    refused.append(NotLoaded(_place(part), why))
    return False


def _equal(found: Sequence[NftTable], table: NftTable) -> bool:
    if len(found) != 1 or found[0] != replace(table, unread=()):
        return False
    found_parts: tuple[NftTable | _Part, ...] = (
        found[0], *found[0].chains, *found[0].sets, *found[0].objects, *found[0].flowtables
    )  # fmt: skip
    return not any(one.unread for one in found_parts)
