"""``sekisho lab set``: change one thing in a node, and see which connections that changes."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sekisho.cli.labs import add_name, open_lab
from sekisho.cli.language import Words
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser
from sekisho.errors import UsageError, said

if TYPE_CHECKING:
    from sekisho.lab.system.pairs import Pair, Reached

HELP: Words = {
    "en": "change one thing in a node (a sysctl, a rule, a link) and see what that changes",
    "ja": "ノードの1か所 (sysctl、ルール、リンク) を変え、何が変わるか見る",
}
# Commands that change a node's network.
_COMMANDS = ("ip", "iptables", "ip6tables", "nft", "ipset", "tc", "sysctl", "bridge", "conntrack")


def add_arguments(parser: VerbParser) -> None:
    """``lab set [--only] NODE WHAT...``: what follows NODE is not looked at."""
    say = parser.say
    parser.add_argument(
        "node",
        metavar="NODE",
        help=say(
            en="a node, then one of: KEY=VALUE (ip_forward=0, net.ipv4...=1); link IFACE up|down;"
            " a command (iptables -t nat -D POSTROUTING 1)",
            ja="ノード。その後に KEY=VALUE (ip_forward=0, net.ipv4...=1)、link IFACE up|down、"
            "またはコマンド (iptables -t nat -D POSTROUTING 1)",
        ),
    )
    add_name(parser)
    parser.add_argument(
        "--only",
        action="store_true",
        help=say(
            en="change it, without trying all pairs before and after", ja="変えるだけで、前後の比較をしない"
        ),
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """0 once it is changed; 2 with the command's own words where it is not."""
    from sekisho.lab.namespaces import LabError
    from sekisho.lab.system import enter
    from sekisho.lab.system.facts import capture
    from sekisho.lab.system.pairs import all_pairs, attempt, differ, served_pairs
    from sekisho.lab.tools import complaint

    argv = command_of(args.command, out)
    client = open_lab(args.name, out)
    plan = client.plan()
    node = plan.node(args.node)
    doors = client.doors([one.name for one in plan.nodes] if node is not None else [args.node])
    assert node is not None  # the owner has just given its namespace
    pairs = [] if args.only else served_pairs(all_pairs(plan, capture(client, plan)))
    before = attempt(doors, pairs) if pairs else {}
    done = enter.run(doors, node, argv)
    if done.returncode != 0:
        why = complaint(done.stderr) or complaint(done.stdout)
        raise LabError(said("{0}: {1}: {2}", node.name, " ".join(argv), why))
    after = attempt(doors, pairs) if pairs else {}
    changed = {pair: (before[pair], after[pair]) for pair in pairs if differ(before[pair], after[pair])}
    if out.json:
        out.document(
            {
                "schema": "sekisho/lab-set/1", "node": node.name, "command": argv, "pairs": len(pairs),
                "changed": [
                    {"pair": str(pair), "before": str(was), "after": str(now)}
                    for pair, (was, now) in changed.items()
                ],
            }
        )  # fmt: skip
    elif pairs:
        _tell(changed, len(pairs), out)
    return 0


def command_of(words: list[str], out: Output) -> list[str]:
    """The command that makes the change. Raises UsageError for what is none of the forms."""
    match words:
        case [pair] if "=" in pair:
            key, _, value = pair.partition("=")
            return ["sysctl", "-q", "-w", f"{'net.ipv4.' if key == 'ip_forward' else ''}{key}={value}"]
        case ["link", interface, "up" | "down" as state]:
            return ["ip", "link", "set", interface, state]
        case [command, *_] if command in _COMMANDS:
            return words
    raise UsageError(
        out.say(en=f"not a change: {' '.join(words)!r}", ja=f"変更として読めません: {' '.join(words)!r}"),
        advice="ip_forward=0 | net.ipv4....=1 | link IFACE up|down | " + " ... | ".join(_COMMANDS),
    )


def _tell(changed: dict[Pair, tuple[Reached, Reached]], total: int, out: Output) -> None:
    from sekisho.cli.lab_words import in_kernel
    from sekisho.explain.words import say

    if not changed:
        out.row(say("lab.set.unchanged", [str(total)], out.lang))
        return
    out.row(say("lab.set.changed", [str(len(changed)), str(total)], out.lang))
    for pair, (was, now) in changed.items():
        results = in_kernel(was, out.lang), in_kernel(now, out.lang)
        out.row(f"  {pair}: " + say("lab.set.became", results, out.lang))
