"""A snapshot written as a folder: every collection of facts in the file that the layout has for it.

What was captured as one text and what was predicted are written alike; a collection that was not
captured gets no file, nor does one of which a part is missing that its file could not say. Lines that no
reader understood cannot be written as facts: they are kept in capture-notes.txt, named by file and line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from sekisho.errors import UsageError, said
from sekisho.model.host import Socket
from sekisho.model.links import Interface
from sekisho.model.netfilter import BUILTIN_CHAINS, Ruleset, Table
from sekisho.model.snapshot import Namespace, Snapshot
from sekisho.sources import (
    aws_instances,
    beside,
    conntrack,
    docker_render,
    ip_addr_json,
    ip_link_json,
    ip_neigh,
    ip_route,
    ip_rule,
    ipset_save,
    iptables_S,
    iptables_save,
    nft_render,
    ss,
    sysctl,
    sysctl_files,
)
from sekisho.sources.partial_words import partial_line
from sekisho.values.address import Family
from sekisho.values.names import namespace_name

Files = dict[str, str]
_BOTH: frozenset[Family] = frozenset({4, 6})
_FAMILIES: tuple[tuple[Family, str], ...] = ((4, ""), (6, "6"))


def snapshot_texts(snapshot: Snapshot) -> Files:
    """(name in the folder) -> text, for the whole snapshot. Raises UsageError where two texts would have one
    name: neither may take the other's place."""
    files: Files = {}
    for namespace in (snapshot.host, *snapshot.namespaces):
        folder = "" if namespace is snapshot.host else f"netns/{namespace_name(namespace.name)}/"
        for name, text in _namespace(namespace):
            if folder + name in files:
                raise UsageError(
                    said("two texts would be written as {0}", folder + name),
                    advice="a snapshot holds one text of each kind: which one counts cannot be told",
                )
            files[folder + name] = text
    if snapshot.networks is not None:
        files["docker-networks.json"] = docker_render.render_networks(snapshot.networks)
    if snapshot.containers is not None:
        files["docker-containers.json"] = docker_render.render_containers(snapshot.containers)
    if snapshot.docker_version is not None:
        files["docker-version.json"] = docker_render.render_version(snapshot.docker_version)
    if snapshot.instances is not None:
        files["aws/describe-instances.json"] = aws_instances.render(snapshot.instances)
    if snapshot.name or snapshot.roles:
        files["snapshot.toml"] = _toml(snapshot)
    notes = list(_notes(snapshot))
    if notes:
        files["capture-notes.txt"] = "".join(f"{note}\n" for note in notes)
    return files


def write_snapshot(snapshot: Snapshot, folder: Path) -> None:
    """Write the snapshot into a new or empty folder. Raises UsageError where there is something already."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(said("{0} is there already", folder), advice="name a new or an empty folder")
    made: set[Path] = set()
    for name, text in snapshot_texts(snapshot).items():
        path = folder / name
        if path.parent not in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            made.add(path.parent)
        path.write_text(text, encoding="utf-8")


def _namespace(facts: Namespace) -> Iterator[tuple[str, str]]:
    yield from _routes(facts)
    if facts.rules is not None:
        for family, six in _FAMILIES:
            mine = [rule for rule in facts.rules if rule.family == family]
            if mine:
                yield f"ip{six}-rule.txt", ip_rule.render(mine)
    if facts.interfaces is not None:
        yield "ip-link.json", ip_link_json.render(facts.interfaces)
        ports = [item for item in facts.interfaces if item.master and _of_port(item)]
        if ports:
            yield "bridge.json", _bridge(ports)
    if facts.addresses is not None and facts.address_families == _BOTH and facts.addresses_hidden is None:
        named = [item.name for item in facts.interfaces or ()]
        others = dict.fromkeys(item.interface for item in facts.addresses if item.interface not in named)
        interfaces = [*(facts.interfaces or ()), *(Interface(name) for name in others)]
        yield "ip-addr.json", ip_addr_json.render(interfaces, facts.addresses)
    if facts.neighbours is not None:
        yield "ip-neigh.json", ip_neigh.render_json(facts.neighbours)
    for ruleset in facts.rulesets:
        yield from _ruleset(ruleset)
    if facts.nft is not None:
        lack = facts.nft.incomplete or next((t.incomplete for t in facts.nft.tables if t.incomplete), None)
        known = f"{partial_line(lack)}\n" if lack is not None else ""
        yield "nft-ruleset.txt", known + nft_render.render(facts.nft)
    if facts.ipsets is not None:
        yield "ipset-save.txt", ipset_save.render(facts.ipsets)
    for kind in sorted(facts.beside_shown):
        yield f"{kind}.txt", beside.render(kind, facts.beside)
    if facts.sysctls is not None:
        yield "sysctl.txt", sysctl.render(facts.sysctls)
    if facts.sysctl_files is not None:
        yield "sysctl-files.txt", sysctl_files.render(facts.sysctl_files)
    if facts.sockets is not None and facts.socket_protocols >= {"tcp", "udp"}:
        nothing = "" if any(name.endswith("ss.txt") for name in facts.empty_files) else ss.HEAD
        yield "ss.txt", ss.render(facts.sockets) or nothing
    elif facts.sockets and "tcp" in facts.socket_protocols:
        yield "ss.txt", _of_tcp_alone(facts.sockets)
    if facts.logged:
        lines = (item.evidence.text for item in facts.logged if item.evidence is not None)
        yield "kernel-log.txt", "".join(f"{line}\n" for line in lines)
    if facts.connections is not None:
        yield "conntrack.txt", conntrack.render(facts.connections)


def _of_tcp_alone(sockets: Iterable[Socket]) -> str:
    """Without the column that ss leaves out where it was asked for TCP only: UDP is not known."""
    lines = ss.render(item for item in sockets if item.proto == "tcp").splitlines()
    return "".join(f"{line.removeprefix('tcp ')}\n" for line in lines)


def _routes(facts: Namespace) -> Iterator[tuple[str, str]]:
    """``show table all`` where all tables are covered, else the main table's listing; routes of single
    other tables stand in it with their table's name."""
    for family, six in _FAMILIES:
        mine = [route for route in facts.routes if route.family == family]
        if (family, "all") in facts.route_tables:
            yield f"ip{six}-route-table-all.txt", ip_route.render(mine, table=None)
        elif mine or (family, "main") in facts.route_tables:
            yield f"ip{six}-route.txt", ip_route.render(mine)


