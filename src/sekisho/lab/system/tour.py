"""The tour's exercises: what solves each, and how the kernel tells that the learner got there.

Texts are messages (``tour.N.title``, ``tour.N.task``); the article's system must stand.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from sekisho.errors import said
from sekisho.lab.namespaces import LabError
from sekisho.lab.system import enter
from sekisho.lab.system.control import Client
from sekisho.lab.system.pairs import Pair, Reached, attempt
from sekisho.lab.tools import complaint
from sekisho.values.address import Address

Step = tuple[str, str]  # node, command line

_PUBLIC, _OUTSIDE = "198.51.100.10", "203.0.113.10"
_BRIDGE = "br-528a7aa7b156"
_MASQUERADE = f"-s 172.18.0.0/16 ! -o {_BRIDGE} -j MASQUERADE"


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether an exercise is solved, and what the kernel said: a message id and its arguments."""

    done: bool
    code: str
    args: tuple[str, ...] = ()


class Bench:
    """A standing lab as the checks use it."""

    def __init__(self, client: Client) -> None:
        self.plan = client.plan()
        self._doors = client.doors([node.name for node in self.plan.nodes])

    def run(self, node: str, line: str) -> str:
        """A command's output. Raises LabError where the node or the command fails."""
        facts = self.plan.node(node)
        if facts is None:
            raise LabError(
                said("this lab has no node {0!r}", node),
                advice="the tour is through the article's: sekisho lab up",
            )
        done = enter.run(self._doors, facts, ["sh", "-c", line])
        if done.returncode != 0:
            raise LabError(
                said("{0}: {1}: {2}", node, line, complaint(done.stderr) or complaint(done.stdout))
            )
        return done.stdout

    def connect(self, node: str, address: str, port: int) -> Reached:
        """What a process of the node finds at an address."""
        pair = Pair(node, Address.parse(address), port)
        return attempt(self._doors, [pair])[pair]

    def packets(self, chain: str, part: str) -> int | None:
        """The counter of the host's first nat rule of a chain whose text holds ``part``; None: no rule."""
        for line in self.run("host", "iptables-save -c -t nat").splitlines():
            counters, _, rule = line.partition(" ")
            if rule.startswith(f"-A {chain} ") and part in rule:
                return int(counters.strip("[]").split(":")[0])
        return None


Check = Callable[[Bench, str], Finding]


@dataclass(frozen=True, slots=True)
class Exercise:
    """``solution``: commands that do it. ``asks``: the learner answers with a word."""

    number: int
    solution: tuple[Step, ...]
    check: Check
    asks: bool = False


def _next_hop(bench: Bench, answer: str) -> Finding:
    found = json.loads(bench.run("host", "ip -j route get 10.0.0.2"))[0].get("gateway", "")
    return _compared(answer, found)


def _compared(answer: str, truth: str) -> Finding:
    if not answer:
        return Finding(False, "tour.found.no-answer-yet")
    if answer.strip() == truth:
        return Finding(True, "tour.found.asked", (truth,))
    return Finding(False, "tour.found.wrong", (answer.strip(),))


def _counts(chain: str, part: str) -> Check:
    def check(bench: Bench, _: str) -> Finding:
        packets = bench.packets(chain, part)
        if packets is None:
            return Finding(False, "tour.found.no-rule")
        if packets == 0:
            return Finding(False, "tour.found.not-counted")
        return Finding(True, "tour.found.counted", (str(packets),))

    return check


def _forwarding(value: str) -> Check:
    def check(bench: Bench, _: str) -> Finding:
        now = bench.run("host", "sysctl -n net.ipv4.ip_forward").strip()
        if now != value:
            return Finding(False, "tour.found.sysctl", (now,))
        reached = bench.connect("internet", _PUBLIC, 8080)
        code = "tour.found.answers" if reached.connected else "tour.found.silent"
        return Finding(reached.connected == (value == "1"), code, (f"{_PUBLIC}:8080",))

    return check


def _masquerade(wanted: bool) -> Check:
    def check(bench: Bench, _: str) -> Finding:
        there = bench.packets("POSTROUTING", "-s 172.18.0.0/16") is not None
        if there != wanted:
            return Finding(False, "tour.found.rule-there" if there else "tour.found.no-rule")
        reached = bench.connect("db", _OUTSIDE, 80)
        if reached.connected:
            return Finding(
                wanted and reached.client == _PUBLIC, "tour.found.sees", (_OUTSIDE, reached.client)
            )
        return Finding(not wanted, "tour.found.silent", (_OUTSIDE,))

    return check


def _hairpin(bench: Bench, answer: str) -> Finding:
    return _compared(answer, bench.connect("web", "10.0.0.10", 8080).client)


def _closed(bench: Bench, _: str) -> Finding:
    for port, wanted in ((3306, False), (8080, True)):
        reached = bench.connect("internet", _PUBLIC, port)
        if reached.connected != wanted:
            code = "tour.found.answers" if reached.connected else "tour.found.silent"
            return Finding(False, code, (f"{_PUBLIC}:{port}",))
    return Finding(True, "tour.found.silent", (f"{_PUBLIC}:3306",))


def _collision(bench: Bench, _: str) -> Finding:
    device = json.loads(bench.run("host", "ip -j route get 10.0.0.20"))[0].get("dev", "")
    if device == "eth0":
        return Finding(False, "tour.found.route", (device,))
    if bench.connect("host", "10.0.0.20", 80).connected:
        return Finding(False, "tour.found.answers", ("10.0.0.20",))
    return Finding(True, "tour.found.route", (device,))


EXERCISES: tuple[Exercise, ...] = (
    Exercise(1, (("host", "ip route"), ("host", "ip route get 10.0.0.2")), _next_hop, asks=True),
    Exercise(2, (("internet", f"curl -s http://{_PUBLIC}:8080"),), _counts("DOCKER", "--dport 8080")),
    Exercise(3, (("db", f"curl -s http://{_OUTSIDE}"),), _counts("POSTROUTING", "-s 172.18.0.0/16")),
    Exercise(4, (("host", "sysctl -w net.ipv4.ip_forward=0"),), _forwarding("0")),
    Exercise(5, (("host", "sysctl -w net.ipv4.ip_forward=1"),), _forwarding("1")),
    Exercise(6, (("host", f"iptables -t nat -D POSTROUTING {_MASQUERADE}"),), _masquerade(False)),
    Exercise(7, (("host", f"iptables -t nat -I POSTROUTING {_MASQUERADE}"),), _masquerade(True)),
    Exercise(8, (("web", "curl -s http://10.0.0.10:8080"),), _hairpin, asks=True),
    Exercise(
        9,
        (
            ("router", "iptables -vnL IN-host --line-numbers"),
            ("router", "iptables -D IN-host -p tcp --dport 3306 -m comment --comment sg:web -j RETURN"),
        ),
        _closed,
    ),
    Exercise(
        10,
        (
            ("host", "ip link add br-clash type bridge"),
            ("host", "ip address add 10.0.0.17/28 dev br-clash"),
            ("host", "ip link set br-clash up"),
            ("host", "ip route get 10.0.0.20"),
        ),
        _collision,
    ),
)
