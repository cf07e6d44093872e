"""A snapshot of several hosts as one lab: all pairs, model against kernel, and what cannot be built.

A: web 172.18.0.2:80 -- br-a -- A eth0 10.0.1.23 -+- br0 10.0.1.24 B -- br-b -- web 172.18.0.2:80 :B
                                                  |  (its port eth0)
                                        outside 10.0.1.1
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sekisho.cli.main import main
from sekisho.errors import UsageError
from sekisho.explain.errors import japanese
from sekisho.lab.api import Lab
from sekisho.lab.operations import Enslave, Wire
from sekisho.lab.system.plan import Plan
from sekisho.lab.system.source import plan_of
from sekisho.lab.system.verify import Compared

Link = dict[str, object]


def link(
    index: int, name: str, address: str = "", *, kind: str = "", master: str = "", mac: str = ""
) -> Link:
    """One of ``ip -d -j addr``; the other end of a veth is its namespace's second."""
    local, _, length = address.partition("/")
    flags = ["LOOPBACK" if name == "lo" else "BROADCAST", "UP", "LOWER_UP"]
    found: Link = {
        "ifindex": index, "ifname": name, "flags": flags, "operstate": "UP", "mtu": 1500,
        "addr_info": [{"family": "inet", "local": local, "prefixlen": int(length)}] if address else [],
    }  # fmt: skip
    found |= {"linkinfo": {"info_kind": kind}} if kind else {}
    found |= {"link_index": 2 if index == 5 else 5, "link_netnsid": 0} if kind == "veth" else {}
    found |= {"address": mac} if mac else {}
    return found | ({"master": master} if master else {})


LOOP = link(1, "lo", "127.0.0.1/8")
WEB = {
    "ip-addr.json": json.dumps([LOOP, link(2, "eth0", "172.18.0.2/16", kind="veth")]),
    "ip-route.txt": "default via 172.18.0.1 dev eth0\n172.18.0.0/16 dev eth0 scope link src 172.18.0.2\n",
    "ss.txt": "tcp LISTEN 0 128 0.0.0.0:80 0.0.0.0:*\n",
}


def host(name: str, address: str, *, bridged: bool = False, rules: str = "", mac: str = "") -> dict[str, str]:
    """One that publishes its container's port 80 as 8080; ``bridged``: over its card there is a bridge."""
    outer, own, inner = "br0" if bridged else "eth0", f"{address}/24", f"br-{name}"
    cards = [link(2, "eth0", master="br0"), link(3, "br0", own, kind="bridge")]
    links = [
        LOOP, *(cards if bridged else [link(2, "eth0", own, mac=mac)]),
        link(4, inner, "172.18.0.1/16", kind="bridge"), link(5, "veth1", kind="veth", master=inner),
    ]  # fmt: skip
    return {
        "ip-addr.json": json.dumps(links),
        "ip-route.txt": f"""default via 10.0.1.1 dev {outer}
10.0.1.0/24 dev {outer} proto kernel scope link src {address}
172.18.0.0/16 dev {inner} proto kernel scope link src 172.18.0.1
""",
        "iptables-save.txt": f"""*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -d {address}/32 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.18.0.2:80
-A POSTROUTING -s 172.18.0.0/16 ! -o {inner} -j MASQUERADE
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
{rules}COMMIT
""",
        "sysctl.txt": "net.ipv4.ip_forward = 1\nnet.bridge.bridge-nf-call-iptables = 1\n",
        "ss.txt": "".join(f"tcp LISTEN 0 128 0.0.0.0:{port} 0.0.0.0:*\n" for port in (22, 8080)),
        **{f"netns/web/{file}": text for file, text in WEB.items()},
    }


def snapshot(folder: Path, hosts: dict[str, dict[str, str]]) -> str:
    for name, files in hosts.items():
        for file, text in files.items():
            place = folder / "hosts" / name / file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
    return str(folder)


def two(folder: Path, *, bridged: bool = False) -> str:
    refused = "-A FORWARD -s 10.0.1.23/32 -p tcp -m tcp --dport 80 -j REJECT --reject-with tcp-reset\n"
    return snapshot(
        folder, {"a": host("a", "10.0.1.23"), "b": host("b", "10.0.1.24", bridged=bridged, rules=refused)}
    )


def on_lans(plan: Plan) -> dict[str, str]:
    """Which of the outside's bridges each far end is a port of."""
    return {item.interface: item.bridge for item in plan.settings if isinstance(item, Enslave)}


def test_interfaces_on_one_wire_are_on_one_lan(tmp_path: Path) -> None:
    plan = plan_of(two(tmp_path, bridged=True))
    assert [node.name for node in plan.nodes] == ["a", "a/web", "b", "b/web", "world"]
    assert [node.host for node in plan.nodes] == [None, "a", None, "b", None]
    assert (plan.sites, plan.wires) == (("a", "b"), (("a/eth0", "b/br0"),))
    assert list(on_lans(plan).values()) == ["lan0", "lan0"]
    ports = [link for link in plan.links if isinstance(link, Wire) and link.far_name in on_lans(plan)]
    assert [(link.node, link.name) for link in ports] == [("a", "eth0"), ("b", "eth0")]
    assert len({link.mac for link in ports}) == 2


