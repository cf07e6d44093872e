"""``predict``: the host after Docker did what was asked, step by step as dockerd does it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from sekisho.docker import names
from sekisho.docker.containers import ContainerSteps
from sekisho.docker.daemon import Daemon, Note
from sekisho.docker.engine import Engine
from sekisho.docker.intent import (
    Act,
    Connect,
    CreateNetwork,
    NeedNetwork,
    RemoveContainer,
    RemoveNetwork,
    RunContainer,
)
from sekisho.docker.networks import NetworkSteps
from sekisho.model.snapshot import Namespace, Snapshot

__all__ = ["Note", "Plan", "Predictor", "bare_host", "predict"]


@dataclass(frozen=True, slots=True)
class Plan:
    """``before`` and ``after`` as snapshots, and what the prediction leans on or leaves open."""

    engine: Engine
    before: Snapshot
    after: Snapshot
    notes: tuple[Note, ...] = field(default=())


class Predictor:
    """dockerd at work on a host. Acts are applied one by one; a DockerError leaves the rest as it is."""

    def __init__(self, before: Snapshot, engine: Engine) -> None:
        self.before = before
        self.daemon = Daemon(before, engine)
        self.networks = NetworkSteps(self.daemon)
        self.containers = ContainerSteps(self.daemon, self.networks)
        if self.daemon.running:
            self.networks.adopt(before)
            self.containers.adopt(before)
        else:
            self.networks.start_daemon()

    def apply(self, act: Act) -> None:
        """One act. Raises DockerError with Docker's own words where dockerd would refuse."""
        names.check(act)
        match act:
            case CreateNetwork(spec):
                self.networks.create(spec)
            case NeedNetwork(_, name, place):
                self.networks.need(name, place)
            case RemoveNetwork(name, place):
                self.networks.remove(name, place)
            case RunContainer(spec):
                self.containers.run(spec)
            case RemoveContainer(name, place):
                self.containers.remove(name, place)
            case Connect(container, endpoint):
                self.containers.connect(container, endpoint)

    def plan(self) -> Plan:
        """The host as it is now."""
        daemon = self.daemon
        self.containers.note_unpublished()
        host = daemon.namespace()
        after = replace(
            self.before,
            host=host,
            namespaces=(*self._kept_namespaces(), *self.containers.namespaces()),
            networks=self.networks.facts(),
            containers=self.containers.facts(),
            docker_version=daemon.engine.name.split()[0],
            texts=(),
        )
        return Plan(daemon.engine, self.before, after, daemon.notes)

    def _kept_namespaces(self) -> tuple[Namespace, ...]:
        made = {namespace.name for namespace in self.containers.namespaces()}
        return tuple(item for item in self.before.namespaces if item.name not in made)


def predict(before: Snapshot, engine: Engine, acts: Iterable[Act]) -> Plan:
    """The host after all acts. Raises DockerError at the first that dockerd would refuse."""
    predictor = Predictor(before, engine)
    for act in acts:
        predictor.apply(act)
    return predictor.plan()


def bare_host() -> Snapshot:
    """A host with nothing but its loopback: no route, no rule, forwarding off."""
    from sekisho.docker.bare import BARE

    return BARE
