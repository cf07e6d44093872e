"""Labs for Python programs and their tests.

    with Lab() as lab:                          # the article's system; or Lab("topology.yaml"), Lab({...})
        lab["web"].run("ip", "route").stdout
        assert lab["internet"].http("198.51.100.10:8080").node == "web"

The lab ends with the ``with`` block, and with the process, however that ends.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

from sekisho.errors import UsageError, said
from sekisho.lab.namespaces import LabError
from sekisho.lab.system import enter, owner
from sekisho.lab.system.control import Client, Doors
from sekisho.lab.system.facts import capture
from sekisho.lab.system.look import SeenNode, apart, look
from sekisho.lab.system.places import main_address
from sekisho.lab.system.plan import Node, Plan
from sekisho.lab.system.topology import Topology
from sekisho.lab.system.verify import Compared, verify
from sekisho.model.snapshot import Snapshot
from sekisho.values.names import lab_name

_numbers = itertools.count(1)

Source = str | Path | Mapping[str, object] | Topology | Plan | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server of the lab's own says: its node, its address, and the client as it sees it."""

    node: str
    server: str
    client: str


class LabNode:
    """One node of a standing lab."""

    def __init__(self, lab: Lab, facts: Node) -> None:
        self._lab = lab
        self.facts = facts

    @property
    def name(self) -> str:
        """Its name in the lab."""
        return self.facts.name

    @property
    def address(self) -> str:
        """Its main IPv4 address. Raises LabError where it has none."""
        found = main_address(self._lab.plan, self.name)
        if found is None:
            raise LabError(said("the node {0!r} has no address", self.name))
        return str(found)

    def run(
        self, *argv: str, check: bool = True, feed: str | None = None, timeout: float | None = 30.0
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside. With ``check`` LabError for a status other than 0, with what it said.

        Raises subprocess.TimeoutExpired after ``timeout`` seconds.
        """
        done = enter.run(self._lab.doors, self.facts, argv, feed=feed, timeout=timeout)
        if check and done.returncode != 0:
            raise LabError(
                said("{0}: {1} exits with {2}", self.name, " ".join(argv), done.returncode),
                text=done.stderr.strip(),
            )
        return done

    def http(self, place: str, timeout: float = 3.0) -> Answer:
        """Ask an HTTP server of the lab's at ``ADDRESS:PORT``. Raises LabError where none answers."""
        done = self.run(
            "curl", "-s", "-S", "-m", str(timeout), "-H", "Accept: application/json", f"http://{place}/"
        )
        found = json.loads(done.stdout)
        return Answer(found["node"], found["server"], found["client"])

    def sysctl(self, key: str, value: str | int | None = None) -> str:
        """Read a kernel parameter; write it first where a value is given."""
        if value is not None:
            self.run("sysctl", "-q", "-w", f"{key}={value}")
        return self.run("sysctl", "-n", key).stdout.strip()

    def look(self) -> SeenNode:
        """Interfaces, addresses, listeners and counters as they are now."""
        return apart(self._lab.doors, [self.name], look)[self.name]


class Lab:
    """A lab of this process. ``source``: as ``lab up`` takes it (None: the article's system), a topology
    document as a mapping, or a Topology or Plan. ``name``: for ``sekisho lab`` commands, made up if None.
    """

    def __init__(self, source: Source = None, *, name: str | None = None) -> None:
        self.plan = replace(_plan(source), name=lab_name(name or f"lab-{os.getpid()}-{next(_numbers)}"))
        self.seconds: dict[str, float] = {}
        self.remarks: tuple[str, ...] = ()
        self._started: owner.Started | None = None
        self._client: Client | None = None
        self._doors: Doors | None = None

    def up(self) -> Lab:
        """Build it. Raises LabError where this machine cannot."""
        self._started = owner.start(self.plan, attached=True)
        self.seconds, self.remarks = self._started.seconds, self._started.remarks
        return self

    def down(self) -> None:
        """End it; the kernel removes all of it. Safe to call twice."""
        if self._doors is not None:
            self._doors.close()
            self._doors = None
        if self._started is not None:
            # An owner that has ended by itself is as good.
            with suppress(LabError):
                self.client.end()
            self._started.link.close()
            self._started = None
        if self._client is not None:
            self._client.close()
            self._client = None

    def __enter__(self) -> Lab:
        return self.up()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()

    def __getitem__(self, name: str) -> LabNode:
        node = self.plan.node(name)
        if node is None:
            raise KeyError(f"no node {name!r}; the nodes are: {', '.join(n.name for n in self.plan.nodes)}")
        return LabNode(self, node)

    def __iter__(self) -> Iterator[LabNode]:
        return (LabNode(self, node) for node in self.plan.nodes)

    def __len__(self) -> int:
        return len(self.plan.nodes)

    @property
    def client(self) -> Client:
        """The connection to the owner. Raises LabError where the lab does not stand."""
        if self._client is None:
            self._client = Client(self.plan.name)
        return self._client

    @property
    def doors(self) -> Doors:
        """The namespaces of all nodes."""
        if self._doors is None:
            self._doors = self.client.doors([node.name for node in self.plan.nodes])
        return self._doors

    def snapshot(self, host: str = "host") -> Snapshot:
        """What the usual commands say of a host and its containers, as a snapshot."""
        wanted = [node.name for node in self.plan.nodes if host in (node.name, node.host)]
        return capture(self.client, self.plan, wanted).snapshots[host]

    def verify(self, nodes: Sequence[str] | None = None) -> list[Compared]:
        """All pairs (from these nodes), model against kernel."""
        return verify(self.client, self.plan, nodes)


def _plan(source: Source) -> Plan:
    from sekisho.lab.system.lay_out import lay_out
    from sekisho.lab.system.read import topology_of
    from sekisho.lab.system.source import plan_of

    if isinstance(source, Plan):
        return source
    if isinstance(source, Topology):
        return lay_out(source)
    if isinstance(source, Mapping):
        return lay_out(topology_of(dict(source)))
    if source is None or isinstance(source, str | Path):
        return plan_of(None if source is None else str(source))
    raise UsageError(said("a lab cannot be made of {0}", type(source).__name__))
