"""From messages to words: the catalog of every verb, in every language.

A table is a module ``messages_*.py`` with ``MESSAGES``: id -> (English, Japanese). Texts hold the
arguments' places as ``{0}``, ``{1}``; both languages use the same places. Tables are read only when
an id of theirs is asked for, so that a short answer starts fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from sekisho.errors import one_line
from sekisho.explain.message import SENTENCE, Message

LANGUAGES = ("en", "ja")

# Looked through in this order; a trace needs the first one only.
TABLES = (
    "messages_trace",
    "messages_doubts",
    "messages_plan",
    "messages_reach",
    "messages_terms",
    "messages_report",
    "messages_routes",
    "messages_matches",
    "messages_targets",
    "messages_rules",
    "messages_chains",
    "messages_idioms",
    "messages_links",
    "messages_host",
    "messages_sysctl_files",
    "messages_docker",
    "messages_stated",
    "messages_lint",
    "messages_nft",
    "messages_lab",
    "messages_tour",
)

# Lists of any length: (between two items, before the last one) per language.
JOINS: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "join.and": ((", ", " and "), ("、", "、")),
    "join.or": ((", ", " or "), ("、", "または")),
    "join.list": ((", ", ", "), ("、", "、")),
    "join.reasons": ((", ", ", and "), ("、", "、また、")),
    "join.with": ((" ", " "), ("で、", "で、")),
    "join.that": ((", ", " and "), ("で、", "で、")),
}

# Messages whose arguments are ids of other messages.
_NESTED = frozenset({
    "route-line-unread", "address-line-unread", "socket-line-unread", "link-line-unread", "command-failed",
    "lint.failed", "lint.not-captured",
})  # fmt: skip

_loaded: dict[str, tuple[str, str]] = {}
_pending = list(TABLES)


def template(code: str, lang: str) -> str | None:
    """The text of a message id with its places still open; None for an id that no table has."""
    while code not in _loaded and _pending:
        _loaded.update(import_module(f"sekisho.explain.{_pending.pop(0)}").MESSAGES)
    pair = _loaded.get(code)
    return None if pair is None else pair[_index(lang)]


def catalog() -> dict[str, tuple[str, str]]:
    """Every message id with its (English, Japanese) text."""
    template("", "en")
    return dict(_loaded)


_OF = {"in-namespace": "namespace.of", "on-host": "host.of"}


def say(code: str, args: Sequence[str], lang: str) -> str:
    """The words for a message id and its arguments, ``lang`` being ``en`` or ``ja``.

    An id that is in no table, or too few arguments, give the id and the arguments as they are:
    an answer is never lost for want of a sentence. No argument begins a line of its own.
    """
    if code in JOINS:
        return one_line(_joined(code, list(args), lang))
    if code == SENTENCE:
        return _sentence(args[0], args[1:], lang)
    if code in _OF and len(args) > 1:  # whose it is, a message and its arguments
        return one_line(say(_OF[code], (args[0], say(args[1], args[2:], lang)), lang))
    text = template(code, lang)
    if code in _NESTED:
        args = [say(arg, (), lang) for arg in args]
    if text is not None:
        try:
            if "\n" in text:
                return text.format(*map(one_line, args))
            return one_line(text.format(*args))
        except (IndexError, KeyError):
            pass
    return one_line(" ".join((code, *args)))


def _sentence(text: str, args: Sequence[str], lang: str) -> str:
    if lang != "en":
        from sekisho.explain.errors import JAPANESE

        text = JAPANESE.get(text, text)
    return one_line(text.format(*args))


def words(message: Message, lang: str) -> str:
    """The words for a message and the messages inside it."""
    parts = [arg if isinstance(arg, str) else words(arg, lang) for arg in message.args]
    return say(message.code, parts, lang)


def sentences(messages: Sequence[Message], lang: str) -> str:
    """Several messages, one after the other, as running text."""
    return (" " if lang == "en" else "").join(words(message, lang) for message in messages)


def _joined(code: str, parts: list[str], lang: str) -> str:
    between, last = JOINS[code][_index(lang)]
    if len(parts) < 2:
        return "".join(parts)
    return between.join(parts[:-1]) + last + parts[-1]


def _index(lang: str) -> int:
    return 1 if lang == "ja" else 0
