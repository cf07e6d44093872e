"""``sekisho lab trace``: one real packet, the kernel's own steps beside the model's."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sekisho.cli.labs import add_name, open_lab
from sekisho.cli.language import Words
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser

if TYPE_CHECKING:
    from sekisho.lab.system.forecast import Forecast
    from sekisho.lab.system.side_by_side import Line, Visit, Way
    from sekisho.lab.system.tracing import Seen

HELP: Words = {
    "en": "send one real packet; show the kernel's own steps beside the model's",
    "ja": "本物のパケットを1つ送り、カーネル自身のステップをモデルと並べて示す",
}
_MARKS = {"both": "=", "model": "M", "kernel": "K", "remark": " "}
# Beyond this many nodes only those are watched that can be on the way.
_WATCH_ALL = 60


def add_arguments(parser: VerbParser) -> None:
    """``lab trace FROM TO [--proto tcp|udp|icmp]``."""
    say = parser.say
    parser.add_argument("source", metavar="FROM", help=say(en="the node that sends", ja="送るノード"))
    parser.add_argument(
        "target",
        metavar="TO",
        help=say(
            en="a node or an address, with :PORT for tcp and udp",
            ja="ノードまたはアドレス。tcpとudpでは :ポート も",
        ),
    )
    add_name(parser)
    parser.add_argument(
        "--proto",
        choices=("tcp", "udp", "icmp"),
        help=say(
            en="default: tcp where TO has a port, else icmp",
            ja="既定: TO にポートがあれば tcp、なければ icmp",
        ),
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """0 where it is answered, 1 where not; 3 where model and kernel disagree or the model cannot say."""
    from sekisho.lab.system.facts import capture
    from sekisho.lab.system.forecast import Forecaster
    from sekisho.lab.system.places import relevant, source_node, target
    from sekisho.lab.system.side_by_side import agree, ways
    from sekisho.lab.system.tracing import Call, watch
    from sekisho.values.address import Address

    client = open_lab(args.name, out)
    plan = client.plan()
    source, place = source_node(args.source, plan), target(args.target, plan)
    proto = args.proto or ("tcp" if place.port is not None else "icmp")
    nodes: list[str] = [node.name for node in plan.nodes]
    if len(nodes) > _WATCH_ALL:
        nodes = relevant(plan, source, place)
    forecaster = Forecaster(capture(client, plan, nodes))
    forecast = forecaster.connect(source, place.address, place.port, proto)
    onward = forecast.segments[-1].journey.onward
    beyond = None
    if onward is not None and onward.packet.dport is not None:
        beyond = Call(Address(onward.packet.family, onward.packet.dst), onward.packet.dport, proto)
    doors = client.doors(nodes)
    seen = watch(doors, plan, source, Call(place.address, place.port, proto), beyond)
    # Once more with the source port that it got.
    forecast = forecaster.connect(source, place.address, place.port, proto, seen.packet.sport)
    found = ways(forecast, seen)
    same = agree(found) and (forecast.answered is None or forecast.answered == seen.reached.connected)
    if out.json:
        out.document(_json(forecast, seen, found, same))
    else:
        _Text(out).tell(forecast, seen, found, same)
    if not same or forecast.answered is None:
        return 3
    return 0 if seen.reached.connected else 1


class _Text:
    """The answer for people."""

    def __init__(self, out: Output) -> None:
        self.out = out

    def say(self, code: str, *args: str) -> str:
        from sekisho.explain.words import say

        return say(code, list(args), self.out.lang)

    def tell(self, forecast: Forecast, seen: Seen, found: tuple[Way, ...], same: bool) -> None:
        from sekisho.cli.lab_words import in_kernel, in_model

        self.out.row(str(seen.packet))
        self.out.row(self.say("lab.trace.legend"))
        for way in found:
            self.out.write("\n" + self.say(f"lab.trace.{way.direction}"))
            for visit in way.visits:
                self.visit(visit)
        self.out.row("")
        self.out.row(self.say("lab.trace.model", in_model(forecast, self.out.lang)))
        self.out.row(self.say("lab.trace.kernel", in_kernel(seen.reached, self.out.lang)))
        code = "agree" if same else "disagree"
        self.out.row(self.say("lab.trace.undetermined" if forecast.answered is None else f"lab.trace.{code}"))

    def visit(self, visit: Visit) -> None:
        came = self.say("lab.trace.in", visit.iif) if visit.iif else self.say("lab.trace.local")
        went = self.say("lab.trace.out", visit.oif) if visit.oif else self.say("lab.trace.taken")
        words = [came, went]
        if not visit.seen:
            words.append(self.say("lab.trace.not-seen"))
        if not visit.expected:
            words.append(self.say("lab.trace.not-expected"))
        self.out.row(f"  {visit.node}: {', '.join(words)}")
        for line in visit.lines:
            self.out.row(f"  {_MARKS[line.who]} {self.step(line)}".rstrip())

    def step(self, line: Line) -> str:
        from sekisho.views.trace_text import change_text

        step = line.model or line.kernel
        assert step is not None
        place = f"{step.table or ''} {step.chain or ''}".strip()
        if step.chain is not None and line.who != "remark":
            place += f" {step.rule}" if step.rule is not None else ""
        words = f"{step.hook:<12} {place:<38} {step.verdict}"
        if step.target and step.verdict in ("JUMP", "GOTO"):
            words += f" {step.target}"
        if line.model is not None:
            words += "".join(f"  {change_text(*change)}" for change in line.model.changes)
            if line.model.code:
                words += "  " + self.say(line.model.code, *line.model.args)
        return words


def _json(forecast: Forecast, seen: Seen, found: tuple[Way, ...], same: bool) -> dict[str, object]:
    return {
        "schema": "sekisho/lab-trace/1",
        "packet": str(seen.packet),
        "agree": same,
        "model": {
            "disposition": forecast.disposition, "where": forecast.where, "client": forecast.client,
            "answered": forecast.answered,
        },
        "kernel": {"connected": seen.reached.connected, "error": seen.reached.error or None},
        "ways": [
            {"direction": way.direction, "visits": [_visit_json(visit) for visit in way.visits]}
            for way in found
        ],
    }  # fmt: skip


def _visit_json(visit: Visit) -> dict[str, object]:
    steps = []
    for line in visit.lines:
        step = line.model or line.kernel
        assert step is not None
        steps.append(
            {
                "who": line.who, "hook": step.hook, "table": step.table, "chain": step.chain,
                "rule": step.rule,
                "model": line.model.verdict if line.model else None,
                "kernel": line.kernel.verdict if line.kernel else None,
            }
        )  # fmt: skip
    return {
        "node": visit.node, "in": visit.iif, "out": visit.oif, "seen": visit.seen, "expected": visit.expected,
        "steps": steps,
    }  # fmt: skip
