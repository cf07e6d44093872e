"""A lab's picture: as text, as a Mermaid flow chart, as SVG.

Nodes stand in columns from the Internet inwards; a host's bridges and containers are drawn inside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from sekisho.explain.lines import lines_text
from sekisho.explain.visible import visible
from sekisho.lab.operations import Bridge, Wire
from sekisho.lab.system.plan import Node, Plan

_COLUMNS = {"internet": 0, "world": 0, "switch": 1, "gateway": 2, "router": 3, "resolver": 4, "host": 4}
_LAST = 4
# What has a meaning of its own in Mermaid, in its Markdown or in HTML, even between quotes: ``%%{init``,
# ``<script>``, ``#35;``, a quote. Any other printable character has none.
_MERMAIDS = re.compile(r"[^\w .:/,()-]", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Picture:
    """``inside``: host -> (bridge or "", containers on it). ``links``: wires between other nodes."""

    outer: tuple[Node, ...]
    inside: dict[str, dict[str, list[str]]]
    links: tuple[Wire, ...]
    addresses: dict[str, dict[str, list[str]]]


def _picture(plan: Plan) -> _Picture:
    outer = tuple(node for node in plan.nodes if node.host is None)
    names = {node.name for node in outer}
    switches = {node.name for node in outer if node.role == "switch"}
    addresses: dict[str, dict[str, list[str]]] = {}
    for node in plan.nodes:
        for interface, address in plan.addresses(node.name):
            addresses.setdefault(node.name, {}).setdefault(interface, []).append(str(address))
    inside: dict[str, dict[str, list[str]]] = {}
    links = []
    for link in plan.links:
        if isinstance(link, Bridge):
            if link.node in switches:
                continue
            inside.setdefault(link.node, {}).setdefault(link.name, [])
        elif link.far_node in names:
            links.append(link)
        else:
            inside.setdefault(link.node, {}).setdefault(link.bridge or "", []).append(link.far_node)
    placed = {name for bridges in inside.values() for containers in bridges.values() for name in containers}
    for node in plan.nodes:
        if node.host is not None and node.name not in placed:
            inside.setdefault(node.host, {}).setdefault("", []).append(node.name)
    return _Picture(outer, inside, tuple(links), addresses)


def text(plan: Plan) -> str:
    """An indented list: each node, its links, a host's bridges and containers below it."""
    picture = _picture(plan)
    lines = []
    for node in picture.outer:
        lines.append(f"{node.name}{_own(picture, node.name)}")
        for wire in picture.links:
            if wire.node == node.name:
                lines.append(f"  {wire.name} ── {wire.far_node} {wire.far_name}")
            elif wire.far_node == node.name:
                lines.append(f"  {wire.far_name} ── {wire.node} {wire.name}")
        for bridge, containers in picture.inside.get(node.name, {}).items():
            lines.append(f"  {bridge or '(no bridge)'}{_of(picture, node.name, bridge)}")
            for at, name in enumerate(containers):
                corner = "└" if at == len(containers) - 1 else "├"
                lines.append(f"    {corner}─ {name}{_own(picture, name)}{_ports(plan, name)}")
    return lines_text(lines)


def mermaid(plan: Plan) -> str:
    """A flow chart for Markdown pages."""
    picture = _picture(plan)
    lines = ["flowchart LR"]
    for node in picture.outer:
        inside = picture.inside.get(node.name)
        label = _label(node.name, _flat(picture, node.name))
        if not inside:
            lines.append(f"  {_id(node.name)}[{label}]")
            continue
        lines.append(f"  subgraph {_id(node.name)}[{label}]")
        for bridge, containers in inside.items():
            here = _id(f"{node.name}/{bridge}")
            lines.append(
                f"    {here}([{_label(bridge, picture.addresses.get(node.name, {}).get(bridge, []))}])"
            )
            for name in containers:
                lines.append(f"    {_id(name)}[{_label(name, _flat(picture, name))}]")
                lines.append(f"    {here} --- {_id(name)}")
        lines.append("  end")
    lines += [f"  {_id(wire.node)} --- {_id(wire.far_node)}" for wire in picture.links]
    return lines_text(lines)


def _label(name: str, addresses: list[str]) -> str:
    return (
        '"' + "<br/>".join(_MERMAIDS.sub(_entity, visible(words)) for words in (name, *addresses[:3])) + '"'
    )


def _entity(found: re.Match[str]) -> str:
    return f"#{ord(found[0])};"


def _id(name: str) -> str:
    return "n_" + "".join(
        letter if letter.isascii() and letter.isalnum() else f"_{ord(letter):x}_" for letter in name
    )


def _flat(picture: _Picture, node: str) -> list[str]:
    own = picture.addresses.get(node, {})
    bridges = picture.inside.get(node, {})
    found = [
        address for name, some in own.items() if name not in bridges and name != "lo" for address in some
    ]
    return list(dict.fromkeys(found))


