"""Documents: what plain scalars mean, and every error with its line."""

from __future__ import annotations

import builtins
import json
from typing import Any

import pytest

from sekisho.errors import SourceError, UsageError
from sekisho.lab.system.document import Value, from_plain, parse


@pytest.mark.parametrize(
    ("want", "text"),
    [
        (8080, "8080"), (-1, "-1"), (0, "0"), ("080", "080"), ("22:22", "22:22"), ("1_000", "1_000"),
        ("0x10", "0x10"), (1.5, "1.5"), ("1e3", "1e3"), (True, "true"), (False, "false"), ("yes", "yes"),
        ("no", "no"), ("on", "on"), (None, "null"), (None, "~"), (None, ""), ("8080", '"8080"'),
        ("true", "'true'"), ("10.0.0.1", "10.0.0.1"), ("2026-11-24", "2026-11-24"), ("a\nb\n", "|\n  a\n  b"),
    ],
)  # fmt: skip
def test_scalars(want: object, text: str) -> None:
    value = parse(f"key: {text}\n", "t.yaml")
    assert isinstance(value.data, dict)
    found = value.data["key"].data
    assert found == want
    assert type(found) is type(want)


def test_values_know_their_lines_and_paths() -> None:
    value = parse("a:\n  b:\n    - x\n    - c: 1\n", "t.yaml")
    inner = value.get("a")
    assert inner is not None
    second = inner.list("b")[1]
    assert (second.line, second.path) == (4, "a.b[1]")
    assert second.plain() == {"c": 1}
    assert value.plain() == {"a": {"b": ["x", {"c": 1}]}}


@pytest.mark.parametrize(
    ("line", "said", "text"),
    [
        (2, "not YAML", "a: 1\nb: [1, 2\nc: 3\n"),
        (3, "'a' is there twice", "a: 1\nb: 2\na: 3\n"),
        (0, "empty", ""),
        (0, "empty", "# only a comment\n"),
        (1, "a key must be a text", "? [x]\n: 1\n"),
        (2, "not YAML", "a: 1\n\tb: 2\n"),
        (1, "nested too deeply", "[" * 80 + "]" * 80),
    ],
)
def test_faults(line: int, said: str, text: str) -> None:
    with pytest.raises(SourceError, match=said) as caught:
        parse(text, "t.yaml")
    assert caught.value.file == "t.yaml"
    # libyaml marks an unclosed flow sequence where it gives up: on the line after its beginning.
    assert caught.value.line in (line, line + 1 if said == "not YAML" else line)


def test_without_pyyaml_json_is_read_and_yaml_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "yaml":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    assert parse('{"a": [1, "x", null]}', "t.json").plain() == {"a": [1, "x", None]}
    with pytest.raises(UsageError, match="needs PyYAML"):
        parse("a: 1", "t.yaml")
    with pytest.raises(SourceError) as caught:
        parse('{"a": 1,\n "b" 2}', "t.json")
    assert caught.value.line == 2


def test_from_plain_is_the_same_document() -> None:
    data = {"a": {"b": [1, None, True, "x"]}}
    assert from_plain(data).plain() == data
    assert from_plain(json.loads(json.dumps(data))) == from_plain(data)
    with pytest.raises(TypeError):
        from_plain({"a": object()})
    assert Value(3).get("x") is None
    assert list(Value(None).items("x")) == []


def test_aliases_that_multiply_are_refused() -> None:
    text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
    text += "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))
    with pytest.raises(SourceError, match="more than 100000 values once its aliases are written out"):
        parse(text, "t.yaml")


def test_as_many_values_as_there_may_be() -> None:
    line = ",".join("x" * 100)
    assert len(parse(f"a: [{','.join(['1'] * 99_990)}]\n", "t.yaml").list("a")) == 99_990
    with pytest.raises(SourceError, match="more than 100000 values") as caught:
        parse("a: 1\nb:\n" + f"- [{line}]\n" * 1000, "t.yaml")
    assert 900 < caught.value.line < 1003
