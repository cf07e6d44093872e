"""``sekisho lab shell``: a shell inside a node."""

from __future__ import annotations

import argparse
import os

from sekisho.cli.labs import add_name
from sekisho.cli.language import Words
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser

HELP: Words = {"en": "open a shell inside a node", "ja": "ノードの中でシェルを開く"}


def add_arguments(parser: VerbParser) -> None:
    """``lab shell NODE``."""
    parser.add_argument("node", metavar="NODE", help=parser.say(en="a node", ja="ノード"))
    add_name(parser)


def run(args: argparse.Namespace, out: Output) -> int:
    """The shell's exit status. The node's name is the host name there, so usual prompts show it."""
    from sekisho.cli.verbs.lab_exec import run_in_node

    return run_in_node(args.name, args.node, [os.environ.get("SHELL") or "/bin/sh"], out)
