"""Questions about several hosts: who is meant, what joins them, what goes through tunnels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from sekisho.answers.call import Caller
from sekisho.answers.exposed import exposed
from sekisho.answers.reach import Question as ReachQuestion
from sekisho.answers.reach import reach
from sekisho.answers.trace import Question, trace
from sekisho.errors import UsageError
from sekisho.semantics.world import World
from sekisho.sources.load import Part, load_parts

ROUTES = """default via 10.0.0.1 dev eth0
10.0.0.0/24 dev eth0 proto kernel scope link src {address}
172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1
"""
ADDRESSES = """1: lo    inet 127.0.0.1/8 scope host lo
2: eth0    inet {address}/24 scope global eth0
3: docker0    inet 172.17.0.1/16 scope global docker0
"""
RULES = """*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -d {address}/32 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD {forward} [0:0]
:OUTPUT ACCEPT [0:0]
COMMIT
"""
CONTAINERS = """[{{"Name": "/{name}", "Id": "{id}", "State": {{"Running": true}},
"Config": {{"Labels": {{"com.docker.compose.service": "{service}"}}}},
"HostConfig": {{"NetworkMode": "bridge"}},
"NetworkSettings": {{"Ports": {{}}, "Networks": {{"bridge": {{"IPAddress": "172.17.0.2"}}}}}}}}]"""
NETWORKS = """[{"Name": "bridge", "Id": "a1", "Driver": "bridge",
"IPAM": {"Config": [{"Subnet": "172.17.0.0/16"}]},
"Options": {"com.docker.network.bridge.name": "docker0"}}]"""


def host(address: str, name: str, forward: str = "ACCEPT", service: str = "shop") -> dict[str, str]:
    """A Docker host with one container at 172.17.0.2 whose port 80 is published as 8080."""
    return {
        "ip-route.txt": ROUTES.format(address=address),
        "ip-addr.txt": ADDRESSES.format(address=address),
        "iptables-save.txt": RULES.format(forward=forward, address=address),
        "docker-containers.json": CONTAINERS.format(name=name, id=name * 8, service=service),
        "docker-networks.json": NETWORKS,
        "sysctl.txt": "net.ipv4.ip_forward = 1\n",
    }


def parts(folder: Path, hosts: Mapping[str, Mapping[str, str]], toml: str = "") -> tuple[Part, ...]:
    for name, files in hosts.items():
        for file, text in files.items():
            place = folder / "hosts" / name / file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
    if toml:
        (folder / "snapshot.toml").write_text(toml)
    return load_parts(str(folder))


def world(folder: Path, hosts: Mapping[str, Mapping[str, str]], toml: str = "") -> World:
    return World(*parts(folder, hosts, toml))


TWO = {"a": host("10.0.0.11", "web"), "b": host("10.0.0.12", "web")}


def where(here: World, source: str, target: str, **more: str) -> tuple[str, str]:
    """How and where a packet's way ends."""
    leg = trace(here, Question(source, target, "tcp", 40000, iface=more.get("iface"))).forward
    return leg.disposition, leg.where or leg.hops[-1].node


# ------------------------------------------------------------------------------------ who is meant


@pytest.mark.parametrize(
    ("source", "target", "ends"),
    [
        ("container:a/web", "10.0.0.12:8080", ("delivered", "b/web")),
        ("container:a/web", "172.17.0.2:80", ("delivered", "a/web")),  # the address is its own, too
        ("container:b/web", "10.0.0.11:8080", ("delivered", "a/web")),
        ("host:b", "172.17.0.2:80", ("delivered", "b/web")),
        ("host:a", "host:b:22", ("delivered", "b")),
        ("10.0.0.11", "10.0.0.12:22", ("delivered", "b")),
        ("internet", "container:b/web:80", ("delivered", "b/web")),
        ("container:a/web", "10.0.0.99:80", ("exits", "a")),
    ],
)
def test_who_is_meant(source: str, target: str, ends: tuple[str, str], tmp_path: Path) -> None:
    assert where(world(tmp_path, TWO), source, target) == ends


