"""Delay, loss and rate of wires, as far as this kernel has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sekisho.lab.namespaces import LabError, NetworkNamespace
from sekisho.lab.system import commands
from sekisho.lab.system.plan import Shape


def shape_wires(
    shapes: Sequence[Shape], namespaces: Mapping[str, NetworkNamespace], remarks: list[str]
) -> None:
    """Set the queueing disciplines; what the kernel lacks becomes a remark, never silence."""
    for shape in shapes:
        namespace = namespaces[shape.node]
        try:
            namespace.run(commands.shape_command(shape, netem=True).split())
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
            namespace.run(commands.shape_command(shape, netem=False).split())