def _own(picture: _Picture, node: str) -> str:
    found = ", ".join(_flat(picture, node))
    return f"  {found}" if found else ""


def _of(picture: _Picture, node: str, interface: str) -> str:
    found = ", ".join(picture.addresses.get(node, {}).get(interface, []))
    return f"  {found}" if found else ""


def _ports(plan: Plan, container: str) -> str:
    """``  :80 (published as 8080)``."""
    own = {str(address) for _, address in plan.addresses(container)}
    published: dict[int, list[str]] = {}
    node = plan.node(container)
    for server in plan.servers:
        if node is None or server.node != node.host or server.target is None:
            continue
        if str(server.target[0]) in own:
            published.setdefault(server.target[1], []).append(str(server.port))
    served = [server.port for server in plan.servers if server.node == container]
    words = [
        f":{port}" + (f" (published as {', '.join(published[port])})" if port in published else "")
        for port in served
    ]
    return f"  {' '.join(words)}" if words else ""


# ------------------------------------------------------------------------------------------- SVG

_WIDE, _HIGH, _GAP, _PAD, _LINE = 190, 54, 60, 16, 15


@dataclass(frozen=True, slots=True)
class _Box:
    x: int
    y: int
    wide: int
    high: int

    @property
    def middle(self) -> int:
        return self.y + min(self.high, _HIGH) // 2


def svg(plan: Plan) -> str:
    """A drawing that needs no program to lay out; its text can be searched and read aloud."""
    picture = _picture(plan)
    boxes: dict[str, _Box] = {}
    parts: list[str] = []
    bottoms = [_PAD + 24] * (_LAST + 1)
    used = sorted({_COLUMNS.get(node.role, _LAST) for node in picture.outer})
    for node in picture.outer:
        column = used.index(_COLUMNS.get(node.role, _LAST))
        inside = picture.inside.get(node.name, {})
        rows = sum(max(1, len(containers)) for containers in inside.values())
        wide = 2 * (_WIDE + _PAD) + _GAP if inside else _WIDE
        high = _HIGH + rows * (_HIGH + 10) if inside else _HIGH
        box = _Box(_PAD + column * (_WIDE + _GAP), bottoms[column], wide, high)
        bottoms[column] += high + 20
        boxes[node.name] = box
        parts += _box(box, node.name, _flat(picture, node.name), node.role)
        parts += _inside(picture, node.name, box, boxes)
    # A container's own wire to another host is drawn too, if the container has a place.
    ends = [(boxes.get(wire.node), boxes.get(wire.far_node)) for wire in picture.links]
    lines = [_line(one, other) for one, other in ends if one is not None and other is not None]
    wide = max((box.x + box.wide for box in boxes.values()), default=0) + _PAD
    high = max(bottoms) + _PAD
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}"'
        ' font-family="sans-serif" font-size="12" role="img">'
    )
    style = (
        "<style>rect{fill:#fff;stroke:#445}.host{fill:#f4f7fb}.bridge{fill:#eef5e8}.container{fill:#fff8e6}"
        ".name{font-weight:bold}path{stroke:#667;fill:none}</style>"
    )
    title = _text(plan.title or plan.name)
    words = [f'<text x="{_PAD}" y="{_PAD + 6}" class="name">{title}</text>']
    return lines_text([head, f"<title>{title}</title>", style, *lines, *words, *parts, "</svg>"])


def _text(words: str) -> str:
    """Text in XML, which has no place at all for some characters."""
    return escape(visible(words))


def _inside(picture: _Picture, host: str, box: _Box, boxes: dict[str, _Box]) -> Iterator[str]:
    """A host's bridges and containers; the containers' boxes are put among the others."""
    y = box.y + _HIGH
    for bridge, containers in picture.inside.get(host, {}).items():
        left = _Box(box.x + _PAD, y, _WIDE, _HIGH)
        yield from _box(left, bridge, picture.addresses.get(host, {}).get(bridge, []), "bridge")
        for name in containers:
            right = boxes[name] = _Box(box.x + _PAD + _WIDE + _GAP, y, _WIDE, _HIGH)
            yield _line(left, right)
            yield from _box(right, name, _flat(picture, name), "container")
            y += _HIGH + 10
        if not containers:
            y += _HIGH + 10


def _box(box: _Box, name: str, addresses: list[str], kind: str) -> Iterator[str]:
    yield f'<rect x="{box.x}" y="{box.y}" width="{box.wide}" height="{box.high}" rx="6" class="{kind}"/>'
    for at, words in enumerate([name, *addresses[:2]]):
        style = ' class="name"' if at == 0 else ""
        yield f'<text x="{box.x + 10}" y="{box.y + 18 + at * _LINE}"{style}>{_text(words)}</text>'


def _line(one: _Box, other: _Box) -> str:
    left, right = (one, other) if one.x <= other.x else (other, one)
    start = left.x + min(left.wide, _WIDE)
    bend = right.x - _GAP // 2
    return f'<path d="M{start} {left.middle}H{bend}V{right.middle}H{right.x}"/>'
