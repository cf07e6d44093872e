"""Connections that were really tried on hosts of real dockerds, against what ``trace`` says of them.

    python -m tests.docker.probes [--list]       every scenario of the large collection, counted

One probe is one HTTP request over TCP, from a neighbour of the host, the host or a container, with whether
an answer came and which source address the server saw. Each is put to ``trace`` on the captured snapshot.
Success is forward *and* reply delivered, docker-proxy's second connection included. ``undetermined``, a
wrong source address, and a wrong word on success all count as disagreements.

Some probes never came to the host, because the neighbour had no way to send them there: it tried its own
loopback, or a subnet for which it had no route (curl gave up at once). A snapshot of the host says nothing of
its neighbour's routes, so nothing can be asked of it. They are counted apart, and held to the capture: it
must show that they failed, and no such connection in the host's table.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sekisho.answers.trace import LOOPBACK, Question, trace
from sekisho.semantics.journey import Journey
from sekisho.semantics.world import World
from sekisho.values.address import Address, Prefix, format_ip
from tests.truth import loaded, truth_dir

PEER = {4: "10.0.1.1", 6: "fd00:ec2::1"}
# What the neighbour routed to the host: read off its own connections, nothing else ever arrived.
PEER_ROUTES = [
    Prefix.parse(text)
    for text in ("10.0.1.0/24", "172.16.0.0/12", "192.168.0.0/16", "fd00:ec2::/64", "fd00:d0c::/32")
]
OWN_LOOPBACK = "never sent to the host: the neighbour's own loopback"
NO_ROUTE = "never sent to the host: the neighbour has no route there"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One probe: how it went, in which of the classes it falls, and what is wrong ("" for nothing)."""

    scenario: str
    kind: str
    asked: str
    wrong: str


def outcomes(folder: Path) -> Iterator[Outcome]:
    """Every probe of a scenario, asked of ``trace``."""
    world = World(loaded(folder))
    name = f"{folder.parent.name}/{folder.name}"
    for probe in json.loads((folder / "probes.json").read_text()):
        question = _question(probe)
        asked = f"{question.source} -> {question.target}"
        kind = _never_sent(probe, question)
        if kind:
            seen = _connected(folder, question)
            yield Outcome(name, kind, asked, "came to the host after all" if probe["ok"] or seen else "")
            continue
        kind = "answered" if probe["ok"] else "failed"
        yield Outcome(name, kind, asked, _wrong(probe, trace(world, question)))


def _question(probe: dict[str, Any]) -> Question:
    target = str(probe["dst"])
    if target.endswith(":"):
        target += "80"  # curl's own default, where the scenario named no port
    if probe["src"] == "vpc-peer":
        return Question(PEER[6 if target.count(":") > 1 else 4], target, iface="eth0")
    return Question("host" if probe["src"] == "host" else f"container:{probe['src']}", target)


def _host_part(target: str) -> str:
    return target.rpartition(":")[0].strip("[]")


def _never_sent(probe: dict[str, Any], question: Question) -> str:
    """Why the neighbour did not send it; "" for what came to the host."""
    if probe["src"] != "vpc-peer":
        return ""
    address = Address.parse(_host_part(question.target))
    if address in LOOPBACK.values():
        return OWN_LOOPBACK
    return "" if any(route.contains(address) for route in PEER_ROUTES) else NO_ROUTE


def _connected(folder: Path, question: Question) -> bool:
    """Whether the host tracked such a connection of the neighbour's."""
    wanted = f"src={question.source} dst={_host_part(question.target)} "
    return any(wanted in line for line in (folder / "conntrack.txt").read_text().splitlines())


def _wrong(probe: dict[str, Any], found: Journey) -> str:
    ok = bool(probe["ok"])
    if "undetermined" in dispositions(found):
        return f"really {'ok' if ok else 'failed'}, model undetermined"
    if both_ways(found) != ok:
        return f"really {'ok' if ok else 'failed'}, model {found.forward.disposition}"
    if ok and str(probe["seen_src"]) != seen_source(found):
        return f"the server saw {probe['seen_src']}, model {seen_source(found)}"
    return ""


def dispositions(found: Journey) -> Iterator[str]:
    """Of all that was followed: forward, reply, and docker-proxy's own connection."""
    yield found.forward.disposition
    if found.reply is not None:
        yield found.reply.disposition
    if found.onward is not None:
        yield from dispositions(found.onward)


def both_ways(found: Journey) -> bool:
    """Whether the client gets its answer."""
    if found.onward is not None and not both_ways(found.onward):
        return False
    reply = found.reply
    there = found.forward.disposition == "delivered"
    return there and reply is not None and reply.disposition in ("delivered", "exits")


def seen_source(found: Journey) -> str:
    """The source address that the server sees."""
    packet = found.served.packet
    return format_ip(packet.family, packet.src)


def scenarios() -> list[Path]:
    """The folders of the large collection that have probes; none where it is not here."""
    root = truth_dir()
    return sorted(path.parent for path in root.glob("docker/*/*/probes.json")) if root else []


def main(arguments: Iterable[str] | None = None) -> int:
    """Print the count; 1 where anything disagrees, 2 without the collection."""
    parser = argparse.ArgumentParser(prog="python -m tests.docker.probes")
    parser.add_argument("--list", action="store_true", help="name every disagreement")
    options = parser.parse_args(None if arguments is None else list(arguments))
    folders = scenarios()
    if not folders:
        print("the collection of measured captures is not here: set SEKISHO_TRUTH", file=sys.stderr)
        return 2
    return report([outcome for folder in folders for outcome in outcomes(folder)], options.list)


def report(found: Sequence[Outcome], names: bool = False) -> int:
    """Print the count, with ``names`` every disagreement; 1 where there is any."""
    engines = sorted({item.scenario.partition("/")[0] for item in found})
    print(f"{'engine':<18}{'scenarios':>10}{'probes':>8}{'asked':>8}{'agree':>8}{'disagree':>10}")
    for engine in (*engines, ""):
        here = [item for item in found if not engine or item.scenario.startswith(f"{engine}/")]
        asked = [item for item in here if item.kind not in (OWN_LOOPBACK, NO_ROUTE)]
        bad = sum(bool(item.wrong) for item in asked)
        places = len({item.scenario for item in here})
        print(f"{engine or 'all':<18}{places:>10}{len(here):>8}{len(asked):>8}{len(asked) - bad:>8}{bad:>10}")
    for kind, count in Counter(item.kind for item in found).most_common():
        print(f"  {count:>5}  {kind}")
    wrong = [item for item in found if item.wrong]
    for item in wrong if names else ():
        print(f"{item.scenario}: {item.asked}: {item.wrong}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
