"""``sekisho exposed``: every port, and who can open a connection to it."""

from __future__ import annotations

import argparse

from sekisho.cli.language import Words
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser
from sekisho.cli.snapshots import add_snapshot, open_world
from sekisho.errors import UsageError, said

KINDS = ("internet", "vpc", "same-host", "same-network", "other-network", "other-hosts")

HELP: Words = {
    "en": "every container and host port, and who can open a connection to it",
    "ja": "コンテナとホストの全ポートと、そこへ接続できる相手",
}


def add_arguments(parser: VerbParser) -> None:
    """``exposed [SNAPSHOT] [-6] [--from CALLERS]``."""
    add_snapshot(parser)
    parser.add_argument(
        "--from",
        dest="callers",
        metavar="CALLERS",
        help=parser.say(
            en="of whom to ask, with commas: internet, vpc, same-host, same-network, other-network,"
            " other-hosts (default: all)",
            ja="だれについて調べるか。コンマで並べる: internet, vpc, same-host, same-network,"
            " other-network, other-hosts (既定: すべて)",
        ),
    )
    parser.suggest("callers", KINDS)
    parser.add_argument("-6", dest="six", action="store_true", help=parser.say(en="IPv6", ja="IPv6について"))


def run(args: argparse.Namespace, out: Output) -> int:
    """0 once all ports are told, 3 where nobody can say something of one of them, or what there is."""
    world = open_world(args.snapshot, out)
    from sekisho.answers.exposed import exposed

    asked = args.callers.split(",") if args.callers else ()
    for kind in asked:
        if kind not in KINDS:
            raise UsageError(
                said("{0!r} is no kind of caller", kind), advice=said("there are: {0}", ", ".join(KINDS))
            )
    found = exposed(world, 6 if args.six else 4, asked)
    if out.json:
        from sekisho.views.exposed_json import to_json

        out.document(to_json(found, out.lang))
    else:
        from sekisho.views.exposed_text import ExposedText

        out.write(ExposedText(out.lang, out.color, args.snapshot).exposed(found))
    return 3 if found.unsure else 0
