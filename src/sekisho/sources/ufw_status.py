"""``ufw status [verbose|numbered]``: what ufw was told. Its chains, before.rules and after.rules are not
shown.

::

    Status: active
    Default: deny (incoming), allow (outgoing), deny (routed)

         To                         Action      From
         --                         ------      ----
    [ 1] 22/tcp                     ALLOW IN    Anywhere                   # by hand
"""

from __future__ import annotations

import re

from sekisho.model.evidence import Evidence, Unread
from sekisho.model.stated import Stated
from sekisho.sources.parsed import Parsed
from sekisho.sources.text import Unreadable, numbered_lines
from sekisho.values.numbers import DIGITS

_RULE = re.compile(
    rf"\s*(?:\[\s*{DIGITS}\]\s+)?(?P<to>\S.*?)\s+(?P<action>ALLOW|DENY|REJECT|LIMIT)(?: (?P<way>IN|OUT|FWD))?"
    r"\s+(?P<from>\S.*?)\s*(?P<log>\(log(?:-all)?\)\s*)?(?P<out>\(out\)\s*)?(?:#\s?(?P<comment>.*))?"
)
_HEADS = re.compile(r"\s*(?:To\s+Action\s+From|--\s+-+\s+-+)\s*")
_SETTING = re.compile(r"(?P<key>Status|Logging|Default|New profiles): (?P<value>\S.*?)\s*")
_KINDS = {"Status": "status", "Logging": "logging", "Default": "default", "New profiles": "profiles"}


def parse(text: str, file: str) -> Parsed[Stated]:
    """Read the settings and rules. Unread reason: ``unknown-line``."""
    facts: list[Stated] = []
    unread: list[Unread] = []
    for number, line in numbered_lines(text):
        if _HEADS.fullmatch(line):
            continue
        place = Evidence(file, number, line)
        try:
            facts.append(_read(line, place))
        except Unreadable as fault:
            unread.append(fault.at(place))
    return Parsed(tuple(facts), tuple(unread))


def _read(line: str, place: Evidence) -> Stated:
    setting = _SETTING.fullmatch(line)
    if setting is not None:
        kind, value = _KINDS[setting["key"]], setting["value"]
        if kind == "status":
            if value not in ("active", "inactive"):
                raise Unreadable("unknown-word", value)
            return Stated("ufw", f"status-{value}", (), value == "active", place)
        return Stated("ufw", kind, (value,), evidence=place)
    rule = _RULE.fullmatch(line)
    if rule is None:
        raise Unreadable("unknown-line", line.split(maxsplit=1)[0])
    action, way = rule["action"].lower(), (rule["way"] or "IN").lower()
    extra = tuple(word.strip() for word in (rule["log"], rule["out"], rule["comment"]) if word)
    return Stated("ufw", f"rule-{way}", (action, rule["to"], rule["from"], *extra), evidence=place)
