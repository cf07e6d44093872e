"""The matches of iptables; see ``model.extensions`` for how to read a line."""

from __future__ import annotations

from sekisho.model.extensions import Extension as E

_TRANSPORT = "tcp udp udplite sctp dccp"
_LOCAL_OUT = "not OUTPUT POSTROUTING"  # where nothing has come in by an interface
_PORTS = "sport:port^ dport:port^"

MATCHES: dict[str, E] = {
    "addrtype": E(
        "src-type:addrtypes^ dst-type:addrtypes^ limit-iface-in=0 limit-iface-out=0",
        one_of="src-type dst-type", none="addrtype: you must specify --src-type or --dst-type",
        apart="limit-iface-in|limit-iface-out",
    ),
    "ah": E("ahspi:u32r^ ahlen:u32^ ahres=0"),
    "bpf": E("bytecode object-pinned"),
    "cgroup": E("cgroup:u32^ path^", chains="not PREROUTING FORWARD"),
    "cluster": E(
        "cluster-total-nodes:u32(1-32)! cluster-local-node:u32(1-32)^ cluster-local-nodemask:u32(1-32)^"
        " cluster-hash-seed:u32!",
        one_of="cluster-local-node cluster-local-nodemask",
        none="cluster match: `--cluster-local-node' or`--cluster-local-nodemask' is missing",
        apart="cluster-local-node|cluster-local-nodemask",
    ),
    "comment": E("comment!"),
    "connbytes": E(
        "connbytes:u64r^! connbytes-dir:is(original,reply,both)! connbytes-mode:is(packets,bytes,avgpkt)!"
    ),
    "connlabel": E("label:connlabel^! set=0"),
    "connlimit": E(
        "connlimit-upto:u32^ connlimit-above:u32^ connlimit-mask connlimit-saddr=0 connlimit-daddr=0",
        one_of="connlimit-above connlimit-upto",
        none='You must specify "--connlimit-above" or "--connlimit-upto".',
        apart="connlimit-upto|connlimit-above connlimit-saddr|connlimit-daddr",
    ),
    "connmark": E("mark:mark^!"),
    "conntrack": E(
        "ctstate:ctstate^ ctproto:proto^ ctorigsrc^ ctorigdst^ ctreplsrc^ ctrepldst^ ctorigsrcport:port^"
        " ctorigdstport:port^ ctreplsrcport:port^ ctrepldstport:port^ ctstatus:ctstatus^ ctexpire:u32r^"
        " ctdir:is(original,reply)",
        one_of="*", none="conntrack: At least one option is required",
    ),
    "cpu": E("cpu:u32^!"),
    "dccp": E(f"{_PORTS} dccp-types^ dccp-option:u8(1-255)^", protocols="dccp"),
    "devgroup": E(
        "src-group^ dst-group^", one_of="src-group dst-group",
        none="devgroup match: You must specify either '--src-group' or '--dst-group'",
    ),
    "dscp": E(
        "dscp:u8(0-63)^ dscp-class:dscp^", one_of="dscp dscp-class",
        none="DSCP match: Parameter --dscp is required", apart="dscp|dscp-class",
    ),
    "dst": E("dst-len:u32^ dst-opts", family=6),
    "ecn": E(
        "ecn-tcp-cwr=0^ ecn-tcp-ece=0^ ecn-ip-ect:u8(0-3)^", one_of="*",
        none="ECN match: some option required",
    ),
    "esp": E("espspi:u32r^", protocols="esp"),
    "eui64": E("", chains=_LOCAL_OUT, family=6),
    "frag": E(
        "fragid:u32r^ fraglen:u32^ fragres=0 fragfirst=0 fragmore=0 fraglast=0", apart="fragmore|fraglast",
        family=6,
    ),
    "hashlimit": E(
        "hashlimit:rate^ hashlimit-upto:rate^ hashlimit-above:rate^ hashlimit-burst hashlimit-srcmask"
        " hashlimit-dstmask hashlimit-mode hashlimit-name! hashlimit-htable-size:u32 hashlimit-htable-max:u32"
        " hashlimit-htable-expire:u32 hashlimit-htable-gcinterval:u32 hashlimit-rate-match=0"
        " hashlimit-rate-interval",
        one_of="hashlimit hashlimit-upto hashlimit-above", none="You have to specify --hashlimit",
        apart="hashlimit|hashlimit-above hashlimit-upto|hashlimit-above",
    ),
    "hbh": E("hbh-len:u32^ hbh-opts", family=6),
    "helper": E("helper^!"),
    "hl": E(
        "hl-eq:u8^ hl-gt:u8 hl-lt:u8", one_of="*",
        none="HL match: You must specify one of `--hl-eq', `--hl-lt', `--hl-gt'", apart="hl-lt|hl-gt|hl-eq",
        family=6,
    ),
    "icmp": E("icmp-type:icmp^!", protocols="icmp", family=4),
    "icmp6": E("icmpv6-type:icmp6^!", protocols="ipv6-icmp", family=6),
    "ipcomp": E("ipcompspi:u32r^ compres=0", protocols="ipcomp"),
    "iprange": E(
        "src-range:addresses^ dst-range:addresses^", one_of="*",
        none="iprange match: You must specify `--src-range' or `--dst-range'",
    ),
    "ipv6header": E("header^! soft=0", family=6),
    "ipvs": E("ipvs=0^ vproto:proto^ vaddr^ vport^ vdir vmethod^ vportctl^"),
    "length": E("length:u16r^!"),
    "limit": E("limit:rate limit-burst:u32(0-10000)"),
    "mac": E("mac-source:mac^!", chains=_LOCAL_OUT),
    "mark": E("mark:mark^!"),
    "mh": E("mh-type:mh^", protocols="mobility-header", family=6),
    "multiport": E(
        "sports:ports^ dports:ports^ ports:ports^", one_of="*", none="multiport expection an option",
        apart="sports|dports|ports", protocols=_TRANSPORT,
    ),
    "nfacct": E("nfacct-name!"),
    "osf": E("genre^! ttl:u32(0-2) log:u32(0-2)", protocols="tcp", chains=_LOCAL_OUT),
    "owner": E(
        "uid-owner^ gid-owner^ socket-exists=0^ suppl-groups=0", one_of="uid-owner gid-owner socket-exists",
        none="owner: At least one of --uid-owner, --gid-owner or --socket-exists is required",
        chains="OUTPUT POSTROUTING",
    ),
    "physdev": E(
        "physdev-in^ physdev-out^ physdev-is-in=0^ physdev-is-out=0^ physdev-is-bridged=0^", one_of="*",
        none="PHYSDEV: no physdev option specified",
    ),
    "pkttype": E("pkt-type:pkttype^!"),
    "policy": E(
        "dir pol strict=0 reqid^* spi^* proto^* mode^* tunnel-src^* tunnel-dst^* next=0*", one_of="dir",
        none="policy match: neither --dir in nor --dir out specified", along="next>strict",
    ),
    "quota": E("quota:u64^!"),
    "realm": E("realm^!", chains="not PREROUTING", family=4),
    "recent": E(
        "set=0^ rcheck=0^ update=0^ remove=0^ seconds:u32(1-4294967295) hitcount:u32 rttl=0 reap=0"
        " name mask rsource=0 rdest=0",
        one_of="set rcheck update remove",
        none="recent: you must specify one of `--set', `--rcheck' `--update' or `--remove'",
        apart="set|rcheck|update|remove rttl|set rttl|remove", along="reap>seconds",
    ),
    "rpfilter": E(
        "loose=0 validmark=0 accept-local=0 invert=0", tables="raw mangle", chains="PREROUTING"
    ),
    "rt": E(
        "rt-type:u32^ rt-segsleft:u32r^ rt-len:u32^ rt-0-res=0 rt-0-addrs rt-0-not-strict=0", family=6
    ),
    "sctp": E("sport:tport^ dport:tport^ chunk-types=2^", protocols="sctp"),
    "set": E(
        "match-set=2:set^ return-nomatch=0^ update-counters=0^ update-subcounters=0^ packets-eq^ packets-gt"
        " packets-lt bytes-eq^ bytes-gt bytes-lt"
    ),
    "socket": E("transparent=0 nowildcard=0 restore-skmark=0", chains="PREROUTING INPUT"),
    "state": E("state:state^!"),
    "statistic": E(
        "mode:is(random,nth)! probability:share^ every:u32(1-4294967295)^ packet:u32",
        apart="probability|every probability|packet", along="every>packet packet>every",
    ),
    "string": E(
        "from:u16 to:u16 algo! string:text^ hex-string^ icase=0", one_of="string hex-string",
        none="STRING match: You must specify `--string' or `--hex-string'", apart="string|hex-string",
    ),
    "tcp": E(
        "sport:tport^ dport:tport^ tcp-flags=2:flags^ syn=0^ tcp-option:tcpoption^", protocols="tcp"
    ),
    "tcpmss": E("mss:u16r^!", protocols="tcp"),
    "time": E(
        "timestart timestop datestart datestop monthdays^ weekdays^ utc=0 kerneltz=0 localtz=0 contiguous=0",
        apart="utc|localtz utc|kerneltz",
    ),
    "tos": E("tos:tos^!"),
    "ttl": E(
        "ttl-eq:u8^ ttl-gt:u8 ttl-lt:u8", one_of="*",
        none="TTL match: You must specify one of `--ttl-eq', `--ttl-lt', `--ttl-gt",
        apart="ttl-lt|ttl-gt|ttl-eq", family=4,
    ),
    "u32": E("u32^!"),
    "udp": E(_PORTS, protocols="udp"),
    "udplite": E(_PORTS, protocols="udplite"),
}  # fmt: skip
