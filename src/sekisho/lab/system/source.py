"""What a user wants to stand: nothing (the article), a topology, a compose file or a snapshot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sekisho.errors import SourceError
from sekisho.lab.system.plan import Plan


def plan_of(path: str | None, name: str | None = None) -> Plan:
    """The plan of what the path holds, under ``name`` where one is given.

    Raises SourceError where it cannot be read, UsageError where it makes no sense.
    """
    plan = _plan(path)
    return replace(plan, name=name) if name is not None else plan


def _plan(path: str | None) -> Plan:
    from sekisho.lab.system.lay_out import lay_out
    from sekisho.lab.system.read import read_topology, topology_of

    if path is None:
        from sekisho.lab.system.article import ARTICLE

        return lay_out(topology_of(ARTICLE))
    if not Path(path).exists():
        raise SourceError("no such file or folder", file=path, advice="see: sekisho lab up --help")
    return lay_out(read_topology(path))
