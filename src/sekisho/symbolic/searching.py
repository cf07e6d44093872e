"""Whether a namespace's own rules let it find an IPv6 neighbour; see ``semantics.solicitation``."""

from __future__ import annotations

from sekisho.semantics import routing
from sekisho.semantics.choices import Choices, explored
from sekisho.semantics.fib import has_custom_rules
from sekisho.semantics.host import HostCode
from sekisho.semantics.journey import Doubt, Hook, Step
from sekisho.semantics.program import NotUnderstood, RouteTo
from sekisho.semantics.solicitation import Solicited, asks, source_for
from sekisho.symbolic.alone import Alone
from sekisho.symbolic.bits import Ends
from sekisho.symbolic.one_packet import ALL, value_of
from sekisho.symbolic.state import OPEN, Front, OneState, State, changed
from sekisho.symbolic.unstated import Unstated, usual
from sekisho.values.address import Address
from sekisho.values.packet import ICMPV6

_SOLICITATION, _ADVERTISEMENT = 135, 136
_GROUP = 0xFF02 << 112 | 1 << 32 | 0xFF << 24
_HOP_LIMIT = 255  # with another one it may come from afar and counts for nothing (ndisc_rcv)
_LENGTH = 72  # 40 of IPv6, 24 of ICMPv6, 8 with the link-layer address
_MAX_RUNS = 64
# Whether it goes out, its type, the hooks on its way.
_Way = tuple[bool, int, tuple[Hook, ...]]
_OUT: tuple[Hook, ...] = ("output", "postrouting")
_IN: tuple[Hook, ...] = ("prerouting", "input")
_ASKS: tuple[_Way, ...] = ((True, _SOLICITATION, _OUT), (False, _ADVERTISEMENT, _IN))
_IS_ASKED: tuple[_Way, ...] = ((False, _SOLICITATION, _IN), (True, _ADVERTISEMENT, _OUT))


def sought(host: HostCode, interface: str, next_hop: Address, src: int) -> Solicited:
    """What comes of a packet's need for its next hop; ``src`` is the packet's."""
    if host.knows(interface, next_hop) or not asks(host, interface):
        return Solicited()
    source = source_for(host, interface, src)
    return _worse(solicited(host, interface, next_hop, source), routed(host, interface, next_hop, source))


def solicited(host: HostCode, interface: str, next_hop: Address | None, source: int | None) -> Solicited:
    """Ask for a neighbour (None: for any) as the host would, from ``source`` (None: not known)."""
    return _told(host, interface, next_hop, source, _ASKS)


def _worse(one: Solicited, other: Solicited) -> Solicited:
    """What comes of two things that may each keep a neighbour from being found."""
    for each in (one, other):
        if each.refusal is not None and not each.doubts:
            return each
    return Solicited(one.refusal or other.refusal, (*one.doubts, *other.doubts))


def answered(host: HostCode, interface: str, own: int) -> Solicited:
    """Let any neighbour ask for the host's ``own`` address."""
    return _told(host, interface, None, own, _IS_ASKED)


def _told(
    host: HostCode, interface: str, next_hop: Address | None, source: int | None, ways: tuple[_Way, ...]
) -> Solicited:
    runs, cut = explored(lambda each: _refusal(host, interface, next_hop, source, each, ways), _MAX_RUNS)
    return _gathered(runs, cut)


def _gathered(runs: list[tuple[Choices, tuple[Step | None, tuple[Doubt, ...]]]], cut: bool) -> Solicited:
    doubts: dict[Doubt, None] = {}
    for choices, (_, reasons) in runs:
        asked = (doubt for each in choices.taken for doubt in each.doubts)
        doubts.update(dict.fromkeys((*asked, *reasons)))
    refused = [step for _, (step, _) in runs if step is not None]
    if not refused and not cut:
        return Solicited()
    certain = len(refused) == len(runs) and not cut and not any(reasons for _, (_, reasons) in runs)
    refusal = refused[0] if refused else Step("neighbour", "DROP")  # too many questions to ask them all
    return Solicited(refusal, () if certain else tuple(doubts))


def _refusal(
    host: HostCode,
    interface: str,
    next_hop: Address | None,
    source: int | None,
    choices: Choices,
    ways: tuple[_Way, ...],
) -> tuple[Step | None, tuple[Doubt, ...]]:
    """The step that stops the question or the answer, and what that depends on."""
    for goes_out, number, hooks in ways:
        near, far = _address(source), _address(next_hop.value if next_hop else None)
        src, dst = (near, far) if goes_out else (far, near)
        if number == _SOLICITATION:
            group = _GROUP | usual(dst) & 0xFFFFFF
            dst = Unstated(group) if isinstance(dst, Unstated) else group
        alone = Alone(host, 6, ICMPV6, choices)
        front: Front = {_sent(interface, src, dst, number, goes_out): ALL}
        for hook in hooks:
            if hook == "postrouting":  # it was made for its interface (ndisc_alloc_skb; ip6_output: indev)
                front = changed(front, iif=interface)
            front = alone.visit.prerouting(front) if hook == "prerouting" else alone.visit.hook(hook, front)
            if not front:
                steps, (fate, *_) = alone.space.steps, alone.fates
                return next((s for s in reversed(steps) if s.table), Step(hook, "DROP")), fate.doubts
        if any(usual(state.ttl) != _HOP_LIMIT for state in front):
            changing = (s for s in alone.space.steps if any(name == "ttl" for name, _, _ in s.changes))
            return next(changing, Step("neighbour", "DROP")), ()
    return None, ()


def _address(known: int | None) -> int | Unstated:
    return Unstated(0) if known is None else known


def _sent(interface: str, src: int | Unstated, dst: int | Unstated, number: int, goes_out: bool) -> State:
    """A solicitation or an advertisement as it sets out. Nobody knows by which port of a bridge one comes in,
    or from which MAC address."""
    nothing = value_of(None)
    return OneState(
        Ends(value_of(src), value_of(dst), nothing, nothing), value_of(number), value_of(0), nothing, nothing,
        value_of(0), value_of(_LENGTH), value_of(_HOP_LIMIT), value_of(ICMPV6), local=goes_out,
        iif=None if goes_out else interface, oif=interface if goes_out else None,
        physin=None if goes_out else OPEN, mac_open=not goes_out,
    )  # fmt: skip


def routed(host: HostCode, interface: str, neighbour: Address, source: int | None) -> Solicited:
    """Whether routing lets the neighbour's advertisement get to the host that asked: a policy rule may refuse
    its source, or table local not be asked. Such rules see it without a mark."""
    if source is None or not has_custom_rules(host.facts.rules, 6):
        return Solicited()
    runs, cut = explored(lambda each: _astray(host, interface, neighbour, source, each), _MAX_RUNS)
    return _gathered(runs, cut)


def _astray(
    host: HostCode, interface: str, neighbour: Address, source: int, choices: Choices
) -> tuple[Step | None, tuple[Doubt, ...]]:
    alone = Alone(host, 6, ICMPV6, choices)
    sent = _sent(interface, neighbour.value, source, _ADVERTISEMENT, goes_out=False)
    passed = alone.visit.looked_up(sent)
    action = passed.action
    if isinstance(action, RouteTo) and routing.stays(action, 6):
        return None, ()
    step = routing.route_step(passed, "DROP", None)
    return step, (action.doubt,) if isinstance(action, NotUnderstood) else ()
