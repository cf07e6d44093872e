"""A compose file as a plan: what dockerd would make of it, on the article's EC2 host in its VPC."""

from __future__ import annotations

from dataclasses import replace

from sekisho.docker.bare import ec2_host
from sekisho.docker.compose import load_project
from sekisho.docker.compose.acts import acts
from sekisho.docker.engine import Engine
from sekisho.docker.predict import predict
from sekisho.lab.system.article import ARTICLE
from sekisho.lab.system.lay_out import lay_out
from sekisho.lab.system.of_snapshot import snapshot_parts, with_known_containers
from sekisho.lab.system.plan import Node, Origin, Plan
from sekisho.lab.system.read import topology_of
from sekisho.lab.system.topology import Host, SecurityGroup, Topology, TrafficRule
from sekisho.model.links import Interface
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.captured import check_names
from sekisho.sources.bounds import USUAL, Bounds
from sekisho.values.address import everything
from sekisho.values.names import as_lab_name, link_address

_HOST = "host"
_MAC = link_address("06:00:0a:00:00:0a")


def plan_of_compose(
    path: str, name: str | None = None, engine: Engine | None = None, bounds: Bounds = USUAL
) -> Plan:
    """Plan what the file asks for. Raises SourceError, UsageError and DockerError as ``plan`` does."""
    project = load_project([path], bounds=bounds)
    found = article_with_bare_host()
    host = found.hosts[0]
    predicted = predict(_before(host, found), engine or Engine(), acts(project))
    after = with_known_containers(_unknown_sockets(predicted.after))
    check_names(after)
    base = lay_out(_open(found, after))
    parts = snapshot_parts(after, frozenset({host.interface}))
    names = tuple(
        (str(address), container.name)
        for container in after.containers or ()
        for endpoint in container.endpoints
        for address in endpoint.addresses
    )
    resolver = next(node.nameserver for node in base.nodes if node.name == _HOST)
    inside = [
        Node(node.name, "container", _HOST, resolver, None, names)
        for node in parts.nodes
        if node.name != _HOST
    ]
    six = frozenset([_HOST, *(node.name for node in inside)])
    kept = tuple(item for item in base.sysctls if item.node != _HOST)
    return replace(
        base, name=as_lab_name(name or project.name, "compose"),
        title=f"{path} on Docker {predicted.engine.name}",
        nodes=(*base.nodes, *inside), links=(*base.links, *parts.links),
        settings=(*base.settings, *parts.settings), sysctls=(*kept, *parts.sysctls),
        loads=(*base.loads, *parts.loads), servers=(*base.servers, *parts.servers), ipv6=six,
        remarks=tuple(f"not built: {item}" for item in parts.refused),
        origin=Origin("compose", str(path), predicted.engine.name),
    )  # fmt: skip


def _unknown_sockets(after: Snapshot) -> Snapshot:
    """A prediction cannot know what images serve: not nothing, but not known."""
    inside = tuple(replace(namespace, sockets=namespace.sockets or None) for namespace in after.namespaces)
    return replace(after, namespaces=inside)


def article_with_bare_host() -> Topology:
    """The article's VPC with its host as EC2 gives it: no Docker yet."""
    found = topology_of(ARTICLE)
    host, *others = found.hosts
    bare = replace(host, networks=(), containers=(), sysctls=())
    return replace(found, hosts=(bare, *others))


def _before(host: Host, found: Topology) -> Snapshot:
    """The host as facts, for dockerd to work on."""
    subnet = found.subnet(host.vpc, host.subnet).cidr
    eth = Interface(host.interface, 2, "veth", ("BROADCAST", "MULTICAST", "UP", "LOWER_UP"), "UP", 1500, _MAC)
    return replace(ec2_host(host.address, subnet, eth), path=found.name)


def _open(found: Topology, after: Snapshot) -> Topology:
    """The security group lets in what the file publishes, as its user would have it."""
    ports = {
        (port.proto, port.host_port) for container in after.containers or () for port in container.published
        if port.host_port and port.proto in ("tcp", "udp")
    }  # fmt: skip
    everywhere = everything(4)
    rules = tuple(TrafficRule(proto, (port, port), everywhere) for proto, port in sorted(ports))
    vpc = found.vpcs[0]
    host = found.hosts[0]
    groups = tuple(
        SecurityGroup(group.name, (*group.ingress, *rules), group.egress)
        if group.name in host.groups
        else group
        for group in vpc.groups
    )
    return replace(found, vpcs=(replace(vpc, groups=groups), *found.vpcs[1:]))
