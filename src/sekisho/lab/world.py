"""The far side of every interface: a namespace without addresses, watched by one packet socket.

It answers each ARP request and neighbour solicitation with a MAC address made up for the address
asked for, so that every next hop resolves, and can be read off the frame that is then sent to it.
"""

from __future__ import annotations

import fcntl
import socket
import struct
from collections.abc import Iterable

from sekisho.lab import frames
from sekisho.lab.frames import Frame, asked_address, read_frame, resolution_answer
from sekisho.lab.namespaces import NetworkNamespace
from sekisho.lab.topology import WORLD, Topology, Wire
from sekisho.lab.verdict import Egress
from sekisho.values.address import Address

_ETH_P_ALL = 3
_SOL_PACKET, _PACKET_IGNORE_OUTGOING = 263, 23
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_SO_RCVBUFFORCE = 33


class World:
    """``namespace`` must hold the far ends when ``connect`` is called."""

    def __init__(self, namespace: NetworkNamespace, topology: Topology) -> None:
        self._namespace = namespace
        self._topology = topology
        self._wires = {wire.far_interface: wire for wire in topology.wires if wire.far_node == WORLD}
        self._far: dict[tuple[str, str], str] = {
            (wire.node, wire.interface): wire.far_interface for wire in self._wires.values()
        }
        inner = {(wire.node, wire.interface) for wire in topology.wires if wire.far_node != WORLD}
        self._own = {
            (node, address) for (node, address), port in topology.places.items() if (node, port) in inner
        }
        self._macs: dict[Address, bytes] = {}
        self._owners: dict[tuple[int, bytes], Address] = {}
        self._silent: set[Address] = set()
        self.unanswered: list[Address] = []
        self.heard = 0

    def connect(self, known: Iterable[tuple[Address, str]], silent: Iterable[Address]) -> None:
        """Bring the far ends up. ``known``: neighbours whose MAC was captured; ``silent`` never answer."""
        for address, mac in known:
            self._macs[address] = frames.mac_bytes(mac)
            self._owners[address.family, frames.mac_bytes(mac)] = address
        self._silent.update(silent)
        with self._namespace.inside():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
                for wire in self._wires.values():
                    if wire.carrier:
                        _set_up(control, wire.far_interface)
            # With a protocol and unbound, a packet socket hears every interface of its namespace.
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
        self._socket.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 1 << 25)
        self._socket.setblocking(False)

    def mac_of(self, address: Address) -> bytes:
        """The MAC address that ``address`` has out there."""
        mac = self._macs.get(address)
        if mac is None:
            if address.family == 4:
                mac = b"\x02\x4e" + address.value.to_bytes(4, "big")
            else:
                mac = b"\x02\x6e" + struct.pack("!I", len(self._macs))
            self._macs[address] = mac
            self._owners[address.family, mac] = address
        return mac

    def learn(self, address: Address, mac: str) -> None:
        """A container of its own namespace has this MAC address."""
        self._macs[address] = frames.mac_bytes(mac)
        self._owners[address.family, self._macs[address]] = address

    def inject(self, node: str, port: str, frame: bytes) -> None:
        """Put a frame on the wire of an interface. KeyError when its far end is not in the world."""
        self._socket.sendto(frame, (self._far[node, port], 0))

    def drain(self) -> list[Egress]:
        """The IP frames that came out since the last call; what asks for an address is answered."""
        found: list[Egress] = []
        receive = self._socket.recvfrom
        while True:
            try:
                data, place = receive(1 << 16)
            except BlockingIOError:
                return found
            self.heard += 1
            wire = self._wires.get(place[0])
            if wire is None:
                continue
            asked = asked_address(data) if len(data) >= 42 else None
            if asked is not None:
                self._resolve(wire, asked, data)
                continue
            frame = read_frame(data)
            if frame is not None and not frames.is_housekeeping(frame.packet):
                found.append(self._egress(wire, frame))

    def _resolve(self, wire: Wire, asked: Address, data: bytes) -> None:
        if asked in self._silent:
            self.unanswered.append(asked)
            return
        if (wire.node, asked) in self._own:
            return
        if wire.bridge is not None and wire.interface != self.port_of(wire.node, wire.bridge, asked):
            return
        self._socket.sendto(resolution_answer(data, self.mac_of(asked)), (wire.far_interface, 0))

    def port_of(self, node: str, bridge: str, address: Address) -> str:
        """The bridge's port behind which an address lives: as captured, else its first port."""
        placed = self._topology.places.get((node, address))
        return placed or next(
            wire.interface for wire in self._topology.ports(node, bridge) if wire.far_node == WORLD
        )

    def _egress(self, wire: Wire, frame: Frame) -> Egress:
        owner = self._owners.get((frame.packet.family, frame.dst_mac))
        return Egress(wire.node, wire.bridge or wire.interface, wire.interface, owner, frame)

    def close(self) -> None:
        """Let go of the socket."""
        if hasattr(self, "_socket"):
            self._socket.close()


def _set_up(sock: socket.socket, interface: str) -> None:
    """Switch an interface of the socket's namespace on."""
    name = interface.encode()
    request = struct.pack("16sH22x", name, 0)
    (flags,) = struct.unpack_from("H", fcntl.ioctl(sock, _SIOCGIFFLAGS, request), 16)
    fcntl.ioctl(sock, _SIOCSIFFLAGS, struct.pack("16sH22x", name, flags | _IFF_UP))
