"""What is said of chains and tables of which the snapshot may hold a part only."""

from __future__ import annotations

from sekisho.explain.message import Message, m
from sekisho.model.evidence import Partial


def partly(partial: Partial | None) -> list[Message]:
    """That a table was captured in part, and in what way; nothing of a table that is whole."""
    return [] if partial is None else [m(f"table.{partial.why}")]


def uncalled(partial: Partial | None) -> Message:
    """Of a chain of the table that no captured rule calls."""
    return m("chain.uncalled" if partial is None else "chain.uncalled.partly")


def without_rules(chain: str, partial: Partial | None) -> Message:
    """Of a chain of which no rule was captured."""
    return m("chain.empty.partly" if may_hold_more(chain, partial) else "chain.empty")


def may_hold_more(chain: str, partial: Partial | None) -> bool:
    """Whether a chain of the table may hold rules that were not captured."""
    return partial is not None and chain not in partial.whole
