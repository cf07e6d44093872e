"""How the lines of each format look: how they begin, and which words they know.

Wide on purpose: damaged lines and blacked-out values count as well, so that no line of a listing is taken for
people's words. What a line says is the readers' business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sekisho.sources.recognise import Format as F
from sekisho.sources.redacted import HIDDEN

# An address or prefix, whole, cut, wrong or blacked out in part; or a MAC address.
_OCTET = r"(?:[0-9]{1,4}|[xX*#?]{1,3}|[a-dnXY])"
ADDRESS = (
    rf"(?:{_OCTET}(?:\.{_OCTET}){{1,3}}\.?(?:/\S*)?|(?=\S*[0-9:]:|::)[0-9a-fA-FxX*:]+(?:/\S*)?|{HIDDEN})"
)
NUMBER = r"[0-9]{1,20}"
KINDS = "unicast|local|broadcast|multicast|anycast|blackhole|unreachable|prohibit|throw|nat"
PROTOCOLS = "all|tcp|udp|icmp|icmpv6|ipv6-icmp|esp|ah|gre|sctp|igmp|vrrp|ip|ospf"
_COUNT = rf"{NUMBER}[KMGT]?"
_TARGET = r"[A-Z][A-Z0-9_-]{2,}"
_OPT = r"(?:--|-f|!f)"
_STATES = "UP|DOWN|UNKNOWN|LOWERLAYERDOWN|DORMANT|NOTPRESENT|TESTING"


@dataclass(frozen=True, slots=True)
class Look:
    """``head``: how a line begins that is always the listing's; ``words``: what else stands in one."""

    head: re.Pattern[str]
    words: re.Pattern[str]


def _look(head: tuple[str, ...], words: tuple[str, ...]) -> Look:
    return Look(re.compile(rf"\s*(?:{'|'.join(head)})"), re.compile("|".join(words)))


def _row(*words: str) -> str:
    """These words with white space around them."""
    return rf"(?:^|(?<=\s))(?:{'|'.join(words)})(?=\s|$)"


