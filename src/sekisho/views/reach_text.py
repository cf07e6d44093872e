"""What reaches what, as text: a matrix where it fits, and a few lines for each pair.

internet -> web: yes
    tcp internet -> 172.18.0.3:80  (sent to 10.0.1.23:8080)
    witness: sekisho trace SNAPSHOT 203.0.113.9 10.0.1.23:8080 --proto tcp --sport 40000 --in eth0
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sekisho.answers.reach import Cell, Reach, Refusal, Row
from sekisho.answers.services import addresses_text, line_of
from sekisho.answers.witness import Witness
from sekisho.explain.layout import pad
from sekisho.explain.lines import blocks_text, captured, lines_text
from sekisho.explain.tints import BOLD, DIM, GREEN, RED, YELLOW, painted
from sekisho.explain.words import say
from sekisho.semantics.journey import ARRIVED
from sekisho.symbolic.fate import Fate
from sekisho.views.commands import trace_command
from sekisho.views.leans import grouped
from sekisho.views.settling import settle_text

_TINTS = {"yes": GREEN, "no": RED, "perhaps": YELLOW}
# Longer matrices and lists are cut; the JSON form has everything.
MOST_COLUMNS = 12
MOST_ROWS = 60
MOST_LINES = 8


class ReachText:
    """Renders in one language; ``snapshot`` is how the user named it, for the commands."""

    def __init__(self, lang: str, color: bool, snapshot: str) -> None:
        self.lang = lang
        self.color = color
        self.snapshot = snapshot

    def reach(self, found: Reach) -> str:
        """The whole answer; ends without a newline."""
        blocks = [self.cell(cell, found) for cell in found.cells]
        if found.rows or not found.cells:
            blocks += self._all_pairs(found)
        if found.leans_on:
            leans = (f"  - {say(lean.code, lean.args, self.lang)}" for lean in grouped(found.leans_on))
            blocks.append(lines_text((self._say("reach.leans-on"), *leans)))
        if settles := settle_text(found.doubts, found.leans_on, found.family, self.lang):
            blocks.append(settles)
        return blocks_text(blocks)

    # -------------------------------------------------------------------------------------- cells

    def cell(self, cell: Cell, found: Reach) -> str:
        """One pair."""
        status = self._paint(_TINTS[cell.status] + BOLD, self._say(f"reach.{cell.status}"))
        lines = [self._say("reach.cell", cell.source, cell.target, status)]
        lines += self._boxes((line_of(box, found.family, found.names) for box in cell.boxes), 4)
        if cell.witness is not None:
            lines.append("    " + self.witness(cell.witness))
        if cell.perhaps:
            lines.append("  " + self._paint(YELLOW, self._say("reach.perhaps-these")))
            lines += self._boxes((line_of(box, found.family, found.names) for box in cell.perhaps), 4)
            for doubt in cell.doubts:
                lines.append("    " + self._say("reach.because", say(doubt.code, doubt.args, self.lang)))
        if cell.unaddressed and cell.status != "yes":
            shown = addresses_text(cell.unaddressed, found.family, found.names)
            lines.append("  " + self._say("reach.unaddressed", cell.source, shown))
        if cell.refusals:
            lines.append("  " + self._say("reach.refused"))
            for refusal in cell.refusals:
                lines += self._refusal(refusal, found)
        if cell.more_refusals:
            lines.append("    " + self._say("reach.more-refusals", str(cell.more_refusals)))
        return lines_text(lines)

    def _refusal(self, refusal: Refusal, found: Reach) -> Iterator[str]:
        words = fate_words(refusal.fate, self.lang)
        if not refusal.forward and refusal.fate.disposition in ARRIVED:
            words = self._say("trace.not-home")
        elif not refusal.forward:
            words = self._say("reach.refused-reply", words)
        yield "    " + self._paint(RED, words)
        yield from self._boxes((line_of(box, found.family, found.names) for box in refusal.boxes), 6, 3)
        yield "      " + self.witness(refusal.witness)

    def witness(self, witness: Witness) -> str:
        """The command that replays a packet."""
        return self._paint(DIM, self._say("reach.witness", trace_command(self.snapshot, witness)))

    def _boxes(self, lines: Iterable[str], indent: int, most: int = MOST_LINES) -> Iterator[str]:
        every = list(lines)
        shown = every if len(every) <= most + 1 else every[:most]
        yield from (" " * indent + line for line in shown)
        if len(shown) < len(every):
            yield " " * indent + f"... (+{len(every) - len(shown)})"

    # ----------------------------------------------------------------------------------- all pairs

    def _all_pairs(self, found: Reach) -> list[str]:
        pairs = {(name, row.target) for row in found.rows if row.status == "yes" for name in row.sources}
        total = len(found.sources) * len(found.targets)
        head = self._say(
            "reach.summary", str(len(found.sources)), str(len(found.targets)), str(len(pairs)), str(total)
        )
        blocks = [head]
        if len(found.targets) <= MOST_COLUMNS and len(found.sources) <= MOST_ROWS:
            blocks.append(self._matrix(found))
        shown = found.rows[:MOST_ROWS]
        blocks.append(lines_text(line for row in shown for line in self._row(row, found)))
        if len(shown) < len(found.rows):
            blocks.append(self._say("reach.shown-of", str(len(shown)), str(len(found.rows))))
        return [block for block in blocks if block]

    def _matrix(self, found: Reach) -> str:
        status: dict[tuple[str, str], str] = {}
        for row in found.rows:
            for name in row.sources:
                if status.get((name, row.target)) != "yes":
                    status[name, row.target] = row.status
        wide = max((len(name) for name in found.sources), default=0)
        columns = [max(len(name), 7) for name in found.targets]
        lines = [
            " " * wide + "  " + "  ".join(pad(n, w) for n, w in zip(found.targets, columns, strict=True))
        ]
        for source in found.sources:
            cells = []
            for target, width in zip(found.targets, columns, strict=True):
                kind = "none" if source == target else status.get((source, target), "no")
                cells.append(self._paint(_TINTS.get(kind, ""), pad(self._say(f"reach.{kind}"), width)))
            lines.append(f"{source:<{wide}}  " + "  ".join(cells))
        return lines_text(line.rstrip() for line in lines)

    def _row(self, row: Row, found: Reach) -> Iterator[str]:
        names = ", ".join(row.sources[:4]) + (
            f", ... (+{len(row.sources) - 4})" if len(row.sources) > 4 else ""
        )
        status = self._paint(_TINTS[row.status], self._say(f"reach.{row.status}"))
        yield self._say("reach.cell", names, row.target, status)
        yield from self._boxes((line_of(box, found.family, found.names) for box in row.boxes), 4, 4)
        if row.witness is not None:
            yield "    " + self.witness(row.witness)
        for doubt in row.doubts[:4]:
            yield "    " + self._say("reach.because", say(doubt.code, doubt.args, self.lang))

    def _paint(self, tint: str, text: str) -> str:
        return painted(text, tint, self.color)

    def _say(self, code: str, *args: str) -> str:
        return say(code, args, self.lang)


def fate_words(fate: Fate, lang: str) -> str:
    """How packets end, with the line that decided it."""
    words = say(f"disposition.{fate.disposition}", (), lang)
    line = fate.line
    evidence = line.evidence if line is not None else fate.chain.evidence if fate.chain is not None else None
    if evidence is not None:
        return f"{words}  {evidence.file}:{evidence.line}  {captured(evidence.text)}"
    if fate.chain is not None and fate.table:
        return f"{words}  {fate.table} {fate.chain.name}"
    return words
