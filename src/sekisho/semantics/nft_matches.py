"""The meaning of nftables' matches: left side, operator, right side -> guard.

What is not understood becomes ``Unsure`` and names itself.
"""

from __future__ import annotations

from dataclasses import replace

from sekisho.model.evidence import Evidence
from sekisho.model.nft_expression import Concat, Exists, Expression, SetReference
from sekisho.model.nft_rule import Match
from sekisho.semantics.conjunction import both
from sekisho.semantics.journey import Doubt
from sekisho.semantics.nft_context import NftContext, Undecided
from sekisho.semantics.nft_elements import element_guard, present
from sekisho.semantics.nft_fields import elements_of, field_guard
from sekisho.semantics.program import NEVER, AnyOf, Guard, Not, Unsure


def match_guard(match: Match, context: NftContext, evidence: Evidence | None) -> Guard:
    """The condition of one match."""
    shown = evidence.text.strip() if evidence else ""
    try:
        return _moving(_decided(match, context), match, context)
    except Undecided as found:
        unsure = both(*found.needs, Unsure(replace(found.doubt, evidence=found.doubt.evidence or evidence)))
        wants_missing = isinstance(match.right, Exists) and match.right.value is (match.operator == "!=")
        return AnyOf((found.missing, unsure)) if wants_missing and found.missing != NEVER else unsure
    except (ValueError, LookupError) as error:
        return Unsure(Doubt("match-not-readable", (shown, str(error)), evidence))


def _decided(match: Match, context: NftContext) -> Guard:
    left, operator = match.left, match.operator
    if not isinstance(left, Concat):
        return field_guard(left, operator, match.right, context)
    held = element_guard(left, elements_of(match.right, context), context)
    if operator == "==":
        return held
    if operator == "!=":
        return both(present(left, context), Not(held))
    raise Undecided(Doubt("expression-not-understood", (operator,)))


def _moving(guard: Guard, match: Match, context: NftContext) -> Guard:
    """A set that rules change may have other elements by now: more, and where they delete, fewer."""
    right: Expression = match.right
    if not isinstance(right, SetReference) or not context.moves(right):
        return guard
    unsure = Unsure(Doubt("set-moves", (right.name,)))
    if right.name in context.shrinking:
        return both(present(match.left, context), unsure)
    # What is in the set is in it for certain, and not out of it.
    if match.operator == "!=":
        return both(guard, unsure)
    return both(present(match.left, context), AnyOf((guard, unsure)))
