"""Words for nftables rule sets, and for what of them cannot be decided."""

from __future__ import annotations

MESSAGES: dict[str, tuple[str, str]] = {
    # ------------------------------------------------------------------ steps and doubts of a trace
    "chain-not-read": (
        "the head of chain {0} could not be read: it may stand at any hook",
        "チェイン {0} の宣言を読み取れない: どのフックにもかかりうる",
    ),
    "table-not-read": (
        "a line of the nftables listing could not be read, it may be anything: {0}",
        "nftablesの一覧に読み取れない行があり、何でもありうる: {0}",
    ),
    "set-not-read": (
        "set {0} could not be read whole: nobody can say what it holds",
        "セット {0} を全部は読み取れない: 何が入っているか分からない",
    ),
    "nft-rest-not-captured": (
        "other tables and chains of nftables, if there are any, not captured: taken as none",
        "nftablesのほかのテーブルやチェインは未取得: ないものとみなす",
    ),
    "rule-part": ("(the rule goes on)", "(ルールの続きあり)"),
    "match-lost-in-listing": (
        "nft's listing does not tell all of iptables' match {0}: capture iptables-save as well",
        "nftの出力ではiptablesのマッチ {0} の内容が欠ける: iptables-saveも取得してください",
    ),
    "target-lost-in-listing": (
        "nft's listing does not tell all of iptables' target {0}: capture iptables-save as well",
        "nftの出力ではiptablesのターゲット {0} の内容が欠ける: iptables-saveも取得してください",
    ),
    "chain-not-captured": ("chain {0} is not in the captured table", "チェイン {0} が取得したテーブルにない"),
    "bridge-conntrack": (
        "depends on the bridge's own connection tracking: {0}",
        "ブリッジ独自のコネクション追跡による: {0}",
    ),
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
    # ------------------------------------------------------------------ tables
    "nft.same": (
        "The nft command's view of a table that the iptables command manages; it is explained in the "
        "iptables listing.",
        "iptablesコマンドが管理するテーブルを、nftコマンドから見たものです。説明はiptablesの一覧のほうに"
        "あります。",
    ),
    "nft.table": (
        "Table {0} of nftables, for {1}. Its chains stand beside those of all other tables, iptables' "
        "included; each is passed in the order of its priority.",
        "nftablesのテーブル{0} ({1}用) です。チェインは、iptablesを含むほかのテーブルのチェインと並び、優"
        "先度の順に通ります。",
    ),
    "nft.family.ip": ("IPv4", "IPv4"),
    "nft.family.ip6": ("IPv6", "IPv6"),
    "nft.family.inet": ("IPv4 and IPv6", "IPv4とIPv6"),
    "nft.family.bridge": ("frames that a bridge passes", "ブリッジを通るフレーム"),
    "nft.family.arp": ("ARP", "ARP"),
    "nft.family.netdev": ("everything on an interface", "インターフェースを通るすべて"),
    "nft.docker": (
        "Docker writes it (firewall-backend nftables).",
        "Dockerが書くテーブルです (ファイアウォールのバックエンドがnftables)。",
    ),
    "nft.managed": (
        "The iptables command manages it: change it with iptables, not with nft.",
        "iptablesコマンドが管理しています。変更はnftではなくiptablesで行います。",
    ),
    "nft.dormant": (
        "It is dormant: none of its chains runs.",
        "休止中 (dormant) のため、どのチェインも動きません。",
    ),
    # ------------------------------------------------------------------ chains
    "nft.hook.ingress": (
        "Everything that arrives on {0} passes here first, before connection tracking and routing.",
        "{0}に届いたものがすべて、コネクション追跡や経路の決定より前に、最初に通ります。",
    ),
    "nft.hook.egress": (
        "Everything that leaves by {0} passes here last.",
        "{0}から出ていくものがすべて、最後に通ります。",
    ),
    "nft.hook.other": ("It stands at the hook {0}.", "フック{0}にあります。"),
    "nft.priority": (
        "Priority {0}: of the chains at this hook, those with lower numbers come before it.",
        "優先度{0}: このフックでは、数の小さいチェインが先です。",
    ),
    "nft.priority.nat": (
        "Only a connection's first packet asks this chain. Priority {0} tells the order among nat chains.",
        "コネクションの最初のパケットだけが通ります。優先度{0}は、NATのチェイン同士の順番です。",
    ),
    "nft.route": (
        "Where it changes a packet's mark, the kernel looks for a route again.",
        "ここでマークが変わると、カーネルは経路を引き直します。",
    ),
    "nft.policy.accept": (
        "Packets about which no rule decides go on to the next chain (policy accept).",
        "どのルールでも判定が決まらなかったパケットは、次のチェインへ進みます (ポリシーaccept)。",
    ),
    "nft.policy.drop": (
        "Packets about which no rule decides are dropped for good (policy drop); a chain of another table "
        "cannot bring them back.",
        "どのルールでも判定が決まらなかったパケットは破棄します (ポリシーdrop)。ほかのテーブルのチェインで"
        "も救えません。",
    ),
    "nft.map.name": ("the map {0}", "マップ{0}"),
    # ------------------------------------------------------------------ conditions
    "nft.one_of": ("one of the set {0}", "セット{0}のどれか"),
    "nft.more": ("{0} more", "ほか{0}個"),
    "nft.nfproto": ("are {0}", "{0}のもの"),
    "nft.nfproto.not": ("are not {0}", "{0}以外のもの"),
    "nft.tcp-flags": ("have at least one of the TCP flags {0} set", "TCPフラグ{0}のいずれかが立っているもの"),
    "nft.tcp-flags.not": (
        "have none of the TCP flags {0} set",
        "TCPフラグ{0}のいずれも立っていないもの",
    ),
    "nft.limit": ("stay within the limit ({0})", "頻度が制限 ({0}) の内"),
    "nft.limit.over": ("are beyond the limit ({0})", "頻度が制限 ({0}) を超えたもの"),
    "nft.xt.match": ('fit the iptables match "{0}"', "iptablesのマッチ「{0}」に合うもの"),
    "nft.xt.note": (
        "This listing names the iptables match {0} but not its options: capture iptables-save as well.",
        "この一覧にはiptablesのマッチ{0}の名前だけがあり、オプションがありません。iptables-saveも取得してく"
        "ださい。",
    ),
    "nft.xt.blank": (
        "fit what this listing leaves blank",
        "この一覧では空白になっている条件に合うもの",
    ),
    "nft.translated": (
        "This listing writes a rule of iptables in nft's words, which may leave out something of it; answers "
        "that depend on it are undetermined. Capture iptables-save as well.",
        "この一覧はiptablesのルールをnftの言葉に直したもので、条件が抜けている場合があります。これに左右さ"
        "れる答えは「判定できない」になります。iptables-saveも取得してください。",
    ),
    "nft.they": ("They", "そのパケット"),
    "nft.of_them": ("Of them: {0}", "そのうち{0}"),
    # ------------------------------------------------------------------ acts
    "nft.accept": (
        "{0} are accepted here and go on to the next chain; a later chain can still drop them.",
        "{0}をこのチェインでは許可し、次のチェインへ進めます。後のチェインで破棄されることもあります。",
    ),
    "nft.braces.jump": (
        "{0} go through the rules in the braces and come back after them unless a rule there decides.",
        "{0}は、波括弧の中のルールへ進みます。そこで判定が決まらなければ、ここに戻ります。",
    ),
    "nft.braces.goto": (
        "{0} go on with the rules in the braces; from their end they do not come back here but to the chain "
        "that called this one.",
        "{0}は、波括弧の中のルールへ移ります (goto)。その終わりからは、ここではなく、このチェインの"
        "呼び出し元に戻ります。",
    ),
    "nft.vmap": (
        "{0} are judged by what the map has for their {1}: {2}. Where it has nothing, the next rule goes on.",
        "{0}の判定は、マップの{1}の項目で決まります: {2}。項目がなければ次のルールへ進みます。",
    ),
    "nft.vmap.named": (
        "{0} are judged by what the map {2} has for their {1}. Where it has nothing, the next rule goes on.",
        "{0}の判定は、マップ{2}の{1}の項目で決まります。項目がなければ次のルールへ進みます。",
    ),
    "nft.key.in": ("incoming interface", "入力インターフェース"),
    "nft.key.out": ("outgoing interface", "出力インターフェース"),
    "nft.key.src": ("source address", "送信元アドレス"),
    "nft.key.dst": ("destination address", "宛先アドレス"),
    "nft.key.dport": ("destination port", "宛先ポート"),
    "nft.key.state": ("connection state", "コネクションの状態"),
    "nft.key.mark": ("mark", "マーク"),
    "nft.key.protocol": ("protocol", "プロトコル"),
    "nft.nat.map.dst": (
        "{0} get the new destination that the map has for their {1}: {2}.",
        "{0}の宛先を、マップの{1}の項目の値に書き換えます: {2}。",
    ),
    "nft.nat.map.src": (
        "{0} get the new source that the map has for their {1}: {2}.",
        "{0}の送信元を、マップの{1}の項目の値に書き換えます: {2}。",
    ),
    "nft.nat.family": ("This holds for {0} only.", "{0}だけが対象です。"),
    "nft.map.missing": ("the map {0} was not captured", "マップ{0}は取得されていません"),
    "nft.map.empty": ("it is empty", "空です"),
    "nft.update": (
        "{0} are noted in the set {1}; the next statement goes on.",
        "{0}をセット{1}に記録し、先へ進みます。",
    ),
    "nft.update.other": (
        "{0} change the set {1} ({2}); the next statement goes on.",
        "{0}によってセット{1}を変更し ({2})、先へ進みます。",
    ),
    "nft.flow": (
        "The connections of {0} are handed to the flowtable {1}: their later packets bypass all chains.",
        "{0}のコネクションをフローテーブル{1}に渡します。以後のパケットはどのチェインも通りません。",
    ),
    "nft.xt.target": (
        "{0} meet the iptables target {1}, whose options this listing does not show; answers that depend on "
        "it are undetermined. Capture iptables-save as well.",
        "{0}にiptablesのターゲット{1}を適用します。この一覧にはオプションがないため、これに左右される答え"
        "は「判定できない」になります。iptables-saveも取得してください。",
    ),
    "nft.act": ("{0} meet this: {1}.", "{0}に次を適用します: {1}。"),
    # ------------------------------------------------------------------ sets and objects
    "nft.set.plain": ("The set {0} of values of type {1}.", "型{1}の値のセット{0}です。"),
    "nft.set.map": (
        "The map {0}: for values of type {1} it has one of type {2}.",
        "マップ{0}です。型{1}の値から型{2}の値を引きます。",
    ),
    "nft.set.vmap": (
        "The verdict map {0}: it says what happens to packets by a value of type {1}.",
        "判定マップ{0}です。型{1}の値によって、パケットの扱いを決めます。",
    ),
    "nft.set.holds": ("It holds {0}: {1}.", "要素は{0}個: {1}。"),
    "nft.set.moves": (
        "Rules change it, or its elements run out: what was captured is a moment's state.",
        "ルールが書き換えるか、要素に期限があります。取得されたのはある時点の状態です。",
    ),
    "nft.flowtable": (
        "The flowtable {0} on {1}: connections that a rule hands to it bypass all chains from then on.",
        "フローテーブル{0} ({1}) です。ルールが渡したコネクションは、以後どのチェインも通りません。",
    ),
    "nft.object": (
        "The {0} {1}: rules use it by its name.",
        "名前の付いた{0}「{1}」です。ルールから名前で使います。",
    ),
}
