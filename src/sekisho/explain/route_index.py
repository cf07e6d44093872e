"""Routes by table and prefix, so that each route's neighbours are found without reading all others."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from sekisho.model.routing import Route
from sekisho.values.address import Prefix

Place = tuple[str, int, int]


class RouteIndex:
    """The routes of one namespace."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._same: dict[tuple[str, Prefix], list[Route]] = {}
        self._lengths: dict[tuple[str, int], set[int]] = {}
        self._sorted: dict[tuple[str, int], list[Prefix]] = {}
        for route in routes:
            where = (route.table, route.family)
            same = self._same.setdefault((route.table, route.dst), [])
            if not same:
                self._sorted.setdefault(where, []).append(route.dst)
            same.append(route)
            self._lengths.setdefault(where, set()).add(route.dst.length)
        for prefixes in self._sorted.values():
            prefixes.sort()

    def same(self, route: Route) -> list[Route]:
        """The other routes of the table to the very same destination."""
        return [other for other in self._same[route.table, route.dst] if other is not route]

    def inside(self, route: Route) -> list[Prefix]:
        """The longer prefixes inside this one that have routes of their own in the table."""
        prefixes = self._sorted[route.table, route.family]
        first = bisect_left(prefixes, Prefix(route.dst.family, route.dst.first, 0))
        last = bisect_right(prefixes, Prefix(route.dst.family, route.dst.last, route.dst.bits))
        return [prefix for prefix in prefixes[first:last] if prefix.length > route.dst.length]

    def around(self, route: Route) -> Route | None:
        """The route of the table with the longest prefix, not the default one, that holds this one."""
        dst = route.dst
        for length in sorted(self._lengths[route.table, route.family], reverse=True):
            if 0 < length < dst.length:
                host = dst.bits - length
                found = self._same.get((route.table, Prefix(dst.family, dst.value >> host << host, length)))
                if found:
                    return found[0]
        return None
