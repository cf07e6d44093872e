"""What is wrong or fragile on a Docker host, and the way out of each."""

from __future__ import annotations

MESSAGES: dict[str, tuple[str, str]] = {
    "lint.none": ("nothing found", "指摘なし"),
    "lint.count": ("{0} errors, {1} warnings, {2} notes", "エラー {0}、警告 {1}、注記 {2}"),
    "lint.no-drift": (
        "not checked: whether the rules are still Docker's (docker network inspect and docker inspect were"
        " not"
        " captured)",
        "未確認: ルールがDockerの作ったままか (docker network inspect と docker inspect が取得されていない)",
    ),
    "lint.unknown-engine": (
        "not checked: whether the rules are still Docker's (Docker {0} is not known here; {1} is nearest)",
        "未確認: ルールがDockerの作ったままか (Docker {0} は未知。最も近いのは {1})",
    ),
    "lint.uninspected": (
        "not checked: whether the rules are still Docker's (not inspected: {0})",
        "未確認: ルールがDockerの作ったままか (docker inspect がないコンテナ: {0})",
    ),
    "lint.no-fit": (
        "not checked: whether the rules are still Docker's ({0})",
        "未確認: ルールがDockerの作ったままか ({0})",
    ),
    "lint.addresses": (
        "not checked: what depends on addresses of the host that no route shows (ip addr was not captured)",
        "未確認: 経路に現れないホスト自身のアドレスによるもの (ip addr が取得されていない)",
    ),
    "lint.failed": (
        "not checked: what {0} would have shown, it failed ({1})",
        "未確認: 失敗した {0} の内容 ({1})",
    ),
    "lint.unread": (
        "not checked: what lines from {0} on tell that could not be read",
        "未確認: 読み取れない行の内容 ({0} 以降)",
    ),
    "lint.not-captured": (
        "not checked: {0}: {1} was not captured",
        "未確認: {0}。{1} が取得されていない",
    ),
    "lint.tables": (
        "not checked: rules of tables that were not captured: {0} ({1} shows them)",
        "未確認: 取得されていないテーブルのルール: {0} ({1} で分かる)",
    ),
    "lint.open": (
        "nobody can say whether some packets from outside get in: {0}",
        "外からのパケットが入れるか不明: {0}",
    ),
    "lint.about.routes": ("what depends on routes", "経路によるもの"),
    "lint.about.addresses": ("whether the bridges have their addresses", "ブリッジのアドレス"),
    "lint.about.links": (
        "the state of interfaces and bridges, and whether their MTUs fit",
        "インターフェースとブリッジの状態、MTUの整合",
    ),
    "lint.about.rules": (
        "by which of several interfaces replies leave",
        "複数のインターフェースのどれから応答が出るか",
    ),
    "lint.about.settings": ("what depends on kernel settings", "カーネル設定によるもの"),
    "lint.about.files": (
        "which files turn forwarding off when they are applied again",
        "再適用時に転送を無効にするファイル",
    ),
    "lint.about.sets": ("which sets no rule uses", "どのルールも使わないセット"),
    "lint.about.sockets": (
        "whether docker-proxy listens on published ports",
        "公開ポートでdocker-proxyが待ち受けているか",
    ),
    "lint.partial": (
        "not all of table {0} is there, or understood ({1}): what is not shown may call its chains, so"
        " nothing is concluded from that",
        "{0}テーブルには取得されていないか理解できない行がある ({1})。"
        "見えない行がチェインを呼ぶかもしれないため、行がないことからは何も結論しない",
    ),
    "lint.error": ("error", "エラー"),
    "lint.warning": ("warning", "警告"),
    "lint.note": ("note", "注記"),
    "lint.way": ("way out", "対処"),
    "trap.data-port-open": (
        "{1} of container {0} is open to every address that reaches this host, on port {2}",
        "コンテナ {0} の {1} が、このホストに届くすべてのアドレスにポート {2} で開いている",
    ),
    "trap.data-port-open.way": (
        "publish it on 127.0.0.1 (127.0.0.1:{2}:...), or not at all: containers of its network reach it"
        " anyway",
        "127.0.0.1 に限って公開する (127.0.0.1:{2}:...) か、公開しない。"
        "同じネットワークのコンテナからは公開しなくても届く",
    ),
    "trap.data-port-open.maybe": (
        "{1} of container {0} may be open to every address that reaches this host, on port {2}: nobody can"
        " say from what was captured",
        "コンテナ {0} の {1} が、このホストに届くすべてのアドレスにポート {2} で開いている可能性がある"
        " (取得されたものからは判定できない)",
    ),
    "trap.data-port-open.maybe.way": (
        "see with sekisho trace --from internet what is missing; and publish it on 127.0.0.1"
        " (127.0.0.1:{2}:...), or not at all: containers of its network reach it anyway",
        "何が足りないかは sekisho trace --from internet で分かる。そのうえで 127.0.0.1 に限って公開する"
        " (127.0.0.1:{2}:...) か、公開しない。同じネットワークのコンテナからは公開しなくても届く",
    ),
    "trap.published-past-input": (
        "{0} filters INPUT, which published ports never pass: DNAT sends them on to FORWARD: {1}",
        "{0} はINPUTを絞っているが、公開ポートはINPUTを通らない (宛先NATでFORWARDに向かう): {1}",
    ),
    "trap.published-past-input.way": (
        "filter them in DOCKER-USER (by the container's port, or --ctorigdstport), or publish on one address",
        "DOCKER-USERで絞る (コンテナ側のポートか --ctorigdstport) か、特定のアドレスだけで公開する",
    ),
    "trap.published-past-input.maybe": (
        "{0} filters INPUT, which published ports never pass: DNAT sends them on to FORWARD; whether these"
        " are open nobody can say from what was captured: {1}",
        "{0} はINPUTを絞っているが、公開ポートはINPUTを通らない (宛先NATでFORWARDに向かう)。"
        "次のポートが開いているかは、取得されたものからは判定できない: {1}",
    ),
    "trap.published-past-input.maybe.way": (
        "filter them in DOCKER-USER (by the container's port, or --ctorigdstport), or publish on one address",
        "DOCKER-USERで絞る (コンテナ側のポートか --ctorigdstport) か、特定のアドレスだけで公開する",
    ),
    "trap.user-rule-published-port": (
        "DOCKER-USER asks for port {0}, which is the published one; there the packet has port {1} already:"
        " {2}",
        "DOCKER-USERのルールは公開側のポート {0} を見ているが、そこではもうポート {1} になっている: {2}",
    ),
    "trap.user-rule-published-port.way": (
        "ask for --dport {1}, or for the port that was called: -m conntrack --ctorigdstport {0}",
        "--dport {1} とするか、呼び出されたポートを見る: -m conntrack --ctorigdstport {0}",
    ),
    "trap.icc-without-br-netfilter": (
        "network {0} forbids its containers to talk (enable_icc=false), but bridged packets never reach"
        " iptables:"
        " net.bridge.bridge-nf-call-iptables is {1}",
        "ネットワーク {0} はコンテナ間通信を禁じている (enable_icc=false) が、"
        "ブリッジ内のパケットはiptablesを通らない: "
        "net.bridge.bridge-nf-call-iptables が {1}",
    ),
    "trap.icc-without-br-netfilter.way": (
        "modprobe br_netfilter, and set the sysctl to 1",
        "modprobe br_netfilter のうえ、sysctlを1にする",
    ),
    "trap.subnet-overlaps": (
        "network {0} takes {1}, which overlaps the route to {2} by {3}: hosts there are out of reach",
        "ネットワーク {0} の {1} が、{3} による {2} への経路と重複する。その先のホストに届かない",
    ),
    "trap.subnet-overlaps.way": (
        "give the network another subnet (ipam), and dockerd other pools (default-address-pools)",
        "ネットワークに別のサブネット (ipam) を、dockerdに別のプール (default-address-pools) を与える",
    ),
    "trap.notrack": (
        "a packet that is not tracked is never translated; published ports and masquerading do not work"
        " for it: {0}",
        "追跡されないパケットはNATされず、公開ポートもIPマスカレードも働かない: {0}",
    ),
    "trap.notrack.way": (
        "leave Docker's traffic out of the NOTRACK rule",
        "NOTRACKのルールからDockerの通信を外す",
    ),
    "trap.two-back-ends": (
        "both iptables-legacy and iptables-nft hold rules; the kernel runs both, and each tool shows its"
        " own only",
        "iptables-legacyとiptables-nftの両方にルールがある。カーネルは両方を通すが、"
        "各ツールは自分の分しか表示しない",
    ),
    "trap.two-back-ends.way": (
        "move all rules to one of them (update-alternatives --config iptables), and flush the other",
        "片方にまとめ (update-alternatives --config iptables)、もう片方を空にする",
    ),
    "trap.mtu": (
        "network {0} has MTU {1}, and {2}, its way out, {3}: packets with DF set are lost where ICMP is"
        " filtered",
        "ネットワーク {0} のMTUは {1}、出口の {2} は {3}。ICMPが遮断されるとDF付きパケットが失われる",
    ),
    "trap.mtu.way": (
        "set com.docker.network.driver.mtu={3} on the network, or dockerd's mtu",
        "ネットワークに com.docker.network.driver.mtu={3}、またはdockerdの mtu を設定する",
    ),
    "trap.second-interface": (
        "calls that come in by {0} ({1}) are answered by {2}: no policy rule sends replies back the way"
        " they came",
        "{0} ({1}) から来た呼び出しへの応答は {2} から出る。来た道に返すポリシールールがない",
    ),
    "trap.second-interface.way": (
        "mark connections that come in by {0} (CONNMARK) and route by the mark; a rule by source address"
        " alone does"
        " not see the replies of containers",
        "{0} から来た接続にマークを付け (CONNMARK)、マークで経路を選ぶ。"
        "送信元アドレスだけのルールではコンテナの応答に当たらない",
    ),
    "trap.forward-drop": (
        "FORWARD's policy is DROP, and no rule of it leads to Docker's chains: published ports are"
        " translated and"
        " then dropped",
        "FORWARDのポリシーがDROPで、DockerのチェインへのルールがないためDNAT後に破棄される",
    ),
    "trap.forward-drop.way": (
        "systemctl restart docker writes them again; find out who flushed them",
        "systemctl restart docker で書き直される。誰が消したかも調べる",
    ),
    "trap.rule-twice": (
        "{0} {1} holds the same rule more than once: {2}",
        "{0} {1} に同じルールが重複している: {2}",
    ),
    "trap.rule-twice.way": (
        "delete one (iptables -t {0} -D {1} NUMBER); something restores saved rules after dockerd wrote"
        " its own",
        "片方を消す (iptables -t {0} -D {1} 番号)。dockerdの書き込み後に保存済みルールを復元するものがある",
    ),
    "trap.forwarding-off": (
        "{0} is 0: nothing is forwarded, so containers neither reach the outside nor are reached from it",
        "{0} が0のため何も転送されない。コンテナは外に出られず、外からも届かない",
    ),
    "trap.forwarding-off.way": (
        "sysctl -w {0}=1, and look for what set it to 0 after dockerd had started, or for dockerd's own"
        " --ip-forward=false",
        "sysctl -w {0}=1 とし、dockerdの起動後に0にしたもの、またはdockerdの --ip-forward=false を探す",
    ),
    "trap.forwarding-reset": (
        "{0} sets {1} to 0, and no file after it says otherwise: whatever applies the files while Docker runs"
        " (sysctl --system, a package, systemd-sysctl) ends all forwarding to and from containers",
        "{0} が {1} を0にし、後のファイルも直していない。Dockerの稼働中にファイルが適用されると "
        "(sysctl --system、パッケージの更新、systemd-sysctl) コンテナへの転送がすべて止まる",
    ),
    "trap.forwarding-reset.way": (
        "take the line out, or set it to 1 there; then sysctl --system",
        "その行を消すか1にして、sysctl --system を実行する",
    ),
    "trap.neighbours-asks": (
        "on {0} the host finds no IPv6 neighbour: {1} refuses what asks for them (ICMPv6 type 135) or"
        " their answer (136); nothing is sent to whom it does not know yet",
        "{0} でホストはIPv6の近隣を見つけられない。{1} が近隣要請 (ICMPv6タイプ135) か"
        "その応答 (136) を拒むため、まだ知らない相手には何も送れない",
    ),
    "trap.neighbours-asks.way": (
        "accept ICMPv6 types 133 to 136 before that line, in INPUT and OUTPUT alike:"
        " ip6tables -I INPUT -p ipv6-icmp -j ACCEPT",
        "その行より前で、INPUTでもOUTPUTでもICMPv6タイプ133から136を許す:"
        " ip6tables -I INPUT -p ipv6-icmp -j ACCEPT",
    ),
    "trap.neighbours-answers": (
        "on {0} no IPv6 neighbour finds this host: {1} refuses what asks for it (ICMPv6 type 135) or the"
        " answer (136); nothing reaches it from who does not know it yet, whatever other rules allow",
        "{0} でIPv6の近隣はこのホストを見つけられない。{1} が近隣要請 (ICMPv6タイプ135) か"
        "その応答 (136) を拒むため、ほかのルールが何を許しても、まだ知らない相手からは何も届かない",
    ),
    "trap.neighbours-answers.way": (
        "accept ICMPv6 types 133 to 136 before that line, in INPUT and OUTPUT alike:"
        " ip6tables -I INPUT -p ipv6-icmp -j ACCEPT",
        "その行より前で、INPUTでもOUTPUTでもICMPv6タイプ133から136を許す:"
        " ip6tables -I INPUT -p ipv6-icmp -j ACCEPT",
    ),
    "trap.imds-hop-limit": (
        "containers {0} cannot fetch instance metadata: it asks for a token (HttpTokens=required), and the"
        " answer that carries it has TTL {2} (HttpPutResponseHopLimit of {1}), which ends where this "
        "host forwards"
        " it to a bridge",
        "コンテナ {0} はインスタンスメタデータを取得できない。トークンが必須 (HttpTokens=required) で、"
        "それを運ぶ応答"
        "のTTLが{2} ({1} の HttpPutResponseHopLimit) のため、ホストがブリッジに転送するところで終わる",
    ),
    "trap.imds-hop-limit.way": (
        "aws ec2 modify-instance-metadata-options --instance-id {1} --http-put-response-hop-limit 2; "
        "or leave it,"
        " where containers are not to have the instance's role",
        "aws ec2 modify-instance-metadata-options --instance-id {1} --http-put-response-hop-limit 2 とする。"
        "コンテナにインスタンスのロールを使わせないなら、このままでよい",
    ),
    "trap.imds-hop-limit.optional": (
        "containers {0} get no metadata token: the answer to PUT has TTL {2} (HttpPutResponseHopLimit of "
        "{1}) and"
        " ends where this host forwards it to a bridge; only clients that fall back to IMDSv1 get on, after"
        " waiting",
        "コンテナ {0} はメタデータのトークンを取得できない。PUTへの応答のTTLが{2} ({1} の "
        "HttpPutResponseHopLimit) で、"
        "ホストがブリッジに転送するところで終わる。待った後でIMDSv1に切り替えるクライアントだけが先に進める",
    ),
    "trap.imds-hop-limit.optional.way": (
        "aws ec2 modify-instance-metadata-options --instance-id {1} --http-put-response-hop-limit 2; to keep"
        " containers away from it, ask for tokens as well (--http-tokens required)",
        "aws ec2 modify-instance-metadata-options --instance-id {1} --http-put-response-hop-limit 2 とする。"
        "コンテナを遠ざけたいなら、トークンも必須にする (--http-tokens required)",
    ),
}
