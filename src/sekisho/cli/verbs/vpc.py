"""``sekisho vpc``: what AWS makes of address ranges."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sekisho.cli.language import Words
from sekisho.cli.output import Output
from sekisho.cli.parser import VerbParser
from sekisho.errors import UsageError

if TYPE_CHECKING:
    from sekisho.answers.vpc import Refusal, VpcSubnet

HELP: Words = {
    "en": "what AWS reserves in a VPC subnet, and what is left",
    "ja": "VPCサブネットでAWSが予約するアドレスと、使えるアドレス",
}

_SUBNET: Words = {
    "en": "the addresses of one subnet: reserved by whom and for what, first and last usable, how many",
    "ja": "サブネット1つのアドレス: 予約済みIPアドレスとその用途、使える最初と最後、使える数",
}

_ROLES: dict[str, Words] = {
    "network": {"en": "network address", "ja": "ネットワークアドレス"},
    "router": {"en": "reserved by AWS for the VPC router", "ja": "AWSがVPCルーター用に予約"},
    "resolver": {
        "en": "reserved by AWS: base + 2, the place of the Route 53 Resolver",
        "ja": "AWSが予約: ベース+2、Amazon DNSサーバー (.2リゾルバー) の位置",
    },
    "future-use": {"en": "reserved by AWS for future use", "ja": "AWSが将来の利用のために予約"},
    "broadcast": {
        "en": "broadcast address: a VPC has no broadcast, AWS reserves it all the same",
        "ja": "ブロードキャストアドレス: VPCはブロードキャスト非対応だが、AWSが予約",
    },
    "reserved": {"en": "reserved by AWS", "ja": "AWSが予約"},
}

_RESOLVER_NOTE: dict[int, Words] = {
    4: {
        "en": "The resolver answers at base + 2 of the VPC's primary CIDR block and at {resolver};\n"
        "base + 2 of every other subnet is reserved all the same.",
        "ja": "リゾルバーのアドレスは、VPCのプライマリCIDRブロックのベース+2と {resolver} です。\n"
        "ほかのサブネットのベース+2も、同じく予約されています。",
    },
    6: {
        "en": "The resolver's IPv6 address is {resolver}, not inside the subnet.",
        "ja": "リゾルバーのIPv6アドレスは {resolver} で、サブネットの中にはありません。",
    },
}

_ADVICE: dict[str, Words] = {
    "not-a-prefix": {
        "en": "write an IPv4 or IPv6 prefix, such as 10.0.1.0/24 or 2001:db8:1234:1a00::/64",
        "ja": "10.0.1.0/24 や 2001:db8:1234:1a00::/64 のように書いてください",
    },
    "no-length": {
        "en": "say how long the prefix is, such as {text}/24",
        "ja": "{text}/24 のように長さも書いてください",
    },
    "host-bits": {
        "en": "the subnet that holds this address is {canonical}",
        "ja": "このアドレスを含むサブネットは {canonical} です",
    },
    "ipv4-size": {
        "en": "AWS makes IPv4 subnets from /16 (65,536 addresses) to /28 (16 addresses)",
        "ja": "AWSのIPv4サブネットは /16 (65,536個) から /28 (16個) までです",
    },
    "ipv6-size": {
        "en": "AWS makes IPv6 subnets of /44, /48, /52, /56, /60 and /64",
        "ja": "AWSのIPv6サブネットは /44、/48、/52、/56、/60、/64 のどれかです",
    },
}
_ADVICE["ipv6-step"] = _ADVICE["ipv6-size"]

_WHAT: dict[str, Words] = {
    "not-a-prefix": {"en": "{text!r} is not a CIDR block", "ja": "{text!r} はCIDRブロックではありません"},
    "no-length": {"en": "{text!r} has no prefix length", "ja": "{text!r} にプレフィックス長がありません"},
    "host-bits": {"en": "{text!r} has host bits set", "ja": "{text!r} のホスト部が0ではありません"},
    "ipv4-size": {
        "en": "{text} cannot be a VPC subnet: its size is outside /16 to /28",
        "ja": "{text} はVPCサブネットにできません: 大きさが /16 から /28 の範囲にありません",
    },
    "ipv6-size": {
        "en": "{text} cannot be a VPC subnet: its size is outside /44 to /64",
        "ja": "{text} はVPCサブネットにできません: 大きさが /44 から /64 の範囲にありません",
    },
    "ipv6-step": {
        "en": "{text} cannot be a VPC subnet: IPv6 sizes go in steps of 4",
        "ja": "{text} はVPCサブネットにできません: IPv6の長さは4きざみです",
    },
}


def add_arguments(parser: VerbParser) -> None:
    """``vpc subnet CIDR``."""
    subnet = parser.add_subverb("subnet", _SUBNET)
    subnet.add_argument(
        "cidr",
        metavar="CIDR",
        help=subnet.say(
            en="the subnet: IPv4 /16 to /28, IPv6 /44 to /64 in steps of 4",
            ja="サブネット: IPv4は /16 から /28、IPv6は /44 から /64 (4きざみ)",
        ),
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """0 with the answer; a CIDR block that AWS would refuse is a UsageError with the reason."""
    from sekisho.answers.vpc import Refusal, vpc_subnet

    answer = vpc_subnet(args.cidr)
    if isinstance(answer, Refusal):
        raise _refused(answer, out)
    if out.json:
        out.document(subnet_json(answer))
    else:
        out.write(subnet_text(answer, out))
    return 0


def _refused(refusal: Refusal, out: Output) -> UsageError:
    facts = {"text": refusal.text, "canonical": refusal.canonical}
    return UsageError(
        out.pick(_WHAT[refusal.reason]).format(**facts),
        advice=out.pick(_ADVICE[refusal.reason]).format(**facts),
    )


def subnet_json(subnet: VpcSubnet) -> dict[str, object]:
    """The answer as data, schema ``sekisho/vpc-subnet/1``."""
    from sekisho.answers.vpc import RESOLVER

    return {
        "schema": "sekisho/vpc-subnet/1",
        "cidr": str(subnet.prefix),
        "size": subnet.size,
        "usable": subnet.usable,
        "first_usable": str(subnet.first_usable),
        "last_usable": str(subnet.last_usable),
        "reserved": [
            {"address": str(item.address), "role": item.role, "by": item.by} for item in subnet.reserved
        ],
        "resolver": str(RESOLVER[subnet.prefix.family]),
    }


def subnet_text(subnet: VpcSubnet, out: Output) -> str:
    """The answer in words: every address in order, then the count."""
    from sekisho.answers.vpc import RESOLVER
    from sekisho.explain.lines import lines_text

    rows = [(str(item.address), out.pick(_ROLES[item.role])) for item in subnet.reserved]
    usable = out.say(
        en=f"usable: {subnet.usable:,} of {subnet.size:,} addresses",
        ja=f"使えるアドレス: {subnet.size:,}個のうち{subnet.usable:,}個",
    )
    rows[-1:-1] = [
        (str(subnet.first_usable), out.say(en="first usable", ja="使える最初のアドレス")),
        (str(subnet.last_usable), out.say(en="last usable", ja="使える最後のアドレス")),
    ]
    wide = max(len(address) for address, _ in rows)
    lines = [f"  {address:<{wide}}  {words}" for address, words in rows]
    note = out.pick(_RESOLVER_NOTE[subnet.prefix.family]).format(resolver=RESOLVER[subnet.prefix.family])
    return lines_text([str(subnet.prefix), *lines, usable, *note.split("\n")])
