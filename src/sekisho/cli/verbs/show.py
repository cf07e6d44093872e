"""``sekisho show``: what was captured, as the commands themselves print it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sekisho.cli.language import Words
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser
from sekisho.cli.snapshots import add_snapshot, open_snapshot
from sekisho.cli.terminal import remark
from sekisho.errors import UsageError

if TYPE_CHECKING:
    from sekisho.model.snapshot import Namespace, Snapshot
    from sekisho.views.listing import Listing

HELP: Words = {
    "en": "routes, rules, addresses... as ip, iptables and docker print them",
    "ja": "経路・ルール・アドレスなどを ip・iptables・docker の表示のとおりに出す",
}

TABLES = ("raw", "mangle", "nat", "filter", "security")
WHATS = ("routes", "rules", *TABLES, "addresses", "links", "neighbours", "networks", "sysctl", "sysctl-files",
         "sockets")  # fmt: skip

# So many unread lines are shown one by one.
_SHOWN = 20


def add_arguments(parser: VerbParser) -> None:
    """``show [SNAPSHOT] WHAT``."""
    say = parser.say
    add_snapshot(parser)
    parser.add_argument(
        "what",
        choices=WHATS,
        metavar="WHAT",
        help=say(en=f"one of: {', '.join(WHATS)}", ja=f"次のどれか: {', '.join(WHATS)}"),
    )
    family = parser.add_mutually_exclusive_group()
    family.add_argument(
        "-4", dest="family", action="store_const", const=4, help=say(en="IPv4 only", ja="IPv4だけ")
    )
    family.add_argument(
        "-6",
        dest="family",
        action="store_const",
        const=6,
        help=say(en="IPv6: as ip -6 and ip6tables", ja="IPv6 (ip -6、ip6tables と同じ)"),
    )
    parser.add_argument(
        "--format",
        choices=("list", "save"),
        help=say(
            en="a table as iptables -nL -v prints it (default), or as iptables-save does",
            ja="テーブルを iptables -nL -v の形 (既定)、または iptables-save の形で出す",
        ),
    )
    parser.add_argument(
        "--table",
        metavar="NAME",
        help=say(
            en="routes of this routing table, or of all (default: main)",
            ja="このルーティングテーブルの経路、all なら全部 (既定: main)",
        ),
    )
    parser.suggest("table", ("main", "local", "default", "all"))
    parser.add_argument(
        "--netns",
        metavar="NAME",
        help=say(
            en="of this network namespace instead of the host's own",
            ja="ホスト自身ではなく、このネットワーク名前空間のもの",
        ),
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """0 with the listing; what the snapshot does not hold is a UsageError."""
    if args.format and args.what not in TABLES:
        raise UsageError(out.say(en="--format is for tables only", ja="--format はテーブルだけに使えます"))
    if args.table and args.what != "routes":
        raise UsageError(out.say(en="--table is for routes only", ja="--table は routes だけに使えます"))
    snapshot = open_snapshot(args.snapshot, out)
    from sekisho.views.listing import NotCaptured, listing

    namespace = _namespace(snapshot, args.netns, out)
    answer = listing(
        namespace,
        args.what,
        family=args.family,
        form=args.format or "list",
        table=args.table or "main",
        networks=snapshot.networks,
    )
    if isinstance(answer, NotCaptured):
        raise _not_captured(args.what, answer.file, snapshot, out)
    if out.json:
        out.document(_json(args, namespace, answer))
    else:
        out.write(answer.text)
        _warn(answer, out)
    return 0


def _namespace(snapshot: Snapshot, name: str | None, out: Output) -> Namespace:
    if name is None or name == snapshot.host.name:
        return snapshot.host
    for namespace in snapshot.namespaces:
        if namespace.name == name:
            return namespace
    known = ", ".join(namespace.name for namespace in snapshot.namespaces) or "-"
    raise UsageError(
        out.say(
            en=f"the snapshot has no namespace {name!r}",
            ja=f"スナップショットに名前空間 {name!r} がありません",
        ),
        advice=out.say(en=f"it has: {known}", ja=f"あるのは: {known}"),
    )


def _not_captured(what: str, file: str, snapshot: Snapshot, out: Output) -> UsageError:
    return UsageError(
        out.say(en=f"not captured: {what}", ja=f"取得されていません: {what}"),
        file=snapshot.path,
        advice=out.say(
            en=f"the file {file} would hold it; what is not captured is unknown, not empty",
            ja=f"ファイル {file} に入るものです。取得されていないものは、空ではなく不明です",
        ),
    )


def _json(args: argparse.Namespace, namespace: Namespace, answer: Listing) -> dict[str, object]:
    return {
        "schema": "sekisho/show/1",
        "namespace": namespace.name,
        "what": args.what,
        "family": args.family,
        "text": answer.text,
        "unread": [{"file": one.file, "line": one.line, "text": one.text} for one in answer.unread],
    }


def _warn(answer: Listing, out: Output) -> None:
    """Name the captured lines that are missing in the listing, on stderr."""
    if not answer.unread:
        return
    from sekisho.explain.lines import captured, lines_text

    out.flush()
    count = len(answer.unread)
    lines = [
        out.say(
            en=f"sekisho: {count} captured line(s) were not understood and are not shown:",
            ja=f"sekisho: 理解できず、表示していない行が{count}行あります:",
        )
    ]
    lines += [f"  {one.file}:{one.line}: {captured(one.text)[:200]}" for one in answer.unread[:_SHOWN]]
    if count > _SHOWN:
        lines.append(out.say(en=f"  and {count - _SHOWN} more", ja=f"  ほか{count - _SHOWN}行"))
    remark(lines_text(lines))
