"""The iptables rules that dockerd writes, in the order in which it writes them, for 20.10 to 29.

Each function is one step of dockerd: the chains at its start, a network, an endpoint, a published port.
Source: moby's libnetwork bridge driver (setup_ip_tables_linux.go, iptables.go up to 28.0;
internal/iptabler from 28.1 on) at the tags of the profiles; held against captures of real engines.
"""

from __future__ import annotations

from dataclasses import dataclass

from sekisho.docker.engine import Engine
from sekisho.docker.firewall import Firewall
from sekisho.docker.lowlevel import Binding
from sekisho.values.address import Address, Family, Prefix
from sekisho.values.numbers import integer

STAGE1 = "DOCKER-ISOLATION-STAGE-1"
STAGE2 = "DOCKER-ISOLATION-STAGE-2"
ESTABLISHED = "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
LOCAL = "-m addrtype --dst-type LOCAL -j DOCKER"
LOOPBACK: dict[Family, str] = {4: "127.0.0.0/8", 6: "::1/128"}


@dataclass(frozen=True, slots=True)
class BridgeRules:
    """A bridge network as the firewall sees it, for one family.

    ``mode``: nat, nat-unprotected, routed or isolated. ``source`` is the address of
    com.docker.network.host_ipv4: SNAT to it instead of MASQUERADE.
    """

    bridge: str
    prefix: Prefix
    internal: bool = False
    icc: bool = True
    masquerade: bool = True
    mode: str = "nat"
    source: Address | None = None
    trusted: tuple[str, ...] = ()

    @property
    def routed(self) -> bool:
        return self.mode == "routed"

    @property
    def unprotected(self) -> bool:
        return self.mode == "nat-unprotected"


def start(fw: Firewall, engine: Engine) -> None:
    """The chains that dockerd makes when it starts, and its jumps from the built-in ones."""
    fw.new_chain("nat", "DOCKER")
    fw.new_chain("filter", "DOCKER")
    if engine.classic_forward:
        for chain in (STAGE1, STAGE2):
            fw.new_chain("filter", chain)
            fw.append("filter", chain, "-j RETURN")
        return
    if engine.isolation_chains:
        fw.new_chain("filter", STAGE1)
        fw.new_chain("filter", STAGE2)
    _nat_jumps(fw, engine)
    if engine.ipset_forward:
        dst = f"-m set --match-set docker-ext-bridges-v{fw.family} dst"
        fw.to_top("filter", "FORWARD", f"{dst} -j DOCKER")
        fw.to_top("filter", "FORWARD", f"-j {STAGE1}")
        fw.to_top("filter", "FORWARD", f"{dst} {ESTABLISHED}")
        return
    for chain in ("DOCKER-FORWARD", "DOCKER-BRIDGE", "DOCKER-CT"):
        fw.new_chain("filter", chain)
    fw.to_top("filter", "FORWARD", "-j DOCKER-FORWARD")
    fw.to_top("filter", "DOCKER-FORWARD", "-j DOCKER-BRIDGE")
    if engine.isolation_chains:
        fw.to_top("filter", "DOCKER-FORWARD", f"-j {STAGE1}")
    else:
        fw.new_chain("filter", "DOCKER-INTERNAL")
        fw.to_top("filter", "DOCKER-FORWARD", "-j DOCKER-INTERNAL")
    fw.to_top("filter", "DOCKER-FORWARD", "-j DOCKER-CT")


def user_chain(fw: Firewall, engine: Engine) -> None:
    """DOCKER-USER, which stands first again after each network that is made."""
    if fw.family == 6 and not engine.ip6_user_chain:
        return
    fw.new_chain("filter", "DOCKER-USER")
    if engine.user_chain_returns:
        fw.append("filter", "DOCKER-USER", "-j RETURN")
    fw.to_top("filter", "FORWARD", "-j DOCKER-USER")


def _nat_jumps(fw: Firewall, engine: Engine) -> None:
    fw.append("nat", "PREROUTING", LOCAL)
    fw.append("nat", "OUTPUT", LOCAL if engine.hairpin else f"! -d {LOOPBACK[fw.family]} {LOCAL}")


