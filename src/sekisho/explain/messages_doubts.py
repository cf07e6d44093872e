"""Why a condition cannot be decided: the reasons that ``trace`` and the answers about all packets name."""

from __future__ import annotations

MESSAGES: dict[str, tuple[str, str]] = {
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
    "command-failed": (
        "{0} failed, so that nobody knows what it shows ({1})",
        "{0} が失敗し、その内容が分からない ({1})",
    ),
    "listed-without-address": (
        "{0} runs, and nothing that was captured tells its address (docker ps does not)",
        "{0} は稼働中だが、そのアドレスを示すものが取得されていない (docker ps には出ない)",
    ),
    "target-nowhere": (
        "a rule translates to {0}, and no captured route tells where that is",
        "ルールが {0} へ変換するが、その場所を示す経路が取得されていない",
    ),
    "nft-failed": (
        "the tables of nftables could not be captured ({0})",
        "nftablesのテーブルを取得できなかった ({0})",
    ),
    "manifest-lost": (
        "its file was taken out of the snapshot", "ファイルがスナップショットから取り除かれている",
    ),
    "manifest-cut": (
        "its file is shorter than it was captured", "ファイルが取得時より短くなっている",
    ),
    "nft-lost": (
        "the tables of nftables were captured, and their file is gone or shorter since ({0})",
        "nftablesのテーブルは取得されたが、そのファイルがなくなったか短くなっている ({0})",
    ),
    "table-lost": (
        "table {0} was captured, and its file is gone or shorter since ({1})",
        "テーブル {0} は取得されたが、そのファイルがなくなったか短くなっている ({1})",
    ),
    "table-failed": (
        "table {0} could not be captured ({1})",
        "テーブル {0} を取得できなかった ({1})",
    ),
    "table-hidden": (
        "table {0} holds rules that iptables cannot show",
        "{0}テーブルにはiptablesで表示できないルールがある",
    ),
    "table-before": (
        "table {0} is told by commands that add to it: what stood there before is not known "
        "(iptables-save shows it)",
        "{0}テーブルは追加のコマンドからわかるだけで、それ以前のルールは不明 (iptables-save で確認できる)",
    ),
    "table-changed": (
        "commands after the listing of table {0} change it (iptables-save shows what it is now)",
        "{0}テーブルは、一覧の後のコマンドで変更されている (現在の内容は iptables-save で確認できる)",
    ),
    "table-frontend": (
        "a front end (ufw, firewalld) has rules in table {0} that were not captured "
        "(iptables-save shows them)",
        "フロントエンド (ufw、firewalld) が{0}テーブルに入れたルールは未取得 (iptables-save で確認できる)",
    ),
    "table-predicted": (
        "the host's own rules of table {0} were not captured",
        "{0}テーブルのホスト自身のルールは未取得",
    ),
    "ports-not-known": (
        "this may publish ports that are not listed here, nobody can say which: {0}",
        "ここに載っていないポートを公開している可能性がある (どれかは不明): {0}",
    ),
    "policy-unknown": (
        "no line shows the policy of {0} in table {1}",
        "{1}テーブルの{0}のポリシーを示す行がない",
    ),
    "policy-not-shown": (
        "no line shows the policy of {0} in table {1}: taken as ACCEPT, as in a fresh table",
        "{1}テーブルの{0}のポリシーを示す行がない: 新しいテーブルと同じくACCEPTとみなす",
    ),
    "too-many-questions": (
        "from this rule on, too many matches that nobody can decide are met one after another",
        "このルールから先、判定できない条件が重なりすぎている",
    ),
    "too-many-calls": (
        "chains call one another too many times here, with a packet changed between the calls",
        "ここではチェインの呼び出しが多すぎる (呼び出しのたびにパケットが変わる)",
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
    "one-of-several-sources": (
        "IPv6 takes one of the host's addresses as the source, and policy rules tell them apart: which it is"
        " depends on the order in which interfaces were made, which no text shows",
        "IPv6はホストのアドレスの1つを送信元に選び、ポリシールールがそれらを区別する。どれになるかは"
        "インターフェースが作られた順序によるが、それを示すテキストはない",
    ),
    "own-address-not-captured": (
        "the host's own address on {0} was not captured",
        "{0}のホスト自身のアドレスが取得されていない",
    ),
    "routing-table-not-captured": (
        "the {0} routes of table {1} were not captured",
        "{0}のルーティングテーブル {1} が取得されていない",
    ),
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
    "route-gateway-hidden": (
        "the gateway of the route is not shown ({0})",
        "経路のゲートウェイが伏せられている ({0})",
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
        "what was captured of sockets does not show all {0} sockets",
        "取得されたソケットの一覧には {0} のソケットがすべては含まれていない",
    ),
    "socket-of-both-families": (
        "the listing does not tell whether the IPv6 socket of port {0} takes IPv4 as well (ss -tln does)",
        "ポート {0} のIPv6ソケットがIPv4も受け付けるかどうかは、この一覧からはわからない (ss -tln でわかる)",
    ),
    "only-docker-proxy": (
        "{0} port {1} is a published port, and no captured rule leads this packet to its container: only "
        "docker-proxy could listen there (ss tells)",
        "{0} ポート {1} は公開ポートだが、このパケットをコンテナへ導くルールは取得されていない。"
        "待ち受けうるのはdocker-proxyだけ (ss で分かる)",
    ),
    "only-docker-proxy-there": (
        "no captured rule leads packets for a published port of the host to its container: only docker-proxy "
        "could listen there (ss tells)",
        "ホストの公開ポートへのパケットをコンテナへ導くルールは取得されていない。"
        "待ち受けうるのはdocker-proxyだけ (ss で分かる)",
    ),
    "sysctl-not-understood": ("the value of {0} is no number: {1!r}", "{0} の値が数ではない: {1!r}"),
    "setting-not-modelled": (
        "{0} may decide here, and what it does is not modelled",
        "{0} がここで結果を左右しうるが、そのはたらきはモデルにない",
    ),
    "beside-xfrm": (
        "an IPsec policy has such packets, and IPsec is not modelled: {0}",
        "該当するIPsecポリシーがあり、IPsecはモデルにない: {0}",
    ),
    "beside-tc": (
        "tc may drop or redirect packets here, which is not modelled: {0}",
        "tcがここでパケットを破棄・転送しうるが、モデルにない: {0}",
    ),
    "beside-ipvs": (
        "a virtual service (ipvs) takes such packets, which is not modelled: {0}",
        "仮想サービス (ipvs) が該当パケットを受け取るが、モデルにない: {0}",
    ),
    "beside-line-unread": (
        "a line about IPsec, tc, ipvs or WireGuard was not understood ({0})",
        "IPsec・tc・ipvs・WireGuardについての行を読めなかった ({0})",
    ),
    "link-not-modelled": (
        "{0} ({1}): it may decide about packets here, and what it does is not modelled",
        "{0} ({1}): ここでパケットを左右しうるが、そのはたらきはモデルにない",
    ),
    "reverse-path-undecided": ("the way back cannot be decided", "戻りの経路を判定できない"),
}  # fmt: skip
