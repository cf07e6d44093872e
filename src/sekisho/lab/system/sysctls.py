"""Kernel parameters of the namespace that the calling thread is in."""

from __future__ import annotations

import os

from sekisho.lab.build import BEFORE_LINKS
from sekisho.lab.namespaces import sysctl_path


def what_differs(six: bool) -> list[tuple[str, str]]:
    """What a fresh namespace must be told, compared with what it already has."""
    wanted = [pair for pair in BEFORE_LINKS if six or ".ipv6." not in pair[0]]
    if not six:
        wanted.append(("net.ipv6.conf.all.disable_ipv6", "1"))
    # Pings by everybody, as dockerd sets it for containers.
    wanted.append(("net.ipv4.ping_group_range", "0 2147483647" if os.geteuid() == 0 else "0 0"))
    return [(key, value) for key, value in wanted if read_sysctl(key) != value]


def read_sysctl(key: str) -> str | None:
    try:
        with open(sysctl_path(key)) as file:
            return " ".join(file.read().split())
    except OSError:
        return None


def write_sysctl(key: str, value: str) -> bool:
    try:
        fd = os.open(sysctl_path(key), os.O_WRONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        os.write(fd, value.encode())
    except OSError:
        return False
    finally:
        os.close(fd)
    return True
