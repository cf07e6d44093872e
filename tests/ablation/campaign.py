"""Ablations by the thousand, and what came of them.

A damaged snapshot is asked several questions; each is one ablation. Damage and questions follow from the seed
and the damage's number alone.
"""

from __future__ import annotations

import gc
import multiprocessing
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from sekisho.errors import SekishoError
from sekisho.sources.load import load
from tests.ablation import damage_files, damage_json, damage_lines, damage_rules
from tests.ablation.answer import Answer, refused
from tests.ablation.damage import Damage, Way
from tests.ablation.judge import Judged, judge
from tests.ablation.questions import Asked, Pool, State, ask, policy_of, pool
from tests.ablation.unconcerned import cannot_matter
from tests.ablation.wholes import Files, Whole, whole

WAYS: tuple[Way, ...] = (*damage_files.WAYS, *damage_rules.WAYS, *damage_lines.WAYS, *damage_json.WAYS)
CHEAP, COSTLY = 11, 1
# Campaigns of at most so many ablations ask of a whole snapshot few questions, those again and again.
SHORT = 5000
_KEPT = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run: ``ablations`` of ``seed``, from damage number ``first`` on; ``kinds``: these damages only;
    of each, so many ``cheap`` questions and ``costly`` ones."""

    seed: int
    ablations: int
    first: int = 0
    jobs: int = 1
    truth: bool = True
    kinds: tuple[str, ...] = ()
    keep: Path | None = None
    cheap: int = CHEAP
    costly: int = COSTLY


@dataclass(frozen=True, slots=True)
class Found:
    """One ablation that is wrong or blanket."""

    number: int
    whole: str
    damage: Damage
    asked: Asked
    judged: Judged
    blanket: bool = False

    @property
    def group(self) -> tuple[str, str, str]:
        """Those of one cause: the damage, the verb, and what was said."""
        return (self.damage.kind, self.asked.verb, self.judged.cause)


@dataclass
class Tally:
    """What came of some ablations."""

    damages: int = 0
    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)
    verbs: Counter[tuple[str, str]] = field(default_factory=Counter)
    unconcerned: Counter[tuple[str, bool]] = field(default_factory=Counter)
    undecidable: Counter[str] = field(default_factory=Counter)
    faults: list[Found] = field(default_factory=list)
    blanket: list[Found] = field(default_factory=list)

    @property
    def ablations(self) -> int:
        """How many there were."""
        return self.verdicts.total()

    def add(self, other: Tally) -> None:
        """Take another one's in."""
        self.damages += other.damages
        self.verdicts += other.verdicts
        self.verbs += other.verbs
        for key, count in other.unconcerned.items():
            self.unconcerned[key] += count
        self.undecidable += other.undecidable
        self.faults += other.faults
        self.blanket += other.blanket


@dataclass
class Place:
    """A whole snapshot on disk, its answers, and what can be asked."""

    whole: Whole
    folder: Path
    state: State
    pool: Pool
    answers: dict[Asked, Answer] = field(default_factory=dict)

    def answer(self, asked: Asked) -> Answer:
        """What the whole one says."""
        if asked not in self.answers:
            self.answers[asked] = ask(self.state, asked)
        return self.answers[asked]


