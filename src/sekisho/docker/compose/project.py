"""A compose project: its checked model, and the networking part of ``docker compose config``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sekisho.docker.compose import env_files
from sekisho.docker.compose.files import ProjectFiles
from sekisho.docker.compose.node import Node, scalar_text
from sekisho.docker.intent import NetworkSpec, SubnetSpec
from sekisho.errors import said
from sekisho.model.evidence import Evidence
from sekisho.sources.bounds import USUAL, Bounds
from sekisho.values.address import Address, Prefix
from sekisho.values.numbers import integer, is_number
from sekisho.values.unwound import Call, unwound

# What `config` keeps of a service: everything that the network asks of it.
NETWORK_KEYS = (
    "name", "image", "networks", "network_mode", "ports", "expose", "extra_hosts", "dns", "dns_search",
    "dns_opt", "links", "external_links", "hostname", "domainname", "mac_address", "sysctls", "cap_add",
    "privileged", "scale", "deploy", "depends_on", "container_name", "profiles", "labels",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Project:
    """``services`` are the enabled ones in the order of their names, ``networks`` those that they use.

    ``unset``: variables without a value, with the place that asks for them.
    """

    name: str
    services: tuple[tuple[str, Node], ...]
    networks: tuple[tuple[str, Node], ...]
    unset: tuple[tuple[str, Evidence], ...] = field(default=())
    bounds: Bounds = field(default=USUAL)

    def config(self) -> dict[str, object]:
        """The networking part of what ``docker compose config --format json`` prints."""
        services: dict[str, object] = {}
        for name, service in self.services:
            kept = {key: item.plain() for key, item in service.mapping.items() if key in NETWORK_KEYS}
            services[name] = kept
        networks = {key: node.plain() for key, node in self.networks}
        return {"name": self.name, "networks": networks, "services": services}

    def network_name(self, key: str) -> str:
        """The name that Docker knows a network of the file by."""
        return next((node.text("name") or key for name, node in self.networks if name == key), key)


def normal_name(text: str) -> str:
    """A project's name as compose spells it."""
    return "".join(re.findall("[a-z0-9_-]", text.lower())).lstrip("_-")


def make_project(
    model: Node,
    name: str,
    profiles: set[str],
    unset: tuple[tuple[str, Evidence], ...],
    variables: Mapping[str, str],
    files: ProjectFiles,
) -> Project:
    """Normalise and check. Raises SourceError with the place of what does not hold together.

    ``variables`` are those that a service's env_file may refer to, ``files`` reads it.
    """
    services = model.get("services") or Node({}, model.place)
    networks = dict((model.get("networks") or Node({}, model.place)).mapping)
    for service_name, service in services.mapping.items():
        if not isinstance(service.value, dict):
            service.value = {}
        _normalise(service)
        _check_one(service_name, service)
    enabled = {key: node for key, node in services.mapping.items() if _enabled(node, profiles)}
    if any("default" in _network_keys(node) for node in enabled.values()):
        networks.setdefault("default", Node(None, model.place))
    for service_name, service in enabled.items():
        _check(service_name, service, enabled, services, networks, model)
    _check_cycles(enabled)
    for service in enabled.values():
        env_files.check(service, variables, files)
    used: dict[str, Node] = {}
    for service in enabled.values():
        for key in _network_keys(service):
            used[key] = networks[key]
    named = tuple((key, _named(key, node, name)) for key, node in sorted(used.items()))
    return Project(name, tuple(sorted(enabled.items())), named, unset, files.bounds)


def _network_keys(service: Node) -> list[str]:
    if service.get("network_mode") is not None or service.get("provider") is not None:
        return []
    found = service.get("networks")
    return list(found.mapping) if found is not None else []


