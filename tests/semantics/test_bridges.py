"""Which interfaces are bridges, by every kind of evidence, and what outweighs what."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sekisho.semantics.bridges import Bridge, bridges_of, is_bridge
from sekisho.sources.load import load
from tests.truth import needs_truth, truth_dir

NAT = """\
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
{rule}
COMMIT
"""
FILTER = """\
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-ISOLATION-STAGE-2 - [0:0]
:DOCKER-USER - [0:0]
{rule}
COMMIT
"""
NFT = """\
table ip {table} {{
	chain DOCKER {{
	}}

	chain {chain} {{
		{rule}
	}}
}}
"""


def _known(folder: Path, **files: str) -> dict[str, Bridge]:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / (name.replace("_", "-") + (".json" if text[:1] == "[" else ".txt"))).write_text(text)
    return bridges_of(load(str(folder)))


@pytest.mark.parametrize(("rule", "bridge"), [
    ("-A DOCKER ! -i app0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.20.0.2:80", "app0"),
    ("-A DOCKER -i docker_gwbridge -j RETURN", "docker_gwbridge"),
    # Not in dockerd's form, or not in its chain.
    ("-A DOCKER -i eth0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.20.0.2:80", None),
    ("-A DOCKER -i eth0 -s 10.0.0.0/8 -j RETURN", None),
    ("-A DOCKER -i br+ -j RETURN", None),
    ("-A PREROUTING ! -i app0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.20.0.2:80", None),
    ("-A POSTROUTING -s 10.8.0.0/24 ! -o tun0 -j MASQUERADE", None),
])  # fmt: skip
def test_rules_of_nat_tell_of_bridges(rule: str, bridge: str | None, tmp_path: Path) -> None:
    found = _known(tmp_path, iptables_save=NAT.format(rule=rule))
    assert {name: (one.known_by, one.docker) for name, one in found.items()} == (
        {bridge: ("rules", True)} if bridge else {}
    )
    if bridge:
        assert (found[bridge].evidence or load(str(tmp_path)).notes[0]).text == rule


@pytest.mark.parametrize(("rule", "bridge"), [
    ("-A FORWARD -o app0 -j DOCKER", "app0"),
    ("-A DOCKER-ISOLATION-STAGE-1 -i app0 ! -o app0 -j DOCKER-ISOLATION-STAGE-2", "app0"),
    ("-A DOCKER-ISOLATION-STAGE-1 ! -s 172.20.0.0/16 -o app0 -j DROP", "app0"),
    ("-A FORWARD ! -s 172.20.0.0/16 -o app0 -j DROP", None),
    ("-A FORWARD -o eth0 -p tcp -j DOCKER", None),
    ("-A FORWARD -i app0 ! -o eth0 -j DOCKER-ISOLATION-STAGE-2", None),
    ("-A FORWARD -i app0 -j DOCKER-USER", None),
    ("-A FORWARD ! -o app0 -j DOCKER", None),
])  # fmt: skip
def test_rules_of_filter_tell_of_bridges(rule: str, bridge: str | None, tmp_path: Path) -> None:
    assert list(_known(tmp_path, iptables_save=FILTER.format(rule=rule))) == ([bridge] if bridge else [])


@pytest.mark.parametrize(("table", "chain", "rule", "bridge"), [
    ("filter", "FORWARD", 'oifname "app0" counter packets 0 bytes 0 jump DOCKER', "app0"),
    ("filter", "DOCKER-ISOLATION-STAGE-1",
     'iifname "app0" oifname != "app0" counter packets 0 bytes 0 jump DOCKER-ISOLATION-STAGE-2', "app0"),
    ("nat", "DOCKER", 'iifname "app0" counter packets 0 bytes 0 return', "app0"),
    ("nat", "DOCKER", 'iifname != "app0" tcp dport 80 dnat to 172.20.0.2:80', "app0"),
    ("filter", "FORWARD", 'oifname "eth0" tcp dport 80 jump DOCKER', None),
    ("docker-bridges", "filter-forward-in__app0", 'iifname "app0" accept', "app0"),
    ("mine", "filter-forward-in__app0", 'iifname "app0" accept', None),
])  # fmt: skip
def test_the_same_in_nftables_words(
    table: str, chain: str, rule: str, bridge: str | None, tmp_path: Path
) -> None:
    text = NFT.format(table=table, chain=chain, rule=rule)
    if chain == "DOCKER":
        text = text.replace("\tchain DOCKER {\n\t}\n\n", "", 1)
    found = _known(tmp_path, nft_ruleset=text)
    assert {name: one.known_by for name, one in found.items()} == ({bridge: "rules"} if bridge else {})


LINKS = """\
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00 promiscuity 0
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq state UP
    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff promiscuity 0
