"""What -m conntrack asks of packets with and without a connection, as a kernel counts it."""

from __future__ import annotations

import socket

import pytest

from sekisho.lab.namespaces import NetworkNamespace
from sekisho.semantics.program import UNTRACKED
from sekisho.values.packet import UDP
from tests.semantics.one import holds, track_one
from tests.semantics.rules import guard, packet

# A question, and whether it fits a datagram's first packet that is tracked, and one that is not (measured:
# Linux 6.18). Without a connection the state alone is asked; a rule without it fits nothing, `!` or not.
TABLE = [
    ("--ctstate NEW", True, False),
    ("! --ctstate NEW", False, True),
    ("--ctstate UNTRACKED", False, True),
    ("--ctproto udp", True, False),
    ("! --ctproto udp", False, False),
    ("--ctproto tcp", False, False),
    ("! --ctproto tcp", True, False),
    ("--ctstate NEW --ctproto udp", True, False),
    ("--ctstate NEW --ctproto tcp", False, False),
    ("--ctstate NEW ! --ctproto tcp", True, False),
    ("--ctstate UNTRACKED --ctproto udp", False, True),
    ("--ctstate UNTRACKED --ctproto tcp", False, True),
    ("--ctstate NEW,UNTRACKED --ctproto udp", True, True),
    ("--ctstate NEW,UNTRACKED --ctproto tcp", False, True),
    ("! --ctstate INVALID --ctproto tcp", False, True),
    ("--ctdir ORIGINAL", True, False),
    ("--ctdir REPLY", False, False),
    ("--ctorigdst 127.0.0.1", True, False),
    ("! --ctorigdst 127.0.0.1", False, False),
    ("--ctorigsrc 127.0.0.2", True, False),
    ("--ctreplsrc 127.0.0.1", True, False),
    ("--ctrepldst 127.0.0.2", True, False),
    ("--ctorigdstport 53 --ctorigsrcport 4000", True, False),
    ("--ctrepldstport 4000 --ctreplsrcport 53", True, False),
    ("--ctstatus NONE", False, False),
]


@pytest.mark.kernel
@pytest.mark.parametrize("tracked", [True, False])
def test_the_kernel_counts_them_so(tracked: bool) -> None:
    raw = "*raw\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p udp -m udp --sport 4000 -j CT --notrack\nCOMMIT\n"
    rules = "".join(f"-A OUTPUT -p udp -m udp --sport 4000 -m conntrack {words}\n" for words, _, _ in TABLE)
    where = NetworkNamespace()
    try:
        where.run(["ip", "link", "set", "lo", "up"])
        text = f"*filter\n:OUTPUT ACCEPT [0:0]\n{rules}COMMIT\n{'' if tracked else raw}"
        where.run(["iptables-restore"], feed=text)
        with where.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.bind(("127.0.0.2", 4000))
            asking.sendto(b"?", ("127.0.0.1", 53))
        saved = where.run(["iptables-save", "-c", "-t", "filter"]).splitlines()
    finally:
        where.close()
    counted = [line.startswith("[1:") for line in saved if "-A OUTPUT" in line]
    assert counted == [with_one if tracked else without for _, with_one, without in TABLE]


@pytest.mark.parametrize(("words", "with_one", "without"), TABLE)
def test_what_is_asked(words: str, with_one: bool, without: bool) -> None:
    asked = guard(f"-m conntrack {words} -j DROP")
    sent = packet("127.0.0.2", "127.0.0.1", UDP, sport=4000, dport=53)
    tracked, untracked = track_one(sent), sent.unconnected(UNTRACKED)
    assert tracked.connection is not None
    assert (holds(asked, tracked), holds(asked, untracked)) == (with_one, without)
