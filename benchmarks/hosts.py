"""Large hosts for measurements, as snapshots: a Docker host, and a firewall with a long FORWARD chain."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random


def docker_host(folder: Path, networks: int = 20, containers: int = 500, ports: int = 3) -> Path:
    """A host as dockerd 28 leaves it: every container publishes ``ports`` ports of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    bridges = [f"br-{number:012x}" for number in range(1, networks + 1)]
    subnets = [f"10.{100 + at // 256}.{at % 256}" for at in range(networks)] if networks > 200 else [
        f"172.{18 + at // 16}.{(at % 16) * 16}" for at in range(networks)
    ]  # fmt: skip
    bits = 24 if networks > 200 else 20
    rules = _DockerRules(bridges, subnets, bits)
    nets, boxes = [], []
    for at, (bridge, subnet) in enumerate(zip(bridges, subnets, strict=True)):
        nets.append(
            {
                "Name": f"net{at}",
                "Id": bridge[3:] * 5,
                "Driver": "bridge",
                "Scope": "local",
                "Internal": False,
                "IPAM": {"Config": [{"Subnet": f"{subnet}.0/{bits}", "Gateway": f"{subnet}.1"}]},
                "Options": {},
                "Labels": {},
            }
        )
    for number in range(containers):
        at = number % networks
        address = f"{subnets[at]}.{2 + number // networks}"
        published = {}
        for port in range(ports):
            inside, outside = (80, 443, 9000)[port % 3] + port // 3, 10000 + number * ports + port
            published[f"{inside}/tcp"] = [{"HostIp": "0.0.0.0", "HostPort": str(outside)}]
            rules.publish(bridges[at], address, inside, outside)
        rules.protect(bridges[at], address)
        boxes.append(
            {
                "Name": f"/c{number}",
                "Id": f"{number:064x}",
                "State": {"Running": True},
                "Config": {"Image": "bb"},
                "HostConfig": {"NetworkMode": f"net{at}"},
                "NetworkSettings": {
                    "Ports": published,
                    "Networks": {f"net{at}": {"IPAddress": address, "Gateway": f"{subnets[at]}.1"}},
                },
            }
        )
    _write_host(folder, bridges, subnets, bits)
    (folder / "iptables-save.txt").write_text(rules.text())
    (folder / "docker-networks.json").write_text(json.dumps(nets))
    (folder / "docker-containers.json").write_text(json.dumps(boxes))
    return folder


def _write_host(folder: Path, bridges: list[str], subnets: list[str], bits: int) -> None:
    routes = ["default via 10.0.0.1 dev eth0", "10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.10"]
    addresses = ["1: lo    inet 127.0.0.1/8 scope host lo", "2: eth0    inet 10.0.0.10/24 scope global eth0"]
    for at, (bridge, subnet) in enumerate(zip(bridges, subnets, strict=True), 3):
        routes.append(f"{subnet}.0/{bits} dev {bridge} proto kernel scope link src {subnet}.1")
        addresses.append(f"{at}: {bridge}    inet {subnet}.1/{bits} scope global {bridge}")
    (folder / "ip-route.txt").write_text("\n".join(routes) + "\n")
    (folder / "ip-addr.txt").write_text("\n".join(addresses) + "\n")
    (folder / "ip-rule.txt").write_text(
        "0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n"
    )
    (folder / "sysctl.txt").write_text("net.ipv4.ip_forward = 1\nnet.bridge.bridge-nf-call-iptables = 1\n")
    (folder / "ss.txt").write_text("tcp   LISTEN 0      128          0.0.0.0:22         0.0.0.0:*\n")


