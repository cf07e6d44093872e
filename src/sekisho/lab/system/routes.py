"""A lab's own routes, in iproute2's words."""

from __future__ import annotations

from sekisho.lab.operations import AddRoute
from sekisho.model.routing import TABLE_NAMES, NextHop, Route
from sekisho.values.address import Address, Prefix
from sekisho.values.names import InterfaceName


def way(
    node: str,
    dst: Prefix,
    dev: InterfaceName | None = None,
    via: Address | None = None,
    src: Address | None = None,
    metric: int | None = None,
    proto: str | None = None,
    scope: str | None = None,
    table: int = 254,
    kind: str = "unicast",
    onlink: bool = False,
) -> AddRoute:
    """The route of a node to ``dst``."""
    hops = () if dev is None and via is None else (NextHop(dev, via, flags=("onlink",) if onlink else ()),)
    name = TABLE_NAMES.get(table, str(table))
    return AddRoute(node, Route(dst.family, dst, kind, name, hops, src, metric, proto, scope))
