"""What carries or blocks a pair, and the change that would turn it around, as text."""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.answers.flip import Proposal
from sekisho.answers.reach import Cell
from sekisho.explain.lines import blocks_text, lines_text
from sekisho.explain.words import say
from sekisho.values.packet import protocol_name

# Others whom a change concerns that are named.
MOST_NAMES = 6


def proposed(cell: Cell, journey: str, proposal: Proposal | None, lang: str) -> str:
    """The pair, the witness's way (as text), and what was found; ends without a newline."""
    carried = cell.status == "yes"
    lines = [say("reach.cell", (cell.source, cell.target, say(f"reach.{cell.status}", (), lang)), lang)]
    lines.append(say("reach.explain-carries" if carried else "reach.explain-blocks", (), lang))
    return blocks_text((lines_text(lines), journey, lines_text(_found(cell, proposal, lang))), blank=False)


def _found(cell: Cell, proposal: Proposal | None, lang: str) -> Iterator[str]:
    carried = cell.status == "yes"
    if proposal is None:
        yield say("reach.no-stop" if carried else "reach.no-allow", (), lang)
        return
    yield say("reach.flip-block" if carried else "reach.flip-allow", (_meant(cell, proposal),), lang)
    yield from (f"  {change}" for change in proposal.changes)
    if proposal.also:
        shown = ", ".join(proposal.also[:MOST_NAMES])
        more = len(proposal.also) - MOST_NAMES
        shown += f", ... (+{more})" if more > 0 else ""
        yield "  " + say("reach.also-stops" if carried else "reach.also-allows", (shown,), lang)


def _meant(cell: Cell, proposal: Proposal) -> str:
    """The packets that a proposal is about."""
    text = f"{cell.source} -> {cell.target}"
    if proposal.proto is not None:
        text = f"{protocol_name(proposal.proto)} {text}"
    return text if proposal.port is None else f"{text}:{proposal.port}"
