"""Lightweight tunnels of routes (``encap ip id 5 dst 10.0.0.2 ...``) between text and JSON.

In the JSON of ``ip -j`` their keys stand loose in the route's object, right after ``encap``, where
they may repeat ``dst`` and ``tos``; as facts they are one string of the text form's words.
"""

from __future__ import annotations

from sekisho.sources.json_stream import Json
from sekisho.values.numbers import integer, is_number

# A key of these ends an encap; so does the route's own ``tos``, the one that is a string.
_AFTER = frozenset(
    {"gateway", "via", "dev", "nhid", "protocol", "scope", "prefsrc", "metric", "flags", "flow", "weight"}
)
_NUMBERS = frozenset({"id", "ttl", "tos", "hoplimit", "tc"})


def fold_encap(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """An object_pairs_hook for json: the encap's keys become its value, as words."""
    found: dict[str, Json] = {}
    words: list[str] | None = None
    for key, value in pairs:
        if words is not None and not (key in _AFTER or (key == "tos" and isinstance(value, str))):
            words += _words(words[0], key, value)
            continue
        if words is not None:
            found["encap"], words = " ".join(words), None
        if key == "encap" and isinstance(value, str):
            words = [value]
        else:
            found[key] = value
    if words is not None:
        found["encap"] = " ".join(words)
    return found


def encap_pairs(value: str) -> list[tuple[str, Json]]:
    """The keys that ``ip -j`` prints for an encap in words."""
    kind, *words = value.split()
    pairs: list[tuple[str, Json]] = [("encap", kind)]
    if kind == "mpls" and words:
        pairs.append(("dst", words.pop(0)))
    while words:
        key = words.pop(0)
        if key == "segs" and "]" in words:
            end = words.index("]")
            pairs.append((key, list(words[2:end])))
            del words[: end + 1]
        elif not words:
            pairs.append((key, None))
        else:
            word = words.pop(0)
            pairs.append((key, integer(word) if key in _NUMBERS and is_number(word) else word))
    return pairs


def _words(kind: str, key: str, value: Json) -> list[str]:
    if kind == "mpls" and key == "dst":
        return [str(value)]
    if isinstance(value, list):
        return [key, str(len(value)), "[", *(str(item) for item in value), "]"]
    return [key] if value is None else [key, str(value)]
