"""Durations, amounts of bytes and priorities as nft writes them."""

from __future__ import annotations

import re

from sekisho.values.numbers import integer, is_number

BYTE_UNITS: dict[str, int] = {"bytes": 1, "kbytes": 1 << 10, "mbytes": 1 << 20}

_DURATION = re.compile(
    r"(?:([0-9]{1,20})w)?(?:([0-9]{1,20})d)?(?:([0-9]{1,20})h)?(?:([0-9]{1,20})m(?!s))?(?:([0-9]{1,20})s)?(?:([0-9]{1,20})ms)?"
)
_WEIGHTS = (7 * 86_400_000, 86_400_000, 3_600_000, 60_000, 1000, 1)


def milliseconds(text: str) -> int | None:
    """``1d2h3m4s5ms`` (or plain seconds) as milliseconds; None where it is no duration."""
    if is_number(text):
        return integer(text) * 1000
    match = _DURATION.fullmatch(text)
    if match is None or not text:
        return None
    return sum(
        integer(group) * weight
        for group, weight in zip(match.groups(), _WEIGHTS, strict=True)
        if group is not None
    )


def duration(value: int) -> str:
    """Milliseconds as nft prints them: ``1h30m``."""
    words = []
    for unit, weight in zip(("d", "h", "m", "s", "ms"), _WEIGHTS[1:], strict=True):
        amount, value = divmod(value, weight)
        if amount:
            words.append(f"{amount}{unit}")
    return "".join(words) or "0s"


def byte_amount(value: int) -> str:
    """Bytes in the greatest unit that divides them: ``10 mbytes``."""
    for unit in ("mbytes", "kbytes"):
        if value and value % BYTE_UNITS[unit] == 0:
            return f"{value // BYTE_UNITS[unit]} {unit}"
    return f"{value} bytes"


# Named priorities (nft(8), "standard priority names"), by family where bridge differs.
_NAMES: dict[str, int] = {
    "raw": -300, "mangle": -150, "dstnat": -100, "filter": 0, "security": 50, "srcnat": 100,
}  # fmt: skip
_BRIDGE_NAMES: dict[str, int] = {"dstnat": -300, "filter": -200, "out": 100, "srcnat": 300}
# How far from a name nft still writes "NAME + n".
_REACH = 10


def priority_number(words: str, family: str) -> int | None:
    """``dstnat``, ``filter + 5`` or ``-100`` as a number; None where it is neither."""
    names = _BRIDGE_NAMES if family == "bridge" else _NAMES
    match = re.fullmatch(r"([a-z]+)(?: ([+-]) ([0-9]{1,20}))?|(-?[0-9]{1,20})", words)
    if match is None:
        return None
    name, sign, offset, plain = match.groups()
    if plain is not None:
        return integer(plain)
    if name not in names:
        return None
    return names[name] + (integer(offset or "0") if sign != "-" else -integer(offset))


def priority_words(priority: int, family: str, hook: str, output_dstnat: bool) -> str:
    """As nft prints it. ``output_dstnat``: this version has the name dstnat on the output hook, too."""
    names = _BRIDGE_NAMES if family == "bridge" else _NAMES
    for name, base in names.items():
        if not _has_name(name, family, hook, output_dstnat) or abs(priority - base) > _REACH:
            continue
        offset = priority - base
        return name if not offset else f"{name} {'+' if offset > 0 else '-'} {abs(offset)}"
    return str(priority)


def _has_name(name: str, family: str, hook: str, output_dstnat: bool) -> bool:
    if family in ("netdev", "arp") or hook in ("ingress", "egress"):
        return name == "filter"
    if name == "dstnat":
        return hook == "prerouting" or (output_dstnat and hook == "output")
    if name == "srcnat":
        return hook == "postrouting"
    if name == "out":
        return hook == "output"
    return True


def log_flag(words: str) -> tuple[str, ...]:
    """``tcp sequence,options`` as its single flags: "tcp sequence", "tcp options"."""
    group, _, names = words.partition(" ")
    return tuple(f"{group} {name}" for name in names.split(",")) if names else (words,)
