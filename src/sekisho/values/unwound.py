"""Recursion whose depth costs memory and not stack: what is nested is read from files, thousands deep.

A function that calls itself is written as a generator: it *yields* the call and is sent its result.

    def depth(name):                                unwound(depth("c0"))
        inner = yield depth(callee[name])
        return inner + 1
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeAlias, TypeVar

Result = TypeVar("Result")
Call: TypeAlias = Generator["Call[Result]", Result, Result]


def unwound(first: Call[Result]) -> Result:
    """The result of a generator that yields the generators whose results it needs."""
    running = [first]
    result: Result | None = None  # of the call that ended last; a generator is begun with None
    while running:
        try:
            called = running[-1].send(result)  # type: ignore[arg-type]
        except StopIteration as done:
            running.pop()
            result = done.value
        else:
            running.append(called)
            result = None
    return result  # type: ignore[return-value]
