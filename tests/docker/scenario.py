"""A captured scenario: its commands as acts, the host before them, and the comparison of the two hosts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sekisho.docker.commands import parse_command
from sekisho.docker.engine import Engine, parse_version
from sekisho.docker.engine_flags import apply
from sekisho.docker.errors import DockerError
from sekisho.docker.intent import Act, RunContainer
from sekisho.docker.predict import Plan, Predictor
from sekisho.model.host import Sysctl
from sekisho.model.netfilter import Ruleset
from sekisho.model.nft import NftRuleset
from sekisho.model.routing import NextHop, Route
from sekisho.model.snapshot import Namespace, Snapshot
from sekisho.sources import nft_render
from sekisho.sources.iptables_rule import render_rule
from sekisho.sources.load import load
from sekisho.values.address import Address, Prefix
from sekisho.values.names import interface_name as iface
from sekisho.values.names import sysctl_key

SYSCTL_STATE = re.compile(r"conntrack_count|random|uuid|stable_secret|\.(veth|br-)|neigh\.|nf_conntrack")


@dataclass
class Scenario:
    """One folder of the truth collection."""

    folder: Path
    meta: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.meta = json.loads((self.folder / "scenario.json").read_text())

    @property
    def name(self) -> str:
        return f"{self.folder.parent.name}/{self.folder.name}"

    @property
    def engine(self) -> Engine:
        return apply(Engine(parse_version(str(self.meta["engine"]))), list(self.meta["dockerd_flags"]))

    def captured(self) -> Snapshot:
        return load(str(self.folder))

    def before(self) -> Snapshot:
        """The host as it was before dockerd started: the new daemon's, without what dockerd made."""
        started = load(str(self.folder.parent / "new-daemon"))
        host = _without_docker(started.host)
        for command in str(self.meta["before"]).split(";"):
            host = _before_command(host, command.split())
        return Snapshot("", host)

    def acts(self) -> Iterator[tuple[Act | list[Act], int, str]]:
        """What was asked, with the exit status and the error that it really had."""
        for item in self.meta["commands"]:
            command = str(item["cmd"])
            if command.startswith("docker compose up"):
                from sekisho.docker.compose import load_project
                from sekisho.docker.compose.acts import acts

                project = load_project([self.folder / "compose.yaml"], project_name="proj", environment={})
                yield self._as_started(list(acts(project))), int(item["rc"]), str(item.get("err"))
                continue
            act = parse_command(command)
            assert act is not None
            yield act, int(item["rc"]), str(item.get("err"))

    def _as_started(self, acts: list[Act]) -> list[Act]:
        """Containers whose order is not determined, in the order in which they really got addresses."""
        address: dict[str, int] = {
            container.name: min((a.value for e in container.endpoints for a in e.addresses), default=0)
            for container in self.captured().containers or ()
        }
        runs = [act for act in acts if isinstance(act, RunContainer)]
        if any(run.spec.undetermined_order for run in runs):
            runs.sort(key=lambda run: address[run.spec.name])
        return [act for act in acts if not isinstance(act, RunContainer)] + list(runs)

    def _kernel_refused(self, act: object) -> bool:
        """Whether it failed because the kernel of the measurement cannot do it (ipvlan, dummy, SCTP)."""
        return any(
            "not supported" in str(item.get("err")) or "network mv not found" in str(item.get("err"))
            for item in self.meta["commands"]
            if parse_command(str(item["cmd"])) == act
        )

    def plan(self, before: Snapshot | None = None) -> tuple[Plan, list[str]]:
        """The prediction, and where its refusals differ from the engine's."""
        predictor = Predictor(before or self.before(), self.engine)
        wrong: list[str] = []
        for act, status, words in self.acts():
            if status and self._kernel_refused(act):
                continue
            try:
                for one in act if isinstance(act, list) else [act]:
                    predictor.apply(one)
                refused = ""
            except DockerError as error:
                refused = error.what
            if bool(refused) != bool(status):
                wrong.append(f"{act}: exit status {status}, predicted {refused or 'success'}")
            elif refused and _unnumbered(refused) not in _unnumbered(words):
                wrong.append(f"{act}: it said {words}, predicted {refused}")
        return predictor.plan(), wrong


