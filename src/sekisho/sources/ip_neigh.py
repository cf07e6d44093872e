"""``ip neigh``: who is known behind which MAC address, as text and as JSON.

One entry per line (print_neigh in ip/ipneigh.c)::

    ADDRESS dev D [lladdr MAC] [router] [proxy] [managed] [extern_learn] [offload] [STATE...] [proto P]

``ip -s`` puts ``ref N used A/B/C probes N`` before the state.
"""

from __future__ import annotations

from collections.abc import Iterable

from sekisho.errors import one_line
from sekisho.model.evidence import Evidence, Unread
from sekisho.model.links import Neighbour
from sekisho.sources.json_fields import Fields, is_json, number_or_word, read_objects, render_array
from sekisho.sources.json_stream import Json
from sekisho.sources.parsed import Parsed
from sekisho.sources.redacted import hides_mac
from sekisho.sources.text import Unreadable, Words, numbered_lines, read_address, read_mac, unknown_word
from sekisho.values.numbers import is_number

# NUD_* of linux/neighbour.h.
STATES = frozenset({
    "INCOMPLETE", "REACHABLE", "STALE", "DELAY", "PROBE", "FAILED", "NOARP", "PERMANENT", "NONE",
})  # fmt: skip
FLAGS = frozenset({"router", "proxy", "managed", "extern_learn", "extern_valid", "offload", "deleted"})
_KNOWN = STATES | FLAGS | {"dev", "lladdr", "ref", "used", "probes", "proto", "dst"}
_COUNTERS = ("refcnt", "used", "confirmed", "updated", "probes")


def parse(text: str, file: str) -> Parsed[Neighbour]:
    """Read ``ip [-j] [-s] neigh``; a line without a device (``ip neigh show dev D``) is unread.

    Raises SourceError for JSON that has no end.
    """
    if is_json(text):
        return parse_json(text, file)
    facts: list[Neighbour] = []
    unread: list[Unread] = []
    for number, line in numbered_lines(text):
        evidence = Evidence(file, number, line)
        try:
            facts.append(_read_line(Words(line), evidence))
        except Unreadable as fault:
            unread.append(fault.at(evidence))
    return Parsed(tuple(facts), tuple(unread))


def render(neighbours: Iterable[Neighbour], *, trailing_space: bool = True) -> str:
    """Print entries as ``ip neigh`` does, without counters; copies may lack the blank at the end."""
    lines = []
    for entry in neighbours:
        words = [str(entry.address), "dev", entry.interface]
        lladdr = entry.mac or dict(entry.details).get("lladdr")
        words += ["lladdr", lladdr] if lladdr is not None else []
        words += [*entry.flags, *(entry.state or "").split(",")]
        proto = dict(entry.details).get("proto")
        words += ["proto", proto] if proto is not None else []
        lines.append(one_line(" ".join(word for word in words if word)) + (" \n" if trailing_space else "\n"))
    return "".join(lines)


def _read_line(words: Words, evidence: Evidence) -> Neighbour:
    address = read_address(words.take(), last=words.is_last)
    interface = mac = None
    states: list[str] = []
    flags: list[str] = []
    details: list[tuple[str, str]] = []
    while words:
        word = words.take()
        if word == "dev":
            interface = words.interface(word)
        elif word == "lladdr":
            if hides_mac(words.peek()):
                details.append((word, words.take()))
            else:
                mac = read_mac(words.take(word), last=words.is_last)
        elif word in FLAGS:
            flags.append(word)
        elif word in STATES:
            states.append(word)
        elif word == "used":
            details += _read_used(words)
        elif word in ("ref", "probes", "proto"):
            details.append(("refcnt" if word == "ref" else word, words.take(word)))
        else:
            raise unknown_word(word, _KNOWN, last=words.is_last)
    if interface is None:
        raise Unreadable("truncated" if len(words.words) == 1 else "no-device", str(address))
    state = ",".join(states) or None
    return Neighbour(address, interface, mac, state, tuple(flags), tuple(details), evidence)


def _read_used(words: Words) -> list[tuple[str, str]]:
    # iproute2 6.1 prints "used 0/60/0probes 4": the blank is missing.
    times = words.take("used")
    glued = times.endswith("probes")
    parts = times.removesuffix("probes").split("/")
    if len(parts) != 3 or not all(is_number(part) for part in parts):
        raise Unreadable("bad-number", times)
    found = list(zip(("used", "confirmed", "updated"), parts, strict=True))
    return [*found, ("probes", words.take("probes"))] if glued else found


def parse_json(text: str, file: str) -> Parsed[Neighbour]:
    """Read ``ip -j [-s] neigh``. Raises SourceError where the file is not JSON."""
    return read_objects(text, file, lambda fields: [_read_object(fields)])


def render_json(neighbours: Iterable[Neighbour]) -> str:
    """Print entries as ``ip -j neigh`` does."""
    return render_array(_object(entry) for entry in neighbours)


def _read_object(fields: Fields) -> Neighbour:
    address, interface, mac = fields.address("dst"), fields.interface("dev"), fields.mac("lladdr")
    if address is None:
        raise Unreadable("missing-key", "dst")
    if interface is None:
        raise Unreadable("no-device", str(address))
    flags = tuple(key for key in list(fields.left) if key in FLAGS and fields.flag(key))
    details = [(key, value) for key in _COUNTERS if (value := fields.text(key)) is not None]
    states = fields.words("state")
    for state in states:
        if state not in STATES:
            raise Unreadable("unknown-word", state)
    proto = fields.text("protocol")
    details += [("proto", proto)] if proto is not None else []
    fields.finish()
    return Neighbour(
        address, interface, mac, ",".join(states) or None, flags, tuple(details), fields.evidence
    )


def _object(entry: Neighbour) -> dict[str, Json]:
    details = dict(entry.details)
    out: dict[str, Json] = {"dst": str(entry.address), "dev": entry.interface}
    if entry.mac is not None:
        out["lladdr"] = entry.mac
    out |= dict.fromkeys(entry.flags)
    out |= {key: number_or_word(details[key]) for key in _COUNTERS if key in details}
    if entry.state is not None:
        out["state"] = list(entry.state.split(","))
    if "proto" in details:
        out["protocol"] = details["proto"]
    return out
