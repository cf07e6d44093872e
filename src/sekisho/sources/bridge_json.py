"""``bridge -j -d link`` and ``bridge -j fdb``, one array or both one after another."""

from __future__ import annotations

from dataclasses import dataclass

from sekisho.model.evidence import Evidence, Unread
from sekisho.model.links import BridgeEntry
from sekisho.sources.json_stream import elements, line_of_key, list_at, text_at, value_at


@dataclass(frozen=True, slots=True)
class BridgePort:
    """A port of a bridge; ``hairpin`` None where the listing was without ``-d``."""

    name: str
    master: str | None
    hairpin: bool | None
    evidence: Evidence


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
        value = element.value
        name = text_at(value, "ifname")
        evidence = Evidence(file, *line_of_key(element, "ifname"))
        master = text_at(value, "master") or None
        if not name:
            unread.append(Unread(evidence, "unknown-object"))
        elif text_at(value, "mac"):
            flags = [flag for flag in list_at(value, "flags") if isinstance(flag, str)]
            state = text_at(value, "state")
            entries.append(
                BridgeEntry(
                    text_at(value, "mac"), name, master, (*flags, *([state] if state else [])), evidence
                )
            )
        elif value_at(value, "vlans") is not None:
            unread.append(Unread(evidence, "not-modelled", "vlan"))
        else:
            hairpin = value_at(value, "hairpin")
            ports.append(BridgePort(name, master, hairpin if isinstance(hairpin, bool) else None, evidence))
    return Bridges(tuple(ports), tuple(entries) or None, tuple(unread))
