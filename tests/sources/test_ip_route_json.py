"""``ip -j route``: the same facts as the text, byte for byte back, and what is not understood named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.errors import SourceError
from sekisho.model.evidence import Evidence
from sekisho.model.routing import NextHop, Route
from sekisho.sources import ip_route, ip_route_json
from sekisho.sources.parsed import Parsed
from sekisho.values.address import Address, Family, Prefix
from sekisho.values.names import interface_name as iface
from tests.sources.capture_files import capture
from tests.strategies.routing import families, routes
from tests.truth import needs_truth, truth_dir

P = Prefix.parse
GATEWAY = (NextHop(iface("v0"), Address.parse("10.0.0.3")),)
GOLDEN = [
    (
        Route(4, P("10.102.0.0/16"), nexthops=GATEWAY,
              attributes=(("features", "ecn"), ("rto_min", "20ms"), ("congctl", "cubic"))),
        '{"dst":"10.102.0.0/16","gateway":"10.0.0.3","dev":"v0","flags":[],'
        '"metrics":[{"ecn":null,"rto_min":20,"congestion":"cubic"}]}',
    ),
    (
        Route(4, P("10.107.0.0/16"), nexthops=(NextHop(iface("v0"), Address.parse("fe80::99")),)),
        '{"dst":"10.107.0.0/16","via":{"family":"inet6","host":"fe80::99"},"dev":"v0","flags":[]}',
    ),
    (
        Route(4, P("10.130.0.0/16"), nexthops=(NextHop(iface("v0")),), scope="link",
              attributes=(("encap", "ip id 100 src 10.0.0.1 dst 10.0.0.2 ttl 64 tos 0"),)),
        '{"dst":"10.130.0.0/16","encap":"ip","id":100,"src":"10.0.0.1","dst":"10.0.0.2","ttl":64,"tos":0,'
        '"dev":"v0","scope":"link","flags":[]}',
    ),
    (
        Route(4, P("10.112.0.0/16"), attributes=(("linkdown", ""),), nexthops=(
            NextHop(iface("v0"), Address.parse("10.0.0.4"), attributes=(("realms", "3/4"),)),
            NextHop(iface("v2"), weight=3))),
        '{"dst":"10.112.0.0/16","flags":["linkdown"],"nexthops":[{"gateway":"10.0.0.4",'
        '"flow":{"from":"3","to":"4"},"dev":"v0","weight":1,"flags":[]},{"dev":"v2","weight":3,"flags":[]}]}',
    ),
    (
        Route(4, P("127.0.0.1"), kind="local", nexthops=(NextHop(iface("lo")),),
              src=Address.parse("127.0.0.1"), attributes=(("uid", "0"), ("cache", "<local>"))),
        '{"type":"local","dst":"127.0.0.1","dev":"lo","prefsrc":"127.0.0.1","flags":[],"uid":0,"cache":["local"]}',
    ),
    (
        Route(6, P("::/0"), nexthops=(NextHop(iface("v0"), Address.parse("fe80::1")),), proto="ra",
              metric=1024, attributes=(("expires", "1799sec"), ("pref", "high"))),
        '{"dst":"default","gateway":"fe80::1","dev":"v0","protocol":"ra","metric":1024,"flags":[],'
        '"expires":1799,"pref":"high"}',
    ),
]  # fmt: skip


@pytest.mark.parametrize(("want", "text"), GOLDEN)
def test_reads_each_form_and_prints_it_back(want: Route, text: str) -> None:
    parsed = ip_route_json.parse(f"[{text}]", "ip-route.json")
    assert (parsed.facts, parsed.unread) == ((want,), ())
    assert parsed.facts[0].evidence == Evidence("ip-route.json", 1, text)
    assert ip_route_json.render(parsed.facts) == f"[{text}]\n"


@pytest.mark.parametrize("name", ["ip-route-main", "ip6-route", "ip-route-table-all", "ip-route-linkdown"])
def test_real_listings_come_back_and_say_what_the_text_says(name: str) -> None:
    text = capture(f"{name}.json")
    parsed = ip_route_json.parse(text, "f")
    assert parsed.unread == ()
    assert ip_route_json.render(parsed.facts).rstrip() == text.rstrip()
    # iproute2's JSON has no word for a locked metric.
    plain = capture(f"{name.removesuffix('-main')}.txt").replace(" lock ", " ")
    assert parsed.facts == ip_route.parse(plain, "f").facts


def test_details_come_back_with_all_tables_named() -> None:
    text = capture("ip-d-route-table-all.json")
    parsed = ip_route_json.parse(text, "f")
    assert parsed.unread == ()
    assert ip_route_json.render(parsed.facts, table=None).rstrip() == text.rstrip()


UNREADABLE = [
    ("unknown-word", "teleport", '{"dst":"default","dev":"v0","flags":[],"teleport":5}'),
    ("unknown-word", "sideways", '{"type":"sideways","dst":"default","dev":"v0","flags":[]}'),
    ("unknown-word", "wet", '{"dst":"default","dev":"v0","flags":["wet"]}'),
    ("bad-address", "10.0.0.256", '{"dst":"10.0.0.256","dev":"v0","flags":[]}'),
    ("bad-address", "10.0.0", '{"dst":"default","gateway":"10.0.0","dev":"v0","flags":[]}'),
    ("bad-value", "metric", '{"dst":"default","dev":"v0","metric":"low"}'),
    ("missing-key", "dst", '{"dev":"v0","flags":[]}'),
    ("no-next-hop", "10.0.0.0/8", '{"dst":"10.0.0.0/8","flags":[]}'),
    ("not-an-object", "", '"default"'),
    # What would be more than one word, or another line, were it written as text.
    ("unknown-word", "dhcp\n192.0.2.0/24", '{"dst":"default","dev":"v0","protocol":"dhcp\\n192.0.2.0/24"}'),
    ("unknown-word", "5 dev v1", '{"dst":"default","dev":"v0","table":"5 dev v1"}'),
    ("unknown-word", "", '{"dst":"default","dev":"v0","scope":""}'),
    ("unknown-word", "a b", '{"dst":"default","dev":"v0","metrics":[{"congctl":"a b"}]}'),
    ("unknown-word", "ip id 5\ndst", '{"dst":"default","encap":"ip","id":"5\\ndst","dev":"v0"}'),
    ("unknown-word", "x\ty", '{"dst":"default","dev":"v0","nh_info":"x\\ty"}'),
    ("unknown-word", "a>\n<b", '{"dst":"default","dev":"v0","cache":["a>\\n<b"]}'),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "word", "element"), UNREADABLE)
def test_an_element_with_a_fault_is_kept_as_unread(reason: str, word: str, element: str) -> None:
    parsed = ip_route_json.parse(f'[{{"dst":"default","dev":"v9","flags":[]}},\n{element}]', "f.json")
    assert [route.nexthops[0].dev for route in parsed.facts] == ["v9"]
    [unread] = parsed.unread
    assert (unread.evidence, unread.reason, unread.detail) == (
        Evidence("f.json", 2, element), reason, word,
    )  # fmt: skip


@pytest.mark.parametrize(("line", "text"), [(1, "default via 10.0.0.1"), (2, '[{"dst":\n"default"'), (0, "")])
def test_what_is_not_json_is_an_error_with_its_place(line: int, text: str) -> None:
    with pytest.raises(SourceError) as caught:
        ip_route_json.parse(text, "ip-route.json")
    assert (caught.value.file, caught.value.line) == ("ip-route.json", line)
    assert caught.value.advice


def test_nothing_listed_is_not_an_error_and_empty_objects_say_nothing() -> None:
    assert ip_route_json.parse("[ ]\n", "f") == ip_route_json.parse("[{},{}]", "f") == Parsed(())


def test_an_element_over_several_lines_keeps_its_first() -> None:
    parsed = ip_route_json.parse('[\n  {\n    "dst": "default",\n    "dev": "v0"\n  }\n]\n', "f")
    assert parsed.facts[0].evidence == Evidence("f", 2, '{"dst":"default","dev":"v0"}')


@given(families.flatmap(lambda f: st.tuples(st.just(f), st.lists(routes(f, locks=False), max_size=4))))
def test_printing_and_reading_gives_the_routes_back(case: tuple[Family, list[Route]]) -> None:
    family, wanted = case
    parsed = ip_route_json.parse(ip_route_json.render(wanted), "f", family)
    assert (list(parsed.facts), parsed.unread) == (wanted, ())


@needs_truth
def test_every_measured_listing_comes_back_byte_for_byte() -> None:
    root = truth_dir()
    assert root is not None
    files = [*(root / "docker").rglob("ip-route.json"), *(root / "docker").rglob("ip6-route.json")]
    assert files
    for file in files:
        text = file.read_text()
        parsed = ip_route_json.parse(text, file.name, 6 if "ip6" in file.name else 4)
        assert (file, parsed.unread) == (file, ())
        assert ip_route_json.render(parsed.facts).rstrip() == text.rstrip(), file


@needs_truth
def test_measured_text_and_json_agree() -> None:
    # Taken one after the other: an interface may come, go or change its state in between, so routes of
    # interfaces that are down or just up may differ; those of eth0 and lo may not.
    root = truth_dir()
    assert root is not None
    equal = 0
    files = sorted((root / "docker").rglob("ip-route-table-all.txt"))
    for file in files:
        text = ip_route.parse(file.read_text(), "f").facts
        json = ip_route_json.parse((file.parent / "ip-route.json").read_text(), "f").facts
        equal += text == json
        steady = [
            {r for r in side if r.nexthops and r.nexthops[0].dev in ("eth0", "lo")} for side in (text, json)
        ]
        assert steady[0] == steady[1], file
    assert equal > 0.9 * len(files)
