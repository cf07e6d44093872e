"""From everything that was seen to what happened to the probe: pure, so that it can be tested alone."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sekisho.lab.conntrack import Tracked
from sekisho.lab.kernel_words import BY_ERRNO, BY_ICMP, BY_REASON, answer_name
from sekisho.lab.probes import Probe
from sekisho.lab.verdict import Egress, Observed, Passage, SeenStep
from sekisho.semantics.journey import Disposition
from sekisho.values.packet import ACK, ICMP, ICMPV6, SYN, TCP, Packet

Rejecting = frozenset[tuple[str, str, str, int, str]]
_Key = tuple[int, int, int, int | None, int | None, int | None, int | None]


@dataclass(frozen=True, slots=True)
class Sightings:
    """What was seen while one probe was under way. ``drops`` are skb_drop_reason names of its family."""

    passages: Sequence[Passage]
    frames: Sequence[Egress]
    drops: Sequence[str]
    error: int = 0
    unanswered: bool = False
    ident: int = 0


def key_of(packet: Packet) -> _Key:
    """What stays the same between two looks at one packet."""
    return (
        packet.src, packet.dst, packet.proto, packet.sport, packet.dport, packet.icmp_type, packet.icmp_id
    )  # fmt: skip


def follow(start: _Key, passages: list[Passage], made_here: bool, node: str) -> list[Passage]:
    """Take the passages of one packet out of the list: each begins with the headers the last ended with. A
    packet of this host that had no source yet begins with the one that was found for it."""
    taken: list[Passage] = []
    key = start
    while not taken or "input" not in taken[-1].hooks:  # after which a like one is the answer's
        for index, passage in enumerate(passages):
            begins = passage.made_here if made_here and not taken else not passage.made_here
            first = key_of(passage.first)
            same = first == key or (begins and made_here and not taken and (0, *first[1:]) == key)
            if begins and same and (taken or passage.node == node):
                taken.append(passages.pop(index))
                key = key_of(taken[-1].last)
                break
        else:
            break
    return taken


def read(probe: Probe, seen: Sightings, rejecting: Rejecting, tracked: Tracked | None = None) -> Observed:
    """Put the sightings together. ``rejecting``: (family, table, chain, rule, back end) of every
    rule that rejects."""
    rest = list(seen.passages)
    local = probe.packet.iif is None
    own = follow(key_of(probe.packet), rest, local, probe.node)
    replies = _answers(rest, probe.packet.proto)
    final = own[-1].last if own else probe.packet
    egress = _frame(seen.frames, key_of(final))
    flooded = egress is not None and _flooded_beside(own, egress)
    if flooded:
        egress = None
    answer_frame = _frame(seen.frames, key_of(replies[-1].last)) if replies else None
    answer = answer_name(replies[0].first) if replies else None
    steps = tuple(step for passage in own for step in passage.steps)
    drops = _own_drops(seen, own, rest)
    if flooded:  # the far ends throw their copies away
        drops = [name for name in drops if name in BY_REASON] or drops
    reason = drops[-1] if drops else None
    seen = replace(seen, drops=drops)
    disposition = _end(own, egress, seen, replies, rejecting)
    packet = _final_packet(own, egress, final)
    return Observed(
        packet, disposition, steps, tuple(own), tuple(replies), egress, answer, answer_frame, reason,
        errno.errorcode.get(seen.error) if seen.error else None,
        own[-1].node if own and "input" in own[-1].hooks else "",
        tracked, tuple(seen.frames), tuple(drops), seen.ident, probe.seq,
    )  # fmt: skip


# What the input route refuses; the packet that is answered was not refused by it.
_OF_ROUTING = frozenset({"IP_RPFILTER", "IP_LOCALNET", "IP_LOCAL_SOURCE", "IP_INADDRERRORS"})


def own_answer(seen: Observed) -> Observed:
    """What became of the answer that the host itself gave to a packet, told like a packet of its own."""
    last = seen.replies[-1]
    if seen.answer_egress is not None:
        end: Disposition = "exits"
    elif any(step.verdict == "DROP" for step in last.steps if step.hook.startswith("bridge-")):
        end = "dropped"
    elif "input" in last.hooks:
        end = "delivered"
    elif _stopping_step(last) is not None:
        end = "dropped"
    else:
        # Whatever does not come to the end of its hooks was stopped in them, or by the route after them.
        named = [BY_REASON[name] for name in seen.drops if name in _OF_ROUTING] if last.hooks else []
        end = "undetermined" if "postrouting" in last.hooks else named[0] if named else "dropped"
    packet = _final_packet(seen.replies, seen.answer_egress, last.last)
    return Observed(
        packet, end, tuple(step for passage in seen.replies for step in passage.steps), seen.replies,
        egress=seen.answer_egress, reason="NETFILTER_DROP" if end == "dropped" else None, where=last.node,
    )  # fmt: skip


def _own_drops(seen: Sightings, own: Sequence[Passage], others: Sequence[Passage]) -> Sequence[str]:
    """Without what the world's side drops, which has no IPv6, what waited for a neighbour before (a packet
    looks for its neighbour past every hook), and what happened to a redirect that was sent beside it."""
    foreign: tuple[str, ...] = ("IPV6DISABLED",) if own else ()
    if own and "postrouting" in own[-1].hooks and any(_is_redirect(passage.first) for passage in others):
        foreign += ("NETFILTER_DROP",)
    if not own or "postrouting" not in own[-1].hooks:
        foreign += ("NEIGH_FAILED", "NEIGH_QUEUEFULL", "NEIGH_DEAD")
    return [name for name in seen.drops if name not in foreign]


def _answers(rest: list[Passage], proto: int) -> list[Passage]:
    """What the host itself sends because of the packet; that a router tells the sender of a shorter way is no
    answer: the packet goes on (ip_forward). One of another protocol is late and of an earlier packet."""
    for passage in rest:
        fits = passage.first.proto in (proto, ICMP, ICMPV6)
        if fits and passage.made_here and not _is_redirect(passage.first):
            return follow(key_of(passage.first), rest, True, passage.node)
    return []


def _is_redirect(packet: Packet) -> bool:
    return (packet.proto, packet.icmp_type) == (ICMP, 5)


def _frame(frames: Sequence[Egress], key: _Key) -> Egress | None:
    """The frame with these headers; a flooded one is taken where its receiver lives, if that is known."""
    fitting = [frame for frame in frames if key_of(frame.frame.packet) == key]
    return fitting[0] if fitting else None


def _flooded_beside(own: Sequence[Passage], egress: Egress) -> bool:
    """A frame to everybody that its bridge flooded to the other ports: the host takes its copy, whose end
    is asked for."""
    came_from = own[-1].iif if own else None
    to_all = bool(egress.frame.dst_mac[0] & 1)
    return to_all and came_from == egress.interface and "postrouting" not in own[-1].hooks


def _final_packet(own: Sequence[Passage], egress: Egress | None, final: Packet) -> Packet:
    mark = own[-1].last.mark if own else 0
    iif = own[0].iif if own else None
    if egress is None:
        return replace(final, mark=mark, iif=iif, oif=own[-1].oif if own else None)
    return replace(egress.frame.packet, mark=mark, iif=iif, oif=egress.interface, next_hop=egress.next_hop)


def _end(
    own: Sequence[Passage],
    egress: Egress | None,
    seen: Sightings,
    replies: Sequence[Passage],
    rejecting: Rejecting,
) -> Disposition:
    last = own[-1] if own else None
    stopped = _stopping_step(last)
    if stopped is not None:
        return "rejected" if _place(stopped) in rejecting else "dropped"
    refused = "NETFILTER_DROP" in seen.drops or seen.error == errno.EPERM
    if refused and last is not None and last.steps and _place(last.steps[-1]) in rejecting:
        return "rejected"  # by a rule of a legacy table, whose verdicts the kernel does not tell
    if last is not None and "input" in last.hooks:
        if replies and (replies[0].first.proto, replies[0].first.tcp_flags) == (TCP, SYN | ACK):
            return "delivered"  # what is dropped besides is the answer
        # The checksum is looked at before it is told that nobody listens (__udp6_lib_rcv), and is a wrong one
        # where DSCP changed an IPv6 header after connection tracking had added it up.
        unheard = any(name in ("NO_SOCKET", "IP_NOPROTO", "UDP_CSUM") for name in seen.drops)
        # TCP throws away what was not sent to this host alone, and gives no reason (tcp_v4_rcv).
        unheard |= last.last.proto == TCP and "NOT_SPECIFIED" in seen.drops
        return "no_socket" if unheard else "delivered"
    if egress is not None:
        return "exits"
    if seen.error and (last is None or seen.error != errno.EPERM):
        return BY_ERRNO.get(seen.error, "undetermined")
    return _unseen_end(seen, replies, last)


def _carried_by_none(packet: Packet) -> bool:
    return packet.family == 6 and (packet.src >> 120 == 0xFF or 1 in (packet.src, packet.dst))


def _stopping_step(last: Passage | None) -> SeenStep | None:
    """The rule or policy that dropped the packet, if one did."""
    # Not always the last: a legacy table at the same priority may stand after it.
    return next((step for step in last.steps if step.verdict == "DROP"), None) if last is not None else None


def _place(step: SeenStep) -> tuple[str, str, str, int, str]:
    return step.family, step.table, step.chain, step.rule or 0, step.backend


def _unseen_end(seen: Sightings, replies: Sequence[Passage], last: Passage | None) -> Disposition:
    error = replies[0].first if replies else None
    if error is not None and error.icmp_type is not None:
        named = BY_ICMP.get((error.proto, error.icmp_type, error.icmp_code or 0))
        if named is not None:
            return named
    # What no rule is seen to have dropped had another reason, if one is told: it is not alone in the log.
    told = [name for name in seen.drops if name != "NETFILTER_DROP"] or seen.drops
    for name in (*reversed(told), *seen.drops[-1:]):
        if name in BY_REASON:
            return BY_REASON[name]
        if name == "IP_INHDR" and (last is None or _carried_by_none(last.first)):
            # Before any hook: addresses that no packet may carry (net/ipv6/ip6_input.c).
            return "martian"
    if seen.unanswered:
        return "neighbour_failed"
    if "NOT_SPECIFIED" not in seen.drops:
        return "undetermined"
    # Past every hook: containers threw away the solicitation of an IPv6 neighbour that is none of them.
    past = last is not None and last.first.family == 6 and "postrouting" in last.hooks
    return "neighbour_failed" if past else "blackhole"