@pytest.mark.parametrize(
    ("source", "target", "says"),
    [
        ("host", "10.0.0.12:22", "there are 2 hosts here"),
        ("container:web", "10.0.0.12:22", "web is the name of a/web, b/web"),
        ("container:shop", "10.0.0.12:22", "shop is the name of a/web, b/web"),
        ("host:c", "10.0.0.12:22", "no host is called 'c'"),
        ("172.17.0.2", "10.0.0.12:22", "172.17.0.2 is the address of container:a/web, container:b/web"),
        ("172.17.0.9", "10.0.0.12:22", "172.17.0.9 may be on several bridges: a/docker0, b/docker0"),
        ("internet", "198.51.100.9:22", "nothing tells at which of them internet arrives"),
    ],
)
def test_what_could_be_either_is_not_guessed_at(source: str, target: str, says: str, tmp_path: Path) -> None:
    hosts = TWO | {"a": {**TWO["a"], "docker-containers.json": TWO["a"]["docker-containers.json"]}}
    if source == "172.17.0.9":  # nothing lists who is there
        hosts = {name: {f: t for f, t in one.items() if "docker" not in f} for name, one in TWO.items()}
    with pytest.raises(UsageError, match=says.replace("(", r"\(")):
        trace(world(tmp_path, hosts), Question(source, target, "tcp"))


def test_a_name_that_one_host_alone_has(tmp_path: Path) -> None:
    here = world(tmp_path, {"a": host("10.0.0.11", "web"), "b": host("10.0.0.12", "db", service="base")})
    assert where(here, "container:web", "host:b:22") == ("delivered", "b")
    assert where(here, "container:base", "host:a:22") == ("delivered", "a")
    assert where(here, "host:a", "10.0.0.12:8080", iface="a/eth0") == ("delivered", "b/db")


# ---------------------------------------------------------------------------------- what joins them


def heard(mac: str) -> dict[str, str]:
    return {"ip-neigh.txt": f"10.0.0.12 dev eth0 lladdr {mac} REACHABLE\n"}


LINKS = "2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 state UP\n    link/ether 02:00:00:00:00:{last}\n"


def test_one_subnet_is_taken_to_be_one_wire_and_that_is_said(tmp_path: Path) -> None:
    found = trace(world(tmp_path, TWO), Question("host:a", "10.0.0.12:22", "tcp"))
    assert [lean.args for lean in found.leans_on if lean.code == "same-subnet-same-wire"] == [
        ("a/eth0", "b/eth0", "10.0.0.0/24")
    ]


def test_a_neighbour_table_tells_that_they_are_on_one_wire_or_not(tmp_path: Path) -> None:
    b = {**TWO["b"], "ip-link.txt": LINKS.format(last="0b")}
    same = world(tmp_path / "same", {"a": {**TWO["a"], **heard("02:00:00:00:00:0b")}, "b": b})
    found = trace(same, Question("host:a", "10.0.0.12:22", "tcp"))
    assert found.forward.where == "b"
    assert not [lean for lean in found.leans_on if lean.code == "same-subnet-same-wire"]
    other = world(tmp_path / "other", {"a": {**TWO["a"], **heard("02:00:00:00:00:0c")}, "b": b})
    assert where(other, "host:a", "10.0.0.12:22") == ("exits", "a")


def test_the_file_tells_what_is_on_one_wire(tmp_path: Path) -> None:
    apart = '[[wires]]\nends = ["a/eth0"]\n'
    assert where(world(tmp_path / "apart", TWO, apart), "host:a", "10.0.0.12:22") == ("exits", "a")
    far = {"a": host("10.0.0.11", "web"), "b": host("10.7.0.12", "web")}
    routed = {**far["a"], "ip-route.txt": far["a"]["ip-route.txt"] + "10.7.0.12 dev eth0 scope link\n"}
    joined = '[[wires]]\nends = ["a/eth0", "b/eth0"]\n'
    here = world(tmp_path / "joined", {"a": routed, "b": far["b"]}, joined)
    assert where(here, "host:a", "10.7.0.12:22") == ("delivered", "b")
    unjoined = world(tmp_path / "unjoined", {"a": routed, "b": far["b"]})
    assert where(unjoined, "host:a", "10.7.0.12:22") == ("undetermined", "a")
    for wrong in ('["zz/eth0"]', '["a/eth9"]', '["a/eth0", "a/eth0"]'):
        with pytest.raises(UsageError, match="wires"):
            where(world(tmp_path / wrong[2:6], TWO, f"[[wires]]\nends = {wrong}\n"), "host:a", "10.0.0.12:22")


