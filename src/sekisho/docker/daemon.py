"""dockerd's state while it works: the host, both firewalls, what it knows, and what stays open."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sekisho.docker.engine import Engine
from sekisho.docker.firewall import firewalls
from sekisho.docker.host_state import HostState
from sekisho.docker.nft_state import NftState
from sekisho.model.evidence import Evidence
from sekisho.model.netfilter import Ruleset
from sekisho.model.snapshot import Namespace, Snapshot
from sekisho.values.address import Family


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a plan leans on or leaves open. The words are in ``explain``, by ``id``."""

    id: str
    args: tuple[str, ...] = ()
    place: Evidence | None = field(default=None, compare=False)


class Daemon:
    """What all steps share."""

    def __init__(self, before: Snapshot, engine: Engine) -> None:
        self.engine = engine
        self.host = HostState(before.host)
        known = bool(before.host.rulesets) or before.host.nft is not None
        self.fw4, self.fw6 = firewalls(before.host.rulesets, known)
        self.nft = NftState(before.host.nft)
        self.running = before.networks is not None or self.fw4.has_chain("nat", "DOCKER") or self.nft.running
        self._notes: dict[Note, None] = {}
        self._ids = 0
        self._veths = 0
        if before.host.rulesets == () and not engine.nftables and engine.iptables:
            self.note("rules-unknown")

    def note(self, id: str, *args: str, place: Evidence | None = None) -> None:
        """Say it once."""
        self._notes.setdefault(Note(id, args, place))

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was said so far."""
        return tuple(self._notes)

    def new_id(self) -> str:
        """64 hexadecimal digits that stand for an id that only Docker can choose."""
        self._ids += 1
        return f"{self._ids:012d}".ljust(64, "0")

    def skip_ids(self, taken: set[str]) -> None:
        """Never give out an id whose first digits are in use (a plan made upon a plan)."""
        while f"{self._ids + 1:012d}" in taken:
            self._ids += 1

    def new_veth(self) -> str:
        """The name of a veth: Docker's is ``veth`` and seven random digits."""
        while True:
            self._veths += 1
            name = f"veth{self._veths:07d}"
            if not self.host.has_interface(name):
                return name

    def uses_iptables(self, family: Family) -> bool:
        if self.engine.nftables:
            return False
        return self.engine.iptables if family == 4 else self.engine.ip6tables

    def uses_nft(self, family: Family) -> bool:
        if not self.engine.nftables:
            return False
        return self.engine.iptables if family == 4 else self.engine.ip6tables

    def namespace(self) -> Namespace:
        """The host's namespace as it is now."""
        facts = self.host.namespace()
        kept = tuple(item for item in facts.rulesets if not self._replaced(item))
        mine = tuple(fw.ruleset() for fw in (self.fw4, self.fw6) if fw.touched or fw.captured)
        nft = self.nft.ruleset(facts.nft, (self.fw4, self.fw6))
        return replace(facts, rulesets=(*mine, *kept), nft=nft, unread=facts.unread, files=())

    def _replaced(self, ruleset: Ruleset) -> bool:
        """A save without a single table tells of no back end: what is written now takes its place."""
        fw = self.fw4 if ruleset.family == 4 else self.fw6
        written = fw.touched or fw.captured
        return ruleset.backend == fw.backend or (written and not ruleset.backend and not ruleset.tables)
