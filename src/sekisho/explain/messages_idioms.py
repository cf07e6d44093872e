"""Words for what a rule is there for, where its shape is one that Docker (or an administrator) uses."""

from __future__ import annotations

MESSAGES: dict[str, tuple[str, str]] = {
    # ------------------------------------------------------------------ nat: published ports
    "idiom.published": (
        "This is a published port: {0} port {1} of this host leads to {2}.",
        "これは公開ポートです。このホストの{0}ポート{1}が{2}につながります。",
    ),
    "idiom.published.only": (
        "Only on this host's address {0}.",
        "このホストのアドレスのうち{0}だけが対象です。",
    ),
    "idiom.published.not_own": (
        "Packets that come from {0} itself are left alone: a container there that calls this host's "
        "address and port {1} reaches a socket of the host instead, which is docker-proxy's if anybody's.",
        "{0}自身から来たパケットは対象外です。そのネットワークのコンテナがこのホストのアドレスのポート{1}"
        "を呼ぶと、DNATされず、ホスト自身のソケットに届きます (そこで待ち受けるとすればdocker-proxyで"
        "す)。",
    ),
    "idiom.published.hairpin": (
        "Packets from containers of the same network are sent on as well (hairpin NAT), as dockerd "
        "writes it when its userland proxy is off.",
        "同じネットワークのコンテナから来たパケットも対象になります (ヘアピンNAT)。dockerdが"
        "userland-proxyを使わない設定のときの書き方です。",
    ),
    "idiom.return.bridge": (
        "So a container on {0} that calls a published port of this host is not sent on by the rules "
        "below ({1}); it reaches a socket of the host itself, which is docker-proxy's if anybody's.",
        "そのため、{0}上のコンテナがこのホストの公開ポートを呼んでも、下のルール ({1}) では転送されず、ホ"
        "スト自身のソケットに届きます (そこで待ち受けるとすればdocker-proxyです)。",
    ),
    "idiom.return.bridge.none": (
        "It would keep containers on {0} from using published ports by NAT, but no rule below publishes one.",
        "{0}上のコンテナに公開ポートのNATを使わせないためのルールですが、この下に公開ポートのルールはあり"
        "ません。",
    ),
    "idiom.return.rules": ("rules {0} of {1}", "{1}のルール{0}"),
    "idiom.local.prerouting": (
        "In other words: what arrives for this host itself is checked against the published ports. The "
        "kernel decides by its table local which addresses are the host's own.",
        "つまり、このホスト宛に届いたものを公開ポートと照合します。どのアドレスがホスト自身のものかは、"
        "カーネルがlocalテーブルで判断します。",
    ),
    "idiom.local.output": (
        "In other words: programs on this host that call one of its own addresses use the published "
        "ports too.",
        "つまり、ホスト上のプログラムがホスト自身のアドレスを呼んだときも公開ポートを使えます。",
    ),
    "idiom.local.output.loopback": (
        "Loopback (127.0.0.0/8) is left out: a call to 127.0.0.1 is not translated and needs a socket of "
        "the host, normally docker-proxy's.",
        "ループバック (127.0.0.0/8) は対象外です。127.0.0.1への呼び出しは書き換えられず、ホスト自身のソケ"
        "ット (通常はdocker-proxy) が受けます。",
    ),
    # ------------------------------------------------------------------ nat: source
    "idiom.outbound": (
        "This is how containers of {0} reach the outside: their private addresses would get no answer "
        "there. Traffic that stays on {1} is left as it is.",
        "{0}のコンテナが外部と通信するためのルールです。コンテナのプライベートアドレスのままでは応答が返"
        "ってこないからです。{1}の中で完結する通信は書き換えません。",
    ),
    "idiom.outbound.every": (
        "This hides the addresses of {0} behind this host.",
        "{0}のアドレスを、このホストのアドレスの陰に隠します。",
    ),
    "idiom.local_source": (
        "This lets this host itself reach containers on {0} even when it calls from 127.0.0.1: the "
        "container sees the bridge's address and can answer. dockerd writes it when its userland proxy "
        "is off.",
        "ホスト自身が127.0.0.1から{0}のコンテナを呼べるようにするルールです。コンテナからはブリッジのアド"
        "レスに見え、応答できます。dockerdがuserland-proxyを使わない設定のときに書きます。",
    ),
    "idiom.hairpin": (
        "It waits for hairpin NAT, for the moment when {0} calls its own published port and is sent back "
        "to itself: with the new source the answer comes back through this host.",
        "ヘアピンNATのためのルールです。{0}が自分自身の公開ポートを呼び、自分に送り返される場合に備えま"
        "す。送信元を書き換えることで、応答がこのホストを通って戻ります。",
    ),
    "idiom.hairpin.never": (
        "Here it cannot fire: {0}.",
        "しかし、ここでは一致することがありません。{0}です。",
    ),
    "idiom.hairpin.fires": (
        "Here it fires: nothing keeps a packet of the container from {0}; its source becomes {1}.",
        "ここでは実際に働きます。コンテナのパケットが{0}に至るのを妨げるものがなく、送信元は{1}になります。",
    ),
    "idiom.hairpin.no_dnat": (
        "Here it cannot fire by way of a published port: no captured rule sends packets to {0}.",
        "ここでは、公開ポートを経て一致することはありません。{0}にパケットを送るルールが、取得されたもの"
        "の中にないからです。",
    ),
    "idiom.hairpin.unknown": (
        "Whether it can fire here is not known: this table was not captured completely.",
        "ここで働くかどうかはわかりません。このテーブルが完全には取得されていないからです。",
    ),
    "idiom.hairpin.perhaps": (
        "Whether it fires here depends on further conditions on the way to {0}.",
        "ここで働くかどうかは、{0}に至るまでのほかの条件によります。",
    ),
    "idiom.hairpin.port": (
        "For that the bridge must also send it back out of the port that it came in by (hairpin mode of "
        "the port).",
        "そのためには、ブリッジが入ってきたポートから送り返せること (ポートのヘアピンモード) も必要です。",
    ),
    "hairpin.loopback": (
        "the DNAT of {0} is for {1} only, which in a container means the container itself",
        "{0}のDNATは{1}だけが対象で、コンテナの中の{1}はコンテナ自身を指すため",
    ),
    "hairpin.uncalled": (
        "nothing that arrives from outside is led to the DNAT of {0}",
        "外から届いたものを{0}のDNATに導くルールがないため",
    ),
    "hairpin.other_interface": (
        "the DNAT of {0} is for what comes from {1} only",
        "{0}のDNATが{1}から来たものだけを対象にしているため",
    ),
    "hairpin.returned": (
        "{0} sends everything that comes from {1} back before it gets to the DNAT of {2}",
        "{2}のDNATに至る前に、{0}が{1}から来たものをすべて戻すため",
    ),
    "hairpin.excluded": (
        "the DNAT of {0} leaves out what comes from {1}",
        "{0}のDNATが{1}から来たものを対象外にしているため",
    ),
    "hairpin.bridge_address": ("the address of {0} ({1})", "{0}のアドレス ({1})"),
    "hairpin.bridge_address.unknown": ("the address of {0}", "{0}のアドレス"),
    "rule.number": ("Rule {0}:", "ルール{0}: "),
    "rule.name": ("{0} rule {1}", "{0}のルール{1}"),
    # ------------------------------------------------------------------ filter
    "idiom.established": (
        "This lets answers, and all later packets of connections that were let through once, pass.",
        "一度許可したコネクションの応答や以降のパケットを通すためのルールです。",
    ),
    "idiom.port": (
        "This opens port {1} of {0} to what comes from outside its network. It is the container's own "
        "port: where a published port is used, DNAT has already happened.",
        "{0}のポート{1}を、そのネットワークの外から来たものに開きます。コンテナ側のポート番号です (公開"
        "ポート経由の場合、DNATはすでに済んでいます)。",
    ),
    "idiom.unpublished": (
        "So, what no rule above has accepted does not get into the network {0} from outside.",
        "つまり、これより上のルールが許可しなかったものは、外から{0}のネットワークに入れません。",
    ),
    "idiom.egress": (
        "This lets containers on {0} open connections to the outside.",
        "{0}上のコンテナが外部へ接続できるようにします。",
    ),
    "idiom.egress.all": (
        "This lets containers on {0} open connections, among themselves and to the outside.",
        "{0}上のコンテナが、互いに、また外部へ接続できるようにします。",
    ),
    "idiom.icc": (
        "It is about containers on the same network {0} (only packets that the host routes, or all of "
        "them where bridge-nf-call-iptables = 1).",
        "同じ{0}上のコンテナ同士の通信についてのルールです (通るのはホストが経路制御したパケット。"
        "bridge-nf-call-iptables = 1の場合は、ブリッジ内の通信もすべて通ります)。",
    ),
    "idiom.isolation.1": (
        "Whatever leaves the network {0} is checked there for whether it would enter another Docker network.",
        "{0}のネットワークから出るものについて、別のDockerネットワークに入ろうとしていないかをそこで調べ"
        "ます。",
    ),
    "idiom.isolation.2": (
        "Reached only by packets that come from another Docker bridge: networks are kept apart.",
        "ここに至るのは別のDockerブリッジから来たパケットだけです。ネットワーク同士を隔離します。",
    ),
    "idiom.internal.in": (
        "This closes the network of {0} to everything from outside {1} (an internal network).",
        "{0}のネットワークを、{1}の外からのすべてに対して閉じます (内部ネットワーク)。",
    ),
    "idiom.internal.out": (
        "This keeps what is on {0} from sending anything outside {1} (an internal network).",
        "{0}上のものが{1}の外へ送れないようにします (内部ネットワーク)。",
    ),
    "idiom.by_bridge": (
        "Packets into the network {0} are checked there.",
        "{0}のネットワークに入るパケットを、そこで検査します。",
    ),
    "idiom.host_network": (
        "This is about packets that come from {0}.",
        "{0}から来るパケットについてのルールです。",
    ),
    # ------------------------------------------------------------------ raw
    "idiom.raw.direct": (
        "So nobody outside {1} gets at {0} by its own address, even with a route to it; published ports "
        "are not touched, because here their DNAT is still to come.",
        "{1}の外からは、経路があっても{0}自身のアドレスへ直接届きません。公開ポート宛のものはこの時点でま"
        "だDNATされていないので、影響を受けません。",
    ),
    "idiom.raw.loopback": (
        "The port is published on loopback only; this turns away packets from the network that claim to "
        "be for {0}.",
        "ループバックだけに公開したポートなので、ネットワークから来て{0}宛を名乗るパケットを退けます。",
    ),
    "idiom.raw.trusted": (
        "{1} is trusted: from there {0} may be reached by its own address.",
        "{1}は信頼されたインターフェースで、そこからは{0}自身のアドレスに直接届きます。",
    ),
    # ------------------------------------------------------------------ inside a container
    "idiom.dns": (
        "127.0.0.11 is the DNS server that Docker runs inside this container; it listens at {0}.",
        "127.0.0.11は、Dockerがこのコンテナの中で動かしているDNSサーバーで、実際には{0}で待ち受けています。",
    ),
    # ------------------------------------------------------------------ said before: in brief
    "idiom.published.not_own.again": (
        "Packets that come from {0} itself are left alone, as above.",
        "{0}自身から来たパケットは対象外です (前述のとおり)。",
    ),
    "idiom.return.bridge.again": (
        "So containers on {0} do not use the published ports below ({1}) by NAT either.",
        "そのため、{0}上のコンテナも、下の公開ポート ({1}) をNAT経由では使いません。",
    ),
    "idiom.hairpin.again": (
        "It waits for hairpin NAT of {0}, as above.",
        "これも{0}のヘアピンNATのためのルールです。",
    ),
    "idiom.local_source.again": (
        "It does the same for {0}.",
        "{0}についても同じです。",
    ),
    "idiom.outbound.again": (
        "This is the way of containers of {0} to the outside; traffic that stays on {1} is left as it is.",
        "{0}のコンテナが外部と通信するためのルールです。{1}の中で完結する通信は書き換えません。",
    ),
    "idiom.raw.direct.again": (
        "So nobody outside {1} gets at {0} by its own address.",
        "{1}の外からは、{0}自身のアドレスへ直接届きません。",
    ),
    "idiom.port.again": (
        "This opens port {1} of {0} to what comes from outside its network.",
        "{0}のポート{1}を、そのネットワークの外から来たものに開きます。",
    ),
}
