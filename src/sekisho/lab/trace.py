"""The kernel's trace of packets through nftables' tables, read from the netlink group.

A table of the lab's own (``WITNESS``) sets the trace flag on every packet before any other hook, and
stands at the end of each hook as well, so that a packet that came through is seen there with the
headers it has by then. Messages: NFT_MSG_TRACE, attributes NFTA_TRACE_* of
include/uapi/linux/netfilter/nf_tables.h; net/netfilter/nf_tables_trace.c says when they are sent.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sekisho.lab import netlink
from sekisho.lab.frames import read_headers
from sekisho.lab.netlink import number
from sekisho.lab.nflog import LegacyEvent
from sekisho.lab.verdict import Passage, SeenStep
from sekisho.semantics.journey import Hook
from sekisho.semantics.nft_bridge import HOOKS as BRIDGE_HOOKS
from sekisho.values.packet import ICMP, ICMPV6, Packet

WITNESS = "sekisho-witness"
_FIRST, _LAST = -500, 2147483000
_HOOKS: tuple[Hook, ...] = ("prerouting", "input", "forward", "output", "postrouting")
WITNESS_RULES = (
    f"table inet {WITNESS} {{\n"
    + "".join(
        f"chain first-{hook} {{ type filter hook {hook} priority {_FIRST}; meta nftrace set 1\n}}\n"
        for hook in ("prerouting", "output")
    )
    + "".join(f"chain last-{hook} {{ type filter hook {hook} priority {_LAST};\n}}\n" for hook in _HOOKS)
    + "}\n"
)

_IP_ALONE = "ether type { ip, ip6 } meta nftrace set 1"


def witness_rules(families: frozenset[str]) -> str:
    """The witness for rule sets with tables of these families: a bridge's frames are traced as well where
    a table is about them."""
    if "bridge" not in families:
        return WITNESS_RULES
    chains = (
        f"chain first-{hook} {{ type filter hook {hook} priority {_FIRST}; {_IP_ALONE}\n}}\n"
        for hook in ("prerouting", "output")
    )
    return f"{WITNESS_RULES}table bridge {WITNESS} {{\n{''.join(chains)}}}\n"


_NFNLGRP_NFTRACE = 9
_GETCHAIN, _GETRULE = 4, 7
(_TABLE, _CHAIN, _HANDLE, _TYPE, _VERDICT, _ID, _LL, _NETWORK, _TRANSPORT, _IIF, _, _OIF, _, _MARK, _PROTO,
 _POLICY) = range(1, 17)  # fmt: skip
_CT_STATUS, _CT_STATE = 20, 21
_TYPE_POLICY, _TYPE_RETURN, _TYPE_RULE = 1, 2, 3
_VERDICTS = {
    0: "DROP", 1: "ACCEPT", 2: "STOLEN", 3: "QUEUE", 4: "REPEAT", 0xFFFFFFFF: "CONTINUE",
    0xFFFFFFFE: "BREAK", 0xFFFFFFFD: "JUMP", 0xFFFFFFFC: "GOTO", 0xFFFFFFFB: "RETURN",
}  # fmt: skip
_BOUND = "__chain"  # how the kernel calls chains in braces: a number follows
_FAMILIES = {1: "inet", 2: "ip", 3: "arp", 5: "netdev", 7: "bridge", 10: "ip6"}
_INET_HOOK_NAMES = dict(enumerate(_HOOKS))
_BRIDGE_HOOK_NAMES: dict[int, Hook] = {number: BRIDGE_HOOKS[hook] for number, hook in enumerate(_HOOKS)}

# (table, chain) as raw bytes -> what it is
_Key = tuple[bytes, bytes]


@dataclass(slots=True)
class _Chain:
    """``hook`` None: a user chain. ``rules``: handle as raw bytes -> 1-based number."""

    family: str
    table: str
    name: str
    hook: Hook | None
    priority: int
    rules: dict[bytes, int]


_NETDEV_EGRESS = 1  # include/uapi/linux/netfilter.h, enum nf_dev_hooks

# (place of the hook on the way, priority there, step)
_Placed = tuple[int, int, SeenStep]
_HOOK_ORDER: dict[Hook, int] = {
    "ingress": -1, "bridge-prerouting": -1, "prerouting": 0, "output": 0, "bridge-input": 0, "input": 1,
    "bridge-forward": 1, "forward": 1, "postrouting": 2, "bridge-output": 3, "bridge-postrouting": 4,
}  # fmt: skip
# include/uapi/linux/netfilter_ipv4.h, enum nf_ip_hook_priorities
_LEGACY_PRIORITY = {"raw": -300, "mangle": -150, "nat": -100, "filter": 0, "security": 50}


class _Draft:
    """A passage while its events come in."""

    __slots__ = (
        "ct_state", "ct_status", "first", "hook", "hooks", "id", "iif", "last", "mark", "oif", "port",
        "priority", "steps",
    )  # fmt: skip

    def __init__(self, identity: bytes, hook: Hook) -> None:
        self.id = identity
        self.hook = hook
        self.priority = 0
        self.steps: list[_Placed] = []
        self.hooks: list[Hook] = []
        self.first: bytes = b""
        self.last: bytes = b""
        self.iif = self.oif = self.port = 0
        self.mark = 0
        self.ct_state: int | None = None
        self.ct_status: int | None = None


class Trace:
    """Hears one namespace; made inside it, after its rule sets and the witness table were loaded."""

    def __init__(self, node: str, interfaces: dict[int, str]) -> None:
        self._node = node
        self._interfaces = interfaces
        self._socket = netlink.open_netfilter(1 << 26)
        self._chains = _read_chains(self._socket)
        self._steps: dict[tuple[bytes, ...], SeenStep] = {}
        # Chains that stand in braces have no names of their own; here they get those of the rules that lead
        # there.
        self._braces: dict[str, str] = {}
        netlink.join(self._socket, _NFNLGRP_NFTRACE)
        self._socket.setblocking(False)

    def drain(self, legacy: Sequence[LegacyEvent] = ()) -> list[Passage]:
        """The passages seen since the last call, in the order in which they began.

        ``legacy`` are the legacy tables' events of the same time: they become steps too.
        """
        drafts: list[_Draft] = []
        open_drafts: dict[bytes, _Draft] = {}
        receive = self._socket.recv
        while True:
            try:
                data = receive(1 << 16)
            except BlockingIOError:
                break
            # One message per datagram: nlmsghdr 16, nfgenmsg 4.
            self._take(netlink.attributes(memoryview(data)[20:]), drafts, open_drafts)
        told = [draft for draft in drafts if draft.first]
        for event in legacy:
            draft = _whose(event, told)
            if draft is not None:
                draft.steps.append(_legacy_step(event))
        if legacy:
            for draft in told:
                draft.steps.sort(key=_place)
        return [self._freeze(draft) for draft in told]

    def _take(
        self, event: netlink.Attributes, drafts: list[_Draft], open_drafts: dict[bytes, _Draft]
    ) -> None:
        identity = bytes(event[_ID])
        table, name = bytes(event[_TABLE]), bytes(event[_CHAIN])
        proto = event[_PROTO][3] if _PROTO in event else 0
        chain = self._chain(proto, table, name, event.get(_HANDLE))
        kind = event[_TYPE][3]
        if chain is None:
            return
        is_witness = chain.table == WITNESS
        draft = open_drafts.get(identity)
        network = event.get(_NETWORK)
        headers = b"" if network is None else bytes(network) + bytes(event.get(_TRANSPORT, b""))
        if is_witness and chain.name.startswith("first-") and kind == _TYPE_RULE and _HANDLE in event:
            draft = _from_another_layer(chain, headers, drafts)
            if draft is None:
                draft = _Draft(identity, chain.hook or "prerouting")
                drafts.append(draft)
            open_drafts[identity] = draft
        if draft is not None and headers and _is_other(draft.last, headers):
            # The kernel names a packet by where it lies in memory, and memory is used again.
            draft = None
        if draft is None:
            draft = _same_packet(headers, drafts)
            if draft is None and chain.hook == "input":
                draft = _same_receiver(headers, drafts)
            if draft is None:
                return
            open_drafts[identity] = draft
        if chain.hook is not None:
            draft.hook, draft.priority = chain.hook, chain.priority
        if headers:
            draft.first = draft.first or headers
            draft.last = headers
            if chain.family == "bridge":
                draft.port = draft.port or (number(event[_IIF]) if _IIF in event else 0)
            else:
                if _IIF in event and not draft.iif:
                    draft.iif = number(event[_IIF])
                if _OIF in event:
                    draft.oif = number(event[_OIF])
        if _CT_STATE in event:
            draft.ct_state = number(event[_CT_STATE])
            draft.ct_status = number(event[_CT_STATUS]) if _CT_STATUS in event else 0
        draft.mark = number(event[_MARK]) if _MARK in event else 0
        if is_witness:
            if kind == _TYPE_POLICY and chain.name.startswith("last-"):
                draft.hooks.append(draft.hook)
            return
        step = self._step(draft.hook, chain, kind, event)
        if step is not None:
            draft.steps.append((_HOOK_ORDER[draft.hook], draft.priority, step))

    def _chain(self, proto: int, table: bytes, name: bytes, handle: memoryview | None) -> _Chain | None:
        for family in (_FAMILIES.get(proto, ""), "inet"):
            found = self._chains.get((family, table, name))
            if found is not None and (handle is None or bytes(handle) in found.rules):
                return found
        return None

    def _step(self, hook: Hook, chain: _Chain, kind: int, event: netlink.Attributes) -> SeenStep | None:
        handle = event.get(_HANDLE)
        if kind == _TYPE_POLICY:
            verdict = b"\0\0\0\0" if not number(event[_POLICY]) else b"\0\0\0\1"
            return self._known(hook, chain, None, verdict, b"")
        if handle is None:
            # The end of a chain; a base chain's is followed by its policy.
            if chain.hook is not None:
                return None
            return self._known(hook, chain, None, b"\xff\xff\xff\xfb", b"")
        parts = netlink.attributes(event[_VERDICT])
        return self._known(hook, chain, handle, bytes(parts[1]), bytes(parts.get(2, b"")))

    def _known(
        self, hook: Hook, chain: _Chain, handle: memoryview | None, verdict: bytes, target: bytes
    ) -> SeenStep:
        """One object for each thing that can happen: there are few, and they happen often."""
        raw = b"" if handle is None else bytes(handle)
        key = (
            hook.encode(),
            chain.family.encode(),
            chain.table.encode(),
            chain.name.encode(),
            raw,
            verdict,
            target,
        )
        step = self._steps.get(key)
        if step is None:
            name, place = self._braces.get(chain.name, chain.name), chain.rules[raw] if raw else None
            leads = target.rstrip(b"\0").decode()
            if leads.startswith(_BOUND):
                leads = self._braces.setdefault(leads, f"{name}#{place}")
            step = SeenStep(
                hook, chain.family, chain.table, name, place,
                _VERDICTS.get(int.from_bytes(verdict, "big"), verdict.hex()), leads,
            )  # fmt: skip
            self._steps[key] = step
        return step

    def _freeze(self, draft: _Draft) -> Passage:
        first, last = _packet(draft.first), _packet(draft.last)
        iif, oif = self._interfaces.get(draft.iif or draft.port), self._interfaces.get(draft.oif)
        return Passage(
            self._node, tuple(step for _, _, step in draft.steps), iif, oif, first,
            _with_mark(last, draft.mark), tuple(draft.hooks), draft.ct_state, draft.ct_status,
        )  # fmt: skip

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()


# Where a packet was last seen whose way goes on at a witness of another family.
_GOES_ON: dict[tuple[str, str], tuple[Hook, ...]] = {
    ("inet", "prerouting"): ("bridge-prerouting", "bridge-input"),
    ("bridge", "bridge-output"): ("postrouting",),
}  # fmt: skip


def _from_another_layer(chain: _Chain, headers: bytes, drafts: list[_Draft]) -> _Draft | None:
    """The passage that goes on at a first witness: from a bridge up to IP's hooks, or down from them."""
    before = _GOES_ON.get((chain.family, chain.hook or ""), ())
    mark = _constant_part(headers)
    return next((d for d in reversed(drafts) if d.hook in before and _constant_part(d.last) == mark), None)


