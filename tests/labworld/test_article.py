"""The article's system for real: every line that its README promises, asked of the kernel."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sekisho.lab.api import Lab, LabNode
from sekisho.lab.namespaces import LabError, tool
from sekisho.sources import iptables_list

pytestmark = pytest.mark.kernel
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

needs_dnsmasq = pytest.mark.skipif(
    tool("dnsmasq") is None or tool("dig") is None, reason="dnsmasq or dig is not installed"
)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as made:
        yield made


@pytest.fixture
def host(lab: Lab) -> LabNode:
    return lab["host"]


def silent(node: LabNode, place: str) -> bool:
    try:
        node.http(place, timeout=0.5)
    except LabError:
        return True
    return False


def test_ip_route_shows_the_articles_listing(host: LabNode) -> None:
    """Ids aside: the listing has br-xxxxxxxx."""
    listed = (EXAMPLES / "host-10.0.0.10" / "ip-route.txt").read_text().replace("xxxxxxxx", "528a7aa7b156")
    shown = host.run("ip", "route").stdout
    assert sorted(line.split() for line in shown.splitlines()) == sorted(
        line.split() for line in listed.splitlines()
    )


def test_iptables_shows_the_articles_nat_rules(host: LabNode) -> None:
    """Counters aside; chains and rules in the listing's order."""
    shown = iptables_list.parse(host.run("iptables", "-t", "nat", "-nL", "-v").stdout, "shown", 4, "nat")
    text = (EXAMPLES / "host-10.1.0.81" / "iptables-nat.txt").read_text()
    listed = iptables_list.parse(text, "listed", 4, "nat")
    mine, theirs = shown.facts[0], listed.facts[0]
    assert [(chain.name, chain.policy, chain.rules) for chain in mine.chains] == [
        (chain.name, chain.policy, chain.rules) for chain in theirs.chains
    ]


def test_sysctl_shows_the_articles_values(host: LabNode) -> None:
    for line in (EXAMPLES / "host-10.0.0.10" / "sysctl.txt").read_text().splitlines():
        key, _, value = line.partition(" = ")
        assert host.sysctl(key) == value


@pytest.mark.parametrize(
    ("want", "address"),
    [
        ("via 10.0.0.1 dev eth0 src 10.0.0.10", "203.0.113.10"),  # what no other route matches
        ("via 10.0.0.1 dev eth0 src 10.0.0.10", "10.0.0.2"),  # the resolver, through the router
        ("dev eth0 src 10.0.0.10", "10.0.0.20"),  # the rest of the VPC, directly
        ("dev docker0 src 172.17.0.1", "172.17.0.2"),
        ("dev br-528a7aa7b156 src 172.18.0.1", "172.18.0.3"),
    ],
)
def test_each_route_does_what_the_page_says(host: LabNode, want: str, address: str) -> None:
    assert f"{address} {want} " in host.run("ip", "route", "get", address).stdout.replace("\n", " ")


@pytest.mark.parametrize(("port", "node"), [(3306, "db"), (8080, "web")])
def test_published_ports_answer_and_see_the_client(lab: Lab, port: int, node: str) -> None:
    found = lab["internet"].http(f"198.51.100.10:{port}")
    assert found.node == node
    assert found.client.startswith("203.0.113.10:")


def test_containers_go_out_masqueraded(lab: Lab) -> None:
    found = lab["db"].http("203.0.113.10:80")
    assert found.client.startswith("198.51.100.10:")
    assert lab["solo"].http("10.0.0.20:80").client.startswith("10.0.0.10:")


def test_docker_proxy_takes_what_dnat_does_not(lab: Lab, host: LabNode) -> None:
    assert lab["web"].http("10.0.0.10:8080").client.startswith("172.18.0.1:")
    assert host.http("127.0.0.1:8080").node == "web"


def test_networks_are_isolated_and_share_their_own(lab: Lab) -> None:
    assert silent(lab["solo"], "172.18.0.3:8080")
    assert lab["db"].http("web:8080").client.startswith("172.18.0.2:")


def test_the_security_group_lets_in_what_it_lists(lab: Lab, host: LabNode) -> None:
    assert lab["internet"].http("198.51.100.10:22").node == "host"
    counted = "iptables -vnxL IN-host | tail -1"
    before = lab["router"].run("sh", "-c", counted).stdout.split()[0]
    assert silent(lab["internet"], "198.51.100.10:23")
    assert int(lab["router"].run("sh", "-c", counted).stdout.split()[0]) > int(before)
    # The peer's group lets the VPC in only, and it has no public address to go out with.
    assert silent(lab["peer"], "203.0.113.10:80")
    assert host.http("10.0.0.20:80").node == "peer"


def test_the_source_check_drops_what_is_not_masqueraded(lab: Lab, host: LabNode) -> None:
    rule = ("POSTROUTING", "-s", "172.18.0.0/16", "!", "-o", "br-528a7aa7b156", "-j", "MASQUERADE")
    host.run("iptables", "-t", "nat", "-D", *rule)
    try:
        assert silent(lab["db"], "203.0.113.10:80")
        drops = lab["router"].run("iptables", "-vnxL", "OUT-host", "1").stdout.split()
        assert int(drops[0]) > 0
        assert "source-check" in drops
    finally:
        host.run("iptables", "-t", "nat", "-I", *rule)
    assert lab["db"].http("203.0.113.10:80").node == "internet"


