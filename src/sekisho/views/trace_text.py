"""A journey as text for people: one line per station, then the reply, then what the answer leans on.

Forward  tcp 203.0.113.9:* -> 10.1.0.81:3306
  host: in by eth0
    prerouting   nat DOCKER 3          DNAT       dst 10.1.0.81 -> 172.18.0.2    iptables-nat.txt:21
    route        main                  FORWARD    forward out of br-..., reached directly
  = delivered to 172.18.0.2
"""

from __future__ import annotations

from sekisho.explain.layout import columns, pad
from sekisho.explain.lines import blocks_text, captured, lines_text
from sekisho.explain.tints import BOLD, CYAN, DIM, GREEN, RED, YELLOW, painted
from sekisho.explain.words import say
from sekisho.semantics.hidden_gateways import hop_words
from sekisho.semantics.journey import ARRIVED, Doubt, Hop, Journey, Lean, Leg, Step
from sekisho.values.packet import Packet
from sekisho.views.leans import grouped
from sekisho.views.settling import settle_text

# So many ends of an undetermined leg are told.
_MOST_WAYS = 6
# The columns that places get: at least and at most.
_PLACE = (32, 60)


class TraceText:
    """Renders journeys in one language, with or without colour."""

    def __init__(self, lang: str, color: bool) -> None:
        self.lang = lang
        self.color = color

    def journey(self, found: Journey) -> str:
        """The whole answer; ends without a newline."""
        blocks = [self.legs(found)]
        if found.leans_on:
            blocks.append(self.leans(found.leans_on))
        if settles := settle_text(found.open_doubts, found.leans_on, found.packet.family, self.lang):
            blocks.append(settles)
        return blocks_text(blocks)

    def leans(self, leans: tuple[Lean, ...]) -> str:
        """What an answer takes for granted."""
        return lines_text(
            (self._say("trace.leans-on"), *(f"  - {self.lean(lean)}" for lean in grouped(leans)))
        )

    def legs(self, found: Journey) -> str:
        """Both directions, behind docker-proxy too; ends without a newline."""
        blocks = [self._leg("trace.forward", found.sent, found.forward)]
        if found.onward is not None:
            blocks.append(self._leg("trace.onward", found.onward.sent, found.onward.forward))
            if found.onward.reply is not None:
                blocks.append(
                    self._leg("trace.onward-reply", _reply_packet(found.onward), found.onward.reply)
                )
        if found.reply is not None:
            blocks.append(self._leg("trace.reply", _reply_packet(found), found.reply))
        if found.reply is not None and found.reply.disposition in ARRIVED and found.answered is False:
            blocks.append("  = " + self._paint(RED + BOLD, self._say("trace.not-home")))
        return blocks_text(blocks)

    def lean(self, lean: Lean) -> str:
        """One thing that the answer takes for granted, in words."""
        return self._say(lean.code, *lean.args)

    def doubt(self, doubt: Doubt) -> str:
        """One reason for an undetermined answer, with the place it comes from."""
        place = f"  {doubt.evidence.file}:{doubt.evidence.line}" if doubt.evidence else ""
        return self._say(doubt.code, *doubt.args) + place

    def _leg(self, title: str, packet: Packet, leg: Leg) -> str:
        lines = [f"{self._paint(BOLD, self._say(title))}  {packet}"]
        wide = max((columns(self._place(step)) for step in leg.steps), default=0)
        wide = min(max(wide, _PLACE[0]), _PLACE[1])
        for hop in leg.hops:
            lines.append("  " + self._hop_title(hop))
            lines += ["    " + self._step(step, wide) for step in hop.steps]
        lines.append("  = " + self._outcome(leg))
        lines += self._ways(leg)
        decisive = _decisive(leg)
        if decisive is not None and decisive.evidence is not None:
            place = f"{decisive.evidence.file}:{decisive.evidence.line}"
            lines.append(f"    {self._say('trace.decided-by')} {place}  {captured(decisive.evidence.text)}")
        if leg.answer:
            lines.append("    " + self._say("trace.answered", leg.answer))
        if leg.doubts:
            lines.append("    " + self._say("trace.because"))
            lines += [f"      - {self.doubt(doubt)}" for doubt in leg.doubts]
        return lines_text(lines)

    def _ways(self, leg: Leg) -> list[str]:
        """The ends that open questions lead to; the steps above them show one way only."""
        if not leg.ways:
            return []
        shown = [f"      - {self._way(way)}" for way in leg.ways[:_MOST_WAYS]]
        shown[0] += "  " + self._say("trace.shown")
        if len(leg.ways) > len(shown):
            shown.append("      " + self._say("trace.more", str(len(leg.ways) - len(shown))))
        return ["    " + self._say("trace.one-of"), *shown]

    def _way(self, leg: Leg) -> str:
        return self._say("trace.way-open") if leg.disposition == "undetermined" else self._end(leg)

    def _hop_title(self, hop: Hop) -> str:
        if hop.iif is None:
            return self._say("trace.node-local", hop.node)
        return self._say("trace.node", hop.node, hop.iif)

    def _place(self, step: Step) -> str:
        """Where it was decided: table, chain and rule, or what stands instead of a rule."""
        place = " ".join(part for part in (step.table, _chain(step)) if part)
        if step.table and step.rule is None and not step.code:
            word = self._say("trace.chain-end" if step.verdict == "RETURN" else "trace.policy")
            place = f"{place} {word}"
        return place

    def _step(self, step: Step, wide: int) -> str:
        what = [self._verdict(step)]
        if step.changes:
            changes = ", ".join(change_text(*change) for change in step.changes)
            what.append(self._paint(CYAN, changes))
        if step.code:
            what.append(self._say(_code(step), *step.args))
        if step.backend == "legacy":
            what.append("(legacy)")
        decides = step.rule is not None or step.verdict == "DROP" or step.hook in ("route", "socket")
        if step.evidence is not None and decides:
            what.append(self._paint(DIM, f"[{step.evidence.file}:{step.evidence.line}]"))
        line = f"{step.hook:<11}  {pad(self._place(step), wide)}  {'  '.join(what)}"
        # Calls and returns only lead from one rule to the next.
        return self._paint(DIM, line) if step.verdict in _LEADING and not step.changes else line

    def _verdict(self, step: Step) -> str:
        shown = step.verdict
        if step.verdict in ("JUMP", "GOTO"):
            shown = f"-> {step.target}"
        elif step.target and step.verdict in ("ACCEPT", "CONTINUE") and step.target != step.verdict:
            shown = step.target
        stops = step.verdict in ("DROP", "REJECT") or (step.hook == "route" and step.verdict not in _ROUTED)
        tint = RED if stops else GREEN if step.verdict in ("ACCEPT", "DELIVERED", "EXITS") else ""
        return self._paint(tint, shown)

    def _outcome(self, leg: Leg) -> str:
        if leg.ways:
            return self._paint(YELLOW + BOLD, self._say("disposition.undetermined"))
        return self._end(leg)

    def _end(self, leg: Leg) -> str:
        words = self._say(f"disposition.{leg.disposition}")
        if leg.disposition == "delivered" and leg.where:
            words = self._say("trace.to", words, leg.where)
        elif leg.disposition == "exits":
            words = self._say("trace.by", words, leg.packet.oif or "", hop_words(leg.packet.next_hop))
        tint = YELLOW if leg.disposition == "undetermined" else RED
        tint = GREEN if leg.disposition in ARRIVED else tint
        return f"{self._paint(tint + BOLD, words)}  {leg.packet}"

    def _paint(self, tint: str, text: str) -> str:
        return painted(text, tint, self.color)

    def _say(self, code: str, *args: str) -> str:
        return say(code, args, self.lang)


