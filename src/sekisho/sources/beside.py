"""What has packets beside netfilter, a listing of each: an empty one says that there is none.

ip xfrm policy             src 10.0.0.0/24 dst 10.9.0.0/16
                               dir out priority 0 ptype main
tc qdisc show, filters     qdisc clsact ffff: dev eth0 parent ffff:fff1
behind a line that tells   tc filter show dev eth0 ingress
of which interface         filter protocol all pref 49152 bpf chain 0
ipvsadm -Sn, or            -A -t 192.0.2.1:80 -s rr
/proc/net/ip_vs            TCP  C0000201:0050 rr
wg show all allowed-ips    wg0  KEY  10.9.0.2/32 10.9.1.0/24      (for others see ``wireguard``)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from sekisho.model.beside import Beside, BesideKind
from sekisho.model.evidence import Evidence, Unread
from sekisho.sources import wireguard
from sekisho.sources.parsed import Parsed
from sekisho.sources.text import Unreadable, Words, named, numbered_lines, read_prefix
from sekisho.values.address import Address
from sekisho.values.names import interface_name
from sekisho.values.numbers import integer
from sekisho.values.packet import SCTP, TCP, UDP

_DIRECTIONS = ("in", "out", "fwd")
_HEADING = re.compile(r"tc filter show dev (\S+) (ingress|egress)\s*")
_PROTOCOLS = {"-t": TCP, "-u": UDP, "--sctp-service": SCTP, "TCP": TCP, "UDP": UDP, "SCTP": SCTP}
_HEADS = ("IP Virtual Server", "Prot LocalAddress", "-> RemoteAddress")
_HEX4 = re.compile(r"([0-9A-F]{8}):([0-9A-F]{4})")
_HEX6 = re.compile(r"\[([0-9A-Fa-f:]+)\]:([0-9A-F]{4})")
_PLAIN = re.compile(r"\[?([0-9A-Fa-f:.]+?)\]?:([0-9]{1,5})")
_KEY = re.compile(r"[A-Za-z0-9+/]{43}=")


def parse(kind: BesideKind, text: str, file: str) -> Parsed[Beside]:
    """Read the listing; every entry keeps its lines."""
    if kind == "wireguard" and wireguard.is_configuration(text):
        return wireguard.parse(text, file)
    facts: list[Beside] = []
    unread: list[Unread] = []
    lost = False
    place = ""
    for number, line in numbered_lines(text):
        evidence = Evidence(file, number, line)
        if kind == "tc" and _HEADING.fullmatch(line):
            place = line
            continue
        if kind == "ipvs" and line.strip().startswith(_HEADS):
            continue
        try:
            found = _READERS[kind](line, evidence, place)
            if found is None and (lost or not facts):
                raise Unreadable("part-of-unread" if lost else "unknown-line", line.split()[0])
            if found is None:
                facts[-1] = _with_line(facts[-1], line)
            else:
                facts.append(found)
                lost = False
        except Unreadable as fault:
            unread.append(fault.at(evidence))
            lost = lost or fault.reason != "part-of-unread"
    return Parsed(tuple(facts), tuple(unread))


def render(kind: BesideKind, facts: Iterable[Beside]) -> str:
    """Print the entries of a kind as their commands do."""
    return "".join(f"{line}\n" for line in _rendered(kind, facts))


def _rendered(kind: BesideKind, facts: Iterable[Beside]) -> Iterator[str]:
    place = ""
    for fact in facts:
        if fact.kind != kind:
            continue
        heading = f"tc filter show dev {fact.interface} {fact.direction}"
        if kind == "tc" and fact.direction and heading != place:
            place = heading
            yield heading
        yield from fact.lines


def _with_line(fact: Beside, line: str) -> Beside:
    """The entry with one more of its lines, and what that says. Raises Unreadable."""
    fact = replace(fact, lines=(*fact.lines, line))
    words = line.split()
    if fact.kind != "xfrm" or words[0] not in ("dir", "socket"):
        return fact
    if words[0] == "socket":
        return replace(fact, direction="socket")
    if len(words) < 2 or words[1] not in _DIRECTIONS:
        raise Unreadable("unknown-word", words[1] if len(words) > 1 else words[0])
    action = words[words.index("action") + 1 :] if "action" in words else ["allow"]
    return replace(fact, direction=words[1], word=action[0] if action else "")


def _xfrm(line: str, evidence: Evidence, _place: str) -> Beside | None:
    if line[0].isspace():
        return None
    words = Words(line)
    if words.take() != "src":
        raise Unreadable("unknown-line", line.split()[0])
    src = words.prefix("src")
    if words.take("src") != "dst":
        raise Unreadable("unknown-word", line.split()[2])
    return Beside("xfrm", (line,), src=src, dst=words.prefix("dst"), evidence=evidence)


def _tc(line: str, evidence: Evidence, place: str) -> Beside | None:
    if line[0].isspace():
        return None
    words = line.split()
    if words[0] == "qdisc" and "dev" in words[:-1] and len(words) > 4:
        name = named(interface_name, words[words.index("dev") + 1])
        return Beside("tc", (line,), name, word=words[1], evidence=evidence)
    heading = _HEADING.fullmatch(place)
    if words[0] != "filter" or heading is None:
        raise Unreadable("unknown-line", words[0])
    name = named(interface_name, heading[1])
    return Beside("tc", (line,), name, heading[2], "filter", evidence=evidence)


def _ipvs(line: str, evidence: Evidence, _place: str) -> Beside | None:
    words = line.split()
    if words[0] in ("->", "-a"):
        return None
    kind, place = (words[1], words[2]) if words[0] == "-A" and len(words) > 2 else (words[0], "")
    if words[0] != "-A":
        place = words[1] if len(words) > 1 else ""
    if kind in ("-f", "FWM"):
        try:
            mark = integer(place, 16 if kind == "FWM" else 10)
        except ValueError:
            raise Unreadable("bad-number", place) from None
        return Beside("ipvs", (line,), mark=mark, evidence=evidence)
    if kind not in _PROTOCOLS:
        raise Unreadable("unknown-line", words[0])
    address, port = _end(place, words[0] == "-A")
    return Beside(
        "ipvs", (line,), address=address, proto=_PROTOCOLS[kind], port=port or None, evidence=evidence
    )


def _end(text: str, decimal: bool) -> tuple[Address, int]:
    """An address and port of ipvsadm, or of the kernel's own listing; raises Unreadable."""
    found = _PLAIN.fullmatch(text) if decimal else _HEX4.fullmatch(text) or _HEX6.fullmatch(text)
    if found is None:
        raise Unreadable("bad-address", text)
    try:
        if not decimal and len(found[1]) == 8:
            return Address(4, integer(found[1], 16)), integer(found[2], 16)
        return Address.parse(found[1]), integer(found[2], 10 if decimal else 16)
    except ValueError:
        raise Unreadable("bad-address", text) from None


def _wireguard(line: str, evidence: Evidence, _place: str) -> Beside | None:
    words = line.split()
    name = named(interface_name, words[0])
    rest = words[2:] if len(words) > 1 and _KEY.fullmatch(words[1]) else words[1:]
    if not rest:
        raise Unreadable("truncated", words[0])
    kept = "\t".join((words[0], " ".join(rest)))
    allowed = () if rest == ["(none)"] else tuple(read_prefix(word) for word in rest)
    return Beside("wireguard", (kept,), name, allowed=allowed, evidence=evidence)


_READERS: dict[BesideKind, Callable[[str, Evidence, str], Beside | None]] = {
    "xfrm": _xfrm, "tc": _tc, "ipvs": _ipvs, "wireguard": _wireguard,
}  # fmt: skip
