"""The formats, their fields, and a format with strings planted into some of its fields."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

SAMPLES = Path(__file__).parent / "samples"
_ALIKE = 1  # fields of one kind that get strings

Files = Mapping[str, str]
Step = str | int


@dataclass(frozen=True, slots=True)
class Format:
    """What ``lab up`` is given: a folder of files, or one document."""

    name: str
    files: Files

    @property
    def folder(self) -> bool:
        """A snapshot."""
        return not self.name.endswith(".json")


@dataclass(frozen=True, slots=True)
class Field:
    """A place in a file: a token of a text (start, end), or a value or key of a JSON document.

    ``after``: the string follows what stands there instead of replacing it.
    """

    file: str
    span: tuple[int, int] | None = None
    path: tuple[Step, ...] = ()
    key: bool = False
    after: bool = False

    def __str__(self) -> str:
        where = ".".join(map(str, self.path)) if self.span is None else f"{self.span[0]}-{self.span[1]}"
        return f"{self.file}:{where}{' (key)' * self.key}{' (after)' * self.after}"


Planting = tuple[Field, str]


def formats() -> list[Format]:
    """Snapshots as text, as JSON and as nft's text; a topology; a compose file."""
    found = []
    for place in sorted(SAMPLES.iterdir()):
        if place.is_dir():
            files = {str(path.relative_to(place)): path.read_text() for path in sorted(place.rglob("*.*"))}
            found.append(Format(place.name, files))
        else:
            found.append(Format(place.name, {place.name: place.read_text()}))
    return found


def fields(one: Format) -> list[Field]:
    """All fields of a format: each that is unlike others, and a few of those that are alike."""
    found: list[Field] = []
    for file, text in one.files.items():
        seen: dict[object, int] = {}
        for kind, field in _json_fields(file, text) if file.endswith(".json") else _tokens(file, text):
            seen[kind] = seen.get(kind, 0) + 1
            if seen[kind] <= _ALIKE:
                found += [field, Field(field.file, field.span, field.path, field.key, after=True)]
    return found


def planted(one: Format, strings: list[Planting]) -> Files:
    """The format's files with the strings in their fields."""
    files = dict(one.files)
    for file in {field.file for field, _ in strings}:
        mine = [(field, text) for field, text in strings if field.file == file]
        files[file] = _in_json(files[file], mine) if file.endswith(".json") else _in_text(files[file], mine)
    return files


# ------------------------------------------------------------------------------------ text


def _tokens(file: str, text: str) -> Iterator[tuple[object, Field]]:
    for line in re.finditer(".+", text):
        before = ""
        for number, token in enumerate(re.finditer(r'"[^"]*"|[^\s",={}\[\]]+', line[0])):
            start = line.start() + token.start()
            # What stands after the same word, or as the same word of a line of the same kind, is alike.
            named = before if before.isalpha() or before.startswith("-") else f"#{min(number, 6)}"
            yield (named, _shape(token[0])), Field(file, (start, start + len(token[0])))
            before = token[0]


def _shape(token: str) -> str:
    return re.sub("[a-zA-Z]+", "a", re.sub("[0-9]+", "0", token))[:8]


def _in_text(text: str, strings: list[Planting]) -> str:
    for field, new in sorted(strings, key=lambda one: one[0].span or (0, 0), reverse=True):
        assert field.span is not None
        start, end = field.span
        old = text[start:end]
        quoted = old.startswith('"')
        inner = old.strip('"')
        put = inner + new if field.after else new
        text = text[:start] + (f'"{put}"' if quoted else put) + text[end:]
    return text


# ------------------------------------------------------------------------------------ JSON


def _json_fields(file: str, text: str) -> Iterator[tuple[object, Field]]:
    yield from _walk(file, json.loads(text), ())


def _walk(file: str, value: object, path: tuple[Step, ...]) -> Iterator[tuple[object, Field]]:
    kind = tuple("*" if isinstance(step, int) else step for step in path)
    if isinstance(value, dict):
        for name, item in value.items():
            yield (*kind, name, "key"), Field(file, path=(*path, name), key=True)
            yield from _walk(file, item, (*path, name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _walk(file, item, (*path, number))
    else:
        yield kind, Field(file, path=path)


def _in_json(text: str, strings: list[Planting]) -> str:
    document = json.loads(text)
    # Values before keys, and deep ones before those above them: a path stays what it was.
    for field, new in sorted(strings, key=lambda one: (one[0].key, -len(one[0].path))):
        holder = document
        for step in field.path[:-1]:
            holder = holder[step]
        last = field.path[-1]
        if field.key:
            name = f"{last}{new}" if field.after else new
            items = {(name if key == last else key): value for key, value in holder.items()}
            holder.clear()
            holder.update(items)
        else:
            old = holder[last]
            holder[last] = f"{old}{new}" if field.after else new
    return json.dumps(document)
