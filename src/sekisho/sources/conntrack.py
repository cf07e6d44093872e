"""Tracked connections: ``conntrack -L`` (also ``-o extended``, ``-o id``) and /proc/net/nf_conntrack.

    tcp      6 431999 ESTABLISHED src=A dst=B sport=1 dport=2 src=B dst=A sport=2 dport=1 [ASSURED] mark=0
    ipv4     2 icmp     1 29 src=A dst=B type=8 code=0 id=7 src=B dst=A type=0 code=0 id=7 mark=0 zone=7 use=2

The first tuple is the original direction, the second the reply's; where the reply's source is not
the original's destination, DNAT happened. A protocol without a helper of its own is ``unknown``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sekisho.model.evidence import Evidence, Unread
from sekisho.model.host import FlowTuple, TrackedConnection
from sekisho.sources.parsed import Parsed
from sekisho.values.address import Address
from sekisho.values.numbers import integer, is_number

_FOOTER = re.compile(r"conntrack v\S+ \(conntrack-tools\): [0-9]{1,20} flow entries have been shown\.")
_FAMILIES = {("ipv4", "2"), ("ipv6", "10")}
_NAMES = {1: "icmp", 6: "tcp", 17: "udp", 33: "dccp", 47: "gre", 58: "icmpv6", 132: "sctp", 136: "udplite"}
_NUMBERS = {name: number for number, name in _NAMES.items()}
_TUPLE_KEYS = frozenset({"src", "dst", "sport", "dport", "type", "code", "id"})
# Keys that belong to one direction, not to the connection: kept as "original.packets"...
_DIRECTION_KEYS = frozenset({"packets", "bytes", "srckey", "dstkey", "zone-orig", "zone-reply"})


def parse(text: str, file: str) -> Parsed[TrackedConnection]:
    """Read all connections; unread lines have reason ``unknown-line`` or ``bad-value``."""
    facts: list[TrackedConnection] = []
    unread: list[Unread] = []
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if not line or _FOOTER.fullmatch(line):
            continue
        evidence = Evidence(file, number, raw.rstrip("\r"))
        try:
            facts.append(_connection(line.split(), evidence))
        except _Unknown as unknown:
            unread.append(Unread(evidence, "unknown-line", str(unknown)))
        except ValueError as error:
            unread.append(Unread(evidence, "bad-value", str(error)))
    return Parsed(tuple(facts), tuple(unread))


class _Unknown(Exception):
    """The word that does not belong on a line of this form."""


@dataclass(slots=True)
class _Direction:
    values: dict[str, str] = field(default_factory=dict)

    def flow(self) -> FlowTuple:
        values = self.values
        icmp = None
        if "type" in values:
            icmp = (integer(values["type"]), integer(values.get("code", "0")), integer(values.get("id", "0")))
        return FlowTuple(
            Address.parse(values["src"]), Address.parse(values["dst"]),
            _optional_int(values.get("sport")), _optional_int(values.get("dport")), icmp,
        )  # fmt: skip


def _connection(words: list[str], evidence: Evidence) -> TrackedConnection:
    at = 0
    if len(words) > 1 and (words[0], words[1]) in _FAMILIES:
        at = 2
    # A torn line may begin with any word: name and number must fit one another.
    if len(words) < at + 4 or words[at] not in (*_NUMBERS, "unknown") or not is_number(words[at + 1]):
        raise _Unknown(words[at] if len(words) > at else "")
    proto = integer(words[at + 1])
    if _NUMBERS.get(words[at], proto) != proto:
        raise _Unknown(words[at + 1])
    at += 2
    timeout = None
    if is_number(words[at]):
        timeout = integer(words[at])
        at += 1
    state = None
    if words[at].replace("_", "").isalnum() and words[at].isupper():
        state = words[at]
        at += 1
    directions = [_Direction(), _Direction()]
    status: list[str] = []
    attributes: list[tuple[str, str]] = []
    side = -1
    for word in words[at:]:
        if word.startswith("[") and word.endswith("]"):
            status.append(word[1:-1])
            continue
        key, equals, value = word.partition("=")
        if not equals:
            raise _Unknown(word)
        if key == "src":
            side += 1
            if side > 1:
                raise _Unknown(word)
        # `id=` is an ICMP echo's after type= and code=, else the entry's own number.
        inside = side >= 0 and key not in directions[side].values
        if key in _TUPLE_KEYS and inside and (key != "id" or "type" in directions[side].values):
            directions[side].values[key] = value
        elif key in _DIRECTION_KEYS and side >= 0:
            attributes.append((f"{('original', 'reply')[side]}.{key}", value))
        else:
            attributes.append((key, value.rstrip(",") if side < 0 else value))
    if any("src" not in one.values or "dst" not in one.values for one in directions):
        raise _Unknown(words[-1])
    original, reply = (one.flow() for one in directions)
    named = dict(attributes)
    rest = tuple(pair for pair in attributes if pair[0] not in ("mark", "zone"))
    return TrackedConnection(
        original.src.family, proto, original, reply, state, tuple(status), integer(named.get("mark", "0")),
        integer(named.get("zone", "0")), timeout, rest, evidence,
    )  # fmt: skip


def _optional_int(text: str | None) -> int | None:
    return None if text is None else integer(text)


def render(facts: Iterable[TrackedConnection]) -> str:
    """The connections as ``conntrack -L`` prints them (without its footer)."""
    return "".join(" ".join(_words(fact)) + "\n" for fact in facts)


def _words(entry: TrackedConnection) -> Iterator[str]:
    yield f"{_NAMES.get(entry.proto, 'unknown'):<8} {entry.proto}"
    if entry.timeout is not None:
        yield str(entry.timeout)
    if entry.state:
        yield entry.state
    own = []
    sides: dict[str, list[str]] = {"original": [], "reply": []}
    for key, value in entry.attributes:
        side, dot, name = key.partition(".")
        if dot and side in sides:
            sides[side].append(f"{name}={value}")
        else:
            own.append(f"{key}={value}")
    yield from _flow_words(entry.original, sides["original"])
    # The kernel says UNREPLIED between the two tuples and everything else after them.
    yield from (f"[{word}]" for word in entry.status if word == "UNREPLIED")
    yield from _flow_words(entry.reply, sides["reply"])
    yield from (f"[{word}]" for word in entry.status if word != "UNREPLIED")
    yield f"mark={entry.mark}"
    if entry.zone:
        yield f"zone={entry.zone}"
    yield from own


def _flow_words(flow: FlowTuple, attributes: list[str]) -> Iterator[str]:
    yield f"src={flow.src}"
    yield f"dst={flow.dst}"
    if flow.sport is not None:
        yield f"sport={flow.sport}"
    if flow.dport is not None:
        yield f"dport={flow.dport}"
    if flow.icmp is not None:
        yield "type={} code={} id={}".format(*flow.icmp)
    yield from attributes
