"""One namespace compiled: its programs for IPv4 and IPv6, and the facts that a walk asks for besides."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from sekisho.model.host import Socket
from sekisho.model.netfilter import IpSet
from sekisho.model.snapshot import Namespace
from sekisho.semantics import fib, hidden_gateways, netfilter, whose
from sekisho.semantics.addresses import (
    TYPING,
    HostAddress,
    address_types,
    host_addresses,
    last_address,
    local_table,
)
from sekisho.semantics.beside import with_peers
from sekisho.semantics.echo import echo_chain
from sekisho.semantics.hidden_addresses import HiddenAddresses, hidden_addresses, known_others
from sekisho.semantics.input_checks import (
    arrival_checks,
    departure_checks,
    entrance_checks,
    forwarding_check,
)
from sekisho.semantics.journey import Hook, Lean
from sekisho.semantics.match_context import MatchContext
from sekisho.semantics.missing import addresses_told, failed_rules, unread_line, unread_lines, with_missing
from sekisho.semantics.own_source import answering, connecting, own_sources
from sekisho.semantics.program import ChainCode, Program, Station
from sekisho.semantics.sockets import published_ports, socket_chain
from sekisho.semantics.source_address import Preference, preferred_addresses
from sekisho.semantics.source_check import source_check
from sekisho.semantics.switches import conf
from sekisho.semantics.tracked import wants_tracking, with_nat_in_use
from sekisho.semantics.unmodelled import asks_marks, before, unmodelled
from sekisho.values.address import Address, Family, format_ip
from sekisho.values.intset import IntSet

_UNKNOWN = frozenset({"FAILED", "INCOMPLETE", "NONE", None})


@dataclass(frozen=True)
class HostCode:
    """A namespace ready for packets. ``addresses`` are by family, ``hidden`` those that no text shows;
    ``leans`` what routing rests on.

    ``commands``: those from which ``sockets`` were inferred (see ``listeners``), none where captured.
    """

    name: str
    facts: Namespace
    programs: dict[Family, Program]
    addresses: dict[Family, tuple[HostAddress, ...]]
    leans: dict[Family, tuple[Lean, ...]]
    sockets: tuple[Socket, ...] | None
    hidden: dict[Family, HiddenAddresses]
    commands: tuple[str, ...] = ()

    def takes_for_granted(self, family: Family) -> tuple[Lean, ...]:
        """What any answer about this namespace leans on: routing, and tables that no file shows."""
        gaps = (lean for leans in self.programs[family].gaps.values() for lean in leans)
        return tuple(dict.fromkeys((*self.leans[family], *gaps)))

    def looks_again(self, family: Family) -> bool:
        """Whether what no route takes from :: may have one from an address of the host's: where policy rules
        ask for sources."""
        rules = self.facts.rules or () if family == 6 else ()
        return any(rule.src is not None for rule in rules if rule.family == 6)

    def broadcasts(self, interface: str) -> frozenset[int]:
        """The IPv4 broadcast addresses of the interface's subnets."""
        return self._broadcasts.get(interface, frozenset())

    @cached_property
    def _broadcasts(self) -> dict[str, frozenset[int]]:
        found: dict[str, set[int]] = {}
        local, _ = local_table(self.facts, 4, self.addresses[4])
        for route in (*self.facts.routes, *local):
            for hop in route.nexthops if (route.family, route.kind) == (4, "broadcast") else ():
                if hop.dev is not None:
                    found.setdefault(hop.dev, set()).add(route.dst.value)
        return {interface: frozenset(values) for interface, values in found.items()}

    def neighbours(self, interface: str, family: Family) -> frozenset[int]:
        """Whose MAC addresses are known on an interface: they need not be asked for."""
        return self._neighbours.get((interface, family), frozenset())

    @cached_property
    def _neighbours(self) -> dict[tuple[str, Family], frozenset[int]]:
        return self._by_place(lambda state: state not in _UNKNOWN)

    def _by_place(self, wanted: Callable[[str | None], bool]) -> dict[tuple[str, Family], frozenset[int]]:
        found: dict[tuple[str, Family], set[int]] = {}
        for item in self.facts.neighbours or ():
            if wanted(item.state):
                here = found.setdefault((item.interface, item.address.family), set())
                here.add(item.address.value)
        return {place: frozenset(values) for place, values in found.items()}

    def knows(self, interface: str, neighbour: Address) -> bool:
        """Whether the MAC address of a neighbour on an interface is known."""
        return neighbour.value in self.neighbours(interface, neighbour.family)

    def silent(self, interface: str, family: Family) -> frozenset[int]:
        """Who did not answer on an interface when the host was captured."""
        return self._silent.get((interface, family), frozenset())

    @cached_property
    def _silent(self) -> dict[tuple[str, Family], frozenset[int]]:
        return self._by_place(lambda state: state == "FAILED")

    def unfindable(self, interface: str, family: Family) -> frozenset[int]:
        """The interface's own IPv6 addresses: a host takes no advertisement of them (ndisc_recv_na), so where
        routing does not take a packet for one of them itself, nobody else does."""
        here = (item for item in self.addresses[family] if item.interface == interface)
        own = frozenset(item.value for item in here) if family == 6 else frozenset[int]()
        return own - self.neighbours(interface, family)

    def mac(self, interface: str) -> str | None:
        """An interface's MAC address; None: not captured."""
        return self._macs.get(interface)

    @cached_property
    def _macs(self) -> dict[str, str | None]:
        return {item.name: item.mac for item in reversed(self.facts.interfaces or ())}

    def preferred(self, family: Family, interface: str) -> tuple[Preference, ...]:
        """Its addresses as sources for what leaves by an interface, best first (``source_address``)."""
        found = self._preferred.get((family, interface))
        if found is None:
            found = preferred_addresses(self.addresses[family], interface)
            self._preferred[family, interface] = found
        return found

    @cached_property
    def _preferred(self) -> dict[tuple[Family, str], tuple[Preference, ...]]:
        return {}

    def owns(self, family: Family, value: int, interface: str | None = None) -> bool:
        """Whether the address is one of this namespace's (on that interface, when one is named)."""
        return any(
            item.value == value and (interface is None or item.interface == interface)
            for item in self.addresses[family]
        )