LOOKS: dict[F, Look] = {
    F.IP_ROUTE: _look(
        (
            r"default(?:\s|$)",
            rf"{ADDRESS}(?:\s|$)",
            rf"{NUMBER}(?:\s|$)",
            rf"(?:{KINDS})\s+(?:default|{ADDRESS})(?:\s|$)",
            r"nexthop\s",
            r"cache(?:\s|$)",
            r"nh_info\s",
        ),
        (
            rf"via {ADDRESS}",
            r"dev [\w@.:-]+",
            rf"proto (?:kernel|static|boot|dhcp|ra|bird|zebra|{NUMBER})",
            r"scope (?:link|host|global|site|nowhere)",
            rf"src {ADDRESS}",
            rf"(?:metric|weight|mtu|mtu lock) {NUMBER}",
            r"(?:table|pref|tos|expires) \S+",
            r"\b(?:onlink|linkdown|dead)\b",
        ),
    ),
    F.ROUTE_N: _look(
        (r"default\s", rf"{ADDRESS}(?:\s|$)", r"Kernel\s", r"Destination\s"),
        (ADDRESS, r"\bU[GHRDMAC!]*\b", rf"\b{NUMBER}\b"),
    ),
    F.IP_RULE: _look(
        (rf"{NUMBER}:",),
        (
            rf"(?:from|to) (?:all|{ADDRESS})",
            r"lookup \w+",
            r"fwmark \S+",
            r"[io]if \S+",
            rf"priority {NUMBER}",
        ),
    ),
    F.IP_ADDR: _look(
        (
            rf"{NUMBER}:\s",
            r"link/\S+",
            r"inet6?\s",
            r"(?:valid_lft|altname|alias)\s",
            r"[RT]X:?\s",
            r"(?<=   )\S",  # what belongs to the interface above
            rf"{NUMBER}(?:\s|$)",
        ),
        (
            r"<[A-Z_,]+>",
            rf"\b(?:mtu|qlen|index|metric) {NUMBER}",
            r"\b(?:state|qdisc|master|group|brd|scope|peer) \S+",
            r"\b(?:altname|alias|inet6?) \S+",
            r"\b(?:valid_lft|preferred_lft|forever|link-netnsid|tentative|dynamic|noprefixroute|kernel_\w+)\b",
            r"\b(?:link|host|global) (?:proto|tentative|dynamic|noprefixroute)\b",
            ADDRESS,
        ),
    ),
    F.IP_NEIGH: _look((rf"{ADDRESS}(?:\s|$)",), (r"dev \S+", r"lladdr \S+", ADDRESS, r"\b[A-Z]{4,}\b")),
    F.IPTABLES_LIST: _look(
        (
            r"Chain(?:\s|$)",
            rf"{_COUNT}\s+{_COUNT}\s",
            rf"{NUMBER}\s+\S+\s+(?:{PROTOCOLS}|{NUMBER})\s",
            rf"{_TARGET}(?:\s|$)",
            rf"(?:\S+\s+)?(?:{PROTOCOLS}|{NUMBER})\s+{_OPT}\s",
            rf"!?{ADDRESS}\s",
            r"(?:num\s+)?(?:pkts\s+bytes\s+)?target\s+prot\s",
        ),
        (
            _row(
                rf"!?{ADDRESS}",
                PROTOCOLS,
                r"anywhere|--|\*",
                r"\S+:\S+",
                r"(?:ct)?state|match|reject-with",
                r"num|pkts|bytes|target|prot|opt|source|destination|packets,?|references\)|\(policy",
                r"[A-Z_,]{4,}",
            ),
        ),
    ),
    F.IPTABLES_S: _look(
        (r"-{1,2}[A-Za-z]", r"[:*]\s*[\w-]+", rf"\[{NUMBER}:", r"COMMIT?\b", r"!\s"),
        (_row(r"-{1,2}[\w-]+", "!", ADDRESS, _TARGET, NUMBER),),
    ),
    F.IPSET_SAVE: _look(
        (r"(?:create|add)\s",),
        (r"(?:hash|bitmap|list):\S+", ADDRESS, r"\b(?:family|hashsize|maxelem)\b"),
    ),
    F.SYSCTL: _look(
        (r"[\w-]+[./][\w./-]+\s*(?:=|:|$)", r"(?:sysctl|error):"),
        ("=", r"\bnet\.\S+"),
    ),
    F.SS: _look(
        (
            r"(?:tcp|udp|raw|sctp|u_\w+|icmp6?|v_str|nl|p_raw|p_dgr)\s",
            r"(?:Netid|State)\s",
            r"[A-Z][A-Z0-9-]{3,}\s",
        ),
        (ADDRESS, "users:", rf"\b{NUMBER}\b", r"\S+:\S+", r"\b(?:Netid|State|Recv-Q|Send-Q|Process)\b"),
    ),
    F.CONNTRACK: _look(
        (r"ipv[46]\s", r"(?:tcp|udp|sctp|icmp\w*)\s", r"conntrack\s"),
        (r"\b(?:src|dst|sport|dport)=\S*",),
    ),
    F.BRIDGE: _look(
        (rf"{NUMBER}:\s", r"(?:[0-9a-fxX]{2}:){2}", r"\w+ (?:on|off)\b"),
        (r"dev \S+", r"master \S+", r"state \S+"),
    ),
    F.NETSTAT: _look(
        (r"(?:tcp|udp|raw|sctp|unix)\w*\s", r"(?:Active|Proto)\s"),
        (ADDRESS, r"\S+:(?:[0-9]+|\*)", r"\b(?:LISTEN|ESTABLISHED)\b", rf"\b{NUMBER}\b"),
    ),
    F.IFCONFIG: _look(
        (r"(?<=[ \t])\S", r"\S+: flags=", r"\S+\s+Link\b"),
        (r"\binet6?\b", r"\b(?:netmask|broadcast|ether|mtu|txqueuelen|prefixlen)\b", ADDRESS, r"flags=\S*"),
    ),
    F.IP_BRIEF_ADDR: _look((rf"\S+\s+(?:{_STATES})(?:\s|$)",), (_row(_STATES, ADDRESS), r"<[A-Z_,]+>")),
    F.DOCKER_PS: _look(
        (r"CONTAINER ID\s", r"[0-9a-f]{8,}\s"),
        (r"->", r"\b[0-9-]+/(?:tcp|udp|sctp)\b", r"\b(?:Up|Exited|Created|ago)\b", ADDRESS, r'"'),
    ),
    F.DOCKER_NETWORK_LS: _look(
        (r"NETWORK ID\s", r"[0-9a-f]{8,}\s"),
        (_row("bridge|host|none|null|overlay|macvlan|ipvlan|local|swarm"),),
    ),
    F.DOCKER_PORT: _look((r"[0-9]",), (r"->", ADDRESS, r"/(?:tcp|udp|sctp)\b")),
    F.UFW_STATUS: _look(
        (r"(?:Status|Logging|Default|New profiles|To)\b", r"--", r"\[", ADDRESS, r"[0-9]", r"Anywhere\b"),
        (r"\b(?:ALLOW|DENY|REJECT|LIMIT)\b", r"\bAnywhere\b", ADDRESS, r"\(v6\)"),
    ),
    F.FIREWALL_CMD: _look(
        (r"(?<=[ \t])\S", r"[\w-]+(?: \([^)]*\))?\s*$"),
        (r"(?:^|\s)[\w-]+:(?=\s|$)", ADDRESS, r"\b(?:rule|family|accept|drop|reject)\b"),
    ),
    F.KERNEL_LOG: _look(
        (r"\[\s*[0-9]", r"[A-Z][a-z]{2}\s+[0-9]+ [0-9]", r"[0-9]{4}-", r"<[0-9]"),
        (r"\b[A-Z]{2,}=\S*", r"\[UFW \w+\]"),
    ),
    # Behind a table's last brace; inside of one every line is the table's.
    F.NFT_TEXT: _look(
        (r"(?:table|chain|set|map)\s", "[{}#]"),
        (r"\b(?:accept|drop|reject|jump|goto|counter|saddr|daddr)\b", "[{};]"),
    ),
}
LOOKS[F.IP_BRIEF_LINK] = LOOKS[F.IP_BRIEF_ADDR]
LOOKS[F.IP_LINK] = LOOKS[F.IP_ADDR]
_LINK_STATES = "UNKNOWN|UP|DOWN|LOWERLAYERDOWN|DORMANT|TESTING|NOTPRESENT"
LOOKS |= {
    F.NETSTAT: _look(
        (r"Active\s", r"Proto\s", r"(?:tcp|udp|udplite|raw|sctp|unix|dccp)6?\s",
         r"\(?(?:Not all|No info|will not)\s"),
        (ADDRESS, r"\S+:[0-9*]+", rf"\b{NUMBER}\b", r"\b[A-Z_]{5,}\b"),
    ),
    F.IFCONFIG: _look(
        (r"\S+: +flags=", r"\S+\s+Link\b", r"inet6?\s", r"(?:ether|loop|unspec)\s", r"[RT]X[ :]",
         r"(?:UP|BROADCAST|LOOPBACK)\s", r"(?:collisions|Interrupt|Base address|Memory)\b", "device "),
        (ADDRESS, r"\b(?:netmask|broadcast|prefixlen|scopeid|mtu|txqueuelen|Mask|Bcast|MTU|Metric)\b"),
    ),
    F.IP_BRIEF_ADDR: _look((rf"\S+\s+(?:{_LINK_STATES})(?:\s|$)",), (ADDRESS, r"<[A-Z,_-]+>")),
    F.DOCKER_PS: _look(
        (r"[0-9a-f]{12,64}\s", r"[A-Z ]*(?:CONTAINER ID|NAMES|PORTS)\b", r"\{", r"\S+\s{2,}\S"),
        (r"\b(?:Up|Exited|Created|Restarting|ago)\b", r"->[0-9]", r"[0-9]/(?:tcp|udp|sctp)\b"),
    ),
    F.DOCKER_PORT: _look((rf"{NUMBER}/(?:tcp|udp|sctp)\b", rf"\S*:{NUMBER}\s*$"), (ADDRESS, "->")),
    F.DOCKER_NETWORK_LS: _look(
        (r"[0-9a-z]{12,64}\s", r"NETWORK ID\s"),
        (r"\b(?:bridge|host|null|none|overlay|macvlan|ipvlan|local|swarm|global)\b",),
    ),
    F.DOCKER_TEMPLATE: _look((r"/[\w.-]+", ADDRESS, r"[\[{]"), (ADDRESS, r"\bmap\[")),
    F.UFW_STATUS: _look(
        (r"(?:Status|Logging|Default|New profiles):", r"To\s+Action\b", r"--\s", r"\[\s*[0-9]"),
        (r"\b(?:ALLOW|DENY|REJECT|LIMIT)\b", r"\bAnywhere\b", ADDRESS, r"[0-9]/(?:tcp|udp)\b"),
    ),
    F.FIREWALL_CMD: _look(
        (r"[\w-]+ \((?:default|active)", r"[a-z-]+(?: rules)?:(?:\s|$)", r"rule\s", r"port=", r"[\w-]+\s*$"),
        (ADDRESS, r"[0-9]/(?:tcp|udp)\b", r"\b(?:family|source|service|accept|drop|reject)\b"),
    ),
    F.KERNEL_LOG: _look((r".*\bIN=\S* OUT=",), (r"\b[A-Z]{2,}=\S*",)),
}  # fmt: skip
LOOKS[F.IP_BRIEF_LINK] = LOOKS[F.IP_BRIEF_ADDR]
LOOKS[F.IPTABLES_SAVE] = LOOKS[F.IPTABLES_S]

