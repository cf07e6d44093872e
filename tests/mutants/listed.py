"""The whole list, package by package."""

from __future__ import annotations

from tests.mutants import semantics, sources, symbolic
from tests.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = (*semantics.MUTANTS, *symbolic.MUTANTS, *sources.MUTANTS)
