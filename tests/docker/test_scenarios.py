"""Every scenario that was measured on a real engine: its commands predicted, and compared with the capture.

All that Docker determines is compared: rules in order, chains and policies, nftables, routes, addresses,
links, sysctls, sockets, networks, containers, and the containers' own namespaces. Not compared is what
Docker or the kernel draws: ids (and with them br-... names), veth names, random MACs, ports of the
embedded DNS server, link-local addresses made from MACs, the DAD-dependent part of IPv6's local table.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from sekisho.docker.predict import Predictor
from sekisho.sources.load import load
from tests.docker.scenario import Comparison, Scenario, compare
from tests.truth import needs_truth, truth_dir

# Scenarios that no plan covers.
LEFT_OUT = {
    "swarm-init": "a swarm's own networks are no part of a plan for one host",
    "swarm-service": "the same",
}
# What differs for a reason: (engine, scenario) -> (kinds that may differ, why).
EXCEPTIONS: dict[tuple[str, str], tuple[frozenset[str], str]] = {
    ("26.1.5", "compose-long-ports"): (
        frozenset({"rules order"}),
        "up to 26 the order in which one container's ports are bound is left to chance",
    ),
    ("27.5.1", "compose-basic"): (
        frozenset({"rules order"}),
        "compose starts both containers at once: db got its address first and bound its port last",
    ),
    ("28.5.2", "sctp"): (
        frozenset({"links", "routes"}),
        "the kernel refuses SCTP sockets: the capture shows a link that is just being taken down again",
    ),
    ("29.7.2", "sctp"): (frozenset({"links", "routes"}), "the same"),
}


def _scenarios() -> list[Scenario]:
    root = truth_dir()
    folders = sorted(path.parent for path in root.glob("docker/*/*/scenario.json")) if root else []
    return [Scenario(folder) for folder in folders if folder.name not in LEFT_OUT]


SCENARIOS = _scenarios()


def _unexplained(scenario: Scenario, found: Comparison) -> list[str]:
    allowed, _ = EXCEPTIONS.get((scenario.folder.parent.name, scenario.folder.name), (frozenset(), ""))
    return [
        f"{kind} {text}"
        for kind, text in found.different
        if kind not in allowed and not (" another order: " in text and f"{kind} order" in allowed)
    ]


@needs_truth
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_predicted_as_captured(scenario: Scenario) -> None:
    plan, refusals = scenario.plan()
    assert refusals == []
    found = compare(scenario.captured(), plan.after)
    assert _unexplained(scenario, found) == []
    assert found.same["routes"] > 5


@needs_truth
def test_nearly_everything_is_compared() -> None:
    """The counts that the page on plans names; every difference is in EXCEPTIONS."""
    total: Counter[str] = Counter()
    differences = 0
    for scenario in SCENARIOS:
        found = compare(scenario.captured(), scenario.plan()[0].after)
        total.update(found.same)
        differences += len(found.different)
    print(dict(total), f"{differences} differences")
    assert len(SCENARIOS) > 170
    assert total["rules"] > 5300
    assert total["nft rules"] > 1600
    assert total["routes"] > 2800
    assert total["sockets"] > 300
    assert differences <= 20


@needs_truth
@pytest.mark.parametrize("version", ["20.10.24", "26.1.5", "27.5.1", "28.5.2", "29.7.2", "29.7.2-nftables"])
@pytest.mark.parametrize("name", ["custom-ports", "two-custom-networks", "noicc", "internal", "udp"])
def test_planned_upon_a_running_daemon(version: str, name: str) -> None:
    """The same commands upon the capture of the daemon that had just started."""
    root = truth_dir()
    assert root is not None
    scenario = Scenario(root / "docker" / version / name)
    started = load(str(root / "docker" / version / "new-daemon"))
    predictor = Predictor(started, scenario.engine)
    for act, _, _ in scenario.acts():
        predictor.apply(act)  # type: ignore[arg-type]
    found = compare(scenario.captured(), predictor.plan().after)
    # The exact value of `proto` of link-local addresses and the like differs by iproute2 alone.
    assert found.different == []


SHIPPED = sorted((Path(__file__).parents[1] / "data" / "docker").glob("*/*"))


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_shipped_captures_are_rebuilt(folder: Path) -> None:
    """Without the large collection: what dockerd must have written, from its own state alone."""
    from sekisho.answers.drift import drift

    report = drift(load(str(folder)))
    assert report.findings == ()
    assert report.compared > 30
