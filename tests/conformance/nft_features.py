"""What of nftables' language stood on a packet's way, for the tables of docs/conformance-nft.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass

from sekisho.model.nft import NftRuleset
from sekisho.model.nft_expression import (
    Binary,
    Concat,
    Ct,
    Fib,
    Lookup,
    MapLookup,
    Meta,
    NetPrefix,
    Payload,
    Range,
    RawPayload,
    SetLiteral,
    SetReference,
)
from sekisho.model.nft_rule import Assign, Match, Nat, SetUpdate, UseObject, Verdict, VerdictMap
from sekisho.semantics.journey import Step


def of_nft(ruleset: NftRuleset, steps: Iterable[Step]) -> Iterator[str]:
    """A rule counts where its chain was passed up to it."""
    chains = {
        (f"{table.family} {table.name}", chain.name): (table, chain)
        for table in ruleset.tables
        for chain in table.chains
    }
    reached: dict[tuple[str, str], int] = {}
    for step in steps:
        place = (step.table or "", step.chain or "")
        if place in chains:
            reached[place] = max(reached.get(place, 0), 1 << 30 if step.rule is None else step.rule)
    for place, upto in reached.items():
        table, chain = chains[place]
        yield f"nft family {table.family}"
        if chain.bound:
            yield "nft chain in braces"
        if chain.hook is not None:
            yield f"nft chain {chain.type} {chain.hook}"
        for rule in chain.rules[:upto]:
            for statement in rule.statements:
                yield from _words(statement)


def _words(part: object) -> Iterator[str]:
    """The names of an expression or statement and all inside it."""
    match part:
        case Payload(protocol, field):
            yield f"nft {protocol} {field}"
        case RawPayload():
            yield "nft raw payload"
        case Meta(key):
            yield f"nft meta {key}"
        case Ct(key, direction):
            yield f"nft ct {direction} {key}".replace("  ", " ")
        case Fib(flags, result):
            yield f"nft fib {' . '.join(flags)} {result}"
        case Lookup(kind):
            yield f"nft {kind}"
        case Match(operator):
            yield f"nft operator {operator}"
        case Binary(operator):
            yield f"nft operation {operator}"
        case Nat(kind):
            yield f"nft {kind}"
        case Verdict(kind):
            yield f"nft {kind}"
        case Assign(key):
            yield f"nft set {' '.join(_words(key)).removeprefix('nft ')}"
        case SetUpdate(operation):
            yield f"nft {operation} element"
        case UseObject(kind):
            yield f"nft object {kind}"
        case Concat() | NetPrefix() | Range() | SetLiteral() | SetReference() | MapLookup() | VerdictMap():
            yield f"nft {type(part).__name__}"
        case _ if is_dataclass(part) and not fields(part):
            yield f"nft {type(part).__name__.lower()}"
    if isinstance(part, tuple):
        for inner in part:
            yield from _words(inner)
    elif is_dataclass(part):
        for item in fields(part):
            yield from _words(getattr(part, item.name))
