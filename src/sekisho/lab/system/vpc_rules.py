"""Security groups, network ACLs, the source/destination check and 1:1 NAT as real iptables rules.

They stand in the VPC's router, where every interface (ENI) has a link of its own, so that a packet
passes its sender's rules and its receiver's, each once:

    FORWARD   -i eni-A -j OUT-A     source check, security group (stateful), then -g ACL-OUT-subnet
              -o eni-B -j IN-B      destination check, ACL-IN-subnet, security group (stateful)

Neither applies to the resolver; nor to the router's own addresses and the metadata service, which are
local there and never forwarded. A network ACL is asked only where a packet crosses the subnet's edge.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sekisho.errors import UsageError, said
from sekisho.lab.system.topology import Host, SecurityGroup, Subnet, Topology, TrafficRule, Vpc
from sekisho.sources.iptables_words import quote_text, quote_word
from sekisho.values.address import Address
from sekisho.values.names import InterfaceName, chain_name

_ESTABLISHED = "-m conntrack --ctstate RELATED,ESTABLISHED"


@dataclass(frozen=True, slots=True)
class Eni:
    """A host's interface as the router sees it: ``link`` is the router's end."""

    host: Host
    link: InterfaceName
    subnet: Subnet


def router_rules(topology: Topology, vpc: Vpc, enis: tuple[Eni, ...], resolver_link: str | None) -> str:
    """Text for iptables-restore: the router's filter table."""
    groups = {group.name: group for group in vpc.groups}
    members = {name: [eni.host.address for eni in enis if name in eni.host.groups] for name in groups}
    subnets = [subnet for subnet in topology.subnets if subnet.vpc == vpc.name]
    acls = [subnet for subnet in subnets if subnet.ingress is not None]
    chains = [f"{side}-{_chain(eni.host.name)}" for eni in enis for side in ("OUT", "IN")]
    chains += [f"ACL-{side}-{_chain(subnet.name)}" for subnet in acls for side in ("OUT", "IN")]
    lines = ["*filter", ":INPUT ACCEPT [0:0]", ":FORWARD ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]"]
    lines += [f":{chain} - [0:0]" for chain in chains]
    lines += [f"-A FORWARD -i {quote_word(eni.link)} -j OUT-{_chain(eni.host.name)}" for eni in enis]
    lines += [f"-A FORWARD -o {quote_word(eni.link)} -j IN-{_chain(eni.host.name)}" for eni in enis]
    for eni in enis:
        lines += _out(eni, groups, members, resolver_link)
        lines += _in(eni, groups, members, resolver_link)
    for subnet in acls:
        lines += _acl(subnet, "OUT", subnet.egress or (), "-d")
        lines += _acl(subnet, "IN", subnet.ingress or (), "-s")
    return "\n".join([*lines, "COMMIT", ""])


def _out(
    eni: Eni, groups: Mapping[str, SecurityGroup], members: Mapping[str, list[Address]], resolver: str | None
) -> Iterator[str]:
    chain = f"OUT-{_chain(eni.host.name)}"
    # A goto: the ACL's RETURN leads back to FORWARD, as this chain's own would.
    then = f"-g ACL-OUT-{_chain(eni.subnet.name)}" if eni.subnet.egress is not None else "-j RETURN"
    if eni.host.source_dest_check:
        yield f"-A {chain} ! -s {eni.host.address}/32 -m comment --comment source-check -j DROP"
    if resolver is not None:
        yield f"-A {chain} -o {resolver} -j RETURN"
    yield f"-A {chain} {_ESTABLISHED} {then}"
    for name in eni.host.groups:
        for rule in groups[name].egress:
            for match in _matches(rule, "-d", groups, members):
                yield f"-A {chain}{match} -m comment --comment {quote_text(f'sg:{name}')} {then}"
    yield f"-A {chain} -m comment --comment no-security-group-allows -j DROP"