def network(fw: Firewall, engine: Engine, net: BridgeRules) -> None:
    """The rules of one network in a family that it has addresses of."""
    if net.internal:
        _internal(fw, engine, net)
    elif engine.classic_forward:
        _classic_network(fw, engine, net)
    else:
        _network(fw, engine, net)
    if engine.classic_forward:
        fw.to_top("filter", "FORWARD", f"-j {STAGE1}")


def isolation(fw: Firewall, engine: Engine, bridge: str, routed: bool) -> None:
    """DOCKER-ISOLATION-*: no network reaches another's bridge. 28 lets a routed network be reached."""
    if engine.classic_forward:
        fw.insert("filter", STAGE1, f"-i {bridge} ! -o {bridge} -j {STAGE2}")
    else:
        if routed:
            fw.insert("filter", STAGE1, f"-o {bridge} -j RETURN")
            fw.insert("filter", STAGE1, f"-i {bridge} {ESTABLISHED}")
        fw.append("filter", STAGE1, f"-i {bridge} ! -o {bridge} -j {STAGE2}")
    fw.insert("filter", STAGE2, f"-o {bridge} -j DROP")


def _internal(fw: Firewall, engine: Engine, net: BridgeRules) -> None:
    bridge, prefix = net.bridge, net.prefix
    chain = STAGE1 if engine.isolation_chains else "DOCKER-INTERNAL"
    if fw.family == 4:
        arriving, leaving = f"! -d {prefix} -i {bridge}", f"! -s {prefix} -o {bridge}"
    else:
        # Link-local and multicast traffic inside the bridge is let alone (24.0 and later).
        both = engine.version >= (24, 0, 0)
        arriving = f"! -d {prefix} -i {bridge}" + (f" ! -o {bridge}" if both else "")
        leaving = f"! -s {prefix}" + (f" ! -i {bridge}" if both else "") + f" -o {bridge}"
    fw.insert("filter", chain, f"{arriving} -j DROP")
    fw.insert("filter", chain, f"{leaving} -j DROP")
    inside = f"-i {bridge} -o {bridge} -j"
    where = "FORWARD" if engine.classic_forward or engine.ipset_forward else "DOCKER-FORWARD"
    if not net.icc:
        fw.append("filter", where, f"{inside} DROP")
    elif engine.classic_forward:
        fw.insert("filter", where, f"{inside} ACCEPT")
    else:
        fw.append("filter", where, f"{inside} ACCEPT")


def _source_nat(fw: Firewall, engine: Engine, net: BridgeRules) -> None:
    target = f"SNAT --to-source {net.source}" if net.source is not None else "MASQUERADE"
    nat = not (net.routed and engine.gateway_modes)
    if nat and net.masquerade:
        fw.insert("nat", "POSTROUTING", f"-s {net.prefix} ! -o {net.bridge} -j {target}")
    # The bridge's own containers must reach the host's socket, where docker-proxy waits.
    skips = net.masquerade and not engine.hairpin
    if engine.classic_forward:
        skips = skips and nat
    elif engine.version < (28, 0, 2):
        skips = skips or not nat
    if skips and engine.isolation_chains:
        fw.insert("nat", "DOCKER", f"-i {net.bridge} -j RETURN")
    if engine.hairpin:
        fw.insert("nat", "POSTROUTING", f"-o {net.bridge} -m addrtype --src-type LOCAL -j {target}")


def _classic_network(fw: Firewall, engine: Engine, net: BridgeRules) -> None:
    bridge = net.bridge
    _source_nat(fw, engine, net)
    inside = f"-i {bridge} -o {bridge} -j"
    if net.icc:
        fw.insert("filter", "FORWARD", f"{inside} ACCEPT")
    else:
        fw.append("filter", "FORWARD", f"{inside} DROP")
    fw.insert("filter", "FORWARD", f"-i {bridge} ! -o {bridge} -j ACCEPT")
    _nat_jumps(fw, engine)
    fw.insert("filter", "FORWARD", f"-o {bridge} -j DOCKER")
    fw.insert("filter", "FORWARD", f"-o {bridge} {ESTABLISHED}")