class Runner:
    """Makes and judges ablations, in one process. ``scratch`` is a folder of its own."""

    def __init__(self, plan: Plan, scratch: Path) -> None:
        self.plan = plan
        self.scratch = scratch
        # Short campaigns get few random hosts: to ask the whole one takes as long as to ask the damaged.
        most = 8 if plan.ablations <= SHORT else 400
        start = random.Random(plan.seed).randrange(10_000)
        self.hosts = range(start, start + most)
        self._wholes: dict[str, Whole] = {}
        self._place = lru_cache(maxsize=40)(self._laid_out)

    def _laid_out(self, name: str) -> Place:
        folder = Path(tempfile.mkdtemp(dir=self.scratch))
        files = self._wholes[name].files
        lay_out(folder / "whole", files)
        snapshot = load(str(folder / "whole"))
        policy = policy_of(snapshot, folder)
        asked = pool(snapshot)
        if self.plan.ablations <= SHORT:
            asked = asked.fewer(random.Random(f"{self.plan.seed}:{name}"), 40, 8)
        return Place(self._wholes[name], folder, State(snapshot, policy), asked)

    def damaged(self, number: int) -> tuple[Place, Damage, list[Asked]] | None:
        """The damage of that number and the questions; None where a snapshot has nothing of the kind."""
        draw = random.Random(f"{self.plan.seed}:{number}")
        ways = [
            way for way in WAYS if not self.plan.kinds or way.__name__.replace("_", "-") in self.plan.kinds
        ]
        given = whole(draw, self.plan.truth, self.hosts)
        damage = draw.choice(ways)(given.files, draw)
        if damage is None or not given.files:
            return None
        damage = damage.seen(given.files)
        self._wholes[given.name] = given
        place = self._place(given.name)
        return place, damage, place.pool.drawn(draw, self.plan.cheap, self.plan.costly)

    def run(self, number: int) -> Tally:
        """One damage, asked its questions."""
        tally = Tally()
        made = self.damaged(number)
        if made is None:
            return tally
        place, damage, questions = made
        tally.damages += 1
        state = self.loaded(place, damage)
        for asked in questions:
            before = place.answer(asked)
            after = ask(state, asked) if isinstance(state, State) else state
            judged = judge(before, after, damage)
            self._count(
                tally, Found(number, place.whole.name, damage, asked, judged), before, place.whole.files
            )
        return tally

    def loaded(self, place: Place, damage: Damage) -> State | Answer:
        """The damaged snapshot, or what refuses to read it."""
        folder = place.folder / "damaged"
        lay_out(folder, damage.done(place.whole.files))
        try:
            return State(load(str(folder)), place.state.policy, place.state)
        except SekishoError as error:
            return refused(error)
        except Exception as error:  # a reader that raises is what is looked for
            return Answer({}, crash=f"load: {type(error).__name__}: {str(error)[:90]}")

    def _count(self, tally: Tally, found: Found, before: Answer, files: Files) -> None:
        kind, judged = found.damage.kind, found.judged
        tally.verdicts[kind, judged.verdict] += 1
        tally.verbs[found.asked.verb, judged.verdict] += 1
        if judged.verdict == "fault":
            tally.faults.append(found)
        if judged.verdict == "undecidable":
            tally.undecidable[found.damage.undecidable] += 1
        why = cannot_matter(found.damage, found.asked, before, files)
        if why:
            same = judged.verdict == "same"
            tally.unconcerned[why, same] += 1
            if not same:
                tally.blanket.append(
                    Found(found.number, found.whole, found.damage, found.asked, judged, True)
                )


def lay_out(folder: Path, files: Files) -> None:
    """Write the files and remove all others."""
    there = (
        {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
        if folder.exists()
        else set()
    )
    for name in there - set(files):
        (folder / name).unlink()
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name not in there or path.read_bytes() != data:
            path.write_bytes(data)
    for one in folder.glob("netns/*"):
        if not any(one.iterdir()):
            one.rmdir()


def run(plan: Plan, report: Callable[[str], None] = lambda _: None) -> Tally:
    """All of a plan; ``report`` is told of each new group of faults."""
    tally = Tally()
    groups: set[tuple[str, str, str]] = set()
    began = time.monotonic()
    for part in _parts(plan):
        tally.add(part)
        for found in part.faults:
            if found.group not in groups:
                groups.add(found.group)
                report(
                    f"{time.monotonic() - began:6.0f} s  {' | '.join(found.group)}  (--damage {found.number})"
                )
        if tally.ablations >= plan.ablations:
            break
    return tally


def _parts(plan: Plan) -> Iterator[Tally]:
    if plan.jobs == 1:
        with _scratch() as folder:
            runner = Runner(plan, Path(folder))
            for number in _numbers(plan.first):
                yield runner.run(number)
        return
    context = multiprocessing.get_context("spawn")
    with _scratch() as folder:
        pool_ = context.Pool(plan.jobs, _start, (plan, folder))
        try:
            yield from pool_.imap_unordered(_run, _numbers(plan.first), chunksize=4)
        finally:
            pool_.terminate()
            pool_.join()


def _numbers(first: int) -> Iterable[int]:
    return range(first, first + 10_000_000)


class _scratch:
    """A folder in memory where there is one."""

    def __enter__(self) -> str:
        memory = Path("/dev/shm")
        self.folder = tempfile.mkdtemp(prefix="sekisho-ablation-", dir=memory if memory.is_dir() else None)
        return self.folder

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


_runner: Runner | None = None


def _start(plan: Plan, folder: str) -> None:
    global _runner
    _runner = Runner(plan, Path(tempfile.mkdtemp(dir=folder)))
    gc.freeze()


def _run(number: int) -> Tally:
    assert _runner is not None
    return _runner.run(number)
