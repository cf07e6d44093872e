"""Single packets that show at once that a line of a chain is not dead: nearly all lines have one.

A packet is drawn out of the box around a line's guard, value by value where the fewest earlier lines have a
say; the reading of one packet then tells what those do with it. Where none is found nothing is proved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property

from sekisho.semantics.choices import Choices
from sekisho.semantics.conjunction import conjuncts
from sekisho.semantics.control import PASSING
from sekisho.semantics.program import (
    ESTABLISHED,
    INVALID,
    NEW,
    All,
    AnyOf,
    ChainCode,
    Guard,
    Guarded,
    In,
    Interface,
    Jump,
    Masked,
    Members,
    Return,
)
from sekisho.symbolic.domain import at_start
from sekisho.symbolic.one_guards import OneGuards
from sekisho.symbolic.one_packet import ALL, NONE, OnePacket, value_of
from sekisho.symbolic.overlap import FIELDS, SIDES, Overlaps, Region, hull, places
from sekisho.symbolic.past import Looking
from sekisho.symbolic.reading import Cond
from sekisho.symbolic.state import State
from sekisho.values.address import Family
from sekisho.values.intset import EMPTY, IntSet
from sekisho.values.packet import ICMP, ICMPV6, PORT_PROTOCOLS, SYN, TCP, UDP
from sekisho.values.slotted import replace

# Values of a field that are tried: of each interval the ends and the middle.
_INTERVALS = 3
_NAMES = 6
# From so many calls in a chain on, it is known of each whom the called chain concerns.
_MANY_CALLS = 64
_NOTHING = Region({"proto": EMPTY}, {})
# A protocol that is seldom in a rule set.
_STRANGE = 254
# Two addresses that are seldom in a rule set: of the documentation ranges.
UNNAMED = {4: (0xC6336485, 0xCB0071F9), 6: (0x20010DB8 << 96 | 9, 0x2600 << 112 | 9)}


Values = dict[str, int]
Names = dict[str, str | None]
_MEMBER_FIELDS = {"setproto": "proto", "setsport": "sport", "setdport": "dport"}


class Samples:
    """Draws packets for the lines of one station's chains and walks them. ``index`` tells a chain's overlaps,
    ``undecided`` the lines whose guard nobody may decide (they ask for marks that change on the way)."""

    def __init__(
        self,
        family: Family,
        chains: Mapping[str, ChainCode],
        names: Mapping[str, frozenset[str]],
        index: Callable[[ChainCode], Overlaps],
        undecided: Callable[[Guarded], bool],
    ) -> None:
        self.family: Family = family
        self.chains = chains
        self.names = names
        self.index = index
        self.undecided = undecided
        self._met: dict[str, Overlaps] = {}
        self._space = OnePacket(family)
        self._guards = OneGuards(self._space)
        self._guards.reverse = lambda state, guard: self._guards.unsure

    def draw(self, chain: ChainCode, place: int, box: Region) -> Iterator[State]:
        """Packets of the box that the line's guard takes and few earlier lines do. Where fields that boxes do
        not tell of are free, the second has those that called chains let return."""
        line = chain.lines[place]
        if not all(box.values.values()) or not all(box.names.values()):
            return
        values, names = self._chosen(self.index(chain), place, box)
        _fit(line.guard, values, names)
        packet = self._packet(values, names)
        if self.fits(line.guard, packet) is False:
            return
        yield packet
        returned: Values = {}
        for each, lines in self._choosy:
            for at in places(self.index(each).met(packet, lines)):
                _fit(each.lines[at].guard, returned, {})
        if returned:
            packet = self._packet({**returned, **values}, names)
            if self.fits(line.guard, packet) is not False:
                yield packet

    @cached_property
    def _choosy(self) -> tuple[tuple[ChainCode, int], ...]:
        """Chains that let packets return by fields that boxes do not tell of, and their returning lines as
        bits."""
        found = []
        for chain in self.chains.values():
            lines = [line if type(line.action) is Return else None for line in chain.lines]
            if any(
                isinstance(guard, In) and guard.field not in FIELDS
                for line in lines
                if line is not None
                for guard in conjuncts(line.guard)
            ):
                found.append((chain, sum(1 << at for at, line in enumerate(lines) if line is not None)))
        return tuple(found)

    def _chosen(self, index: Overlaps, place: int, box: Region) -> tuple[Values, Names]:
        earlier = index.ending & (1 << place) - 1
        values: Values = {}
        names: Names = {}
        for field in FIELDS:
            best = -1
            for value in self._candidates(field, box):
                left = earlier & index.at(field, value)
                if best < 0 or left.bit_count() < best:
                    best, values[field], kept = left.bit_count(), value, left
                    if not left:
                        break
            earlier = kept if best >= 0 else earlier
        for side in SIDES:
            best = -1
            for name in self._some_names(side, box):
                left = earlier & index.by(side, name)
                if best < 0 or left.bit_count() < best:
                    best, names[side], kept = left.bit_count(), name, left
                    if not left:
                        break
            earlier = kept if best >= 0 else earlier
        return values, names

    def _candidates(self, field: str, box: Region) -> Iterator[int]:
        given = box.values.get(field)
        if given is not None:
            yield from _some_values(given)
        elif field in ("src", "dst"):
            yield from UNNAMED[self.family]
        elif field == "proto":
            yield from (TCP, UDP)
            if "dport" not in box.values and "sport" not in box.values:
                yield from (ICMP if self.family == 4 else ICMPV6, _STRANGE)
        elif field == "ctstate":
            yield from (NEW, ESTABLISHED, INVALID)
        else:
            yield from (40000, 80)

    def _some_names(self, side: str, box: Region) -> Iterable[str]:
        given = box.names.get(side)
        return sorted(self.names[side] if given is None else given & self.names[side])[:_NAMES]

    def _packet(self, values: Values, names: Names) -> State:
        proto = values["proto"]
        ported, icmp = proto in PORT_PROTOCOLS, proto in (ICMP, ICMPV6)
        ask = 8 if self.family == 4 else 128
        header = {
            "src": values.get("src", 0), "dst": values.get("dst", 0),
            "sport": values.get("sport") if ported else None,
            "dport": values.get("dport") if ported else None,
            "icmp_type": values.get("icmp_type", ask) if icmp else None,
            "icmp_code": values.get("icmp_code", 0) if icmp else None,
            "icmp_id": values.get("icmp_id", 1) if icmp else None,
            "tcp_flags": values.get("tcp_flags", SYN) if proto == TCP else None, "proto": proto,
            "tos": values.get("tos", 0), "length": values.get("length", 60), "ttl": values.get("ttl", 64),
            "uid": values.get("uid", 0), "gid": values.get("gid", 0),
            "src_mac": values.get("src_mac", 0x020000000001),
        }  # fmt: skip
        self._space.begin({name: value_of(value) for name, value in header.items()}, Choices())
        field = self._space.field
        return replace(
            at_start(self._space, iif=names.get("iif"), mark=values.get("mark", 0)), oif=names.get("oif"),
            uid=field["uid"], gid=field["gid"], src_mac=field["src_mac"], local=True, ctdir=0,
            ctstate=values["ctstate"], ctmark=values.get("ctmark", 0), fragment=values.get("fragment", 0),
            pkttype=values.get("pkttype", 0), ctstatus=values.get("ctstatus", 0),
        )  # fmt: skip

    def fits(self, guard: Guard, packet: State) -> bool | None:
        """Whether a guard holds for a packet; None: nobody can say."""
        return self._guards.fits(guard, packet)

    # ---------------------------------------------------------------------------------- on its way

    def passing(self, packet: State) -> Callable[[ChainCode, int], bool]:
        """Tells whether the packet may be left after the lines ``before`` a place of a chain."""
        guards = self._guards

        def hold(line: Guarded) -> Cond:
            held = guards.holds(line.guard, packet)
            return guards.unsure if held is guards.always and self.undecided(line) else held

        def lines(chain: ChainCode, before: int | None) -> Iterator[int]:
            return self._meets(chain).meeting(packet, before)

        looking = Looking(self.chains, NONE, lines, hold)
        return lambda chain, before: looking.past(chain, ALL, before)[0] is ALL

    def _meets(self, chain: ChainCode) -> Overlaps:
        """What of a chain does anything with a packet. A call of a chain of which no line takes it does
        nothing, and a chain may have thousands of calls."""
        found = self._met.get(chain.name)
        if found is None:
            found = self.index(chain)
            calls = [place for place, line in enumerate(chain.lines) if type(line.action) is Jump]
            if len(calls) >= _MANY_CALLS:
                around: dict[str, Region] = {}
                boxes = {
                    place: found.regions[place].meet(self._inside(chain.lines[place], around))
                    for place in calls
                }
                found = found.narrowed(chain, boxes)
            self._met[chain.name] = found
        return found

    def _inside(self, line: Guarded, known: dict[str, Region]) -> Region:
        """The box around the lines of the chain that a line calls."""
        assert isinstance(line.action, Jump)
        name = line.action.chain
        if name not in known:
            called = self.chains[name]
            regions = self.index(called).regions
            acting = (
                box for each, box in zip(called.lines, regions, strict=True)
                if type(each.action) not in PASSING
            )  # fmt: skip
            known[name] = hull(acting) or _NOTHING
        return known[name]

    def done_otherwise(
        self, chain: ChainCode, place: int, packet: State, gone: Callable[[Guarded], bool]
    ) -> bool:
        """Whether without the line something else would certainly be done with the packet."""
        line = chain.lines[place]
        for later in self.index(chain).meeting(packet):
            other = chain.lines[later]
            if later <= place or type(other.action) in PASSING or gone(other):
                continue
            held = self.fits(other.guard, packet)
            if held is False:
                continue
            if other.action != line.action:
                return True
            if held:
                return False
        return chain.policy != line.action


def _some_values(given: IntSet) -> Iterator[int]:
    for first, last in given.intervals[:_INTERVALS]:
        yield (first + last) // 2
        if first != last:
            yield last
            yield first


def _fit(guard: Guard, values: Values, names: Names) -> None:
    """Give the fields that no box tells of the values that a guard asks for."""
    match guard:
        case In(name, wanted) if name not in FIELDS and wanted:
            values[name] = wanted.intervals[0][0]
        case Masked(name, _, value):
            values[name] = values.get(name, 0) | value
        case All(parts):
            for part in parts:
                _fit(part, values, names)
        case AnyOf(parts) if parts:
            _choose(parts[0], values, names)
        case Members(fields, entries):
            for boxes, answer in entries:
                if answer:
                    for each, box in zip(fields, boxes, strict=True):
                        _set(_MEMBER_FIELDS.get(each, each), box, values, names)
                    return
        case _:
            pass


def _choose(guard: Guard, values: Values, names: Names) -> None:
    match guard:
        case In(name, wanted) if wanted:
            values[name] = wanted.intervals[0][0]
        case Interface(name, wanted_name):
            names[name] = wanted_name
        case All(parts):
            for part in parts:
                _choose(part, values, names)
        case _:
            _fit(guard, values, names)


def _set(name: str, box: IntSet | str, values: Values, names: Names) -> None:
    if isinstance(box, str):
        names[name] = box
    elif box:
        values[name] = box.intervals[0][0]
