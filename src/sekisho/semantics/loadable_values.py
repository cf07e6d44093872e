"""Which values an option of iptables takes, and what the program says of others.

One function for each type of ``model.extensions``; it gets the extension's and the option's name, the value
and the type's bounds, and returns the program's words, or None for a value that it takes. Where nobody can
tell (names of users, of sets that were not captured) the value counts as taken.
Facts: libxtables/xtoptions.c and the extensions' own parsers, measured with iptables 1.8.9.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sekisho.semantics.icmp_names import icmp_names, icmp_type_code
from sekisho.values.address import Address
from sekisho.values.numbers import integer, is_number
from sekisho.values.packet import TCP_FLAG_BITS, protocol_number
from sekisho.values.services import SERVICES

# (extension, option, value, among) -> the program's words or None
Check = Callable[[str, str, str, str], str | None]

_U = {"u8": 0xFF, "u16": 0xFFFF, "u32": 0xFFFFFFFF, "u64": (1 << 64) - 1}
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]{1,64}|[0-9]{1,20}")


def _number(text: str) -> int | None:
    """As strtoul reads it with base 0: hexadecimal, octal or decimal."""
    if not _NUMBER.fullmatch(text):
        return None
    if text[:2].lower() == "0x":
        return integer(text, 16)
    if len(text) > 1 and text[0] == "0":
        return integer(text, 8) if set(text) <= set("01234567") else None
    return integer(text)


def _bounds(kind: str, among: str) -> tuple[int, int]:
    low, _, high = among.partition("-")
    return (integer(low), integer(high)) if among else (0, _U[kind])


def _unsigned(kind: str) -> Check:
    def check(name: str, option: str, value: str, among: str) -> str | None:
        low, high = _bounds(kind, among)
        number = _number(value)
        if number is not None and low <= number <= high:
            return None
        return f'{name}: bad value for option "--{option}", or out of range ({low}-{high}).'

    return check


def _span(kind: str) -> Check:
    def check(name: str, option: str, value: str, among: str) -> str | None:
        low, high = _bounds(kind, among)
        parts = value.split(":")
        if len(parts) > 2:
            return f'{name}: Too many components for option "--{option}" (max: 2)'
        for at, part in enumerate(parts):
            number = _number(part) if part else 0
            if number is None or not low <= number <= high:
                bad = f'{name}: bad value for option "--{option}" near "{":".join(parts[at:])}"'
                return f"{bad}, or out of range ({low}-{high})."
        return None

    return check


def reversed_span(value: str) -> bool:
    """Whether a range ends before it starts: newer versions refuse it, older ones load what never fits."""
    parts = [_number(part) for part in value.split(":")]
    return len(parts) == 2 and None not in parts and (parts[0] or 0) > (parts[1] or 0)


def _connbytes(name: str, option: str, value: str, among: str) -> str | None:
    low, _, high = value.partition(":")
    return _span("u64")(name, option, value, among) or (
        f"{low} should be less than {high}" if high and reversed_span(value) else None
    )


def _mss(name: str, option: str, value: str, among: str) -> str | None:
    refused = _span("u16")(name, option, value, among)
    return refused or (f"{name}: invalid range given" if reversed_span(value) else None)


def _mark(name: str, option: str, value: str, among: str) -> str | None:
    for part in value.split("/", 1):
        number = _number(part)
        if number is None or number > 0xFFFFFFFF:
            return f'{name}: bad integer value for option "--{option}", or out of range.'
    return None


def _is_service(text: str) -> bool:
    """A service's name; which ones there are /etc/services says."""
    return bool(re.fullmatch(r"[A-Za-z][A-Za-z0-9_.+-]*", text))


def _tport(name: str, option: str, value: str, among: str) -> str | None:
    """``--dport`` of tcp and sctp."""
    numbers: list[int] = []
    for part in value.split(":") if value else [""]:
        number = _number(part) if part else None
        if (number is None and part and not _is_service(part)) or (number or 0) > 0xFFFF:
            return f"invalid port/service `{part}' specified"
        numbers += [] if number is None else [number]
    return "invalid portrange (min > max)" if len(numbers) == 2 and numbers[0] > numbers[1] else None


def _port(name: str, option: str, value: str, among: str) -> str | None:
    """Ports of udp, dccp and conntrack; a number that is too large is cut down, not refused (measured)."""
    for part in value.split(":"):
        if part and _number(part) is None and not _is_service(part):
            return f'Port "{part}" does not resolve to anything.'
    return None


def _ports(name: str, option: str, value: str, among: str) -> str | None:
    """The list of multiport: at most 15 ports, a range counts as two."""
    items = value.split(",")
    if sum(2 if ":" in item else 1 for item in items) > 15:
        return "too many ports specified"
    for item in items:
        parts = item.split(":")
        for part in parts:
            number = _number(part)
            if (number is None and not _is_service(part)) or (number or 0) > 0xFFFF:
                return f"invalid port/service `{part}' specified"
        if len(parts) > 2 or reversed_span(item):
            return "invalid portrange specified"
    return None


