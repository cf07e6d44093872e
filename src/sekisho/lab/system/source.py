"""What a user wants to stand: nothing (the article), a topology, a compose file or a snapshot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sekisho.errors import SourceError, UsageError, said
from sekisho.lab.system.plan import Origin, Plan
from sekisho.lab.words import netns
from sekisho.sources.bounds import USUAL, Bounds, read_named
from sekisho.values.names import BadNameError, as_lab_name, lab_name

if TYPE_CHECKING:
    from sekisho.docker.engine import Engine

Unzstd = Callable[[bytes, str, int], bytes]
_DOCUMENTS = frozenset({".yaml", ".yml", ".json"})


def plan_of(
    path: str | None,
    name: str | None = None,
    unzstd: Unzstd | None = None,
    docker: str | None = None,
    bounds: Bounds = USUAL,
) -> Plan:
    """The plan of what the path holds, under ``name`` where one is given.

    ``docker``: the engine's version for a compose file (``26``, ``29.7.2 nftables``; the newest if None).
    ``bounds``: what of its files may be read. Raises SourceError where it cannot be read, UsageError where it
    makes no sense.
    """
    plan = _plan(path, unzstd, docker, bounds)
    _check_names(plan)
    try:
        return plan if name is None else replace(plan, name=lab_name(name))
    except BadNameError as error:
        raise UsageError(
            said("{0}", error), advice="letters, digits, _ . and -, 63 of them at most"
        ) from None


def _check_names(plan: Plan) -> None:
    """Raises UsageError where a container, say, has the name of a node that stands in every lab. Those of
    ``ip netns`` are narrower than a lab's own."""
    names: set[str] = set()
    for node in plan.nodes:
        if netns(node.name) in names:
            raise UsageError(
                said("two nodes have the name {0!r}", node.name),
                advice="give the container or network namespace another name: the lab's own nodes are "
                "called so (host, router, resolver, internet, world)",
            )
        names.add(netns(node.name))


def _plan(path: str | None, unzstd: Unzstd | None, docker: str | None, bounds: Bounds) -> Plan:
    if path is None:
        from sekisho.lab.system.article import ARTICLE
        from sekisho.lab.system.lay_out import lay_out
        from sekisho.lab.system.read import topology_of

        return lay_out(topology_of(ARTICLE))
    if path != "-" and not Path(path).exists():
        raise SourceError("no such file or folder", file=path, advice="see: sekisho lab up --help")
    if Path(path).suffix.lower() in _DOCUMENTS and Path(path).is_file():
        return _from_document(path, docker, bounds)
    from sekisho.lab.system.of_snapshot import plan_of_snapshot
    from sekisho.sources.load import load_parts

    hosts = [part.snapshot() for part in load_parts(path, unzstd=unzstd, bounds=bounds)]
    own = hosts[0].name if len(hosts) == 1 else ""
    try:
        return plan_of_snapshot(*hosts, name=as_lab_name(own or Path(path).name.split(".")[0], "snapshot"))
    except BadNameError as error:  # of a host: its folder's may be any text
        raise UsageError(said("{0}", error), advice="give it another name") from None


def _from_document(path: str, docker: str | None, bounds: Bounds) -> Plan:
    """A compose file has services, a topology hosts in VPCs."""
    from sekisho.lab.system.document import parse
    from sekisho.lab.system.lay_out import lay_out
    from sekisho.lab.system.read import topology_of

    try:
        text = read_named(Path(path), path, bounds).decode()
    except UnicodeDecodeError as error:
        raise SourceError("not UTF-8 text", file=path) from error
    document = parse(text, path)
    if isinstance(document.data, dict) and "services" in document.data and "hosts" not in document.data:
        from sekisho.lab.system.of_compose import plan_of_compose

        return plan_of_compose(path, engine=_engine(docker), bounds=bounds)
    return replace(lay_out(topology_of(document, path)), origin=Origin("topology", path))


def _engine(text: str | None) -> Engine | None:
    from sekisho.docker.engine import Engine, parse_version, with_backend

    if text is None:
        return None
    version, _, backend = text.partition(" ")
    engine = Engine(version=parse_version(version))
    return with_backend(engine, backend) if backend else engine
