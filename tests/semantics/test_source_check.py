"""Where a snapshot does not tell what the check of a source rests on. What the kernel does where it tells is
in tests/cases (source-..., loose-...)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from sekisho.lab.exchange import start_at
from sekisho.model.snapshot import Namespace, Snapshot
from sekisho.semantics.journey import Leg
from sekisho.semantics.world import World
from sekisho.sources import ip_route
from sekisho.symbolic.one_journeys import journey
from tests.case_files import Case, read


def _forward(case: Case, host: Namespace) -> Leg:
    return journey(World(Snapshot("", host)), start_at(case.packet)).forward


def _without(host: Namespace, *keys: str) -> Namespace:
    return replace(host, sysctls=tuple(item for item in host.sysctls or () if item.key not in keys))


def _codes(leg: Leg) -> set[str]:
    return {doubt.code for doubt in leg.doubts}


def test_redirects_that_were_not_captured_decide() -> None:
    case = read("source-turns-round-untold")
    host = _without(case.snapshot().host, "net.ipv4.conf.all.send_redirects")
    open_end = _forward(case, host)
    assert (open_end.disposition, _codes(open_end)) == ("undetermined", {"sysctl-decides"})
    # One that is on is enough (IN_DEV_ORCONF).
    told = read("source-turns-round-and-is-told")
    host = _without(told.snapshot().host, "net.ipv4.conf.all.send_redirects")
    assert _forward(told, host).disposition == "martian"


@pytest.mark.parametrize(
    ("tables", "wanted"),
    # Table local tells each address, table main does not.
    [({(4, "all")}, ("rpfilter", set())), ({(4, "main")}, ("undetermined", {"address-decides"}))],
)
def test_addresses_that_were_not_captured_decide(
    tables: Iterable[tuple[int, str]], wanted: tuple[str, set[str]]
) -> None:
    case = read("loose-rp-filter-is-strict-without-address")
    host = replace(case.snapshot().host, addresses=None, route_tables=frozenset(tables))  # type: ignore[arg-type]
    found = _forward(case, host)
    assert (found.disposition, _codes(found)) == wanted
    # What is routed back there passes in any case.
    fitting = read("loose-rp-filter-without-address-fits")
    assert _forward(fitting, replace(host, routes=fitting.snapshot().host.routes)).disposition == "exits"


@pytest.mark.parametrize(
    ("added", "wanted"),
    [("", "exits"), ("local 10.77.0.0/24 dev lo table local scope host", "martian")],
)
def test_busybox_prints_no_protocol(added: str, wanted: str) -> None:
    """Of its listing, the kernel's own local routes are those with an address of their own."""
    case = read("source-not-looked-up-without-a-reason")
    host = case.snapshot().host
    text = ip_route.render(host.routes).replace(" proto kernel", "") + added
    routes = ip_route.parse(text, "ip-route.txt", 4)
    assert not routes.unread
    assert _forward(case, replace(host, routes=routes.facts)).disposition == wanted
