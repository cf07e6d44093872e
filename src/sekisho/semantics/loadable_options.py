"""What iptables says of the options of one match or target: values, what is needed, what excludes what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sekisho.model.extensions import Extension, OptionSpec
from sekisho.model.netfilter import UNKNOWN_MODULE, Option
from sekisho.semantics.loadable_values import CHECKS, OWN_RANGES, reversed_span
from sekisho.values.numbers import integer, is_number


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a rule cannot be loaded. ``code`` is a message id, ``args`` its arguments.

    refused.words (words)                       iptables says so
    refused.newer (words)                       so do new versions; older ones load what never fits
    refused.protocol (extension, protocols)     the kernel asks for -p
    refused.place (extension, chain, table)     the kernel takes it elsewhere only
    refused.table (extension, tables)
    refused.family (extension, 4 or 6)
    refused.value (extension, option, value)    the kernel refuses the value
    refused.one-of (extension, option, option)  the kernel wants exactly one of them
    refused.syn (extension)                     the kernel wants a match on TCP's SYN flag
    """

    code: str
    args: tuple[str, ...]

    @property
    def brief(self) -> str:
        """What iptables says, or what the rule lacks, in few words of its own."""
        return self.args[0] if self.code in ("refused.words", "refused.newer") else ": ".join(self.args)


def words(text: str) -> Refusal:
    """A refusal in iptables' own words."""
    return Refusal("refused.words", (text,))


def bad_value(name: str, option: str, value: str, kind: str, among: str) -> str | None:
    """What iptables says of a value of that type; None where it takes it."""
    check = OWN_RANGES.get((name, option)) or CHECKS.get(kind)
    return check(name, option, value, among) if check is not None else None


def value_refusals(name: str, option: Option, spec: OptionSpec) -> Iterator[Refusal]:
    """What is wrong with an option's values."""
    for value in option.values:
        refused = bad_value(name, option.name, value, spec.type, spec.among)
        if refused is not None:
            yield words(refused)
        elif (spec.type.endswith("r") or spec.type == "port") and reversed_span(value):
            near = value.partition(":")[2]
            yield Refusal("refused.newer", (f'{name}: bad value for option "--{option.name}" near "{near}"',))
    if (name, option.name) == ("conntrack", "ctproto") and option.values in (("0",), ("all",)):
        never = "condition would always match" if option.negated else "rule would never match"
        yield Refusal("refused.newer", (f"conntrack: {never} protocol",))


def as_a_whole(name: str, extension: Extension, options: Sequence[Option]) -> Iterator[Refusal]:
    """Options that are needed, that exclude each other, that need each other; in iptables' order."""
    given = {option.name: option for option in options if option.name and option.module != UNKNOWN_MODULE}
    wanted = list(extension.specs()) if extension.one_of == "*" else extension.one_of.split()
    if wanted and not any(option in given for option in wanted):
        yield words(extension.none)
    yield from _special(name, given)
    for group in extension.apart.split():
        there = [option for option in group.split("|") if option in given]
        if len(there) > 1:
            if name == "HMARK":
                yield words("you cannot use --hmark-spi-mask and --hmark-?port-mask,at the same time")
            yield words(f'{name}: option "--{there[0]}" cannot be used together with "--{there[1]}".')
    for pair in extension.along.split():
        option, _, other = pair.partition(">")
        if option in given and other not in given:
            yield words(f'{name}: option "--{option}" also requires "--{other}".')
    missing = next((one for one, spec in extension.specs().items() if spec.needed and one not in given), None)
    if missing is not None:
        yield words(f'{name}: option "--{missing}" must be specified')


def _special(name: str, given: dict[str, Option]) -> Iterator[Refusal]:
    """What single extensions ask besides."""
    values = {option: one.values[0] if one.values else "" for option, one in given.items()}
    if name == "statistic":
        mode = values.get("mode", "random")
        if mode == "random" and not {"probability", "every", "packet"} & set(given):
            yield words("--probability must be specified when using random mode")
        if mode == "nth" and not {"every", "packet"} & set(given):
            yield words("--every and --packet must be specified when using nth mode")
        every, packet = values.get("every", ""), values.get("packet", "0")
        if is_number(every) and is_number(packet) and integer(packet) >= integer(every):
            yield words("the --packet p must be 0 <= p <= n-1")
    if name == "policy":
        tunnel = {"tunnel-src", "tunnel-dst"} & set(given)
        if tunnel and values.get("mode") != "tunnel":
            yield words("policy match: --tunnel-src/--tunnel-dst is only valid in tunnel mode")
        if "strict" in given and not {"reqid", "spi", "proto", "mode", *tunnel} & set(given):
            yield words(
                "policy match: empty policy element 0. --strict is in effect, but at least one of reqid, spi,"
                " tunnel-src, tunnel-dst, proto or mode is required."
            )
    if name == "connlabel" and is_number(values.get("label", "")) and integer(values["label"]) > 127:
        yield Refusal("refused.value", (name, "label", values["label"]))
    if name == "recent" and is_number(values.get("hitcount", "")) and integer(values["hitcount"]) > 0xFFFF:
        yield Refusal("refused.value", (name, "hitcount", values["hitcount"]))
    if name in ("SNPT", "DNPT"):
        for option, value in values.items():
            _, slash, length = value.partition("/")
            if not slash or not is_number(length) or integer(length) > 64:
                yield Refusal("refused.value", (name, option, value))
