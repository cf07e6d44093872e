"""What interfaces, addresses, neighbours, bridge entries and ipsets are on this host."""

from __future__ import annotations

from sekisho.explain.context import PLAIN, HostContext
from sekisho.explain.message import Message, join, m
from sekisho.explain.routes import describe_bridge
from sekisho.model.links import BridgeEntry, Interface, InterfaceAddress, Neighbour
from sekisho.model.netfilter import IpSet
from sekisho.semantics.ports import carries, is_up
from sekisho.values.address import Prefix
from sekisho.values.numbers import is_number

_NEIGHBOUR_STATES = {"REACHABLE", "STALE", "DELAY", "PROBE", "PERMANENT", "NOARP"}


def explain_interface(item: Interface, context: HostContext) -> tuple[Message, ...]:
    """What kind of interface it is, what it is plugged into, whether it works."""
    said = _kind(item, context)
    if item.master is not None:
        bond = "SLAVE" in item.flags or context.bridge(item.master) is None
        said.append(m("link.port" if bond and context.is_host else "link.master", item.master))
    default = context.default_route
    if context.is_host and default is not None and any(way.dev == item.name for way in default.nexthops):
        said.append(m("link.default"))
    if not is_up(item):
        said.append(m("link.state.down"))
    elif not carries(item):
        said.append(m("link.state.no_carrier"))
    elif "UP" in item.flags or item.state == "UP":
        said.append(m("link.state.up"))
    if item.port_state not in (None, "forwarding"):
        said.append(m("link.port_state", item.port_state))
    if item.hairpin:
        said.append(m("link.hairpin"))
    if item.isolated:
        said.append(m("link.isolated"))
    if item.mtu is not None:
        said.append(m("link.mtu", f"{item.mtu:,}"))
    return tuple(said)


def _kind(item: Interface, context: HostContext) -> list[Message]:
    if item.kind == "loopback" or "LOOPBACK" in item.flags or item.name == "lo":
        return [m("link.loopback", item.name)]
    described = describe_bridge(item.name, context)
    if described:
        return described
    if item.kind == "bridge":
        return [m("link.bridge", item.name)]
    if item.kind == "veth" or (item.kind is None and item.peer is not None and item.master is not None):
        veth = m("link.veth", item.name)
        far = _far_end(item, context)
        return [m("link.veth.far", veth, far) if far is not None else m("link.veth.unknown", veth)]
    if item.kind:
        return [m("link.kind", item.name, item.kind)]
    return [m("link.physical", item.name)]


def _far_end(item: Interface, context: HostContext) -> Message | None:
    """Where the other end of a veth pair is: a captured namespace whose interface points back here."""
    peer_index = (
        item.peer[2:] if item.peer and item.peer.startswith("if") and is_number(item.peer[2:]) else None
    )
    if item.peer is not None and peer_index is None:
        return m("link.end.name", item.peer)
    if item.index is not None and peer_index is not None and context.is_host:
        back = f"if{item.index}"
        names = context.far_ends.get((back, peer_index), ())
        if len(names) == 1:
            return m("link.end.container", names[0])
    if item.peer_namespace is not None:
        return m("link.end.namespace", item.peer_namespace)
    return m("link.end.index", peer_index) if peer_index is not None else None


def explain_address(item: InterfaceAddress, context: HostContext) -> tuple[Message, ...]:
    """One address: whose it is and what is on the link with it."""
    text = str(item.address)
    if item.address.value in (1,) or (item.family == 4 and item.address.value >> 24 == 127):
        return (m("address.loopback", text),)
    if item.scope == "link":
        said = [m("address.link_local", text, item.interface)]
    elif item.length == (32 if item.family == 4 else 128):
        said = [m("address.single", text, item.interface)]
    else:
        said = [m("address.own", text, item.interface, _network(item))]
    bridge = context.bridge(item.interface)
    if bridge is not None and bridge.kind not in PLAIN and item.scope != "link":
        said.extend(describe_bridge(item.interface, context))
        said.append(m("address.gateway"))
    if item.broadcast is not None:
        said.append(m("address.broadcast", item.broadcast))
    if item.peer is not None:
        said.append(m("address.peer", item.peer))
    said.extend(m(f"address.{flag}") for flag in item.flags
                if flag in ("secondary", "tentative", "deprecated", "dynamic"))  # fmt: skip
    return tuple(said)


def _network(item: InterfaceAddress) -> str:
    bits = 32 if item.family == 4 else 128
    host = bits - item.length
    return str(Prefix(item.family, item.address.value >> host << host, item.length))


def explain_neighbour(item: Neighbour, context: HostContext) -> tuple[Message, ...]:
    """One entry of the neighbour table (ARP, NDP)."""
    who = context.name_of(item.address)
    if item.state in ("FAILED", "INCOMPLETE"):
        return (m(f"neighbour.{item.state.lower()}", who, item.interface),)
    said = [m("neighbour.known", who, item.interface, item.mac or "?")]
    if item.state is not None:
        code = item.state if item.state in _NEIGHBOUR_STATES else "other"
        said.append(m("neighbour.state", item.state, m(f"neighbour.{code}")))
    if "router" in item.flags:
        said.append(m("neighbour.router"))
    return tuple(said)


def explain_bridge_entry(item: BridgeEntry) -> tuple[Message, ...]:
    """One entry of a bridge's forwarding table."""
    if item.bridge is None or item.bridge == item.port:
        return (m("fdb.self", item.mac, item.port),)
    return (m("fdb.entry", item.mac, item.port, item.bridge),)


def explain_ipset(item: IpSet, context: HostContext) -> tuple[Message, ...]:
    """One set, its entries and the rules that ask it."""
    said = [m("ipset.create", item.name, item.type, len(item.entries))]
    if item.entries:
        shown = [element for element, _options in item.entries[:20]]
        said.append(m("ipset.entries", ", ".join(shown + (["..."] if len(item.entries) > 20 else []))))
    users = context.set_users.get(item.name, ())
    said.append(m("ipset.used", join("and", users)) if users else m("ipset.unused"))
    return tuple(said)
