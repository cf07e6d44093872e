"""What each target does, as iptables-extensions(8) says it."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.semantics.program import (
    Accept,
    Action,
    Continue,
    Drop,
    Goto,
    In,
    Jump,
    NotUnderstood,
    Reject,
    Return,
    SetBits,
    SetZone,
    Translate,
    Untrack,
)
from sekisho.symbolic.effects import effect
from sekisho.symbolic.one_packet import OnePacket
from sekisho.values.address import Prefix
from sekisho.values.intset import IntSet
from tests.semantics.rules import action, packet


def value(text: str) -> int:
    return int(ip_address(text))


WEB = value("172.18.0.2")
TABLE: list[tuple[Action, str]] = [
    (Accept(), "-j ACCEPT"),
    (Drop(), "-j DROP"),
    (Return(), "-j RETURN"),
    (Continue(), ""),
    (Jump("other"), "-j other"),
    (Goto("other"), "-g other"),
    (Reject("icmp-port-unreachable"), "-j REJECT"),
    (Reject("tcp-reset"), "-p tcp -j REJECT --reject-with tcp-reset"),
    (Reject("icmp-host-prohibited"), "-j REJECT --reject-with icmp-host-prohibited"),
    # Those that let the chain go on.
    (Continue(), '-j LOG --log-prefix "dropped: " --log-level 4'),
    (Continue(), "-j NFLOG --nflog-group 1"),
    (Continue(), "-p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu"),
    (Continue(), "-j TRACE"),
    # xt_set.c: what it adds and deletes, the packet goes on.
    (Continue(), "-j SET --add-set bad src"),
    (Continue(), "-j SET --del-set bad src --exist"),
    # iptables-save prints these as --set-dscp 0x2e, --set-tos 0x10/0x3f, 0x00/0xed, 0x12/0x12, 0x12/0x00.
    (SetBits("tos", 0xFC, 0xB8), "-j DSCP --set-dscp-class EF"),
    (SetBits("tos", 0x3F, 0x10), "-j TOS --set-tos Minimize-Delay"),
    (SetBits("tos", 0xED, 0), "-j TOS --and-tos 0x12"),
    (SetBits("tos", 0x12, 0x12), "-j TOS --or-tos 0x12"),
    (SetBits("tos", 0, 0x12), "-j TOS --xor-tos 0x12"),
    (Translate("dst", (WEB, WEB), (443, 443)), "-p tcp -j DNAT --to-destination 172.18.0.2:https"),
    (Translate("dst", own_address="in", ports=(22, 22)), "-p tcp -j REDIRECT --to-ports ssh"),
    # Translations.
    (Translate("dst", (WEB, WEB)), "-j DNAT --to-destination 172.18.0.2"),
    (Translate("dst", (WEB, WEB), (80, 80)), "-p tcp -j DNAT --to-destination 172.18.0.2:80"),
    (Translate("dst", (WEB, WEB), (80, 80)), "-p tcp -j DNAT --to 172.18.0.2:80"),  # getopt_long(3)
    (Translate("dst", (WEB, WEB + 3), (80, 90)),
     "-p tcp -j DNAT --to-destination 172.18.0.2-172.18.0.5:80-90"),
    (Translate("dst", None, (80, 80)), "-p tcp -j DNAT --to-destination :80"),
    (Translate("dst", (WEB, WEB), (80, 90), base_port=8080),
     "-p tcp -m tcp --dport 8080:8090 -j DNAT --to-destination 172.18.0.2:80-90/8080"),
    (Translate("src", (WEB, WEB)), "-j SNAT --to-source 172.18.0.2"),
    (Translate("src", (WEB, WEB), (1024, 2047), random=True),
     "-p tcp -j SNAT --to-source 172.18.0.2:1024-2047 --random-fully"),
    # IPv4's leaves 0.0.0.0 as it is.
    (Translate("src", own_address="out", exempt=In("src", IntSet.of(0))), "-j MASQUERADE"),
    (Translate("src", None, (1024, 31000), "out", exempt=In("src", IntSet.of(0))),
     "-p udp -j MASQUERADE --to-ports 1024-31000"),
    (Translate("dst", None, (3128, 3128), "in"), "-p tcp -j REDIRECT --to-ports 3128"),
    (Translate("hook", netmap=Prefix(4, value("10.5.6.0"), 24)), "-j NETMAP --to 10.5.6.0/24"),
    (SetBits("tcp_flags", 0xC0, 0), "-p tcp -j ECN --ecn-tcp-remove"),
    # Connection tracking.
    (Untrack(), "-j CT --notrack"),
    (Untrack(), "-j NOTRACK"),
    (SetZone(7, "both"), "-j CT --zone 7"),
    (SetZone(7, "orig"), "-j CT --zone-orig 7"),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "words"), TABLE, ids=[words for _, words in TABLE])
def test_targets(wanted: Action, words: str) -> None:
    assert action(words) == wanted


TABLE6: list[tuple[Action, str]] = [
    (Reject("icmp6-port-unreachable"), "-j REJECT"),
    (Translate("dst", (value("fd00::2"),) * 2, (80, 80)), "-p tcp -j DNAT --to-destination [fd00::2]:80"),
    (Translate("dst", (value("fd00::2"),) * 2), "-j DNAT --to-destination fd00::2"),
    (Translate("src", own_address="out"), "-j MASQUERADE"),
    (Translate("dst", (value("fd00::2"), value("fd00::5")), (1, 2)),
     "-p tcp -j DNAT --to-destination [fd00::2]-[fd00::5]:1-2"),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "words"), TABLE6, ids=[words for _, words in TABLE6])
def test_targets_of_ipv6(wanted: Action, words: str) -> None:
    assert action(words, 6) == wanted


@pytest.mark.parametrize(
    "words",
    [
        "-j NO_SUCH_TARGET --with options",
        "-j no-such-chain",
        "-j NFQUEUE --queue-num 1",
        "-j DROP --unheard-of",
        "-j DNAT --to-destination nowhere",
        "-p tcp -j DNAT --to-destination 10.0.0.1:99999",
        "-j DNAT --to-destination fd00::1",
        "-j MARK --unheard-of 1",
        "-j CT --zone mark",
    ],
)
def test_what_is_not_understood_is_kept_and_named(words: str) -> None:
    found = action(words)
    assert isinstance(found, NotUnderstood)
    assert words.split("-j ")[1].split()[0] in " ".join(found.doubt.args)


MARKS = st.integers(0, 0xFFFFFFFF)


@given(MARKS, MARKS, MARKS)
def test_mark_arithmetic(before: int, bits: int, mask: int) -> None:
    """--set-xmark zeroes the mask's bits and XORs, --set-mark zeroes them and ORs."""
    table = {
        f"--set-xmark {bits:#x}/{mask:#x}": (before & ~mask) ^ bits,
        f"--set-mark {bits:#x}/{mask:#x}": (before & ~mask) | bits,
        f"--set-mark {bits:#x}": bits,
        f"--and-mark {bits:#x}": before & bits,
        f"--or-mark {bits:#x}": before | bits,
        f"--xor-mark {bits:#x}": before ^ bits,
    }
    for words, after in table.items():
        seen = packet(mark=before)
        seen = effect(action(f"-j MARK {words}"), seen, OnePacket(4))
        assert seen.mark == after & 0xFFFFFFFF, words


@given(MARKS, MARKS, MARKS, MARKS)
def test_connection_marks(mark: int, ctmark: int, nfmask: int, ctmask: int) -> None:
    """--save-mark: ctmark = (ctmark & ~ctmask) ^ (nfmark & nfmask); --restore-mark the other way."""
    masks = f"--nfmask {nfmask:#x} --ctmask {ctmask:#x}"
    seen = packet(mark=mark, ctmark=ctmark, ctdir=0)
    seen = effect(action(f"-j CONNMARK --save-mark {masks}"), seen, OnePacket(4))
    assert (seen.mark, seen.ctmark) == (mark, (ctmark & ~ctmask) ^ (mark & nfmask))
    seen = packet(mark=mark, ctmark=ctmark, ctdir=0)
    seen = effect(action(f"-j CONNMARK --restore-mark {masks}"), seen, OnePacket(4))
    assert (seen.mark, seen.ctmark) == ((mark & ~nfmask) ^ (ctmark & ctmask), ctmark)
