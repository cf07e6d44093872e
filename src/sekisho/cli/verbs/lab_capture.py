"""``sekisho lab capture``: the frames of a node's interface as pcap."""

from __future__ import annotations

import argparse
import os
import sys

from sekisho.cli.labs import add_name, open_lab
from sekisho.cli.language import Words
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser
from sekisho.errors import UsageError, said

HELP: Words = {
    "en": "record the frames of a node's interface (pcap)",
    "ja": "ノードのインターフェースのフレームを記録する (pcap)",
}


def add_arguments(parser: VerbParser) -> None:
    """``lab capture NODE IFACE [-w FILE] [-c N] [--seconds S]``."""
    say = parser.say
    parser.add_argument("node", metavar="NODE", help=say(en="a node", ja="ノード"))
    parser.add_argument(
        "interface", metavar="IFACE", help=say(en="an interface of it", ja="そのインターフェース")
    )
    add_name(parser)
    parser.add_argument(
        "-w",
        dest="file",
        metavar="FILE",
        help=say(en="where to write (default: standard output)", ja="書き込み先 (既定: 標準出力)"),
    )
    parser.add_argument(
        "-c", dest="count", type=int, metavar="N", help=say(en="stop after N frames", ja="Nフレームで終わる")
    )
    parser.add_argument(
        "--seconds", type=float, metavar="S", help=say(en="stop after S seconds", ja="S秒で終わる")
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """0 once it is over, also when it was interrupted: that is how a capture ends."""
    from sekisho.lab.system.pcap import record

    if args.file is None and sys.stdout.isatty():
        raise UsageError(
            out.say(en="a pcap file is not for a terminal", ja="pcapは端末には出力できません"),
            advice=said("for example:  {0}", f"sekisho lab capture {args.node} {args.interface} -w FILE"),
        )
    client = open_lab(args.name, out)
    doors = client.doors([args.node])
    target = (
        sys.stdout.fileno()
        if args.file is None
        else os.open(args.file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    )
    try:
        seen = record(doors, args.node, args.interface, target, args.count, args.seconds)
    except KeyboardInterrupt:
        return 0
    if args.file is not None:
        if out.json:
            out.document({"schema": "sekisho/lab-capture/1", "file": args.file, "frames": seen})
        else:
            out.row(out.say(en=f"{seen} frames in {args.file}", ja=f"{args.file} に{seen}フレーム"))
    return 0
