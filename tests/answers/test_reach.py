"""reach: exact sets, witnesses that the walk of one packet confirms, reasons for what does not arrive."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sekisho.answers.flip import Flips
from sekisho.answers.reach import Cell, Question, reach
from sekisho.answers.services import line_of
from sekisho.answers.trace import Question as Asked
from sekisho.answers.trace import trace
from sekisho.answers.witness import Witness
from sekisho.errors import UsageError
from sekisho.semantics.journey import Lean
from sekisho.semantics.world import World
from sekisho.sources.load import load, load_text
from sekisho.values.intset import IntSet
from tests.answers.dual import dual
from tests.answers.shop import FORWARD, world
from tests.case_files import FOLDER

SERVED = Path(__file__).parents[1] / "data" / "docker" / "28.5.2" / "two-custom-networks"

# (from, to, status, the flows as lines)
CELLS: list[tuple[str, str, str, list[str]]] = [
    ("internet", "container:web", "yes", ["tcp internet -> 172.18.0.2:80  (sent to 10.0.0.10:8080)"]),
    ("vpc", "container:web", "yes", ["tcp vpc -> 172.18.0.2:80  (sent to 10.0.0.10,127.0.0.0-127.255.255.254,172.18.0.1,172.19.0.1:8080)",  # noqa: E501
     "tcp vpc -> 172.18.0.2:80"]),
    ("internet", "container:web:81", "no", []),
    ("internet", "container:db", "no", []),
    ("container:app", "container:db", "no", []),
    ("container:web", "container:db:3306", "yes", ["tcp,udp 172.18.0.2 -> 172.18.0.3:3306"]),
    ("container:db", "internet:443", "yes", ["tcp,udp 172.18.0.3 -> internet:443"]),
    ("host", "container:db:3306", "yes", ["tcp,udp 172.18.0.1 -> 172.18.0.3:3306"]),
    ("203.0.113.0/24", "172.18.0.2:80", "yes", ["tcp 203.0.113.0/24 -> 172.18.0.2:80"]),
    ("203.0.113.0/24", "172.18.0.3", "no", []),
]  # fmt: skip


def _cell(host: World, source: str, target: str) -> Cell:
    (found,) = reach(host, Question(source, target)).cells
    return found


def _gets_through(host: World, witness: Witness) -> bool:
    found = trace(host, witness.question)
    arrived = ("delivered", "exits")
    return (
        found.forward.disposition in arrived
        and found.reply is not None
        and found.reply.disposition in arrived
    )


@pytest.mark.parametrize(("source", "target", "status", "lines"), CELLS)
def test_cells(source: str, target: str, status: str, lines: list[str], tmp_path: Path) -> None:
    host = world(tmp_path)
    found = reach(host, Question(source, target))
    (cell,) = found.cells
    assert cell.status == status
    assert [line_of(box, 4, found.names) for box in cell.boxes] == lines
    if cell.witness is not None:
        assert _gets_through(host, cell.witness)
    assert all(not _gets_through(host, refusal.witness) for refusal in cell.refusals)
    assert status == "yes" or cell.refusals or cell.unaddressed


def test_a_refusal_names_its_line(tmp_path: Path) -> None:
    cell = _cell(world(tmp_path), "container:app", "container:db")
    places = {r.fate.line.text for r in cell.refusals if r.fate.line is not None}
    assert "-A ISOLATION -o br-shop -j DROP" in places


def test_an_unknown_match_gives_bounds_and_its_name(tmp_path: Path) -> None:
    unknown = FORWARD.replace("--dport 80 -j", "--dport 80 -m u32 --u32 0x0=0x1 -j")
    cell = _cell(world(tmp_path, forward=unknown), "internet", "container:web")
    assert cell.status == "perhaps"
    assert not cell.boxes
    assert any("u32" in argument for doubt in cell.doubts for argument in doubt.args)
    refused = [box for refusal in cell.refusals for box in refusal.boxes]
    assert not any(
        80 in dict(box.fields).get("dport", ()) and 6 in box["proto"] for box in refused
    )  # never a false "cannot"


def test_what_is_sent_to_an_address_may_be_stopped_behind_its_translation(tmp_path: Path) -> None:
    """Nobody knows what becomes of it as a packet for the container; the host's own port has no socket."""
    cell = _cell(world(tmp_path, forward=f"-A FORWARD -j ELSEWHERE\n{FORWARD}"), "internet", "10.0.0.10")
    assert {port for box in cell.perhaps for port in box["dport"]} == {(8080, 8080)}
    assert [(doubt.code, doubt.args) for doubt in cell.doubts] == [("target-not-understood", ("ELSEWHERE",))]


