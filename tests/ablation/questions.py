"""Questions to a snapshot, over all verbs, and their answers."""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from sekisho.answers.call import Caller
from sekisho.answers.chain import ChainReader
from sekisho.answers.check import check
from sekisho.answers.diff import diff
from sekisho.answers.drift import drift
from sekisho.answers.exposed import exposed
from sekisho.answers.lint import lint
from sekisho.answers.policy import Assertion, load_policy
from sekisho.answers.reach import Question as ReachQuestion
from sekisho.answers.reach import reach
from sekisho.answers.trace import Question as TraceQuestion
from sekisho.errors import SekishoError
from sekisho.explain.report import explain
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.world import World
from sekisho.values.address import Family, format_ip
from tests.ablation import answer
from tests.ablation.answer import Answer


@dataclass(frozen=True, slots=True)
class Asked:
    """One question. ``verb`` with its ``words``; ``family`` of the packets it is about, None for both."""

    verb: str
    words: tuple[str, ...] = ()
    family: Family | None = 4

    def __str__(self) -> str:
        return " ".join((self.verb, *self.words))


@dataclass
class State:
    """A snapshot that is asked; ``before`` is the whole one, for diff. ``policy`` is that of check."""

    snapshot: Snapshot
    policy: tuple[Assertion, ...] = ()
    before: State | None = field(default=None, repr=False)

    @cached_property
    def world(self) -> World:
        """Compiled once for all its questions."""
        return World(self.snapshot)

    @cached_property
    def caller(self) -> Caller:
        """What one trace found out helps the next."""
        return Caller(self.world)


def ask(state: State, asked: Asked) -> Answer:
    """The answer; an error is one, and a fault of ours is a crash."""
    try:
        return _VERBS[asked.verb](state, asked)
    except SekishoError as error:
        return answer.refused(error)
    except Exception:  # that nothing else comes out is what is tested
        lines = traceback.format_exc().splitlines()
        return Answer({}, crash=f"{lines[-1][:120]} @ {_place(lines)}")


def _place(lines: list[str]) -> str:
    found = [line.strip() for line in lines if "/sekisho/" in line]
    return found[-1].rpartition("/sekisho/")[2][:80] if found else ""


def _trace(state: State, asked: Asked) -> Answer:
    source, target, proto, iface = asked.words
    question = TraceQuestion(
        source, target, proto or None, sport=None if proto == "icmp" else 40000, iface=iface or None
    )
    return answer.of_call(state.caller.call(question))


def _reach(state: State, asked: Asked) -> Answer:
    source, target = asked.words
    return answer.of_reach(reach(state.world, ReachQuestion(source, target, family=asked.family or 4)))


def _chain(state: State, asked: Asked) -> Answer:
    reader = ChainReader(state.snapshot, asked.words[0], asked.family or 4)
    return answer.of_chain(reader.answer(True, None, True))


def _exposed(state: State, asked: Asked) -> Answer:
    return answer.of_exposed(exposed(state.world, asked.family or 4))


def _check(state: State, asked: Asked) -> Answer:
    return answer.of_check(check(state.world, state.policy))


def _lint(state: State, asked: Asked) -> Answer:
    return answer.of_lint(lint(state.snapshot))


def _drift(state: State, asked: Asked) -> Answer:
    return answer.of_drift(drift(state.snapshot))


def _diff(state: State, asked: Asked) -> Answer:
    before = state.before or state
    return answer.of_diff([diff(before.world, state.world, 4)])


def _explain(state: State, asked: Asked) -> Answer:
    """That every line is told of is held elsewhere; here, that there is an answer."""
    explain(state.snapshot, (), "en").to_json()
    return Answer({"explained": "yes"})


_VERBS: dict[str, Callable[[State, Asked], Answer]] = {
    "trace": _trace, "reach": _reach, "reach --chain": _chain, "exposed": _exposed, "check": _check,
    "lint": _lint, "drift": _drift, "diff": _diff, "explain": _explain,
}  # fmt: skip
VERBS = tuple(_VERBS)


