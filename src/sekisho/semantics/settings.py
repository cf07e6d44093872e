"""Every kernel setting below net., and what it does to packets, in three words.

    modelled    it decides, and the readings ask for it
    doubt       it decides, and what it does is not modelled: with another value than a harmless one it is a
                doubt, where it could act (``unmodelled`` puts it there)
    nothing     it does not decide where packets go

A key that no row names is none of these: it is told, and nothing is taken from it. In a row ``*`` stands for
one interface's name. Sources: the kernel's Documentation/networking/ip-sysctl.rst, nf_conntrack-sysctl.rst,
ipvs-sysctl.rst, seg6-sysctl.rst and admin-guide/sysctl/net.rst; for a doubt the functions named beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from sekisho.values.intset import IntSet
from sekisho.values.numbers import integer, is_number

Word = Literal["modelled", "doubt", "nothing"]
# How the settings of ``all`` and of an interface go together: either is enough, both are needed, the
# interface's alone counts (where it was not captured, that of ``all``, which is written through to it).
Joint = Literal["either", "both", "own"]
# What packets a doubt touches: those that come in by the interface (for everybody, with a routing header, for
# an address that ARP has to find), the host's answers (the kernel's own, TCP's), what the host sends, what
# leaves at all, questions of ICMP.
Touch = Literal[
    "in-everybody", "in-routing-header", "in-arp", "answers", "tcp-answers", "sent", "onward",
    "probe", "anycast-echo", "",
]  # fmt: skip


_OFF = IntSet.of(0)


@dataclass(frozen=True, slots=True)
class Setting:
    """A row. ``harmless``: the numbers with which it does nothing; ``version``: the IP version whose packets
    it touches, None: that of its key, or both."""

    word: Word
    touches: Touch = ""
    harmless: IntSet = _OFF
    joint: Joint = "either"
    version: Literal[4, 6] | None = None

    def acts(self, value: str) -> bool:
        """Whether a doubtful setting of this value does something; so does one that is no number."""
        text = value.strip()
        number = text.removeprefix("-")
        if not (number.isascii() and is_number(number)):
            return True
        return text.startswith("-") or integer(text) not in self.harmless


_MODELLED, _NOTHING = Setting("modelled"), Setting("nothing")
_BOTH_V4, _BOTH_V6 = "net.ipv4.conf.*.", "net.ipv6.conf.*."

_ASKED = (
    "net.ipv4.ip_forward", "net.ipv4.icmp_echo_ignore_all", "net.ipv4.icmp_echo_ignore_broadcasts",
    "net.ipv6.icmp.echo_ignore_all", "net.ipv6.icmp.echo_ignore_multicast",
    "net.ipv6.icmp.echo_ignore_anycast", "net.netfilter.nf_conntrack_count",
    "net.netfilter.nf_conntrack_max",
    "net.bridge.bridge-nf-call-iptables", "net.bridge.bridge-nf-call-ip6tables",
    "net.netfilter.nf_conntrack_tcp_loose",
    *(_BOTH_V4 + name for name in (
        "accept_local", "bc_forwarding", "forwarding", "ignore_routes_with_linkdown", "route_localnet",
        "rp_filter", "send_redirects", "src_valid_mark",
    )),
    *(_BOTH_V6 + name for name in (
        "disable_ipv6", "force_forwarding", "forwarding", "ignore_routes_with_linkdown", "mtu",
    )),
)  # fmt: skip

_DOUBTS: dict[str, Setting] = {
    # ip_rcv_finish: what is for this host alone, in a frame for everybody
    _BOTH_V4 + "drop_unicast_in_l2_multicast": Setting("doubt", "in-everybody"),
    # arp_ignore, arp_filter (net/ipv4/arp.c): who asks for the address of another interface, or for any
    _BOTH_V4 + "arp_ignore": Setting("doubt", "in-arp"),
    _BOTH_V4 + "arp_filter": Setting("doubt", "in-arp"),
    # IP4_REPLY_MARK, IP6_REPLY_MARK; inet_request_mark
    "net.ipv4.fwmark_reflect": Setting("doubt", "answers", version=4),
    "net.ipv6.fwmark_reflect": Setting("doubt", "answers", version=6),
    "net.ipv4.tcp_fwmark_accept": Setting("doubt", "tcp-answers"),
    # with fewer a packet may end on its way through the host's own namespaces
    "net.ipv4.ip_default_ttl": Setting("doubt", "sent", IntSet.span(17, 255), version=4),
    _BOTH_V6 + "hop_limit": Setting("doubt", "sent", IntSet.span(17, 255), "own"),
    # nobody is asked for an address any more (neigh_max_probes)
    "net.ipv4.neigh.*.mcast_solicit": Setting("doubt", "onward", IntSet.span(1, (1 << 31) - 1), "own"),
    "net.ipv6.neigh.*.mcast_solicit": Setting("doubt", "onward", IntSet.span(1, (1 << 31) - 1), "own"),
    # ipv6_srh_rcv, ipv6_rpl_srh_rcv: a segment's packets are sent on to the next one
    _BOTH_V6 + "seg6_enabled": Setting("doubt", "in-routing-header", joint="both"),
    _BOTH_V6 + "rpl_seg_enabled": Setting("doubt", "in-routing-header", joint="both"),
    # ipv6_dev_get_saddr: other sources than RFC 6724 alone would choose
    _BOTH_V6 + "use_oif_addrs_only": Setting("doubt", "sent"),
    # icmp_build_probe; icmpv6_echo_reply
    "net.ipv4.icmp_echo_enable_probe": Setting("doubt", "probe"),
    "net.ipv6.anycast_src_echo_reply": Setting("doubt", "anycast-echo", version=6),
}  # fmt: skip

_NOTHING_OF_4 = (
    "accept_redirects", "accept_source_route", "arp_accept", "arp_announce", "arp_evict_nocarrier",
    "arp_notify", "bootp_relay", "disable_policy", "disable_xfrm", "drop_gratuitous_arp",
    "force_igmp_version", "igmpv2_unsolicited_report_interval", "igmpv3_unsolicited_report_interval",
    "log_martians", "mc_forwarding", "medium_id", "promote_secondaries", "proxy_arp", "proxy_arp_pvlan",
    "secure_redirects", "shared_media", "tag",
)  # fmt: skip
_NOTHING_OF_6 = (
    "accept_dad", "accept_ra", r"accept_ra_\w+", "accept_redirects", "accept_source_route",
    "accept_untracked_na", "addr_gen_mode", "autoconf", "dad_transmits", "disable_policy",
    "drop_unicast_in_l2_multicast", "drop_unsolicited_na", "enhanced_dad", "force_mld_version",
    "force_tllao", r"ioam6_\w+", "keep_addr_on_down", "max_addresses", "max_desync_factor",
    "mc_forwarding", r"mldv[12]_unsolicited_report_interval", r"ndisc_\w+", "optimistic_dad", "proxy_ndp",
    r"ra_\w+", r"regen_\w+", r"router_\w+", "seg6_require_hmac", "stable_secret", "suppress_frag_ndisc",
    r"temp_\w+", "use_optimistic", "use_tempaddr",
)  # fmt: skip
# Limits and timers, memory, what is learned or told later, labels, counters; what decides only together with
# another thing that is a doubt by itself (several ways of a route, IPsec's policies, virtual routing, ipvs).
_NOTHINGS = re.compile(
    r"(kernel|vm|fs|dev|abi|debug|crypto|user|sunrpc|fscache)\..*"
    r"|net\.(core|unix|sctp|rds|mptcp|vsock|smc|dccp|appletalk|ax25|ipx|llc|x25|can|ieee802154|6lowpan)\..*"
    r"|net\.(mpls|vrf|rxrpc|tipc|phonet|decnet|iucv)\..*"
    r"|net\.ipv[46]\.neigh\.\*\.(?!mcast_solicit$)\w+"
    rf"|net\.ipv4\.conf\.\*\.({'|'.join(_NOTHING_OF_4)})"
    rf"|net\.ipv6\.conf\.\*\.({'|'.join(_NOTHING_OF_6)})"
    r"|net\.ipv4\.(?!tcp_fwmark_accept$)(tcp|udp|raw|igmp|ipfrag|inet_peer|cipso)_\w+"
    r"|net\.ipv4\.icmp_(errors_use_inbound_ifaddr|errors_extension_mask|ignore_bogus_error_responses"
    r"|msgs_burst|msgs_per_sec|ratelimit|ratemask)"
    r"|net\.ipv4\.(ip_dynaddr|ip_autobind_reuse|ip_early_demux|ip_local_reserved_ports|ip_no_pmtu_disc"
    r"|ip_forward_update_priority|ip_forward_use_pmtu|ip_nonlocal_bind|ip_unprivileged_port_start"
    r"|ip_local_port_range|nexthop_compat_mode|ping_group_range|min_adv_mss|xfrm4_gc_thresh|udplite_\w+|anycast_src_echo_reply)"
    r"|net\.ipv4\.(route|vs)\.\w+|net\.ipv6\.(route|icmp)\.(?!echo_ignore_)\w+"
    r"|net\.ipv[46]\.fib_(multipath_hash_\w+|multipath_use_neigh|notify_on_flag_change|sync_mem)"
    r"|net\.ipv6\.(auto_flowlabels|bindv6only|calipso_\w+|flowlabel_\w+|idgen_\w+|ioam6_\w+|ip6frag_\w+"
    r"|ip_nonlocal_bind|max_(dst_opts|hbh)_\w+|max_hbh_length|mld_\w+|seg6_flowlabel|xfrm6_gc_thresh)"
    r"|net\.bridge\.bridge-nf-(call-arptables|filter-(vlan|pppoe)-tagged|pass-vlan-input-dev)"
    r"|net\.netfilter\.nf_(log\S*|hooks_lwtunnel|flowtable_\w+)|net\.nf_conntrack_max"
    r"|net\.netfilter\.nf_conntrack_(?!(tcp_loose|count|max)$)\w+"
)
_OF_INTERFACE = re.compile(r"(net\.ipv[46]\.(?:conf|neigh)\.).+(\.\w+)")


def setting_of(key: str) -> Setting | None:
    """What a key does; None: no row names it."""
    found = _OF_INTERFACE.fullmatch(key)
    return _row(f"{found[1]}*{found[2]}" if found else key)


@cache
def _row(pattern: str) -> Setting | None:
    if pattern in _ASKED:
        return _MODELLED
    if pattern in _DOUBTS:
        return _DOUBTS[pattern]
    return _NOTHING if _NOTHINGS.fullmatch(pattern) else None


def doubtful() -> dict[str, Setting]:
    """The rows of those that are not modelled, by their keys."""
    return _DOUBTS


def modelled() -> tuple[str, ...]:
    """The keys that the readings ask for."""
    return _ASKED
