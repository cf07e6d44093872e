"""Random hosts whose rules are nftables' own: what the kernel took of a random rule set is the capture."""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random

from sekisho.lab.namespaces import LabError, NetworkNamespace
from sekisho.model.links import Interface
from sekisho.sources import nft_text
from sekisho.values.address import Family
from tests.conformance.hosts import Host, skeleton, snapshot_of
from tests.conformance.nft_bridge_rules import BridgeRuleMaker
from tests.conformance.nft_device_rules import DeviceRuleMaker
from tests.conformance.nft_rules import NftRuleMaker
from tests.conformance.vocabulary import INTERFACES, VOCABULARIES

# How many of the hosts have a table of family bridge as well.
BRIDGE_TABLES = 0.25
# And how many have chains at the ingress and egress of interfaces.
DEVICE_TABLES = 0.2
_PLACE = re.compile(r"/dev/stdin:(\d+):\d+-\d+: Error")


class Scratch:
    """A namespace with the hosts' interfaces, to have nft read rule sets and print them back."""

    def __init__(self) -> None:
        self.namespace = NetworkNamespace()
        for number, name in enumerate(INTERFACES):
            self.namespace.run(("ip", "link", "add", name, "type", "veth", "peer", "name", f"far{number}"))

    def accepted(self, text: str) -> str:
        """``nft list ruleset`` after loading those lines of the text that nft and the kernel take.

        Now and then nft prints what it does not read (it leaves out the protocol that a connection's port
        needs): such lines are left out as well, until all that is printed is read.
        """
        listing, _ = self._once(text)
        while True:
            printed, whole = self._once(listing)
            if whole:
                return listing
            listing = printed

    def _once(self, text: str) -> tuple[str, bool]:
        """What is printed after loading the lines that are taken, and whether all of them are."""
        lines = text.split("\n")
        whole = True
        for _ in range(40):
            self.namespace.run(("nft", "flush", "ruleset"))
            wrong = self._load("\n".join(lines))
            if not wrong:
                return self._listed(), whole
            whole = False
            for number in wrong:
                lines[number - 1] = ""
        return "", True

    def _listed(self) -> str:
        """What nft prints; nothing where it dies of what it took (an assertion of payload.c, nft 1.0.6)."""
        try:
            return self.namespace.run(("nft", "list", "ruleset"))
        except LabError:
            return ""

    def _load(self, text: str) -> set[int]:
        try:
            self.namespace.run(("nft", "-f", "-"), text)
        except LabError as error:
            found = {int(number) for number in _PLACE.findall(str(error))}
            if not found:
                raise
            return found
        return set()

    def close(self) -> None:
        """Let go of it."""
        self.namespace.close()


def random_nft_host(seed: int, scratch: Scratch) -> Host:
    """The host of a seed: routes and switches as of the iptables hosts, rules of nftables' own."""
    chance = Random(seed)
    family: Family = 6 if chance.random() < 0.3 else 4
    words = VOCABULARIES[family]
    text = NftRuleMaker(chance, words).rule_set()
    if chance.random() < BRIDGE_TABLES:
        text += BridgeRuleMaker(chance, words).table_text()
    if chance.random() < DEVICE_TABLES:
        text += DeviceRuleMaker(chance, words).table_text()
    text = scratch.accepted(text)
    six = "6" if family == 6 else ""
    texts, network = skeleton(seed * 31, family)
    snapshot = snapshot_of(tuple(texts), family, network)
    links = tuple(_shown_whole(link) for link in snapshot.host.interfaces or ())
    own = replace(snapshot.host, interfaces=links, nft=nft_text.parse(text, "nft-ruleset.txt"))
    files = (*texts, ("nft-ruleset.txt", text))
    return Host(seed, f"nft ip{six or '4'}", family, replace(snapshot, host=own), files, network.words)


def _shown_whole(link: Interface) -> Interface:
    """With what ``ip -d link`` says besides."""
    kind = "loopback" if link.name == "lo" else "ether"
    return replace(link, details=(*link.details, ("group", "default"), ("link", kind)))
