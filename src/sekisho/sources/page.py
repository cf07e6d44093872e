"""What a page puts around the text that somebody copied: colours, tags, entities, quoting, indentation.

    > > ubuntu@host:~$ ip route             quoted, as in a mail or in Markdown
        default via 10.0.0.1 dev eth0       a block that is indented by four blanks or a tab
    <pre>2: eth0: &lt;UP&gt; mtu 1500</pre>   a page's source
    ESC[1mdefault ESC[0mvia 10.0.0.1        a terminal's colours

Every line stays on its line, so that evidence names places of the page. Nothing is taken away that could be
part of a listing: entities and tags only where the whole page is written so, indentation only of a block that
begins with a line which no program indents.
"""

from __future__ import annotations

import re

from sekisho.sources.command_line import read_command
from sekisho.sources.paste_prompts import is_prompt
from sekisho.sources.recognise import of_line

FENCE = re.compile(r"\s*(```+|~~~+)")

# ECMA-48: control sequences, operating system commands (titles, links), and single shifts.
_COLOURS = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9]|[=>78cM])")
_NAMES = "pre|code|samp|kbd|tt|p|br|div|span|blockquote|b|i|em|strong|li|ul|ol|details|summary"
_TAG = re.compile(rf"</?(?:{_NAMES})(?:\s[^<>]*)?/?>")
_BLOCK_TAG = re.compile(r"</?(?:pre|code)\b")
_HTML = re.compile(r"^\s*<(?:pre|code)(?:\s[^<>]*)?>|</(?:pre|code)>\s*$", re.MULTILINE)
_ENTITY = re.compile(r"&(?:#(?:39|34|60|62|38|160)|#x(?:27|22|3[cCeE]|26|[aA]0)|gt|lt|amp|quot|apos|nbsp);")
_CHARACTERS = {
    "gt": ">", "#62": ">", "#x3e": ">", "lt": "<", "#60": "<", "#x3c": "<",
    "amp": "&", "#38": "&", "#x26": "&",
    "quot": '"', "#34": '"', "#x22": '"', "apos": "'", "#39": "'", "#x27": "'",
    "nbsp": " ", "#160": " ", "#xa0": " ",
}  # fmt: skip
# Blanks of a page that no program prints: no-break space and its narrow form, and what has no width.
_BLANKS = {0xA0: " ", 0x202F: " ", 0x2007: " ", 0x200B: None, 0x200C: None, 0xFEFF: None, 0x2060: None}
_QUOTE = re.compile(r"^ {0,3}(?:>[ \t]?)+", re.MULTILINE)
_IN_BACKTICKS = re.compile(r"\s*(`{1,2})([^`]+)\1\s*$")
_INDENTED = re.compile(r"^(?: {4,}|\t)", re.MULTILINE)


def lines_of_page(text: str) -> list[str]:
    """The lines of a page without what the page put around them; as many as it has."""
    if "\x1b" in text:
        text = _COLOURS.sub("", text)
    text = text.translate(_BLANKS) if not text.isascii() else text
    text = _without_markup(text)
    if re.search(r"^ {0,3}>", text, re.MULTILINE):
        text = _QUOTE.sub("", text)
    lines = text.split("\n")
    if "`" in text:
        lines = [_without_backticks(line) for line in lines]
    return _outdented(lines) if _INDENTED.search(text) else lines


def _without_markup(text: str) -> str:
    """Without tags, and with the characters that entities stand for, where the page is written so.

    A page that shows a ``<`` of its own is none: what looks like an entity there is meant as it stands.
    """
    html = "<" in text and _HTML.search(text) is not None
    if html:
        text = "\n".join(_without_tags(line) if "<" in line else line for line in text.split("\n"))
    if "&" in text and (html or "<" not in text):
        text = _ENTITY.sub(lambda found: _CHARACTERS[found[0][1:-1].lower()], text)
    return text


def _without_tags(line: str) -> str:
    bare = _TAG.sub("", line)
    if bare.strip() or not _BLOCK_TAG.search(line):
        return bare
    return "```"  # it stands where a fence would


def _without_backticks(line: str) -> str:
    found = _IN_BACKTICKS.match(line)
    return found[2] if found else line


def _outdented(lines: list[str]) -> list[str]:
    """Move blocks to the left that were indented as a whole."""
    result = list(lines)
    at = 0
    while at < len(lines):
        if not lines[at].strip() or not _INDENTED.match(lines[at]):
            at += 1
            continue
        end = at
        while end < len(lines) and (not lines[end].strip() or _INDENTED.match(lines[end])):
            end += 1
        block = lines[at:end]
        margin = _margin(block)
        before = next((line for line in reversed(lines[:at][-2:]) if line.strip()), "")
        inside = of_line(before) is not None or before.endswith("{")
        if any(_begins(line[len(margin) :]) for line in (block[:1] if inside else block)):
            result[at:end] = [line.removeprefix(margin) for line in block]
        at = end
    return result


def _margin(block: list[str]) -> str:
    """The white space that all lines of a block begin with."""
    common: str | None = None
    for line in block:
        if line.strip():
            own = line[: len(line) - len(line.lstrip(" \t"))]
            common = own if common is None else _common(common, own)
    return common or ""


def _common(one: str, other: str) -> str:
    most = min(len(one), len(other))
    return one[: next((at for at in range(most) if one[at] != other[at]), most)]


def _begins(line: str) -> bool:
    """Whether a line opens something, and stands at the margin where its program prints it."""
    if line[:1].isspace():
        return False
    if FENCE.match(line) or is_prompt(line):
        return True
    command = read_command(line)
    return (command is not None and command.format is not None) or of_line(line) is not None
