"""What starts connection tracking in tables of nftables; a kernel (6.18) was asked of most of these."""

from __future__ import annotations

import pytest

from sekisho.model.nft import NftTable
from sekisho.semantics.journey import Doubt
from sekisho.semantics.nft_tracking import tracking_need
from sekisho.sources import nft_text


def _table(family: str, body: str) -> NftTable:
    (table,) = nft_text.parse(f"table {family} t {{\n{body}}}\n", "nft-ruleset.txt").tables
    return table


def _rule(rule: str) -> str:
    return f"\tchain unused {{\n\t\t{rule}\n\t}}\n"


@pytest.mark.parametrize(
    ("family", "body", "want"),
    [
        ("inet", _rule("ct original ip saddr 1.1.1.1 accept"), (True, True)),
        ("inet", _rule("ip saddr 1.1.1.1 ct state new accept"), (True, True)),
        ("ip", _rule("ct state new accept"), (True, False)),
        ("inet", _rule("meta mark set ct mark & 0xff"), (True, True)),
        ("inet", _rule("tcp dport . ct mark vmap { 80 . 1 : drop }"), (True, True)),
        ("inet", _rule("meta mark set jhash ct mark mod 2"), (True, True)),
        ("inet", _rule("ip saddr 1.1.1.1 dnat ip to 10.0.0.1"), (True, False)),
        ("inet", _rule("dnat ip to ct mark map { 1 : 10.0.0.1 }"), (True, True)),
        ("inet", _rule("masquerade"), (True, True)),
        ("inet", _rule("synproxy mss 1460 wscale 7"), (True, True)),
        ("inet", _rule("flow add @f"), (True, True)),
        ("inet", _rule("tcp dport 80 accept"), (False, False)),
        ("inet", _rule("ip saddr 1.1.1.1 fib daddr type local accept"), (False, False)),
        ("inet", _rule("notrack"), (False, False)),
        (
            "inet",
            "\tset s {\n\t\ttype ipv4_addr\n\t\tflags dynamic\n\t\tct count over 3\n\t}\n",
            (True, True),
        ),
        ("inet", _rule("add @s { ip saddr ct count over 3 }"), (True, True)),
        ("inet", _rule("add @s { ip saddr limit rate 3/second }"), (False, False)),
        ("inet", "\tsynproxy s {\n\t\tmss 1460\n\t\twscale 7\n\t}\n", (True, True)),
        ("ip6", '\tct helper h {\n\t\ttype "ftp" protocol tcp\n\t\tl3proto ip6\n\t}\n', (False, True)),
        ("inet", "\tcounter c {\n\t\tpackets 0 bytes 0\n\t}\n", (False, False)),
        ("ip", _rule('counter packets 0 bytes 0 xt target "MASQUERADE"'), (True, False)),
        ("ip", _rule('xt match "comment" accept'), (False, False)),
        ("netdev", _rule("ct state new accept"), (False, False)),  # refused there
    ],
)
def test_what_starts_tracking(family: str, body: str, want: tuple[bool, bool]) -> None:
    table = _table(family, body)
    assert (tracking_need([table], 4), tracking_need([table], 6)) == want


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (_rule("teleport to mars"), "match-not-understood"),
        (_rule('xt target "FANCY"'), "match-not-understood"),
        (_rule("tcp dport 80 jump nowhere"), "chain-not-captured"),
        (_rule("tcp dport vmap { 80 : accept, 81 : goto nowhere }"), "chain-not-captured"),
        ("\tfrobnicate\n", "table-unread"),
        ("\tset s {\n\t\ttype ipv4_addr\n\t\tfrobnicate\n\t}\n", "table-unread"),
    ],
)
def test_what_nobody_knows_may_start_it(body: str, code: str) -> None:
    need = tracking_need([_table("ip", body)], 4)
    assert isinstance(need, Doubt)
    assert (need.code, need.evidence is None) == (code, False)
    # What is known to start it leaves no doubt.
    assert tracking_need([_table("ip", body), _table("ip", _rule("ct state new accept"))], 4) is True
