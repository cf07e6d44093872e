"""``sekisho check``: does a host keep a policy?"""

from __future__ import annotations

import argparse

from sekisho.cli.language import Words
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser
from sekisho.cli.terminal import save, save_json
from sekisho.errors import UsageError

HELP: Words = {
    "en": "whether a host keeps a policy: allow, deny, only, isolated, same-as, for all packets",
    "ja": "ホストがポリシーを守っているか (allow, deny, only, isolated, same-as を全パケットで検査)",
}


def add_arguments(parser: VerbParser) -> None:
    """``check SNAPSHOT POLICY.yaml [--junit FILE] [--sarif FILE] [--schema]``."""
    say = parser.say
    parser.add_argument(
        "snapshot", nargs="?", metavar="SNAPSHOT", help=say(en="the host", ja="ホストのスナップショット")
    )
    parser.add_argument(
        "policy", nargs="?", metavar="POLICY.yaml", help=say(en="the assertions", ja="検査する条件のファイル")
    )
    parser.add_argument(
        "--junit",
        metavar="FILE",
        help=say(en="write the results as JUnit XML too", ja="結果をJUnit XMLでも書き出す"),
    )
    parser.add_argument(
        "--sarif",
        metavar="FILE",
        help=say(en="write the results as SARIF 2.1.0 too", ja="結果をSARIF 2.1.0でも書き出す"),
    )
    parser.add_argument(
        "--schema",
        action="store_true",
        help=say(en="print the policy's JSON schema", ja="ポリシーのJSONスキーマを表示する"),
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """0 all hold, 1 one does not, 3 nobody can say for one (and none fails)."""
    if args.schema:
        from importlib.resources import files

        out.write(files("sekisho.answers").joinpath("policy.schema.json").read_text(encoding="utf-8"))
        return 0
    if args.snapshot is None or args.policy is None:
        raise UsageError(
            out.say(en="SNAPSHOT and POLICY.yaml are needed", ja="SNAPSHOT と POLICY.yaml が必要です"),
            advice=out.say(
                en="for example:  sekisho check host.tar policy.yaml",
                ja="例:  sekisho check host.tar policy.yaml",
            ),
        )
    from sekisho.answers.check import check
    from sekisho.answers.policy import load_policy
    from sekisho.cli.snapshots import open_world
    from sekisho.views.check_view import to_json, to_junit, to_sarif, to_text

    policy = load_policy(args.policy)
    report = check(open_world(args.snapshot, out), policy, out.bounds)
    if args.junit is not None:
        save(args.junit, to_junit(report, out.lang))
    if args.sarif is not None:
        save_json(args.sarif, to_sarif(report, out.lang))
    if out.json:
        out.document(to_json(report, out.lang))
    else:
        out.write(to_text(report, out.lang, out.color, args.snapshot))
    return 1 if report.count("failed") else 3 if report.count("unsure") else 0