def _same_packet(headers: bytes, drafts: list[_Draft]) -> _Draft | None:
    """The passage that goes on under another identity: a bridge that hands a packet up changes it."""
    mark = _constant_part(headers)
    return next((draft for draft in reversed(drafts) if _constant_part(draft.last) == mark), None)


_COMING_IN = ("prerouting", "input", "bridge-prerouting", "bridge-input")


def _same_receiver(headers: bytes, drafts: list[_Draft]) -> _Draft | None:
    """The passage of a packet whose source was put back on its way in, which changes its identity."""
    mark = _received_part(headers)
    return next(
        (d for d in reversed(drafts) if d.hook in _COMING_IN and _received_part(d.last) == mark),
        None,
    )


def _received_part(headers: bytes) -> bytes:
    """Protocol, identification, destination address and port (of ICMP: type and code)."""
    if headers[:1] and headers[0] >> 4 == 4:
        last = headers[20:22] if headers[9] == ICMP else headers[22:24]
        return headers[4:6] + headers[9:10] + headers[16:20] + last
    last = headers[40:42] if headers[6:7] == bytes([ICMPV6]) else headers[42:44]
    return headers[6:7] + headers[24:40] + last


def _is_other(last: bytes, headers: bytes) -> bool:
    """Whether these are certainly headers of another packet: by IPv4's identification and protocol."""
    if not last or last[0] >> 4 != 4:
        return False
    return last[4:6] + last[9:10] != headers[4:6] + headers[9:10]


