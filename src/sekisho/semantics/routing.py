"""Route lookups of one packet, through the chains that ``fib`` made."""

from __future__ import annotations

from copy import copy

from sekisho.semantics.carried import Unchanged
from sekisho.semantics.chains import Passed, run
from sekisho.semantics.choices import Choices
from sekisho.semantics.hidden_gateways import hop_words
from sekisho.semantics.journey import Doubt, Step
from sekisho.semantics.program import (
    Action,
    ChainCode,
    NotUnderstood,
    Program,
    ReversePath,
    RouteTo,
    Stop,
    Way,
)
from sekisho.semantics.traveller import ANYCAST, BROADCAST, MULTICAST, UNICAST, Traveller
from sekisho.values.address import Family


def lookup(program: Program, packet: Traveller, choices: Choices) -> Passed:
    """The line that decides where the packet goes: its action is RouteTo, Stop or NotUnderstood.

    Locally made packets are looked up as coming in by lo, as the kernel's policy rules see them.
    """
    seen = packet
    if packet.iif is None:
        seen = copy(packet)
        seen.iif, seen.oif = "lo", None
    elif packet.oif is not None:
        seen = copy(packet)
        seen.oif = None
    return _last(program.routing, program.route_tables, seen, choices)


def check(chain: ChainCode, program: Program, packet: Traveller, choices: Choices) -> Passed:
    """Walk one of the checks of the input decision; Accept means that nothing objects."""
    return _last(chain, program.route_tables, packet, choices)


def _last(chain: ChainCode, tables: dict[str, ChainCode], packet: Traveller, choices: Choices) -> Passed:
    # A base chain ends with its policy at the latest, so there is always a last line.
    return list(run(chain, tables, Unchanged(packet), choices))[-1]


# The link of a frame that br_netfilter shows between two ports: no route is by a port.
A_PORT = "(a port)"
# What is open of one side is open of the other on the way back.
_TURNED = {"src": "dst", "dst": "src", "sport": "dport", "dport": "sport"}


def reverse_path(program: Program, packet: Traveller, guard: ReversePath) -> bool | tuple[Doubt, ...]:
    """Look the way back up: source and destination exchanged, as from a local process. Where nobody can say
    what is found: why."""
    back = copy(packet)
    if guard.side == "src":
        back.src, back.dst = 0 if packet.route_kind == BROADCAST else packet.dst, packet.src
        back.sport, back.dport = packet.dport, packet.sport
        back.unstated = frozenset(_TURNED.get(name, name) for name in packet.unstated)
    if guard.sees != "ports":
        back.sport = back.dport = None
        back.unstated -= {"sport", "dport"}
    if guard.sees == "nothing":
        back.proto = 0
    # Where the packet is to be forwarded, its way out is the reverse lookup's incoming interface; most rules
    # that ask (rpfilter, fib) ask as from a local process.
    way_out = packet.oif if guard.sees == "ports" or guard.onward else None
    back.iif, back.oif, back.uid, back.local = way_out or "lo", None, 0, True
    if back.family == 6 and back.dst >> 118 == 0xFE80 >> 6:
        # A link-local address is looked for on its own link (ip6t_rpfilter.c, nft_fib_ipv6.c).
        back.iif = A_PORT if packet.portout is not None else packet.iif or packet.oif
    back.mark = packet.mark if guard.use_mark else 0
    choices = Choices()
    action = _last(program.routing, program.lookups(guard.side), back, choices).action
    if choices.taken or isinstance(action, NotUnderstood):
        open_ = tuple(doubt for asked in choices.taken for doubt in asked.doubts)
        return (*open_, action.doubt) if isinstance(action, NotUnderstood) else open_
    if action is None:
        return False
    zero = subnet_bits(action) if guard.subnets else None
    kind = "anycast" if zero is not None and not back.dst & zero else found_kind(action)
    if kind not in guard.kinds:
        return False
    ways = action.ways if isinstance(action, RouteTo) else ()
    if guard.device is not None:
        return any(way.dev == guard.device for way in ways[:1])
    return not guard.strict or any(way.dev == packet.iif for way in ways)


