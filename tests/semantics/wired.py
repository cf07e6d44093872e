"""A client and a server, and a host between them: three namespaces, and the host as its commands print it.

client 10.1.0.2 ── c0 10.1.0.1 host 10.2.0.1 s0 ── 10.2.0.2 server
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from sekisho.lab.namespaces import NetworkNamespace

# What comes after it is the output of the last command.
HOST = """$ ip addr
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN
    inet 127.0.0.1/8 scope host lo
2: c0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 10.1.0.1/24 scope global c0
3: s0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 10.2.0.1/24 scope global s0
$ ip route
10.1.0.0/24 dev c0 proto kernel scope link src 10.1.0.1
10.2.0.0/24 dev s0 proto kernel scope link src 10.2.0.1
$ sysctl -a
net.ipv4.ip_forward = 1
$ iptables-save
"""


@contextmanager
def wired() -> Iterator[tuple[NetworkNamespace, NetworkNamespace, NetworkNamespace]]:
    """Host, client and server, until the end of the block."""
    with ExitStack() as held:
        host, client, server = (NetworkNamespace() for _ in range(3))
        for each in (host, client, server):
            held.callback(each.close)
        for name, far, net in (("c0", client, "10.1.0"), ("s0", server, "10.2.0")):
            host.run(["ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", far.path])
            for where, link, last in ((host, name, 1), (far, "eth0", 2)):
                where.run(["ip", "addr", "add", f"{net}.{last}/24", "dev", link])
                where.run(["ip", "link", "set", link, "up"])
            far.run(["ip", "route", "add", "default", "via", f"{net}.1"])
        host.run(["sysctl", "-qw", "net.ipv4.ip_forward=1"])
        yield host, client, server
