"""``ip link``, ``ip -d link``, and the interfaces of ``ip addr``, of iproute2 and busybox.

::

    2: eth0@if7: <BROADCAST,MULTICAST,UP> mtu 1500 qdisc noqueue [master br0] state UP ... qlen 1000
        link/ether 02:00:00:00:00:02 brd ff:ff:ff:ff:ff:ff link-netnsid 0 [promiscuity 0 ...]
        veth                                            (with -d: the kind and its settings)
        bridge_slave state forwarding ... hairpin on    (with -d: as a port of something)
        alias TEXT, altname NAME
        inet ..., valid_lft ...                         (ip addr; left to that reader)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from sekisho.errors import one_line
from sekisho.model.evidence import Evidence, Unread
from sekisho.model.links import Interface
from sekisho.sources import ip_link_json
from sekisho.sources.json_fields import is_json
from sekisho.sources.link_words import (
    ALONE,
    HEADER_WORDS,
    TWO_VALUES,
    XDP_WORDS,
    Pair,
    is_marker,
    with_port,
)
from sekisho.sources.parsed import Parsed
from sekisho.sources.redacted import hides_mac
from sekisho.sources.text import Unreadable, Words, named, numbered_lines, parts_of, read_mac, unknown_word
from sekisho.values.names import interface_name
from sekisho.values.numbers import integer, is_number

Line = tuple[int, str]
ADDRESS_WORDS = frozenset({"inet", "inet6", "valid_lft"})


def parse(text: str, file: str, beside_addresses: bool = True) -> Parsed[Interface]:
    """Read the interfaces of ``ip [-j] [-d] link`` or ``ip [-j] addr``.

    ``beside_addresses``: ``ip_addr`` reads the text as well, for its lines about addresses. A first line with
    a fault loses the interface and all its lines; a fault further down only what that line says. Raises
    SourceError for JSON that has no end.
    """
    if is_json(text):
        return ip_link_json.parse(text, file, beside_addresses)
    facts: list[Interface] = []
    unread: list[Unread] = []
    for block in blocks(text):
        if not beside_addresses:
            unread += _about_addresses(block, file)
        if is_one_line_address(block[0][1]):
            continue
        found, faults = read_block(block, file)
        facts += [found] if found is not None else []
        unread += faults
    return Parsed(tuple(facts), tuple(unread))


def _about_addresses(block: list[Line], file: str) -> Iterator[Unread]:
    for number, line in block:
        if is_one_line_address(line) or is_address_line(line):
            yield Unread(Evidence(file, number, line), "unknown-line", line.split(maxsplit=1)[0])


def render(interfaces: Iterable[Interface], *, trailing_space: bool = True) -> str:
    """Print interfaces as ``ip [-d] link`` does, with as much as was read."""
    lines = [line for interface in interfaces for line in render_lines(interface)]
    return "".join(one_line(line if trailing_space else line.rstrip(" ")) + "\n" for line in lines)


def blocks(text: str) -> Iterator[list[Line]]:
    """The lines of each interface."""
    block: list[Line] = []
    for number, line in numbered_lines(text):
        if line[0].isspace() and block:
            block.append((number, line))
            continue
        if block:
            yield block
        block = [(number, part) for part in parts_of(line)]
    if block:
        yield block


def is_one_line_address(line: str) -> bool:
    """Whether this is ``1: lo    inet 127.0.0.1/8 ...`` of ``ip -o addr``."""
    words = line.split(maxsplit=3)
    return len(words) > 2 and words[2] in ("inet", "inet6")


@dataclass(slots=True)
class _Draft:
    interface: Interface
    details: list[Pair] = field(default_factory=list)
    detailed: bool = False


def read_block(block: list[Line], file: str) -> tuple[Interface | None, list[Unread]]:
    """One interface from its lines, and the lines that could not be read."""
    evidence = Evidence(file, *block[0])
    try:
        draft = _read_header(block[0][1], evidence)
    except Unreadable as fault:
        rest = [
            Unread(Evidence(file, *line), "part-of-unread")
            for line in block[1:]
            if not is_address_line(line[1])
        ]
        return None, [fault.at(evidence), *rest]
    unread: list[Unread] = []
    counters = False
    for number, line in block[1:]:
        if counters:  # the numbers under "RX:" or "TX:" of ip -s
            draft.details[-1] = (draft.details[-1][0], " ".join(line.split()))
            counters = False
            continue
        before = draft.interface, list(draft.details)
        try:
            counters = _read_detail_line(draft, line)
        except Unreadable as fault:
            draft.interface, draft.details = before
            unread.append(fault.at(Evidence(file, number, line)))
    details = tuple(draft.details)
    interface = draft.interface
    kind = interface.kind
    if kind is None and draft.detailed:
        kind = ""
    if ("link", "loopback") in details:
        kind = "loopback"
    return with_port(replace(interface, kind=kind, details=details)), unread


def is_address_line(line: str) -> bool:
    """Whether a line is about an address of ``ip addr``."""
    return line.split(maxsplit=1)[0] in ADDRESS_WORDS


def _read_header(line: str, evidence: Evidence) -> _Draft:
    """The first line of an interface; raises Unreadable."""
    words = Words(line)
    index = words.take()
    if not index.endswith(":") or not is_number(index[:-1]):
        raise Unreadable("unknown-line", index)
    name, at, peer = words.take(index).partition("@")
    last = peer if at else name
    if not last.endswith(":"):
        raise Unreadable("truncated" if words.is_last else "unknown-word", last)
    name, peer = name.removesuffix(":"), peer.removesuffix(":")
    flags = words.take(name)
    if not flags.startswith("<") or not flags.endswith(">"):
        raise Unreadable("truncated" if words.is_last else "unknown-word", flags)
    found: dict[str, str] = {}
    while words:
        word = words.take()
        if word.partition("/id:")[0] in XDP_WORDS:
            found[word] = ""
            continue
        if word not in HEADER_WORDS:
            raise unknown_word(word, frozenset(HEADER_WORDS), last=words.is_last)
        found[word] = words.take(word)
    mtu = found.pop("mtu", None)
    if mtu is not None and not is_number(mtu):
        raise Unreadable("bad-number", mtu)
    master = found.pop("master", None)
    interface = Interface(
        name=named(interface_name, name), index=integer(index[:-1]),
        flags=tuple(flag for flag in flags[1:-1].split(",") if flag),
        state=found.pop("state", None), mtu=None if mtu is None else integer(mtu),
        master=None if master is None else named(interface_name, master), peer=peer if at else None,
        evidence=evidence,
    )  # fmt: skip
    return _Draft(interface, list(found.items()))


def _read_detail_line(draft: _Draft, line: str) -> bool:
    """Read one indented line; True when the next line holds the numbers that it heads."""
    words = Words(line)
    word = words.take()
    if word in ADDRESS_WORDS:
        return False
    if word.startswith("link/"):
        _read_link_line(draft, word.removeprefix("link/"), words)
    elif word in ("RX:", "TX:") or (word in ("RX", "TX") and words.peek() == "errors:"):
        draft.details.append((line.strip(), ""))
        return True
    elif word in ("alias", "altname", "vf", "prog/xdp") or word.endswith("-qos-map"):
        draft.details.append((word, " ".join(words.rest())))
    elif draft.detailed and word.replace("_", "").replace("-", "").isalnum():
        if not word.endswith("_slave") and draft.interface.kind is None:
            draft.interface = replace(draft.interface, kind=word)
            draft.details.append((word, ""))
        elif word.endswith("_slave"):
            draft.details.append((word, ""))
        else:
            words.at = 0
        draft.details += _pairs(words)
    else:
        raise Unreadable("unknown-line", word)
    return False


def _read_link_line(draft: _Draft, link_type: str, words: Words) -> None:
    draft.details.append(("link", link_type))
    if words and words.peek() not in ("promiscuity", "link-netnsid", "link-netns", "brd"):
        mac = words.take()
        if not hides_mac(mac):  # blacked out, it is as unknown as where there is none
            draft.interface = replace(draft.interface, mac=read_mac(mac, last=words.is_last))
    for name, value in _pairs(words):
        if name in ("link-netnsid", "link-netns"):
            draft.interface = replace(draft.interface, peer_namespace=value)
        else:
            draft.details.append((name, value))
        draft.detailed = draft.detailed or name == "promiscuity"


def _pairs(words: Words) -> Iterator[Pair]:
    while words:
        word = words.take()
        if (word in ALONE and words.peek() not in ("on", "off")) or word.startswith("<"):
            yield word, ""
        elif word in TWO_VALUES:
            yield word, f"{words.take(word)} {words.take(word)}"
        else:
            yield word, words.take(word)


def render_lines(interface: Interface) -> list[str]:
    """The lines of one interface, without ends of line."""
    details = list(interface.details)
    start = next((at for at, pair in enumerate(details) if pair[0] == "link"), len(details))
    lines = [_header(interface, dict(details[:start]))]
    if start < len(details):
        lines += _detail_lines(interface, details[start:])
    return lines


def _header(interface: Interface, header: dict[str, str]) -> str:
    name = interface.name if interface.peer is None else f"{interface.name}@{interface.peer}"
    index = 0 if interface.index is None else interface.index
    values = {
        **header, "mtu": interface.mtu, "master": interface.master, "state": interface.state,
    }  # fmt: skip
    words = [f"{index}: {name}: <{','.join(interface.flags)}>"]
    said = [f"{word} {values[word]}" for word in HEADER_WORDS if values.get(word) is not None]
    programs = [word for word in header if word.partition("/id:")[0] in XDP_WORDS and not header[word]]
    at = 1 if interface.mtu is not None else 0
    words += [*said[:at], *programs, *said[at:]]
    # Each word of the line is printed with a blank after it, except for qlen.
    return " ".join(words) + ("" if "qlen" in header or "group" not in header else " ")


def _detail_lines(interface: Interface, details: list[Pair]) -> list[str]:
    line = f"    link/{details[0][1]} {interface.mac or ''}"
    words = [line]
    namespace = interface.peer_namespace
    said = namespace is None
    lines: list[str] = []
    after: list[str] = []
    for name, value in details[1:]:
        if not said and name not in ("brd", "peer", "permaddr"):
            words.append(_namespace(namespace))
            said = True
        if is_marker((name, value), interface.kind):
            lines.append(" ".join(words))
            words = [f"    {name}"]
        elif name in ("alias", "altname", "vf", "prog/xdp"):
            after.append(f"    {name} {value}")
        elif name.startswith(("RX", "TX")):
            after += [f"    {name}", f"    {value}"]
        else:
            words.append(_spaced(name, value))
    if not said:
        words.append(_namespace(namespace))
    lines.append(" ".join(words))
    return [*_detail_spaces(lines, details), *after]


def _namespace(namespace: str | None) -> str:
    return f"link-netnsid {namespace}" if is_number(str(namespace)) else f"link-netns {namespace}"


def _spaced(name: str, value: str) -> str:
    if name.endswith("_timer"):
        return f"{name} {value:>7}"  # printed as %7.2f
    if name == "allmulti":
        return f" {name} {value}"
    return f"{name} {value}" if value else name


def _detail_spaces(lines: list[str], details: list[Pair]) -> list[str]:
    # The words of -d end with a blank each, those of the plain listing do not.
    detailed = any(name == "promiscuity" for name, _ in details)
    return [f"{line} " for line in lines] if detailed else lines
