"""What routes mean for packets that are looked up in the chains that ``fib`` made."""

from __future__ import annotations

from sekisho.semantics.control import Passed
from sekisho.semantics.fields import ANYCAST, BROADCAST, MULTICAST, UNICAST
from sekisho.semantics.hidden_gateways import hop_words
from sekisho.semantics.journey import Doubt, Step
from sekisho.semantics.program import (
    Action,
    RouteTo,
    Stop,
    Way,
)
from sekisho.values.address import Family

# The link of a frame that br_netfilter shows between two ports: no route is by a port.
A_PORT = "(a port)"
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


# It leaves and comes back as well.
SENT_TO_EVERYBODY = Doubt("sent-to-everybody")


def route_step(passed: Passed, verdict: str, way: Way | None) -> Step:
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
