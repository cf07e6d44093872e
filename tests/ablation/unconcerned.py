"""Damages that cannot matter to a question: what is gone is never read on the way, in no world that fits.

Sound and not complete: where in doubt, a damage may matter.
"""

from __future__ import annotations

import re

from tests.ablation.answer import OPEN, Answer
from tests.ablation.damage import Damage, base
from tests.ablation.damage_rules import BUILT_IN
from tests.ablation.questions import Asked
from tests.ablation.wholes import Files

_NEVER_SYSCTL = re.compile(r"somaxconn|tcp_fin_timeout|log_martians")
_CHAIN = re.compile(rb"(?:\[\d+:\d+\] )?-A (\S+)")


def cannot_matter(damage: Damage, asked: Asked, whole: Answer, files: Files) -> str:
    """Why the damage cannot matter to the answer; empty where it may."""
    if damage.harmless:
        return "nothing is gone"
    if asked.verb == "explain" or whole.error:
        return ""
    if asked.family == 4 and all(_six(name) for name in damage.files):
        return "another IP version"
    if _settings(damage, asked):
        return "a setting that moves no packet of the question"
    if asked.verb != "trace" or OPEN in whole.parts.values():
        return ""
    return _on_the_way(damage, asked, whole, files)


def _six(name: str) -> bool:
    return base(name).startswith(("ip6-", "ip6tables"))


def _settings(damage: Damage, asked: Asked) -> bool:
    if damage.kind != "remove-sysctl":
        return False
    key = damage.words[0]
    return bool(_NEVER_SYSCTL.search(key)) or (asked.family == 4 and ".ipv6." in f".{key}.")


def _on_the_way(damage: Damage, asked: Asked, whole: Answer, files: Files) -> str:
    """For a trace that was decided there and back: what its way never came to."""
    names = [name for name in damage.files if name != "capture-notes.txt"]
    spaces = {name.split("/")[1] for name in names if name.startswith("netns/")}
    if spaces and len(spaces) == len({name.split("/")[1] if "/" in name else "" for name in names}):
        named = any(space in word for space in spaces for word in asked.words)
        if not named and not spaces & whole.nodes:
            return "another namespace"
    if names == ["conntrack.txt"]:
        return "connections that are not this one"
    if names == ["ss.txt"] and not whole.hooks & {"socket", "input"}:
        return "sockets, and the packet goes on"
    if len(names) == 1 and damage.kind in ("half-line", "redact-address", "remove-line"):
        chain = _own_chain(files, names[0], damage)
        if chain and not any(chain == passed for _, passed in whole.passed):
            return "a rule of a chain that the packet does not come to"
    return ""


def _own_chain(files: Files, name: str, damage: Damage) -> str:
    """The chain of the damaged rule of a save, where it is still told."""
    if not base(name).endswith("tables-save.txt") or name not in damage.lines:
        return ""
    line = files[name].splitlines()[damage.lines[name][0] - 1]
    match = _CHAIN.match(line)
    return match[1].decode() if match and (match[1].decode() in BUILT_IN or b"-j" in line) else ""
