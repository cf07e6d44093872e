"""Which addresses the containers of Docker's short listings have, as far as these and the rules tell.

docker inspect -f '{{.Name}} {{.NetworkSettings.IPAddress}}'     Docker's own word
docker ps: 0.0.0.0:8080->80/tcp, and a DNAT rule of port 8080    one port of a host has one publisher
"""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.model.netfilter import Option, Rule
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.journey import Lean
from sekisho.values.address import Address, Family
from sekisho.values.names import LinkAddress
from sekisho.values.numbers import integer, is_number

# A container's whole id; swarm's own ends have others.
_CONTAINER_ID = 64


def told_addresses(snapshot: Snapshot) -> Iterator[tuple[str, Address, LinkAddress | None]]:
    """(name, address, MAC address) of containers as Docker itself told, those that no other listing has
    whole."""
    whole = {item.name for item in snapshot.containers or ()}
    for item in snapshot.listed_containers or ():
        if item.name is not None and item.name not in whole and item.running is not False:
            for address in item.addresses or ():
                yield item.name, address, item.mac


def listed_names(snapshot: Snapshot) -> dict[Address, str]:
    """Address -> name of the container that has it. What two containers would have is nobody's."""
    if not snapshot.listed_containers:
        return {}
    found: dict[Address, set[str]] = {}
    for name, address, _ in told_addresses(snapshot):
        found.setdefault(address, set()).add(name)
    publishers = _publishers(snapshot)
    for proto, port, address in _translations(snapshot) if publishers else ():
        names = publishers.get((proto, port), set())
        if len(names) == 1:
            found.setdefault(address, set()).update(names)
    return {address: names.pop() for address, names in found.items() if len(names) == 1}


def _publishers(snapshot: Snapshot) -> dict[tuple[str, int], set[str]]:
    whole = {item.name for item in snapshot.containers or ()}
    found: dict[tuple[str, int], set[str]] = {}
    for item in snapshot.listed_containers or ():
        if item.name is not None and item.name not in whole and item.running is not False:
            for port in item.published or ():
                found.setdefault((port.proto, port.host_port), set()).add(str(item.name))
    return found


def _translations(snapshot: Snapshot) -> Iterator[tuple[str, int, Address]]:
    """(protocol, host's port, address) of the host's DNAT rules of single ports."""
    for ruleset in snapshot.host.rulesets:
        for table in ruleset.tables:
            for rule in (rule for chain in table.chains for rule in chain.rules):
                address = _destination(rule)
                proto, port = _asked(rule, "protocol"), _asked(rule, "dport")
                if address is not None and proto and port and is_number(port):
                    yield proto, integer(port), address


def _destination(rule: Rule) -> Address | None:
    if rule.target is None or rule.target.name != "DNAT":
        return None
    value = next((_single(one) for one in rule.target.options if one.name == "to-destination"), "")
    host = value[1:].partition("]")[0] if value.startswith("[") else value.partition(":")[0]
    try:
        return Address.parse(host)
    except ValueError:
        return None


def _asked(rule: Rule, name: str) -> str:
    return next((_single(one) for one in rule.matches if one.name == name and not one.negated), "")


def _single(option: Option) -> str:
    return option.values[0] if len(option.values) == 1 else ""


def uninspected(snapshot: Snapshot) -> list[str]:
    """The containers that a network lists and nobody inspected; swarm's own ends have no container's id."""
    known = {container.id for container in snapshot.containers or ()}
    members = [one for network in snapshot.networks or () for one in network.members or ()]
    return sorted({one.name for one in members if len(one.id) == _CONTAINER_ID and one.id not in known})


def incomplete(snapshot: Snapshot, family: Family) -> tuple[Lean, ...]:
    """What any answer about one IP version leans on where a command failed, or Docker's lists contradict one
    another. What IPv6 alone has does not concern IPv4."""
    mine = (one for one in snapshot.host.failed if (one.family, family) != (6, 4))
    failed = (Lean("command-failed", (one.command, one.reason)) for one in mine)
    names = uninspected(snapshot) if snapshot.containers is not None else ()
    missing = (Lean("container-not-inspected", (name,)) for name in names)
    part = snapshot.containers is None and (snapshot.networks is not None or snapshot.namespaces)
    lists = (Lean("containers-not-listed"),) if part else ()
    return (*failed, *lists, *missing, *(Lean("network-not-listed", (name,)) for name in _unlisted(snapshot)))


def _unlisted(snapshot: Snapshot) -> list[str]:
    """The networks of running containers that no listing describes: a bridge, or a way past the host."""
    listed = {item.name for item in snapshot.networks or ()}
    ends = (end for item in snapshot.containers or () if item.running for end in item.endpoints)
    return sorted({end.network for end in ends if end.addresses and end.network not in listed})
