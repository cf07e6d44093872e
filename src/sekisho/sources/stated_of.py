"""What front ends and documents say in the pieces of a namespace, and what follows for the rules that were
not captured: where ufw or firewalld is in force, an empty table is not what is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sekisho.model.evidence import Evidence, Partial
from sekisho.model.netfilter import Ruleset, Table
from sekisho.model.stated import Stated
from sekisho.sources import documents, firewall_cmd, ufw_status
from sekisho.sources.collected import Collected
from sekisho.sources.pieces import Piece
from sekisho.sources.recognise import Format
from sekisho.values.address import Family

FORMATS = frozenset({Format.UFW_STATUS, Format.FIREWALL_CMD, Format.COMPOSE, Format.DAEMON_JSON})
_FAMILIES: tuple[Family, Family] = (4, 6)


def stated_of(pieces: Iterable[Piece], collected: Collected) -> None:
    """Add every line of these to what is stated."""
    for piece in pieces:
        if piece.format is Format.UFW_STATUS:
            collected.stated += collected.take(piece, ufw_status.parse(piece.text, piece.file))
        elif piece.format is Format.FIREWALL_CMD:
            collected.stated += collected.take(piece, firewall_cmd.parse(piece.text, piece.file))
        elif piece.format in (Format.COMPOSE, Format.DAEMON_JSON):
            by = "compose" if piece.format is Format.COMPOSE else "daemon"
            collected.stated += collected.take(piece, documents.parse(piece.text, piece.file, by))


def front_end(stated: Iterable[Stated], by: str) -> Evidence | None:
    """Where it is said that the front end's rules are in force."""
    return next((one.evidence for one in stated if one.by == by and one.filters), None)


def with_front_ends(rulesets: tuple[Ruleset, ...], stated: tuple[Stated, ...]) -> tuple[Ruleset, ...]:
    """ufw's rules stand in table filter of both families: where no listing shows its chains, there are some
    that nobody captured."""
    place = front_end(stated, "ufw")
    if place is None:
        return rulesets
    return (*rulesets, *_missing(rulesets, place))


def _missing(rulesets: tuple[Ruleset, ...], place: Evidence) -> Iterator[Ruleset]:
    for family in _FAMILIES:
        mine = [one for one in rulesets if one.family == family]
        if any(
            chain.name.startswith(("ufw-", "ufw6-"))
            for one in mine
            for table in one.tables
            for chain in table.chains
        ):
            continue
        lack = Table("filter", (), Partial("frontend", place))
        backend = "" if all(one.backend for one in mine) else "nft"
        yield Ruleset(family, backend, (lack,), evidence=replace(place, line=0))


def hides_nftables(rulesets: tuple[Ruleset, ...], stated: tuple[Stated, ...]) -> Partial | None:
    """firewalld's rules are a table of nftables as a rule, chains of iptables (``IN_public``) where it was
    told so: where neither was captured, nobody knows them."""
    place = front_end(stated, "firewalld")
    if place is None or any(
        chain.name in ("INPUT_ZONES", "FORWARD_ZONES", "FORWARD_IN_ZONES")
        for ruleset in rulesets
        for table in ruleset.tables
        for chain in table.chains
    ):
        return None
    return Partial("frontend", place)
