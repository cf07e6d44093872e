"""What a plan leans on or leaves open, drift, and docker-proxy's part of a trace."""

from __future__ import annotations

MESSAGES: dict[str, tuple[str, str]] = {
    "trace.onward": ("docker-proxy to the container", "docker-proxyからコンテナへ"),
    "trace.onward-reply": ("the container to docker-proxy", "コンテナからdocker-proxyへ"),
    "macvlan-child": (
        "{0} hands the frame to {1}, which has a MAC address of its own on this wire: the host's IP layer"
        " never"
        " sees it",
        "{0} がフレームを {1} に渡す。{1} はこのリンク上に自分のMACアドレスを持ち、ホストのIP層は通らない",
    ),
    "macvlan-sibling": (
        "{0} hands the frame to {1} on the same wire",
        "{0} が同じリンク上の {1} にフレームを渡す",
    ),
    "macvlan-apart": (
        "{1} is on the other side of a macvlan: a parent interface and its children never see one another",
        "{1} はmacvlanの向こう側。親インターフェースと子は互いに通信できない",
    ),
    "proxy-target-unknown": (
        "docker-proxy accepts the connection; to which container it goes on is not known (Docker's own state"
        " was not captured)",
        "接続はdocker-proxyが受け付ける。その先のコンテナは不明 (Docker自身の状態が取得されていない)",
    ),
    "plan.head": ("Docker {0}", "Docker {0}"),
    "plan.head-project": ("Docker {0}, project {1}", "Docker {0}、プロジェクト {1}"),
    "plan.networks": ("networks", "ネットワーク"),
    "plan.containers": ("containers", "コンテナ"),
    "plan.host": ("host", "ホスト"),
    "plan.notes": ("what this leans on, and what stays open", "前提と、決まらないもの"),
    "plan.gateway": ("gateway", "ゲートウェイ"),
    "plan.internal": ("internal", "内部専用"),
    "plan.veths": ("{0} veth of containers", "コンテナのveth {0}本"),
    "plan.no-change": ("nothing changes", "変化なし"),
    "plan.ordinary-host": (
        "no host given (--on): an ordinary EC2 host is taken, {0} {1} with a default route by DHCP, no rules"
        " of its own, forwarding off. Subnets may differ on a host whose routes overlap the pools",
        "ホストの指定がないため (--on)、普通のEC2ホストとした: {0} {1}、DHCPのデフォルトルート、"
        "独自のルールなし、転送オフ。経路がプールと重複するホストではサブネットが変わる",
    ),
    "plan.unset-variable": (
        "the variable {0} is not set: taken as blank, as compose does",
        "変数 {0} は未設定。composeと同じく空文字として扱う",
    ),
    "plan.upgraded": (
        "Docker {0} on the host is replaced by {1}: its rules are taken away and written anew for the"
        " networks"
        " and containers that are there",
        "ホストのDocker {0} を {1} に置き換える。ルールは取り除かれ、"
        "既存のネットワークとコンテナのために書き直される",
    ),
    "plan.not-published.internal": (
        "{1} of {0} is not published: network {2} is internal, and every engine then starts the container,"
        " opens no port and says nothing",
        "{0} の {1} は公開されない。ネットワーク {2} は内部専用で、どのエンジンもポートを開けず何も言わずに"
        "コンテナを起動する",
    ),
    "plan.not-published.driver": (
        "{1} of {0} is not published: network {2} is of driver {3}, which opens no ports; dockerd says"
        " nothing",
        "{0} の {1} は公開されない。ネットワーク {2} のドライバー {3} はポートを開けず、"
        "dockerdは何も言わない",
    ),
    "plan.not-published.host": (
        "{1} of {0} is not published: the container has the host's own network, where its programs' ports are"
        " open by themselves (dockerd warns: Published ports are discarded when using host network mode)",
        "{0} の {1} は公開されない。コンテナはホスト自身のネットワークを使い、"
        "プログラムのポートがそのまま開く (dockerdの警告: "
        "Published ports are discarded when using host network mode)",
    ),
    "plan.not-published.none": (
        "{1} of {0} is not published: the container has no network",
        "{0} の {1} は公開されない。コンテナにネットワークがない",
    ),
    "plan.version-unknown": (
        "Docker {0} is none of the engines that are known here: the rules are those of {1}, and may differ",
        "Docker {0} はSekishoの知らないエンジン。ルールは {1} のもので、異なるかもしれない",
    ),
    "plan.version-assumed": (
        "the engine's version was not captured: inferred as {0}",
        "エンジンのバージョンは取得されていない。{0} と推定",
    ),
    "plan.resolv-conf": (
        "the host's /etc/resolv.conf is not part of a snapshot: a pool that holds one of its name servers"
        " would"
        " be skipped",
        "ホストの /etc/resolv.conf はスナップショットに含まれない。DNSサーバーを含むプールは飛ばされる",
    ),
    "plan.bridge-name": (
        "bridges named after an id that only Docker can choose ({1} stands for one): {0}",
        "ブリッジ名はDockerが選ぶIDで決まる ({1} は仮の名前): {0}",
    ),
    "plan.mac-random": (
        "MAC addresses are random: {0}",
        "MACアドレスは無作為に選ばれる: {0}",
    ),
    "plan.dns-ports": (
        "the ports of Docker's DNS server inside containers are chosen by the kernel (40053 and 40054"
        " stand for"
        " them)",
        "コンテナ内のDocker DNSサーバーのポートはカーネルが選ぶ (40053 と 40054 は仮の番号)",
    ),
    "plan.ephemeral-port": (
        "no host port is named for container port {0}: the first free one is taken",
        "コンテナのポート {0} にはホスト側のポートの指定がない。空いている最初のポートになる",
    ),
    "plan.container-order": (
        "started beside others, so that their addresses may be exchanged: {0}",
        "他と同時に起動されるので、アドレスが入れ替わりうる: {0}",
    ),
    "plan.port-order": (
        "up to 26, dockerd binds the ports of one container in an order of chance, so that their rules may"
        " change places (which changes nothing for packets): {0}",
        "26以前のdockerdは1つのコンテナのポートを決まった順に割り当てないので、ルールの順序が入れ替わりうる "
        "(パケットの扱いは変わらない): {0}",
    ),
    "plan.network-order": (
        "created beside others, so that their subnets may be exchanged: {0}",
        "他と同時に作られるので、サブネットが入れ替わりうる: {0}",
    ),
    "plan.ula": (
        "the IPv6 prefix is derived from the host's own id (fd00:... stands for it): {0}",
        "IPv6プレフィックスはホスト固有のIDから決まる (fd00:... は仮の値): {0}",
    ),
    "plan.rules-unknown": (
        "the host's own iptables rules were not captured: only Docker's are in the plan",
        "ホスト独自のiptablesルールは取得されていない。計画にはDockerのものだけを載せる",
    ),
    "plan.networks-unknown": (
        "Docker runs on the host, but its networks were not captured: subnets may be in use already",
        "ホストでDockerが動いているが、ネットワークは取得されていない。サブネットが使用中かもしれない",
    ),
    "plan.sockets-unknown": (
        "the host's sockets were not captured: a published port may be taken already",
        "ホストのソケットは取得されていない。公開ポートが使用中かもしれない",
    ),
    "plan.forwarding-unknown": (
        "{0} was not captured: it is switched on; whether dockerd does it (and sets FORWARD's policy to"
        " DROP) is"
        " open",
        "{0} は取得されていない。有効になるが、dockerdが有効にして (FORWARDのポリシーをDROPにする) かは不明",
    ),
    "plan.no-parent": (
        "network {0} of driver {1} names no parent interface: its containers see one another only",
        "ドライバー {1} のネットワーク {0} には親インターフェースの指定がない。コンテナ同士だけがつながる",
    ),
    "drift.head": (
        "compared with what Docker {0} makes: {1} facts are as it made them",
        "Docker {0} が作るものと比較: {1} 件が一致",
    ),
    "drift.head-assumed": (
        "compared with what Docker {0} makes (the version is inferred): {1} facts are as it made them",
        "Docker {0} (バージョンは推定) が作るものと比較: {1} 件が一致",
    ),
    "drift.head-unknown": (
        "the host's engine is {2}, and nobody knows here what such a one writes: compared with what Docker"
        " {0} makes, {1} facts are as that would have made them (--docker names another)",
        "ホストのエンジンは {2} で、何を書くかSekishoは知らない。Docker {0} が作るものと比較し、{1} 件が一致"
        " (--docker で別のバージョンを指定できる)",
    ),
    "drift.none-unknown": (
        "no difference to that, which does not tell that nothing drifted",
        "それとの違いはない (ずれがないことを示すものではない)",
    ),
    "drift.none": ("nothing drifted", "ずれはない"),
    "drift.partial": (
        "{0} {1}: compared in part only: its text is cut, or holds what was not understood, so nothing of it"
        " is called missing",
        "{0} {1}: 一部だけを比較した。出力が途切れているか理解できない行があるため、欠けているとは言わない",
    ),
    "drift.chain-missing": ("{0} {1}: chain {2} is missing", "{0} {1}: チェイン {2} がない"),
    "drift.chain-orphaned": (
        "{0} {1}: chain {2} belongs to a bridge that is no network's",
        "{0} {1}: チェイン {2} のブリッジはどのネットワークのものでもない",
    ),
    "drift.rule-missing": ("{0} {1} {2}: missing: {3}", "{0} {1} {2}: 欠けている: {3}"),
    "drift.rule-twice": ("{0} {1} {2}: there more than once: {3}", "{0} {1} {2}: 重複している: {3}"),
    "drift.rule-orphaned": (
        "{0} {1} {2}: left over, {4} is no more: {3}",
        "{0} {1} {2}: 残骸。{4} はもうない: {3}",
    ),
    "drift.rule-foreign": (
        "{0} {1} {2}: not Docker's, or changed: {3}",
        "{0} {1} {2}: Dockerのものではないか、変更されている: {3}",
    ),
    "drift.before-user": (
        "{0} filter FORWARD: stands before the jump to DOCKER-USER, which it bypasses: {1}",
        "{0} filter FORWARD: DOCKER-USERへのジャンプより前にあり、DOCKER-USERを通らない: {1}",
    ),
    "drift.bridge-missing": (
        "bridge {0} of network {1} is missing",
        "ネットワーク {1} のブリッジ {0} がない",
    ),
    "drift.bridge-down": (
        "bridge {0} of network {1} is down",
        "ネットワーク {1} のブリッジ {0} が停止している",
    ),
    "drift.address-missing": ("{1} has lost its address {0}", "{1} のアドレス {0} がない"),
    "drift.route-missing": ("the route to {0} by {1} is missing", "{1} による {0} への経路がない"),
    "drift.sysctl": ("{0} is {1}; Docker set it to {2}", "{0} が {1}。Dockerは {2} に設定した"),
    "drift.socket-missing": (
        "{0} does not listen on {1} {2}:{3}",
        "{0} が {1} {2}:{3} で待ち受けていない",
    ),
}
