"""Words for interfaces, addresses, neighbours, bridge entries and ipsets."""

from __future__ import annotations

MESSAGES: dict[str, tuple[str, str]] = {
    # ------------------------------------------------------------------ interfaces
    "link.loopback": (
        "{0} is the loopback: packets from this namespace to itself go through it.",
        "{0}はループバックです。この名前空間から自分自身へのパケットが通ります。",
    ),
    "link.bridge": (
        "{0} is a bridge, a switch inside this host.",
        "{0}はブリッジ、つまりホストの中のスイッチです。",
    ),
    "link.veth": (
        "{0} is one end of a veth pair, a cable between two namespaces",
        "{0}は、2つの名前空間をつなぐケーブルであるvethペアの片端です",
    ),
    "link.veth.far": ("{0}; the other end is {1}.", "{0}。もう一方の端は{1}です。"),
    "link.veth.unknown": (
        "{0}; where the other end is was not captured.",
        "{0}。もう一方の端がどこにあるかは取得されていません。",
    ),
    "link.end.container": ("in container {0}", "コンテナ{0}の中"),
    "link.end.namespace": ("in another namespace (netns id {0})", "別の名前空間 (netns id {0}) の中"),
    "link.end.name": ("{0} in this namespace", "この名前空間の{0}"),
    "link.end.index": ("interface number {0} of another namespace", "別の名前空間のインターフェース{0}番"),
    "link.physical": ("{0} is a network interface.", "{0}はネットワークインターフェースです。"),
    "link.kind": ("{0} is an interface of kind {1}.", "{0}は{1}型のインターフェースです。"),
    "link.master": ("It is plugged into the bridge {0}.", "ブリッジ{0}に接続されています。"),
    "link.port": ("It belongs to {0} (a bond, a VRF or the like).", "{0} (ボンドやVRFなど) に属しています。"),
    "link.state.up": ("It is up.", "動作中です。"),
    "link.state.no_carrier": (
        "It is switched on but has no carrier: nothing is connected at the other side, or that is down.",
        "有効ですがリンクダウンしています。相手側に何もつながっていないか、相手が停止しています。",
    ),
    "link.state.down": (
        "It is switched off: nothing passes.",
        "停止しており、何も通りません。",
    ),
    "link.mtu": ("Packets may be up to {0} bytes long.", "パケットの長さは最大{0}バイトです。"),
    "link.hairpin": (
        "Hairpin mode is on at this bridge port: a packet may leave by the port it came in by, which a "
        "container needs to reach itself through its published port.",
        "このブリッジポートではヘアピンモードが有効です。入ってきたポートからパケットを送り返せます。コン"
        "テナが公開ポート経由で自分自身に届くために必要です。",
    ),
    "link.isolated": (
        "This bridge port is isolated: it hands frames to the host and to ports that are not isolated, and "
        "to no other isolated port.",
        "このブリッジポートは分離 (isolated) されています。ホストと、分離されていないポートにはフレームを渡し"
        "ますが、ほかの分離されたポートには渡しません。",
    ),
    "link.port_state": (
        "As a bridge port it is in state {0}: no frame passes it.",
        "ブリッジポートとしての状態は{0}で、フレームは通りません。",
    ),
    "link.default": (
        "The default route leaves by it, so this is the side of the Internet.",
        "デフォルトルートの出力先なので、こちらがインターネット側です。",
    ),
    # ------------------------------------------------------------------ addresses
    "address.own": (
        "{0} is an address of this host, on {1}; the addresses {2} are on that link.",
        "{0}は{1}に付いた、このホストのアドレスです。{2}のアドレスは同一リンク上にあります。",
    ),
    "address.single": (
        "{0} is an address of this host, on {1}.",
        "{0}は{1}に付いた、このホストのアドレスです。",
    ),
    "address.loopback": (
        "{0} is the loopback address: programs in this namespace reach one another by it.",
        "{0}はループバックアドレスです。この名前空間の中のプログラム同士が使います。",
    ),
    "address.link_local": (
        "{0} is the link-local address of {1}: it holds on that link only.",
        "{0}は{1}のリンクローカルアドレスで、そのリンクの中だけで有効です。",
    ),
    "address.gateway": (
        "It is the default gateway of the containers on that bridge.",
        "そのブリッジ上のコンテナのデフォルトゲートウェイです。",
    ),
    "address.broadcast": (
        "{0} reaches all of them at once.",
        "{0}はその全員に届くブロードキャストアドレスです。",
    ),
    "address.peer": ("The other end of the link is {0}.", "リンクの相手側は{0}です。"),
    "address.secondary": (
        "It is a secondary address: own packets use the first one unless told otherwise.",
        "セカンダリのアドレスです。指定がない限り、自分の送るパケットには最初のアドレスを使います。",
    ),
    "address.tentative": (
        "It is tentative: whether anybody else has it is still being checked.",
        "仮 (tentative) の状態です。ほかに同じアドレスの持ち主がいないかを確認中です。",
    ),
    "address.deprecated": (
        "It is deprecated: new connections do not use it.",
        "非推奨 (deprecated) の状態です。新しいコネクションには使いません。",
    ),
    "address.dynamic": (
        "DHCP or a router gave it, for a limited time.",
        "DHCPまたはルーター広告で、期限付きで割り当てられたアドレスです。",
    ),
    # ------------------------------------------------------------------ neighbours, fdb
    "neighbour.known": (
        "{0} is on the link of {1} and has the MAC address {2}.",
        "{0}は{1}と同一リンク上にあり、MACアドレスは{2}です。",
    ),
    "neighbour.failed": (
        "{0} did not answer on {1} when the host asked for its MAC address: packets to it do not arrive.",
        "{0}は、{1}上でのMACアドレスの問い合わせに応答しませんでした。この宛先のパケットは届きません。",
    ),
    "neighbour.incomplete": (
        "The host is still asking on {1} for the MAC address of {0}.",
        "{0}のMACアドレスを{1}上で問い合わせている途中です。",
    ),
    "neighbour.state": ("State {0}: {1}.", "状態は{0} ({1}) です。"),
    "neighbour.REACHABLE": ("confirmed a moment ago", "最近確認済み"),
    "neighbour.STALE": ("not confirmed for a while, still used", "しばらく未確認、引き続き使用"),
    "neighbour.DELAY": ("about to be confirmed", "確認待ち"),
    "neighbour.PROBE": ("being confirmed", "確認中"),
    "neighbour.PERMANENT": ("entered for good", "固定登録"),
    "neighbour.NOARP": ("needs no asking", "問い合わせ不要"),
    "neighbour.other": ("as the kernel calls it", "カーネルでの呼び方"),
    "neighbour.router": ("It says of itself that it is a router.", "ルーターであると名乗っています。"),
    "fdb.entry": (
        "Frames for MAC address {0} go to port {1} of the bridge {2}.",
        "MACアドレス{0}宛のフレームは、ブリッジ{2}のポート{1}へ送ります。",
    ),
    "fdb.self": (
        "Frames for MAC address {0} are taken in by {1}.",
        "MACアドレス{0}宛のフレームは、{1}が受け取ります。",
    ),
    # ------------------------------------------------------------------ ipsets
    "ipset.create": (
        "The ipset {0} (type {1}): a list that rules can ask; it holds {2} entries.",
        "ipset {0} (型は{1}) です。ルールから参照できる一覧で、要素は{2}個あります。",
    ),
    "ipset.entries": ("Entries: {0}.", "要素: {0}。"),
    "ipset.used": ("Asked by {0}.", "参照元: {0}。"),
    "ipset.unused": ("No captured rule asks it.", "取得されたルールの中に、これを参照するものはありません。"),
    # ------------------------------------------------------------------ what a trace says of them
    "address-decides": (
        "whether {0} has an IPv4 address was not captured, and with rp_filter it decides",
        "{0} にIPv4アドレスがあるかは未取得で、rp_filterの結果を左右する",
    ),
    "neighbour-silent-now": (
        "{1} does not answer on {0} (ip neigh: FAILED)",
        "{0} の {1} は応答しない (ip neigh では FAILED)",
    ),
    "neighbour-is-oneself": (
        "nobody is found as {1} on {0}: it is this host's own address there, and a host takes no"
        " advertisement of its own",
        "{0} で {1} を持つ近隣は見つからない (このホスト自身のアドレスであり、自分のアドレスの通知は"
        "受け付けない)",
    ),
    "neighbour-silent": (
        "{1} on {0} did not answer when captured (ip neigh: FAILED): taken as still silent",
        "{0} の {1} は取得時に応答しなかった (ip neigh では FAILED): 今も応答しないとみなす",
    ),
    "default-rules-asked": (
        "IPv6 asks tables local and main although a rule for them was taken away: it does until somebody adds"
        " another rule (taken: nobody has)",
        "IPv6は、自分のルールが削除されていてもテーブル local と main を調べる (別のルールが追加されるまで。"
        "追加されたことはないものとする)",
    ),
    "route-goes-round": (
        "by a plain IPv6 route over lo the packet goes round and round: table local has to be asked before",
        "lo へのふつうのIPv6経路ではパケットが回り続ける: テーブル local が先に調べられる必要がある",
    ),
    "route-source-not-own": (
        "nothing is sent from {0}: no interface has it, nor has table local a local route for it",
        "{0} からは送信できない (どのインターフェースにもなく、テーブル local にも local 経路がない)",
    ),
    "socket-transparent": (
        "only a transparent socket (IP_TRANSPARENT) answers from an address that is none of this host's own,"
        " and no listing tells which are",
        "このホスト自身のものでないアドレスから応答できるのは透過ソケット (IP_TRANSPARENT) だけで、"
        "どのソケットがそうかはどの一覧にも現れない",
    ),
    "bridge-isolated": (
        "{0} hands no frame from one isolated port to another: {1}",
        "{0} は分離 (isolated) されたポートどうしの間ではフレームを渡さない: {1}",
    ),
    "bridge-port-shut": (
        "no frame passes the port on {0}: it is down, without carrier or not forwarding: {1}",
        "{0} のポートをフレームが通らない (停止しているか、キャリアがないか、転送状態でない): {1}",
    ),
    "bridge-no-other-port": (
        "{0} has no other port that passes frames, behind which {1} could be",
        "{0} には、{1} がつながっていてフレームの通るポートがほかにない",
    ),
    "bridge-silent": (
        "no frame passes {0}: it is down, or none of its ports has a carrier",
        "{0} をフレームが通らない (停止しているか、キャリアのあるポートがない)",
    ),
    "interface-down": ("{0} is switched off", "{0} は停止している"),
    "bridge-filters-vlans": (
        "{0} keeps VLANs apart, and which VLANs ports are in is not modelled: {1}",
        "{0} はVLANを分けており、ポートがどのVLANに属するかはモデルにない: {1}",
    ),
    "bridge-port-decides": (
        "not every port of {0} passes frames, and nobody knows which one is {1}'s (capture bridge fdb)",
        "{0} にはフレームの通らないポートがあり、{1} のポートがどれか分からない (bridge fdb を取得すれば"
        "分かる)",
    ),
    "bridge-isolation-decides": (
        "some ports of {0} are isolated, and nobody knows which one is whose (capture bridge fdb): {1}",
        "{0} には分離されたポートがあり、どれが誰のポートか分からない (bridge fdb を取得すれば分かる): {1}",
    ),
    "link-line-unread": (
        "a line of the interfaces or of a bridge's ports could not be read ({0})",
        "読み取れないインターフェースかブリッジポートの行がある ({0})",
    ),
}
