"""Whole snapshots with something missing or damaged, asked again.

    python -m tests.ablation [--ablations N] [--seed S] [--jobs J] [--only KIND] [--keep DIR] [--report FILE]
    python -m tests.ablation --seed S --damage NUMBER     one damage again, with all that is said

Allowed are the same answer, an undetermined or leaning one that names what is gone, and an error that does.
Ends with 1 where there is anything else, or where fewer than 95 % of what cannot matter leave the answer
alone.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.ablation.answer import Answer
from tests.ablation.campaign import Plan, Runner, run
from tests.ablation.judge import judge
from tests.ablation.questions import State, ask
from tests.ablation.report import keep, rates, written
from tests.ablation.unconcerned import cannot_matter


def main() -> int:
    """The campaign; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.ablation")
    parser.add_argument("--ablations", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument(
        "--only", action="append", default=[], metavar="KIND", help="only damages of this kind"
    )
    parser.add_argument("--no-truth", action="store_true", help="captures of the repository alone")
    parser.add_argument("--keep", type=Path, help="where an example of each group of faults is saved")
    parser.add_argument("--report", type=Path, help="where the whole report is written")
    parser.add_argument("--damage", type=int, metavar="NUMBER", help="that damage again")
    args = parser.parse_args()
    plan = Plan(
        args.seed, args.ablations, args.first, args.jobs, not args.no_truth, tuple(args.only), args.keep
    )
    with tempfile.TemporaryDirectory(prefix="sekisho-ablation-") as scratch:
        runner = Runner(plan, Path(scratch))
        if args.damage is not None:
            return _again(runner, args.damage)
        began = time.monotonic()
        tally = run(plan, lambda line: print(line, flush=True))
        text = written(tally, plan, time.monotonic() - began)
        if args.keep is not None:
            keep(tally, plan, args.keep, runner)
    if args.report is not None:
        args.report.write_text(text)
    print("\n".join(rates(tally)) if args.report is not None else text)
    same = sum(count for (_, alike), count in tally.unconcerned.items() if alike)
    return 1 if tally.faults or same < 0.95 * tally.unconcerned.total() else 0


def _again(runner: Runner, number: int) -> int:
    made = runner.damaged(number)
    if made is None:
        print("the snapshot has nothing of that kind to damage")
        return 0
    place, damage, questions = made
    print(place.whole.name, damage.kind, sorted(damage.files), damage.lines, damage.words, damage.about)
    if damage.undecidable:
        print(f"nobody can see it: {damage.undecidable}")
    state = runner.loaded(place, damage)
    wrong = 0
    for asked in questions:
        before = place.answer(asked)
        after = ask(state, asked) if isinstance(state, State) else state
        judged = judge(before, after, damage)
        wrong += judged.verdict == "fault"
        matters = cannot_matter(damage, asked, before, place.whole.files)
        print(f"\n{asked}: {judged.verdict} {judged.cause} {f'({matters})' if matters else ''}")
        if judged.verdict != "same":
            _show(before, after)
    return 1 if wrong else 0


def _show(before: Answer, after: Answer) -> None:
    for part in dict.fromkeys((*before.parts, *after.parts)):
        old, new = before.parts.get(part), after.parts.get(part)
        if old != new:
            print(f"    {part}\n      whole   {str(old)[:300]}\n      damaged {str(new)[:300]}")
    for note in sorted(after.notes - before.notes, key=str):
        print(f"    said now: {note.kind} {note.code} {note.args} {note.file}:{note.line}")
    for note in sorted(before.notes - after.notes, key=str):
        print(f"    no longer: {note.kind} {note.code} {note.args}")


if __name__ == "__main__":
    sys.exit(main())
