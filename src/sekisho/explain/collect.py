"""Every fact of a namespace with its explanation, sorted into sections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sekisho.explain.aws import explain_instance
from sekisho.explain.context import HostContext
from sekisho.explain.docker import (
    explain_container,
    explain_listed,
    explain_listed_network,
    explain_network,
)
from sekisho.explain.explanation import Line
from sekisho.explain.host import explain_connection, explain_socket
from sekisho.explain.idioms import Place
from sekisho.explain.links import (
    explain_address,
    explain_bridge_entry,
    explain_interface,
    explain_ipset,
    explain_neighbour,
)
from sekisho.explain.logged import explain_logged
from sekisho.explain.message import Message, m
from sekisho.explain.messages_report import MESSAGES
from sekisho.explain.nat_index import NatIndex
from sekisho.explain.netfilter import calls_of, explain_chain, explain_rule, explain_table
from sekisho.explain.nft import explain_nft
from sekisho.explain.partly import partly
from sekisho.explain.routes import explain_policy_rule, explain_route
from sekisho.explain.stated import SECTIONS, explain_stated
from sekisho.explain.sysctl import explain_sysctl
from sekisho.explain.sysctl_files import explain_sysctl_files
from sekisho.model.evidence import Evidence, Unread
from sekisho.model.netfilter import Ruleset
from sekisho.model.routing import PolicyRule, Route
from sekisho.semantics.loadable import Loader

TABLES = ("raw", "mangle", "nat", "filter", "security")
# In the order in which they are shown.
NAMES = (
    "routes", "rules", "links", "addresses", "neighbours", "bridge", *TABLES, "tables", "ipset", "nft",
    "beside", "sysctl", "sysctl-files", "sockets", "conntrack", "front-ends", "commands", "log", "docker",
    "documents", "aws", "notes", "unread",
)  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What belongs into one section: its name, IP family (0: both), back end of iptables."""

    rank: int
    family: int = 0
    backend: str = ""

    @property
    def name(self) -> str:
        return NAMES[self.rank]


def key(name: str, family: int = 0, backend: str = "") -> Key:
    """The key of a section by name."""
    return Key(NAMES.index(name), family, backend)


Explained = tuple[Key, Line]


def explain_facts(context: HostContext) -> Iterator[Explained]:
    """Every fact of the namespace in the order of its files; for the host, Docker's view as well."""
    namespace = context.namespace
    yield from _routing(context)
    for interface in namespace.interfaces or ():
        yield key("links"), _line(interface.evidence, explain_interface(interface, context), interface.name)
    yield from _addresses(context)
    for neighbour in namespace.neighbours or ():
        text = f"{neighbour.address} dev {neighbour.interface} {neighbour.state or ''}"
        yield key("neighbours"), _line(neighbour.evidence, explain_neighbour(neighbour, context), text)
    for entry in namespace.bridge_entries or ():
        yield key("bridge"), _line(entry.evidence, explain_bridge_entry(entry), f"{entry.mac} {entry.port}")
    for ruleset in namespace.rulesets:
        yield from _ruleset(ruleset, context)
    for ipset in namespace.ipsets or ():
        yield key("ipset"), _line(ipset.evidence, explain_ipset(ipset, context), ipset.name)
    if namespace.nft is not None:
        for place, messages in explain_nft(namespace.nft, context):
            yield key("nft"), Line(place.file, place.line, place.text, messages)
    if namespace.beside:
        from sekisho.explain.beside import explain_beside  # only here: most hosts have none

        for fact in namespace.beside:
            line = _line(fact.evidence, explain_beside(fact), fact.lines[0])
            more = tuple((line.line + at, text) for at, text in enumerate(fact.lines[1:], start=1))
            yield key("beside"), replace(line, continued=more)
    for sysctl in namespace.sysctls or ():
        yield key("sysctl"), _line(sysctl.evidence, explain_sysctl(sysctl, context), sysctl.key)
    for place, messages in explain_sysctl_files(namespace.sysctl_files or (), context):
        yield key("sysctl-files"), Line(place.file, place.line, place.text, messages)
    for socket in namespace.sockets or ():
        yield key("sockets"), _line(socket.evidence, explain_socket(socket, context), str(socket.port))
    for connection in namespace.connections or ():
        yield key("conntrack"), _line(connection.evidence, explain_connection(connection, context), "")
    yield from _stated(context)
    for packet in namespace.logged:
        yield key("log"), _line(packet.evidence, explain_logged(packet, context), packet.prefix)
    if context.is_host:
        yield from _docker(context)
        for instance in context.snapshot.instances or ():
            place = instance.evidence or Evidence("", 0, "")
            text = f"instance {instance.id}"
            yield key("aws"), Line(place.file, place.line, text, explain_instance(instance))


def _addresses(context: HostContext) -> Iterator[Explained]:
    """One line for each, or for all that stand on one line (``ip -br addr``)."""
    together: dict[tuple[str, int], Line] = {}
    for address in context.namespace.addresses or ():
        text = (
            f"inet{6 if address.family == 6 else ''} {address.address}/{address.length} {address.interface}"
        )
        line = _line(address.evidence, explain_address(address, context), text)
        place = (line.file, line.line) if line.line else (line.text, -len(together))
        before = together.get(place)
        together[place] = (
            line if before is None else replace(before, messages=(*before.messages, *line.messages))
        )
    for line in together.values():
        yield key("addresses"), line