def _constant_part(headers: bytes) -> bytes:
    """What is the same at two hooks: protocol, identification, addresses and ports, not the hop limit."""
    if headers[:1] and headers[0] >> 4 == 4:
        return headers[4:6] + headers[9:10] + headers[12:24]
    return headers[6:7] + headers[8:44]


def _place(placed: _Placed) -> tuple[int, int]:
    return placed[:2]


def _whose(event: LegacyEvent, drafts: list[_Draft]) -> _Draft | None:
    """The passage that a legacy table's event belongs to: the same packet as far as headers tell.

    IPv4's identification and the protocol survive translation; where that leaves several, one whose
    addresses fit.
    """
    if event.ip[:1] and event.ip[0] >> 4 == 4:
        fitting = [
            draft
            for draft in drafts
            if draft.first[4:6] + draft.first[9:10] == event.ip[4:6] + event.ip[9:10]
        ]
        ends = slice(12, 20)
    else:
        fitting = [draft for draft in drafts if draft.first[6:7] == event.ip[6:7]]
        ends = slice(8, 40)
    exact = [draft for draft in fitting if event.ip[ends] in (draft.first[ends], draft.last[ends])]
    found = exact or fitting
    return found[0] if found else None


def _legacy_step(event: LegacyEvent) -> _Placed:
    hook: Hook = event.hook
    rule = event.number if event.kind == "rule" else None
    verdict = "RETURN" if event.kind == "return" else ""
    family = "ip" if event.ip[:1] and event.ip[0] >> 4 == 4 else "ip6"
    priority = _LEGACY_PRIORITY.get(event.table, 0)
    if event.table == "nat" and hook in ("input", "postrouting"):
        priority = -priority
    step = SeenStep(hook, family, event.table, event.chain, rule, verdict, "", "legacy")
    return _HOOK_ORDER[hook], priority, step


