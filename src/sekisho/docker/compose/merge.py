"""How one compose file (or a service that extends another) overrides the one before it."""

from __future__ import annotations

from collections.abc import Callable

from sekisho.docker.compose.node import Node, matches, pattern, scalar_text
from sekisho.errors import said

Path = tuple[str, ...]

_OVERRIDE = tuple(map(pattern, (
    "services.*.command", "services.*.entrypoint", "services.*.healthcheck.test",
)))  # fmt: skip
_SEQUENCES = tuple(map(pattern, (
    "networks.*.labels", "volumes.*.labels", "services.*.annotations", "services.*.build.args",
    "services.*.build.additional_contexts", "services.*.build.labels", "services.*.deploy.labels",
    "services.*.dns", "services.*.dns_opt", "services.*.dns_search", "services.*.env_file",
    "services.*.label_file", "services.*.environment", "services.*.labels",
    "services.*.volumes.*.volume.labels", "services.*.sysctls", "services.*.tmpfs",
)))  # fmt: skip
_EXTRA_HOSTS = tuple(map(pattern, ("services.*.extra_hosts", "services.*.build.extra_hosts")))
_NETWORKS = pattern("services.*.networks")
_MODELS = pattern("services.*.models")
_DEPENDS = pattern("services.*.depends_on")
_BUILD = pattern("services.*.build")
_LOGGING = pattern("services.*.logging")
_IPAM = pattern("networks.*.ipam.config")

_BY_KEY = tuple(map(pattern, (
    "networks.*.labels", "networks.*.ipam.options", "services.*.annotations", "services.*.build.args",
    "services.*.build.tags", "services.*.build.labels", "services.*.cap_add", "services.*.cap_drop",
    "services.*.deploy.labels", "services.*.dns", "services.*.dns_opt", "services.*.dns_search",
    "services.*.environment", "services.*.expose", "services.*.labels", "services.*.links",
    "services.*.networks.*.aliases", "services.*.networks.*.link_local_ips", "services.*.profiles",
    "services.*.sysctls", "services.*.tmpfs",
)))  # fmt: skip
_PORTS = pattern("services.*.ports")


def merge(base: Node, over: Node, path: Path = ()) -> Node:
    """``base`` with ``over`` on top; both may be changed. Raises SourceError where kinds do not fit."""
    if over.tag == "!override":
        return over
    if any(matches(path, one) for one in _OVERRIDE):
        return over
    if any(matches(path, one) for one in _SEQUENCES):
        return Node([*as_sequence(base).items, *as_sequence(over).items], over.place)
    if any(matches(path, one) for one in _EXTRA_HOSTS):
        before = as_sequence(base).items
        return Node([*before, *(item for item in as_sequence(over).items if item not in before)], over.place)
    if matches(path, _NETWORKS) or matches(path, _MODELS):
        return _mappings(as_mapping(base), as_mapping(over), path)
    if matches(path, _DEPENDS):
        return _mappings(depends_mapping(base), depends_mapping(over), path)
    if matches(path, _BUILD):
        return _mappings(_build(base), _build(over), path)
    if matches(path, _LOGGING) and base.mapping and over.mapping:
        first, second = base.text("driver"), over.text("driver")
        return over if first and second and first != second else _mappings(base, over, path)
    if matches(path, _IPAM):
        return _ipam(base, over, path)
    if over.value is None and over.tag != "!reset":
        return base
    if isinstance(base.value, dict):
        if not isinstance(over.value, dict):
            raise over.error(f"cannot override {'.'.join(path)}", said("the file before has a mapping here"))
        return _mappings(base, over, path)
    if isinstance(base.value, list):
        if not isinstance(over.value, list):
            raise over.error(f"cannot override {'.'.join(path)}", said("the file before has a list here"))
        return Node([*base.items, *over.items], over.place)
    return over


def _mappings(base: Node, over: Node, path: Path) -> Node:
    result = dict(base.mapping)
    for key, value in over.mapping.items():
        if value.tag == "!reset":
            result.pop(key, None)
        elif key in result:
            result[key] = merge(result[key], value, (*path, key))
        else:
            result[key] = value
    return Node(result, base.place if base.value is not None else over.place)


def _build(node: Node) -> Node:
    return Node({"context": node}, node.place) if isinstance(node.value, str) else node


def as_sequence(node: Node) -> Node:
    """A mapping as ``KEY=value`` items in the order of the keys, a word as a list of one."""
    if isinstance(node.value, dict):
        items: list[Node] = []
        for key, value in node.value.items():
            if value.value is None:
                items.append(Node(key, value.place))
            elif isinstance(value.value, list):
                items += [Node(f"{key}={_text(one)}", one.place) for one in value.value]
            else:
                items.append(Node(f"{key}={_text(value)}", value.place))
        return Node(sorted(items, key=lambda item: str(item.value)), node.place)
    if isinstance(node.value, list):
        return node
    return Node([] if node.value is None else [node], node.place)


def _text(node: Node) -> str:
    return "" if isinstance(node.value, dict | list) else scalar_text(node.value)


def as_mapping(node: Node) -> Node:
    """A list of names as a mapping of nothing."""
    if isinstance(node.value, list):
        return Node({_text(item): Node(None, item.place) for item in node.value}, node.place)
    return node if isinstance(node.value, dict) else Node({}, node.place)


def depends_mapping(node: Node) -> Node:
    """``depends_on`` in its long form."""
    if isinstance(node.value, list):
        return Node(
            {
                _text(item): Node(
                    {
                        "condition": Node("service_started", item.place),
                        "required": Node(True, item.place),
                    },
                    item.place,
                )
                for item in node.value
            },
            node.place,
        )
    return node if isinstance(node.value, dict) else Node({}, node.place)


def _ipam(base: Node, over: Node, path: Path) -> Node:
    """Entries of one subnet are merged, others stand beside one another."""
    found: list[Node] = []

    def at(subnet: str | None) -> int | None:
        return next((i for i, item in enumerate(found) if item.text("subnet") == subnet), None)

    for original in base.items:
        for item in over.items:
            if item.text("subnet") != original.text("subnet") and at(item.text("subnet")) is None:
                found.append(item)
                continue
            merged = _mappings(original, item, path)
            place = at(merged.text("subnet"))
            if place is None:
                found.append(merged)
            else:
                found[place] = merged
    return Node(found, over.place)


def unique(node: Node, path: Path = ()) -> Node:
    """Of list items that say the same thing twice, the later one stays in the place of the earlier."""
    if isinstance(node.value, dict):
        return Node(
            {key: unique(item, (*path, key)) for key, item in node.value.items()}, node.place, node.tag
        )
    if isinstance(node.value, list):
        index: Callable[[Node], str] | None = None
        if any(matches(path, one) for one in _BY_KEY):
            index = _key
        elif matches(path, _PORTS):
            index = _port_key
        if index is None:
            return node
        kept: dict[str, Node] = {}
        for item in node.value:
            kept[index(item)] = item
        return Node(list(kept.values()), node.place, node.tag)
    return node


def _key(node: Node) -> str:
    return _text(node).partition("=")[0]


def _port_key(node: Node) -> str:
    if not node.mapping:
        return _text(node)
    host = node.text("host_ip") if "host_ip" in node.mapping else "0.0.0.0"
    published = node.text("published") if "published" in node.mapping else "<nil>"
    return f"{host}:{published}:{node.text('target')}/{node.text('protocol') or 'tcp'}"