def _unnumbered(words: str) -> str:
    """Without the digits of ids, and without where in dockerd's source a rule was written."""
    return re.sub(r"\b[0-9a-f]{12}\b", "ID", re.sub(r"rule from \S+:\d+: ", "", words))


def _without_docker(host: Namespace) -> Namespace:
    sysctls = []
    for item in host.sysctls or ():
        if "docker0" in item.key:
            continue
        value = item.value
        if item.key == "net.ipv4.ip_forward" or item.key.endswith(".forwarding"):
            value = "0"
        elif item.key == "net.ipv4.conf.all.accept_redirects":
            value = "1"
        sysctls.append(Sysctl(item.key, value))
    return replace(
        host,
        routes=tuple(r for r in host.routes if not any(h.dev == "docker0" for h in r.nexthops)),
        interfaces=tuple(i for i in host.interfaces or () if i.name != "docker0"),
        addresses=tuple(a for a in host.addresses or () if a.interface != "docker0"),
        rulesets=(Ruleset(4, "nft", (), True), Ruleset(6, "nft", (), True)),
        nft=None,
        sysctls=tuple(sysctls),
    )


def _before_command(host: Namespace, words: list[str]) -> Namespace:
    from sekisho.docker.host_state import HostState

    state = HostState(host)
    if "sysctl" in words:
        for word in words:
            key, equals, value = word.partition("=")
            if equals:
                state.set_sysctl(sysctl_key(key), value)
        return replace(state.namespace(), sysctls=state.namespace().sysctls)
    if words[:3] == ["ip", "-n", "$NS"] and "addr" in words:
        address, _, length = words[words.index("add") + 1].partition("/")
        found = Address.parse(address)
        state.add_address("eth0", found, int(length))
        return state.namespace()
    if words[:3] == ["ip", "-n", "$NS"] and "route" in words:
        via = Address.parse(words[words.index("via") + 1])
        route = Route(6, Prefix.parse("::/0"), nexthops=(NextHop(iface("eth0"), via),), metric=1024)
        return replace(host, routes=(*host.routes, route))
    return host


# ------------------------------------------------------------------------------------ comparison


@dataclass
class Comparison:
    """Facts of the capture beside those of the plan. ``same`` counts what agrees, by kind."""

    same: dict[str, int] = field(default_factory=dict)
    different: list[tuple[str, str]] = field(default_factory=list)

    def check(self, kind: str, where: str, captured: list[str], planned: list[str], ordered: bool) -> None:
        if not ordered:
            captured, planned = sorted(captured), sorted(planned)
        if captured == planned:
            self.same[kind] = self.same.get(kind, 0) + len(captured)
            return
        missing = [line for line in captured if line not in planned]
        extra = [line for line in planned if line not in captured]
        self.same[kind] = self.same.get(kind, 0) + len(captured) - len(missing)
        for line in missing:
            self.different.append((kind, f"{where}: captured, not planned: {line}"))
        for line in extra:
            self.different.append((kind, f"{where}: planned, not captured: {line}"))
        if not missing and not extra:
            self.different.append((kind, f"{where}: another order: {captured} planned {planned}"))


