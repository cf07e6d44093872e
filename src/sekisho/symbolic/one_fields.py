"""The fields of one packet, as guards read them."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import TypeAlias, cast

from sekisho.semantics.fields import CT_PORTS, ENDS, ROWS, Field
from sekisho.symbolic.bits import Ends
from sekisho.symbolic.echoes import ANSWERS
from sekisho.symbolic.state import OPEN, State
from sekisho.symbolic.unstated import ANY, Unstated, usual
from sekisho.values.packet import DCCP, PORT_PROTOCOLS

# A number, one that nobody stated, or None: the packet has no such field.
Value: TypeAlias = int | Unstated | None
Read: TypeAlias = Callable[[State], Value]

# To a walk, values are what its domain makes of them; here they are numbers.
_PROTO: Callable[[State], int] = attrgetter("proto")
_ICMP_TYPE: Read = attrgetter("icmp_type")
_ICMP_CODE: Read = attrgetter("icmp_code")
_ICMP_ID: Read = attrgetter("icmp_id")
_TTL: Read = attrgetter("ttl")
_UID: Read = attrgetter("uid")
_SRC_MAC: Read = attrgetter("src_mac")
_DST_MAC: Read = attrgetter("dst_mac")


def _answered(state: State, number: Value) -> Value:
    """An ICMP type: that of an answer is the one to the type that the original has."""
    if not state.answered or not isinstance(number, int):
        return number
    answers = ANSWERS.get(_PROTO(state))
    return number if answers is None else answers.get(number, number)


def _icmp_type(state: State) -> Value:
    return _answered(state, _ICMP_TYPE(state))


def _port(which: str) -> Read:
    of_ends = attrgetter("ends." + which)

    def read(state: State) -> Value:
        return of_ends(state) if state.sees == "ports" else None

    return read


def _set_port(which: str) -> Read:
    """What ipset has where a port stands: ports, ICMP type and code, or 0."""
    of_ends = attrgetter("ends." + which)

    def read(state: State) -> Value:
        if _PROTO(state) in PORT_PROTOCOLS:
            port: Value = of_ends(state)
            return port
        kind = _icmp_type(state) if _PROTO(state) in ANSWERS else None
        return kind << 8 | usual(_ICMP_CODE(state)) if isinstance(kind, int) else 0

    return read


def _proto(state: State) -> Value:
    return 0 if state.sees == "nothing" else _PROTO(state)


def _ttl(state: State) -> Value:
    ttl = _TTL(state)
    return ttl - state.spent if isinstance(ttl, int) else ttl


def _owner(which: str) -> Read:
    of_state = attrgetter(which)

    def read(state: State) -> Value:
        return ANY if state.owner_open else of_state(state)

    return read


def _flow_uid(state: State) -> Value:
    """The uid that policy rules see: packets that are forwarded count as root's."""
    if not state.local:
        return 0
    return ANY if state.owner_open else _UID(state)


def _src_mac(state: State) -> Value:
    return ANY if state.mac_open else _SRC_MAC(state)


def _dst_mac(state: State) -> Value:
    return ANY if state.dst_mac == OPEN else _DST_MAC(state)


def _tuple(state: State, back: bool) -> Ends | None:
    """One of the connection's tuples."""
    if state.ctsent is None or state.ctonward is None:
        return None
    return state.ctonward.mirrored() if back else state.ctsent


def _ct_address(name: str) -> Read:
    back, which = name.startswith("ctrepl"), name[6:]

    def read(state: State) -> Value:
        ends = _tuple(state, back)
        return None if ends is None else getattr(ends, which)

    return read


def _ct_port(name: str) -> Read:
    """Tracking keeps an ICMP query's identifier as its source port, type and code as its destination port;
    other protocols have none there. Kernels with CONFIG_NF_CT_PROTO_DCCP track DCCP by its ports; others
    (6.18 has none) see 0 there."""
    back, which = name.startswith("ctrepl"), name[6:]

    def read(state: State) -> Value:
        ends = _tuple(state, back)
        if ends is None:
            return None
        if state.tracked is None:
            return 0  # an empty connection
        opener = state if state.quoted is None else state.quoted
        proto = _PROTO(opener)
        if proto == DCCP:
            return ANY
        if proto in PORT_PROTOCOLS:
            value = getattr(ends, which)
            return ANY if value is None else value
        if proto not in ANSWERS:
            return 0
        if which == "sport":
            found = _ids(state, opener)[1 if back else 0]
            return ANY if found is None else found
        kind = _ICMP_TYPE(opener)
        if not isinstance(kind, int):
            return ANY
        other = ANSWERS[proto].get(kind) if back else kind
        return ANY if other is None else other << 8 | usual(_ICMP_CODE(opener))

    return read


def _ids(state: State, opener: State) -> tuple[Value, Value]:
    connection = state.connection
    if connection is not None and connection.ids is not None:
        before, after = connection.ids
        return cast(Value, before), cast(Value, after)
    return _ICMP_ID(opener), _ICMP_ID(opener)


def _ct_proto(state: State) -> Value:
    if state.ctsent is None:
        return None
    opener = state if state.quoted is None else state.quoted
    return 0 if state.tracked is None else _PROTO(opener)


# Those that are more than an attribute of the state.
_WORKED_OUT: dict[Field, Read] = {
    "sport": _port("sport"), "dport": _port("dport"), "proto": _proto, "setproto": attrgetter("proto"),
    "icmp_type": _icmp_type, "setsport": _set_port("sport"), "setdport": _set_port("dport"), "ttl": _ttl,
    "uid": _owner("uid"), "gid": _owner("gid"), "flow_uid": _flow_uid, "src_mac": _src_mac,
    "dst_mac": _dst_mac, "ctproto": _ct_proto,
}  # fmt: skip


def _reader(name: Field) -> Read:
    if name.startswith(("ctorig", "ctrepl")):
        return _ct_port(name) if name in CT_PORTS else _ct_address(name)
    return _WORKED_OUT.get(name) or attrgetter(f"ends.{name}" if name in ENDS else name)


READ: dict[str, Read] = {name: _reader(name) for name in ROWS}
