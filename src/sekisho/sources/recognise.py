"""Which format is this text? By the name that a snapshot gives it, by its lines, or by its JSON keys.

ip-route.json            IP_ROUTE, family 4                 the layout's own names
default via 10.0.0.1 dev eth0                               a line that only `ip route` prints
[{"dst": "default", "gateway": "10.0.0.1", ...              keys that only `ip -j route` prints
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from sekisho.sources.bridge_text import ENTRY_LINE, PORT_LINE
from sekisho.sources.json_stream import Element, Json, iterate
from sekisho.values.address import Family
from sekisho.values.numbers import DIGITS


class Format(enum.Enum):
    """Every format that a reader exists for; the value is how messages name it."""

    IP_ROUTE = "ip route"
    IP_ROUTE_JSON = "ip -j route"
    ROUTE_N = "route -n"
    IP_RULE = "ip rule"
    IP_RULE_JSON = "ip -j rule"
    IP_ADDR = "ip addr"
    IP_ADDR_JSON = "ip -j addr"
    IP_LINK = "ip link"
    IP_LINK_JSON = "ip -j -d link"
    IP_NEIGH = "ip neigh"
    IP_NEIGH_JSON = "ip -j neigh"
    BRIDGE = "bridge -d link"
    BRIDGE_JSON = "bridge -j link"
    IPTABLES_SAVE = "iptables-save"
    IPTABLES_S = "iptables -S"
    IPTABLES_LIST = "iptables -nL -v"
    IPTABLES_COMMANDS = "iptables -A"
    IPSET_SAVE = "ipset save"
    NFT_JSON = "nft -j list ruleset"
    NFT_TEXT = "nft list ruleset"
    SYSCTL = "sysctl -a"
    SYSCTL_FILES = (
        "tail -vn +1 /etc/sysctl.d/*.conf /run/sysctl.d/*.conf /usr/lib/sysctl.d/*.conf /etc/sysctl.conf"
    )
    SS = "ss -Hnltup"
    NETSTAT = "netstat -tlnp"
    IFCONFIG = "ifconfig"
    IP_BRIEF_ADDR = "ip -br addr"
    IP_BRIEF_LINK = "ip -br link"
    CONNTRACK = "conntrack -L"
    XFRM = "ip xfrm policy"
    TC = "tc qdisc show"
    IPVS = "ipvsadm -Sn"
    WIREGUARD = "wg show all allowed-ips"
    DOCKER_NETWORKS = "docker network inspect"
    DOCKER_CONTAINERS = "docker inspect"
    DOCKER_VERSION = "docker version --format json"
    DOCKER_PS = "docker ps"
    DOCKER_PORT = "docker port"
    DOCKER_NETWORK_LS = "docker network ls"
    DOCKER_TEMPLATE = "docker inspect -f"
    UFW_STATUS = "ufw status"
    FIREWALL_CMD = "firewall-cmd --list-all"
    KERNEL_LOG = "dmesg"
    COMPOSE = "compose.yaml"
    DAEMON_JSON = "daemon.json"
    AWS_INSTANCES = "aws ec2 describe-instances"
    SNAPSHOT_TOML = "snapshot.toml"
    CAPTURE_NOTES = "capture-notes.txt"
    CAPTURE_MANIFEST = "capture-manifest.txt"


@dataclass(frozen=True, slots=True)
class Expected:
    """What a file's name promises: ``formats`` (the first is the usual one), family, table, back end.

    ``all_tables``: the name says that ``show table all`` was asked for.
    """

    formats: tuple[Format, ...]
    family: Family = 4
    table: str | None = None
    backend: str = ""
    all_tables: bool = False

    def usual(self, name: str) -> Format:
        """The format to take where the content does not tell, as an empty array does not."""
        if name.endswith(".json"):
            return next((one for one in self.formats if one.name.endswith("_JSON")), self.formats[0])
        return self.formats[0]


TABLES = ("raw", "mangle", "nat", "filter", "security")

_F = Format
_SIMPLE = {
    "bridge.json": (_F.BRIDGE_JSON,),
    "bridge.txt": (_F.BRIDGE, _F.BRIDGE_JSON),
    "nft-ruleset.json": (_F.NFT_JSON,),
    "nft-ruleset.txt": (_F.NFT_TEXT, _F.NFT_JSON),
    "ipset-save.txt": (_F.IPSET_SAVE,),
    "sysctl.txt": (_F.SYSCTL,),
    "sysctl-files.txt": (_F.SYSCTL_FILES,),
    "ss.txt": (_F.SS, _F.NETSTAT),
    "netstat.txt": (_F.NETSTAT,),
    "ifconfig.txt": (_F.IFCONFIG,),
    "ip-br-addr.txt": (_F.IP_BRIEF_ADDR,),
    "ip-br-link.txt": (_F.IP_BRIEF_LINK,),
    "conntrack.txt": (_F.CONNTRACK,),
    "xfrm.txt": (_F.XFRM,),
    "tc.txt": (_F.TC,),
    "ipvs.txt": (_F.IPVS,),
    "wireguard.txt": (_F.WIREGUARD,),
    "iptables-commands.txt": (_F.IPTABLES_COMMANDS,),
    "ufw-status.txt": (_F.UFW_STATUS,),
    "firewall-cmd.txt": (_F.FIREWALL_CMD,),
    "kernel-log.txt": (_F.KERNEL_LOG,),
    "docker-ps.txt": (_F.DOCKER_PS,),
    "docker-port.txt": (_F.DOCKER_PORT,),
    "docker-network-ls.txt": (_F.DOCKER_NETWORK_LS,),
    "docker-inspect-f.txt": (_F.DOCKER_TEMPLATE,),
    "docker-networks.json": (_F.DOCKER_NETWORKS,),
    "docker-containers.json": (_F.DOCKER_CONTAINERS,),
    "docker-version.json": (_F.DOCKER_VERSION,),
    "snapshot.toml": (_F.SNAPSHOT_TOML,),
    "capture-notes.txt": (_F.CAPTURE_NOTES,),
    "capture-manifest.txt": (_F.CAPTURE_MANIFEST,),
}  # fmt: skip
_IP_OBJECTS = {
    "route": (_F.IP_ROUTE, _F.IP_ROUTE_JSON, _F.ROUTE_N),
    "rule": (_F.IP_RULE, _F.IP_RULE_JSON),
    "addr": (_F.IP_ADDR, _F.IP_ADDR_JSON),
    "link": (_F.IP_LINK, _F.IP_LINK_JSON, _F.IP_ADDR, _F.IP_ADDR_JSON),
    "neigh": (_F.IP_NEIGH, _F.IP_NEIGH_JSON),
}
_IP_FILE = re.compile(r"ip(6?)-(route|rule|addr|link|neigh)(-table-all)?\.(txt|json)")
_IPTABLES_FILE = re.compile(rf"ip(6?)tables-(?:(legacy|nft)-)?(save|{'|'.join(TABLES)})\.txt")


# Files of the folder aws/.
_AWS = {"describe-instances.json": (_F.AWS_INSTANCES,)}


def by_aws_name(name: str) -> Expected | None:
    """The same for a file of the folder aws/."""
    return Expected(_AWS[name]) if name in _AWS else None


def by_name(name: str) -> Expected | None:
    """What the layout promises for a file of this (base) name; None for a name it does not have."""
    if name in _SIMPLE:
        return Expected(_SIMPLE[name])
    match = _IP_FILE.fullmatch(name)
    if match and (match[2] == "route" or not match[3]):
        return Expected(_IP_OBJECTS[match[2]], 6 if match[1] else 4, all_tables=bool(match[3]))
    match = _IPTABLES_FILE.fullmatch(name)
    if match:
        family: Family = 6 if match[1] else 4
        if match[3] == "save":
            return Expected((_F.IPTABLES_SAVE,), family, None, match[2] or "")
        formats = (_F.IPTABLES_LIST, _F.IPTABLES_S, _F.IPTABLES_SAVE)
        return Expected(formats, family, match[3], match[2] or "")
    return None


_WORD = r"[A-Za-z0-9_-]+"
_ADDRESS = r"(?:[0-9]{1,3}(?:\.[0-9]{1,3}){0,3}|[0-9a-fA-F]*:[0-9a-fA-F:.]*)(?:/[0-9]{1,20})?"
_ROUTE_WORDS = "via|dev|nhid|proto|scope|src|metric|table|encap|onlink|tos|mtu|nexthop|pref|error|linkdown"
_ROUTE_KINDS = "unicast|local|broadcast|multicast|anycast|blackhole|unreachable|prohibit|throw|nat"
_SOCKET_STATES = "LISTEN|UNCONN|ESTAB|TIME-WAIT|CLOSE-WAIT|SYN-SENT|SYN-RECV|FIN-WAIT-[12]|LAST-ACK|CLOSING"
_LINK_STATES = "UNKNOWN|UP|DOWN|LOWERLAYERDOWN|DORMANT|TESTING|NOTPRESENT"
_MAC = "[0-9a-f]{2}(?::[0-9a-f]{2})+"
_NEIGHBOUR_STATES = "INCOMPLETE|REACHABLE|STALE|DELAY|PROBE|FAILED|NOARP|PERMANENT|NONE"

# What stands before the options of a command line of iptables, a variable of a script too.
_IPTABLES = r"(?:sudo\s+(?:-\S+\s+)*)?(?:(?:/\S*/)?ip6?tables(?:-legacy|-nft)?|\"?\$\{?[A-Za-z_]\w*\}?\"?)"
_CHANGES = "append|insert|delete|new-chain|policy|flush|delete-chain|replace|rename-chain"
_PS_COLUMNS = (
    "CONTAINER ID|IMAGE|COMMAND|CREATED|STATUS|STATE|PORTS|NAMES?|SIZE|NETWORKS|SERVICE|LABELS|MOUNTS"
)

# The first pattern that matches a line decides; order matters (a neighbour looks like a route).
_LINES: tuple[tuple[Format, re.Pattern[str]], ...] = tuple(
    (format_, re.compile(pattern))
    for format_, pattern in (
        (_F.IPTABLES_COMMANDS, rf"{_IPTABLES}\s+(?:\S.*\s)?(?:-[AIDNPFXRE]|--(?:{_CHANGES}))(?:\s|$)"),
        (_F.IPTABLES_LIST, r"Chain \S+ \((?:policy \S+|[0-9]{1,20} references)"),
        (_F.IPTABLES_LIST, r"\s*(?:num\s+)?(?:pkts\s+bytes\s+)?target\s+prot\s+opt\s"),
        (_F.IPTABLES_SAVE, rf"\*\s*(?:{'|'.join(TABLES)})\s*$|COMMIT\s*$"),
        (_F.IPTABLES_SAVE, r":\S+ (?:ACCEPT|DROP|QUEUE|-)(?: \[|$)"),
        (_F.IPTABLES_SAVE, r"# (?:Generated|Completed) .*(?:on|by) "),
        (_F.IPTABLES_SAVE, r"\[[0-9]{1,20}:[0-9]{1,20}\] -A "),
        (
            _F.IPVS,
            rf"-[Aa] (?:-[tuf]|--sctp-service) (?:\S+:)?{DIGITS} -[sr] |IP Virtual Server version",
        ),
        (_F.XFRM, rf"src {_ADDRESS} dst {_ADDRESS}(?:\s|$)"),
        (_F.TC, r"qdisc \S+ [0-9a-f]{0,8}: (?:dev|root) |tc filter show dev \S+ (?:ingress|egress)\s*$"),
        (_F.IPTABLES_S, r"-P \S+ (?:ACCEPT|DROP|QUEUE)\b|-N \S+\s*$|-A \S+"),
        (_F.IPSET_SAVE, rf"create \S+ (?:hash|bitmap|list):\S+|add \S+ {_ADDRESS}"),
        (_F.NFT_TEXT, r"table (?:ip|ip6|inet|arp|bridge|netdev) \S+ \{"),
        (_F.IP_RULE, r"[0-9]{1,20}:\s+(?:not )?from "),
        (_F.IP_ADDR, r"[0-9]{1,20}: \S+\s+inet6? "),
        (_F.BRIDGE, f"{PORT_LINE}|{ENTRY_LINE}"),
        (_F.IP_LINK, r"[0-9]{1,20}: \S+: <"),
        (_F.IP_NEIGH, rf"{_ADDRESS} dev \S+ .*\b(?:{_NEIGHBOUR_STATES})\s*$|{_ADDRESS} dev \S+ .*\blladdr "),
        (_F.ROUTE_N, r"Kernel IP(?:v6)? routing table|Destination\s+(?:Gateway|Next Hop)\s"),
        (_F.IP_ROUTE, rf"(?:default|{_ADDRESS}) (?:{_ROUTE_WORDS})\b"),
        (_F.IP_ROUTE, rf"(?:{_ROUTE_KINDS}) (?:default|{_ADDRESS})(?:\s|$)"),
        (_F.IP_ROUTE, r"\s+nexthop (?:via|dev)|default\s*$"),
        (
            _F.DOCKER_PS,
            rf"(?=.*\b(?:CONTAINER ID|NAMES|PORTS)\b)(?:{_PS_COLUMNS})(?:\s+(?:{_PS_COLUMNS}))+\s*$",
        ),
        (_F.DOCKER_NETWORK_LS, r"NETWORK ID\s+NAME\s+DRIVER"),
        (_F.DOCKER_PORT, rf"{DIGITS}/(?:tcp|udp|sctp) -> \S*:{DIGITS}\s*$"),
        (_F.DOCKER_TEMPLATE, rf"/[A-Za-z0-9][\w.-]*\s+(?:[-:=>]+\s+)?{_ADDRESS}\s*$"),
        (_F.UFW_STATUS, r"Status: (?:active|inactive)\s*$"),
        (
            _F.FIREWALL_CMD,
            r"[\w-]+ \((?:default|active)(?:, (?:default|active))*\)\s*$|  icmp-block-inversion: ",
        ),
        (_F.KERNEL_LOG, r".*\bIN=\S* OUT=\S* .*\bSRC=\S+ DST=\S+ "),
        (_F.NETSTAT, r"Active (?:Internet|UNIX) (?:connections|domain sockets)|Proto\s+Recv-Q\s+Send-Q"),
        (_F.NETSTAT, rf"(?:tcp|udp|raw|sctp)6?\s+{DIGITS}\s+{DIGITS}\s+\S+:\S+\s+\S+:\S+"),
        (_F.IFCONFIG, rf"\S+: flags={DIGITS}<|\S+\s+Link encap:"),
        (_F.IP_BRIEF_LINK, rf"\S+\s+(?:{_LINK_STATES})\s+(?:{_MAC}\s+)?<[A-Z0-9_,-]*>\s*$"),
        (_F.IP_BRIEF_ADDR, rf"\S+\s+(?:{_LINK_STATES})\s+{_ADDRESS}(?:\s|$)"),
        (_F.SS, rf"(?:\w+\s+)?(?:{_SOCKET_STATES})\s+{DIGITS}\s+{DIGITS}\s"),
        (_F.SS, r"\s*(?:Netid\s+)?State\s+Recv-Q"),
        (_F.CONNTRACK, r"(?:ipv[46]\s+[0-9]{1,20}\s+)?\w+\s+[0-9]{1,20}\s.*\bsrc=\S+ dst="),
        (_F.CONNTRACK, r"conntrack v\S+ \(conntrack-tools\): "),
        (_F.SYSCTL_FILES, r"==> /\S*sysctl\S* <==|/(?:etc|run|usr|lib)/[^:]*sysctl[^:]*:"),
        (_F.SYSCTL, rf"{_WORD}[./][^\s=]+ ?= ?|/proc/sys/[\w./-]+:"),
    )
)


def of_line(line: str) -> Format | None:
    """The format that prints such a line (IP_LINK also for the first line of an ``ip addr`` entry)."""
    for format_, pattern in _LINES:
        if pattern.match(line):
            return format_
    return None


def by_content(text: str, file: str = "") -> Format | None:
    """The format of a text that holds one command's output; None where nothing tells.

    Looks for the first line that some format alone prints; raises SourceError for text that begins
    as JSON and is not.
    """
    start = text.lstrip()
    if start[:1] in ("[", "{"):
        if start[1:].lstrip()[:1] in ("]", '"', "{"):
            found = next(iterate(text, file), None)
            return of_json(found) if found else None
        return None
    for line in text.split("\n"):
        found_format = of_line(line)
        if found_format is Format.IP_LINK:
            inet = re.search(r"^\s+inet6? ", text, re.MULTILINE)
            return Format.IP_ADDR if inet else Format.IP_LINK
        if found_format is not None:
            return found_format
    return None


# (keys that must all be there, format); the first that fits decides.
_JSON_KEYS: tuple[tuple[frozenset[str], Format], ...] = tuple(
    (frozenset(keys.split()), format_)
    for keys, format_ in (
        ("nftables", _F.NFT_JSON),
        ("ifname addr_info", _F.IP_ADDR_JSON),
        ("ifname link_type", _F.IP_LINK_JSON),
        ("ifname mac", _F.BRIDGE_JSON),
        ("ifname vlans", _F.BRIDGE_JSON),
        ("ifname hairpin", _F.BRIDGE_JSON),
        ("ifname isolated", _F.BRIDGE_JSON),
        ("ifname master state", _F.BRIDGE_JSON),
        ("ifname cost", _F.BRIDGE_JSON),
        ("ifname ifindex flags", _F.IP_LINK_JSON),
        ("priority src", _F.IP_RULE_JSON),
        ("dst state", _F.IP_NEIGH_JSON),
        ("dst dev", _F.IP_ROUTE_JSON),
        ("dst flags", _F.IP_ROUTE_JSON),
        ("IPAM Driver", _F.DOCKER_NETWORKS),
        ("network_interface driver", _F.DOCKER_NETWORKS),
        ("State NetworkSettings", _F.DOCKER_CONTAINERS),
        ("Reservations", _F.AWS_INSTANCES),
        ("InstanceId PrivateDnsName", _F.AWS_INSTANCES),
        ("ID Names Ports", _F.DOCKER_PS),
        ("Client", _F.DOCKER_VERSION),
        ("Server", _F.DOCKER_VERSION),
    )
)


def of_json(element: Element) -> Format | None:
    """The format whose objects have these keys."""
    value: Json = element.value
    if not isinstance(value, dict):
        return None
    found = next((format_ for keys, format_ in _JSON_KEYS if keys <= value.keys()), None)
    if found is None and value:
        from sekisho.sources.documents import DAEMON_KEYS  # only for what nothing else is like

        return Format.DAEMON_JSON if value.keys() <= DAEMON_KEYS else None
    return found
