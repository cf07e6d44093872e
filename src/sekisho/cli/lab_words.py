"""Results of a lab in words: what the model forecasts, what the kernel did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sekisho.explain.words import say

if TYPE_CHECKING:
    from sekisho.lab.system.forecast import Forecast
    from sekisho.lab.system.pairs import Reached


def in_model(forecast: Forecast, lang: str) -> str:
    """How the model says that a connection ends."""
    if forecast.answered:
        return say("lab.answered-by", [forecast.where, forecast.client], lang)
    if forecast.accepted and forecast.answered is False:
        return say("lab.accepted", [], lang)
    if forecast.disposition == "delivered":
        code = "lab.trace.undetermined" if forecast.answered is None else "lab.stopped-unseen"
        return say(code, [], lang)
    return say("lab.stopped", [say(f"disposition.{forecast.disposition}", [], lang), forecast.where], lang)


def in_kernel(reached: Reached, lang: str) -> str:
    """What a process in the lab found."""
    if reached.connected:
        if reached.node:
            return say("lab.answered-by", [reached.node, reached.client], lang)
        return say("lab.answered", [], lang)
    return say("lab.refused", [reached.error], lang) if reached.error else say("lab.no-answer", [], lang)
