"""The guided tour through the article's system: ten exercises.

id -> (English, Japanese); the arguments' places are {0}, {1}...
"""

from __future__ import annotations

MESSAGES: dict[str, tuple[str, str]] = {
    "tour.heading": ("Exercise {0} of {1}: {2}", "練習 {0}/{1}: {2}"),
    "tour.in-node": ("in {0}:  {1}", "{0} の中で:  {1}"),
    "tour.answer": (
        "Answer with:  sekisho lab tour {0} --answer ...",
        "答え方:  sekisho lab tour {0} --answer ...",
    ),
    "tour.check": (
        "Then check:  sekisho lab tour {0} --check",
        "できたら確認:  sekisho lab tour {0} --check",
    ),
    "tour.done": ("Done: {0}", "できました: {0}"),
    "tour.not-yet": ("Not yet: {0}", "まだです: {0}"),
    "tour.prompt": (
        "[Enter] check  [s NODE] shell  [d] do it for me  [n] next  [q] quit, or the answer > ",
        "[Enter] 確認  [s ノード] シェル  [d] 代わりにやる  [n] 次へ  [q] 終了、または答え > ",
    ),
    "tour.end": (
        "That was the tour. sekisho lab down ends the lab.",
        "ツアーはこれで終わりです。sekisho lab down でラボを片付けます。",
    ),
    "tour.start": ("A lab is started for the tour.", "ツアー用のラボを起動します。"),
    # ------------------------------------------------------------------------------------ 1
    "tour.1.title": ("read the routes", "経路を読む"),
    "tour.1.task": (
        "The host 10.0.0.10 has the article's routing table. The resolver 10.0.0.2 lies inside\n"
        "10.0.0.0/16, which is reached directly on eth0. All the same its packets go to another address\n"
        "first, because a longer prefix matches. Which next hop do packets to 10.0.0.2 take?",
        "ホスト10.0.0.10は記事と同じルーティングテーブルを持っています。リゾルバー10.0.0.2はeth0で直接届く\n"
        "10.0.0.0/16の中にありますが、より長いプレフィックスの経路があるので、パケットは別のアドレスへ先に\n"
        "送られます。10.0.0.2宛てのネクストホップはどれでしょう。",
    ),
    # ------------------------------------------------------------------------------------ 2
    "tour.2.title": ("reach a published port", "公開ポートに届く"),
    "tour.2.task": (
        "The container web publishes 8080. From the Internet host, ask the public address 198.51.100.10.\n"
        "The internet gateway turns it into 10.0.0.10, and the host's DNAT rule into 172.18.0.3.",
        "コンテナwebは8080番を公開しています。インターネットのホストから公開アドレス198.51.100.10に問い合わせて\n"
        "ください。インターネットゲートウェイが10.0.0.10に、ホストのDNATルールが172.18.0.3に変換します。",
    ),
    # ------------------------------------------------------------------------------------ 3
    "tour.3.title": ("watch the masquerade", "IPマスカレードを見る"),
    "tour.3.task": (
        "From the container db, ask the Internet host 203.0.113.10. It must not see 172.18.0.2: the\n"
        "MASQUERADE rule gives the packet the host's address, the gateway the public one.",
        "コンテナdbからインターネットのホスト203.0.113.10に問い合わせてください。相手に172.18.0.2は見えません。\n"
        "MASQUERADEルールがホストのアドレスに、ゲートウェイが公開アドレスに変えるからです。",
    ),
    # ------------------------------------------------------------------------------------ 4
    "tour.4.title": ("turn IP forwarding off", "IPフォワーディングを切る"),
    "tour.4.task": (
        "Without net.ipv4.ip_forward the host keeps what is for itself and forwards nothing. Turn it off\n"
        "and see that the published port is silent, although its DNAT rule is still there.",
        "net.ipv4.ip_forwardがないと、ホストは自分宛てのパケットだけを受け取り、何も転送しません。切って、DNAT\n"
        "ルールは残っているのに公開ポートが応答しないことを確かめてください。",
    ),
    # ------------------------------------------------------------------------------------ 5
    "tour.5.title": ("turn IP forwarding on again", "IPフォワーディングを戻す"),
    "tour.5.task": (
        "Turn it on, and reach the published port again.",
        "元に戻し、公開ポートにもう一度届くことを確かめてください。",
    ),
    # ------------------------------------------------------------------------------------ 6
    "tour.6.title": ("remove the MASQUERADE rule", "MASQUERADEルールを消す"),
    "tour.6.task": (
        "Delete the MASQUERADE rule of 172.18.0.0/16. Packets of db then leave the host with a source that\n"
        "the VPC does not know: its source/destination check drops them.",
        "172.18.0.0/16のMASQUERADEルールを消してください。dbのパケットはVPCの知らない送信元のままホストを出て、\n"
        "送信元/送信先チェックに捨てられます。",
    ),
    # ------------------------------------------------------------------------------------ 7
    "tour.7.title": ("put the rule back", "ルールを戻す"),
    "tour.7.task": (
        "Insert the rule again, as dockerd wrote it: everything from 172.18.0.0/16 that does not leave by\n"
        "its own bridge.",
        "dockerdが書いたとおりにルールを戻してください。172.18.0.0/16から来て、自分のブリッジ以外から出るものが\n"
        "対象です。",
    ),
    # ------------------------------------------------------------------------------------ 8
    "tour.8.title": ("go out and come back: the hairpin", "出て戻る: ヘアピン"),
    "tour.8.task": (
        "From the container web, ask the host's own address 10.0.0.10:8080: that is web itself, published.\n"
        "The DNAT rule does not apply to packets from its bridge, so docker-proxy takes the connection.\n"
        "Which client address does the server see?",
        "コンテナwebからホストのアドレス10.0.0.10:8080に問い合わせてください。公開されたweb自身です。そのブリッジ\n"
        "から来たパケットにDNATルールは効かないので、docker-proxyが受け取ります。サーバーから見えるクライアントの\n"
        "アドレスはどれでしょう。",
    ),
    # ------------------------------------------------------------------------------------ 9
    "tour.9.title": ("close a port in the security group", "セキュリティグループでポートを閉じる"),
    "tour.9.task": (
        "The VPC's router enforces the host's security group in its chain IN-host. Take away the rule that\n"
        "lets 3306 in. The database goes silent for the Internet; 8080 still answers.",
        "VPCルーターはチェインIN-hostでホストのセキュリティグループを適用しています。3306番を許すルールを消して\n"
        "ください。データベースはインターネットに応答しなくなり、8080番は応答し続けます。",
    ),
    # ----------------------------------------------------------------------------------- 10
    "tour.10.title": ("collide a Docker subnet with the VPC", "DockerのサブネットをVPCとぶつける"),
    "tour.10.task": (
        "Give the host a bridge with the subnet 10.0.0.16/28, as a careless docker network create would.\n"
        "The neighbour 10.0.0.20 lies inside it: the longer prefix wins, and its packets stay on the bridge.",
        "ホストに10.0.0.16/28のブリッジを作ってください。不注意なdocker network createと同じことです。\n"
        "隣のホスト10.0.0.20はその中にあるので、最長一致によりパケットはブリッジから先へ行けません。",
    ),
    # -------------------------------------------------------------------------------- findings
    "tour.found.next-hop": (
        "the kernel sends packets to 10.0.0.2 via {0}",
        "カーネルは10.0.0.2宛てを{0}経由で送る",
    ),
    "tour.found.asked": ("the answer is {0}, as the kernel says", "答えは{0} (カーネルも同じ)"),
    "tour.found.wrong": ("{0} is not what the kernel says", "カーネルの答えは{0}ではない"),
    "tour.found.no-answer-yet": ("no answer was given", "答えがまだない"),
    "tour.found.counted": ("the rule has counted {0} packets", "ルールが{0}パケットを数えた"),
    "tour.found.not-counted": (
        "the rule has not counted a packet yet",
        "ルールはまだ1パケットも数えていない",
    ),
    "tour.found.no-rule": ("the rule is not there", "ルールがない"),
    "tour.found.rule-there": ("the rule is still there", "ルールがまだある"),
    "tour.found.sysctl": ("net.ipv4.ip_forward is {0}", "net.ipv4.ip_forward は {0}"),
    "tour.found.silent": ("{0} does not answer", "{0} は応答しない"),
    "tour.found.answers": ("{0} answers", "{0} が応答する"),
    "tour.found.sees": ("{0} answers and sees {1}", "{0} が応答し、{1} が見えている"),
    "tour.found.route": ("packets to 10.0.0.20 leave by {0}", "10.0.0.20宛ては{0}から出る"),
}
