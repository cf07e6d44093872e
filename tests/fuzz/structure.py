"""Changes to the structure of a JSON or YAML document, whose text stays well-formed as a rule."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Sequence
from typing import Any

import yaml

from tests.fuzz.mutate import CANARY, DICTIONARY

_TWICE = "@@twice"  # at the end of a key: written without it, so that an object has the key two times
_DEEP = "@@deep"
_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 65536, 2**32, 2**64, 10**30, 1.5, 1e308, "", " ", "x", "NOPE", "²", "0x_",
    "1_0",
    "9" * 30, "9" * 5000, "10.0.0.0/²", "/0.0.0.0/0", "0.0.0.0/0", "::/0", "\n", "\x1b[2J", "\ud800", "é",
    [], {}, [[]],
    [None], ["x"], {"x": 1}, {"": ""}, [1, 2, 3], float("inf"), float("nan"), f"{_DEEP}900", f"{_DEEP}5000",
    f"{_DEEP}digits",
)  # fmt: skip
_PLACEHOLDER = re.compile(rf'"{_DEEP}(900|5000|digits)"')


def mutated_json(data: bytes, draw: random.Random, others: Sequence[bytes] = ()) -> bytes:
    """One to four changes, then one element to a line; as it was, where it is no JSON."""
    try:
        value = json.loads(data)
    except ValueError:
        return data
    for _ in range(draw.choice((0, 1, 1, 1, 2, 3, 4))):
        value = _changed(value, draw, [_parsed(draw.choice(others))] if others else [])
    return written(value).encode(errors="surrogatepass")


def canary_json(data: bytes, draw: random.Random) -> bytes:
    """An element of the outermost array more, or another instead."""
    try:
        value = json.loads(data)
    except ValueError:
        return data
    items = _items(value)
    if items is not None:
        strange = draw.choice(
            ({CANARY.decode(): 1}, CANARY.decode(), [CANARY.decode()], {"x": CANARY.decode()})
        )
        items.insert(draw.randrange(len(items) + 1), strange)
    return written(value).encode()


def mutated_yaml(data: bytes, draw: random.Random, others: Sequence[bytes] = ()) -> bytes:
    """The same for YAML."""
    try:
        value = yaml.safe_load(data)
    except (yaml.YAMLError, ValueError):
        return data
    for _ in range(draw.choice((1, 1, 1, 2, 3, 4))):
        value = _changed(value, draw, [])
    if draw.random() < 0.3:
        return written(value).encode(errors="surrogatepass")
    text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
    return _unplaced(text.replace(_TWICE, "")).encode(errors="surrogatepass")


def written(value: Any) -> str:
    """As text: elements of the outermost array (that of nft's object) each on a line of their own."""
    items = _items(value)
    if items is None:
        text = json.dumps(value, ensure_ascii=False)
    else:
        body = ",\n".join(json.dumps(item, ensure_ascii=False) for item in items)
        text = f"[\n{body}\n]"
        if isinstance(value, dict):
            text = f'{{"nftables": {text}}}'
    return _unplaced(text.replace(_TWICE, ""))


def _items(value: Any) -> list[Any] | None:
    if isinstance(value, dict) and list(value) == ["nftables"]:
        value = value["nftables"]
    return value if isinstance(value, list) else None


def _unplaced(text: str) -> str:
    def deep(found: re.Match[str]) -> str:
        if found[1] == "digits":
            return "9" * 5000
        return "[" * int(found[1]) + "]" * int(found[1])

    return _PLACEHOLDER.sub(deep, text)


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None


def _changed(value: Any, draw: random.Random, donors: Sequence[Any]) -> Any:
    """The value with one of its places changed."""
    places = list(_places(value, None, None))
    holder, at = draw.choice(places)
    if holder is None:
        return copy.deepcopy(draw.choice(_VALUES)) if draw.random() < 0.3 else value
    match draw.randrange(9):
        case 0:
            del holder[at]
        case 1 if isinstance(holder, dict):
            new = draw.choice((f"{at}x", "", "²", draw.choice(list(holder)), _word(draw)))
            holder[new] = holder.pop(at)
        case 1:
            holder.insert(at, copy.deepcopy(holder[at]))
        case 2:
            holder[at] = draw.choice(([holder[at]], {"x": holder[at]}, [holder[at], holder[at]]))
        case 3:
            holder[at] = _retyped(holder[at], draw)
        case 4:
            other, there = draw.choice(places)
            if other is not None and _still_has(other, there):
                holder[at] = copy.deepcopy(other[there])
        case 5 if isinstance(holder, dict):
            holder[f"{at}{_TWICE}"] = copy.deepcopy(draw.choice((holder[at], draw.choice(_VALUES))))
        case 6 if donors:
            other, there = draw.choice(list(_places(donors[0], None, None)))
            holder[at] = copy.deepcopy(other[there] if other is not None else donors[0])
        case 7:
            holder[at] = _word(draw)
        case _:
            holder[at] = copy.deepcopy(draw.choice(_VALUES))
    return value


def _word(draw: random.Random) -> str:
    return draw.choice(DICTIONARY).decode()


def _still_has(holder: Any, at: Any) -> bool:
    return at in holder if isinstance(holder, dict) else at < len(holder)


def _retyped(value: Any, draw: random.Random) -> Any:
    """What is nearly the same: a number as text, a text as a list of its words..."""
    if isinstance(value, bool):
        return draw.choice((int(value), str(value), None))
    if isinstance(value, int | float):
        return draw.choice((str(value), -value, value + 0.5, value * 10**20, [value], bool(value)))
    if isinstance(value, str):
        return draw.choice(
            (
                value.split(),
                [value],
                {value: value},
                value[: len(value) // 2],
                value + "²",
                len(value),
                value.upper(),
            )
        )
    if isinstance(value, list):
        return draw.choice((dict.fromkeys(map(str, value), 1), str(value), value[:1], value * 2, None))
    return draw.choice((list(value or ()), str(value), [value], {}, 0))


def _places(value: Any, holder: Any, at: Any) -> Any:
    """Every place as (what holds it, key or index)."""
    pending = [(value, holder, at)]
    while pending:
        value, holder, at = pending.pop()
        yield holder, at
        if isinstance(value, dict):
            pending += ((inner, value, key) for key, inner in value.items())
        elif isinstance(value, list):
            pending += ((inner, value, index) for index, inner in enumerate(value))
