"""From pieces to a namespace: each piece to its reader, and the richest where several say the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from sekisho.model.beside import Beside, BesideKind
from sekisho.model.host import Sysctl
from sekisho.model.links import BridgeEntry, Interface, Neighbour
from sekisho.model.netfilter import Ruleset
from sekisho.model.routing import PolicyRule
from sekisho.model.snapshot import Namespace
from sekisho.sources import (
    bridge_json,
    bridge_text,
    conntrack,
    ip_neigh,
    ip_rule,
    ip_rule_json,
    ipset_save,
    kernel_log,
    sysctl,
    sysctl_files,
)
from sekisho.sources.collected import Collected
from sekisho.sources.interfaces_of import interfaces_of
from sekisho.sources.parsed import Parsed
from sekisho.sources.pieces import HOST, MAY_BE_EMPTY, Piece, empty_error
from sekisho.sources.recognise import Format as F
from sekisho.sources.routes_of import routes_of
from sekisho.sources.rulesets_of import rulesets_of
from sekisho.sources.sockets_of import sockets_of
from sekisho.sources.stated_of import hides_nftables, stated_of, with_front_ends
from sekisho.sources.text_ends import changed_since, ends_early, taken_as_none
from sekisho.values.address import Family
from sekisho.values.names import NamespaceName

if TYPE_CHECKING:
    from sekisho.model.nft import NftRuleset


def namespace_of(name: NamespaceName, pieces: Iterable[Piece], collected: Collected) -> Namespace:
    """Read the pieces of one namespace.

    Raises SourceError for an empty text where the command always prints something, and for a file
    that is something else. What is only a part, or said again, is noted in ``collected``.
    """
    mine = tuple(pieces)
    for piece in mine:
        _check_empty(piece, mine, collected)
    one = collected.one
    routes, covered = routes_of(mine, collected)
    sockets, protocols = sockets_of(mine, collected)
    listed = interfaces_of(mine, collected)
    entries, ports = _bridges(mine, collected)
    rulesets = rulesets_of(mine, collected)
    stated_of(mine, collected)
    logged = [
        packet
        for piece in mine
        if piece.format is F.KERNEL_LOG
        for packet in collected.take(piece, kernel_log.parse(piece.text, piece.file))
    ]
    beside, shown = _beside(mine, collected)
    return Namespace(
        name=name,
        routes=routes,
        route_tables=covered,
        rules=_rules(mine, collected),
        interfaces=_with_ports(listed.interfaces, ports),
        addresses=listed.addresses,
        address_families=listed.families,
        addresses_hidden=listed.hidden,
        neighbours=one(mine, (F.IP_NEIGH_JSON, F.IP_NEIGH), _read_neighbours),
        bridge_entries=entries,
        rulesets=with_front_ends(rulesets, tuple(collected.stated)),
        nft=_nft(mine, collected) or _hidden_nft(rulesets, collected),
        ipsets=one(mine, (F.IPSET_SAVE,), lambda it: ipset_save.parse(it.text, it.file)),
        sysctls=_sysctls(mine, collected),
        sysctl_files=one(mine, (F.SYSCTL_FILES,), lambda it: sysctl_files.parse(it.text, it.file)),
        sockets=sockets,
        socket_protocols=protocols,
        connections=one(mine, (F.CONNTRACK,), lambda it: conntrack.parse(it.text, it.file)),
        logged=tuple(logged),
        stated=tuple(collected.stated),
        unread=tuple(dict.fromkeys(collected.unread)),
        files=tuple(collected.files),
        cut_files=ends_early(mine),
        empty_files=taken_as_none(mine),
        changed_files=changed_since(mine),
        beside=beside,
        beside_shown=shown,
    )


_BESIDE: dict[F, BesideKind] = {
    F.XFRM: "xfrm", F.TC: "tc", F.IPVS: "ipvs", F.WIREGUARD: "wireguard",
}  # fmt: skip


def _beside(
    pieces: tuple[Piece, ...], collected: Collected
) -> tuple[tuple[Beside, ...], frozenset[BesideKind]]:
    mine = [piece for piece in pieces if piece.format in _BESIDE]
    if not mine:
        return (), frozenset()
    from sekisho.sources import beside  # only here: most snapshots have none

    found: list[Beside] = []
    for piece in mine:
        found += collected.take(piece, beside.parse(_BESIDE[piece.format], piece.text, piece.file))
    return tuple(found), frozenset(_BESIDE[piece.format] for piece in mine)


def _check_empty(piece: Piece, all_pieces: tuple[Piece, ...], collected: Collected) -> None:
    if not piece.blank or piece.pasted or piece.format in MAY_BE_EMPTY:
        return
    alone = len(all_pieces) == 1 and piece.namespace == HOST
    if piece.format is F.IP_ROUTE and (piece.family == 6 or not alone):
        # No routes at all is what a namespace without network has; others would be told by it.
        if piece.family == 4 and not any(other.format is F.IP_ROUTE_JSON for other in all_pieces):
            collected.note(piece, "empty: taken as no routes at all")
        return
    if piece.format is F.IPTABLES_SAVE and piece.table is None and not alone:
        return
    raise empty_error(piece)


def _rules(pieces: tuple[Piece, ...], collected: Collected) -> tuple[PolicyRule, ...] | None:
    """``ip rule`` lists one family at a time."""
    found: list[PolicyRule] = []
    captured = False
    families: tuple[Family, Family] = (4, 6)
    for family in families:
        rules = collected.one(
            [piece for piece in pieces if piece.family == family],
            (F.IP_RULE_JSON, F.IP_RULE),
            _read_rules,
        )
        captured = captured or rules is not None
        found += rules or ()
    return tuple(found) if captured else None


def _read_rules(piece: Piece) -> Parsed[PolicyRule]:
    read = ip_rule_json.parse if piece.format is F.IP_RULE_JSON else ip_rule.parse
    return read(piece.text, piece.file, piece.family)


def _read_neighbours(piece: Piece) -> Parsed[Neighbour]:
    read = ip_neigh.parse_json if piece.format is F.IP_NEIGH_JSON else ip_neigh.parse
    return read(piece.text, piece.file)


def _bridges(
    pieces: tuple[Piece, ...], collected: Collected
) -> tuple[tuple[BridgeEntry, ...] | None, tuple[bridge_json.BridgePort, ...]]:
    entries: tuple[BridgeEntry, ...] | None = None
    ports: tuple[bridge_json.BridgePort, ...] = ()
    for piece in pieces:
        if piece.format in (F.BRIDGE_JSON, F.BRIDGE):
            read = bridge_json.parse if piece.format is F.BRIDGE_JSON else bridge_text.parse
            found = read(piece.text, piece.file)
            collected.use(piece)
            collected.unread += found.unread
            entries = found.entries if entries is None else entries
            ports = ports or found.ports
    return entries, ports


def _with_ports(
    interfaces: tuple[Interface, ...] | None, ports: tuple[bridge_json.BridgePort, ...]
) -> tuple[Interface, ...] | None:
    """What ``bridge link`` knows of its ports beyond a plain ``ip link``: the bridge and how it is a port."""
    if interfaces is None or not ports:
        return interfaces
    named = {port.name: port for port in ports}
    merged = []
    for interface in interfaces:
        port = named.get(interface.name)
        if port is not None:
            said = {
                "hairpin": port.hairpin, "isolated": port.isolated, "port_state": port.state,
                "master": port.master,
            }  # fmt: skip
            new = {name: value for name, value in said.items() if getattr(interface, name) is None}
            interface = replace(interface, **new)  # type: ignore[arg-type]
        merged.append(interface)
    return tuple(merged)


def _nft(pieces: tuple[Piece, ...], collected: Collected) -> NftRuleset | None:
    mine = [piece for piece in pieces if piece.format in (F.NFT_TEXT, F.NFT_JSON)]
    if not mine:
        return None
    from sekisho.sources.nft_capture import nft_of  # only here: hosts without nft's own listing start faster

    return nft_of(mine, collected)


def _hidden_nft(rulesets: tuple[Ruleset, ...], collected: Collected) -> NftRuleset | None:
    """That there is more in nftables than was captured, where a front end says so."""
    lack = hides_nftables(rulesets, tuple(collected.stated))
    if lack is None:
        return None
    from sekisho.model.nft import NftRuleset

    return NftRuleset((), incomplete=lack)


def _sysctls(pieces: tuple[Piece, ...], collected: Collected) -> tuple[Sysctl, ...] | None:
    """All of them: any subset counts, and of two values for one key the later one holds."""
    found: list[Sysctl] = []
    captured = False
    for piece in pieces:
        if piece.format is F.SYSCTL:
            captured = True
            found += collected.take(piece, sysctl.parse(piece.text, piece.file))
    return tuple(found) if captured else None
