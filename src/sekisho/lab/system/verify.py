"""All pairs of a lab: the model's forecast beside what the kernel did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sekisho.lab.system.control import Client
from sekisho.lab.system.facts import capture
from sekisho.lab.system.forecast import Forecast, Forecaster
from sekisho.lab.system.pairs import Pair, Reached, all_pairs, attempt
from sekisho.lab.system.plan import Plan

Verdict = Literal["agree", "disagree", "undetermined"]


@dataclass(frozen=True, slots=True)
class Compared:
    """One pair. ``why`` is what differs: "connected", "node" or "client"."""

    pair: Pair
    forecast: Forecast
    reached: Reached
    verdict: Verdict
    why: str = ""


def verify(client: Client, plan: Plan, nodes: Iterable[str] | None = None) -> list[Compared]:
    """Capture the lab, try all pairs of the nodes (all of them where None), compare."""
    facts = capture(client, plan)
    wanted = set(facts.home if nodes is None else nodes)
    pairs = [pair for pair in all_pairs(plan, facts) if pair.source in wanted]
    doors = client.doors(sorted({pair.source for pair in pairs}))
    try:
        reached = attempt(doors, pairs)
    finally:
        doors.close()
    forecaster = Forecaster(facts)
    return [compare(pair, _forecast(forecaster, pair, reached[pair]), reached[pair]) for pair in pairs]


def _forecast(forecaster: Forecaster, pair: Pair, reached: Reached) -> Forecast:
    """Of the very connection that was tried: rules may ask for its source port."""
    return forecaster.connect(pair.source, pair.address, pair.port, pair.proto, reached.sport or None)


def compare(pair: Pair, forecast: Forecast, reached: Reached) -> Compared:
    """Whether the two say the same: that there is an answer, whose, and whom the server sees."""
    if forecast.answered is None:
        return Compared(pair, forecast, reached, "undetermined")
    if forecast.accepted and not forecast.answered and pair.proto == "tcp":
        # The client is connected to docker-proxy, and then hears nothing.
        silent = reached.connected and not reached.node
        return Compared(
            pair, forecast, reached, "agree" if silent else "disagree", "" if silent else "connected"
        )
    if forecast.answered != reached.connected:
        return Compared(pair, forecast, reached, "disagree", "connected")
    if reached.node and reached.node != forecast.where:
        return Compared(pair, forecast, reached, "disagree", "node")
    if reached.client and reached.client != forecast.client:
        return Compared(pair, forecast, reached, "disagree", "client")
    return Compared(pair, forecast, reached, "agree")
