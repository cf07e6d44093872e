"""What the checks of lint could not look at: texts that were not captured, failed, or are there in part.

A check finds nothing where its facts are not there, and that is no finding of nothing: each kind of fact that
is missing is named, with the command that shows it, wherever a check would have asked for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.docker.intent import ICC_OPTION
from sekisho.model.snapshot import Namespace, Snapshot
from sekisho.semantics.bridges import bridges_of
from sekisho.semantics.host import texts_as_they_are
from sekisho.semantics.missing import addresses_told
from sekisho.semantics.netfilter import gaps
from sekisho.semantics.nft_tables import native_tables
from sekisho.semantics.partial import doubt_of
from sekisho.semantics.unseen import unseen, unseen_nft
from sekisho.values.address import Family

# A message id and its arguments.
Left = tuple[str, tuple[str, ...]]
BRIDGE_NF = "net.bridge.bridge-nf-call-iptables"
FORWARDING: tuple[tuple[str, Family], ...] = (("net.ipv4.ip_forward", 4), ("net.ipv6.conf.all.forwarding", 6))
_SAVES: tuple[tuple[Family, str, str], ...] = (
    (4, "iptables-save", "ip route"),
    (6, "ip6tables-save", "ip -6 route"),
)


def unchecked(snapshot: Snapshot) -> Iterator[Left]:
    """All of it, of the host's own namespace and of Docker's lists."""
    yield from _in_part(snapshot.host)
    yield from _texts(snapshot)
    for family, save, route in _SAVES:
        if family == 4 or _has_six(snapshot):
            yield from _tables(snapshot.host, family, save)
            if not snapshot.host.shows_table(family, "main"):
                yield not_captured("routes", route)
    yield from _settings(snapshot)
    yield from _links(snapshot)
    if snapshot.host.ipsets is None:
        yield not_captured("sets", "ipset save")


def not_captured(about: str, command: str) -> Left:
    """That something was not looked at, because a command's output is not there."""
    return "lint.not-captured", (f"lint.about.{about}", command)


def forwards(snapshot: Snapshot) -> set[int]:
    """The IP versions for which Docker forwards on this host."""
    if snapshot.networks is not None:
        return {s.subnet.family for n in snapshot.networks if n.driver == "bridge" for s in n.subnets}
    return {
        ruleset.family
        for ruleset in snapshot.host.rulesets
        for table in ruleset.tables
        for chain in table.chains
        if (table.name, chain.name) == ("nat", "DOCKER") and chain.rules
    }


def lists_all_settings(host: Namespace) -> bool:
    """Whether all sysctls under net were listed, so that one which is absent is not there: every kernel has
    net.core's and net.unix's, which nobody asks for by themselves."""
    if any("bridge-nf-call" in unread.evidence.text for unread in host.unread):
        return False
    keys = {item.key.split(".")[1] for item in host.sysctls or () if item.key.startswith("net.")}
    return {"core", "unix", "ipv4"} <= keys


# ------------------------------------------------------------------------------------------- texts


def _in_part(host: Namespace) -> Iterator[Left]:
    """Tables in whose chains nothing is concluded from what is not shown."""
    doubts = [(table.name, unseen(table, ruleset)) for ruleset in host.rulesets for table in ruleset.tables]
    for ruleset in host.rulesets:
        if ruleset.incomplete is not None:
            tool = "iptables" if ruleset.family == 4 else "ip6tables"
            doubts.append((tool, doubt_of(ruleset.incomplete, tool)))
    for own in native_tables(host.nft, host.rulesets):
        doubts.append((f"{own.family} {own.name}", unseen_nft(own)))
    for name, doubt in doubts:
        if doubt is not None:
            place = doubt.evidence
            yield "lint.partial", (name, "?" if place is None else f"{place.file}:{place.line}")


def _texts(snapshot: Snapshot) -> Iterator[Left]:
    """Commands that failed, texts that may have held more, and lines that nobody could read."""
    host = snapshot.host
    if not addresses_told(host, 4):
        yield "lint.addresses", ()
    for failure in host.failed:
        yield "lint.failed", (failure.command, failure.reason)
    for lean in texts_as_they_are(host):
        yield lean.code, lean.args
    files: dict[str, int] = {}
    for unread in (*host.unread, *snapshot.unread):
        files.setdefault(unread.evidence.file, unread.evidence.line)
    for ipset in host.ipsets or ():
        if ipset.incomplete is not None:
            files.setdefault(ipset.incomplete.file, ipset.incomplete.line)
    for file, line in files.items():
        yield "lint.unread", (f"{file}:{line}",)


# ------------------------------------------------------------------------------- what is not there


def _has_six(snapshot: Snapshot) -> bool:
    """Whether anything shows that the host speaks IPv6 with others."""
    host = snapshot.host
    wide = any(item.family == 6 and item.scope not in ("link", "host") for item in host.addresses or ())
    return wide or 6 in forwards(snapshot) or any(route.family == 6 for route in host.routes)


def _tables(host: Namespace, family: Family, save: str) -> Iterator[Left]:
    leans = {lean for every in gaps(host.rulesets, family, host.nft).values() for lean in every}
    names = sorted(lean.args[0] for lean in leans if lean.code == "table-not-captured")
    if names:
        yield "lint.tables", (", ".join(names), save)
    if any(lean.code == "nft-rest-not-captured" for lean in leans):
        yield "lint.tables", ("nftables", "nft list ruleset")


def _settings(snapshot: Snapshot) -> Iterator[Left]:
    host = snapshot.host
    asked = [key for key, family in FORWARDING if family in forwards(snapshot)]
    apart = any(dict(network.options).get(ICC_OPTION) == "false" for network in snapshot.networks or ())
    if apart and not lists_all_settings(host):
        asked.append(BRIDGE_NF)
    missing = [key for key in asked if host.sysctl_fact(key) is None]
    if missing:
        yield not_captured("settings", f"sysctl {' '.join(missing)}")
    if host.sysctl_files is None and forwards(snapshot):
        yield not_captured("files", "tail -n +1 /etc/sysctl.conf /etc/sysctl.d/*.conf > sysctl-files.txt")


def _links(snapshot: Snapshot) -> Iterator[Left]:
    """MTUs, where containers have a way out, and policy rules, where there is more than one."""
    host = snapshot.host
    sizes = {item.name: item.mtu for item in host.interfaces or ()}
    wide = [net.bridge for net in snapshot.networks or () if net.bridge is not None and not net.internal]
    ways = [h.dev for r in host.routes if not r.dst.length and r.family == 4 for h in r.nexthops if h.dev]
    if wide and any(sizes.get(name) is None for name in (*wide, *ways)):
        yield not_captured("links", "ip -d link")
    own = bridges_of(snapshot)
    outer = {item.interface for item in host.addresses or () if (item.family, item.scope) == (4, "global")}
    outer = {name for name in outer if name not in own and not name.startswith("veth")}
    if host.rules is None and len(outer) > 1:
        yield not_captured("rules", "ip rule")
