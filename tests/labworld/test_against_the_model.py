"""Labs, model against kernel: all pairs, single packets, snapshots and compose files as topologies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from sekisho.lab.api import Lab
from sekisho.lab.system.facts import capture
from sekisho.lab.system.forecast import Forecaster
from sekisho.lab.system.side_by_side import agree, ways
from sekisho.lab.system.source import plan_of
from sekisho.lab.system.tracing import Call, Seen, watch
from sekisho.lab.system.verify import Compared
from sekisho.sources.load import load_hosts
from sekisho.values.address import Address
from tests.truth import needs_truth, some, truth_dir

pytestmark = pytest.mark.kernel
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
TRUTH = truth_dir()
COMPOSE = sorted(TRUTH.glob("docker/*/*/compose.yaml")) if TRUTH else []
# Real hosts as people posted them; one of the collection is a kernel's log and no snapshot.
DUMPS = (
    sorted(path for path in TRUTH.glob("dumps/[0-9]*") if "kernel_trace" not in path.name) if TRUTH else []
)
SCENARIOS = (
    "compose-basic",
    "noicc",
    "internal",
    "two-nets-one-container",
    "publish-loopback",
    "udp",
    "container-network",
)
CAPTURES = sorted(path for name in SCENARIOS for path in TRUTH.glob(f"docker/2[79]*/{name}")) if TRUTH else []


def told(found: list[Compared]) -> list[str]:
    return [
        f"{one.pair}: {one.reached}; {one.forecast.disposition}, {one.why}"
        for one in found
        if one.verdict != "agree"
    ]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as made:
        yield made


def test_all_pairs_of_the_article(lab: Lab) -> None:
    found = lab.verify()
    assert told(found) == []
    results = Counter(one.reached.connected for one in found)
    assert results[True] > 100
    assert results[False] > 100


def test_a_disagreement_is_found(lab: Lab) -> None:
    """The comparison can fail: rules that the capture does not see make it."""
    lab["db"].run(
        "nft",
        "add table netdev hidden; add chain netdev hidden in { type filter hook ingress device eth0"
        " priority 0; }; add rule netdev hidden in tcp dport 3306 drop",
    )
    try:
        verdicts = {one.verdict for one in lab.verify(["internet"])}
    finally:
        lab["db"].run("nft", "delete", "table", "netdev", "hidden")
    assert verdicts & {"disagree", "undetermined"}


@pytest.mark.parametrize("path", sorted((EXAMPLES / "topologies").glob("*.yaml")), ids=lambda path: path.stem)
def test_all_pairs_of_the_example_topologies(path: Path) -> None:
    with Lab(path) as made:
        assert made.remarks == ()
        assert told(made.verify()) == []


@pytest.mark.parametrize("name", ["host-10.0.0.10", "host-10.1.0.81"])
def test_the_articles_listings_rebuilt(name: str) -> None:
    with Lab(EXAMPLES / name) as made:
        shown = made["host"].run("ip", "route").stdout
        listed = (EXAMPLES / name / "ip-route.txt").read_text()
        # A listing alone does not tell of containers: bridges without any are down here.
        assert {line.replace(" linkdown", "").strip() for line in shown.splitlines()} == {
            line.replace(" linkdown", "").strip() for line in listed.splitlines()
        }
        assert told(made.verify()) == []


@needs_truth
@pytest.mark.parametrize("path", some(COMPOSE, 5), ids=lambda path: "/".join(path.parts[-3:-1]))
def test_all_pairs_of_compose_files(path: Path) -> None:
    with Lab(path) as made:
        assert told(made.verify()) == []


@needs_truth
@pytest.mark.parametrize("path", some(CAPTURES, 10), ids=lambda path: "/".join(path.parts[-2:]))
def test_all_pairs_of_captured_docker_hosts(path: Path) -> None:
    with Lab(path) as made:
        assert told(made.verify()) == []


@needs_truth
@pytest.mark.parametrize("path", some(DUMPS, 10), ids=lambda path: path.name[:24])
def test_all_pairs_of_posted_hosts(path: Path) -> None:
    several = len(load_hosts(str(path))) > 1
    with Lab(path) as made:
        found = made.verify()
    # What lies between two hosts of a page nobody posted, and the model says no more of it.
    sure = [one for one in found if not (several and one.verdict == "undetermined")]
    assert told(sure) == []


CALLS = [
    ("internet", "198.51.100.10", 8080, "tcp"), ("internet", "198.51.100.10", 22, "tcp"),
    ("internet", "198.51.100.10", 23, "tcp"), ("internet", "198.51.100.10", None, "icmp"),
    ("db", "203.0.113.10", 80, "tcp"), ("db", "172.18.0.3", 8080, "tcp"), ("db", "10.0.0.20", None, "icmp"),
    ("web", "10.0.0.10", 8080, "tcp"), ("web", "10.0.0.2", 53, "udp"), ("host", "127.0.0.1", 8080, "tcp"),
    ("host", "10.0.0.2", 53, "udp"), ("peer", "10.0.0.10", 3306, "tcp"), ("peer", "203.0.113.10", 80, "tcp"),
    ("solo", "172.18.0.2", 3306, "tcp"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "address", "port", "proto"), CALLS)
def test_one_packet_takes_the_same_steps(
    lab: Lab, source: str, address: str, port: int | None, proto: str
) -> None:
    """Every rule and every node, there and back, in the kernel's trace and in the model."""
    forecaster = Forecaster(capture(lab.client, lab.plan))
    target = Address.parse(address)
    onward = forecaster.connect(source, target, port, proto).segments[-1].journey.onward
    beyond = None
    if onward is not None:
        beyond = Call(Address(4, onward.packet.dst), onward.packet.dport, proto)
    seen: Seen = watch(lab.doors, lab.plan, source, Call(target, port, proto), beyond)
    forecast = forecaster.connect(source, target, port, proto, seen.packet.sport)
    found = ways(forecast, seen)
    shown = [
        (way.direction, visit.node, line.who, line.model or line.kernel)
        for way in found for visit in way.visits for line in visit.lines if line.who in ("model", "kernel")
    ]  # fmt: skip
    assert shown == []
    assert agree(found)
    assert forecast.answered == seen.reached.connected
    rules = [line for way in found for visit in way.visits for line in visit.lines if line.who == "both"]
    assert len(rules) >= 2
    last = seen.last
    assert last is not None
    assert (last.dst, last.dport) == (forecast.packet.dst, forecast.packet.dport)


def test_the_witness_is_gone_afterwards(lab: Lab) -> None:
    for node in lab:
        assert "sekisho" not in node.run("nft", "list", "tables").stdout


def test_a_lab_as_a_snapshot_is_what_was_built(lab: Lab) -> None:
    found = lab.snapshot()
    assert {item.name for item in found.namespaces} == {"db", "web", "solo"}
    assert {item.name for item in found.containers or ()} == {"db", "web", "solo"}
    published = [port for item in found.containers or () for port in item.published]
    assert [(port.host_port, port.container_port) for port in published] == [(3306, 3306), (8080, 8080)]
    assert found.host.unread == ()
    assert found.unread == ()


@needs_truth
def test_compose_files_stand_in_the_articles_vpc() -> None:
    with Lab(COMPOSE[0]) as made:
        assert made["internet"].http("198.51.100.10:8080").client.startswith("203.0.113.10:")
        assert {node.name for node in made} >= {"igw", "router", "resolver", "host", "peer"}


def test_what_a_snapshot_lacks_is_said() -> None:
    plan = plan_of(str(EXAMPLES / "host-10.0.0.10"))
    assert "no rule set was captured: none is loaded" in plan.remarks
