"""Words for rules that cannot have been loaded: {0} is mostly what iptables itself says."""

from __future__ import annotations

MESSAGES: dict[str, tuple[str, str]] = {
    "refused.words": (
        "This rule cannot have been loaded as it stands; iptables refuses it: {0}",
        "このルールはこのままでは読み込めません。iptablesが拒否します: {0}",
    ),
    "refused.newer": (
        "iptables 1.8.11 refuses this rule ({0}); older versions may have loaded it.",
        "iptables 1.8.11はこのルールを拒否します ({0})。古い版なら読み込めたかもしれません。",
    ),
    "refused.protocol": (
        "This rule cannot have been loaded as it stands: {0} works only with {1}.",
        "このルールはこのままでは読み込めません。{0}には{1}が必要です。",
    ),
    "refused.place": (
        "This rule cannot have been loaded as it stands: {0} does not work in chain {1}.",
        "このルールはこのままでは読み込めません。{0}はチェイン{1}では使えません。",
    ),
    "refused.table": (
        "This rule cannot have been loaded as it stands: {0} works only in table {1}.",
        "このルールはこのままでは読み込めません。{0}は{1}テーブルでしか使えません。",
    ),
    "refused.family": (
        "This rule cannot have been loaded as it stands: {0} exists for IPv{1} only.",
        "このルールはこのままでは読み込めません。{0}はIPv{1}専用です。",
    ),
    "refused.value": (
        "This rule cannot have been loaded as it stands: the kernel refuses the value {2} of {0}'s --{1}.",
        "このルールはこのままでは読み込めません。カーネルは{0}の--{1}に{2}を認めません。",
    ),
    "refused.one-of": (
        "This rule cannot have been loaded as it stands: {0} wants either {1} or {2}.",
        "このルールはこのままでは読み込めません。{0}には{1}と{2}のどちらか一方が必要です。",
    ),
    "refused.syn": (
        "This rule cannot have been loaded as it stands: {0} works only where the rule asks for TCP's SYN "
        "flag.",
        "このルールはこのままでは読み込めません。{0}には、TCPのSYNフラグを調べる条件が必要です。",
    ),
    # ------------------------------------------------------------------ in a doubt
    "rule-not-loadable": (
        "iptables could not have loaded this rule ({0})",
        "iptablesが読み込めないルール ({0})",
    ),
    "set-incomplete": (
        "only a part of set {0} was captured", "セット {0} は一部しか取得されていない",
    ),
}  # fmt: skip
