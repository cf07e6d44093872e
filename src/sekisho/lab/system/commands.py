"""The plain commands of a plan's operations: what a person would type for the same.

Namespaces have names here (``ip netns add host``), so that the listing can be typed as it stands; the
lab itself uses none.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from sekisho.lab.system.plan import (
    Bridge,
    IpLine,
    Load,
    OnLink,
    Plan,
    PlannedRoute,
    PlannedRule,
    Program,
    Server,
    Shape,
    Wire,
)


def commands(plan: Plan) -> Iterator[str]:
    """Every step of the plan as a shell script's lines, with a comment above each part."""
    yield f"# {plan.title or plan.name}"
    yield ""
    yield "# the nodes"
    yield from (f"ip netns add {node.name}" for node in plan.nodes)
    yield from (f"ip -n {node.name} link set lo up" for node in plan.nodes)
    for sysctl in plan.sysctls:
        if sysctl.early:
            yield _inside(sysctl.node, f"sysctl -w {sysctl.key}={shlex.quote(sysctl.value)}")
    yield ""
    yield "# the links"
    for link in plan.links:
        yield from bridge_commands(link) if isinstance(link, Bridge) else wire_commands(link)
    for shape in plan.shapes:
        yield _inside(shape.node, shape_command(shape, netem=True))
    yield ""
    yield "# addresses and routes"
    for setting in plan.settings:
        yield setting_command(setting)
    yield ""
    yield "# kernel parameters"
    for sysctl in plan.sysctls:
        if not sysctl.early:
            yield _inside(sysctl.node, f"sysctl -w {sysctl.key}={shlex.quote(sysctl.value)}")
    for load in plan.loads:
        yield ""
        yield from load_commands(load)
    yield ""
    yield "# what listens"
    yield from (_inside(program.node, program_command(program)) for program in plan.programs)
    yield from (server_comment(server) for server in plan.servers)


def bridge_commands(bridge: Bridge) -> Iterator[str]:
    """``ip link add ... type bridge``."""
    more = (f" address {bridge.mac}" if bridge.mac else "") + (f" mtu {bridge.mtu}" if bridge.mtu else "")
    yield f"ip -n {bridge.node} link add {bridge.name}{more} type bridge"
    if bridge.up:
        yield f"ip -n {bridge.node} link set {bridge.name} up"


def wire_commands(wire: Wire) -> Iterator[str]:
    """The veth pair, its bridges, both ends up."""
    mtu = f" mtu {wire.mtu}" if wire.mtu else ""
    near = f" address {wire.mac}" if wire.mac else ""
    far = f" address {wire.far_mac}" if wire.far_mac else ""
    yield (
        f"ip -n {wire.node} link add {wire.name}{near}{mtu} type veth"
        f" peer name {wire.far_name}{far}{mtu} netns {wire.far_node}"
    )
    if wire.bridge:
        yield f"ip -n {wire.node} link set {wire.name} master {wire.bridge}"
    if wire.far_bridge:
        yield f"ip -n {wire.far_node} link set {wire.far_name} master {wire.far_bridge}"
    if wire.hairpin:
        yield f"ip -n {wire.node} link set {wire.name} type bridge_slave hairpin on"
    if wire.up:
        yield f"ip -n {wire.node} link set {wire.name} up"
    if wire.far_up:
        yield f"ip -n {wire.far_node} link set {wire.far_name} up"


def setting_command(item: OnLink | PlannedRoute | PlannedRule | IpLine) -> str:
    """One address, route or rule."""
    if isinstance(item, OnLink):
        return f"ip -n {item.node} address add {_address(item)}"
    if isinstance(item, PlannedRoute):
        return f"ip -n {item.node} route append {_route(item)}"
    if isinstance(item, PlannedRule):
        where = (f" iif {item.iif}" if item.iif else "") + (f" from {item.src}" if item.src else "")
        return f"ip -n {item.node} rule add{where} lookup {item.table} priority {item.priority}"
    return (
        f"ip {'-6 ' if item.family == 6 else ''}-n {item.node} {item.text.replace('{', '').replace('}', '')}"
    )


def _address(item: OnLink) -> str:
    words = [f"{item.address}/{item.length}"]
    if item.peer is not None:
        words = [f"{item.address} peer {item.peer}/{item.length}"]
    if item.broadcast is not None:
        words.append(f"broadcast {item.broadcast}")
    if item.scope is not None:
        words.append(f"scope {item.scope}")
    words.append(f"dev {item.interface}")
    if not item.connected:
        words.append("noprefixroute")
    return " ".join(words)


def _route(item: PlannedRoute) -> str:
    words = [] if item.kind == "unicast" else [item.kind]
    words.append("default" if item.dst.length == 0 else str(item.dst))
    for name, value in (
        ("via", item.via), ("dev", item.dev), ("proto", item.proto), ("scope", item.scope), ("src", item.src),
        ("metric", item.metric), ("table", None if item.table == 254 else item.table),
    ):  # fmt: skip
        if value is not None:
            words += [name, str(value)]
    return " ".join([*words, "onlink"] if item.onlink else words)


def shape_command(shape: Shape, *, netem: bool) -> str:
    """``tc`` with netem, or with the token bucket alone where only a rate is asked."""
    if not netem or (shape.delay is None and shape.loss is None):
        return (
            f"tc qdisc replace dev {shape.interface} root tbf rate {shape.rate}bit burst 32kb latency 200ms"
        )
    words = [f"tc qdisc replace dev {shape.interface} root netem"]
    if shape.delay is not None:
        words.append(f"delay {shape.delay:g}ms")
    if shape.loss is not None:
        words.append(f"loss {shape.loss:g}%")
    if shape.rate is not None:
        words.append(f"rate {shape.rate}bit")
    return " ".join(words)


def load_commands(load: Load) -> Iterator[str]:
    """A here-document; ``iptables-restore`` files are also what ``iptables`` would be told line by line."""
    yield f"# rules of {load.node}"
    yield _inside(load.node, shlex.join(load.argv)) + " <<'RULES'"
    yield load.text.rstrip("\n")
    yield "RULES"


def program_command(program: Program) -> str:
    """The program with its standard input as a here-string."""
    feed = f" <<< {shlex.quote(program.text)}" if program.text else ""
    return f"{shlex.join(program.argv)}{feed} &"


def server_comment(server: Server) -> str:
    """The lab's own servers have no command; a comment says what they are."""
    place = f"{server.address or '*'}:{server.port}/{server.proto}"
    if server.target is not None:
        return f"# {server.node}: docker-proxy's role: {place} -> {server.target[0]}:{server.target[1]}"
    return f"# {server.node}: a server ({server.kind}) on {place}"


def _inside(node: str, command: str) -> str:
    return f"ip netns exec {node} {command}"
