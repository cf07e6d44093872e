"""Whether what is said beside an answer names what was damaged.

A doubt, a lean or an error names it if it stands at the damaged place, or if its words tell of the kind of
thing that is gone and, where it tells which one, of that one.
"""

from __future__ import annotations

import re
from functools import cache

from sekisho.explain.words import say
from tests.ablation.answer import Answer, Note
from tests.ablation.damage import Damage, base

# Words (English) by which a sentence tells of a kind of evidence; by the beginning of the file's name.
_TELLING: tuple[tuple[str, str], ...] = (
    ("ip-route", r"rout|table|address|own |neighbour|gateway|interface"),
    ("ip6-route", r"rout|table|address|own |neighbour|interface"),
    ("ip-rule", r"rule|rout"),
    ("ip6-rule", r"rule|rout"),
    ("ip-addr", r"address|interface|own |link|bridge|mtu|container"),
    ("ip-link", r"link|interface|bridge|port|mtu|container|neighbour"),
    ("ip-neigh", r"neighbour|bridge|container"),
    ("bridge", r"bridge|port|hairpin|container|neighbour"),
    ("iptables", r"table|chain|rule|policy|nat|ports?\b|translat|match|target"),
    ("ip6tables", r"table|chain|rule|policy|nat|ports?\b|translat|match|target"),
    ("nft-ruleset", r"table|chain|rule|policy|nft|nat|ports?\b|match|target|set"),
    ("ipset-save", r"set"),
    ("ss", r"socket|listen|docker-proxy|port"),
    ("conntrack", r"connection"),
    ("docker-", r"docker|container|network|bridge|neighbour|port|inspect|socket"),
)
# What is said of every text that might be cut says nothing of the one that is.
_GENERAL = frozenset({"texts-taken-as-whole"})
# Damages to a single line of a file.
_OF_ONE_LINE = frozenset({"remove-sysctl", "half-line", "redact-address", "remove-line"})
# Questions of the packet itself: they name nothing of the host.
_OF_THE_PACKET = frozenset({
    "field-not-stated", "source-port-random", "source-port-kept", "internet-address", "roles-inferred",
    "segment-opens-nothing", "rate-limit", "random-choice", "nat-picks-port", "nat-picks-address",
    "multipath",
})  # fmt: skip


def names(note: Note, damage: Damage) -> bool:
    """Whether the note names what the damage took."""
    if note.code in _GENERAL:
        return False
    if note.file and _at(note, damage):
        return True
    if note.code in _OF_THE_PACKET:
        return False
    text = _words(note)
    if any(word and _holds(text, word) for word in damage.words):
        return True
    for name in damage.files:
        if base(name) == "sysctl.txt":
            if "sysctl" in text or re.search(r"\b(net\.|rp_filter|ip_forward|forward)", text):
                return damage.kind not in _OF_ONE_LINE or not damage.words  # one is told by its name
            continue
        if base(name) in text or _kind(base(name)).search(text.lower()):
            return True
    if damage.kind == "no-namespace":
        return bool(re.search("container|namespace|docker", text))
    return False


def named(answer: Answer, damage: Damage, before: Answer) -> bool:
    """Whether something that the answer says names it; what was said before all the same does so only where
    it stands at the damaged place or tells of what is gone by name."""
    new = answer.notes - before.notes
    if any(names(note, damage) for note in new):
        return True
    old = answer.notes & before.notes
    return any(_at(note, damage) or (damage.words and _by_name(note, damage)) for note in old)


def _at(note: Note, damage: Damage) -> bool:
    if note.file not in damage.files:
        return False
    lines = damage.lines.get(note.file)
    return lines is None or note.line == 0 or lines[0] - 1 <= note.line <= lines[1] + 1


def _by_name(note: Note, damage: Damage) -> bool:
    text = _words(note)
    return note.code not in _GENERAL and any(word and _holds(text, word) for word in damage.words)


def _holds(text: str, word: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None


@cache
def _kind(name: str) -> re.Pattern[str]:
    found = next((words for start, words in _TELLING if name.startswith(start)), "(?!)")
    return re.compile(found)


@cache
def _words(note: Note) -> str:
    if note.kind == "error":
        return f"{note.args[0]} {note.file}"
    return f"{say(note.code, note.args, 'en')} {' '.join(note.args)}"
