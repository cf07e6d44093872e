"""What AWS says of this machine, in words."""

from __future__ import annotations

from sekisho.explain.message import Message, join, m
from sekisho.model.aws import Instance


def explain_instance(item: Instance) -> tuple[Message, ...]:
    """An instance: its addresses, and how its metadata service answers."""
    addresses = join("and", item.addresses)
    said = [m("aws.instance", item.id, addresses) if item.addresses else m("aws.instance.bare", item.id)]
    if item.endpoint == "disabled":
        return (*said, m("aws.imds.off"))
    if item.tokens in ("required", "optional"):
        said.append(m(f"aws.imds.{item.tokens}"))
    if item.hop_limit is not None:
        said.append(m("aws.imds.one_hop") if item.hop_limit == 1 else m("aws.imds.hops", item.hop_limit))
    return tuple(said)
