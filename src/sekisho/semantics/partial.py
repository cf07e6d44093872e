"""What is known in part only: where the rest could act, nobody can say what happens.

A doubtful line stands where the unseen rules may stand: at the end of a chain whose text was cut, at its
head where they may be anywhere. A built-in chain that was not seen at all is a station of its own.
"""

from __future__ import annotations

from sekisho.model.evidence import Partial
from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import Accept, ChainCode, Guarded, NotUnderstood, Unsure

# By why it is known in part; ``table-incomplete`` is the cut.
_CODES = {
    "cut": "table-incomplete", "filtered": "table-filtered", "selected": "table-selected",
    "unread": "table-unread", "hidden": "table-hidden", "predicted": "table-predicted",
    "failed": "table-failed", "lost": "table-lost",
    "before": "table-before", "changed": "table-changed", "frontend": "table-frontend",
}  # fmt: skip
# How a table of nftables is called of which nobody knows the name.
OF_NFT = "nftables"
# And a chain.
UNSEEN = "?"
# What is missing follows what is there.
_AT_THE_END = frozenset({"cut", "predicted"})


def doubt_of(partial: Partial, table: str) -> Doubt:
    """Why nobody can say what the rest of the table does."""
    if partial.why not in ("failed", "lost"):
        return Doubt(_CODES[partial.why], (table,), partial.evidence)
    said = partial.evidence.text.strip()
    if table == OF_NFT:
        return Doubt(f"nft-{partial.why}", (said,), partial.evidence)
    return Doubt(_CODES[partial.why], (table, said), partial.evidence)


def doubtful(doubt: Doubt) -> Guarded:
    """A line that may be there, and may do anything."""
    return Guarded(Unsure(doubt), NotUnderstood(doubt), 0, "", "", doubt.evidence)


def with_unseen(
    lines: tuple[Guarded, ...], chain: str, partial: Partial | None, table: str
) -> tuple[Guarded, ...]:
    """The lines of a chain with the doubtful one, where the chain may hold more than these."""
    if partial is None or chain in partial.whole:
        return lines
    line = doubtful(doubt_of(partial, table))
    if partial.why in _AT_THE_END:
        return (*lines, line)
    known = dict(partial.first).get(chain, 0)
    return (*lines[:known], line, *lines[known:])


def unseen_chain(name: str, partial: Partial, table: str) -> ChainCode:
    """A base chain of which nothing was seen."""
    return ChainCode(name, (doubtful(doubt_of(partial, table)),), Accept(), partial.evidence)


def is_unseen(chain: ChainCode) -> bool:
    """Whether a base chain is one of which nothing was seen: that it ends is no step that anybody knows."""
    return len(chain.lines) == 1 and not chain.lines[0].number and isinstance(chain.lines[0].guard, Unsure)
