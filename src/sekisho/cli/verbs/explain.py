"""``sekisho explain``: what each captured line does on this host."""

from __future__ import annotations

import argparse

from sekisho.cli.language import Words
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser
from sekisho.cli.snapshots import add_snapshot, open_hosts

HELP: Words = {
    "en": "what each line of the routes, rules and settings does on this host",
    "ja": "経路・ルール・設定の1行ずつが、このホストで何をするか",
}


# What ``explain`` has sections for, in the order in which it shows them.
SECTIONS = (
    "picture", "routes", "rules", "links", "addresses", "neighbours", "bridge",
    "raw", "mangle", "nat", "filter", "security", "ipset", "nft", "beside",
    "sysctl", "sysctl-files", "sockets", "conntrack", "log", "docker", "commands", "front-ends", "documents",
    "aws", "notes", "unread",
)  # fmt: skip


def add_arguments(parser: VerbParser) -> None:
    """``explain [SNAPSHOT] [SECTION...]``."""
    add_snapshot(parser)
    parser.add_argument(
        "sections",
        nargs="*",
        metavar="SECTION",
        help=parser.say(
            en=f"only these parts: {', '.join(SECTIONS)} (default: all)",
            ja=f"この部分だけ: {', '.join(SECTIONS)} (既定: 全部)",
        ),
    )
    parser.suggest("sections", SECTIONS)


def run(args: argparse.Namespace, out: Output) -> int:
    """0 once everything that is there is explained."""
    hosts = open_hosts(args.snapshot, out)
    from sekisho.explain.report import explain

    sections = tuple(args.sections)
    found = [(name, explain(snapshot, sections, out.lang)) for name, snapshot in hosts]
    if len(found) > 1:
        from sekisho.explain.explanation import hosts_json, hosts_text

        if out.json:
            out.document(hosts_json(found))
        else:
            out.write(hosts_text(found, out.color))
        return 0
    ((_, explanation),) = found
    if out.json:
        out.document(explanation.to_json())
    else:
        out.write(explanation.to_text(out.color))
    return 0
