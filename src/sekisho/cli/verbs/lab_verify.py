"""``sekisho lab verify``: every node to every listener, model against kernel."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sekisho.cli.labs import add_name, open_lab
from sekisho.cli.language import Words
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser

if TYPE_CHECKING:
    from sekisho.lab.system.verify import Compared

HELP: Words = {
    "en": "try every pair of a lab for real and compare with the model",
    "ja": "ラボの全組み合わせを実際に試し、モデルと比べる",
}


def add_arguments(parser: VerbParser) -> None:
    """``lab verify [TOPOLOGY] [--name NAME] [--from NODE]... [-v]``."""
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
        "-v", "--verbose", action="store_true", help=say(en="list every pair", ja="全部の組を表示する")
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """0 all agree, 1 some disagree, 3 some are undetermined."""
    from sekisho.lab.system.verify import verify

    if args.topology is None:
        client = open_lab(args.name, out)
        found = verify(client, client.plan(), args.sources)
    else:
        from sekisho.cli.snapshots import unzstd
        from sekisho.lab.api import Lab
        from sekisho.lab.system.source import plan_of

        with Lab(plan_of(args.topology, None, unzstd)) as lab:
            found = lab.verify(args.sources)
    disagree = [one for one in found if one.verdict == "disagree"]
    undetermined = [one for one in found if one.verdict == "undetermined"]
    if out.json:
        out.document({"schema": "sekisho/lab-verify/1", "pairs": [_json(one) for one in found]})
    else:
        _tell(found, found if args.verbose else [*disagree, *undetermined], out)
    return 1 if disagree else 3 if undetermined else 0


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
        out.write(f"{mark} {one.pair}")
        out.write("    " + say("lab.trace.model", [in_model(one.forecast, out.lang)], out.lang))
        out.write("    " + say("lab.trace.kernel", [in_kernel(one.reached, out.lang)], out.lang))
    counts = [
        sum(one.verdict == verdict for one in found) for verdict in ("agree", "disagree", "undetermined")
    ]
    answered = sum(one.reached.connected for one in found)
    numbers = [str(number) for number in (len(found), *counts, answered)]
    out.write(say("lab.verify.summary", numbers, out.lang))
