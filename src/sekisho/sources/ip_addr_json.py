"""``ip -j addr``: the same facts as the text form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sekisho.model.evidence import Unread
from sekisho.model.links import Interface, InterfaceAddress
from sekisho.sources.addr_words import FLAGS, FOREVER
from sekisho.sources.ip_link_json import interface_object
from sekisho.sources.json_fields import Fields, number_or_word, read_objects, render_array
from sekisho.sources.json_stream import Json
from sekisho.sources.parsed import Parsed
from sekisho.sources.text import Unreadable
from sekisho.values.names import InterfaceName
from sekisho.values.numbers import integer

_LIFETIMES = (("valid_life_time", "valid_lft"), ("preferred_life_time", "preferred_lft"))
_DETAILS = (("metric", "metric"), ("anycast", "any"), ("ifa_flags", "flags"), ("protocol", "proto"))


def parse(text: str, file: str) -> Parsed[InterfaceAddress]:
    """Read addresses; one that cannot be read does not take the others along.

    Raises SourceError where the file is not JSON.
    """
    return read_objects(text, file, _read_interface)


def render(interfaces: Iterable[Interface], addresses: Iterable[InterfaceAddress]) -> str:
    """Print interfaces with their addresses as ``ip -j addr`` does."""
    owned: dict[str, list[Json]] = {}
    for address in addresses:
        owned.setdefault(address.interface, []).append(_object(address))
    return render_array(
        interface_object(interface) | {"addr_info": owned.get(interface.name, [])} for interface in interfaces
    )


def _read_interface(fields: Fields) -> Iterator[InterfaceAddress | Unread]:
    name = fields.need_interface("ifname")
    if "addr_info" not in fields.left:  # iproute2 writes it for interfaces without addresses, too
        yield Unread(fields.evidence, "missing-key", "addr_info")
    for info in fields.objects("addr_info"):
        try:
            yield _read_address(info, name)
        except Unreadable as fault:
            yield fault.at(fields.evidence)


def _read_address(fields: Fields, interface: InterfaceName) -> InterfaceAddress:
    family = {"inet": 4, "inet6": 6}.get(fields.need_text("family"))
    address, peer, length = fields.address("local"), fields.address("address"), fields.number("prefixlen")
    if address is None or length is None:
        raise Unreadable("missing-key", "local" if address is None else "prefixlen")
    if address.family != family or not 0 <= length <= (32 if family == 4 else 128):
        raise Unreadable("bad-address", f"{address}/{length}")
    details = [(word, value) for key, word in _DETAILS if (value := fields.text(key)) is not None]
    flags = tuple(key for key in list(fields.left) if key in FLAGS and fields.flag(key))
    broadcast, scope, label = fields.address("broadcast"), fields.text("scope"), fields.text("label")
    for key, word in _LIFETIMES:
        seconds = fields.number(key)
        if seconds is not None:
            details.append((word, "forever" if seconds == FOREVER else f"{seconds}sec"))
    fields.finish()
    return InterfaceAddress(
        interface, address.family, address, length, broadcast, peer, scope, label, flags,
        tuple(details), fields.evidence,
    )  # fmt: skip


def _object(address: InterfaceAddress) -> dict[str, Json]:
    details = dict(address.details)
    out: dict[str, Json] = {"family": "inet6" if address.family == 6 else "inet"}
    out["local"] = str(address.address)
    if address.peer is not None:
        out["address"] = str(address.peer)
    out["prefixlen"] = address.length
    if "metric" in details:
        out["metric"] = number_or_word(details["metric"])
    if address.broadcast is not None:
        out["broadcast"] = str(address.broadcast)
    if "any" in details:
        out["anycast"] = details["any"]
    if address.scope is not None:
        out["scope"] = address.scope
    out |= dict.fromkeys(address.flags, True)
    out |= {key: details[word] for key, word in _DETAILS[2:] if word in details}
    if address.label is not None:
        out["label"] = address.label
    out |= {key: _seconds(details[word]) for key, word in _LIFETIMES if word in details}
    return out


def _seconds(lifetime: str) -> int:
    return FOREVER if lifetime == "forever" else integer(lifetime.removesuffix("sec"))