def _in(
    eni: Eni, groups: Mapping[str, SecurityGroup], members: Mapping[str, list[Address]], resolver: str | None
) -> Iterator[str]:
    chain = f"IN-{_chain(eni.host.name)}"
    if eni.host.source_dest_check:
        yield f"-A {chain} ! -d {eni.host.address}/32 -m comment --comment destination-check -j DROP"
    if resolver is not None:
        yield f"-A {chain} -i {resolver} -j RETURN"
    if eni.subnet.ingress is not None:
        yield f"-A {chain} -j ACL-IN-{_chain(eni.subnet.name)}"
    yield f"-A {chain} {_ESTABLISHED} -j RETURN"
    for name in eni.host.groups:
        for rule in groups[name].ingress:
            for match in _matches(rule, "-s", groups, members):
                yield f"-A {chain}{match} -m comment --comment {quote_text(f'sg:{name}')} -j RETURN"
    yield f"-A {chain} -m comment --comment no-security-group-allows -j DROP"


def _acl(subnet: Subnet, side: str, rules: Iterable[TrafficRule], end: str) -> Iterator[str]:
    chain = f"ACL-{side}-{_chain(subnet.name)}"
    yield f"-A {chain} {end} {subnet.cidr} -m comment --comment inside-the-subnet -j RETURN"
    for rule in rules:
        for match in _matches(rule, end, {}, {}):
            verdict = "RETURN" if rule.allow else "DROP"
            yield f"-A {chain}{match} -m comment --comment rule-{rule.number} -j {verdict}"
    yield f"-A {chain} -m comment --comment rule-* -j DROP"


def _matches(
    rule: TrafficRule, end: str, groups: Mapping[str, SecurityGroup], members: Mapping[str, list[Address]]
) -> Iterator[str]:
    what = "" if rule.proto == "all" else f" -p {rule.proto}"
    if rule.ports is not None:
        first, last = rule.ports
        span = str(first) if first == last else f"{first}:{last}"
        what += f" -m {rule.proto} --dport {span}"
    if rule.group is None:
        where = f" {end} {rule.peer}" if rule.peer is not None and rule.peer.length else ""
        yield where + what
        return
    if rule.group not in groups:
        raise UsageError(
            said("a rule names the security group {0!r}, which there is not", rule.group),
            advice=said("the groups are: {0}", ", ".join(groups)),
        )
    for address in members[rule.group]:
        yield f" {end} {address}/32{what}"


def gateway_rules(hosts: Iterable[Host], outside: str, inside: str) -> str:
    """The internet gateway's tables: each private address and its public one are the same host.

    What comes from a host without a public address goes no further; what comes in must have been meant
    for a public address.
    """
    pairs = [(host.address, host.public_address) for host in hosts if host.public_address is not None]
    lines = ["*nat"]
    lines += [f":{chain} ACCEPT [0:0]" for chain in ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING")]
    lines += [f"-A PREROUTING -d {public}/32 -j DNAT --to-destination {own}" for own, public in pairs]
    lines += [f"-A POSTROUTING -s {own}/32 -j SNAT --to-source {public}" for own, public in pairs]
    lines += ["COMMIT", "*filter", ":INPUT ACCEPT [0:0]", ":FORWARD DROP [0:0]", ":OUTPUT ACCEPT [0:0]"]
    lines += [f"-A FORWARD {_ESTABLISHED} -j ACCEPT"]
    lines += [f"-A FORWARD -i {inside} -s {own}/32 -j ACCEPT" for own, _ in pairs]
    lines += [
        f"-A FORWARD -i {outside} -d {own}/32 -m conntrack --ctstate DNAT -j ACCEPT" for own, _ in pairs
    ]
    return "\n".join([*lines, "COMMIT", ""])


def _chain(name: str) -> str:
    """A name short enough for a chain (28 characters with its head)."""
    if len(name) <= 19:
        return chain_name(name)
    return chain_name(
        f"{name[:12]}-{sum(ord(letter) * (at + 1) for at, letter in enumerate(name)) & 0xFFFFF:05x}"
    )
