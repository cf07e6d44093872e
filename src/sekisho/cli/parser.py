"""The parser of one verb: argparse, in the user's language, that reports errors as Sekisho does."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Sequence
from typing import NoReturn

from sekisho.cli.language import LANGS, Lang, Words, leading_options
from sekisho.errors import UsageError

_HEADINGS: dict[str, Words] = {
    "usage": {"en": "usage: ", "ja": "使い方: "},
    "positionals": {"en": "arguments", "ja": "引数"},
    "optionals": {"en": "options", "ja": "オプション"},
    "common": {"en": "common options", "ja": "共通オプション"},
    "verbs": {"en": "verbs", "ja": "動詞"},
}

_MOST_MEBIBYTES = 1 << 20

# What argparse says, in Japanese; one that is not here stays in English.
_ERRORS_JA: tuple[tuple[str, str], ...] = (
    (r"the following arguments are required: (.*)", r"引数が足りません: \1"),
    (r"unrecognized arguments: (.*)", r"知らない引数です: \1"),
    (r"argument (.*): invalid choice: (.*) \(choose from (.*)\)", r"\1: \2 は選べません (選べるもの: \3)"),
    (r"argument (.*): expected one argument", r"\1: 値が1つ必要です"),
    (r"argument (.*): expected at least one argument", r"\1: 値が1つ以上必要です"),
    (r"argument (.*): ignored explicit argument (.*)", r"\1: 値 \2 は取れません"),
    (r"argument (.*): not allowed with argument (.*)", r"\1 は \2 と同時に使えません"),
    (r"argument (.*): invalid (?:\w+) value: (.*)", r"\1: 値 \2 が正しくありません"),
    (r"one of the arguments (.*) is required", r"どれか1つが必要です: \1"),
)


class VerbParser(argparse.ArgumentParser):
    """Parses the words after a verb. ``lang`` is the language of help and errors.

    A verb with verbs of its own (``vpc subnet``) adds them with ``add_subverb`` and has no arguments
    itself; ``args.subverb`` then names the one that was chosen.
    """

    def __init__(self, prog: str, lang: Lang, description: str) -> None:
        super().__init__(
            prog=prog,
            description=description,
            add_help=False,
            allow_abbrev=False,
            formatter_class=lambda prog: _Formatter(prog, lang),
        )
        self.lang: Lang = lang
        self.subverbs: dict[str, VerbParser] = {}
        self.suggestions: dict[str, tuple[str, ...]] = {}
        self._positionals.title = _HEADINGS["positionals"][lang]
        self._optionals.title = _HEADINGS["optionals"][lang]

    def say(self, *, en: str, ja: str) -> str:
        """The text in this parser's language."""
        return ja if self.lang == "ja" else en

    def add_subverb(self, name: str, words: Words) -> VerbParser:
        """A verb below this one, with the common options already there."""
        subverb = VerbParser(f"{self.prog} {name}", self.lang, words[self.lang])
        self.subverbs[name] = subverb
        return subverb

    def suggest(self, dest: str, words: Sequence[str]) -> None:
        """What a shell offers for an argument whose values are not a closed list of choices.

        A word that ends in ``:`` is the beginning of one.
        """
        self.suggestions[dest] = tuple(words)

    def add_common(self) -> None:
        """The options that every verb has; to be called once its own are there."""
        for subverb in self.subverbs.values():
            subverb.add_common()
        group = self.add_argument_group(_HEADINGS["common"][self.lang])
        if not self.subverbs:
            self._add_answer_options(group)
        group.add_argument(
            "-h", "--help", action="help", help=self.say(en="show this help", ja="このヘルプを表示する")
        )

    def _add_answer_options(self, group: argparse._ArgumentGroup) -> None:
        group.add_argument(
            "--json",
            action="store_true",
            help=self.say(en="answer as one JSON document", ja="答えを1つのJSON文書で出力する"),
        )
        group.add_argument(
            "--lang",
            choices=LANGS,
            help=self.say(
                en="language of the answer (default: the locale)", ja="答えの言語 (既定: ロケール)"
            ),
        )
        group.add_argument(
            "--no-color",
            action="store_true",
            help=self.say(en="no colours (also: NO_COLOR)", ja="色を付けない (NO_COLOR でも可)"),
        )
        group.add_argument(
            "--host",
            metavar="NAME",
            help=self.say(
                en="of a snapshot or paste of several hosts: the one to ask about",
                ja="複数のホストを含むスナップショットや貼り付けで、対象にするホスト",
            ),
        )
        group.add_argument(
            "--outside",
            action="store_true",
            help=self.say(
                en="also read files to which links and paths in a folder lead outside of it",
                ja="フォルダー内のリンクやパスが外へ出ていても、そのファイルを読む",
            ),
        )
        group.add_argument(
            "--max-input",
            metavar="MIB",
            type=_mebibytes,
            help=self.say(
                en="the most that is read of one snapshot or file (default: 256); other limits grow with it",
                ja="1つのスナップショットやファイルから読む上限 (既定: 256)。ほかの上限もこれに比例する",
            ),
        )

    def parse(self, argv: Sequence[str]) -> argparse.Namespace:
        """Parse the words after the verb; options may stand between, before and after arguments, but not
        behind a ``--``.

        Raises UsageError, and SystemExit for ``--help``.
        """
        options, rest = leading_options(argv) if self.subverbs else (list(argv), [])
        if _asks_for_help(options):
            self.print_help()
            self.exit()
        try:
            if not self.subverbs:
                # Python 3.11 formats the usage for every intermixed parse unless there is one.
                self.usage = ""
                return _unmarked(self.parse_intermixed_args(_marked(argv)))
            self._check_subverb(rest)
        except _Refused as refused:
            self.usage = None
            raise self._usage_error(str(refused).replace(_MARK, "").replace(repr(_MARK)[1:-1], "")) from None
        args = self.subverbs[rest[0]].parse(options + rest[1:])
        args.subverb = rest[0]
        return args

    def _check_subverb(self, rest: Sequence[str]) -> None:
        known = ", ".join(self.subverbs)
        if not rest:
            self.error(self.say(en=f"a verb is missing: {known}", ja=f"動詞が足りません: {known}"))
        if rest[0] not in self.subverbs:
            self.error(self.say(en=f"unknown verb {rest[0]!r}", ja=f"動詞 {rest[0]!r} はありません"))

    def format_usage(self) -> str:
        """One usage line; for a verb with verbs below, it names them."""
        if self.subverbs:
            prefix = _HEADINGS["usage"][self.lang]
            return f"{prefix}{self.prog} {{{','.join(self.subverbs)}}} ...\n"
        return super().format_usage()

    def format_help(self) -> str:
        """The whole help text."""
        if not self.subverbs:
            return super().format_help()
        rows = [(name, subverb.description or "") for name, subverb in self.subverbs.items()]
        heading = _HEADINGS["verbs"][self.lang]
        return f"{self.format_usage()}\n{self.description}\n\n{heading}:\n{help_rows(rows)}"

    def error(self, message: str) -> NoReturn:
        """What argparse calls with the first thing that it does not take."""
        raise _Refused(message)

    def _usage_error(self, message: str) -> UsageError:
        if self.lang == "ja":
            for pattern, words in _ERRORS_JA:
                if re.fullmatch(pattern, message):
                    message = re.sub(pattern, words, message)
                    break
        more = self.say(en=f"see: {self.prog} --help", ja=f"詳しくは: {self.prog} --help")
        return UsageError(message, advice=more, usage=self.format_usage())


