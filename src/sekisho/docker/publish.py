"""Published ports: the host's sockets, the rules of each binding, and taking them back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sekisho.docker import iptables_rules, ports
from sekisho.docker.bridges import Net
from sekisho.docker.daemon import Daemon
from sekisho.docker.errors import DockerError
from sekisho.docker.firewall import Firewall
from sekisho.docker.intent import HOST_BINDING_OPTION, PortSpec
from sekisho.docker.iptables_rules import BridgeRules
from sekisho.docker.lowlevel import Binding
from sekisho.errors import Said, said
from sekisho.model.docker import DockerContainer
from sekisho.model.evidence import Evidence
from sekisho.values.address import Address
from sekisho.values.names import sysctl_key
from sekisho.values.numbers import integer, is_number

_NO_IPV6 = sysctl_key("net.ipv6.conf.all.disable_ipv6")
_PORT_RANGE = sysctl_key("net.ipv4.ip_local_port_range")


class Publisher:
    """Binds ports on a daemon's host."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        # What is given out of a protocol's port, and the line that asked for it.
        self._bound: dict[tuple[str, int], dict[Address, Evidence | None]] = {}
        # Where the search for a free port goes on: after the last one given out, as in libnetwork's
        # portallocator (a port that was freed is not the next).
        self._last: dict[tuple[str, Address, int, int], int] = {}
        self._written: dict[Binding, list[tuple[Firewall, str, str, str]]] = {}

    def adopt(self, container: DockerContainer) -> None:
        """Host ports that a running container holds."""
        for port in container.published:
            if port.host_port and port.host_address is not None:
                self._bind(port.proto, port.host_address, port.host_port, container.evidence)

    def publish(self, net: Net, addresses: Sequence[Address], wanted: Iterable[PortSpec]) -> list[Binding]:
        """Bind them in dockerd's order. Raises DockerError where a host port is taken."""
        bindings: list[Binding] = []
        try:
            for port in ports.binding_order(self.daemon.engine, wanted):
                bindings += self._publish(net, addresses, port)
            for binding in bindings:
                self._write(net, binding)
        except DockerError:
            self.unpublish(bindings)
            raise
        return bindings

    def _publish(self, net: Net, addresses: Sequence[Address], port: PortSpec) -> list[Binding]:
        engine = self.daemon.engine
        has6 = any(address.family == 6 for address in addresses)
        default = net.spec.option(HOST_BINDING_OPTION)
        listens6 = self.daemon.host.sysctl(_NO_IPV6) != "1"
        hosts = ports.host_addresses(
            engine, port, Address.parse(default) if default else None, listens6, has6
        )
        mapped: list[tuple[Address, Address]] = []
        found: list[Binding] = []
        for host in hosts:
            inside = next((a for a in addresses if a.family == host.family), None)
            if inside is None:
                inside = next((a for a in addresses if a.family == 4), None)
            if inside is None or (host.family == 4 and inside.family == 6):
                continue
            rules = net.rules.get(inside.family)
            if rules is not None and rules.routed and host.family == inside.family:
                found.append(Binding(port.proto, inside, port.container_port, host, 0))
            else:
                mapped.append((host, inside))
        if not mapped:
            return found
        number = self._choose(port, [host for host, _ in mapped])
        for host, inside in mapped:
            self._bind(port.proto, host, number, port.place)
            found.append(Binding(port.proto, inside, port.container_port, host, number))
            self._listen(port.proto, host, number)
        return found

    def _choose(self, port: PortSpec, hosts: list[Address]) -> int:
        host = self.daemon.host

        def is_free(number: int) -> bool:
            return all(
                host.port_is_free(port.proto, address, number)
                and not self._is_bound(port.proto, address, number)
                for address in hosts
            )

        if not port.host_first:
            self.daemon.note("ephemeral-port", str(port.container_port), port.proto, place=port.place)
        elif host.before.sockets is None:
            self.daemon.note("sockets-unknown")
        first, last = ports.host_range(port, self._ephemeral())
        key = (port.proto, hosts[0], first, last)
        try:
            number = ports.choose(port, is_free, first, last, self._last.get(key, last))
            self._last[key] = number
            return number
        except ports.PortTaken as taken:
            raise DockerError(
                self._taken(port.proto, hosts[0], taken.number),
                port.place,
                self._once(port.proto, hosts[0], taken.number),
            ) from None

    def _once(self, proto: str, host: Address, number: int) -> Said:
        """Where the port went."""
        holder = self._holder(proto, host, number)
        place = self._bound[proto, number][holder] if holder is not None else None
        if place is not None:
            return said("port {0} is published already: {1}:{2}", number, place.file, place.line)
        return said("a published port can be bound once for each host address and protocol")

    def _taken(self, proto: str, host: Address, number: int) -> str:
        """What dockerd says of a port that it gave out itself, or that another program holds."""
        shown = f"[{host}]" if host.family == 6 else str(host)
        if self._is_bound(proto, host, number):
            return f"Bind for {shown}:{number} failed: port is already allocated"
        if self.daemon.engine.version >= (28, 0, 0):
            return f"failed to bind host port {shown}:{number}/{proto}: address already in use"
        return f"listen {proto}{host.family} {shown}:{number}: bind: address already in use"

    def _ephemeral(self) -> tuple[int, int]:
        words = (self.daemon.host.sysctl(_PORT_RANGE) or "").split()
        if len(words) == 2 and all(is_number(word) for word in words):
            return integer(words[0]), integer(words[1])
        return ports.EPHEMERAL

    def _is_bound(self, proto: str, address: Address, number: int) -> bool:
        return self._holder(proto, address, number) is not None

    def _bind(self, proto: str, address: Address, number: int, place: Evidence | None) -> None:
        self._bound.setdefault((proto, number), {})[address] = place

    def _holder(self, proto: str, address: Address, number: int) -> Address | None:
        """The address for which the port is given out and that stands in the way."""
        for bound in self._bound.get((proto, number), ()):
            if bound.family == address.family and (bound == address or not bound.value or not address.value):
                return bound
        return None

    def _listen(self, proto: str, address: Address, number: int) -> None:
        """docker-proxy's socket; without docker-proxy dockerd holds the port itself."""
        if proto not in ("tcp", "udp"):
            return
        process = "dockerd" if self.daemon.engine.hairpin else "docker-proxy"
        self.daemon.host.listen(proto, address, number, f'users:(("{process}"))')

    # --------------------------------------------------------------------------------------- rules

    def endpoint(self, rules: BridgeRules, address: Address) -> None:
        """The rules that guard an endpoint's own address."""
        daemon = self.daemon
        if daemon.uses_iptables(address.family):
            fw = daemon.fw4 if address.family == 4 else daemon.fw6
            iptables_rules.endpoint(fw, daemon.engine, rules, address)
        elif daemon.uses_nft(address.family):
            daemon.nft.endpoint(address.family, daemon.engine, rules, address)

    def _write(self, net: Net, binding: Binding) -> None:
        daemon = self.daemon
        family = binding.container_address.family
        rules = net.rules.get(family)
        if rules is None:
            return
        if daemon.uses_iptables(family):
            fw = daemon.fw4 if family == 4 else daemon.fw6
            with fw.recorded() as written:
                iptables_rules.port(fw, daemon.engine, rules, binding)
            self._written[binding] = [(fw, *rule) for rule in written]
        elif daemon.uses_nft(family):
            daemon.nft.port(family, daemon.engine, rules, binding)

    def unpublish(self, bindings: Iterable[Binding]) -> None:
        """Take sockets and rules back."""
        for binding in bindings:
            for fw, table, chain, rule in self._written.pop(binding, []):
                fw.delete(table, chain, rule)
            self.daemon.nft.remove_port(binding)
            if binding.host_address is not None and binding.host_port:
                self._bound.get((binding.proto, binding.host_port), {}).pop(binding.host_address, None)
                self.daemon.host.unlisten(binding.proto, binding.host_address, binding.host_port)

    def forget(self, address: Address) -> None:
        """The raw rules of an address that no container has any more."""
        self.daemon.nft.forget(address)
        one = f"{address}/{32 if address.family == 4 else 128}"
        for fw in (self.daemon.fw4, self.daemon.fw6):
            for rule in fw.rules("raw", "PREROUTING"):
                if rule.startswith(f"-d {one} "):
                    fw.delete("raw", "PREROUTING", rule)
