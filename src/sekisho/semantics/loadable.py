"""Whether a rule could have been loaded at all, and what iptables or the kernel says where it could not.

A text that holds such a rule is no picture of what a kernel has: it was typed by hand, or damaged. What a
rule must have stands once with each extension (``model.extensions``); here one rule is asked in its place.

    the program   words, values, options that are needed, that exclude each other, that take no "!"
    the kernel    the protocol that -p must name, the tables and chains where a match or target works
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from sekisho.model.extension_matches import MATCHES
from sekisho.model.extension_targets import TARGETS
from sekisho.model.extensions import Extension, OptionSpec
from sekisho.model.netfilter import UNKNOWN_MODULE, IpSet, Option, Rule, Table, is_builtin
from sekisho.semantics.loadable_options import Refusal, as_a_whole, bad_value, value_refusals, words
from sekisho.semantics.loadable_values import nat_ports_of
from sekisho.values.address import Family
from sekisho.values.numbers import is_number
from sekisho.values.packet import protocol_name, protocol_number

_IN, _OUT = ("PREROUTING", "INPUT"), ("POSTROUTING", "OUTPUT")
_PORTED = ("tcp", "udp", "sctp", "dccp")
_IFNAMSIZ = 16


class Loader:
    """What iptables would say of the rules of one table.

    ``sets`` are the ipsets that exist, None where they were not captured; ``backend`` "" where none is named.
    """

    def __init__(
        self, table: Table, family: Family, backend: str = "", sets: Sequence[IpSet] | None = None
    ) -> None:
        self.table = table
        self.family = family
        self.backend = backend
        self.sets = None if sets is None else frozenset(one.name for one in sets)

    def refusal(self, chain: str, rule: Rule) -> Refusal | None:
        """The first reason why the rule cannot be loaded into that chain, None where there is none."""
        return next(self._reasons(chain, rule), None)

    def _reasons(self, chain: str, rule: Rule) -> Iterator[Refusal]:
        """In the order in which iptables finds them: word by word, each extension as a whole, the kernel."""
        used = [(group[0].module, MATCHES.get(group[0].module), group) for group in _groups(rule.matches)]
        target = rule.target
        if target is not None and target.name not in self._chains:
            used.append((target.name, TARGETS.get(target.name), list(target.options)))
        yield from self._generic(chain, rule)
        for name, extension, options in used:
            if extension is not None:
                yield from self._values(name, extension, options)
        for option in (*rule.matches, *(target.options if target else ())):
            if option.module == UNKNOWN_MODULE:
                yield from self._unread(option, rule)
        for name, extension, options in used:
            if extension is not None:
                yield from as_a_whole(name, extension, options)
        for name, extension, options in used:
            if extension is not None and name in MATCHES:
                yield from self._match(name, extension, options, chain, rule)
            elif extension is not None:
                yield from self._target(name, extension, options, chain, rule)

    # ------------------------------------------------------------------------------- the program

    def _generic(self, chain: str, rule: Rule) -> Iterator[Refusal]:
        seen: set[str] = set()
        for option in rule.matches:
            if option.module:
                continue
            elif option.name in seen:
                yield words(f"multiple -{_SHORT[option.name]} flags not allowed")
            elif option.name in ("in-interface", "out-interface"):
                name = option.values[0].rstrip("+") if option.values else ""
                if len(option.values[0]) >= _IFNAMSIZ:
                    yield words(
                        f"interface name `{option.values[0]}' must be shorter than IFNAMSIZ ({_IFNAMSIZ - 1})"
                    )
                wrong = _OUT if option.name == "in-interface" else _IN
                if chain in wrong and name:
                    yield words(f"Can't use -{_SHORT[option.name]} with {chain}")
            elif option.name == "protocol" and option.negated and option.values in (("all",), ("0",)):
                yield words("rule would never match protocol")
            elif option.name == "fragment" and self.family == 6:
                yield words("`-f' is not supported in IPv6, use -m frag instead")
            seen.add(option.name if not option.module else "")
        if rule.target is not None and rule.target.name == "DROP" and self.table.name == "nat":
            yield words(
                'The "nat" table is not intended for filtering, the use of DROP is therefore inhibited.'
            )

    def _unread(self, option: Option, rule: Rule) -> Iterator[Refusal]:
        """Words that the reader kept as they stood: a value that is missing or wrong, an option too many."""
        text = option.values[0] if option.values else ""
        word, _, value = text.removeprefix("! ").partition(" ")
        if not word.startswith("-"):
            if text and option.name == "":
                yield words(f"Bad argument `{word}'")
            return
        name = word.lstrip("-")
        if name in ("c", "set-counters"):
            numeric = value.endswith(",") and is_number(value[:-1])
            yield words(f"-c {'byte counter not numeric' if numeric else 'requires packet and byte counter'}")
            return
        if option.name in ("source", "destination") and "!" in text and "," in value:
            yield words("! not allowed with multiple source or destination IP addresses")
            return
        if name in ("protocol", "p"):
            yield words(f'unknown protocol "{value}" specified')
            return
        owner = next((m for m in reversed(rule.matches) if name in _specs_of(m.module)), None)
        target = rule.target.name if rule.target else ""
        module = owner.module if owner else target if name in _specs_of(target, TARGETS) else ""
        if not module:
            if option.name == "" and not value:
                yield words(f'unknown option "{word}"')
            return
        spec = _specs_of(module, MATCHES if owner else TARGETS)[name]
        if len(value.split()) < spec.count:
            short = f"--{name} requires two args." if value else f'option "{word}" requires an argument'
            yield words(short)
            return
        for one in value.split()[: spec.count]:
            refused = bad_value(module, name, one, spec.type, spec.among)
            if refused is not None:
                yield words(refused)
                return
        if module == "tcp" or (module == "sctp"):
            yield words(f"Only one `--{_LONG.get(name, name)}' allowed")
        else:
            yield words(f'{module}: option "--{name}" can only be used once.')

    def _values(self, name: str, extension: Extension, options: Sequence[Option]) -> Iterator[Refusal]:
        """Word by word: what takes no ``!``, what comes twice, values that are none."""
        if extension.family not in (0, self.family):
            yield Refusal("refused.family", (name, str(extension.family)))
        specs = extension.specs()
        given: set[str] = set()
        for option in options:
            if not option.name or option.module == UNKNOWN_MODULE:
                continue
            spec = specs.get(option.name)
            if spec is None:
                yield words(f'unknown option "--{option.name}"')
                return
            if option.name in given and not spec.repeats:
                yield words(f'{name}: option "--{option.name}" can only be used once.')
            if option.negated and not spec.inverts:
                yield words(f'{name}: option "--{option.name}" cannot be inverted.')
            if option.name == "suppl-groups" and "gid-owner" not in given:
                yield words(
                    'owner: Bad value for "--suppl-groups" option: "you need to use --gid-owner first"'
                )
            given.add(option.name)
            if spec.type == "set":
                yield from self._set(option)
                continue
            yield from value_refusals(name, option, spec)

    def _set(self, option: Option) -> Iterator[Refusal]:
        if len(option.values) < 2:
            yield words(f"--{option.name} requires two args.")
        elif self.sets is not None and option.values[0] not in self.sets:
            yield words(f"Set {option.values[0]} doesn't exist.")

    # -------------------------------------------------------------------------------- the kernel

    def _match(
        self, name: str, extension: Extension, options: Sequence[Option], chain: str, rule: Rule
    ) -> Iterator[Refusal]:
        names = {option.name for option in options}
        protocols = extension.protocols
        if name == "ah" and self.family == 4:
            protocols = "ah"
        if name == "ecn" and names & {"ecn-tcp-cwr", "ecn-tcp-ece"}:
            protocols = "tcp"
        yield from self._protocol(name, protocols, rule)
        if extension.tables and self.table.name not in extension.tables.split():
            yield Refusal("refused.table", (name, extension.tables))
        allowed = extension
        if name == "addrtype" and names & {"limit-iface-in", "limit-iface-out"}:
            allowed = Extension(
                chains="not OUTPUT POSTROUTING" if "limit-iface-in" in names else "not PREROUTING INPUT"
            )
        if name == "policy":
            inward = any(option.name == "dir" and option.values == ("in",) for option in options)
            allowed = Extension(chains="not OUTPUT POSTROUTING" if inward else "not PREROUTING INPUT")
        yield from self._place(name, allowed, chain)
        if name == "cgroup" and {"cgroup", "path"} & names in (set(), {"cgroup", "path"}):
            yield Refusal("refused.one-of", (name, "--cgroup", "--path"))

    def _target(
        self, name: str, extension: Extension, options: Sequence[Option], chain: str, rule: Rule
    ) -> Iterator[Refusal]:
        given = {option.name: option.values for option in options}
        protocols = extension.protocols
        if name == "REJECT" and given.get("reject-with", ("",))[0] in ("tcp-reset", "tcp-rst"):
            protocols = "tcp"
        yield from self._protocol(name, protocols, rule)
        ports = given.get("to-ports") or tuple(
            nat_ports_of(value) for key in ("to-destination", "to-source") for value in given.get(key, ())
        )
        if any(ports) and _named_protocol(rule) not in _PORTED:
            yield words("Need TCP, UDP, SCTP or DCCP with port specification")
        if extension.tables and self.table.name not in extension.tables.split():
            yield Refusal("refused.table", (name, extension.tables))
        if name == "TRACE" and self.backend == "legacy" and self.table.name != "raw":
            yield Refusal("refused.table", (name, "raw"))
        if name == "TCPMSS" and "clamp-mss-to-pmtu" in given:
            extension = Extension(chains="FORWARD OUTPUT POSTROUTING")
        if name == "TCPMSS" and self.backend == "legacy" and not _only_syn(rule):
            yield Refusal("refused.syn", (name,))
        yield from self._place(name, extension, chain)
        if name == "NFQUEUE" and given.get("queue-balance") == ("0:65535",):
            yield Refusal("refused.value", (name, "queue-balance", "0:65535"))

    def _protocol(self, name: str, protocols: str, rule: Rule) -> Iterator[Refusal]:
        if protocols and _named_protocol(rule) not in protocols.split():
            yield Refusal("refused.protocol", (name, " ".join(f"-p {one}" for one in protocols.split())))

    def _place(self, name: str, extension: Extension, chain: str) -> Iterator[Refusal]:
        for base in self._bases.get(chain, ()):
            if not extension.allows_chain(base):
                yield Refusal("refused.place", (name, base))
                return

    @cached_property
    def _chains(self) -> frozenset[str]:
        return frozenset(chain.name for chain in self.table.chains)

    @cached_property
    def _bases(self) -> dict[str, tuple[str, ...]]:
        """The built-in chains from which packets come to each chain."""
        calls = {
            chain.name: {rule.target.name for rule in chain.rules if rule.target is not None}
            for chain in self.table.chains
        }
        found: dict[str, list[str]] = {}
        for base in calls:
            if not is_builtin(self.table.name, base):
                continue
            waiting, reached = [base], {base}
            while waiting:
                name = waiting.pop()
                found.setdefault(name, []).append(base)
                fresh = [one for one in calls.get(name, ()) if one in calls and one not in reached]
                reached.update(fresh)
                waiting += fresh
        return {name: tuple(bases) for name, bases in found.items()}


_SHORT = {
    "source": "s", "destination": "d", "in-interface": "i", "out-interface": "o", "protocol": "p",
    "fragment": "f",
}  # fmt: skip
_LONG = {"dport": "destination-port", "sport": "source-port"}


def _groups(options: Sequence[Option]) -> Iterator[list[Option]]:
    """The options of each match together; a second -m of one module begins where an option comes again."""
    group: list[Option] = []
    for option in options:
        if not option.module or option.module == UNKNOWN_MODULE:
            continue
        names = {one.name for one in group}
        again = option.name in names and not _repeats(option)
        if group and (option.module != group[0].module or again or (not option.name and names)):
            yield group
            group = []
        group.append(option)
    if group:
        yield group


def _repeats(option: Option) -> bool:
    spec = _specs_of(option.module).get(option.name)
    return spec is not None and spec.repeats


def _specs_of(module: str, known: dict[str, Extension] = MATCHES) -> dict[str, OptionSpec]:
    extension = known.get(module)
    return extension.specs() if extension is not None else {}


def _named_protocol(rule: Rule) -> str:
    """The protocol that the rule names with -p; "" for none, or with ``!``."""
    for option in rule.matches:
        if not option.module and option.name == "protocol" and not option.negated:
            try:
                return protocol_name(protocol_number(option.values[0]))
            except (ValueError, IndexError):
                return ""
    return ""


def _only_syn(rule: Rule) -> bool:
    """Whether the rule asks for the SYN flag, as the legacy kernel wants it of TCPMSS (xt_TCPMSS.c)."""
    return any(
        option.module == "tcp"
        and not option.negated
        and (option.name == "syn" or (option.name == "tcp-flags" and "SYN" in option.values[-1].split(",")))
        for option in rule.matches
    )