# What a lookup finds where a route, or a policy rule, refuses; where there is none it is unreachable, too.
_REFUSALS: dict[str, str] = {
    "blackhole": "blackhole", "prohibited": "prohibit", "unreachable": "unreachable",
    "no_route": "unreachable",
}  # fmt: skip


def found_kind(action: Action) -> str | None:
    """What a lookup found; None: nothing that has a kind."""
    if isinstance(action, Stop):
        return _REFUSALS.get(action.disposition)
    return action.kind if isinstance(action, RouteTo) else None


def subnet_bits(action: Action) -> int | None:
    """The bits that are zero in the address that a subnet on a link begins with, which is any router's
    there (IPv6, ipv6_anycast_destination); None: the route is no such subnet."""
    if not isinstance(action, RouteTo) or action.kind != "unicast" or action.prefix_length >= 127:
        return None
    return (1 << 128 - action.prefix_length) - 1 if all(way.via is None for way in action.ways) else None


# The kinds of routes for what this host itself takes.
_STAYING: dict[int, tuple[str, ...]] = {4: ("local", "broadcast"), 6: ("local", "anycast", "multicast")}


def stays(route: RouteTo, family: Family) -> bool:
    """Whether packets by that route are for this host itself."""
    return route.kind in _STAYING[family]


def kind_of(route: RouteTo) -> int:
    """Whom what stays is for, as sockets see it."""
    kinds = {"broadcast": BROADCAST, "multicast": MULTICAST, "anycast": ANYCAST}
    return kinds.get(route.kind, UNICAST)


def comes_back(route: RouteTo, family: Family) -> bool:
    """Whether what a local process sends by that route comes back in over lo."""
    return route.kind == "local" or (route.kind == "anycast" and family == 6)


# IPv6 sends what a plain route has for lo out of it and takes it in as something to be forwarded, again and
# again (ip6_rcv_finish: skb_valid_dst). The kernel makes such a route for ::1 alone, behind table local's.
GOES_ROUND = Doubt("route-goes-round")


def goes_round(route: RouteTo, way: Way, family: Family) -> bool:
    """Whether packets come back over lo with a route that leads there once more."""
    return family == 6 and route.kind == "unicast" and way.dev == "lo"


def refused_onward(route: RouteTo, family: Family) -> Stop | None:
    """What becomes of packets that an input route would send on: IPv4 takes only plain routes for that
    (ip_route_input_slow: RTN_UNICAST), not those for groups or anycast."""
    return Stop("martian", "IP_INVALID_DEST") if family == 4 and route.kind != "unicast" else None


def pick_way(route: RouteTo, choices: Choices) -> Way:
    """The way that a packet takes of a multipath route: nobody can say which, the kernel hashes."""
    if len(route.ways) == 1:
        return route.ways[0]
    names = tuple(f"{hop_words(way.via)} {way.dev or ''}".strip() for way in route.ways)
    return route.ways[choices.choose((Doubt("multipath", names),), len(route.ways))]


def route_step(passed: Passed, verdict: str, way: Way | None, packet: Traveller) -> Step:
    """The step that tells of a routing decision and the line that made it."""
    line, action = passed.line, passed.action
    evidence = line.evidence if line else None
    text = line.text if line else ""
    table = action.table if isinstance(action, RouteTo) else None
    device = (way.dev if way else None) or ""
    via = hop_words(way.via) if way and way.via else ""
    code = "route-" + verdict.lower().replace("_", "-")
    if verdict in ("FORWARD", "OUTPUT"):
        code += "-via" if via else "-on-link"
    return Step("route", verdict, table, passed.chain.name, None, text, "", (), code, (device, via), evidence)