def test_of_two_with_one_address_nobody_knows_which_answers(tmp_path: Path) -> None:
    hosts = {**TWO, "c": host("10.0.0.12", "web", forward="DROP")}
    here = world(tmp_path, hosts)
    leg = trace(here, Question("host:a", "10.0.0.12:8080", "tcp", 40000)).forward
    assert leg.disposition == "undetermined"
    assert [doubt.args for doubt in leg.doubts if doubt.code == "one-address-several-hosts"] == [
        ("b/eth0, c/eth0",)
    ]
    [cell] = reach(here, ReachQuestion("host:a", "10.0.0.12:8080", "tcp")).cells
    assert cell.status == "perhaps"


def test_only_hosts_that_a_packet_may_come_by_are_read(tmp_path: Path) -> None:
    """The others' texts may not even be readable."""
    hosts = {**TWO, "c": {"ip-route.txt": "default via 10.0.0.1 dev eth0\n", "docker-containers.json": "{"}}
    here = world(tmp_path, hosts)
    assert where(here, "container:a/web", "10.0.0.12:8080") == ("delivered", "b/web")


# ------------------------------------------------------------------------------------ all packets


def test_all_packets_between_hosts_are_those_of_single_ones(tmp_path: Path) -> None:
    here = world(tmp_path, {"a": host("10.0.0.11", "web"), "b": host("10.0.0.12", "web", forward="DROP")})
    found = reach(here, ReachQuestion("any", "any", "tcp"))
    yes = {(source, row.target) for row in found.rows if row.status == "yes" for source in row.sources}
    assert {("b", "a/web"), ("a/web", "b"), ("a", "b")} <= yes
    assert not {("a/web", "b/web"), ("a", "b/web"), ("b/web", "a/web")} & yes  # b forwards nothing
    for row in found.rows:
        if row.witness is not None and row.status == "yes":
            assert trace(here, row.witness.question).works, row


def test_who_is_exposed_to_which_host(tmp_path: Path) -> None:
    here = world(tmp_path, {"a": host("10.0.0.11", "web"), "b": host("10.0.0.12", "web", forward="DROP")})
    ports = {port.place: {item.caller: item.status for item in port.access} for port in exposed(here).ports}
    assert ports["a/web"]["other-hosts"] == "yes"
    assert ports["b/web"]["other-hosts"] == "no"
    assert ports["b/web"]["same-host"] == "yes"
    alone = exposed(here, 4, ("internet",))
    assert {item.caller for port in alone.ports for item in port.access} == {"internet"}


def test_the_answer_of_a_call_names_the_container_of_the_host_that_is_meant(tmp_path: Path) -> None:
    call = Caller(world(tmp_path, TWO)).call(Question("host:a", "container:b/web:80", "tcp", 40000))
    assert call.works
    assert (call.first.kind, call.first.to) == ("published", "10.0.0.12:8080")
    direct = next(way for way in call.ways if way.kind == "direct")
    assert direct.there is False  # on a that address is another container's


# ---------------------------------------------------------------------------------------- tunnels

A_WG = """wg showconf wg0
[Interface]
ListenPort = 51820
[Peer]
AllowedIPs = 10.9.0.2/32, 192.168.50.0/24
Endpoint = 10.0.0.12:51820
"""
B_WG = """interface: wg0
  public key: (hidden)
  listening port: 51820

peer: (hidden)
  allowed ips: 10.9.0.1/32
  latest handshake: 3 seconds ago
"""
WG_LINK = """9: wg0: <POINTOPOINT,NOARP,UP,LOWER_UP> mtu 1420 state UNKNOWN
    link/none promiscuity 0
    wireguard numtxqueues 1
"""


