"""The targets of iptables; see ``model.extensions`` for how to read a line."""

from __future__ import annotations

from sekisho.model.extensions import Extension as E

_RANDOM = "random=0 random-fully=0"
_MARKS = "set-xmark:mark set-mark:mark and-mark:u32 or-mark:u32 xor-mark:u32"
_MARK_ACTS = "set-xmark|set-mark|and-mark|or-mark|xor-mark"
_WAY_OUT = "FORWARD OUTPUT POSTROUTING"

TARGETS: dict[str, E] = {
    "ACCEPT": E(),
    "AUDIT": E("type:audit!"),
    "CHECKSUM": E("checksum-fill=0!", tables="mangle"),
    "CLASSIFY": E("set-class:class!", chains=_WAY_OUT),
    "CONNMARK": E(
        f"{_MARKS} save-mark=0 restore-mark=0 nfmask:u32 ctmask:u32 mask:u32 left-shift-mark:u8(0-32)"
        " right-shift-mark:u8(0-32)",
        one_of="set-xmark set-mark and-mark or-mark xor-mark save-mark restore-mark",
        none="CONNMARK target: No operation specified",
        apart=f"{_MARK_ACTS}|save-mark|restore-mark nfmask|mask ctmask|mask",
    ),
    "CONNSECMARK": E(
        "save=0 restore=0", one_of="*", none="CONNSECMARK target: parameter required", apart="save|restore",
        tables="mangle security",
    ),
    "CT": E(
        "notrack=0 helper ctevents expevents zone:zone zone-orig:zone zone-reply:zone timeout", tables="raw"
    ),
    "DNAT": E(
        f"to-destination:nat! {_RANDOM} persistent=0", tables="nat", chains="PREROUTING OUTPUT"
    ),
    "DNPT": E(
        "src-pfx:prefix64! dst-pfx:prefix64!", tables="mangle", chains="PREROUTING OUTPUT", family=6
    ),
    "DROP": E(),
    "DSCP": E(
        "set-dscp:u8(0-63) set-dscp-class:dscp", one_of="*",
        none="DSCP target: Parameter --set-dscp is required", apart="set-dscp|set-dscp-class",
        tables="mangle",
    ),
    "ECN": E(
        "ecn-tcp-remove=0", one_of="*", none="ECN target: An operation is required", protocols="tcp",
        tables="mangle", family=4,
    ),
    "HL": E(
        "hl-set:u8 hl-dec:u8(1-255) hl-inc:u8(1-255)", one_of="*", none="HL: You must specify an action",
        apart="hl-set|hl-dec|hl-inc", tables="mangle", family=6,
    ),
    "HMARK": E(
        "hmark-tuple hmark-src-prefix hmark-dst-prefix hmark-sport-mask hmark-dport-mask hmark-spi-mask"
        " hmark-sport hmark-dport hmark-spi hmark-proto-mask hmark-rnd hmark-mod hmark-offset",
        one_of="hmark-mod", none="--hmark-mod is mandatory",
        apart="hmark-spi-mask|hmark-sport-mask hmark-spi-mask|hmark-dport-mask",
    ),
    "IDLETIMER": E("timeout:u32! label! alarm=0"),
    "LED": E("led-trigger-id! led-delay led-always-blink=0"),
    "LOG": E(
        "log-level:syslog log-prefix log-tcp-sequence=0 log-tcp-options=0 log-ip-options=0 log-uid=0"
        " log-macdecode=0"
    ),
    "MARK": E(
        _MARKS, one_of="*", none="MARK: One of the --set-xmark, --{and,or,xor,set}-mark options is required",
        apart=_MARK_ACTS,
    ),
    "MASQUERADE": E(f"to-ports:natports {_RANDOM}", tables="nat", chains="POSTROUTING"),
    "NETMAP": E("to!", tables="nat"),
    "NFLOG": E(
        "nflog-group:u16 nflog-prefix nflog-range:u32 nflog-size:u32 nflog-threshold:u16",
        apart="nflog-range|nflog-size",
    ),
    "NFQUEUE": E(
        "queue-num:u16 queue-balance:queues queue-bypass=0 queue-cpu-fanout=0",
        apart="queue-num|queue-balance", along="queue-cpu-fanout>queue-balance",
    ),
    "NOTRACK": E(tables="raw"),
    "QUEUE": E(),
    "RATEEST": E("rateest-name! rateest-interval! rateest-ewmalog!"),
    "REDIRECT": E(f"to-ports:natports {_RANDOM}", tables="nat", chains="PREROUTING OUTPUT"),
    "REJECT": E("reject-with:reject", tables="filter", chains="INPUT FORWARD OUTPUT"),
    "RETURN": E(),
    "SECMARK": E("selctx!", tables="mangle security"),
    "SET": E(
        "add-set=2:set del-set=2:set map-set=2:set exist=0 timeout map-mark=0 map-prio=0 map-queue=0"
    ),
    "SNAT": E(f"to-source:nat! {_RANDOM} persistent=0", tables="nat", chains="INPUT POSTROUTING"),
    "SNPT": E(
        "src-pfx:prefix64! dst-pfx:prefix64!", tables="mangle", chains="INPUT POSTROUTING", family=6
    ),
    "SYNPROXY": E(
        "sack-perm=0 timestamp=0 ecn=0 wscale:u32 mss:u32", protocols="tcp", chains="INPUT FORWARD"
    ),
    "TCPMSS": E(
        "set-mss:u16 clamp-mss-to-pmtu=0", one_of="*",
        none="TCPMSS target: At least one parameter is required", protocols="tcp",
    ),
    "TCPOPTSTRIP": E("strip-options:tcpoptions", protocols="tcp", tables="mangle"),
    "TEE": E("gateway! oif"),
    "TOS": E(
        "set-tos:tos and-tos:u8 or-tos:u8 xor-tos:u8", one_of="*", none="TOS: An action is required",
        apart="set-tos|and-tos|or-tos|xor-tos", tables="mangle",
    ),
    "TPROXY": E(
        "on-port! on-ip tproxy-mark:mark", protocols="tcp udp", tables="mangle", chains="PREROUTING"
    ),
    "TRACE": E(),
    "TTL": E(
        "ttl-set:u8 ttl-dec:u8(1-255) ttl-inc:u8(1-255)", one_of="*", none="TTL: You must specify an action",
        apart="ttl-set|ttl-dec|ttl-inc", tables="mangle", family=4,
    ),
    "ULOG": E("ulog-nlgroup:u8(1-32) ulog-prefix ulog-cprange:u64 ulog-qthreshold:u64(1-50)", family=4),
}  # fmt: skip
