"""Links on their way from one state to another, as `ip -j -d link` shows them while a kernel works."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from sekisho.lab.system.settled import Link, await_settled, settled

UP = ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"]
NONE = ["NO-CARRIER", "BROADCAST", "MULTICAST", "UP"]


def link(name: str, flags: list[str], operstate: str, state: str | None = None) -> Link:
    port = {} if state is None else {"master": "br0", "linkinfo": {"info_slave_data": {"state": state}}}
    return {"ifname": name, "flags": flags, "operstate": operstate, **port}


@pytest.mark.parametrize(
    ("links", "done"),
    [
        ([link("lo", ["LOOPBACK", "UP", "LOWER_UP"], "UNKNOWN")], True),
        ([link("eth0", UP, "UP")], True),
        ([link("eth0", UP, "DOWN")], False),
        ([link("eth0", ["NO-CARRIER", *UP], "DOWN")], False),
        ([link("eth0", ["BROADCAST", "MULTICAST"], "DOWN")], True),
        ([link("br0", NONE, "DOWN")], True),
        ([link("br0", NONE, "DOWN"), link("v0", UP, "UP", "disabled")], False),
        ([link("br0", NONE, "DOWN"), link("v0", NONE, "DOWN", "disabled")], True),
        ([link("br0", NONE, "DOWN"), link("v0", UP, "UP", "forwarding")], False),
        ([link("br0", UP, "UP"), link("v0", UP, "UP", "forwarding")], True),
    ],
)
def test_what_is_settled(links: list[Link], done: bool) -> None:
    assert settled(links) is done


def test_it_is_waited_for() -> None:
    shown = iter([json.dumps([link("eth0", UP, "DOWN")])] * 3 + [json.dumps([link("eth0", UP, "UP")])])
    assert json.loads(await_settled(lambda: next(shown)))[0]["operstate"] == "UP"


def test_but_not_for_ever() -> None:
    def always() -> Iterator[str]:
        while True:
            yield json.dumps([link("eth0", UP, "DOWN")])

    shown = always()
    assert json.loads(await_settled(lambda: next(shown), seconds=0.02))[0]["operstate"] == "DOWN"
