"""What each kernel setting changes about packets, and plainly so where it changes nothing.

Source of the facts: the kernel's Documentation/networking/ip-sysctl.rst and nf_conntrack-sysctl.rst.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sekisho.explain.context import HostContext
from sekisho.explain.message import Message, m
from sekisho.model.host import Sysctl
from sekisho.semantics.settings import setting_of

_CONF = re.compile(r"net\.(ipv4|ipv6)\.conf\.(.+)\.([a-z0-9_]+)")
_PORTS = {"bridge-nf-call-iptables": "iptables", "bridge-nf-call-ip6tables": "ip6tables",
          "bridge-nf-call-arptables": "arptables"}  # fmt: skip
_TIMEOUT = re.compile(r"nf_conntrack_(.*_)?timeout(_.*)?")
_ARP = re.compile(
    r"(arp_\w+|proxy_arp_pvlan|proxy_ndp|drop_gratuitous_arp|ndisc_\w+|drop_unsolicited_na|accept_untracked_na)"
)
_REDIRECTS = {"accept_redirects", "secure_redirects", "send_redirects", "shared_media"}


def explain_sysctl(item: Sysctl, context: HostContext) -> tuple[Message, ...]:
    """What the setting means with the value that it has here."""
    later = [other for other in context.namespace.sysctls or () if other.key == item.key]
    note = (m("sysctl.overridden"),) if len(later) > 1 and later[-1] is not item else ()
    return (*meaning(item, context), *note)


def meaning(item: Sysctl, context: HostContext) -> tuple[Message, ...]:
    key, value = item.key, item.value
    last = key.rpartition(".")[2]
    found = _CONF.fullmatch(key)
    if found:
        return _interface_setting(found[1], found[2], found[3], value, context)
    if last in _PORTS:
        return (m(f"sysctl.bridge_nf.{'1' if value == '1' else '0'}", _PORTS[last]),)
    if key.startswith(("net.ipv4.", "net.ipv6.")) and last in _PLAIN:
        return (_PLAIN[last](last, value),)
    if key.startswith("net.netfilter.nf_conntrack") or key == "net.nf_conntrack_max":
        return (_conntrack(last, value),)
    return (_without_words(key, value),)


def _without_words(key: str, value: str) -> Message:
    """What is said of a setting that has no words of its own."""
    row = setting_of(key)
    if row is None:
        return m("sysctl.unknown")
    if row.word == "doubt":
        return m("sysctl.not_modelled" if row.acts(value) else "sysctl.harmless")
    return m("sysctl.irrelevant" if row.word == "nothing" else "sysctl.unknown")


def _switch(code: str) -> Callable[[str, str], Message]:
    return lambda _last, value: m(f"sysctl.{code}.{value}") if value in ("0", "1") else m("sysctl.unknown")


def _value(code: str) -> Callable[[str, str], Message]:
    return lambda _last, value: m(f"sysctl.{code}", value)


def _named(code: str) -> Callable[[str, str], Message]:
    return lambda last, value: m(f"sysctl.{code}", last, value)


_PLAIN: dict[str, Callable[[str, str], Message]] = {
    "ip_forward": _switch("ip_forward"),
    "ip_forward_update_priority": _value("ip_forward_update_priority"),
    "ip_forward_use_pmtu": _switch("ip_forward_use_pmtu"),
    "ip_local_port_range": lambda _last, value: m("sysctl.ip_local_port_range", "-".join(value.split())),
    "ip_unprivileged_port_start": _value("ip_unprivileged_port_start"),
    "ip_nonlocal_bind": _value("ip_nonlocal_bind"),
    "ip_default_ttl": _value("ip_default_ttl"),
    "icmp_echo_ignore_all": _value("icmp_echo_ignore_all"),
    "icmp_echo_ignore_broadcasts": _value("icmp_echo_ignore_broadcasts"),
    "echo_ignore_all": _value("icmp_echo_ignore_all"),
    "echo_ignore_multicast": _value("echo_ignore_multicast"),
    "echo_ignore_anycast": _value("echo_ignore_anycast"),
    "fwmark_reflect": _value("fwmark_reflect"),
    "fib_multipath_hash_policy": _named("fib_multipath"),
    "fib_multipath_hash_fields": _named("fib_multipath"),
    "fib_multipath_hash_seed": _named("fib_multipath"),
    "fib_multipath_use_neigh": _named("fib_multipath"),
}


def _interface_setting(
    family: str, interface: str, name: str, value: str, context: HostContext
) -> tuple[Message, ...]:
    where: Message | str = interface.replace("/", ".")
    if interface == "all":
        where = m("sysctl.everywhere")
    elif interface == "default":
        where = m("sysctl.later")
    if name == "forwarding":
        version = "IPv4" if family == "ipv4" else "IPv6"
        if interface == "all":
            if family == "ipv6":
                return (m("sysctl.forwarding.ipv6.all", value),)
            return (m("sysctl.forwarding.all", value, version),)
        return (m(f"sysctl.forwarding.{'0' if value == '0' else '1'}", where, version),)
    if name == "rp_filter" and value in ("0", "1", "2"):
        return (m(f"sysctl.rp_filter.{value}", where), *_effective_rp_filter(interface, value, context))
    if name in ("route_localnet", "accept_local", "disable_ipv6") and value in ("0", "1"):
        return (m(f"sysctl.{name}.{value}", where),)
    if name == "src_valid_mark":
        return (m("sysctl.src_valid_mark", value),)
    if name in (
        "ignore_routes_with_linkdown",
        "proxy_arp",
        "log_martians",
        "accept_ra",
        "bc_forwarding",
        "drop_unicast_in_l2_multicast",
        "force_forwarding",
        "mc_forwarding",
    ):
        return (m(f"sysctl.{name}", value, where),)
    if name == "accept_source_route":
        return (m("sysctl.source_route", value, where),)
    if name == "send_redirects" and family == "ipv4":
        return (m("sysctl.send_redirects", value, where),)
    if name in _REDIRECTS:
        return (m("sysctl.redirects", name, value, where),)
    if _ARP.fullmatch(name):
        return (m("sysctl.arp", name, value, where),)
    return (_without_words(f"net.{family}.conf.{interface}.{name}", value),)


def _effective_rp_filter(interface: str, value: str, context: HostContext) -> tuple[Message, ...]:
    if interface == "default":
        return ()
    if interface == "all":
        return (m("sysctl.rp_filter.all"),)
    everywhere = context.namespace.sysctl("net.ipv4.conf.all.rp_filter")
    if everywhere is None:
        return (m("sysctl.rp_filter.all_unknown"),)
    if everywhere > value:
        return (m("sysctl.rp_filter.effective", everywhere, max(everywhere, value)),)
    return (m("sysctl.rp_filter.looked_up"),) if value == "0" and context.looks_sources_up else ()


def _conntrack(last: str, value: str) -> Message:
    if last == "nf_conntrack_max":
        return m("sysctl.conntrack_max", value)
    if last == "nf_conntrack_count":
        return m("sysctl.conntrack_count", value)
    if last == "nf_conntrack_tcp_loose":
        return m("sysctl.conntrack_loose", value)
    if last == "nf_conntrack_tcp_be_liberal":
        return m("sysctl.conntrack_liberal", value)
    name = last.removeprefix("nf_conntrack_")
    if _TIMEOUT.fullmatch(last):
        return m("sysctl.conntrack_timeout", name.replace("timeout_", "").replace("_timeout", ""), value)
    return m("sysctl.conntrack", name, value)
