"""What front ends, scripts and documents say, line by line."""

from __future__ import annotations

from sekisho.explain.message import Message, m
from sekisho.model.stated import Stated

# By whom: the section in which the line stands.
SECTIONS = {"ufw": "front-ends", "firewalld": "front-ends", "script": "commands", "compose": "documents",
            "daemon": "documents"}  # fmt: skip
_SCRIPT = frozenset(
    {
        "comment",
        "set",
        "other",
        "looks",
        "flush",
        "delete-chain",
        "delete",
        "zero",
        "shown",
        "changes",
        "undone",
    }
)


def explain_stated(item: Stated) -> tuple[Message, ...]:
    """One line of it, and what it does not tell."""
    if item.by == "ufw":
        return _ufw(item)
    if item.by == "firewalld":
        return _firewalld(item)
    if item.by == "script":
        kind = item.kind if item.kind in _SCRIPT else "other"
        whole = "all" if kind in ("flush", "delete-chain") and item.words[1:] == ("",) else ""
        return (m(f"script.{kind}.{whole}" if whole else f"script.{kind}", *item.words),)
    return (m(f"document.{item.by}"),)


def _ufw(item: Stated) -> tuple[Message, ...]:
    if item.kind.startswith("rule-"):
        action, to, source, *more = item.words
        said = m(f"ufw.{item.kind}", m(f"ufw.{action}"), source, to)
        return (said, *(m("ufw.comment", word) for word in more))
    if item.kind == "status-active":
        return (m("ufw.active"), m("frontend.intent"))
    return (m(f"ufw.{item.kind.removeprefix('status-')}", *item.words),)


def _firewalld(item: Stated) -> tuple[Message, ...]:
    if item.kind == "zone-active":
        return (m("firewalld.zone.active", *item.words), m("frontend.intent"))
    if item.kind == "zone":
        return (m("firewalld.zone", *item.words),)
    return (m(f"firewalld.{item.kind}", *item.words),)
