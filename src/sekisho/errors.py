"""The few error types a user can meet; every one says what, where and what to do."""

from __future__ import annotations


class SekishoError(Exception):
    """Bad input or usage: the command line prints it to stderr and exits with status 2.

    ``what`` is the finding, ``file``/``line``/``text`` the place (line is 1-based, 0 when the
    whole file is meant), ``advice`` the way out.
    """

    def __init__(
        self, what: str, *, file: str = "", line: int = 0, text: str = "", advice: str = ""
    ) -> None:
        super().__init__(what)
        self.what = what
        self.file = file
        self.line = line
        self.text = text
        self.advice = advice

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        shown = f"\n  {self.text[:200]!r}" if self.text else ""
        advice = f"\n  {self.advice}" if self.advice else ""
        return f"{place}{self.what}{shown}{advice}"


class SourceError(SekishoError):
    """A file or a piece of text cannot be read as the format that it claims to be."""


class UsageError(SekishoError):
    """The command line, an endpoint or an option does not make sense."""
