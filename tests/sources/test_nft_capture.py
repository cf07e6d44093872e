"""Keeping nftables rule sets as captured."""

from __future__ import annotations

import json

import pytest

from sekisho.errors import SourceError
from sekisho.sources import nft_capture

TEXT = """# Warning: table ip nat is managed by iptables-nft, do not touch!
table ip nat {
\tchain DOCKER {
\t}
}

table inet empty {
}
table ip6 one {}
"""


def test_text_block_by_block() -> None:
    ruleset = nft_capture.parse_text(TEXT, "nft-ruleset.txt")
    assert ruleset.objects == (
        ("text", "table ip nat {\n\tchain DOCKER {\n\t}\n}"),
        ("text", "table inet empty {\n}"),
        ("text", "table ip6 one {}"),
    )
    assert nft_capture.parse_text("", "nft-ruleset.txt").objects == ()


def test_json_object_by_object() -> None:
    objects = [{"metainfo": {"version": "1.1.7"}}, {"table": {"family": "ip", "name": "nat", "handle": 1}}]
    ruleset = nft_capture.parse_json(json.dumps({"nftables": objects}), "nft-ruleset.json")
    assert [(kind, json.loads(text)) for kind, text in ruleset.objects] == [
        ("metainfo", {"version": "1.1.7"}),
        ("table", {"family": "ip", "name": "nat", "handle": 1}),
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [("table ip nat {\n\tchain A {\n", 1), ("\nhello\n", 2), ("table ip nat {\n}\nrest\n", 3)],
)
def test_refuses_cut_and_foreign_text(text: str, line: int) -> None:
    with pytest.raises(SourceError) as caught:
        nft_capture.parse_text(text, "nft-ruleset.txt")
    assert (caught.value.file, caught.value.line) == ("nft-ruleset.txt", line)


@pytest.mark.parametrize("text", ['{"nftables": [', '{"other": []}', "[]", "", "table ip nat {"])
def test_refuses_what_is_not_nft_json(text: str) -> None:
    with pytest.raises(SourceError) as caught:
        nft_capture.parse_json(text, "nft-ruleset.json")
    assert caught.value.advice
