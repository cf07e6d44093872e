"""Single lines of texts: gone, half of it, redacted, something put between."""

from __future__ import annotations

import random
import re

from tests.ablation.damage import Damage, base, pick, text_lines
from tests.ablation.damage_rules import BUILT_IN, is_save
from tests.ablation.wholes import Files

_ADDRESS = re.compile(rb"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])")
_MAC = re.compile(rb"(?i)(?<![\w:])[0-9a-f]{2}(?::[0-9a-f]{2}){5}(?![\w:])")
_KEYWORDS = frozenset({b"via", b"dev", b"proto", b"scope", b"src", b"metric", b"lookup", b"from", b"inet"})
_COMMENTS = (b"# the rest is as it was\n", b"#\n", b"# eth0 is the one that faces the internet\n")
# Files in which a line stands for itself, and which a person would paste.
_TEXTS = (
    "ip-route", "ip6-route", "ip-rule", "ip6-rule", "ip-addr", "iptables-", "ip6tables-", "nft-ruleset.txt",
    "ss.txt", "sysctl.txt", "ipset-save",
)  # fmt: skip


def _text(name: str) -> bool:
    return name.endswith(".txt") and base(name).startswith(_TEXTS)


def _line(
    files: Files, draw: random.Random, wanted: re.Pattern[bytes] | None = None
) -> tuple[str, list[bytes], int] | None:
    name = pick(
        files, draw, lambda it: _text(it) and (wanted is None or wanted.search(files[it]) is not None)
    )
    if name is None:
        return None
    lines = text_lines(files[name])
    held = [at for at, line in enumerate(lines) if line.strip() and (wanted is None or wanted.search(line))]
    return (name, lines, draw.choice(held)) if held else None


def _changed(kind: str, name: str, lines: list[bytes], at: int, new: bytes, undecidable: str = "") -> Damage:
    text = b"".join((*lines[:at], new, *lines[at + 1 :]))
    words = (lines[at].split(b"=")[0].strip().decode(),) if base(name) == "sysctl.txt" else ()
    return Damage(
        kind, {name: text}, {name: (at + 1, at + 1)}, words, undecidable,
        about=lines[at].decode("utf-8", "replace").strip()[:160],
    )  # fmt: skip


def remove_line(files: Files, draw: random.Random) -> Damage | None:
    """One line of a listing is gone."""
    found = _line(files, draw)
    if found is None:
        return None
    name, lines, at = found
    if is_save(name):
        line = lines[at]
        head = line[1:].split()[:1] if line.startswith(b":") else []
        seen = line.startswith((b"*", b"COMMIT")) or (head and head[0].decode() in BUILT_IN)
    elif base(name) == "sysctl.txt":
        return None
    else:
        seen = False
    return _changed(
        "remove-line", name, lines, at, b"", "" if seen else "one line that is gone leaves no trace"
    )


def remove_sysctl(files: Files, draw: random.Random) -> Damage | None:
    """One setting was not captured; now and then one that decides."""
    name = pick(files, draw, lambda it: base(it) == "sysctl.txt")
    if name is None:
        return None
    lines = text_lines(files[name])
    held = [at for at, line in enumerate(lines) if line.strip()]
    telling = [
        at for at in held if re.search(rb"ip_forward|rp_filter|bridge-nf|localnet|all\.forwarding", lines[at])
    ]
    at = draw.choice(telling if telling and draw.random() < 0.7 else held)
    return _changed("remove-sysctl", name, lines, at, b"")


def redact_address(files: Files, draw: random.Random) -> Damage | None:
    """The addresses of one line are x.x.x.x."""
    found = _line(files, draw, _ADDRESS)
    if found is None:
        return None
    name, lines, at = found
    return _changed("redact-address", name, lines, at, _ADDRESS.sub(b"x.x.x.x", lines[at]))


def redact_mac(files: Files, draw: random.Random) -> Damage | None:
    """The MAC addresses of one line are XX:XX:XX:XX:XX:XX."""
    found = _line(files, draw, _MAC)
    if found is None:
        return None
    name, lines, at = found
    return _changed("redact-mac", name, lines, at, _MAC.sub(b"XX:XX:XX:XX:XX:XX", lines[at]))


def half_line(files: Files, draw: random.Random) -> Damage | None:
    """One line ends behind a word that asks for another one."""
    found = _line(files, draw)
    if found is None:
        return None
    name, lines, at = found
    words = lines[at].split()
    ends = [n for n, word in enumerate(words[:-1], 1) if _asks(name, word, words[n])]
    if not ends:
        return None
    end = draw.choice(ends)
    kept = words[:end] if base(name) != "sysctl.txt" else [words[0][: max(4, len(words[0]) // 2)]]
    return _changed("half-line", name, lines, at, b" ".join(kept) + b"\n")


def _asks(name: str, word: bytes, following: bytes) -> bool:
    if base(name) == "sysctl.txt":
        return following == b"="
    if "tables-" in name:
        return word.startswith(b"-") and not following.startswith((b"-", b"!")) and word != b"-A"
    return word in _KEYWORDS and not base(name).startswith(("ss", "nft"))


def insert_comment(files: Files, draw: random.Random) -> Damage | None:
    """A line that begins with # between two others."""
    return _inserted(files, draw, "insert-comment", draw.choice(_COMMENTS))


def _inserted(files: Files, draw: random.Random, kind: str, new: bytes) -> Damage | None:
    found = _line(files, draw)
    if found is None:
        return None
    name, lines, at = found
    if base(name).endswith("sysctl.txt") and b"=" in new:
        return None
    text = b"".join((*lines[:at], new, *lines[at:]))
    return Damage(kind, {name: text}, {name: (at + 1, at + 1)}, harmless=True, about=new.decode().strip())


def no_sources(files: Files, draw: random.Random) -> Damage | None:
    """Routes as ``route -n`` tells them, and no addresses: nothing says which are the host's own."""
    routes = [name for name in files if re.fullmatch(r"ip-route(-table-all)?\.txt", name)]
    if not routes:
        return None
    changed: dict[str, bytes | None] = {
        name: None for name in files if re.match(r"ip-addr|ip6?-route.*json", name)
    }
    for name in routes:
        kept = [line for line in text_lines(files[name]) if not line.startswith((b"local ", b"broadcast "))]
        changed[name] = re.sub(rb" src \S+", b"", re.sub(rb" table local\b", b"", b"".join(kept)))
    return Damage("no-sources", changed, words=("ip-addr", "own address"))


WAYS = (
    remove_line, remove_sysctl, redact_address, redact_mac, half_line, insert_comment, no_sources,
)  # fmt: skip