def _normalise(service: Node) -> None:
    entries = service.mapping
    if "network_mode" not in entries and "provider" not in entries:
        networks = entries.get("networks")
        if networks is None or not networks.mapping:
            entries["networks"] = Node({"default": Node(None, service.place)}, service.place)
    if "ports" in entries:
        for port in entries["ports"].items:
            port.mapping.setdefault("protocol", Node("tcp", port.place))
            port.mapping.setdefault("mode", Node("ingress", port.place))
    depends = entries.get("depends_on") or Node({}, service.place)
    for other in depends.mapping.values():
        other.mapping.setdefault("required", Node(True, other.place))
    for link in (entries.get("links") or Node([])).items:
        _depend(depends, scalar_text(_scalar(link)).split(":")[0], link)
    for key in ("network_mode", "ipc", "pid", "uts", "cgroup"):
        mode = service.text(key) or ""
        if mode.startswith("service:"):
            _depend(depends, mode.removeprefix("service:"), entries[key])
    for source in (entries.get("volumes_from") or Node([])).items:
        text = scalar_text(_scalar(source))
        if not text.startswith("container:"):
            _depend(depends, text.split(":")[0], source, restart=False)
    if depends.mapping:
        entries["depends_on"] = depends


def _scalar(node: Node) -> str | int | float | bool | None:
    return None if isinstance(node.value, dict | list) else node.value


def _depend(depends: Node, name: str, at: Node, restart: bool = True) -> None:
    if name not in depends.mapping:
        depends.mapping[name] = Node(
            {
                "condition": Node("service_started", at.place),
                "restart": Node(restart, at.place),
                "required": Node(True, at.place),
            },
            at.place,
        )


def _enabled(service: Node, profiles: set[str]) -> bool:
    mine = {scalar_text(_scalar(item)) for item in (service.get("profiles") or Node([])).items}
    return not mine or "*" in profiles or bool(mine & profiles)


def _named(key: str, node: Node, project: str) -> Node:
    entries = dict(node.mapping)
    if "name" not in entries:
        external = node.flag("external")
        entries["name"] = Node(key if external else f"{project}_{key}", node.place)
    return Node(entries, node.place)


# ---------------------------------------------------------------------------------------- checks


def _check_one(name: str, service: Node) -> None:
    for port in (service.get("ports") or Node([])).items:
        host = port.text("host_ip")
        if host is not None:
            try:
                Address.parse(host)
            except ValueError:
                raise port.error(f"services.{name}.ports.[]: invalid ip address: {host}") from None


def _check(
    name: str, service: Node, enabled: dict[str, Node], services: Node, networks: dict[str, Node], model: Node
) -> None:
    entries = service.mapping
    if not {"image", "build", "provider"} & set(entries):
        raise service.error(f'service "{name}" has neither an image nor a build context specified')
    if "network_mode" in entries and "networks" in entries and entries["networks"].mapping:
        raise entries["network_mode"].error(
            f"service {name} declares mutually exclusive `network_mode` and `networks`"
        )
    for key in _network_keys(service):
        if key not in networks:
            raise (
                entries["networks"].mapping[key].error(f'service "{name}" refers to undefined network {key}')
            )
    for other, how in (entries.get("depends_on") or Node({})).mapping.items():
        if other not in enabled and not (other in services.mapping and how.text("required") == "false"):
            raise how.error(f'service "{name}" depends on undefined service "{other}"')
    for kind, key in (("configs", "configs"), ("secrets", "secrets")):
        for item in (entries.get(key) or Node([])).items:
            source = item.text("source") if item.mapping else scalar_text(_scalar(item))
            if source not in (model.get(kind) or Node({})).mapping:
                raise item.error(f'service "{name}" refers to undefined {kind[:-1]} {source}')
    _check_scale(name, service)


def _check_scale(name: str, service: Node) -> None:
    scale, replicas = _whole(service.get("scale")), _whole(_replicas(service))
    if scale is not None and replicas is not None and scale != replicas:
        raise service.mapping["scale"].error(
            f"services.{name}: can't set distinct values on 'scale' and 'deploy.replicas'"
        )
    for key, value in (("scale", scale), ("deploy.replicas", replicas)):
        if value is not None and value < 0:
            raise service.error(f"services.{name}.{key}: must be greater than or equal to 0")
    if service_scale(service) > 1 and service.get("container_name") is not None:
        key = "scale" if scale is not None else "deploy.replicas"
        raise service.mapping["container_name"].error(
            f"services.{key}: can't set container_name and {name} as container name must be unique"
        )


def _replicas(service: Node) -> Node | None:
    deploy = service.get("deploy")
    return deploy.get("replicas") if deploy is not None else None