def _packet(headers: bytes) -> Packet:
    read = read_headers(headers)
    if read is None:
        raise ValueError(f"a trace event with an unreadable header: {headers.hex()}")
    return read[0]


def _with_mark(packet: Packet, mark: int) -> Packet:
    if not mark:
        return packet
    return replace(packet, mark=mark)


def _read_chains(sock: socket.socket) -> dict[tuple[str, bytes, bytes], _Chain]:
    chains: dict[tuple[str, bytes, bytes], _Chain] = {}
    request = netlink.netfilter_message(netlink.SUBSYS_NFTABLES, _GETCHAIN, netlink.NLM_F_DUMP, 0)
    for payload in netlink.ask(sock, request):
        family = _FAMILIES.get(payload[0], "")
        parts = netlink.attributes(payload[4:])
        hook: Hook | None = None
        priority = 0
        if 4 in parts:
            place = netlink.attributes(parts[4])
            hook = _INET_HOOK_NAMES.get(number(place[1]), "ingress")
            priority = int.from_bytes(place[2], "big", signed=True)
            if family == "bridge":
                hook = _BRIDGE_HOOK_NAMES.get(number(place[1]))
            elif family == "netdev":  # egress stands behind all that IP asks
                leaving = number(place[1]) == _NETDEV_EGRESS
                hook, priority = ("postrouting", priority + (1 << 16)) if leaving else ("ingress", priority)
        key = (family, bytes(parts[1]), bytes(parts[3]))
        chains[key] = _Chain(family, netlink.text(parts[1]), netlink.text(parts[3]), hook, priority, {})
    request = netlink.netfilter_message(netlink.SUBSYS_NFTABLES, _GETRULE, netlink.NLM_F_DUMP, 0)
    for payload in netlink.ask(sock, request):
        parts = netlink.attributes(payload[4:])
        chain = chains[_FAMILIES.get(payload[0], ""), bytes(parts[1]), bytes(parts[2])]
        chain.rules[bytes(parts[3])] = len(chain.rules) + 1
    return chains
