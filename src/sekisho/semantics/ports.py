"""Which interfaces carry frames, and which ports of a bridge hand them to one another.

    port A ──► bridge ──► port B      not where A or B is down, without carrier or in another state than
                                      forwarding; not where both are isolated; not back out of A, but for
                                      hairpin mode (net/bridge/br_forward.c, should_deliver)
    the host's own frames             to every port that carries; none while the bridge itself is down

A bridge has a carrier while one of its ports has. Ports that nobody captured are taken to be as the kernel
makes them: carrying and not isolated. Where a line about links could not be read, or a bridge keeps VLANs
apart, that is not known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from sekisho.model.evidence import Unread
from sekisho.model.links import Interface
from sekisho.model.snapshot import Namespace
from sekisho.semantics.journey import Doubt
from sekisho.semantics.link_settings import port_doubt

# Operational states of an interface that is switched on (RFC 2863).
_NO_CARRIER = frozenset({"DOWN", "LOWERLAYERDOWN"})
# Words of what ports and bridges have.
_OF_PORTS = ("bridge", "hairpin", "isolated", "vlan_filtering")
# States of a port, of the spanning tree or none, in which it takes or sends no frames of others.
_SHUT = frozenset({"disabled", "listening", "learning", "blocking"})


def carries(interface: Interface) -> bool:
    """Whether frames pass an interface, as far as was captured: it is up and has a carrier."""
    return is_up(interface) and "NO-CARRIER" not in interface.flags and interface.state not in _NO_CARRIER


def is_up(interface: Interface) -> bool:
    """Whether it is switched on; so is one of which that was not captured."""
    return not interface.flags or "UP" in interface.flags


@dataclass(frozen=True, slots=True)
class Port:
    """What is known of one end on a bridge. ``name`` and ``hairpin`` None: not captured. ``isolated`` and
    ``passes`` None: nobody knows; ``Links.decides`` says why."""

    name: str | None = None
    hairpin: bool | None = None
    isolated: bool | None = False
    passes: bool | None = True


@dataclass(slots=True)
class Links:
    """The interfaces of a namespace."""

    by_name: dict[str, Interface] = field(default_factory=dict)
    by_bridge: dict[str, list[Interface]] = field(default_factory=dict)
    unread: Unread | None = None
    filtered: frozenset[str] = frozenset()

    @staticmethod
    def of(namespace: Namespace) -> Links:
        found = Links(unread=next((item for item in namespace.unread if _of_a_port(item)), None))
        found.filtered = frozenset(
            fact.interface
            for fact in namespace.beside
            if fact.interface and fact.kind == "tc" and fact.direction
        )
        for item in namespace.interfaces or ():
            found.by_name[item.name] = item
            if item.master is not None:
                found.by_bridge.setdefault(item.master, []).append(item)
        return found

    def dead(self, name: str) -> bool | None:
        """Whether no frame passes the interface, as captured; None: the line that could not be read may be
        its own (see ``unread_line``)."""
        item = self.by_name.get(name)
        if item is None:
            return None if self.unread is not None and name != "lo" else False
        return not carries(item)

    def is_up(self, name: str) -> bool:
        """Whether the interface is switched on."""
        item = self.by_name.get(name)
        return item is None or is_up(item)

    def detail(self, name: str, word: str) -> str | None:
        """A setting of an interface's kind; None: not captured."""
        item = self.by_name.get(name)
        return None if item is None else dict(item.details).get(word)

    def port(self, bridge: str, name: str | None, besides: str | None = None) -> Port:
        """The port of that name; None: one of the bridge's ``besides`` a certain one, nobody knows which."""
        item = None if name is None else self.by_name.get(name)
        if item is not None and item.master == bridge:
            found = self._port(item)
        else:
            ports = [self._port(each) for each in self.by_bridge.get(bridge, ()) if each.name != besides]
            isolated, passes = _all(each.isolated for each in ports), _all(each.passes for each in ports)
            found = Port(None, None, isolated, passes) if ports else Port(passes=besides is None)
        if self.unread is not None:
            found = replace(found, isolated=found.isolated or None, passes=None)
        if found.passes and self._keeps_vlans_apart(bridge):
            found = replace(found, passes=None)
        return found

    def lone(self, bridge: str) -> str | None:
        """The only port that passes frames, where it is not in hairpin mode: whatever comes in by one of the
        bridge's ports came in by that, and finds no other."""
        ports = [self._port(each) for each in self.by_bridge.get(bridge, ())]
        passing = [each for each in ports if each.passes]
        certain = self.unread is None and all(each.passes is not None for each in ports)
        alone = certain and len(passing) == 1 and passing[0].hairpin is False
        return passing[0].name if alone else None

    def _port(self, item: Interface) -> Port:
        passes: bool | None = carries(item) and item.port_state not in _SHUT
        if self._held_back(item):
            passes = None
        return Port(item.name, item.hairpin, bool(item.isolated), passes)

    def _held_back(self, port: Interface) -> str | None:
        """What may hold frames of a port back and is not modelled."""
        return port_doubt(port) or ("tc" if port.name in self.filtered else None)

    def _keeps_vlans_apart(self, bridge: str) -> bool:
        return self.detail(bridge, "vlan_filtering") not in (None, "0")

    def decides(self, what: Literal["port", "isolation"], bridge: str, name: str) -> Doubt:
        """Why nobody knows what a port of somebody on a bridge does."""
        if self.unread is not None:
            return self.unread_line()
        if what == "port" and self._keeps_vlans_apart(bridge):
            return Doubt("bridge-filters-vlans", (bridge, name))
        for item in self.by_bridge.get(bridge, ()) if what == "port" else ():
            if said := self._held_back(item):
                return Doubt("link-not-modelled", (item.name, said), item.evidence)
        return Doubt(f"bridge-{what}-decides", (bridge, name))

    def unread_line(self) -> Doubt:
        """The line that could not be read."""
        assert self.unread is not None
        return Doubt("link-line-unread", (f"unread.{self.unread.reason}",), self.unread.evidence)


def _of_a_port(unread: Unread) -> bool:
    """Whether a line that was not understood may tell of a bridge or its ports: the first of an interface, or
    one with what ports have."""
    text = unread.evidence.text
    return unread.about == "links" and (not text[:1].isspace() or any(word in text for word in _OF_PORTS))


def _all(values: Iterable[bool | None]) -> bool | None:
    """What all of them say; None where they differ."""
    said = set(values)
    return said.pop() if len(said) == 1 else None