def with_wireguard(files: Mapping[str, str], address: str, config: str, routes: str = "") -> dict[str, str]:
    return {
        **files,
        "ip-addr.txt": files["ip-addr.txt"] + f"9: wg0    inet {address}/24 scope global wg0\n",
        "ip-route.txt": files["ip-route.txt"] + f"10.9.0.0/24 dev wg0 scope link src {address}\n" + routes,
        "ip-link.txt": LINKS.format(last=address[-1] * 2) + WG_LINK,
        "wireguard.txt": config,
    }


def wireguard(folder: Path, rule: str = "") -> World:
    a = with_wireguard(TWO["a"], "10.9.0.1", A_WG, "192.168.50.0/24 dev wg0 scope link\n")
    b = with_wireguard(TWO["b"], "10.9.0.2", B_WG)
    b["ip-addr.txt"] += "1: lo    inet 192.168.50.1/32 scope global lo\n"
    if rule:
        b["iptables-save.txt"] = b["iptables-save.txt"].replace(":OUTPUT ACCEPT [0:0]\nCOMMIT\n", rule)
    return world(folder, {"a": a, "b": b})


def test_wireguard_goes_by_the_destination_to_the_peer_that_allows_it(tmp_path: Path) -> None:
    here = wireguard(tmp_path)
    found = trace(here, Question("host:a", "10.9.0.2:22", "tcp", 40000))
    assert (found.forward.disposition, found.forward.where, found.works) == ("delivered", "b", True)
    words = [step.args for step in found.forward.steps if step.code == "tunnel-into"]
    assert words == [("wg0", "wireguard", "udp * -> 10.0.0.12:51820")]
    back = [step.args for step in found.reply.steps if step.code == "tunnel-into"] if found.reply else []
    assert back == [("wg0", "wireguard", "udp 10.0.0.12 -> *:51820")]  # to where the peer was heard from
    assert where(here, "host:a", "192.168.50.1:22") == ("delivered", "b")
    assert where(here, "host:a", "10.9.0.3:22")[0] == "rejected"  # no peer has it


def test_a_rule_against_the_carrier_stops_what_it_carries(tmp_path: Path) -> None:
    drop = ":OUTPUT ACCEPT [0:0]\n-A INPUT -p udp -m udp --dport 51820 -j DROP\nCOMMIT\n"
    here = wireguard(tmp_path, drop)
    leg = trace(here, Question("host:a", "10.9.0.2:22", "tcp", 40000)).forward
    assert (leg.disposition, leg.hops[-1].node) == ("dropped", "b")
    assert leg.steps[-1].text == "-A INPUT -p udp -m udp --dport 51820 -j DROP"
    [cell] = reach(here, ReachQuestion("host:a", "10.9.0.2:22", "tcp")).cells
    assert cell.status == "no"


def test_a_tunnel_whose_far_end_was_not_captured(tmp_path: Path) -> None:
    a = with_wireguard(TWO["a"], "10.9.0.1", A_WG.replace("10.0.0.12", "203.0.113.7"))
    here = world(tmp_path, {"a": a, "b": TWO["b"]})
    found = trace(here, Question("host:a", "10.9.0.2:22", "tcp", 40000)).forward
    assert found.disposition == "exits"
    assert found.steps[-1].code == "leaves-by-tunnel"
    assert found.steps[-1].args[-1] == "udp to 203.0.113.7:51820"


def joined_by(folder: Path, link: str, other: str) -> World:
    """Two hosts with a tunnel each, as ``ip -d link`` has it on one and on the other."""
    hosts = {}
    for name, mine, (near, far, inner) in (("a", link, ("11", "12", "1")), ("b", other, ("12", "11", "2"))):
        files, kind = dict(TWO[name]), mine.split()[0]
        mine = mine.replace("FAR", f"10.0.0.{far}").replace("NEAR", f"10.0.0.{near}")
        files["ip-link.txt"] = LINKS.format(last=near) + (
            f"9: t0@NONE: <POINTOPOINT,NOARP,UP,LOWER_UP> mtu 1400 state UNKNOWN\n    link/{kind}"
            f" 10.0.0.{near} peer 10.0.0.{far} promiscuity 0\n    {mine} numtxqueues 1\n"
        )
        files["ip-addr.txt"] += f"9: t0    inet 10.8.0.{inner}/24 scope global t0\n"
        files["ip-route.txt"] += f"10.8.0.0/24 dev t0 scope link src 10.8.0.{inner}\n"
        hosts[name] = files
    return world(folder, hosts)


