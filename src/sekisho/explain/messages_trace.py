"""The words of a trace: what stations decided, and what an answer leans on.

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
    "call.direct": ("by its own address {0}", "コンテナ自身のアドレス {0} 宛て"),
    "call.unaddressable": (
        "no, the Internet routes no packet there",
        "届かない (インターネットからそこへはパケットが来ない)",
    ),
    "call.elsewhere": ("no, somebody else takes it", "届かない (受け取るのは別の相手)"),
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
    "trace.way-open": (
        "decided by what was not captured or is not understood",
        "取得されていないもの、または理解できないものが決める",
    ),
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
    "route-dropped": (
        "IPv6 is switched off on the interface that it came in by",
        "届いたインターフェースではIPv6が無効",
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
    "same-subnet-same-wire": (
        "{0} and {1} are taken to be on one wire, as both are in {2}; what may stand between them (a security"
        " group, a switch's rules) is not asked",
        "{0} と {1} は、どちらも {2} にあるので同じ線の上にあるとみなす。間にあるかもしれないもの"
        " (セキュリティグループ、スイッチのルールなど) は問わない",
    ),
    "way-not-captured": (
        "what lies beyond {0} on the way to another captured host was not captured",
        "{0} の先から、取得済みの別のホストまでの間に何があるかは取得されていない",
    ),
    "interfaces-on-one-wire": (
        "{0} are on one wire: any of them may answer for the other's address",
        "{0} は1本の線の上にあり、互いのアドレスに応答するかもしれない",
    ),
    "tunnel-in-tunnels": (
        "{0} would carry packets that carry packets: how deep the kernel lets that be is not modelled",
        "{0} は、運ぶパケットをさらに運ぶことになる。カーネルがどの深さまで許すかはモデルにない",
    ),
    "carrier-tracked": (
        "whether {0} is part of a connection that was tracked before decides whether it gets through",
        "{0} がすでに追跡されているコネクションの一部かどうかで、通るかどうかが決まる",
    ),
    "another-mac-has-it": (
        "the neighbour table of {0} has {1} at another MAC address than the captured host's",
        "{0} のネイバーテーブルでは、{1} のMACアドレスが、取得済みのホストのものと違う",
    ),
    "one-address-several-hosts": (
        "several of {0} have one and the same address on the wire",
        "{0} のうち複数が、線の上で同じアドレスを持っている",
    ),
    "leaves-by-tunnel": (
        "leaves by {0} ({1}), inside a packet of this host's own: {2}; its far end was not captured",
        "{0} ({1}) から、このホスト自身のパケットに包まれて出ていく: {2} (もう一方の端は未取得)",
    ),
    "tunnel-into": (
        "goes by {0} ({1}), inside a packet of this host's own: {2}",
        "{0} ({1}) を通り、このホスト自身のパケットに包まれて運ばれる: {2}",
    ),
    "tunnel-out": ("{0} ({1}) takes the packet out again", "{0} ({1}) が中のパケットを取り出す"),
    "wire-to": (
        "over the wire of {0} to {2} of {1}",
        "{0} の先の線を通って {1} の {2} に届く",
    ),
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
    "texts-taken-as-whole": (
        "nothing in these texts marks their end: they are taken as whole: {0}",
        "次のテキストには終わりを示すものがない: 途中で切れていないとみなす: {0}",
    ),
    "table-not-shown": (
        "what iptables-save printed has no table {0}: taken as not there (a text that was cut between two "
        "tables looks the same)",
        "iptables-saveの出力にテーブル {0} がない: 存在しないとみなす (テーブルの境目で切れた出力と"
        "見分けがつかない)",
    ),
    "tables-not-shown": (
        "what iptables-save printed has no tables {0}: taken as not there (a text that was cut between two "
        "tables looks the same)",
        "iptables-saveの出力にテーブル {0} がない: 存在しないとみなす (テーブルの境目で切れた出力と"
        "見分けがつかない)",
    ),
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
    "addresses-by-ifconfig": (
        "ifconfig shows no further addresses of an interface, where they have no label: taken as none "
        "(ip addr shows them)",
        "ifconfigは、ラベルのない追加のアドレスを表示しない: ないものとみなす (ip addr で表示される)",
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
    "text-ends-in-a-line": (
        "{0}: no line end behind the last line: taken as whole (was it cut?)",
        "{0}: 最後の行に改行がない: 完全とみなす (途中で切れていないか)",
    ),
    "text-changed": (
        "{0}: not as it was captured (the manifest has another size): taken as it stands",
        "{0}: 取得時のままではない (マニフェストの大きさと違う): 現在の内容のとおりとみなす",
    ),
    "text-empty": (
        "{0}: empty: taken as none on this host (a command without the rights prints nothing either)",
        "{0}: 空: このホストには何もないとみなす (権限のないコマンドも何も出力しない)",
    ),
    "namespace.of": ("in {0}: {1}", "{0}内: {1}"),
    "host.of": ("on {0}: {1}", "{0}上: {1}"),
    "policy-rules-not-captured": (
        "ip rule not captured: taken as the default rules", "ip ruleは未取得: 既定のルールとみなす",
    ),
    "neighbours-not-captured": (
        "ip neigh not captured: who is on a bridge and in no list is missing",
        "ip neigh は未取得: ブリッジ上にいても一覧に現れない相手は含まれない",
    ),
    "containers-not-listed": (
        "docker network inspect and docker inspect not captured: containers that nothing else shows are "
        "missing",
        "docker network inspect と docker inspect は未取得: 他のどこにも現れないコンテナは含まれない",
    ),
    "host-ports-not-listed": (
        "ss not captured: ports of the host that no rule asks for are missing",
        "ss は未取得: ルールに現れないホストのポートは含まれない",
    ),
    "container-not-inspected": (
        "a network has the container {0}, and docker inspect does not show it",
        "ネットワークにコンテナ{0}があるが、docker inspect の出力にない",
    ),
    "network-not-listed": (
        "docker network inspect does not show the network {0}: taken as a bridge",
        "docker network inspect の出力にネットワーク{0}がない: ブリッジとみなす",
    ),
    "members-routing-assumed": (
        "routes of who is behind {0} are not captured: taken as its subnet and a default route to it",
        "{0}の先にいるコンテナの経路は未取得: そのサブネットと、{0}へのデフォルトルートとみなす",
    ),
    "members-not-captured": (
        "namespaces of who is behind {0} are not captured: taken as letting packets in",
        "{0}の先にいるコンテナの名前空間は未取得: パケットを受け取るとみなす",
    ),
    "gateway-not-shown": (
        "the gateway of the route by {0} is not shown: taken as one that answers",
        "{0}を通る経路のゲートウェイが伏せられている: 応答するとみなす",
    ),
    "links-not-captured": (
        "ip link not captured: interfaces are taken as up where no route says linkdown",
        "ip link は未取得: 経路に linkdown とないインターフェースは稼働中とみなす",
    ),
    "outside-not-captured": (
        "what stands before {0} (security group, network ACL, gateway) was not asked",
        "{0}の手前にあるもの (セキュリティグループ、ネットワークACL、ゲートウェイ) は判定に含まない",
    ),
    "settle.by": (
        "These commands would settle it, what settles most first:",
        "次のコマンドの出力があれば確定する (効果の大きい順):",
    ),
    "table-default-empty": (
        "routing table default not captured: taken as empty",
        "ルーティングテーブル default は未取得: 空とみなす",
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
    "sockets-assumed": (
        "ss of {0} not captured: a listener on every TCP and UDP port is assumed",
        "{0} の ss は未取得: すべてのTCP・UDPポートに待ち受けがあるとみなす",
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
    "segment-opens-nothing": (
        "a segment that is no SYN alone opens no connection: whether somebody waits for it is not known",
        "SYNだけではないセグメントはコネクションを開かない: 待っている相手がいるかは不明",
    ),
    "connection-assumed": (
        "the connection is taken to exist, though it could not be made as things are now ({0})",
        "コネクションはあるものとする (今の設定では新しくは張れない: {0})",
    ),
}  # fmt: skip
