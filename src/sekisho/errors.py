"""The few error types a user can meet; every one says what, where and what to do."""

from __future__ import annotations

from collections.abc import Callable


def one_line(text: str) -> str:
    """The text with its line feeds written as ``\\n``: a stranger's begins no line that looks like ours."""
    return text.replace("\n", "\\n") if "\n" in text else text


class Said:
    """A sentence with places ``{0}``, ``{1!r}``... and what stands in them.

    The English template is the sentence's id: ``explain/messages_errors.py`` has the other languages.
    (No dataclass: every start of the program imports this module, few need that one.)
    """

    __slots__ = ("args", "template")

    def __init__(self, template: str, args: tuple[object, ...] = ()) -> None:
        self.template = template
        self.args = args

    def __str__(self) -> str:
        return self.template.format(*self.args)


def said(template: str, *args: object) -> Said:
    """The sentence with its places filled."""
    return Said(template, args)


class SekishoError(Exception):
    """Bad input or usage: the command line prints it to stderr and exits with status 2.

    ``what`` is the finding, ``file``/``line``/``text`` the place (line is 1-based, 0 when the
    whole file is meant), ``advice`` the way out; each takes one line, whatever it quotes. ``usage`` are lines
    of our own. Both sentences are kept as they were given in ``said_what`` and ``said_advice``, for other
    languages; a plain str is a sentence without places.
    """

    def __init__(
        self, what: str | Said, *, file: str = "", line: int = 0, text: str = "", advice: str | Said = "",
        usage: str = "",
    ) -> None:  # fmt: skip
        super().__init__(str(what))
        self.said_what = what
        self.said_advice = advice
        self.what = str(what)
        self.file = file
        self.line = line
        self.text = text
        self.advice = str(advice)
        self.usage = usage

    def in_words(self, words: Callable[[str | Said], str]) -> str:
        """The whole message: one to three lines, and the usage. ``words`` gives a sentence in a language."""
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        shown = f"\n  {self.text[:200]!r}" if self.text else ""
        usage = "".join("\n" + f"  {line}".rstrip() for line in self.usage.splitlines())
        advice = f"\n  {one_line(words(self.said_advice))}" if self.advice else ""
        return f"{one_line(place + words(self.said_what))}{shown}{usage}{advice}"

    def __str__(self) -> str:
        return self.in_words(str)


class SourceError(SekishoError):
    """A file or a piece of text cannot be read as the format that it claims to be."""


class UsageError(SekishoError):
    """The command line, an endpoint or an option does not make sense."""
