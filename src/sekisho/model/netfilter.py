"""Rule sets of iptables and ip6tables, and ipsets, in the spelling of ``iptables-save``.

A rule is a list of conditions and one target, both as *options*: the module that owns the option,
the option's long name without dashes, whether ``!`` stands before it, and its values as text. All
textual dialects (save format, ``-S``, the ``-nL -v`` columns) are read into this one form:

    -s 172.18.0.0/16          Option("", "source", False, ("172.18.0.0/16",))
    ! -o br0                  Option("", "out-interface", True, ("br0",))
    -p tcp                    Option("", "protocol", False, ("tcp",))
    -m tcp --dport 80:90      Option("tcp", "dport", False, ("80:90",))
    --tcp-flags SYN,RST SYN   Option("tcp", "tcp-flags", False, ("SYN,RST", "SYN"))
    -m conntrack --ctstate RELATED,ESTABLISHED
                              Option("conntrack", "ctstate", False, ("RELATED,ESTABLISHED",))
    -m addrtype --dst-type LOCAL  Option("addrtype", "dst-type", False, ("LOCAL",))
    -f                        Option("", "fragment", False, ())
    -m socket  (no option)    Option("socket", "", False, ())

Normal forms, whatever the dialect: protocols are names where /etc/protocols has one (``tcp``, never
``6``), addresses carry their length except for ranges, states are in the order as printed. What a
parser does not understand stays as ``Option("?", ..., values=(raw text,))``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sekisho.model.evidence import Evidence, Partial
from sekisho.values.address import Family

UNKNOWN_MODULE = "?"

# The chains that the kernel makes in each table, in the order as iptables prints them (iptables(8), TABLES).
# No chain of a user's own can have the name of one of them.
BUILTIN_CHAINS: dict[str, tuple[str, ...]] = {
    "raw": ("PREROUTING", "OUTPUT"),
    "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
    "security": ("INPUT", "FORWARD", "OUTPUT"),
}


def is_builtin(table: str, chain: str) -> bool:
    """Whether the kernel makes the chain of that name in that table."""
    return chain in BUILTIN_CHAINS.get(table, ())


@dataclass(frozen=True, slots=True)
class Option:
    """One condition of a rule or one option of its target; see the module's text."""

    module: str
    name: str
    negated: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """``-j NAME`` (or ``-g NAME`` with ``goto``) with its options (module == the target's name).

    A rule without any target has none (None in ``Rule.target``): it only counts.
    """

    name: str
    goto: bool = False
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; its number in the chain is its place in ``Chain.rules``, from 1."""

    matches: tuple[Option, ...] = ()
    target: Target | None = None
    packets: int | None = field(default=None, compare=False)
    bytes: int | None = field(default=None, compare=False)
    evidence: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain: ``policy`` is ACCEPT or DROP for a built-in one, None for a user-defined one and for a
    built-in one whose policy the text does not show (a rules file need not name it).

    ``references`` is printed by listings only. Counters are the policy's.
    """

    name: str
    policy: str | None = None
    rules: tuple[Rule, ...] = ()
    references: int | None = field(default=None, compare=False)
    packets: int | None = field(default=None, compare=False)
    bytes: int | None = field(default=None, compare=False)
    evidence: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Table:
    """raw, mangle, nat, filter or security with its chains in the order as printed.

    ``incomplete``: there may be more rules and chains than are listed, and why.
    """

    name: str
    chains: tuple[Chain, ...] = ()
    incomplete: Partial | None = field(default=None, compare=False)
    evidence: Evidence | None = field(default=None, compare=False)

    def is_base(self, chain: Chain) -> bool:
        """Whether packets come to the chain by themselves: the kernel made it, with a policy."""
        return chain.policy is not None or is_builtin(self.name, chain.name)


@dataclass(frozen=True, slots=True)
class Ruleset:
    """All captured iptables tables of one family and one back end.

    ``backend``: "nft", "legacy", or "" when the text does not tell. A table that is not here was
    not captured, unless ``complete`` says that the text lists all (iptables-save does), or
    ``incomplete`` that the text held something of it that is lost.
    """

    family: Family
    backend: str = ""
    tables: tuple[Table, ...] = ()
    complete: bool = False
    incomplete: Partial | None = field(default=None, compare=False)
    evidence: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class IpSet:
    """One set of ``ipset save``: ``options`` of its create line, ``entries`` as (element, options).

    An element is the text after the set's name (``10.0.0.0/8``, ``10.0.0.1,tcp:80``); entry options
    are pairs such as ("nomatch", "") or ("timeout", "300").
    ``incomplete`` is the evidence that the set holds more elements than are listed.
    """

    name: str
    type: str
    options: tuple[tuple[str, str], ...] = ()
    entries: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    incomplete: Evidence | None = field(default=None, compare=False)
    evidence: Evidence | None = field(default=None, compare=False)
