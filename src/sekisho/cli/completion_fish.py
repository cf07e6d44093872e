"""Completion for fish."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sekisho.cli.completion import Command, CommandOption, Value

_HEAD = """\
# fish completion for sekisho. Printed by: sekisho completion fish
# __sekisho_at PATH [PLACE]: whether the verb is PATH, and PLACE arguments stand behind it.
function __sekisho_at
    set -l words (commandline -opc)
    set -l path
    set -l place 0
    set -l skip no
    for word in $words[2..-1]
        if test $skip = yes
            set skip no
        else if contains -- "$path:$word" $__sekisho_valued
            set skip yes
        else if string match -q -- '-?*' $word
            continue
        else if contains -- "$path:$word" $__sekisho_verbs
            set path (string trim -- "$path $word")
        else
            set place (math $place + 1)
        end
    end
    test "$path" = "$argv[1]"; or return 1
    test (count $argv) -eq 1; and return 0
    test $place -ge (string replace -r '\\+$' '' -- $argv[2]); or return 1
    string match -q -- '*+' $argv[2]; or test $place -eq $argv[2]
end

"""


def fish_script(commands: Sequence[Command]) -> str:
    """The text of the completion script."""
    verbs = [f"{' '.join(command.path[:-1])}:{command.path[-1]}" for command in commands]
    valued = [":--lang", *_valued(commands)]
    lines = [
        "set -g __sekisho_verbs " + " ".join(_quote(key) for key in verbs),
        "set -g __sekisho_valued " + " ".join(_quote(key) for key in valued),
        "complete -c sekisho -f",
        "complete -c sekisho -n '__sekisho_at \"\"' -l help -s h -d 'show this help'",
        "complete -c sekisho -n '__sekisho_at \"\"' -l version -d 'show the version'",
    ]
    for command in commands:
        above = " ".join(command.path[:-1])
        lines.append(_line(_at(above, "0"), f"-a {command.path[-1]} -d {_quote(command.help)}"))
    for command in commands:
        path = " ".join(command.path)
        lines += [_line(_at(path), words) for option in command.options for words in _option(option)]
        for at, value in enumerate(command.arguments):
            if value.files or value.words:
                lines.append(_line(_at(path, f"{at}+" if value.many else str(at)), _offers(value)))
    return _HEAD + "\n".join(lines) + "\n"


def _at(path: str, place: str = "") -> str:
    return f'__sekisho_at "{path}" {place}'.rstrip()


def _line(condition: str, words: str) -> str:
    return f"complete -c sekisho -n {_quote(condition)} {words}"


def _quote(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _offers(value: Value) -> str:
    return "-F" if value.files else f"-a {_quote(' '.join(value.words))}"


def _option(option: CommandOption) -> Iterator[str]:
    names = " ".join(f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags)
    words = f"{names} -d {_quote(option.help)}"
    if option.value is None:
        yield words
    elif option.value.files:
        yield f"{words} -r -F"
    elif option.value.words:
        yield f"{words} -x -a {_quote(' '.join(option.value.words))}"
    else:
        yield f"{words} -x"


def _valued(commands: Sequence[Command]) -> Iterator[str]:
    for command in commands:
        for option in command.options:
            if option.value is not None:
                yield from (f"{' '.join(command.path)}:{flag}" for flag in option.flags)
