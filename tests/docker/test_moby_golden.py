"""The rules of one bridge network against the golden files of moby's own tests, option by option."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

from sekisho.docker import iptables_rules
from sekisho.docker.engine import Engine, parse_version
from sekisho.docker.firewall import Firewall
from sekisho.docker.iptables_rules import BridgeRules
from sekisho.docker.lowlevel import Binding
from sekisho.docker.nft_state import NftState
from sekisho.model.nft import NftRuleset
from sekisho.sources import nft_render, nft_text
from sekisho.sources.iptables_rule import render_rule
from sekisho.values.address import Address, Family, Prefix

GOLDEN = Path(__file__).parents[1] / "data" / "moby" / "bridge-rules.json.gz"
CASES: dict[str, str] = json.loads(gzip.decompress(GOLDEN.read_bytes()))
SUBNET: dict[Family, str] = {4: "192.168.0.0/24", 6: "fd49:efd7:54aa::/64"}
ENDPOINT: dict[Family, str] = {4: "192.168.0.2", 6: "fd49:efd7:54aa::1"}
SOURCE: dict[Family, str] = {4: "192.168.123.0", 6: "fd34:d0d4:672f::123"}
ANYWHERE: dict[Family, tuple[str, str]] = {4: ("0.0.0.0", "127.0.0.1"), 6: ("::", "::1")}


def _case(name: str) -> tuple[Engine, Family, BridgeRules, Binding]:
    version, kind, rest = name.split(" ", 2)
    words, _, tool = rest.removesuffix(".golden").partition("__")
    options = dict(word.split("=") for word in words.split(","))
    family: Family = 6 if "ip6" in tool else 4
    engine = Engine(
        parse_version(version), userland_proxy=options["hairpin"] != "true", nftables=kind == "nft"
    )
    source = Address.parse(SOURCE[family]) if options.get("snat") == "true" else None
    rules = BridgeRules(
        "br-dummy", Prefix.parse(SUBNET[family]), options["internal"] == "true", options["icc"] == "true",
        options.get("masq") == "true", options.get("gwm", "nat"), source,
    )  # fmt: skip
    host = ANYWHERE[family][options.get("bindlh") == "true"]
    return (
        engine,
        family,
        rules,
        Binding("tcp", Address.parse(ENDPOINT[family]), 80, Address.parse(host), 8080),
    )


@pytest.mark.parametrize("version", ["28.2.2", "28.5.2", "29.7.2"])
def test_iptables_rules_are_mobys(version: str) -> None:
    names = [name for name in CASES if name.startswith(f"{version} ipt")]
    assert len(names) == 200
    for name in names:
        engine, family, net, binding = _case(name)
        fw = Firewall(family, None, True)
        iptables_rules.start(fw, engine)
        iptables_rules.network(fw, engine, net)
        if engine.isolation_chains and not net.internal:
            iptables_rules.isolation(fw, engine, net.bridge, net.routed)
        iptables_rules.endpoint(fw, engine, net, binding.container_address)
        iptables_rules.port(fw, engine, net, binding)
        planned = {
            (table.name, chain.name): [render_rule(rule) for rule in chain.rules]
            for table in fw.ruleset().tables
            for chain in table.chains
            if chain.rules
        }
        assert planned == _saved(CASES[name]), name


def _saved(text: str) -> dict[tuple[str, str], list[str]]:
    """The text of iptables-save, read with nothing but a regular expression."""
    found: dict[tuple[str, str], list[str]] = {}
    table = ""
    for line in text.split("\n"):
        if line.startswith("*"):
            table = line[1:]
        rule = re.match(r"-A (\S+) (.*)", line)
        if rule:
            found.setdefault((table, rule[1]), []).append(rule[2])
    return found


def test_nftables_rules_are_mobys() -> None:
    names = [name for name in CASES if " nft " in name]
    assert len(names) == 200
    for name in names:
        engine, family, net, binding = _case(name)
        state = NftState(None)
        state.start(engine, family == 4, family == 6)
        state.network(family, engine, net)
        state.endpoint(family, engine, net, binding.container_address)
        state.port(family, engine, net, binding)
        planned = state.ruleset(None, ())
        assert planned is not None
        assert _listed(planned) == _listed(nft_text.parse(CASES[name], "golden")), name


def _listed(ruleset: NftRuleset) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    name = ""
    for line in nft_render.render(ruleset).split("\n"):
        text = line.strip()
        if text.startswith(("chain ", "map ")):
            name = text.split()[1]
            found[name] = []
        elif name and text and text != "}":
            found[name].append(text)
    return found