def compile_host(
    namespace: Namespace,
    leaning: bool = True,
    usual: Collection[str] = (),
    others: Iterable[Address] = (),
) -> HostCode:
    """Facts -> stations, for both families. ``leaning`` False is for proofs: what would be taken as usual
    where it was not captured stays open. ``usual``: tables that are missed where a save has none of them.
    ``others``: addresses that are somebody else's, a container's for example."""
    foreign = tuple(others)
    hidden: dict[Family, HiddenAddresses] = {}
    addresses: dict[Family, tuple[HostAddress, ...]] = {}
    programs: dict[Family, Program] = {}
    leans: dict[Family, tuple[Lean, ...]] = {}
    for family in (4, 6):
        family_typed: Family = 4 if family == 4 else 6
        addresses[family_typed] = host_addresses(namespace, family_typed)
        hidden[family_typed] = hidden_addresses(namespace, family_typed, addresses[family_typed])
        theirs = IntSet.of(*(each.value for each in foreign if each.family == family))
        programs[family_typed], leans[family_typed] = _program(
            namespace, family_typed, addresses[family_typed], leaning, usual, hidden[family_typed], theirs
        )
    return HostCode(namespace.node, namespace, programs, addresses, leans, namespace.sockets, hidden)


def texts_as_they_are(namespace: Namespace) -> Iterator[Lean]:
    """What texts are taken as that may have held more."""
    if namespace.cut_files:
        yield Lean("text-ends-in-a-line", (", ".join(namespace.cut_files),))
    if namespace.changed_files:
        yield Lean("text-changed", (", ".join(namespace.changed_files),))
    if namespace.empty_files:
        yield Lean("text-empty", (", ".join(namespace.empty_files),))


