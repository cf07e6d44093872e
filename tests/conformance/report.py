"""docs/conformance.md and docs/ja/conformance.md, written from what a campaign counted."""

from __future__ import annotations

import argparse
import platform
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Literal, Protocol

from sekisho.semantics import matches, targets
from sekisho.semantics.hooks import TABLE_HOOKS
from tests.conformance.features import ECHOES, ROUTE_KINDS, RULE_WORDS, SWITCHES
from tests.conformance.limits import LIMITS, NOT_ASKED
from tests.conformance.network_features import OF_NETWORK

Language = Literal["en", "ja"]
SETS = ("hash:ip", "hash:net", "hash:ip,port", "hash:net,port", "hash:ip,port,ip", "hash:ip,port,net",
        "hash:net,iface", "bitmap:ip", "bitmap:port", "list:set")  # fmt: skip
_WORDS: dict[str, tuple[str, str]] = {
    "title": ("Conformance: what a real kernel says", "適合性: 実際のカーネルの答え"),
    "written": (
        "This page is written by the command below; nothing on it is typed by hand.",
        "このページは下のコマンドが書いたもので、手で書いた部分はない。",
    ),
    "how": (
        "Random hosts (rules of every kind, programs' own rule sets, policy routing,"
        " switches, interfaces with\n"
        "several addresses or none, sockets, two bridges with neighbours, some of them absent)"
        " are built from network\n"
        "namespaces. What ip, bridge and ss print there, as text or as JSON, is read again; on"
        " every third host what\n"
        "iptables-save prints, too. Random packets aimed at the edges of what the rules mention,"
        " some of them sent\n"
        "without a source, are put to the model and to the kernel, then what the host itself"
        " answers, ICMP errors\n"
        "about what left, the replies and the next packets. Compared are how a packet ends,"
        " whether a socket takes\n"
        "it, whether and as whom the host answers a ping, the final headers, the interface and"
        " next hop, and every\n"
        "rule, chain end and policy on the way, in order.",
        "ランダムなホスト (あらゆる種類のルール、実際のプログラムのルール群、"
        "ポリシールーティング、スイッチ、アドレスが複数\n"
        "あるいは一つもないインターフェース、ソケット、近隣のいる (いないこともある) 2つの"
        "ブリッジ) をネットワーク名前空間\n"
        "で作る。そこで ip、bridge、ss が表示するもの (テキストまたは JSON)、3台に1台では "
        "iptables-save の表示も読み直す。\n"
        "ルールの境目を狙ったランダムなパケット (送信元を決めずに送るものもある) を、モデルと"
        "カーネルの両方に与え、続いて\n"
        "ホスト自身の応答、出ていったパケットについてのICMPエラー、返信、次のパケットも与える。"
        "パケットの終わり方、\n"
        "ソケットが受け取るか、pingにどのアドレスで答えるか (答えないか)、最終的なヘッダー、"
        "インターフェースと次ホップ、\n"
        "通ったすべてのルール・チェインの終わり・ポリシーを順番どおりに比べる。",
    ),
    "hosts": ("hosts", "ホスト"), "decisions": ("decisions", "判定"), "agreed": ("agree", "一致"),
    "undetermined": ("answered `undetermined`", "`undetermined` と答えたもの"),
    "disagree": ("disagree", "不一致"),
    "unrepeated": ("differed once, and not again", "一度だけ異なり、再現しなかったもの"),
    "unrepeated how": (
        "A host where something differs is asked twice more, packet for packet. What never"
        " comes back was not\n"
        "the host's doing: the kernel's log of drops belongs to a thread, and what a bridge"
        " or a timer of the\n"
        "kernel drops meanwhile stands in it as well.",
        "何かが異なったホストには、同じパケットをもう2回与える。"
        "二度と現れない違いはホストによるものではない。\n"
        "カーネルの破棄の記録はスレッドごとのもので、その間にブリッジやカーネルのタイマーが破棄したものも入る。",
    ), "seconds": ("seconds", "秒"), "kernel": ("kernel", "カーネル"),
    "unbuilt": ("hosts that could not be built", "作れなかったホスト"),
    "disagreements": ("Disagreements", "不一致"), "none": ("None.", "なし。"),
    "by reason": ("Answered `undetermined`, by reason", "`undetermined` の理由別"),
    "by kind": ("Hosts by kind of rules", "ルールの種類別のホスト"),
    "exercised": ("What was exercised", "確かめたもの"),
    "exercised how": (
        "Decisions that agree and on whose way the feature was asked: a condition, a set or"
        " a switch was looked\n"
        "at, a target, hook or route was taken. The rows come from the registries of the code itself.",
        "一致した判定のうち、その機能が問われたもの:"
        " 条件・セット・スイッチは調べられたもの、ターゲット・フック・\n"
        "経路は通ったもの。行はコード自身の登録表から作る。",
    ),
    "zero": ("Claimed and not exercised: {}.", "対応しているが確かめていないもの: {}。"),
    "all rows": (
        "Every row that the code claims to support is above zero.",
        "対応しているすべての行が0より大きい。",
    ),
    "limits": ("Known limits", "分かっている限界"), "reason": ("reason", "理由"),
    "feature": ("feature", "機能"),
    "rules": ("rules", "ルール"), "number": ("decisions", "判定"), "host count": ("hosts", "ホスト"),
}  # fmt: skip