# What a line can be the beginning of, where it ends before its first word does.
FIRST_WORDS: dict[F, tuple[str, ...]] = {
    F.IP_ROUTE: ("default", "nexthop", *KINDS.split("|")),
    F.IPTABLES_LIST: ("Chain", "target", "pkts", "num"),
    F.IPTABLES_SAVE: ("COMMIT",),
    F.IPTABLES_S: ("COMMIT",),
    F.IPSET_SAVE: ("create", "add"),
    F.NFT_TEXT: ("table", "chain"),
    F.IP_ADDR: ("inet", "inet6", "valid_lft", "link"),
    F.IP_LINK: ("link",),
}

# What only a listing has, for lines that follow no command.
_WAY = (
    rf"via {ADDRESS}",
    r"dev [\w@.:-]+",
    r"proto (?:kernel|static|boot|dhcp|ra)",
    r"scope (?:link|host|global)",
    rf"src {ADDRESS}",
    rf"metric {NUMBER}",
)
ONLY_LISTINGS = re.compile(
    "|".join(
        (
            rf"{_row(*_WAY)}.*{_row(*_WAY)}",
            r"(?:^|\s)-[AI] \S+ .*-[jg] \S",
            rf"(?:^|\s)(?:{PROTOCOLS})\s+{_OPT}\s",
            r"\bsrc=\S+ dst=\S",
            rf"^\s*(?:inet6? {ADDRESS}|link/(?:ether|loopback) |valid_lft )",
            r"\bfrom \S+ .*\blookup \w",
        )
    )
)
