"""Which lines of a captured rule set dockerd writes itself: its own tables, and lines of iptables' tables in
a form that some engine writes into that chain, whatever the names and numbers in it.

The forms are not written down here: the rules of all engines are written for networks of every kind and
compiled, and what is a name or a number in them is left out. So iptables-save and nft show the same form.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import cache

from sekisho.docker import iptables_rules, nft_rules
from sekisho.docker.engine import Engine, Version
from sekisho.docker.firewall import Firewall
from sekisho.docker.iptables_rules import BridgeRules
from sekisho.docker.lowlevel import Binding
from sekisho.docker.strip import USER_CHAIN
from sekisho.model.netfilter import Rule
from sekisho.semantics.conjunction import conjuncts, leaves
from sekisho.semantics.match_context import AddressTypes, MatchContext
from sekisho.semantics.netfilter import line_of
from sekisho.semantics.program import (
    Action,
    AnyOf,
    Guard,
    Guarded,
    In,
    Interface,
    Jump,
    Members,
    Not,
    Translate,
    Unsure,
)
from sekisho.sources.iptables_rule import parse_rule
from sekisho.values.address import BITS, Address, Family, Prefix
from sekisho.values.packet import PORT_PROTOCOLS

# Swarm's chain for the ports of services; nobody but dockerd writes there.
SWARM_CHAIN = "DOCKER-INGRESS"
# The versions of which each writes other rules than the one before.
_VERSIONS: tuple[Version, ...] = (
    (20, 10, 24), (24, 0, 0), (27, 0, 0), (28, 0, 0), (28, 0, 1), (28, 0, 2), (28, 2, 2), (29, 0, 0),
)  # fmt: skip
_BRIDGE = "br-0"
_HERE: dict[Family, tuple[str, str, str]] = {
    4: ("172.18.0.0/16", "172.18.0.2", "127.0.0.1"), 6: ("fd00:18::/64", "fd00:18::2", "::1"),
}  # fmt: skip

# Among the host's own addresses are always these.
_LOOPBACK: dict[Family, int] = {4: 0x7F000001, 6: 1}

# A condition without its names and numbers, and a line made of such.
_Part = tuple[object, ...]
_Form = tuple[frozenset[_Part], object]


def is_own_table(table: str) -> bool:
    """Whether a table of nftables (``ip docker-bridges``) is dockerd's, which makes it anew at its start."""
    return table in {f"{family} {nft_rules.TABLE}" for family in nft_rules.FAMILY_NAMES.values()}


def is_kept_free(chain: str, returns: bool) -> bool:
    """Whether a chain that nobody calls is dockerd's own affair: its chains, which it makes before it needs
    them, and a DOCKER-USER into which nobody has written (``returns``: it only leads back)."""
    return chain.startswith("DOCKER") and (chain != USER_CHAIN or returns)


def is_own_line(family: Family, table: str, chain: str, line: Guarded, bridges: Collection[str]) -> bool:
    """Whether dockerd writes such a line there. ``table`` is iptables' name for it, or nftables' (``ip
    filter``); ``bridges`` are those of Docker's networks."""
    if is_own_table(table) or chain == SWARM_CHAIN or line.action == Jump(SWARM_CHAIN):
        return True
    named = {part.name for part in map(_bare, conjuncts(line.guard)) if isinstance(part, Interface)}
    if not named <= {"lo", *bridges}:
        return False
    return (table.removeprefix(f"{nft_rules.FAMILY_NAMES[family]} "), chain, _form(line, family)) in _forms(
        family
    )


def is_own_rule(family: Family, table: str, chain: str, rule: Rule, bridges: Collection[str]) -> bool:
    """The same of a rule of iptables."""
    return is_own_line(family, table, chain, _compiled(rule, family), bridges)


def _compiled(rule: Rule, family: Family) -> Guarded:
    names = frozenset({rule.target.name} if rule.target is not None else ())
    own = names if any(name.startswith("DOCKER") for name in names) else frozenset[str]()
    return line_of(0, rule, own, MatchContext(family, AddressTypes({}, {}, unseen=True)))


