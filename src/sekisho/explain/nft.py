"""nftables objects: what they are, and plainly that their rules are not read."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sekisho.explain.message import Message, m
from sekisho.model.nft import NftRuleset
from sekisho.model.snapshot import Namespace

_IPTABLES_TABLES = {"raw", "mangle", "nat", "filter", "security"}
_FAMILIES = {"ip": 4, "ip6": 6}


def explain_nft(ruleset: NftRuleset, namespace: Namespace) -> Iterator[tuple[str, tuple[Message, ...]]]:
    """(a short text for the object, its explanation) for every object of the capture."""
    mirrored = {
        (ruleset_.family, table.name)
        for ruleset_ in namespace.rulesets
        if ruleset_.backend != "legacy"
        for table in ruleset_.tables
    }
    for kind, value in ruleset.objects:
        fields = _fields(value)
        family, table = fields.get("family", ""), fields.get("table", fields.get("name", ""))
        text = " ".join(part for part in (kind, family, table, _own_name(kind, fields)) if part)
        if table in _IPTABLES_TABLES and (_FAMILIES.get(family), table) in mirrored:
            yield text, (m("nft.same"),)
        else:
            yield text, _object(kind, fields)


def _own_name(kind: str, fields: dict[str, str]) -> str:
    if kind == "rule":
        return f"{fields.get('chain', '')} handle {fields.get('handle', '?')}"
    return fields.get("name", "") if kind != "table" else ""


def _object(kind: str, fields: dict[str, str]) -> tuple[Message, ...]:
    name = fields.get("name", "?")
    if kind == "table":
        more = (m("nft.docker"),) if name == "docker-bridges" else ()
        return (m("nft.table", name, fields.get("family", "?")), *more)
    if kind == "chain":
        if "hook" in fields:
            shown = (fields["hook"], fields.get("prio", "?"), fields.get("policy", "accept"))
            return (m("nft.base", name, *shown),)
        return (m("nft.chain", name),)
    if kind == "rule":
        comment = fields.get("comment")
        return (m("nft.rule", fields.get("chain", "?"), m("nft.rule.comment", comment) if comment else ""),)
    if kind in ("set", "map"):
        return (m("nft.set", kind, name),)
    return (m("nft.other", kind),)


def _fields(value: str) -> dict[str, str]:
    """The plain members of the object; a value that is no JSON object has none."""
    try:
        loaded = json.loads(value)
    except ValueError:
        return {}
    if not isinstance(loaded, dict):
        return {}
    return {str(key): str(item) for key, item in loaded.items() if isinstance(item, str | int)}
