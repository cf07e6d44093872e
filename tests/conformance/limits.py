"""What the campaign does not show, and why: in English and Japanese."""

from __future__ import annotations

LIMITS: tuple[tuple[tuple[str, str], tuple[str, str]], ...] = (
    (
        ("Rate limits, chance, time of day, payload, quotas, recent lists, processors",
         "レート制限、確率、時刻、ペイロード、クォータ、recentリスト、CPU"),
        ("nothing captured tells; both ways are followed, and where the end depends on them the answer is"
         " `undetermined` and names the rule",
         "取得した情報からは分からない。両方の道をたどり、結果が変わる場合は `undetermined`"
         " とし、そのルールを示す"),
    ),
    (
        ("Multipath routes, and translations that pick an address from a range",
         "マルチパスの経路と、範囲からアドレスを選ぶ変換"),
        ("the kernel hashes the flow; the answer is `undetermined` where the ways end differently",
         "カーネルはフローのハッシュで選ぶ。道によって結果が違えば `undetermined` とする"),
    ),
    (
        ("Ports that a translation picks", "変換が選ぶポート"),
        ("the port stays open in the answer; everything else is compared",
         "答えの中でポートは未定のままにし、それ以外をすべて比べる"),
    ),
    (
        ("A connection whose translated tuple is held already", "変換後の組がすでに使われている接続"),
        ("the kernel picks another port or drops the packet, by what it holds at that"
         " moment: `undetermined`",
         "その時点の接続表しだいで、カーネルは別のポートを選ぶか破棄する。`undetermined` とする"),
    ),
    (
        ("Order of iptables-legacy and nftables at one priority",
         "同じ優先度の iptables-legacy と nftables の順序"),
        ("depends on which was loaded first, which no listing tells; legacy is taken first,"
         " and the answer says so",
         "先に読み込まれた方が先になるが、どの一覧にも現れない。legacy を先とし、答えにそう書く"),
    ),
    (
        ("Packets of a local process to broadcast or multicast addresses; frames for everybody on a bridge",
         "ローカルプロセスからのブロードキャスト・マルチキャスト宛て、ブリッジ上の全体宛てフレーム"),
        ("they have several ends at once: `undetermined`, or not asked",
         "行き先が同時にいくつもある。`undetermined` とするか、問わない"),
    ),
    (
        ("What a legacy nat INPUT chain makes of a packet", "legacy の nat INPUT チェインによる書き換え"),
        ("its steps are compared, the packet as the socket sees it is not: the oracle does not see it",
         "段階は比べるが、ソケットから見たパケットは比べない (オラクルから見えない)"),
    ),
    (
        ("IPv6's own answers to packets with a link-local source",
         "リンクローカル送信元を持つパケットへのIPv6自身の応答"),
        ("the kernel routes them by what a question cannot say: not asked",
         "カーネルは質問で言い表せないものによって経路を選ぶため、問わない"),
    ),
    (
        ("Policy rules and local routes that were there once and are gone",
         "以前あって今はないポリシールールとローカル経路"),
        ("the kernel remembers that it once had any, and looks sources up more strictly from then on; no"
         " listing tells: taken is that there were none",
         "カーネルは一度でもあったことを覚えていて、それ以後は送信元をより厳しく調べる。どの一覧にも"
         "現れないため、なかったものとする"),
    ),
    (
        ("Rules with tcp or udp twice, as iptables-nft-save prints them",
         "tcp や udp を2回書いたルールの、iptables-nft-save による表示"),
        ("it prints both as one, which is another rule: such hosts are read as they were made",
         "2つが1つに、つまり別のルールとして表示されるため、作ったときの書き方のまま読む"),
    ),
    (
        ("SCTP and DCCP to the host itself", "ホスト自身宛てのSCTPとDCCP"),
        ("this kernel has no such sockets: delivery is compared up to INPUT",
         "このカーネルにはそのソケットがない。INPUTまでの配送を比べる"),
    ),
    (
        ("Not asked, for want of them in this kernel or its iptables and ipset",
         "このカーネルや iptables、ipset にないため問わないもの"),
        ("matches udplite, nfacct; targets ULOG, LED, SECMARK, NFACCT; sets hash:net,net,"
         " hash:net,port,net,"
         " hash:ip,mark, hash:mac, hash:ip,mac; TEE and TRACE would disturb the oracle;"
         " headers of AH, ESP and"
         " mobility make an answer `undetermined`",
         "マッチ udplite、nfacct。ターゲット ULOG、LED、SECMARK、NFACCT。セット"
         " hash:net,net、hash:net,port,net、"
         "hash:ip,mark、hash:mac、hash:ip,mac。TEE と TRACE はオラクルを乱す。AH、ESP、"
         "モビリティのヘッダーは"
         " `undetermined` となる"),
    ),
    (
        ("IPv4 options, fragments, IPv6 extension headers", "IPv4オプション、フラグメント、IPv6拡張ヘッダー"),
        ("packets are whole and plain", "パケットは分割されず、余計なヘッダーを持たない"),
    ),
)  # fmt: skip

# Claimed by the registries and without a row, for the reasons above.
NOT_ASKED = frozenset({
    "udplite", "nfacct", "standard", "ah", "esp", "mh", "ULOG", "LED", "SECMARK", "NFACCT", "TEE", "TRACE",
    "CONTINUE",
})  # fmt: skip
