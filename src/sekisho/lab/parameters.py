"""Which kernel parameters a lab sets: those that all its namespaces get, those that a snapshot may say."""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.model.snapshot import Namespace
from sekisho.values.names import SysctlKey, sysctl_key, sysctl_parts

# What a fresh namespace would otherwise take from the machine it is made on, or what would make
# noise or waiting: address detection, router and listener chatter, rate limits on ICMP errors.
_BEFORE: tuple[tuple[str, str], ...] = (
    *((f"net.ipv4.conf.{where}.{key}", value)
      for where in ("all", "default")
      for key, value in (
          ("rp_filter", "0"), ("send_redirects", "1"), ("accept_redirects", "0"), ("log_martians", "0"),
          ("route_localnet", "0"), ("accept_local", "0"), ("accept_source_route", "0"),
          ("src_valid_mark", "0"), ("proxy_arp", "0"), ("arp_ignore", "0"), ("arp_announce", "0"),
          ("arp_filter", "0"), ("ignore_routes_with_linkdown", "0"), ("forwarding", "0"),
      )),
    *((f"net.ipv6.conf.{where}.{key}", value)
      for where in ("all", "default")
      for key, value in (
          ("accept_dad", "0"), ("dad_transmits", "0"), ("accept_ra", "0"), ("autoconf", "0"),
          ("router_solicitations", "0"), ("addr_gen_mode", "1"), ("forwarding", "0"),
          ("accept_redirects", "0"), ("disable_ipv6", "0"),
      )),
)  # fmt: skip
_AFTER: tuple[tuple[str, str], ...] = (
    ("net.ipv4.icmp_ratelimit", "0"),
    ("net.ipv4.icmp_msgs_per_sec", "1000000"),
    ("net.ipv4.icmp_msgs_burst", "1000000"),
    ("net.ipv6.icmp.ratelimit", "0"),
    ("net.ipv4.tcp_synack_retries", "0"),
    ("net.ipv4.tcp_syncookies", "0"),
    ("net.ipv4.tcp_max_syn_backlog", "65536"),
    ("net.core.somaxconn", "65535"),
    ("net.ipv4.tcp_challenge_ack_limit", "1000000"),
    ("net.ipv4.tcp_invalid_ratelimit", "0"),
    ("net.netfilter.nf_conntrack_tcp_timeout_syn_sent", "600"),
)
BEFORE_LINKS = tuple((sysctl_key(key), value) for key, value in _BEFORE)
AFTER_ALL = tuple((sysctl_key(key), value) for key, value in _AFTER)
# What a snapshot may set: the network's own parameters, those that each namespace has for itself.
_SETTABLE = (("net", "ipv4"), ("net", "ipv6"), ("net", "bridge"), ("net", "netfilter"))
# Namespaced, but about time and memory, or names of modules that the kernel would load: nothing a packet's
# way depends on, or reserved for the lab; and what only hands its value on to interfaces, whose IPv6
# addresses would go (net/ipv6/addrconf.c).
_NOT_SET = (
    "net.netfilter.nf_log", "net.ipv4.neigh.", "net.ipv6.neigh.", "net.ipv4.tcp_mem",
    "net.ipv6.conf.all.stable_secret", "net.ipv6.conf.all.disable_ipv6",
    "net.ipv6.conf.default.disable_ipv6", "net.netfilter.nf_conntrack_max",
    "net.netfilter.nf_conntrack_buckets", "net.netfilter.nf_conntrack_count",
    "net.ipv4.tcp_congestion_control", "net.ipv4.tcp_allowed_congestion_control", "net.ipv4.tcp_ulp",
    "net.ipv4.tcp_fastopen_key", "net.ipv4.route.flush", "net.ipv6.route.flush",
)  # fmt: skip


def captured_sysctls(namespace: Namespace) -> Iterator[tuple[SysctlKey, str]]:
    """The captured ones, the general before the particular: writing one ``all`` sets many."""
    usable = [(item.key, item.value) for item in namespace.sysctls or () if settable(item.key)]
    yield from sorted(usable, key=lambda pair: _rank(pair[0]))


def settable(key: SysctlKey) -> bool:
    """Whether a lab may be told to set it: a parameter that a network namespace has for itself."""
    return sysctl_parts(key)[:2] in _SETTABLE and not key.startswith(_NOT_SET)


def _rank(key: str) -> int:
    if key in ("net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding", "net.ipv6.conf.all.forwarding"):
        return 0
    return 1 if ".conf.all." in key or ".conf.default." in key else 2
