"""Who can open a connection to what, as a table, with the calls below it.

            internet  vpc  same host  same network  other networks
web:80/tcp  yes       yes  yes        yes           no
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sekisho.answers.exposed import CALLERS
from sekisho.answers.exposure import Access, Exposed, Exposure
from sekisho.answers.refusing import Objection
from sekisho.answers.services import addresses_text, ports_text
from sekisho.explain.layout import columns, pad
from sekisho.explain.lines import blocks_text, captured, lines_text
from sekisho.explain.tints import GREEN, MAGENTA, RED, YELLOW, painted
from sekisho.explain.words import say
from sekisho.views.leans import grouped
from sekisho.views.reach_text import ReachText
from sekisho.views.settling import settle_text

_TINTS = {"yes": YELLOW, "no": GREEN, "perhaps": MAGENTA, "none": ""}
# Ports whose calls are told one by one; more stand in the table only.
MOST_TOLD = 40
MOST_CALLS = 4


class ExposedText:
    """Renders in one language; ``snapshot`` is how the user named it, for the commands."""

    def __init__(self, lang: str, color: bool, snapshot: str) -> None:
        self.lang = lang
        self.color = color
        self.reach = ReachText(lang, color, snapshot)

    def exposed(self, found: Exposed) -> str:
        """The whole answer; ends without a newline."""
        blocks = [lines_text(self._table(found.ports)) if found.ports else self._say("exposed.none")]
        if found.ports:
            blocks.append(lines_text(no_way_in(found, self.lang)))
        told = found.ports[:MOST_TOLD]
        blocks += [lines_text(self._calls(port, found)) for port in told]
        if len(told) < len(found.ports):
            blocks.append(self._say("reach.shown-of", str(len(told)), str(len(found.ports))))
        if found.leans_on:
            leans = (f"  - {say(lean.code, lean.args, self.lang)}" for lean in grouped(found.leans_on))
            blocks.append(lines_text((self._say("reach.leans-on"), *leans)))
        if settles := settle_text(found.doubts, found.leans_on, found.family, self.lang):
            blocks.append(settles)
        return blocks_text(block for block in blocks if block)

    def _table(self, ports: Iterable[Exposure]) -> Iterator[str]:
        rows = [(_label(port), {item.caller: item for item in port.access}) for port in ports]
        told = {caller: True for _, access in rows for caller in access}
        callers = [
            *(caller for caller in CALLERS if caller in told or not told),
            *(told.keys() - set(CALLERS)),
        ]
        heads = [self._say(f"exposed.{caller}") for caller in callers]
        wide = max(columns(label) for label, _ in rows)
        yield (" " * wide + "  " + "  ".join(heads)).rstrip()
        limited = False
        for label, access in rows:
            cells = []
            for caller, head in zip(callers, heads, strict=True):
                item = access.get(caller)
                kind = "none" if item is None else item.status
                limited |= item is not None and bool(item.only)
                mark = "*" if item is not None and item.only else ""
                cells.append(self._paint(_TINTS[kind], pad(self._say(f"reach.{kind}") + mark, columns(head))))
            yield (pad(label, wide) + "  " + "  ".join(cells)).rstrip()
        if limited:
            yield self._say("exposed.limited")

    def _calls(self, port: Exposure, found: Exposed) -> Iterator[str]:
        where = f"{port.network} {port.address}".strip()
        yield _label(port) + (f"  ({where})" if where else "")
        for item in port.access:
            if item.status == "none":
                continue
            head = f"  {self._say(f'exposed.{item.caller}')}: "
            yield head + self._paint(_TINTS[item.status], self._say(f"reach.{item.status}"))
            yield from self._only(item, found)
            yield from self._detail(item)

    def _only(self, item: Access, found: Exposed) -> Iterator[str]:
        if item.only.sports is not None:
            yield "    " + self._say("exposed.only-ports", ports_text(item.only.sports))
        if item.only.sources is not None:
            yield "    " + self._say("exposed.only-from", addresses_text(item.only.sources, found.family))

    def _detail(self, item: Access) -> Iterator[str]:
        if item.via:
            shown = [self._say("exposed.direct") if call == "direct" else call for call in item.via]
            more = f", ... (+{len(shown) - MOST_CALLS})" if len(shown) > MOST_CALLS else ""
            yield "    " + self._say("exposed.calls", ", ".join(shown[:MOST_CALLS]) + more)
        for source in item.sees[:MOST_CALLS]:
            yield "    " + self._say("exposed.sees", source or self._say("exposed.sees-own"))
        if item.bypasses is not None:
            yield "    " + self._paint(RED, self._say("exposed.bypasses", objection_text(item.bypasses)))
        if item.witness is not None:
            yield "    " + self.reach.witness(item.witness)
        for doubt in item.doubts[:MOST_CALLS]:
            why = "exposed.more" if item.status == "yes" else "reach.because"
            yield "    " + self._say(why, say(doubt.code, doubt.args, self.lang))
        for reason in item.refused_by[:MOST_CALLS]:
            words = " ".join((say(f"disposition.{reason.disposition}", (), self.lang), reason.place)).strip()
            yield "    " + self._say("exposed.refused-by", words)
        if item.unaddressed:
            yield "    " + self._say("exposed.unaddressed")

    def _paint(self, tint: str, text: str) -> str:
        return painted(text, tint, self.color)

    def _say(self, code: str, *args: str) -> str:
        return say(code, args, self.lang)


def no_way_in(found: Exposed, lang: str) -> Iterator[str]:
    """Who cannot even be asked for, and why."""
    for kind in found.no_way_in:
        yield say(f"exposed.no-way-in.{kind}", (f"IPv{found.family}",), lang)


def objection_text(found: Objection) -> str:
    """The rule that would refuse, with its place."""
    place = f"{found.evidence.file}:{found.evidence.line}  " if found.evidence is not None else ""
    return f"{found.table} {found.chain}: {place}{captured(found.text)}"


def _label(port: Exposure) -> str:
    return f"{port.place}:{port.port}/{port.proto}"
