"""An error that is nobody's but Sekisho's own: what is said of it, and how to report it.

It says where (the captured line, or the file, at which a reader stood) and in which of Sekisho's own lines,
but nothing of the error's own text, which may hold what was read.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from types import FrameType, TracebackType
from typing import Any

from sekisho.cli.language import Lang
from sekisho.errors import one_line

# Set to anything: Python's own trace is printed as well.
DEBUG = "SEKISHO_DEBUG"
_ISSUES = "https://github.com/sekisho/sekisho/issues"
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def fault_words(
    error: BaseException, argv: Sequence[str], lang: Lang, environ: Mapping[str, str] = os.environ
) -> str:
    """The message, and the trace below it where ``SEKISHO_DEBUG`` asks for it."""
    frames = _frames(error.__traceback__)
    place = _place(frames, argv)
    kind = f"{type(error).__name__}, {_own_line(frames)}"
    if lang == "ja":
        what = f"sekisho自身の不具合です ({kind})。入力の誤りではありません"
        report = (
            f"{_ISSUES} へ、再現する最小の入力を添えて報告してください。実際のアドレスや名前は書き換え、"
            f"公開したくない内容はSECURITY.mdの窓口へ。{DEBUG}=1 でトレースを表示します"
        )
    else:
        what = f"this is a fault of sekisho ({kind}), not of the input"
        report = (
            f"please report it at {_ISSUES} with the smallest input that shows it, real addresses and names"
            f" replaced; what must stay private goes where SECURITY.md says. {DEBUG}=1 shows the trace"
        )
    words = f"{one_line(place)}{what}\n  {report}"
    if environ.get(DEBUG):
        words += "\n" + "".join(traceback.format_exception(error)).rstrip()
    return words


def _frames(trace: TracebackType | None) -> list[tuple[FrameType, int]]:
    found: list[tuple[FrameType, int]] = []
    while trace is not None:
        found.append((trace.tb_frame, trace.tb_lineno))
        trace = trace.tb_next
    return found


def _own_line(frames: Sequence[tuple[FrameType, int]]) -> str:
    """The innermost line of Sekisho: ``sources/ss.py:82``."""
    for frame, line in reversed(frames):
        path = os.path.abspath(frame.f_code.co_filename)
        if path.startswith(_PACKAGE + os.sep):
            return f"{os.path.relpath(path, _PACKAGE)}:{line}"
    return "?"


def _place(frames: Sequence[tuple[FrameType, int]], argv: Sequence[str]) -> str:
    """The captured line that the innermost frame looked at, else the file that a reader had, else what of
    the command line is a file or a folder."""
    evidence = _class("sekisho.model.evidence", "Evidence")
    piece = _class("sekisho.sources.pieces", "Piece")
    file = ""
    for frame, _line in reversed(frames):
        named = frame.f_locals.get("file")
        if not file and isinstance(named, str):
            file = named
        for value in frame.f_locals.values():
            # It may be half made.
            if isinstance(value, evidence) and (line := getattr(value, "line", None)):
                return f"{value.file}:{line}: "
            if not file and isinstance(value, piece):
                file = value.file
    given = [word for word in argv if word == "-" or os.path.exists(word)]
    return f"{file}: " if file else "".join(f"{word}: " for word in given[:1])


def _class(module: str, name: str) -> tuple[type[Any], ...]:
    """The class, where its module was needed before the fault."""
    loaded = sys.modules.get(module)
    return () if loaded is None else (getattr(loaded, name),)
