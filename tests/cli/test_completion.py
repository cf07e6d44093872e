"""Completion, asked of the real shells: what is offered is what the parsers take."""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from sekisho.cli.completion import commands
from sekisho.cli.verbs import VERBS
from tests.cli.command import process, sekisho

# The words of a command line, the last one being completed, and what must be offered.
# "FILES" stands for the names in the working directory.
LINES = [
    (["tra"], {"trace"}),
    ([""], set(VERBS)),
    (["--lang", "ja", "expl"], {"explain"}),
    (["vpc", ""], {"subnet"}),
    (["vpc", "subnet", "--j"], {"--json"}),
    (["vpc", "subnet", "--lang", ""], {"en", "ja"}),
    (["completion", ""], {"bash", "zsh", "fish"}),
    (["completion", "--lang", "en", "f"], {"fish"}),
    (["trace", "--pro"], {"--proto"}),
    (["trace", "--state", ""], {"new", "established"}),
    (["trace", "--state", "e"], {"established"}),
    (["trace", "snap", "inter"], {"internet"}),
    (["trace", "--proto", "tcp", "snap", "internet", "ho"], {"host"}),
    (["trace", "a file"], {"a file with spaces.txt"}),
    (["explain", "fol"], {"folder"}),
    (["trace", "--flows", "flo"], {"flows.jsonl"}),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    (tmp_path / "a file with spaces.txt").touch()
    (tmp_path / "flows.jsonl").touch()
    for shell in ("bash", "zsh", "fish"):
        (tmp_path / f".{shell}").write_text(sekisho("completion", shell).out, encoding="utf-8")
    return tmp_path


def needs(shell: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"{shell} is not installed")


def bash_offers(folder: Path, words: list[str]) -> list[str]:
    """What the completion function puts into COMPREPLY."""
    quoted = " ".join("'" + word.replace("'", "'\\''") + "'" for word in ["sekisho", *words])
    script = f"""
        source ./.bash
        COMP_WORDS=({quoted}); COMP_CWORD={len(words)}
        _sekisho sekisho "" ""
        [ ${{#COMPREPLY[@]}} -eq 0 ] || printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(
        ["bash", "--norc", "--noprofile", "-c", script],
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.splitlines()


@needs("bash")
@pytest.mark.parametrize(("words", "want"), LINES)
def test_bash(folder: Path, words: list[str], want: set[str]) -> None:
    assert set(bash_offers(folder, words)) == want


@needs("bash")
@pytest.mark.parametrize(
    ("words", "want"),
    [
        # bash cuts words at = and : before it asks.
        (["trace", "--state", "=", "n"], {"new"}),
        (["trace", "--state", "="], {"new", "established"}),
        (["trace", "snap", "10.1.0.81", ":", "22", "inter"], {"internet"}),
        (["trace", "snap", "container", ":", "w"], set()),
        (["trace", "snap", "container", ":"], set()),
        (["vpc", "subnet", "10.0.0.0/24", ""], set()),
        (["nonsense", ""], set()),
    ],
)
def test_bash_word_breaks(folder: Path, words: list[str], want: set[str]) -> None:
    assert set(bash_offers(folder, words)) == want


@needs("bash")
def test_bash_completes_while_typing(folder: Path) -> None:
    """The whole way: an interactive bash, the tabulator key, the finished line."""
    typed = typed_line(
        ["bash", "--norc", "--noprofile", "-i"], folder, "source ./.bash", "sekisho trace a\t--sta\test\t"
    )
    assert typed == r"sekisho trace a\ file\ with\ spaces.txt --state established"


@needs("zsh")
@pytest.mark.parametrize(
    ("keys", "want"),
    [
        ("sekisho tra\t", "sekisho trace"),
        ("sekisho vpc sub\t --js\t", "sekisho vpc subnet --json"),
        ("sekisho completion fi\t", "sekisho completion fish"),
        ("sekisho trace --pro\tu\t", "sekisho trace --proto=udp"),
        ("sekisho trace --state est\t", "sekisho trace --state established"),
        ("sekisho trace fol\t inter\t hos\t", "sekisho trace folder internet host"),
        ("sekisho explain a\t", r"sekisho explain a\ file\ with\ spaces.txt"),
        ("sekisho trace --flows flo\t", "sekisho trace --flows flows.jsonl"),
    ],
)
def test_zsh(folder: Path, keys: str, want: str) -> None:
    typed = typed_line(
        ["zsh", "-f", "-i"], folder, "autoload -Uz compinit; compinit -u -D; source ./.zsh", keys
    )
    assert typed == want


@needs("zsh")
def test_zsh_finds_the_file_in_its_search_path(folder: Path) -> None:
    (folder / "site").mkdir()
    (folder / ".zsh").rename(folder / "site" / "_sekisho")
    typed = typed_line(
        ["zsh", "-f", "-i"],
        folder,
        "fpath=(./site $fpath); autoload -Uz compinit; compinit -u -D",
        "sekisho tra\t --pro\tu\t",
    )
    assert typed == "sekisho trace --proto=udp"


@needs("fish")
@pytest.mark.parametrize(("words", "want"), LINES)
def test_fish(folder: Path, words: list[str], want: set[str]) -> None:
    line = " ".join(["sekisho", *(word.replace(" ", "\\ ") for word in words)])
    done = subprocess.run(
        ["fish", "--no-config", "-c", f"source ./.fish; complete -C {line!r}"],
        cwd=folder, capture_output=True, text=True, check=True, env={**os.environ, "HOME": str(folder)},
    )  # fmt: skip
    assert done.stderr == ""
    offers = {row.partition("\t")[0].replace("\\ ", " ").rstrip("/") for row in done.stdout.splitlines()}
    assert offers == want


# Ctrl-G prints the line as it stands, whatever the prompt and the screen look like.
SHOW_LINE = {
    "bash": """bind -x '"\\C-g": printf "LINE<%s>" "$READLINE_LINE"'""",
    "zsh": """show() { print -rn -- "LINE<$BUFFER>" }; zle -N show; bindkey '^G' show""",
}


def typed_line(shell: list[str], folder: Path, setup: str, keys: str) -> str:
    """Type ``keys`` into an interactive shell on a terminal; the line as it stands after that."""
    process_id, terminal = pty.fork()
    if process_id == 0:
        os.chdir(folder)
        os.execvpe(shell[0], shell, {**os.environ, "TERM": "vt100", "COLUMNS": "300", "HOME": str(folder)})
    try:
        os.write(terminal, f"{setup}; {SHOW_LINE[shell[0]]}; echo SET-UP-$((1+1))\n".encode())
        _expect(terminal, "SET-UP-2")
        os.write(terminal, f"{keys}\x07".encode())
        seen = _expect(terminal, ">", after="LINE<")
        return seen.partition("LINE<")[2].partition(">")[0].rstrip()
    finally:
        os.close(terminal)
        os.waitpid(process_id, 0)


def _expect(terminal: int, text: str, after: str = "", seconds: float = 20.0) -> str:
    """Read until ``text`` appears (behind ``after``)."""
    seen = ""
    end = time.monotonic() + seconds
    while text not in seen.partition(after)[2] if after else text not in seen:
        ready, _, _ = select.select([terminal], [], [], max(0.0, end - time.monotonic()))
        assert ready, f"the shell did not print {text!r} but {seen!r}"
        seen += os.read(terminal, 65536).decode("utf-8", "replace")
    return seen


def test_the_scripts_are_read_off_the_parsers() -> None:
    every = {command.path: command for command in commands("en")}
    assert [path[0] for path in every if len(path) == 1] == list(VERBS)
    trace = every[("trace",)]
    assert [value.name for value in trace.arguments] == ["SNAPSHOT", "FROM", "TO"]
    assert {flag for option in trace.options for flag in option.flags} >= {"--proto", "--in", "--json", "-h"}
    assert every[("vpc",)].subverbs == ("subnet",)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_option_of_every_verb_is_in_every_script(shell: str) -> None:
    script = sekisho("completion", shell).out
    for command in commands("en"):
        assert command.path[-1] in script
        for flag in (flag for option in command.options for flag in option.flags):
            spelled = f"-l {flag[2:]}" if shell == "fish" and flag.startswith("--") else flag
            assert spelled in script or f"-s {flag[1:]}" in script, (command.path, flag)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts_are_clean_for_the_shell_that_reads_them(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    for lang in ("en", "ja"):
        script = tmp_path / f"{shell}.{lang}"
        script.write_text(sekisho("completion", shell, "--lang", lang).out, encoding="utf-8")
        done = subprocess.run([shell, "-n", str(script)], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


@needs("shellcheck")
def test_shellcheck_finds_nothing_in_the_bash_script(folder: Path) -> None:
    done = subprocess.run(
        ["shellcheck", "-s", "bash", ".bash"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_json() -> None:
    ran = process("completion", "bash", "--json")
    assert ran.status == 0
    assert json.loads(ran.out)["script"] == sekisho("completion", "bash").out
