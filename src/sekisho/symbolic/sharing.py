"""From how many on networks, bridges or namespaces share a walk; fewer are walked one by one, in the order in
which they stand."""

from __future__ import annotations

MANY = 8


def many(count: int) -> bool:
    """Whether so many are worth taking together."""
    return count >= MANY