def _nat_ports(name: str, option: str, value: str, among: str) -> str | None:
    """``80``, ``80-90``, ``ssh`` alone; a shifted range (``80-90/1000``) of DNAT only."""
    ports, slash, base = value.partition("/")
    if slash and name == "REDIRECT":
        return "Shifted portmap ranges not supported with this kernel"
    if _number(ports) is None and _may_be_service(ports):
        return None
    first, dash, last = ports.partition("-")
    if _number(first) is None:
        return f"Port `{ports}' not valid"
    for part in (first, last) if dash else (first,):
        number = _number(part)
        if number is None or number > 0xFFFF:
            return f"Port `{part}' not valid"
    if dash and (_number(last) or 0) < (_number(first) or 0):
        return f"Port range `{last}' funky"
    if slash and not _may_be_service(base) and not 0 < (_number(base) or 0) <= 0xFFFF:
        return f"Port `{base}' not valid"
    return None


def _may_be_service(text: str) -> bool:
    """A name, but none that is plainly meant as a range of two."""
    first, dash, last = text.partition("-")
    return _is_service(text) and (text in SERVICES or not (dash and {first, last} & set(_MEANT)))


_MEANT = {*SERVICES, "echo"}


def nat_ports_of(value: str) -> str:
    """The ports of an address to translate to (``1.2.3.4:80``, ``[2001:db8::1]:80``); "" for none."""
    if value.startswith("["):
        return value.rpartition("]")[2].lstrip(":")
    return value.partition(":")[2] if value.count(":") == 1 else ""


def _nat(name: str, option: str, value: str, among: str) -> str | None:
    ports = nat_ports_of(value)
    addresses = value[: len(value) - len(ports) - 1] if ports else value.rstrip(":")
    for part in addresses.replace("[", "").replace("]", "").split("-"):
        try:
            if part:
                Address.parse(part)
        except ValueError:
            return f'Bad IP address "{part}"'
    return _nat_ports(name, option, ports, among) if ports else None


def _among(words: dict[str, str]) -> Check:
    """One of the words that are given; else what the table says of the option."""

    def check(name: str, option: str, value: str, among: str) -> str | None:
        if value.lower() in among.lower().split(","):
            return None
        said = words.get(option, f'{name}: Bad value for "--{option}" option: "{{0}}"')
        return said.format(value)

    return check


_BAD_WORD = {
    "connbytes-dir": "Unknown --connbytes-dir `{0}'", "connbytes-mode": "Unknown --connbytes-mode `{0}'",
    "mode": 'Bad mode "{0}"',
}  # fmt: skip


def _each(words: str, said: str, part: str = ",") -> Check:
    """A list of words."""
    known = frozenset(words.split())

    def check(name: str, option: str, value: str, among: str) -> str | None:
        strange = next((word for word in value.split(part) if word.lower() not in known), None)
        return None if strange is None else said.format(value if part == ";" else strange)

    return check


def _protocol(name: str, option: str, value: str, among: str) -> str | None:
    try:
        protocol_number(value)
    except ValueError:
        return f'{name}: bad value for option "--{option}"'
    return None


def _icmp(family: int) -> Check:
    names = icmp_names(4 if family == 4 else 6)

    def check(name: str, option: str, value: str, among: str) -> str | None:
        try:
            kind, codes = icmp_type_code(value, 4 if family == 4 else 6)
        except ValueError:
            kind, codes = 256, None
        if kind == 256 and value and any(name.lower().startswith(value.lower()) for name in names):
            return None  # the beginning of a name will do, too
        if value == "255/0:255":
            return None
        if (kind or 0) <= 255 and max(codes or (0,)) <= 255:
            return None
        return f"Unknown ICMP{'' if family == 4 else 'v6'} type `{value}'"

    return check


def _mac(name: str, option: str, value: str, among: str) -> str | None:
    fine = re.fullmatch(r"[0-9a-fA-F]{1,2}(:[0-9a-fA-F]{1,2}){5}", value)
    return None if fine else "Invalid MAC address specified."


def _mh(name: str, option: str, value: str, among: str) -> str | None:
    return "Invalid MH type range (min > max)" if reversed_span(value) else None


def _flags(name: str, option: str, value: str, among: str) -> str | None:
    known = {*TCP_FLAG_BITS, "ALL", "NONE"}
    strange = next((word for word in value.split(",") if word.upper() not in known), None)
    return None if strange is None else f"Unknown TCP flag `{strange}'"


def _tcp_option(name: str, option: str, value: str, among: str) -> str | None:
    return None if 1 <= (_number(value) or 0) <= 255 else f'Bad TCP option "{value}"'


def _tcp_options(name: str, option: str, value: str, among: str) -> str | None:
    numbers = [_number(word) for word in value.split(",")]
    return "Option value may not be 0 or 1" if any(number in (0, 1) for number in numbers) else None


def _share(name: str, option: str, value: str, among: str) -> str | None:
    try:
        fine = 0 <= float(value) <= 1
    except ValueError:
        fine = False
    return None if fine else f'{name}: bad value for option "--{option}", or out of range (0-1).'


