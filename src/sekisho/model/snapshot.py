"""A snapshot: namespaces (the host's and those of containers), Docker's view, notes.

Every collection that may be *not captured* is None then, and empty only when the capture says that
there is nothing. Answers must tell the two apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sekisho.model.aws import Instance
from sekisho.model.beside import Beside, BesideKind
from sekisho.model.docker import DockerContainer, DockerNetwork, ListedContainer, ListedNetwork
from sekisho.model.evidence import Evidence, Failure, Unread
from sekisho.model.host import LoggedPacket, Socket, Sysctl, SysctlFile, TrackedConnection
from sekisho.model.links import BridgeEntry, Interface, InterfaceAddress, Neighbour
from sekisho.model.netfilter import IpSet, Ruleset
from sekisho.model.routing import PolicyRule, Route
from sekisho.model.stated import Stated
from sekisho.values.address import Family
from sekisho.values.names import NamespaceName

if TYPE_CHECKING:  # most hosts' snapshots hold none, and its many classes take long to make
    from sekisho.model.nft import NftRuleset


# The name of a host's own namespace.
HOST = "host"


@dataclass(frozen=True, slots=True)
class Namespace:
    """One network namespace. ``name`` is "host" for the host's own, else the netns/ folder's name; ``site``
    names the host, where there are several.

    ``routes`` holds every captured table of both families; ``route_tables`` tells what a capture
    covers: (family, "all") when ``show table all`` was read, (family, "main") when only main was, and so on
    for other tables (``shows_table``).
    ``rulesets``: iptables rule sets, one per (family, back end). ``unread`` are lines of this
    namespace's files that were not understood; ``files`` every file that was read; ``failed`` commands that
    were tried and told nothing. ``socket_protocols``: what ``sockets`` covers; after ``ss -lt`` UDP sockets
    are unknown.
    ``address_families``: what ``addresses`` covers; after ``ip -4 addr`` IPv6 ones are unknown.
    ``addresses_hidden``: a listing that leaves out further IPv4 addresses of an interface, as ifconfig does.
    ``logged``: packets that the kernel's log shows. ``stated``: what front ends were told.
    ``beside``: what has packets beside netfilter, of the kinds ``beside_shown`` all there is.
    ``cut_files``: those whose last line has no end, ``empty_files``: those without a byte that are taken to
    say that there is nothing, ``changed_files``: those that are not as they were captured.
    """

    name: NamespaceName
    routes: tuple[Route, ...] = ()
    route_tables: frozenset[tuple[Family, str]] = frozenset()
    rules: tuple[PolicyRule, ...] | None = None
    interfaces: tuple[Interface, ...] | None = None
    addresses: tuple[InterfaceAddress, ...] | None = None
    neighbours: tuple[Neighbour, ...] | None = None
    bridge_entries: tuple[BridgeEntry, ...] | None = None
    rulesets: tuple[Ruleset, ...] = ()
    nft: NftRuleset | None = None
    ipsets: tuple[IpSet, ...] | None = None
    sysctls: tuple[Sysctl, ...] | None = None
    sysctl_files: tuple[SysctlFile, ...] | None = None
    sockets: tuple[Socket, ...] | None = None
    connections: tuple[TrackedConnection, ...] | None = None
    unread: tuple[Unread, ...] = ()
    files: tuple[str, ...] = ()
    socket_protocols: frozenset[str] = frozenset({"tcp", "udp"})
    failed: tuple[Failure, ...] = ()
    address_families: frozenset[Family] = frozenset({4, 6})
    addresses_hidden: Evidence | None = None
    logged: tuple[LoggedPacket, ...] = ()
    stated: tuple[Stated, ...] = ()
    cut_files: tuple[str, ...] = ()
    empty_files: tuple[str, ...] = ()
    changed_files: tuple[str, ...] = ()
    beside: tuple[Beside, ...] = ()
    beside_shown: frozenset[BesideKind] = frozenset()
    site: str = ""
    # Filled when first asked: a host with a thousand interfaces has thirty thousand sysctls.
    _by_key: dict[str, Sysctl] = field(
        default_factory=dict, init=False, compare=False, repr=False, hash=False
    )

    @property
    def is_host(self) -> bool:
        """Whether it is a host's own."""
        return self.name == HOST

    @property
    def node(self) -> str:
        """What tells it from all others: of several hosts, the host's name and a container's behind it."""
        if not self.site:
            return self.name
        return self.site if self.is_host else f"{self.site}/{self.name}"

    def shows_table(self, family: Family, table: str) -> bool:
        """Whether all routes of a routing table were captured."""
        return not self.route_tables.isdisjoint({(family, "all"), (family, table)})

    def lists_addresses(self, family: Family) -> bool:
        """Whether the namespace's addresses of the family were captured."""
        return self.addresses is not None and family in self.address_families

    def sysctl(self, key: str) -> str | None:
        """The value of a sysctl, None where it was not captured (the last line wins)."""
        found = self.sysctl_fact(key)
        return None if found is None else found.value

    def sysctl_fact(self, key: str) -> Sysctl | None:
        """The same with its evidence."""
        if not self._by_key and self.sysctls:
            self._by_key.update((item.key, item) for item in self.sysctls)
        return self._by_key.get(key)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a snapshot folder, archive or pasted text holds. ``path`` is how the user named it.

    ``roles`` are from snapshot.toml: (interface, role), role e.g. "internet". ``notes`` is what the
    capture could not read, ``prose`` people's words around what was pasted, which tell no fact.
    ``wires`` are, from there too, interfaces (HOST/NAME) of several hosts that are on one wire.
    ``listed_containers`` and ``listed_networks`` are known in part only (``docker ps``); None: not captured.
    ``texts``: (file, text) as captured, so that lines without a fact (column heads, COMMIT) can be shown
    too; line numbers are those of ``Evidence``.
    """

    path: str
    host: Namespace
    namespaces: tuple[Namespace, ...] = ()
    networks: tuple[DockerNetwork, ...] | None = None
    containers: tuple[DockerContainer, ...] | None = None
    listed_containers: tuple[ListedContainer, ...] | None = None
    listed_networks: tuple[ListedNetwork, ...] | None = None
    docker_version: str | None = None
    instances: tuple[Instance, ...] | None = None
    name: str = ""
    roles: tuple[tuple[str, str], ...] = ()
    wires: tuple[tuple[str, ...], ...] = ()
    notes: tuple[Evidence, ...] = ()
    unread: tuple[Unread, ...] = field(default=())
    prose: tuple[Evidence, ...] = field(default=(), compare=False)
    texts: tuple[tuple[str, str], ...] = field(default=(), compare=False, repr=False)
