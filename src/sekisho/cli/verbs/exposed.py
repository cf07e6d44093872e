"""``sekisho exposed``: every port, and who can open a connection to it."""

from __future__ import annotations

import argparse

from sekisho.cli.language import Words
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser
from sekisho.cli.snapshots import add_snapshot, open_snapshot

HELP: Words = {
    "en": "every container and host port, and who can open a connection to it",
    "ja": "コンテナとホストの全ポートと、そこへ接続できる相手",
}


def add_arguments(parser: VerbParser) -> None:
    """``exposed [SNAPSHOT] [-6]``."""
    add_snapshot(parser)
    parser.add_argument("-6", dest="six", action="store_true", help=parser.say(en="IPv6", ja="IPv6について"))


def run(args: argparse.Namespace, out: Output) -> int:
    """0 once all ports are told, 3 where nobody can say something of one of them, or what there is."""
    snapshot = open_snapshot(args.snapshot, out)
    from sekisho.answers.exposed import exposed
    from sekisho.semantics.world import World

    found = exposed(World(snapshot), 6 if args.six else 4)
    if out.json:
        from sekisho.views.exposed_json import to_json

        out.document(to_json(found, out.lang))
    else:
        from sekisho.views.exposed_text import ExposedText

        out.write(ExposedText(out.lang, out.color, args.snapshot).exposed(found))
    return 3 if found.unsure else 0
