"""Dead lines: what is called dead takes no packet, whatever random packets come."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from sekisho.answers.chain import ChainReader
from sekisho.answers.dead_lines import dead_lines
from sekisho.semantics.choices import Choices
from sekisho.semantics.control import Passed
from sekisho.semantics.program import Action, ChainCode, Station
from sekisho.semantics.world import World
from sekisho.sources.load import load
from sekisho.symbolic.carrying import Carrying
from sekisho.symbolic.chain_view import ChainView, stations
from sekisho.symbolic.dead import DeadLine, DeadLines
from sekisho.symbolic.journeys import Source
from sekisho.symbolic.one_chain import walk
from sekisho.symbolic.samples import Samples
from sekisho.symbolic.space import Space
from sekisho.symbolic.state import State
from sekisho.values.address import Address, Family
from tests.answers.shop import FORWARD, write
from tests.semantics.one import guards_for, made
from tests.symbolic.agreement import packet_of, random_values
from tests.symbolic.worlds import random_world


def _rules(folder: Path, forward: str) -> list[tuple[str, tuple[str, ...]]]:
    host = load(str(write(folder, forward=forward)))
    return [(finding.id, finding.args) for finding in dead_lines(host) if "FORWARD" in finding.args[0]]


# (rules before Docker's, what is found)
DEAD: list[tuple[str, list[tuple[str, str]]]] = [
    ("", []),
    (
        "-A FORWARD -s 10.0.0.0/8 -j DROP\n-A FORWARD -s 10.1.0.0/16 -j ACCEPT\n",
        [("lint.rule-shadowed", "2")],
    ),
    (
        "-A FORWARD -s 10.0.0.0/9 -j DROP\n-A FORWARD -s 10.128.0.0/9 -j DROP\n"
        "-A FORWARD -s 10.0.0.0/8 -j ACCEPT\n",
        [("lint.rule-shadowed", "3")],
    ),
    (
        "-A FORWARD -s 9.9.9.9/32 -j ACCEPT\n-A FORWARD -s 9.9.9.0/24 -j ACCEPT\n",
        [("lint.rule-redundant", "1")],
    ),
    ("-A FORWARD -p tcp -m limit --limit 1/sec -j DROP\n-A FORWARD -s 9.9.9.9/32 -p tcp -j DROP\n", []),
]


@pytest.mark.parametrize(("rules", "found"), DEAD)
def test_rules_of_a_chain(rules: str, found: list[tuple[str, str]], tmp_path: Path) -> None:
    assert [(code, args[1]) for code, args in _rules(tmp_path, rules + FORWARD)] == found


def test_every_finding_has_its_proof(tmp_path: Path) -> None:
    text = "-A FORWARD -s 10.0.0.0/8 -j DROP\n-A FORWARD -s 10.1.0.0/16 -j ACCEPT\n"
    host = load(str(write(tmp_path, forward=text + FORWARD)))
    (finding,) = [each for each in dead_lines(host) if each.id == "lint.rule-shadowed"]
    assert [place.text for place in finding.places] == list(reversed(text.splitlines()))


def test_a_rule_that_its_callers_never_lead_to(tmp_path: Path) -> None:
    rules = ["-A FORWARD -s 10.0.0.0/8 -j FROM-TEN", "-A FROM-TEN -s 9.9.9.9/32 -j DROP"]
    text = ":FORWARD ACCEPT [0:0]\n:FROM-TEN - [0:0]\n" + "".join(f"{rule}\n" for rule in rules)
    (tmp_path / "iptables-save.txt").write_text(f"*filter\n{text}COMMIT\n")
    (tmp_path / "ip-addr.txt").write_text("2: eth0    inet 10.0.0.10/24 scope global eth0\n")
    (finding,) = dead_lines(load(str(tmp_path)))
    assert (finding.id, finding.args) == (
        "lint.rule-contradicted", ("filter FROM-TEN", "1", "FORWARD 1"),
    )  # fmt: skip
    assert [place.text for place in finding.places] == rules[::-1]


# Tables of which some line is not there or not understood: what it may do with packets is anything, and what
# it may call is any chain of its table. (filter's text, rules that are proved dead all the same)
OPEN: list[tuple[str, list[tuple[str, str]]]] = [
    # The chain that is called was not captured: it may return.
    (":INPUT ACCEPT [0:0]\n-A INPUT -j GONE\n-A INPUT -p tcp -m tcp --dport 80 -j DROP\nCOMMIT\n", []),
    (":INPUT ACCEPT [0:0]\n-A INPUT -g GONE\n-A INPUT -p tcp -m tcp --dport 80 -j DROP\nCOMMIT\n", []),
    # It may call TEN, too, with packets of anybody.
    (":INPUT ACCEPT [0:0]\n:TEN - [0:0]\n-A INPUT -j GONE\n-A INPUT -s 10.0.0.0/8 -j TEN\n"
     "-A TEN -s 9.9.9.9/32 -j DROP\nCOMMIT\n", []),
    # What an earlier line of the same chain takes it takes whoever calls.
    (":INPUT ACCEPT [0:0]\n:TEN - [0:0]\n-A INPUT -j GONE\n-A INPUT -s 10.0.0.0/8 -j TEN\n"
     "-A TEN -s 9.9.9.0/24 -j DROP\n-A TEN -s 9.9.9.9/32 -j ACCEPT\nCOMMIT\n", [("TEN", "2")]),
    # Nor does anybody know on which hook: OUTPUT's packets have no incoming interface.
    (":OUTPUT ACCEPT [0:0]\n:LAN - [0:0]\n-A OUTPUT -j GONE\n-A OUTPUT -j LAN\n"
     "-A LAN -i eth0 -j DROP\nCOMMIT\n", []),
    # A target that cannot be read may lead back to the caller, past what follows it.
    (":INPUT ACCEPT [0:0]\n:ALL - [0:0]\n-A INPUT -j ALL\n-A INPUT -s 9.9.9.9/32 -j DROP\n"
     "-A ALL -s 9.9.9.9/32 -j FANCY --mode 3\n-A ALL -j ACCEPT\nCOMMIT\n", []),
    # The text ends where another line might call TEN.
    (":INPUT ACCEPT [0:0]\n:TEN - [0:0]\n-A INPUT -s 10.0.0.0/8 -j TEN\n-A TEN -s 9.9.9.9/32 -j DROP\n", []),
    # What asks for userspace's word calls no chain.
    (":INPUT ACCEPT [0:0]\n:TEN - [0:0]\n-A INPUT -s 8.8.8.8/32 -j NFQUEUE --queue-num 1\n"
     "-A INPUT -s 10.0.0.0/8 -j TEN\n-A TEN -s 9.9.9.9/32 -j DROP\nCOMMIT\n", [("TEN", "1")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "found"), OPEN)
def test_nothing_is_proved_through_what_is_not_there(
    text: str, found: list[tuple[str, str]], tmp_path: Path
) -> None:
    (tmp_path / "iptables-save.txt").write_text(f"*filter\n{text}")
    (tmp_path / "ip-addr.txt").write_text("2: eth0    inet 10.0.0.10/24 scope global eth0\n")
    dead = [each.args[:2] for each in dead_lines(load(str(tmp_path))) if each.id != "lint.rule-redundant"]
    assert dead == [(f"filter {chain}", number) for chain, number in found]


# (file, its text, all that is found)
ACTING: list[tuple[str, str, list[tuple[str, str]]]] = [
    # What changes on the way is another thing where it is asked for again.
    ("iptables-save.txt",
     "*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m dscp --dscp 0x0a -j ACCEPT\n"
     "-A PREROUTING -i eth0 -j DSCP --set-dscp 0x0a\n"
     "-A PREROUTING -m dscp --dscp 0x0a -j DROP\nCOMMIT\n", []),
    ("iptables-save.txt",
     "*mangle\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m ttl --ttl-lt 5 -j ACCEPT\n"
     "-A FORWARD -i eth0 -j TTL --ttl-set 3\n-A FORWARD -m ttl --ttl-lt 5 -j DROP\nCOMMIT\n", []),
    ("iptables-save.txt",
     "*mangle\n:FORWARD ACCEPT [0:0]\n:SLOW - [0:0]\n-A FORWARD -m ttl --ttl-lt 5 -j ACCEPT\n"
     "-A FORWARD -i eth0 -j SLOW\n-A FORWARD -m ttl --ttl-lt 5 -j DROP\n-A SLOW -j TTL --ttl-set 3\nCOMMIT\n",
     []),
    ("iptables-save.txt",
     "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m conntrack --ctstate UNTRACKED -j ACCEPT\n"
     "-A PREROUTING -i eth0 -j NOTRACK\n"
     "-A PREROUTING -m conntrack --ctstate UNTRACKED -j DROP\nCOMMIT\n", []),
    # As long as nothing between two lines changes what they ask for, the one takes what the other wants.
    ("iptables-save.txt",
     "*mangle\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m ttl --ttl-lt 5 -j ACCEPT\n"
     "-A FORWARD -m ttl --ttl-lt 3 -j DROP\n-A FORWARD -i eth0 -j TTL --ttl-set 3\nCOMMIT\n",
     [("rule-shadowed", "2")]),
    ("iptables-save.txt",
     "*mangle\n:FORWARD ACCEPT [0:0]\n-A FORWARD -s 9.9.9.0/24 -j ACCEPT\n-A FORWARD -j TTL --ttl-set 3\n"
     "-A FORWARD -s 9.9.9.9/32 -j DROP\nCOMMIT\n", [("rule-shadowed", "3")]),
    # A statement that nobody follows may write any header.
    ("nft-ruleset.txt",
     "table ip t {\n\tchain c {\n\t\ttype filter hook prerouting priority mangle; policy accept;\n"
     "\t\tip daddr 10.0.0.1 drop\n\t\tip daddr set 10.0.0.1\n\t\tip daddr 10.0.0.1 jump d\n\t}\n"
     "\tchain d {\n\t\tdrop\n\t}\n}\n", []),
    ("nft-ruleset.txt",
     "table ip t {\n\tchain c {\n\t\ttype filter hook prerouting priority mangle; policy accept;\n"
     "\t\ttcp dport 80 jump d\n\t\ttcp dport set 80\n\t\ttcp dport 80 drop\n\t}\n"
     "\tchain d {\n\t\tdrop\n\t}\n}\n", []),
    # Without the first rule its packets would be marked, logged, or put on a list.
    ("iptables-save.txt",
     "*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -s 10.0.0.0/8 -j ACCEPT\n"
     "-A PREROUTING -j MARK --set-xmark 0x1/0xffffffff\nCOMMIT\n", []),
    ("iptables-save.txt",
     "*filter\n:INPUT DROP [0:0]\n-A INPUT -s 10.0.0.0/8 -j DROP\n-A INPUT -j LOG\nCOMMIT\n", []),
    ("iptables-save.txt",
     "*filter\n:INPUT DROP [0:0]\n-A INPUT -s 10.0.0.0/8 -j DROP\n"
     "-A INPUT -m recent --set --name bad --mask 255.255.255.255 --rsource -j DROP\nCOMMIT\n", []),
    ("nft-ruleset.txt",
     "table ip t {\n\tchain c {\n\t\ttype filter hook input priority filter; policy drop;\n"
     '\t\tip saddr 10.0.0.0/8 drop\n\t\tlog prefix "x " drop\n\t}\n}\n', []),
    ("iptables-save.txt",
     "*filter\n:INPUT DROP [0:0]\n-A INPUT -s 10.0.0.0/8 -j DROP\n-A INPUT -i eth0\nCOMMIT\n",
     [("rule-redundant", "1")]),
    # A policy that no line shows is whatever it was before.
    ("iptables-save.txt",
     "*filter\n-A INPUT -s 10.0.0.0/8 -j ACCEPT\n-A INPUT -s 10.1.0.0/16 -j DROP\nCOMMIT\n",
     [("rule-shadowed", "2")]),
    # Lines that a filter took away may stand between these, and call any chain.
    ("paste.txt",
     "$ sudo iptables -S | grep ACCEPT\n-P INPUT ACCEPT\n"
     "-A INPUT -s 10.1.0.0/16 -j ACCEPT\n-A INPUT -s 10.0.0.0/8 -j ACCEPT\n"
     "-A INPUT -s 10.2.0.0/16 -j ACCEPT\n", [("rule-shadowed", "3")]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "found"), ACTING)
def test_what_lines_do_besides_deciding(
    name: str, text: str, found: list[tuple[str, str]], tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    dead = dead_lines(load(str(tmp_path / name if name == "paste.txt" else tmp_path)))
    assert [(each.id.removeprefix("lint."), each.args[1]) for each in dead] == found


@pytest.mark.parametrize(("lines", "found"), [
    # The verdict of an element may lead back, or go on for good in a chain that ends at the caller's.
    ("tcp dport vmap { 80 : return }", []),
    ("tcp dport vmap { 80 : goto back }", []),
    ("tcp dport vmap { 80 : accept }", ["lint.rule-shadowed"]),
])  # fmt: skip
def test_what_a_verdict_map_leads_back_with(lines: str, found: list[str], tmp_path: Path) -> None:
    """nft(8), verdicts: what returns goes on behind the jump, and so does what a goto ends with."""
    (tmp_path / "nft-ruleset.txt").write_text(
        "table ip f {\n\tchain back {\n\t\tcounter packets 0 bytes 0\n\t}\n\n"
        f"\tchain c {{\n\t\t{lines}\n\t\tdrop\n\t}}\n\n"
        "\tchain input {\n\t\ttype filter hook input priority filter; policy drop;\n"
        "\t\tjump c\n\t\ttcp dport 80 accept\n\t}\n}\n"
    )
    assert [each.id for each in dead_lines(load(str(tmp_path))) if each.id != "lint.chain-unused"] == found


COUNTED = """\
*filter
:INPUT ACCEPT [0:0]
:OTHER - [0:0]
[9:900] -A INPUT -s 10.0.0.0/8 -j DROP
[{count}:60] -A INPUT -s 10.1.0.0/16 -j ACCEPT
[{count}:60] -A OTHER -s 10.1.0.0/16 -j ACCEPT
COMMIT
"""


@pytest.mark.parametrize("count", [0, 1])
def test_a_counter_above_zero_refutes_never(count: int, tmp_path: Path) -> None:
    """Packets came there: the lines before it are newer, or something is not in the text."""
    (tmp_path / "iptables-save.txt").write_text(COUNTED.format(count=count))
    found = [each.id for each in dead_lines(load(str(tmp_path)))]
    assert found == ([] if count else ["lint.rule-shadowed", "lint.chain-unused"])
    (tmp_path / "iptables-save.txt").unlink()
    (tmp_path / "nft-ruleset.txt").write_text(
        "table ip f {\n\tchain input {\n\t\ttype filter hook input priority filter; policy accept;\n"
        "\t\tip saddr 10.0.0.0/8 drop\n"
        f"\t\tip saddr 10.1.0.1 counter packets {count} bytes 60 accept\n\t}}\n\n"
        f"\tchain other {{\n\t\tcounter packets {count} bytes 60 accept\n\t}}\n}}\n"
    )
    found = [each.id for each in dead_lines(load(str(tmp_path)))]
    assert found == ([] if count else ["lint.rule-shadowed", "lint.chain-unused"])


LOCAL = """\
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:MINE - [0:0]
-A OUTPUT {rule} -j MINE
-A MINE -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.9.9.9
COMMIT
"""
ADDRESSES = "2: eth0    inet 10.0.0.10/24 brd 10.0.0.255 scope global eth0\n"
EVERY_ROUTE = "local 10.0.0.10 dev eth0 table local proto kernel scope host src 10.0.0.10\n"


@pytest.mark.parametrize(("rule", "captured", "dead"), [
    ("! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL", {}, False),
    # The kernel's local table may hold more than the addresses tell; an address of it is known to be LOCAL.
    ("-d 10.9.0.0/16 -m addrtype --dst-type LOCAL", {"ip-addr.txt": ADDRESSES}, False),
    ("-d 10.0.0.10/32 -m addrtype ! --dst-type LOCAL", {"ip-addr.txt": ADDRESSES}, True),
    ("-d 10.9.0.0/16 -m addrtype --dst-type LOCAL",
     {"ip-addr.txt": ADDRESSES, "ip-route-table-all.txt": EVERY_ROUTE}, True),
    ("-d 224.0.0.1/32 -m addrtype --dst-type LOCAL", {}, True),
    ("-d 10.9.9.9/32 -m addrtype --dst-type UNICAST", {}, False),
    ("-d 10.9.9.9/32 -m addrtype --dst-type BROADCAST", {}, False),
])  # fmt: skip
def test_which_addresses_are_local_must_be_known(
    rule: str, captured: dict[str, str], dead: bool, tmp_path: Path
) -> None:
    """The types are the local table's, after multicast (net/ipv4/fib_frontend.c, __inet_dev_addr_type)."""
    (tmp_path / "iptables-save.txt").write_text(LOCAL.format(rule=rule))
    for name, text in captured.items():
        (tmp_path / name).write_text(text)
    found = [each.id for each in dead_lines(load(str(tmp_path))) if each.args[:2] == ("nat OUTPUT", "1")]
    assert found == (["lint.rule-impossible"] if dead else [])


