"""IPv6's second look at the routes, where none leads to a destination from ::.

ip_route_output, source ::  ─► blackhole, no route ...  ─► the best source of all interfaces
                                                            └─► looked up once more, from there

net/ipv6/ip6_output.c, ip6_dst_lookup_tail. It matters where policy rules ask for sources. Of several
interfaces whose addresses are as good the kernel takes the one that was made first: no text shows which.
"""

from __future__ import annotations

from copy import copy

from sekisho.semantics.chains import Passed
from sekisho.semantics.choices import Choices
from sekisho.semantics.host import HostCode
from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import Stop
from sekisho.semantics.routing import lookup
from sekisho.semantics.source_address import Rivals, preferred_anywhere
from sekisho.semantics.traveller import Traveller
from sekisho.values.address import Address

SEVERAL_SOURCES = Doubt("one-of-several-sources")
HIDDEN_SOURCE = Doubt("addresses-not-captured", ("src",))


def look_again(
    host: HostCode, asked: Traveller, refused: Passed, choices: Choices
) -> tuple[Passed, int | None] | Doubt:
    """What comes of a packet without a source that was ``refused``: the line that decides, and the source
    that it has now (None: as before); or why nobody can say."""
    if not isinstance(refused.action, Stop) or not host.looks_again(asked.family):
        return refused, None
    if not host.hidden[asked.family].told:
        return HIDDEN_SOURCE
    rivals = _rivals(host, asked)
    found = [(_lookup(host, asked, item.value, choices), item.value) for item in rivals]
    if all(isinstance(passed.action, Stop) for passed, _ in found):
        return (found[0][0] if found else refused), None
    return found[0] if len(found) == 1 else SEVERAL_SOURCES


def _lookup(host: HostCode, asked: Traveller, source: int, choices: Choices) -> Passed:
    seen = copy(asked)
    seen.src = source
    return lookup(host.programs[asked.family], seen, choices)


def _rivals(host: HostCode, asked: Traveller) -> Rivals:
    to = Address(asked.family, asked.dst)
    every = preferred_anywhere(host.addresses[asked.family])
    return next((items for prefix, items in every if prefix is None or prefix.contains(to)), ())
