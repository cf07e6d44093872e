"""The free text behind a listing's columns: matches one after another, then the target's own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sekisho.model.netfilter import UNKNOWN_MODULE, Option, Rule
from sekisho.sources.iptables_instances import Instance, flatten, instances
from sekisho.sources.iptables_list_forms import Context, Form
from sekisho.sources.iptables_list_matches import MATCH_FORMS
from sekisho.sources.iptables_list_targets import TARGET_FORMS
from sekisho.sources.iptables_rule import render_option

Extras = tuple[tuple[Option, ...], tuple[Option, ...]]

_TARGETS: dict[str, Form] = {form.module: form for form in TARGET_FORMS}
_TARGET_STARTS: dict[str, str] = {form.module: form.starts for form in TARGET_FORMS}
_MATCHES: dict[str, list[Form]] = {}
for _form in MATCH_FORMS:
    _MATCHES.setdefault(_form.module, []).append(_form)


@lru_cache(maxsize=16384)
def read_extras(text: str, target: str, context: Context) -> Extras:
    """Match options and target options of the text behind the columns.

    What no form knows is kept as ``Option("?", "", False, (text,))`` among the matches.
    """
    found: list[Instance] = []
    unknown = -1  # where text begins that no form knows
    at = 0
    while at < len(text):
        if text[at] == " ":
            at += 1
            continue
        own = _read_target(text, at, target, context)
        if own is not None:
            return _matches(found, text[unknown:at] if unknown >= 0 else ""), own
        if unknown < 0 and text.startswith("/* ", at):
            comment, end, rest = _read_comment(text, at, target, context)
            if comment is not None:
                found.append(Instance("comment", [Option("comment", "comment", False, (comment,))]))
                if rest is not None:
                    return _matches(found, "") + rest[0], rest[1]
                at = end
                continue
        # Behind unknown words nothing is read as a match: they may belong together ("! x").
        match = _read_match(text, at, context) if unknown < 0 else None
        if match is None:
            unknown = at if unknown < 0 else unknown
            end = text.find(" ", at)
            at = len(text) if end < 0 else end
        else:
            module, options, at = match
            found.append(Instance(module, options))
    return _matches(found, text[unknown:] if unknown >= 0 else ""), ()


def _read_comment(text: str, at: int, target: str, context: Context) -> tuple[str | None, int, Extras | None]:
    """A comment, where it ends, and what follows.

    The comment's own text may hold ``*/``: it goes on to the first one behind which all else makes
    sense, or else to the first one.
    """
    first: tuple[str, int] | None = None
    close = text.find(" */", at + 3)
    while close >= 0:
        end = close + 3
        if end == len(text) or text[end] == " ":
            first = first or (text[at + 3 : close], end)
            rest = read_extras(text[end:].lstrip(" "), target, context)
            if all(option.module != UNKNOWN_MODULE for option in rest[0]):
                return text[at + 3 : close], end, rest
        close = text.find(" */", end)
    return (None, at, None) if first is None else (*first, None)


def _matches(found: Sequence[Instance], unknown: str) -> tuple[Option, ...]:
    matches = flatten(found)
    return (*matches, Option(UNKNOWN_MODULE, "", False, (unknown,))) if unknown else matches


def _read_target(text: str, at: int, target: str, context: Context) -> tuple[Option, ...] | None:
    """The target's options, if its text stands at ``at`` and goes on to the end."""
    form = _TARGETS.get(target)
    if form is None or (_TARGET_STARTS[target] and text[at] not in _TARGET_STARTS[target]):
        return None
    found = form.read(text, at, context)
    if found is None or text[found[1] :].strip(" "):
        return None
    return tuple(found[0])


@lru_cache(maxsize=4096)
def _forms_of(word: str) -> tuple[Form, ...]:
    """The forms whose text may begin with this word."""
    return tuple(
        form
        for form in MATCH_FORMS
        if (form.head.split(" ")[0] == word if form.head else not form.starts or word[0] in form.starts)
    )


def _read_match(text: str, at: int, context: Context) -> tuple[str, list[Option], int] | None:
    best: tuple[str, list[Option], int] | None = None
    end = text.find(" ", at)
    for form in _forms_of(text[at:] if end < 0 else text[at:end]):
        found = form.read(text, at, context)
        if found is not None and (best is None or found[1] > best[2]):
            best = (form.module, found[0], found[1])
    if best is not None and best[0] == "udp" and context.protocol == "udplite":
        options = [Option("udplite", o.name, o.negated, o.values) for o in best[1]]
        return "udplite", options, best[2]
    return best


def show_extras(rule: Rule, context: Context) -> list[str]:
    """The texts in the order as printed, each with the blank before it."""
    parts: list[str] = []
    for group in instances(rule.matches):
        module = group[0].module
        if module == UNKNOWN_MODULE:
            parts += [f" {value}" for value in group[0].values[:1]]
        elif module:
            parts.append(_show_match(module, group, context))
    if rule.target is not None and not rule.target.goto:
        shown = _show_target(rule.target.name, rule.target.options, context)
        if shown is not None:
            parts.append(f" {shown}")
    return parts


def _show_match(module: str, group: Sequence[Option], context: Context) -> str:
    given = {option.name: option for option in group if option.name}
    for form in _MATCHES.get("udp" if module == "udplite" else module, []):
        shown = form.show(given, context)
        if shown is not None:
            return shown if form.glued else f" {shown}"
    # No listing of ours knows it: the save format's words say what it is.
    return " ".join(["", module, *(render_option(option) for option in group if option.name)])


def _show_target(name: str, options: Sequence[Option], context: Context) -> str | None:
    form = _TARGETS.get(name)
    if form is None or (name == "TCPOPTSTRIP" and not options):
        return " ".join(render_option(option) for option in options) or None
    shown = form.show({option.name: option for option in options}, context)
    if shown is None:
        return " ".join(render_option(option) for option in options)
    return shown or None