def test_a_chain_of_dead_lines_is_looked_at_by_nobody(tmp_path: Path) -> None:
    """Lines behind an unused chain: it is unused, and nothing is known of what would come to them."""
    (tmp_path / "iptables-save.txt").write_text(
        "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:ONE - [0:0]\n:TWO - [0:0]\n"
        "-A ONE -i eth0 -j TWO\n-A TWO -o eth0 -j DROP\nCOMMIT\n"
    )
    assert [(each.id, each.args) for each in dead_lines(load(str(tmp_path)))] == [
        ("lint.chain-unused", ("filter ONE",))
    ]


# What somebody else's lines make of dockerd's is worth a word; what dockerd's own do is not.
@pytest.mark.parametrize(("first", "found"), [
    ("", []),
    ("-A FORWARD -o app0 -j DROP\n", ["lint.rule-shadowed", "lint.rule-shadowed"]),
])  # fmt: skip
def test_dockerds_own_dead_lines(first: str, found: list[str], tmp_path: Path) -> None:
    (tmp_path / "iptables-save.txt").write_text(
        "*filter\n:FORWARD ACCEPT [0:0]\n:DOCKER - [0:0]\n:DOCKER-ISOLATION-STAGE-1 - [0:0]\n"
        f":DOCKER-ISOLATION-STAGE-2 - [0:0]\n{first}-A FORWARD -j DOCKER-ISOLATION-STAGE-1\n"
        "-A FORWARD -o app0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
        "-A FORWARD -o app0 -j DOCKER\n-A FORWARD -i app0 ! -o app0 -j ACCEPT\n"
        "-A DOCKER -d 172.20.0.2/32 ! -i app0 -o app0 -p tcp -m tcp --dport 80 -j ACCEPT\n"
        "-A DOCKER-ISOLATION-STAGE-1 -i app0 ! -o app0 -j DOCKER-ISOLATION-STAGE-2\n"
        "-A DOCKER-ISOLATION-STAGE-1 -j RETURN\n-A DOCKER-ISOLATION-STAGE-2 -o app0 -j DROP\n"
        "-A DOCKER-ISOLATION-STAGE-2 -j RETURN\nCOMMIT\n"
    )
    assert [each.id for each in dead_lines(load(str(tmp_path))) if "FORWARD" in each.args[0]] == found


