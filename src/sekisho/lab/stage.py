"""A snapshot's namespaces, standing: built for the oracle, gone when closed or when the process ends."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field

from sekisho.errors import said
from sekisho.lab import build, ports, rulesets, sockets
from sekisho.lab.conntrack import Conntrack
from sekisho.lab.learned import Learned
from sekisho.lab.links import Builder
from sekisho.lab.loading import load
from sekisho.lab.namespaces import LabError, NetworkNamespace
from sekisho.lab.nflog import LOGGER_SYSCTLS, LegacyTrace
from sekisho.lab.operations import BehindPort, Load
from sekisho.lab.topology import WORLD, Topology, Wire, lay_out, separate
from sekisho.lab.trace import Trace, witness_rules
from sekisho.lab.world import World
from sekisho.model.host import Socket
from sekisho.model.snapshot import Namespace, Snapshot
from sekisho.values.names import BadNameError, ethernet_address, sysctl_key

_NO_IPV6 = sysctl_key("net.ipv6.conf.default.disable_ipv6")


@dataclass(slots=True)
class Node:
    """One namespace with everything that watches it."""

    name: str
    facts: Namespace
    namespace: NetworkNamespace
    trace: Trace
    conntrack: Conntrack
    learned: Learned
    legacy: LegacyTrace | None = None
    listeners: list[socket.socket] = field(default_factory=list)
    refused_sockets: list[Socket] = field(default_factory=list)


class Stage:
    """All nodes and the world around them. Raises LabError or OSError when something cannot be built."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.topology: Topology = lay_out(snapshot)
        self.nodes: dict[str, Node] = {}
        self._namespaces: dict[str, NetworkNamespace] = {}
        try:
            self._build()
        except BaseException:
            self.close()
            raise

    def _build(self) -> None:
        everyone = separate(self.snapshot)
        for name in (WORLD, *(namespace.name for namespace in everyone)):
            self._namespaces[name] = NetworkNamespace()
        self._namespaces[WORLD].write_sysctls([(_NO_IPV6, "1")])
        plans = [build.plan_node(facts) for facts in everyone]
        for plan in plans:
            _all_loaded(plan)
        for plan in plans:
            # Before any link: a wire may lie between two of them.
            self._namespaces[plan.name].write_sysctls(plan.sysctls_before)
        self.world = World(self._namespaces[WORLD], self.topology)
        builder = Builder(self._namespaces)
        try:
            builder.links(build.links_of(self.topology))
            settings = [item for plan in plans for item in plan.settings]
            list(
                builder.settings(
                    [*settings, *(entry for facts in everyone for entry in self._behind_ports(facts))]
                )
            )
        finally:
            builder.close()
        host = self.snapshot.host
        neighbours = host.neighbours or ()
        self.world.connect(
            ((item.address, item.mac) for item in neighbours if item.mac is not None),
            (item.address for item in neighbours if item.state == "FAILED"),
        )
        for facts, plan in zip(everyone, plans, strict=True):
            self.nodes[plan.name] = self._furnish(facts, plan)
        for plan in plans:
            mine = (wire for wire in self.topology.wires if wire.node == plan.name and wire.bridge)
            ready = [wire.interface for wire in mine if wire.up and wire.carrier and self._is_up(wire)]
            ports.wait_for(self._namespaces[plan.name], ready)
        for alias in self.snapshot.namespaces:
            self.nodes.setdefault(alias.name, self.nodes[host.name])
        for wire in self.topology.wires:
            for (node, address), port in self.topology.places.items():
                if wire.far_node != WORLD and (wire.node, wire.interface) == (node, port):
                    self.world.learn(address, wire.far_mac)

    def _is_up(self, wire: Wire) -> bool:
        bridges = self.topology.bridges
        return any((item.node, item.name, item.up) == (wire.node, wire.bridge, True) for item in bridges)

    def _behind_ports(self, facts: Namespace) -> Iterator[BehindPort]:
        """Where addresses are: a bridge that has not learned it hands frames to every port."""
        ports = {wire.interface for wire in self.topology.wires if wire.node == facts.name and wire.bridge}
        for entry in facts.bridge_entries or ():
            if entry.port in ports and entry.bridge is not None:
                try:
                    yield BehindPort(facts.name, entry.port, ethernet_address(entry.mac))
                except BadNameError:  # of a tunnel
                    continue

    def _furnish(self, facts: Namespace, plan: build.NodePlan) -> Node:
        namespace = self._namespaces[plan.name]
        namespace.write_sysctls(plan.sysctls_after)
        for each in plan.loads:
            load(namespace, each)
        families = frozenset(table.family for table in facts.nft.tables) if facts.nft else frozenset[str]()
        load(namespace, Load(("nft", "-f", "-"), witness_rules(families)))
        with namespace.inside():
            trace = Trace(plan.name, dict(socket.if_nameindex()))
            conntrack, neighbours = Conntrack(), Learned()
        node = Node(plan.name, facts, namespace, trace, conntrack, neighbours)
        if "legacy" in rulesets.backends(facts.rulesets):
            namespace.write_sysctls(LOGGER_SYSCTLS)
            with namespace.inside():
                node.legacy = LegacyTrace()
        node.listeners, node.refused_sockets = sockets.listen(namespace, plan.sockets)
        return node

    def close(self) -> None:
        """Let go of everything; the kernel removes what was built."""
        for node in self.nodes.values():
            node.trace.close()
            node.conntrack.close()
            node.learned.close()
            if node.legacy is not None:
                node.legacy.close()
            for listener in node.listeners:
                listener.close()
        if hasattr(self, "world"):
            self.world.close()
        for namespace in self._namespaces.values():
            namespace.close()
        self._namespaces.clear()
        self.nodes.clear()


def _all_loaded(plan: build.NodePlan) -> None:
    """A kernel without a rule that the model knows would be another host. Raises LabError."""
    lost = next((item for item in plan.refused if item.understood), None)
    if lost is not None:
        raise LabError(
            said("this cannot be loaded: {0}", lost.why), file=lost.place.file, line=lost.place.line,
            text=lost.place.text,
        )  # fmt: skip
