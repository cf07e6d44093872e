"""What is answered of a port: who can open a connection to it."""

from __future__ import annotations

from dataclasses import dataclass

from sekisho.answers.limits import NO_LIMITS, Limits
from sekisho.answers.ports import NOT_LISTED
from sekisho.answers.refusing import Objection
from sekisho.answers.witness import Witness
from sekisho.model.evidence import Evidence
from sekisho.semantics.journey import Doubt, Lean
from sekisho.semantics.whose import plain
from sekisho.values.address import Family


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a call is refused, and the line that does it."""

    disposition: str
    evidence: Evidence | None = None

    @property
    def place(self) -> str:
        """The line with its place; empty where there is none."""
        found = self.evidence
        return "" if found is None else f"{found.file}:{found.line}  {found.text.strip()}"


@dataclass(frozen=True, slots=True)
class Access:
    """Whether one kind of caller can open a connection. ``status``: yes, no, perhaps, or none where there is
    no such caller. ``via`` are the addresses and ports to call, "direct" the container's own;
    ``sees``: the source that the server sees, "" for the caller's own. ``bypasses``: what the host's INPUT
    rules would say to the same packet, which they never see. ``only``: from where, if not every caller gets
    through. ``unaddressed``: such callers cannot send to the container's own address at all. ``doubts``: why
    nobody can say, or whether there are further ways."""

    caller: str
    status: str
    via: tuple[str, ...] = ()
    sees: tuple[str, ...] = ()
    witness: Witness | None = None
    bypasses: Objection | None = None
    refused_by: tuple[Reason, ...] = ()
    only: Limits = NO_LIMITS
    unaddressed: bool = False
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True, slots=True)
class Exposure:
    """One port of a container, or of the host."""

    place: str
    network: str
    address: str
    port: int
    proto: str
    access: tuple[Access, ...]


@dataclass(frozen=True, slots=True)
class Exposed:
    """The whole answer. ``no_way_in``: kinds of callers from outside (internet, vpc) whose packets arrive at
    no interface that is known."""

    family: Family
    ports: tuple[Exposure, ...]
    leans_on: tuple[Lean, ...]
    no_way_in: tuple[str, ...] = ()

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """Why nobody can say something of a port."""
        return tuple(doubt for port in self.ports for item in port.access for doubt in item.doubts)

    @property
    def unsure(self) -> bool:
        """Whether nobody can say something of a port, or that there is none."""
        open_ = any(item.status == "perhaps" for port in self.ports for item in port.access)
        return open_ or (not self.ports and any(plain(lean).code in NOT_LISTED for lean in self.leans_on))
