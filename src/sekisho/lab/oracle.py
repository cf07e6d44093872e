"""The oracle: builds a snapshot for real and tells what the kernel does with packets.

    with Oracle(snapshot) as oracle:
        [seen] = oracle.send([Probe(packet)])

One probe at a time: a frame that is written to a veth is processed to its end before the call
returns, so that everything about it can be read right after, without waiting.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterable
from dataclasses import replace
from types import TracebackType

from sekisho.errors import said
from sekisho.lab import frames, sockets
from sekisho.lab.droplog import DropLog
from sekisho.lab.frames import Content, build_ip, ethernet, mac_bytes
from sekisho.lab.namespaces import LabError, NetworkNamespace
from sekisho.lab.probes import Probe
from sekisho.lab.reading import Rejecting, Sightings, read
from sekisho.lab.stage import Node, Stage
from sekisho.lab.topology import WORLD, Bridge, Wire
from sekisho.lab.verdict import Egress, Observed, Passage
from sekisho.model.nft_rule import Reject
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.addresses import HostAddress, host_addresses
from sekisho.semantics.nft_tables import native_tables
from sekisho.values.address import Address
from sekisho.values.packet import Packet

_ETHERTYPE = {4: 0x0800, 6: 0x86DD}
_ROUTER_MAC = b"\x02\x52\x00\x00\x00\x01"
# So often the end of a probe is looked for; each pause is a step longer (seconds).
_LOOKS, _PAUSE = 5, 0.004
# So often neighbours are forgotten before a probe, while the senders of what waited for some are told.
_FORGETS = 4


class Oracle:
    """``drops``: a DropLog to share between oracles of one thread; without, each makes its own."""

    def __init__(self, snapshot: Snapshot, drops: DropLog | None = None, *, conntrack: bool = True) -> None:
        self.snapshot = snapshot
        self._drops = drops
        self._own_drops = drops is None
        self._with_conntrack = conntrack
        self._ident = 0
        self._senders: dict[str, socket.socket] = {}

    def __enter__(self) -> Oracle:
        self.stage = Stage(self.snapshot)
        if self._drops is None:
            with contextlib.suppress(OSError):
                self._drops = DropLog()
        self._rejecting = _rejecting_rules(self.snapshot)
        self._addresses: dict[tuple[str, int], tuple[HostAddress, ...]] = {
            (facts.name, family): host_addresses(facts, 4 if family == 4 else 6)
            for facts in (self.snapshot.host, *self.snapshot.namespaces)
            for family in (4, 6)
        }
        self._bridges: dict[tuple[str, str], Bridge] = {
            (item.node, item.name): item for item in self.stage.topology.bridges
        }
        self._quiet()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for sender in self._senders.values():
            sender.close()
        self.stage.close()
        if self._own_drops and self._drops is not None:
            self._drops.close()

    def send(self, probes: Iterable[Probe]) -> list[Observed]:
        """Send the probes one after another; what was seen of each, in the same order."""
        return [self.ask(probe) for probe in probes]

    def ask(self, probe: Probe) -> Observed:
        """Send one probe. UsageError-like faults (an unknown interface) raise LabError."""
        node = self.stage.nodes[probe.node]
        if node.name != probe.node:
            probe = replace(probe, node=node.name)
        self._forget()
        if probe.fresh:
            for each in self.stage.nodes.values():
                each.conntrack.flush()
        self._ident = self._ident % 65535 + 1
        error, sender = 0, None
        if probe.packet.iif is None:
            error, sender = sockets.send(node.namespace, probe, self._ident)
        else:
            self._inject(probe)
        observed = self._observed(probe, node, error)
        if sender is not None:
            sender.close()
        return observed

    def _observed(self, probe: Probe, node: Node, error: int) -> Observed:
        """What became of the probe. A busy machine takes packets from one interface to the next a little
        later; where that leaves the end open, it is looked for again for a while."""
        seen_frames: list[Egress] = []
        passages: list[Passage] = []
        reasons: list[str] = []
        wanted = _ETHERTYPE[probe.packet.family]
        for again in range(_LOOKS):
            time.sleep(again * _PAUSE)
            seen_frames += self._settle()
            passages += self._passages(probe.packet.family)
            reasons += [name for proto, name in self._drops.drain() if proto == wanted] if self._drops else []
            tracked = node.conntrack.find(probe.packet) if self._with_conntrack else None
            unanswered = bool(self.stage.world.unanswered)
            sightings = Sightings(passages, seen_frames, reasons, error, unanswered, self._ident)
            observed = read(probe, sightings, self._rejecting, tracked)
            if observed.disposition != "undetermined":
                break
        return observed

    # ------------------------------------------------------------------ what is going on

    def _forget(self) -> None:
        """Have every namespace as it was captured, and quiet."""
        for _ in range(_FORGETS):
            found = [each.learned.forget() for each in self.stage.nodes.values()]
            self._quiet()
            if not any(found):
                break

    def _quiet(self) -> None:
        """Throw away what came late: retransmissions, connections being closed."""
        self._settle()
        for node in self.stage.nodes.values():
            node.trace.drain(node.legacy.drain() if node.legacy else ())
            for listener in node.listeners:
                _empty(listener)
        if self._drops:
            self._drops.drain()
        self.stage.world.unanswered.clear()

    def _settle(self) -> list[Egress]:
        """Read frames until no more come; answering a request for an address releases others."""
        found: list[Egress] = []
        world = self.stage.world
        while True:
            heard = world.heard
            found += world.drain()
            if world.heard == heard:
                return found

    def _passages(self, family: int) -> list[Passage]:
        found: list[Passage] = []
        for node in self.stage.nodes.values():
            events = node.legacy.drain() if node.legacy else ()
            found += [
                passage
                for passage in node.trace.drain(events)
                if passage.first.family == family and not frames.is_housekeeping(passage.first)
            ]
        return found

    # ------------------------------------------------------------------------- injection

    def _inject(self, probe: Probe) -> None:
        packet = probe.packet
        wire = self._entry(probe)
        content = Content(self._ident, probe.seq, probe.ack, probe.payload)
        frame = ethernet(
            self._dst_mac(probe, wire), self._src_mac(probe, wire), packet.family, build_ip(packet, content)
        )
        world = self.stage.world
        if wire.far_node == WORLD:
            world.inject(wire.node, wire.interface, frame)
        elif (wire.node, wire.interface) == (probe.node, probe.packet.iif) or wire.node == probe.node:
            self._packet_socket(wire.far_node).sendto(frame, (wire.far_interface, 0))
        else:
            self._packet_socket(wire.node).sendto(frame, (wire.interface, 0))

    def _entry(self, probe: Probe) -> Wire:
        """The wire by which the packet comes in."""
        node, interface = probe.node, probe.packet.iif or ""
        if (node, interface) in self._bridges:
            ports = self.stage.topology.ports(node, interface)
            port = probe.port or self.stage.topology.places.get((node, _src(probe.packet)))
            chosen = [wire for wire in ports if wire.interface == port] or ports
            if chosen:
                return chosen[0]
        else:
            wire = self.stage.topology.wire(node, interface)
            if wire is not None:
                return wire
        raise LabError(said("no packet can arrive at {0!r} of {1!r}: it has no far end", interface, node))

    def _dst_mac(self, probe: Probe, wire: Wire) -> bytes:
        if probe.dst_mac is not None:
            return mac_bytes(probe.dst_mac)
        packet, interface = probe.packet, probe.packet.iif or ""
        group = _group_mac(packet)
        if group is None and packet.family == 4 and packet.dst in self._everybody(probe.node, interface):
            group = frames.BROADCAST
        if group is not None:
            return group
        bridge = self._bridges.get((probe.node, interface))
        if bridge is None:
            near = (wire.node, wire.interface) == (probe.node, interface)
            return mac_bytes(wire.mac if near else wire.far_mac)
        bridged = probe.bridged
        if bridged is None:
            bridged = self._on_link(probe.node, interface, packet.family, packet.dst)
        return (
            self.stage.world.mac_of(Address(packet.family, packet.dst)) if bridged else mac_bytes(bridge.mac)
        )

    def _everybody(self, node: str, interface: str) -> set[int]:
        """The broadcast addresses of an interface: those of its addresses, those that the kernel adds for
        their subnets (fib_add_ifaddr), and those of routes."""
        here = [item for item in self._addresses[node, 4] if item.interface == interface]
        found = {item.broadcast for item in here if item.broadcast is not None}
        found |= {item.subnet.last for item in here if item.length < 31 and not item.secondary}
        return found | {
            route.dst.value
            for route in self.stage.nodes[node].facts.routes
            if route.kind == "broadcast" and any(hop.dev == interface for hop in route.nexthops)
        }

    def _on_link(self, node: str, interface: str, family: int, value: int) -> bool:
        """Whether a neighbour on this bridge would send straight to that address."""
        mine = [item for item in self._addresses[node, family] if item.interface == interface]
        wanted = Address(4 if family == 4 else 6, value)
        return any(item.subnet.contains(wanted) for item in mine) and all(
            item.value != value for item in mine
        )

    def _src_mac(self, probe: Probe, wire: Wire) -> bytes:
        packet = probe.packet
        if packet.src_mac is not None:
            return mac_bytes(packet.src_mac)
        if self._on_link(probe.node, packet.iif or "", packet.family, packet.src):
            return self.stage.world.mac_of(_src(packet))
        return _ROUTER_MAC

    def _packet_socket(self, node: str) -> socket.socket:
        if node not in self._senders:
            namespace: NetworkNamespace = self.stage.nodes[node].namespace
            self._senders[node] = namespace.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        return self._senders[node]

    def node(self, name: str = "host") -> Node:
        """A namespace of the stage, for looking at it more closely."""
        return self.stage.nodes[name]


def _src(packet: Packet) -> Address:
    return Address(packet.family, packet.src)


def _group_mac(packet: Packet) -> bytes | None:
    """The MAC address of a multicast or limited broadcast destination (RFC 1112, RFC 2464)."""
    if packet.family == 6:
        return b"\x33\x33" + packet.dst.to_bytes(16, "big")[12:] if packet.dst >> 120 == 0xFF else None
    if packet.dst == 0xFFFFFFFF:
        return frames.BROADCAST
    if packet.dst >> 28 == 0xE:
        return b"\x01\x00\x5e" + (packet.dst & 0x7FFFFF).to_bytes(3, "big")
    return None


def _empty(listener: socket.socket) -> None:
    """Take what has come to a listening socket, so that its queue never fills."""
    try:
        if listener.type == socket.SOCK_STREAM:
            accepted, _ = listener.accept()
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            accepted.close()
        else:
            listener.recv(1 << 16)
    except OSError:
        return


def _rejecting_rules(snapshot: Snapshot) -> Rejecting:
    found = set()
    for ruleset in snapshot.host.rulesets + tuple(r for n in snapshot.namespaces for r in n.rulesets):
        family = "ip" if ruleset.family == 4 else "ip6"
        for table in ruleset.tables:
            for chain in table.chains:
                for number, rule in enumerate(chain.rules, 1):
                    if rule.target is not None and rule.target.name == "REJECT":
                        found.add((family, table.name, chain.name, number, ruleset.backend or "nft"))
    for namespace in (snapshot.host, *snapshot.namespaces):
        for native in native_tables(namespace.nft, namespace.rulesets):
            for nft_chain in native.chains:
                for number, nft_rule in enumerate(nft_chain.rules, 1):
                    if any(isinstance(statement, Reject) for statement in nft_rule.statements):
                        found.add((native.family, native.name, nft_chain.name, number, "nft"))
    return frozenset(found)
