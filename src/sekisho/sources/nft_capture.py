"""An nftables rule set, kept object by object until something reads it into stations."""

from __future__ import annotations

import json
import re

from sekisho.errors import SourceError
from sekisho.model.evidence import Evidence
from sekisho.model.nft import NftRuleset
from sekisho.sources.json_stream import elements, list_at

_TABLE = re.compile(r"table\s+(?:(?:ip|ip6|inet|arp|bridge|netdev)\s+)?\S+\s*\{")


def parse_json(text: str, file: str) -> NftRuleset:
    """``nft -j list ruleset``: one (kind, JSON text) for each object, metainfo included.

    Raises SourceError where the text is not JSON or lacks the ``nftables`` array.
    """
    found = elements(text, file)
    if len(found) != 1 or not isinstance(found[0].value, dict) or "nftables" not in found[0].value:
        raise SourceError(
            'no JSON object with an "nftables" array, as `nft -j list ruleset` prints it', file=file,
            line=1, text=text.strip()[:120], advice="capture it with: nft -j list ruleset",
        )  # fmt: skip
    objects = [
        (kind, json.dumps(value))
        for item in list_at(found[0].value, "nftables")
        if isinstance(item, dict)
        for kind, value in item.items()
    ]
    return NftRuleset(tuple(objects), Evidence(file, 0, ""))


def parse_text(text: str, file: str) -> NftRuleset:
    """``nft list ruleset``: one ("text", block) for each top-level ``table``.

    Raises SourceError at a line outside any block that is no comment, and when a block has no end.
    """
    objects: list[tuple[str, str]] = []
    block: list[str] = []
    start = 0
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.rstrip("\r")
        if not block:
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            if not _TABLE.match(line):
                raise SourceError(
                    "expected `table FAMILY NAME {`", file=file, line=number, text=line,
                    advice="capture it with: nft list ruleset",
                )  # fmt: skip
            start = number
        block.append(line)
        if line.startswith("}") or (len(block) == 1 and line.rstrip().endswith("}")):
            objects.append(("text", "\n".join(block)))
            block = []
    if block:
        raise SourceError(
            "the text ends inside this table", file=file, line=start, text=block[0],
            advice="capture the whole output of: nft list ruleset",
        )  # fmt: skip
    return NftRuleset(tuple(objects), Evidence(file, 0, ""))
