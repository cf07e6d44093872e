"""Changes to a text: of its bytes, its lines, its words, its numbers."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from sekisho.model.extension_matches import MATCHES
from sekisho.model.extension_targets import TARGETS

# A word that no format has: a reader that takes a line although it holds this must have kept it somewhere.
CANARY = b"zqxjkv"

# Numbers as no command prints them, and as other programs would take them.
NUMBERS: tuple[bytes, ...] = (
    b"0", b"-1", b"1", b"00", b"010", b"08", b"32", b"33", b"128", b"129", b"255", b"256", b"65535", b"65536",
    b"4294967295", b"4294967296", b"18446744073709551615", b"18446744073709551616", b"9" * 30, b"9" * 5000,
    "²".encode(), "１２".encode(), "٣".encode(), "1²".encode(), b"1,234", b"1_0", b"0x", b"0x_", b"0x1_0",
    b"0xffffffffff", b"0x" + b"f" * 5000, b"0b1", b"0o7", b"1e9", b"1e999", b"1.5", b"nan", b"inf", b"+1",
    b"1K",
    b"12M", b"",
)  # fmt: skip
_WORDS = (
    "! - -- , : :: / . .. ... [ ] { } ( ) \" ' \\ # ; = * + @ ? all any none default off on "
    "yes no NOPE null true "
    "0.0.0.0/0 0.0.0.0 /0.0.0.0/0 10.0.0.0/² 10.0.0.0/33 10.0.0.0/08 1.2.3.4/255.0.255.0 "
    "999.1.1.1 1.2.3 ::/0 "
    "fe80::1%eth0 ::ffff:1.2.3.4 1::2::3 10.0.0.1-10.0.0.9 80:90 90:80 80,443 1:2:3 :80 80: "
    "-80 aa:bb:cc:dd:ee:ff "
    "ACCEPT DROP RETURN REJECT DNAT SNAT MASQUERADE REDIRECT LOG MARK CONNMARK QUEUE -A -I -D "
    "-N -P -j -g -m -p -s "
    "-d -i -o -c *filter *nat :INPUT COMMIT policy packets bytes references Chain num pkts target prot opt "
    "via dev proto scope src metric table onlink nexthop weight mtu lock advmss encap from "
    "lookup fwmark iif oif "
    "goto realms tos uidrange ipproto sport dport suppress_prefixlength link/ether link/none "
    "brd inet inet6 peer "
    "valid_lft preferred_lft altname alias promiscuity bridge_slave veth bridge state qdisc master group "
    "chain hook type priority rule set map elements flags timeout counter quota limit rate over burst "
    "ct mark meta iifname oifname saddr daddr jump masquerade dnat to fib vmap th handle "
    "comment snat flowtable "
    'LISTEN UNCONN ESTAB tcp udp icmp ipv6-icmp sctp users:(("x",pid=1,fd=3)) ino:1 create add '
    "hash:net family "
    "[UNREPLIED] [ASSURED] ${A:- ${A} $A ? docker0 br- eth0 lo internet host &a *a <<: !!binary - |"
)
_OPTIONS = sorted(
    {f"--{name}" for entry in (*MATCHES.values(), *TARGETS.values()) for name in sorted(entry.arity())}
    | {f"-m {name}" for name in MATCHES}
    | {f"-j {name}" for name in TARGETS}
)
DICTIONARY: tuple[bytes, ...] = tuple(word.encode() for word in (*_WORDS.split(), *_OPTIONS))
_PIECES = re.compile(rb"[A-Za-z0-9_.+-]+|\s+|[^A-Za-z0-9_.+\s-]")
_DIGITS = re.compile(rb"[0-9]+")


def mutated(data: bytes, draw: random.Random, others: Sequence[bytes] = ()) -> bytes:
    """One to four changes; ``others`` are texts of the same format, to borrow from."""
    for _ in range(draw.choice((1, 1, 1, 2, 2, 3, 4))):
        data = draw.choice(_CHANGES)(data, draw, others)
    return data


def _a_byte(data: bytes, draw: random.Random, _others: Sequence[bytes]) -> bytes:
    at = draw.randrange(len(data) + 1)
    new = bytes([draw.choice((draw.randrange(256), 0x20, 0x0A, 0x0D, 0x09, 0x2F, 0x3A, 0x30))])
    return data[:at] + draw.choice((new, b"", new)) + data[at + draw.randrange(2) :]


def _cut(data: bytes, draw: random.Random, _others: Sequence[bytes]) -> bytes:
    at = draw.randrange(len(data) + 1)
    return data[:at] if draw.random() < 0.8 else data[at:]


def _lines(data: bytes, draw: random.Random, others: Sequence[bytes]) -> bytes:
    lines = data.split(b"\n")
    at, other = draw.randrange(len(lines)), draw.randrange(len(lines))
    match draw.randrange(9):
        case 0:
            del lines[at]
        case 1:
            lines[at], lines[other] = lines[other], lines[at]
        case 2:
            lines.insert(at, lines[other])
        case 3:
            lines[at] = lines[at].lstrip()
        case 4:
            lines[at] = draw.choice((b" ", b"\t", b"    ")) + lines[at]
        case 5 if at + 1 < len(lines):
            lines[at : at + 2] = [lines[at] + lines[at + 1].strip()]
        case 6 if lines[at]:
            spot = draw.randrange(len(lines[at]))
            lines[at : at + 1] = [lines[at][:spot], lines[at][spot:]]
        case 7 if others:
            lines.insert(at, draw.choice(draw.choice(others).split(b"\n")))
        case _:
            lines[at] += draw.choice((b"\r", b" ", b"\t", b"\\", b" #", b"\x0c", b"\x85", "\u2028".encode()))
    return b"\n".join(lines)


def _words(data: bytes, draw: random.Random, others: Sequence[bytes]) -> bytes:
    lines = data.split(b"\n")
    at = draw.randrange(len(lines))
    pieces = _PIECES.findall(lines[at]) or [b""]
    spot = draw.randrange(len(pieces))
    match draw.randrange(7):
        case 0:
            pieces[spot] = b""
        case 1:
            pieces.insert(spot, b" " + draw.choice(DICTIONARY) + b" ")
        case 2:
            pieces[spot] = draw.choice(DICTIONARY)
        case 3:
            pieces[spot] = draw.choice(_PIECES.findall(draw.choice(lines)) or [b""])
        case 4:
            pieces.insert(
                spot, b" " + draw.choice(DICTIONARY) + b" " + draw.choice((*DICTIONARY, *NUMBERS)) + b" "
            )
        case 5 if others:
            pieces[spot] = draw.choice(_PIECES.findall(draw.choice(others)) or [b""])
        case _:
            pieces[spot : spot + 1] = pieces[spot : spot + 1] * draw.choice((2, 2, 3))
    lines[at] = b"".join(pieces)
    return b"\n".join(lines)


def _number(data: bytes, draw: random.Random, _others: Sequence[bytes]) -> bytes:
    found = list(_DIGITS.finditer(data))
    if not found:
        return data
    one = draw.choice(found)
    return data[: one.start()] + draw.choice(NUMBERS) + data[one.end() :]


def _much(data: bytes, draw: random.Random, _others: Sequence[bytes]) -> bytes:
    """Something of it very often: where a reader calls itself, or counts."""
    if draw.random() < 0.9:
        return _number(data, draw, _others)
    at = draw.randrange(len(data) + 1)
    piece = draw.choice((b"[", b"{", b"(", b"${A:-", b"!", b"not ", b" ", b"'", b"- ", b"a: {", b"\\", b"/"))
    return data[:at] + piece * draw.choice((50, 900, 3000)) + data[at:]


_CHANGES = (_a_byte, _cut, _lines, _lines, _words, _words, _words, _number, _number, _much)


def with_canary(data: bytes, draw: random.Random) -> bytes:
    """The text with a word that no format has, put between two of its words."""
    lines = data.split(b"\n")
    filled = [at for at, line in enumerate(lines) if line.strip() and not line.lstrip().startswith(b"#")]
    if not filled:
        return CANARY + b"\n" + data
    at = draw.choice(filled)
    gaps = [found.start() for found in re.finditer(rb" +|$", lines[at])]
    if draw.random() < 0.2:
        lines.insert(at, CANARY + b" " + CANARY)
    else:
        gap = draw.choice(gaps)
        lines[at] = lines[at][:gap] + b" " + CANARY + lines[at][gap:]
    return b"\n".join(lines)