@pytest.mark.parametrize(
    ("link", "carrier"),
    [
        ("gre remote FAR local NEAR ttl inherit key 7", "gre 10.0.0.11 -> 10.0.0.12"),
        ("ipip any remote FAR local NEAR ttl inherit", "ipencap 10.0.0.11 -> 10.0.0.12"),
        ("vxlan id 42 remote FAR local NEAR dstport 4789 ttl auto", "udp 10.0.0.11 -> 10.0.0.12:4789"),
    ],
)
def test_a_tunnel_by_its_link(link: str, carrier: str, tmp_path: Path) -> None:
    found = trace(joined_by(tmp_path, link, link), Question("host:a", "10.8.0.2:22", "tcp", 40000))
    assert (found.forward.where, found.works) == ("b", True)
    assert [step.args[-1] for step in found.forward.steps if step.code == "tunnel-into"] == [carrier]


@pytest.mark.parametrize(
    ("link", "other"),
    [
        ("gre remote FAR local NEAR key 7", "gre remote FAR local NEAR key 8"),
        ("gre remote FAR local NEAR key 7", "gre remote 10.0.0.99 local NEAR key 7"),
        ("vxlan id 42 remote FAR dstport 4789", "vxlan id 43 remote FAR dstport 4789"),
        ("vxlan id 42 remote FAR dstport 4789", "vxlan id 42 remote FAR dstport 8472"),
        ("ipip any remote FAR local NEAR", "gre remote FAR local NEAR"),
    ],
)
def test_what_is_not_one_tunnel_leads_nobody_knows_where(link: str, other: str, tmp_path: Path) -> None:
    assert where(joined_by(tmp_path, link, other), "host:a", "10.8.0.2:22") == ("undetermined", "a")


def test_a_carrier_that_would_have_to_carry_itself(tmp_path: Path) -> None:
    """The route to the far end leads into the tunnel: the kernel drops what comes by again and again."""
    link = "vxlan id 42 remote FAR local NEAR dstport 4789 ttl auto"
    joined_by(tmp_path, link, link)
    for name, far in {"a": "12", "b": "11"}.items():
        route = tmp_path / "hosts" / name / "ip-route.txt"
        route.write_text(route.read_text() + f"10.0.0.{far} dev t0 scope link\n")
    here = World(*load_parts(str(tmp_path)))
    assert where(here, "host:a", "10.8.0.2:22")[0] == "loop"


# ------------------------------------------------------------- what lies between was not captured


def test_what_a_router_between_would_do_nobody_knows(tmp_path: Path) -> None:
    """Each host's packets for the other leave by a gateway that was not captured: no plain yes or no."""
    b = {file: text.replace("10.0.0.", "10.7.0.") for file, text in host("10.0.0.12", "db").items()}
    here = world(tmp_path, {"a": TWO["a"], "b": b})
    for target in ("host:b:22", "10.7.0.12:8080"):
        leg = trace(here, Question("host:a", target, "tcp", 40000)).forward
        assert [doubt.code for doubt in leg.doubts] == ["way-not-captured"]
    assert trace(here, Question("host:a", "198.51.100.7:22", "tcp", 40000)).forward.disposition == "exits"
    [cell] = reach(here, ReachQuestion("host:a", "host:b:22", "tcp")).cells
    assert cell.status == "perhaps"
    told = {port.place: {item.caller: item.status for item in port.access} for port in exposed(here).ports}
    assert told["b/db"]["other-hosts"] == "perhaps"


def test_texts_in_utf_16_are_found_as_well(tmp_path: Path) -> None:
    files = dict(TWO["b"])
    files["iptables-save.txt"] = files["iptables-save.txt"].replace(":INPUT ACCEPT", ":INPUT DROP")
    world(tmp_path, {"a": TWO["a"], "b": files})
    for file in (tmp_path / "hosts" / "b").iterdir():
        if file.suffix == ".txt":
            file.write_bytes(file.read_text().encode("utf-16"))
    here = World(*load_parts(str(tmp_path)))
    assert where(here, "host:a", "10.0.0.12:22") == ("dropped", "b")


