"""A small Docker host as files: web (published on 8080) and db on one network, app on another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sekisho.semantics.world import World
from sekisho.sources.load import load

NAT = """\
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.18.0.0/16 ! -o br-shop -j MASQUERADE
-A POSTROUTING -s 172.19.0.0/16 ! -o br-back -j MASQUERADE
-A DOCKER ! -i br-shop -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.18.0.2:80
"""
FORWARD = """\
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i br-shop ! -o br-shop -j ISOLATION
-A FORWARD -i br-back ! -o br-back -j ISOLATION
-A FORWARD -d 172.18.0.2/32 ! -i br-shop -o br-shop -p tcp -m tcp --dport 80 -j ACCEPT
-A FORWARD -i br-shop -j ACCEPT
-A FORWARD -i br-back -j ACCEPT
-A ISOLATION -o br-shop -j DROP
-A ISOLATION -o br-back -j DROP
"""
_ADDRESSES = """\
1: lo    inet 127.0.0.1/8 scope host lo
2: eth0    inet 10.0.0.10/24 scope global eth0
3: br-shop    inet 172.18.0.1/16 scope global br-shop
4: br-back    inet 172.19.0.1/16 scope global br-back
"""
_ROUTES = """\
default via 10.0.0.1 dev eth0
10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.10
172.18.0.0/16 dev br-shop proto kernel scope link src 172.18.0.1
172.19.0.0/16 dev br-back proto kernel scope link src 172.19.0.1
"""
_CONTAINERS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("web", "shop", "172.18.0.2", {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]}),
    ("db", "shop", "172.18.0.3", {"3306/tcp": None}),
    ("app", "back", "172.19.0.2", {}),
)


def write(folder: Path, *, nat: str = NAT, forward: str = FORWARD, input_: str = "", policy: str = "ACCEPT",
          listening: str = "0.0.0.0:22") -> Path:  # fmt: skip
    """The host in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    users = sorted({line.split()[1] for line in forward.splitlines()} - {"FORWARD"})
    rules = ["*nat", ":PREROUTING ACCEPT [0:0]", ":INPUT ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]"]
    rules += [":POSTROUTING ACCEPT [0:0]", ":DOCKER - [0:0]", nat.rstrip(), "COMMIT", "*filter"]
    rules += [f":INPUT {policy} [0:0]", ":FORWARD DROP [0:0]", ":OUTPUT ACCEPT [0:0]"]
    rules += [f":{chain} - [0:0]" for chain in users] + [input_.rstrip(), forward.rstrip(), "COMMIT", ""]
    files = {
        "iptables-save.txt": "\n".join(line for line in rules if line) + "\n",
        "ip-addr.txt": _ADDRESSES, "ip-route.txt": _ROUTES,
        "ip-rule.txt": "0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n",  # noqa: E501
        "sysctl.txt": "net.ipv4.ip_forward = 1\nnet.bridge.bridge-nf-call-iptables = 1\n",
        "ss.txt": f"tcp LISTEN 0 128 {listening} 0.0.0.0:*\n",
        "docker-networks.json": json.dumps([_network("shop", "172.18"), _network("back", "172.19")]),
        "docker-containers.json": json.dumps([_container(*each) for each in _CONTAINERS]),
    }  # fmt: skip
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def _network(name: str, start: str) -> dict[str, object]:
    return {
        "Name": name, "Id": name * 16, "Driver": "bridge", "Scope": "local", "Labels": {},
        "Options": {"com.docker.network.bridge.name": f"br-{name}"},
        "IPAM": {"Config": [{"Subnet": f"{start}.0.0/16", "Gateway": f"{start}.0.1"}]},
    }  # fmt: skip


def _container(name: str, network: str, address: str, ports: object) -> dict[str, object]:
    return {
        "Name": f"/{name}", "Id": name * 20, "State": {"Running": True}, "Config": {"Image": "bb"},
        "HostConfig": {"NetworkMode": network},
        "NetworkSettings": {"Ports": ports, "Networks": {network: {"IPAddress": address}}},
    }  # fmt: skip


def world(folder: Path, **changes: str) -> World:
    """The host as a world."""
    return World(load(str(write(folder, **changes))))
