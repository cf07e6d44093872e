"""Inputs that once ended in a traceback: what each says now. ``python -m tests.fuzz`` looks for more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import ROOT, process, sekisho

HUGE = "9" * 5000
ROUTES = "default via 10.0.0.1 dev eth0\n10.0.0.0/24 dev eth0 scope link\n"
ADDRESSES = (
    "2: eth0: <BROADCAST,UP,LOWER_UP> mtu 1500 state UP\n"
    "    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff\n"
    "    inet 10.0.0.2/24 scope global eth0\n"
)
LISTING = (
    "Chain INPUT (policy ACCEPT {0} packets, 5 bytes)\n"
    " pkts bytes target     prot opt in     out     source               destination\n"
    "    0     0 ACCEPT     all  --  *      *       0.0.0.0/0            0.0.0.0/0\n"
)
RULE = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT {0} -j DROP\nCOMMIT\n"
DNAT = (
    "*nat\n:PREROUTING ACCEPT [0:0]\n:DOCKER - [0:0]\n"
    "-A DOCKER -d {0} ! -i docker0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.2:80\nCOMMIT\n"
)
COMPOSE = (
    "services:\n  web:\n    image: nginx\n    scale: {0}\nnetworks:\n  default:\n    ipam:\n      config:\n"
    "        - subnet: {1}\n"
)
NFT = (
    '{{"nftables": [{{"table": {{"family": {0}, "name": "t", "handle": {1}}}}},'
    ' {{"chain": {{"family": "ip", "table": "t", "name": "c", "handle": {1}}}}}]}}'
)
DEEP = "[" * 900 + "]" * 900
DEEPER = "[" * 100_000 + "]" * 100_000


def put(folder: Path, **texts: str) -> str:
    """The files (``__`` is ``-``, ``_json`` and the like the ending)."""
    for name, text in texts.items():
        stem, _, ending = name.replace("__", "-").rpartition("_")
        (folder / f"{stem}.{ending}").write_text(text, encoding="utf-8")
    return str(folder)


# File, text, and what ``explain`` says of it: an error (2), or a line that is marked as not read (0).
READ = [
    ("iptables__filter_txt", LISTING.format("1,234"), 2, "iptables-filter.txt:1: no line reads as"),
    ("iptables__filter_txt", LISTING.format("1.5"), 2, "iptables-filter.txt:1: no line reads as"),
    ("iptables__filter_txt", LISTING.format(HUGE), 2, "iptables-filter.txt:1: no line reads as"),
    ("iptables__save_txt", f"*filter\n:INPUT ACCEPT [{HUGE}:0]\nCOMMIT\n", 0, "could not read this line"),
    ("iptables__save_txt", RULE.format("-m conntrack --ctstatus NOPE"), 0, "not known to Sekisho"),
    ("ip__addr_txt", ADDRESSES + "inet 127.0.0.1/8 scope host lo\n", 0, "could not read this line"),
    ("ip__link_txt", "1: lo: <UP> mtu 65536\ninet 127.0.0.1/8\n", 0, "could not read this line"),
    ("nft__ruleset_json", NFT.format("[]", 1), 2, "nft-ruleset.json:1: the value of 'family' is no text"),
    ("nft__ruleset_json", NFT.format('"ip"', '"x"'), 0, 'no valid value: "handle"'),
    ("nft__ruleset_json", NFT.format('"ip"', HUGE), 2, "nft-ruleset.json:1: a number is too large"),
    ("nft__ruleset_json", f'{{"nftables": [{{"table": {DEEPER}}}]}}', 2, "the document is nested too deeply"),
    ("ip__rule_txt", "0:\tfrom all lookup local\n²:\tfrom all lookup main\n", 0, 'an unknown word: "²:"'),
    ("ip__rule_txt", f"0:\tfrom all lookup local\n{HUGE}:\tfrom all lookup main\n", 0, "an unknown word"),
    (
        "ip__route_json",
        f'[{{"dst": "default", "dev": "eth0", "metric": {HUGE}}}]',
        2,
        "a number is too large",
    ),
    ("ss_txt", f"tcp LISTEN {HUGE} 0 *:80 *:*\ntcp LISTEN 0 5 *:81 *:*\n", 0, "could not read this line"),
    (
        "ip__route_txt",
        "Destination Genmask Flags Iface\n0.0.0.0 0.0.0.0 U eth0\n",
        2,
        "ip-route.txt:1: no line",
    ),
    (
        "ip__route_txt",
        "Destination Gateway Genmask Flags\n0.0.0.0 10.0.0.1 0.0.0.0 UG\n",
        2,
        "ip-route.txt:1:",
    ),
    ("snapshot_toml", f"name = 'x'\nroles = {DEEPER}\n", 2, "the document is nested too deeply"),
    ("snapshot_toml", f"name = 'x'\nx = {HUGE}\n", 2, "a number is too large"),
]


@pytest.mark.parametrize(("name", "text", "status", "said"), READ, ids=lambda value: str(value)[:40])
def test_a_strange_text_is_explained_or_refused(
    name: str, text: str, status: int, said: str, tmp_path: Path
) -> None:
    folder = put(
        tmp_path, **({} if name.startswith("ip__route") else {"ip__route_txt": ROUTES}), **{name: text}
    )
    ran = sekisho("explain", folder, "--lang", "en")
    assert ran.status == status
    assert said in " ".join((ran.err if status == 2 else ran.out).split())
    assert "a fault of" not in ran.err


@pytest.mark.parametrize("destination", ["/0.0.0.0/0", "nowhere", "10.0.0.0/²"])
def test_a_door_at_no_address_is_no_reason_to_stop(destination: str, tmp_path: Path) -> None:
    folder = put(
        tmp_path, ip__route_txt=ROUTES, ip__addr_txt=ADDRESSES, iptables__save_txt=DNAT.format(destination)
    )
    ran = sekisho("lint", folder)
    assert ran.status in (0, 1)
    assert ran.out


@pytest.mark.parametrize(
    ("scale", "subnet", "said"),
    [
        ("0x_", "10.9.0.0/24", "compose.yaml:4: "),
        (HUGE, "10.9.0.0/24", "compose.yaml:4: "),
        ("1e308", "10.9.0.0/24", "more than 4096 containers in one project"),
        ("1", "10.0.0.0/²", "compose.yaml:9: invalid subnet 10.0.0.0/²: invalid CIDR block notation"),
        (DEEP, "10.9.0.0/24", "compose.yaml:4: the document is nested too deeply"),
        (DEEPER, "10.9.0.0/24", "compose.yaml:4: the document is nested too deeply"),
        ("[" * 900, "10.9.0.0/24", "not YAML"),
        ('"' + "${A:-" * 3000 + '"', "10.9.0.0/24", "invalid interpolation format"),
        ('"' + "${A:-" * 3000 + "1" + "}" * 3000 + '"', "10.9.0.0/24", "more than 100 variables are nested"),
    ],
    ids=["0x_", "huge", "float", "squared", "deep", "deeper", "open", "unclosed-variables", "variables"],
)
def test_a_strange_compose_file_is_refused_at_its_line(
    scale: str, subnet: str, said: str, tmp_path: Path
) -> None:
    """In a process of its own: what is nested by the hundred thousand ended it with no word at all."""
    put(tmp_path, compose_yaml=COMPOSE.format(scale, subnet))
    ran = process("plan", str(tmp_path / "compose.yaml"), env={"LC_ALL": "C.UTF-8"})
    assert ran.status == 2
    assert said in ran.err
    assert "a fault of" not in ran.err


@pytest.mark.parametrize("verb", ["check", "graph"])
def test_policies_and_topologies_nest_no_deeper(verb: str, tmp_path: Path) -> None:
    folder = put(tmp_path, ip__route_txt=ROUTES, deep_yaml=DEEPER)
    document = str(tmp_path / "deep.yaml")
    ran = process(*(("check", folder, document) if verb == "check" else ("lab", "graph", document)))
    assert ran.status == 2
    assert "the document is nested too deeply" in ran.err


def test_a_long_line_of_dots_takes_no_time(tmp_path: Path) -> None:
    """A part of a JSON file without its beginning: it was tried as a sysctl in every way there is."""
    folder = put(tmp_path, ip__route_txt='10.0.1.0/24","dev":"eth0"},{"dst":"172.17.0.0/16"}' * 50)
    argv = [sys.executable, "-m", "sekisho", "explain", f"{folder}/ip-route.txt"]
    assert subprocess.run(argv, capture_output=True, timeout=20, check=False).returncode == 2


@pytest.mark.parametrize("host", ["host:" + HUGE, "10.0.0.2:²", "10.0.0.2:" + HUGE])
@pytest.mark.parametrize("verb", ["trace", "reach"])
def test_a_strange_end_is_refused(verb: str, host: str, tmp_path: Path) -> None:
    folder = put(tmp_path, ip__route_txt=ROUTES)
    ends = ("internet", host) if verb == "trace" else ("--from", "internet", "--to", host)
    ran = sekisho(verb, folder, *ends)
    assert ran.status == 2
    assert "a fault of" not in ran.err


@pytest.mark.parametrize(
    "number",
    ["1" + "0" * 30, HUGE, f'"{HUGE}"', "1e999", "²", '"²"', "0x_", "1_0", "true", "[1]", "-1", "65"],
)
def test_a_topologys_number_is_one(number: str, tmp_path: Path) -> None:
    text = (ROOT / "examples" / "topologies" / "two-tiers.yaml").read_text(encoding="utf-8")
    assert text.count("imds_hop_limit: 2 ") == 1
    topology = tmp_path / "t.yaml"
    topology.write_text(text.replace("imds_hop_limit: 2 ", f"imds_hop_limit: {number} "), encoding="utf-8")
    line = text[: text.index("imds_hop_limit")].count("\n") + 1
    ran = sekisho("lab", "graph", str(topology))
    assert ran.status == 2
    assert ran.err.startswith(f"sekisho: {topology}:{line}: ")
    assert "a fault of" not in ran.err