def _bridge(ports: list[Interface]) -> str:
    return (
        json.dumps([{"ifname": port.name, "master": port.master, **_of_port(port)} for port in ports]) + "\n"
    )


def _of_port(item: Interface) -> dict[str, bool | str | None]:
    said = {"hairpin": item.hairpin, "isolated": item.isolated, "state": item.port_state}
    return {name: value for name, value in said.items() if value is not None}


def _ruleset(ruleset: Ruleset) -> Iterator[tuple[str, str]]:
    six = "" if ruleset.family == 4 else "6"
    backend = f"-{ruleset.backend}" if ruleset.backend else ""
    if not ruleset.complete or (ruleset.tables and not backend):
        lost = () if ruleset.incomplete is None else BUILTIN_CHAINS
        named = {table.name: table for table in ruleset.tables}
        for name in dict.fromkeys((*named, *lost)):
            table = named.get(name) or Table(name, (), ruleset.incomplete)
            known = f"{partial_line(table.incomplete)}\n" if table.incomplete is not None else ""
            yield f"ip{six}tables{backend}-{name}.txt", known + iptables_S.render(table, counters=True)
        return
    # The head line tells a reader that the text lists all tables, and of which back end.
    kind = {"nft": " (nf_tables)", "legacy": " (legacy)"}.get(ruleset.backend, "")
    lines = [f"# Generated by ip{six}tables-save v1.8.9{kind} on paper, by Sekisho"] if ruleset.tables else []
    for table in ruleset.tables:
        lines += iptables_save.render_table(table, counters=True)
        if table.incomplete is not None:
            lines.insert(-1, partial_line(table.incomplete))
    legacy = "-legacy" if ruleset.backend == "legacy" else ""
    yield f"ip{six}tables{legacy}-save.txt", "".join(f"{line}\n" for line in lines)


def _toml(snapshot: Snapshot) -> str:
    lines = [f"name = {json.dumps(snapshot.name, ensure_ascii=False)}"] if snapshot.name else []
    if snapshot.roles:
        lines.append("[roles]")
        lines += [f"{json.dumps(interface)} = {json.dumps(role)}" for interface, role in snapshot.roles]
    return "".join(f"{line}\n" for line in lines)


def _notes(snapshot: Snapshot) -> Iterator[str]:
    unread = [*snapshot.unread, *snapshot.host.unread]
    for namespace in snapshot.namespaces:
        unread += namespace.unread
    for item in unread:
        place = f"{item.evidence.file}:{item.evidence.line}"
        yield f"not read: {place}: {item.evidence.text.strip()}"
    for note in snapshot.notes:
        if note.text != "not read":
            yield note.text
