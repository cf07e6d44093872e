"""Asks this machine's kernel every case and writes expected.json:  python -m tests.cases_record [NAME...]"""

from __future__ import annotations

import json
import platform
import sys
from typing import Any

from sekisho.lab import doctor
from sekisho.lab.droplog import DropLog
from sekisho.lab.exchange import Asked, exchange, start_at
from sekisho.lab.oracle import Oracle
from tests.case_files import Case, all_cases, asked_fields, read


def ask(case: Case, drops: DropLog | None = None) -> list[Asked]:
    """What the kernel does with the packets of a case."""
    snapshot = case.snapshot()
    found: list[Asked] = []
    further = not {"first", "reply", "later"}.issuperset(case.phases)
    with Oracle(snapshot, drops) as oracle:
        for asked in exchange(snapshot, oracle, start_at(case.packet), persist=True, further=further):
            found.append(asked)
            if asked.phase == case.phases[-1]:
                break
    return [asked for asked in found if asked.phase in case.phases]


def record(case: Case, drops: DropLog) -> dict[str, Any]:
    """Write what the kernel does into the folder."""
    told: dict[str, Any] = {
        "kernel": platform.release(),
        **{asked.phase: asked_fields(asked) for asked in ask(case, drops)},
    }
    lines = []
    for phase, fields in told.items():
        if isinstance(fields, str):
            lines.append(f" {json.dumps(phase)}: {json.dumps(fields)}")
            continue
        inner = [
            f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in fields.items() if key != "steps"
        ]
        steps = ",\n".join(f"   {json.dumps(step)}" for step in fields["steps"])
        inner.append('  "steps": [' + (f"\n{steps}\n  ]" if steps else "]"))
        lines.append(f" {json.dumps(phase)}: {{\n" + ",\n".join(inner) + "\n }")
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    (case.folder / "expected.json").write_text(text, encoding="utf-8")
    return told


def main(names: list[str]) -> int:
    """0 recorded, 2 this machine cannot."""
    if lacking := doctor.missing():
        print("the kernel cannot be asked here: " + "; ".join(lacking), file=sys.stderr)
        return 2
    drops = DropLog()
    for case in [read(name) for name in names] or all_cases():
        told = record(case, drops)
        print(
            case.name, *(f"{phase}: {told[phase]['disposition']}" for phase in case.phases if phase in told)
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