# ------------------------------------------------------------------------------------------ forms


def _form(line: Guarded, family: Family) -> _Form:
    parts = [_part(guard, family) for guard in conjuncts(line.guard)]
    ends = {part.field: part.values for part in conjuncts(line.guard) if isinstance(part, In)}
    if "src" in ends and ends["src"] == ends.get("dst"):
        parts.append(("src", "is", "dst"))
    return frozenset(parts), _act(line.action)


def _bare(guard: Guard) -> Guard:
    return guard.guard if isinstance(guard, Not) else guard


def _part(guard: Guard, family: Family) -> _Part:
    match guard:
        case Not(inner):
            return ("not", *_part(inner, family))
        case Interface(field, name):
            return (field, name if name == "lo" else "BRIDGE")
        case In("src" | "dst" as field, values):
            # Another address than one, in nft's form, is a set that begins and ends where all addresses do.
            spans = values.intervals
            around = len(spans) > 1 and spans[0][0] == 0 and spans[-1][1] == (1 << BITS[family]) - 1
            own = (_LOOPBACK[family] in values) != around
            return (*(("not",) if around else ()), field, "OWN" if own else "ADDRESS")
        case In("sport" | "dport" as field, _):
            return (field, "NUMBER")
        case In("proto", values) if values.size() == 1 and values.intervals[0][0] in PORT_PROTOCOLS:
            return ("proto", "WITH PORTS")
        case AnyOf() if len(sides := set(_sides(guard))) == 1:
            return (sides.pop(), "OWN")  # as far as they are known
        case Members(fields):
            return ("set", *fields)
        case _:
            return (repr(guard),)


def _sides(guard: Guard) -> Iterator[str]:
    """Which address the parts of a condition are about; "" for one that is about anything else."""
    for leaf in leaves(guard):
        match leaf:
            case In("src" | "dst" as field, _):
                yield field
            case Unsure(doubt) if doubt.code == "addresses-not-captured":
                yield from doubt.args
            case _:
                yield ""


def _act(action: Action) -> object:
    if isinstance(action, Translate):
        return "DNAT" if action.what == "dst" else "MASQUERADE or SNAT"
    return action


@cache
def _forms(family: Family) -> frozenset[tuple[str, str, _Form]]:
    """Of all that dockerd writes; DOCKER-USER's is no more than the way out of it."""
    found: set[tuple[str, str, _Form]] = set()
    for table, chain, text in sorted(set(_texts(family))):
        found.add((table, chain, _form(_compiled(parse_rule(text, family)[0], family), family)))
    return frozenset(found)


def _texts(family: Family) -> Iterator[tuple[str, str, str]]:
    """All rules of all engines, for networks of every kind."""
    prefix, address, loopback = _HERE[family]
    to = Address.parse(address)
    plain = BridgeRules(_BRIDGE, Prefix.parse(prefix))
    kinds = [
        replace(plain, mode=mode, icc=icc)
        for mode in ("nat", "nat-unprotected", "routed")
        for icc in (True, False)
    ]
    kinds += [replace(plain, internal=True, icc=icc) for icc in (True, False)]
    kinds.append(replace(plain, source=to))
    for version in _VERSIONS:
        for proxy in (True, False):
            engine = Engine(version, ip6tables_flag=True, experimental=True, userland_proxy=proxy)
            for net in kinds:
                fw = Firewall(family, None, True)
                iptables_rules.start(fw, engine)
                iptables_rules.user_chain(fw, engine)
                iptables_rules.network(fw, engine, net)
                if engine.isolation_chains and not net.internal:
                    iptables_rules.isolation(fw, engine, _BRIDGE, net.routed)
                iptables_rules.endpoint(fw, engine, net, to)
                for host in (None, Address.parse(loopback), to):
                    for proto in ("tcp", "sctp"):
                        iptables_rules.port(fw, engine, net, Binding(proto, to, 80, host, 80))
                yield from fw.every_rule()