def _zone(name: str, option: str, value: str, among: str) -> str | None:
    number = _number(value)
    fine = value == "mark" or (number is not None and number <= 0xFFFF)
    return None if fine else f"Cannot parse {value} as a zone ID"


def _text(name: str, option: str, value: str, among: str) -> str | None:
    return f'STRING too long "{value}"' if len(value) > 128 else None


_SYSLOG = "emerg panic alert crit error warning notice info debug"


def _syslog(name: str, option: str, value: str, among: str) -> str | None:
    number = _number(value)
    fine = value in _SYSLOG.split() or (number is not None and number <= 7)
    return None if fine else f'log level "{value}" unknown'


_DSCP = "cs0 cs1 cs2 cs3 cs4 cs5 cs6 cs7 be ef " + " ".join(
    f"af{first}{second}" for first in range(1, 5) for second in range(1, 4)
)
_TOS = "minimize-delay maximize-throughput maximize-reliability minimize-cost normal-service"


def _tos(name: str, option: str, value: str, among: str) -> str | None:
    if not is_number(value[:1]):
        return None if value.lower() in _TOS.split() else f'Symbolic name "{value}" is unknown'
    parts = [_number(part) for part in value.split("/", 1)]
    return f'Illegal value: "{value}"' if any(part is None or part > 0xFF for part in parts) else None


def _class(name: str, option: str, value: str, among: str) -> str | None:
    return None if re.fullmatch(r"[0-9a-fA-F]+:[0-9a-fA-F]+", value) else f'Bad class value "{value}"'


def _rate(name: str, option: str, value: str, among: str) -> str | None:
    fine = re.fullmatch(
        r"[0-9]{1,20}(?:/(?:s|se|sec|second|m|mi|min|minute|h|ho|hou|hour|d|da|day))?|[0-9]{1,20}(?:[kmg]?b/s|[kmg]?b)",
        value.lower(),
    )
    if fine and value.lstrip("0")[:1] in tuple("123456789"):
        return None
    return (
        f'bad rate "{value}"\''
        if name == "limit"
        else f'{name}: Bad value for "--{option}" option: "{value}"'
    )


def _range_of_addresses(name: str, option: str, value: str, among: str) -> str | None:
    try:
        for part in value.split("-", 1):
            Address.parse(part)
    except ValueError:
        return f'{name}: Bad value for "--{option}" option: "{value}"'
    return None


def _queues(name: str, option: str, value: str, among: str) -> str | None:
    first, colon, last = value.partition(":")
    if not colon:
        return f'Bad range "{value}"'
    refused = _span("u16")(name, option, value, among)
    if refused is None and (_number(first or "0") or 0) >= (_number(last or "65535") or 0):
        return f"{first} should be less than {last}"
    return refused


_REJECTS = (
    "icmp-net-unreachable net-unreach icmp-host-unreachable host-unreach icmp-proto-unreachable proto-unreach"
    " icmp-port-unreachable port-unreach icmp-net-prohibited net-prohib icmp-host-prohibited host-prohib"
    " tcp-reset tcp-rst icmp-admin-prohibited admin-prohib icmp6-no-route no-route icmp6-adm-prohibited"
    " adm-prohibited icmp6-addr-unreachable addr-unreach icmp6-port-unreachable icmp6-policy-fail policy-fail"
    " icmp6-reject-route reject-route"
)
_ADDRESS_TYPES = (
    "unspec unicast local broadcast anycast multicast blackhole unreachable prohibit throw nat xresolve"
)

CHECKS: dict[str, Check] = {
    **{kind: _unsigned(kind) for kind in _U},
    **{f"{kind}r": _span(kind) for kind in _U},
    "mark": _mark, "tport": _tport, "port": _port, "ports": _ports, "natports": _nat_ports, "nat": _nat,
    "is": _among(_BAD_WORD), "proto": _protocol, "icmp": _icmp(4), "icmp6": _icmp(6), "mac": _mac, "mh": _mh,
    "flags": _flags, "tcpoption": _tcp_option, "tcpoptions": _tcp_options, "share": _share, "zone": _zone,
    "text": _text, "syslog": _syslog, "tos": _tos, "class": _class, "rate": _rate, "queues": _queues,
    "addresses": _range_of_addresses,
    "ctstate": _each("invalid new related established untracked snat dnat", 'Bad ctstate "{0}"'),
    "state": _each("invalid new related established untracked", 'Bad state "{0}"'),
    "ctstatus": _each("none expected seen_reply assured confirmed", 'Bad ctstatus "{0}"'),
    "addrtypes": _each(_ADDRESS_TYPES, 'addrtype: bad type "{0}"'),
    "audit": _each("accept drop reject", 'Bad action type value "{0}"', ";"),
    "pkttype": _each("unicast broadcast multicast otherhost bcast mcast host", "Bad packet type '{0}'", ";"),
    "dscp": _each(_DSCP, "Invalid DSCP value `{0}'", ";"),
    "reject": _each(_REJECTS, 'unknown reject type "{0}"', ";"),
}  # fmt: skip
OWN_RANGES: dict[tuple[str, str], Check] = {("connbytes", "connbytes"): _connbytes, ("tcpmss", "mss"): _mss}