class _DockerRules:
    def __init__(self, bridges: list[str], subnets: list[str], bits: int) -> None:
        self.raw: list[str] = []
        self.nat: list[str] = []
        self.masquerade: list[str] = []
        self.accept: list[str] = []
        self.bridges = bridges
        self.networks = [f"{subnet}.0/{bits}" for subnet in subnets]

    def publish(self, bridge: str, address: str, inside: int, outside: int) -> None:
        self.nat.append(
            f"-A DOCKER ! -i {bridge} -p tcp -m tcp --dport {outside}"
            f" -j DNAT --to-destination {address}:{inside}"
        )
        here = f"-s {address}/32 -d {address}/32 -p tcp -m tcp --dport {inside}"
        self.masquerade.append(f"-A POSTROUTING {here} -j MASQUERADE")
        self.accept.append(
            f"-A DOCKER -d {address}/32 ! -i {bridge} -o {bridge} -p tcp -m tcp --dport {inside} -j ACCEPT"
        )

    def protect(self, bridge: str, address: str) -> None:
        self.raw.append(f"-A PREROUTING -d {address}/32 ! -i {bridge} -j DROP")

    def text(self) -> str:
        every = self.bridges
        lines = ["*raw", ":PREROUTING ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]", *self.raw, "COMMIT", "*nat"]
        lines += [f":{chain} ACCEPT [0:0]" for chain in ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING")]
        lines += [":DOCKER - [0:0]", "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER"]
        lines.append("-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER")
        pairs = zip(every, self.networks, strict=True)
        lines += [f"-A POSTROUTING -s {network} ! -o {bridge} -j MASQUERADE" for bridge, network in pairs]
        lines += self.masquerade + self.nat
        lines += ["COMMIT", "*filter", ":INPUT ACCEPT [0:0]", ":FORWARD DROP [0:0]", ":OUTPUT ACCEPT [0:0]"]
        users = ("", "-BRIDGE", "-CT", "-FORWARD", "-ISOLATION-STAGE-1", "-ISOLATION-STAGE-2", "-USER")
        lines += [f":DOCKER{chain} - [0:0]" for chain in users]
        lines += ["-A FORWARD -j DOCKER-USER", "-A FORWARD -j DOCKER-FORWARD", *self.accept]
        lines += [f"-A DOCKER ! -i {bridge} -o {bridge} -j DROP" for bridge in every]
        lines += [f"-A DOCKER-BRIDGE -o {bridge} -j DOCKER" for bridge in every]
        known = "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
        lines += [f"-A DOCKER-CT -o {bridge} {known}" for bridge in every]
        lines += [f"-A DOCKER-FORWARD -j DOCKER-{chain}" for chain in ("CT", "ISOLATION-STAGE-1", "BRIDGE")]
        lines += [f"-A DOCKER-FORWARD -i {bridge} -j ACCEPT" for bridge in every]
        stage = "DOCKER-ISOLATION-STAGE"
        lines += [f"-A {stage}-1 -i {bridge} ! -o {bridge} -j {stage}-2" for bridge in every]
        lines += [f"-A {stage}-2 -o {bridge} -j DROP" for bridge in reversed(every)]
        return "\n".join((*lines, "COMMIT", ""))


def _host(subnet: str, number: int) -> str:
    """Addresses of a subnet; those that do not fit are in the next of its networks, 20 further on."""
    first, second, third = subnet.split(".")
    return f"{first}.{second}.{int(third) + 20 * (number // 250)}.{2 + number % 250}"


def firewall(folder: Path, rules: int = 5000, seed: int = 1) -> Path:
    """A department's firewall: per interface a chain of sender checks that RETURN, and services by host."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = Random(seed)
    inner = [(f"eth1.{100 + at}", f"131.159.{at}") for at in range(20)]
    each = rules // 45  # hosts of a subnet
    lines = ["*filter", ":INPUT DROP [0:0]", ":FORWARD DROP [0:0]", ":OUTPUT ACCEPT [0:0]"]
    chains: dict[str, list[str]] = {}
    base = ["-A FORWARD -m state --state RELATED,ESTABLISHED,UNTRACKED -j ACCEPT"]
    for device, subnet in inner:
        name = device.partition(".")[2]
        chains[f"mac_{name}"] = []
        nets = dict.fromkeys(_host(subnet, number).rpartition(".")[0] for number in range(each))
        chains[f"ranges_{name}"] = [f"-A ranges_{name} -s {net}.0/24 -j RETURN" for net in nets]
        chains[f"ranges_{name}"].append(f"-A ranges_{name} -j DROP")
        base.append(f"-A FORWARD -s {subnet}.0/25 -i {device} -j mac_{name}")
        base.append(f"-A FORWARD -i {device} -j ranges_{name}")
    for device, subnet in inner:
        name = device.partition(".")[2]
        for number in range(each):
            mac = ":".join(f"{draw.randrange(256):02x}" for _ in range(6))
            sender = f"-s {_host(subnet, number)}/32 -m mac --mac-source {mac}"
            chains[f"mac_{name}"].append(f"-A mac_{name} {sender} -j RETURN")
    chains["services"] = []
    while len(base) + sum(map(len, chains.values())) < rules - 60:
        device, subnet = draw.choice(inner)
        host = _host(subnet, draw.randrange(each))
        kind = draw.random()
        if kind < 0.45:
            proto = draw.choice(("tcp", "tcp", "udp"))
            port = draw.choice(("22", "80", "443", "25", "5222", "6000:6063", "8080"))
            base.append(f"-A FORWARD -d {host}/32 -o {device} -p {proto} -m {proto} --dport {port} -j ACCEPT")
        elif kind < 0.65:
            other, net = draw.choice(inner)
            base.append(f"-A FORWARD -s {host}/32 -i {device} -d {net}.0/24 -o {other} -j ACCEPT")
        elif kind < 0.85:
            port = draw.choice(("22", "80", "443", "3306", "5432"))
            chains["services"].append(f"-A services -s {host}/32 -p tcp -m tcp --dport {port} -j ACCEPT")
        else:
            far = f"{draw.randrange(1, 223)}.{draw.randrange(256)}.{draw.randrange(256)}.0/24"
            base.append(f"-A FORWARD -s {far} -d {host}/32 -p tcp -m multiport --dports 22,443 -j ACCEPT")
    for device, _ in inner:
        name = device.partition(".")[2]
        chains[f"mac_{name}"].append(f"-A mac_{name} -j DROP")
    base += ["-A FORWARD -i eth1.100 -j services", "-A FORWARD -d 131.159.0.0/16 -p icmp -j ACCEPT"]
    lines += [f":{chain} - [0:0]" for chain in chains]
    lines += base + [line for chain in chains.values() for line in chain] + ["COMMIT", ""]
    (folder / "iptables-save.txt").write_text("\n".join(lines))
    return folder