@dataclass(frozen=True, slots=True)
class Pool:
    """What can be asked of a snapshot: cheap questions, and those that take long."""

    cheap: tuple[Asked, ...]
    costly: tuple[Asked, ...]

    def fewer(self, draw: random.Random, cheap: int, costly: int) -> Pool:
        """Some of them, so that answers of the whole are asked for again."""
        return Pool(
            tuple(draw.sample(self.cheap, min(cheap, len(self.cheap)))),
            tuple(draw.sample(self.costly, min(costly, len(self.costly)))),
        )

    def drawn(self, draw: random.Random, cheap: int, costly: int) -> list[Asked]:
        """Some of each."""
        return [
            *draw.sample(self.cheap, min(cheap, len(self.cheap))),
            *draw.sample(self.costly, min(costly, len(self.costly))),
        ]


def pool(snapshot: Snapshot) -> Pool:
    """The questions that a snapshot's own names make."""
    addresses = _addresses(snapshot)
    ends = ["host", *addresses[:6]]
    names = [one.name for one in snapshot.containers or ()][:4]
    containers = [f"container:{name}" for name in names]
    ports = _ports(snapshot)
    cheap: list[Asked] = []
    for source in ("internet", "host", *containers, *_near(snapshot)):
        for target in (*ends, "8.8.8.8", "10.0.0.1", "127.0.0.1"):
            if source == target or (source == "host" and target in ("host", "127.0.0.1")):
                continue
            for port in ports[:4]:
                cheap.append(Asked("trace", (source, f"{target}:{port}", "tcp", "")))
            cheap.append(Asked("trace", (source, f"{target}:53", "udp", "")))
            cheap.append(Asked("trace", (source, target, "icmp", "")))
    costly = [
        Asked("lint", (), None),
        Asked("drift", (), None),
        Asked("explain", (), None),
        Asked("diff"),
        Asked("check"),
    ]
    costly += [Asked("exposed"), Asked("reach", ("any", "any"))]
    for source in ("internet", "host", *containers):  # by any way to call: that takes long
        for target in containers:
            if source != target:
                costly += (Asked("trace", (source, f"{target}:{port}", "tcp", "")) for port in ports[:3])
    for source in ("internet", "host", *containers[:2]):
        for target in ("host", *containers[:2], *addresses[:1]):
            if source != target:
                costly.append(Asked("reach", (source, target)))
    for ruleset in snapshot.host.rulesets:
        for table in ruleset.tables:
            if table.name == "filter" and ruleset.family == 4:
                costly += (Asked("reach --chain", (chain,)) for chain in ("INPUT", "FORWARD", "OUTPUT"))
    return Pool(tuple(dict.fromkeys(cheap)), tuple(dict.fromkeys(costly)))


def _addresses(snapshot: Snapshot) -> list[str]:
    own = [one.address for one in snapshot.host.addresses or ()]
    hints = [route.src for route in snapshot.host.routes if route.src is not None]
    docker = [each for one in snapshot.containers or () for end in one.endpoints for each in end.addresses]
    shown = [format_ip(4, each.value) for each in (*own, *hints, *docker) if each.family == 4]
    return [each for each in dict.fromkeys(shown) if not each.startswith("127.")]


def _near(snapshot: Snapshot) -> list[str]:
    """Somebody in each connected network."""
    found = []
    for route in snapshot.host.routes:
        prefix = route.dst
        if route.family == 4 and 16 <= prefix.length < 32 and prefix.address.value >> 24 != 127:
            found.append(format_ip(4, prefix.address.value + 77))
    return list(dict.fromkeys(found))[:2]


def _ports(snapshot: Snapshot) -> list[int]:
    found = [22, 80]
    for socket in snapshot.host.sockets or ():
        found.append(socket.port)
    for one in snapshot.containers or ():
        for port in one.published:
            found += [number for number in (port.host_port, port.container_port) if number]
    return list(dict.fromkeys(found))[:6]


def policy_of(snapshot: Snapshot, folder: Path) -> tuple[Assertion, ...]:
    """Some assertions about the host and its containers."""
    ends = ["host", *(f'"container:{one.name}"' for one in snapshot.containers or ())][:4]
    lines = []
    for end in ends:
        for source in ("internet", "host"):
            if source != end:
                lines.append(f"  - deny: {{from: {source}, to: {end}, proto: tcp}}")
    lines.append("  - allow: {from: host, to: 8.8.8.8, proto: udp}")
    path = folder / "policy.yaml"
    path.write_text("version: 1\nassertions:\n" + "\n".join(lines) + "\n")
    return load_policy(str(path))
