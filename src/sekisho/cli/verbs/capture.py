"""``sekisho capture``: getting a snapshot."""

from __future__ import annotations

import argparse

from sekisho.cli.language import Words
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser
from sekisho.errors import UsageError

HELP: Words = {"en": "take a snapshot of a host", "ja": "ホストのスナップショットを取る"}


def add_arguments(parser: VerbParser) -> None:
    """``capture --script``."""
    parser.add_argument(
        "--script",
        action="store_true",
        help=parser.say(
            en="print a POSIX sh script that takes one on a machine with nothing installed, as a tar on its"
            " standard output; it only reads",
            ja="何もインストールされていないマシンでスナップショットを取り、tarを標準出力に書く"
            "POSIX shスクリプトを表示する"
            " (読み取りのみ)",
        ),
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """0 with the script printed."""
    if not args.script:
        raise UsageError(
            out.say(
                en="the live host cannot be captured directly yet",
                ja="動作中のホストを直接キャプチャすることは、まだできません",
            ),
            advice=out.say(
                en="run the script instead:  sekisho capture --script | sudo sh > host.tar",
                ja="代わりにスクリプトを実行してください:  sekisho capture --script | sudo sh > host.tar",
            ),
        )
    from sekisho.capture.script import script

    if out.json:
        out.document({"schema": "sekisho/capture-script/1", "script": script()})
    else:
        out.write(script())
    return 0