def _program(
    namespace: Namespace,
    family: Family,
    addresses: tuple[HostAddress, ...],
    leaning: bool,
    usual: Collection[str],
    hidden: HiddenAddresses,
    theirs: IntSet,
) -> tuple[Program, tuple[Lean, ...]]:
    leans: list[Lean] = []
    local, inferred = local_table(namespace, family, addresses)
    local += tuple(
        last_address(prefix, name) for name, prefix in hidden.subnets if family == 4 and prefix.length < 31
    )
    theirs |= known_others(namespace, family) | IntSet.of(*(route.dst.value for route in local))
    captured = tuple(route for route in namespace.routes if route.family == family)
    routes = (*(r for r in captured if r.table != "local"), *local)
    if inferred:
        leans.append(whose.lean(namespace, "local-table-inferred"))
    if family == 4 and namespace.addresses_hidden is not None:
        leans.append(whose.lean(namespace, "addresses-by-ifconfig"))
    for item in addresses:
        if item.tentative:
            leans.append(Lean("address-tentative", (format_ip(family, item.value), item.interface)))
    # Every namespace has rules of both families: none of a family means that ip -6 rule was not asked.
    rules = tuple(rule for rule in namespace.rules or () if rule.family == family) or None
    if leaning:
        leans += texts_as_they_are(namespace)
    if rules is None and failed_rules(namespace, family) is None:
        leans.append(whose.lean(namespace, "policy-rules-not-captured"))
    elif rules is not None and fib.lacks_default(rules, family):
        leans.append(whose.lean(namespace, "default-rules-asked"))
    one_trie = family == 4 and not fib.has_custom_rules(namespace.rules, family)
    tables = fib.table_chains(
        routes,
        family,
        _ignoring_linkdown(namespace, family),
        one_trie,
        hidden_gateways.deciding(namespace, family, addresses),
    )
    if inferred:
        tables = _with_unread_addresses(tables, namespace, family, hidden)
    tables = with_missing(tables, namespace, family, rules, leaning)
    gateways_hidden = any(hop.hidden for route in captured for hop in route.nexthops)
    lookback: dict[str, ChainCode] | None = None
    if hidden.subnets or gateways_hidden:
        _, lookback = fib.rule_chains(rules, family, fib.looking_back(tables))
        tables = {**tables, "local": hidden.with_doubts(tables["local"], theirs)}
    routing, tables = fib.rule_chains(rules, family, tables)
    if lines := tuple(unread_lines(namespace, family)):
        routing = ChainCode(routing.name, (*lines, *routing.lines), routing.policy)
    sets: dict[str, IpSet] | None = (
        None if namespace.ipsets is None else {item.name: item for item in namespace.ipsets}
    )
    told = addresses_told(namespace, family)
    nothing_tells = not told and not any(known == family for known, _ in namespace.route_tables)
    main = tuple(route for route in captured if route.table == "main") if one_trie else ()
    further = family == 4 and namespace.addresses_hidden is not None
    unseen = (
        nothing_tells
        or ((inferred or further) and not leaning)
        or _lacks_addresses(namespace, family, inferred)
    )
    types = address_types(family, local, main, unseen or bool(hidden.subnets))
    within = None if unseen or not hidden.subnets else hidden.everywhere(theirs)
    types = replace(types, by_rules=fib.asks_before_local(namespace.rules, family), within=within)
    moving = frozenset() if sets is None else netfilter.moving_sets(namespace.rulesets)
    own = own_sources(family, addresses, types)
    context = MatchContext(family, types, sets, moving, namespace.interfaces, leaning)
    stations = with_peers(_stations(namespace, context), namespace, family)
    everybody = IntSet.of(*(route.dst.value for route in local if route.kind == "broadcast"))
    marks = asks_marks(namespace, family, (each for here in stations.values() for each in here))
    strange = unmodelled(namespace, family, addresses, everybody, marks)
    program = Program(
        family,
        stations,
        arrival_checks(namespace, family, local),
        routing,
        tables,
        before(strange.forwarding, forwarding_check(namespace, family)),
        source_check(namespace, family, addresses),
        {
            hook: tuple(whose.lean(namespace, each.code, *each.args) for each in leans_there)
            for hook, leans_there in netfilter.gaps(namespace.rulesets, family, namespace.nft, usual).items()
        },
        socket_chain(namespace.sockets, family, namespace.socket_protocols, namespace.unread),
        published_ports(stations),
        before(strange.entrance, entrance_checks(namespace, family)),
        before(strange.departure, departure_checks(namespace, family)),
        before(strange.echo, echo_chain(namespace, family)),
        own,
        connecting(own),
        before(strange.answering, answering(own)),
        lookback,
    )
    return program, tuple(leans)


def _stations(namespace: Namespace, context: MatchContext) -> dict[Hook, tuple[Station, ...]]:
    found = netfilter.stations(namespace.rulesets, context)
    if namespace.nft is None:
        return with_nat_in_use(found, wants_tracking(each for here in found.values() for each in here))
    from sekisho.semantics.nft import with_nft  # only here: hosts without nftables' listing start faster

    return with_nft(found, namespace.nft, namespace.rulesets, context)


def _ignoring_linkdown(namespace: Namespace, family: Family) -> frozenset[str]:
    """The interfaces whose routes are passed over without a carrier. IPv6's ``all`` is written through to
    each interface (addrconf_fixup_linkdown), IPv4's counts beside each (IN_DEV_ORCONF)."""
    names = {hop.dev for route in namespace.routes for hop in route.nexthops if hop.dev is not None}
    key = "ignore_routes_with_linkdown"
    return frozenset(
        name
        for name in names
        if conf(namespace, name, key, family) or (family == 4 and conf(namespace, "all", key))
    )


def _with_unread_addresses(
    tables: dict[str, ChainCode], namespace: Namespace, family: Family, hidden: HiddenAddresses
) -> dict[str, ChainCode]:
    """Where table local is inferred from the addresses, one that could not be read may be missing there."""
    lines = [
        unread_line("address-line-unread", unread)
        for unread in namespace.unread
        if unread.about == "addresses" and not hidden.tells_where(unread, namespace, family)
    ]
    if not lines:
        return tables
    local = tables["local"]
    return {**tables, "local": ChainCode(local.name, (*local.lines, *lines), local.policy)}


def _lacks_addresses(namespace: Namespace, family: Family, inferred: bool) -> bool:
    """Whether a line that could not be read may tell of an address of the host, or give one a type."""
    for unread in namespace.unread:
        typed = not TYPING.isdisjoint(unread.evidence.text.split())
        if (inferred and unread.about == "addresses") or (
            typed and unread.about == "routes" and unread.family in (family, None)
        ):
            return True
    return False
