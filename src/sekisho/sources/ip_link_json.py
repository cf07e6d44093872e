"""``ip -j [-d] link`` and the interfaces of ``ip -j addr``, as the same facts as the text."""

from __future__ import annotations

import json
from collections.abc import Iterable

from sekisho.model.links import Interface
from sekisho.sources.json_fields import Fields, compact, number_or_word, read_objects, render_array
from sekisho.sources.json_stream import Json
from sekisho.sources.link_words import JSON_NAMES, Pair, info_names, is_marker, reverse, with_port
from sekisho.sources.parsed import Parsed
from sekisho.sources.text import Unreadable
from sekisho.values.numbers import integer, is_number

_TEXT_NAMES = reverse(JSON_NAMES)
_STRINGS = frozenset({"group", "group_fwd_mask"})  # strings even where they are numbers
_BESIDE_MAC = frozenset({"link", "brd", "permaddr", "peer"})
# What follows a kind's own settings.
_TOP_WORDS = frozenset({"addrgenmode", "numtxqueues", "numrxqueues", "alias"})


def parse(text: str, file: str, beside_addresses: bool = True) -> Parsed[Interface]:
    """Read interfaces; keys that nobody knows are kept as details. Raises SourceError for no JSON.
    ``beside_addresses``: ``ip_addr_json`` reads the text as well, for its addresses."""
    return read_objects(text, file, lambda fields: [_read(fields, beside_addresses)])


def _read(fields: Fields, beside_addresses: bool) -> Interface:
    if fields.left.get("addr_info") and not beside_addresses:
        raise Unreadable("unknown-word", "addr_info")
    return read_interface(fields)


def render(interfaces: Iterable[Interface]) -> str:
    """Print interfaces as ``ip -j [-d] link`` does, with as much as was read."""
    return render_array(interface_object(interface) for interface in interfaces)


def read_interface(fields: Fields) -> Interface:
    """One object of ``ip -j link`` or ``ip -j addr``; raises Unreadable."""
    name, index, flags = fields.need_interface("ifname"), fields.number("ifindex"), fields.words("flags")
    mtu, mac, master = fields.number("mtu"), fields.mac("address"), fields.interface("master")
    state, kind = fields.text("operstate"), "" if "promiscuity" in fields.left else None
    link_index, peer = fields.number("link_index"), fields.text("link")
    peer = f"if{link_index}" if link_index is not None else peer
    namespace = fields.text("link_netns") or fields.text("link_netnsid")
    fields.raw("addr_info")
    details: list[Pair] = []
    for key in list(fields.left):
        if key == "linkinfo":
            kind = _read_linkinfo(fields, details) or kind
        elif key == "altnames":
            details += [("altname", name) for name in fields.words(key)]
        else:
            details.append((_TEXT_NAMES.get(key, key), as_text(key, fields.raw(key))))
    if ("link", "loopback") in details:
        kind = "loopback"
    return with_port(
        Interface(
            name=name, index=index, kind=kind, flags=flags, state=state, mtu=mtu, mac=mac, master=master,
            peer=peer, peer_namespace=namespace, details=tuple(details), evidence=fields.evidence,
        )
    )  # fmt: skip


def _read_linkinfo(fields: Fields, details: list[Pair]) -> str | None:
    info = fields.object("linkinfo")
    if info is None:
        return None
    kind, slave = info.text("info_kind"), info.text("info_slave_kind")
    for marker, key in ((kind, "info_data"), (slave and f"{slave}_slave", "info_slave_data")):
        data = info.object(key)
        if marker is None:
            continue
        details.append((marker, ""))
        names = reverse(info_names(marker))
        for name, value in data.left.items() if data is not None else ():
            details.append((names.get(name, name), as_text(name, value)))
    info.finish()
    return kind


def as_text(key: str, value: Json) -> str:
    """A value as the text form writes it: on/off, seconds with two digits, nothing for a bare word."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "" if key == "netns-immutable" else "on" if value else "off"
    if isinstance(value, float):
        return f"{value:.2f}"
    return compact(value) if isinstance(value, (list, dict)) else str(value)


def _as_json(key: str, value: str) -> Json:
    if key in _STRINGS:
        return value
    if value in ("on", "off"):
        return value == "on"
    if not value:
        return True if key == "netns-immutable" else None
    try:
        if value[0] in "[{":
            found: Json = json.loads(value)
            return found
        return float(value) if key.endswith("_timer") else number_or_word(value)
    except ValueError:
        return value


def interface_object(interface: Interface) -> dict[str, Json]:
    """One interface as ``ip -j`` prints it."""
    out: dict[str, Json] = {"ifindex": interface.index} if interface.index is not None else {}
    peer = interface.peer
    if peer is not None and peer.startswith("if") and is_number(peer[2:]):
        out["link_index"] = integer(peer[2:])
    elif peer is not None:
        out["link"] = peer
    out |= {"ifname": interface.name, "flags": list(interface.flags)}
    names = [name for name, _ in interface.details]
    start = names.index("link") if "link" in names else len(names)
    _put_header(interface, interface.details[:start], out)
    _put_details(interface, interface.details[start:], out)
    return out


def _put_header(interface: Interface, details: tuple[Pair, ...], out: dict[str, Json]) -> None:
    words: dict[str, Json] = {JSON_NAMES.get(name, name): _as_json(name, value) for name, value in details}
    known: dict[str, Json] = {
        "mtu": interface.mtu, "qdisc": words.pop("qdisc", None), "master": interface.master,
        "operstate": interface.state,
    }  # fmt: skip
    out |= {key: value for key, value in known.items() if value is not None} | words


def _put_details(interface: Interface, details: tuple[Pair, ...], out: dict[str, Json]) -> None:
    start = 0
    while start < len(details) and details[start][0] in _BESIDE_MAC:
        name, value = details[start]
        out[JSON_NAMES.get(name, name)] = value
        if start == 0 and interface.mac is not None:
            out["address"] = interface.mac
        start += 1
    if interface.peer_namespace is not None:
        number = is_number(interface.peer_namespace)
        out["link_netnsid" if number else "link_netns"] = number_or_word(interface.peer_namespace)
    info: dict[str, Json] = {}
    into, names = out, JSON_NAMES
    altnames: list[Json] = []
    for name, value in details[start:]:
        if is_marker((name, value), interface.kind):
            slave = name.endswith("_slave")
            info["info_slave_kind" if slave else "info_kind"] = name.removesuffix("_slave")
            out["linkinfo"], into, names = info, {}, info_names(name)
            info["info_slave_data" if slave else "info_data"] = into
        elif name == "altname":
            altnames.append(value)
            out["altnames"] = altnames
        else:
            if name in _TOP_WORDS:
                into, names = out, JSON_NAMES
            into[names.get(name, name)] = _as_json(name, value)
    for key in [key for key, value in info.items() if value == {}]:
        del info[key]
