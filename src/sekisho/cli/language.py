"""What a command line tells before it is parsed: the language, and options that stand before the verb."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from sekisho.errors import SekishoError

Lang = Literal["en", "ja"]
LANGS: tuple[Lang, ...] = ("en", "ja")
# The common options that take one.
_WITH_VALUE = frozenset({"--lang", "--max-input", "--host"})

# One text in every language.
Words = Mapping[Lang, str]


def locale_language(environ: Mapping[str, str]) -> Lang:
    """The language of the environment, by the precedence of POSIX: LC_ALL, LC_MESSAGES, LANG."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environ.get(name):
            return "ja" if value.split("_")[0].split(".")[0].lower() in ("ja", "japanese") else "en"
    return "en"


def chosen_language(argv: Sequence[str], environ: Mapping[str, str]) -> Lang:
    """What ``--lang`` says anywhere on the command line, else the locale.

    Needed before the command line is parsed, since help and usage errors are in that language too; an
    unknown value is left for the parser to refuse.
    """
    for at, word in enumerate(argv):
        if word == "--":
            break
        value = argv[at + 1] if word == "--lang" and at + 1 < len(argv) else word.removeprefix("--lang=")
        if word.startswith("--lang"):
            for lang in LANGS:
                if value == lang:
                    return lang
    return locale_language(environ)


def leading_options(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split off the options that stand before the first argument, with their values."""
    at = 0
    while at < len(argv) and argv[at].startswith("-") and argv[at] not in ("-", "--"):
        at += 2 if argv[at] in _WITH_VALUE else 1
    return list(argv[:at]), list(argv[at:])


def error_words(error: SekishoError, lang: Lang) -> str:
    """All that an error says, over one to three lines."""
    if lang == "en":
        return str(error)
    from sekisho.explain.errors import japanese

    return error.in_words(japanese)
