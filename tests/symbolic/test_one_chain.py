"""The walk through chains, held to a plain recursive reading of iptables(8) on random rule sets."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.semantics.choices import Choices
from sekisho.semantics.journey import Doubt
from sekisho.semantics.loops import without_loops
from sekisho.semantics.program import (
    ALWAYS,
    NEVER,
    Accept,
    Action,
    ChainCode,
    Continue,
    Drop,
    Goto,
    Guarded,
    Jump,
    NotUnderstood,
    Return,
    Unsure,
)
from tests.semantics.one import run
from tests.semantics.rules import packet

USERS = ("a", "b", "c", "d")


@dataclass(frozen=True)
class Line:
    """A rule that fits or not, and its target."""

    fits: bool
    target: str


def verdict(chains: dict[str, list[Line]], name: str) -> str | None:
    """ACCEPT or DROP, or None where the chain comes to its end: what jump, goto and RETURN mean."""
    for line in chains[name]:
        if not line.fits or line.target == "-":
            continue
        if line.target in ("ACCEPT", "DROP"):
            return line.target
        if line.target == "RETURN":
            return None
        found = verdict(chains, line.target[1:])
        if found is not None or line.target[0] == "g":
            return found
    return None


def action(target: str) -> Action:
    if target[0] in "jg":
        return Jump(target[1:]) if target[0] == "j" else Goto(target[1:])
    table: dict[str, Action] = {"ACCEPT": Accept(), "DROP": Drop(), "RETURN": Return(), "-": Continue()}
    return table[target]


@st.composite
def rulesets(draw: st.DrawFn) -> dict[str, list[Line]]:
    """Chains that only call later ones, so that nothing goes round."""
    names = ("base", *USERS)
    chains = {}
    for at, name in enumerate(names):
        calls = [kind + later for later in names[at + 1 :] for kind in "jg"]
        targets = st.sampled_from(["ACCEPT", "DROP", "RETURN", "-", *calls, *calls])
        chains[name] = draw(st.lists(st.builds(Line, st.booleans(), targets), max_size=6))
    return chains


def compiled(chains: dict[str, list[Line]]) -> dict[str, ChainCode]:
    return {
        name: ChainCode(
            name,
            tuple(
                Guarded(ALWAYS if line.fits else NEVER, action(line.target), number)
                for number, line in enumerate(lines, 1)
            ),
            Accept() if name == "base" else None,
        )
        for name, lines in chains.items()
    }


@given(rulesets())
def test_random_rule_sets(chains: dict[str, list[Line]]) -> None:
    code = compiled(chains)
    passed = run(code["base"], code, packet(), Choices())
    wanted = {"ACCEPT": Accept(), "DROP": Drop(), None: Accept()}[verdict(chains, "base")]
    assert passed[-1].action == wanted
    # Every numbered line on the way is one that fits.
    assert all(chains[one.chain.name][one.line.number - 1].fits for one in passed if one.line is not None)


@st.composite
def tangles(draw: st.DrawFn) -> dict[str, list[Line]]:
    """Chains that call any other one, or themselves."""
    names = ("base", *USERS)
    targets = st.sampled_from(["ACCEPT", "RETURN", "-", *(kind + user for user in USERS for kind in "jg")])
    return {name: draw(st.lists(st.builds(Line, st.just(True), targets), max_size=4)) for name in names}


def leads_back(chains: dict[str, list[Line]], start: str) -> bool:
    """Whether a chain calls itself, perhaps by way of others."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        called = {line.target[1:] for line in chains[waiting.pop()] if line.target[0] in "jg"}
        if start in called:
            return True
        waiting += called - seen
        seen |= called
    return False


@given(tangles())
def test_circles_end_undecided(chains: dict[str, list[Line]]) -> None:
    before = compiled(chains)
    code = without_loops(before)
    passed = run(code["base"], code, packet(), Choices())
    circles = {name for name in chains if leads_back(chains, name)}
    # Chains that are on no circle stay as they are, and on a circle some call is cut.
    assert {name for name in chains if code[name] != before[name]} == circles
    if isinstance(passed[-1].action, NotUnderstood):
        assert passed[-1].action.doubt.code == "chain-loop"
        assert passed[-1].chain.name in circles
    else:
        wanted = {"ACCEPT": Accept(), None: Accept()}[verdict(chains, "base")]
        assert passed[-1].action == wanted


def test_a_return_in_a_base_chain_takes_the_policy() -> None:
    base = ChainCode("base", (Guarded(ALWAYS, Return(), 1), Guarded(ALWAYS, Accept(), 2)), Drop())
    last = run(base, {}, packet(), Choices())[-1]
    assert (last.line, last.action) == (None, Drop())


def test_the_end_of_a_chain_that_was_gone_to_returns_to_the_caller_before() -> None:
    """base jumps to a, a goes to b: b's end comes back to base, not to a."""
    code = {
        "base": ChainCode("base", (Guarded(ALWAYS, Jump("a"), 1), Guarded(ALWAYS, Drop(), 2)), Accept()),
        "a": ChainCode("a", (Guarded(ALWAYS, Goto("b"), 1), Guarded(ALWAYS, Accept(), 2))),
        "b": ChainCode("b", (Guarded(ALWAYS, Continue(), 1),)),
    }
    passed = run(code["base"], code, packet(), Choices())
    assert [(one.chain.name, one.line.number if one.line else None) for one in passed] == [
        ("base", 1), ("a", 1), ("b", 1), ("b", None), ("base", 2),
    ]  # fmt: skip


@pytest.mark.parametrize(("script", "wanted"), [((), Accept()), ((0,), Accept()), ((1,), Drop())])
def test_open_questions_follow_the_script(script: tuple[int, ...], wanted: Action) -> None:
    line = Guarded(Unsure(Doubt("rate-limit", ("5/min",))), Drop(), 1)
    choices = Choices(script)
    passed = run(ChainCode("base", (line,), Accept()), {}, packet(), choices)
    assert passed[-1].action == wanted
    assert [(each.doubts[0].code, each.answers) for each in choices.taken] == [("rate-limit", 2)]


def test_a_question_on_which_only_a_log_line_depends_is_not_asked() -> None:
    line = Guarded(Unsure(Doubt("rate-limit", ("5/min",))), Continue(), 1)
    choices = Choices()
    (run(ChainCode("base", (line,), Accept()), {}, packet(), choices))
    assert choices.taken == []
    assert [doubt.code for doubt in choices.passed_over] == ["rate-limit"]
