"""An nftables rule set in the form of ``nft -j list ruleset``."""

from __future__ import annotations

from dataclasses import dataclass, field

from sekisho.model.evidence import Evidence


@dataclass(frozen=True, slots=True)
class NftRuleset:
    """``objects`` are (kind, value): value is the JSON object of one table, chain, rule, set, map...

    Kept as captured: nothing reads it into stations yet, so answers name it as not understood when
    it holds base chains of its own.
    """

    objects: tuple[tuple[str, str], ...] = ()
    evidence: Evidence | None = field(default=None, compare=False)
