"""``ifconfig``: interfaces and addresses, of net-tools (old and new layout), busybox and the BSDs' flags
style.

::

    eth0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500
            inet 10.0.0.10  netmask 255.255.255.0  broadcast 10.0.0.255
            ether 02:00:00:00:00:0a  txqueuelen 1000  (Ethernet)

    eth0      Link encap:Ethernet  HWaddr 02:00:00:00:00:0A
              inet addr:10.0.0.10  Bcast:10.0.0.255  Mask:255.255.255.0
              UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1

``eth0:1`` is no interface of its own, but the label of a further address of eth0. What ifconfig cannot say:
further IPv4 addresses without a label (SIOCGIFCONF names one for each label), scopes and flags of IPv4
addresses, bridges' ports, kinds; without ``-a`` interfaces that are down.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from sekisho.model.evidence import Evidence, Unread
from sekisho.model.links import Interface, InterfaceAddress
from sekisho.sources.text import Unreadable, named, numbered_lines, read_address, read_mac
from sekisho.values.address import Address, Prefix
from sekisho.values.names import LOOPBACK, InterfaceName, LinkAddress, interface_name
from sekisho.values.numbers import DIGITS, integer, is_number

_NEW_HEAD = re.compile(
    rf"(?P<name>\S+): flags={DIGITS}<(?P<flags>[A-Z0-9,_]*)>\s+(?:metric {DIGITS}\s+)?"
    rf"mtu (?P<mtu>{DIGITS})\s*"
)
_OLD_HEAD = re.compile(r"(?P<name>\S+)\s+Link encap:(?P<encap>.*?)(?:\s+HWaddr (?P<mac>\S+))?\s*")
_OLD_FLAGS = re.compile(
    rf"\s*(?P<flags>(?:\[NO FLAGS\]|[A-Z]+)(?: [A-Z]+)*)\s+MTU:(?P<mtu>{DIGITS})\s+Metric:{DIGITS}"
    r"(?:\s+Outfill:\S+\s+Keepalive:\S+)?\s*"
)
_COUNTERS = re.compile(
    r"\s*(?:(?:RX|TX)[ :](?:packets|errors|bytes|compressed)\b|collisions:|Interrupt:|Base address:"
    r"|Memory:|device (?:interrupt|memory|base)\b|compressed:).*",
    re.ASCII,
)
_LINK = re.compile(
    rf"(?P<kind>[a-z][a-z0-9]*)(?: (?P<mac>[0-9A-Fa-f:-]{{5,}}))?"
    rf"\s+txqueuelen (?P<queue>{DIGITS})\s+\([^()]*\)"
)
_LOOPBACK_NET = Prefix.parse("127.0.0.0/8")
_SCOPES = {"global": "global", "link": "link", "host": "host", "site": "site"}


@dataclass(frozen=True, slots=True)
class Read:
    """What a text tells: of interfaces, of addresses, and the lines that were not understood."""

    interfaces: tuple[Interface, ...]
    addresses: tuple[InterfaceAddress, ...]
    unread: tuple[Unread, ...]


@dataclass(slots=True)
class _Reading:
    file: str
    interfaces: dict[str, Interface] = field(default_factory=dict)
    addresses: list[InterfaceAddress] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    current: InterfaceName | None = None
    label: str | None = None
    inside: bool = False


def parse(text: str, file: str) -> Read:
    """Read interfaces and addresses. Where an interface's first line has a fault, all its lines are
    unread."""
    reading = _Reading(file)
    for number, line in numbered_lines(text):
        place = Evidence(file, number, line)
        try:
            if not line[0].isspace():
                _head(reading, line, place)
            elif not reading.inside:
                raise Unreadable("part-of-unread")
            else:
                _detail(reading, line, place)
        except Unreadable as fault:
            reading.unread.append(fault.at(place))
    return Read(tuple(reading.interfaces.values()), tuple(reading.addresses), tuple(reading.unread))


def _head(reading: _Reading, line: str, place: Evidence) -> None:
    reading.inside = False
    new, old = _NEW_HEAD.fullmatch(line), _OLD_HEAD.fullmatch(line)
    head = new or old
    if head is None:
        cut = re.match(r"\S+: flags=|\S+\s+Link encap", line)
        raise Unreadable("truncated" if cut else "unknown-line", line.split(maxsplit=1)[0])
    full = head["name"].removesuffix(":")
    bare, colon, _ = full.partition(":")
    name = named(interface_name, bare)
    reading.current, reading.label = name, full if colon else None
    known = reading.interfaces.get(name)
    if known is not None and not colon:
        raise Unreadable("listed-again", name)
    found = known or Interface(name, evidence=place)
    if new is not None and known is None:
        found = replace(found, flags=_flags(new["flags"].split(",")), mtu=integer(new["mtu"]))
    elif old is not None and known is None and old["mac"]:
        found = replace(found, mac=_mac(old["mac"]))
    if known is None:
        reading.interfaces[name] = replace(found, details=_kind_details(found, old["encap"] if old else ""))
    reading.inside = True


def _kind_details(found: Interface, encap: str) -> tuple[tuple[str, str], ...]:
    return (*found.details, ("link", encap)) if encap else found.details


def _flags(words: list[str]) -> tuple[str, ...]:
    """As ``ip link`` has them: NO-CARRIER is what is up and does not run (print_link_flags of
    ip/ipaddress.c)."""
    known = [word for word in words if word not in ("RUNNING", "")]
    return ("NO-CARRIER", *known) if "UP" in words and "RUNNING" not in words else tuple(known)


def _mac(word: str) -> LinkAddress | None:
    """Six bytes; what has none prints as many zeros with dashes."""
    return None if "-" in word else read_mac(word.lower())


def _detail(reading: _Reading, line: str, place: Evidence) -> None:
    words = line.split()
    assert reading.current is not None
    if words[0] in ("inet", "inet6"):
        reading.addresses.append(_address(reading, words, place))
        return
    if _COUNTERS.fullmatch(line):
        return
    item = reading.interfaces[reading.current]
    old = _OLD_FLAGS.fullmatch(line)
    link = _LINK.fullmatch(line.strip())
    if old is not None:
        if not reading.label:
            flags = () if old["flags"].startswith("[") else _flags(old["flags"].split())
            item = replace(item, flags=flags, mtu=integer(old["mtu"]))
    elif link is not None:
        mac = _mac(link["mac"]) if link["mac"] and link["kind"] != "unspec" else None
        if not reading.label:
            item = replace(item, mac=mac, details=(*item.details, ("link", link["kind"])))
    else:
        raise Unreadable("unknown-line", words[0])
    reading.interfaces[reading.current] = item


def _address(reading: _Reading, words: list[str], place: Evidence) -> InterfaceAddress:
    """``inet A netmask M [broadcast B | destination P]``, ``inet addr:A [Bcast:B | P-t-P:P] Mask:M``,
    ``inet6 A prefixlen N scopeid 0x20<link>``, ``inet6 addr: A/N Scope:Link``."""
    assert reading.current is not None
    found: dict[str, str] = {}
    for name, value in _pairs(words[1:], six=words[0] == "inet6"):
        if name in found:
            raise Unreadable("unknown-word", value)
        found[name] = value
    if "addr" not in found:
        raise Unreadable("truncated" if len(words) == 1 else "unknown-word", words[-1])
    text, slash, length_text = found["addr"].partition("/")
    address = read_address(text)
    if address.family != (6 if words[0] == "inet6" else 4):
        raise Unreadable("mixed-families", text)
    if address.family == 6:
        length_text = length_text if slash else found.get("length", "")
        if not is_number(length_text) or integer(length_text) > 128:
            raise Unreadable("truncated" if not length_text else "bad-number", length_text)
        scope = _SCOPES.get(found.get("scope", ""))
        if scope is None and "scope" in found and found["scope"] not in ("compat", "unknown"):
            raise Unreadable("unknown-word", found["scope"])
        return InterfaceAddress(
            reading.current, 6, address, integer(length_text), None, None, scope, evidence=place
        )
    if "mask" not in found:
        raise Unreadable("truncated", words[-1])
    peer = _optional(found.get("peer"))
    broadcast = _optional(found.get("broadcast"))
    here = reading.current == LOOPBACK or _LOOPBACK_NET.contains(address)
    return InterfaceAddress(
        reading.current, 4, address, _mask_length(found["mask"]), broadcast,
        peer if peer != address else None, "host" if here else None, reading.label, evidence=place,
    )  # fmt: skip


# The words before a value, by what it is; the old layout glues them to it.
_WORDS = {
    "netmask": "mask", "broadcast": "broadcast", "destination": "peer", "prefixlen": "length",
    "Mask": "mask", "Bcast": "broadcast", "P-t-P": "peer", "Scope": "scope", "addr": "addr",
    "scopeid": "scope",
}  # fmt: skip


def _pairs(words: list[str], *, six: bool) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(words):
        word = words[at]
        glued, colon, value = word.partition(":")
        if colon and glued in _WORDS and not (six and glued != "addr" and glued != "Scope"):
            name = _WORDS[glued]
            if not value:  # "addr: fe80::1/64"
                at += 1
                value = words[at] if at < len(words) else ""
        elif at == 0:
            name, value = "addr", word
        elif word in _WORDS:
            name = _WORDS[word]
            at += 1
            value = words[at] if at < len(words) else ""
            if name == "scope":
                inner = re.fullmatch(r"0x[0-9a-f]+<([a-z,]*)>", value)
                value = inner[1].split(",")[-1] if inner else value
        else:
            raise Unreadable("unknown-word", word)
        if not value:
            raise Unreadable("truncated", word)
        yield name, value.lower() if name == "scope" else value
        at += 1


def _optional(text: str | None) -> Address | None:
    """0.0.0.0 is what ifconfig prints where there is none."""
    if text is None:
        return None
    address = read_address(text)
    return address if address.value else None


def _mask_length(text: str) -> int:
    """255.255.255.0, or 0xffffff00 as the BSDs print it."""
    try:
        value = integer(text, 16) if text.startswith("0x") else read_address(text).value
    except ValueError:
        raise Unreadable("bad-address", text) from None
    inverted = value ^ 0xFFFFFFFF
    if value >> 32 or inverted & (inverted + 1):
        raise Unreadable("bad-address", text)
    return 32 - inverted.bit_length()
