"""What is printed here a kernel takes, and what the kernel says then is read as what was meant."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sekisho.model.routing import NextHop, PolicyRule, Route
from sekisho.sources import ip_route, ip_route_json, ip_rule
from sekisho.values.address import Address, Prefix
from sekisho.values.names import interface_name as iface

pytestmark = pytest.mark.kernel
kernel_examples = settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow], deadline=None)

# Two links, both up, each with its own IPv4 and IPv6 subnet.
SET_UP = """
ip link set lo up
ip link add v0 type veth peer name v1
ip link add v2 type veth peer name v3
for i in v0 v1 v2 v3; do ip link set $i up; done
ip addr add 10.0.0.10/24 dev v0
ip addr add 10.0.2.10/24 dev v2
ip -6 addr add 2001:db8::10/64 dev v0 nodad
ip -6 addr add 2001:db8:2::10/64 dev v2 nodad
"""


def ask(script: str, batch: str, family: str = "-4") -> list[str]:
    """Run ``ip -batch`` in a namespace of its own, then the script; its output cut at lines of ``==``."""
    command = f"set -e\n{SET_UP}\nip {family} -batch - <<'BATCH'\n{batch}BATCH\n{script}"
    done = subprocess.run(["unshare", "-n", "sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stderr}\n{batch}"
    return done.stdout.split("==\n")


@st.composite
def loadable_routes(draw: st.DrawFn) -> list[Route]:
    """Routes that this kernel can take together: each with a destination of its own."""
    numbers = draw(st.lists(st.integers(0, 255), min_size=1, max_size=6, unique=True))
    return [draw(loadable_route(number)) for number in numbers]


@st.composite
def loadable_route(draw: st.DrawFn, number: int) -> Route:
    dst = Prefix.parse(f"10.{number}.0.0/{draw(st.sampled_from((16, 20, 32)))}")
    if number == 0:
        dst = Prefix.parse("172.16.0.0/12")
    kind = draw(
        st.sampled_from(("unicast", "unicast", "unicast", "blackhole", "unreachable", "prohibit", "throw"))
    )
    table = draw(st.sampled_from(("main", "100", "10001")))
    metric = draw(st.none() | st.integers(1, 0xFFFFFFFF))
    # No number here: after "proto 77" the batch mode of iproute2 6.1 takes "proto static" for 77.
    proto = draw(st.sampled_from((None, "static", "bird")))
    tos = draw(st.sampled_from((0, 0, 0x10)))
    if kind != "unicast":
        return Route(4, dst, kind=kind, table=table, metric=metric, proto=proto, tos=tos)
    metrics = draw(st.sampled_from(((), (("mtu", "1400"),), (("mtu", "lock 1400"), ("advmss", "1360")))))
    hops = draw(st.lists(st.sampled_from(WAYS), min_size=1, max_size=3, unique=True))
    if len(hops) == 1:
        on_link = hops[0].via is None
        src = draw(st.sampled_from((None, Address.parse("10.0.0.10"))))
        return Route(4, dst, table=table, nexthops=tuple(hops), metric=metric, proto=proto, tos=tos, src=src,
                     scope="link" if on_link else None, attributes=metrics)  # fmt: skip
    weights = draw(st.lists(st.integers(1, 256), min_size=len(hops), max_size=len(hops)))
    ways = tuple(NextHop(h.dev, h.via, w, h.flags) for h, w in zip(hops, weights, strict=True))
    return Route(4, dst, table=table, nexthops=ways, metric=metric, proto=proto, tos=tos, attributes=metrics)


WAYS = (
    NextHop(iface("v0"), Address.parse("10.0.0.1")),
    NextHop(iface("v2"), Address.parse("10.0.2.1")),
    NextHop(iface("v2"), Address.parse("192.0.2.9"), flags=("onlink",)),
    NextHop(iface("v0"), Address.parse("fe80::99")),
    NextHop(iface("v2")),
)


@given(loadable_routes())
@kernel_examples
def test_the_kernel_takes_printed_routes_and_says_them_back(wanted: list[Route]) -> None:
    batch = "".join(_one_line("route add", ip_route.render([route])) for route in wanted)
    text, json = ask("ip route show table all; echo ==; ip -j route show table all", batch)
    for parsed in (ip_route.parse(text, "f"), ip_route_json.parse(json, "f")):
        assert parsed.unread == ()
        for route in wanted:
            listed = [_plain(fact) for fact in parsed.facts if fact.dst == route.dst]
            assert _plain(route) in listed, (ip_route.render([route]), text)
    assert ip_route.render(ip_route.parse(text, "f").facts) == text


@given(st.lists(st.integers(1, 0xFFFF), min_size=1, max_size=4, unique=True), st.data())
@kernel_examples
def test_the_kernel_takes_printed_ipv6_routes_and_says_them_back(
    numbers: list[int], data: st.DataObject
) -> None:
    wanted = [data.draw(_ipv6_route(number)) for number in numbers]
    batch = "".join(_one_line("route add", ip_route.render([route])) for route in wanted)
    [text] = ask("ip -6 route show table all", batch, "-6")
    parsed = ip_route.parse(text, "f", 6)
    assert parsed.unread == ()
    assert set(wanted) <= set(parsed.facts)
    assert ip_route.render(parsed.facts) == text


IPV6_WAYS = (
    NextHop(iface("v0"), Address.parse("2001:db8::1")),
    NextHop(iface("v2"), Address.parse("fe80::2")),
    NextHop(iface("v2")),
)


@st.composite
def _ipv6_route(draw: st.DrawFn, number: int) -> Route:
    dst = Prefix.parse(f"2001:db8:ff00:{number:x}::/64")
    metric = draw(st.integers(1, 0xFFFFFFFF))
    pref = (("pref", draw(st.sampled_from(("low", "medium", "high")))),)
    table = draw(st.sampled_from(("main", "100")))
    if draw(st.integers(0, 3)) == 0:
        kind = draw(st.sampled_from(("blackhole", "unreachable", "prohibit", "throw")))
        return Route(6, dst, kind=kind, table=table, nexthops=(NextHop(iface("lo")),), metric=metric,
                     attributes=(("pref", "medium"),))  # fmt: skip
    hop = draw(st.sampled_from(IPV6_WAYS))
    src = draw(st.sampled_from((None, Address.parse("2001:db8::10"))))
    return Route(6, dst, table=table, nexthops=(hop,), metric=metric, src=src, attributes=pref)


@st.composite
def loadable_rules(draw: st.DrawFn) -> list[PolicyRule]:
    priorities = sorted(draw(st.lists(st.integers(1, 32765), min_size=1, max_size=5, unique=True)))
    return [draw(loadable_rule(priority)) for priority in priorities]


@st.composite
def loadable_rule(draw: st.DrawFn, priority: int) -> PolicyRule:
    action = draw(
        st.sampled_from(("lookup", "lookup", "lookup", "nop", "blackhole", "unreachable", "prohibit"))
    )
    src = draw(st.sampled_from((None, Prefix.parse("10.0.0.139"), Prefix.parse("10.64.0.0/10"))))
    dst = draw(st.sampled_from((None, Prefix.parse("10.2.0.0/16"))))
    ports = st.sampled_from((None, (443, 443), (1000, 2000)))
    # A mark with a mask holds no bit outside of it, else iproute2 refuses the rule.
    mark = draw(st.sampled_from((None, (1, 0xFF), (0xCA6C, 0xFFFFFFFF), (0, 0x10000))))
    table = draw(st.sampled_from(("main", "100", "4000000000"))) if action == "lookup" else "main"
    return PolicyRule(
        4, priority, action, table=table,
        negated=draw(st.booleans()), src=src, dst=dst, iif=draw(st.sampled_from((None, iface("v0")))),
        oif=draw(st.sampled_from((None, iface("v2")))), fwmark=mark, tos=draw(st.sampled_from((None, 0x10))),
        ipproto=draw(st.sampled_from((None, 6, 17, 99))), sport=draw(ports), dport=draw(ports),
        uidrange=draw(st.sampled_from((None, (0, 1000)))),
        suppress_prefixlength=draw(st.sampled_from((None, 0, 8))) if action == "lookup" else None,
    )  # fmt: skip


@given(loadable_rules())
@kernel_examples
def test_the_kernel_takes_printed_rules_and_says_them_back(wanted: list[PolicyRule]) -> None:
    lines = ip_rule.render(wanted).splitlines()
    # What iproute2 prints as ipproto-99 it takes only as 99.
    batch = "".join(f"rule add pref {line.replace(':', '', 1)}\n" for line in lines).replace("ipproto-", "")
    text, json = ask("ip rule; echo ==; ip -j rule", batch)
    for parsed in (ip_rule.parse(text, "f"), ip_rule.parse(json, "f")):
        assert parsed.unread == ()
        assert [rule for rule in parsed.facts if 0 < rule.priority < 32766] == wanted
    assert ip_rule.render(ip_rule.parse(text, "f").facts) == text


def _one_line(command: str, text: str) -> str:
    return f"{command} {' '.join(text.split())}\n"


def _plain(route: Route) -> tuple[object, ...]:
    # iproute2's JSON has no word for a locked metric.
    attributes = tuple((name, value.removeprefix("lock ")) for name, value in route.attributes)
    return (route.dst, route.kind, route.table, route.nexthops, route.src, route.metric, route.proto,
            route.scope, route.tos, attributes)  # fmt: skip
