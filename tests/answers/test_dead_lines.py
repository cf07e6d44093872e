"""Dead lines: what is called dead takes no packet, whatever random packets come."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from sekisho.answers.chain import ChainReader
from sekisho.answers.dead_lines import dead_lines
from sekisho.semantics.chains import Choices, run
from sekisho.semantics.program import Action, ChainCode, Station
from sekisho.semantics.traveller import Traveller, traveller
from sekisho.semantics.world import World
from sekisho.sources.load import load
from sekisho.symbolic.chain_view import ChainView, stations
from sekisho.symbolic.dead import DeadLine, DeadLines
from sekisho.symbolic.journeys import Source
from sekisho.symbolic.samples import Samples
from sekisho.values.address import Address
from tests.answers.shop import FORWARD, write
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


def test_a_route_that_never_wins(tmp_path: Path) -> None:
    write(tmp_path)
    with (tmp_path / "ip-route.txt").open("a") as file:
        file.write("10.0.0.0/24 dev eth0 proto dhcp scope link src 10.0.0.10 metric 100\n")
    assert "lint.route-hidden" in [finding.id for finding in dead_lines(load(str(tmp_path)))]


@pytest.mark.parametrize("seed", range(12))
def test_no_packet_ever_meets_a_dead_line(seed: int) -> None:
    world, draw = random_world(seed), Random(seed)
    program = world.host.programs[4]
    for station in stations(program):
        dead = DeadLines(ChainView(station, 4)).find()
        if not dead:
            continue
        for _ in range(300):
            packet = _packet(draw, station)
            taken = {id(passed.line) for passed in _walk(station, packet)}
            for each in dead:
                assert each.why == "redundant" or id(each.line) not in taken, each


@pytest.mark.parametrize("seed", range(12))
def test_samples_only_save_time(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that a single packet shows to be alive are those that the sets of packets show to be."""
    every = list(stations(random_world(seed).host.programs[4]))
    quick = [DeadLines(ChainView(station, 4)).find() for station in every]
    monkeypatch.setattr(Samples, "draw", lambda self, chain, place, box: iter(()))
    assert [DeadLines(ChainView(station, 4)).find() for station in every] == quick


@pytest.mark.parametrize("seed", range(12))
def test_without_a_redundant_line_nothing_changes(seed: int) -> None:
    world, draw = random_world(seed), Random(seed)
    for station in stations(world.host.programs[4]):
        for dead in DeadLines(ChainView(station, 4)).find():
            if dead.why != "redundant":
                continue
            for _ in range(200):
                packet = _packet(draw, station)
                before = list(_walk(station, packet))[-1].action
                assert list(_walk(_lacking(station, dead), packet))[-1].action == before


def _packet(draw: Random, station: Station) -> Traveller:
    """A packet with interfaces such as it has on the station's hook."""
    values = random_values(draw)
    values["src"] = draw.choice((values["src"], Address.parse("172.18.0.2").value))
    iif = None if station.hook == "output" else draw.choice(("eth0", "br-a", "docker0", "lo"))
    packet = traveller(packet_of(values, Source("interface", iif=iif)))
    if station.hook not in ("prerouting", "input"):
        packet.oif = draw.choice(("eth0", "eth1", "br-a", "docker0"))
    packet.ctstate, packet.ctdir = draw.randrange(5), draw.choice((0, 1, None))
    packet.mark, packet.ctmark = draw.randrange(4), draw.randrange(4)
    found = draw.random() < 0.5
    packet.reverse_path = lambda packet, guard: found
    return packet


def _walk(station: Station, packet: Traveller):  # type: ignore[no-untyped-def]
    def effect(action: Action, packet: Traveller) -> None:
        """Marks stay as drawn: every value is as possible as another."""

    return run(station.base, station.chains, packet, Choices(), effect)


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
    (station,) = World(host).host.programs[4].stations["forward"]
    for source in addresses:
        for target in addresses:
            values = {**random_values(draw), "proto": 6, "tcp_flags": 2, "dport": 22}
            values |= {"src": Address.parse(source).value, "dst": Address.parse(target).value}
            packet = traveller(packet_of(values, Source("interface", iif="eth0")))
            packet.oif, packet.ctstate, packet.ctdir = "eth0", 1, 0
            accepted = type(list(_walk(station, packet))[-1].action).__name__ == "Accept"
            told = any(values["src"] in row.sources and values["dst"] in row.targets for row in matrix)
            assert told == accepted, (source, target)
