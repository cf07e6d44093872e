"""Documents of JSON: a key or an element that is not there."""

from __future__ import annotations

import copy
import json
import random
from typing import TypeAlias

from tests.ablation.damage import Damage, base, pick
from tests.ablation.wholes import Files

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
# Keys that the program writes whenever it writes such an object at all: that one is missing can be seen.
ALWAYS = {
    "docker-containers.json": frozenset({
        "Id", "Name", "State", "HostConfig", "NetworkMode", "NetworkSettings", "Networks", "Ports",
        "IPAddress", "Running", "NetworkID", "IPPrefixLen", "Config", "PortBindings", "SandboxKey", "Pid",
    }),
    "docker-networks.json": frozenset({
        "Id", "Name", "Driver", "IPAM", "Config", "Subnet", "Containers", "Internal",
    }),
    "ip-addr.json": frozenset({"ifname", "ifindex", "addr_info", "local", "prefixlen", "family", "flags"}),
    "ip-link.json": frozenset({"ifname", "ifindex", "flags"}),
    "ip-route.json": frozenset({"dst"}),
    "ip-rule.json": frozenset({"priority", "table"}),
    "bridge.json": frozenset({"ifname"}),
}  # fmt: skip
NEVER = frozenset({
    "Created", "ResolvConfPath", "HostnamePath", "HostsPath", "LogPath", "RestartCount", "GraphDriver",
    "txqlen", "qdisc", "valid_life_time", "preferred_life_time", "Mounts", "AppArmorProfile", "Platform",
})  # fmt: skip


def drop_key(files: Files, draw: random.Random) -> Damage | None:
    """One key of an object is gone."""
    name = pick(files, draw, lambda it: base(it) in ALWAYS)
    if name is None:
        return None
    document = _read(files[name])
    places = [(where, key) for where in _within(document) if isinstance(where, dict) for key in where]
    telling = [(where, key) for where, key in places if key in ALWAYS[base(name)]]
    if not places:
        return None
    where, key = draw.choice(telling if telling and draw.random() < 0.7 else places)
    gone = where.pop(key)
    seen = (key in ALWAYS[base(name)] or key in NEVER) and gone not in (None, "", [], {})
    return Damage(
        "drop-key", {name: _written(document)}, words=(key, *_owner(where)), harmless=key in NEVER, about=key,
        undecidable="" if seen else "such an object need not have that key",
    )  # fmt: skip


def drop_element(files: Files, draw: random.Random) -> Damage | None:
    """One element of a list is gone."""
    name = pick(files, draw, lambda it: it.endswith(".json") and base(it) != "docker-version.json")
    if name is None:
        return None
    document = _read(files[name])
    lists = [where for where in _within(document) if isinstance(where, list) and where]
    if not lists:
        return None
    where = draw.choice(lists)
    gone = where.pop(draw.randrange(len(where)))
    named = "docker-containers" in name and where is document and _told_elsewhere(gone, files)
    return Damage(
        "drop-element", {name: _written(document)}, words=_owner(gone),
        undecidable="" if named else "an element that is gone leaves no trace",
    )  # fmt: skip


def _told_elsewhere(gone: Json, files: Files) -> bool:
    ident = gone.get("Id") if isinstance(gone, dict) else None
    return isinstance(ident, str) and ident.encode() in files.get("docker-networks.json", b"")


def _owner(where: Json) -> tuple[str, ...]:
    if not isinstance(where, dict):
        return ()
    named = (where.get(key) for key in ("Name", "ifname", "local"))
    return tuple(name.lstrip("/") for name in named if isinstance(name, str))


def _read(data: bytes) -> Json:
    found: Json = json.loads(data)
    return copy.deepcopy(found)


def _written(document: Json) -> bytes:
    return json.dumps(document, indent=1).encode() + b"\n"


def _within(document: Json) -> list[Json]:
    found: list[Json] = []
    todo: list[Json] = [document]
    while todo:
        one = todo.pop()
        if isinstance(one, dict | list):
            found.append(one)
            todo += one.values() if isinstance(one, dict) else one
    return found


WAYS = (drop_key, drop_element)
