"""Which line of which file sets a sysctl, once all files were applied.

sysctl(8), --system, and sysctl.d(5), which agree but for /etc/sysctl.conf (systemd leaves it out, unless a
link in /etc/sysctl.d leads to it, as Debian's 99-sysctl.conf does):

    1. of files with one name the first directory's counts, empty or not     _DIRECTORIES, top first
    2. they are applied in the order of their names, whatever the directory  10-a before 99-b
    3. /etc/sysctl.conf comes last                                           sysctl --system
    4. of lines for one key the last one holds; a key that is written out beats a glob
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from sekisho.model.host import SysctlFile, SysctlFileLine

_DIRECTORIES = (
    "/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d",
)  # fmt: skip
_LAST = "/etc/sysctl.conf"
# Two names of one switch (net/ipv4/devinet.c, devinet_sysctl_forward).
_SAME = {"net.ipv4.ip_forward": "net.ipv4.conf.all.forwarding"}


@dataclass(frozen=True, slots=True)
class Setting:
    """A line that sets a key, in the file that holds it."""

    file: SysctlFile
    line: SysctlFileLine


def in_order(files: Iterable[SysctlFile]) -> tuple[SysctlFile, ...]:
    """The files that are applied, first to last."""
    by_name: dict[str, tuple[int, list[SysctlFile]]] = {}
    last: list[SysctlFile] = []
    for item in files:
        folder, _, name = item.path.rpartition("/")
        if item.path == _LAST:
            last.append(item)
        elif folder in _DIRECTORIES and name.endswith(".conf"):
            rank = _DIRECTORIES.index(folder)
            known = by_name.get(name)
            if known is None or rank < known[0]:
                by_name[name] = (rank, [item])
            elif rank == known[0]:
                known[1].append(item)  # one file in two pieces
    return (*(item for name in sorted(by_name) for item in by_name[name][1]), *last)


def winner(files: Iterable[SysctlFile], key: str) -> Setting | None:
    """The line that sets the key in the end; None where no file does."""
    found: Setting | None = None
    by_glob = True
    names = {key, _SAME.get(key, key), *(one for one, other in _SAME.items() if other == key)}
    excluded: set[str] = set()
    for item in in_order(files):
        for line in item.lines:
            if line.key is None:
                continue
            if line.value is None:
                excluded |= {name for name in names if fnmatchcase(name, line.key)}
                continue
            exact = line.key in names
            globbed = "*" in line.key and any(fnmatchcase(n, line.key) for n in names - excluded)
            if exact or (globbed and by_glob):
                found, by_glob = Setting(item, line), not exact
    return found