class Counted(Protocol):
    """What a report needs of a campaign's tally."""

    hosts: int
    unbuilt: int
    decisions: int
    agreed: int
    undetermined: Counter[str]
    disagreements: list[str]
    unrepeated: list[str]
    features: Counter[str]
    kinds: Counter[str]


def report(tally: Counted, args: argparse.Namespace, seconds: float, language: Language = "en") -> str:
    """The whole page."""
    at = 0 if language == "en" else 1

    def say(key: str) -> str:
        return _WORDS[key][at]

    names = sorted(tally.features) if args.nft else claimed(tally.features)
    rows = {name: tally.features.get(name, 0) for name in names}
    zero = [name for name, number in rows.items() if not number]
    figures = (
        ("hosts", tally.hosts), ("unbuilt", tally.unbuilt), ("decisions", tally.decisions),
        ("agreed", tally.agreed), ("undetermined", sum(tally.undetermined.values())),
        ("disagree", len(tally.disagreements)), ("unrepeated", len(tally.unrepeated)),
        ("seconds", round(seconds)),
    )  # fmt: skip
    lines = [f"# {say('title')}", "", say("written"), "", "```", command(args), "```", "", say("how"), ""]
    lines += ["| | |", "|---|---:|", *(f"| {say(key)} | {number:,} |" for key, number in figures)]
    lines += [f"| {say('kernel')} | {platform.release()} |", "", f"## {say('disagreements')}", ""]
    lines += [f"- {text}" for text in tally.disagreements[:200]] or [say("none")]
    if tally.unrepeated:
        lines += [
            "",
            f"## {say('unrepeated')[0].upper() + say('unrepeated')[1:]}",
            "",
            say("unrepeated how"),
            "",
        ]
        lines += [f"- {text}" for text in tally.unrepeated[:200]]
    lines += ["", f"## {say('by reason')}", "", *_table(say("reason"), say("number"), tally.undetermined)]
    lines += ["", f"## {say('by kind')}", "", *_table(say("rules"), say("host count"), tally.kinds)]
    lines += ["", f"## {say('exercised')}", "", say("exercised how"), ""]
    if not args.nft:  # the code has no registry of nftables' words
        lines += [say("zero").format(", ".join(zero)) if zero else say("all rows"), ""]
    lines += [*_table(say("feature"), say("number"), rows), "", f"## {say('limits')}", ""]
    stop = "." if language == "en" else "。"
    lines += [f"- **{what[at]}**: {why[at]}{stop}" for what, why in LIMITS]
    return "\n".join(lines) + "\n"


def command(args: argparse.Namespace) -> str:
    """How to run the same again."""
    more, page = (" --nft", "conformance-nft") if args.nft else ("", "conformance")
    return (
        f"python -m tests.conformance{more} --hosts {args.hosts} --packets {args.packets} --seed {args.seed}"
        f" --jobs {args.jobs} --report docs/{page}.md"
    )


def claimed(counted: Mapping[str, int]) -> list[str]:
    """Every feature that was met, and those that the code claims, in order."""
    rows = dict.fromkeys(counted)
    for module in matches.CLAIMED - NOT_ASKED:
        if not any(name.startswith(f"match {module or 'generic'} ") for name in counted):
            rows[f"match {module or 'generic'}"] = None
    rows.update(dict.fromkeys(f"target {name}" for name in targets.CLAIMED - NOT_ASKED))
    rows.update(
        dict.fromkeys(f"hook {hook} {table}" for table, hooks in TABLE_HOOKS.items() for hook in hooks)
    )
    rows.update(dict.fromkeys(f"route {kind}" for kind in ROUTE_KINDS))
    rows.update(dict.fromkeys(f"policy rule {word}" for word in RULE_WORDS))
    rows.update(dict.fromkeys(f"set {kind}" for kind in SETS))
    for key in SWITCHES:
        for value in "01" if key != "rp_filter" else "012":
            rows[f"sysctl net.ipv4.conf.IFACE.{key} = {value}"] = None
    rows.update(dict.fromkeys(f"sysctl {key} = {value}" for key in ECHOES for value in "01"))
    rows.update(dict.fromkeys(OF_NETWORK))
    return sorted(rows)


def _table(head: str, number: str, counts: Mapping[str, int]) -> Iterator[str]:
    yield f"| {head} | {number} |"
    yield "|---|---:|"
    for name, count in sorted(counts.items()):
        yield f"| {name} | {count:,} |"
