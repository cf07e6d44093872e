"""A drawing of the host in box-drawing characters: interfaces, bridges, who owns which prefix.

            Internet
                │
      default gateway 10.1.0.1
                │
┌─ this host ───┴──────────────────────────┐
│ eth0  10.1.0.81  10.1.0.0/24             │
│   published: 3306/tcp -> 172.18.0.2:3306 │
│ br-...  172.18.0.1  172.18.0.0/16        │
│   └─ 172.18.0.2                          │
└──────────────────────────────────────────┘
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from sekisho.explain.context import Holder, HostContext, dnat_destination, rules_of
from sekisho.explain.layout import columns, pad, wrap
from sekisho.explain.matches import bare
from sekisho.explain.message import Message, m
from sekisho.explain.shape import shape_of
from sekisho.explain.words import words
from sekisho.values.address import Address

WIDTH = 78
_MOST = 16


@dataclass(frozen=True, slots=True)
class Published:
    """A port of the host that leads somewhere: host side and container side in text."""

    host: str
    address: Address
    target: str


class _Ports:
    """The published ports, also by the address that they lead to."""

    def __init__(self, every: list[Published]) -> None:
        self.every = every
        self._by_address: dict[Address, list[int]] = {}
        for place, port in enumerate(every):
            self._by_address.setdefault(port.address, []).append(place)

    def of(self, addresses: Iterable[Address]) -> list[str]:
        """The host's ports that lead to one of the addresses, in the rules' order."""
        places = sorted(place for address in set(addresses) for place in self._by_address.get(address, ()))
        return list(dict.fromkeys(self.every[place].host for place in places))


def draw(context: HostContext, lang: str) -> Iterator[str]:
    """The drawing of the host, line by line, at most 78 columns; nothing where no interface is known."""
    devices = _devices(context)
    if not devices:
        return
    published = _Ports(published_ports(context))
    middle = WIDTH // 2
    yield from _outside(context, lang, middle)
    title = f"┌─ {context.snapshot.name or words(m('picture.host'), lang)} "
    line = list(title + "─" * (WIDTH - columns(title) - 1) + "┐")
    if context.default_route is not None and columns(title) < middle:
        line[len(line) - (WIDTH - middle)] = "┴"
    yield "".join(line)
    for at, device in enumerate(devices):
        if at:
            yield _row("")
        for text, indent in _device(device, context, published, lang):
            for number, piece in enumerate(wrap(text, WIDTH - 4 - indent)):
                yield _row(" " * (indent + (4 if number else 0)) + piece)
    yield "└" + "─" * (WIDTH - 2) + "┘"
    if context.namespace.addresses is None:
        yield words(m("picture.assumed"), lang)


def _row(text: str) -> str:
    return f"│ {pad(text, WIDTH - 4)} │"


def _outside(context: HostContext, lang: str, middle: int) -> Iterator[str]:
    route = context.default_route
    if route is None:
        yield _centred(words(m("picture.no_default"), lang), middle)
        return
    yield _centred(words(m("picture.internet"), lang), middle)
    yield _centred("│", middle)
    for way in route.nexthops:
        if way.via is not None:
            yield _centred(words(m("picture.gateway", way.via), lang), middle)
            yield _centred("│", middle)


def _centred(text: str, middle: int) -> str:
    return " " * max(0, middle - columns(text) // 2) + text


def _devices(context: HostContext) -> list[str]:
    """Interfaces worth drawing: the Internet's side first, bridges last; no loopback, no bridge port."""
    ports = {item.name for item in context.namespace.interfaces or () if item.master is not None}
    names = [device for _prefix, device in context.connected]
    names.extend(device for device in context.own_addresses.values())
    route = context.default_route
    uplinks = [way.dev or "" for way in route.nexthops] if route is not None else []
    found = [name for name in dict.fromkeys(uplinks + names) if name and name != "lo" and name not in ports]
    return sorted(found, key=lambda name: (name not in uplinks, context.bridge(name) is not None))


