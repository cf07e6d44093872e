"""What a program or a file says of its own settings: intent, not what the kernel holds.

``ufw status`` and ``firewall-cmd --list-all`` tell what these front ends were told; which rules they made
of it only ``iptables-save`` or ``nft list ruleset`` shows. A compose file says what Docker would be told.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sekisho.model.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Stated:
    """One line of it. ``by``: ufw, firewalld, compose, daemon; ``kind`` what the line is about (``rule``,
    ``default``...), ``words`` its parts. ``filters``: where this is said, rules of the front end are in
    force."""

    by: str
    kind: str
    words: tuple[str, ...] = ()
    filters: bool = False
    evidence: Evidence | None = field(default=None, compare=False)
