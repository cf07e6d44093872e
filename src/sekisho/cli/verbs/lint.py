"""``sekisho lint``: what is wrong or fragile on this host."""

from __future__ import annotations

import argparse

from sekisho.cli.language import Words
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser
from sekisho.cli.snapshots import add_snapshot, open_snapshot
from sekisho.cli.terminal import save_json

HELP: Words = {
    "en": "what is wrong or fragile here: drifted rules, open data ports, traps of Docker hosts",
    "ja": "問題点や危うい点: Dockerの作った状態からのずれ、開いたデータポート、よくある落とし穴",
}


def add_arguments(parser: VerbParser) -> None:
    """``lint [SNAPSHOT] [--sarif FILE]``."""
    add_snapshot(parser)
    parser.add_argument(
        "--sarif",
        metavar="FILE",
        help=parser.say(en="write the findings as SARIF 2.1.0 too", ja="指摘をSARIF 2.1.0でも書き出す"),
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """0 nothing found, 1 findings."""
    from sekisho.answers.lint import lint

    report = lint(open_snapshot(args.snapshot, out))
    if args.sarif is not None:
        from sekisho.views.lint_view import to_sarif

        save_json(args.sarif, to_sarif(report, out.lang))
    if out.json:
        from sekisho.views.lint_view import to_json

        out.document(to_json(report, out.lang))
    else:
        from sekisho.views.lint_view import to_text

        out.write(to_text(report, out.lang, out.color))
    return 1 if report.findings else 0
