"""Hosts with very many of one thing, as snapshots: what must not make any verb grow faster than the host.

kubernetes   services as kube-proxy writes them, with two pods each
unknown      matches that nobody knows, on the way of a packet that a later rule accepts
ipset        one hash:net with very many elements, asked by one chain
namespaces   captured containers, each with files of its own
nested       user chains that each call the next
doubling     user chains that each call the next twice
counting     the same, with another bit of the mark turned over between the calls
calls        one chain that calls very many others, each of which takes one port
jumps        one chain that calls another very often
addresses    one interface with very many addresses
routes       very many routes to the outside
policy       very many policy rules
nft_map      a verdict map with very many elements
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from benchmarks.hosts import docker_host

_RULES = "0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n"
_FORWARDS = "net.ipv4.ip_forward = 1\nnet.ipv4.conf.all.rp_filter = 0\n"


def kubernetes(folder: Path, services: int) -> Path:
    """A node of a cluster: services as kube-proxy's rules, pods on cni0 and behind other nodes."""
    _host(folder, routes=("10.244.0.0/24 dev cni0 proto kernel scope link src 10.244.0.1",
                          "10.244.0.0/16 via 10.0.0.11 dev eth0"),
          addresses=("3: cni0    inet 10.244.0.1/24 scope global cni0",))  # fmt: skip
    portals: list[str] = []
    parts: list[str] = []
    names: list[str] = []
    for number in range(services):
        cluster = f"10.96.{number // 250}.{1 + number % 250}"
        name = f"KUBE-SVC-{number:016X}"
        names.append(name)
        portals.append(f"-A KUBE-SERVICES -d {cluster}/32 -p tcp -m tcp --dport 80 -j {name}")
        parts.append(
            f"-A {name} ! -s 10.244.0.0/16 -d {cluster}/32 -p tcp -m tcp --dport 80 -j KUBE-MARK-MASQ"
        )
        for pod, chance in enumerate(("-m statistic --mode random --probability 0.50000000000 ", "")):
            pod_name = f"KUBE-SEP-{number * 2 + pod:016X}"
            names.append(pod_name)
            address = f"10.244.{(number * 2 + pod) % 200}.{2 + (number * 2 + pod) // 200}"
            parts.append(f"-A {name} {chance}-j {pod_name}")
            parts.append(f"-A {pod_name} -s {address}/32 -j KUBE-MARK-MASQ")
            parts.append(f"-A {pod_name} -p tcp -m tcp -j DNAT --to-destination {address}:8080")
    portals.append("-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS")
    fixed = ("KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-POSTROUTING", "KUBE-MARK-MASQ")
    nat = [
        "-A PREROUTING -j KUBE-SERVICES",
        "-A OUTPUT -j KUBE-SERVICES",
        "-A POSTROUTING -j KUBE-POSTROUTING",
    ]
    nat += ["-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000"]
    nat += ["-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN"]
    nat += ["-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0"]
    nat += ["-A KUBE-POSTROUTING -j MASQUERADE --random-fully", *portals, *parts]
    known = "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
    filters = ["-A FORWARD -j KUBE-FORWARD", "-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP"]
    filters += ["-A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT", f"-A KUBE-FORWARD {known}"]
    text = _table("nat", (*fixed, *names), nat, ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"))
    text += _table("filter", ("KUBE-FORWARD",), filters, ("INPUT", "FORWARD", "OUTPUT"))
    return _rules(folder, text)


def unknown(folder: Path, matches: int) -> Path:
    """INPUT with matches that nobody knows, each of which may mark the packet, and one that accepts."""
    _host(folder)
    lines = [f"-A INPUT -m nobody{at} --knows {at} -j ACCEPT" for at in range(matches)]
    lines += ["-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT", "-A INPUT -j DROP"]
    return _rules(folder, _table("filter", (), lines))


def ipset(folder: Path, elements: int) -> Path:
    """A list of refused networks in FORWARD, as blocklists are."""
    _host(folder)
    draw = Random(1)
    found: dict[str, None] = {}
    while len(found) < elements:
        found[".".join(str(draw.randrange(1, 223 if at == 0 else 256)) for at in range(4))] = None
    head = f"create blocked hash:ip family inet hashsize 1024 maxelem {max(65536, elements)}"
    (folder / "ipset-save.txt").write_text("\n".join((head, *(f"add blocked {each}" for each in found), "")))
    lines = ["-A FORWARD -m set --match-set blocked src -j DROP"]
    lines += ["-A FORWARD -p tcp -m tcp --dport 22 -j ACCEPT"]
    return _rules(folder, _table("filter", (), lines, policy="DROP"))


def namespaces(folder: Path, containers: int) -> Path:
    """A Docker host on two networks whose containers' namespaces were captured too."""
    docker_host(folder, networks=2, containers=containers, ports=1)
    for box in json.loads((folder / "docker-containers.json").read_text()):
        inner = folder / "netns" / box["Name"][1:]
        inner.mkdir(parents=True)
        (endpoint,) = box["NetworkSettings"]["Networks"].values()
        address, gateway = endpoint["IPAddress"], endpoint["Gateway"]
        subnet = gateway.rpartition(".")[0]
        (inner / "ip-addr.txt").write_text(
            "1: lo    inet 127.0.0.1/8 scope host lo\n"
            f"2: eth0    inet {address}/20 brd {subnet.rpartition('.')[0]}.255.255 scope global eth0\n"
        )
        (inner / "ip-route.txt").write_text(
            f"default via {gateway} dev eth0\n{subnet}.0/20 dev eth0 proto kernel scope link src {address}\n"
        )
        (inner / "ip-rule.txt").write_text(_RULES)
        (inner / "ss.txt").write_text("tcp   LISTEN 0      128          0.0.0.0:80         0.0.0.0:*\n")
        (inner / "iptables-save.txt").write_text(_table("filter", (), ()))
    return folder


def nested(folder: Path, depth: int) -> Path:
    """INPUT calls c0, which calls c1, and so on; the last one accepts port 22."""
    _host(folder)
    names = [f"c{at}" for at in range(depth)]
    lines = ["-A INPUT -j c0", *(f"-A c{at} -j c{at + 1}" for at in range(depth - 1))]
    lines += [f"-A c{depth - 1} -p tcp -m tcp --dport 22 -j ACCEPT"]
    return _rules(folder, _table("filter", names, lines, policy="DROP"))


def doubling(folder: Path, chains: int) -> Path:
    """Each chain calls the next one twice; the last one accepts port 22."""
    _host(folder)
    lines = ["-A INPUT -j c0"]
    lines += [f"-A c{at} -j c{at + 1}" for at in range(chains - 1) for _ in range(2)]
    lines += [f"-A c{chains - 1} -p tcp -m tcp --dport 22 -j ACCEPT"]
    return _rules(folder, _table("filter", [f"c{at}" for at in range(chains)], lines, policy="DROP"))


def counting(folder: Path, chains: int) -> Path:
    """Each chain calls the next one twice and turns a bit of the mark over between the calls: the last one
    sees every number there is, and accepts port 22 with the one that has the first two bits."""
    _host(folder)
    lines = ["-A INPUT -j c0"]
    for at in range(chains - 1):
        call = f"-A c{at} -j c{at + 1}"
        lines += [call, f"-A c{at} -j MARK --set-xmark {1 << at:#x}/0x0", call]
    lines += [f"-A c{chains - 1} -p tcp -m tcp --dport 22 -m mark --mark 0x3 -j ACCEPT"]
    return _rules(folder, _table("filter", [f"c{at}" for at in range(chains)], lines, policy="DROP"))


def calls(folder: Path, chains: int) -> Path:
    """INPUT calls every chain; each drops a port of udp."""
    _host(folder)
    lines = [f"-A INPUT -j d{at}" for at in range(chains)]
    lines += [f"-A d{at} -p udp -m udp --dport {1 + at % 60000} -j DROP" for at in range(chains)]
    lines += ["-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT"]
    return _rules(folder, _table("filter", [f"d{at}" for at in range(chains)], lines, policy="DROP"))


def jumps(folder: Path, rules: int) -> Path:
    """A chain of jumps to a chain that returns."""
    _host(folder)
    lines = [f"-A INPUT -s 10.1.{at // 250}.{at % 250}/32 -j c0" for at in range(rules)]
    lines += ["-A c0 -p tcp -m tcp --dport 22 -j RETURN", "-A c0 -p udp -j DROP"]
    return _rules(folder, _table("filter", ["c0"], lines))


def addresses(folder: Path, count: int) -> Path:
    """An interface with secondary addresses, as a host with very many sites has."""
    values = [f"10.{20 + at // 62500}.{at // 250 % 250}.{1 + at % 250}" for at in range(count)]
    _host(folder, addresses=[f"2: eth0    inet {value}/32 scope global eth0" for value in values])
    return _rules(folder, _table("filter", (), ["-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT"]))


def routes(folder: Path, count: int) -> Path:
    """A router with a full table: two gateways by turns."""
    texts = [
        f"{20 + at // 65536}.{at // 256 % 256}.{at % 256}.0/24 via 10.0.0.{1 + at % 2} dev eth0"
        for at in range(count)
    ]
    _host(folder, routes=texts)
    return _rules(folder, _table("filter", (), ["-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT"]))


def policy(folder: Path, rules: int) -> Path:
    """Policy rules for single sources, each with the same table."""
    _host(folder)
    lines = ["0:\tfrom all lookup local"]
    lines += [
        f"{100 + at // 4}:\tfrom 10.{30 + at // 62500}.{at // 250 % 250}.{1 + at % 250} lookup 100"
        for at in range(rules)
    ]
    lines += ["32766:\tfrom all lookup main", "32767:\tfrom all lookup default"]
    (folder / "ip-rule.txt").write_text("\n".join((*lines, "")))
    (folder / "ip-route.txt").open("a").write("default via 10.0.0.2 dev eth0 table 100\n")
    return _rules(folder, _table("filter", (), ["-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT"]))


def nft_map(folder: Path, elements: int) -> Path:
    """A verdict map from addresses to two chains."""
    _host(folder)
    pairs = [
        f"10.{30 + at // 62500}.{at // 250 % 250}.{1 + at % 250} : jump c{at % 2}" for at in range(elements)
    ]
    text = "table ip filter {\n\tmap m {\n\t\ttype ipv4_addr : verdict\n\t\telements = { "
    text += ",\n\t\t\t     ".join(pairs) + " }\n\t}\n\n"
    text += "\tchain c0 {\n\t\ttcp dport 22 accept\n\t}\n\n\tchain c1 {\n\t\ttcp dport 80 accept\n\t}\n\n"
    text += "\tchain INPUT {\n\t\ttype filter hook input priority filter; policy drop;\n"
    text += "\t\tip saddr vmap @m\n\t}\n}\n"
    (folder / "nft-ruleset.txt").write_text(text)
    return folder


Maker = Callable[[Path, int], Path]


def _host(folder: Path, routes: Sequence[str] = (), addresses: Sequence[str] = ()) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    own = ["default via 10.0.0.1 dev eth0", "10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.10"]
    (folder / "ip-route.txt").write_text("\n".join((*own, *routes, "")))
    first = ("1: lo    inet 127.0.0.1/8 scope host lo", "2: eth0    inet 10.0.0.10/24 scope global eth0")
    (folder / "ip-addr.txt").write_text("\n".join((*first, *addresses, "")))
    (folder / "ip-rule.txt").write_text(_RULES)
    (folder / "sysctl.txt").write_text(_FORWARDS)
    (folder / "ss.txt").write_text("tcp   LISTEN 0      128          0.0.0.0:22         0.0.0.0:*\n")


def _table(
    name: str,
    chains: Sequence[str],
    lines: Sequence[str],
    hooks: Sequence[str] = ("INPUT", "FORWARD", "OUTPUT"),
    policy: str = "ACCEPT",
) -> str:
    heads = [f":{hook} {'ACCEPT' if hook == 'OUTPUT' else policy} [0:0]" for hook in hooks]
    return "\n".join((f"*{name}", *heads, *(f":{chain} - [0:0]" for chain in chains), *lines, "COMMIT", ""))


def _rules(folder: Path, text: str) -> Path:
    (folder / "iptables-save.txt").write_text(text)
    return folder
