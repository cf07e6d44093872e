"""Which chains of a bridge may keep it from finding a neighbour."""

from __future__ import annotations

import pytest

from sekisho.semantics.nft_arp import may_hide
from sekisho.sources import nft_text


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        ("counter", False),
        ("meta mark set 0x00000001", False),
        ("drop", True),
        ("tcp dport 80 drop", False),  # neither ARP nor neighbour discovery has one
        ("ip6 hoplimit set 9", True),  # an advertisement with another than 255 counts for nothing (measured)
        ("ip ttl set 9", False),
    ],
)
def test_what_may_hide_a_neighbour(rule: str, wanted: bool) -> None:
    chain = "\t\ttype filter hook prerouting priority 0; policy accept;\n"
    text = f"table bridge t {{\n\tchain c {{\n{chain}\t\t{rule}\n\t}}\n}}\n"
    assert may_hide(nft_text.parse(text, "nft-ruleset.txt")) is wanted
