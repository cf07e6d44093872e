"""Carrying operations out: links in many namespaces, then what is set on them, each over one socket a
namespace."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from sekisho.errors import said
from sekisho.lab import rtnetlink, rtroutes
from sekisho.lab.namespaces import LabError, NetworkNamespace
from sekisho.lab.operations import (
    AddRoute,
    AddRule,
    BehindPort,
    Bridge,
    DropRule,
    Enslave,
    KnowNeighbour,
    Link,
    OnLink,
    Setting,
    Wire,
)
from sekisho.lab.rtnetlink import Body, CannotSayError
from sekisho.lab.words import link_words, setting_words
from sekisho.values.names import LOOPBACK

Report = Callable[[str, int, int], None]
_Later = list[tuple[str, Body, Link]]


class Builder:
    """Makes links and settings in namespaces that are there; knows the number of each interface."""

    def __init__(self, namespaces: Mapping[str, NetworkNamespace], report: Report = lambda *_: None) -> None:
        self.namespaces = namespaces
        self.report = report
        self.index: dict[str, dict[str, int]] = {}
        self._sockets: dict[str, socket.socket] = {}

    def close(self) -> None:
        """Close the sockets."""
        for sock in self._sockets.values():
            sock.close()
        self._sockets.clear()

    def here(self, node: str) -> None:
        """The calling thread is in the node's namespace: it is spared a second way in."""
        self._sockets[node] = rtnetlink.open_route()

    def _socket(self, node: str) -> socket.socket:
        if node not in self._sockets:
            with self.namespaces[node].inside():
                self.here(node)
        return self._sockets[node]

    # ----------------------------------------------------------------------------------- links

    def links(self, links: Iterable[Link]) -> None:
        """In their order: an interface's number, and its place among others, is the order's.

        Every namespace's loopback is switched on first. Raises LabError.
        """
        bodies: dict[str, list[Body]] = {node: [rtnetlink.set_up(1)] for node in self.namespaces}
        made: dict[str, list[Link | None]] = {node: [None] for node in self.namespaces}
        for node in self.namespaces:
            self.index.setdefault(node, {LOOPBACK: 1})
        later: _Later = []
        for link in links:
            if isinstance(link, Bridge):
                body = rtnetlink.add_bridge(link, self._new_index(link.node, link.name))
            else:
                body = self._wire(link, later)
            bodies[link.node].append(body)
            made[link.node].append(link)
        self._send(bodies, made)
        bodies, made = {}, {}
        for node, body, link in later:
            bodies.setdefault(node, []).append(body)
            made.setdefault(node, []).append(link)
        self._send(bodies, made)

    def _wire(self, wire: Wire, later: _Later) -> Body:
        """The message for the pair; what must wait until all links are there goes to ``later``."""
        near = self._new_index(wire.node, wire.name)
        far = self._new_index(wire.far_node, wire.far_name)
        master = self.index[wire.node].get(wire.bridge) if wire.bridge is not None else None
        body = rtnetlink.add_wire(wire, near, far, self.namespaces[wire.far_node].fd, master)
        if wire.bridge is not None and master is None:
            later.append((wire.node, self._enslaved(wire.node, near, wire.bridge), wire))
        if wire.hairpin:
            later.append((wire.node, rtnetlink.hairpin(near), wire))
        if wire.isolated:
            later.append((wire.node, rtnetlink.isolated(near), wire))
        if wire.far_up:
            later.append((wire.far_node, rtnetlink.set_up(far), wire))
        return body

    def _enslaved(self, node: str, index: int, bridge: str) -> Body:
        if bridge not in self.index[node]:
            raise LabError(said("there is no bridge {0!r} in {1!r}", bridge, node))
        return rtnetlink.enslave(index, self.index[node][bridge])

    def _new_index(self, node: str, name: str) -> int:
        taken = self.index[node]
        if name in taken:
            raise LabError(said("two interfaces of {0!r} have the name {1!r}", node, name))
        taken[name] = len(taken) + 1
        return taken[name]

    def _send(self, bodies: Mapping[str, list[Body]], made: Mapping[str, list[Link | None]]) -> None:
        total = sum(map(len, bodies.values()))
        done = 0
        for node, messages in bodies.items():
            mine = made[node]
            rtnetlink.send(self._socket(node), messages, partial(_words_of, mine))
            done += len(messages)
            self.report("links", done, total)

    # ------------------------------------------------------------------------------- settings

    def settings(self, settings: Iterable[Setting]) -> Iterator[str]:
        """Addresses, routes and rules, those of a node in their order; in words, what could not be done.

        Raises LabError where what must be done cannot.
        """
        by_node: dict[str, list[Setting]] = {}
        for item in settings:
            by_node.setdefault(item.node, []).append(item)
        total = sum(map(len, by_node.values()))
        done = 0
        for node, items in by_node.items():
            yield from self._settings(node, items)
            done += len(items)
            self.report("addresses and routes", done, total)

    def _settings(self, node: str, items: list[Setting]) -> Iterator[str]:
        known: list[Setting] = []
        bodies: list[Body] = []
        for item in items:
            try:
                bodies.append(self._message(item))
                known.append(item)
            except CannotSayError as error:
                if item.must:
                    raise LabError(error.said_what, text=setting_words(item)) from None
                yield f"{node}: not built: {setting_words(item)}: {error.what}"
        for number, words in rtnetlink.try_all(self._socket(node), bodies).items():
            shown = setting_words(known[number])
            if known[number].must:
                raise LabError(said("the kernel refuses: {0}", words), text=shown)
            yield f"{node}: not built: {shown}: {words}"

    def _message(self, item: Setting) -> Body:
        index = self.index.setdefault(item.node, {LOOPBACK: 1})
        match item:
            case OnLink():
                return rtnetlink.add_address(item, self._number(item.interface, index))
            case AddRoute(_, route):
                return rtroutes.add_route(route, index)
            case AddRule(_, rule):
                return rtroutes.add_rule(rule)
            case DropRule():
                return rtroutes.drop_rule(item)
            case KnowNeighbour(_, interface, address, mac):
                return rtnetlink.add_neighbour(address, mac, self._number(interface, index))
            case BehindPort(_, port, mac):
                return rtnetlink.add_bridge_entry(mac, self._number(port, index))
            case Enslave(_, interface, bridge):
                return rtnetlink.enslave(self._number(interface, index), self._number(bridge, index))

    @staticmethod
    def _number(name: str, index: Mapping[str, int]) -> int:
        if name not in index:
            raise CannotSayError(said("there is no interface {0!r}", name))
        return index[name]


def _words_of(made: Sequence[Link | None], number: int) -> str:
    return link_words(made[number])
