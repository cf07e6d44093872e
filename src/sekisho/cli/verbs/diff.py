"""``sekisho diff``: the flows that changed between two snapshots."""

from __future__ import annotations

import argparse

from sekisho.cli.language import Words
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser

HELP: Words = {
    "en": "the flows that changed between two snapshots, each with a witness and the lines on both sides",
    "ja": "2つのスナップショットの間で変わった通信と、その実例および両側の決め手の行",
}


def add_arguments(parser: VerbParser) -> None:
    """``diff BEFORE AFTER [--all-protocols]``."""
    say = parser.say
    parser.add_argument(
        "before", metavar="BEFORE", help=say(en="the snapshot before", ja="前のスナップショット")
    )
    parser.add_argument(
        "after", metavar="AFTER", help=say(en="the snapshot after", ja="後のスナップショット")
    )
    parser.add_argument(
        "--all-protocols",
        action="store_true",
        help=say(en="not only tcp, udp and icmp", ja="tcp, udp, icmp 以外も比べる"),
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """0 no flow changed, 1 some did, 3 some perhaps."""
    from sekisho.answers.diff import diff, families, same_kind
    from sekisho.cli.snapshots import open_world

    before, after = open_world(args.before, out), open_world(args.after, out)
    same_kind(before, after)
    found = [diff(before, after, family, args.all_protocols) for family in families(before, after)]
    paths = (args.before, args.after)
    if out.json:
        from sekisho.views.diff_json import to_json

        out.document(to_json(found, paths, out.lang))
    else:
        from sekisho.views.diff_text import DiffText

        out.write(DiffText(out.lang, out.color, paths).diff(found))
    kinds = {change.kind for each in found for change in each.changes}
    return 0 if not kinds else 3 if kinds == {"unsure"} else 1
