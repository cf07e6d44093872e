"""Whether a text was read without a gap: each line is evidence of a fact, is unread, or holds nothing.

What holds nothing is written down here anew, from the formats themselves and not from the readers: column
heads, COMMIT, comments, the brace that closes a block. Lines that carry on the one above (``link/ether``
below an interface) have no evidence of their own: their words were kept, or they are usual ones.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from itertools import islice
from typing import Any

from sekisho.model.evidence import Evidence, Unread
from sekisho.model.nft import NftRule
from sekisho.model.snapshot import Snapshot
from sekisho.sources.recognise import Format, by_content, by_name
from tests.fuzz.mutate import CANARY

F = Format
# Numbers are kept as numbers, so that not all words of these are there again.
_LINK = (r"\s+link/.*", r"\s+(veth|bridge|bridge_slave|vlan|macvlan|ipvlan)\b.*")
_HEADS = r"\s*(num\s+)?(pkts\s+bytes\s+)?target\s+prot\s+opt\b.*"
# Lines that are no fact's own, by format.
_HOLDING_NOTHING: dict[Format, tuple[str, ...]] = {
    F.IPTABLES_SAVE: (r"\s*#.*", r"\s*COMMIT\s*"),
    F.IPTABLES_S: (r"\s*#.*", r"\s*COMMIT\s*"),
    F.IPTABLES_LIST: (_HEADS, r"\s*#.*"),
    F.IP_LINK: _LINK,
    F.IP_ADDR: (*_LINK, r"\s+valid_lft \S+ preferred_lft \S+\s*", r"\s+valid_lft \S+\s*"),
    F.IP_ROUTE: (r"\s*nexthop\s+(via|dev)\s.*",),
    F.ROUTE_N: (r"Kernel IP(v6)? routing table\s*", r"Destination .*"),
    F.SS: (
        r"\s*(Netid\s+)?State\s+Recv-Q\s.*",
        r"\s*(u_str|u_dgr|u_seq|nl|p_raw|p_dgr|v_str|v_dgr|unix)\s.*",
    ),
    F.CONNTRACK: (r"\s*conntrack v\S+ \(conntrack-tools\): \d+ flow entries have been shown\.\s*",),
    F.SYSCTL_FILES: (r"\s*[#;].*", r"==> \S+ <==", r"/\S+:"),
    F.SYSCTL: (r"\s*[#;].*",),
    F.IPSET_SAVE: (r"\s*add\s.*", r"\s*#.*"),
    F.XFRM: (r"\s+\S.*",),
    F.TC: (r"\s+\S.*", r"\s*tc filter show dev \S+ (ingress|egress)\s*"),
    F.IPVS: (
        r"\s*-a .*",
        r"\s*-> .*",
        r"\s*->RemoteAddress.*",
        r"IP Virtual Server.*",
        r"Prot LocalAddress.*",
    ),
    F.NETSTAT: (
        r"Active (Internet|UNIX|Bluetooth)\b.*",
        r"Proto\s+(Recv-Q|RefCnt)\s.*",
        r"unix\s.*",
        r"\(?(Not all processes could be identified|No info could be read for).*",
        r"\s*will not be shown.*",
    ),
    F.IFCONFIG: (
        r"[^\s:]+:[^\s:]+: +flags=.*",
        r"[^\s:]+:[^\s:]+ +Link encap:.*",
        r"\s+(RX|TX)[ :](packets|errors|bytes|compressed)\b.*",
        r"\s+(collisions:|Interrupt:|Base address:|Memory:|compressed:).*",
        r"\s+device (interrupt|memory|base)\b.*",
        r"\s+(ether|loop|unspec|[a-z]+) .*txqueuelen \d+\s+\(.*\)",
        r"\s+([A-Z ]+|\[NO FLAGS\])\s+MTU:\d+\s+Metric:\d+",
    ),
    F.DOCKER_PS: (r"[A-Z\s]*\b(CONTAINER ID|NAMES|PORTS)\b[A-Z\s]*",),
    F.DOCKER_NETWORK_LS: (r"\s*NETWORK ID\s+NAME\s+DRIVER[A-Z0-9\s]*",),
    F.UFW_STATUS: (r"\s*To\s+Action\s+From\s*", r"\s*--\s+-+\s+-+\s*"),
}
# Where an indented line is part of the fact above it: then its words are kept there.
_CARRIED_ON = frozenset({F.IP_LINK, F.IP_ADDR})
_ONE_TO_A_LINE = frozenset(
    {F.IP_ROUTE_JSON, F.IP_RULE_JSON, F.IP_ADDR_JSON, F.IP_LINK_JSON, F.IP_NEIGH_JSON, F.NFT_JSON,
     F.DOCKER_NETWORKS, F.DOCKER_CONTAINERS}
)  # fmt: skip
_UNCOUNTED = frozenset({F.CAPTURE_NOTES, F.SNAPSHOT_TOML, F.BRIDGE_JSON, F.DOCKER_VERSION, F.AWS_INSTANCES})


def dropped(snapshot: Snapshot) -> list[str]:
    """``FILE:LINE: text`` of every line of which nothing was kept and nothing is said."""
    told = list(evidences(snapshot))
    said = {(one.file, one.line) for one in told}
    texts = frozenset(one.text for one in told)
    unread: dict[str, set[int]] = {file: set() for file, _ in snapshot.texts}
    for one in _walked(snapshot):
        if isinstance(one, Unread):
            unread.setdefault(one.evidence.file, set()).add(one.evidence.line)
    # What is said of a whole file: that it is left out for a better one.
    whole = {note.file for note in snapshot.notes if not note.line}
    found: list[str] = []
    joined = "\n".join(
        f"{one.evidence.text} {one.detail}" for one in _walked(snapshot) if isinstance(one, Unread)
    )
    kept = frozenset(" ".join(_kept(snapshot)).split())
    for file, text in snapshot.texts:
        format_ = _format(file, text)
        if format_ is None or format_ in _UNCOUNTED or file in whole:
            continue
        if format_ is F.NFT_JSON:  # its facts name what they are made of, not its line
            known = {n for n, line in enumerate(text.split("\n"), 1) if _compact(line)[:_SHOWN] in texts}
            known |= _rules_read(text, known, sum(isinstance(one, NftRule) for one in _walked(snapshot)))
        else:
            known = {line for name, line in said if name == file}
        for number, line in _told(format_, text, known, unread[file]):
            carried_on = line[:1].isspace() and format_ in _CARRIED_ON and kept.issuperset(line.split())
            if not carried_on and line.strip() not in joined:
                found.append(f"{file}:{number}: {line[:120]!r}")
    return found


def unshown(explained: str, text: str) -> list[str]:
    """``LINE: text`` of every line of a text that ``explain --json`` of that file leaves out."""
    told: set[int] = set()
    for section in json.loads(explained)["sections"]:
        for line in section["lines"]:
            told.add(line["line"])
            told.update(more["line"] for more in line["continued"])
    # Of a text without any fact nothing is shown; that it holds none is for ``dropped`` to say.
    if text.lstrip()[:1] in ("[", "{") or not told - {0}:
        return []
    return [
        f"{number}: {line[:120]!r}"
        for number, line in enumerate(text.split("\n"), 1)
        if line.strip() and number not in told
    ]


def lost_canary(snapshot: Snapshot) -> bool:
    """Whether the word that no format has stands in no fact, and in no line that is said to be unread."""
    word = CANARY.decode()
    if word in "".join(_kept(snapshot)):
        return False
    return any(
        word in line and not _holds_nothing(_format(file, text), line)
        for file, text in snapshot.texts
        for line in text.split("\n")
    )


def evidences(value: Any) -> Iterator[Evidence]:
    """Every place that a fact, a note or an unread line names."""
    for found in _walked(value):
        if isinstance(found, Evidence):
            yield found


def _kept(snapshot: Snapshot) -> Iterator[str]:
    """The words of all facts without the lines that they stand in, and the lines of what is unread."""
    for found in _walked(snapshot, texts=False):
        if isinstance(found, Unread):
            yield f"{found.evidence.text} {found.detail} "
        elif isinstance(found, str):
            yield found
    yield from (note.text for note in snapshot.notes)


def _walked(value: Any, texts: bool = True) -> Iterator[Any]:
    """What is in it, at any depth; into evidence only for its own sake."""
    pending, seen = [value], set()
    while pending:
        value = pending.pop()
        yield value
        if isinstance(value, str | Evidence) or id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, tuple | list | set | frozenset):
            pending += value
        elif isinstance(value, dict):
            pending += (*value.keys(), *value.values())
        elif is_dataclass(value):
            pending += (
                getattr(value, field.name)
                for field in fields(value)
                if texts or field.name not in ("texts", "evidence")
            )


def _format(file: str, text: str) -> Format | None:
    expected = by_name(file.rpartition("/")[2])
    if expected is None or not text.strip():
        return None
    found = by_content(text, file)
    return found if found in expected.formats else expected.usual(file)


def _told(format_: Format, text: str, said: set[int], unread: set[int]) -> Iterator[tuple[int, str]]:
    """The lines of which nothing is said."""
    lines = text.split("\n")
    if text.lstrip()[:1] in ("[", "{"):
        if format_ in _ONE_TO_A_LINE:
            yield from _of_json(lines, said)
        return
    if format_ is F.NFT_TEXT:
        yield from _of_nft(lines, said, unread)
        return
    last = {word: number for number, line in enumerate(lines, 1) if (word := _declared(line))}
    for number, line in enumerate(lines, 1):
        if not line.strip() or number in said or _holds_nothing(format_, line):
            continue
        if format_ is F.IPTABLES_SAVE and last.get(_declared(line), 0) > number:
            continue  # the last policy of a chain is the one that holds
        if format_ is F.IPTABLES_COMMANDS and lines[number - 2].endswith("\\"):
            continue  # a shell reads it as one with the line above, whose fact has it
        yield number, line


def _declared(line: str) -> str:
    """``:INPUT`` of a line that declares a chain, or sets its policy: ``-P INPUT DROP``."""
    words = line.split()
    if len(words) > 1 and words[0] in ("-P", "--policy"):
        return f":{words[1]}"
    return words[0] if line.startswith(":") else ""


def _holds_nothing(format_: Format | None, line: str) -> bool:
    if format_ is None:
        return False
    line = line.rstrip()
    return any(re.fullmatch(pattern, line) for pattern in _HOLDING_NOTHING.get(format_, ()))


def _of_json(lines: list[str], said: set[int]) -> Iterator[tuple[int, str]]:
    """Elements that have a line of their own, as ``structure.written`` puts them; ip prints ``{}`` for what a
    filter left out."""
    found: list[tuple[int, str]] = []
    for number, line in enumerate(lines, 1):
        bare = line.strip().removesuffix(",")
        if bare in ("", "[", "]", '{"nftables": [', "]}") or bare.startswith(
            ('{"metainfo"', '{"nftables": [{')
        ):
            continue
        try:
            value = json.loads(bare)
        except (ValueError, RecursionError):
            return
        if value not in ([], {}) and number not in said:
            found.append((number, line))
    yield from found


_SHOWN = 300


def _rules_read(text: str, known: set[int], count: int) -> set[int]:
    """The lines of rules, as many as were read: they name nft's words for them, of which any may be whose."""
    rules = (n for n, line in enumerate(text.split("\n"), 1) if line.lstrip().startswith('{"rule"'))
    lines = (number for number in rules if number not in known)
    return set(islice(lines, count))


