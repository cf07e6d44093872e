"""Whether the kernel is done with what links were told.

A worker of its own passes news of carriers on, a little later (net/core/link_watch.c), and a bridge has a
carrier once a port of its forwards.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence

Link = Mapping[str, object]


def settled(links: Sequence[Link]) -> bool:
    """Whether no link of ``ip -j -d link`` is on its way from one state to another."""
    forwarding = {link.get("master") for link in links if _state(link) == "forwarding"}
    for link in links:
        flags = link.get("flags")
        if not isinstance(flags, list) or "UP" not in flags:
            continue
        carrier = "LOWER_UP" in flags
        if carrier and ("NO-CARRIER" in flags or link.get("operstate") == "DOWN"):
            return False
        if (carrier and _state(link) == "disabled") or (not carrier and link.get("ifname") in forwarding):
            return False
    return True


def _state(link: Link) -> object:
    """A bridge port's state; None for what is none."""
    about = link.get("linkinfo")
    data = about.get("info_slave_data") if isinstance(about, dict) else None
    return data.get("state") if isinstance(data, dict) else None


def await_settled(shown: Callable[[], str], seconds: float = 3.0) -> str:
    """What ``ip -j -d link`` shows once links have settled; what it shows at last where they do not."""
    until = time.monotonic() + seconds
    while not settled(json.loads(text := shown())) and time.monotonic() < until:
        time.sleep(0.01)
    return text
