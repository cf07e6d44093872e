"""How much work something is, without a clock: lines of Python that run for it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def lines_run(call: Callable[[], object]) -> int:
    """Call it, and count the lines that run."""
    count = 0

    def at(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return at

    before = sys.gettrace()
    sys.settrace(at)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


def doubles(work: Callable[[int], Callable[[], object]], size: int) -> float:
    """What twice the size multiplies the work with. ``work`` makes ready what is then counted; the first
    call is not counted, for what is done once in a process or remembered."""
    work(2 * size)()
    return lines_run(work(2 * size)) / lines_run(work(size))
