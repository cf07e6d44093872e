"""``firewall-cmd --list-all`` and ``--list-all-zones``: what firewalld was told, zone by zone.

::

    public (active)
      target: default
      interfaces: eth0
      services: dhcpv6-client ssh
      rich rules:
    \trule family="ipv4" source address="10.0.0.0/8" accept

Which rules it made of this (in nftables as a rule), and those of its policies, are not shown.
"""

from __future__ import annotations

import re

from sekisho.model.evidence import Evidence, Unread
from sekisho.model.stated import Stated
from sekisho.sources.parsed import Parsed
from sekisho.sources.text import Unreadable, numbered_lines

HEAD = re.compile(
    r"(?P<zone>[A-Za-z0-9_-]{1,17})(?: \((?P<how>(?:default|active)(?:, (?:default|active))*)\))?\s*"
)
KEYS = (
    "target|ingress-priority|egress-priority|priority|icmp-block-inversion|interfaces|sources|services"
    "|ports|protocols|forward|masquerade|forward-ports|source-ports|icmp-blocks|rich rules|ingress-zones"
    "|egress-zones"
    "|summary|description"
)
_SETTING = re.compile(rf"  (?P<key>{KEYS}):(?: (?P<value>.*?))?\s*")
_MORE = re.compile(r"\t\s*(?P<value>\S.*?)\s*")


def parse(text: str, file: str) -> Parsed[Stated]:
    """Read zones (and policies) with their settings. Unread reasons: ``unknown-line``, ``part-of-unread``."""
    facts: list[Stated] = []
    unread: list[Unread] = []
    zone = key = ""
    for number, line in numbered_lines(text):
        place = Evidence(file, number, line)
        try:
            head, setting, more = HEAD.fullmatch(line), _SETTING.fullmatch(line), _MORE.fullmatch(line)
            if head is not None:
                zone, key = head["zone"], ""
                kind = "zone-active" if "active" in (head["how"] or "") else "zone"
                facts.append(Stated("firewalld", kind, (zone,), True, place))
            elif setting is not None and zone:
                key = setting["key"]
                value = setting["value"] or ""
                kind = "setting" if value else "nothing"
                facts.append(Stated("firewalld", kind, (zone, key, value), evidence=place))
            elif more is not None and zone and key:
                facts.append(Stated("firewalld", "setting", (zone, key, more["value"]), evidence=place))
            else:
                raise Unreadable("part-of-unread" if line[0].isspace() else "unknown-line", line.split()[0])
        except Unreadable as fault:
            unread.append(fault.at(place))
    return Parsed(tuple(facts), tuple(unread))
