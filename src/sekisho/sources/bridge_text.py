"""``bridge [-d] link`` and ``bridge fdb`` as text, in either order one after the other.

::

    4: v2@w2: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 master br0 state forwarding priority 32 cost 2
        hairpin on guard off ... isolated on locked off                          (with -d)
    02:42:ac:11:00:02 dev v2 master br0 [static|permanent|stale] [self] [vlan N] ...
"""

from __future__ import annotations

import re

from sekisho.model.evidence import Evidence, Unread
from sekisho.model.links import BridgeEntry
from sekisho.sources.bridge_json import BridgePort, Bridges
from sekisho.sources.text import Unreadable, Words, named, numbered_lines, read_mac, unknown_word
from sekisho.values.address import Address
from sekisho.values.names import InterfaceName, interface_name

# The first line of a port; iproute2 before 4.20 writes the operational state between name and flags.
PORT_LINE = (
    r"[0-9]{1,20}: \S+?(?: state \S+ \S+)? ?: <\S*> .*\bstate \S+ priority [0-9]{1,20} cost [0-9]{1,20}"
)
ENTRY_LINE = r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2} dev \S+"
_PORT = re.compile(PORT_LINE)
_ENTRY = re.compile(ENTRY_LINE)
_VALUES = frozenset({"mtu", "master", "state", "priority", "cost"})
_ENTRY_VALUES = frozenset({"dst", "vlan", "vni", "port", "via", "used", "src_vni", "link-netnsid", "nhid"})
_ENTRY_FLAGS = frozenset({
    "self", "router", "extern_learn", "offload", "sticky", "added_by_user", "permanent", "static", "stale",
    "noarp", "reachable", "delay", "failed", "locked",
})  # fmt: skip


def parse(text: str, file: str) -> Bridges:
    """Read ports and forwarding entries. Details of a port whose first line is not read are not, either."""
    ports: list[BridgePort] = []
    entries: list[BridgeEntry] = []
    unread: list[Unread] = []
    described: int | None = None  # whose details come next
    for number, line in numbered_lines(text):
        evidence = Evidence(file, number, line)
        indented = line[0].isspace()
        port, described = described, described if indented else None
        try:
            if indented and port is not None:
                ports[port] = _with_details(ports[port], Words(line))
            elif _PORT.match(line):
                ports.append(_read_port(line, evidence))
                described = len(ports) - 1
            elif _ENTRY.match(line):
                entries.append(_read_entry(Words(line), evidence))
            else:
                raise Unreadable("unknown-line", line.split()[0])
        except Unreadable as fault:
            unread.append(fault.at(evidence))
    return Bridges(tuple(ports), tuple(entries) or None, tuple(unread))


def _read_port(line: str, evidence: Evidence) -> BridgePort:
    name = re.split(r"[:@ ]", line.partition(": ")[2], maxsplit=1)[0]
    words = Words(line[line.index(">") + 1 :])
    found: dict[str, str] = {}
    while words:
        word = words.take()
        if word not in _VALUES:
            raise unknown_word(word, _VALUES, last=words.is_last)
        found[word] = words.take(word)
    above = found.get("master")
    master = None if above is None else named(interface_name, above)
    return BridgePort(named(interface_name, name), master, None, evidence, state=found["state"])


def _with_details(port: BridgePort, words: Words) -> BridgePort:
    said: dict[str, str] = {}
    while words:
        word = words.take()
        said[word] = words.take(word)
    hairpin, isolated = _switch(said.get("hairpin")), _switch(said.get("isolated"))
    return port.with_switches(
        port.hairpin if hairpin is None else hairpin, port.isolated if isolated is None else isolated
    )


def _switch(value: str | None) -> bool | None:
    if value not in ("on", "off", None):
        raise Unreadable("unknown-word", value or "")
    return None if value is None else value == "on"


def _read_entry(words: Words, evidence: Evidence) -> BridgeEntry:
    mac = read_mac(words.take())
    port: InterfaceName | None = None
    master: InterfaceName | None = None
    flags: list[str] = []
    far: Address | None = None
    while words:
        word = words.take()
        if word == "dev":
            port = named(interface_name, words.take(word))
        elif word == "master":
            master = named(interface_name, words.take(word))
        elif word == "dst":
            far = words.address(word)
        elif word in _ENTRY_VALUES:
            words.take(word)
        elif word in _ENTRY_FLAGS:
            flags.append(word)
        else:
            raise unknown_word(word, _ENTRY_FLAGS | _ENTRY_VALUES | {"dev", "master"}, last=words.is_last)
    if port is None:
        raise Unreadable("truncated", "dev")
    return BridgeEntry(mac, port, master, tuple(flags), evidence, far)
