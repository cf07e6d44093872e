"""Errors in the user's language: their sentences by the English template (``errors.Said``)."""

from __future__ import annotations

from sekisho.errors import Said
from sekisho.explain.messages_errors import JAPANESE as _GENERAL
from sekisho.explain.messages_errors_lab import JAPANESE_OF_LAB

JAPANESE = {**_GENERAL, **JAPANESE_OF_LAB}


def japanese(sentence: str | Said | object) -> str:
    """The sentence in Japanese, with sentences inside it; one that has no translation as it is.

    The words of Docker, of Python's parsers and of the operating system are quoted, not translated.
    """
    if isinstance(sentence, ValueError) and sentence.args:
        return japanese(sentence.args[0])
    if isinstance(sentence, Said):
        args = [japanese(arg) if isinstance(arg, Said | ValueError) else arg for arg in sentence.args]
        return JAPANESE.get(sentence.template, sentence.template).format(*args)
    text = str(sentence)
    return JAPANESE.get(text, text)
