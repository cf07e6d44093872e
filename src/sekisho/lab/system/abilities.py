"""What this machine can and cannot do for labs, and the command that mends it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

State = Literal["yes", "no", "partly"]

# Commands that a lab runs, and those that people run inside one: command -> Debian package.
_NEEDED = {"ip": "iproute2", "iptables-restore": "iptables", "nft": "nftables"}
_WANTED = {
    "dnsmasq": "dnsmasq-base",
    "bridge": "iproute2",
    "ss": "iproute2",
    "sysctl": "procps",
    "curl": "curl",
}
_USEFUL = {
    "tcpdump": "tcpdump", "traceroute": "traceroute", "dig": "bind9-dnsutils", "ping": "iputils-ping",
    "conntrack": "conntrack", "tc": "iproute2",
}  # fmt: skip


# What the kernel is asked for: (code, what mends it, the command that tells).
_TRIED = (
    ("netem", "modprobe sch_netem", "tc qdisc add dev lo root netem delay 1ms"),
    ("tbf", "modprobe sch_tbf", "tc qdisc replace dev lo root tbf rate 1mbit burst 32kb latency 50ms"),
    (
        "nftrace",
        "modprobe nf_tables",
        "nft add table inet t; add chain inet t c { type filter hook prerouting priority 0; };"
        " add rule inet t c meta nftrace set 1",
    ),
)


@dataclass(frozen=True, slots=True)
class Ability:
    """``code`` names it (a message id below ``lab.doctor.``), ``detail`` is a name or the kernel's words,
    ``remedy`` the command that mends it, "" where there is none. ``needed``: no lab without it."""

    code: str
    state: State
    detail: str = ""
    remedy: str = ""
    needed: bool = False


def abilities() -> list[Ability]:
    """Everything, needed things first. Makes and drops a few namespaces to find out."""
    if sys.platform != "linux":
        return [Ability("linux", "no", sys.platform, needed=True)]
    return [
        *_commands(_NEEDED, needed=True),
        *_namespaces(),
        *_commands(_WANTED),
        *_kernel(),
        *_commands(_USEFUL),
    ]


def obstacles() -> list[str]:
    """Why no lab can stand here, in short words; empty where one can."""
    return [f"{one.code} {one.detail}".strip() for one in abilities() if one.needed and one.state == "no"]


def _commands(table: dict[str, str], *, needed: bool = False) -> Iterator[Ability]:
    from sekisho.lab.namespaces import tool

    for name, package in table.items():
        there = tool(name) is not None
        yield Ability("command", "yes" if there else "no", name, "" if there else _install(package), needed)


def _install(package: str) -> str:
    return f"apt-get install {package}"


def _namespaces() -> Iterator[Ability]:
    """In a child: what an owner does first."""
    from sekisho.lab.system import owner

    rootless = os.geteuid() != 0
    said = _in_child(lambda: owner.new_namespaces(rootless))
    code = "rootless" if rootless else "root"
    remedy = ""
    if said:
        remedy = _userns_remedy() if rootless else "run it where root may make namespaces"
    yield Ability(code, "no" if said else "yes", said, remedy, needed=True)
    if not rootless and not said:
        said = _in_child(lambda: owner.new_namespaces(True))
        yield Ability("userns", "no" if said else "yes", said, _userns_remedy() if said else "")


def _userns_remedy() -> str:
    for key in ("kernel.apparmor_restrict_unprivileged_userns", "kernel.unprivileged_userns_clone"):
        path = "/proc/sys/" + key.replace(".", "/")
        if os.path.exists(path):
            with open(path) as file:
                value = file.read().strip()
            wanted = "0" if "apparmor" in key else "1"
            if value != wanted:
                return f"sysctl -w {key}={wanted}"
    return "sysctl -w user.max_user_namespaces=10000"


def _kernel() -> Iterator[Ability]:
    from sekisho.lab.namespaces import LabError, NetworkNamespace, tool

    try:
        namespace = NetworkNamespace() if os.geteuid() == 0 else None
    except OSError:
        namespace = None
    if namespace is None:
        return
    try:
        for code, remedy, command in _TRIED:
            argv = command.split(" ", 1 if command.startswith("nft") else -1)
            if tool(argv[0]) is None:
                continue
            try:
                namespace.run(argv)
                yield Ability(code, "yes")
            except LabError as error:
                yield Ability(code, "no", error.what.splitlines()[0], remedy)
        with namespace.inside():
            bridged = os.path.exists("/proc/sys/net/bridge/bridge-nf-call-iptables")
        yield Ability(
            "br_netfilter", "yes" if bridged else "no", "", "" if bridged else "modprobe br_netfilter"
        )
    finally:
        namespace.close()


def _in_child(act: object) -> str:
    """What the system says when a child process does it; "" where it may."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 0
        try:
            assert callable(act)
            act()
        except OSError as error:
            os.write(writing, (error.strerror or str(error)).encode())
            status = 1
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as said:
        words = said.read().decode(errors="replace")
    os.waitpid(child, 0)
    return words
