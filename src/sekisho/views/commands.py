"""Commands to type, as a POSIX shell takes them."""

from __future__ import annotations

import shlex

from sekisho.answers.arrivals import Witness


def trace_command(snapshot: str, witness: Witness) -> str:
    """``sekisho trace SNAPSHOT ...`` for a packet; ``snapshot`` is how the user named it."""
    return shlex.join(("sekisho", "trace", snapshot, *witness.words()))
