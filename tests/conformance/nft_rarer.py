"""The rarer conditions and statements of nftables, for random rules.

What nft tests by itself, what packets do not have, masks and shifts of any shape, headers by their bits,
interfaces' types and groups, sets that rules change, chains in braces.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from tests.conformance.vocabulary import PORTS, Vocabulary

_HEADERS = ("hbh", "rt", "frag", "dst", "mh")
_IP_OPTIONS = ("lsrr", "ra", "rr", "ssrr")
_COMES_IN = ("prerouting", "input", "forward")
_GOES_OUT = ("forward", "output", "postrouting")


def rarer_condition(chance: Random, words: Vocabulary, hook: str) -> str:
    """One of the rarer conditions; nft may refuse it where it is to stand."""
    makers: tuple[Callable[[Random, Vocabulary, str], str], ...] = (
        _hidden, _hidden, _whole, _masked, _masked, _raw, _raw, _link, _fib, _connection, _sizes, _mixed,
    )  # fmt: skip
    return chance.choice(makers)(chance, words, hook)


def _sign(chance: Random) -> str:
    return chance.choice(("", "", "!= "))


def _there(chance: Random) -> str:
    return chance.choice(("exists", "missing", "missing"))


def _hidden(chance: Random, words: Vocabulary, hook: str) -> str:
    """What nft tests the family or the protocol for, without printing that."""
    return chance.choice((
        f"exthdr {chance.choice(_HEADERS)} {_there(chance)}",
        f"ip option {chance.choice(_IP_OPTIONS)} {_there(chance)}",
        f"meta l4proto udp tcp option sack-perm {_there(chance)}", f"frag id {_sign(chance)}5",
        "rt type != 0", f"hbh nexthdr {_sign(chance)}6", f"ip saddr {_sign(chance)}10.0.0.0/8",
        f"ip6 daddr {_sign(chance)}fd00::/8", f"ip ttl {_sign(chance)}64", f"ip6 hoplimit {_sign(chance)}64",
        f"icmp type {_sign(chance)}echo-request", f"icmpv6 type {_sign(chance)}echo-request",
        f"ct original ip saddr {_sign(chance)}10.0.1.77", f"ct reply ip6 daddr {_sign(chance)}fd00:1::77",
        f"vlan id {_sign(chance)}5", f"ip dscp {_sign(chance)}cs0", f"ip6 dscp {_sign(chance)}cs0",
    ))  # fmt: skip


def _whole(chance: Random, words: Vocabulary, hook: str) -> str:
    """What is decided because packets are whole, without options."""
    if words.family == 6:
        return chance.choice(("ip6 version 6", "ip6 version != 6", "exthdr frag missing"))
    return chance.choice((
        f"ip frag-off & 0x1fff {chance.choice(('==', '!='))} 0", "ip frag-off & 0x2000 == 0",
        f"ip hdrlength {_sign(chance)}{chance.choice((5, 6))}", f"ip version {_sign(chance)}4",
        "ip hdrlength { 3-4, 6 }", f"ip hdrlength & 0x3 {chance.choice(('==', '!='))} 0x1",
    ))  # fmt: skip


def _masked(chance: Random, words: Vocabulary, hook: str) -> str:
    """Masks of any shape, compared by every operator."""
    operator = chance.choice(("==", "!=", "<", ">", "<=", ">="))
    side = chance.choice(("saddr", "daddr"))
    direction = chance.choice(("original", "reply"))
    if words.family == 4:
        mask = chance.choice(("255.0.0.255", "0.0.0.255", "0.255.0.3", "255.255.0.15"))
        value = chance.choice(("10.0.0.2", "0.0.0.77", "0.0.0.2", "172.17.0.2", "10.0.0.77", "0.17.0.2"))
    else:
        mask = chance.choice(("ffff::ff", "::ff", "ff::f", "ffff:ff::f"))
        value = chance.choice(("fd00::2", "::77", "fd00::77", "::2", "fd::2"))
    ip = "ip" if words.family == 4 else "ip6"
    number = chance.choice((0x1, 0x2, 0x4, 0x5))
    # nft 1.0.6 prints masks of ip6 dscp in words that it does not read.
    dscp = f"ip dscp & 0x{chance.choice(('4', '3c', '21'))} {operator} {chance.choice((0, 4, 8))}"
    return chance.choice((
        f"{ip} {side} & {mask} {operator} {value}", f"ct {direction} {ip} {side} & {mask} {operator} {value}",
        f"meta mark & 0x{chance.choice(('5', '6', 'ff', '80000001'))} {operator} {number}",
        f"ct mark & 0x{chance.choice(('5', '6', 'ff', 'ff000001'))} {operator} {number}",
        f"meta mark & 0x6 {_sign(chance)}{{ 0x2, 0x4 }}",
        f"tcp dport & 0x{chance.choice(('f', '1f41', 'ff00'))} "
        f"{operator} {chance.choice((0, 1, 80, 0x1f00))}",
        dscp if words.family == 4 else f"ip6 dscp {operator} {chance.choice((0, 4, 8))}",
        f"tcp flags & (syn | ack) {operator} ack",
        f"meta l4proto & 0x{chance.choice(('1', '10', '7'))} {operator} 1",
    ))  # fmt: skip


def _raw(chance: Random, words: Vocabulary, hook: str) -> str:
    """Bits of headers by their place."""
    port = chance.choice(PORTS)
    forms = [
        f"@th,16,16 {_sign(chance)}{port}", f"@th,0,16 & 0xff {_sign(chance)}0x{chance.choice((16, 232)):x}",
        f"@th,24,8 {_sign(chance)}80", f"@th,20,8 0x{port >> 4 & 0xFF:x}",
        f"meta l4proto tcp @th,106,6 {_sign(chance)}0x2",
        f"meta l4proto tcp @th,111,1 {chance.choice((0, 1))}",
    ]  # fmt: skip
    if words.family == 4:
        forms += [
            f"@nh,72,8 {_sign(chance)}{chance.choice((6, 17))}", f"@nh,64,16 & 0xff {_sign(chance)}0x6",
            f"@nh,96,8 {_sign(chance)}0xa", f"@nh,108,8 {_sign(chance)}0x1", f"@nh,0,4 {_sign(chance)}0x4",
            f"@nh,4,4 {_sign(chance)}0x5", f"@nh,8,6 {_sign(chance)}0x4",
            "@nh,152,8 { 0x2, 0x4d }", "@nh,72,8 vmap { 0x6 : continue }",
        ]  # fmt: skip
    else:
        forms += [
            f"@nh,48,8 {_sign(chance)}{chance.choice((6, 17))}", f"@nh,0,4 {_sign(chance)}0x6",
            f"@nh,64,8 {_sign(chance)}0xfd", f"@nh,56,8 {_sign(chance)}0x40", "@nh,316,4 { 0x2, 0x7 }",
        ]  # fmt: skip
    if hook in _COMES_IN:
        forms.append(f"@ll,96,16 {_sign(chance)}0x{'800' if words.family == 4 else '86dd'}")
    return chance.choice(forms)


def _link(chance: Random, words: Vocabulary, hook: str) -> str:
    """Types and groups of interfaces."""
    side = chance.choice([s for s, hooks in (("iif", _COMES_IN), ("oif", _GOES_OUT)) if hook in hooks])
    return chance.choice((
        f"meta {side}type {_sign(chance)}{chance.choice(('ether', 'loopback', 'ppp'))}",
        f'{side}group {_sign(chance)}{chance.choice(("default", "11"))}',
        f"{side}group {{ 0, 5-9 }}", f"{side}group & 0x1 == 0",
        f"meta {side}type {{ ether, sit }}", f"{side}group > 3",
    ))  # fmt: skip


def _fib(chance: Random, words: Vocabulary, hook: str) -> str:
    side = chance.choice(("saddr", "daddr"))
    kind = chance.choice(("local", "unicast", "unspec"))
    if hook in _GOES_OUT and chance.random() < 0.5:
        return f"fib {side} . oif type {_sign(chance)}{kind}"
    if hook not in _COMES_IN:
        return f"fib {side} type {{ local, {'multicast' if kind == 'local' else kind} }}"
    return chance.choice((
        f"fib {side} oif {_sign(chance)}0", f"fib saddr . iif oif {chance.choice(('0', '!= 0'))}",
        f'fib {side} oif {{ "eth0", "docker0" }}', f'fib {side} . mark oifname != {{ "eth1", "lo" }}',
        f"fib {side} . iif type {_sign(chance)}{kind}",
    ))  # fmt: skip


def _connection(chance: Random, words: Vocabulary, hook: str) -> str:
    icmp, most = ("icmp", 2048) if words.family == 4 else ("ipv6-icmp", 32768)
    direction = chance.choice(("original", "reply"))
    return chance.choice((
        f"meta l4proto {icmp} ct {direction} proto-dst {_sign(chance)}{chance.choice((0, most, 33024))}",
        f"meta l4proto {icmp} ct {direction} proto-src {chance.choice(('<', '>'))} 30000",
        f"meta l4proto 89 ct {direction} proto-dst {_sign(chance)}0",
        f"ct zone {_sign(chance)}{chance.choice((0, 3))}",
        f"ct {direction} zone {_sign(chance)}{chance.choice((0, 3))}",
        f"ct l3proto {_sign(chance)}ipv4" if words.family == 4 else f"ct l3proto {_sign(chance)}ipv6",
        f"ct status & (dnat | snat) {chance.choice(('==', '!='))} {chance.choice(('0', 'dnat'))}",
        f"ct state & (new | established) {chance.choice(('==', '!='))} new",
        "ct protocol . ct direction { tcp . original, udp . reply }",
        "ct mark . meta mark { 0x0 . 0x0, 0x1 . 0x1, 0x2 . 0x5 }",
    ))  # fmt: skip


def _sizes(chance: Random, words: Vocabulary, hook: str) -> str:
    ip = "ip" if words.family == 4 else "ip6"
    operator = chance.choice(("<", ">", "==", "!="))
    icmp = "icmp" if words.family == 4 else "icmpv6"
    forms = [f"{icmp} code {_sign(chance)}0", f"{icmp} id {operator} {chance.choice((7, 30000))}",
             f"{ip} ecn {_sign(chance)}not-ect"]  # fmt: skip
    if hook == "prerouting":
        forms += [f"{ip} length {operator} {chance.choice((0, 8, 20, 28, 40, 44))}",
                  f"udp length {operator} {chance.choice((8, 9))}"]  # fmt: skip
    return chance.choice(forms)


def _mixed(chance: Random, words: Vocabulary, hook: str) -> str:
    """Several fields at once, some of them masked, some by prefix, some whatever they are."""
    ip = "ip" if words.family == 4 else "ip6"
    net = chance.choice([text for text in words.prefixes if "/" in text])
    mine = "iifname" if hook in _COMES_IN else "oifname"
    return chance.choice((
        f"{ip} saddr . tcp dport {_sign(chance)}@loose", f"meta l4proto . th dport {_sign(chance)}@services",
        f'{mine} . meta mark {{ "eth*" . 0x0, "docker0" . 0x1-0x5 }}',
        f"{ip} daddr . meta l4proto . th dport {{ {net} . tcp . 80-443, {net} . udp . 53 }}",
        f"ct state . {mine} {{ new . \"eth0\", established . \"eth1\" }}",
    ))  # fmt: skip


def rarer_sets(words: Vocabulary) -> list[str]:
    """Sets, maps and objects that these rules name."""
    kind = "ipv4_addr" if words.family == 4 else "ipv6_addr"
    wide = 20 if words.family == 4 else 64
    nets = sorted({text.partition("/")[0] for text in words.prefixes})[-2:]
    pairs = ", ".join(f"{net}/{wide} . {port}" for net, port in zip(nets, ("80-81", "1-1024"), strict=True))
    return [
        f" set loose {{ type {kind} . inet_service; flags interval; elements = {{ {pairs} }}\n }}",
        " set services { type inet_proto . inet_service; flags interval; elements = { tcp . 20-80, udp . 53, "
        "17 . 443-65535 }\n }",
        f" set seen {{ type {kind}; size 65535; flags dynamic;\n }}",
        " set seen4 { type ipv4_addr . inet_service; size 65535; flags dynamic,timeout; timeout 1h;\n }",
        " set seen6 { type ipv6_addr . inet_service; size 65535; flags dynamic;\n }",
        " map remembered { type inet_service : mark; size 65535; flags dynamic;\n }",
        " counter one { packets 0 bytes 0\n }", " counter two { packets 0 bytes 0\n }",
    ]  # fmt: skip


def rarer_change(chance: Random, words: Vocabulary, early: bool) -> str:
    """A statement that marks, remembers or counts; ``early``: before connection tracking."""
    ip = "ip" if words.family == 4 else "ip6"
    forms = [
        "ct mark set meta mark << 8", "meta mark set ct mark >> 8", "meta mark set meta mark & 0xf ^ 0x3",
        "meta mark set meta mark << 1", "ct mark set ct mark >> 1", "meta mark set meta mark & 0xff00 | 0x5",
        "ct mark set meta mark & 0x5", "meta mark set ct mark | 0x10", f"meta mark set {ip} dscp << 2",
        "meta mark set tcp dport map { 80 : 0x1, 443 : 0x2 }",
        "ct mark set tcp dport map { 22 : 0x1, 80 : 0x5 }",
        'meta mark set iifname . meta l4proto map { "eth0" . tcp : 0x1, "eth1" . udp : 0x2 }',
        "meta mark set ct state map { new : 0x1, established : 0x2 }",
        f"add @seen {{ {ip} saddr }}", f"update @seen {{ {ip} daddr }}",
        "add @seen4 { ip saddr . tcp dport }",
        "update @seen4 { ip saddr . udp dport timeout 1m }", "add @seen6 { ip6 saddr . tcp dport }",
        f"delete @seen {{ {ip} saddr }}", "add @remembered { tcp dport : meta mark }",
        'counter name "one"', 'counter name tcp dport map { 80 : "one", 443 : "two" }',
        f"{ip} ecn set ect0", "ip ttl set 9", "ip6 hoplimit set 9", "ip dscp set cs2", "ip6 dscp set cs2",
    ]  # fmt: skip
    if early:
        forms += ["ct original zone set 3", "ct reply zone set 3"]
    return chance.choice(forms)


def in_braces(chance: Random, rules: Sequence[str]) -> str:
    """A jump to a chain that stands in the rule."""
    inside = "; ".join(rule for rule in rules if rule and "jump {" not in rule and "goto {" not in rule)
    return f"{chance.choice(('jump', 'jump', 'goto'))} {{ {inside or 'counter'}; }}"
