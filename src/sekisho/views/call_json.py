"""A question about a connection as JSON, schema sekisho/trace/1; its sentences are in one language."""

from __future__ import annotations

from sekisho.answers.call import Call, Way
from sekisho.views.trace_json import SCHEMA, journey_json


def to_json(found: Call, lang: str, id_: object = None) -> dict[str, object]:
    """The whole answer: ``call`` is what is called, and the journey that of its packet; ``others`` are the
    other ways to the same container's port, each with its own. ``works``: by any of them, forward and reply
    arrive; null where nobody can say, or no reply was asked for. ``id_`` is the flow's own, given back."""
    return {
        "schema": SCHEMA,
        "id": id_,
        "works": found.works,
        "call": _called(found.first),
        **journey_json(found.first.journey, lang),
        "others": [
            {"works": way.works, "call": _called(way), **journey_json(way.journey, lang)}
            for way in found.ways[1:]
        ],
    }


def _called(way: Way) -> dict[str, object]:
    """``kind``: published or direct. ``addressable`` false: such a caller cannot send to that address, and
    the journey is what would become of its packet. ``there`` false: somebody else takes it;
    null: nobody can say."""
    return {"kind": way.kind, "to": way.to, "addressable": way.addressable, "there": way.there}
