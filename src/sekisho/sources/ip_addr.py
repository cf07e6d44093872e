"""``ip addr``: the addresses of interfaces, of iproute2 and busybox.

Under an interface's own lines (see ip_link) stand two lines per address::

    inet A[ peer B]/LEN [metric N] [brd A] scope S [FLAGS] [proto P] [LABEL]
       valid_lft 3600sec|forever preferred_lft 3600sec|forever

``LEN`` belongs to the peer where there is one. An IPv4 label begins with its interface's name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sekisho.errors import one_line
from sekisho.model.evidence import Evidence, Unread
from sekisho.model.links import Interface, InterfaceAddress
from sekisho.sources import ip_addr_json
from sekisho.sources.addr_words import FLAGS, SCOPES, split_length
from sekisho.sources.ip_link import (
    Line,
    blocks,
    is_address_line,
    is_one_line_address,
    read_block,
    render_lines,
)
from sekisho.sources.json_fields import is_json
from sekisho.sources.link_words import Pair
from sekisho.sources.parsed import Parsed
from sekisho.sources.text import Unreadable, Words, named, unknown_word
from sekisho.values.address import Address
from sekisho.values.names import InterfaceName, interface_name
from sekisho.values.numbers import is_number

_KNOWN = FLAGS | {"metric", "brd", "any", "scope", "peer", "proto", "flags"}


def parse(text: str, file: str) -> Parsed[InterfaceAddress]:
    """Read the addresses of ``ip [-j] [-d] addr``; interfaces are for ``ip_link.parse``.

    Where an interface's first line has a fault its addresses belong to nobody and are unread. Faults
    of the interfaces' lines are reported here too: another file may be the one to name interfaces.
    Raises SourceError for JSON that has no end.
    """
    if is_json(text):
        return ip_addr_json.parse(text, file)
    facts: list[InterfaceAddress] = []
    unread: list[Unread] = []
    for block in blocks(text):
        interface, lines = _split_block(block, file, unread)
        facts += _read_addresses(interface, lines, file, unread)
    unread.sort(key=lambda item: item.evidence.line)
    return Parsed(tuple(facts), tuple(unread))


def render(
    interfaces: Iterable[Interface], addresses: Iterable[InterfaceAddress], *, trailing_space: bool = True
) -> str:
    """Print interfaces with their addresses as ``ip addr`` does."""
    owned: dict[str, list[InterfaceAddress]] = {}
    for address in addresses:
        owned.setdefault(address.interface, []).append(address)
    lines: list[str] = []
    for interface in interfaces:
        lines += render_lines(interface)
        for address in owned.get(interface.name, ()):
            lines += _render_address(address)
    return "".join(one_line(line if trailing_space else line.rstrip(" ")) + "\n" for line in lines)


def _split_block(
    block: list[Line], file: str, unread: list[Unread]
) -> tuple[InterfaceName | None, list[Line]]:
    """The interface's name, None where it cannot be read, and the lines about its addresses."""
    number, line = block[0]
    if is_one_line_address(line):
        words = line.split(maxsplit=2)
        lines = [(number, words[2]), *block[1:]]
        try:
            return named(interface_name, words[1]), lines
        except Unreadable as fault:
            unread.append(fault.at(Evidence(file, number, line)))
            return None, lines
    own = [line for line in block if not is_address_line(line[1])]
    if not own:  # an address line that is not indented: whose it is, is not known
        return None, block
    interface, faults = read_block(own, file)
    unread += faults
    return None if interface is None else interface.name, [line for line in block if is_address_line(line[1])]


def _read_addresses(
    interface: InterfaceName | None, lines: list[Line], file: str, unread: list[Unread]
) -> list[InterfaceAddress]:
    found: list[InterfaceAddress] = []
    complete = False  # the line above was an address, so that lifetimes belong to it
    for number, line in lines:
        evidence = Evidence(file, number, line)
        words = Words(line)
        try:
            if interface is None:
                raise Unreadable("part-of-unread")
            if words.peek() == "valid_lft":
                if not complete:
                    raise Unreadable("part-of-unread")
                found[-1] = _with_lifetimes(found[-1], words)
            else:
                complete = False
                found.append(_read_address(words, interface, evidence))
                complete = True
        except Unreadable as fault:
            unread.append(fault.at(evidence))
    return found


def _read_address(words: Words, interface: InterfaceName, evidence: Evidence) -> InterfaceAddress:
    family = 6 if words.take() == "inet6" else 4
    word = words.take("inet")
    peer: Address | None = None
    if words.peek() == "peer":
        address, _ = split_length(word, last=False)
        words.take()
        peer, length = split_length(words.take("peer"), last=words.is_last)
    else:
        address, length = split_length(word, last=words.is_last)
    if address.family != family:
        raise Unreadable("mixed-families", word)
    scope = label = broadcast = None
    flags: list[str] = []
    details: list[Pair] = []
    while words:
        word = words.take()
        if word == "scope":
            scope = words.take(word)
            if scope not in SCOPES and not is_number(scope):
                raise unknown_word(scope, SCOPES, last=words.is_last)
        elif word == "brd":
            broadcast = words.address(word)
        elif word in FLAGS:
            flags.append(word)
        elif word in ("metric", "proto", "flags", "any"):
            details.append((word, words.take(word)))
        elif words.is_last and family == 4 and word.startswith(interface):
            label = word
        else:
            known = _KNOWN | {interface} if family == 4 else _KNOWN
            raise unknown_word(word, known, last=words.is_last)
    if scope is None:
        raise Unreadable("truncated", "scope")
    return InterfaceAddress(
        interface, 6 if family == 6 else 4, address, length, broadcast, peer, scope, label,
        tuple(flags), tuple(details), evidence,
    )  # fmt: skip


def _with_lifetimes(address: InterfaceAddress, words: Words) -> InterfaceAddress:
    pairs: list[Pair] = []
    while words:
        word = words.take()
        if word not in ("valid_lft", "preferred_lft"):
            raise unknown_word(word, frozenset({"valid_lft", "preferred_lft"}), last=words.is_last)
        pairs.append((word, words.take(word)))
    return replace(address, details=(*address.details, *pairs))


def _render_address(address: InterfaceAddress) -> list[str]:
    details = dict(address.details)
    words = ["    inet6" if address.family == 6 else "    inet"]
    if address.peer is None:
        words.append(f"{address.address}/{address.length}")
    else:
        words += [str(address.address), "peer", f"{address.peer}/{address.length}"]
    words += ["metric", details["metric"]] if "metric" in details else []
    words += ["brd", str(address.broadcast)] if address.broadcast is not None else []
    words += ["any", details["any"]] if "any" in details else []
    words += ["scope", address.scope or "global", *address.flags]
    words += ["flags", details["flags"]] if "flags" in details else []
    words += ["proto", details["proto"]] if "proto" in details else []
    # The label ends the line; without one the blank before it is still there.
    lines = [" ".join([*words, address.label or ""])]
    if "valid_lft" in details:
        lines.append(f"       valid_lft {details['valid_lft']} preferred_lft {details.get('preferred_lft')}")
    return lines
