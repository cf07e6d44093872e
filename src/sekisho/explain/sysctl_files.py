"""What each line of the files that set sysctls does, and which of them hold in the end."""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.explain.context import HostContext
from sekisho.explain.message import Message, m
from sekisho.explain.sysctl import meaning
from sekisho.model.evidence import Evidence
from sekisho.model.host import Sysctl, SysctlFile, SysctlFileLine
from sekisho.semantics.sysctl_files import in_order, winner
from sekisho.values.names import sysctl_key


def explain_sysctl_files(
    files: tuple[SysctlFile, ...], context: HostContext
) -> Iterator[tuple[Evidence, tuple[Message, ...]]]:
    """Every line of every file with its place."""
    applied = in_order(files)
    for item in files:
        if item.evidence is not None:
            yield item.evidence, _head(item, files, applied)
        for line in item.lines:
            if line.evidence is not None and line.key is not None:
                yield line.evidence, _line(item, line, files, item in applied, context)
            elif line.evidence is not None and line.text.lstrip()[:1] in ("#", ";"):
                yield line.evidence, (m("line.comment"),)


def _head(
    item: SysctlFile, files: tuple[SysctlFile, ...], applied: tuple[SysctlFile, ...]
) -> tuple[Message, ...]:
    name = item.path.rpartition("/")[2]
    if item in applied:
        return (m("sysctl_file.head", item.path, applied.index(item) + 1, len(applied)),)
    instead = next((other for other in applied if other.path.rpartition("/")[2] == name), None)
    if instead is None:
        return (m("sysctl_file.ignored", item.path),)
    return (m("sysctl_file.masked", item.path, instead.path),)


def _line(
    item: SysctlFile, line: SysctlFileLine, files: tuple[SysctlFile, ...], applied: bool, context: HostContext
) -> tuple[Message, ...]:
    assert line.key is not None  # as was asked before
    key = line.key
    if line.value is None:
        return (m("sysctl_file.excluded", key),)
    said = [m("sysctl_file.sets", key, line.value)]
    if not applied:
        return (*said, m("sysctl_file.not_applied"))
    if "*" in key:
        return (*said, m("sysctl_file.glob"))
    found = winner(files, key)
    if found is not None and found.line is not line:
        where = found.line.evidence.line if found.line.evidence is not None else 0
        return (*said, m("sysctl_file.overridden", found.file.path, where, found.line.value or ""))
    said += meaning(Sysctl(sysctl_key(key), line.value), context)
    now = context.namespace.sysctl(key)
    if now is not None and now.split() != line.value.split():
        said.append(m("sysctl_file.differs", now))
    return tuple(said)
