"""Delay, loss and rate of wires, as far as this kernel has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sekisho.lab.namespaces import LabError, NetworkNamespace
from sekisho.lab.system.plan import Shape
from sekisho.values.names import interface_name


def shape_wires(
    shapes: Sequence[Shape], namespaces: Mapping[str, NetworkNamespace], remarks: list[str]
) -> None:
    """Set the queueing disciplines; what the kernel lacks becomes a remark, never silence."""
    for shape in shapes:
        namespace = namespaces[shape.node]
        try:
            namespace.run(shape_words(shape, netem=True))
            continue
        except LabError as error:
            refused = error
        for what in ("delay", "loss"):
            if getattr(shape, what) is not None:
                lacking = "this kernel has no netem (CONFIG_NET_SCH_NETEM)"
                remarks.append(f"{shape.node} {shape.interface}: no {what}: {lacking}")
        if shape.rate is not None:
            if shape.delay is None and shape.loss is None:
                raise refused
            namespace.run(shape_words(shape, netem=False))


def shape_words(shape: Shape, *, netem: bool) -> list[str]:
    """``tc`` with netem, or with the token bucket alone where only a rate is asked: its arguments."""
    words = ["tc", "qdisc", "replace", "dev", interface_name(shape.interface), "root"]
    if not netem or (shape.delay is None and shape.loss is None):
        return [*words, "tbf", "rate", f"{shape.rate}bit", "burst", "32kb", "latency", "200ms"]
    words.append("netem")
    if shape.delay is not None:
        words += ["delay", f"{shape.delay:g}ms"]
    if shape.loss is not None:
        words += ["loss", f"{shape.loss:g}%"]
    if shape.rate is not None:
        words += ["rate", f"{shape.rate}bit"]
    return words
