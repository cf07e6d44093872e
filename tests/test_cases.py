"""Every case folder: the model against what a kernel did (recorded), and the kernel asked again."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from sekisho.lab.agreement import TAKEN, compare, terms
from sekisho.lab.exchange import answers_from, modelled, start_at
from sekisho.semantics.echo import ECHO
from sekisho.semantics.world import World
from sekisho.symbolic.one_journeys import journey
from tests.case_files import Case, all_cases, asked_fields

CASES = all_cases()


def numbers_of(version: str) -> tuple[int, ...]:
    """``1.1.3`` as numbers."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def nft_version() -> tuple[int, ...]:
    """Of the nft that the kernel is asked with."""
    told = subprocess.run(["nft", "--version"], capture_output=True, text=True, check=True).stdout
    return numbers_of(told.split()[1].removeprefix("v"))


each_case = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


@each_case
def test_the_model_does_as_the_kernel_did(case: Case) -> None:
    snapshot = case.snapshot()
    assert [item for item in snapshot.host.unread if item.reason != "not-modelled"] == []
    world, known = World(snapshot), terms(snapshot)
    for phase in case.phases:
        asked = case.kept(phase)
        leg, _ = modelled(world, start_at(case.packet), phase, asked.packet)
        decision = compare(phase, asked.packet, leg, asked.seen, known)
        assert (decision.difference, decision.doubt) == ("", ""), phase
        echo = (asked.packet.proto, asked.packet.icmp_type) in ECHO.values()
        if phase == "first" and echo and asked.seen.disposition == "delivered":
            said = case.expected[phase].get("answer_src") if case.expected else None
            told = journey(world, start_at(case.packet))
            assert told.reply is None or told.reply.disposition != "undetermined"
            assert str(answers_from(told)) == str(said)
        if leg is not None and asked.packet.iif and leg.disposition in ("martian", "rpfilter"):
            assert asked.seen.reason in (leg.kernel_reason, None)
        said, ended = asked.seen.answer, asked.seen.disposition
        refused = said is not None and said.endswith(("unreachable", "prohibited", "no-route"))
        assert leg is not None
        if leg.steps and leg.steps[-1].code == "solicitation-refused":
            refused = False  # that is told to the neighbour
        if leg.disposition == "no_socket" or (refused and ended not in TAKEN):
            assert leg.answer == said


@pytest.mark.kernel
@each_case
def test_the_kernel_still_does(case: Case) -> None:
    from tests.cases_record import ask

    if case.nft and nft_version() < numbers_of(case.nft):
        pytest.skip(f"its rules take nft {case.nft}")
    if lacking := _unknown_here(case):
        pytest.skip(f"this kernel has no {', '.join(lacking)}")
    now = ask(case)
    assert [asked.phase for asked in now] == list(case.phases)
    for asked in now:
        again, kept = asked_fields(asked), asked_fields(case.kept(asked.phase))
        for key in ("disposition", "packet", "answer", "steps"):
            assert again.get(key) == kept.get(key), (asked.phase, key)


def _unknown_here(case: Case) -> list[str]:
    """The settings of interfaces that the case needs and this kernel does not know."""
    keys = (item.key.split(".") for item in case.snapshot().host.sysctls or ())
    asked = {(parts[1], parts[-1]) for parts in keys if len(parts) == 5 and parts[2] == "conf"}
    return [name for ip, name in sorted(asked) if not Path(f"/proc/sys/net/{ip}/conf/lo/{name}").exists()]
