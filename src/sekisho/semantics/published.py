"""Ports of the host that Docker's lists say are published.

A packet that gets to a socket of the host at such a port went past the rule that leads to the container, or
that rule was not captured. Only docker-proxy could listen there, and only ``ss`` tells whether it does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sekisho.model.docker import PublishedPort
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.host import HostCode
from sekisho.semantics.program import All, AnyOf, Guard, In
from sekisho.values.address import Family
from sekisho.values.intset import IntSet
from sekisho.values.packet import protocol_number


def with_published(snapshot: Snapshot, host: HostCode) -> HostCode:
    """The host with the ports of Docker's lists beside those of its rules."""
    ports = tuple(dict.fromkeys(published(snapshot)))
    if host.sockets is not None or not ports:
        return host
    programs = {
        family: replace(program, published=AnyOf((program.published, *_guards(ports, family))))
        for family, program in host.programs.items()
    }
    return replace(host, programs=programs)


def published(snapshot: Snapshot) -> Iterator[PublishedPort]:
    """The published ports of all containers that run, or may."""
    for container in snapshot.containers or ():
        yield from (port for port in container.published if container.running and port.host_port)
    whole = {container.name for container in snapshot.containers or ()}
    for listed in snapshot.listed_containers or ():
        if listed.running is not False and listed.name not in whole:
            yield from (port for port in listed.published or () if port.host_port)


def _guards(ports: tuple[PublishedPort, ...], family: Family) -> Iterator[Guard]:
    for port in ports:
        asked: list[Guard] = [In("proto", IntSet.of(protocol_number(port.proto)))]
        asked.append(In("dport", IntSet.of(port.host_port)))
        if port.host_address is not None and port.host_address.family != family:
            continue
        if port.host_address is not None and port.host_address.value:
            asked.append(In("dst", IntSet.of(port.host_address.value)))
        yield All(tuple(asked))
