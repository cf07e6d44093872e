"""Whether the rule that waits for a container calling its own published port can ever fire.

Decided by the shape of the nat table alone: such a packet comes from the container's bridge, so it
reaches its DNAT rule only if no earlier rule of that chain returns everything from that bridge and
the DNAT rule itself does not leave that bridge out.
"""

from __future__ import annotations

from sekisho.explain.context import HostContext, dnat_destination, host_address
from sekisho.explain.message import Message, join, m
from sekisho.explain.shape import Shape, shape_of
from sekisho.model.netfilter import Chain, Rule, Table
from sekisho.values.address import Address


def explain_hairpin(table: Table, shape: Shape, context: HostContext) -> list[Message]:
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
    for chain in table.chains:
        for number, rule in enumerate(chain.rules, start=1):
            destination = dnat_destination(rule)
            if destination is None or destination[0] != address or port not in (None, destination[1]):
                continue
            found = True
            why = _kept_away(chain, number, rule, _bridge_of(rule, address, context))
            if why is None:
                return [*said, _fires(chain, number, rule, address, context)]
            reasons.extend(why)
    if not found:
        return [*said, m("idiom.hairpin.no_dnat", address if port is None else f"{address}:{port}")]
    return [*said, m("idiom.hairpin.never", join("reasons", dict.fromkeys(reasons)))]


def _bridge_of(rule: Rule, address: Address, context: HostContext) -> str:
    return context.device_to(address) or shape_of(rule).negated("in-interface") or ""


def _kept_away(chain: Chain, number: int, rule: Rule, bridge: str) -> list[Message] | None:
    """Why a packet from ``bridge`` does not get this DNAT; None when nothing keeps it away."""
    reasons: list[Message] = []
    name = m("rule.name", chain.name, number)
    for earlier, other in enumerate(chain.rules[: number - 1], start=1):
        if other.target is None or other.target.name != "RETURN":
            continue
        shape = shape_of(other)
        if shape.only("in-interface") and shape.plain("in-interface") == bridge:
            reasons.append(m("hairpin.returned", m("rule.name", chain.name, earlier), bridge, name))
            break
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
