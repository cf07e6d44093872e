"""``sekisho lab verify``: model against kernel.

Of a lab every node to every listener; of a snapshot flows that hit its rules and routes.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sekisho.cli.labs import add_name, open_lab
from sekisho.cli.language import Words
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser
from sekisho.errors import UsageError

if TYPE_CHECKING:
    from sekisho.lab.system.verify import Compared

HELP: Words = {
    "en": "put a lab's pairs, or a snapshot's flows, to a kernel and compare with the model",
    "ja": "ラボの全組み合わせ、またはスナップショットのフローをカーネルで試し、モデルと比べる",
}


def add_arguments(parser: VerbParser) -> None:
    """``lab verify [TOPOLOGY] [--from NODE]... [-v]`` or ``lab verify SNAPSHOT [--flows F] [-v]``."""
    say = parser.say
    parser.add_argument(
        "topology",
        nargs="?",
        metavar="TOPOLOGY",
        help=say(
            en="build this meanwhile: a topology, compose file or snapshot (default: the lab that stands)",
            ja="一時的に作って調べるトポロジー、compose、スナップショット (既定: 動いているラボ)",
        ),
    )
    add_name(parser)
    parser.add_argument(
        "--from",
        dest="sources",
        action="append",
        metavar="NODE",
        help=say(
            en="only connections from this node (repeatable)", ja="このノードからのものだけ (繰り返し可)"
        ),
    )
    parser.add_argument(
        "--flows",
        metavar="FILE",
        help=say(
            en="of a snapshot: these flows (JSON Lines as of trace, - for standard input;"
            " default: derived from its rules and routes)",
            ja="スナップショットの場合: このフロー (traceと同じJSON Lines、- は標準入力。"
            "既定: ルールと経路から導く)",
        ),
    )
    parser.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help=say(en="list every pair or flow", ja="全部の組やフローを表示する"),
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """0 all agree, 1 some disagree, 3 some are undetermined."""
    if args.flows is not None or (args.sources is None and _is_snapshot(args.topology)):
        return _flows(args, out)
    from sekisho.lab.system.verify import verify

    if args.topology is None:
        client = open_lab(args.name, out)
        found = verify(client, client.plan(), args.sources)
    else:
        from sekisho.cli.snapshots import unzstd
        from sekisho.lab.api import Lab
        from sekisho.lab.system.source import plan_of

        with Lab(plan_of(args.topology, None, unzstd, bounds=out.bounds)) as lab:
            found = lab.verify(args.sources)
    disagree = [one for one in found if one.verdict == "disagree"]
    undetermined = [one for one in found if one.verdict == "undetermined"]
    if out.json:
        out.document({"schema": "sekisho/lab-verify/1", "pairs": [_json(one) for one in found]})
    else:
        _tell(found, found if args.verbose else [*disagree, *undetermined], out)
    return 1 if disagree else 3 if undetermined else 0


def _is_snapshot(path: str | None) -> bool:
    """All but a topology's or a compose project's document."""
    if path is None:
        return False
    from pathlib import Path

    place = Path(path)
    return place.is_dir() or (place.is_file() and place.suffix.lower() not in (".yaml", ".yml", ".json"))


def _flows(args: argparse.Namespace, out: Output) -> int:
    if not _is_snapshot(args.topology) or args.sources is not None:
        raise UsageError(
            out.say(
                en="--flows needs a SNAPSHOT, and no --from",
                ja="--flows にはスナップショットが必要で、--from とは併用できません",
            )
        )
    from sekisho.cli.lab_flows import run as run_flows

    return run_flows(args.topology, args.flows, args.verbose, out)


def _json(one: Compared) -> dict[str, object]:
    return {
        "source": one.pair.source, "address": str(one.pair.address), "port": one.pair.port,
        "proto": one.pair.proto, "verdict": one.verdict, "differs": one.why or None,
        "model": {
            "disposition": one.forecast.disposition, "where": one.forecast.where,
            "client": one.forecast.client, "answered": one.forecast.answered,
        },
        "kernel": {
            "connected": one.reached.connected, "error": one.reached.error or None,
            "node": one.reached.node or None, "client": one.reached.client or None,
        },
    }  # fmt: skip


def _tell(found: list[Compared], shown: list[Compared], out: Output) -> None:
    from sekisho.cli.lab_words import in_kernel, in_model
    from sekisho.explain.words import say

    for one in shown:
        mark = {"agree": "=", "disagree": "!", "undetermined": "?"}[one.verdict]
        out.row(f"{mark} {one.pair}")
        out.row("    " + say("lab.trace.model", [in_model(one.forecast, out.lang)], out.lang))
        out.row("    " + say("lab.trace.kernel", [in_kernel(one.reached, out.lang)], out.lang))
    counts = [
        sum(one.verdict == verdict for one in found) for verdict in ("agree", "disagree", "undetermined")
    ]
    answered = sum(one.reached.connected for one in found)
    numbers = [str(number) for number in (len(found), *counts, answered)]
    out.row(say("lab.verify.summary", numbers, out.lang))
