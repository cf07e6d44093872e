"""Kernel parameters are the namespace's own, and nothing else is ever written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sekisho.lab.namespaces import NetworkNamespace
from sekisho.lab.parameters import captured_sysctls, settable
from sekisho.lab.sysctls import Parameters
from sekisho.model.host import Sysctl
from sekisho.model.snapshot import Namespace
from sekisho.values.names import SysctlKey, namespace_name, sysctl_key


@pytest.mark.parametrize(
    ("key", "may"),
    [
        ("net.ipv4.ip_forward", True), ("net.ipv6.conf.eth0/100.forwarding", True),
        ("net.bridge.bridge-nf-call-iptables", True), ("net.netfilter.nf_conntrack_acct", True),
        ("kernel.core_pattern", False), ("kernel.modprobe", False), ("fs.suid_dumpable", False),
        ("vm.overcommit_memory", False), ("net.core.somaxconn", False), ("net.netfilter.nf_log.2", False),
        ("net.ipv4.tcp_congestion_control", False), ("net.ipv4x.y", False), ("net.ipv4.route.flush", False),
    ],
)  # fmt: skip
def test_which_a_snapshot_may_set(key: str, may: bool) -> None:
    assert settable(sysctl_key(key)) is may
    facts = Namespace(namespace_name("host"), sysctls=(Sysctl(sysctl_key(key), "1"),))
    assert list(captured_sysctls(facts)) == ([(key, "1")] if may else [])


@pytest.mark.kernel
def test_whatever_a_key_says_it_leads_nowhere_else(tmp_path: Path) -> None:
    """Keys that passed no door: by the folder alone."""
    victim = tmp_path / "victim"
    victim.write_text("as it was")
    up = "//.//.//.//.//.//.//.//."
    away = str(victim).strip("/").replace(".", "\0").replace("/", ".").replace("\0", "/")
    missing = away.rsplit(".", 1)[0] + ".created"
    keys = [
        f"net.ipv4.{up}{away}",
        f"net.{up}{away}",
        f"net.ipv4.conf.{up}{missing}",
        *(
            "net.ipv4.//.//.kernel.hostname",
            "kernel.hostname",
            "net.ipv4..ip_forward",
            "net.ipv4./.ip_forward",
        ),
        *("net.ipv4", "net.ipv4.ip_forward.x"),
    ]
    names = ("/proc/sys/kernel/hostname", "/proc/sys/net/ipv4/ip_forward")
    machine = {name: Path(name).read_text() for name in names}
    namespace = NetworkNamespace()
    with namespace.inside(), Parameters() as here:
        assert [here.write(SysctlKey(key), "overwritten") for key in keys] == [False] * len(keys)
        assert [here.read(SysctlKey(key)) for key in keys] == [None] * len(keys)
        folders = list(here._folders.values())
        assert here.write(sysctl_key("net.ipv4.conf.lo.rp_filter"), "2")
        assert here.read(sysctl_key("net.ipv4.conf.lo.rp_filter")) == "2"
    namespace.close()
    assert victim.read_text() == "as it was"
    assert os.listdir(tmp_path) == ["victim"]
    assert {name: Path(name).read_text() for name in machine} == machine
    assert not any(os.path.exists(f"/proc/self/fd/{fd}") for fd in folders)


@pytest.mark.kernel
def test_an_interface_with_a_dot_has_its_own() -> None:
    namespace = NetworkNamespace()
    namespace.run(("ip", "link", "add", "a.b", "type", "bridge"))
    key = sysctl_key("net.ipv4.conf.a/b.rp_filter")
    assert namespace.write_sysctls([(key, "1"), (sysctl_key("net.ipv4.conf.gone.rp_filter"), "1")]) == [
        ("net.ipv4.conf.gone.rp_filter", "1")
    ]
    with namespace.inside(), Parameters() as here:
        assert here.read(key) == "1"
    namespace.close()