def test_a_route_that_never_wins(tmp_path: Path) -> None:
    write(tmp_path)
    with (tmp_path / "ip-route.txt").open("a") as file:
        file.write("10.0.0.0/24 dev eth0 proto dhcp scope link src 10.0.0.10 metric 100\n")
    assert "lint.route-hidden" in [finding.id for finding in dead_lines(load(str(tmp_path)))]


@pytest.mark.parametrize("seed", range(12))
def test_no_packet_ever_meets_a_dead_line(seed: int) -> None:
    world, draw = random_world(seed), Random(seed)
    program = world.site.host.programs[4]
    for station in stations(program):
        dead = DeadLines(ChainView(station, 4)).find()
        if not dead:
            continue
        for _ in range(300):
            packet = _packet(draw, station)
            passed: list[Passed] = []
            _walk(station, packet, passed.append)
            taken = {id(each.line) for each in passed}
            for each in dead:
                assert each.why == "redundant" or id(each.line) not in taken, each


@pytest.mark.parametrize("seed", range(12))
def test_samples_only_save_time(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that a single packet shows to be alive are those that the sets of packets show to be."""
    every = list(stations(random_world(seed).site.host.programs[4]))
    quick = [DeadLines(ChainView(station, 4)).find() for station in every]
    monkeypatch.setattr(Samples, "draw", lambda self, chain, place, box: iter(()))
    assert [DeadLines(ChainView(station, 4)).find() for station in every] == quick


@pytest.mark.parametrize("seed", range(12))
def test_without_a_redundant_line_nothing_changes(seed: int) -> None:
    world, draw = random_world(seed), Random(seed)
    for station in stations(world.site.host.programs[4]):
        for dead in DeadLines(ChainView(station, 4)).find():
            if dead.why != "redundant":
                continue
            for _ in range(200):
                packet = _packet(draw, station)
                before = _walk(station, packet).action
                assert _walk(_lacking(station, dead), packet).action == before


def _packet(draw: Random, station: Station) -> State:
    """A packet with interfaces such as it has on the station's hook."""
    values = random_values(draw)
    values["src"] = draw.choice((values["src"], Address.parse("172.18.0.2").value))
    iif = None if station.hook == "output" else draw.choice(("eth0", "br-a", "docker0", "lo"))
    sent = packet_of(values, Source("interface", iif=iif))
    around = station.hook not in ("prerouting", "input")
    return made(
        sent, oif=draw.choice(("eth0", "eth1", "br-a", "docker0")) if around else None,
        ctstate=draw.randrange(5), ctdir=draw.choice((0, 1, None)), mark=draw.randrange(4),
        ctmark=draw.randrange(4), visits=draw.randrange(2),
    )  # fmt: skip


def _walk(station: Station, packet: State, tell: Callable[[Passed], None] | None = None) -> Passed:
    """What decides. Marks stay as drawn: every value is as possible as another; so is that there is a way
    back or none (``visits``)."""
    carried = Still(packet, guards_for(packet))
    carried.guards.reverse = lambda state, guard: (
        carried.guards.always if state.visits else carried.guards.never
    )
    return walk(station.base, station.chains, carried, Choices(), tell)


class Still(Carrying):
    """A packet that no line changes."""

    def after(self, action: Action, state: State) -> State:
        """Nothing is done."""
        return state


def _lacking(station: Station, dead: DeadLine) -> Station:
    def without(chain: ChainCode) -> ChainCode:
        return replace(chain, lines=tuple(line for line in chain.lines if line is not dead.line))

    chains = {name: without(chain) for name, chain in station.chains.items()}
    return replace(station, base=without(station.base), chains=chains)


@pytest.mark.parametrize("seed", range(6))
def test_the_matrix_of_a_service_against_single_packets(seed: int, tmp_path: Path) -> None:
    """Whoever a chain lets call a port is in the matrix."""
    draw = Random(seed)
    addresses = [f"10.{draw.randrange(3)}.0.{draw.randrange(4)}" for _ in range(6)]
    lines = "".join(
        f"-A FORWARD -s {draw.choice(addresses)}/{draw.choice((32, 24))} -d {draw.choice(addresses)}/32 -p tcp"  # noqa: E501
        f" -m tcp --dport {draw.choice((22, 80))} -j {draw.choice(('ACCEPT', 'DROP', 'RETURN'))}\n"
        for _ in range(12)
    ).replace("/24 ", "/32 ")
    host = load(str(write(tmp_path, forward=lines)))
    matrix = ChainReader(host, "FORWARD").matrix(6, 22)
    (station,) = World(host).site.host.programs[4].stations["forward"]
    for source in addresses:
        for target in addresses:
            values = {**random_values(draw), "proto": 6, "tcp_flags": 2, "dport": 22}
            values |= {"src": Address.parse(source).value, "dst": Address.parse(target).value}
            sent = packet_of(values, Source("interface", iif="eth0"))
            packet = made(sent, oif="eth0", ctstate=1, ctdir=0)
            accepted = type(_walk(station, packet).action).__name__ == "Accept"
            told = any(values["src"] in row.sources and values["dst"] in row.targets for row in matrix)
            assert told == accepted, (source, target)


def test_no_manager_of_diagrams_outlives_its_chain(tmp_path: Path) -> None:
    """Each has a thread and a gibibyte of addresses; a verb collects no garbage while it runs."""
    write(tmp_path)
    snapshot = load(str(tmp_path))
    gc.collect()
    before = sum(isinstance(each, Space) for each in gc.get_objects())
    gc.disable()
    try:
        list(dead_lines(snapshot))
        after = sum(isinstance(each, Space) for each in gc.get_objects())
    finally:
        gc.enable()
    assert after == before


def test_about_lines_that_nobody_read_nothing_is_worked_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They may be anything, at any hook, in both families: that would be 22 managers of diagrams."""
    made: list[Station] = []

    def view(station: Station, family: Family) -> ChainView:
        made.append(station)
        return ChainView(station, family)

    monkeypatch.setattr("sekisho.answers.dead_lines.ChainView", view)
    rules = "table inet f {\n\tchain in {\n\t\ttype filter hook input priority 0; policy accept;\n"
    (tmp_path / "nft-ruleset.txt").write_text(rules + "\t\taccept\n\t\tdrop\n\t}\n}\nfrobnicate\n")
    found = [finding.id for finding in dead_lines(load(str(tmp_path)))]
    assert found == ["lint.rule-unreachable"]
    assert {station.table for station in made} == {"inet f"}
