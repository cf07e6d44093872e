"""What a question asks about beside the hosts and containers that are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sekisho.answers.ends import End
from sekisho.answers.regions import Regions, regions_of
from sekisho.errors import UsageError, said
from sekisho.semantics.attachment import Attachment, attached
from sekisho.semantics.world import World
from sekisho.values.address import BITS, Address, Family
from sekisho.values.intset import IntSet

# Addresses of a bridge's subnet, where nobody is known, that may send in one question.
MOST_STRANGERS = 1 << 16


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question asks about besides hosts that are known. ``groups``: also packets to group and
    broadcast addresses, which no single host has. ``strangers``: senders on bridges that the snapshot does
    not know."""

    groups: bool = False
    strangers: tuple[Attachment, ...] = ()


NOBODY_ELSE = Asked()


def looked_up(world: World, family: Family, sources: Iterable[End], targets: Iterable[End]) -> Asked:
    """What a reading needs so that the ends can be looked up: addresses of bridges' subnets where nobody is
    known send too, and a group or broadcast address is a destination where nothing else is asked for."""
    every = regions_of(world, family).values()
    nobody = IntSet.from_intervals(interval for regions in every for interval in regions.no_hosts)
    groups = any(
        end.addresses is not None and end.family == family and not end.addresses.minus(nobody, BITS[family])
        for end in targets
    )
    strangers = tuple(item for end in sources for regions in every for item in _strangers(regions, end))
    return Asked(groups, strangers)


def _strangers(regions: Regions, end: End) -> Iterator[Attachment]:
    family, site = regions.family, regions.site
    if end.addresses is None or end.family != family:
        return
    held = IntSet.of(*(a.value for item in site.attachments for a in item.addresses if a.family == family))
    for bridge in sorted(site.bridges):
        mine = (regions.routed_by(bridge) & end.addresses).minus(held, BITS[family])
        if mine.size() > MOST_STRANGERS:
            raise UsageError(
                said("{0} has too many addresses on {1} to look at each", end.text, bridge),
                text=end.text,
                advice="name a smaller prefix, or container: and network: for those that are known",
            )
        if mine:
            values = (value for first, last in mine for value in range(first, last + 1))
            addresses = (Address(family, value) for value in values)
            link = site.on(bridge)
            yield attached(end.text, link, addresses, "rule", site.strange(link))
