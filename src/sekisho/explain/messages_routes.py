"""Words for routes and policy rules."""

from __future__ import annotations

MESSAGES: dict[str, tuple[str, str]] = {
    # ------------------------------------------------------------------ where packets go
    "routes.default.via": (
        "Packets to destinations that no other route matches go to {0}, the default gateway, out of {1}.",
        "ほかのどの経路にも一致しない宛先へのパケットは、{1}からデフォルトゲートウェイ{0}へ送ります。",
    ),
    "routes.default.link": (
        "Packets to destinations that no other route matches leave by {0} without a gateway: the other "
        "end of that link is expected to take them.",
        "ほかのどの経路にも一致しない宛先へのパケットは、ゲートウェイを介さずに{0}から送り出します。リン"
        "クの相手側が受け取る前提です。",
    ),
    "routes.hidden": (
        "Packets to {0} go out of {2} to a gateway that the text does not show ({1}).",
        "{0}宛てのパケットは、{2}から、伏せられたゲートウェイ ({1}) に送られます。",
    ),
    "routes.prefix.via": (
        "Packets to {0} go to the next hop {1} out of {2}.",
        "{0}宛のパケットは、{2}からネクストホップ{1}へ送ります。",
    ),
    "routes.prefix.link": (
        "{0} is on the link of {1} itself: packets to it go straight to their destination, without a "
        "gateway.",
        "{0}は{1}と同一リンク上にあります。この範囲宛のパケットは、ゲートウェイを通らずに相手へ直接届けま"
        "す。",
    ),
    "routes.host.link": (
        "The single address {0} is on the link of {1} itself: packets to it go there straight, without a "
        "gateway.",
        "アドレス{0}ひとつだけを対象とする経路です。{1}と同一リンク上にあり、ゲートウェイを通らずに直接届"
        "けます。",
    ),
    "routes.many": (
        "Packets to {0} are spread over {1} next hops, connection by connection, by weight: {2}.",
        "{0}宛のパケットは、{1}個のネクストホップに重みに応じて (コネクション単位で) 振り分けます: {2}。",
    ),
    "routes.way.via": ("{0} out of {1} (weight {2})", "{1}から{0}へ (重み{2})"),
    "routes.way.link": ("directly out of {0} (weight {1})", "{0}から直接 (重み{1})"),
    "routes.nowhere": (
        "Packets to {0}: the line names no interface; where they go is not known to Sekisho.",
        "{0}宛のパケット: 行に出力インターフェースがないため、行き先はSekishoにはわかりません。",
    ),
    "routes.nhid": (
        "The next hop is object {0} of the kernel's next hop table (ip nexthop).",
        "ネクストホップは、カーネルのネクストホップテーブル (ip nexthop) の{0}番です。",
    ),
    "routes.everything": ("every destination", "すべての宛先"),
    # ------------------------------------------------------------------ other kinds
    "routes.local.host": (
        "{0} is an address of this host: packets to it are taken in here, whichever interface they "
        "arrive on.",
        "{0}はこのホスト自身のアドレスです。この宛先のパケットは、どのインターフェースから届いてもホスト"
        "自身が受け取ります。",
    ),
    "routes.local.prefix": (
        "Every address of {0} counts as this host's own: packets to it are taken in here ({1}).",
        "{0}のすべてのアドレスをこのホスト自身のものとして扱い、宛先がここに入るパケットはホスト自身が受"
        "け取ります ({1})。",
    ),
    "routes.broadcast": (
        "{0} is a broadcast address on {1}: packets to it go to every station on that link, this host "
        "included.",
        "{0}は{1}のブロードキャストアドレスです。このホストを含め、同一リンク上の全員に届きます。",
    ),
    "routes.multicast": (
        "Multicast packets to {0} leave by {1}.",
        "{0}宛のマルチキャストパケットは{1}から送り出します。",
    ),
    "routes.anycast": (
        "{0} is an anycast address that this host answers too ({1}).",
        "{0}は、このホストも応答するエニーキャストアドレスです ({1})。",
    ),
    "routes.blackhole": (
        "Packets to {0} are dropped without a word to the sender.",
        "{0}宛のパケットは、送信元に何も知らせずに破棄します。",
    ),
    "routes.unreachable": (
        "Packets to {0} are turned away: the sender is told that the host is unreachable (ICMP error).",
        "{0}宛のパケットは拒否し、送信元にICMPで「ホスト到達不能」と知らせます。",
    ),
    "routes.prohibit": (
        "Packets to {0} are turned away: the sender is told that it is administratively prohibited (ICMP "
        "error).",
        "{0}宛のパケットは拒否し、送信元にICMPで「管理上禁止」と知らせます。",
    ),
    "routes.throw": (
        "For {0} the search in this table ends here without a route; the next policy rule is asked.",
        "{0}宛については、このテーブルでの検索を経路なしで打ち切り、次のポリシールールへ進みます。",
    ),
    "routes.other_kind": (
        "A route of kind {0} for {1}. This kind is not known to Sekisho; answers that depend on it are "
        "undetermined.",
        "{1}への{0}型の経路です。この型はSekishoが知らないもので、これに左右される答えは「判定できない」"
        "になります。",
    ),
    # ------------------------------------------------------------------ in this host's context
    "routes.table": (
        "It stands in routing table {0}, which is asked only when a policy rule (ip rule) says so.",
        "ルーティングテーブル{0}の経路です。このテーブルは、ポリシールール (ip rule) が指定したときだけ参"
        "照されます。",
    ),
    "routes.table_local": (
        "It stands in table local, which the kernel keeps itself and asks first.",
        "カーネル自身が管理し、最初に参照されるlocalテーブルの経路です。",
    ),
    "routes.longer": (
        "The address also lies in {0}, which is reached in another way; the longest prefix match "
        "decides, and this route is the longer one.",
        "このアドレスは、別の届け方をする{0}にも含まれます。最長一致 (ロンゲストマッチ) で決まるため、よ"
        "り長いこの経路が使われます。",
    ),
    "routes.except": (
        "Not so for {0}: a longer prefix has a route of its own, and the longest prefix match decides.",
        "ただし{0}には、より長いプレフィックスの経路が別にあり、最長一致によりそちらが使われます。",
    ),
    "routes.except.many": (
        "Not so for {0} and {1} more: longer prefixes have routes of their own, and the longest prefix "
        "match decides.",
        "ただし{0}ほか{1}件には、より長いプレフィックスの経路が別にあり、最長一致によりそちらが使われます。",
    ),
    "routes.gateway_route": (
        "It makes sure that the gateway itself is found on the link, whatever the other routes say.",
        "ほかの経路に関係なく、ゲートウェイ自身に同一リンクで必ず届くようにするための経路です。",
    ),
    "routes.vpc_router": (
        "If this host is in an AWS VPC, {0} is the VPC router (the first address of the subnet plus "
        "one); it forwards by the route table of the subnet.",
        "このホストがAWSのVPC内にあるなら、{0} (サブネットの先頭アドレス+1) はVPCルーターで、サブネットの"
        "ルートテーブルに従って転送します。",
    ),
    "routes.vpc_router_again": ("(In a VPC: the VPC router.)", "(VPCならVPCルーターです。)"),
    "routes.resolver": (
        "In an AWS VPC {0} (base of the network plus two) is the Route 53 Resolver, the DNS server. "
        "systemd-networkd adds such a route for every DNS server that DHCP announced (RoutesToDNS=).",
        "AWSのVPCでは、{0} (ネットワークの先頭+2) はAmazon DNSサーバー (.2リゾルバー) です。"
        "systemd-networkdは、DHCPで通知されたDNSサーバーごとにこのような経路を追加します (RoutesToDNS=)。",
    ),
    "routes.container_gateway": (
        "{0} is the host's address on the bridge {1}: the host is the gateway of this namespace.",
        "{0}はブリッジ{1}上のホストのアドレスです。つまり、この名前空間のゲートウェイはホストです。",
    ),
    "routes.bridge.docker0": (
        '{0} is the bridge of Docker\'s default network "{1}".',
        "{0}は、Dockerのデフォルトのネットワーク「{1}」のブリッジです。",
    ),
    "routes.bridge.docker": (
        '{0} is the bridge of the Docker network "{1}" (user-defined bridge network).',
        "{0}は、Dockerのネットワーク「{1}」(ユーザー定義ブリッジネットワーク) のブリッジです。",
    ),
    "routes.bridge.docker_id": (
        "{0} is, by its name, the bridge of a user-defined Docker network: br- and the first 12 digits "
        "of the network's id, {1} (docker network ls shows which).",
        "{0}は、名前からするとDockerのユーザー定義ブリッジネットワークのブリッジです。br-の後の{1}は、ネ"
        "ットワークIDの先頭12桁です (どのネットワークかはdocker network lsでわかります)。",
    ),
    "routes.bridge.named": (
        "{0} looks like a Docker bridge (br- and the start of a network's id), but the rest of the name "
        "is not such an id.",
        "{0}はDockerのブリッジの名前 (br-とネットワークIDの先頭) に似ていますが、br-の後がIDの形ではあり"
        "ません。",
    ),
    "routes.bridge.written": (
        "{0} is the bridge of a Docker network: there are rules that dockerd writes for such bridges only.",
        "{0}はDockerネットワークのブリッジです。dockerdがそのようなブリッジにだけ書くルールがあります。",
    ),
    "routes.bridge.swarm": (
        "{0} is the bridge by which containers of swarm services leave the host (ingress ports as well).",
        "{0}は、swarmのサービスのコンテナがホストの外に出る (ingressポートも通る) ブリッジです。",
    ),
    "routes.bridge.usual": (
        "{0} is a bridge, by its name; of what kind the interface is was not captured (ip -d link).",
        "{0}は、名前からするとブリッジです。インターフェースの種類は取得されていません (ip -d link)。",
    ),
    "routes.bridge.other": ("{0} is a bridge.", "{0}はブリッジです。"),
    "routes.bridge.own": (
        "This host has the address {0} there, which is the default gateway of the containers.",
        "このホストはそこで{0}というアドレスを持ち、これがコンテナのデフォルトゲートウェイになります。",
    ),
    "routes.bridge.containers": ("Known there: {0}.", "そこにあるとわかっているもの: {0}。"),
    # ------------------------------------------------------------------ attributes
    "routes.src": (
        "Programs on this host that choose no source address themselves use {0} (src, the preferred source).",
        "ホスト上のプログラムが送信元を自分で選ばない場合、優先送信元アドレス{0}を使います (src)。",
    ),
    "routes.metric": (
        "Metric {0}: among routes to the same destination the smaller metric wins.",
        "メトリックは{0}です。同じ宛先への経路の中では、メトリックの小さいものが使われます。",
    ),
    "routes.metric.alone": (
        "Metric {0} decides nothing here: no other route has the same destination.",
        "メトリックは{0}ですが、同じ宛先への経路はほかにないので、ここでは何も左右しません。",
    ),
    "routes.metric.wins": (
        "Metric {0} is the smallest for this destination, so this route is used.",
        "この宛先の経路の中でメトリックが{0}と最小なので、この経路が使われます。",
    ),
    "routes.metric.loses": (
        "Metric {0}: a route to the same destination with the smaller metric {1} comes first.",
        "メトリックは{0}です。同じ宛先への、よりメトリックの小さい ({1}) 経路が優先されます。",
    ),
    "routes.proto.kernel": (
        "The kernel added it when the interface got its address.",
        "インターフェースにアドレスが付いたときに、カーネルが追加した経路です。",
    ),
    "routes.proto.dhcp": ("DHCP put it there.", "DHCPで追加された経路です。"),
    "routes.proto.static": (
        "It was configured by hand (proto static).",
        "管理者が設定した経路です (proto static)。",
    ),
    "routes.proto.boot": (
        "A script or a person added it after start-up (proto boot).",
        "起動時以降にスクリプトか人の手で追加された経路です (proto boot)。",
    ),
    "routes.proto.ra": (
        "A router on the link announced it (IPv6 router advertisement).",
        "同一リンク上のルーターが広告した経路です (IPv6のルーター広告)。",
    ),
    "routes.proto.redirect": (
        "A router pointed it out (ICMP redirect).",
        "ルーターがICMPリダイレクトで知らせた経路です。",
    ),
    "routes.proto.other": (
        "{0} put it there.",
        "{0}が追加した経路です。",
    ),
    "routes.scope.host": (
        "scope host: it holds inside this host only.",
        "scope host: このホストの中でだけ有効です。",
    ),
    "routes.tos": (
        "Only packets with type of service {0} use it.",
        "サービス種別 (TOS) が{0}のパケットだけに使われます。",
    ),
    "routes.flag.linkdown": (
        "linkdown: {0} has no carrier at the moment. The route still counts, so packets to it are not "
        "sent elsewhere, they just reach nobody (unless ignore_routes_with_linkdown = 1).",
        "linkdown: {0}は現在リンクダウンしています。それでも経路としては有効なので、パケットは別の経路に"
        "は回らず、届かないだけになります (ignore_routes_with_linkdown = 1の場合を除く)。",
    ),
    "routes.flag.linkdown_bridge": (
        "linkdown: no port of the bridge {0} is up, which means that no container runs on it. The route "
        "still counts, so packets to it are not sent elsewhere, they just reach nobody (unless "
        "ignore_routes_with_linkdown = 1).",
        "linkdown: ブリッジ{0}に、動作中のポートがひとつもありません。つまり、このブリッジで動いているコ"
        "ンテナはありません。それでも経路としては有効なので、パケットは別の経路には回らず、届かないだけに"
        "なります (ignore_routes_with_linkdown = 1の場合を除く)。",
    ),
    "routes.flag.dead": (
        "dead: {0} is switched off, the route is not used.",
        "dead: {0}が停止しているため、この経路は使われません。",
    ),
    "routes.flag.onlink": (
        "onlink: {0} is taken to be on the link of {1}, although no route says so.",
        "onlink: {0}への経路が別になくても、{1}と同一リンク上にあるものとして扱います。",
    ),
    "routes.flag.other": (
        "Flag {0} is noted by the kernel and does not change where packets go.",
        "フラグ{0}はカーネルの付記で、パケットの行き先を変えません。",
    ),
    "routes.attribute": (
        "{0} does not change where packets go.",
        "{0}はパケットの行き先を変えません。",
    ),
    "routes.mtu": (
        "Packets on this way may be at most {0} bytes long.",
        "この経路を通るパケットの長さは最大{0}バイトです。",
    ),
    # ------------------------------------------------------------------ policy rules
    "policy.lookup": (
        "{0} are looked up in routing table {1}.",
        "{0}は、ルーティングテーブル{1}で経路を検索します。",
    ),
    "policy.goto": ("{0} go on at rule {1}.", "{0}については、優先度{1}のルールへ進みます。"),
    "policy.nop": ("{0}: the rule does nothing.", "{0}: 何もしないルールです。"),
    "policy.blackhole": ("{0} are dropped silently.", "{0}は、何も知らせずに破棄します。"),
    "policy.unreachable": (
        "{0} are turned away; the sender is told: unreachable.",
        "{0}は拒否し、送信元に「到達不能」と知らせます。",
    ),
    "policy.prohibit": (
        "{0} are turned away; the sender is told: administratively prohibited.",
        "{0}は拒否し、送信元に「管理上禁止」と知らせます。",
    ),
    "policy.other": (
        "{0}: action {1} is not known to Sekisho; answers that depend on it are undetermined.",
        "{0}: 動作{1}はSekishoが知らないもので、これに左右される答えは「判定できない」になります。",
    ),
    "policy.priority": (
        "Priority {0}: policy rules are tried from the smallest number up, until one's table has a route.",
        "優先度は{0}です。ポリシールールは番号の小さい順に試され、経路が見つかったところで終わります。",
    ),
    "policy.local": (
        "This standard rule finds the host's own addresses and broadcasts before anything else.",
        "ホスト自身のアドレスとブロードキャストを何よりも先に見つける、標準のルールです。",
    ),
    "policy.main": (
        "This standard rule leads to the table that ip route shows.",
        "ip routeで表示されるテーブルを参照する、標準のルールです。",
    ),
    "policy.default": (
        "This standard rule comes last; table default is normally empty.",
        "最後に試される標準のルールです。defaultテーブルは通常は空です。",
    ),
    "policy.suppress": (
        "Routes found there whose prefix is {0} bits or shorter do not count; with 0 that means: "
        "everything but the default route.",
        "そこで見つかった経路のうち、プレフィックス長が{0}ビット以下のものは無視します (0なら、デフォルト"
        "ルート以外を使うという意味です)。",
    ),
    "policy.suppress_group": (
        "Routes found there that leave by an interface of group {0} do not count.",
        "そこで見つかった経路のうち、グループ{0}のインターフェースから出るものは無視します。",
    ),
    "policy.proto": ("Added by {0}.", "{0}が追加しました。"),
    "policy.empty_table": (
        "No route of table {0} was captured.",
        "テーブル{0}の経路は取得されていません。",
    ),
    "policy.not": ("All packets except {0}", "{0}以外のすべてのパケット"),
    "policy.uid": ("sent by user ids {0}", "送信プロセスのユーザーIDが{0}"),
    "policy.l3mdev": ("that belong to a VRF", "VRFに属するもの"),
    # ------------------------------------------------------------------ said before: in brief
    "routes.src.again": (
        "Own source address: {0}.",
        "ホスト自身の送信元: {0}。",
    ),
    "routes.metric.alone.again": (
        "Metric {0} decides nothing here.",
        "メトリック{0}は、ここでは何も左右しません。",
    ),
    "routes.prefix.link.again": (
        "{0} is on the link of {1}, reached without a gateway.",
        "{0}は{1}と同一リンク上にあり、ゲートウェイを通らずに届けます。",
    ),
    "routes.host.link.again": (
        "The single address {0} is on the link of {1}, reached without a gateway.",
        "アドレス{0}ひとつを対象とし、{1}と同一リンク上で、ゲートウェイを通らずに届けます。",
    ),
    "routes.flag.linkdown.again": (
        "linkdown: {0} has no carrier at the moment; the route still counts.",
        "linkdown: {0}は現在リンクダウンしていますが、経路としては有効です。",
    ),
    "routes.flag.linkdown_bridge.again": (
        "linkdown: no container runs on {0}; the route still counts.",
        "linkdown: {0}で動いているコンテナはありませんが、経路としては有効です。",
    ),
    "routes.bridge.docker_id.again": (
        "{0} is, by its name, the bridge of a user-defined Docker network (id {1}).",
        "{0}は、名前からするとDockerのユーザー定義ブリッジネットワーク (ID {1}) のブリッジです。",
    ),
    "policy.priority.again": (
        "Priority {0}.",
        "優先度は{0}です。",
    ),
}
