"""What the verbs below ``lab`` share: which lab is meant, and the words after a node's name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sekisho.cli.language import leading_options
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser
from sekisho.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from sekisho.lab.system.control import Client
    from sekisho.lab.system.plan import Origin, Plan


class CommandParser(VerbParser):
    """A parser whose last argument is a command line: what follows NODE is not looked at."""

    def parse(self, argv: Sequence[str]) -> argparse.Namespace:
        """Options stand before NODE; a ``--`` before and after it is left out. Raises UsageError."""
        options, rest = leading_options(argv)
        if options and options[-1] == "--name" and rest:
            options, rest = [*options, rest[0]], rest[1:]
            more, rest = leading_options(rest)
            options += more
        if rest[:1] == ["--"]:
            options, rest = [*options, "--"], rest[1:]
        args = super().parse([*options, *rest[:1]])
        words = rest[1:]
        args.command = words[1:] if words[:1] == ["--"] else words
        return args


def add_name(parser: VerbParser) -> None:
    """``--name NAME``: which lab."""
    parser.add_argument(
        "--name",
        metavar="NAME",
        help=parser.say(en="which lab (default: the only one)", ja="どのラボか (既定: 1つだけのラボ)"),
    )


def open_lab(name: str | None, out: Output) -> Client:
    """The lab that is meant. Raises LabError where none stands, UsageError where several do."""
    from sekisho.lab.system.control import Client
    from sekisho.lab.system.whereabouts import names

    if name is None:
        standing = names()
        if len(standing) > 1:
            raise UsageError(
                out.say(en="several labs stand", ja="ラボが複数動いています") + ": " + ", ".join(standing),
                advice=out.say(en="say which one with --name NAME", ja="--name NAME で選んでください"),
            )
        if not standing:
            raise UsageError(
                out.say(en="no lab stands", ja="動いているラボがありません"),
                advice=out.say(en="start one:  sekisho lab up", ja="起動するには:  sekisho lab up"),
            )
        name = standing[0]
    return Client(name)


def tell_origin(origin: Origin | None, out: Output) -> None:
    """Whose facts the lab is made of, where they are not the lab's own."""
    if origin is None:
        return
    path, name, counts = origin.path, repr(origin.name), origin.counts
    if origin.kind == "compose":
        en = f"the compose file {path}, as Docker {origin.name} would carry it out"
        ja = f"composeファイル {path} (Docker {origin.name} が動かした場合)"
    elif origin.kind == "topology":
        en, ja = f"the topology {path}", f"トポロジー {path}"
    else:
        en = f"the snapshot {path}" + (f", whose host calls itself {name}" if origin.name else "")
        ja = f"スナップショット {path}" + (f" (ホスト名 {name})" if origin.name else "")
        if "hosts" in counts:
            en += f", {counts['hosts']} hosts on the wires that they share"
            ja += f" (ホスト{counts['hosts']}台、共有する配線でつながる)"
        en += (
            f": {counts['routes']} routes, {counts['rules']} rules, {counts['sysctls']} sysctls,"
            f" {counts['namespaces']} more namespaces"
        )
        ja += (
            f": 経路{counts['routes']}個、ルール{counts['rules']}個、sysctl{counts['sysctls']}個、"
            f"ほかの名前空間{counts['namespaces']}個"
        )
    out.row("  " + out.say(en=f"built from: {en}", ja=f"構築の元: {ja}"))


def need_linux(out: Output) -> None:
    """Raise UsageError on a system that has no network namespaces."""
    import sys

    if sys.platform != "linux":
        raise UsageError(
            out.say(
                en=f"the lab is made of Linux network namespaces, and this machine runs {sys.platform}",
                ja=f"ラボはLinuxのネットワーク名前空間で作られます。このマシンは {sys.platform} です",
            )
        )


def plan_or_lab(topology: str | None, name: str | None, out: Output) -> Plan:
    """The plan of what the user named, else of the lab that stands."""
    if topology is not None:
        from sekisho.cli.snapshots import unzstd
        from sekisho.lab.system.source import plan_of

        return plan_of(topology, name, unzstd, bounds=out.bounds)
    client = open_lab(name, out)
    plan = client.plan()
    client.close()
    return plan
