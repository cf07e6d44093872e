"""Docker's default address management: which subnet a network gets, which address a container.

Source: moby's libnetwork/ipam (up to 26) and libnetwork/ipams/defaultipam (27 and later).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sekisho.docker.engine import Engine, Pool
from sekisho.values.address import Address, Family, Prefix


class NoSubnetLeft(Exception):
    """Every subnet of the pools is taken or overlaps what the host uses."""


class NoAddressLeft(Exception):
    """Every address of a network is taken."""


def subnets_of(pool: Pool) -> Iterator[Prefix]:
    """The pool's subnets in order."""
    step = 1 << (pool.base.bits - pool.size)
    for value in range(pool.base.first, pool.base.last + 1, step):
        yield Prefix(pool.base.family, value, pool.size)


class Pools:
    """The default pools with the place of the last subnet given out, which engines up to 26 remember."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._last: Prefix | None = None

    def choose(
        self,
        taken: Iterable[Prefix],
        reserved: Iterable[Prefix],
        size: int | None = None,
        remember: bool = True,
    ) -> Prefix:
        """The next subnet that overlaps neither ``taken`` (Docker's own) nor ``reserved`` (the host's).
        ``remember``: it is given out, and the search goes on behind it. Raises NoSubnetLeft."""
        blocked = [*taken, *reserved]
        candidates = self.candidates(size)
        if not self._engine.lowest_free_subnet and self._last in candidates:
            after = candidates.index(self._last) + 1
            candidates = candidates[after:] + candidates[:after]
        for candidate in candidates:
            if not any(candidate.overlaps(other) for other in blocked):
                self._last = candidate if remember else self._last
                return candidate
        raise NoSubnetLeft

    def seen(self, prefix: Prefix) -> None:
        """A subnet that a running engine gave out before: the next one follows it (up to 26)."""
        candidates = self.candidates(None)
        if prefix in candidates and (
            self._last is None or candidates.index(prefix) > candidates.index(self._last)
        ):
            self._last = prefix

    def candidates(self, size: int | None = None) -> list[Prefix]:
        """All subnets of the pools in the order in which they are tried, cut to ``size`` where given."""
        pools = [pool for pool in self._engine.pools if pool.base.family == 4]
        if size is not None:
            pools = [Pool(pool.base, size) for pool in pools if pool.base.length <= size]
        if self._engine.lowest_free_subnet:
            pools.sort(key=lambda pool: pool.base)
        return [subnet for pool in pools for subnet in subnets_of(pool)]


class Addresses:
    """The addresses of one subnet. The lowest free one is given out, inside ``ip_range`` where set."""

    def __init__(self, subnet: Prefix, ip_range: Prefix | None = None) -> None:
        self.subnet = subnet
        self.ip_range = ip_range
        self._taken: set[int] = set()
        if subnet.family == 4 and subnet.length < 31:
            self._taken |= {subnet.first, subnet.last}
        elif subnet.family == 6 and subnet.length < 127:
            self._taken.add(subnet.first)

    @property
    def family(self) -> Family:
        return self.subnet.family

    def is_free(self, address: Address) -> bool:
        return address.value not in self._taken

    def take(self, address: Address) -> None:
        self._taken.add(address.value)

    def free(self, address: Address) -> None:
        self._taken.discard(address.value)

    def lowest(self, inside: Prefix | None) -> Address:
        """Take the lowest free address of the subnet, or of the range in it. Raises NoAddressLeft."""
        where = inside or self.subnet
        value = where.first
        while value <= where.last:
            if value not in self._taken:
                self._taken.add(value)
                return Address(self.subnet.family, value)
            value += 1
        raise NoAddressLeft
