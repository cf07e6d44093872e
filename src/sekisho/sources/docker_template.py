"""``docker inspect -f '{{.Name}} {{.NetworkSettings.IPAddress}}' ...``: lines that a template made.

::

    {{.Name}} {{.NetworkSettings.IPAddress}}                      /web 172.17.0.2
    {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}      172.18.0.3
    {{json .NetworkSettings.Ports}}                               {"80/tcp":[{"HostIp":"","HostPort":"80"}]}

The template says what stands where. What it does not ask for is not known; two values without anything
between them cannot be told apart. Without its command a line such as ``/web 172.17.0.2`` is read as name
and address.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from sekisho.model.docker import ListedContainer, PublishedPort
from sekisho.model.evidence import Evidence, Unread
from sekisho.sources.docker_ports import host_of
from sekisho.sources.parsed import Parsed
from sekisho.sources.text import Unreadable, named, numbered_lines, read_address, read_mac
from sekisho.values.address import Address
from sekisho.values.names import container_name, network_name
from sekisho.values.numbers import integer, is_number

# Characters of a line: what a template of many fields asks of a long one takes long.
LONGEST = 4096
_ACTION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
_RANGE = re.compile(r"range\s+(?:\$\w+\s*(?:,\s*\$\w+)?\s*:=\s*)?\.NetworkSettings\.Networks")
_VALUES = {".Name": r"(/?[A-Za-z0-9][\w.-]*)", "address": "([0-9A-Fa-f.:]*)"}
_ADDRESS = frozenset({"IPAddress", "GlobalIPv6Address"})


@dataclass(frozen=True, slots=True)
class _Part:
    """A text as it stands (``field`` empty), or what a field prints; ``inside`` a range over the networks."""

    text: str = ""
    field: str = ""
    inside: tuple[_Part, ...] = ()


def parse(text: str, file: str, subject: tuple[str, ...] = ()) -> Parsed[ListedContainer]:
    """One container for each line. ``subject``: the template, then the names that were asked for.

    Unread reasons: ``template-unknown`` (nobody can tell what stands where), ``unknown-line``,
    ``bad-address``.
    """
    facts: list[ListedContainer] = []
    unread: list[Unread] = []
    template = subject[0] if subject else ""
    lines = list(numbered_lines(text))
    names = subject[1:] if len(subject) - 1 == len(lines) else ()
    parts = _parts(template) if template else None
    pattern = re.compile(_pattern(parts)) if parts else None
    for at, (number, line) in enumerate(lines):
        place = Evidence(file, number, line)
        try:
            if subject and (parts is None or pattern is None):
                raise Unreadable("template-unknown", template)
            if parts is not None and pattern is not None:
                found = _read(f"{line.strip()} ", parts, pattern)
            else:
                found = _usual(line)
            if found.name is None and names:
                found = replace(found, name=named(container_name, names[at].removeprefix("/")))
            facts.append(replace(found, evidence=place))
        except Unreadable as fault:
            unread.append(fault.at(place))
    return Parsed(tuple(facts), tuple(unread))


def _usual(line: str) -> ListedContainer:
    found = re.fullmatch(r"/([A-Za-z0-9][\w.-]*)\s*(?:[-:=>]+\s+)?([0-9a-fA-F.:, \t]*)", line.strip())
    if found is None:
        raise Unreadable("unknown-line", line.split(maxsplit=1)[0])
    addresses = tuple(read_address(word) for word in re.split(r"[\s,]+", found[2]) if word)
    return ListedContainer(named(container_name, found[1]), addresses=addresses)


def _parts(template: str) -> tuple[_Part, ...] | None:
    """The template's parts; None where two values follow one another, or more is asked than is known here."""
    found: list[_Part] = []
    inside: list[_Part] | None = None
    end = 0
    for match in _ACTION.finditer(template):
        here = found if inside is None else inside
        if template[end : match.start()]:
            here.append(_Part(template[end : match.start()]))
        end = match.end()
        action = match[1]
        if _RANGE.fullmatch(action) and inside is None:
            inside = []
        elif action == "end" and inside is not None:
            found.append(_Part(field="range", inside=tuple(inside)))
            inside = None
        elif literal := re.fullmatch(r"""(?:print )?["'`]([^"'`]*)["'`]""", action):
            here.append(_Part(literal[1].replace("\\t", "\t").replace("\\n", " ")))
        elif re.fullmatch(r"(?:json\s+)?[.$][\w.$\"' ()/-]*(?:\s*\|\s*json)?", action):
            here.append(_Part(field=action))
        else:
            return None
    if template[end:]:
        found.append(_Part(template[end:]))
    if inside is not None or any(one.field and other.field for one, other in pairwise(found)):
        return None
    return tuple(found) if any(part.field for part in found) else None


