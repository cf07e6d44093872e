"""What a rule is there for, told by its shape and by the rules around it.

Nothing here goes by a chain's name alone, and nothing here decides what happens to a packet: it is
only said what can be read off the rules themselves ("rule 1 returns everything from that bridge").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sekisho.explain.context import HostContext, dnat_destination, host_address
from sekisho.explain.hairpin import explain_hairpin
from sekisho.explain.matches import bare
from sekisho.explain.message import Message, join, m
from sekisho.explain.nat_index import NatIndex
from sekisho.explain.shape import Shape, shape_of
from sekisho.model.netfilter import Chain, Rule, Table
from sekisho.semantics.loadable import Loader
from sekisho.values.address import Family
from sekisho.values.intset import IntSet

_MANY = 16


@dataclass(frozen=True, slots=True)
class Place:
    """A rule, its 1-based number, and what it stands in; ``chains`` are the table's by name, ``index`` is
    the table's. ``loader`` says what iptables would say of the rule."""

    table: Table
    chain: Chain
    number: int
    rule: Rule
    chains: Mapping[str, Chain]
    index: NatIndex
    loader: Loader | None = None

    @property
    def family(self) -> Family:
        """Of the table's packets."""
        return 4 if self.loader is None else self.loader.family


def explain_idiom(place: Place, context: HostContext) -> list[Message]:
    """Sentences about the purpose of a rule; none where its shape is not a familiar one."""
    shape = shape_of(place.rule)
    target = place.rule.target.name if place.rule.target else ""
    if place.table.name == "nat":
        return _nat(place, shape, target, context)
    if place.table.name == "filter":
        return _filter(place, shape, target, context)
    if place.table.name == "raw":
        return _raw(shape, target, context)
    return []


def _nat(place: Place, shape: Shape, target: str, context: HostContext) -> list[Message]:
    if target == "DNAT":
        return _published(place, shape, context)
    if target == "RETURN" and shape.only("in-interface") and shape.plain("in-interface"):
        return _return(place, shape.plain("in-interface") or "")
    if shape.plain("dst-type") == "LOCAL" and place.table.is_base(place.chain):
        if place.chain.name == "PREROUTING" and shape.only("dst-type"):
            return [m("idiom.local.prerouting")]
        if place.chain.name == "OUTPUT" and shape.only("dst-type", "destination"):
            loopback = shape.negated("destination") in ("127.0.0.0/8", "::1/128", "::1")
            more = [m("idiom.local.output.loopback")] if loopback else []
            return [m("idiom.local.output"), *more]
    if target in ("MASQUERADE", "SNAT"):
        return _source_nat(place, shape, context)
    return []


def _source_nat(place: Place, shape: Shape, context: HostContext) -> list[Message]:
    source, destination = shape.plain("source"), shape.plain("destination")
    if source is not None and source == destination and host_address(source) is not None:
        return explain_hairpin(place.table, place.index, shape, context)
    if shape.only("source", "out-interface") and source and shape.negated("out-interface"):
        return [m("idiom.outbound", source, shape.negated("out-interface"))]
    if shape.only("source") and source:
        return [m("idiom.outbound.every", bare(source))]
    if shape.only("out-interface", "src-type") and shape.plain("src-type") == "LOCAL":
        return [m("idiom.local_source", shape.plain("out-interface"))]
    return []


def _published(place: Place, shape: Shape, context: HostContext) -> list[Message]:
    address, port = dnat_destination(place.rule) or (None, "")
    published = shape.plain("dport")
    if address is None or published is None:
        return []
    if address.value >> 24 == 127 and address.family == 4:
        return [m("idiom.dns", f"{address}:{port}")] if str(address) == "127.0.0.11" else []
    protocol = (shape.plain("protocol") or "").upper()
    named = context.name_of(address)
    where = f"{address}:{port}" if address.family == 4 else f"[{address}]:{port}"
    if not port:
        where = str(address)
    to = where if isinstance(named, str) else Message(named.code, (where, *named.args[1:]))
    said = [m("idiom.published", protocol, published.replace(":", "-"), to)]
    only = shape.plain("destination")
    if only is not None:
        said.append(m("idiom.published.only", bare(only)))
    not_from = shape.negated("in-interface")
    if not_from is not None:
        said.append(m("idiom.published.not_own", not_from, published))
    elif only is not None and bare(only) in ("127.0.0.1", "::1"):
        pass
    elif shape.plain("in-interface") is None and not place.index.returned_before(
        place.chain, place.number, context.device_to(address)
    ):
        said.append(m("idiom.published.hairpin"))
    return said


