"""``lab verify SNAPSHOT``: flows derived from rules and routes, and how a difference is shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sekisho.cli.main import main
from sekisho.lab import doctor, exchange
from sekisho.lab.agreement import Phase, compare, side_by_side, terms
from sekisho.lab.derive import derive, hits
from sekisho.lab.exchange import modelled, start_at
from sekisho.lab.solve import edges, meet, wishes
from sekisho.semantics.journey import Leg
from sekisho.semantics.journeys import Start
from sekisho.semantics.program import All, AnyOf, In, Interface, Not
from sekisho.semantics.world import World
from sekisho.sources.load import load
from sekisho.symbolic.one_journeys import journey
from sekisho.values.intset import IntSet
from sekisho.values.packet import Packet
from tests.case_files import FOLDER, read
from tests.truth import needs_truth, truth_dir

HTTP, TCP_ONLY, BETWEEN = IntSet.of(80), IntSet.of(6), IntSet.span(80, 90)
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "host-10.1.0.81"


@pytest.mark.parametrize(
    ("guard", "want"),
    [
        (In("dport", HTTP), [{"dport": HTTP}]),
        (Not(In("proto", IntSet.span(0, 254))), [{"proto": IntSet.of(255)}]),
        (All((In("dport", IntSet.span(1, 90)), In("dport", IntSet.span(80, 99)))), [{"dport": BETWEEN}]),
        (All((In("dport", HTTP), In("dport", IntSet.of(81)))), []),
        (AnyOf((In("dport", HTTP), In("sport", HTTP))), [{"dport": HTTP}, {"sport": HTTP}]),
        (Not(AnyOf((Not(In("dport", HTTP)), Not(In("proto", TCP_ONLY))))),
         [{"dport": HTTP, "proto": TCP_ONLY}]),
    ],
)  # fmt: skip
def test_the_packets_of_a_guard(guard: All, want: list[dict[str, IntSet]]) -> None:
    assert [dict(wish.fields) for wish in wishes(guard, 4)] == want


def test_interfaces_of_a_guard() -> None:
    inside, outside = Interface("iif", "docker0"), Interface("oif", "br-", prefix=True)
    [wish] = wishes(All((inside, Not(outside))), 4)
    assert (wish.fits("iif", "docker0"), wish.fits("iif", "eth0"), wish.fits("iif", None)) == (
        True,
        False,
        False,
    )
    assert (wish.fits("oif", "br-1"), wish.fits("oif", "eth0")) == (False, True)
    [other] = wishes(In("dport", HTTP), 4)
    both = meet(wish, other)
    assert both is not None
    assert (both.values("dport"), both.fits("iif", "eth0")) == (HTTP, False)


@pytest.mark.parametrize(
    ("values", "bits", "want"),
    [
        (IntSet.span(10, 20), 16, [10, 20, 9, 21]),
        (IntSet.of(0), 16, [0, 1]),
        (IntSet.span(65535, 65535), 16, [65535, 65534]),
        (IntSet.of(5, 9), 16, [5, 4, 6, 9, 8, 10]),
    ],
)
def test_edges_are_just_inside_and_just_outside(values: IntSet, bits: int, want: list[int]) -> None:
    assert list(edges(values, bits)) == want


def test_every_rule_is_hit_and_its_ports_neighbours_are_asked() -> None:
    world = World(load(str(FOLDER / "vpn-accepts-before-docker-user")))
    found = derive(world)
    rules = [line for line in found.missed if line[0] != "route"]
    # What the second chain would drop carries the mark that the rule before it accepted.
    assert rules in ([], [("filter", "vpn-forward", "3")])
    published = World(load(str(FOLDER / "own-port-without-such-a-rule")))
    ports = {start.packet.dport for start in derive(published).starts}
    assert {8079, 8080, 8081} <= ports


def test_missed_lines_are_those_that_no_packet_took() -> None:
    world = World(load(str(EXAMPLE)))
    found = derive(world)
    hit = {line for start in found.starts for line in hits(journey(world, start))}
    assert set(found.missed).isdisjoint(hit)
    assert found.lines - len(found.missed) > found.lines * 0.7


def test_two_lists_of_steps_are_aligned() -> None:
    case, other = read("ufw-route-allow-80"), read("ufw-route-allow-8080")
    leg, _ = modelled(World(other.snapshot()), start_at(case.packet), "first")
    decision = compare("first", case.packet, leg, case.kept("first").seen, terms(case.snapshot()))
    assert decision.difference == "ends as dropped, really exits; other steps"
    lines = side_by_side(decision)
    assert [line.who for line in lines[:2]] == ["both", "both"]
    assert {"model", "kernel"} <= {line.who for line in lines}


def test_without_the_means_it_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "missing", lambda also: [f"no kernel here, nor {', '.join(also)}"])
    status = main(["lab", "verify", str(FOLDER / "bitmap-port-fits-udp")])
    said = capsys.readouterr()
    assert (status, said.out) == (2, "")
    assert "no kernel here, nor ipset" in said.err


def test_flows_belong_to_snapshots(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "verify", "--flows", "x"]) == 2
    assert "SNAPSHOT" in capsys.readouterr().err


@pytest.mark.kernel
@pytest.mark.parametrize(
    "name",
    ["ufw-route-allow-80", "two-enis-reply-leaves-by-the-first", "policy-rule-unreachable",
     "isolation-after-dnat"],
)  # fmt: skip
def test_model_and_kernel_agree_on_derived_flows(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "verify", str(FOLDER / name), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == "sekisho/lab-verify-flows/1"
    assert {flow["verdict"] for flow in answer["flows"]} == {"agree"}
    assert len(answer["flows"]) > 30
    assert len(answer["coverage"]["missed"]) < answer["coverage"]["lines"] / 2


@pytest.mark.kernel
@needs_truth
@pytest.mark.parametrize(
    "name",
    ["28.5.2/compose-basic", "29.7.2-nftables/compose-basic", "20.10.24/two-custom-networks",
     "26.1.5/publish-loopback"],
)  # fmt: skip
def test_model_and_kernel_agree_on_real_captures(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    root = truth_dir()
    assert root is not None
    assert main(["lab", "verify", str(root / "docker" / name)]) == 0, capsys.readouterr().out
    assert " 0 disagree, 0 undetermined" in capsys.readouterr().out


@pytest.mark.kernel
def test_given_flows_and_their_ids(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flows = tmp_path / "flows.jsonl"
    flows.write_text(
        '{"id": "web", "in": "eth0", "src": "203.0.113.9", "dst": "192.0.2.10", "dport": 8080}\n'
        '{"id": 2, "from": "host", "dst": "203.0.113.9", "proto": "udp", "dport": 53}\n'
    )
    place = str(FOLDER / "ufw-route-allow-80")
    assert main(["lab", "verify", place, "--flows", str(flows), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [flow["id"] for flow in answer["flows"]] == ["web", 2]
    [web, dns] = answer["flows"]
    assert [phase["phase"] for phase in web["phases"]] == ["first", "reply"]
    assert web["phases"][1]["kernel"]["disposition"] == "dropped"  # its FORWARD has no rule for replies
    assert web["phases"][0]["kernel"]["out"] == "docker0"
    assert dns["phases"][0]["kernel"]["packet"] == "udp 192.0.2.10:40000 -> 203.0.113.9:53"
    flows.write_text('{"src": "203.0.113.9", "dst": "192.0.2.10", "state": "established"}\n')
    assert main(["lab", "verify", place, "--flows", str(flows)]) == 2
    assert "flows.jsonl" in capsys.readouterr().err


@pytest.mark.kernel
@pytest.mark.parametrize(("lang", "word"), [("en", "1 disagree"), ("ja", "不一致 1")])
def test_the_first_difference_is_shown_step_by_step(
    lang: str, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = World(load(str(FOLDER / "ufw-route-allow-8080")))

    def other(world: World, start: Start, phase: Phase, *rest: Packet) -> tuple[Leg | None, bool]:
        return modelled(wrong, start, phase)

    monkeypatch.setattr(exchange, "modelled", other)
    flows = tmp_path / "flows.jsonl"
    flows.write_text(
        '{"in": "eth0", "src": "203.0.113.9", "dst": "192.0.2.10", "proto": "tcp", "dport": 8080}\n'
    )
    argv = ["lab", "verify", str(FOLDER / "ufw-route-allow-80"), "--flows", str(flows), "--lang", lang]
    assert main(argv) == 1
    said = capsys.readouterr().out
    assert word in said
    assert "  K forward      filter ufw-user-forward 1              ACCEPT" in said
    assert "  M forward      filter ufw-docker-deny 1               DROP" in said
