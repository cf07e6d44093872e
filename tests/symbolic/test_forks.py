"""Open questions followed together, held to asking for every answer one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from sekisho.semantics.choices import Choices, explored, reasons
from sekisho.semantics.control import Passed
from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import (
    ALWAYS,
    Accept,
    Action,
    ChainCode,
    Continue,
    Drop,
    FirstOf,
    Goto,
    Guard,
    Guarded,
    In,
    Jump,
    Not,
    Return,
    Series,
    SetBits,
    Unsure,
)
from sekisho.symbolic.one_chain import walk
from sekisho.values.intset import IntSet
from tests.semantics.one import carrying, run
from tests.semantics.rules import packet

USERS = ("a", "b", "c")
MOST = 100_000


@dataclass
class ByOne:
    """The walk of one packet as iptables(8) tells it: every open question takes the next answer of a list."""

    chains: dict[str, ChainCode]
    answers: tuple[bool, ...]
    mark: int = 0
    asked: list[tuple[str, bool]] = field(default_factory=list)
    fitted: list[int] = field(default_factory=list)

    def fits(self, guard: Guard) -> bool:
        match guard:
            case Unsure(doubt):
                at = len(self.asked)
                answer = at < len(self.answers) and self.answers[at]
                self.asked.append((doubt.args[0], answer))
                return answer
            case In(_, values):
                return self.mark in values
            case Not(inner):
                return not self.fits(inner)
            case _:
                return True

    def chain(self, name: str) -> Action | None:
        """What decides; None where the chain comes back."""
        for line in self.chains[name].lines:
            if type(line.action) is Continue or not self.fits(line.guard):
                continue
            self.fitted.append(id(line))
            if type(line.action) is Return:
                return None
            found, goes_on = self.act(line.action)
            if found is not None or not goes_on:
                return found
        return None

    def act(self, action: Action) -> tuple[Action | None, bool]:
        """What decides, and whether the chain goes on where nothing did."""
        match action:
            case Jump(name):
                return self.chain(name), True
            case Goto(name):
                return self.chain(name), False
            case SetBits():
                self.mark = (self.mark & ~action.mask) ^ action.value
                return None, True
            case Series(lines):
                for line in lines:
                    if not self.fits(line.guard):
                        return None, True
                    found, goes_on = self.act(line.action)
                    if found is not None or not goes_on:
                        return found, goes_on
                    if isinstance(line.action, Jump):
                        return None, True
                return None, True
            case FirstOf(lines):
                fitting = next((line for line in lines if self.fits(line.guard)), None)
                return (None, True) if fitting is None else self.act(fitting.action)
            case _:
                return action, False


# The questions with their answers, the end, and the lines that fitted.
Way = tuple[tuple[tuple[str, bool], ...], object, list[int]]


def every_way(chains: dict[str, ChainCode]) -> Iterator[Way]:
    """Every way through, the one with No to all questions first."""
    pending: list[tuple[bool, ...]] = [()]
    while pending:
        walk = ByOne(chains, pending.pop())
        end = (walk.chain("base") or Accept(), walk.mark)
        answers = tuple(answer for _, answer in walk.asked)
        yield tuple(walk.asked), end, walk.fitted
        for at in range(len(walk.answers), len(answers)):
            pending.append((*answers[:at], True))


def deciding(ways: list[Way]) -> list[str]:
    """The questions after whose answer, with those before as they are, other ends are left."""
    left: dict[tuple[tuple[tuple[str, bool], ...], str], dict[bool, set[object]]] = {}
    for asked, end, _ in ways:
        for at, (name, answer) in enumerate(asked):
            left.setdefault((asked[:at], name), {}).setdefault(answer, set()).add(end)
    return list(dict.fromkeys(name for (_, name), ends in left.items() if ends[True] != ends[False]))


GUARDS = ("?", "?", "always", "marked", "unmarked")
ACTS = ("ACCEPT", "DROP", "RETURN", "mark", "unmark", "log")


@st.composite
def rulesets(draw: st.DrawFn) -> dict[str, ChainCode]:
    """Chains that only call later ones; each question is named by its place."""
    numbers = iter(range(MOST))
    names = ("base", *USERS)
    chains: dict[str, ChainCode] = {}
    for at, name in enumerate(names):
        calls = [kind + later for later in names[at + 1 :] for kind in ("j:", "g:")]

        def line(depth: int, calls: list[str] = calls) -> Guarded:
            kind = draw(st.sampled_from(GUARDS))
            marked = In("mark", IntSet.of(1))
            doubt = Doubt("rate-limit", (str(next(numbers)),))
            guards: dict[str, Guard] = {
                "?": Unsure(doubt), "always": ALWAYS, "marked": marked, "unmarked": Not(marked),
            }  # fmt: skip
            target = draw(st.sampled_from((*ACTS, *calls, *calls, *(("series", "map") if depth else ()))))
            return Guarded(guards[kind], action(target, depth), 1)

        def action(target: str, depth: int) -> Action:
            if target[1:2] == ":":
                return Jump(target[2:]) if target[0] == "j" else Goto(target[2:])
            if target in ("series", "map"):
                inner = tuple(line(0) for _ in range(draw(st.integers(1, 3))))
                inner = tuple(each for each in inner if type(each.action) not in (Continue, Return))
                return Series(inner) if target == "series" else FirstOf(inner)
            plain: dict[str, Action] = {
                "ACCEPT": Accept(), "DROP": Drop(), "RETURN": Return(), "log": Continue(),
                "mark": SetBits("mark", 1, 1), "unmark": SetBits("mark", 1, 0),
            }  # fmt: skip
            return plain[target]

        lines = tuple(line(1) for _ in range(draw(st.integers(0, 4))))
        chains[name] = ChainCode(name, lines, Accept() if name == "base" else None)
    return chains


@given(rulesets())
def test_nothing_is_lost_where_ways_meet(chains: dict[str, ChainCode]) -> None:
    ways = []
    for way in every_way(chains):
        ways.append(way)
        if len(ways) > 2000:
            return  # too many to ask for one by one

    fitted: list[list[int]] = []

    def ask(choices: Choices) -> object:
        carried = carrying(packet())
        passed: list[Passed] = []
        walk(chains["base"], chains, carried, choices, passed.append)
        lines = (p.line for p in passed if p.line is not None and type(p.line.action) is not Continue)
        fitted.append([id(line) for line in lines])
        return passed[-1].action, carried.state.mark

    runs, cut = explored(ask, MOST)
    assert not cut
    # The first run answers No to all, and the others come in the same order as one by one.
    assert list(dict.fromkeys(end for _, end in runs)) == list(dict.fromkeys(end for _, end, _ in ways))
    found, every = reasons(runs)
    assert [doubt.args[0] for doubt in found] == deciding(ways)
    assert [doubt.args[0] for doubt in every] == list(
        dict.fromkeys(name for asked, _, _ in ways for name, _ in asked)
    )
    # A run for each end, by the first way there.
    assert len(runs) == len({end for _, end, _ in ways})
    if not any(type(line.action) in (Series, FirstOf) for chain in chains.values() for line in chain.lines):
        first = {end: lines for _, end, lines in reversed(ways)}
        assert [(end, lines) for (_, end), lines in zip(runs, fitted, strict=True)] == [
            (end, first[end]) for end in dict.fromkeys(end for _, end, _ in ways)
        ]


def test_what_a_call_did_before_is_not_changed_by_what_comes_after() -> None:
    """a does nothing; it is called twice with one answer, before a mark is set, and once more with both."""
    call = Guarded(ALWAYS, Jump("a"), 1)
    asks = Guarded(Unsure(Doubt("rate-limit", ("?",))), Jump("b"), 2)
    dropped = Guarded(In("mark", IntSet.of(1)), Drop(), 4)
    chains = {
        "base": ChainCode("base", (asks, call, dropped), Accept()),
        "a": ChainCode("a", (Guarded(ALWAYS, Continue(), 1),)),
        "b": ChainCode("b", (call, call, Guarded(ALWAYS, SetBits("mark", 1, 1), 2))),
    }

    def ask(choices: Choices) -> Action | None:
        return run(chains["base"], chains, packet(), choices)[-1].action

    runs, _ = explored(ask, MOST)
    assert [action for _, action in runs] == [Accept(), Drop()]
