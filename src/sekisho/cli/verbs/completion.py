"""``sekisho completion``: scripts that make a shell complete the command line."""

from __future__ import annotations

import argparse

from sekisho.cli.language import Words
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser

HELP: Words = {
    "en": "print the completion script for bash, zsh or fish",
    "ja": "bash・zsh・fish の補完スクリプトを表示する",
}

SHELLS = ("bash", "zsh", "fish")


def add_arguments(parser: VerbParser) -> None:
    """``completion SHELL``."""
    parser.add_argument(
        "shell",
        choices=SHELLS,
        metavar="SHELL",
        help=parser.say(
            en='bash, zsh or fish; for example in ~/.bashrc:  eval "$(sekisho completion bash)"',
            ja='bash, zsh, fish のどれか。例 (~/.bashrc):  eval "$(sekisho completion bash)"',
        ),
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """0 with the script printed."""
    from sekisho.cli.completion_scripts import completion_script

    script = completion_script(args.shell, out.lang)
    if out.json:
        out.document({"schema": "sekisho/completion/1", "shell": args.shell, "script": script})
    else:
        out.write(script)
    return 0
