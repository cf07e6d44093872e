"""``sekisho lab graph``: a lab's picture."""

from __future__ import annotations

import argparse

from sekisho.cli.labs import add_name, plan_or_lab
from sekisho.cli.language import Words
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser

HELP: Words = {
    "en": "draw a lab, or what lab up would build: text, Mermaid or SVG",
    "ja": "ラボ (または lab up が作るもの) の図: テキスト、Mermaid、SVG",
}


def add_arguments(parser: VerbParser) -> None:
    """``lab graph [TOPOLOGY] [--format text|mermaid|svg]``."""
    say = parser.say
    parser.add_argument(
        "topology",
        nargs="?",
        metavar="TOPOLOGY",
        help=say(
            en="draw this without building it (default: the lab that stands)",
            ja="作らずにこれを描く (既定: 動いているラボ)",
        ),
    )
    add_name(parser)
    parser.add_argument(
        "--format",
        choices=("text", "mermaid", "svg"),
        default="text",
        help=say(en="the form (default: text)", ja="形式 (既定: text)"),
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """0 with the picture."""
    from sekisho.lab.system import graph

    plan = plan_or_lab(args.topology, args.name, out)
    if out.json:
        out.document(
            {
                "schema": "sekisho/lab-graph/1", "name": plan.name, "text": graph.text(plan),
                "mermaid": graph.mermaid(plan), "svg": graph.svg(plan),
            }
        )  # fmt: skip
        return 0
    draw = {"text": graph.text, "mermaid": graph.mermaid, "svg": graph.svg}[args.format]
    out.write(draw(plan))
    return 0
