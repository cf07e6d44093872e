"""Options in a row, and the groups that they form: one group per ``-m``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sekisho.model.netfilter import UNKNOWN_MODULE, Option
from sekisho.sources.iptables_options import ONE_OPTION, repeats_split


@dataclass(slots=True)
class Instance:
    """The options behind one ``-m module``, or one generic option (module "")."""

    module: str
    options: list[Option] = field(default_factory=list)


def flatten(instances: Iterable[Instance]) -> tuple[Option, ...]:
    """The options of all instances in a row; a bare one where nothing else tells two apart."""
    found: list[Option] = []
    before: Instance | None = None
    for instance in instances:
        module, options = instance.module, instance.options
        again = before is not None and before.module == module and _needs_mark(before, instance)
        if again or not options:
            found.append(Option(module, ""))
        found.extend(options)
        before = instance if module else None
    return tuple(found)


def _needs_mark(before: Instance, instance: Instance) -> bool:
    """Whether nothing but a bare ``-m`` tells the two instances apart."""
    if not before.options or not instance.options or instance.module == UNKNOWN_MODULE:
        return False
    if instance.module in ONE_OPTION:
        return False
    if not repeats_split(instance.module):
        return True
    return all(option.name != instance.options[0].name for option in before.options)


def instances(options: Iterable[Option]) -> tuple[tuple[Option, ...], ...]:
    """The options grouped as they stand behind one ``-m`` each; each generic one alone.

    A group of a bare ``-m`` holds its one ``Option(module, "")``; in others bare ones are left out.
    """
    groups: list[list[Option]] = []
    for option in options:
        if groups and not starts_instance(option, groups[-1]):
            groups[-1].append(option)
        else:
            groups.append([option])
    return tuple(tuple(group) if len(group) == 1 else tuple(o for o in group if o.name) for group in groups)


def starts_instance(option: Option, group: Sequence[Option]) -> bool:
    """Whether an option stands behind another ``-m`` than the options just before it."""
    module = option.module
    if module in ("", UNKNOWN_MODULE) or module != group[-1].module or not option.name:
        return True
    named = [o.name for o in group if o.name]
    if not named:
        return False
    if module in ONE_OPTION:
        return True
    return repeats_split(module) and option.name in named
