"""What this machine lacks for the lab: said by commands, which then exit 2, and by skipped tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

# The command, and what it is part of.
_TOOLS = {
    "ip": "iproute2",
    "nft": "nftables",
    "iptables-nft-restore": "iptables",
    "ip6tables-nft-restore": "iptables",
}
_FURTHER_TOOLS = {
    "ipset": "ipset",
    "iptables-legacy-restore": "iptables",
    "ip6tables-legacy-restore": "iptables",
}


def missing(also: Iterable[str] = ()) -> list[str]:
    """One sentence for each thing the lab needs and this machine does not have; empty when it is ready.

    ``also`` names further commands that a snapshot needs (``ipset``, ``iptables-legacy-restore``).
    """
    if sys.platform != "linux":
        return [f"the lab asks a Linux kernel, and this machine runs {sys.platform}"]
    if os.geteuid() != 0:
        return ["the lab makes network namespaces, for which it must run as root"]
    # Only now: these modules need Linux.
    from sekisho.lab import netlink
    from sekisho.lab.namespaces import NetworkNamespace, tool

    lacks = [
        f"the command {name} is not installed (package {package})"
        for name, package in {**_TOOLS, **{name: _FURTHER_TOOLS.get(name, name) for name in also}}.items()
        if tool(name) is None
    ]
    try:
        namespace = NetworkNamespace()
    except OSError as error:
        return [*lacks, f"this system does not allow network namespaces ({error.strerror or error})"]
    try:
        with namespace.inside():
            netlink.open_netfilter(1 << 16).close()
    except OSError as error:
        lacks.append(f"netfilter cannot be asked by netlink ({error.strerror or error})")
    finally:
        namespace.close()
    return lacks


def remarks() -> list[str]:
    """What makes the lab's answers less exact here without stopping it."""
    from sekisho.lab.droplog import DropLog

    found = []
    try:
        DropLog().close()
    except OSError as error:
        found.append(f"the kernel's drop reasons cannot be read ({error.strerror or error})")
    if not Path("/proc/sys/net/bridge/bridge-nf-call-iptables").exists():
        found.append("br_netfilter is not loaded: bridged packets do not pass iptables here")
    return found
