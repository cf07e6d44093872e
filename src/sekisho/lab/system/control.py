"""What an owner answers to other processes of its user, over the socket of ``whereabouts``.

Both sides check that the other end is the same user's. Namespaces are handed over as open descriptors: no
path, no name, no search.
"""

from __future__ import annotations

import json
import os
import pickle
import select
import signal
import socket
import struct
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sekisho.errors import said
from sekisho.lab.namespaces import LabError
from sekisho.lab.system import whereabouts
from sekisho.lab.system.limits import raise_descriptor_limit
from sekisho.lab.system.plan import Plan

if TYPE_CHECKING:
    from sekisho.lab.system.build import Standing

_AT_ONCE = 100  # descriptors in one message; the kernel's limit is 253
_WAIT = 10.0


@dataclass(frozen=True, slots=True)
class Doors:
    """Open descriptors: the owner's user (rootless only) and process namespaces, a net one for each node."""

    user: int | None
    pid: int
    net: dict[str, int]

    def close(self) -> None:
        """Close them all."""
        for fd in (self.user, self.pid, *self.net.values()):
            if fd is not None:
                os.close(fd)


class Client:
    """A connection to the owner of the system ``name``. Raises LabError where there is none."""

    def __init__(self, name: str) -> None:
        self.name = name
        found = whereabouts.meet(name)
        if found is None:
            raise LabError(said("no lab named {0!r} stands", name), advice="start one with: sekisho lab up")
        self._socket = found
        self._socket.settimeout(_WAIT)
        self.pid = whereabouts.peer(found)[0]

    def plan(self) -> Plan:
        """What the system is made of."""
        data, _ = self._ask({"want": "plan"})
        plan = pickle.loads(data)  # made by our own user, as was checked
        assert isinstance(plan, Plan)
        return plan

    def state(self) -> dict[str, object]:
        """What only the owner knows: seconds of each phase, remarks, memory."""
        data, _ = self._ask({"want": "state"})
        found = json.loads(data)
        assert isinstance(found, dict)
        return found

    def doors(self, nodes: Sequence[str]) -> Doors:
        """The namespaces of these nodes, as open descriptors."""
        raise_descriptor_limit(len(nodes) + 100)
        net: dict[str, int] = {}
        data, [pid, *user] = self._ask({"want": "doors"})
        for at in range(0, len(nodes), _AT_ONCE):
            some = list(nodes[at : at + _AT_ONCE])
            data, fds = self._ask({"want": "nodes", "nodes": some})
            if data:
                missing, known = json.loads(data)
                raise LabError(
                    said("there is no node {0!r}", missing), advice=said("the nodes are: {0}", known)
                )
            net.update(zip(some, fds, strict=True))
        return Doors(user[0] if user else None, pid, net)

    def end(self, within: float = 30.0) -> float:
        """End the owner and wait until it is gone with all its processes; the seconds that took."""
        began = time.perf_counter()
        pidfd = os.pidfd_open(self.pid)
        try:
            # Whoever answers now is the process that the descriptor holds: numbers are used again.
            self._ask({"want": "state"})
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
            poll = select.poll()
            poll.register(pidfd, select.POLLIN)
            if not poll.poll(within * 1000):
                raise LabError(said("the owner of {0!r} (process {1}) does not end", self.name, self.pid))
        finally:
            os.close(pidfd)
        return time.perf_counter() - began

    def close(self) -> None:
        """Hang up; the system stands on."""
        self._socket.close()

    def _ask(self, question: dict[str, object]) -> tuple[bytes, list[int]]:
        try:
            self._socket.sendall(json.dumps(question).encode() + b"\n")
            head, fds, _, _ = socket.recv_fds(self._socket, 8, _AT_ONCE + 8)
            (length,) = struct.unpack("!Q", head)
            parts = []
            while length:
                part = self._socket.recv(min(length, 1 << 20))
                if not part:
                    raise OSError
                parts.append(part)
                length -= len(part)
        except (OSError, struct.error):
            raise LabError(said("the owner of {0!r} does not answer any more", self.name)) from None
        return b"".join(parts), list(fds)


class Desk:
    """The owner's side. Each connection may ask several times; answers are short and sent at once."""

    def __init__(self, standing: Standing, plan: bytes, in_user_namespace: bool) -> None:
        self._standing = standing
        self._plan = plan
        self._own = [
            os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC),
            *([os.open("/proc/self/ns/user", os.O_RDONLY | os.O_CLOEXEC)] if in_user_namespace else []),
        ]

    def answer(self, listener: socket.socket) -> None:
        """A new connection."""
        import asyncio

        client, _ = listener.accept()
        if whereabouts.peer(client)[1] != os.geteuid():
            client.close()
            return
        client.settimeout(_WAIT)
        asyncio.get_running_loop().add_reader(client, self._asked, client)

    def _asked(self, client: socket.socket) -> None:
        import asyncio

        with suppress(OSError, ValueError, KeyError):
            line = client.recv(1 << 16)
            while line and not line.endswith(b"\n"):
                line += client.recv(1 << 16)
            if line:
                self._reply(client, json.loads(line))
                return
        asyncio.get_running_loop().remove_reader(client)
        client.close()

    def _reply(self, client: socket.socket, question: dict[str, object]) -> None:
        data, fds = b"", []
        if question["want"] == "plan":
            data = self._plan
        elif question["want"] == "state":
            data = json.dumps(self._state()).encode()
        elif question["want"] == "doors":
            fds = self._own
        else:
            nodes = question["nodes"]
            assert isinstance(nodes, list)
            known = self._standing.namespaces
            missing = next((name for name in nodes if name not in known), None)
            if missing is not None:
                data = json.dumps([missing, ", ".join(known)]).encode()
            else:
                fds = [known[name].fd for name in nodes]
        socket.send_fds(client, [struct.pack("!Q", len(data))], fds)
        client.sendall(data)

    def _state(self) -> dict[str, object]:
        memory = {}
        with open("/proc/self/status") as file:
            for line in file:
                name, _, value = line.partition(":")
                if name in ("VmRSS", "RssAnon"):
                    memory[name] = int(value.split()[0]) * 1024
        programs = {
            f"{program.node}: {program.argv[0]}": process.pid for program, process in self._standing.programs
        }
        return {
            "seconds": self._standing.seconds, "remarks": self._standing.remarks, "memory": memory,
            "programs": programs,
        }  # fmt: skip
