"""``bridge -j -d link`` and ``bridge -j fdb``, one array or both one after another."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sekisho.model.evidence import Evidence, Unread
from sekisho.model.links import BridgeEntry
from sekisho.sources.json_stream import Json, elements, line_of_key, list_at, text_at, value_at
from sekisho.values.address import Address
from sekisho.values.names import BadNameError, InterfaceName, interface_name, link_address


@dataclass(frozen=True, slots=True)
class BridgePort:
    """A port of a bridge; ``hairpin`` and ``isolated`` None where the listing was without ``-d``."""

    name: InterfaceName
    master: InterfaceName | None
    hairpin: bool | None
    evidence: Evidence = field(compare=False)
    isolated: bool | None = None
    state: str | None = None

    def with_switches(self, hairpin: bool | None, isolated: bool | None) -> BridgePort:
        """The port with what the lines of ``-d`` say."""
        return replace(self, hairpin=hairpin, isolated=isolated)


@dataclass(frozen=True, slots=True)
class Bridges:
    """``entries`` is None when the text has no forwarding entry: fdb may not have been captured.

    ``unread`` are VLAN entries (reason ``not-modelled``) and objects of no known kind.
    """

    ports: tuple[BridgePort, ...]
    entries: tuple[BridgeEntry, ...] | None
    unread: tuple[Unread, ...] = ()


def parse(text: str, file: str) -> Bridges:
    """Read ports and forwarding entries. Raises SourceError where the text is not JSON."""
    ports: list[BridgePort] = []
    entries: list[BridgeEntry] = []
    unread: list[Unread] = []
    for element in elements(text, file):
        evidence = Evidence(file, *line_of_key(element, "ifname"))
        try:
            found = _object(element.value, evidence)
        except BadNameError as error:
            found = Unread(evidence, "bad-name", error.text)
        if isinstance(found, BridgePort):
            ports.append(found)
        elif isinstance(found, BridgeEntry):
            entries.append(found)
        else:
            unread.append(found)
    return Bridges(tuple(ports), tuple(entries) or None, tuple(unread))


def _far(value: Json) -> Address | None:
    try:
        return Address.parse(text_at(value, "dst"))
    except ValueError:
        return None


def _object(value: Json, evidence: Evidence) -> BridgePort | BridgeEntry | Unread:
    """Raises BadNameError."""
    if not text_at(value, "ifname"):
        return Unread(evidence, "unknown-object")
    name, above = interface_name(text_at(value, "ifname")), text_at(value, "master")
    master = interface_name(above) if above else None
    if text_at(value, "mac"):
        flags = [flag for flag in list_at(value, "flags") if isinstance(flag, str)]
        state = text_at(value, "state")
        mac = link_address(text_at(value, "mac"))
        return BridgeEntry(mac, name, master, (*flags, *([state] if state else [])), evidence, _far(value))
    if value_at(value, "vlans") is not None:
        return Unread(evidence, "not-modelled", "vlan")
    switches = (value_at(value, word) for word in ("hairpin", "isolated"))
    hairpin, isolated = (each if isinstance(each, bool) else None for each in switches)
    return BridgePort(name, master, hairpin, evidence, isolated, text_at(value, "state") or None)
