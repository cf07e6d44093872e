"""A host that forwards by nftables, for questions of one packet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sekisho.model.links import Interface, InterfaceAddress
from sekisho.model.netfilter import Ruleset
from sekisho.model.nft import NftRuleset
from sekisho.model.routing import NextHop, Route
from sekisho.model.snapshot import Namespace, Snapshot
from sekisho.semantics.journey import Journey
from sekisho.semantics.journeys import Start
from sekisho.semantics.world import World
from sekisho.sources import nft_text
from sekisho.symbolic.one_journeys import journey
from sekisho.values.address import Address, Family, Prefix
from sekisho.values.names import interface_name as iface
from sekisho.values.names import namespace_name
from sekisho.values.packet import TCP, Packet


def namespace(text: str | NftRuleset, rulesets: tuple[Ruleset, ...] = ()) -> Namespace:
    """A host with eth0 (10.0.0.1/24, fd00:a::/64) and eth1 (10.1.0.1/24, fd00:b::/64)."""
    own = {"eth0": "10.0.0.1", "eth1": "10.1.0.1"}
    nets: dict[Family, dict[str, str]] = {
        4: {"eth0": "10.0.0.0/24", "eth1": "10.1.0.0/24"}, 6: {"eth0": "fd00:a::/64", "eth1": "fd00:b::/64"}
    }  # fmt: skip
    return Namespace(
        namespace_name("host"),
        routes=tuple(
            Route(family, Prefix.parse(net), nexthops=(NextHop(iface(name)),))
            for family, by_name in nets.items()
            for name, net in by_name.items()
        ),
        route_tables=frozenset({(4, "main"), (6, "main")}),
        interfaces=tuple(Interface(iface(name)) for name in own),
        addresses=tuple(
            InterfaceAddress(iface(name), 4, Address.parse(one), 24) for name, one in own.items()
        ),
        nft=nft_text.parse(text, "nft-ruleset.txt") if isinstance(text, str) else text,
        rulesets=rulesets,
        sysctls=(),
        sockets=(),
    )  # fmt: skip


def ask(
    text: str | NftRuleset, dport: int = 80, proto: int = TCP, dst: str = "10.1.0.9", **more: Any
) -> Journey:
    """A forwarded packet from eth0 to eth1."""
    world = World(Snapshot("x", namespace(text)))
    packet = Packet(4, Address.parse("10.0.0.9").value, Address.parse(dst).value, proto, 40000, dport,
                    iif="eth0")  # fmt: skip
    return journey(world, Start(replace(packet, **more)), with_reply=False)


def ask6(text: str) -> Journey:
    """A forwarded packet of IPv6 from eth0 to eth1."""
    src, dst = (Address.parse(one).value for one in ("fd00:a::9", "fd00:b::9"))
    start = Start(Packet(6, src, dst, TCP, 40000, 80, iif="eth0"))
    return journey(World(Snapshot("x", namespace(text))), start, with_reply=False)


def end(text: str, dport: int = 80, **more: Any) -> str:
    return ask(text, dport, **more).forward.disposition


def forward_table(*rules: str, policy: str = "accept", more: str = "") -> str:
    body = "".join(f"\t\t{rule}\n" for rule in rules)
    head = f"\t\ttype filter hook forward priority filter; policy {policy};\n"
    return f"table inet fw {{\n{more}\tchain forward {{\n{head}{body}\t}}\n\n\tchain other {{\n\t}}\n}}\n"