def test_a_second_connection_of_docker_proxy_of_which_nobody_knows_is_told_by_why(tmp_path: Path) -> None:
    """Another network's container calls the host's address: docker-proxy has the port, and calls web."""
    shutil.copytree(SERVED, tmp_path / "host")
    save = tmp_path / "host" / "netns" / "web" / "iptables-save.txt"
    rule = "-A INPUT -p tcp -m strange --is 1 -j DROP"
    save.write_text(f"{save.read_text()}*filter\n:INPUT ACCEPT [0:0]\n{rule}\nCOMMIT\n")
    known, unknown = (
        _cell(World(load(str(folder))), "container:c0", "10.0.1.23:8080")
        for folder in (SERVED, tmp_path / "host")
    )
    assert (known.status, unknown.status) == ("yes", "perhaps")
    places = [doubt.evidence.text for doubt in unknown.doubts if doubt.evidence is not None]
    assert places == [rule]
    assert not [box for one in unknown.refusals if not one.forward for box in one.boxes if 6 in box["proto"]]


def test_both_directions_count(tmp_path: Path) -> None:
    no_replies = FORWARD.replace("--ctstate RELATED,ESTABLISHED", "--ctstate RELATED").replace(
        "-A FORWARD -i br-shop -j ACCEPT\n", ""
    )
    cell = _cell(world(tmp_path, forward=no_replies), "internet", "container:web")
    assert cell.status == "no"
    assert any(not refusal.forward for refusal in cell.refusals)


def test_all_pairs(tmp_path: Path) -> None:
    host = world(tmp_path)
    found = reach(host, Question(proto="tcp"))
    pairs = {(name, row.target) for row in found.rows if row.status == "yes" for name in row.sources}
    assert {("internet", "web"), ("web", "db"), ("db", "web"), ("app", "internet")} <= pairs
    assert not {("internet", "db"), ("app", "db"), ("app", "web"), ("web", "app")} & pairs
    assert all(row.witness is not None and _gets_through(host, row.witness) for row in found.rows)


