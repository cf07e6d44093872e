"""Who writes a chain, told by its name.

Only the *author* and the purpose are told by name; what a rule does is always read off the rule.
Sources of the names: each project's own documentation or code.
"""

from __future__ import annotations

import re

from sekisho.explain.message import Message, m

_OWNERS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), f"owner.{owner}")
    for pattern, owner in (
        (r"DOCKER-USER", "docker_user"),
        (r"DOCKER([-_].*)?", "docker"),
        (r"ufw6?-.*", "ufw"),
        (r"(f2b|fail2ban)-.*", "fail2ban"),
        (r"KUBE-.*", "kubernetes"),
        (r"cali-.*", "calico"),
        (r"(OLD_)?CILIUM_.*", "cilium"),
        (r"FLANNEL-.*", "flannel"),
        (r"CNI-.*", "cni"),
        (r"LIBVIRT_.*", "libvirt"),
        (r"ts-(input|forward|postrouting)", "tailscale"),
        (r"(IN|FWD[IO]?|FWD|PRE|POST)_[A-Za-z]+(_(log|deny|allow|pre|post))?", "firewalld"),
        (r"(INPUT|FORWARD|OUTPUT|PREROUTING|POSTROUTING)_(direct|ZONES.*|POLICIES.*|IN_ZONES.*|OUT_ZONES.*)",
         "firewalld"),
        (r"NETAVARK[-_].*", "podman"),
        (r"ISTIO_.*", "istio"),
        (r"CROWDSEC.*", "crowdsec"),
        (r"nixos-.*", "nixos"),
        (r"MINIUPNPD.*", "upnp"),
        (r"NETBIRD-.*", "netbird"),
    )
)  # fmt: skip

_ROLES = frozenset({
    "DOCKER", "DOCKER-USER", "DOCKER-FORWARD", "DOCKER-CT", "DOCKER-BRIDGE", "DOCKER-INTERNAL",
    "DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION-STAGE-2", "DOCKER_OUTPUT", "DOCKER_POSTROUTING",
})  # fmt: skip


def chain_owner(name: str) -> Message | None:
    """Who writes the chain of this name, None where the name tells nothing."""
    return next((m(code) for pattern, code in _OWNERS if pattern.fullmatch(name)), None)


def chain_role(name: str, table: str = "filter") -> Message | None:
    """What a well-known chain is there for, None for all others."""
    if name not in _ROLES:
        return None
    return m("role.nat.DOCKER" if (name, table) == ("DOCKER", "nat") else f"role.{name}")
