"""``sekisho demo``: what ``./run`` shows when it is given nothing to do."""

from __future__ import annotations

import argparse

from sekisho.cli.language import Words
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser

HELP: Words = {
    "en": "a short guided demonstration on the shipped example",
    "ja": "付属の例を使った、短いデモンストレーション",
}


def add_arguments(parser: VerbParser) -> None:
    """Nothing but the common options."""


def run(args: argparse.Namespace, out: Output) -> int:
    """0 once it was shown."""
    from sekisho.cli.demo import demonstrate

    demonstrate(out)
    return 0
