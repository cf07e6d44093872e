"""How options of matches and targets are written: other spellings, what is implied, how values are quoted.

Which option belongs to which match or target stands in ``model.extension_matches``, ``extension_targets``.
Facts of ``iptables-extensions(8)`` and of what ``iptables-save`` 1.4 to 1.8.11 prints.
"""

from __future__ import annotations

from sekisho.model.extension_matches import MATCHES as _MATCHES
from sekisho.model.extension_targets import TARGETS as _TARGETS
from sekisho.model.extensions import Arity

# option -> number of values, by match and by target.
MATCHES: dict[str, Arity] = {name: extension.arity() for name, extension in _MATCHES.items()}
TARGETS: dict[str, Arity] = {name: extension.arity() for name, extension in _TARGETS.items()}


def comes_once(owner: str, name: str) -> bool:
    """Whether one match or target takes the option once, so that a second one is an error."""
    extension = _MATCHES.get(owner) or _TARGETS.get(owner)
    spec = extension.specs().get(name) if extension is not None else None
    return spec is not None and not spec.repeats


# Other spellings of an option within its module.
ALIASES: dict[tuple[str, str], str] = {
    **{(m, "source-port"): "sport" for m in ("tcp", "udp", "udplite", "sctp", "dccp")},
    **{(m, "destination-port"): "dport" for m in ("tcp", "udp", "udplite", "sctp", "dccp")},
    ("multiport", "source-ports"): "sports",
    ("multiport", "destination-ports"): "dports",
    ("multiport", "port"): "ports",
    ("icmp6", "icmp6-type"): "icmpv6-type",
    ("ttl", "ttl"): "ttl-eq",
    ("hl", "hl"): "hl-eq",
    ("set", "set"): "match-set",
    ("connlabel", "label-set"): "set",
    ("REDIRECT", "to-port"): "to-ports",
}  # fmt: skip

# Modules by another name: an alias that iptables itself prints back under the first name.
MODULE_ALIASES = {"icmpv6": "icmp6", "ipv6-icmp": "icmp6", "mobility-header": "mh", "ipv6-mh": "mh"}

# ``-p NAME`` makes the options of this match known without ``-m``.
IMPLICIT_MATCH = {
    "tcp": "tcp", "udp": "udp", "udplite": "udplite", "sctp": "sctp", "dccp": "dccp", "icmp": "icmp",
    "ipv6-icmp": "icmp6", "ipcomp": "ipcomp", "esp": "esp", "ah": "ah", "mobility-header": "mh",
}  # fmt: skip

# A second option in these always belongs to a second ``-m``.
ONE_OPTION = frozenset({"multiport", "comment", "mark", "connmark", "state", "length", "u32", "bpf"})

# Printed as iptables prints free text: bare where harmless, else quoted.
FREE_TEXT = frozenset(
    {
        ("comment", "comment"), ("LOG", "log-prefix"), ("NFLOG", "nflog-prefix"),
        ("ULOG", "ulog-prefix"), ("helper", "helper"), ("cgroup", "path"),
    }
)  # fmt: skip

# Printed in quotes always.
ALWAYS_QUOTED = frozenset(
    {
        ("u32", "u32"), ("bpf", "bytecode"), ("string", "string"), ("string", "hex-string"),
        ("connlabel", "label"), ("LED", "led-trigger-id"),
    }
)  # fmt: skip

GENERIC_LONG = {
    "source": "source", "src": "source", "destination": "destination", "dst": "destination",
    "protocol": "protocol", "proto": "protocol", "in-interface": "in-interface",
    "out-interface": "out-interface", "fragment": "fragment", "fragments": "fragment",
    "jump": "jump", "goto": "goto", "match": "match", "set-counters": "set-counters",
    "ipv4": "ipv4", "ipv6": "ipv6", "wait": "wait", "table": "table", "append": "append",
    "insert": "insert", "policy": "policy", "new-chain": "new-chain", "new": "new-chain",
    "flush": "flush", "delete-chain": "delete-chain", "zero": "zero",
}  # fmt: skip
GENERIC_SHORT = {
    "s": "source", "d": "destination", "p": "protocol", "i": "in-interface", "o": "out-interface",
    "f": "fragment", "j": "jump", "g": "goto", "m": "match", "c": "set-counters", "4": "ipv4",
    "6": "ipv6", "w": "wait", "t": "table", "A": "append", "I": "insert", "P": "policy",
    "N": "new-chain", "F": "flush", "X": "delete-chain", "Z": "zero",
}  # fmt: skip
SHORT_OF = {
    "source": "-s", "destination": "-d", "in-interface": "-i", "out-interface": "-o",
    "protocol": "-p", "fragment": "-f",
}  # fmt: skip
GENERIC_ORDER = tuple(SHORT_OF)


# The protocols whose names are built into iptables (it needs no /etc/protocols for them).
KNOWN_PROTOCOLS = frozenset(
    {"tcp", "sctp", "udp", "udplite", "icmp", "ipv6-icmp", "esp", "ah", "mobility-header", "dccp",
     "ipcomp", "all"}
)  # fmt: skip


def repeats_split(module: str) -> bool:
    """Whether an option that comes a second time means a second ``-m module``.

    True for the matches known here (each option once per match), but for ``policy``, which repeats
    its options after ``--next``. Of an unknown match nobody knows.
    """
    return module in MATCHES and module != "policy"
