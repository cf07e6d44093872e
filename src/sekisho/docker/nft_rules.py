"""The nftables rules of dockerd's nftables backend (29 and later), as text of nft.

Source: moby's bridge driver, internal/nftabler; held against captures of 29.7.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.docker.engine import Engine
from sekisho.docker.iptables_rules import BridgeRules
from sekisho.docker.lowlevel import Binding
from sekisho.model.nft import NftRuleset
from sekisho.sources import nft_text
from sekisho.values.address import Address, Family
from sekisho.values.numbers import integer

TABLE = "docker-bridges"
NAT_CHAIN = "nat-prerouting-and-output"
RAW_CHAIN = "raw-PREROUTING"
FAMILY_NAMES: dict[Family, str] = {4: "ip", 6: "ip6"}
COUNTER = "counter packets 0 bytes 0"

# A chain's rules stand in groups: what comes later into an earlier group still stands before the others.
FIRST, MARK, ICC, PORTS, LAST = 0, 1, 3, 4, 5

Line = tuple[str, int, str]  # chain, group, rule


def chains_of(bridge: str) -> tuple[str, str, str, str]:
    """The four chains of a bridge, in the order in which they are made."""
    return (
        f"filter-forward-in__{bridge}",
        f"filter-forward-out__{bridge}",
        f"nat-postrouting-in__{bridge}",
        f"nat-postrouting-out__{bridge}",
    )


MAPS = ("filter-forward-in-jumps", "filter-forward-out-jumps", "nat-postrouting-in-jumps",
        "nat-postrouting-out-jumps")  # fmt: skip

BASE_CHAINS: dict[str, str] = {
    "filter-FORWARD": "type filter hook forward priority filter; policy accept;",
    "nat-OUTPUT": "type nat hook output priority dstnat; policy accept;",
    "nat-POSTROUTING": "type nat hook postrouting priority srcnat; policy accept;",
    "nat-PREROUTING": "type nat hook prerouting priority dstnat; policy accept;",
    NAT_CHAIN: "",
    RAW_CHAIN: "type filter hook prerouting priority raw; policy accept;",
}


def start(family: Family, engine: Engine) -> Iterator[Line]:
    """The rules of the base chains."""
    local = f"fib daddr type local {COUNTER} jump {NAT_CHAIN}"
    loopback = {4: "ip daddr != 127.0.0.0/8 ", 6: "ip6 daddr != ::1 "}[family]
    yield "filter-FORWARD", FIRST, "oifname vmap @filter-forward-in-jumps"
    yield "filter-FORWARD", FIRST, "iifname vmap @filter-forward-out-jumps"
    yield "nat-OUTPUT", FIRST, local if engine.hairpin else f"{loopback}{local}"
    yield "nat-POSTROUTING", FIRST, "iifname vmap @nat-postrouting-out-jumps"
    yield "nat-POSTROUTING", FIRST, "oifname vmap @nat-postrouting-in-jumps"
    yield "nat-PREROUTING", FIRST, local


def network(family: Family, engine: Engine, net: BridgeRules) -> Iterator[Line]:
    """The rules of one network in a family that it has addresses of."""
    name = FAMILY_NAMES[family]
    bridge = f'"{net.bridge}"'
    forward_in, forward_out, postrouting_in, postrouting_out = chains_of(net.bridge)
    icc = "accept" if net.icc else "drop"
    yield forward_in, FIRST, f"ct state established,related {COUNTER} accept"
    yield forward_out, FIRST, f"ct state established,related {COUNTER} accept"
    if net.internal:
        yield forward_in, FIRST, f'iifname != {bridge} {COUNTER} drop comment "INTERNAL NETWORK INGRESS"'
        yield forward_out, FIRST, f'oifname != {bridge} {COUNTER} drop comment "INTERNAL NETWORK EGRESS"'
        yield forward_in, ICC, f'{COUNTER} {icc} comment "ICC"'
        return
    if engine.accept_fwmark is not None:
        mark = f"meta mark {_mark(engine.accept_fwmark)}"
        yield forward_in, MARK, f'{mark} {COUNTER} accept comment "ALLOW FW MARK"'
    yield forward_in, ICC, f'iifname {bridge} {COUNTER} {icc} comment "ICC"'
    yield forward_out, FIRST, f'{COUNTER} accept comment "OUTGOING"'
    verdict, why = ("accept", "UNPROTECTED") if net.unprotected else ("drop", "UNPUBLISHED PORT DROP")
    yield forward_in, LAST, f'{COUNTER} {verdict} comment "{why}"'
    if net.routed:
        icmp = "ip protocol icmp" if family == 4 else "meta l4proto ipv6-icmp"
        yield forward_in, FIRST, f'{icmp} {COUNTER} accept comment "ICMP"'
    action, comment = (
        ("masquerade", "MASQUERADE") if net.source is None else (f"snat to {net.source}", "SNAT")
    )
    if net.masquerade and not net.routed:
        source = f"oifname != {bridge} {name} saddr {net.prefix}"
        yield postrouting_out, FIRST, f'{source} {COUNTER} {action} comment "{comment}"'
    if engine.hairpin:
        yield postrouting_in, FIRST, f'fib saddr type local {COUNTER} {action} comment "{comment} FROM HOST"'


def _mark(text: str) -> str:
    value, slash, mask = text.partition("/")
    shown = f"0x{integer(value, 0):08x}"
    return f"& 0x{integer(mask, 0):08x} == {shown}" if slash else shown


def endpoint(family: Family, engine: Engine, net: BridgeRules, address: Address) -> Iterator[Line]:
    """Nothing from outside the bridge may name a container's own address."""
    if net.internal or net.unprotected or net.routed or engine.allow_direct_routing:
        return
    bridges = f'"{net.bridge}"'
    if net.trusted:
        bridges = "{ " + ", ".join(sorted([bridges, *(f'"{name}"' for name in net.trusted)])) + " }"
    guard = f"{FAMILY_NAMES[family]} daddr {address} iifname != {bridges}"
    yield RAW_CHAIN, FIRST, f'{guard} {COUNTER} drop comment "DROP DIRECT ACCESS"'


