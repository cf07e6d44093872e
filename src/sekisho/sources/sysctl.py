"""``sysctl -a`` or any subset of it: one ``key = value`` a line.

Also read: ``key=value`` as in /etc/sysctl.conf (with its comments), keys spelled with slashes
(``net/ipv4/ip_forward``), and ``path:value`` as ``grep . /proc/sys/...`` prints it. Keys come out as
sysctl(8) prints them: dots between the parts, and ``/`` where an interface's own name has a dot.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sekisho.errors import one_line
from sekisho.model.evidence import Evidence, Unread
from sekisho.model.host import Sysctl
from sekisho.sources.parsed import Parsed
from sekisho.values.names import BadNameError, SysctlKey, sysctl_key

_PROC = "/proc/sys/"
KEY = re.compile(r"[A-Za-z0-9_-]+[./][^\s=]+")
_PRINTED = re.compile(r"(\S+) =(?: +(.*))?$")
_SWAP = str.maketrans("./", "/.")


def parse(text: str, file: str) -> Parsed[Sysctl]:
    """Read every setting; a later line for the same key is a fact of its own (the last one holds).

    Lines of sysctl's own complaints (``sysctl: cannot stat ...``) become Unread("command-error").
    """
    facts: list[Sysctl] = []
    unread: list[Unread] = []
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        evidence = Evidence(file, number, raw.rstrip("\r"))
        if line.startswith(("sysctl:", "error:")):
            unread.append(Unread(evidence, "command-error"))
            continue
        key, value = _split(line.lstrip("-"))
        if value is None or not KEY.fullmatch(key):
            unread.append(Unread(evidence, "unknown-line"))
            continue
        try:
            facts.append(Sysctl(dotted(key), value, evidence))
        except BadNameError:
            unread.append(Unread(evidence, "bad-name", key))
    return Parsed(tuple(facts), tuple(unread))


def render(facts: Iterable[Sysctl]) -> str:
    """The settings as ``sysctl`` prints them."""
    return "".join(f"{fact.key} = {one_line(fact.value)}\n" for fact in facts)


def key_of_path(path: str) -> str | None:
    """``/proc/sys/net/ipv4/ip_forward`` as ``net.ipv4.ip_forward``; None for any other path."""
    try:
        return dotted(path.removeprefix(_PROC)) if path.startswith(_PROC) else None
    except BadNameError:
        return None


def _split(line: str) -> tuple[str, str | None]:
    if line.startswith(_PROC):
        path, colon, value = line.removeprefix(_PROC).partition(":")
        return path.strip(), value.strip() if colon else None
    # As sysctl prints it; a key may hold an interface's name with a "=" in it.
    printed = _PRINTED.match(line)
    if printed is not None:
        return printed[1], (printed[2] or "").strip()
    key, equals, value = line.partition("=")
    return key.strip(), value.strip() if equals else None


def dotted(key: str) -> SysctlKey:
    """The separator that comes first is the one between the parts, as sysctl(8) decides it.

    Raises BadNameError for parts that lead nowhere or elsewhere: empty ones, ``.`` and ``..``.
    """
    first = next((letter for letter in key if letter in "./"), ".")
    return sysctl_key(key.translate(_SWAP) if first == "/" else key)
