"""Which option belongs to which match or target, how many values it takes, how they are quoted.

Facts of ``iptables-extensions(8)`` and of what ``iptables-save`` 1.4 to 1.8.11 prints.
"""

from __future__ import annotations

# name -> number of values; a bare name takes one.
Arity = dict[str, int]


def _arities(spec: str) -> Arity:
    found: Arity = {}
    for item in spec.split():
        name, _, count = item.partition("=")
        found[name] = int(count or "1")
    return found


_PORTS = "sport dport"

MATCHES: dict[str, Arity] = {
    module: _arities(spec)
    for module, spec in {
        "addrtype": "src-type dst-type limit-iface-in=0 limit-iface-out=0",
        "ah": "ahspi ahlen ahres=0",
        "bpf": "bytecode object-pinned",
        "cgroup": "cgroup path",
        "cluster": "cluster-total-nodes cluster-local-node cluster-local-nodemask cluster-hash-seed",
        "comment": "comment",
        "connbytes": "connbytes connbytes-dir connbytes-mode",
        "connlabel": "label set=0",
        "connlimit": "connlimit-upto connlimit-above connlimit-mask connlimit-saddr=0 connlimit-daddr=0",
        "connmark": "mark",
        "conntrack": "ctstate ctproto ctorigsrc ctorigdst ctreplsrc ctrepldst ctorigsrcport ctorigdstport"
        " ctreplsrcport ctrepldstport ctstatus ctexpire ctdir",
        "cpu": "cpu",
        "dccp": f"{_PORTS} dccp-types dccp-option",
        "devgroup": "src-group dst-group",
        "dscp": "dscp dscp-class",
        "dst": "dst-len dst-opts",
        "ecn": "ecn-tcp-cwr=0 ecn-tcp-ece=0 ecn-ip-ect",
        "esp": "espspi",
        "eui64": "",
        "frag": "fragid fraglen fragres=0 fragfirst=0 fragmore=0 fraglast=0",
        "hashlimit": "hashlimit hashlimit-upto hashlimit-above hashlimit-burst hashlimit-srcmask"
        " hashlimit-dstmask hashlimit-mode hashlimit-name hashlimit-htable-size hashlimit-htable-max"
        " hashlimit-htable-expire hashlimit-htable-gcinterval hashlimit-rate-match=0"
        " hashlimit-rate-interval",
        "hbh": "hbh-len hbh-opts",
        "helper": "helper",
        "hl": "hl-eq hl-gt hl-lt",
        "icmp": "icmp-type",
        "icmp6": "icmpv6-type",
        "ipcomp": "ipcompspi compres=0",
        "iprange": "src-range dst-range",
        "ipv6header": "header soft=0",
        "ipvs": "ipvs=0 vproto vaddr vport vdir vmethod vportctl",
        "length": "length",
        "limit": "limit limit-burst",
        "mac": "mac-source",
        "mark": "mark",
        "mh": "mh-type",
        "multiport": "sports dports ports",
        "nfacct": "nfacct-name",
        "osf": "genre ttl log",
        "owner": "uid-owner gid-owner socket-exists=0 suppl-groups=0",
        "physdev": "physdev-in physdev-out physdev-is-in=0 physdev-is-out=0 physdev-is-bridged=0",
        "pkttype": "pkt-type",
        "policy": "dir pol strict=0 reqid spi proto mode tunnel-src tunnel-dst next=0",
        "quota": "quota",
        "realm": "realm",
        "recent": "set=0 rcheck=0 update=0 remove=0 seconds hitcount rttl=0 reap=0 name mask rsource=0"
        " rdest=0",
        "rpfilter": "loose=0 validmark=0 accept-local=0 invert=0",
        "rt": "rt-type rt-segsleft rt-len rt-0-res=0 rt-0-addrs rt-0-not-strict=0",
        "sctp": f"{_PORTS} chunk-types=2",
        "set": "match-set=2 return-nomatch=0 update-counters=0 update-subcounters=0 packets-eq packets-gt"
        " packets-lt bytes-eq bytes-gt bytes-lt",
        "socket": "transparent=0 nowildcard=0 restore-skmark=0",
        "state": "state",
        "statistic": "mode probability every packet",
        "string": "from to algo string hex-string icase=0",
        "tcp": f"{_PORTS} tcp-flags=2 syn=0 tcp-option",
        "tcpmss": "mss",
        "time": "timestart timestop datestart datestop monthdays weekdays utc=0 kerneltz=0 localtz=0"
        " contiguous=0",
        "tos": "tos",
        "ttl": "ttl-eq ttl-gt ttl-lt",
        "u32": "u32",
        "udp": _PORTS,
        "udplite": _PORTS,
    }.items()
}

