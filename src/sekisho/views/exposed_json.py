"""Who can open a connection to what, as data: schema sekisho/exposed/1."""

from __future__ import annotations

from sekisho.answers.exposure import Access, Exposed, Exposure
from sekisho.answers.services import ports_json, spans_json
from sekisho.answers.settling import settling
from sekisho.explain.words import say
from sekisho.values.address import Family
from sekisho.views.exposed_text import no_way_in
from sekisho.views.reach_json import evidence_json, witness_json

SCHEMA = "sekisho/exposed/1"


def to_json(found: Exposed, lang: str) -> dict[str, object]:
    """The whole answer."""
    return {
        "schema": SCHEMA,
        "family": found.family,
        "ports": [_port(port, found.family, lang) for port in found.ports],
        "no_way_in": [
            {"from": kind, "words": words}
            for kind, words in zip(found.no_way_in, no_way_in(found, lang), strict=True)
        ],
        "leans_on": [say(lean.code, lean.args, lang) for lean in found.leans_on],
        "settle": list(settling(found.doubts, found.leans_on, found.family)),
    }


def _port(port: Exposure, family: Family, lang: str) -> dict[str, object]:
    return {
        "place": port.place,
        "network": port.network or None,
        "address": port.address,
        "port": port.port,
        "proto": port.proto,
        "from": {item.caller: _access(item, family, lang) for item in port.access},
    }


def _access(item: Access, family: Family, lang: str) -> dict[str, object]:
    """``via``: what to call ("direct": the container's own address); ``sees``: the source that the server
    sees, null for the caller's own; ``bypasses``: the INPUT rule that would refuse but never sees it;
    ``only``: the source ports and addresses that get through, null where that is not limited;
    ``unaddressed``: such callers cannot send to the container's own address at all; ``reasons``: why nobody
    can say."""
    found: dict[str, object] = {
        "status": item.status,
        "via": list(item.via),
        "sees": [source or None for source in item.sees],
        "witness": witness_json(item.witness),
        "only": {
            "source_ports": None if item.only.sports is None else ports_json(item.only.sports),
            "sources": None if item.only.sources is None else spans_json(item.only.sources, family),
        },
        "unaddressed": item.unaddressed,
        "bypasses": None,
        "refused_by": [
            {"disposition": one.disposition, "evidence": evidence_json(one.evidence)}
            for one in item.refused_by
        ],
        "reasons": [say(doubt.code, doubt.args, lang) for doubt in item.doubts],
    }
    if item.bypasses is not None:
        one = item.bypasses
        found["bypasses"] = {
            "table": one.table, "chain": one.chain, "rule": one.rule, "text": one.text,
            "evidence": evidence_json(one.evidence),
        }  # fmt: skip
    return found
