"""Completion for zsh: one function for each verb, in the words of ``_arguments``."""

from __future__ import annotations

from collections.abc import Sequence

from sekisho.cli.completion import Command, CommandOption, Value

_TAIL = """\
if [ "$funcstack[1]" = "_sekisho" ]; then
    _sekisho "$@"
else
    compdef _sekisho sekisho
fi
"""


def zsh_script(commands: Sequence[Command]) -> str:
    """The text of the completion script: a file ``_sekisho`` in ``$fpath``, or to be sourced."""
    by_path = {command.path: command for command in commands}
    top = [command for command in commands if len(command.path) == 1]
    lines = ["#compdef sekisho", "# zsh completion for sekisho. Printed by: sekisho completion zsh", ""]
    lines += _chooser("_sekisho", top, ["--help[show this help]", "--version[show the version]"])
    for command in commands:
        below = [by_path[(*command.path, name)] for name in command.subverbs]
        if below:
            lines += _chooser(_function(command), below, [])
        else:
            lines += [f"{_function(command)}() {{", "    _arguments -s \\"]
            lines += [f"        {spec} \\" for option in command.options for spec in _option_specs(option)]
            lines += [
                f"        {_argument_spec(at, value)} \\" for at, value in enumerate(command.arguments, 1)
            ]
            lines += ["        && return 0", "}", ""]
    return "\n".join(lines) + "\n" + _TAIL


def _chooser(function: str, choices: Sequence[Command], options: Sequence[str]) -> list[str]:
    """A function that completes a verb and hands what follows to that verb's function."""
    return [
        f"{function}() {{",
        "    local context state state_descr line",
        "    typeset -A opt_args",
        "    local -a verbs=(",
        *(f"        {_quote(f'{command.path[-1]}:{command.help}')}" for command in choices),
        "    )",
        "    _arguments -C \\",
        *(f"        {_quote(option)} \\" for option in options),
        "        '1:verb:->verb' '*::argument:->rest' && return 0",
        "    case $state in",
        "    verb) _describe -t verbs verb verbs ;;",
        "    rest)",
        "        case $line[1] in",
        *(f"        {command.path[-1]}) {_function(command)} ;;" for command in choices),
        "        esac",
        "        ;;",
        "    esac",
        "}",
        "",
    ]


def _function(command: Command) -> str:
    return "_sekisho_" + "_".join(command.path).replace("-", "_")


def _quote(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _plain(text: str) -> str:
    """Text without the characters that separate the parts of a spec."""
    for char in "[]:":
        text = text.replace(char, "\\" + char)
    return text


def _action(value: Value) -> str:
    if value.files:
        return "_files"
    # A word that ends in ":" is a beginning: no space is put after it.
    if any(word.endswith(":") for word in value.words):
        return f"{{compadd -S '' -- {' '.join(value.words)}}}"
    # With no words this is the empty list "()": zsh then still offers options in this place.
    return f"({' '.join(value.words)})"


def _option_specs(option: CommandOption) -> list[str]:
    together = f"({' '.join(option.flags)})" if len(option.flags) > 1 else ""
    specs = []
    for flag in option.flags:
        spec = f"{together}{flag}"
        if option.value is None:
            spec += f"[{_plain(option.help)}]"
        else:
            equals = "=" if flag.startswith("--") else "+"
            spec += f"{equals}[{_plain(option.help)}]:{_plain(option.value.name)}:{_action(option.value)}"
        specs.append(_quote(spec))
    return specs


def _argument_spec(at: int, value: Value) -> str:
    place = "*" if value.many else str(at)
    return _quote(f"{place}:{_plain(value.name)}:{_action(value)}")