_RANDOM = "random=0 random-fully=0"

TARGETS: dict[str, Arity] = {
    name: _arities(spec)
    for name, spec in {
        "ACCEPT": "",
        "AUDIT": "type",
        "CHECKSUM": "checksum-fill=0",
        "CLASSIFY": "set-class",
        "CONNMARK": "set-xmark set-mark and-mark or-mark xor-mark save-mark=0 restore-mark=0 nfmask ctmask"
        " mask left-shift-mark right-shift-mark",
        "CONNSECMARK": "save=0 restore=0",
        "CT": "notrack=0 helper ctevents expevents zone zone-orig zone-reply timeout",
        "DNAT": f"to-destination {_RANDOM} persistent=0",
        "DNPT": "src-pfx dst-pfx",
        "DROP": "",
        "DSCP": "set-dscp set-dscp-class",
        "ECN": "ecn-tcp-remove=0",
        "HL": "hl-set hl-dec hl-inc",
        "IDLETIMER": "timeout label alarm=0",
        "LOG": "log-level log-prefix log-tcp-sequence=0 log-tcp-options=0 log-ip-options=0 log-uid=0"
        " log-macdecode=0",
        "MARK": "set-xmark set-mark and-mark or-mark xor-mark",
        "MASQUERADE": f"to-ports {_RANDOM}",
        "NETMAP": "to",
        "NFLOG": "nflog-group nflog-prefix nflog-range nflog-size nflog-threshold",
        "NFQUEUE": "queue-num queue-balance queue-bypass=0 queue-cpu-fanout=0",
        "NOTRACK": "",
        "QUEUE": "",
        "RATEEST": "rateest-name rateest-interval rateest-ewmalog",
        "REDIRECT": f"to-ports {_RANDOM}",
        "REJECT": "reject-with",
        "RETURN": "",
        "SECMARK": "selctx",
        "SET": "add-set=2 del-set=2 map-set=2 exist=0 timeout map-mark=0 map-prio=0 map-queue=0",
        "SNAT": f"to-source {_RANDOM} persistent=0",
        "SNPT": "src-pfx dst-pfx",
        "SYNPROXY": "sack-perm=0 timestamp=0 ecn=0 wscale mss",
        "TCPMSS": "set-mss clamp-mss-to-pmtu=0",
        "TCPOPTSTRIP": "strip-options",
        "TEE": "gateway oif",
        "TOS": "set-tos and-tos or-tos xor-tos",
        "TPROXY": "on-port on-ip tproxy-mark",
        "TRACE": "",
        "TTL": "ttl-set ttl-dec ttl-inc",
        "ULOG": "ulog-nlgroup ulog-prefix ulog-cprange ulog-qthreshold",
    }.items()
}

