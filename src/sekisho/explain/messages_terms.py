"""A word about each term of the field, said the first time that it comes up."""

from __future__ import annotations

MESSAGES: dict[str, tuple[str, str]] = {
    "term.masquerade": (
        "(Masquerade: the source address is replaced by the host's own; answers come to the host, which "
        "puts the original address back and passes them on.)",
        "(IPマスカレード: 送信元アドレスをホスト自身のものに置き換えます。応答はホストに届き、ホストが元"
        "のアドレスに戻して届けます。)",
    ),
    "term.dnat": (
        "(DNAT: the destination address or port is replaced before the route is chosen; in answers the "
        "original is put back as their source.)",
        "(宛先NAT (DNAT): 経路を決める前に、宛先のアドレスやポートを置き換えます。応答では、送信元が元の"
        "値に戻されます。)",
    ),
    "term.snat": (
        "(SNAT: the source address or port is replaced just before the packet leaves; in answers the "
        "original is put back as their destination.)",
        "(送信元NAT (SNAT): パケットが出ていく直前に、送信元のアドレスやポートを置き換えます。応答では、"
        "宛先が元の値に戻されます。)",
    ),
    "term.conntrack": (
        "(Connection tracking, conntrack: the kernel remembers every connection, so it can tell a first "
        "packet from later ones and from answers.)",
        "(コネクション追跡 (conntrack): カーネルがコネクションを覚えているため、最初のパケットと以降のパ"
        "ケットや応答を区別できます。)",
    ),
    "term.chain": (
        "(A chain is a list of rules, tried from the top; the first rule that fits and decides ends it.)",
        "(チェインはルールの並びです。上から順に照合し、一致して判定が決まった時点で終わります。)",
    ),
    "term.accept": (
        "(Accepted in one table means only that the packet goes on to the next table or to its destination.)",
        "(あるテーブルでの許可は、次のテーブルや宛先へ進めるという意味です。ほかのテーブルの検査は別に行"
        "われます。)",
    ),
    "term.docker_proxy": (
        "(docker-proxy: a helper program of dockerd, one for each published port, that takes connections "
        "on a socket of the host and passes them on to the container.)",
        "(docker-proxy: 公開ポートごとにdockerdが起動する補助プログラムです。ホストのソケットで接続を受"
        "け、コンテナへ中継します。)",
    ),
    "term.longest": (
        "(Longest prefix match: of all routes whose prefix contains the destination, the one with the "
        "longest prefix is used.)",
        "(最長一致 (ロンゲストマッチ): 宛先を含む経路のうち、プレフィックスが最も長いものが使われます。)",
    ),
    "term.bridge": (
        "(A bridge is a switch inside the host; containers are plugged into it.)",
        "(ブリッジはホストの中のスイッチで、コンテナはここに接続されます。)",
    ),
    "term.namespace": (
        "(A network namespace is a network stack of its own: interfaces, addresses, routes and rules. "
        "Every container normally has one.)",
        "(ネットワーク名前空間は、インターフェース・アドレス・経路・ルールをひと揃い持つ独立したネット"
        "ワークです。通常、コンテナごとに1つあります。)",
    ),
    "term.on_link": (
        "(On the link: in the same network segment. The host asks there for the destination's MAC "
        "address by ARP, or NDP in IPv6, and hands the packet over.)",
        "(同一リンク (scope link): 同じネットワークセグメントのことです。ホストはARP (IPv6ではNDP) で相手"
        "のMACアドレスを調べ、パケットを直接渡します。)",
    ),
    "term.mark": (
        "(A mark, fwmark, is a number that rules attach to a packet inside this host; it is not sent along.)",
        "(マーク (fwmark) は、ルールがこのホストの中でパケットに付ける番号です。ホストの外には出ません。)",
    ),
    "term.hairpin": (
        "(Hairpin NAT: a packet turns around and goes back to where it came from.)",
        "(ヘアピンNAT: パケットがヘアピンのように折り返し、来たところへ戻ることです。)",
    ),
    "term.policy_rules": (
        "(Policy rules decide which routing table is asked; without special ones it is local, then main.)",
        "(ポリシールールは、どのルーティングテーブルを参照するかを決めます。特別な設定がなければ、local、"
        "mainの順です。)",
    ),
    "term.undetermined": (
        "(Undetermined is Sekisho's answer wherever it would have to guess.)",
        "(「判定できない」は、推測しなければ答えられない場合のSekishoの答えです。)",
    ),
}

# Said in full once, and briefly (the id with ".again") from then on.
BRIEF = frozenset({
    "routes.src", "routes.metric.alone", "counter.connections", "counter.connection", "line.columns",
    "chain.policy.nat", "chain.policy.no_hits", "idiom.published.not_own", "idiom.return.bridge",
    "idiom.hairpin", "idiom.local_source", "idiom.outbound", "policy.priority", "routes.bridge.docker_id",
    "target.ACCEPT", "target.DROP", "target.RETURN", "idiom.raw.direct", "idiom.port", "routes.prefix.link",
    "routes.host.link", "routes.flag.linkdown", "routes.flag.linkdown_bridge", "socket.docker_proxy",
    "conn.assured",
})  # fmt: skip

# The message that makes a term come up -> the word about it.
TERM_OF: dict[str, str] = {
    "target.MASQUERADE": "term.masquerade",
    "target.DNAT": "term.dnat",
    "conn.dnat": "term.dnat",
    "target.SNAT": "term.snat",
    "conn.snat": "term.snat",
    "match.ctstate": "term.conntrack",
    "match.ctstate.not": "term.conntrack",
    "conn.flow": "term.conntrack",
    "chain.PREROUTING": "term.chain",
    "chain.INPUT": "term.chain",
    "chain.FORWARD": "term.chain",
    "chain.OUTPUT": "term.chain",
    "chain.nat.PREROUTING": "term.chain",
    "chain.user": "term.chain",
    "chain.role": "term.chain",
    "target.ACCEPT": "term.accept",
    "idiom.published.not_own": "term.docker_proxy",
    "idiom.return.bridge": "term.docker_proxy",
    "idiom.local.output.loopback": "term.docker_proxy",
    "routes.longer": "term.longest",
    "routes.except": "term.longest",
    "routes.except.many": "term.longest",
    "routes.bridge.docker0": "term.bridge",
    "routes.bridge.docker": "term.bridge",
    "routes.bridge.docker_id": "term.bridge",
    "routes.bridge.named": "term.bridge",
    "routes.bridge.other": "term.bridge",
    "routes.bridge.usual": "term.bridge",
    "routes.bridge.written": "term.bridge",
    "routes.bridge.swarm": "term.bridge",
    "name.namespace": "term.namespace",
    "routes.prefix.link": "term.on_link",
    "routes.host.link": "term.on_link",
    "match.mark": "term.mark",
    "match.mark.not": "term.mark",
    "match.connmark": "term.mark",
    "idiom.hairpin": "term.hairpin",
    "idiom.published.hairpin": "term.hairpin",
    "policy.lookup": "term.policy_rules",
    "match.unknown.note": "term.undetermined",
    "match.unsure.note": "term.undetermined",
    "target.unknown": "term.undetermined",
    "nft.xt.target": "term.undetermined",
    "nft.translated": "term.undetermined",
}
