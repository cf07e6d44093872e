"""Sets of flows in words short enough for a line: ``tcp 10.0.0.0/16 -> 172.18.0.2:3306``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sekisho.symbolic.boxes import Box
from sekisho.values.address import BITS, Family, format_ip
from sekisho.values.intset import IntSet, prefixes_of
from sekisho.values.packet import ICMPV6, protocol_name

ADDRESS_FIELDS = frozenset({"src", "dst", "via"})
PORTS = IntSet.span(1, 65535)
_MANY = 6


# Sets of addresses that have a name, such as all public ones.
Names = Mapping[IntSet, str]


def addresses_text(values: IntSet, family: Family, names: Names | None = None, most: int = _MANY) -> str:
    """Addresses by their name, else as prefixes where that is shorter, else as ranges; the rest counted."""
    bits = BITS[family]
    if names and values in names:
        return names[values]
    if values.size() == 1 << bits:
        return "*"
    blocks: list[tuple[int, int | None]] = []  # a network with its length, or the place of an interval
    others = 0
    for at, (first, last) in enumerate(values):
        if len(blocks) > most:
            others = len(values.intervals) - at
            break
        found = prefixes_of(IntSet.span(first, last), bits, 2)
        blocks += found if len(found) <= 2 else ((at, None),)
    shown = blocks if len(blocks) <= most else blocks[: most - 1]
    return _shortened(
        [_block_text(values, family, *block) for block in shown], len(blocks) - len(shown) + others
    )


def _block_text(values: IntSet, family: Family, value: int, length: int | None) -> str:
    if length is None:
        first, last = values.intervals[value]
        return f"{format_ip(family, first)}-{format_ip(family, last)}"
    return format_ip(family, value) + ("" if length == BITS[family] else f"/{length}")


def ports_text(values: IntSet, most: int = _MANY) -> str:
    """``80,443,8000-8080``; ``*`` for all of them."""
    if values.size() >= 65535:
        return "*"
    return _first_of([str(a) if a == b else f"{a}-{b}" for a, b in values], most)


def protocols_text(values: IntSet) -> str:
    """``tcp,udp``; ``all`` for every protocol."""
    if values.size() >= 250:
        return "all"
    names = ["icmp" if n == ICMPV6 else protocol_name(n) for a, b in values for n in range(a, b + 1)]
    return _first_of(names, _MANY)


def _first_of(words: list[str], most: int) -> str:
    shown = words if len(words) <= most else words[: most - 1]
    return _shortened(shown, len(words) - len(shown))


def _shortened(words: list[str], others: int) -> str:
    return ",".join(words) + (f",...(+{others})" if others else "")


def line_of(box: Box, family: Family, names: Names | None = None) -> str:
    """One box as a line: protocol, source, destination reached, and the one it was sent to."""
    fields = dict(box.fields)
    ports = fields.get("dport")

    def addresses(name: str) -> str:
        text = addresses_text(fields[name], family, names)
        return f"~{text}" if name in box.vague else text

    text = protocols_text(fields["proto"])
    if "src" in fields or "sport" in fields:
        source = addresses("src") if "src" in fields else "*"
        text += " " + _with_port(source, fields.get("sport"), family)
    text += " -> " + _with_port(addresses("dst"), ports, family)
    if "via" in fields or "viaport" in fields:
        sent = addresses("via" if "via" in fields else "dst")
        text += f"  (sent to {_with_port(sent, fields.get('viaport', ports), family)})"
    return text


def _with_port(address: str, ports: IntSet | None, family: Family) -> str:
    if ports is None:
        return address
    if family == 6 and ":" in address:
        address = f"[{address}]"
    return f"{address}:{ports_text(ports)}"


def box_json(box: Box, family: Family) -> dict[str, object]:
    """One box as data: every field as a list of values or ranges, as text."""
    found: dict[str, object] = {}
    for name, values in box.fields:
        if name in ADDRESS_FIELDS:
            found[name] = spans_json(values, family)
        elif name == "proto":
            found[name] = [protocol_name(n) for a, b in values for n in range(a, b + 1)]
        else:
            found[name] = ports_json(values)
    if box.vague:
        found["vague"] = sorted(box.vague)  # only some of the values of these
    found["line"] = line_of(box, family)
    return found


def spans_json(values: IntSet, family: Family) -> list[str]:
    """Addresses as data: ``10.0.0.1``, ``10.0.0.5-10.0.0.9``."""
    return [_range(format_ip(family, a), format_ip(family, b)) for a, b in values]


def ports_json(values: IntSet) -> list[str]:
    """Ports as data: ``80``, ``8000-8080``."""
    return [_range(str(a), str(b)) for a, b in values]


def _range(first: str, last: str) -> str:
    return first if first == last else f"{first}-{last}"


def merged(boxes: Iterable[Box]) -> list[Box]:
    """The boxes with those joined that differ in one field only."""
    found = list(dict.fromkeys(boxes))
    changed = True
    while changed:
        changed = False
        for name in ("proto", "sport", "dport", "viaport", "dst", "src", "via"):
            groups: dict[object, list[Box]] = {}
            for box in found:
                rest = (box.vague, tuple(pair for pair in box.fields if pair[0] != name))
                has = any(pair[0] == name for pair in box.fields)
                groups.setdefault((rest, has), []).append(box)
            joined: list[Box] = []
            for same in groups.values():
                if len(same) > 1 and any(pair[0] == name for pair in same[0].fields):
                    union = IntSet.from_intervals(i for box in same for i in box[name])
                    fields = tuple((n, union if n == name else v) for n, v in same[0].fields)
                    joined.append(Box(fields, same[0].vague))
                    changed = True
                else:
                    joined += same
            found = joined
    return found
