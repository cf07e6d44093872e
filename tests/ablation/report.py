"""What a campaign found, in words."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.ablation.campaign import SHORT, Found, Plan, Runner, Tally, lay_out

ORDER = ("same", "undetermined", "leaning", "refused", "undecidable", "fault")


def rates(tally: Tally) -> Iterator[str]:
    """Both rates, by kind of damage and by verb."""
    faults, total = len(tally.faults), tally.ablations
    same = sum(count for (_, alike), count in tally.unconcerned.items() if alike)
    concerned = tally.unconcerned.total()
    yield f"{total} ablations ({tally.damages} damages): {faults} faults ({_percent(faults, total)})"
    yield f"{concerned} that cannot matter: {same} the same ({_percent(same, concerned)}), 95 % are asked"
    yield ""
    for title, counted in (("damage", tally.verdicts), ("verb", tally.verbs)):
        yield f"{title:<18}" + "".join(f"{verdict:>14}" for verdict in ORDER)
        for name in sorted({key for key, _ in counted}):
            yield f"{name:<18}" + "".join(f"{counted[name, verdict]:>14}" for verdict in ORDER)
        yield ""
    yield "cannot matter"
    for why in sorted({why for why, _ in tally.unconcerned}):
        alike, other = tally.unconcerned[why, True], tally.unconcerned[why, False]
        yield f"  {why}: {alike} of {alike + other} the same"
    yield "changed without a word where nobody could see it (no faults)"
    for why, count in tally.undecidable.most_common():
        yield f"  {count:6} {why}"


def _percent(some: int, all_: int) -> str:
    return f"{100 * some / all_:.2f} %" if all_ else "-"


def groups(found: list[Found], plan: Plan) -> Iterator[str]:
    """By damage and verb, the most frequent first; below it what was said instead, each with its smallest
    example."""
    counted = Counter(one.group[:2] for one in found)
    short = f" --ablations {plan.ablations}" if plan.ablations <= SHORT else ""
    for (kind, verb), count in counted.most_common():
        here = [one for one in found if one.group[:2] == (kind, verb)]
        numbers = len({one.number for one in here})
        yield f"### {kind} | {verb}: {count} of {numbers} damages"
        for cause, times in Counter(one.judged.cause for one in here).most_common(6):
            example = min((one for one in here if one.judged.cause == cause), key=_size)
            lines = f" lines {example.damage.lines}" if example.damage.lines else ""
            yield f"  {times} x {cause or example.judged.verdict}"
            yield f"      {example.whole}: {example.asked}; part {example.judged.part!r}"
            yield f"      {', '.join(sorted(example.damage.files)[:4])}{lines} {example.damage.about!r}"
            yield f"      --seed {plan.seed} --damage {example.number}{short}"


def _size(one: Found) -> tuple[int, int]:
    return len(one.damage.files), len(one.whole)


def written(tally: Tally, plan: Plan, took: float) -> str:
    """The whole report."""
    now = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    lines = [f"# Ablations, seed {plan.seed}, {now}, {took:.0f} s", "", *rates(tally), ""]
    lines += ["## Faults by cause (damage | verb | what changed)", "", *groups(tally.faults, plan), ""]
    lines += [
        "## Blanket: it could not matter, and the answer changed",
        "",
        *groups(tally.blanket, plan),
    ]
    return "\n".join(lines) + "\n"


def keep(tally: Tally, plan: Plan, folder: Path, runner: Runner) -> None:
    """For each group of faults the smallest example: the whole, the damaged, and what is wrong."""
    for group in {one.group for one in tally.faults}:
        example = min((one for one in tally.faults if one.group == group), key=_size)
        made = runner.damaged(example.number)
        if made is None:
            continue
        place, damage, _ = made
        here = folder / f"{plan.seed}-{example.number}-{example.asked.verb.replace(' ', '')}"
        lay_out(here / "whole", place.whole.files)
        lay_out(here / "damaged", damage.done(place.whole.files))
        (here / "FOUND").write_text("\n".join((*group, str(example.asked), example.judged.part)) + "\n")
