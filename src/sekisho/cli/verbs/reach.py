"""``sekisho reach``: what can reach what, for all packets at once."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sekisho.cli.language import Words
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser
from sekisho.cli.snapshots import add_snapshot, open_snapshot, open_world
from sekisho.errors import UsageError, said

if TYPE_CHECKING:
    from sekisho.answers.reach import Question, Reach
    from sekisho.model.snapshot import Snapshot
    from sekisho.semantics.world import World

HELP: Words = {
    "en": "what can reach what, for all packets: exact sets, a witness, and what refuses the rest",
    "ja": "何が何に届くか (全パケット): 正確な集合、実例、届かないものを拒む行",
}

ENDS = ("any", "internet", "vpc", "host", "container:", "network:", "netns:", "iface:")


def add_arguments(parser: VerbParser) -> None:
    """``reach [SNAPSHOT] [--from E] [--to E] [--proto P] [-6] [--explain] [--chain C [--full]]``."""
    say = parser.say
    add_snapshot(parser)
    end = say(
        en="ADDRESS, PREFIX, any, internet, vpc, host, container:NAME, network:NAME, netns:NAME or"
        " iface:NAME,"
        " each with :PORT or :FROM-TO",
        ja="アドレス, プレフィックス, any, internet, vpc, host, container:名前, network:名前, netns:名前,"
        " iface:名前。それぞれ :ポート または :開始-終了 を付けられる",
    )
    parser.add_argument("--from", dest="source", default="any", metavar="END", help=end)
    parser.add_argument("--to", dest="target", default="any", metavar="END", help=end)
    parser.suggest("source", ENDS)
    parser.suggest("target", ENDS)
    parser.add_argument(
        "--proto",
        metavar="PROTO",
        help=say(
            en="tcp, udp, icmp, a protocol number or all (default: tcp, udp and icmp)",
            ja="tcp, udp, icmp, プロトコル番号, all (既定: tcp, udp, icmp)",
        ),
    )
    parser.suggest("proto", ("tcp", "udp", "icmp", "all"))
    parser.add_argument(
        "--chain",
        metavar="[TABLE:]CHAIN",
        help=say(
            en="look at one base chain alone, for a firewall without routes;"
            " with --to :PORT who may call whom",
            ja="基本チェインを1つだけ見る (経路のないファイアウォール向け)。"
            "--to :ポート で誰が誰に接続できるか",
        ),
    )
    parser.suggest("chain", ("FORWARD", "INPUT", "OUTPUT"))
    parser.add_argument(
        "--full",
        action="store_true",
        help=say(
            en="with --chain: what it accepts, who may call the port of --to, and its dead rules",
            ja="--chain と共に: 許可するもの、--to のポートに接続できる組、働かないルールをまとめて示す",
        ),
    )
    parser.add_argument("-6", dest="six", action="store_true", help=say(en="IPv6", ja="IPv6について"))
    parser.add_argument(
        "--explain",
        action="store_true",
        help=say(
            en="which lines carry or block each pair, and the smallest change that would flip it",
            ja="通す行・止める行と、結果を変える最小の変更を示す",
        ),
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """For one pair 0 yes, 1 no, 3 perhaps; for several 0."""
    if args.chain is not None:
        return _chain(open_snapshot(args.snapshot, out), args, out)
    if args.full:
        raise UsageError(
            out.say(
                en="--full tells of one chain: add --chain FORWARD",
                ja="--full は1つのチェインについて示します: --chain FORWARD を加えてください",
            )
        )
    from sekisho.answers.reach import Question, reach

    world = open_world(args.snapshot, out)
    question = Question(args.source, args.target, args.proto, 6 if args.six else 4)
    found = reach(world, question)
    if out.json:
        from sekisho.views.reach_json import to_json

        out.document(to_json(found, out.lang))
    else:
        from sekisho.views.reach_text import ReachText

        text = ReachText(out.lang, out.color, args.snapshot)
        out.write(text.reach(found))
        if args.explain:
            out.write("\n" + _explained(world, found, question, out))
    if len(found.cells) != 1:
        return 0
    return {"yes": 0, "no": 1, "perhaps": 3}[found.cells[0].status]


def _chain(snapshot: Snapshot, args: argparse.Namespace, out: Output) -> int:
    """What one chain accepts, or who may call whom at a port, or all that and its dead rules."""
    from sekisho.answers.chain import ChainReader
    from sekisho.views.chain_view import to_json, to_text

    service = _service(args)
    reader = ChainReader(snapshot, args.chain, 6 if args.six else 4)
    found = reader.answer(accepted=args.full or service is None, service=service, dead=args.full)
    if out.json:
        out.document(to_json(found, out.lang))
    else:
        out.write(to_text(found, out.lang, out.color))
    return 0


def _service(args: argparse.Namespace) -> tuple[int, int] | None:
    """The protocol and the one port that a chain is asked about. Raises UsageError for all else that
    ``--from`` and ``--to`` may say: a chain by itself knows no places."""
    from sekisho.answers.ends import parse_end
    from sekisho.values.packet import PORT_PROTOCOLS, protocol_number

    if args.source == "any" and args.target == "any" and args.proto is None:
        return None
    end = parse_end(args.target)
    ports = end.ports
    try:
        proto = protocol_number(args.proto or "tcp")
    except ValueError as error:
        raise UsageError(said("{0}", error), advice="write tcp, udp, icmp or a protocol number") from error
    whole = args.target.startswith(":") and ports is not None and ports.size() == 1
    if args.source != "any" or not whole or proto not in PORT_PROTOCOLS or ports is None:
        raise UsageError(
            "--chain looks at one chain alone and takes one port with it, and its protocol",
            advice="for example:  --chain FORWARD --to :22 --proto tcp",
        )
    return proto, ports.intervals[0][0]


def _explained(world: World, found: Reach, question: Question, out: Output) -> str:
    """For each pair, the witness step by step and what would flip it."""
    from sekisho.answers.flip import Flips
    from sekisho.answers.trace import trace
    from sekisho.explain.lines import blocks_text
    from sekisho.views.flip_text import proposed
    from sekisho.views.trace_text import TraceText

    blocks: list[str] = []
    view = TraceText(out.lang, out.color)
    flips = Flips(world, question, found.family)
    for cell in found.cells:
        refused = cell.refusals[0].witness if cell.refusals else None
        witness = cell.witness or refused
        if witness is None:
            continue
        carried = cell.status == "yes"
        proposal = flips.stop(cell) if carried else refused and flips.let_through(cell, refused)
        journey = view.journey(trace(world, witness.question))
        blocks.append(proposed(cell, journey, proposal or None, out.lang))
    return blocks_text(blocks)