def _whole(node: Node | None) -> int | None:
    """A whole number, which may be written as ``1e3``; None where there is none. Raises SourceError."""
    if node is None or node.value is None:
        return None
    try:
        return int(node.value) if isinstance(node.value, float) else integer(scalar_text(_scalar(node)))
    except (ValueError, OverflowError):
        raise node.error(f"not a number of containers: {scalar_text(_scalar(node))}") from None


def service_scale(service: Node) -> int:
    """How many containers the service has. Raises SourceError where that is no number."""
    scale, replicas = _whole(service.get("scale")), _whole(_replicas(service))
    return scale if scale is not None else replicas if replicas is not None else 1


def _check_cycles(services: dict[str, Node]) -> None:
    """Raises SourceError where services wait for one another."""
    done: set[str] = set()

    trail: dict[str, None] = {}

    def visit(name: str) -> Call[None]:
        if name in done or name not in services:
            return
        trail[name] = None
        for other, node in (services[name].get("depends_on") or Node({})).mapping.items():
            if other in trail:
                names = list(trail)
                chain = " -> ".join((*names[names.index(other) :], other))
                raise node.error(f"dependency cycle detected: {chain}")
            yield visit(other)
        del trail[name]
        done.add(name)

    for name in services:
        unwound(visit(name))


# ------------------------------------------------------------------------------- network resources


def network_spec(key: str, node: Node, project: str, alone: bool) -> NetworkSpec:
    """The creation of one network of the file. Raises SourceError for a bad address."""
    ipam = node.get("ipam") or Node({}, node.place)
    subnets = tuple(
        SubnetSpec(
            _prefix(config, "subnet"),
            _address(config, "gateway"),
            _prefix(config, "ip_range"),
            tuple(
                _parsed(item, scalar_text(_scalar(item)))
                for item in (config.get("aux_addresses") or Node({})).mapping.values()
            ),
            place=_blamed(config).place,
        )
        for config in (ipam.get("config") or Node([])).items
    )
    labels = [(k, v) for k, v in _pairs(node.get("labels"))]
    labels += [("com.docker.compose.network", key), ("com.docker.compose.project", project)]
    return NetworkSpec(
        node.text("name") or key,
        node.text("driver") or "bridge",
        subnets,
        _pairs(node.get("driver_opts")),
        node.flag("internal"),
        node.text("enable_ipv4") != "false",
        node.flag("enable_ipv6"),
        node.flag("attachable"),
        tuple(labels),
        ipam.text("driver") or "default",
        undetermined_order=not alone,
        place=node.place,
    )


def _pairs(node: Node | None) -> tuple[tuple[str, str], ...]:
    return tuple((key, scalar_text(_scalar(item))) for key, item in (node.mapping if node else {}).items())


def _parsed(node: Node, text: str) -> Address:
    try:
        return Address.parse(text)
    except ValueError:
        raise node.error(f"invalid IP address: {text}") from None


def _address(config: Node, key: str) -> Address | None:
    text = config.text(key)
    return _parsed(config.mapping[key], text) if text is not None else None


def _blamed(config: Node) -> Node:
    """What a refusal of the subnet points at: its gateway, where that lies outside of it."""
    subnet, gateway = _prefix(config, "subnet"), _address(config, "gateway")
    outside = subnet is not None and gateway is not None and not subnet.contains(gateway)
    return config.mapping["gateway"] if outside else config.get("subnet") or config


def _prefix(config: Node, key: str) -> Prefix | None:
    text = config.text(key)
    if text is None:
        return None
    host, slash, length = text.partition("/")
    node = config.mapping[key]
    address = _parsed(node, host)
    bits = 32 if address.family == 4 else 128
    if not slash or not is_number(length) or integer(length) > bits:
        word = key.replace("_", "-")
        raise node.error(
            f"invalid {word} {text}: invalid CIDR block notation",
            said("an address with a prefix length, such as {0}", "172.28.0.0/16"),
        )
    shift = bits - integer(length)
    found = Prefix(address.family, address.value >> shift << shift, integer(length))
    if found.value != address.value:
        raise node.error(f"invalid {key} {text}: it should be {found}")
    return found
