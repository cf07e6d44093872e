"""What changed for flows, as text: a few lines for each reason.

closed  from internet, vpc
    tcp -> 172.18.0.2:3306
    before: delivered to db    filter DOCKER 1  iptables-save.txt:41  -A DOCKER ... -j ACCEPT
    after:  dropped            raw PREROUTING 1  iptables-save.txt:5  -A PREROUTING ... -j DROP
    witness: sekisho trace BEFORE 203.0.113.9 172.18.0.2:3306 --proto tcp --in eth0
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sekisho.answers.diff import Change, Difference
from sekisho.answers.services import line_of
from sekisho.answers.sides import Side
from sekisho.explain.lines import blocks_text, captured, lines_text
from sekisho.explain.tints import BOLD, CYAN, MAGENTA, YELLOW, painted
from sekisho.explain.words import say
from sekisho.semantics.journey import ARRIVED, Step
from sekisho.views.leans import grouped
from sekisho.views.reach_text import ReachText
from sekisho.views.settling import settle_text

_TINTS = {"opened": YELLOW, "closed": CYAN, "moved": "", "source": "", "unsure": MAGENTA}
MOST_LINES = 8
MOST_REASONS = 4


class DiffText:
    """Renders in one language; ``paths`` are the snapshots as the user named them."""

    def __init__(self, lang: str, color: bool, paths: tuple[str, str]) -> None:
        self.lang = lang
        self.color = color
        self.paths = paths
        self.reach = ReachText(lang, color, paths[0])

    def diff(self, found: Sequence[Difference]) -> str:
        """The whole answer; ends without a newline."""
        blocks = [lines_text(self._change(change, each)) for each in found for change in each.changes]
        if not blocks:
            blocks.append(self._say("diff.same"))
        only = dict.fromkeys(name for each in found for name in each.only_one)
        if only:
            blocks.append(lines_text(self._say("diff.only-one", name) for name in only))
        for at, path in enumerate(self.paths):
            alone = tuple(dict.fromkeys(lean for each in found for lean in each.alone[at]))
            if alone:
                leans = (f"  - {say(lean.code, lean.args, self.lang)}" for lean in grouped(alone))
                blocks.append(lines_text((self._say("diff.alone", path), *leans)))
        for each in found:
            if settles := settle_text(each.open_doubts, each.leans_on, each.family, self.lang):
                blocks.append(settles)
        return blocks_text(blocks)

    def _change(self, change: Change, found: Difference) -> Iterator[str]:
        head = self._paint(_TINTS[change.kind] + BOLD, self._say(f"diff.{change.kind}"))
        names = ", ".join(change.sources[:8]) + (", ..." if len(change.sources) > 8 else "")
        yield f"{head}  {self._say('diff.from', names)}"
        lines = [line_of(box, found.family, found.names) for box in change.boxes]
        yield from (f"    {line}" for line in lines[:MOST_LINES])
        if len(lines) > MOST_LINES:
            yield f"    ... (+{len(lines) - MOST_LINES})"
        yield from self._side("diff.before", change.before, change.after)
        yield from self._side("diff.after", change.after, change.before)
        yield "    " + self.reach.witness(change.witness)

    def _side(self, code: str, side: Side, other: Side) -> Iterator[str]:
        """How it ends there, and what that takes for granted that the other side does not."""
        words = say(f"disposition.{side.disposition}", (), self.lang)
        if side.where:
            words += f" ({side.where})"
        if side.reply and side.reply not in ARRIVED:
            words = self._say("reach.refused-reply", say(f"disposition.{side.reply}", (), self.lang))
        yield "    " + self._say(code, words)
        yield from (" " * 12 + _line(step) for step in side.lines)
        own = grouped(tuple(lean for lean in side.leans_on if lean not in other.leans_on))
        for doubt in side.doubts[:MOST_REASONS]:
            yield " " * 12 + self._say("reach.because", say(doubt.code, doubt.args, self.lang))
        for lean in own[:MOST_REASONS]:
            yield " " * 12 + self._say("diff.leans-on", say(lean.code, lean.args, self.lang))

    def _paint(self, tint: str, text: str) -> str:
        return painted(text, tint, self.color)

    def _say(self, code: str, *args: str) -> str:
        return say(code, args, self.lang)


def _line(step: Step) -> str:
    place = " ".join(str(part) for part in (step.table, step.chain, step.rule) if part is not None)
    evidence = step.evidence
    return (
        place if evidence is None else f"{place}  {evidence.file}:{evidence.line}  {captured(evidence.text)}"
    )
