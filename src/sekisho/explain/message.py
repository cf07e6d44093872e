"""A message as data: its id and its arguments, which may be messages themselves.

Words are made from it last, in one language (``words.words``); the JSON answers carry it as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sekisho.errors import Said


@dataclass(frozen=True, slots=True)
class Message:
    """``code`` is the id in the catalog, ``args`` fill the places ``{0}``, ``{1}``... of its text."""

    code: str
    args: tuple[str | Message, ...] = ()

    def walk(self) -> Iterator[Message]:
        """This message and all messages inside it, outermost first."""
        yield self
        for arg in self.args:
            if isinstance(arg, Message):
                yield from arg.walk()

    def to_json(self) -> dict[str, object]:
        """``{"id", "args"}``, arguments being texts or such objects again."""
        return {
            "id": self.code,
            "args": [arg if isinstance(arg, str) else arg.to_json() for arg in self.args],
        }


# A message whose first argument is the English template of a sentence (``errors.Said``).
SENTENCE = "sentence"


def sentence(said: Said) -> Message:
    """A sentence of another part as a message."""
    return m(SENTENCE, said.template, *said.args)


def m(code: str, *args: object) -> Message:
    """A message; arguments that are no messages are taken as their text."""
    return Message(code, tuple(arg if isinstance(arg, Message) else str(arg) for arg in args))


def join(kind: str, items: Iterable[object]) -> str | Message:
    """A list in words: ``kind`` is ``and``, ``or``, ``with`` (conditions in a row) or ``list``.

    One item stands for itself; none is the empty text.
    """
    parts = tuple(item if isinstance(item, Message) else str(item) for item in items)
    if not parts:
        return ""
    return parts[0] if len(parts) == 1 else Message(f"join.{kind}", parts)
