"""Compose files and dockerd's daemon.json in a text with other outputs: told apart and accounted for.

What they say is what Docker would be told, not what is there: ``plan`` answers for them, given the file.
"""

from __future__ import annotations

import re

from sekisho.model.evidence import Evidence
from sekisho.model.stated import Stated
from sekisho.sources.parsed import Parsed
from sekisho.sources.text import numbered_lines

# Top-level keys of a compose file (compose-spec); what stands below is indented.
COMPOSE = re.compile(
    r"(?:services|networks|volumes|configs|secrets):\s*(?:#.*)?|version:\s*[\"']?[0-9.]{1,8}[\"']?\s*"
)
# Keys of daemon.json that decide about packets (dockerd(8), cmd/dockerd/config*.go).
DAEMON_KEYS = frozenset(
    {"iptables", "ip6tables", "ip-forward", "ip-masq", "userland-proxy", "userland-proxy-path", "bip",
     "bip6", "bridge", "icc", "ip", "ipv6", "fixed-cidr", "fixed-cidr-v6", "default-address-pools",
     "default-gateway", "default-gateway-v6", "mtu", "hosts", "dns", "firewall-backend", "live-restore",
     "log-driver", "log-opts", "storage-driver", "insecure-registries", "registry-mirrors", "data-root",
     "exec-opts", "features", "experimental", "metrics-addr", "default-runtime", "runtimes",
     "max-concurrent-downloads", "debug", "allow-direct-routing", "default-network-opts",
     "ip-forward-no-drop", "builder", "default-ulimits"}
)  # fmt: skip


_KEY = re.compile(r"(?:services|networks|volumes|configs|secrets|include|name|version|x-[\w-]+):(?:\s|$)")


# Lines from its first one on in which a compose file says what its services are.
_NEAR = 40


def compose_lines(lines: list[str], index: int) -> int:
    """How many lines a compose file takes that begins on this one; 0 where none begins."""
    if not COMPOSE.fullmatch(lines[index]):
        return 0
    end, services = index, False
    if not any(line.startswith("services:") for line in lines[index : index + _NEAR]):
        return 0
    for at in range(index, len(lines)):
        line = lines[at]
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not (line.startswith(" ") or _KEY.match(line)):
            break
        services = services or line.startswith("services:")
        end = at + 1
    return end - index if services and end - index > 1 else 0


def parse(text: str, file: str, by: str) -> Parsed[Stated]:
    """``by``: compose or daemon. The first line says what it is, each further one belongs to it."""
    facts: list[Stated] = []
    for number, line in numbered_lines(text):
        kind = "line" if facts else "document"
        facts.append(Stated(by, kind, (), evidence=Evidence(file, number, line)))
    return Parsed(tuple(facts), ())