3: app0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    link/ether 02:42:00:00:00:01 brd ff:ff:ff:ff:ff:ff promiscuity 0
    bridge forward_delay 1500 hello_time 200 max_age 2000
4: br-lan: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq state UP
    link/ether 02:00:00:00:00:02 brd ff:ff:ff:ff:ff:ff promiscuity 0
"""
PORTS = """\
2: eth0: <BROADCAST,MULTICAST,SLAVE,UP,LOWER_UP> mtu 1500 qdisc mq master bond0 state UP mode DEFAULT
    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff
3: eth1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq master lan state UP mode DEFAULT
    link/ether 02:00:00:00:00:02 brd ff:ff:ff:ff:ff:ff
4: eth2: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq master red state UP mode DEFAULT
    link/ether 02:00:00:00:00:03 brd ff:ff:ff:ff:ff:ff
5: bond0: <BROADCAST,MULTICAST,MASTER,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT
    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff
6: lan: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT
    link/ether 02:00:00:00:00:02 brd ff:ff:ff:ff:ff:ff
7: red: <NOARP,MASTER,UP,LOWER_UP> mtu 65575 qdisc noqueue state UP mode DEFAULT
    link/ether 02:00:00:00:00:03 brd ff:ff:ff:ff:ff:ff
"""


def test_what_ip_d_link_says_outweighs_names(tmp_path: Path) -> None:
    """br-lan is a physical interface here, whatever it is called."""
    found = _known(tmp_path, ip_link=LINKS, ip_route="10.0.9.0/24 dev br-lan proto kernel scope link\n")
    assert {name: (one.known_by, one.docker) for name, one in found.items()} == {"app0": ("link", False)}


def test_bonds_and_vrfs_have_ports_too(tmp_path: Path) -> None:
    """Both have the flag MASTER (drivers/net/bonding, drivers/net/vrf.c); a bridge has not."""
    assert list(_known(tmp_path, ip_link=PORTS)) == ["lan"]


def test_a_name_is_the_last_hint(tmp_path: Path) -> None:
    routes = (
        "172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1\n"
        "192.168.122.0/24 dev virbr0 proto kernel scope link src 192.168.122.1\n"
        "172.18.0.0/16 dev br-0a0b0c0d0e0f proto kernel scope link src 172.18.0.1\n"
        "10.0.9.0/24 dev br-lan proto kernel scope link src 10.0.9.1\n"
        "10.0.8.0/24 dev brood proto kernel scope link src 10.0.8.1\n"
    )
    found = _known(tmp_path / "a", ip_route=routes)
    assert {name: (one.known_by, one.docker) for name, one in found.items()} == {
        "docker0": ("name", True),
        "virbr0": ("name", False),
        "br-0a0b0c0d0e0f": ("name", True),
        "br-lan": ("name", False),
    }
    # With Docker's own list, what is not in it is not Docker's.
    network = [{"Name": "bridge", "Id": "0" * 64, "Driver": "bridge", "IPAM": {"Config": []},
                "Options": {"com.docker.network.bridge.name": "docker0"}}]  # fmt: skip
    found = _known(tmp_path / "b", ip_route=routes, docker_networks=json.dumps(network))
    assert {name: (one.known_by, one.docker) for name, one in found.items()} == {
        "docker0": ("network", True),
        "virbr0": ("name", False),
        "br-0a0b0c0d0e0f": ("name", False),
        "br-lan": ("name", False),
    }


def test_interfaces_of_other_namespaces() -> None:
    interfaces = {
        item.name: item
        for item in load(str(Path(__file__).parents[2] / "examples" / "host-10.0.0.10")).host.interfaces or ()
    }
    assert all(is_bridge(item) == (name != "lo" and "br" in name) for name, item in interfaces.items())


@needs_truth
def test_rules_alone_tell_what_docker_knows() -> None:
    """The bridges of networks with published ports or NAT, on captures of real engines."""
    root = truth_dir()
    assert root is not None
    compared = 0
    for host in sorted(path.parent for path in root.glob("docker/*/*/docker-networks.json")):
        whole = load(str(host))
        known = {n.bridge for n in whole.networks or () if n.bridge}
        for name in ("iptables-save.txt", "nft-ruleset.txt"):
            if not (host / name).exists() or not (host / name).read_text():
                continue  # dockerd wrote its rules in the other back end, or none
            told = bridges_of(load(str(host / name)))
            if told and host.name != "iptables-false":
                compared += 1
                assert {one.name for one in told.values() if one.known_by == "rules"} == known, host
    assert compared > 250