# Other spellings of an option within its module.
ALIASES: dict[tuple[str, str], str] = {
    **{(m, "source-port"): "sport" for m in ("tcp", "udp", "udplite", "sctp", "dccp")},
    **{(m, "destination-port"): "dport" for m in ("tcp", "udp", "udplite", "sctp", "dccp")},
    ("multiport", "source-ports"): "sports",
    ("multiport", "destination-ports"): "dports",
    ("multiport", "port"): "ports",
    ("icmp6", "icmp6-type"): "icmpv6-type",
    ("ttl", "ttl"): "ttl-eq",
    ("hl", "hl"): "hl-eq",
    ("set", "set"): "match-set",
    ("connlabel", "label-set"): "set",
    ("REDIRECT", "to-port"): "to-ports",
}  # fmt: skip

# Modules by another name: an alias that iptables itself prints back under the first name.
MODULE_ALIASES = {"icmpv6": "icmp6", "ipv6-icmp": "icmp6", "mobility-header": "mh", "ipv6-mh": "mh"}

# ``-p NAME`` makes the options of this match known without ``-m``.
IMPLICIT_MATCH = {
    "tcp": "tcp", "udp": "udp", "udplite": "udplite", "sctp": "sctp", "dccp": "dccp", "icmp": "icmp",
    "ipv6-icmp": "icmp6", "ipcomp": "ipcomp", "esp": "esp", "ah": "ah", "mobility-header": "mh",
}  # fmt: skip

# A second option in these always belongs to a second ``-m``.
ONE_OPTION = frozenset({"multiport", "comment", "mark", "connmark", "state", "length", "u32", "bpf"})

# Printed as iptables prints free text: bare where harmless, else quoted.
FREE_TEXT = frozenset(
    {
        ("comment", "comment"), ("LOG", "log-prefix"), ("NFLOG", "nflog-prefix"),
        ("ULOG", "ulog-prefix"), ("helper", "helper"), ("cgroup", "path"),
    }
)  # fmt: skip

# Printed in quotes always.
ALWAYS_QUOTED = frozenset(
    {
        ("u32", "u32"), ("bpf", "bytecode"), ("string", "string"), ("string", "hex-string"),
        ("connlabel", "label"),
    }
)  # fmt: skip

GENERIC_LONG = {
    "source": "source", "src": "source", "destination": "destination", "dst": "destination",
    "protocol": "protocol", "proto": "protocol", "in-interface": "in-interface",
    "out-interface": "out-interface", "fragment": "fragment", "fragments": "fragment",
    "jump": "jump", "goto": "goto", "match": "match", "set-counters": "set-counters",
    "ipv4": "ipv4", "ipv6": "ipv6", "wait": "wait", "table": "table", "append": "append",
    "insert": "insert", "policy": "policy", "new-chain": "new-chain", "new": "new-chain",
    "flush": "flush", "delete-chain": "delete-chain", "zero": "zero",
}  # fmt: skip
GENERIC_SHORT = {
    "s": "source", "d": "destination", "p": "protocol", "i": "in-interface", "o": "out-interface",
    "f": "fragment", "j": "jump", "g": "goto", "m": "match", "c": "set-counters", "4": "ipv4",
    "6": "ipv6", "w": "wait", "t": "table", "A": "append", "I": "insert", "P": "policy",
    "N": "new-chain", "F": "flush", "X": "delete-chain", "Z": "zero",
}  # fmt: skip
SHORT_OF = {
    "source": "-s", "destination": "-d", "in-interface": "-i", "out-interface": "-o",
    "protocol": "-p", "fragment": "-f",
}  # fmt: skip
GENERIC_ORDER = tuple(SHORT_OF)


# The protocols whose names are built into iptables (it needs no /etc/protocols for them).
KNOWN_PROTOCOLS = frozenset(
    {"tcp", "sctp", "udp", "udplite", "icmp", "ipv6-icmp", "esp", "ah", "mobility-header", "dccp",
     "ipcomp", "all"}
)  # fmt: skip


def repeats_split(module: str) -> bool:
    """Whether an option that comes a second time means a second ``-m module``.

    True for the matches known here (each option once per match), but for ``policy``, which repeats
    its options after ``--next``. Of an unknown match nobody knows.
    """
    return module in MATCHES and module != "policy"
