"""Completion for bash 3.2 and later; needs no bash-completion package."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sekisho.cli.completion import Command, Value

_FILES = ":files"

_HEAD = """\
# bash completion for sekisho. Printed by: sekisho completion bash
_sekisho() {
    local current=${COMP_WORDS[COMP_CWORD]} path="" option="" place=0 offers="" at word skip=""
    COMPREPLY=()
    # Which verb is it, which option waits for a value, how many arguments stand before the cursor?
    for ((at = 1; at < COMP_CWORD; at++)); do
        word=${COMP_WORDS[at]}
        case $word in
        = | :) # bash takes --lang=ja and host:22 for three words each
            skip=yes
            continue
            ;;
        esac
        if [ -n "$skip" ]; then
            skip="" option=""
            continue
        fi
        case $path:$word in
"""

_AFTER_VALUED = """\
            skip=yes option=$word
            ;;
        *:-?*) ;;
"""

_AFTER_VERBS = """\
        *) place=$((place + 1)) ;;
        esac
    done
    case $current in
    =) current="" ;;
    :) return ;;
    esac
    [ "$COMP_CWORD" -ge 1 ] && [ "${COMP_WORDS[COMP_CWORD - 1]}" = : ] && return
    if [ -n "$option" ]; then
        case $path:$option in
"""

_AFTER_VALUES = """\
        esac
    elif [[ $current == -* ]]; then
        case $path in
"""

_AFTER_OPTIONS = """\
        esac
    else
        case $path:$place in
"""

_TAIL = f"""\
        esac
    fi
    if [ "$offers" = "{_FILES}" ]; then
        compopt -o filenames 2>/dev/null
        while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$current")
    else
        while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$offers" -- "$current")
        case ${{COMPREPLY[0]-}} in *:) compopt -o nospace 2>/dev/null ;; esac
    fi
}}
complete -F _sekisho sekisho
"""


def bash_script(commands: Sequence[Command]) -> str:
    """The text of the completion script."""
    valued = [":--lang", *(key for key, _ in _option_values(commands))]
    return "".join(
        [
            _HEAD,
            "        " + " | ".join(f'"{key}"' for key in valued) + ")\n",
            _AFTER_VALUED,
            *_verb_lines(commands),
            _AFTER_VERBS,
            '        ":--lang") offers="en ja" ;;\n',
            *(_case(key, _offers(value)) for key, value in _option_values(commands)),
            _AFTER_VALUES,
            _case("", "--help --version --json --lang --no-color"),
            *(_case(_path(command), _flags(command)) for command in commands),
            _AFTER_OPTIONS,
            _case(":0", " ".join(command.path[0] for command in commands if len(command.path) == 1)),
            *_argument_lines(commands),
            _TAIL,
        ]
    )


def _path(command: Command) -> str:
    return " ".join(command.path)


def _case(key: str, offers: str) -> str:
    return f'        "{key}") offers="{offers}" ;;\n'


def _offers(value: Value) -> str:
    return _FILES if value.files else " ".join(value.words)


def _flags(command: Command) -> str:
    return " ".join(flag for option in command.options for flag in option.flags)


def _option_values(commands: Sequence[Command]) -> Iterator[tuple[str, Value]]:
    for command in commands:
        for option in command.options:
            if option.value is not None:
                for flag in option.flags:
                    yield f"{_path(command)}:{flag}", option.value


def _verb_lines(commands: Sequence[Command]) -> Iterator[str]:
    """The words that lengthen the path: a verb at the start, a verb below a verb."""
    for command in commands:
        before = " ".join(command.path[:-1])
        yield f'        "{before}:{command.path[-1]}") path="{_path(command)}" ;;\n'


def _argument_lines(commands: Sequence[Command]) -> Iterator[str]:
    for command in commands:
        if command.subverbs:
            yield _case(f"{_path(command)}:0", " ".join(command.subverbs))
        for place, value in enumerate(command.arguments):
            key = f'"{_path(command)}:"*' if value.many else f'"{_path(command)}:{place}"'
            yield f'        {key}) offers="{_offers(value)}" ;;\n'
