"""Facts printed as the commands print them that they were read from: ``ip``, ``iptables``, ``ss``...

    routes  rules  addresses  links  neighbours     ip route, ip rule, ip addr, ip link, ip neigh
    raw  mangle  nat  filter  security              iptables -t TABLE -nL -v, or iptables-save
    sockets  sysctl  networks                       ss -Hnltup, sysctl, docker network ls
    sysctl-files                                    the files that set sysctls, as they were captured

What was read from a command's text comes out as that version of the command printed it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from sekisho.errors import one_line
from sekisho.model.docker import DockerNetwork
from sekisho.model.evidence import Evidence
from sekisho.model.netfilter import BUILTIN_CHAINS, Chain, Ruleset, Table
from sekisho.model.snapshot import Namespace
from sekisho.sources import (
    ip_addr,
    ip_link,
    ip_neigh,
    ip_route,
    ip_rule,
    iptables_list,
    iptables_save,
    ss,
    sysctl,
    sysctl_files,
)
from sekisho.sources.recognise import Format, by_name
from sekisho.values.address import Family
from sekisho.values.numbers import integer, is_number
from sekisho.views.captured_style import captured_style

What = Literal[
    "routes", "rules", "raw", "mangle", "nat", "filter", "security",
    "addresses", "links", "neighbours", "networks", "sysctl", "sysctl-files", "sockets",
]  # fmt: skip
Form = Literal["list", "save"]

WHATS: tuple[What, ...] = get_args(What)
TABLES = ("raw", "mangle", "nat", "filter", "security")

# The file of a snapshot that would hold it ("6" goes in where "{}" stands), and the formats it is read from.
_TABLE_FORMATS = (Format.IPTABLES_SAVE, Format.IPTABLES_S, Format.IPTABLES_LIST)
_PLACES: dict[str, tuple[str, tuple[Format, ...]]] = {
    "routes": ("ip{}-route.txt", (Format.IP_ROUTE, Format.IP_ROUTE_JSON, Format.ROUTE_N)),
    "rules": ("ip{}-rule.txt", (Format.IP_RULE, Format.IP_RULE_JSON)),
    "addresses": ("ip-addr.txt", (Format.IP_ADDR, Format.IP_ADDR_JSON)),
    "links": ("ip-link.txt", (Format.IP_LINK, Format.IP_LINK_JSON, Format.IP_ADDR, Format.IP_ADDR_JSON)),
    "neighbours": ("ip-neigh.txt", (Format.IP_NEIGH, Format.IP_NEIGH_JSON)),
    "networks": ("docker-networks.json", (Format.DOCKER_NETWORKS,)),
    "sysctl": ("sysctl.txt", (Format.SYSCTL,)),
    "sysctl-files": ("sysctl-files.txt", (Format.SYSCTL_FILES,)),
    "sockets": ("ss.txt", (Format.SS,)),
    **dict.fromkeys(TABLES, ("ip{}tables-save.txt", _TABLE_FORMATS)),
}


@dataclass(frozen=True, slots=True)
class Listing:
    """``text`` as the command prints it; ``unread`` are captured lines that are missing in it."""

    text: str
    unread: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class NotCaptured:
    """The snapshot does not hold it. ``file`` is the file that would."""

    file: str


def listing(
    namespace: Namespace,
    what: What,
    *,
    family: Family | None = None,
    form: Form = "list",
    table: str = "main",
    networks: tuple[DockerNetwork, ...] | None = None,
) -> Listing | NotCaptured:
    """``what`` of a namespace. ``family`` None is what the command takes without -4 or -6.

    ``form`` is for iptables tables, ``table`` (a routing table's name, or ``all``) for routes;
    ``networks`` are Docker's, which no namespace holds.
    """
    if what in TABLES:
        text = _table(namespace, what, family or 4, form)
    elif what == "routes":
        text = _routes(namespace, family or 4, table)
    elif what == "networks":
        text = None if networks is None else network_ls(networks)
    else:
        text = _PLAIN[what](namespace, family)
    file, formats = _PLACES[what]
    if text is None:
        return NotCaptured(file.format("6" if family == 6 else ""))
    return Listing(text, tuple(_missing(namespace, what, formats)))


def _missing(namespace: Namespace, what: str, formats: Collection[Format]) -> Iterator[Evidence]:
    """The captured lines that ought to be in a listing and could not be read."""
    for unread in namespace.unread:
        expected = by_name(unread.evidence.file.rpartition("/")[2])
        # Where the name promises nothing (pasted text), the line may belong to anything.
        if expected is None or not set(formats).isdisjoint(expected.formats):
            yield unread.evidence
    if what in TABLES:
        for ruleset in namespace.rulesets:
            for table in ruleset.tables:
                if table.name == what and table.incomplete is not None:
                    yield table.incomplete.evidence


def _rules(namespace: Namespace, family: Family | None) -> str | None:
    rules = [rule for rule in namespace.rules or () if rule.family == (family or 4)]
    if not rules:  # the kernel always has some
        return None
    texts = _texts(rule.evidence for rule in rules)
    return ip_rule.render(rules, trailing_space=any(text.endswith(" ") for text in texts))


def _neighbours(namespace: Namespace, family: Family | None) -> str | None:
    if namespace.neighbours is None:
        return None
    chosen = [item for item in namespace.neighbours if family in (None, item.address.family)]
    return ip_neigh.render(chosen, trailing_space=_keeps_blank(item.evidence for item in chosen))


def _links(namespace: Namespace, family: Family | None) -> str | None:
    if namespace.interfaces is None:
        return None
    blank = _keeps_blank(item.evidence for item in namespace.interfaces)
    return ip_link.render(namespace.interfaces, trailing_space=blank)


def _addresses(namespace: Namespace, family: Family | None) -> str | None:
    if namespace.interfaces is None or namespace.addresses is None:
        return None
    interfaces = namespace.interfaces
    blank = _keeps_blank(item.evidence for item in interfaces)
    if family is None:
        return ip_addr.render(interfaces, namespace.addresses, trailing_space=blank)
    # With -4 or -6 ip leaves out what has no such address, and the link-layer line of the others.
    chosen = [item for item in namespace.addresses if item.family == family]
    owners = {item.interface for item in chosen}
    text = ip_addr.render((item for item in interfaces if item.name in owners), chosen, trailing_space=blank)
    return "".join(line for line in text.splitlines(True) if not line.startswith("    link/"))


def _sysctl(namespace: Namespace, family: Family | None) -> str | None:
    return None if namespace.sysctls is None else sysctl.render(namespace.sysctls)


def _sysctl_files(namespace: Namespace, family: Family | None) -> str | None:
    return None if namespace.sysctl_files is None else sysctl_files.render(namespace.sysctl_files)


def _sockets(namespace: Namespace, family: Family | None) -> str | None:
    return None if namespace.sockets is None else ss.render(namespace.sockets)


_PLAIN: dict[str, Callable[[Namespace, Family | None], str | None]] = {
    "rules": _rules,
    "neighbours": _neighbours,
    "links": _links,
    "addresses": _addresses,
    "sysctl": _sysctl,
    "sysctl-files": _sysctl_files,
    "sockets": _sockets,
}


def _routes(namespace: Namespace, family: Family, table: str) -> str | None:
    chosen = [route for route in namespace.routes if route.family == family and table in ("all", route.table)]
    if not chosen and not namespace.shows_table(family, table):
        return None
    unnamed = "main" if table == "all" else table
    return ip_route.render(chosen, table=unnamed, trailing_space=_keeps_blank(one.evidence for one in chosen))


def _texts(evidence: Iterable[Evidence | None]) -> list[str]:
    """The captured lines, JSON left out: it does not tell how the text form looked."""
    return [one.text for one in evidence if one is not None and one.text[:1] not in ("", "{", "[")]


def _keeps_blank(evidence: Iterable[Evidence | None]) -> bool:
    """Whether lines end with iproute2's blank; copies that people paste have mostly lost it."""
    texts = _texts(evidence)
    return not texts or any(line.endswith(" ") for text in texts for line in text.split("\n"))


def _table(namespace: Namespace, name: str, family: Family, form: Form) -> str | None:
    """One table of every back end that has it, each under a heading where there are two."""
    found = [
        (ruleset, table)
        for ruleset in namespace.rulesets
        if ruleset.family == family and (table := table_of(ruleset, name)) is not None
    ]
    if not found:
        return None
    texts = [_table_text(table, family, form) for _, table in found]
    if len(found) == 1:
        return texts[0]
    program = "iptables" if family == 4 else "ip6tables"
    headed = zip(found, texts, strict=True)
    return "\n".join(f"# {program}-{ruleset.backend or '?'}\n{text}" for (ruleset, _), text in headed)


def table_of(ruleset: Ruleset, name: str) -> Table | None:
    """The table; an empty one where a complete capture shows that it does not exist yet.

    iptables creates a table when it is first listed, with empty chains that accept.
    """
    for table in ruleset.tables:
        if table.name == name:
            return table
    if not ruleset.complete:
        return None
    return Table(name, tuple(Chain(chain, "ACCEPT", packets=0, bytes=0) for chain in BUILTIN_CHAINS[name]))


def _table_text(table: Table, family: Family, form: Form) -> str:
    if form == "save":
        counted = any(rule.packets for chain in table.chains for rule in chain.rules)
        return "".join(one_line(line) + "\n" for line in iptables_save.render_table(table, counted))
    return iptables_list.render(table, captured_style(table), family)


def network_ls(networks: Sequence[DockerNetwork]) -> str:
    """``docker network ls``: columns at least 10 wide, 3 blanks apart, names in natural order."""
    rows = [("NETWORK ID", "NAME", "DRIVER", "SCOPE")]
    rows += [
        (item.id[:12], item.name, item.driver, item.scope)
        for item in sorted(networks, key=lambda item: _natural(item.name))
    ]
    widths = [max(10, *(len(row[at]) + 3 for row in rows)) for at in range(3)]
    return "".join(
        one_line("".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)) + row[3]) + "\n"
        for row in rows
    )


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Order in which net2 comes before net10."""
    parts = re.findall(r"[0-9]{1,20}|[^0-9]+", name)
    return [(0, integer(part), "") if is_number(part) else (1, 0, part) for part in parts]
