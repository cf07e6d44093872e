"""Words for nftables rule sets, and for what of them cannot be decided."""

from __future__ import annotations

MESSAGES: dict[str, tuple[str, str]] = {
    # ------------------------------------------------------------------ steps and doubts of a trace
    "rule-part": ("(the rule goes on)", "(ルールの続きあり)"),
    "chain-not-captured": ("chain {0} is not in the captured table", "チェイン {0} が取得したテーブルにない"),
    "expression-not-understood": (
        "this nftables expression is not known to Sekisho: {0}",
        "Sekishoの知らないnftablesの式: {0}",
    ),
    "set-moves": (
        "set {0} changes by itself: its elements may be others by now",
        "セット {0} は自動的に変わるため、要素が取得時とは違っているかもしれない",
    ),
    "fib-lookup": ("depends on a route lookup: fib {0} {1}", "経路の検索結果による: fib {0} {1}"),
    "route-field": ("depends on a property of the route: {0}", "経路の属性による: {0}"),
    "link-layer": ("depends on the link layer: {0}", "データリンク層の内容による: {0}"),
    "packet-priority": ("depends on the packet's priority: {0}", "パケットの優先度による: {0}"),
    "connection-age": ("depends on the connection's age: {0}", "コネクションの経過時間による: {0}"),
    "connection-status": (
        "compares all bits of the connection's status at once: {0}",
        "コネクションのステータスの全ビットをまとめて比較している: {0}",
    ),
    "synproxy": ("the kernel answers the SYN itself: {0}", "カーネルがSYNに自分で応答する: {0}"),
    "tproxy": ("hands the packet to a transparent proxy: {0}", "パケットを透過プロキシーへ渡す: {0}"),
    "sent-on-at-ingress": (
        "sends the packet out by another interface before routing: {0}",
        "ルーティングの前に別のインターフェースから送り出す: {0}",
    ),
    "nft.same": (
        "The nft command's view of a table that the iptables command manages; it is explained in the "
        "iptables listing.",
        "iptablesコマンドが管理するテーブルを、nftコマンドから見たものです。説明はiptablesの一覧のほうに"
        "あります。",
    ),
    "nft.table": ("nftables table {0} ({1}).", "nftablesのテーブル{0} ({1}) です。"),
    "nft.base": (
        "nftables base chain {0}: the kernel runs it at hook {1}, priority {2}, policy {3}.",
        "nftablesの基本チェイン{0}です。カーネルがフック{1}、優先度{2}で実行します。ポリシーは{3}です。",
    ),
    "nft.chain": (
        "nftables chain {0}: passed only when a rule jumps to it.",
        "nftablesのチェイン{0}です。ルールから呼び出されたときだけ通ります。",
    ),
    "nft.rule": (
        "A rule of nftables chain {0}{1}. Sekisho keeps it as captured and does not read it: answers "
        "that depend on it are undetermined.",
        "nftablesのチェイン{0}のルールです{1}。Sekishoは取得したまま保管し、内容を読み取りません。これに"
        "左右される答えは「判定できない」になります。",
    ),
    "nft.rule.comment": (' (its own comment: "{0}")', " (付いたコメント: 「{0}」)"),
    "nft.set": (
        "The {0} {1}, a list that nftables rules ask.",
        "nftablesのルールが参照する一覧 ({0} {1}) です。",
    ),
    "nft.docker": (
        "Docker writes it (firewall-backend nftables).",
        "Dockerが書くテーブルです (ファイアウォールのバックエンドがnftables)。",
    ),
    "nft.other": (
        "An nftables object of kind {0}; it decides nothing by itself.",
        "nftablesの{0}というオブジェクトで、それ自体は何も判定しません。",
    ),
}
