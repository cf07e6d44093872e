"""Immutable values: addresses, sets of integers, packets. Imports nothing else of the package."""
