"""Matches as listings print them: ``tcp dpt:80``, ``ctstate NEW``, ``ADDRTYPE match dst-type LOCAL``.

Measured with iptables 1.8.9; earlier wordings that differ are read as well.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sekisho.sources.iptables_list_forms import Context, Form, Given, Piece, Said, fill, flag, piece
from sekisho.sources.iptables_list_icmp import ICMP, ICMP6
from sekisho.sources.iptables_list_rare import BLANK, BPF, CLUSTER, DCCP_TYPES, TIME
from sekisho.sources.iptables_list_rates import CONNLIMIT, HASHLIMIT, LIMIT, RECENT, STATISTIC
from sekisho.sources.iptables_names import SERVICE_NAMES
from sekisho.sources.iptables_values import port_list, port_range, tcp_flag_names, tcp_flags
from sekisho.values.numbers import DIGITS, integer, is_number
from sekisho.values.packet import PROTOCOL_NUMBERS, TCP_FLAG_BITS, protocol_name


def _ports_shown(text: str, context: Context) -> str:
    if context.numeric or context.protocol not in ("tcp", "udp"):
        return text
    return re.sub(r"(?<![0-9])[0-9]{1,5}(?![0-9])", lambda m: SERVICE_NAMES.get(integer(m[0]), m[0]), text)


def _ports(name: str, label: str) -> Piece:
    """``dpt:80`` or ``dpts:80:90``, ``!`` before the number."""

    def read(found: re.Match[str], _context: Context) -> Sequence[Said] | None:
        try:
            return [(name, found[1] is not None, (port_range(found[2]),))]
        except ValueError:
            return None

    def show(given: Given, context: Context) -> str | None:
        option = given.get(name)
        if option is None or (option.values == ("0:65535",) and not option.negated):
            return None
        many = "s" if ":" in option.values[0] else ""
        return fill(f"{label}{many}:<!>%", option.negated, _ports_shown(option.values[0], context))

    return Piece((name,), re.compile(rf"{label}s?:(!)?(\S+)(?= |\Z)"), read, show, label[0])


def _plural(name: str, label: str) -> Piece:
    """``spi:5`` or ``spis:5:6``."""

    def read(found: re.Match[str], _context: Context) -> Sequence[Said] | None:
        return [(name, found[1] is not None, (found[2],))]

    def show(given: Given, _context: Context) -> str | None:
        option = given.get(name)
        if option is None:
            return None
        many = "s" if ":" in option.values[0] else ""
        return fill(f"{label}{many}:<!>%", option.negated, option.values[0])

    return Piece(
        (name,), re.compile(rf"{label}s?:(!)?({DIGITS}(?::{DIGITS})?)(?= |\Z)"), read, show, label[0]
    )


def _or_blank(inner: Piece) -> Piece:
    """A piece whose blank is printed even where the option is not given (``frag  length:5``)."""

    def show(given: Given, context: Context) -> str | None:
        return inner.show(given, context) or ""

    return Piece(inner.names, inner.pattern, inner.read, show, inner.starts)


def _read_flags(text: str, _context: Context) -> tuple[str, ...] | None:
    mask, _, values = text.partition("/")
    try:
        if text.startswith("0x"):
            return tcp_flag_names(integer(mask, 16)), tcp_flag_names(integer(values, 16))
        return tcp_flags(mask), tcp_flags(values)
    except ValueError:
        return None


def _show_flags(values: tuple[str, ...], context: Context) -> str:
    if not context.numeric:
        return "/".join(values)
    bits = [sum(TCP_FLAG_BITS[flag] for flag in value.split(",")) for value in values]
    return "/".join(f"0x{value:02X}" for value in bits)


_PORTS = (_ports("sport", "spt"), _ports("dport", "dpt"))

_CHUNKS = {
    0: "DATA", 1: "INIT", 2: "INIT_ACK", 3: "SACK", 4: "HEARTBEAT", 5: "HEARTBEAT_ACK", 6: "ABORT",
    7: "SHUTDOWN", 8: "SHUTDOWN_ACK", 9: "ERROR", 10: "COOKIE_ECHO", 11: "COOKIE_ACK", 12: "ECN_ECNE",
    13: "ECN_CWR", 14: "SHUTDOWN_COMPLETE", 64: "I_DATA", 128: "ASCONF_ACK", 130: "RE_CONFIG",
    132: "PAD", 192: "FORWARD_TSN", 193: "ASCONF", 194: "I_FORWARD_TSN",
}  # fmt: skip
_CHUNK_NUMBERS = {name: number for number, name in _CHUNKS.items()}


def _read_chunks(text: str, _context: Context) -> tuple[str, ...] | None:
    scope, chunks = text.split()
    names: list[str] = []
    for item in chunks.split(","):
        chunk, colon, flags = item.partition(":")
        if chunk.startswith("0x"):
            chunk = _CHUNKS.get(integer(chunk, 16), "")
        if not chunk:
            return None
        names.append(chunk + colon + flags)
    return scope, ",".join(names)


def _show_chunks(values: tuple[str, ...], context: Context) -> str:
    if not context.numeric or values[1] in ("ALL", "NONE"):
        return " ".join(values)
    shown = []
    for item in values[1].split(","):
        chunk, colon, flags = item.partition(":")
        shown.append(f"0x{_CHUNK_NUMBERS.get(chunk, 0):04X}{colon}{flags}")
    return f"{values[0]} {','.join(shown)}"


def _multiport(name: str) -> Piece:
    def read(text: str, _context: Context) -> tuple[str, ...] | None:
        try:
            return (port_list(text),)
        except ValueError:
            return None

    def show(values: tuple[str, ...], context: Context) -> str:
        return _ports_shown(values[0], context)

    return piece(name, f"{name} < !>%", read=read, show=show)


def _read_quoted(text: str, _context: Context) -> tuple[str, ...] | None:
    return (text.replace('\\"', '"').replace("\\\\", "\\"),)


def _show_quoted(values: tuple[str, ...], _context: Context) -> str:
    return values[0].replace("\\", "\\\\").replace('"', '\\"')


def _whole(text: str, _context: Context) -> tuple[str, ...] | None:
    return (text,)


def _read_protocol(text: str, _context: Context) -> tuple[str, ...] | None:
    return (protocol_name(integer(text)) if is_number(text) else text,)


def _show_protocol(values: tuple[str, ...], context: Context) -> str:
    if not context.numeric:
        return values[0]
    return str(PROTOCOL_NUMBERS.get(values[0], values[0]))


# The header bits of ``ipv6header`` and their names in the save format.
_HEADERS = (
    (128, "hop-by-hop"), (64, "ipv6-opts"), (32, "ipv6-route"), (16, "ipv6-frag"), (8, "ah"), (4, "esp"),
    (2, "ipv6-nonxt"), (1, "protocol"),
)  # fmt: skip


def _read_headers(text: str, _context: Context) -> tuple[str, ...] | None:
    if not text.startswith("0x"):
        return (text,)
    bits = integer(text, 16)
    return (",".join(name for bit, name in _HEADERS if bits & bit),)


def _show_headers(values: tuple[str, ...], context: Context) -> str:
    if not context.numeric:
        return values[0]
    named = {name: bit for bit, name in _HEADERS}
    return f"0x{sum(named.get(name, 0) for name in values[0].split(',')):02X}"


_DECIMAL = r"[0-9]{1,20}"
_NUMBERS = rf"{_DECIMAL}(?::{_DECIMAL})?"
_WORDS2 = r"\S+ +\S+"

_CONNTRACK_ADDRESSES = ("ctorigsrc", "ctorigdst", "ctreplsrc", "ctrepldst")
_CONNTRACK_PORTS = tuple(f"{name}port" for name in _CONNTRACK_ADDRESSES)

MATCH_FORMS: tuple[Form, ...] = (
    Form(
        "tcp", "tcp",
        (*_PORTS, piece("tcp-option", "option=<!>%"),
         piece("tcp-flags", "flags:<!>%", read=_read_flags, show=_show_flags)),
    ),
    Form("udp", "udp", _PORTS),
    Form(
        "sctp", "sctp",
        (*_PORTS,
         piece("chunk-types", "<! >%", r"(?:any|all|only) +\S+", read=_read_chunks, show=_show_chunks)),
    ),
    Form("dccp", "dccp", (*_PORTS, DCCP_TYPES, piece("dccp-option", "option=<!>%"))),
    ICMP,
    ICMP6,
    Form(
        "conntrack", "",
        (piece("ctstate", "<! >ctstate %"), piece("ctproto", "<! >ctproto %"),
         *(piece(name, f"<! >{name} %") for name in (*_CONNTRACK_ADDRESSES, *_CONNTRACK_PORTS)),
         piece("ctstatus", "<! >ctstatus %"), piece("ctexpire", "<! >ctexpire %"),
         piece("ctdir", "ctdir %", "ORIGINAL|REPLY")),
    ),
    Form("state", "", (piece("state", "<! >state %"),)),
    Form(
        "addrtype", "ADDRTYPE match",
        (piece("src-type", "src-type <!>%"), piece("dst-type", "dst-type <!>%"),
         flag("limit-iface-in", "limit-in"), flag("limit-iface-out", "limit-out")),
    ),
    Form("mark", "", (piece("mark", "mark match< !> %"),)),
    Form("mark", "", (piece("mark", "MARK match< !> %"),)),
    Form("connmark", "", (piece("mark", "connmark match <!> %"),)),
    Form("connmark", "", (piece("mark", "CONNMARK match <!> %"),)),
    Form("multiport", "multiport", (_multiport("sports"), _multiport("dports"), _multiport("ports"))),
    Form("comment", "", (piece("comment", "/* % */", r".*?(?= \*/(?: |\Z))", read=_whole),)),
    HASHLIMIT,
    LIMIT,
    Form("mac", "", (piece("mac-source", "MAC <! >%", r"[0-9A-Fa-f:]+"),)),
    Form(
        "iprange", "",
        (piece("src-range", "source IP range< !> %"), piece("dst-range", "destination IP range< !> %")),
    ),
    Form(
        "owner", "",
        (piece("socket-exists", "<! >owner socket exists"), piece("uid-owner", "<! >owner UID match %"),
         piece("gid-owner", "<! >owner GID match %"), flag("suppl-groups", "incl. suppl. groups")),
    ),
    Form("length", "", (piece("length", "length <!>%", _NUMBERS),)),
    Form(
        "ttl", "TTL match TTL",
        (piece("ttl-eq", "== %", negated=False), piece("ttl-eq", "!= %", negated=True),
         piece("ttl-lt", "< %"), piece("ttl-gt", "> %")),
    ),
    Form(
        "hl", "HL match HL",
        (piece("hl-eq", "== %", negated=False), piece("hl-eq", "!= %", negated=True),
         piece("hl-lt", "< %"), piece("hl-gt", "> %")),
    ),
    Form("tos", "", (piece("tos", "tos match<!>%", r"0x[0-9a-f]+/0x[0-9a-f]+"),)),
    Form("dscp", "", (piece("dscp", "DSCP match <!>%"),)),
    RECENT,
    Form(
        "physdev", "PHYSDEV match",
        (piece("physdev-is-in", "<! >--physdev-is-in"), piece("physdev-in", "<! >--physdev-in %"),
         piece("physdev-is-out", "<! >--physdev-is-out"), piece("physdev-out", "<! >--physdev-out %"),
         piece("physdev-is-bridged", "<! >--physdev-is-bridged")),
    ),
    Form("u32", "", (piece("u32", 'u32 <! >"%"', r'[^"]*(?=")', read=_whole),)),
    Form(
        "string", "",
        (piece("hex-string", 'STRING match <!> "%"', r'\|[0-9a-fA-F ]*\|(?=")', read=_whole),
         piece("string", 'STRING match <!> "%"', r'(?:\\.|[^"\\])*(?=")',
               read=_read_quoted, show=_show_quoted),
         piece("algo", "ALGO name %"), piece("from", "FROM %"), piece("to", "TO %"), flag("icase", "ICASE")),
    ),
    STATISTIC,
    Form("realm", "", (piece("realm", "<! >realm %"),)),
    Form(
        "policy", "policy match",
        (piece("dir", "dir %"), piece("pol", "pol %"), flag("strict", "strict"),
         piece("reqid", "<! >reqid %"), piece("spi", "<! >spi %"),
         piece("proto", "<! >proto %", read=_read_protocol, show=_show_protocol),
         *(piece(name, f"<! >{name} %") for name in ("mode", "tunnel-dst", "tunnel-src"))),
    ),
    Form(
        "rpfilter", "rpfilter",
        tuple(flag(name, name) for name in ("loose", "validmark", "accept-local", "invert")),
    ),
    Form(
        "socket", "socket",
        tuple(flag(name, f"--{name}") for name in ("transparent", "nowildcard", "restore-skmark")),
    ),
    Form(
        "set", "",
        (piece("match-set", "<! >match-set %", _WORDS2), flag("return-nomatch", "return-nomatch"),
         piece("update-counters", "<! >update-counters"),
         piece("update-subcounters", "<! >update-subcounters"),
         *(piece(f"{what}-{op}", f"<! >{what}-{op} %") for what in ("packets", "bytes")
           for op in ("eq", "lt", "gt"))),
    ),
    Form(
        "cgroup", "cgroup",
        (piece("cgroup", "<! >%", _DECIMAL), piece("path", "<! >%", r"\S*[^0-9\s!]\S*")),
    ),
    Form(
        "connbytes", "",
        (piece("connbytes", "<! >connbytes %", _NUMBERS), piece("connbytes-mode", "connbytes mode %"),
         piece("connbytes-dir", "connbytes direction %")),
    ),
    CONNLIMIT,
    Form("connlabel", "connlabel", (piece("label", "<! >%", r"[0-9]{1,20}"), flag("set", "set"))),
    Form("esp", "esp", (_plural("espspi", "spi"),)),
    Form(
        "ah", "ah",
        (_or_blank(_plural("ahspi", "spi")), piece("ahlen", "length:<!>%"), flag("ahres", "reserved")),
    ),
    Form("ipcomp", "comp", (_or_blank(_plural("ipcompspi", "spi")), flag("compres", "reserved"))),
    Form("pkttype", "", (piece("pkt-type", "PKTTYPE <!>= %"),)),
    Form(
        "ecn", "ECN match",
        (piece("ecn-tcp-ece", "<!>ECE"), piece("ecn-tcp-cwr", "<!>CWR"), piece("ecn-ip-ect", "<!>ECT=%")),
    ),
    Form("helper", "", (piece("helper", 'helper match <!>"%"', r'[^"]*(?=")', read=_whole),)),
    Form("tcpmss", "", (piece("mss", "tcpmss match <!>%", _NUMBERS),)),
    Form("cpu", "", (piece("cpu", "cpu <! >%", r"[0-9]{1,20}"),)),
    Form("devgroup", "", (piece("src-group", "<! >src-group %"), piece("dst-group", "<! >dst-group %"))),
    Form(
        "frag", "frag",
        (_or_blank(_plural("fragid", "id")), piece("fraglen", "length:<!>%"), flag("fragres", "reserved"),
         flag("fragfirst", "first"), flag("fragmore", "more"), flag("fraglast", "last")),
    ),
    Form("hbh", "hbh", (piece("hbh-len", "length:<!>%"), piece("hbh-opts", "opts %"))),
    Form("dst", "dst", (piece("dst-len", "length:<!>%"), piece("dst-opts", "opts %"))),
    Form(
        "rt", "rt",
        (piece("rt-type", "type:<!>%"), _plural("rt-segsleft", "segsleft"), piece("rt-len", "length:<!>%"),
         flag("rt-0-res", "reserved"), piece("rt-0-addrs", "0-addrs %"),
         flag("rt-0-not-strict", "0-not-strict")),
    ),
    Form("mh", "mh", (piece("mh-type", "<!>%", _NUMBERS),)),
    Form("eui64", "eui64", (BLANK,), glued=True),
    BPF,
    CLUSTER,
    TIME,
    Form(
        "ipv6header", "ipv6header",
        (piece("header", "flags:<!>%", read=_read_headers, show=_show_headers), flag("soft", "soft")),
    ),
)  # fmt: skip
