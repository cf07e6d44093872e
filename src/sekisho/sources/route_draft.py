"""A route while it is being read, the same for text and JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sekisho.model.evidence import Evidence
from sekisho.model.routing import NextHop, Route
from sekisho.sources.route_words import Pair
from sekisho.sources.text import Unreadable
from sekisho.values.address import Address, Family, Prefix, everything
from sekisho.values.names import InterfaceName

KINDS_WITHOUT_HOP = frozenset({"blackhole", "unreachable", "prohibit", "throw"})


@dataclass(slots=True)
class HopDraft:
    """A next hop while its words are read."""

    dev: InterfaceName | None = None
    via: Address | None = None
    weight: int = 1
    flags: list[str] = field(default_factory=list)
    attributes: list[Pair] = field(default_factory=list)
    hidden: str = ""

    def freeze(self) -> NextHop:
        """The next hop as a fact."""
        attributes = tuple(self.attributes)
        return NextHop(self.dev, self.via, self.weight, tuple(self.flags), attributes, self.hidden)


@dataclass(slots=True)
class RouteDraft:
    """``hop`` is the way named beside the destination, ``hops`` those of nexthop lines.

    ``family`` None means that nothing tells so far, ``dst`` None the default route.
    """

    table: str
    family: Family | None = None
    dst: Prefix | None = None
    kind: str = "unicast"
    kind_printed: bool = False
    hop: HopDraft = field(default_factory=HopDraft)
    hops: list[NextHop] = field(default_factory=list)
    src: Address | None = None
    metric: int | None = None
    proto: str | None = None
    scope: str | None = None
    tos: int = 0
    nhid: int | None = None
    attributes: list[Pair] = field(default_factory=list)
    evidence: Evidence | None = None

    def tell(self, family: Family, word: str) -> None:
        """``word`` belongs to a route of this family; raises Unreadable when another one did not."""
        if self.family is None:
            self.family = family
        elif self.family != family:
            raise Unreadable("mixed-families", word)

    def add_attribute(self, pair: Pair) -> None:
        """Keep an attribute, and what it tells of the family."""
        self.attributes.append(pair)
        if pair[0] == "pref" or (pair[0] == "from" and ":" in pair[1]):
            self.tell(6, pair[0])

    def settle(self, *, bare: bool) -> None:
        """Check, at the end, that the route says where packets go.

        ``bare`` says that nothing but a destination was read, so that the line must have been cut.
        """
        if self.family is None and self.scope not in (None, "global"):
            self.family = 4  # an IPv6 route has no scope but the widest
        if self.hop.dev is not None or self.hop.via is not None:
            if self.hops:
                raise Unreadable("two-next-hops", self.hop.dev or str(self.hop.via))
            self.hops.append(self.hop.freeze())
            return
        self.attributes[:0] = [(flag, "") for flag in self.hop.flags]
        if not self.hops and self.kind not in KINDS_WITHOUT_HOP and self.nhid is None:
            dst = "default" if self.dst is None else str(self.dst)
            raise Unreadable("truncated" if bare else "no-next-hop", dst)

    def freeze(self, fallback: Family) -> Route:
        """The route as a fact; ``fallback`` is the family where nothing told."""
        family = self.family or fallback
        return Route(
            family=family, dst=self.dst or everything(family), kind=self.kind, table=self.table,
            nexthops=tuple(self.hops), src=self.src, metric=self.metric, proto=self.proto,
            scope=self.scope, tos=self.tos, nhid=self.nhid, attributes=tuple(self.attributes),
            kind_printed=self.kind_printed, evidence=self.evidence,
        )  # fmt: skip


def common_family(drafts: Iterable[RouteDraft], otherwise: Family) -> Family:
    """The one family of all routes that tell theirs, else what the caller says."""
    told: set[Family] = {draft.family for draft in drafts if draft.family is not None}
    return told.pop() if len(told) == 1 else otherwise
