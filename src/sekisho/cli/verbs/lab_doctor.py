"""``sekisho lab doctor``: what this machine can do for labs, and the command that mends what it cannot."""

from __future__ import annotations

import argparse
import sys

from sekisho.cli.language import Words
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser

HELP: Words = {
    "en": "what this machine can and cannot do for labs, and how to mend it",
    "ja": "このマシンでラボのために何ができるか、足りないものの直し方",
}


def add_arguments(parser: VerbParser) -> None:
    """``lab doctor``."""


def run(args: argparse.Namespace, out: Output) -> int:
    """0 where labs can stand, 1 where none can."""
    from dataclasses import asdict

    from sekisho.explain.words import say
    from sekisho.lab.system.abilities import abilities

    found = abilities()
    remarks: list[str] = []
    if sys.platform == "linux":
        from sekisho.lab.doctor import remarks as finer

        remarks = finer()
    ready = not any(one.needed and one.state == "no" for one in found)
    if out.json:
        out.document(
            {
                "schema": "sekisho/lab-doctor/1", "ready": ready, "remarks": remarks,
                "abilities": [asdict(one) for one in found],
            }
        )  # fmt: skip
        return 0 if ready else 1
    for one in found:
        state = say(f"lab.doctor.{one.state}", [], out.lang)
        out.row(f"{state:<4} {say(f'lab.doctor.{one.code}', [one.detail], out.lang)}")
        if one.state == "no":
            if one.code not in ("command", "linux") and one.detail:
                out.row(f"       {one.detail}")
            if one.remedy:
                out.row("       " + say("lab.doctor.remedy", [one.remedy], out.lang))
    for remark in remarks:
        out.row(out.say(en=f"note: {remark}", ja=f"注意: {remark}"))
    out.row(say("lab.doctor.ready" if ready else "lab.doctor.not-ready", [], out.lang))
    return 0 if ready else 1