def _device(name: str, context: HostContext, published: _Ports, lang: str) -> Iterator[tuple[str, int]]:
    """(text, indent) of each row about one interface."""
    own = [str(a) for a, dev in context.own_addresses.items() if dev == name and not _link_local(a)]
    prefixes = [str(p) for p, dev in context.connected if dev == name and not _link_local(p.address)]
    label = _label(name, context)
    parts = [name, ", ".join(own), ", ".join(prefixes), words(label, lang) if label else ""]
    yield "  ".join(part for part in parts if part), 0
    down = [
        route
        for route in context.namespace.routes
        if any(way.dev == name and "linkdown" in way.flags for way in route.nexthops)
    ]
    bridge = context.bridge(name)
    if down:
        yield words(m("picture.linkdown" if bridge else "picture.down"), lang), 2
    route = context.default_route
    if route is not None and any(way.dev == name for way in route.nexthops):
        forward = context.namespace.sysctl("net.ipv4.ip_forward")
        if forward in ("0", "1"):
            yield words(m(f"picture.forward.{forward}"), lang), 2
        if published.every:
            ports = [f"{port.host} → {port.target}" for port in published.every]
            yield words(m("picture.published", ", ".join(ports)), lang), 2
    yield from _residents(name, context, published, lang)


def _label(name: str, context: HostContext) -> Message | None:
    bridge = context.bridge(name)
    if bridge is None:
        return None
    if bridge.kind == "docker0":
        return m("picture.docker0", bridge.network)
    if bridge.kind == "docker":
        return m("picture.network", bridge.network) if bridge.network else m("picture.network_id")
    return m("picture.bridge" if bridge.kind == "other" else f"picture.{bridge.kind}")


def _residents(name: str, context: HostContext, published: _Ports, lang: str) -> Iterator[tuple[str, int]]:
    """Who is known to be on the link: containers, other namespaces, destinations of DNAT rules."""
    prefixes = [prefix for prefix, device in context.connected if device == name]
    by_name: dict[tuple[str, str], list[Holder]] = {}
    for holder in {
        holder.address: holder for prefix in sorted(prefixes) for holder in context.holders_in(prefix)
    }.values():
        by_name.setdefault((holder.known_by, holder.name or str(holder.address)), []).append(holder)
    rows: list[str] = []
    for (known_by, _who), holders in islice(by_name.items(), _MOST):
        who = {"docker": "picture.container", "namespace": "picture.namespace"}.get(known_by)
        label = words(m(who, holders[0].name), lang) if who else words(m("picture.target"), lang)
        shown = f"{', '.join(str(holder.address) for holder in holders)}  {label}"
        ports = published.of([holder.address for holder in holders])
        if ports:
            shown += "  " + words(m("picture.published", ", ".join(ports)), lang)
        rows.append(shown)
    more = len(by_name) - _MOST
    if more > 0:
        rows.append(words(m("picture.more", more), lang))
    for at, row in enumerate(rows, start=1):
        yield f"{'└' if at == len(rows) else '├'}─ {row}", 2
    if not rows and context.bridge(name) is not None and context.snapshot.containers is not None:
        yield words(m("picture.nobody"), lang), 2


def published_ports(context: HostContext) -> list[Published]:
    """The host's published ports as its nat rules have them, in order."""
    found: dict[Published, None] = {}
    for ruleset in context.namespace.rulesets:
        for table in ruleset.tables:
            for _chain, _number, rule in rules_of(table):
                address, port = dnat_destination(rule) or (None, "")
                shape = shape_of(rule)
                published = shape.plain("dport")
                if address is None or published is None or str(address) == "127.0.0.11":
                    continue
                only = shape.plain("destination")
                host = f"{bare(only)}:" if only else ""
                name = f"{host}{published.replace(':', '-')}/{shape.plain('protocol') or '?'}"
                where = f"[{address}]" if address.family == 6 else str(address)
                found[Published(name, address, f"{where}:{port}" if port else where)] = None
    return list(found)


def _link_local(address: Address) -> bool:
    return address.family == 6 and address.value >> 118 == 0x3FA
