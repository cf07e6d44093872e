"""The rarer conditions and targets of iptables, for random rules."""

from __future__ import annotations

from random import Random

from tests.conformance.sets import set_questions
from tests.conformance.vocabulary import Vocabulary

# Conditions that nobody can decide from a snapshot: either way is right.
UNDECIDABLE = (
    "-m limit --limit 1/sec", "-m statistic --mode random --probability 0.50000000000",
    "-m statistic --mode nth --every 2 --packet 0",
    "-m recent --rcheck --name DEFAULT --mask {mask} --rsource",
    "-m connlimit --connlimit-above 3 --connlimit-mask {width} --connlimit-saddr",
    "-m hashlimit --hashlimit-upto 1/sec --hashlimit-burst 5 --hashlimit-name h",
    '-m string --string "GET" --algo bm --to 65535', '-m u32 --u32 "0x0>>0x18=0x45"',
    "-m time --timestart 08:00:00 --timestop 17:00:00 --datestop 2038-01-19T03:14:07",
    "-m quota --quota 100000", "-m cpu --cpu 0",
    "-m connbytes --connbytes 100 --connbytes-mode bytes --connbytes-dir both",
)  # fmt: skip


def rarer_condition(chance: Random, words: Vocabulary, hook: str, proto: str | None) -> str:
    """One of the rarer conditions; "" where the one that was drawn does not stand at this hook."""
    if chance.random() < 0.06:
        return chance.choice(UNDECIDABLE).format(
            mask="255.255.255.255" if words.family == 4 else "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            width=32 if words.family == 4 else 128,
        )
    no = "! " if chance.random() < 0.3 else ""
    address = chance.choice((words.own("eth0"), *words.dnat, *words.snat, *words.behind["eth0"]))
    kinds = ["ANYCAST", "UNREACHABLE", "UNICAST", "MULTICAST", "LOCAL"]
    if words.family == 4:  # ip6tables refuses these (xt_addrtype.c)
        kinds += ["BROADCAST", "BLACKHOLE", "PROHIBIT", "THROW", "LOCAL,BROADCAST", "UNSPEC"]
    side = chance.choice(("src", "dst"))
    choices = [
        f"-m addrtype {no}--{side}-type {chance.choice(kinds)}",
        f"-m conntrack {no}--{chance.choice(('ctorigsrc', 'ctorigdst'))} {address}",
        f"-m conntrack {no}--{chance.choice(('ctreplsrc', 'ctrepldst'))} {address}",
        f"-m conntrack {no}--ctstatus {chance.choice(('ASSURED', 'EXPECTED', 'SEEN_REPLY', 'CONFIRMED'))}",
        f"-m conntrack {no}--ctstate {chance.choice(('RELATED', 'INVALID,RELATED', 'NEW,SNAT'))}",
        f"-m conntrack {no}--ctproto {chance.choice(('6', '17', '1', '58'))}",
        f"-m connmark {no}--mark {chance.choice(('0x1/0x1', '0x0/0xff', '0x10/0xf0', '0x3'))}",
        f"-m mark {no}--mark {chance.choice(('0x0/0xf0', '0x10/0xf0', '0x3', '0x1/0x3'))}",
        f"-m iprange {no}--src-range {chance.choice(words.ranges)} --dst-range {chance.choice(words.ranges)}",
        f"-m tos {no}--tos {chance.choice(('0x08/0x3f', '0x10/0xff', '0x00/0x3f', '0xb8/0xfc'))}",
        f"-m dscp {no}--dscp {chance.choice(('0x02', '0x2e', '0x08'))}",
        f"-m pkttype {no}--pkt-type {chance.choice(('unicast', 'broadcast', 'multicast'))}",
        f"-m length {no}--length {chance.choice(('44', '0:43', '45:1500', '60', '56:80'))}",
        f"-m {words.ttl_module} {words.ttl_option}-{chance.choice(('eq 1', 'gt 1', 'lt 3', 'eq 255'))}",
        f"-m set {no}--match-set {chance.choice(set_questions(words))}",
        f"-m addrtype {no}--{side}-type {chance.choice(('LOCAL', 'UNICAST', kinds[-2]))} --limit-iface-"
        + ("in" if hook in ("PREROUTING", "INPUT") else "out") if hook != "FORWARD" else "",
        "-m tcp ! --tcp-flags SYN,ACK,FIN,RST RST" if proto == "tcp" else "",
        f"-m tcp {no}--tcp-flags SYN,FIN SYN,FIN" if proto == "tcp" else "",
        f"-m ecn {no}--ecn-ip-ect {chance.choice('0123')}",
    ]  # fmt: skip
    if hook in ("OUTPUT", "POSTROUTING"):
        choices.append(f"-m owner {no}--uid-owner {chance.choice(('0-1000', '33', '1000-1001'))}")
    return chance.choice(choices)


