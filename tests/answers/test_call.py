"""A question about a container's port: by every way there is, and one answer for all verbs."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho.answers.call import Call, Caller
from sekisho.answers.exposed import exposed
from sekisho.answers.trace import Question
from sekisho.semantics.world import World
from sekisho.sources.load import load
from sekisho.views.call_text import to_text
from tests.answers.shop import FORWARD, NAT, world, write

DATA = Path(__file__).parents[1] / "data" / "docker"

Ways = list[tuple[str, str, bool | None, bool]]


def _ways(found: Call) -> Ways:
    return [(way.kind, way.to, way.works, way.addressable) for way in found.ways]


PUBLISHED = ("published", "10.0.0.10:8080", True, True)
# (from, to, does it work, the ways)
CALLS: list[tuple[str, str, bool | None, Ways]] = [
    ("internet", "container:web:80", True, [PUBLISHED, ("direct", "172.18.0.2:80", False, False)]),
    ("internet", "container:web:81", False, [("direct", "172.18.0.2:81", False, False)]),
    ("internet", "container:db:3306", False, [("direct", "172.18.0.3:3306", False, False)]),
    ("internet", "10.0.0.10:8080", True, [("direct", "10.0.0.10:8080", True, True)]),
    ("internet", "172.18.0.2:80", False, [("direct", "172.18.0.2:80", False, False)]),
    # A neighbour can make the host its gateway.
    ("10.0.0.7", "container:web:80", True, [("direct", "172.18.0.2:80", True, True)]),
    ("container:db", "container:web:80", True, [("direct", "172.18.0.2:80", True, True)]),
    # The published port is translated before FORWARD tells the networks apart.
    ("container:app", "container:web:80", False, [
        ("published", "10.0.0.10:8080", False, True), ("direct", "172.18.0.2:80", False, True)]),
    ("internet", "container:web", False, [("direct", "172.18.0.2", False, False)]),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target", "works", "ways"), CALLS)
def test_a_container_is_called_by_all_that_leads_there(
    source: str, target: str, works: bool | None, ways: Ways, tmp_path: Path
) -> None:
    found = Caller(world(tmp_path)).call(Question(source, target))
    assert found.works is works
    assert _ways(found) == ways


def test_all_published_ports_are_told(tmp_path: Path) -> None:
    more = "-A DOCKER ! -i br-shop -p tcp -m tcp --dport 9090 -j DNAT --to-destination 172.18.0.2:80\n"
    found = Caller(world(tmp_path, nat=NAT + more)).call(Question("internet", "container:web:80"))
    assert [way.to for way in found.ways] == ["10.0.0.10:8080", "10.0.0.10:9090", "172.18.0.2:80"]


def test_what_only_one_address_may_call_is_called_from_there(tmp_path: Path) -> None:
    nat = NAT.replace("! -i br-shop -p tcp", "-s 198.51.100.7/32 ! -i br-shop -p tcp")
    found = Caller(world(tmp_path, nat=nat)).call(Question("internet", "container:web:80"))
    assert found.works is True
    assert found.first.journey.packet.src == 0xC6336407


def test_what_nobody_can_say_stays_open(tmp_path: Path) -> None:
    nat = NAT.replace("--dport 8080", "--dport 8080 -m u32 --u32 0x0=0x1")
    found = Caller(world(tmp_path, nat=nat)).call(Question("internet", "container:web:80"))
    assert found.works is None
    assert found.status(with_reply=True) == 3


@pytest.mark.parametrize("folder", sorted(path for path in DATA.glob("*/*") if path.is_dir()), ids=str)
def test_exposed_says_the_same(folder: Path) -> None:
    """Of every port of every container, whether the Internet can use it."""
    host = World(load(str(folder)))
    caller = Caller(host)
    said = {"yes": True, "no": False, "perhaps": None}
    for port in exposed(host).ports:
        status = next(item.status for item in port.access if item.caller == "internet")
        if port.place == "host" or status == "none":
            continue
        question = Question("internet", f"container:{port.place}:{port.port}", port.proto)
        if len({item.bridge for item in host.named(port.place)}) == 1:
            assert caller.call(question).works is said[status], (port.place, port.port, port.proto)


@pytest.mark.parametrize(
    ("stated", "works"),
    [
        ((), True),
        ((("ttl", 64),), True),
        ((("ttl", 1),), False),  # ends at the host, which would have to forward it
        ((("tcp_flags", 18),), False),  # of no connection: not translated, and nothing listens on the host
    ],
)
def test_what_the_question_states_counts(
    stated: tuple[tuple[str, int], ...], works: bool | None, tmp_path: Path
) -> None:
    found = Caller(world(tmp_path)).call(Question("internet", "container:web:80", stated=stated))
    assert found.works is works
    assert found.first.works is works
    assert found.status(True) == {True: 0, False: 1, None: 3}[works]


def test_a_packet_without_its_reply_is_told_as_it_ends(tmp_path: Path) -> None:
    question = Question("internet", "container:web:80", with_reply=False)
    found = Caller(world(tmp_path)).call(question)
    assert (found.works, found.answer(False), found.status(False)) == (None, True, 0)
    assert found.first.to == "10.0.0.10:8080"
    text = to_text(found, question, "en", False)
    assert text.splitlines()[0] == "internet -> container:web:80: yes"
    assert "nobody can say" not in text


def test_the_way_that_works_leads(tmp_path: Path) -> None:
    """The direct way is open to nobody's judgement, the published one is not."""
    strange = "-A FORWARD -m conntrack --ctorigdst 172.18.0.2 -m nosuch -j DROP\n"
    found = Caller(world(tmp_path, forward=strange + FORWARD)).call(Question("10.0.0.7", "container:web:80"))
    assert found.works is True
    assert [(way.kind, way.works) for way in found.ways] == [("published", True), ("direct", None)]


