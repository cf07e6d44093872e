"""Firewalls with thousands of rules, of shapes that differ: each a snapshot with its FORWARD chain's rules.

zones        a chain for every pair of zones, with multiport, negations, connection states, log and drop
tree         destinations sorted into chains by /8, /16, /24, each with exceptions that RETURN
sets         ipsets of addresses, networks and services, and iprange
overlapping  accept and drop over prefixes of all lengths and port ranges, in one list
six          zones again, as IPv6
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

_PORTS = ("22", "25", "53", "80", "443", "993", "3306", "5432", "6379", "8000:8099", "8443", "30000:32767")


def zones(folder: Path, rules: int = 5000, seed: int = 1, six: bool = False) -> Path:
    """Twelve zones: established first, a chain per pair of zones, refusals logged in a chain of their own."""
    draw = Random(seed)
    every = [f"vlan{at}" for at in range(12)]
    chains: dict[str, list[str]] = {"logdrop": ["-m limit --limit 5/min -j LOG --log-prefix drop", "-j DROP"]}
    base = [
        "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-m conntrack --ctstate INVALID -j DROP",
        "-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -m conntrack --ctstate NEW -j DROP",
    ]
    pairs = [(one, other) for one in every for other in every if one != other]
    for one, other in pairs:
        chain = chains[f"{one}-{other}"] = []
        base.append(f"-i {one} -o {other} -j {one}-{other}")
        for _ in range((rules - 300) // len(pairs)):
            chain.append(_zone_rule(draw, every.index(one), every.index(other), six))
        chain.append("-j logdrop" if draw.random() < 0.8 else "-j REJECT")
    base.append("-j logdrop")
    return _written(folder, base, chains, six)


def _zone_rule(draw: Random, one: int, other: int, six: bool) -> str:
    sender, target = _zone_net(draw, one, six), _zone_net(draw, other, six)
    ports = ",".join(draw.sample(_PORTS, draw.randint(1, 4)))
    proto = draw.choice(("tcp", "tcp", "udp"))
    icmp = "-p ipv6-icmp -m icmp6 --icmpv6-type 128" if six else "-p icmp -m icmp --icmp-type 8"
    return draw.choice(
        (
            f"-s {sender} -d {target} -p {proto} -m multiport --dports {ports} -j ACCEPT",
            f"-d {target} -p {proto} -m multiport --dports {ports} -m conntrack --ctstate NEW -j ACCEPT",
            f"! -s {sender} -d {target} -p {proto} -m {proto} --dport {draw.choice(_PORTS)} -j RETURN",
            f"-s {sender} ! -d {target} -p {proto} -m {proto} --dport {draw.choice(_PORTS)} -j DROP",
            f"-s {sender} -d {target} {icmp} -j ACCEPT",
            f"-s {sender} -p {proto} -m {proto} ! --dport {draw.choice(_PORTS)} -j DROP",
        )
    )


def _zone_net(draw: Random, zone: int, six: bool) -> str:
    if six:
        return draw.choice(
            (
                f"2001:db8:{zone:x}:{draw.randrange(64):x}::/64",
                f"2001:db8:{zone:x}::{draw.randrange(4096):x}/128",
            )
        )
    length = draw.choice((24, 26, 28, 32, 32, 32))
    return f"10.{zone}.{draw.randrange(32)}.{draw.randrange(256) >> 32 - length << 32 - length}/{length}"


def tree(folder: Path, rules: int = 5000, seed: int = 1) -> Path:
    """Chains by longer and longer prefixes; the last ones hold the services, with exceptions that RETURN."""
    draw = Random(seed)
    base = ["-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "-i lan+ -o lan+ -j RETURN"]
    chains: dict[str, list[str]] = {}
    for first in (10, 100, 172, 192):
        chains[f"n{first}"] = []
        base.append(f"-d {first}.0.0.0/8 -j n{first}")
        for second in range(4):
            upper = chains[f"n{first}.{second}"] = []
            chains[f"n{first}"].append(f"-d {first}.{second}.0.0/16 -j n{first}.{second}")
            for third in range(8):
                net = f"{first}.{second}.{third}"
                lower = chains[f"n{net}"] = []
                upper.append(
                    f"-d {net}.0/24 -g n{net}" if draw.random() < 0.3 else f"-d {net}.0/24 -j n{net}"
                )
                lower.append(
                    f"-s 10.{draw.randrange(256)}.0.0/16 -d {net}.{draw.randrange(256)}/32 -j RETURN"
                )
                for _ in range((rules - 200) // 128 - 2):
                    way = draw.choice(("-i wan0", "-i lan1", "! -i lan2", ""))
                    port = f"-p tcp -m tcp --dport {draw.choice(_PORTS)}"
                    target = f"-d {net}.{draw.randrange(256)}/32"
                    act = draw.choice(("ACCEPT", "ACCEPT", "ACCEPT", "RETURN", "DROP"))
                    lower.append(f"{way} {target} {port} -j {act}".strip())
            upper.append(f"-d {first}.{second}.0.0/16 -p icmp -j ACCEPT")
    base += ["-p udp -m udp --dport 53 -j ACCEPT", "-j REJECT"]
    return _written(folder, base, chains)


def sets(folder: Path, rules: int = 5000, seed: int = 1) -> Path:
    """Forty ipsets of 50 members, each named by many rules, and ranges of addresses."""
    draw = Random(seed)
    ipsets: list[str] = []
    for at in range(40):
        kind = ("hash:ip", "hash:net", "hash:ip,port")[at % 3]
        ipsets.append(f"create s{at} {kind} family inet hashsize 1024 maxelem 65536")
        for _ in range(50):
            host = f"10.{at}.{draw.randrange(8)}.{draw.randrange(256)}"
            net = f"10.{at}.{draw.randrange(256)}.0/24"
            member = (host, net, f"{host},tcp:{draw.choice((22, 80, 443, 8080))}")[at % 3]
            if f"add s{at} {member}" not in ipsets:
                ipsets.append(f"add s{at} {member}")
    chains: dict[str, list[str]] = {f"part{at}": [] for at in range(20)}
    base = ["-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"]
    base += [f"-i eth{at} -j part{at}" for at in range(20)]
    for name, chain in chains.items():
        while len(chain) < (rules - 40) // 20:
            low = draw.randrange(200)
            net = f"10.{draw.randrange(40)}.{draw.randrange(8)}"
            span = f"{net}.{low}-{net}.{low + draw.randrange(1, 50)}"
            port = f"-p tcp -m tcp --dport {draw.choice(_PORTS)}"
            plain, other = draw.sample([at for at in range(40) if at % 3 < 2], 2)
            service = draw.choice([at for at in range(40) if at % 3 == 2])
            chain.append(
                draw.choice(
                    (
                        f"-m set --match-set s{plain} src -m set --match-set s{other} dst {port} -j ACCEPT",
                        f"-m iprange --src-range {span} {port} -j ACCEPT",
                        f"-m iprange --dst-range {span} -m set ! --match-set s{plain} src -j DROP",
                        f"-m set --match-set s{service} dst,dst -j ACCEPT",
                        f"-d {net}.{low}/32 {port} -j RETURN",
                    )
                )
            )
        chain.append("-j DROP" if name != "part0" else "-j RETURN")
    found = _written(folder, base, chains)
    (folder / "ipset-save.txt").write_text("\n".join((*ipsets, "")))
    return found


def overlapping(folder: Path, rules: int = 5000, seed: int = 1) -> Path:
    """One list in which most rules share packets with hundreds of others."""
    draw = Random(seed)
    base = ["-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"]
    while len(base) < rules:
        low = draw.choice((0, 1, 22, 80, 443, 1024, 8000))
        high = draw.choice((low, low, 1023, 8443, 65535))
        port = f"{low}" if low >= high else f"{low}:{high}"
        proto = draw.choice(("tcp", "tcp", "udp"))
        act = draw.choice(("ACCEPT", "ACCEPT", "DROP"))
        base.append(f"-s {_prefix(draw)} -d {_prefix(draw)} -p {proto} -m {proto} --dport {port} -j {act}")
    return _written(folder, base, {})


def _prefix(draw: Random) -> str:
    """Longer ones are more frequent, all in a few large networks."""
    length = draw.choice((18, 20, 22, 24, 24, 24, 26, 28, 32, 32))
    value = 10 << 24 | draw.randrange(4) << 16 | draw.randrange(64) << 8 | draw.randrange(256)
    value = value >> 32 - length << 32 - length
    return ".".join(str(value >> at & 255) for at in (24, 16, 8, 0)) + f"/{length}"


def six(folder: Path, rules: int = 5000, seed: int = 1) -> Path:
    """``zones`` as IPv6."""
    return zones(folder, rules, seed, six=True)


SHAPES: dict[str, Callable[[Path, int], Path]] = {
    "zones": zones, "tree": tree, "sets": sets, "overlapping": overlapping, "six": six,
}  # fmt: skip


def _written(folder: Path, base: list[str], chains: dict[str, list[str]], six: bool = False) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"ip{'6' if six else ''}tables-save.txt").write_text("\n".join(_saved(base, chains)) + "\n")
    return folder


def _saved(base: list[str], chains: dict[str, list[str]]) -> Iterator[str]:
    yield from ("*filter", ":INPUT DROP [0:0]", ":FORWARD DROP [0:0]", ":OUTPUT ACCEPT [0:0]")
    yield from (f":{name} - [0:0]" for name in chains)
    yield from (f"-A FORWARD {line}" for line in base)
    yield from (f"-A {name} {line}" for name, lines in chains.items() for line in lines)
    yield "COMMIT"