def port(family: Family, engine: Engine, net: BridgeRules, binding: Binding) -> Iterator[Line]:
    """The rules of one published port."""
    if net.internal:
        return
    name, proto, to = FAMILY_NAMES[family], binding.proto, binding.container_address
    forward_in, _, postrouting_in, _ = chains_of(net.bridge)
    if not net.unprotected:
        accept = f"{name} daddr {to} {proto} dport {binding.container_port} {COUNTER} accept"
        yield forward_in, PORTS, accept
    host = binding.host_address
    if not binding.host_port or host is None:
        return
    if not binding.by_proxy_only:
        match = "" if engine.hairpin else f'iifname != "{net.bridge}" '
        match += "ip6 saddr != fe80::/10 " if family == 6 else ""
        match += f"{name} daddr {host} " if host.value else ""
        shown = f"[{to}]" if family == 6 else str(to)
        dnat = f"{COUNTER} dnat to {shown}:{binding.container_port}"
        yield NAT_CHAIN, FIRST, f'{match}{proto} dport {binding.host_port} {dnat} comment "DNAT"'
        if engine.hairpin:
            own = f"{name} saddr {to} {name} daddr {to} {proto} dport {binding.container_port}"
            yield postrouting_in, FIRST, f'{own} {COUNTER} masquerade comment "MASQ TO OWN PORT"'
    if host.family == 4 and host.value >> 24 == 127:
        loop = f'iifname != "lo" ip daddr {host} {proto} dport {binding.host_port}'
        yield RAW_CHAIN, FIRST, f'{loop} {COUNTER} drop comment "DROP REMOTE LOOPBACK"'


def dns_table(server: str, udp: int, tcp: int) -> NftRuleset:
    """The table of a container's namespace that leads its questions to Docker's resolver."""
    lines = ["table ip docker-dns {", "\tchain dns-dnat {"]
    lines.append("\t\ttype nat hook output priority -100; policy accept;")
    for proto, number in (("udp", udp), ("tcp", tcp)):
        lines.append(f"\t\tip daddr {server} {proto} dport 53 {COUNTER} dnat to {server}:{number}")
    lines += ["\t}", "", "\tchain dns-snat {"]
    lines.append("\t\ttype nat hook postrouting priority srcnat; policy accept;")
    for proto, number in (("udp", udp), ("tcp", tcp)):
        lines.append(f"\t\tip saddr {server} {proto} sport {number} {COUNTER} snat to :53")
    lines += ["\t}", "}"]
    return nft_text.parse("\n".join(lines) + "\n", "")
