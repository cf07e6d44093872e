"""The words of a trace: what stations decided, what an answer leans on, why something is open.

id -> (English, Japanese); the arguments' places are {0}, {1}...
"""

from __future__ import annotations

MESSAGES: dict[str, tuple[str, str]] = {
    # ---------------------------------------------------------------------------- dispositions
    "disposition.delivered": ("delivered", "届く"),
    "disposition.exits": ("leaves the host", "ホストの外へ出る"),
    "disposition.dropped": ("dropped", "破棄される"),
    "disposition.rejected": ("rejected", "拒否される"),
    "disposition.no_route": ("no route", "経路がない"),
    "disposition.blackhole": ("swallowed by a blackhole route", "blackhole経路に捨てられる"),
    "disposition.prohibited": ("prohibited by a route", "prohibit経路で拒まれる"),
    "disposition.unreachable": ("unreachable by a route", "unreachable経路で到達不能とされる"),
    "disposition.not_forwarding": (
        "not forwarded: IP forwarding is off",
        "転送されない (IPフォワーディングが無効)",
    ),
    "disposition.martian": ("refused as a martian address", "ありえないアドレス (martian) として捨てられる"),
    "disposition.rpfilter": ("refused by rp_filter", "rp_filterに捨てられる"),
    "disposition.neighbour_failed": ("nobody answers at the next hop", "ネクストホップが応答しない"),
    "disposition.link_down": ("the interface is down", "インターフェースが停止している"),
    "disposition.no_socket": ("no socket listens there", "待ち受けるソケットがない"),
    "disposition.ttl_expired": ("time to live exceeded", "TTL切れ"),
    "disposition.too_big": ("too big for the way", "大きすぎて通れない"),
    "disposition.sg_denied": ("denied by a security group", "セキュリティグループに拒まれる"),
    "disposition.nacl_denied": ("denied by a network ACL", "ネットワークACLに拒まれる"),
    "disposition.source_dest_check": (
        "dropped by the source/destination check", "送信元/送信先チェックに捨てられる",
    ),
    "disposition.loop": ("goes round in circles", "同じところを回り続ける"),
    "disposition.undetermined": ("undetermined", "判定できない"),
    # ------------------------------------------------------------------------------- the frame
    "trace.forward": ("Forward", "行き"),
    "trace.reply": ("Reply", "戻り"),
    "trace.not-home": (
        "the sender does not get it: it goes elsewhere, or comes from whom nobody called",
        "送信元には届かない: 別のところへ行くか、呼んだ相手ではないところから来る",
    ),
    "call.cell": ("{0} -> {1}: {2}", "{0} -> {1}: {2}"),
    "call.way": ("{0}: {1}", "{0}: {1}"),
    "call.yes": ("yes", "届く"),
    "call.no": ("no", "届かない"),
    "call.perhaps": ("nobody can say", "判定できない"),
    "call.published": ("by the published port {0}", "公開ポート {0} 経由"),
    "call.direct": ("by its own address {0}", "それ自身のアドレス {0} 宛て"),
    "call.unaddressable": (
        "no, the Internet routes no packet there",
        "届かない (インターネットからそこへはパケットが来ない)",
    ),
    "call.would-be": (
        "{0}: what would become of such a packet if it came",
        "{0}: もしパケットが来たらどうなるか",
    ),
    "trace.to": ("{0} to {1}", "{0} ({1})"),
    "trace.by": ("{0} by {1} towards {2}", "{0} ({1} から {2} へ)"),
    "trace.leans-on": ("This answer leans on:", "この答えの前提:"),
    "trace.because": ("Undetermined because:", "判定できない理由:"),
    "trace.one-of": ("It ends in one of these ways:", "次のいずれかになる:"),
    "trace.shown": ("(the steps above)", "(上に示した経過)"),
    "trace.way-open": ("decided by what Sekisho does not understand", "Sekishoの理解できないものが決める"),
    "trace.more": ("and {0} more", "ほか{0}通り"),
    "trace.answered": ("the sender is told: {0}", "送信元への通知: {0}"),
    "trace.kernel": ("the kernel's reason: {0}", "カーネルの破棄理由: {0}"),
    "trace.decided-by": ("decided by", "決め手"),
    "trace.node": ("{0}: in by {1}", "{0}: {1} から入る"),
    "trace.node-local": ("{0}: sent by a local process", "{0}: ローカルのプロセスが送信"),
    "trace.policy": ("policy", "ポリシー"),
    "trace.chain-end": ("end of chain", "チェインの終わり"),
    "chain-again": ("comes back as before ({0} steps)", "前と同じ経過で戻る ({0} ステップ)"),
    # ------------------------------------------------------------------------------- routing
    "route-local": ("for this host itself", "このホスト自身宛て"),
    "route-forward-via": ("forward out of {0} via {1}", "{1} 経由で {0} から転送"),
    "route-forward-on-link": ("forward out of {0}, reached directly", "{0} から転送 (同一リンクで直接届く)"),
    "route-output-via": ("send out of {0} via {1}", "{1} 経由で {0} から送信"),
    "route-output-on-link": ("send out of {0}, reached directly", "{0} から送信 (同一リンクで直接届く)"),
    "route-output-local": ("stays on this host, over lo", "このホスト宛てなので lo を通る"),
    "route-no-route": ("no route fits", "合う経路がない"),
    "route-blackhole": ("a blackhole route fits", "blackhole経路に合う"),
    "route-prohibited": ("a prohibit route fits", "prohibit経路に合う"),
    "route-unreachable": ("an unreachable route fits", "unreachable経路に合う"),
    "route-not-forwarding": (
        "is for another host, and forwarding is off here", "他のホスト宛てだが、ここでは転送が無効",
    ),
    "route-martian": (
        "an address that cannot come from there", "そこから来るはずのないアドレス",
    ),
    "route-rpfilter": (
        "the way back to the source does not fit (rp_filter)", "送信元への戻りの経路が合わない (rp_filter)",
    ),
    "forward-for-everybody": (
        "the frame was sent to everybody: it is not forwarded", "全体宛てのフレームなので転送しない",
    ),
    "too-big": (
        "longer than the {1} bytes that may go out of {0}, and nobody may cut it",
        "{0} から出せる {1} バイトより長く、途中で分割もできない",
    ),
    "message-too-long": (
        "the socket refuses it: longer than the {1} bytes that may go out of {0}, with DF set",
        "ソケットが断る: {0} から出せる {1} バイトより長く、DFが立っている",
    ),
    "mtu-not-captured": (
        "the MTU of {0} is not captured: whether the packet fits is open",
        "{0} のMTUは未取得: パケットが収まるかは不明",
    ),
    "ttl-expired": ("the time to live is used up", "TTLを使い切った"),
    # ------------------------------------------------------------------------------- conntrack
    "conntrack-restores-dst": (
        "connection tracking restores the destination of the reply", "コネクション追跡が応答の宛先を元に戻す",
    ),
    "conntrack-restores-src": (
        "connection tracking restores the source of the reply", "コネクション追跡が応答の送信元を元に戻す",
    ),
    "conntrack-translates-dst": (
        "translated as the connection's first packet was", "コネクションの最初のパケットと同じ宛先変換",
    ),
    "conntrack-translates-src": (
        "translated as the connection's first packet was", "コネクションの最初のパケットと同じ送信元変換",
    ),
    # ---------------------------------------------------------------------------- bridge and out
    "bridge-to": ("{0} hands it to {1} ({2})", "{0} が {1} ({2}) に渡す"),
    "bridge-to-address": ("{0} hands it to {1}", "{0} が {1} に渡す"),
    "bridge-switches": (
        "{0} switches it between two ports: netfilter does not see it",
        "{0} がポート間で中継する (netfilterは関与しない)",
    ),
    "bridge-netfilter": (
        "{0} switches it, and netfilter sees it (bridge-nf-call-iptables = 1)",
        "{0} が中継し、netfilterも通る (bridge-nf-call-iptables = 1)",
    ),
    "bridge-no-hairpin": (
        "{0} does not send a frame back out of the port of {1}: hairpin mode is off",
        "{0} は {1} のポートへフレームを折り返さない (ヘアピンモードが無効)",
    ),
    "icmp-ignored": ("{1} leaves this {0} unanswered", "{1} はこの {0} に応答しない"),
    "leaves-by": ("leaves by {0} towards {1}", "{0} から {1} へ出ていく"),
    "leaves-by-bridge": (
        "leaves by {0} towards {1}; who is there is not captured",
        "{0} から {1} へ出ていく (そこに何があるかは取得されていない)",
    ),
    "no-carrier": (
        "{0} has no carrier: nothing is connected to it", "{0} にキャリアがない: 何もつながっていない",
    ),
    "solicitation-refused": (
        "{1} on {0} is not found: {2} refuses the solicitation or its answer",
        "{0} の {1} が見つからない: {2} が近隣要請かその応答を拒む",
    ),
    "nobody-answers": ("nobody has {1} on {0}", "{0} に {1} を持つものがない"),
    # ------------------------------------------------------------------------------- sockets
    "socket-waiting": (
        "the process on {0} that waits for it takes it",
        "待っている {0} のプロセスが受け取る",
    ),
    "socket-found": ("a socket listens on {0} port {1} {2}", "{0} ポート {1} でソケットが待ち受けている {2}"),
    "socket-assumed": (
        "a listener on {0} port {1} of {2} is assumed", "{2} の {0} ポート {1} に待ち受けがあるとみなす",
    ),
    "socket-none": ("nothing listens on {0} port {1}", "{0} ポート {1} で待ち受けるものがない"),
    "socket-docker-proxy": (
        "{0} port {1} of the host itself, which only docker-proxy could own",
        "ホスト自身の {0} ポート {1}。待ち受けうるのはdocker-proxyだけ",
    ),
    "kernel-takes": ("the kernel of {1} takes {0} itself", "{1} のカーネル自身が {0} を受け取る"),
    "container-takes": ("{0} takes it", "{0} が受け取る"),
    # ------------------------------------------------------------------------------- leans
    "table-not-captured": ("{0} table not captured: taken as ACCEPT", "{0}テーブルは未取得: ACCEPTとみなす"),
    "tables-not-captured": (
        "tables {0} not captured: taken as ACCEPT", "テーブル {0} は未取得: ACCEPTとみなす",
    ),
    "back-ends-order": (
        "iptables-legacy and nftables are both in use: at the same priority legacy's chains are taken first",
        "iptables-legacyとnftablesの両方が使われている: 同じ優先度ではlegacyのチェインが先とみなす",
    ),
    "bridge-chain-order": (
        "chain {1} of {0} has br_netfilter's own priority: it is taken to come before the chains for IP",
        "{0}のチェイン{1}はbr_netfilterと同じ優先度を持つ: IP用チェインより先とみなす",
    ),
    "local-table-inferred": (
        "table local not captured: the host's addresses are taken from the routes' src and ip addr",
        "localテーブルは未取得: ホストのアドレスは経路のsrcとip addrから推定",
    ),
    "address-tentative": (
        "{0} on {1} was captured during duplicate address detection: taken as usable",
        "{1} の {0} は重複アドレス検出の途中で取得された: 使えるものとみなす",
    ),
    "addresses-tentative": (
        "captured during duplicate address detection, taken as usable: {0}",
        "重複アドレス検出の途中で取得されたが、使えるものとみなす: {0}",
    ),
    "policy-rules-not-captured": (
        "ip rule not captured: taken as the default rules", "ip ruleは未取得: 既定のルールとみなす",
    ),
    "sysctl-not-captured": ("{0} not captured: taken as {1}", "{0} は未取得: {1} とみなす"),
    "bridge-by-name": (
        "that {0} is a bridge is told by its name alone (ip -d link not captured)",
        "{0} がブリッジであることは名前からの推定 (ip -d link は未取得)",
    ),
    "container-inferred": (
        "{0} on {1} is known only from a rule or the question: taken as a running container",
        "{1} 上の {0} はルールか質問からしか分からない: 稼働中のコンテナとみなす",
    ),
    "container-not-captured": (
        "the namespace of {0} is not captured: taken as letting the packet in",
        "{0} の名前空間は未取得: パケットを受け入れるとみなす",
    ),
    "container-routing-assumed": (
        "the routes of {0} are not captured: taken as its subnet and a default route to its bridge",
        "{0} の経路は未取得: 自サブネットとブリッジへのデフォルトルートとみなす",
    ),
    "internet-address": (
        "{0} stands for any address on the Internet, arriving at {1}",
        "{0} はインターネット上の任意のアドレスの代表。{1} に届くものとする",
    ),
    "arrives-by-route": (
        "packets from {0} are taken to arrive at {1}, by which the host would answer",
        "{0} からのパケットは、応答が出ていく {1} に届くものとみなす",
    ),
    "sockets-not-captured": (
        "ss of {0} not captured: a listener on {1} port {2} is assumed",
        "{0} の ss は未取得: {1} ポート {2} に待ち受けがあるとみなす",
    ),
    "sockets-by-command": (
        "ss of {0} not captured: what listens there is told by its command, {1}",
        "{0} の ss は未取得: 何が待ち受けるかはコマンド {1} から判断する",
    ),
    "source-port-kept": (
        "the source port is kept, as the kernel does unless another connection has it",
        "送信元ポートは (他のコネクションと重ならない限り) 変わらないものとする",
    ),
    "source-port-random": (
        "the rule has the source port chosen at random", "ルールの指定により送信元ポートはランダムに選ばれる",
    ),
    "nat-picks-port": (
        "the kernel picks a port from {0} to {1}",
        "ポートは {0} から {1} の間でカーネルが選ぶ",
    ),
    "bridge-members-not-captured": (
        "what is connected to {0} is not captured: whether {1} answers is open",
        "{0} につながるものは未取得: {1} が応答するかは不明",
    ),
    "docker-knows-all": (
        "{0} holds only the containers that docker (network) inspect shows",
        "{0} には docker (network) inspect に出るコンテナだけがあるものとする",
    ),
    "hairpin-not-captured": (
        "hairpin mode of the port of {1} on {0} not captured: taken as on",
        "{0} の {1} のポートのヘアピンモードは未取得: 有効とみなす",
    ),
    "connection-assumed": (
        "the connection is taken to exist, though it could not be made as things are now ({0})",
        "コネクションはあるものとする (今の設定では新しくは張れない: {0})",
    ),
    # ------------------------------------------------------------------------------- doubts
    "match-not-understood": ("this match is not known to Sekisho: {0}", "Sekishoの知らない条件: {0}"),
    "match-not-readable": ("this match cannot be read: {0} ({1})", "読み取れない条件: {0} ({1})"),
    "chain-not-in-text": (
        "{0} is a chain that was not captured, or a target that is not known to Sekisho",
        "{0} は取得されていないチェインか、Sekishoの知らないターゲット",
    ),
    "target-not-understood": ("this target is not known to Sekisho: {0}", "Sekishoの知らないターゲット: {0}"),
    "userspace-decides": (
        "{0} hands the packet to a program, which decides", "{0} によりユーザー空間のプログラムが判定する",
    ),
    "rate-limit": ("depends on the rate of packets: {0}", "パケットの頻度による: {0}"),
    "recent-list": ("depends on who was seen recently: {0}", "最近の通信の記録による: {0}"),
    "connection-count": ("depends on the number of connections: {0}", "コネクション数による: {0}"),
    "connection-volume": ("depends on the traffic so far: {0}", "それまでの通信量による: {0}"),
    "quota": ("depends on how much of a quota is left: {0}", "残りの割り当て量による: {0}"),
    "random-choice": ("is decided by chance: {0}", "確率で決まる: {0}"),
    "payload": ("depends on the packet's payload: {0}", "パケットの中身による: {0}"),
    "time-of-day": ("depends on the time of day: {0}", "時刻による: {0}"),
    "cgroup": ("depends on the cgroup of the process: {0}", "プロセスのcgroupによる: {0}"),
    "socket-lookup": ("depends on an open socket: {0}", "開いているソケットによる: {0}"),
    "ipsec-policy": ("depends on IPsec policies: {0}", "IPsecポリシーによる: {0}"),
    "conntrack-helper": ("depends on a conntrack helper: {0}", "conntrackヘルパーによる: {0}"),
    "realm": ("depends on the routing realm: {0}", "経路のrealmによる: {0}"),
    "cpu": ("depends on the processor that handles it: {0}", "処理するCPUによる: {0}"),
    "cluster": ("depends on the cluster's hash: {0}", "クラスタのハッシュによる: {0}"),
    "device-group": ("depends on the interface's group: {0}", "インターフェースのグループによる: {0}"),
    "condition-file": ("depends on a switch outside the rules: {0}", "ルール外のスイッチによる: {0}"),
    "geoip": ("depends on a table of countries: {0}", "国別の表による: {0}"),
    "connection-label": ("depends on the connection's labels: {0}", "コネクションのラベルによる: {0}"),
    "ipvs": ("depends on IPVS: {0}", "IPVSによる: {0}"),
    "tcp-option": ("depends on a TCP option: {0}", "TCPオプションによる: {0}"),
    "field-not-stated": (
        "depends on a header field that the question does not state: {0}",
        "質問に書かれていないヘッダーの値による: {0}",
    ),
    "address-type-by-route": (
        "depends on a route lookup for the {0} address", "{0} アドレスの経路検索による",
    ),
    "addresses-not-captured": (
        "depends on the host's own addresses, which were not captured ({0})",
        "取得されていないホスト自身のアドレスによる ({0})",
    ),
    "sets-not-captured": ("ipset save not captured: set {0}", "ipset save は未取得: セット {0}"),
    "set-not-captured": ("set {0} is not in the captured sets", "セット {0} が取得内容にない"),
    "table-incomplete": (
        "the text of table {0} is cut: it may hold more rules",
        "{0}テーブルの出力が途切れている: 続きのルールがありうる",
    ),
    "table-filtered": (
        "only some lines of table {0} were captured: it may hold more rules",
        "{0}テーブルは一部の行しか取得されていない: ほかにもルールがありうる",
    ),
    "table-selected": (
        "only a part of table {0} was captured: its other chains are not known",
        "{0}テーブルは一部のチェインしか取得されていない: ほかのチェインの中身は不明",
    ),
    "table-unread": (
        "a line of table {0} could not be read: it may be a rule",
        "{0}テーブルに読み取れない行がある: ルールかもしれない",
    ),
    "table-hidden": (
        "table {0} holds rules that iptables cannot show",
        "{0}テーブルにはiptablesで表示できないルールがある",
    ),
    "table-predicted": (
        "the host's own rules of table {0} were not captured",
        "{0}テーブルのホスト自身のルールは未取得",
    ),
    "ports-not-known": (
        "this may publish ports that are not listed here, nobody can say which: {0}",
        "ここに載っていないポートを公開している可能性がある (どれかは不明): {0}",
    ),
    "policy-not-shown": (
        "no line shows the policy of {0} in table {1}: taken as ACCEPT, as in a fresh table",
        "{1}テーブルの{0}のポリシーを示す行がない: 新しいテーブルと同じくACCEPTとみなす",
    ),
    "too-many-questions": (
        "from this rule on, too many matches that nobody can decide are met one after another",
        "このルールから先、判定できない条件が重なりすぎている",
    ),
    "chain-loop": (
        "the call of chain {0} leads back to itself, which no kernel allows",
        "チェイン {0} の呼び出しが自分自身に戻る (カーネルは許さない)",
    ),
    "chain-too-deep": (
        "chain {0} is called from a depth of {1} chains: nf_tables loads no deeper one, so these rules are "
        "not in force as they stand",
        "チェイン {0} の呼び出しは{1}段目のチェインからのもの: nf_tablesはこれより深い入れ子を読み込まないた"
        "め、このルールがこのままカーネルにあることはない",
    ),
    "policy-not-understood": ("this policy is not known to Sekisho: {0}", "Sekishoの知らないポリシー: {0}"),
    "routes-not-captured": ("no {0} routes were captured", "{0}の経路が取得されていない"),
    "socket-line-unread": (
        "a line of the listening sockets could not be read ({0})",
        "読み取れないソケットの行がある ({0})",
    ),
    "address-line-unread": (
        "an address of the host could not be read ({0})",
        "読み取れないホストのアドレスがある ({0})",
    ),
    "route-line-unread": (
        "a route or rule could not be read ({0})",
        "読み取れない経路またはルールがある ({0})",
    ),
    "route-not-understood": (
        "this kind of route is not known to Sekisho: {0}",
        "Sekishoの知らない経路の種類: {0}",
    ),
    "route-without-device": (
        "the route does not say by which interface (ip route for one device leaves it out)",
        "経路に出力インターフェースがない (ip routeでデバイスを指定すると省かれる)",
    ),
    "route-encapsulates": ("the route encapsulates the packet", "経路がパケットをカプセル化する"),
    "rule-not-understood": (
        "this policy rule is not known to Sekisho: {0}",
        "Sekishoの知らないポリシールール: {0}",
    ),
    "l3mdev-rule": ("depends on a VRF (l3mdev)", "VRF (l3mdev) による"),
    "multicast-membership": (
        "depends on which multicast groups the host has joined",
        "ホストが参加しているマルチキャストグループによる",
    ),
    "sent-to-everybody": (
        "a packet to a broadcast or multicast address leaves and is looped back as well",
        "ブロードキャスト・マルチキャスト宛のパケットは、外へ出ると同時に自分にも戻ってくる",
    ),
    "bridge-address-resolution": (
        "depends on whether the bridge's own chains let pass what asks for the MAC address on {0}: the"
        " neighbour is not in ip neigh",
        "{0} でMACアドレスの問い合わせをブリッジ用チェインが通すかによる (この近隣は ip neigh にない)",
    ),
    "connection-clash": (
        "another connection has the same addresses and ports: the kernel drops it or picks another port",
        "同じアドレスとポートの組を別のコネクションが使っている: カーネルは破棄するか、別のポートを選ぶ",
    ),
    "multipath": (
        "the kernel picks one of several ways: {0} | {1}",
        "複数の経路からカーネルが選ぶ: {0} | {1}",
    ),
    "nat-picks-address": (
        "the kernel picks an address from a range", "アドレスは範囲の中からカーネルが選ぶ",
    ),
    "answer-keeps-to-its-link": (
        "IPv6 answers an echo for a group or for any router by the interface it came in by alone, which is "
        "not modelled",
        "IPv6は、グループ宛てや任意のルーター宛てのエコーには、届いたインターフェースからだけ応答する"
        " (モデルにない)",
    ),
    "broadcast-forwarded": (
        "{0} is on: what is for a subnet's broadcast address is forwarded as well as delivered",
        "{0} が有効: サブネットのブロードキャスト宛ては配送と同時に転送もされる",
    ),
    "sysctl-decides": ("{0} is not captured, and it decides", "{0} は未取得で、結果を左右する"),
    "sockets-not-shown": (
        "the captured ss does not show {0} sockets", "取得された ss には {0} のソケットが含まれていない",
    ),
    "only-docker-proxy": (
        "{0} port {1} is published by a rule that this packet does not take: only docker-proxy could "
        "listen there (capture ss to know)",
        "{0} ポート {1} を公開するルールにこのパケットは当たらない。待ち受けうるのはdocker-proxyだけ (ss "
        "を取得すれば分かる)",
    ),
    "sysctl-not-understood": ("the value of {0} is no number: {1!r}", "{0} の値が数ではない: {1!r}"),
    "reverse-path-undecided": ("the way back cannot be decided", "戻りの経路を判定できない"),
}  # fmt: skip
