"""``sekisho lab up``: build a system and leave it standing."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sekisho.cli.labs import add_name, tell_origin
from sekisho.cli.language import Words
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser

if TYPE_CHECKING:
    from sekisho.lab.system.owner import Started
    from sekisho.lab.system.plan import Plan

HELP: Words = {
    "en": "build a system: the article's, or that of a topology, a compose file or a snapshot",
    "ja": "システムを作る: 記事のもの、またはトポロジー、composeファイル、スナップショットのもの",
}


def add_arguments(parser: VerbParser) -> None:
    """``lab up [TOPOLOGY] [--name NAME] [--print-commands] [-v]``."""
    say = parser.say
    parser.add_argument(
        "topology",
        nargs="?",
        metavar="TOPOLOGY",
        help=say(
            en="a topology or compose file (YAML, JSON), or a snapshot (default: the article's system)",
            ja="トポロジーかcomposeのファイル (YAML, JSON)、またはスナップショット (既定: 記事のシステム)",
        ),
    )
    add_name(parser)
    parser.add_argument(
        "--docker",
        metavar="VERSION",
        help=say(
            en="for a compose file: the engine whose rules it gets (26, '29 nftables'; default: the newest)",
            ja="composeファイルの場合: どのエンジンのルールにするか (26, '29 nftables'。既定: 最新)",
        ),
    )
    parser.add_argument(
        "--print-commands",
        action="store_true",
        help=say(
            en="build nothing; print the ip, iptables and sysctl commands of each step",
            ja="何も作らず、各手順の ip・iptables・sysctl コマンドを表示する",
        ),
    )
    parser.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help=say(en="print how long each phase took", ja="各段階の所要時間を表示する"),
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """0 once everything stands."""
    import time

    from sekisho.cli.snapshots import unzstd
    from sekisho.lab.system.source import plan_of

    began = time.perf_counter()
    plan = plan_of(args.topology, args.name, unzstd, args.docker, out.bounds)
    if args.print_commands:
        from sekisho.explain.lines import lines_text
        from sekisho.lab.system.commands import commands

        out.write(lines_text(commands(plan)))
        return 0
    from sekisho.cli.progress import Progress
    from sekisho.lab.system.owner import start

    with Progress(out) as progress:
        started = start(plan, progress=progress.report)
    seconds = time.perf_counter() - began
    if out.json:
        from dataclasses import asdict

        out.document(
            {
                "schema": "sekisho/lab-up/1", "name": plan.name, "owner": started.pid, "seconds": seconds,
                "phases": started.seconds, "nodes": [node.name for node in plan.nodes],
                "origin": asdict(plan.origin) if plan.origin else None, "remarks": list(started.remarks),
            }
        )  # fmt: skip
        return 0
    _tell(plan, started, seconds, args.verbose, out)
    return 0


def _tell(plan: Plan, started: Started, seconds: float, verbose: bool, out: Output) -> None:
    count, name, pid = len(plan.nodes), plan.name, started.pid
    out.row(
        out.say(
            en=f"{name}: {count} nodes stand after {seconds:.2f} s (owner: process {pid})",
            ja=f"{name}: {count}個のノードができました ({seconds:.2f}秒、所有プロセス: {pid})",
        )
    )
    tell_origin(plan.origin, out)
    if len(plan.nodes) <= 40:
        wide = max((len(node.name) for node in plan.nodes), default=0)
        for node in plan.nodes:
            shown = [str(address) for interface, address in plan.addresses(node.name) if interface != "lo"]
            out.row(f"  {node.name:<{wide}}  {', '.join(dict.fromkeys(shown))}".rstrip())
    for remark in started.remarks:
        out.row(out.say(en=f"note: {remark}", ja=f"注意: {remark}"))
    if verbose:
        for phase, took in started.seconds.items():
            out.row(f"  {took * 1000:8.1f} ms  {phase}")
    first = next((node.name for node in plan.nodes if node.role in ("host", "internet")), plan.nodes[0].name)
    verbs = (f"shell {first}", "status", "tour", "down")
    out.row(out.say(en="go on:", ja="次は:"))
    for verb in verbs:
        out.row(f"  sekisho lab {verb}")
