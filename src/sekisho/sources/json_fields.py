"""The objects of ``ip -j`` and ``bridge -j``: every key must be known, every value of its type."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TypeVar

from sekisho.errors import SourceError
from sekisho.model.evidence import Evidence, Unread
from sekisho.sources.json_stream import Json, elements
from sekisho.sources.parsed import Parsed
from sekisho.sources.text import Unreadable, named, read_address, read_mac
from sekisho.values.address import Address
from sekisho.values.names import InterfaceName, LinkAddress, interface_name, is_word
from sekisho.values.numbers import integer, is_number

T = TypeVar("T")


class Fields:
    """One object, key by key; what is not taken in the end was not understood.

    Keys with null are words without a value in iproute2's output, so they count as set. ``source``
    is the object's own text, for what a dict cannot hold (keys that repeat).
    """

    __slots__ = ("evidence", "left", "source")

    def __init__(self, value: dict[str, Json], evidence: Evidence, source: str = "") -> None:
        self.left = dict(value)
        self.evidence = evidence
        self.source = source

    def text(self, key: str) -> str | None:
        """A string, or a number as text; None where the key is absent."""
        value = self.left.pop(key, None)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, (bool, list, dict)):
            raise Unreadable("bad-value", key)
        return str(value)

    def word(self, key: str) -> str | None:
        """As ``text``; what the text form could not hold as one word is unknown."""
        value = self.text(key)
        if value is not None and not (value and is_word(value)):
            raise Unreadable("unknown-word", value)
        return value

    def need_word(self, key: str) -> str:
        """As ``word``, but the key must be there."""
        value = self.word(key)
        if value is None:
            raise Unreadable("missing-key", key)
        return value

    def need_text(self, key: str) -> str:
        """As text, but the key must be there."""
        value = self.text(key)
        if value is None:
            raise Unreadable("missing-key", key)
        return value

    def number(self, key: str) -> int | None:
        """An integer; None where the key is absent."""
        value = self.left.pop(key, None)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise Unreadable("bad-value", key)
        return value

    def address(self, key: str) -> Address | None:
        """An address; None where the key is absent."""
        value = self.text(key)
        return None if value is None else read_address(value)

    def interface(self, key: str) -> InterfaceName | None:
        """An interface's name; None where the key is absent."""
        value = self.text(key)
        return None if value is None else named(interface_name, value)

    def need_interface(self, key: str) -> InterfaceName:
        """As interface, but the key must be there."""
        return named(interface_name, self.need_text(key))

    def mac(self, key: str) -> LinkAddress | None:
        """A link-layer address; None where the key is absent or empty, as for devices without one."""
        value = self.text(key)
        return None if not value else read_mac(value)

    def flag(self, key: str) -> bool | None:
        """Present with null or true: True; false: False; None where the key is absent."""
        if key not in self.left:
            return None
        value = self.left.pop(key)
        if value is None:
            return True
        if not isinstance(value, bool):
            raise Unreadable("bad-value", key)
        return value

    def words(self, key: str) -> tuple[str, ...]:
        """A list of strings; empty where the key is absent."""
        words = []
        for item in self._list(key):
            if not isinstance(item, str):
                raise Unreadable("bad-value", key)
            words.append(item)
        return tuple(words)

    def objects(self, key: str) -> tuple[Fields, ...]:
        """A list of objects; empty where the key is absent. Empty objects say nothing."""
        found = []
        for item in self._list(key):
            if not isinstance(item, dict):
                raise Unreadable("bad-value", key)
            if item:
                found.append(Fields(item, self.evidence))
        return tuple(found)

    def object(self, key: str) -> Fields | None:
        """An object; None where the key is absent."""
        value = self.left.pop(key, None)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise Unreadable("bad-value", key)
        return Fields(value, self.evidence)

    def raw(self, key: str) -> Json:
        """Any value as it is; None where the key is absent."""
        return self.left.pop(key, None)

    def finish(self) -> None:
        """Raise Unreadable if a key is left."""
        for key in self.left:
            raise Unreadable("unknown-word", key)

    def _list(self, key: str) -> list[Json]:
        value = self.left.pop(key, None)
        if value is None:
            return []
        if not isinstance(value, list):
            raise Unreadable("bad-value", key)
        return value


def read_objects(text: str, file: str, read: Callable[[Fields], Iterable[T | Unread]]) -> Parsed[T]:
    """Run ``read`` over each object of a JSON file; one that it cannot read becomes Unread.

    Raises SourceError where the file is not JSON at all.
    """
    facts: list[T] = []
    unread: list[Unread] = []
    found = elements(text, file)
    if not found and "[" not in text:
        raise SourceError("the file is empty", file=file, advice="capture it again: an empty list is []")
    for element in found:
        shown = element.source
        if "\n" in shown:
            shown = compact(element.value)
        evidence = Evidence(file, element.line, shown)
        if not isinstance(element.value, dict):
            unread.append(Unread(evidence, "not-an-object"))
            continue
        if not element.value:  # iproute2 4.x and 5.x print {} for what a filter left out
            continue
        try:
            for item in list(read(Fields(element.value, evidence, element.source))):
                if isinstance(item, Unread):
                    unread.append(item)
                else:
                    facts.append(item)
        except Unreadable as fault:
            unread.append(fault.at(evidence))
    return Parsed(tuple(facts), tuple(unread))


def is_json(text: str) -> bool:
    """Whether a text is meant as JSON: no command prints a bracket first otherwise."""
    return text.lstrip()[:1] in ("[", "{")


def compact(value: Json) -> str:
    """JSON without blanks, as iproute2 prints it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def render_array(objects: Iterable[dict[str, Json]]) -> str:
    """One line, as ``ip -j`` prints it."""
    return compact(list(objects)) + "\n"


def number_or_word(text: str) -> Json:
    """``100`` as the number, where writing it gives the same text back; else the text."""
    digits = text.removeprefix("-")
    return integer(text) if is_number(digits) and str(integer(text)) == text else text
