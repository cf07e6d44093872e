"""The iptables rules of dockerd 20.10 to 26, those of the article's listings, for a topology's host.

Where each rule stands was measured on real engines; later networks come first where dockerd inserts.
"""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.lab.system.topology import Container, Host, Network, Publish
from sekisho.sources.iptables_words import quote_word

_NAT = ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING")
USER_CHAINS = ("DOCKER", "DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION-STAGE-2", "DOCKER-USER")


def docker_rules(host: Host) -> str:
    """Text for iptables-restore: tables nat and filter."""
    newest_first = tuple(reversed(host.networks))
    return "\n".join(
        [
            "*nat",
            *(f":{chain} ACCEPT [0:0]" for chain in _NAT),
            ":DOCKER - [0:0]",
            *_nat(host, newest_first),
            "COMMIT",
            "*filter",
            ":INPUT ACCEPT [0:0]",
            f":FORWARD {'DROP' if forwards(host) else 'ACCEPT'} [0:0]",
            ":OUTPUT ACCEPT [0:0]",
            *(f":{chain} - [0:0]" for chain in USER_CHAINS),
            *_filter(host, newest_first),
            "COMMIT",
            "",
        ]
    )


def _device(network: Network) -> str:
    """The bridge's name as one word of a rule."""
    return quote_word(network.bridge)


def forwards(host: Host) -> bool:
    """Whether dockerd switched forwarding on, which it does unless told otherwise."""
    found: dict[str, str] = dict(host.sysctls)
    return found.get("net.ipv4.ip_forward", "1") == "1"


def published(host: Host) -> Iterator[tuple[Container, Publish, Network, str]]:
    """Every published port with the container's first network and address there."""
    for container in host.containers:
        name, address = container.networks[0]
        for port in container.publish:
            yield container, port, host.network(name), str(address)


def _nat(host: Host, networks: tuple[Network, ...]) -> Iterator[str]:
    proxy = host.docker.userland_proxy
    loopback = " ! -d 127.0.0.0/8" if proxy else ""
    yield "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER"
    yield f"-A OUTPUT{loopback} -m addrtype --dst-type LOCAL -j DOCKER"
    for network in networks:
        if not proxy:
            yield f"-A POSTROUTING -o {_device(network)} -m addrtype --src-type LOCAL -j MASQUERADE"
        if network.masquerade and not network.internal:
            yield f"-A POSTROUTING -s {network.subnet} ! -o {_device(network)} -j MASQUERADE"
    for _, port, _, address in published(host):
        yield (
            f"-A POSTROUTING -s {address}/32 -d {address}/32 -p {port.proto} -m {port.proto}"
            f" --dport {port.port} -j MASQUERADE"
        )
    for network in networks:
        if proxy and network.masquerade and not network.internal:
            yield f"-A DOCKER -i {_device(network)} -j RETURN"
    for _, port, network, address in published(host):
        where = f" -d {port.host_address}/32" if port.host_address is not None else ""
        elsewhere = f" ! -i {_device(network)}" if proxy else ""
        yield (
            f"-A DOCKER{where}{elsewhere} -p {port.proto} -m {port.proto} --dport {port.host_port}"
            f" -j DNAT --to-destination {address}:{port.port}"
        )


def _filter(host: Host, networks: tuple[Network, ...]) -> Iterator[str]:
    yield "-A FORWARD -j DOCKER-USER"
    yield "-A FORWARD -j DOCKER-ISOLATION-STAGE-1"
    for network in networks:
        bridge = _device(network)
        if network.internal:
            yield f"-A FORWARD -i {bridge} -o {bridge} -j {'ACCEPT' if network.icc else 'DROP'}"
            continue
        yield f"-A FORWARD -o {bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
        yield f"-A FORWARD -o {bridge} -j DOCKER"
        yield f"-A FORWARD -i {bridge} ! -o {bridge} -j ACCEPT"
        if network.icc:
            yield f"-A FORWARD -i {bridge} -o {bridge} -j ACCEPT"
    for network in networks:
        if not network.icc and not network.internal:
            yield f"-A FORWARD -i {_device(network)} -o {_device(network)} -j DROP"
    for _, port, network, address in published(host):
        yield (
            f"-A DOCKER -d {address}/32 ! -i {_device(network)} -o {_device(network)} -p {port.proto}"
            f" -m {port.proto} --dport {port.port} -j ACCEPT"
        )
    yield from _isolation(networks)
    yield "-A DOCKER-USER -j RETURN"


def _isolation(networks: tuple[Network, ...]) -> Iterator[str]:
    for network in networks:
        if network.internal:
            yield f"-A DOCKER-ISOLATION-STAGE-1 ! -s {network.subnet} -o {_device(network)} -j DROP"
            yield f"-A DOCKER-ISOLATION-STAGE-1 ! -d {network.subnet} -i {_device(network)} -j DROP"
        else:
            yield (
                f"-A DOCKER-ISOLATION-STAGE-1 -i {_device(network)} ! -o {_device(network)}"
                " -j DOCKER-ISOLATION-STAGE-2"
            )
    yield "-A DOCKER-ISOLATION-STAGE-1 -j RETURN"
    for network in networks:
        if not network.internal:
            yield f"-A DOCKER-ISOLATION-STAGE-2 -o {_device(network)} -j DROP"
    yield "-A DOCKER-ISOLATION-STAGE-2 -j RETURN"
