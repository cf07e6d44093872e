"""What changed for flows, as text: a few lines for each reason.

closed  from internet, vpc
    tcp -> 172.18.0.2:3306
    before: delivered to db    filter DOCKER 1  iptables-save.txt:41  -A DOCKER ... -j ACCEPT
    after:  dropped            raw PREROUTING 1  iptables-save.txt:5  -A PREROUTING ... -j DROP
    witness: sekisho trace BEFORE 203.0.113.9 172.18.0.2:3306 --proto tcp --in eth0
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sekisho.answers.diff import Change, Difference, Side
from sekisho.answers.services import line_of
from sekisho.explain.words import say
from sekisho.semantics.journey import ARRIVED, Step
from sekisho.views.reach_text import ReachText

_BOLD, _RESET = "\033[1m", "\033[0m"
_TINTS = {"opened": "\033[33m", "closed": "\033[36m", "moved": "", "source": "", "unsure": "\033[35m"}
MOST_LINES = 8


class DiffText:
    """Renders in one language; ``paths`` are the snapshots as the user named them."""

    def __init__(self, lang: str, color: bool, paths: tuple[str, str]) -> None:
        self.lang = lang
        self.color = color
        self.paths = paths
        self.reach = ReachText(lang, color, paths[0])

    def diff(self, found: Sequence[Difference]) -> str:
        """The whole answer; ends without a newline."""
        blocks = ["\n".join(self._change(change, each)) for each in found for change in each.changes]
        if not blocks:
            blocks.append(self._say("diff.same"))
        only = dict.fromkeys(name for each in found for name in each.only_one)
        if only:
            blocks.append("\n".join(self._say("diff.only-one", name) for name in only))
        return "\n\n".join(blocks)

    def _change(self, change: Change, found: Difference) -> Iterator[str]:
        head = self._paint(_TINTS[change.kind] + _BOLD, self._say(f"diff.{change.kind}"))
        names = ", ".join(change.sources[:8]) + (", ..." if len(change.sources) > 8 else "")
        yield f"{head}  {self._say('diff.from', names)}"
        lines = [line_of(box, found.family, found.names) for box in change.boxes]
        yield from (f"    {line}" for line in lines[:MOST_LINES])
        if len(lines) > MOST_LINES:
            yield f"    ... (+{len(lines) - MOST_LINES})"
        yield "    " + self._say("diff.before", self._side(change.before))
        yield "    " + self._say("diff.after", self._side(change.after))
        yield "    " + self.reach.witness(change.witness)

    def _side(self, side: Side) -> str:
        words = say(f"disposition.{side.disposition}", (), self.lang)
        if side.where:
            words += f" ({side.where})"
        if side.reply and side.reply not in ARRIVED:
            words = self._say("reach.refused-reply", say(f"disposition.{side.reply}", (), self.lang))
        indent = "\n" + " " * 12
        return indent.join((words, *map(_line, side.lines)))

    def _paint(self, tint: str, text: str) -> str:
        return f"{tint}{text}{_RESET}" if self.color and tint else text

    def _say(self, code: str, *args: str) -> str:
        return say(code, args, self.lang)


def _line(step: Step) -> str:
    place = " ".join(str(part) for part in (step.table, step.chain, step.rule) if part is not None)
    evidence = step.evidence
    return place if evidence is None else f"{place}  {evidence.file}:{evidence.line}  {evidence.text.strip()}"
