"""ipsets of the rarer types, and how rules ask for them."""

from __future__ import annotations

from tests.conformance.vocabulary import Vocabulary

_TYPES = """\
create netport hash:net,port family {inet} hashsize 1024 maxelem 65536
add netport {lan18},tcp:80
add netport {wide},udp:1000-1001
add netport {lan18},{icmp}:{echo}/0
create ipportip hash:ip,port,ip family {inet} hashsize 1024 maxelem 65536
add ipportip {c2},tcp:443,{a77}
add ipportip {own},udp:53,{far}
create ipportnet hash:ip,port,net family {inet} hashsize 1024 maxelem 65536
add ipportnet {c2},tcp:80,{wide}
add ipportnet {c2},tcp:80,{lan} nomatch
"""
_V4_ONLY = """\
create masked hash:ip family inet hashsize 1024 maxelem 65536 netmask 24
add masked 10.0.1.0
add masked 172.18.0.0
create bip bitmap:ip range 172.18.0.0-172.18.0.255
add bip 172.18.0.1
add bip 172.18.0.2
create bips bitmap:ip range 10.0.0.0/16 netmask 24
add bips 10.0.1.0
"""
_NAMES = ("netport", "ipportip", "ipportnet")
_SIDES = {
    "netport": ("dst,dst", "src,dst"), "ipportip": ("dst,dst,src", "src,src,dst"),
    "ipportnet": ("dst,dst,src", "src,src,dst"),
    "masked": ("src", "dst"), "bip": ("src", "dst"), "bips": ("src", "dst"),
}  # fmt: skip


def further_sets(words: Vocabulary) -> str:
    """``ipset save`` of one set of each type."""
    four = words.family == 4
    text = _TYPES.format(
        inet="inet" if four else "inet6", wide=words.prefixes[0], lan=words.network("eth0"),
        lan18=words.network("br-aaaaaaaaaaaa"),
        c2=words.behind["br-aaaaaaaaaaaa"][0], a77=words.behind["eth0"][1], own=words.own("eth0"),
        far=words.beyond[1], icmp="icmp" if four else "icmpv6", echo=8 if four else 128,
    )  # fmt: skip
    if four:
        return text + _V4_ONLY
    for name in _NAMES:
        text = text.replace(f" {name} ", f" {name}6 ")
    return text


def set_questions(words: Vocabulary) -> tuple[str, ...]:
    """What may follow ``--match-set``."""
    six = "" if words.family == 4 else "6"
    names = _SIDES if words.family == 4 else {name: _SIDES[name] for name in _NAMES}
    return tuple(f"{name}{six} {sides}" for name, both in names.items() for sides in both)