def rarer_mangle(chance: Random, words: Vocabulary) -> str:
    """A target of the mangle table that changes bits in one of the less usual ways."""
    return chance.choice((
        "MARK --set-xmark 0x10/0xf0", "MARK --set-xmark 0x4/0x4", "MARK --set-xmark 0x0/0x3",
        "CONNMARK --set-xmark 0x2/0x3", "CONNMARK --save-mark --nfmask 0xff --ctmask 0xff",
        "CONNMARK --restore-mark --nfmask 0x3 --ctmask 0x3", "TOS --set-tos 0x08/0x3f",
        "TOS --set-tos 0x10/0xff", "DSCP --set-dscp 0x2e", f"{words.ttl_target} 1", f"{words.ttl_target} 64",
    ))  # fmt: skip


def rarer_reject(chance: Random, words: Vocabulary) -> tuple[str | None, str]:
    """The protocol needed, and REJECT with any of its answers."""
    if chance.random() < 0.2:
        return "tcp", "-j REJECT --reject-with tcp-reset"
    four = ("icmp-net-unreachable", "icmp-host-unreachable", "icmp-proto-unreachable",
            "icmp-port-unreachable", "icmp-net-prohibited", "icmp-host-prohibited",
            "icmp-admin-prohibited")  # fmt: skip
    six = ("icmp6-no-route", "icmp6-adm-prohibited", "icmp6-addr-unreachable", "icmp6-port-unreachable",
           "icmp6-policy-fail", "icmp6-reject-route")  # fmt: skip
    return None, f"-j REJECT --reject-with {chance.choice(four if words.family == 4 else six)}"


def rarer_nat(chance: Random, words: Vocabulary, hook: str) -> tuple[str | None, str]:
    """The protocol needed, and a translation with ranges, chance or a prefix."""
    proto = chance.choice(("tcp", "udp"))
    if hook in ("PREROUTING", "OUTPUT"):
        one = chance.choice(words.dnat)
        low, high = words.ranges[1].split("-")
        return chance.choice((
            (None, f"-j DNAT --to-destination {low}-{high}"),
            (None, f"-j DNAT --to-destination {one} --persistent"),
            (proto, f"-j DNAT --to-destination {words.to(one, 1000)}-2000"),
            (proto, f"-j DNAT --to-destination {words.to(one, 80)} --random"),
            (proto, f"-m {proto} --dport 1000:1500 -j DNAT --to-destination {words.to(one, 3000)}-3500/1000"),
            (proto, "-j REDIRECT --to-ports 1000-1010"),
            (None, f"-j NETMAP --to {words.netmap[1]}"),
        ))  # fmt: skip
    one = chance.choice(words.snat)
    low, high = words.ranges[1].split("-")
    choices: list[tuple[str | None, str]] = [
        (None, f"-j SNAT --to-source {low}-{high}"),
        (None, f"-j SNAT --to-source {one} --random-fully"),
        (proto, f"-j SNAT --to-source {words.to(one, 1024)}-65535"),
        (proto, f"-j SNAT --to-source {words.to(one, 4000)}"),
        (None, f"-j NETMAP --to {words.netmap[0]}"),
    ]
    if hook == "POSTROUTING":
        choices += [(None, "-j MASQUERADE --random"), (proto, "-j MASQUERADE --to-ports 4000")]
    return chance.choice(choices)
