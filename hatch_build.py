"""Build hook: the wheel carries completion files, generated from the parsers as they are now."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# Where each shell looks below the installation's prefix.
PLACES = {
    "bash": "share/bash-completion/completions/sekisho",
    "zsh": "share/zsh/site-functions/_sekisho",
    "fish": "share/fish/vendor_completions.d/sekisho.fish",
}


class CompletionHook(BuildHookInterface[Any]):
    """Adds the shells' completion files to the wheel's data (``share/...``)."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Generate the files; an editable install needs none."""
        if version == "editable":
            return
        sys.path.insert(0, str(Path(self.root, "src")))
        from sekisho.cli.completion_scripts import completion_script

        self._made = tempfile.TemporaryDirectory()
        for shell, place in PLACES.items():
            file = Path(self._made.name, shell)
            file.write_text(completion_script(shell, "en"), encoding="utf-8")
            build_data["shared_data"][str(file)] = place

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """The wheel is written: the generated files are no longer needed."""
        if version != "editable":
            self._made.cleanup()
