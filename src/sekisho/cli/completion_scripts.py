"""The completion script of each shell, each in a module of its own."""

from __future__ import annotations

from sekisho.cli.completion import commands
from sekisho.cli.language import Lang


def completion_script(shell: str, lang: Lang) -> str:
    """The script for ``bash``, ``zsh`` or ``fish``; descriptions are in ``lang``."""
    if shell == "bash":
        from sekisho.cli.completion_bash import bash_script as script
    elif shell == "zsh":
        from sekisho.cli.completion_zsh import zsh_script as script
    else:
        from sekisho.cli.completion_fish import fish_script as script
    return script(commands(lang))