def _mebibytes(text: str) -> int:
    from sekisho.values.numbers import integer, is_number  # only here: most command lines need none

    if not (is_number(text) and 0 < integer(text[:9]) <= _MOST_MEBIBYTES):
        raise ValueError(text)
    return integer(text)


# What no word of a command line can begin with.
_MARK = "\0"


def _marked(argv: Sequence[str]) -> list[str]:
    """The words without ``--``, and those behind it with a mark before a dash: argparse forgets that they
    are no options where options may stand between arguments."""
    if "--" not in argv:
        return list(argv)
    end = argv.index("--")
    return [
        *argv[:end],
        *(_MARK + word if word.startswith("-") and word != "-" else word for word in argv[end + 1 :]),
    ]


def _unmarked(args: argparse.Namespace) -> argparse.Namespace:
    for name, value in vars(args).items():
        if isinstance(value, str):
            setattr(args, name, value.removeprefix(_MARK))
        elif isinstance(value, list):
            setattr(
                args, name, [word.removeprefix(_MARK) if isinstance(word, str) else word for word in value]
            )
    return args


class _Refused(Exception):
    """argparse's finding, on its way out of argparse."""


def _asks_for_help(argv: Sequence[str]) -> bool:
    words = argv[: argv.index("--")] if "--" in argv else argv
    return "-h" in words or "--help" in words


class _Formatter(argparse.HelpFormatter):
    """argparse's layout with a translated first word and lines measured in columns."""

    def __init__(self, prog: str, lang: Lang) -> None:
        super().__init__(prog, max_help_position=28)
        self._lang: Lang = lang

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[argparse._MutuallyExclusiveGroup],
        prefix: str | None = None,
    ) -> None:
        super().add_usage(
            usage, actions, groups, _HEADINGS["usage"][self._lang] if prefix is None else prefix
        )

    def _split_lines(self, text: str, width: int) -> list[str]:
        from sekisho.explain.layout import wrap

        return wrap(text, width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        from sekisho.explain.layout import wrap

        return "\n".join(indent + line for line in wrap(text, width - len(indent)))


def help_rows(rows: Sequence[tuple[str, str]]) -> str:
    """A list of names and what they mean, one a line."""
    wide = max((len(name) for name, _ in rows), default=0)
    return "".join(f"  {name:<{wide}}  {text}\n" for name, text in rows)
