"""``sekisho trace``: one packet's way, step by step, and its reply's."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sekisho.cli.language import Words, error_words
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser
from sekisho.cli.snapshots import add_snapshot, open_world
from sekisho.cli.terminal import remark
from sekisho.errors import SourceError, UsageError, one_line, said

if TYPE_CHECKING:
    from sekisho.answers.trace import Question
    from sekisho.semantics.world import World

HELP: Words = {
    "en": "where a packet goes, which line decides, and how the reply comes back",
    "ja": "パケットの行き先、それを決めた行、応答の戻りの経路",
}

# What the shells offer for FROM and TO; addresses and prefixes are endpoints as well.
ENDPOINTS = ("internet", "host", "container:", "network:", "netns:", "iface:")

# Header fields that may be stated; what is not stays open where it decides.
_STATED: dict[str, tuple[str, str]] = {
    "tos": ("type of service or traffic class (default: 0)", "TOSまたはトラフィッククラス (既定: 0)"),
    "ttl": ("time to live, or hop limit", "TTLまたはホップリミット"),
    "length": ("length of the packet in bytes", "パケットの長さ (バイト)"),
    "df": ("IPv4's don't fragment bit, 0 or 1", "IPv4の分割禁止ビット (DF): 0か1"),
    "tcp_flags": (
        "TCP flags as names with commas (default: syn, or ack where --state is established)",
        "TCPフラグ。名前をコンマで並べる (既定: syn、--state established では ack)",
    ),
    "mac": ("the sender's MAC address", "送信元のMACアドレス"),
    "uid": ("user of the process that sends it", "送信するプロセスのユーザーID"),
    "gid": ("group of the process that sends it", "送信するプロセスのグループID"),
    "icmp_type": ("ICMP type (default: echo request)", "ICMPタイプ (既定: エコー要求)"),
    "icmp_code": ("ICMP code (default: 0)", "ICMPコード (既定: 0)"),
    "icmp_id": ("ICMP identifier (default: 1)", "ICMPの識別子 (既定: 1)"),
}

# So many lines of a file of flows that make no packet are named.
_SHOWN = 20
BAD_INPUT = 2


def add_arguments(parser: VerbParser) -> None:
    """``trace [SNAPSHOT] FROM TO [OPTION...]`` or ``trace [SNAPSHOT] --flows FILE``."""
    say = parser.say
    add_snapshot(parser)
    endpoint = say(
        en="an endpoint: ADDRESS[:PORT], internet, host, container:NAME, network:NAME, netns:NAME,"
        " iface:NAME",
        ja="エンドポイント: アドレス[:ポート], internet, host, container:名前, network:名前,"
        " netns:名前, iface:名前",
    )
    parser.add_argument("source", nargs="?", metavar="FROM", help=endpoint)
    parser.add_argument("destination", nargs="?", metavar="TO", help=endpoint)
    parser.suggest("source", ENDPOINTS)
    parser.suggest("destination", ENDPOINTS)
    parser.add_argument(
        "--proto",
        metavar="PROTO",
        help=say(
            en="tcp, udp, icmp or a protocol number (default: tcp where TO has a port, else icmp)",
            ja="tcp, udp, icmp またはプロトコル番号 (既定: TO にポートがあれば tcp、なければ icmp)",
        ),
    )
    parser.suggest("proto", ("tcp", "udp", "icmp", "icmpv6", "sctp"))
    parser.add_argument("--sport", type=int, metavar="PORT", help=say(en="source port", ja="送信元ポート"))
    parser.add_argument(
        "--in",
        dest="iface",
        metavar="IFACE",
        help=say(en="the interface where the packet arrives", ja="パケットが入ってくるインターフェース"),
    )
    parser.add_argument(
        "--state",
        choices=("new", "established"),
        default="new",
        help=say(
            en="of which connection the packet is: a new one (default), or one that is already tracked",
            ja="パケットが属するコネクション: 新規 (既定)、または追跡済み",
        ),
    )
    for name in _STATED:
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            metavar={"mac": "MAC", "tcp_flags": "FLAGS"}.get(name, "N"),
            help=say(en=_STATED[name][0], ja=_STATED[name][1]),
        )
    parser.add_argument(
        "--no-return", action="store_true", help=say(en="leave the reply out", ja="応答を追わない")
    )
    parser.add_argument(
        "--flows",
        metavar="FILE",
        help=say(
            en="trace every flow of a JSON Lines file (- for standard input); one JSON line each",
            ja="JSON Linesファイル (- は標準入力) の全フローを追う。答えは1行ずつのJSON",
        ),
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """0 where packet and reply arrive, 1 where not, 3 where nobody can say; with ``--flows`` 0 once all are
    answered, 2 where a line makes no packet."""
    from sekisho.answers.call import Caller
    from sekisho.answers.trace import Question
    from sekisho.views.call_json import to_json
    from sekisho.views.call_text import to_text

    snapshot, source, target = _places(args, out)
    world = open_world(snapshot, out)
    if args.flows is not None:
        return _many(world, args, out)
    if args.sport is not None and not 0 < args.sport < 65536:
        raise UsageError(said("not a port: {0!r}", str(args.sport)))
    question = Question(
        source, target, args.proto, args.sport, None, args.iface, args.state, not args.no_return,
        stated=_stated(args),
    )  # fmt: skip
    found = Caller(world).call(question)
    if out.json:
        out.document(to_json(found, out.lang))
    else:
        out.write(to_text(found, question, out.lang, out.color))
    return found.status(question.with_reply)


def _stated(args: argparse.Namespace) -> tuple[tuple[str, int], ...]:
    from sekisho.answers.stated import FIELDS

    given = ((name, FIELDS[name], getattr(args, name)) for name in FIELDS)
    stated = ((name, f"--{name.replace('_', '-')}", field, value) for name, field, value in given)
    return tuple((name, field.value(flag, value)) for name, flag, field, value in stated if value is not None)


def _many(world: World, args: argparse.Namespace, out: Output) -> int:
    """One JSON line for each line of the file. A line that makes no packet has none: it is named on
    stderr, the others are answered all the same, and the status is 2."""
    import gc
    import sys

    from sekisho.answers.call import Caller
    from sekisho.views.call_json import to_json

    caller = Caller(world)
    # The world stays to the end, what a journey leaves behind need not: files of flows can be long.
    gc.freeze()
    gc.enable()
    name = "stdin" if args.flows == "-" else args.flows
    wrong = 0
    # Bytes, so that a line that is no UTF-8 is an error of that line and not of the whole file.
    with sys.stdin.buffer if args.flows == "-" else open(args.flows, "rb") as lines:
        for number, raw in enumerate(lines, 1):
            if not raw.strip():
                continue
            try:
                question = _question(raw, not args.no_return)
                found = caller.call(question)
            except UsageError as error:
                wrong += 1
                if wrong <= _SHOWN:
                    _complain(error, raw, name, number, out)
                continue
            out.line(to_json(found, out.lang, question.id))
    if wrong > _SHOWN:
        more = out.say(en=f"{wrong} lines in all make no packet", ja=f"パケットにならない行は全部で{wrong}行")
        remark(one_line(f"sekisho: {name}: {more}"))
    return BAD_INPUT if wrong else 0


def _question(raw: bytes, with_reply: bool) -> Question:
    import json

    from sekisho.answers.trace import question_of_flow

    try:
        flow = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise UsageError(said("not JSON: {0}", str(error))) from error
    if not isinstance(flow, dict):
        raise UsageError("a flow is a JSON object")
    return question_of_flow(flow, with_reply)


def _complain(error: UsageError, raw: bytes, name: str, number: int, out: Output) -> None:
    """Name the line on stderr, behind what was answered so far."""
    text = raw.decode("utf-8", "backslashreplace").strip()
    placed = SourceError(error.said_what, file=name, line=number, text=text, advice=error.said_advice)
    out.flush()
    remark(f"sekisho: {error_words(placed, out.lang)}")


def _places(args: argparse.Namespace, out: Output) -> tuple[str | None, str, str]:
    """SNAPSHOT, FROM and TO: the last two arguments are the endpoints, one before them the snapshot."""
    words = [word for word in (args.snapshot, args.source, args.destination) if word is not None]
    if args.flows is not None:
        if len(words) > 1:
            raise UsageError(
                out.say(
                    en="--flows names the endpoints in its file; FROM and TO cannot be given as well",
                    ja="--flows のファイルに書かれているので、FROM と TO は指定できません",
                )
            )
        return (words[0] if words else None), "", ""
    if len(words) < 2:
        raise UsageError(
            out.say(en="FROM and TO are needed", ja="FROM と TO が必要です"),
            advice=out.say(
                en="for example:  sekisho trace SNAPSHOT internet 10.1.0.81:3306",
                ja="例:  sekisho trace SNAPSHOT internet 10.1.0.81:3306",
            ),
        )
    return (words[0] if len(words) == 3 else None), words[-2], words[-1]
