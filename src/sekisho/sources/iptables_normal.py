"""One spelling for rules that mean the same, whichever dialect and version wrote them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sekisho.model.netfilter import UNKNOWN_MODULE, Option, Rule, Target
from sekisho.sources.iptables_instances import Instance, flatten, instances
from sekisho.sources.iptables_list_marks import value_and_mask, xmark
from sekisho.sources.iptables_options import GENERIC_ORDER, MATCHES, TARGETS
from sekisho.values.numbers import integer

# A bare ``-m`` of these is a condition; of all others it says nothing.
_MEANT_BARE = frozenset(
    {"socket", "rpfilter", "eui64", "frag", "hbh", "dst", "rt", "mh", "ah", "ipv6header", "ipvs", "limit"}
)
_STATES = ("INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED", "SNAT", "DNAT")
_STATUSES = ("EXPECTED", "SEEN_REPLY", "ASSURED", "CONFIRMED", "NONE")
_LEVELS = {
    "emerg": "0", "panic": "0", "alert": "1", "crit": "2", "error": "3", "err": "3", "warn": "4",
    "warning": "4", "notice": "5", "info": "6", "debug": "7",
}  # fmt: skip
# What one writer prints and another leaves out: the value that holds anyway.
_DEFAULTS = frozenset(
    {
        ("limit", "limit-burst", ("5",)), ("LOG", "log-level", ("4",)),
        ("time", "datestop", ("2038-01-19T03:14:07",)), ("CONNMARK", "nfmask", ("0xffffffff",)),
        ("CONNMARK", "ctmask", ("0xffffffff",)), ("connlimit", "connlimit-saddr", ()),
        ("tcp", "sport", ("0:65535",)), ("tcp", "dport", ("0:65535",)),
        ("udp", "sport", ("0:65535",)), ("udp", "dport", ("0:65535",)),
    }
)  # fmt: skip
# A name under which the kernel keeps counters: it decides nothing.
_NAMES = frozenset({("hashlimit", "hashlimit-name")})


def normal_form(rule: Rule) -> Rule:
    """The rule in one spelling, for comparing rules that come from different texts.

    Generic conditions stand first, in the order of ``iptables-save``; a bare ``-m tcp`` that says
    nothing is dropped; options of one match stand in a fixed order; states likewise; marks are hex
    with a mask only where it is not all ones, and a MARK or CONNMARK target is always
    ``set-xmark VALUE/MASK``; values that hold anyway (``--limit-burst 5``) are dropped. ``-m state``
    stays what it is. Counters and evidence are kept.
    """
    generic = [option for option in rule.matches if not option.module and not _says_nothing(option)]
    generic.sort(key=lambda option: GENERIC_ORDER.index(option.name))
    kept: list[Instance] = [Instance(option.module, [option]) for option in generic]
    unknown: list[Instance] = []
    for group in instances(rule.matches):
        module = group[0].module
        if module == UNKNOWN_MODULE:
            unknown.append(Instance(module, list(group)))
        elif module:
            options = _sorted(_normal(group), MATCHES.get(module))
            if options or module in _MEANT_BARE or module not in MATCHES:
                kept.append(Instance(module, options))
    target = _target(rule.target) if rule.target is not None else None
    return replace(rule, matches=flatten([*kept, *unknown]), target=target)


def _says_nothing(option: Option) -> bool:
    """``-i +``: any interface. The legacy back end lists it, no save format writes it."""
    return option.values == ("+",) and not option.negated


def _target(target: Target) -> Target:
    options = _marks(target.options) if target.name in ("MARK", "CONNMARK") else target.options
    return replace(target, options=tuple(_sorted(_normal(options), TARGETS.get(target.name))))


def _sorted(options: list[Option], order: dict[str, int] | None) -> list[Option]:
    names = list(order or ())
    if any(option.name == "next" for option in options):  # a policy's elements: their order matters
        return options
    return sorted(options, key=lambda o: names.index(o.name) if o.name in names else len(names))


def _normal(options: Sequence[Option]) -> list[Option]:
    found: list[Option] = []
    for option in options:
        if not option.name or (option.module, option.name) in _NAMES:
            continue
        spell = _SPELLINGS.get((option.module, option.name))
        if spell is not None and option.values:
            option = replace(option, values=(spell(option.values[0]), *option.values[1:]))
        if (option.module, option.name) == ("hashlimit", "hashlimit"):
            option = replace(option, name="hashlimit-upto")
        if option.negated or (option.module, option.name, option.values) not in _DEFAULTS:
            found.append(option)
    return found


def _in_order(order: tuple[str, ...]) -> Callable[[str], str]:
    def spell(text: str) -> str:
        names = text.upper().split(",")
        return ",".join(sorted(names, key=lambda n: order.index(n) if n in order else len(order)))

    return spell


def _mark(text: str) -> str:
    try:
        value, mask = value_and_mask(text)
    except ValueError:
        return text
    return f"0x{value:x}" if mask == 0xFFFFFFFF else f"0x{value:x}/0x{mask:x}"


def _probability(text: str) -> str:
    try:
        # The kernel keeps 31 bits; iptables prints eleven digits of them.
        return f"{round(float(text) * 0x80000000) / 0x80000000:.11f}"
    except ValueError:
        return text


def _traffic_class(text: str) -> str:
    major, _, minor = text.partition(":")
    try:
        return f"{integer(major or '0', 16):04x}:{integer(minor or '0', 16):04x}"
    except ValueError:
        return text


_SPELLINGS: dict[tuple[str, str], Callable[[str], str]] = {
    ("conntrack", "ctstate"): _in_order(_STATES),
    ("state", "state"): _in_order(_STATES),
    ("conntrack", "ctstatus"): _in_order(_STATUSES),
    ("mark", "mark"): _mark,
    ("connmark", "mark"): _mark,
    ("icmp", "icmp-type"): lambda text: "any" if text in ("255", "255/255") else text,
    ("mac", "mac-source"): str.lower,
    ("statistic", "probability"): _probability,
    ("CLASSIFY", "set-class"): _traffic_class,
    ("LOG", "log-level"): lambda text: _LEVELS.get(text, text),
    ("hashlimit", "hashlimit-mode"): lambda text: text.replace("-", ","),
}


def _marks(options: Sequence[Option]) -> tuple[Option, ...]:
    """``--set-mark``, ``--and-mark`` ... as ``--set-xmark``; ``--mask`` as both masks."""
    found: list[Option] = []
    for option in options:
        name, _, _ = option.name.partition("-")
        try:
            if option.name == "set-mark":
                value, mask = value_and_mask(option.values[0])
                option = replace(option, name="set-xmark", values=(f"0x{value:x}/0x{mask | value:x}",))
            elif option.name == "set-xmark":
                value, mask = value_and_mask(option.values[0])
                option = replace(option, values=(f"0x{value:x}/0x{mask:x}",))
            elif option.name in ("and-mark", "or-mark", "xor-mark"):
                value, mask = xmark(name, integer(option.values[0], 0))
                option = replace(option, name="set-xmark", values=(f"0x{value:x}/0x{mask:x}",))
            elif option.name == "mask":
                found.append(replace(option, name="nfmask"))
                option = replace(option, name="ctmask")
        except (ValueError, IndexError):
            pass  # not a number: it stays as it is
        found.append(option)
    return tuple(found)