def _return(place: Place, bridge: str) -> list[Message]:
    below = _numbers(place.index.translating_below(place.chain, place.number))
    if not below:
        return [m("idiom.return.bridge.none", bridge)]
    return [m("idiom.return.bridge", bridge, m("idiom.return.rules", join("and", below), place.chain.name))]


def _numbers(places: list[int]) -> list[str]:
    """Rules by number; those of very many rules that follow one another as ``3-90``."""
    if len(places) <= _MANY:
        return [str(number) for number in places]
    spans = IntSet.of(*places)
    return [str(first) if first == last else f"{first}-{last}" for first, last in spans]


def _filter(place: Place, shape: Shape, target: str, context: HostContext) -> list[Message]:
    oif, iif = shape.plain("out-interface"), shape.plain("in-interface")
    not_oif, not_iif = shape.negated("out-interface"), shape.negated("in-interface")
    if target == "ACCEPT":
        states = shape.plain("ctstate") or shape.plain("state") or ""
        if set(states.split(",")) == {"RELATED", "ESTABLISHED"}:
            return [m("idiom.established")]
        address = host_address(shape.plain("destination") or "")
        if address is not None and oif and not_iif == oif and shape.plain("dport"):
            return [m("idiom.port", context.name_of(address), shape.plain("dport"))]
    if iif and context.bridge(iif) is not None:
        if iif == oif and shape.only("in-interface", "out-interface") and target in ("ACCEPT", "DROP"):
            return [m("idiom.icc", iif)]
        if not_oif == iif and shape.only("in-interface", "out-interface"):
            if target == "ACCEPT":
                return [m("idiom.egress", iif)]
            return [m("idiom.isolation.1", iif)] if target == "DOCKER-ISOLATION-STAGE-2" else []
        if shape.only("in-interface") and target == "ACCEPT":
            return [m("idiom.egress.all", iif)]
    if target == "DROP":
        return _filter_drop(place, shape, context)
    if oif and shape.only("out-interface") and target == "DOCKER":
        return [m("idiom.by_bridge", oif)]
    return []


def _filter_drop(place: Place, shape: Shape, context: HostContext) -> list[Message]:
    oif, iif = shape.plain("out-interface"), shape.plain("in-interface")
    if oif and shape.negated("source") and shape.only("source", "out-interface", "in-interface"):
        return [m("idiom.internal.in", oif, shape.negated("source"))]
    if iif and shape.negated("destination") and shape.only("destination", "in-interface", "out-interface"):
        return [m("idiom.internal.out", iif, shape.negated("destination"))]
    if oif and context.bridge(oif) is not None:
        if shape.negated("in-interface") == oif and shape.only("in-interface", "out-interface"):
            return [m("idiom.unpublished", oif)]
        if shape.only("out-interface") and place.chain.name == "DOCKER-ISOLATION-STAGE-2":
            return [m("idiom.isolation.2")]
    return []


def _raw(shape: Shape, target: str, context: HostContext) -> list[Message]:
    address = host_address(shape.plain("destination") or "")
    if address is None:
        return []
    not_iif, iif = shape.negated("in-interface"), shape.plain("in-interface")
    if target == "DROP" and not_iif == "lo":
        return [m("idiom.raw.loopback", address)]
    if target == "DROP" and not_iif:
        return [m("idiom.raw.direct", context.name_of(address), not_iif)]
    if target == "ACCEPT" and iif:
        return [m("idiom.raw.trusted", context.name_of(address), iif)]
    return []