# (from, to, extra rules of FORWARD, the changes that let the first refused packet's service through)
LET_THROUGH: list[tuple[str, str, str, list[str]]] = [
    ("vpc", "172.18.0.3:3306", "", [
        "iptables -t filter -A FORWARD -i eth0 -d 172.18.0.3/32 -p tcp --dport 3306 -j ACCEPT"]),
    ("container:app", "container:db:3306", "", [
        "iptables -t filter -I ISOLATION 1 -s 172.19.0.2/32 -d 172.18.0.3/32 -p tcp --dport 3306 -j ACCEPT"]),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target", "rules", "expected"), LET_THROUGH)
def test_what_lets_it_through(
    source: str, target: str, rules: str, expected: list[str], tmp_path: Path
) -> None:
    host = world(tmp_path, forward=FORWARD + rules)
    question = Question(source, target)
    cell = _cell(host, source, target)
    proposal = Flips(host, question, 4).let_through(cell, cell.refusals[0].witness)
    assert proposal is not None
    assert [str(change) for change in proposal.changes] == expected


def test_what_stops_it_stops_all_of_it(tmp_path: Path) -> None:
    """A rule for one address on the Internet would let all others in."""
    host = world(tmp_path)
    cell = _cell(host, "internet", "container:web")
    proposal = Flips(host, Question("internet", "container:web"), 4).stop(cell)
    assert proposal is not None
    (change,) = proposal.changes
    assert str(change) == "iptables -t filter -I FORWARD 1 -i eth0 -d 172.18.0.2/32 -p tcp --dport 80 -j DROP"
    assert proposal.also == ("vpc",)
    after = change.on(host.site.snapshot)
    assert after is not None
    assert _cell(World(after), "internet", "container:web").status == "no"


@pytest.mark.parametrize(
    ("source", "target"),
    [("container:nobody", "any"), ("", "any"), ("10.0.0.1:99999", "any"), ("10.0.0.1", "::1")],
)
def test_questions_that_make_no_sense(source: str, target: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        reach(world(tmp_path), Question(source, target))


def test_a_refusal_names_the_rule_and_not_a_part_of_it() -> None:
    """``tcp dport 80 ct zone set 3 reject`` acts twice."""
    host = World(load(str(FOLDER / "own-error-carries-the-template")))
    cell = _cell(host, "internet", "host")
    texts = {refusal.fate.line.text for refusal in cell.refusals if refusal.fate.line is not None}
    assert "tcp dport 80 ct zone set 3 reject" in texts


# Neither ip addr nor a route's src: the host has addresses all the same, and nobody knows which.
NAMELESS = """\
$ route -n
Kernel IP routing table
Destination     Gateway         Genmask         Flags Metric Ref    Use Iface
0.0.0.0         10.0.0.1        0.0.0.0         UG    0      0        0 eth0
10.0.0.0        0.0.0.0         255.255.255.0   U     0      0        0 eth0
$ iptables-save
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
COMMIT
"""


@pytest.mark.parametrize(("source", "target"), [("internet", "host:22"), ("vpc", "host")])
def test_a_host_whose_addresses_nobody_listed_is_not_nobody(source: str, target: str) -> None:
    with pytest.raises(UsageError, match="no IPv4 address of the host is known"):
        reach(World(load_text(NAMELESS)), Question(source, target))


def test_a_host_whose_addresses_nobody_listed_sends_all_the_same() -> None:
    [cell] = reach(World(load_text(NAMELESS)), Question("host", "internet")).cells
    assert (cell.status, [doubt.code for doubt in cell.doubts]) == ("perhaps", ["own-address-not-captured"])


def test_what_a_version_lacks_is_told_as_what_it_is(tmp_path: Path) -> None:
    host = dual(tmp_path)
    with pytest.raises(UsageError, match="no IPv4 address is known for container:six"):
        reach(host, Question("vpc", "container:six", family=4))
    with pytest.raises(UsageError, match="no IPv6 address is known for container:a"):
        reach(host, Question("container:a", "internet", family=6))
    (tmp_path / "ip6-route.txt").write_text("fd00:18::/64 dev br-aaa proto kernel metric 256 pref medium\n")
    with pytest.raises(UsageError, match="no interface is known by which internet gets in over IPv6"):
        reach(World(load(str(tmp_path))), Question("internet", "container:b", family=6))


def test_it_says_that_listeners_are_assumed(tmp_path: Path) -> None:
    """Without ss, every port of the host counts as listened on, in a trace and for all packets."""
    (tmp_path / "ip-route.txt").write_text(
        "default via 192.0.2.1 dev eth0\n192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.10\n"
    )
    lean = Lean("sockets-assumed", ("host",))
    world = World(load(str(tmp_path)))
    assert lean in reach(world, Question("internet", "host:22", "tcp")).leans_on
    (tmp_path / "ss.txt").write_text("tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:*\n")
    world = World(load(str(tmp_path)))
    assert lean not in reach(world, Question("internet", "host:22", "tcp")).leans_on


# As the capture of a host without ip addr, whose route of eth0 was cut behind "src".
HALF = """$ ip route
default via 10.0.1.1 dev eth0
10.0.1.0/24 dev eth0 proto
172.18.0.0/16 dev br-0a0b0c0d0e0f proto kernel scope link src 172.18.0.1
"""


def test_the_verbs_agree_of_a_host_whose_outward_address_nobody_knows() -> None:
    """The Internet may call any address that may be the host's own: nothing is no."""
    host = World(load_text(HALF))
    assert _cell(host, "internet", "10.0.1.23").status == "perhaps"
    assert trace(host, Asked("internet", "10.0.1.23:80", "tcp")).forward.disposition == "undetermined"
    assert (
        _cell(host, "internet", "10.0.1.1").status == "no"
    )  # the gateway's: the Internet routes nothing there
    with pytest.raises(UsageError, match="no IPv4 address of the host is known"):
        reach(host, Question("internet", "host"))
    rows = [row for row in reach(host, Question()).rows if row.target == "host"]
    assert {(name, row.status) for row in rows for name in row.sources} >= {
        ("internet", "perhaps"), ("vpc", "perhaps"),
    }  # fmt: skip


def test_what_a_container_sends_may_be_sent_back_to_itself(tmp_path: Path) -> None:
    """A chain of its own nat that is gone (Docker's resolver, 127.0.0.11) may translate to its own ports."""
    shutil.copytree(SERVED, tmp_path / "host")
    save = tmp_path / "host" / "netns" / "web" / "iptables-save.txt"
    lines = [
        line for line in save.read_text().splitlines() if "DOCKER_OUTPUT" not in line or "-j DOCKER" in line
    ]
    save.write_text("\n".join(lines) + "\n")
    cell = _cell(World(load(str(tmp_path / "host"))), "container:web", "container:web")
    resolver = IntSet.of(0x7F00000B)
    assert any(box["dst"] & resolver for box in cell.perhaps)
    assert ("target-not-understood", ("DOCKER_OUTPUT",)) in [(each.code, each.args) for each in cell.doubts]


def test_who_may_be_on_a_bridge_unheard_is_said(tmp_path: Path) -> None:
    lean = Lean("neighbours-not-captured")
    (tmp_path / "ip-route.txt").write_text(HALF.partition("\n")[2])
    assert lean in reach(World(load(str(tmp_path))), Question()).leans_on
    (tmp_path / "ip-neigh.txt").write_text(
        "172.18.0.9 dev br-0a0b0c0d0e0f lladdr 02:42:ac:12:00:09 REACHABLE\n"
    )
    assert lean not in reach(World(load(str(tmp_path))), Question()).leans_on