def _pattern(parts: tuple[_Part, ...]) -> str:
    """Every value is the shortest that fits; texts are met as they stand, any blanks as blanks."""
    made = []
    for part in parts:
        name = part.field.rpartition(".")[2]
        if part.field:
            made.append(_VALUES.get("address" if name in _ADDRESS else part.field, "(.*?)"))
        elif not part.text.replace("\\t", "").strip():
            made.append(r"\s+")
        else:
            words = [re.escape(word) for word in re.split(r"\s+|\\t", part.text)]
            made.append(r"\s*".join(words))
    return "".join(made) + r"\s*"


def _read(line: str, parts: tuple[_Part, ...], pattern: re.Pattern[str]) -> ListedContainer:
    match = pattern.fullmatch(line) if len(line) <= LONGEST else None
    if match is None:
        raise Unreadable("unknown-line", line.split(maxsplit=1)[0])
    found = ListedContainer(None)
    fields = [part for part in parts if part.field]
    for part, value in zip(fields, match.groups(), strict=True):
        found = _with(found, part, value.strip())
    return found


def _with(found: ListedContainer, part: _Part, value: str) -> ListedContainer:
    field = part.field.removeprefix("json ").removesuffix("| json").strip()
    plain = value.strip('"')
    if part.inside:
        return _of_networks(found, part.inside, value)
    if field == ".Name":
        return replace(found, name=named(container_name, plain.removeprefix("/")))
    if field in (".Id", ".ID"):
        return replace(found, id=plain)
    if field == ".Config.Image":
        return replace(found, image=plain)
    if field == ".State.Status":
        return replace(found, status=plain, running=plain in ("running", "paused"))
    if field == ".State.Running" and plain in ("true", "false"):
        return replace(found, running=plain == "true")
    if field == ".NetworkSettings.Ports":
        return replace(found, published=tuple(_ports(value)))
    if field == ".NetworkSettings.MacAddress" and plain:
        return replace(found, mac=read_mac(plain))
    if field.startswith(".NetworkSettings.") and field.rpartition(".")[2] in _ADDRESS:
        # The default bridge's alone: empty for a container on other networks, which says nothing of those.
        return replace(found, addresses=(*(found.addresses or ()), read_address(plain))) if plain else found
    return replace(found, told=(*found.told, (field, value)))


def _of_networks(found: ListedContainer, inside: tuple[_Part, ...], value: str) -> ListedContainer:
    """What a range over the networks printed: the same parts again and again."""
    fields = [part.field.rpartition(".")[2] for part in inside if part.field]
    texts = [part.text.strip() for part in inside if not part.field]
    for text in texts:
        value = value.replace(text, " ") if text.strip(":") else value  # a colon stands in addresses, too
    words = [word for word in re.split(r"[\s,;|]+", value) if word]
    addresses: list[Address] = list(found.addresses or ())
    networks = list(found.networks or ())
    for word in words:
        try:
            address = read_address(word)
        except Unreadable:
            if not any(field.startswith("$") for field in fields):
                raise
            networks.append(named(network_name, word.rstrip(":=")))
            continue
        if set(fields) & _ADDRESS:
            addresses.append(address)
    return replace(found, addresses=tuple(addresses), networks=tuple(networks) or found.networks)


def _ports(value: str) -> Iterator[PublishedPort]:
    try:
        ports = json.loads(value)
    except (ValueError, RecursionError):
        raise Unreadable("bad-value", value[:80]) from None
    for key, bindings in ports.items() if isinstance(ports, dict) else ():
        port, _, proto = str(key).partition("/")
        for one in bindings if isinstance(bindings, list) else ():
            at = str(one.get("HostPort", "")) if isinstance(one, dict) else ""
            if not is_number(port) or not is_number(at):
                raise Unreadable("bad-port", f"{key} {at}")
            yield PublishedPort(
                integer(port), proto or "tcp", host_of(str(one.get("HostIp", ""))), integer(at)
            )
