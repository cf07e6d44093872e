"""What a fresh namespace must be told before it has any interface."""

from __future__ import annotations

import os

from sekisho.lab.parameters import BEFORE_LINKS
from sekisho.lab.sysctls import Parameters
from sekisho.values.names import SysctlKey, sysctl_key

_NO_IPV6 = sysctl_key("net.ipv6.conf.all.disable_ipv6")
_PINGS = sysctl_key("net.ipv4.ping_group_range")


def what_differs(six: bool, here: Parameters) -> list[tuple[SysctlKey, str]]:
    """What a fresh namespace must be told, compared with what it already has."""
    wanted = [pair for pair in BEFORE_LINKS if six or ".ipv6." not in pair[0]]
    if not six:
        wanted.append((_NO_IPV6, "1"))
    # Pings by everybody, as dockerd sets it for containers.
    wanted.append((_PINGS, "0 2147483647" if os.geteuid() == 0 else "0 0"))
    return [(key, value) for key, value in wanted if here.read(key) != value]