def _network(fw: Firewall, engine: Engine, net: BridgeRules) -> None:
    bridge = net.bridge
    forward = "FORWARD" if engine.ipset_forward else "DOCKER-FORWARD"
    if engine.accept_fwmark is not None:
        fw.insert("filter", forward, f"-m mark --mark {_mark(engine.accept_fwmark)} -j ACCEPT")
    _source_nat(fw, engine, net)
    if not net.icc:
        fw.append("filter", forward, f"-i {bridge} -o {bridge} -j DROP")
    if net.routed:
        icmp = "icmp" if fw.family == 4 else "ipv6-icmp"
        fw.append("filter", "DOCKER", f"-o {bridge} -p {icmp} -j ACCEPT")
    fw.append("filter", forward, f"-i {bridge} " + ("" if net.icc else f"! -o {bridge} ") + "-j ACCEPT")
    last = "ACCEPT" if net.unprotected else "DROP"
    fw.append("filter", "DOCKER", f"! -i {bridge} -o {bridge} -j {last}")
    if not engine.ipset_forward:
        fw.append("filter", "DOCKER-CT", f"-o {bridge} {ESTABLISHED}")
        fw.append("filter", "DOCKER-BRIDGE", f"-o {bridge} -j DOCKER")


def _mark(text: str) -> str:
    value, slash, mask = text.partition("/")
    shown = hex(integer(value, 0))
    return f"{shown}/{hex(integer(mask, 0))}" if slash else shown


def endpoint(fw: Firewall, engine: Engine, net: BridgeRules, address: Address) -> None:
    """28.2 and later: nothing from outside the bridge may name a container's own address."""
    if not engine.raw_drop_per_container or engine.allow_direct_routing:
        return
    if net.internal or net.unprotected or net.routed:
        return
    one = f"{address}/{32 if fw.family == 4 else 128}"
    for interface in net.trusted:
        fw.append("raw", "PREROUTING", f"-d {one} -i {interface} -j ACCEPT")
    fw.append("raw", "PREROUTING", f"-d {one} ! -i {net.bridge} -j DROP")


def port(fw: Firewall, engine: Engine, net: BridgeRules, binding: Binding) -> None:
    """The rules of one published port (``binding.host_port`` 0: opened, but not mapped)."""
    if net.internal:
        return
    proto, to = binding.proto, binding.container_address
    one = f"{to}/{32 if to.family == 4 else 128}"
    match = f"-p {proto} -m {proto}"
    raw_ok = engine.version >= (28, 0, 0)
    here = binding.host_address
    if raw_ok and binding.host_port and here is not None and here.family == 4 and _loopback(here):
        loop = f"-d {here}/32 ! -i lo {match} --dport {binding.host_port} -j DROP"
        fw.append("raw", "PREROUTING", loop)
    if engine.raw_drop_per_port and not (net.unprotected or net.routed or engine.allow_direct_routing):
        drop = f"-d {one} ! -i {net.bridge} {match} --dport {binding.container_port} -j DROP"
        fw.append("raw", "PREROUTING", drop)
    if binding.by_proxy_only:
        return
    own = f"-s {one} -d {one} {match} --dport {binding.container_port} -j MASQUERADE"
    if binding.host_port:
        fw.append("nat", "DOCKER", _dnat(fw, engine, net, binding, match))
        if engine.hairpin or engine.classic_forward:
            fw.append("nat", "POSTROUTING", own)
    accept = f"-d {one} ! -i {net.bridge} -o {net.bridge} {match} --dport {binding.container_port} -j ACCEPT"
    if engine.classic_forward:
        fw.append("filter", "DOCKER", accept)
        if proto == "sctp":
            checksum = f"{match} --sport {binding.container_port} -j CHECKSUM --checksum-fill"
            fw.append("mangle", "POSTROUTING", checksum)
    elif not net.unprotected:
        fw.insert("filter", "DOCKER", accept)


def _dnat(fw: Firewall, engine: Engine, net: BridgeRules, binding: Binding, match: str) -> str:
    parts: list[str] = []
    if fw.family == 6 and engine.version >= (28, 0, 0):
        parts.append("! -s fe80::/10")
    if binding.host_address is not None and binding.host_address.value:
        parts.append(f"-d {binding.host_address}/{32 if fw.family == 4 else 128}")
    if not engine.hairpin:
        parts.append(f"! -i {net.bridge}")
    to = f"[{binding.container_address}]" if fw.family == 6 else str(binding.container_address)
    parts.append(f"{match} --dport {binding.host_port} -j DNAT")
    return " ".join([*parts, f"--to-destination {to}:{binding.container_port}"])


def _loopback(address: Address) -> bool:
    return address.value >> 24 == 127
