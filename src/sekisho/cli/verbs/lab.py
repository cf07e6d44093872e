"""``sekisho lab``: the described system for real, in namespaces of its own."""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import cast

from sekisho.cli.language import Words
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser
from sekisho.cli.verbs import Verb

HELP: Words = {
    "en": "build the described system for real, on private network namespaces, and look inside",
    "ja": "説明されたシステムを専用のネットワーク名前空間に本当に作り、中を見る",
}

# The module of each is ``lab_NAME`` beside this one: HELP, add_arguments and run, like a verb's.
SUBVERBS: tuple[str, ...] = (
    "up", "status", "exec", "shell", "graph", "trace", "verify", "set", "capture", "tour", "doctor",
    "down",
)  # fmt: skip
# Their last argument is a command line, which no parser may touch.
_TAKE_COMMANDS = frozenset({"exec", "set"})


def _module(name: str) -> Verb:
    return cast(Verb, import_module(f"sekisho.cli.verbs.lab_{name}"))


def add_arguments(parser: VerbParser) -> None:
    """``lab up``, ``lab exec``..."""
    from sekisho.cli.labs import CommandParser

    for name in SUBVERBS:
        module = _module(name)
        subverb = parser.add_subverb(name, module.HELP)
        if name in _TAKE_COMMANDS:
            subverb = CommandParser(subverb.prog, parser.lang, module.HELP[parser.lang])
            parser.subverbs[name] = subverb
        module.add_arguments(subverb)


def run(args: argparse.Namespace, out: Output) -> int:
    """The exit status of the verb below."""
    from sekisho.cli.interrupts import raise_it
    from sekisho.cli.labs import need_linux

    need_linux(out)
    raise_it()  # rules and settings of a standing lab are put back
    return _module(args.subverb).run(args, out)
