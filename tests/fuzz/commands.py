"""The command lines that inputs are put to: every verb, with a draw of its arguments.

Files stand below ``{}``, which is the folder of the input. No command line builds anything or runs a command.
"""

from __future__ import annotations

import random
from collections.abc import Callable

ENDS = (
    "internet", "host", "any", "vpc", "172.18.0.2", "10.1.0.81:3306", "8.8.8.8:443", "127.0.0.1:80", "::1",
    "255.255.255.255:67", "224.0.0.1", "[2001:db8::5]:80", "container:web", "0.0.0.0:1", "network:bridge",
    "iface:eth0", "netns:web", "10.0.0.0/8", "172.18.0.2:80-90", "0.0.0.0/0", "fe80::1", "container:db:5432",
    "10.0.0.0/²", "host:²", "1.2.3.4:" + "9" * 5000, "[::1", "iface:", ":80", "",
)  # fmt: skip
LISTINGS = (
    "routes", "rules", "addresses", "nat", "filter", "raw", "mangle", "sysctl", "networks", "links",
    "sockets",
    "neighbours", "conntrack", "nft", "ipset", "bridge",
)  # fmt: skip
ODD = ("²", "0x_", "9" * 5000, "-1", "1,2", "10.0.0.0/²", "/0.0.0.0/0", "a\nb", "\x1b[2J", "", "None", "1e9")


def _some(draw: random.Random, *options: tuple[str, ...]) -> list[str]:
    return [word for option in options if draw.random() < 0.25 for word in option]


def _end(draw: random.Random) -> str:
    return draw.choice(ENDS)


def _odd(draw: random.Random, *usual: str) -> str:
    return draw.choice((*usual * 4, *ODD))


def command(verb: str, draw: random.Random) -> list[str]:
    """One for the verb; ``before`` and ``after`` are snapshots, ``document.yaml`` a compose file, policy or
    topology, as the verb asks."""
    common = ["--lang", draw.choice(("en", "ja")), *_some(draw, ("--json",))]
    return [*_OF[verb](draw), *common]


def _explain(draw: random.Random) -> list[str]:
    return ["explain", "{}/before", *draw.choice(([], [], [], ["picture"], ["filter", "routes"], ["docker"]))]


def _show(draw: random.Random) -> list[str]:
    forms = _some(draw, ("--format", "save"), ("--table", _odd(draw, "main", "all", "local")), ("-6",))
    return ["show", "{}/before", draw.choice(LISTINGS), *forms]


def _trace(draw: random.Random) -> list[str]:
    if draw.random() < 0.15:
        return ["trace", "{}/before", "--flows", "{}/flows.jsonl"]
    more = _some(
        draw,
        ("--proto", _odd(draw, "tcp", "udp", "icmp", "132")), ("--in", _odd(draw, "eth0", "docker0")),
        ("--no-return",),
        ("--state", "established"), ("--tos", _odd(draw, "0", "255")), ("--ttl", _odd(draw, "1", "64")),
        ("--tcp-flags", _odd(draw, "SYN", "ACK,FIN")), ("--uid", _odd(draw, "0", "1000")),
        ("--sport", _odd(draw, "1", "65535")), ("--mac", _odd(draw, "02:00:00:00:00:01")),
    )  # fmt: skip
    return ["trace", *more, "--", "{}/before", _end(draw), _end(draw)]


def _reach(draw: random.Random) -> list[str]:
    if draw.random() < 0.2:
        chain = _odd(draw, "INPUT", "FORWARD", "filter:DOCKER-USER", "nat:PREROUTING")
        return ["reach", "{}/before", "--chain", chain, "--to", ":80", *_some(draw, ("--full",))]
    more = _some(draw, ("-6",), ("--explain",), ("--proto", _odd(draw, "tcp", "all")))
    return ["reach", "{}/before", f"--from={_end(draw)}", f"--to={_end(draw)}", *more]


def _exposed(draw: random.Random) -> list[str]:
    return ["exposed", "{}/before", *_some(draw, ("-6",))]


def _diff(draw: random.Random) -> list[str]:
    return ["diff", "{}/before", "{}/after", *_some(draw, ("--all-protocols",))]


def _check(draw: random.Random) -> list[str]:
    written = _some(draw, ("--junit", "{}/out.xml"), ("--sarif", "{}/out.sarif"))
    return ["check", "{}/before", "{}/document.yaml", *written]


def _plan(draw: random.Random) -> list[str]:
    if draw.random() < 0.15:
        return ["plan", "--drift", "{}/before"]
    network = (
        f"docker network create --subnet {_odd(draw, '10.9.0.0/24')} --gateway {_odd(draw, '10.9.0.1')} n"
    )
    bip, mtu = _odd(draw, "10.9.0.1/24"), _odd(draw, "1400")
    run = f"docker run -d -p {_odd(draw, '80:80', '8000-8010:80', '127.0.0.1::80/udp')} --network n nginx"
    more = _some(
        draw, ("--docker", _odd(draw, "20.10", "26", "28.5.2", "29")), ("--firewall-backend", "nftables"),
        ("--userland-proxy", "false"), ("--dockerd", f"--bip={bip} --mtu={mtu}"),
        ("--create", network), ("--run", run), ("-o", "{}/out"), ("--on", "{}/before"),
    )  # fmt: skip
    return ["plan", "{}/document.yaml", *more]


def _lint(draw: random.Random) -> list[str]:
    return ["lint", "{}/before", *_some(draw, ("--sarif", "{}/out.sarif"))]


def _vpc(draw: random.Random) -> list[str]:
    return ["vpc", "subnet", "--", _odd(draw, "10.0.0.0/24", "2001:db8::/64", "10.0.0.0/8")]


def _lab(draw: random.Random) -> list[str]:
    source = "{}/document.yaml" if draw.random() < 0.7 else "{}/before"
    if draw.random() < 0.6:
        return ["lab", "graph", source, "--format", draw.choice(("text", "mermaid", "svg"))]
    return ["lab", "up", "--print-commands", source]


def _fixed(*words: str) -> list[str]:
    return list(words)


_OF: dict[str, Callable[[random.Random], list[str]]] = {
    "explain": _explain, "show": _show, "trace": _trace, "reach": _reach, "exposed": _exposed, "diff": _diff,
    "check": _check, "plan": _plan, "lint": _lint, "vpc": _vpc, "lab": _lab,
    "capture": lambda _draw: _fixed("capture", "--script"), "demo": lambda _draw: _fixed("demo"),
    "completion": lambda draw: _fixed("completion", draw.choice(("bash", "zsh", "fish"))),
}  # fmt: skip
VERBS = tuple(_OF)
# What one of them takes, so that a campaign does not spend its time on the slowest alone.
WEIGHTS = tuple(
    {"trace": 6, "explain": 4, "show": 3, "check": 4, "plan": 6, "lint": 4, "lab": 4, "diff": 2, "reach": 3,
     "exposed": 2, "vpc": 0.5, "capture": 0.1, "demo": 0.1, "completion": 0.1}[verb]
    for verb in VERBS
)  # fmt: skip
