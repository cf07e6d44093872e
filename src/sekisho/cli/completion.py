"""What the shells need to know of the command line, read off the parsers themselves."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

from sekisho.cli.language import Lang
from sekisho.cli.parser import VerbParser
from sekisho.cli.verbs import VERBS, verb_parser

# Arguments and options whose value is a path have one of these names in the help text.
_PATHS = ("SNAPSHOT", "FILE", "DIR", "FLOWS", "BEFORE", "AFTER", "POLICY", "TOPOLOGY", "COMPOSE")


@dataclass(frozen=True, slots=True)
class Value:
    """What can stand in one place: ``words``, paths if ``files``, anything if neither.

    ``many``: the place repeats.
    """

    name: str
    help: str
    words: tuple[str, ...] = ()
    files: bool = False
    many: bool = False


@dataclass(frozen=True, slots=True)
class CommandOption:
    """An option by all its spellings; ``value`` is None for a switch."""

    flags: tuple[str, ...]
    help: str
    value: Value | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """A verb, or a verb below a verb: ``path`` is ("trace",) or ("vpc", "subnet").

    One with ``subverbs`` has no arguments of its own.
    """

    path: tuple[str, ...]
    help: str
    options: tuple[CommandOption, ...]
    arguments: tuple[Value, ...]
    subverbs: tuple[str, ...] = ()


def commands(lang: Lang) -> tuple[Command, ...]:
    """Every verb in the order of the overview, each followed by the verbs below it."""
    return tuple(command for name in VERBS for command in _walk((name,), verb_parser(name, lang)))


def _walk(path: tuple[str, ...], parser: VerbParser) -> Iterator[Command]:
    options: list[CommandOption] = []
    arguments: list[Value] = []
    for action in parser._actions:
        takes_value = action.nargs != 0
        value = _value(action, parser) if takes_value else None
        if action.option_strings:
            options.append(CommandOption(tuple(action.option_strings), action.help or "", value))
        elif value is not None:
            arguments.append(value)
    yield Command(path, parser.description or "", tuple(options), tuple(arguments), tuple(parser.subverbs))
    for name, subverb in parser.subverbs.items():
        yield from _walk((*path, name), subverb)


def _value(action: argparse.Action, parser: VerbParser) -> Value:
    name = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    words = tuple(str(choice) for choice in action.choices or ()) or parser.suggestions.get(action.dest, ())
    files = not words and name.split(".")[0] in _PATHS
    return Value(name, action.help or "", words, files, action.nargs in ("*", "+"))
