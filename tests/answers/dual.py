"""A host with both IP versions as files: container a has IPv4 alone, b both, six IPv6 alone; the Internet and
neighbours get in by eth0. IPv4's FORWARD drops what nobody asks for, IPv6's does not."""

from __future__ import annotations

import json
from pathlib import Path

from sekisho.semantics.world import World
from sekisho.sources.load import load

_NETWORK = "aaa0" + 60 * "0"
_ADDRESSES = {"a": ("172.18.0.2", ""), "b": ("172.18.0.3", "fd00:18::3"), "six": ("", "fd00:18::4")}
_SUBNETS = [
    {"Subnet": "172.18.0.0/16", "Gateway": "172.18.0.1"},
    {"Subnet": "fd00:18::/64", "Gateway": "fd00:18::1"},
]
_FILES = {
    "ip-addr.txt": """\
1: lo    inet 127.0.0.1/8 scope host lo
1: lo    inet6 ::1/128 scope host
2: eth0    inet 10.0.0.10/24 brd 10.0.0.255 scope global eth0
2: eth0    inet6 2001:db8:1::10/64 scope global
3: br-aaa    inet 172.18.0.1/16 brd 172.18.255.255 scope global br-aaa
3: br-aaa    inet6 fd00:18::1/64 scope global
""",
    "ip-route.txt": """\
default via 10.0.0.1 dev eth0
10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.10
172.18.0.0/16 dev br-aaa proto kernel scope link src 172.18.0.1
""",
    "ip6-route.txt": """\
2001:db8:1::/64 dev eth0 proto kernel metric 256 pref medium
fd00:18::/64 dev br-aaa proto kernel metric 256 pref medium
default via 2001:db8:1::1 dev eth0 metric 1024 pref medium
""",
    "iptables-save.txt": "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n",
    "ip6tables-save.txt": "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n",
    "sysctl.txt": "net.ipv4.ip_forward = 1\nnet.ipv6.conf.all.forwarding = 1\n",
}


def dual(folder: Path) -> World:
    """The host, written to the folder and read."""
    for name, text in _FILES.items():
        (folder / name).write_text(text)
    options = {"com.docker.network.bridge.name": "br-aaa"}
    network = {"Name": "front", "Id": _NETWORK, "Driver": "bridge", "IPAM": {"Config": _SUBNETS},
               "Options": options}  # fmt: skip
    (folder / "docker-networks.json").write_text(json.dumps([network]))
    containers = [
        {
            "Id": str(number) * 64, "Name": f"/{name}", "State": {"Running": True},
            "Config": {"ExposedPorts": {"80/tcp": {}}}, "HostConfig": {"NetworkMode": "front"},
            "NetworkSettings": {"Networks": {"front": {
                "NetworkID": _NETWORK, "IPAddress": four, "IPPrefixLen": 16, "GlobalIPv6Address": six,
                "GlobalIPv6PrefixLen": 64,
            }}},
        }
        for number, (name, (four, six)) in enumerate(_ADDRESSES.items(), 2)
    ]  # fmt: skip
    (folder / "docker-containers.json").write_text(json.dumps(containers))
    return World(load(str(folder)))
