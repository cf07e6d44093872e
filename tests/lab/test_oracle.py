"""The oracle against what is known of Linux: each case says where its expectation comes from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from sekisho.lab.oracle import Oracle
from sekisho.lab.probes import Probe, icmp_error, later, reply
from sekisho.lab.verdict import Observed
from sekisho.model.host import Socket
from sekisho.model.links import Interface, Neighbour
from sekisho.model.netfilter import IpSet
from sekisho.model.snapshot import Namespace
from sekisho.values.address import Address
from sekisho.values.names import interface_name as iface
from sekisho.values.packet import ACK, ICMP, ICMPV6, SCTP, UDP
from tests.lab.hosts import namespace, packet, ruleset, snapshot

pytestmark = pytest.mark.kernel

DOCKER = """*nat
:PREROUTING ACCEPT
:POSTROUTING ACCEPT
:OUTPUT ACCEPT
:DOCKER -
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.18.0.0/16 ! -o br0 -j MASQUERADE
-A DOCKER -i br0 -j RETURN
-A DOCKER ! -i br0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.18.0.2:80
COMMIT
*filter
:INPUT ACCEPT
:FORWARD DROP
:OUTPUT ACCEPT
:USER -
-A FORWARD -j USER
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i br0 ! -o br0 -j ACCEPT
-A FORWARD -d 172.18.0.2/32 -p tcp -m tcp --dport 80 -j ACCEPT
-A FORWARD -p udp -j REJECT --reject-with icmp-host-prohibited
COMMIT
"""


@contextmanager
def asked(*namespaces: Namespace) -> Iterator[Oracle]:
    with Oracle(snapshot(*namespaces)) as oracle:
        yield oracle


def bridge_host(**changes: object) -> Namespace:
    given: dict[str, object] = {
        "interfaces": (
            Interface(iface("eth0")), Interface(iface("br0"), kind="bridge"),
            Interface(iface("veth1"), master=iface("br0")), Interface(iface("veth2"), master=iface("br0")),
        ),
        "addresses": "eth0 10.0.0.10/24\nbr0 172.18.0.1/16",
        "routes": "default via 10.0.0.1 dev eth0\n10.0.0.0/24 dev eth0\n172.18.0.0/16 dev br0",
        "rulesets": (ruleset(DOCKER),),
    }  # fmt: skip
    return namespace(**{**given, **changes})  # type: ignore[arg-type]


def steps(seen: Observed) -> list[tuple[str, str, int | None, str]]:
    return [(step.table, step.chain, step.rule, step.verdict) for step in seen.steps]


def text(value: Address | None) -> str:
    return str(value)


def test_a_published_port_step_by_step() -> None:
    with asked(bridge_host()) as oracle:
        seen = oracle.ask(Probe(packet("8.8.8.8", "10.0.0.10", 8080, iif="eth0")))
        back = oracle.ask(reply(seen))
        again = oracle.ask(later(seen, Probe(packet("8.8.8.8", "10.0.0.10", 8080, iif="eth0"))))
    assert steps(seen) == [
        ("nat", "PREROUTING", 1, "JUMP"),
        ("nat", "DOCKER", 2, "ACCEPT"),
        ("filter", "FORWARD", 1, "JUMP"),
        ("filter", "USER", None, "RETURN"),
        ("filter", "FORWARD", 4, "ACCEPT"),
        ("nat", "POSTROUTING", None, "ACCEPT"),
    ]
    assert (seen.disposition, seen.packet.oif, text(seen.packet.next_hop)) == ("exits", "br0", "172.18.0.2")
    assert (text(Address(4, seen.packet.dst)), seen.packet.dport) == ("172.18.0.2", 80)
    assert seen.tracked is not None
    assert (text(seen.tracked.reply.src), seen.tracked.reply.sport) == ("172.18.0.2", 80)
    # Replies and later packets consult no nat chain (netfilter's documentation; nf_nat_core.c).
    assert {step.table for step in back.steps} == {"filter"}
    assert (text(Address(4, back.packet.src)), back.packet.sport) == ("10.0.0.10", 8080)
    assert {step.table for step in again.steps} == {"filter"}
    assert (again.disposition, again.packet.dport) == ("exits", 80)


def test_masquerade_takes_the_address_of_the_way_out() -> None:
    with asked(bridge_host()) as oracle:
        seen = oracle.ask(Probe(packet("172.18.0.2", "1.1.1.1", 53, UDP, iif="br0")))
    assert text(Address(4, seen.packet.src)) == "10.0.0.10"
    assert (seen.packet.oif, text(seen.packet.next_hop)) == ("eth0", "10.0.0.1")
    assert ("nat", "POSTROUTING", 1, "ACCEPT") in steps(seen)


def test_reject_answers_and_drop_does_not() -> None:
    with asked(bridge_host()) as oracle:
        rejected = oracle.ask(Probe(packet("8.8.8.8", "172.18.0.9", 99, UDP, iif="eth0")))
        dropped = oracle.ask(Probe(packet("8.8.8.8", "172.18.0.9", 99, iif="eth0")))
    assert (rejected.disposition, rejected.answer) == ("rejected", "icmp-host-prohibited")
    assert steps(rejected)[-1] == ("filter", "FORWARD", 5, "DROP")
    assert rejected.answer_egress is not None
    assert rejected.answer_egress.interface == "eth0"
    assert (dropped.disposition, dropped.answer, dropped.reason) == ("dropped", None, "NETFILTER_DROP")
    assert steps(dropped)[-1] == ("filter", "FORWARD", None, "DROP")


def test_an_icmp_error_follows_its_connection() -> None:
    with asked(bridge_host()) as oracle:
        seen = oracle.ask(Probe(packet("172.18.0.2", "1.1.1.1", 53, UDP, iif="br0")))
        error = oracle.ask(icmp_error(seen, 3, 3, Address.parse("1.1.1.1").value))
    assert (error.disposition, error.packet.oif) == ("exits", "br0")
    assert text(Address(4, error.packet.dst)) == "172.18.0.2"
    assert ("filter", "FORWARD", 2, "ACCEPT") in steps(error)


@pytest.mark.parametrize(
    ("call", "tables"),
    [("0", set()), ("1", {"nat", "filter"})],
)
def test_bridged_packets_pass_iptables_only_when_told_to(call: str, tables: set[str]) -> None:
    host = bridge_host(sysctls={"net.bridge.bridge-nf-call-iptables": call})
    with asked(host) as oracle:
        probe = Probe(packet("172.18.0.2", "172.18.0.3", 80, iif="br0"), port="veth2")
        seen = oracle.ask(probe)
    assert {step.table for step in seen.steps} == tables
    # FORWARD's policy is DROP, and rule 3 wants another way out.
    assert seen.disposition == ("exits" if call == "0" else "dropped")


SOCKETS = (
    Socket("tcp", "LISTEN", Address.parse("0.0.0.0"), 22),
    Socket("udp", "UNCONN", Address.parse("10.0.0.10"), 53),
    Socket("tcp", "LISTEN", None, 443),
)


@pytest.mark.parametrize(
    ("dst", "port", "proto", "want"),
    [
        ("10.0.0.10", 22, 6, ("delivered", "tcp-syn-ack")),
        ("10.1.0.10", 22, 6, ("delivered", "tcp-syn-ack")),
        ("10.0.0.10", 443, 6, ("delivered", "tcp-syn-ack")),
        ("10.0.0.10", 80, 6, ("no_socket", "tcp-reset")),
        ("10.0.0.10", 53, UDP, ("delivered", None)),
        ("10.1.0.10", 53, UDP, ("no_socket", "icmp-port-unreachable")),
        ("10.0.0.10", 0, ICMP, ("delivered", "icmp-echo-reply")),
        ("10.0.0.10", 9, SCTP, ("no_socket", "icmp-proto-unreachable")),
    ],
)
def test_local_delivery(dst: str, port: int, proto: int, want: tuple[str, str | None]) -> None:
    with asked(namespace(sockets=SOCKETS)) as oracle:
        seen = oracle.ask(Probe(packet("10.0.0.77", dst, port, proto, iif="eth0")))
    assert (seen.disposition, seen.answer) == want


ROUTES = """default via 10.0.0.1 dev eth0
10.0.0.0/24 dev eth0
10.1.0.0/24 dev eth1
blackhole 192.0.2.0/26
unreachable 192.0.2.64/26
prohibit 192.0.2.128/26
"""


@pytest.mark.parametrize(
    ("dst", "want"),
    [
        ("192.0.2.1", ("blackhole", None)),
        ("192.0.2.65", ("unreachable", "icmp-host-unreachable")),
        ("192.0.2.129", ("prohibited", "icmp-admin-prohibited")),
        ("10.1.0.20", ("exits", None)),
    ],
)
def test_route_types(dst: str, want: tuple[str, str | None]) -> None:
    # ip-route(8) gives the ICMP error of each type.
    with asked(namespace(routes=ROUTES)) as oracle:
        seen = oracle.ask(Probe(packet("10.0.0.77", dst, iif="eth0")))
    assert (seen.disposition, seen.answer) == want


@pytest.mark.parametrize(
    ("src", "dst", "sysctls", "want"),
    [
        ("10.0.0.77", "10.1.0.20", {"net.ipv4.ip_forward": "0"}, "not_forwarding"),
        ("10.1.0.77", "10.1.0.20", {"net.ipv4.conf.all.rp_filter": "1"}, "rpfilter"),
        ("10.1.0.77", "10.1.0.20", {"net.ipv4.conf.all.rp_filter": "2"}, "exits"),
        ("127.0.0.1", "10.1.0.20", {}, "martian"),
        ("10.0.0.10", "10.1.0.20", {}, "martian"),
        ("10.0.0.77", "127.0.0.1", {}, "martian"),
        ("10.0.0.77", "127.0.0.1", {"net.ipv4.conf.eth0.route_localnet": "1"}, "no_socket"),
        ("224.0.0.1", "10.1.0.20", {}, "martian"),
    ],
)
def test_sysctls_that_decide(src: str, dst: str, sysctls: dict[str, str], want: str) -> None:
    with asked(namespace(sysctls=sysctls)) as oracle:
        seen = oracle.ask(Probe(packet(src, dst, iif="eth0")))
    assert seen.disposition == want


def test_time_to_live() -> None:
    with asked(namespace()) as oracle:
        seen = oracle.ask(Probe(replace(packet("10.0.0.77", "10.1.0.20", iif="eth0"), ttl=1)))
    assert (seen.disposition, seen.answer) == ("ttl_expired", "ttl-zero-during-transit")


def test_policy_rules_and_marks() -> None:
    host = namespace(
        routes="default via 10.0.0.1 dev eth0\n10.0.0.0/24 dev eth0\n10.1.0.0/24 dev eth1\n"
        "default via 10.1.0.1 dev eth1 table 100\n10.1.0.0/24 dev eth1 table 100",
        rules="0:\tfrom all lookup local\n100:\tfrom all fwmark 0x7/0xff lookup 100\n"
        "32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n",
        rulesets=(
            ruleset(
                "*mangle\n:PREROUTING ACCEPT\n-A PREROUTING -p udp -j MARK --set-xmark 0x7/0xff\nCOMMIT\n"
            ),
        ),
    )
    with asked(host) as oracle:
        marked = oracle.ask(Probe(packet("10.0.0.77", "1.1.1.1", 53, UDP, iif="eth0")))
        plain = oracle.ask(Probe(packet("10.0.0.77", "1.1.1.1", iif="eth0")))
    assert (marked.packet.oif, text(marked.packet.next_hop), marked.packet.mark) == ("eth1", "10.1.0.1", 7)
    assert (plain.packet.oif, text(plain.packet.next_hop), plain.packet.mark) == ("eth0", "10.0.0.1", 0)


@pytest.mark.parametrize(
    ("probe", "want"),
    [
        (packet("10.0.0.10", "1.1.1.1"), ("exits", "eth0", None)),
        (packet("10.0.0.10", "10.0.0.10", 22), ("delivered", None, None)),
        (packet("10.0.0.10", "192.0.2.1"), ("blackhole", None, "EINVAL")),
        (packet("10.0.0.10", "192.0.2.65"), ("unreachable", None, "EHOSTUNREACH")),
        (packet("10.0.0.10", "192.0.2.129"), ("prohibited", None, "EACCES")),
        (packet("10.0.0.10", "1.1.1.1", None, ICMP), ("exits", "eth0", None)),
        (packet("10.0.0.10", "1.1.1.1", 99, UDP), ("exits", "eth0", None)),
    ],
)
def test_what_a_local_process_sends(probe: object, want: tuple[str, str | None, str | None]) -> None:
    with asked(namespace(routes=ROUTES, sockets=SOCKETS)) as oracle:
        seen = oracle.ask(Probe(probe))  # type: ignore[arg-type]
    assert (seen.disposition, seen.packet.oif, seen.error) == want


def test_the_owner_of_a_local_packet() -> None:
    rules = "*filter\n:OUTPUT ACCEPT\n-A OUTPUT -m owner --uid-owner 1000 -j DROP\nCOMMIT\n"
    with asked(namespace(rulesets=(ruleset(rules),))) as oracle:
        root = oracle.ask(Probe(packet("10.0.0.10", "1.1.1.1", 99, UDP)))
        user = oracle.ask(Probe(replace(packet("10.0.0.10", "1.1.1.1", 99, UDP), uid=1000)))
    assert (root.disposition, user.disposition) == ("exits", "dropped")


def test_a_neighbour_that_never_answers() -> None:
    silent = (Neighbour(Address.parse("10.1.0.66"), iface("eth1"), None, "FAILED"),)
    with asked(namespace(neighbours=silent)) as oracle:
        seen = oracle.ask(Probe(packet("10.0.0.77", "10.1.0.66", iif="eth0")))
    assert seen.disposition == "neighbour_failed"


LEGACY = """*mangle
:PREROUTING ACCEPT
-A PREROUTING -p tcp -j MARK --set-mark 5
COMMIT
*filter
:FORWARD ACCEPT
:SUB -
-A FORWARD -m mark --mark 5 -j SUB
-A FORWARD -p tcp --dport 81 -j DROP
-A SUB -p udp
-A SUB -p tcp
COMMIT
"""


def test_legacy_tables_are_traced_too_and_both_kinds_run() -> None:
    modern = ruleset("*filter\n:FORWARD ACCEPT\n-A FORWARD -p tcp --dport 82 -j DROP\nCOMMIT\n")
    with asked(namespace(rulesets=(ruleset(LEGACY, backend="legacy"), modern))) as oracle:
        seen = oracle.ask(Probe(packet("10.0.0.77", "10.1.0.20", iif="eth0")))
        old = oracle.ask(Probe(packet("10.0.0.77", "10.1.0.20", 81, iif="eth0")))
        new = oracle.ask(Probe(packet("10.0.0.77", "10.1.0.20", 82, iif="eth0")))
    legacy = [(s.table, s.chain, s.rule, s.verdict) for s in seen.steps if s.backend == "legacy"]
    assert legacy == [
        ("mangle", "PREROUTING", 1, ""),
        ("mangle", "PREROUTING", None, ""),
        ("mangle", "FORWARD", None, ""),
        ("filter", "FORWARD", 1, ""),
        ("filter", "SUB", 2, ""),
        ("filter", "SUB", None, "RETURN"),
        ("filter", "FORWARD", None, ""),
        ("mangle", "POSTROUTING", None, ""),
    ]
    assert (old.disposition, new.disposition, seen.disposition) == ("dropped", "dropped", "exits")
    # Legacy chains were loaded last, so that they are asked first; their records come by another way.
    assert [s.backend for s in new.steps if s.hook == "forward" and s.verdict == "DROP"] == ["nft"]
    assert ("filter", "FORWARD", 1, "DROP") in steps(new)


def test_sets() -> None:
    sets = (
        IpSet(
            "bad",
            "hash:net",
            (("family", "inet"),),
            (("10.0.0.64/26", ()), ("10.0.0.77", (("nomatch", ""),))),
        ),
        IpSet("ports", "bitmap:port", (("range", "0-1023"),), (("443", ()),)),
    )
    rules = (
        "*filter\n:FORWARD ACCEPT\n-A FORWARD -m set --match-set bad src -j DROP\n"
        "-A FORWARD -m set --match-set ports dst -j REJECT\nCOMMIT\n"
    )
    with asked(namespace(ipsets=sets, rulesets=(ruleset(rules),))) as oracle:
        ends = [
            oracle.ask(Probe(packet(src, "10.1.0.20", port, iif="eth0"))).disposition
            for src, port in (("10.0.0.66", 80), ("10.0.0.77", 80), ("10.0.0.77", 443))
        ]
    assert ends == ["dropped", "exits", "rejected"]


SIX = namespace(
    addresses="eth0 2001:db8::10/64\neth0 fe80::10/64\neth1 2001:db8:1::10/64\neth1 fe80::11/64",
    routes="",
    routes6="default via 2001:db8::1 dev eth0\n2001:db8::/64 dev eth0\n2001:db8:1::/64 dev eth1\n"
    "fe80::/64 dev eth0\n"
    "unreachable 2001:db8:2::/48\nblackhole 2001:db8:3::/48",
    rulesets=(
        ruleset(
            "*nat\n:PREROUTING ACCEPT\n-A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT "
            "--to-destination [2001:db8:1::2]:80\nCOMMIT\n"
            "*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n-A FORWARD -p udp -j REJECT\nCOMMIT\n",
            6,
        ),
    ),
    sockets=(Socket("tcp", "LISTEN", Address.parse("::"), 22),),
)


@pytest.mark.parametrize(
    ("dst", "port", "proto", "want"),
    [
        ("2001:db8:1::20", 80, 6, ("exits", "eth1", "2001:db8:1::20", None)),
        ("2001:db8::10", 8080, 6, ("exits", "eth1", "2001:db8:1::2", None)),
        ("2001:db8::10", 22, 6, ("delivered", None, "None", "tcp-syn-ack")),
        ("2001:db8::10", 23, 6, ("no_socket", None, "None", "tcp-reset")),
        ("2001:db8:1::20", 53, UDP, ("rejected", "eth1", "None", "icmp6-port-unreachable")),
        ("2001:db8::10", None, ICMPV6, ("delivered", None, "None", "icmp-echo-reply")),
        ("2001:db8:2::1", 80, 6, ("no_route", None, "None", "icmp6-no-route")),
        ("2001:db8:3::1", 80, 6, ("blackhole", None, "None", None)),
        ("2600::1", 80, 6, ("exits", "eth0", "2001:db8::1", None)),
    ],
)
def test_ipv6(dst: str, port: int | None, proto: int, want: tuple[str, str | None, str, str | None]) -> None:
    with asked(SIX) as oracle:
        seen = oracle.ask(Probe(packet("2001:db8::77", dst, port, proto, iif="eth0")))
    assert (seen.disposition, seen.packet.oif, text(seen.packet.next_hop), seen.answer) == want


def test_a_container_is_a_namespace_that_answers_by_itself() -> None:
    web = namespace(
        "web", interfaces=(Interface(iface("eth0"), peer="if7"),), addresses="eth0 172.18.0.2/16",
        routes="default via 172.18.0.1 dev eth0\n172.18.0.0/16 dev eth0",
        sysctls={"net.ipv4.ip_forward": "0"},
        sockets=(Socket("tcp", "LISTEN", Address.parse("0.0.0.0"), 80),),
    )  # fmt: skip
    host = bridge_host(
        interfaces=(
            Interface(iface("eth0")),
            Interface(iface("br0"), kind="bridge"),
            Interface(iface("veth1"), index=7, peer="if2", master=iface("br0")),
        )
    )
    with asked(host, web) as oracle:
        seen = oracle.ask(Probe(packet("8.8.8.8", "10.0.0.10", 8080, iif="eth0")))
        out = oracle.ask(Probe(packet("172.18.0.2", "1.1.1.1", 53, UDP), node="web"))
    assert (seen.disposition, seen.where, seen.answer) == ("delivered", "web", "tcp-syn-ack")
    assert [passage.node for passage in seen.passages] == ["host", "web"]
    assert [passage.node for passage in seen.replies] == ["web", "host"]
    assert seen.answer_egress is not None
    assert text(Address(4, seen.answer_egress.frame.packet.src)) == "10.0.0.10"
    assert [passage.node for passage in out.passages] == ["web", "host"]
    assert (out.disposition, text(Address(4, out.packet.src))) == ("exits", "10.0.0.10")


def test_untracked_and_zoned_packets() -> None:
    rules = (
        "*raw\n:PREROUTING ACCEPT\n-A PREROUTING -p udp -j CT --notrack\n"
        "-A PREROUTING -p tcp -j CT --zone 5\nCOMMIT\n"
        "*filter\n:FORWARD ACCEPT\n-A FORWARD -m conntrack --ctstate UNTRACKED -j ACCEPT\nCOMMIT\n"
    )
    with asked(namespace(rulesets=(ruleset(rules),))) as oracle:
        untracked = oracle.ask(Probe(packet("10.0.0.77", "10.1.0.20", 53, UDP, iif="eth0")))
        zoned = oracle.ask(Probe(packet("10.0.0.77", "10.1.0.20", 80, iif="eth0")))
        entry = oracle.node().conntrack.find(packet("10.0.0.77", "10.1.0.20", 80), zone=5)
    assert ("filter", "FORWARD", 1, "ACCEPT") in steps(untracked)
    assert untracked.tracked is None
    assert zoned.passages[0].ct_state == 8
    assert entry is not None
    assert entry.zone == 5


def test_a_stray_acknowledgement_is_taken_up_or_invalid() -> None:
    stray = replace(packet("10.0.0.77", "10.1.0.20", iif="eth0"), tcp_flags=ACK)
    # The kernel's trace tells no state of an invalid packet.
    for loose, state in (("1", 8), ("0", None)):
        rules = ruleset(
            "*filter\n:FORWARD ACCEPT\n-A FORWARD -m conntrack --ctstate INVALID -j DROP\nCOMMIT\n"
        )
        host = namespace(rulesets=(rules,), sysctls={"net.netfilter.nf_conntrack_tcp_loose": loose})
        with asked(host) as oracle:
            seen = oracle.ask(Probe(stray))
        assert seen.passages[0].ct_state == state
        assert seen.disposition == ("exits" if loose == "1" else "dropped")
