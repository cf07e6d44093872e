"""What the containers of a namespace listen on, told by the commands that they run.

Where ``ss`` was captured nobody asks. Where it was not, ``docker inspect`` still has each container's
command, and a few servers name their port there and open no other:

    httpd -f -p 8080                        busybox' server     tcp 8080, every address
    python3 -m http.server 8000 -b 10.0.0.1                     tcp 8000 of that address
    sleep infinity, tail -f /dev/null       nothing

Only when every container of the namespace runs such a command is it known what listens there, and
answers lean on the commands (processes that were started later, by ``docker exec``, are not seen).
Facts: busybox' networking/httpd.c and libbb/xconnect.c (an IPv6 socket where it can, so both families),
Lib/http/server.py of Python.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sekisho.model.docker import DockerContainer
from sekisho.model.host import Socket
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.conjunction import conjuncts
from sekisho.semantics.control import single
from sekisho.semantics.host import HostCode
from sekisho.semantics.program import In, Translate
from sekisho.semantics.sockets import socket_chain
from sekisho.values.address import Address
from sekisho.values.numbers import integer, is_number
from sekisho.values.packet import TCP, UDP

_HTTPD_FLAGS = frozenset("fiv")
_HTTPD_VALUES = frozenset("cpurh")
_RESOLVER = Address.parse("127.0.0.11")
_IDLE = frozenset({"sleep", "pause", "tail"})


def sharing(snapshot: Snapshot, namespace: str) -> tuple[DockerContainer, ...]:
    """The running containers whose processes live in the namespace of that name."""
    owner = next((c for c in snapshot.containers or () if namespace in (c.name, c.id)), None)
    if owner is None:
        return ()
    modes = {f"container:{owner.id}", f"container:{owner.name}"}
    return tuple(
        item
        for item in snapshot.containers or ()
        if item.running and (item is owner or item.network_mode in modes)
    )


def with_listeners(snapshot: Snapshot, host: HostCode) -> HostCode:
    """The namespace with the sockets that its containers' commands open, where ``ss`` was not captured and
    every command tells; else as it is."""
    containers = sharing(snapshot, host.facts.name)
    if host.sockets is not None or not containers or any(c.network_mode == "host" for c in containers):
        return host
    sockets: list[Socket] = []
    for container in containers:
        listening = listens(container)
        if listening is None:
            return host
        sockets += listening
    sockets += _resolver(containers[0], host)
    programs = {
        family: replace(program, sockets=socket_chain(sockets, family, frozenset({"tcp", "udp"})))
        for family, program in host.programs.items()
    }
    commands = tuple(" ".join(container.command) for container in containers)
    return replace(host, programs=programs, sockets=tuple(sockets), commands=commands)


def listens(container: DockerContainer) -> tuple[Socket, ...] | None:
    """What the container's command opens; None for a command that does not tell."""
    words = list(container.command)
    if words and _name(words[0]) == "busybox":
        words = words[1:]
    if not words:
        return None
    name = _name(words[0])
    if name == "httpd":
        end = _httpd(words[1:])
    elif name.startswith("python") and words[1:3] == ["-m", "http.server"]:
        end = _http_server(words[3:])
    else:
        idle = name in _IDLE and (name != "tail" or words[1:] == ["-f", "/dev/null"])
        return () if idle else None
    if end is None:
        return None
    address, port = end
    return (Socket("tcp", "LISTEN", address, port, None, " ".join(container.command),
                   evidence=container.evidence),)  # fmt: skip


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _httpd(words: list[str]) -> tuple[Address | None, int] | None:
    """``[-ifv] [-c FILE] [-p [IP:]PORT] [-u USER] [-r REALM] [-h HOME]``; any other word is of another
    program of that name."""
    address, port = None, "80"
    rest = iter(words)
    for word in rest:
        if not word.startswith("-") or len(word) < 2:
            return None
        letters = word[1:]
        while letters and letters[0] in _HTTPD_FLAGS:
            letters = letters[1:]
        if not letters:
            continue
        if letters[0] not in _HTTPD_VALUES:
            return None
        value = letters[1:] or next(rest, "")
        if letters[0] == "p":
            address, _, port = value.rpartition(":")
    return _end(address or "", port)


def _http_server(words: list[str]) -> tuple[Address | None, int] | None:
    """``[-b ADDRESS] [-d FOLDER] [PORT]``"""
    address, port = "", "8000"
    rest = iter(words)
    for word in rest:
        if word in ("-b", "--bind"):
            address = next(rest, "")
        elif word in ("-d", "--directory"):
            next(rest, "")
        elif is_number(word):
            port = word
        else:
            return None
    return _end(address, port)


def _end(address: str, port: str) -> tuple[Address | None, int] | None:
    if not is_number(port) or not 0 < integer(port) < 65536:
        return None
    try:
        found = Address.parse(address.strip("[]")) if address else None
    except ValueError:
        return None
    return found, integer(port)


def _resolver(container: DockerContainer, host: HostCode) -> Iterator[Socket]:
    """Docker's DNS server of containers on networks of the user's own: the ports are random, and the
    namespace's own rules translate to them (libnetwork/resolver.go)."""
    if all(endpoint.network in ("bridge", "none") for endpoint in container.endpoints):
        return
    found = tuple(_translated(host)) or (("tcp", 53), ("udp", 53))
    for proto, port in dict.fromkeys(found):
        yield Socket(proto, "LISTEN" if proto == "tcp" else "UNCONN", _RESOLVER, port, None, "dockerd")


def _translated(host: HostCode) -> Iterator[tuple[str, int]]:
    for station in (station for found in host.programs[4].stations.values() for station in found):
        for line in single(*station.every):
            action, guard = line.action, line.guard
            if not isinstance(action, Translate) or action.addresses is None or action.ports is None:
                continue
            if action.what == "dst" and action.addresses[0] == _RESOLVER.value:
                for one in conjuncts(guard):
                    if isinstance(one, In) and one.field == "proto":
                        for number, name in ((TCP, "tcp"), (UDP, "udp")):
                            if number in one.values:
                                yield name, action.ports[0]
