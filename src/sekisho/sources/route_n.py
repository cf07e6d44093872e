"""``route -n`` and ``netstat -rn``, of net-tools and busybox, for IPv4 and IPv6.

::

    Destination     Gateway         Genmask         Flags Metric Ref    Use Iface
    0.0.0.0         10.0.0.1        0.0.0.0         UG    100    0        0 eth0

    U up, G through a gateway, H a host, ! rejects, n (IPv6) no next hop: the host's own address

What these tables cannot say: of a multipath route they show the first next hop only; ``!`` is
unreachable and prohibit alike; the IPv6 form lists all tables as one. A gateway that they do not
show (``via inet6``) makes the line unread.
"""

from __future__ import annotations

from collections.abc import Iterable

from sekisho.model.evidence import Evidence, Unread
from sekisho.model.routing import NextHop, Route
from sekisho.sources.parsed import Parsed
from sekisho.sources.redacted import hides_address
from sekisho.sources.route_words import Pair
from sekisho.sources.text import Unreadable, named, numbered_lines, read_address, read_prefix
from sekisho.values.address import Address, Family, Prefix, everything, format_ip
from sekisho.values.names import interface_name
from sekisho.values.numbers import integer

_COLUMNS: dict[Family, tuple[str, ...]] = {
    4: ("Destination", "Gateway", "Genmask", "Flags", "Metric", "Ref", "Use", "Iface"),
    6: ("Destination", "Next Hop", "Flags", "Metric", "Ref", "Use", "Iface"),
}
# net-tools shortens the headings of its IPv6 table.
_HEADINGS = {"Flag": "Flags", "Met": "Metric", "If": "Iface", "Next Hop": "Gateway"}
# Without one of these columns nothing can be said of a line.
_NEEDED = frozenset({"Destination", "Gateway", "Flags", "Iface"})
_TITLES = ("Kernel IP routing table", "Kernel IPv6 routing table")
_FLAGS = frozenset("UGHRDMACe!nfa")
_ANY = ("0.0.0.0", "::", "[::]", "*", "-")


def parse(text: str, file: str, family: Family = 4) -> Parsed[Route]:
    """Read a table; ``family`` is for one that has lost its headings."""
    facts: list[Route] = []
    unread: list[Unread] = []
    columns = _columns(" ".join(_COLUMNS[family]))
    for number, line in numbered_lines(text):
        if line.strip() in _TITLES:
            continue
        if line.split(maxsplit=1)[0] == "Destination":
            columns = _columns(line)
            if set(columns) >= _NEEDED and len(set(columns)) == len(columns):
                continue
            columns = ()
        evidence = Evidence(file, number, line)
        try:
            facts.append(_read_line(line, columns, evidence))
        except Unreadable as fault:
            unread.append(fault.at(evidence))
    return Parsed(tuple(facts), tuple(unread))


def render(routes: Iterable[Route]) -> str:
    """Print IPv4 routes of table main as ``route -n`` does."""
    lines = [_TITLES[0], "Destination     Gateway         Genmask         Flags Metric Ref    Use Iface"]
    for route in routes:
        if route.family == 4 and route.table == "main":
            lines.append(_render_line(route))
    return "".join(f"{line}\n" for line in lines)


def _columns(line: str) -> tuple[str, ...]:
    words = line.replace("Next Hop", "Gateway").split()
    return tuple(_HEADINGS.get(word, word) for word in words)


def _read_line(line: str, columns: tuple[str, ...], evidence: Evidence) -> Route:
    words = line.split()
    if not columns:
        raise Unreadable("unknown-line" if words[0] == "Destination" else "part-of-unread")
    if len(words) < len(columns):
        raise Unreadable("truncated", words[-1])
    if len(words) > len(columns):
        raise Unreadable("unknown-word", words[len(columns)])
    row = dict(zip(columns, words, strict=True))
    family: Family = 4 if "Genmask" in row else 6
    dst = _destination(row, family)
    flags = row["Flags"]
    if not set(flags) <= _FLAGS:
        raise Unreadable("unknown-word", flags)
    kind, table = _kind(flags, dst, row["Iface"])
    hidden = row["Gateway"] if hides_address(row["Gateway"]) and row["Gateway"] not in _ANY else ""
    gateway = None if hidden or row["Gateway"] in _ANY else read_address(row["Gateway"])
    if gateway is None and "G" in flags and not hidden:
        raise Unreadable("gateway-not-shown", row["Gateway"])
    dev = None if row["Iface"] in ("*", "-") else named(interface_name, row["Iface"])
    metric = _number(row["Metric"]) % (1 << 32) if "Metric" in row else None
    return Route(
        family=family, dst=dst, kind=kind, table=table,
        nexthops=() if dev is None else (NextHop(dev, gateway, hidden=hidden),),
        metric=None if metric == 0 and family == 4 else metric,
        attributes=tuple(_attributes(row)), evidence=evidence,
    )  # fmt: skip


def _destination(row: dict[str, str], family: Family) -> Prefix:
    word = row["Destination"].replace("[::]", "::")
    if word == "default":
        return everything(family)
    prefix = read_prefix(f"{word}/{row['Genmask']}" if family == 4 else word)
    if prefix.family != family:
        raise Unreadable("mixed-families", word)
    return prefix


def _kind(flags: str, dst: Prefix, iface: str) -> tuple[str, str]:
    if "!" in flags:
        return "unreachable", "main"
    if iface == "*":  # the kernel names no device for a blackhole
        return "blackhole", "main"
    if "n" in flags:
        return "local", "local"
    if dst.family == 6 and dst.value >> 120 == 0xFF:
        return "multicast", "local"
    return "unicast", "main"


def _attributes(row: dict[str, str]) -> Iterable[Pair]:
    # fib_route_seq_show of net/ipv4/fib_trie.c: MSS is advmss + 40.
    for column, name, less, unit in (
        ("MSS", "advmss", 40, ""),
        ("Window", "window", 0, ""),
        ("irtt", "rtt", 0, "ms"),
    ):
        value = row.get(column, "0")
        if value not in ("0", "-"):
            yield name, f"{_number(value) - less}{unit}"


def _number(word: str) -> int:
    try:
        return integer(word)
    except ValueError:
        raise Unreadable("bad-number", word) from None


def _render_line(route: Route) -> str:
    hop = route.nexthops[0] if route.nexthops else NextHop(None)
    rejects = route.kind in ("unreachable", "prohibit")
    flags = "!" if rejects else "U"
    flags += "G" if hop.via is not None else ""
    flags += "H" if route.dst.length == 32 else ""
    mask = format_ip(4, (0xFFFFFFFF << (32 - route.dst.length)) & 0xFFFFFFFF)
    none = "-" if rejects else "0"
    gateway = hop.via if hop.via is not None else "-" if rejects else Address(4, 0)
    dev = hop.dev if hop.dev is not None else "-" if rejects else "*"
    metric = route.metric or 0
    signed = metric - (1 << 32) if metric >> 31 else metric
    return f"{route.dst.address!s:<15} {gateway!s:<15} {mask:<15} {flags:<5} {signed:<6} {none:<6}   0 {dev}"
