"""``sekisho lab exec``: run a command inside a node."""

from __future__ import annotations

import argparse

from sekisho.cli.labs import add_name, open_lab
from sekisho.cli.language import Words
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser
from sekisho.errors import UsageError, said

HELP: Words = {"en": "run a command inside a node", "ja": "ノードの中でコマンドを実行する"}


def add_arguments(parser: VerbParser) -> None:
    """``lab exec NODE [--] CMD...``: the command is everything after NODE, untouched."""
    parser.add_argument(
        "node", metavar="NODE", help=parser.say(en="a node, then the command", ja="ノード。その後にコマンド")
    )
    add_name(parser)


def run(args: argparse.Namespace, out: Output) -> int:
    """The command's own exit status."""
    if not args.command:
        raise UsageError(
            out.say(en="no command given", ja="コマンドがありません"),
            advice=said("for example:  {0}", f"sekisho lab exec {args.node} ip route"),
        )
    return run_in_node(args.name, args.node, args.command, out)


def run_in_node(name: str | None, node: str, argv: list[str], out: Output) -> int:
    """Run a command with this terminal inside a node; its exit status."""
    from sekisho.lab.system import enter

    client = open_lab(name, out)
    doors = client.doors([node])
    found = client.plan().node(node)
    assert found is not None  # the owner has just given its namespace
    client.close()
    out.flush()
    return enter.replace(doors, found, argv)
