"""``sekisho plan``: what Docker will create, before it does; and what is no longer as Docker made it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sekisho.cli.language import Words
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser
from sekisho.errors import UsageError, said

if TYPE_CHECKING:
    from sekisho.answers.plan import Request

HELP: Words = {
    "en": "what Docker will create on a host: subnets, addresses, routes, rules, sockets",
    "ja": "Dockerがホストに作るもの: サブネット、アドレス、経路、ルール、ソケット",
}


def add_arguments(parser: VerbParser) -> None:
    """``plan COMPOSE.yaml [--on SNAPSHOT] [--docker V] [-o OUT]``, ``plan --drift SNAPSHOT``."""
    say = parser.say
    parser.add_argument(
        "compose",
        nargs="*",
        metavar="COMPOSE.yaml",
        help=say(
            en="compose files, later ones over earlier ones, or the folder of one",
            ja="composeファイル (後のものが前のものを上書きする)、またはそのフォルダー",
        ),
    )
    parser.add_argument(
        "--on",
        metavar="SNAPSHOT",
        help=say(
            en="the host before; with a running Docker in it, its networks and containers count",
            ja="適用前のホスト。Dockerが動いていれば、そのネットワークとコンテナも考慮する",
        ),
    )
    parser.add_argument(
        "--docker",
        metavar="VERSION",
        help=say(
            en="the engine's version: 20.10, 26, 27, 28, 29, or an exact one (default: the host's, else the"
            " newest known)",
            ja="エンジンのバージョン: 20.10, 26, 27, 28, 29 または正確な番号 (既定: ホストのもの、"
            "なければ最新)",
        ),
    )
    parser.suggest("docker", ("20.10", "23", "24", "25", "26", "27", "28", "29"))
    parser.add_argument(
        "--firewall-backend",
        choices=("iptables", "nftables"),
        help=say(en="dockerd's firewall backend", ja="dockerdのファイアウォールバックエンド"),
    )
    parser.add_argument(
        "--userland-proxy",
        choices=("true", "false"),
        help=say(en="whether docker-proxy runs", ja="docker-proxyを使うか"),
    )
    parser.add_argument(
        "--dockerd",
        metavar="FLAGS",
        help=say(
            en='further flags of dockerd, in one word: --dockerd="--bip=10.9.0.1/24 --iptables=false"',
            ja='dockerdのその他のフラグ (1語にまとめる): --dockerd="--bip=10.9.0.1/24 --iptables=false"',
        ),
    )
    parser.add_argument(
        "--create",
        action="append",
        default=[],
        metavar="LINE",
        help=say(
            en='a "docker network create" line, carried out before the compose files',
            ja="composeファイルの前に実行する「docker network create」の行",
        ),
    )
    parser.add_argument(
        "--run",
        action="append",
        default=[],
        metavar="LINE",
        help=say(
            en='a "docker run" line, carried out after the compose files',
            ja="composeファイルの後に実行する「docker run」の行",
        ),
    )
    parser.add_argument(
        "--script",
        action="append",
        default=[],
        metavar="FILE",
        help=say(
            en="a file of docker command lines, carried out in order",
            ja="dockerコマンドの行を並べたファイル (上から順に実行する)",
        ),
    )
    parser.add_argument(
        "--project-name",
        "-p",
        metavar="NAME",
        help=say(en="the compose project's name", ja="composeプロジェクトの名前"),
    )
    parser.add_argument(
        "--profile",
        action="append",
        default=[],
        metavar="NAME",
        help=say(en="a compose profile to enable", ja="有効にするcomposeプロファイル"),
    )
    parser.add_argument(
        "--env-file",
        action="append",
        default=[],
        metavar="FILE",
        help=say(en="variables for the compose files, instead of .env", ja=".envの代わりに読む変数ファイル"),
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FOLDER",
        help=say(
            en="write the host afterwards as a snapshot, for every other verb to ask",
            ja="適用後のホストをスナップショットとして書き出す (他のサブコマンドで調べられる)",
        ),
    )
    parser.add_argument(
        "--drift",
        metavar="SNAPSHOT",
        help=say(
            en="instead of a plan: what on this host is no longer what Docker made",
            ja="計画の代わりに、このホストでDockerが作った状態から変わったものを示す",
        ),
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """0 planned or no drift, 1 drift found, 2 what compose or dockerd would refuse, 3 for an engine that
    nobody knows."""
    if args.drift is not None:
        return _drift(args, out)
    from pathlib import Path

    from sekisho.answers.plan import plan

    before = None
    if args.on is not None:
        from sekisho.cli.snapshots import open_snapshot

        before = open_snapshot(args.on, out)
    found = plan(_request(args, out), before)
    if args.output is not None:
        from sekisho.sources.write import write_snapshot

        write_snapshot(found.plan.after, Path(args.output))
    if out.json:
        from sekisho.views.plan_json import to_json

        out.document(to_json(found, out.lang, args.output))
    else:
        from sekisho.views.plan_text import PlanText

        out.write(PlanText(out.lang, out.color).planned(found))
    return 3 if found.unknown else 0


def _request(args: argparse.Namespace, out: Output) -> Request:
    import shlex
    from pathlib import Path

    from sekisho.answers.plan import Request

    compose = list(args.compose)
    asked = bool(compose or args.create or args.run or args.script)
    upgrade = args.on is not None and (
        args.docker or args.firewall_backend or args.userland_proxy or args.dockerd
    )
    if not asked and not upgrade:
        from sekisho.docker.compose.load import DEFAULT_NAMES

        if not any(Path(name).is_file() for name in DEFAULT_NAMES):
            raise UsageError(
                out.say(en="nothing to plan", ja="計画するものがありません"),
                advice=out.say(
                    en="name a compose file, or give --create, --run or --script",
                    ja="composeファイルを指定するか、--create、--run、--script を使ってください",
                ),
            )
        compose = ["."]
    try:
        flags = tuple(shlex.split(args.dockerd or ""))
    except ValueError as error:
        raise UsageError(said("--dockerd: {0}", error), text=args.dockerd) from error
    return Request(
        tuple(compose), args.project_name, tuple(args.profile), tuple(args.env_file), tuple(args.create),
        tuple(args.run), tuple(args.script), args.docker, args.firewall_backend,
        None if args.userland_proxy is None else args.userland_proxy == "true", flags, out.bounds,
    )  # fmt: skip


def _drift(args: argparse.Namespace, out: Output) -> int:
    import shlex

    from sekisho.answers.drift import drift
    from sekisho.answers.plan import Request, engine_for
    from sekisho.cli.snapshots import open_snapshot

    snapshot = open_snapshot(args.drift, out)
    proxy = None if args.userland_proxy is None else args.userland_proxy == "true"
    request = Request(
        version=args.docker, backend=args.firewall_backend, userland_proxy=proxy,
        flags=tuple(shlex.split(args.dockerd or "")),
    )  # fmt: skip
    report = drift(snapshot, engine_for(request, snapshot))
    if out.json:
        from sekisho.views.plan_json import drift_json

        out.document(drift_json(report, out.lang))
    else:
        from sekisho.views.plan_text import PlanText

        out.write(PlanText(out.lang, out.color).drift(report))
    return 3 if report.unknown else 1 if report.findings else 0