def _compact(line: str) -> str:
    try:
        value = json.loads(line.strip().removesuffix(","))
    except (ValueError, RecursionError):
        return "?"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_OPENS = re.compile(
    r"\s*(table|chain|set|map|flowtable|counter|quota|limit|ct|secmark|synproxy|tunnel)\b.*\{\s*(#.*)?"
)
_OF_A_BLOCK = re.compile(
    r"\s*(type|typeof|flags|elements|policy|timeout|gc-interval|size|hook|devices|auto-merge|comment)\b.*"
)


def _of_nft(lines: list[str], said: set[int], unread: set[int]) -> Iterator[tuple[int, str]]:
    """A block that is unread counts to its end, and so do the elements of a set."""
    inside = 0  # of a block that is accounted for by its first line
    for number, line in enumerate(lines, 1):
        depth = line.count("{") - line.count("}")
        if inside > 0:
            inside += depth
            continue
        if number in said or re.fullmatch(r"\s*elements = \{.*", line):
            opens = _OPENS.fullmatch(line)
            named = opens is not None and opens[1] in ("table", "chain") and number not in unread
            inside = 0 if named else max(depth, int(line.endswith("{")))  # a name may hold a brace
            continue
        if not line.strip() or re.fullmatch(r"\s*\}\s*|\s*#.*", line) or _OF_A_BLOCK.fullmatch(line):
            continue
        yield number, line