def _stated(context: HostContext) -> Iterator[Explained]:
    """Lines of a document belong to its first."""
    document: tuple[Key, Line] | None = None
    for item in context.namespace.stated:
        if item.kind == "remark":
            continue  # it stands behind a command, whose line is there
        line = _line(item.evidence, explain_stated(item), "{" if item.kind == "document" else item.kind)
        if item.kind == "line" and document is not None:
            where, first = document
            document = where, replace(first, continued=(*first.continued, (line.line, line.text)))
            continue
        if document is not None:
            yield document
            document = None
        where = key(SECTIONS[item.by])
        if item.kind == "document":
            document = where, line
        else:
            yield where, line
    if document is not None:
        yield document


def _routing(context: HostContext) -> Iterator[Explained]:
    for route in context.namespace.routes:
        line = _line(route.evidence, explain_route(route, context), _route_text(route))
        first, *more = line.text.split("\n")
        continued = tuple((line.line + at, text) for at, text in enumerate(more, start=1))
        yield key("routes", route.family), Line(line.file, line.line, first, line.messages, continued)
    for rule in context.namespace.rules or ():
        messages = explain_policy_rule(rule, context)
        yield key("rules", rule.family), _line(rule.evidence, messages, _rule_text(rule))


def _ruleset(ruleset: Ruleset, context: HostContext) -> Iterator[Explained]:
    for table in ruleset.tables:
        name = table.name if table.name in TABLES else "tables"
        where = key(name, ruleset.family, ruleset.backend)
        headed = table.evidence is not None and table.evidence.line
        remarks = [] if headed else partly(table.incomplete)
        if headed:
            yield where, _line(table.evidence, explain_table(table), table.name)
        calls, chains = calls_of(table), {chain.name: chain for chain in table.chains}
        loader = Loader(table, ruleset.family, ruleset.backend, context.namespace.ipsets)
        index = NatIndex(table)
        for chain in table.chains:
            yield where, _line(chain.evidence, (*remarks, *explain_chain(chain, table, calls)), chain.name)
            remarks = []
            for number, rule in enumerate(chain.rules, start=1):
                place = Place(table, chain, number, rule, chains, index, loader)
                messages = explain_rule(place, context)
                yield where, _line(rule.evidence, messages, f"{chain.name} {number}")


def _docker(context: HostContext) -> Iterator[Explained]:
    for network in context.snapshot.networks or ():
        messages = explain_network(network, context)
        place = network.evidence or Evidence("", 0, "")
        yield key("docker"), Line(place.file, place.line, f"network {network.name}", messages)
    for container in context.snapshot.containers or ():
        place = container.evidence or Evidence("", 0, "")
        text = f"container {container.name}"
        yield key("docker"), Line(place.file, place.line, text, explain_container(container))

    for listed in context.snapshot.listed_containers or ():
        yield key("docker"), _line(listed.evidence, explain_listed(listed, context), listed.name or listed.id)
    for row in context.snapshot.listed_networks or ():
        yield key("docker"), _line(row.evidence, explain_listed_network(row, context), row.name)


def unread_line(unread: Unread) -> Line:
    """A line that could not be read, in its place, with the reason."""
    reason = _reason(unread)
    if unread.reason in ("other-backend-present", "incompatible-table"):
        message = reason  # the command's own warning: read, but what it points at was not captured
    else:
        message = m("unread.detail", reason, unread.detail) if unread.detail else m("unread", reason)
    place = unread.evidence
    return Line(place.file, place.line, place.text, (message,), read=False)


def partly_unread(unread: Unread) -> Message:
    """The same for a line of which the rest was understood."""
    reason = _reason(unread)
    return m("unread.partly", m("unread.what", reason, unread.detail) if unread.detail else reason)


def _reason(unread: Unread) -> Message:
    code = f"unread.{unread.reason}"
    return m(code) if code in MESSAGES else m("unread.other", unread.reason)


def _line(evidence: Evidence | None, messages: tuple[Message, ...], otherwise: str) -> Line:
    """The fact's own line; a fact that is a JSON object is shown as the command would print it."""
    if evidence is None:
        return Line("", 0, otherwise, messages)
    shown = otherwise if not evidence.text or evidence.text.startswith("{") else evidence.text
    return Line(evidence.file, evidence.line, shown, messages)


def _route_text(route: Route) -> str:
    if route.evidence is not None and not route.evidence.text.startswith("{"):
        return route.evidence.text
    from sekisho.sources.ip_route import render

    return render([route], table=None, trailing_space=False).rstrip("\n")


def _rule_text(rule: PolicyRule) -> str:
    if rule.evidence is not None and not rule.evidence.text.startswith("{"):
        return rule.evidence.text
    from sekisho.sources.ip_rule import render

    return render([rule]).rstrip("\n")