def _code(step: Step) -> str:
    """Somebody who is known by the address only is named once."""
    unnamed = step.code == "bridge-to" and step.args[1] == step.args[2]
    return "bridge-to-address" if unnamed else step.code


def change_text(name: str, before: str, after: str) -> str:
    """What a station changed. A field without a value yet (a source that routing chose) has none to leave."""
    return f"{name} {before} -> {after}" if before else f"{name} {after}"


_LEADING = frozenset({"JUMP", "GOTO", "RETURN"})
_ROUTED = frozenset({"LOCAL", "FORWARD", "OUTPUT"})


def _chain(step: Step) -> str:
    chain = step.chain or ""
    if step.hook == "route":
        # Where a check of the input decision names a route itself, its table says enough.
        return "" if chain == step.table or step.verdict in _ROUTED else chain
    return f"{chain} {step.rule}" if step.rule is not None else chain


def _decisive(leg: Leg) -> Step | None:
    """The step that names the line by which a packet was stopped; None when it was not."""
    if leg.disposition in ARRIVED or leg.disposition == "undetermined":
        return None
    for step in reversed(leg.steps):
        if step.verdict in ("DROP", "REJECT") or (step.hook == "route" and step.verdict not in _ROUTED):
            return step
    return None


def _reply_packet(found: Journey) -> Packet:
    """The reply as its sender puts it on the way."""
    last = found.forward.packet
    return Packet(last.family, last.dst, last.src, last.proto, last.dport, last.sport)