STATEFUL = """:OUTPUT ACCEPT [0:0]
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -i wg0 -j ACCEPT
-A INPUT -j DROP
COMMIT
"""


def test_carriers_of_both_directions_are_one_connection(tmp_path: Path) -> None:
    """WireGuard's ports are the same both ways: what the far end answers is ESTABLISHED at the near one."""
    a = with_wireguard(TWO["a"], "10.9.0.1", A_WG)
    b = with_wireguard(TWO["b"], "10.9.0.2", A_WG.replace("10.9.0.2/32, 192.168.50.0/24", "10.9.0.1/32")
                       .replace("10.0.0.12", "10.0.0.11"))  # fmt: skip
    a["iptables-save.txt"] = a["iptables-save.txt"].replace(":OUTPUT ACCEPT [0:0]\nCOMMIT\n", STATEFUL)
    here = world(tmp_path, {"a": a, "b": b})
    assert trace(here, Question("host:a", "10.9.0.2:22", "tcp", 40000)).works
    back = trace(here, Question("host:b", "10.9.0.1:22", "tcp", 40000)).forward
    assert [doubt.code for doubt in back.doubts] == ["carrier-tracked"]


def test_of_several_peers_the_longest_prefix_decides(tmp_path: Path) -> None:
    config = "wg showconf wg0\n[Interface]\nListenPort = 51820\n" + "".join(
        f"[Peer]\nAllowedIPs = {allowed}\nEndpoint = {endpoint}:51820\n"
        for allowed, endpoint in (("0.0.0.0/0", "198.51.100.1"), ("10.9.0.2/32", "10.0.0.12"))
    )
    a = with_wireguard(TWO["a"], "10.9.0.1", config, "10.88.0.0/16 dev wg0 scope link\n")
    here = world(tmp_path, {"a": a, "b": with_wireguard(TWO["b"], "10.9.0.2", B_WG)})
    assert where(here, "host:a", "10.9.0.2:22") == ("delivered", "b")
    leg = trace(here, Question("host:a", "10.88.0.1:22", "tcp", 40000)).forward
    assert (leg.disposition, leg.steps[-1].args[-1]) == ("exits", "udp to 198.51.100.1:51820")


def test_the_mark_of_carriers_chooses_their_route(tmp_path: Path) -> None:
    """wg-quick: everything goes by the tunnel but for what has its mark."""
    config = A_WG.replace("10.9.0.2/32, 192.168.50.0/24", "0.0.0.0/0").replace(
        "ListenPort = 51820", "ListenPort = 51820\nFwMark = 0xca6c"
    )
    a = with_wireguard(TWO["a"], "10.9.0.1", config)
    local = "local 10.0.0.11 dev eth0 table local scope host src 10.0.0.11\n"
    a["ip-route-table-all.txt"] = f"default dev wg0 table 51820 scope link\n{a['ip-route.txt']}{local}"
    a["ip-rule.txt"] = (
        "0:\tfrom all lookup local\n32765:\tnot from all fwmark 0xca6c lookup 51820\n"
        "32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n"
    )
    here = world(tmp_path, {"a": a, "b": with_wireguard(TWO["b"], "10.9.0.2", B_WG)})
    assert where(here, "host:a", "10.9.0.2:22") == ("delivered", "b")


def test_a_far_end_whose_address_is_not_the_next_hop(tmp_path: Path) -> None:
    link = "gre remote FAR local NEAR ttl inherit key 7"
    joined_by(tmp_path, link, link)
    route = tmp_path / "hosts" / "a" / "ip-route.txt"
    route.write_text(route.read_text() + "10.88.0.0/24 dev t0 scope link\n")
    rules = tmp_path / "hosts" / "b" / "iptables-save.txt"
    rules.write_text(rules.read_text().replace(":FORWARD ACCEPT", ":FORWARD DROP"))
    assert where(World(*load_parts(str(tmp_path))), "host:a", "10.88.0.7:22") == ("dropped", "b")
