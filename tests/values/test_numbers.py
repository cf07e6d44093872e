"""Numbers as the kernel's tools print them, and nothing else that Python would take for one."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from sekisho.values.numbers import integer, is_number, number
from tests.cli.command import ROOT

# All that str.isdigit, \\d or int take, or may fail on, and no tool prints.
STRANGE = (
    "",
    "²",
    "１２",
    "٣",
    "1²",
    "1_0",
    " 1",
    "1 ",
    "1\n",
    "9" * 21,
    "9" * 5000,
    "1,234",
    "1.5",
    "1e3",
    "x",
)


def test_digits_are_numbers() -> None:
    for text, value in (("0", 0), ("7", 7), ("010", 10), ("18446744073709551615", 2**64 - 1)):
        assert is_number(text)
        assert number(text) == integer(text) == value


@pytest.mark.parametrize("text", STRANGE)
def test_what_is_strange_is_no_number(text: str) -> None:
    assert not is_number(text)
    assert number(text) is None
    for base in (0, 2, 8, 10):
        with pytest.raises(ValueError, match=r"no number|invalid literal"):
            integer(text, base)


@pytest.mark.parametrize("text", ["+1", "-1"])
def test_a_sign_is_for_integers(text: str) -> None:
    assert not is_number(text)
    assert integer(text) == int(text)


@pytest.mark.parametrize(
    ("text", "base", "value"),
    [
        ("0x1F", 0, 31), ("12", 0, 12), ("-0x1", 0, -1), ("1f", 16, 31), ("0x1f", 16, 31), ("17", 8, 15),
        ("101", 2, 5),
    ],
)  # fmt: skip
def test_other_bases(text: str, base: int, value: int) -> None:
    assert integer(text, base) == value


@pytest.mark.parametrize(
    ("text", "base"), [("0b1", 0), ("0o7", 0), ("0x", 0), ("0x_1", 16), ("0x" + "f" * 99, 16)]
)
def test_what_only_python_writes_is_none(text: str, base: int) -> None:
    with pytest.raises(ValueError, match="no number"):
        integer(text, base)


def test_a_long_text_is_not_repeated_in_the_error() -> None:
    with pytest.raises(ValueError, match="no number") as caught:
        integer("9" * 100_000)
    assert len(str(caught.value)) < 100


def test_no_module_tells_digits_in_a_way_of_its_own() -> None:
    """``isdigit`` and ``\\d`` take digits of all scripts, and ``int`` then fails or, worse, does not."""
    source = ROOT / "src" / "sekisho"
    found = []
    for path in sorted(source.rglob("*.py")):
        if path != source / "values" / "numbers.py":
            found += [f"{path.relative_to(source)}:{line}" for line in own_ways(path)]
    assert found == []


def own_ways(path: Path) -> list[int]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documents = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("isdigit", "isdecimal", "isnumeric"):
            lines.append(node.lineno)
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and "\\d" in node.value
            and id(node) not in documents
        ):
            lines.append(node.lineno)
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "int"
            and len(node.args) > 1
        ):
            lines.append(node.lineno)
    return lines


def test_that_would_be_noticed(tmp_path: Path) -> None:
    module = tmp_path / "m.py"
    module.write_text(
        '"""\\\\d is fine here."""\nimport re\nA = re.compile(r"\\d+")\nB = "1".isdigit()\nC = int("7", 8)\n'
    )
    assert sorted(own_ways(module)) == [3, 4, 5]
