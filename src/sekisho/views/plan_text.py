"""A plan as text: networks, containers, what changes on the host, and what stays open.

Docker 29.7.2: project shop
networks
  shop_default  bridge  br-000000000004  172.18.0.0/16  gateway 172.18.0.1
containers
  shop-db-1     shop_default 172.18.0.2   3306/tcp on 0.0.0.0:3306, [::]:3306
host
  + route       172.18.0.0/16 dev br-000000000004 ...
  + iptables -t nat DOCKER 3  ! -i br-... -j DNAT ...
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sekisho.answers.drift import Drift, DriftReport
from sekisho.answers.plan import Changes, Planned, changes
from sekisho.docker.predict import Note
from sekisho.explain.lines import blocks_text, lines_text
from sekisho.explain.tints import BOLD, DIM, GREEN, RED, YELLOW, painted
from sekisho.explain.words import say
from sekisho.model.docker import DockerContainer, DockerNetwork, PublishedPort
from sekisho.model.evidence import Evidence


class PlanText:
    """Renders plans and drift in one language, with or without colour."""

    def __init__(self, lang: str, color: bool) -> None:
        self.lang = lang
        self.color = color

    def planned(self, found: Planned) -> str:
        """The whole answer; ends without a newline."""
        made = found.plan
        head = self._say(
            "plan.head-project" if found.project else "plan.head", made.engine.name, found.project
        )
        blocks = [self._paint(BOLD, head)]
        known = {network.id for network in made.before.networks or ()}
        networks = [n for n in made.after.networks or () if n.id not in known]
        shown = [n for n in networks if n.driver not in ("host", "null")]
        if shown:
            blocks.append(self._block("plan.networks", self._networks(shown)))
        old = {container.id for container in made.before.containers or ()}
        containers = [c for c in made.after.containers or () if c.id not in old]
        if containers:
            blocks.append(self._block("plan.containers", self._containers(containers)))
        host = list(self._host(changes(made)))
        blocks.append(self._block("plan.host", host or [self._say("plan.no-change")]))
        if made.notes:
            blocks.append(self._block("plan.notes", (f"- {line}" for line in self.notes(made.notes))))
        return blocks_text(blocks, blank=False)

    def notes(self, notes: Iterable[Note]) -> Iterator[str]:
        """What the plan leans on or leaves open; notes of one kind share a line."""
        groups: dict[str, list[Note]] = {}
        for note in notes:
            groups.setdefault(note.id, []).append(note)
        for name, found in groups.items():
            if len(found) > 1 and name in _JOINED:
                names = dict.fromkeys(note.args[0] for note in found)
                listed = ", ".join(list(names)[:8]) + (f", ... ({len(names)})" if len(names) > 8 else "")
                yield self._say(_code(name), listed, *found[0].args[1:])
                continue
            for note in found:
                yield self._say(_code(name), *note.args) + _place(note.place)

    def drift(self, report: DriftReport) -> str:
        """The findings, one a line with its place; ends without a newline."""
        name = report.engine.name
        code = "drift.head" if report.sure else "drift.head-assumed"
        if report.unknown:
            code = "drift.head-unknown"
        lines = [self._paint(BOLD, self._say(code, name, str(report.compared), report.unknown))]
        if not report.findings:
            nothing = self._say("drift.none-unknown" if report.unknown else "drift.none")
            lines.append(nothing if report.unknown else self._paint(GREEN, nothing))
        lines += [f"  {self._finding(finding)}" for finding in report.findings]
        lines += [f"  ? {self._say(code, *args)}" for code, args in report.partial]
        return lines_text(lines)

    def _finding(self, finding: Drift) -> str:
        text = self._say(finding.id, *finding.args)
        return f"{self._paint(RED, '!')} {text}{self._paint(DIM, _place(finding.evidence))}"

    def _networks(self, networks: list[DockerNetwork]) -> Iterator[str]:
        width = max(len(network.name) for network in networks)
        for network in networks:
            subnets = ", ".join(
                f"{item.subnet}" + (f" ({self._say('plan.gateway')} {item.gateway})" if item.gateway else "")
                for item in network.subnets
            )
            internal = f"  {self._say('plan.internal')}" if network.internal else ""
            yield f"{network.name:<{width}}  {network.driver}  {network.bridge or '-'}  {subnets}{internal}"

    def _containers(self, containers: list[DockerContainer]) -> Iterator[str]:
        width = max(len(container.name) for container in containers)
        for container in containers:
            ends = [
                f"{endpoint.network} {' '.join(str(a) for a in endpoint.addresses)}".rstrip()
                for endpoint in container.endpoints
            ]
            yield f"{container.name:<{width}}  {', '.join(ends) or container.network_mode}"
            for port in ports_text(container.published):
                yield f"{'':<{width}}  {port}"

    def _host(self, found: Changes) -> Iterator[str]:
        for sign, names in (("+", found.interfaces[0]), ("-", found.interfaces[1])):
            bridges = [name for name in names if not name.startswith("veth")]
            for name in bridges:
                yield self._line(sign, "interface", name)
            veths = len(names) - len(bridges)
            if veths:
                yield self._line(sign, "interface", self._say("plan.veths", str(veths)))
        for sign, lines in (("+", found.routes[0]), ("-", found.routes[1])):
            for line in lines:
                yield self._line(sign, "route", line)
        for key, before, after in found.sysctls:
            yield self._line("~", "sysctl", f"{key}: {before if before is not None else '?'} -> {after}")
        for sign, lines in (("+", found.sockets[0]), ("-", found.sockets[1])):
            for line in lines:
                yield self._line(sign, "socket", line)
        for chain, old, new in found.policies:
            yield self._line("~", "policy", f"{chain}: {old} -> {new}")
        for sign, rules in (("-", found.rules[1]), ("+", found.rules[0])):
            for rule in rules:
                place = f"{rule.tool} {rule.table} {rule.chain} {rule.number}"
                yield self._line(sign, "rule", f"{place}: {rule.text}")

    def _line(self, sign: str, kind: str, text: str) -> str:
        tint = {"+": GREEN, "-": RED, "~": YELLOW}[sign]
        return f"{self._paint(tint, sign)} {kind:<9} {text}"

    def _block(self, title: str, lines: Iterable[str]) -> str:
        return lines_text([self._paint(BOLD, self._say(title)), *(f"  {line}" for line in lines)])

    def _paint(self, tint: str, text: str) -> str:
        return painted(text, tint, self.color)

    def _say(self, code: str, *args: str) -> str:
        return say(code, args, self.lang)


# Notes that name one thing each and say the same of all.
_JOINED = frozenset(
    {"bridge-name", "mac-random", "container-order", "network-order", "port-order", "ephemeral-port", "ula"}
)


def _place(place: Evidence | None) -> str:
    return f"  [{place.file}:{place.line}]" if place is not None and place.line else ""


def _code(note: str) -> str:
    return note if note.startswith("plan.") else f"plan.{note}"


def ports_text(ports: Iterable[PublishedPort]) -> Iterator[str]:
    """``80/tcp on 0.0.0.0:8080, [::]:8080``, one line for each container port."""
    groups: dict[tuple[int, str], list[str]] = {}
    for port in ports:
        host = str(port.host_address) if port.host_address is not None else "*"
        shown = f"[{host}]" if ":" in host else host
        where = f"{shown}:{port.host_port}" if port.host_port else f"{shown} (open, not mapped)"
        groups.setdefault((port.container_port, port.proto), []).append(where)
    for (number, proto), places in groups.items():
        yield f"{number}/{proto} on {', '.join(places)}"
