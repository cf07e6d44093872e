"""``sekisho lab down``: end a system; the kernel removes all of it."""

from __future__ import annotations

import argparse

from sekisho.cli.labs import open_lab
from sekisho.cli.language import Words
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser
from sekisho.errors import UsageError

HELP: Words = {
    "en": "end a lab; the kernel removes all of it",
    "ja": "ラボを終わらせる (カーネルがすべて片付ける)",
}


def add_arguments(parser: VerbParser) -> None:
    """``lab down [NAME | --all]``."""
    say = parser.say
    parser.add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        help=say(en="which lab (default: the only one)", ja="どのラボか (既定: 1つだけのラボ)"),
    )
    parser.add_argument(
        "--all", action="store_true", help=say(en="all of this user's labs", ja="このユーザーの全ラボ")
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """0 once the owner is gone."""
    from sekisho.lab.system.whereabouts import names

    if args.all and args.name is not None:
        raise UsageError(out.say(en="either NAME or --all", ja="NAME と --all は同時に使えません"))
    wanted: list[str | None] = list(names()) if args.all else [args.name]
    ended = []
    for name in wanted:
        client = open_lab(name, out)
        seconds = client.end()
        ended.append({"name": client.name, "owner": client.pid, "seconds": seconds})
        if not out.json:
            out.row(
                out.say(
                    en=f"{client.name}: gone after {seconds:.2f} s",
                    ja=f"{client.name}: 片付きました ({seconds:.2f}秒)",
                )
            )
    if out.json:
        out.document({"schema": "sekisho/lab-down/1", "ended": ended})
    return 0
