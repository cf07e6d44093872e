"""What every reader returns: the facts of a text, and the lines that it could not read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from sekisho.model.evidence import Unread

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Parsed(Generic[T]):
    """``facts`` in the order of the text; ``unread`` holds every line that became no fact."""

    facts: tuple[T, ...]
    unread: tuple[Unread, ...] = ()
