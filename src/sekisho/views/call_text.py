"""A question about a connection as text: the way that answers it first, then the others.

internet -> container:db:3306: yes
  by the published port 10.0.0.10:3306: yes
  by its own address 172.18.0.3:3306: no, the Internet routes no packet to it

By the published port 10.0.0.10:3306
Forward  tcp 203.0.113.9:* -> 10.0.0.10:3306 ...
"""

from __future__ import annotations

from sekisho.answers.call import Call, Way
from sekisho.answers.trace import Question
from sekisho.explain.lines import blocks_text, lines_text
from sekisho.explain.tints import BOLD, GREEN, RED, YELLOW, painted
from sekisho.explain.words import say
from sekisho.views.settling import settle_text
from sekisho.views.trace_text import TraceText

_TINTS = {True: GREEN, False: RED, None: YELLOW}
_WORDS: dict[bool | None, str] = {True: "call.yes", False: "call.no", None: "call.perhaps"}


def to_text(found: Call, question: Question, lang: str, color: bool) -> str:
    """The whole answer; ends without a newline."""
    view = TraceText(lang, color)
    if len(found.ways) == 1 and found.first.addressable and found.first.there:
        return view.journey(found.first.journey)
    answer = _answer(found.answer(question.with_reply), lang, color)
    lines = [say("call.cell", (question.source, question.target, answer), lang)]
    for way in found.ways:
        lines.append("  " + say("call.way", (_by(way, lang), _word(way, question, lang, color)), lang))
    blocks = [lines_text(lines)]
    for way in found.ways:
        head = _by(way, lang) if way.addressable else say("call.would-be", (_by(way, lang),), lang)
        blocks.append(blocks_text((painted(head, BOLD, color), view.legs(way.journey)), blank=False))
    leans = tuple(dict.fromkeys(lean for way in found.ways for lean in way.journey.leans_on))
    if leans:
        blocks.append(view.leans(leans))
    doubts = (doubt for way in found.ways for doubt in way.journey.open_doubts)
    if settles := settle_text(doubts, leans, found.first.journey.packet.family, lang):
        blocks.append(settles)
    return blocks_text(blocks)


def _by(way: Way, lang: str) -> str:
    return say(f"call.{way.kind}", (way.to,), lang)


def _word(way: Way, question: Question, lang: str, color: bool) -> str:
    if not way.addressable:
        return say("call.unaddressable", (), lang)
    if way.there is False:
        return say("call.elsewhere", (), lang)
    return _answer(way.gets_through(question.with_reply), lang, color)


def _answer(works: bool | None, lang: str, color: bool) -> str:
    return painted(say(_WORDS[works], (), lang), _TINTS[works] + BOLD, color)
