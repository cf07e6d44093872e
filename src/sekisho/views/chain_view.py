"""What one base chain accepts, as text and as data (schema sekisho/chain/1).

in by eth1.96   accepted: tcp 131.159.14.0/25 -> *:*
131.159.14.0/25 may call 131.159.20.1, 131.159.21.0/24     (for one service)
"""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.answers.chain import Accepted, ChainAnswer
from sekisho.answers.services import addresses_text, box_json, line_of
from sekisho.explain.words import say
from sekisho.values.address import format_ip
from sekisho.values.intset import IntSet

SCHEMA = "sekisho/chain/1"


def to_text(found: ChainAnswer, lang: str) -> str:
    """The whole answer; ends without a newline."""
    lines = [say("chain.head", (found.table, found.chain), lang)]
    for row in found.accepted:
        lines += _accepted(row, found, lang)
    for item in found.matrix:
        sources = addresses_text(item.sources, found.family)
        targets = addresses_text(item.targets, found.family)
        lines.append("  " + say("chain.may-call", (sources, targets), lang))
    if not found.accepted and not found.matrix:
        lines.append("  " + say("chain.nobody", (), lang))
    return "\n".join(lines)


def _accepted(row: Accepted, found: ChainAnswer, lang: str) -> Iterator[str]:
    yield "  " + say("chain.in-by", (row.iif or "-",), lang)
    for code, some in (("chain.certainly", row.certain), ("chain.perhaps", row.perhaps)):
        if some:
            yield "    " + say(code, (), lang)
            yield from (f"      {line_of(box, found.family)}" for box in some)
    if row.more:
        yield "      ..."
    if not row.certain and not row.perhaps:
        yield "    " + say("chain.nothing", (), lang)


def to_json(found: ChainAnswer) -> dict[str, object]:
    """The same as data. ``more``: there are more flows than are listed."""
    family = found.family

    def spans(values: IntSet) -> list[str]:
        return [
            format_ip(family, a) if a == b else f"{format_ip(family, a)}-{format_ip(family, b)}"
            for a, b in values
        ]

    return {
        "schema": SCHEMA,
        "family": family,
        "table": found.table,
        "chain": found.chain,
        "accepted": [
            {
                "in": row.iif,
                "flows": [box_json(box, family) for box in row.certain],
                "perhaps": [box_json(box, family) for box in row.perhaps],
                "more": row.more,
            }
            for row in found.accepted
        ],
        "matrix": [{"from": spans(item.sources), "to": spans(item.targets)} for item in found.matrix],
    }
