"""Words for what front ends and scripts say, for Docker's short listings, and for packets in the kernel's
log."""

from __future__ import annotations

MESSAGES: dict[str, tuple[str, str]] = {
    "section.front-ends": (
        "Front ends (ufw, firewalld): what they were told",
        "フロントエンド (ufw、firewalld) の設定",
    ),
    "section.commands": ("Commands that change rules", "ルールを変更するコマンド"),
    "section.documents": ("Files for Docker", "Docker用のファイル"),
    "section.log": ("Packets in the kernel's log", "カーネルログのパケット"),
    "frontend.intent": (
        "This is what the front end was told. The rules that it made of it stand in iptables-save and "
        "nft list ruleset: where those were not captured, answers that pass them stay undetermined.",
        "これはフロントエンドへの指示です。そこから作られたルールは iptables-save と nft list ruleset "
        "に表れます。それらが未取得なら、ルールを通る問いの答えは未確定になります。",
    ),
    # ------------------------------------------------------------------------------------ ufw
    "ufw.active": (
        "ufw is active: its rules are in the kernel.",
        "ufwは有効で、ルールがカーネルに入っています。",
    ),
    "ufw.inactive": (
        "ufw is not active: it has no rules of its own in force. Others may have.",
        "ufwは無効で、ufw自身のルールは効いていません。ほかのルールはありえます。",
    ),
    "ufw.logging": ("Logging: {0}.", "ログ: {0}。"),
    "ufw.default": (
        'What no rule decides: {0}. "routed" is what this host forwards, containers\' packets among it.',
        "どのルールにも当たらないとき: {0}。routedはこのホストが転送するもので、コンテナのパケットも含みま"
        "す。",
    ),
    "ufw.profiles": (
        "Profiles that are newly installed: {0}.",
        "新しく入るアプリケーションプロファイル: {0}。",
    ),
    "ufw.rule-in": (
        "To this host: {0} what comes from {1} to {2}.",
        "このホスト宛: {1} から {2} へのものを{0}。",
    ),
    "ufw.rule-out": (
        "From this host: {0} what goes from {1} to {2}.",
        "このホスト発: {1} から {2} へのものを{0}。",
    ),
    "ufw.rule-fwd": (
        "Forwarded: {0} what goes from {1} to {2}.",
        "転送: {1} から {2} へのものを{0}。",
    ),
    "ufw.allow": ("let in", "通す"),
    "ufw.deny": ("drop", "破棄する"),
    "ufw.reject": ("reject", "拒否する"),
    "ufw.limit": ("let in, but for whoever comes too often,", "通す (短時間に繰り返す相手は拒否)"),
    "ufw.comment": ("Note: {0}.", "注記: {0}。"),
    # -------------------------------------------------------------------------------- firewalld
    "firewalld.zone": ("Zone {0}, which nothing uses now.", "ゾーン{0}。現在は使われていません。"),
    "firewalld.zone.active": (
        "Zone {0}: for what comes in by its interfaces or from its sources.",
        "ゾーン{0}: 次のインターフェースや送信元から入るものに適用されます。",
    ),
    "firewalld.setting": ("Zone {0}, {1}: {2}.", "ゾーン{0}の{1}: {2}。"),
    "firewalld.nothing": ("Zone {0}, {1}: none.", "ゾーン{0}の{1}: なし。"),
    # ----------------------------------------------------------------------------------- scripts
    "script.comment": ("A comment.", "コメントです。"),
    "script.set": ("Sets a variable of the script.", "スクリプトの変数を設定します。"),
    "script.other": ("{0}: changes no rule.", "{0}: ルールは変更しません。"),
    "script.looks": ("Only looks at rules.", "ルールを表示または確認するだけです。"),
    "script.flush": (
        "Empties chain {1} of table {0}; its policy stays.",
        "{0}テーブルのチェイン{1}を空にします。ポリシーは変わりません。",
    ),
    "script.flush.all": (
        "Empties every chain of table {0}, whoever made its rules, Docker's too; policies stay.",
        "{0}テーブルのすべてのチェインを空にします。Dockerのものも含みます。ポリシーは変わりません。",
    ),
    "script.delete-chain": ("Deletes chain {1} of table {0}.", "{0}テーブルのチェイン{1}を削除します。"),
    "script.delete-chain.all": (
        "Deletes the chains of table {0} that are not built in.",
        "{0}テーブルの組み込みでないチェインを削除します。",
    ),
    "script.delete": (
        "Deletes a rule of chain {1} in table {0}.",
        "{0}テーブルのチェイン{1}のルールを1つ削除します。",
    ),
    "script.undone": (
        "A later command leaves nothing of this in table {0}.",
        "後のコマンドのため、{0}テーブルには残りません。",
    ),
    "script.zero": ("Sets counters to zero.", "カウンターをゼロに戻します。"),
    "script.shown": (
        "The listing of table {0} that follows shows what became of it.",
        "結果は、この後にある{0}テーブルの一覧に表れています。",
    ),
    "script.changes": (
        "This comes after the listing of table {0}, which is no longer as it was: iptables-save shows it "
        "now.",
        "{0}テーブルの一覧より後のコマンドなので、一覧はもう最新ではありません。iptables-save で確認できま"
        "す。",
    ),
    # --------------------------------------------------------------------------------- documents
    "document.compose": (
        "A compose file: what Docker would be told, not what is there. sekisho plan tells what it would "
        "change.",
        "composeファイルです。Dockerへの指示であり、現在の状態ではありません。何が変わるかは sekisho plan "
        "でわか"
        "ります。",
    ),
    "document.daemon": (
        "dockerd's settings (daemon.json): what it is told when it starts.",
        "dockerdの設定 (daemon.json) です。起動時の指示です。",
    ),
    # --------------------------------------------------------------------------- Docker's listings
    "listed.container": ("Container {0}{1}.", "コンテナ{0}{1}です。"),
    "listed.container.nameless": (
        "A container{0}, whose name is not told here.",
        "コンテナ{0}です。名前は不明です。",
    ),
    "listed.running": ("It is running.", "実行中です。"),
    "listed.networks": ("It is on network {0}.", "ネットワーク{0}に接続しています。"),
    "listed.addresses": ("It has {0}.", "アドレス: {0}。"),
    "listed.address.rule": (
        "By the rule that publishes its port it has {0}.",
        "ポートを公開するルールから、アドレスは{0}です。",
    ),
    "listed.address.unknown": (
        "Its address is not told here: docker inspect does.",
        "アドレスはここではわかりません。docker inspect でわかります。",
    ),
    "listed.network": (
        "Network {0}, driver {1}. Its addresses are not told here: docker network inspect does.",
        "ネットワーク{0}、ドライバーは{1}です。アドレスはここではわかりません。docker network inspect でわ"
        "かりま"
        "す。",
    ),
    "listed.network.bridge": ("On this host it is the bridge {0}.", "このホストではブリッジ{0}です。"),
    # ---------------------------------------------------------------------------------- kernel log
    "log.packet": ("A {0} packet from {1} to {2}.", "{1} から {2} への {0} パケットです。"),
    "log.icmp": ("{0} type {1}, code {2}", "{0} タイプ{1}、コード{2}"),
    "log.end": ("{0} port {1}", "{0} のポート{1}"),
    "log.forward": (
        "It came in by {0} and was on its way out by {1}: forwarded.",
        "{0} から入り、{1} から出るところでした (転送)。",
    ),
    "log.input": (
        "It came in by {0}, and was for this host itself or not routed yet (PREROUTING).",
        "{0} から入ったもので、このホスト自身宛か、まだ経路が決まる前 (PREROUTING) です。",
    ),
    "log.output": (
        "It came from this host and was leaving by {0}.",
        "このホスト自身が送り、{0} から出るところでした。",
    ),
    "log.prefix": ('The rule that wrote it says "{0}".', "記録したルールのログの前置きは「{0}」です。"),
    "log.rule": ("With that prefix there is {0}.", "その前置きを持つルールは {0} です。"),
    "log.rule.none": (
        "No captured rule has that prefix.",
        "取得されたルールの中に、その前置きを持つものはありません。",
    ),
    "log.rule.not_captured": (
        "Which rule that is, iptables-save or nft list ruleset would show.",
        "どのルールかは、iptables-save や nft list ruleset でわかります。",
    ),
    "log.not_verdict": (
        "To be logged is not to be dropped: the rules behind it decide.",
        "ログに残ることと破棄されることは別です。その後のルールが決めます。",
    ),
    "log.trace": (
        "What decides about it, and so what would let it through: {0}",
        "何が決め手か、どうすれば通るかを調べるには: {0}",
    ),
}
