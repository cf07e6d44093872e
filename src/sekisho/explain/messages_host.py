"""Words for sysctls, listening sockets and tracked connections."""

from __future__ import annotations

MESSAGES: dict[str, tuple[str, str]] = {
    # ------------------------------------------------------------------ sysctls that decide
    "sysctl.ip_forward.1": (
        "IPv4 forwarding is on: packets for others are passed on, which containers need to reach "
        "anything outside and to be reached. Docker switches it on when it starts.",
        "IPフォワーディングが有効です。他者宛のパケットを転送します。コンテナが外部と通信するために必要"
        "で、Dockerは起動時にこれを有効にします。",
    ),
    "sysctl.ip_forward.0": (
        "IPv4 forwarding is off: packets that are not for this host itself are dropped, so containers "
        "can neither reach the outside nor be reached through published ports from other machines by NAT.",
        "IPフォワーディングが無効です。このホスト自身宛でないパケットは破棄されるため、コンテナは外部と通"
        "信できず、ほかのマシンから公開ポート経由のNATでコンテナに届くこともありません。",
    ),
    "sysctl.ip_forward_update_priority": (
        "Value {0}: whether a forwarded packet's queueing priority (skb priority) is set from its TOS "
        "field. It does not change where packets go.",
        "値は{0}です。転送するパケットの送信キューでの優先度を、TOSフィールドから設定し直すかどうかを決め"
        "ます。行き先は変わりません。",
    ),
    "sysctl.ip_forward_use_pmtu.0": (
        "When forwarding, learned path MTUs are not trusted; the outgoing interface's or route's MTU "
        "counts. It does not change where packets go.",
        "転送時に、学習した経路MTUを信用せず、出力インターフェースや経路のMTUを使います。行き先は変わりま"
        "せん。",
    ),
    "sysctl.ip_forward_use_pmtu.1": (
        "When forwarding, learned path MTUs are used too. It does not change where packets go.",
        "転送時に、学習した経路MTUも使います。行き先は変わりません。",
    ),
    "sysctl.forwarding.1": (
        "{1} forwarding is on for packets that arrive on {0}.",
        "{0}に届いたパケットの{1}の転送が有効です。",
    ),
    "sysctl.forwarding.0": (
        "{1} forwarding is off for packets that arrive on {0}.",
        "{0}に届いたパケットの{1}の転送が無効です。",
    ),
    "sysctl.forwarding.all": (
        "{1} forwarding, value {0}: the switch for the whole host; writing it sets every interface.",
        "{1}の転送 (値は{0}) です。ホスト全体のスイッチで、書き込むと全インターフェースに及びます。",
    ),
    "sysctl.forwarding.ipv6.all": (
        "IPv6 forwarding of the whole host, value {0}; without it no IPv6 packet is passed on between "
        "interfaces.",
        "ホスト全体のIPv6の転送です (値は{0})。0なら、IPv6パケットをインターフェース間で転送しません。",
    ),
    "sysctl.rp_filter.0": (
        "The reverse path test is off on {0}: nobody asks by which way an answer to a packet's source would "
        "leave.",
        "{0}では逆方向経路の検査を行いません。送信元への戻りの経路がどこを通るかは問われません。",
    ),
    "sysctl.rp_filter.1": (
        "Strict reverse path test on {0}: a packet is dropped unless the answer to its source would "
        "leave by the very interface it came in by.",
        "{0}では、逆方向経路の厳格 (strict) な検査を行います。送信元への戻りの経路が、届いたのと同じイン"
        "ターフェースを通らないパケットは破棄されます。",
    ),
    "sysctl.rp_filter.2": (
        "Loose reverse path test on {0}: a packet is dropped only if there is no way back to its source "
        "at all. Without an IPv4 address on the interface the test is as strict as 1.",
        "{0}では、逆方向経路の緩い (loose) 検査を行います。送信元への戻りの経路がまったくないパケットだけ"
        "が破棄されます。ただし、インターフェースにIPv4アドレスがなければ1と同じく厳格になります。",
    ),
    "sysctl.rp_filter.looked_up": (
        "Still, policy rules, local routes or realms of this host's own have every source looked up: one "
        "that is the host's own or a broadcast address is refused.",
        "それでも、このホストに追加されたポリシールール、local経路、realmのいずれかがあるため、送信元は必ず"
        "調べられます。ホスト自身のアドレスやブロードキャストアドレスなら拒否されます。",
    ),
    "sysctl.rp_filter.effective": (
        "The larger of this value and conf.all's ({0}) counts: {1}.",
        "実際に効くのは、この値とconf.allの値 ({0}) の大きいほうで、{1}です。",
    ),
    "sysctl.rp_filter.all": (
        "For each interface the larger of this value and its own counts.",
        "インターフェースごとに、この値とそれ自身の値の大きいほうが効きます。",
    ),
    "sysctl.rp_filter.all_unknown": (
        "The larger of this value and conf.all's counts; that one was not captured.",
        "実際に効くのは、この値とconf.allの値の大きいほうですが、conf.allの値は取得されていません。",
    ),
    "sysctl.route_localnet.0": (
        "127.0.0.0/8 stays inside the host on {0}: packets with such addresses from or to it are dropped "
        "as impossible (martians).",
        "{0}では127.0.0.0/8をホストの外とやり取りしません。そのようなアドレスを持つパケットは、ありえない"
        "もの (martian) として破棄されます。",
    ),
    "sysctl.route_localnet.1": (
        "127.0.0.0/8 may be routed on {0}. dockerd sets it on its bridges when its userland proxy is "
        "off, so that calls to 127.0.0.1 can be sent on to containers.",
        "{0}では127.0.0.0/8を経路制御の対象にできます。dockerdがuserland-proxyを使わない設定のとき、"
        "127.0.0.1への呼び出しをコンテナへ送るために、自分のブリッジで有効にします。",
    ),
    "sysctl.accept_local.0": (
        "Packets that arrive on {0} with one of this host's own addresses as their source are dropped.",
        "{0}に届いたパケットのうち、このホスト自身のアドレスを送信元とするものは破棄されます。",
    ),
    "sysctl.accept_local.1": (
        "Packets that arrive on {0} with one of this host's own addresses as their source are taken.",
        "{0}に届いたパケットは、このホスト自身のアドレスを送信元としていても受け付けます。",
    ),
    "sysctl.bridge_nf.1": (
        "bridge-nf ({0}) is on: packets that a bridge merely passes between two of its ports go through "
        "{0} chains as well, PREROUTING, FORWARD and POSTROUTING.",
        "bridge-nf ({0}) が有効です。同じブリッジのポート間を通るだけのパケットも、{0}のPREROUTING、"
        "FORWARD、POSTROUTINGの各チェインを通ります。",
    ),
    "sysctl.bridge_nf.0": (
        "bridge-nf ({0}) is off: packets that a bridge passes between two of its ports are not seen by {0}.",
        "bridge-nf ({0}) が無効です。同じブリッジのポート間を通るパケットは、{0}のチェインを通りません。",
    ),
    "sysctl.src_valid_mark": (
        "Value {0}: whether the reverse path test looks at the packet's mark (1) or not (0).",
        "値は{0}です。逆方向経路の検査でパケットのマークを使うか (1)、使わないか (0) を決めます。",
    ),
    "sysctl.ignore_routes_with_linkdown": (
        "Value {0} for {1}: with 1, routes of interfaces without carrier (linkdown) are not used; with 0 "
        "they are.",
        "{1}についての値は{0}です。1なら、リンクダウンしたインターフェースの経路 (linkdown) を使いませ"
        "ん。0なら使います。",
    ),
    "sysctl.ip_local_port_range": (
        "Programs that do not choose a port get one from this range ({0}); so do ephemeral published "
        "ports, and masquerading falls back on it.",
        "ポートを自分で選ばないプログラムには、この範囲 ({0}) のポートが割り当てられます。Dockerがホスト"
        "側のポートを自動で選ぶときもこの範囲です。",
    ),
    "sysctl.ip_unprivileged_port_start": (
        "Ports from {0} up may be opened by every program, those below by root only.",
        "ポート{0}以上は誰でも開けます。それより小さいポートを開けるのはrootだけです。",
    ),
    "sysctl.ip_nonlocal_bind": (
        "Value {0}: whether programs may bind addresses that the host does not have (1) or not (0).",
        "値は{0}です。ホストにないアドレスをプログラムが使えるか (1)、使えないか (0) を決めます。",
    ),
    "sysctl.ip_default_ttl": (
        "Own packets start with a TTL of {0}: they may pass that many routers less one.",
        "自分が送るパケットのTTLは{0}から始まります。",
    ),
    "sysctl.fwmark_reflect": (
        "Value {0}: whether answers the kernel makes itself (RST, ICMP) carry the mark of the packet "
        "they answer.",
        "値は{0}です。カーネル自身が返す応答 (RSTやICMP) に、元のパケットのマークを付けるかどうかを決めま"
        "す。",
    ),
    "sysctl.fib_multipath": (
        "{0} = {1}: how one of several next hops is picked for a packet.",
        "{0} = {1}: 複数のネクストホップからどれを選ぶかを決めます。",
    ),
    "sysctl.disable_ipv6.1": ("IPv6 is switched off on {0}.", "{0}ではIPv6が無効です。"),
    "sysctl.disable_ipv6.0": ("IPv6 is on for {0}.", "{0}ではIPv6が有効です。"),
    "sysctl.arp": (
        "{0} = {1}: how the host answers and asks for MAC addresses (ARP) on {2}. It does not change routes.",
        "{0} = {1}: {2}でのARP (MACアドレスの問い合わせ) の扱いを決めます。経路は変わりません。",
    ),
    "sysctl.proxy_arp": (
        "Value {0} for {1}: with 1 the host answers ARP requests for addresses that it could route to.",
        "{1}についての値は{0}です。1なら、経路のあるアドレスへのARP要求にホストが代わって答えます。",
    ),
    "sysctl.redirects": (
        "{0} = {1} on {2}: about ICMP redirects, by which routers point out a better way.",
        "{2}で{0} = {1}: よりよい経路を知らせるICMPリダイレクトの扱いを決めます。",
    ),
    "sysctl.send_redirects": (
        "send_redirects = {0} on {1}: with 1, on the interface or for all, the sender of what goes back out "
        "of the interface it came in by is told the shorter way (ICMP redirect). The source of such packets "
        "is then looked up, rp_filter or not: a broadcast address is refused.",
        "{1}でsend_redirects = {0}: このインターフェースかallが1なら、届いたのと同じインターフェースから出て"
        "いくパケットの送信者に近道を知らせます (ICMPリダイレクト)。その場合、rp_filterの値にかかわらず送信元"
        "が調べられ、ブロードキャストアドレスなら拒否されます。",
    ),
    "sysctl.source_route": (
        "Value {0} for {1}: whether packets that prescribe their own way (source routing) are taken.",
        "{1}についての値は{0}です。経路を自ら指定するパケット (ソースルーティング) を受け付けるかどうかを"
        "決めます。",
    ),
    "sysctl.bc_forwarding": (
        "Value {0} for {1}: with 1, packets to the broadcast address of another network are forwarded.",
        "{1}についての値は{0}です。1なら、ほかのネットワークのブロードキャストアドレス宛のパケットも転送"
        "します。",
    ),
    "sysctl.drop_unicast_in_l2_multicast": (
        "Value {0} for {1}: with 1, packets for one address that come in a frame for many are dropped.",
        "{1}についての値は{0}です。1なら、マルチキャストのフレームで届いたユニキャストのパケットを破棄し"
        "ます。",
    ),
    "sysctl.force_forwarding": (
        "Value {0} for {1}: with 1, IPv6 packets that arrive there are forwarded even where forwarding "
        "is off for the whole host.",
        "{1}についての値は{0}です。1なら、ホスト全体でIPv6の転送が無効でも、そこに届いたパケットを転送し"
        "ます。",
    ),
    "sysctl.mc_forwarding": (
        "Value {0} for {1}: whether multicast packets are forwarded; a multicast routing daemon sets it.",
        "{1}についての値は{0}です。マルチキャストパケットを転送するかどうかで、マルチキャストルーティング"
        "のデーモンが設定します。",
    ),
    "sysctl.icmp_echo_ignore_all": (
        "Value {0}: with 1 the host answers no ping.",
        "値は{0}です。1なら、ホストはpingに応答しません。",
    ),
    "sysctl.icmp_echo_ignore_broadcasts": (
        "Value {0}: with 1, the kernel's default, the host answers no ping for a broadcast or multicast "
        "address; with 0 it does, from its own address.",
        "値は{0}です。1 (カーネルの既定) なら、ブロードキャストやマルチキャスト宛のpingには応答しません。0"
        "なら自分のアドレスから応答します。",
    ),
    "sysctl.echo_ignore_multicast": (
        "Value {0}: with 1 the host answers no IPv6 ping for a multicast address.",
        "値は{0}です。1なら、マルチキャスト宛のIPv6のpingには応答しません。",
    ),
    "sysctl.echo_ignore_anycast": (
        "Value {0}: with 1 the host answers no IPv6 ping for an anycast address.",
        "値は{0}です。1なら、エニーキャスト宛のIPv6のpingには応答しません。",
    ),
    "sysctl.log_martians": (
        "Value {0} for {1}: whether impossible packets (martians) are logged. They are dropped either way.",
        "{1}についての値は{0}です。ありえないパケット (martian) を記録するかどうかで、破棄することに変わ"
        "りはありません。",
    ),
    "sysctl.accept_ra": (
        "Value {0} for {1}: whether IPv6 router advertisements are taken (2: even when forwarding); they "
        "bring addresses and the default route.",
        "{1}についての値は{0}です。IPv6のルーター広告を受け入れるかどうか (2なら転送が有効でも) を決めま"
        "す。アドレスとデフォルトルートが得られます。",
    ),
    "sysctl.conntrack_max": (
        "At most {0} connections are tracked at once; when they are used up, packets of new connections "
        "are dropped.",
        "同時に追跡するコネクションは最大{0}件です。使い切ると、新しいコネクションのパケットは破棄されます。",
    ),
    "sysctl.conntrack_count": (
        "{0} connections are tracked right now.",
        "現在{0}件のコネクションを追跡しています。",
    ),
    "sysctl.conntrack_timeout": (
        "A tracked connection in this state ({0}) is forgotten after {1} seconds of silence.",
        "この状態 ({0}) のコネクションは、{1}秒間通信がないと追跡をやめます。",
    ),
    "sysctl.conntrack_loose": (
        "Value {0}: with 1, TCP connections whose beginning was not seen are picked up in the middle.",
        "値は{0}です。1なら、始まりを見ていないTCPコネクションも途中から追跡します。",
    ),
    "sysctl.conntrack_liberal": (
        "Value {0}: with 1, TCP packets outside the window are not INVALID (only RSTs are).",
        "値は{0}です。1なら、ウィンドウの外のTCPパケットをINVALIDとしません (RSTを除く)。",
    ),
    "sysctl.conntrack": (
        "{0} = {1}: about connection tracking; it does not decide where packets go.",
        "{0} = {1}: コネクション追跡の設定です。パケットの行き先は左右しません。",
    ),
    "sysctl.default": (
        "conf.default: interfaces that appear later start with this value ({0}).",
        "conf.default: 後から現れるインターフェースは、この値 ({0}) で始まります。",
    ),
    "sysctl.everywhere": ("every interface (conf.all)", "全インターフェース (conf.all)"),
    "sysctl.later": (
        "interfaces that appear later (conf.default)",
        "後から現れるインターフェース (conf.default)",
    ),
    "sysctl.irrelevant": (
        "Does not decide where packets go.",
        "パケットの行き先は左右しません。",
    ),
    "sysctl.not_modelled": (
        "With this value it may decide about packets, and what it does is not modelled: answers that it "
        "could touch are left open.",
        "この値ではパケットの行き先を左右しえますが、そのはたらきはモデルにありません。関わりうる答えは未確定に"
        "なります。",
    ),
    "sysctl.harmless": (
        "With this value it does nothing to packets.",
        "この値ではパケットの行き先に影響しません。",
    ),
    "sysctl.unknown": (
        "Not known to Sekisho: what this setting changes is left open here.",
        "Sekishoが知らない設定です。何が変わるかは、ここでは述べません。",
    ),
    "sysctl.overridden": (
        "The same key stands further down again; the last line counts.",
        "同じキーが後にもう一度あり、最後の行が有効です。",
    ),
    # ------------------------------------------------------------------ beside the tables
    "beside.policy": (
        "An IPsec policy ({0}): packets from {1} to {2} are to be handled by it ({3}). IPsec is not "
        "modelled: answers about them are left open.",
        "IPsecポリシー ({0}): {1} から {2} へのパケットが対象です ({3})。IPsecはモデルにないため、"
        "これらについての答えは未確定になります。",
    ),
    "beside.policy.socket": (
        "A socket's own IPsec policy, of the daemon that negotiates keys: it touches no other packets.",
        "鍵交換デーモンのソケット自身のIPsecポリシーです。他のパケットには関わりません。",
    ),
    "beside.filter": (
        "A filter of tc at {0} ({1}): it may drop or redirect packets, and is not modelled.",
        "{0} のtcフィルター ({1}): パケットを破棄・転送しうるもので、モデルにはありません。",
    ),
    "beside.queue": (
        "How packets wait to leave by {0} ({1}).",
        "{0} から送り出すパケットの待ち行列です ({1})。",
    ),
    "beside.losing": (
        "A queue at {0} ({1}) that may lose packets: whether it does is not modelled.",
        "{0} の待ち行列 ({1}) はパケットを失わせうるもので、モデルにはありません。",
    ),
    "beside.service": (
        "A virtual service (ipvs): connections to {0} are handed to its servers, which is not modelled.",
        "仮想サービス (ipvs): {0} への接続は背後のサーバーへ渡されます。これはモデルにありません。",
    ),
    "beside.mark": (
        "A virtual service (ipvs) for packets with the mark {0}, which is not modelled.",
        "マーク {0} の付いたパケットに対する仮想サービス (ipvs) です。モデルにはありません。",
    ),
    "beside.listens": (
        "WireGuard's {0} listens on UDP port {1} for its peers.",
        "WireGuard の {0} は、ピアからのパケットをUDPポート {1} で待ち受けます。",
    ),
    "beside.peer": (
        "A peer of {0}: what leaves by {0} for {1} goes to it, and nothing else comes from it.",
        "{0} のピア: {0} から {1} へ出るパケットはここへ送られ、これ以外のアドレスからのパケットは"
        "受け取りません。",
    ),
    "beside.peer.none": (
        "A peer of {0} without addresses: nothing goes to it or comes from it.",
        "{0} のピアですがアドレスがなく、何も送受信しません。",
    ),
    # ------------------------------------------------------------------ sockets
    "socket.listen": (
        "{0} port {1} of {2} is open: {3} takes what arrives for it.",
        "{2}の{0}ポート{1}は開いています。届いたものは{3}が受け取ります。",
    ),
    "socket.other": (
        "A {0} socket at {1} port {2}, state {4}, held by {3}.",
        "{1}の{0}ポート{2}のソケットです。状態は{4}、持ち主は{3}です。",
    ),
    "socket.any": ("every address of this host", "このホストのすべてのアドレス"),
    "socket.any4": ("every IPv4 address of this host", "このホストのすべてのIPv4アドレス"),
    "socket.any6": ("every IPv6 address of this host", "このホストのすべてのIPv6アドレス"),
    "socket.loopback": ("{0} (this host only)", "{0} (このホストの中だけ)"),
    "socket.on": ("{0} on {1}", "{1}の{0}"),
    "socket.process": ("the program {0}", "プログラム{0}"),
    "socket.dual_unknown": (
        "Whether it takes IPv4 as well, as most programs do, this listing does not tell: ss -tln does.",
        "IPv4も受け付けるかどうか (多くのプログラムは受け付けます) は、この一覧からはわかりません。ss -tln で"
        "わかります。",
    ),
    "socket.process.unknown": ("a program whose name was not captured", "名前が取得されていないプログラム"),
    "socket.docker_proxy": (
        "docker-proxy stands in for a published port where NAT does not apply (from 127.0.0.1, or from "
        "the container's own network): it opens a second connection to the container, which then sees "
        "the bridge's address as the source.",
        "docker-proxyは、NATが効かない場合 (127.0.0.1からの呼び出しや、同じネットワークのコンテナからの呼"
        "び出し) に公開ポートの代わりを務めます。コンテナへ別のコネクションを開くため、コンテナにはブリッ"
        "ジのアドレスが送信元に見えます。",
    ),
    "socket.published": (
        "From outside this host, the DNAT in {0} takes packets for this port first.",
        "ホストの外から来たこのポート宛のパケットには、先に{0}のDNATが効きます。",
    ),
    # ------------------------------------------------------------------ conntrack
    "conn.flow": (
        "A {0} connection from {1} to {2}.",
        "{1}から{2}への{0}のコネクションです。",
    ),
    "conn.dnat": (
        "Its destination was translated (DNAT): it really goes to {0}.",
        "宛先がDNATで書き換えられており、実際には{0}へ届きます。",
    ),
    "conn.snat": (
        "Its source was translated (SNAT or masquerade): the other side sees {0}.",
        "送信元が書き換えられており (送信元NATまたはIPマスカレード)、相手からは{0}に見えます。",
    ),
    "conn.unreplied": ("No answer has been seen yet.", "応答はまだ確認されていません。"),
    "conn.assured": (
        "Traffic went both ways; the kernel keeps it even when the table is full (ASSURED).",
        "双方向の通信が確認されており、表がいっぱいになっても消されません (ASSURED)。",
    ),
    "conn.state": ("State {0}.", "状態は{0}です。"),
    "conn.timeout": (
        "Forgotten in {0} seconds unless more packets come.",
        "このあと通信がなければ、{0}秒で追跡をやめます。",
    ),
    "conn.mark": ("It carries the connection mark {0}.", "コネクションのマークは{0}です。"),
    "conn.zone": ("It belongs to zone {0}.", "ゾーン{0}に属します。"),
    "conn.end": ("{0} port {1}", "{0}のポート{1}"),
    # ------------------------------------------------------------------ said before: in brief
    "socket.docker_proxy.again": (
        "docker-proxy stands in for a published port.",
        "docker-proxyが公開ポートの代わりを務めます。",
    ),
    "conn.assured.again": (
        "ASSURED.",
        "ASSURED (双方向の通信を確認済み) です。",
    ),
}
