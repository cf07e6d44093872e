"""What ``lab verify SNAPSHOT`` does: flows through model and kernel, and the first difference shown."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sekisho.cli.output import Output
from sekisho.errors import SourceError, UsageError, said

if TYPE_CHECKING:
    from sekisho.lab.agreement import Decision
    from sekisho.lab.derive import Derived
    from sekisho.lab.verify import Flow
    from sekisho.semantics.journeys import Start
    from sekisho.semantics.world import World
    from sekisho.values.packet import Packet

SCHEMA = "sekisho/lab-verify-flows/1"
_MARKS = {"both": "=", "model": "M", "kernel": "K"}


def run(path: str, flows: str | None, verbose: bool, out: Output) -> int:
    """0 all agree, 1 one differs, 3 the model leaves some undetermined."""
    from sekisho.cli.snapshots import open_world
    from sekisho.lab.derive import derive
    from sekisho.lab.verify import check, verify

    world = open_world(path, out)
    if len(world.sites) > 1:
        raise UsageError(
            said("single flows are put to one host, and the snapshot holds {0}", len(world.sites)),
            advice=said(
                "name one with --host {0}, or try all pairs: lab up, lab verify", next(iter(world.sites))
            ),
        )
    snapshot = world.site.snapshot
    check(snapshot)
    derived = None if flows is not None else derive(world)
    asked = [(start, None) for start in derived.starts] if derived else list(_from_file(flows or "-", world))
    found = list(verify(snapshot, world, asked))
    different = [flow for flow in found if flow.different]
    undetermined = [flow for flow in found if flow.undetermined and not flow.different]
    if out.json:
        out.document(_json(found, derived))
    else:
        _Text(out).tell(found, derived, verbose)
    return 1 if different else 3 if undetermined else 0


def _from_file(name: str, world: World) -> Iterator[tuple[Start, object]]:
    """The flows of a JSON Lines file, as ``trace --flows`` takes them."""
    from sekisho.answers.trace import question_of_flow
    from sekisho.lab.verify import start_of_question

    shown = "stdin" if name == "-" else name
    with sys.stdin.buffer if name == "-" else open(name, "rb") as lines:
        for number, raw in enumerate(lines, 1):
            if not raw.strip():
                continue
            line = raw.decode("utf-8", "backslashreplace").strip()
            try:
                flow = json.loads(raw)
                if not isinstance(flow, dict):
                    raise UsageError("a flow is a JSON object")
                question = question_of_flow(flow)
                yield start_of_question(world, question), question.id
            except (ValueError, RecursionError) as error:
                raise SourceError(said("not JSON: {0}", error), file=shown, line=number, text=line) from error
            except UsageError as error:
                raise SourceError(
                    error.said_what, file=shown, line=number, text=line, advice=error.said_advice
                ) from error


# ------------------------------------------------------------------------------------ for people


class _Text:
    """The answer for people: the first difference step by step, the others one line each."""

    def __init__(self, out: Output) -> None:
        self.out = out

    def say(self, code: str, *args: str) -> str:
        from sekisho.explain.words import say

        return say(code, list(args), self.out.lang)

    def tell(self, found: list[Flow], derived: Derived | None, verbose: bool) -> None:
        different = [flow for flow in found if flow.different]
        for flow in found if verbose else []:
            if not flow.different:
                self.out.row(f"{'?' if flow.undetermined else '='} {_named(flow)}")
        if different:
            self.first(different[0])
        for flow in different[1:]:
            if decision := flow.different:
                self.out.row(f"! {_named(flow)}: {decision.phase}: {decision.difference}")
        doubts = Counter(flow.undetermined.doubt for flow in found if flow.undetermined)
        for doubt, count in doubts.most_common():
            self.out.row(self.say("lab.flows.undetermined", str(count), doubt))
        if derived is not None:
            hit = derived.lines - len(derived.missed)
            self.out.row(self.say("lab.flows.covered", str(hit), str(derived.lines)))
            for table, chain, number in derived.missed if verbose else ():
                self.out.row("  " + self.say("lab.flows.missed", f"{table} {chain} {number}".rstrip()))
        decisions = sum(len(flow.decisions) for flow in found)
        open_ones = sum(flow.undetermined is not None for flow in found)
        agree = len(found) - len(different) - open_ones
        numbers = (len(found), decisions, agree, len(different), open_ones)
        self.out.row(self.say("lab.flows.summary", *map(str, numbers)))

    def first(self, flow: Flow) -> None:
        from sekisho.lab.agreement import side_by_side

        decision = flow.different
        assert decision is not None
        self.out.row(f"! {_named(flow)}")
        self.out.row(self.say(f"lab.flows.{decision.phase}", _packet(decision.packet)))
        self.out.row(self.say("lab.trace.model", _model(decision)))
        self.out.row(self.say("lab.trace.kernel", _kernel(decision)))
        self.out.row(self.say("lab.trace.legend"))
        for line in side_by_side(decision):
            hook, table, chain, rule, verdict = line.step
            place = f"{table} {chain}" + ("" if rule is None else f" {rule}")
            self.out.row(f"  {_MARKS[line.who]} {hook:<12} {place:<38} {verdict}".rstrip())
        self.out.row("")


def _named(flow: Flow) -> str:
    packet = flow.start.packet
    origin = flow.start.origin
    place = origin.bridge if origin is not None else packet.iif or flow.start.node
    name = "" if flow.id is None else f"{flow.id}: "
    return f"{name}{place}: {_packet(packet)}"


def _packet(packet: Packet) -> str:
    return str(packet) + (f" type {packet.icmp_type}" if packet.icmp_type is not None else "")


def _model(decision: Decision) -> str:
    leg = decision.leg
    if leg is None:
        return "-"
    out = f" {leg.packet.oif}" if leg.packet.oif and leg.disposition == "exits" else ""
    return f"{leg.disposition}{out}  {_packet(leg.packet)}"


def _kernel(decision: Decision) -> str:
    seen = decision.seen
    out = f" {seen.packet.oif}" if seen.packet.oif and seen.disposition == "exits" else ""
    more = [word for word in (seen.reason, seen.error, seen.answer) if word]
    return f"{seen.disposition}{out}  {_packet(seen.packet)}" + (f"  ({', '.join(more)})" if more else "")


# ----------------------------------------------------------------------------------- for programs


def _json(found: list[Flow], derived: Derived | None) -> dict[str, object]:
    answer: dict[str, object] = {"schema": SCHEMA, "flows": [_flow_json(flow) for flow in found]}
    if derived is not None:
        missed = [{"table": table, "chain": chain, "line": number} for table, chain, number in derived.missed]
        answer["coverage"] = {"lines": derived.lines, "missed": missed}
    return answer


def _flow_json(flow: Flow) -> dict[str, object]:
    verdict = "disagree" if flow.different else "undetermined" if flow.undetermined else "agree"
    return {
        "id": flow.id, "in": flow.start.packet.iif, "node": flow.start.node, "packet": str(flow.start.packet),
        "verdict": verdict, "phases": [_decision_json(one) for one in flow.decisions],
    }  # fmt: skip


def _decision_json(decision: Decision) -> dict[str, object]:
    from sekisho.lab.agreement import side_by_side

    leg, seen = decision.leg, decision.seen
    answer: dict[str, object] = {
        "phase": decision.phase,
        "packet": str(decision.packet),
        "differs": decision.difference or None,
        "undetermined": decision.doubt or None,
        "model": None if leg is None else _end_json(leg.disposition, leg.packet, leg.answer),
        "kernel": {**_end_json(seen.disposition, seen.packet, seen.answer), "reason": seen.reason},
    }
    if decision.difference:
        answer["steps"] = [
            dict(
                zip(("who", "hook", "table", "chain", "rule", "verdict"), (line.who, *line.step), strict=True)
            )
            for line in side_by_side(decision)
        ]
    return answer


def _end_json(disposition: str, packet: Packet, answer: str | None) -> dict[str, object]:
    hop = None if packet.next_hop is None else str(packet.next_hop)
    end = {"disposition": disposition, "packet": str(packet), "out": packet.oif, "next_hop": hop}
    return {**end, "answer": answer}
