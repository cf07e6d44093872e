"""Words for what a rule does with the packets that fit it: {0} is the phrase for those packets."""

from __future__ import annotations

MESSAGES: dict[str, tuple[str, str]] = {
    "target.ACCEPT": (
        "{0} are accepted: this table has no more to say.",
        "{0}を許可します。このテーブルの検査はここで終わりです。",
    ),
    "target.DROP": (
        "{0} are dropped, and the sender is told nothing.",
        "{0}を破棄します。送信元には何も知らせません。",
    ),
    "target.REJECT": (
        "{0} are rejected, and the sender is told ({1}).",
        "{0}を拒否し、送信元に知らせます ({1})。",
    ),
    "target.RETURN": (
        "{0} go back to the chain that called this one, to the rule after the call.",
        "{0}は、RETURNで呼び出し元のチェインに戻り、その次のルールへ進みます。",
    ),
    "target.RETURN.builtin": (
        "{0} skip the rest of this chain: its policy decides.",
        "{0}は、チェインの残りを飛ばしてポリシーの判定を受けます。",
    ),
    "target.jump": ("{0} go through chain {1}, {2}", "{0}は、チェイン{1} ({2}) へ進みます。"),
    "target.jump.plain": (
        "{0} go through chain {1} and come back after it unless a rule there decides.",
        "{0}は、チェイン{1}へ進みます。そこで判定が決まらなければ、ここに戻ります。",
    ),
    "target.goto": (
        "{0} go on in chain {1}; from its end they do not come back here but to the chain that called "
        "this one.",
        "{0}は、チェイン{1}へ移ります (goto)。その終わりからは、ここではなく、このチェインの呼び出し元に"
        "戻ります。",
    ),
    "target.jump.missing": (
        "The chain {0} is not among the captured ones, so what happens there is not known.",
        "チェイン{0}は取得されていないため、そこで何が起こるかはわかりません。",
    ),
    "target.jump.empty": (
        "That chain has no rules, so this changes nothing.",
        "このチェインにはルールがないので、何も起こりません。",
    ),
    "target.none": (
        "{0} are only counted; the next rule goes on.",
        "{0}を数えるだけで、次のルールへ進みます。",
    ),
    # ------------------------------------------------------------------ nat
    "target.DNAT": (
        "{0} get the new destination {1}.",
        "{0}の宛先を{1}に書き換えます。",
    ),
    "target.SNAT": ("{0} get the new source {1}.", "{0}の送信元を{1}に書き換えます。"),
    "target.MASQUERADE": (
        "{0} get the address of the interface by which they leave as their source.",
        "{0}の送信元を、出力インターフェースのアドレスに書き換えます。",
    ),
    "target.REDIRECT": (
        "{0} are turned to this host itself{1}.",
        "{0}の宛先をこのホスト自身{1}に書き換えます。",
    ),
    "target.REDIRECT.port": (", port {0}", "のポート{0}"),
    "target.NETMAP": (
        "{0} have the network part of their address replaced by that of {1}; the host part stays.",
        "{0}のアドレスのネットワーク部を{1}のものに置き換えます。ホスト部は変わりません。",
    ),
    "target.nat.ports": ("The source port is taken from {0}.", "送信元ポートは{0}から選びます。"),
    "target.nat.random": ("The port is chosen at random.", "ポートは無作為に選びます。"),
    "target.nat.persistent": (
        "One client gets the same address each time.",
        "同じクライアントには毎回同じアドレスを割り当てます。",
    ),
    # ------------------------------------------------------------------ marks and tracking
    "target.MARK": (
        "{0} get a mark ({1}), a number that later rules and policy rules can ask for; the next rule "
        "goes on.",
        "{0}にマーク ({1}) を付け、次のルールへ進みます。マークは、後のルールやポリシールールで条件に使え"
        "る番号です。",
    ),
    "target.CONNMARK": (
        "For {0} the connection's mark is handled ({1}); the next rule goes on.",
        "{0}について、コネクションのマークを操作し ({1})、次のルールへ進みます。",
    ),
    "target.NOTRACK": (
        "{0} are left out of connection tracking, so NAT does not touch them either.",
        "{0}をコネクション追跡の対象から外します。NATの対象にもなりません。",
    ),
    "target.CT": (
        "For {0} connection tracking is set up ({1}); the next rule goes on.",
        "{0}について、コネクション追跡の方法を指定し ({1})、次のルールへ進みます。",
    ),
    # ------------------------------------------------------------------ pass on
    "target.LOG": (
        "{0} are written to the kernel log{1}; the next rule goes on.",
        "{0}をカーネルログに記録し{1}、次のルールへ進みます。",
    ),
    "target.LOG.prefix": (' with "{0}" in front', " (先頭に「{0}」)"),
    "target.NFLOG": (
        "{0} are reported to a logging program ({1}); the next rule goes on.",
        "{0}をログ用のプログラムに渡し ({1})、次のルールへ進みます。",
    ),
    "target.TRACE": (
        "{0} are traced by the kernel rule by rule from here on.",
        "{0}を、ここから先カーネルがルールごとに記録します (TRACE)。",
    ),
    "target.TCPMSS": (
        "{0} have the TCP segment size that they announce lowered ({1}), so that later packets fit the "
        "way; the next rule goes on.",
        "{0}が通知するTCPの最大セグメントサイズを調整し ({1})、次のルールへ進みます。後のパケットが経路に"
        "収まるようにするためです。",
    ),
    "target.CHECKSUM": (
        "{0} get their checksum filled in; the next rule goes on.",
        "{0}のチェックサムを計算して埋め、次のルールへ進みます。",
    ),
    "target.field": (
        "{0} have a header field changed ({1}); the next rule goes on.",
        "{0}のヘッダーの値を変え ({1})、次のルールへ進みます。",
    ),
    "target.SET": (
        "For {0} an ipset is changed ({1}); the next rule goes on.",
        "{0}をもとにipsetを更新し ({1})、次のルールへ進みます。",
    ),
    "target.NFQUEUE": (
        "{0} are handed to a program ({1}), which decides; Sekisho cannot know how.",
        "{0}をプログラムに渡し ({1})、判定を任せます。その結果はSekishoにはわかりません。",
    ),
    "target.TPROXY": (
        "{0} are handed to a local proxy's socket ({1}) without changing their destination.",
        "{0}を、宛先を変えずに、ローカルのプロキシのソケットに渡します ({1})。",
    ),
    "target.passing": (
        "{0} are handled by {1}, which does not decide where they go; the next rule goes on.",
        "{0}に{1}の処理をして、次のルールへ進みます。行き先は変わりません。",
    ),
    "target.unknown": (
        "{0} are handed to the target {1}. This target is not known to Sekisho; answers that depend on "
        "it are undetermined.",
        "{0}をターゲット{1}に渡します。このターゲットはSekishoが知らないもので、これに左右される答えは"
        "「判定できない」になります。",
    ),
    "target.unknown.chain": (
        "{0} go to {1}: a chain that was not captured, or a target that Sekisho does not know; answers that "
        "depend on it are undetermined.",
        "{0}は{1}へ進みます。取得されていないチェインか、Sekishoの知らないターゲットです。これに左右される答"
        "えは「判定できない」になります。",
    ),
    "target.option.unknown": (
        'Of its target this is not known to Sekisho: "{0}"; answers that depend on it are undetermined.',
        "ターゲットのうち「{0}」はSekishoが知らないものです。これに左右される答えは「判定できない」になり"
        "ます。",
    ),
    # ------------------------------------------------------------------ counters
    "counter.never": (
        "No packet has hit this rule so far.",
        "このルールに一致したパケットは、まだありません。",
    ),
    "counter.packets": (
        "{0} packets ({1} bytes) so far.",
        "これまでに{0}パケット ({1}バイト) が一致しました。",
    ),
    "counter.one": ("1 packet ({0} bytes) so far.", "これまでに1パケット ({0}バイト) が一致しました。"),
    "counter.connections": (
        "{0} connections so far ({1} bytes in their first packets; nat is asked about first packets only).",
        "これまでに{0}件のコネクションが一致しました (最初のパケットの合計{1}バイト。natに渡るのは最初の"
        "パケットだけです)。",
    ),
    "counter.connection": (
        "1 connection so far ({0} bytes; nat is asked about first packets only).",
        "これまでに1件のコネクションが一致しました ({0}バイト。natに渡るのは最初のパケットだけです)。",
    ),
    "reject.default": ("ICMP: port unreachable", "ICMP: ポート到達不能"),
    "reject.tcp-reset": ("TCP reset: connection refused", "TCPリセット: 接続拒否"),
    "reject.other": ("ICMP: {0}", "ICMP: {0}"),
    # ------------------------------------------------------------------ said before: in brief
    "target.ACCEPT.again": (
        "{0} are accepted.",
        "{0}を許可します。",
    ),
    "target.DROP.again": (
        "{0} are dropped.",
        "{0}を破棄します。",
    ),
    "target.RETURN.again": (
        "{0} go back to the chain that called this one.",
        "{0}は、呼び出し元のチェインに戻ります。",
    ),
    "counter.connections.again": (
        "{0} connections so far.",
        "これまでに{0}件のコネクションが一致しました。",
    ),
    "counter.connection.again": (
        "1 connection so far.",
        "これまでに1件のコネクションが一致しました。",
    ),
}
