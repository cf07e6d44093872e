"""Commands to type, as a shell takes them: words that can be seen as POSIX has it, others as bash does."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sekisho.answers.witness import Witness


def trace_command(snapshot: str, witness: Witness) -> str:
    """``sekisho trace SNAPSHOT ...`` for a packet; ``snapshot`` is how the user named it."""
    return shell_words(("sekisho", "trace", snapshot, *witness.words()))


def shell_words(words: Iterable[str]) -> str:
    """A command line of these words, on one line: what cannot be seen is written as bash's ``$'\\x1b'``."""
    return " ".join(shlex.quote(word) if word.isprintable() else _in_dollars(word) for word in words)


def _in_dollars(word: str) -> str:
    quoted = "".join(
        f"\\{letter}" if letter in "\\'" else letter if letter.isprintable() else _bytes(letter)
        for letter in word
    )
    return f"$'{quoted}'"


def _bytes(letter: str) -> str:
    own = "surrogateescape" if "\udc80" <= letter <= "\udcff" else "surrogatepass"
    return "".join(f"\\x{byte:02x}" for byte in letter.encode(errors=own))
