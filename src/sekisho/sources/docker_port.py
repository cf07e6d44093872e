"""``docker port NAME``: where the ports of one running container are published.

::

    80/tcp -> 0.0.0.0:8080
    80/tcp -> [::]:8080

Whose ports they are only the command tells; ``docker port NAME 80`` prints the host's end alone.
"""

from __future__ import annotations

import re
from dataclasses import replace

from sekisho.model.docker import ListedContainer, PublishedPort
from sekisho.model.evidence import Evidence, Unread
from sekisho.sources.docker_ports import host_of
from sekisho.sources.parsed import Parsed
from sekisho.sources.text import Unreadable, named, numbered_lines
from sekisho.values.names import container_name
from sekisho.values.numbers import DIGITS, integer

_LINE = re.compile(rf"(?:(?P<port>{DIGITS})/(?P<proto>[a-z]+) -> )?(?P<host>\S*):(?P<at>{DIGITS})\s*")


def parse(text: str, file: str, subject: tuple[str, ...] = ()) -> Parsed[ListedContainer]:
    """One container for each line. ``subject``: name and, where one was asked for, port of the command."""
    facts: list[ListedContainer] = []
    unread: list[Unread] = []
    for number, line in numbered_lines(text):
        place = Evidence(file, number, line)
        try:
            facts.append(_read(line, place, subject))
        except Unreadable as fault:
            unread.append(fault.at(place))
    return Parsed(tuple(facts), tuple(unread))


def _read(line: str, place: Evidence, subject: tuple[str, ...]) -> ListedContainer:
    found = _LINE.fullmatch(line)
    if found is None:
        raise Unreadable("unknown-line", line.split(maxsplit=1)[0])
    port, proto = found["port"], found["proto"]
    if port is None:
        if len(subject) < 2:
            raise Unreadable("unknown-line", line.strip())
        port, _, proto = subject[1].partition("/")
    if not 0 < integer(port) < 65536 or not 0 < integer(found["at"]) < 65536:
        raise Unreadable("bad-port", line.strip())
    name = named(container_name, subject[0]) if subject else None
    published = PublishedPort(integer(port), proto or "tcp", host_of(found["host"]), integer(found["at"]))
    return ListedContainer(name, running=True, published=(published,), evidence=place)


def joined(listed: tuple[ListedContainer, ...]) -> tuple[ListedContainer, ...]:
    """Lines of one container as one, where they are of the same name; those without a name stay."""
    found: dict[object, ListedContainer] = {}
    for at, one in enumerate(listed):
        key: object = one.name if one.name is not None else at
        before = found.get(key)
        ports = (*((before.published or ()) if before else ()), *(one.published or ()))
        found[key] = replace(before or one, published=ports)
    return tuple(found.values())