def compare(captured: Snapshot, planned: Snapshot, ordered: bool = True) -> Comparison:
    """All that Docker determines: rules in order, policies, routes, addresses, sysctls, sockets, networks,
    containers and their namespaces. Names that Docker draws are mapped by network."""
    result = Comparison()
    names: dict[str, str] = {
        network.bridge: f"<{network.name}>"
        for snapshot in (captured, planned)
        for network in snapshot.networks or ()
        if network.bridge and network.bridge.startswith("br-")
    }
    names.pop("br-app", None)
    for snapshot in (captured, planned) if "ipv6-default-ula" in captured.path else ():
        for network in snapshot.networks or ():
            for one in network.subnets:
                if one.subnet.family == 6:  # the engine derives it from the host's own id
                    names[str(one.subnet).removesuffix("::/64") + "::"] = "ULA::"

    def shown(text: str) -> str:
        for bridge, name in names.items():
            text = text.replace(str(bridge), name)
        return text

    _rules(result, "host", captured.host, planned.host, shown, ordered)
    _nft(result, "host", captured.host, planned.host, shown)
    _routes(result, "host", captured.host, planned.host, shown)
    _addresses(result, "host", captured.host, planned.host, shown)
    _links(result, captured.host, planned.host, shown)
    _sysctls(result, captured.host, planned.host, shown)
    result.check("sockets", "host", _sockets(captured), _sockets(planned), False)
    _docker(result, captured, planned, shown)
    mine = {namespace.name: namespace for namespace in planned.namespaces}
    for namespace in captured.namespaces:
        if namespace.name not in mine:
            if any(c.name == namespace.name and c.network_mode == "host" for c in captured.containers or ()):
                continue
            if any(
                c.name == namespace.name and c.network_mode.startswith("container:")
                for c in captured.containers or ()
            ):
                continue
            result.different.append(("netns", f"{namespace.name} is missing"))
            continue
        other = mine[namespace.name]
        _rules(result, namespace.name, namespace, other, _dns_ports, ordered)
        _nft(result, namespace.name, namespace, other, _dns_ports)
        _routes(result, namespace.name, namespace, other, shown)
        _addresses(result, namespace.name, namespace, other, shown)
        for item in other.sysctls or ():
            value = namespace.sysctl(item.key)
            result.check("netns sysctls", f"{namespace.name} {item.key}", [str(value)], [item.value], True)
    return result


def _dns_ports(text: str) -> str:
    text = re.sub(r"127\.0\.0\.11:\d+$", "127.0.0.11:PORT", text, flags=re.MULTILINE)
    text = re.sub(r"sport \d+ counter", "sport PORT counter", text)
    return re.sub(r"--sport \d+ -j SNAT", "--sport PORT -j SNAT", text)


def _chains(namespace: Namespace, shown: Any) -> dict[str, tuple[str, list[str]]]:
    found: dict[str, tuple[str, list[str]]] = {}
    for ruleset in namespace.rulesets:
        for table in ruleset.tables:
            for chain in table.chains:
                rules = [shown(render_rule(rule)) for rule in chain.rules]
                if not rules and chain.policy == "ACCEPT":
                    continue  # a built-in chain exists once its table was touched by anybody
                found[f"ip{'' if ruleset.family == 4 else 6} {table.name} {chain.name}"] = (
                    str(chain.policy),
                    rules,
                )
    return found


def _rules(
    result: Comparison, where: str, captured: Namespace, planned: Namespace, shown: Any, ordered: bool
) -> None:
    kind = "rules" if where == "host" else "netns rules"
    theirs, mine = _chains(captured, shown), _chains(planned, shown)
    for name in sorted({*theirs, *mine}):
        policy, rules = theirs.get(name, ("no chain", []))
        policy2, rules2 = mine.get(name, ("no chain", []))
        result.check(kind, f"{where} {name}", rules, rules2, ordered)
        if where == "host":
            result.check("chains", f"{where} {name}", [policy], [policy2], True)


def _nft(result: Comparison, where: str, captured: Namespace, planned: Namespace, shown: Any) -> None:
    def tables(namespace: Namespace) -> dict[str, list[str]]:
        """Every chain and map of Docker's own tables, as nft prints them."""
        found: dict[str, list[str]] = {}
        for table in namespace.nft.tables if namespace.nft is not None else ():
            if not table.name.startswith("docker"):
                continue
            name = ""
            text = re.sub(
                r"packets \d+ bytes \d+", "packets 0 bytes 0", shown(nft_render.render(NftRuleset((table,))))
            )
            for line in text.split("\n"):
                words = line.split()
                if words[:1] in (["chain"], ["map"]):
                    name = f"{table.family} {words[1]}"
                    found[name] = []
                elif name and words and words != ["}"]:
                    found[name].append(" ".join(words))
        return found

    theirs, mine = tables(captured), tables(planned)
    kind = "nft rules" if where == "host" else "netns nft rules"
    for name in sorted({*theirs, *mine}):
        first, second = theirs.get(name, ["no chain"]), mine.get(name, ["no chain"])
        if name.endswith("-jumps"):  # elements stand in the order of their keys
            first, second = (sorted(re.findall(r'"[^"]+" : \w+ \S+', " ".join(x))) for x in (first, second))
        result.check(kind, f"{where} {name}", first, second, True)