def test_a_way_that_is_open_is_called_what_it_is(tmp_path: Path) -> None:
    """The container's own address, at a port that nobody publishes."""
    strange = "-A FORWARD -d 172.18.0.2/32 -m nosuch -j ACCEPT\n"
    found = Caller(world(tmp_path, forward=strange + FORWARD)).call(Question("10.0.0.7", "container:web:81"))
    assert found.works is None
    assert [(way.kind, way.to, way.works) for way in found.ways] == [("direct", "172.18.0.2:81", None)]


NO_PORTS = "".join(line for line in NAT.splitlines(True) if "DNAT" not in line)
TO_THE_HOST = "-A OUTPUT -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.18.0.2:80\n"


def test_a_port_that_the_host_itself_takes_is_not_the_containers(tmp_path: Path) -> None:
    """The rule translates what the host sends: whoever comes from outside gets the host's own socket."""
    host = world(tmp_path, nat=NO_PORTS + TO_THE_HOST, listening="0.0.0.0:8080")
    found = Caller(host).call(Question("internet", "container:web:80"))
    assert found.works is False
    assert [(way.to, way.works, way.there) for way in found.ways] == [
        ("10.0.0.10:8080", False, False),
        ("172.18.0.2:80", False, True),
    ]
    assert found.first.journey.works is True
    assert found.first.journey.forward.where == "host"
    assert "10.0.0.10:8080: no, somebody else takes it" in to_text(
        found, Question("internet", "container:web:80"), "en", False
    )


@pytest.mark.parametrize("to", ["172.18.0.3:80", "172.18.0.2:81"])
def test_an_address_whose_packets_are_sent_elsewhere_is_not_reached(to: str, tmp_path: Path) -> None:
    nat = NO_PORTS + f"-A PREROUTING -d 172.18.0.2/32 -p tcp --dport 80 -j DNAT --to-destination {to}\n"
    host = world(tmp_path, nat=nat, forward=FORWARD + "-A FORWARD -i eth0 -j ACCEPT\n")
    found = Caller(host).call(Question("10.0.0.7", "container:web:80", iface="eth0"))
    direct = next(way for way in found.ways if way.kind == "direct")
    assert (direct.journey.works, direct.there, direct.works, found.works) == (True, False, False, False)


def test_a_rule_for_all_ports_is_called_by_one_of_them(tmp_path: Path) -> None:
    nat = NAT.replace("-p tcp -m tcp --dport 8080", "-s 198.51.100.7/32 -p tcp")
    host = world(tmp_path, nat=nat)
    found = Caller(host).call(Question("internet", "container:web:80"))
    assert found.works is True
    assert found.first.journey.packet.src == 0xC6336407
    access = next(port for port in exposed(host).ports if port.place == "web").access
    assert next(item for item in access if item.caller == "internet").via == ("10.0.0.10:*",)


def test_an_address_that_nat_picks_may_be_anothers(tmp_path: Path) -> None:
    nat = NAT.replace("172.18.0.2:80", "172.18.0.2-172.18.0.3:80")
    forward = FORWARD.replace("-d 172.18.0.2/32 ", "")
    found = Caller(world(tmp_path, nat=nat, forward=forward)).call(Question("internet", "container:web:80"))
    assert found.works is None
    assert (found.first.journey.works, found.first.there) == (True, None)


def test_a_source_port_that_decides_is_stated(tmp_path: Path) -> None:
    """As ``exposed`` has it: a client's own port gets through, one of the privileged ones does not."""
    forward = FORWARD.replace("--dport 80 -j", "--sport 1024:65535 --dport 80 -j")
    host = world(tmp_path, forward=forward)
    found = Caller(host).call(Question("internet", "container:web:80"))
    assert found.works is True
    assert (found.first.journey.packet.sport or 0) >= 1024
    known = Caller(host).call(Question("internet", "container:web:80", sport=22))
    assert known.works is False


@pytest.mark.parametrize(("listed", "works"), [("9", False), ("8080", None)])
def test_whose_docker_proxy_it_may_be_is_told_by_dockers_list(
    listed: str, works: bool | None, tmp_path: Path
) -> None:
    """A rule sends the port to web, but not this packet; no listing of sockets tells who has it."""
    folder = write(tmp_path, nat=NO_PORTS + TO_THE_HOST)
    (folder / "ss.txt").unlink()
    docker = folder / "docker-containers.json"
    docker.write_text(docker.read_text().replace('"HostPort": "8080"', f'"HostPort": "{listed}"'))
    found = Caller(World(load(str(folder)))).call(Question("internet", "container:web:80"))
    way = next(each for each in found.ways if each.to == "10.0.0.10:8080")
    assert (way.journey.works, way.works) == (None, works)
