"""What one base chain accepts, as text and as data (schema sekisho/chain/1).

in by eth1.96   accepted: tcp 131.159.14.0/25 -> *:*
131.159.14.0/25 may call 131.159.20.1, 131.159.21.0/24     (for one service)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sekisho.answers.chain import Accepted, ChainAnswer, Class
from sekisho.answers.services import addresses_text, box_json, line_of, spans_json
from sekisho.explain.lines import lines_text
from sekisho.explain.words import say
from sekisho.symbolic.chain_view import SOMETHING_ELSE
from sekisho.values.packet import protocol_name
from sekisho.views.finding_view import finding_json, finding_lines

SCHEMA = "sekisho/chain/1"


def to_text(found: ChainAnswer, lang: str, color: bool = False) -> str:
    """The whole answer; ends without a newline."""
    lines = [say("chain.head", (found.table, found.chain), lang)]
    for row in found.accepted or ():
        lines += _accepted(row, found, lang)
    if found.service is not None and found.matrix is not None:
        if found.accepted is not None:
            proto, port = found.service
            lines += ["", say("chain.service", (protocol_name(proto), str(port)), lang)]
        lines += _matrix(found.matrix, found, lang)
    lines += ("  " + say("reach.because", (say(one.code, one.args, lang),), lang) for one in found.doubts)
    if found.dead is not None:
        lines += ["", say("chain.dead" if found.dead else "chain.none-dead", (), lang)]
        lines += (f"  {line}" for finding in found.dead for line in finding_lines(finding, lang, color))
    return lines_text(lines)


def _matrix(rows: Sequence[Class], found: ChainAnswer, lang: str) -> Iterator[str]:
    for row in rows:
        sources = addresses_text(row.sources, found.family)
        targets = addresses_text(row.targets, found.family)
        yield "  " + say("chain.may-call", (sources, targets), lang)
    if not rows:
        yield "  " + say("chain.nobody", (), lang)
    if found.unsure:
        yield "  " + say("chain.unsure", (), lang)


def _accepted(row: Accepted, found: ChainAnswer, lang: str) -> Iterator[str]:
    name = say("chain.elsewhere", (), lang) if row.iif == SOMETHING_ELSE else row.iif or "-"
    yield "  " + say("chain.in-by", (name,), lang)
    for code, some in (("chain.certainly", row.certain), ("chain.perhaps", row.perhaps)):
        if some:
            yield "    " + say(code, (), lang)
            yield from (f"      {line_of(box, found.family)}" for box in some)
    if row.more:
        yield "      ..."
    if not row.certain and not row.perhaps:
        yield "    " + say("chain.nothing", (), lang)


def to_json(found: ChainAnswer, lang: str) -> dict[str, object]:
    """The same as data. ``more``: there are more flows than are listed."""
    family = found.family
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
            for row in found.accepted or ()
        ],
        "matrix": [
            {"from": spans_json(item.sources, family), "to": spans_json(item.targets, family)}
            for item in found.matrix or ()
        ],
        "matrix_unsure": found.unsure,
        "reasons": [say(doubt.code, doubt.args, lang) for doubt in found.doubts],
        "dead": None if found.dead is None else [finding_json(finding, lang) for finding in found.dead],
    }