def _routes(result: Comparison, where: str, captured: Namespace, planned: Namespace, shown: Any) -> None:
    def lines(namespace: Namespace, covered: frozenset[Any]) -> list[str]:
        found = set()
        for route in namespace.routes:
            devs = [hop.dev or "" for hop in route.nexthops]
            if any(dev.startswith("veth") for dev in devs) or str(route.dst).startswith(("fe80", "ff00")):
                continue
            if route.table == "local" and route.family == 6:
                continue  # the kernel adds these when duplicate address detection ends
            flags = [hop.flags for hop in route.nexthops]
            via = [shown(str(hop.via)) for hop in route.nexthops]
            found.add(
                f"{route.kind} {shown(str(route.dst))} table {route.table}"
                f" dev {','.join(map(shown, devs))} via {via}"
                f" src {route.src} scope {route.scope} metric {route.metric} {flags}"
            )
        return sorted(found)

    kind = "routes" if where == "host" else "netns routes"
    result.check(
        kind, where, lines(captured, captured.route_tables), lines(planned, planned.route_tables), False
    )


def _addresses(result: Comparison, where: str, captured: Namespace, planned: Namespace, shown: Any) -> None:
    def lines(namespace: Namespace) -> list[str]:
        return [
            f"{shown(item.interface)} {shown(str(item.address))}/{item.length} {item.broadcast} {item.scope}"
            for item in namespace.addresses or ()
            if not (item.family == 6 and item.scope == "link" and str(item.address) != "fe80::1")
        ]

    kind = "addresses" if where == "host" else "netns addresses"
    result.check(kind, where, lines(captured), lines(planned), False)


def _links(result: Comparison, captured: Namespace, planned: Namespace, shown: Any) -> None:
    def lines(namespace: Namespace) -> list[str]:
        found = []
        for item in namespace.interfaces or ():
            name = "veth" if item.name.startswith("veth") else shown(item.name)
            master = shown(item.master) if item.master else None
            found.append(f"{name} {item.kind} {item.mtu} {item.state} {sorted(item.flags)} {master}")
        return found

    result.check("links", "host", lines(captured), lines(planned), False)


def _sysctls(result: Comparison, captured: Namespace, planned: Namespace, shown: Any) -> None:
    def lines(namespace: Namespace) -> list[str]:
        return [
            f"{shown(item.key)} = {item.value}"
            for item in namespace.sysctls or ()
            if not SYSCTL_STATE.search(shown(item.key)) and not item.key.endswith(".mtu")
        ]

    result.check("sysctls", "host", lines(captured), lines(planned), False)


def _sockets(snapshot: Snapshot) -> list[str]:
    found = []
    for item in snapshot.host.sockets or ():
        owner = re.search(r'"(docker[^"]*)"', item.process or "")
        if owner:
            found.append(f"{item.proto} {item.address} {item.port} {owner[1]}")
    return found


def _docker(result: Comparison, captured: Snapshot, planned: Snapshot, shown: Any) -> None:
    def networks(snapshot: Snapshot) -> list[str]:
        return [
            f"{network.name} {network.driver} {network.internal} {shown(network.bridge or '')}"
            f" {sorted(shown(str(item.subnet)) for item in network.subnets)}"
            for network in snapshot.networks or ()
        ]

    result.check("networks", "docker", networks(captured), networks(planned), False)
    newer = planned.docker_version is not None and parse_version(planned.docker_version) >= (28, 0, 0)

    def containers(snapshot: Snapshot) -> list[str]:
        found = []
        for container in snapshot.containers or ():
            if not container.running:
                continue
            for endpoint in container.endpoints:
                gateways = sorted(shown(str(a)) for a in endpoint.gateways)
                mac = None if newer or (snapshot is planned and endpoint.mac is None) else endpoint.mac
                found.append(
                    f"{container.name} {endpoint.network} {sorted(shown(str(a)) for a in endpoint.addresses)}"
                    f" gateways {gateways} mac {mac}"
                )
            for port in container.published:
                found.append(
                    f"{container.name} {port.container_port}/{port.proto}"
                    f" on {port.host_address}:{port.host_port}"
                )
        return found

    result.check("containers", "docker", containers(captured), containers(planned), False)
