"""What has packets beside netfilter: IPsec's policies, tc, virtual services (ipvs), WireGuard's peers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sekisho.model.evidence import Evidence
from sekisho.values.address import Address, Prefix
from sekisho.values.names import InterfaceName

BesideKind = Literal["xfrm", "tc", "ipvs", "wireguard"]


LISTENS = "listens"


@dataclass(frozen=True, slots=True)
class Beside:
    """One entry of a listing; ``lines`` are its own, as they stand.

    ``direction``: a policy's (in, out, fwd; socket for one of a socket's own), a filter's (ingress, egress);
    "" for what has none. ``word``: a policy's action, the kind of a queue or filter. ``src`` and ``dst``: a
    policy's packets. ``address``, ``proto``, ``port``, ``mark``: a virtual service's. ``allowed``: a peer's,
    whose ``address`` and ``port`` are its endpoint, where one is known. A fact of the word LISTENS is
    WireGuard's interface itself, with the ``port`` on which it listens.
    """

    kind: BesideKind
    lines: tuple[str, ...]
    interface: InterfaceName | None = None
    direction: str = ""
    word: str = ""
    src: Prefix | None = None
    dst: Prefix | None = None
    address: Address | None = None
    proto: int | None = None
    port: int | None = None
    mark: int | None = None
    allowed: tuple[Prefix, ...] = ()
    evidence: Evidence | None = field(default=None, compare=False)
