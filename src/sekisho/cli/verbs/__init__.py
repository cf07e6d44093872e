"""The verbs: one module each, imported only when it is the one that was asked for."""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import Protocol, cast

from sekisho.cli.language import Lang, Words
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser

# Every verb there is, in the order of the overview. The module of the same name in this package is a
# ``Verb``; its top level imports nothing but the frame, its ``run`` what the answer needs.
VERBS: tuple[str, ...] = (
    "explain",
    "show",
    "trace",
    "reach",
    "exposed",
    "diff",
    "check",
    "plan",
    "lint",
    "vpc",
    "capture",
    "lab",
    "demo",
    "completion",
)


class Verb(Protocol):
    """What a verb's module defines."""

    HELP: Words

    def add_arguments(self, parser: VerbParser) -> None:
        """Describe the verb's own arguments and options."""

    def run(self, args: argparse.Namespace, out: Output) -> int:
        """Answer; the exit status (0 yes or done, 1 no, 2 bad input, 3 undetermined)."""


def load_verb(name: str) -> Verb:
    """The module of a verb in ``VERBS``."""
    return cast(Verb, import_module(f"{__name__}.{name}"))


def verb_parser(name: str, lang: Lang) -> VerbParser:
    """The whole parser of a verb, common options included."""
    verb = load_verb(name)
    parser = VerbParser(f"sekisho {name}", lang, verb.HELP[lang])
    verb.add_arguments(parser)
    parser.add_common()
    return parser
