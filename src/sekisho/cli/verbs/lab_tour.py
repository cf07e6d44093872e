"""``sekisho lab tour``: ten short exercises; each is checked by asking the kernel."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from sekisho.cli.labs import add_name, open_lab
from sekisho.cli.language import Words
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser
from sekisho.errors import UsageError

if TYPE_CHECKING:
    from sekisho.lab.system.tour import Bench, Exercise

HELP: Words = {
    "en": "a guided tour through the article's system: ten exercises",
    "ja": "記事のシステムを巡る10の練習",
}


def add_arguments(parser: VerbParser) -> None:
    """``lab tour [N] [--check | --answer WORD | --solve]``; with a terminal and no N, a dialogue."""
    say = parser.say
    parser.add_argument(
        "number",
        nargs="?",
        type=int,
        metavar="N",
        help=say(en="one exercise (default: all, one after the other)", ja="練習を1つ (既定: 順に全部)"),
    )
    add_name(parser)
    parser.add_argument(
        "--check",
        action="store_true",
        help=say(en="ask the kernel whether it is done", ja="できたかカーネルに聞く"),
    )
    parser.add_argument("--answer", metavar="WORD", help=say(en="answer a question", ja="質問に答える"))
    parser.add_argument(
        "--solve",
        action="store_true",
        help=say(en="do it, and show the commands", ja="代わりに実行し、コマンドを示す"),
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """0 once it is done or shown, 1 where a check finds that it is not."""
    from sekisho.lab.system.tour import EXERCISES, Bench

    if args.number is not None and not 1 <= args.number <= len(EXERCISES):
        raise UsageError(
            out.say(en=f"the exercises are 1 to {len(EXERCISES)}", ja=f"練習は1から{len(EXERCISES)}までです")
        )
    guide = _Guide(out)
    if args.number is None:
        if args.check or args.answer or args.solve:
            raise UsageError(out.say(en="say which exercise", ja="どの練習か指定してください"))
        if out.json or not sys.stdin.isatty():
            guide.overview()
            return 0
        return guide.dialogue(_standing(args.name, out))
    exercise = EXERCISES[args.number - 1]
    if not (args.check or args.answer or args.solve):
        guide.show(exercise)
        return 0
    bench = Bench(open_lab(args.name, out))
    if args.solve:
        guide.solve(exercise, bench)
        if exercise.asks:
            return 0
    return 0 if guide.check(exercise, bench, args.answer or "") else 1


def _standing(name: str | None, out: Output) -> Bench:
    """The lab that stands, else the article's, started now."""
    from sekisho.lab.system.owner import start
    from sekisho.lab.system.source import plan_of
    from sekisho.lab.system.tour import Bench
    from sekisho.lab.system.whereabouts import names

    if name is None and not names():
        from sekisho.explain.words import say

        out.row(say("tour.start", [], out.lang))
        start(plan_of(None))
    return Bench(open_lab(name, out))


class _Guide:
    """Speaks to the learner."""

    def __init__(self, out: Output) -> None:
        self.out = out

    def say(self, code: str, *args: str) -> str:
        from sekisho.explain.words import say

        return say(code, list(args), self.out.lang)

    def overview(self) -> None:
        """The list of exercises."""
        from sekisho.lab.system.tour import EXERCISES

        titles = [(one.number, self.say(f"tour.{one.number}.title")) for one in EXERCISES]
        if self.out.json:
            self.out.document(
                {"schema": "sekisho/lab-tour/1", "exercises": [{"number": n, "title": t} for n, t in titles]}
            )
            return
        for number, title in titles:
            self.out.row(f"{number:3}  {title}")

    def show(self, exercise: Exercise) -> None:
        """The task, and commands to begin with."""
        from sekisho.lab.system.tour import EXERCISES

        number = str(exercise.number)
        title = self.say(f"tour.{number}.title")
        self.out.row(self.say("tour.heading", number, str(len(EXERCISES)), title))
        self.out.write("\n" + self.say(f"tour.{number}.task") + "\n")
        self.out.row(self.say("tour.answer" if exercise.asks else "tour.check", number))

    def solve(self, exercise: Exercise, bench: Bench) -> None:
        """Carry out the solution, with what each command says."""
        for node, line in exercise.solution:
            self.out.row(self.say("tour.in-node", node, line))
            for said in bench.run(node, line).splitlines():
                self.out.row(f"    {said}".rstrip())

    def check(self, exercise: Exercise, bench: Bench, answer: str) -> bool:
        """Ask the kernel; tell what it said."""
        found = exercise.check(bench, answer)
        words = self.say(found.code, *found.args)
        if self.out.json:
            self.out.document(
                {
                    "schema": "sekisho/lab-tour/1", "exercise": exercise.number, "done": found.done,
                    "finding": {"id": found.code, "args": list(found.args), "text": words},
                }
            )  # fmt: skip
        else:
            self.out.row(self.say("tour.done" if found.done else "tour.not-yet", words))
        return found.done

    def dialogue(self, bench: Bench) -> int:
        """All exercises in a row, until the learner has enough."""
        from sekisho.lab.system.tour import EXERCISES

        for exercise in EXERCISES:
            self.out.row("")
            self.show(exercise)
            while True:
                self.out.ask("\n" + self.say("tour.prompt"))
                line = sys.stdin.readline()
                if not line or line.strip() == "q":
                    return 0
                word, _, rest = line.strip().partition(" ")
                if word == "n":
                    break
                if word == "s":
                    self._shell(rest.strip() or exercise.solution[0][0])
                elif word == "d":
                    self.solve(exercise, bench)
                elif self.check(exercise, bench, line.strip()):
                    break
        self.out.write("\n" + self.say("tour.end"))
        return 0

    def _shell(self, node: str) -> None:
        import os

        from sekisho.errors import SekishoError

        child = os.fork()
        if child == 0:
            try:
                from sekisho.cli.verbs.lab_exec import run_in_node

                os._exit(run_in_node(None, node, [os.environ.get("SHELL") or "/bin/sh"], self.out))
            except SekishoError as error:
                self.out.row(str(error))
                self.out.flush()
            finally:
                os._exit(1)
        os.waitpid(child, 0)
