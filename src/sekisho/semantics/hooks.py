"""Where each iptables table stands on the netfilter hooks.

             arrives on an interface                        made by a local process
                       |                                              |
                  PREROUTING                                   route (output)
       raw  conntrack  mangle  nat(dst)                               |
                       |                                           OUTPUT
                 route (input)                     raw  conntrack  mangle  nat(dst)  filter  security
                 /          \\                                        |
              INPUT        FORWARD                                    |
        mangle filter    mangle filter                                |
       security nat(src)   security                                   |
                |             |                                       |
            local socket      +-------------->  POSTROUTING  <--------+
                                              mangle  nat(src)
                                                   |
                                            neighbour, interface

Priorities: include/uapi/linux/netfilter_ipv4.h (enum nf_ip_hook_priorities); which hooks a table has:
net/ipv4/netfilter/iptable_*.c (valid_hooks). IPv6 has the same numbers.
"""

from __future__ import annotations

from sekisho.semantics.journey import Hook

CHAIN_HOOKS: dict[str, Hook] = {
    "PREROUTING": "prerouting",
    "INPUT": "input",
    "FORWARD": "forward",
    "OUTPUT": "output",
    "POSTROUTING": "postrouting",
}

CONNTRACK_PRIORITY = -200

# table -> hook -> priority
TABLE_HOOKS: dict[str, dict[Hook, int]] = {
    "raw": {"prerouting": -300, "output": -300},
    "mangle": {"prerouting": -150, "input": -150, "forward": -150, "output": -150, "postrouting": -150},
    "nat": {"prerouting": -100, "input": 100, "output": -100, "postrouting": 100},
    "filter": {"input": 0, "forward": 0, "output": 0},
    "security": {"input": 50, "forward": 50, "output": 50},
}

# iptables-nft hangs its security chains elsewhere than the kernel's iptables does (measured, 1.8.9).
NFT_SECURITY_PRIORITY = 150

# Which address a nat chain may change at each hook (nf_nat_core: HOOK2MANIP).
NAT_SIDE: dict[Hook, str] = {"prerouting": "dst", "output": "dst", "input": "src", "postrouting": "src"}
