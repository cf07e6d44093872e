"""IPv6's second look at the routes, where none leads to a destination from ::.

ip_route_output, source ::  ─► blackhole, no route ...  ─► the best source of all interfaces
                                                            └─► looked up once more, from there

net/ipv6/ip6_output.c, ip6_dst_lookup_tail. It matters where policy rules ask for sources. Of several
interfaces whose addresses are as good the kernel takes the one that was made first: no text shows which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sekisho.semantics.control import Passed
from sekisho.semantics.host import HostCode
from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import Stop
from sekisho.semantics.source_address import Rivals, preferred_anywhere
from sekisho.symbolic.bits import Set
from sekisho.symbolic.domain import Domain
from sekisho.symbolic.state import Front, State
from sekisho.values.intset import IntSet
from sekisho.values.slotted import replace

SEVERAL_SOURCES = Doubt("one-of-several-sources")
HIDDEN_SOURCE = Doubt("addresses-not-captured", ("src",))

Lookup = Callable[[Front], list[tuple[Passed, State, Set]]]
Open = Callable[[Doubt, State, Set], None]


def look_again(
    host: HostCode, refused: Passed, state: State, some: Set, space: Domain, lookup: Lookup, is_open: Open
) -> Iterator[tuple[Passed, State, Set]]:
    """What comes of packets without a source that were ``refused``: the line that decides, with the source
    that they have now (refused ones have none). Those of which nobody can say are told to ``is_open``."""
    if not host.hidden[space.family].told:
        is_open(HIDDEN_SOURCE, state, some)
        return
    for prefix, rivals in preferred_anywhere(host.addresses[space.family]):
        here = some if prefix is None else some & space.member(state.ends.dst, IntSet.prefix(prefix))
        some &= ~here
        if here.satisfiable():
            yield from _from(rivals, state, here, space, lookup, is_open)
    if some.satisfiable():
        yield refused, state, some


def _from(
    rivals: Rivals, state: State, some: Set, space: Domain, lookup: Lookup, is_open: Open
) -> Iterator[tuple[Passed, State, Set]]:
    each = [list(lookup({_sent(state, item.value, space): some})) for item in rivals]
    if len(each) == 1:
        for passed, sent, part in each[0]:
            yield passed, state if _stops(passed) else sent, part
        return
    taken = space.union([part for found in each for passed, _, part in found if not _stops(passed)])
    is_open(SEVERAL_SOURCES, state, taken)
    for passed, _, part in each[0]:
        if _stops(passed):
            yield passed, state, part & ~taken


def _sent(state: State, source: int, space: Domain) -> State:
    sent = state.with_ends(src=space.constant(source, space.width("src")))
    return sent if sent.reply else replace(sent, first=sent.ends)


def _stops(passed: Passed) -> bool:
    return isinstance(passed.action, Stop)
