"""Where a verb's answer goes, and in which form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from sekisho.cli.language import Lang, Words
from sekisho.cli.terminal import harmless, json_text, put
from sekisho.errors import one_line

if TYPE_CHECKING:
    from sekisho.sources.bounds import Bounds


@dataclass(frozen=True, slots=True)
class Output:
    """``color``: escape sequences may be written. ``json``: the answer is one JSON document. ``outside`` and
    ``max_input``: how far and how much is read for it, ``host``: of which host (``bounds``)."""

    stream: TextIO
    lang: Lang = "en"
    color: bool = False
    json: bool = False
    outside: bool = False
    max_input: int | None = None
    host: str = ""

    @property
    def bounds(self) -> Bounds:
        """What may be read."""
        from sekisho.sources.bounds import MIB, USUAL_MOST, Bounds

        most = USUAL_MOST if self.max_input is None else self.max_input * MIB
        return Bounds(self.outside, most, self.host)

    def write(self, text: str) -> None:
        """Print text; a newline is added where it ends without one. Nothing in it acts on a terminal."""
        put(self.stream, text, self.color)

    def row(self, text: str) -> None:
        """Print a text as one line, whatever it holds."""
        self.write(one_line(text))

    def ask(self, prompt: str) -> None:
        """Print a text and stay behind it, for an answer."""
        self.stream.write(harmless(prompt, self.color))
        self.stream.flush()

    def flush(self) -> None:
        """What was printed is to stand before what somebody else prints now."""
        self.stream.flush()

    def document(self, answer: Mapping[str, object]) -> None:
        """Print one JSON document over several lines."""
        self.stream.write(json_text(answer, indent=2) + "\n")

    def line(self, answer: Mapping[str, object]) -> None:
        """Print one JSON document as one line: the form for many answers."""
        self.stream.write(json_text(answer) + "\n")

    def say(self, *, en: str, ja: str) -> str:
        """The text in the language of this output."""
        return ja if self.lang == "ja" else en

    def pick(self, words: Words) -> str:
        """The same for a text from a table."""
        return words[self.lang]


def wants_color(stream: TextIO, environ: Mapping[str, str], *, no_color: bool) -> bool:
    """Colour only on a terminal that can, and only if neither the option nor NO_COLOR forbids it."""
    if no_color or environ.get("NO_COLOR") or environ.get("TERM") == "dumb":
        return False
    return stream.isatty()
