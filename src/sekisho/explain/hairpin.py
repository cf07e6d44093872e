"""Whether the rule that waits for a container calling its own published port can ever fire.

Decided by the shape of the nat table alone: such a packet comes from the container's bridge, so it
reaches its DNAT rule only if no earlier rule of that chain returns everything from that bridge and
the DNAT rule itself does not leave that bridge out.
"""

from __future__ import annotations

from sekisho.explain.context import HostContext, host_address
from sekisho.explain.message import Message, join, m
from sekisho.explain.nat_index import NatIndex
from sekisho.explain.shape import Shape, shape_of
from sekisho.model.netfilter import Chain, Rule, Table
from sekisho.values.address import Address


def explain_hairpin(table: Table, index: NatIndex, shape: Shape, context: HostContext) -> list[Message]:
    """Sentences about a rule whose source and destination are the same single address."""
    address = host_address(shape.plain("source") or "")
    if address is None:
        return []
    said = [m("idiom.hairpin", context.name_of(address))]
    if table.incomplete is not None:
        return [*said, m("idiom.hairpin.unknown")]
    port = shape.plain("dport")
    reasons: list[Message] = []
    found = False
    for leading in index.leading_to(address):
        chain, number, rule = leading.chain, leading.number, leading.rule
        if port not in (None, leading.port):
            continue
        found = True
        why = _kept_away(index, chain, number, rule, _bridge_of(rule, address, context))
        if why is None and _conditional(index, chain, rule):
            return [*said, m("idiom.hairpin.perhaps", m("rule.name", chain.name, number))]
        if why is None:
            fires = _fires(chain, number, rule, address, context)
            return [*said, fires, m("idiom.hairpin.port")]
        reasons.extend(why)
    if not found:
        return [*said, m("idiom.hairpin.no_dnat", address if port is None else f"{address}:{port}")]
    return [*said, m("idiom.hairpin.never", join("reasons", dict.fromkeys(reasons)))]


def _bridge_of(rule: Rule, address: Address, context: HostContext) -> str:
    return context.device_to(address) or shape_of(rule).negated("in-interface") or ""


def _conditional(index: NatIndex, chain: Chain, rule: Rule) -> bool:
    """Whether conditions that are not looked at here stand between the packet and the DNAT."""
    plain = shape_of(rule).only("protocol", "dport", "in-interface", "destination")
    if chain.name == "PREROUTING":
        return not plain
    callers = [shape_of(caller) for caller in index.callers(chain)]
    open_to_all = any(caller.only("dst-type") for caller in callers)
    return not (plain and open_to_all)


def _kept_away(index: NatIndex, chain: Chain, number: int, rule: Rule, bridge: str) -> list[Message] | None:
    """Why a packet from ``bridge`` does not get this DNAT; None when nothing keeps it away."""
    reasons: list[Message] = []
    name = m("rule.name", chain.name, number)
    destination = host_address(shape_of(rule).plain("destination") or "")
    if destination is not None and (destination.value == 1 or destination.value >> 24 == 127):
        return [m("hairpin.loopback", name, destination)]
    if chain.name != "PREROUTING" and chain.name not in index.called:
        return [m("hairpin.uncalled", name)]
    only_from = shape_of(rule).plain("in-interface")
    if only_from is not None and bridge and only_from != bridge and not only_from.endswith("+"):
        return [m("hairpin.other_interface", name, only_from)]
    earlier = index.returned_before(chain, number, bridge)
    if earlier is not None:
        reasons.append(m("hairpin.returned", m("rule.name", chain.name, earlier), bridge, name))
    if bridge and shape_of(rule).negated("in-interface") == bridge:
        reasons.append(m("hairpin.excluded", name, bridge))
    return reasons or None


def _fires(chain: Chain, number: int, rule: Rule, address: Address, context: HostContext) -> Message:
    bridge = _bridge_of(rule, address, context)
    own = next((str(a) for a, device in context.own_addresses.items()
                if device == bridge and a.family == address.family), None)  # fmt: skip
    if not bridge:
        bridge = "?"
    source = m("hairpin.bridge_address", bridge, own) if own else m("hairpin.bridge_address.unknown", bridge)
    return m("idiom.hairpin.fires", m("rule.name", chain.name, number), source)
