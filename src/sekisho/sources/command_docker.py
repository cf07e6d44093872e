"""What command lines of ``docker`` (and podman) ask for."""

from __future__ import annotations

from dataclasses import dataclass

from sekisho.sources.recognise import Format


@dataclass(frozen=True, slots=True)
class Asked:
    """``format`` None: no reader reads what is printed. ``partial`` and ``subject`` as in
    ``command_line.Command``."""

    format: Format | None
    partial: str = ""
    subject: tuple[str, ...] = ()


def docker_asked(words: list[str]) -> Asked:
    """The words behind the program's name, without ``compose``."""
    template, words = _without_format(words)
    if words[:2] == ["network", "inspect"]:
        return Asked(Format.DOCKER_NETWORKS if not template else None, partial=_only(words[2:]))
    if words[:2] in (["network", "ls"], ["network", "list"]):
        return Asked(Format.DOCKER_NETWORK_LS if _of_a_table(template) else None)
    if words[:1] == ["ps"] or words[:2] in (["container", "ls"], ["container", "list"], ["container", "ps"]):
        json = template in ("json", "{{json .}}")
        return Asked(Format.DOCKER_PS if json or _of_a_table(template) else None)
    if words[:1] == ["version"] and "json" in template:
        return Asked(Format.DOCKER_VERSION)
    if words[:1] == ["port"] and len(words) in (2, 3):
        return Asked(Format.DOCKER_PORT, subject=tuple(words[1:]))
    if words[:1] == ["inspect"] or words[:2] == ["container", "inspect"]:
        if template and template != "json":
            names = [name for name in words[1:] if name != "inspect" and not name.startswith("-")]
            known = () if any("$(" in name or "`" in name for name in names) else tuple(names)
            return Asked(Format.DOCKER_TEMPLATE, subject=(template, *known))
        return Asked(Format.DOCKER_CONTAINERS, partial=_only(words[1:]))
    return Asked(None)


def _without_format(words: list[str]) -> tuple[str, list[str]]:
    """The template of ``-f`` or ``--format``, "" for none, and the other words."""
    template, kept = "", []
    at = 0
    while at < len(words):
        word = words[at]
        if word in ("--format", "-f") and (word == "--format" or "inspect" in words) and at + 1 < len(words):
            template, at = words[at + 1], at + 1
        elif word.startswith("--format="):
            template = word.partition("=")[2]
        else:
            kept.append(word)
        at += 1
    return template, kept


def _of_a_table(template: str) -> bool:
    """Whether a listing has a head: without a template, or with one that begins so."""
    return not template or template.startswith("table")


def _only(names: list[str]) -> str:
    """Objects inspected by name; ``$(docker ps -q)`` stands for all."""
    named = [name for name in names if not name.startswith("-") and name != "inspect"]
    return (
        f"only {' '.join(named)}" if named and not any("$(" in name or "`" in name for name in named) else ""
    )