def test_interfaces_on_different_wires_are_apart(tmp_path: Path) -> None:
    other = {file: text.replace("10.0.1.", "10.0.2.") for file, text in host("b", "10.0.1.24").items()}
    plan = plan_of(snapshot(tmp_path, {"a": host("a", "10.0.1.23"), "b": other}))
    assert plan.wires == (("a/eth0",), ("b/eth0",))
    assert on_lans(plan) == {}


def test_a_gateway_that_is_one_of_the_hosts_is_not_the_outsides(tmp_path: Path) -> None:
    plan = plan_of(snapshot(tmp_path, {"a": host("a", "10.0.1.1"), "b": host("b", "10.0.1.24")}))
    assert [str(address) for name, address in plan.addresses("world") if name != "lo"] == ["10.0.1.2"]


def test_what_no_lan_can_be_is_said_in_both_languages(tmp_path: Path) -> None:
    one, other, third = (
        host(name, f"10.0.1.2{at}", mac=f"02:00:00:00:00:0{at}") for at, name in enumerate("abc")
    )
    one |= {"ip-neigh.txt": "10.0.1.21 dev eth0 lladdr 02:00:00:00:00:99 REACHABLE\n"}
    with pytest.raises(UsageError) as apart:
        plan_of(snapshot(tmp_path / "apart", {"a": one, "b": other}))
    assert str(apart.value).startswith("a/eth0 and b/eth0 are in one subnet on two wires")
    with pytest.raises(UsageError) as torn:
        plan_of(snapshot(tmp_path / "torn", {"a": one, "b": other, "c": third}))
    assert str(torn.value).startswith("a/eth0 and b/eth0 are on one wire with others")
    for error in (apart.value, torn.value):
        assert "a/eth0" in japanese(error.said_what)
        assert "線" in japanese(error.said_what)


def test_flows_are_for_one_host(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = two(tmp_path)
    assert main(["lab", "verify", path]) == 2
    assert "one host, and the snapshot holds 2" in capsys.readouterr().err
    assert main(["--lang", "ja", "lab", "verify", path]) == 2
    assert "ホストが2台" in capsys.readouterr().err


def test_the_printed_commands_name_namespaces_that_can_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lab", "up", two(tmp_path), "--print-commands"]) == 0
    made = [line for line in capsys.readouterr().out.split("\n") if line.startswith("ip netns add")]
    assert made == [f"ip netns add {name}" for name in ("a", "a:web", "b", "b:web", "world")]


def disagreeing(found: list[Compared]) -> list[str]:
    return [f"{one.pair}: {one.reached}; {one.forecast}" for one in found if one.verdict != "agree"]


@pytest.mark.kernel
def test_all_pairs_of_two_hosts(tmp_path: Path) -> None:
    with Lab(two(tmp_path)) as lab:
        found = [*lab.verify(), *lab.verify()]  # once more, with neighbours known
        assert lab.remarks == ()
        # What is built is stated: the model need not take one subnet for one wire.
        assert lab.snapshot("b").wires == (("a/eth0", "b/eth0"),)
    assert disagreeing(found) == []
    by_pair: dict[str, Compared] = {str(one.pair): one for one in found}

    def seen(pair: str) -> tuple[str, str, str]:
        reached = by_pair[pair].reached
        return reached.node, reached.client, reached.error

    # A container to the other host's published port is one journey over the wire.
    assert seen("b/web -> 10.0.1.23:8080/tcp") == ("a/web", "10.0.1.24", "")
    forecast = by_pair["b/web -> 10.0.1.23:8080/tcp"].forecast
    journey = forecast.segments[0].journey
    assert journey.reply is not None
    assert [hop.node for hop in journey.forward.hops] == ["b/web", "b", "a", "a/web"]
    assert [hop.node for hop in journey.reply.hops] == ["a/web", "a", "b", "b/web"]
    # B's rule refuses A's masqueraded address, and nobody else's.
    assert seen("a/web -> 10.0.1.24:8080/tcp") == ("", "", "ECONNREFUSED")
    assert seen("world -> 10.0.1.24:8080/tcp") == ("b/web", "10.0.1.1", "")
    # Each host's own container has the address, and only that one answers.
    assert seen("a -> 172.18.0.2:80/tcp") == ("a/web", "172.18.0.1", "")
    assert seen("b -> 172.18.0.2:80/tcp") == ("b/web", "172.18.0.1", "")
    assert seen("a/web -> 10.0.1.24:22/tcp") == ("b", "10.0.1.23", "")


@pytest.mark.kernel
def test_a_bridge_over_the_card_is_on_the_wire(tmp_path: Path) -> None:
    with Lab(two(tmp_path, bridged=True)) as lab:
        assert disagreeing(lab.verify()) == []
        found = lab.verify()  # with neighbours on the bridge, who are on the wire of its card
    assert disagreeing(found) == []
    reached = {str(one.pair): (one.reached.node, one.reached.client) for one in found}
    assert reached["b/web -> 10.0.1.23:8080/tcp"] == ("a/web", "10.0.1.24")
    assert reached["a -> 10.0.1.24:22/tcp"] == ("b", "10.0.1.23")
    assert reached["world -> 10.0.1.24:22/tcp"] == ("b", "10.0.1.1")
