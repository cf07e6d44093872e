"""The last door: whatever is written, for people or for programs, goes through here, and none of it acts."""

from __future__ import annotations

from typing import TextIO


def harmless(text: str, color: bool = False) -> str:
    """The text as it may be written, XML among it; with ``color`` the tints of our own stay."""
    from sekisho.explain.visible import visible

    if not color:
        return visible(text)
    from sekisho.explain.tints import TINTS

    # What the pattern holds in brackets stands at every second place.
    parts = TINTS.split(text)
    parts[::2] = map(visible, parts[::2])
    parts[1::2] = [f"\x1b[{number}m" for number in parts[1::2]]
    return "".join(parts)


def json_text(answer: object, *, indent: int | None = None) -> str:
    """A JSON document; without ``indent`` on one line and without a blank."""
    import json

    from sekisho.explain.visible import visible_json

    separators = (",", ":") if indent is None else None
    return visible_json(json.dumps(answer, ensure_ascii=False, indent=indent, separators=separators))


def put(stream: TextIO, text: str, color: bool = False) -> None:
    """Write a text; a newline is added where it ends without one."""
    text = harmless(text, color)
    stream.write(text if text.endswith("\n") or not text else text + "\n")


def remark(text: str) -> None:
    """Tell something beside the answer, on standard error."""
    import sys

    put(sys.stderr, text)


def save(path: str, document: str) -> None:
    """Write a document for programs (XML) into a file. Raises OSError."""
    _save(path, harmless(document))


def save_json(path: str, answer: object) -> None:
    """Write a JSON document into a file. Raises OSError."""
    _save(path, json_text(answer, indent=2) + "\n")


def _save(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
