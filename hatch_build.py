"""Build hook: the wheel carries completion files, generated from the parser as it is now."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompletionHook(BuildHookInterface):  # type: ignore[type-arg]
    """Puts the shells' completion files where the shells look for them (``share/...``)."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Nothing to do yet."""
