"""The finished explanation of a snapshot, as text for people and as data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from sekisho.explain.layout import columns, wrap
from sekisho.explain.lines import blocks_text, lines_text
from sekisho.explain.message import Message, m
from sekisho.explain.tints import BOLD, CYAN, YELLOW, painted
from sekisho.explain.words import sentences, words

SCHEMA = "sekisho/explain/1"
HOSTS_SCHEMA = "sekisho/explain-hosts/1"
WIDTH = 88


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a captured file (or one fact of a JSON file) and what it does here.

    ``continued`` are the lines that belong to it, (number, text); ``read`` is False for a line that
    could not be understood.
    """

    file: str
    line: int
    text: str
    messages: tuple[Message, ...]
    continued: tuple[tuple[int, str], ...] = ()
    read: bool = True


@dataclass(frozen=True, slots=True)
class Section:
    """The lines of one table, one kind of fact. ``name`` is what the command line calls it."""

    name: str
    namespace: str
    title: Message
    lines: tuple[Line, ...]
    remarks: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """All of it in one language; ``picture`` is the drawing of the host, line by line."""

    path: str
    lang: str
    sections: tuple[Section, ...]
    picture: tuple[str, ...] = ()

    def to_text(self, color: bool) -> str:
        """Headings; each line of the capture with its explanation indented below it."""
        blocks: list[str] = []
        if self.picture:
            blocks.append(lines_text(self.picture))
        blocks.extend(lines_text(self._section(section, color)) for section in self.sections)
        return blocks_text(blocks) + "\n"

    def _section(self, section: Section, color: bool) -> Iterator[str]:
        yield painted(words(section.title, self.lang), BOLD, color)
        for remark in section.remarks:
            yield from self._indented((remark,))
        # Neighbouring lines with the very same explanation share it.
        for _key, group in groupby(section.lines, key=lambda line: (line.messages, line.read)):
            shared = list(group)
            yield ""
            for line in shared:
                for text in (line.text, *(more for _number, more in line.continued)):
                    yield painted(collapsed(text), CYAN if line.read else YELLOW, color)
            yield from self._indented(shared[0].messages)

    def _indented(self, messages: tuple[Message, ...]) -> Iterator[str]:
        for line in wrap(sentences(messages, self.lang), WIDTH - 4):
            yield f"    {line}"

    def to_json(self) -> dict[str, object]:
        """One document; every line has its place, its text, its messages and their words."""
        return {
            "schema": SCHEMA,
            "snapshot": self.path,
            "lang": self.lang,
            "picture": list(self.picture),
            "sections": [
                {
                    "section": section.name,
                    "namespace": section.namespace,
                    "title": words(section.title, self.lang),
                    "remarks": [self._message(remark) for remark in section.remarks],
                    "lines": [self._line(line) for line in section.lines],
                }
                for section in self.sections
            ],
        }

    def _line(self, line: Line) -> dict[str, object]:
        return {
            "file": line.file,
            "line": line.line,
            "text": line.text,
            "continued": [{"line": number, "text": text} for number, text in line.continued],
            "read": line.read,
            "messages": [self._message(message) for message in line.messages],
            "words": sentences(line.messages, self.lang),
        }

    def _message(self, message: Message) -> dict[str, object]:
        return {**message.to_json(), "words": words(message, self.lang)}


def hosts_text(found: Sequence[tuple[str, Explanation]], color: bool) -> str:
    """One host after another, each below its name."""
    blocks = []
    for number, (name, explanation) in enumerate(found, 1):
        heading = words(m("explain.host", name, number, len(found)), explanation.lang)
        ruled = (painted(heading, BOLD, color), "=" * columns(heading))
        blocks += [lines_text(ruled), explanation.to_text(color).rstrip("\n")]
    return blocks_text(blocks) + "\n"


def hosts_json(found: Sequence[tuple[str, Explanation]]) -> dict[str, object]:
    """One document; each host's explanation is what that host alone would have."""
    (_, first), *_ = found
    return {
        "schema": HOSTS_SCHEMA,
        "snapshot": first.path,
        "lang": first.lang,
        "hosts": [{"host": name, "explanation": explanation.to_json()} for name, explanation in found],
    }


def collapsed(text: str) -> str:
    """The line with its white space collapsed."""
    return " ".join(text.split())
