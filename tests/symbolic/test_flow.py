"""Sets of packets through chains, held to a plain recursive reading of iptables(8) for single ones."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sekisho.semantics.program import Accept, ChainCode, Drop, Guard, In
from sekisho.symbolic.domain import at_start
from sekisho.symbolic.flow import Flow
from sekisho.symbolic.guards import Guards
from sekisho.symbolic.reading import Within
from sekisho.symbolic.space import Space
from sekisho.values.intset import IntSet
from tests.symbolic.test_one_chain import Line, compiled, rulesets, verdict

SPACE = Space(4)
# The packets are told apart by one field of eight values.
VALUES = range(8)
FITTING = st.lists(st.frozensets(st.sampled_from(list(VALUES))), min_size=1, max_size=40)


def only(chains: dict[str, list[Line]], fitting: list[frozenset[int]], value: int) -> dict[str, list[Line]]:
    """The rule set as the packet with a value meets it: which lines fit."""
    places = ((name, at) for name, lines in chains.items() for at in range(len(lines)))
    which = {place: fitting[number % len(fitting)] for number, place in enumerate(places)}
    return {
        name: [replace(line, fits=value in which[name, at]) for at, line in enumerate(lines)]
        for name, lines in chains.items()
    }


def asking(chains: dict[str, list[Line]], fitting: list[frozenset[int]]) -> dict[str, ChainCode]:
    """The rule set with a question before each line that some packets answer with yes."""
    each = [only(chains, fitting, value) for value in VALUES]

    def guard(name: str, at: int) -> Guard:
        return In("ttl", IntSet.of(*(value for value in VALUES if each[value][name][at].fits)))

    return {
        name: replace(
            code, lines=tuple(replace(line, guard=guard(name, at)) for at, line in enumerate(code.lines))
        )
        for name, code in compiled(chains).items()
    }


@given(rulesets(), FITTING)
def test_random_rule_sets(chains: dict[str, list[Line]], fitting: list[frozenset[int]]) -> None:
    code, ttl = asking(chains, fitting), SPACE.field["ttl"]
    start = SPACE.member(ttl, IntSet.span(VALUES[0], VALUES[-1]))
    ended = Flow(Guards(SPACE)).run(code["base"], code, {at_start(SPACE): start}, "test")
    for value in VALUES:
        one = SPACE.member(ttl, IntSet.of(value))
        found = [
            passed.action
            for passed, _, some in ended
            if (
                some & one & (passed.within if isinstance(passed, Within) and passed.within else start)
            ).satisfiable()
        ]
        wanted = verdict(only(chains, fitting, value), "base")
        assert found == [Drop() if wanted == "DROP" else Accept()]
