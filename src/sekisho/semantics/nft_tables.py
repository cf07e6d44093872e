"""Which tables of an nftables listing count: iptables-nft's own are shown by iptables-save as well."""

from __future__ import annotations

from collections.abc import Sequence

from sekisho.model.netfilter import Ruleset
from sekisho.model.nft import NftRuleset, NftTable

_FAMILIES = {4: "ip", 6: "ip6"}


def native_tables(ruleset: NftRuleset | None, rulesets: Sequence[Ruleset]) -> tuple[NftTable, ...]:
    """The tables that no iptables capture holds.

    A table of that family and name in an iptables rule set that is not legacy is the same table, in
    iptables' own words. One that iptables-save leaves out (it cannot show it) was made with nft.
    """
    shown = {
        (_FAMILIES[one.family], table.name)
        for one in rulesets
        if one.backend != "legacy"
        for table in one.tables
    }
    tables = () if ruleset is None else ruleset.tables
    return tuple(table for table in tables if (table.family, table.name) not in shown)