def test_forwarding_off_and_on(lab: Lab, host: LabNode) -> None:
    host.sysctl("net.ipv4.ip_forward", 0)
    try:
        assert silent(lab["internet"], "198.51.100.10:8080")
    finally:
        host.sysctl("net.ipv4.ip_forward", 1)
    assert lab["internet"].http("198.51.100.10:8080").node == "web"


def test_the_metadata_service_and_its_hop_limit(lab: Lab, host: LabNode) -> None:
    put = (
        "curl", "-s", "-m", "1", "-X", "PUT", "-H", "X-aws-ec2-metadata-token-ttl-seconds: 60",
        "http://169.254.169.254/latest/api/token",
    )  # fmt: skip
    token = host.run(*put).stdout
    address = "http://169.254.169.254/latest/meta-data/public-ipv4"
    assert (
        host.run("curl", "-s", "-H", f"X-aws-ec2-metadata-token: {token}", address).stdout == "198.51.100.10"
    )
    code = ("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", address)
    assert host.run(*code).stdout == "401"
    # One hop further, the answer to PUT dies on the host; that to GET does not.
    assert lab["web"].run(*put, check=False).returncode == 28
    assert lab["web"].run(*code).stdout == "401"


@needs_dnsmasq
@pytest.mark.parametrize(
    ("want", "query"),
    [
        (["10.0.0.10"], ("host.ec2.internal",)),
        (["10.0.0.20"], ("ip-10-0-0-20.ec2.internal",)),
        (["10.0.0.10"], ("ec2-198-51-100-10.compute-1.amazonaws.com",)),
        (["ip-10-0-0-10.ec2.internal."], ("-x", "10.0.0.10")),
        (["203.0.113.10"], ("internet.example",)),
        ([], ("nobody.ec2.internal",)),
    ],
)
def test_the_resolver(lab: Lab, host: LabNode, want: list[str], query: tuple[str, ...]) -> None:
    assert host.run("dig", "@10.0.0.2", "+short", *query).stdout.split() == want
    assert lab["web"].run("dig", "+short", *query).stdout.split() == want


@needs_dnsmasq
def test_names_resolve_without_saying_where(host: LabNode) -> None:
    assert "10.0.0.2" in host.run("cat", "/etc/resolv.conf").stdout
    assert host.http("peer.ec2.internal:80").node == "peer"
    assert "ec2.internal" not in Path("/etc/resolv.conf").read_text()


@pytest.mark.skipif(tool("traceroute") is None, reason="traceroute is not installed")
def test_traceroute_shows_the_way(host: LabNode) -> None:
    shown = host.run("traceroute", "-n", "-q", "1", "-w", "1", "203.0.113.10").stdout
    assert [line.split()[1] for line in shown.splitlines()[1:]] == ["10.0.0.1", "100.64.0.2", "203.0.113.10"]


@pytest.mark.skipif(tool("tcpdump") is None, reason="tcpdump is not installed")
def test_tcpdump_hears_inside(lab: Lab, host: LabNode) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        heard = pool.submit(
            host.run, "tcpdump", "-l", "-n", "-c", "1", "-i", "eth0", "tcp", "dst", "port", "8080"
        )
        time.sleep(0.7)
        lab["internet"].http("198.51.100.10:8080")
        assert "203.0.113.10" in heard.result().stdout


def test_a_node_looks_like_a_machine_of_its_own(host: LabNode) -> None:
    assert host.run("hostname").stdout.strip() == "host"
    assert set(host.run("ls", "/sys/class/net").stdout.split()) >= {"eth0", "docker0", "br-528a7aa7b156"}
    assert len(host.run("ps", "-e", "-o", "pid=").stdout.split()) < 10


def test_commands_give_their_status_and_words(host: LabNode) -> None:
    assert host.run("sh", "-c", "exit 7", check=False).returncode == 7
    assert host.run("sh", "-c", "kill -9 $$", check=False).returncode == 137
    assert host.run("cat", feed="hello").stdout == "hello"
    with pytest.raises(LabError, match="exits with 3"):
        host.run("sh", "-c", "exit 3")
    with pytest.raises(LabError, match="not installed"):
        host.run("no-such-command")
    with pytest.raises(subprocess.TimeoutExpired):
        host.run("sleep", "5", timeout=0.2)


def test_status_tells_listeners_and_counters(lab: Lab, host: LabNode) -> None:
    seen = host.look()
    assert seen.forwarding
    assert ("tcp", "0.0.0.0", 8080) in seen.listeners
    by_name = {item.name: item for item in seen.interfaces}
    assert by_name["eth0"].addresses == ("10.0.0.10/16",)
    before = by_name["eth0"].rx[0]
    lab["internet"].http("198.51.100.10:8080")
    assert {item.name: item for item in host.look().interfaces}["eth0"].rx[0] > before


def test_unknown_nodes_are_told(lab: Lab) -> None:
    with pytest.raises(KeyError, match="the nodes are"):
        lab["nobody"]
    with pytest.raises(LabError, match="there is no node 'nobody'"):
        lab.client.doors(["nobody"])
    with pytest.raises(LabError, match="stands already"):
        Lab(name=lab.plan.name).up()
