"""Rule sets as the text that their own programs load: written anew from what was understood.

No line of a snapshot goes through as it stood. Each rule is rendered from its facts, with every value quoted
as the program's own reader takes quotes apart, and then read back: what does not come out as it went in is
not loaded, but named (``NotLoaded``). So are rules of which a part was not understood, and what would reach
outside of the namespace.

What the programs' readers make of a line: iptables/xshared.c (add_param_to_argv: words end at blanks,
tabs and line ends; quotes keep them, a backslash inside protects the next character; 1023 bytes a word) and
iptables-restore.c (a line of more than 10239 bytes is read as two).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from sekisho.errors import Said, said
from sekisho.lab.not_loaded import NotLoaded
from sekisho.lab.operations import Load
from sekisho.model.evidence import Evidence
from sekisho.model.netfilter import BUILTIN_CHAINS, Chain, IpSet, Option, Rule, Ruleset, Table
from sekisho.model.snapshot import Namespace
from sekisho.semantics.nft_tables import native_tables
from sekisho.sources import ipset_save
from sekisho.sources.iptables_options import MATCHES, TARGETS
from sekisho.sources.iptables_rule import is_understood, normal_form, parse_rule, render_rule
from sekisho.values.address import Family
from sekisho.values.names import BadNameError, chain_name, set_name

_RESTORE = {
    (4, "nft"): "iptables-nft-restore", (4, ""): "iptables-nft-restore",
    (4, "legacy"): "iptables-legacy-restore",
    (6, "nft"): "ip6tables-nft-restore", (6, ""): "ip6tables-nft-restore",
    (6, "legacy"): "ip6tables-legacy-restore",
}  # fmt: skip
# Options of iptables itself (iptables/xshared.c) that are also the beginning of an extension's.
_GENERAL = frozenset({"check", "dst", "help", "match", "src"})
_LONGEST_WORD, _LONGEST_LINE = 1000, 10_000  # bytes, below the readers' own ends
# They only tell of a packet, and do so on the machine: its audit log, its /sys, its lights. The rule counts
# without.
_TELLING_TARGETS = frozenset({"AUDIT", "IDLETIMER", "LED"})
# Options that name a file of the machine.
_FILES = frozenset({("bpf", "object-pinned"), ("cgroup", "path")})
_POLICIES = frozenset({"ACCEPT", "DROP", "QUEUE", None})

_SET_TYPE = re.compile(r"(?:bitmap|hash|list):[a-z]+(?:,[a-z]+)*\Z")
_SET_OPTION = re.compile(r"[a-z][a-z0-9-]*\Z")
_SET_VALUE = re.compile(r"[A-Za-z0-9_.:][A-Za-z0-9_.:,/@+-]*\Z")
_NOT_IN_COMMENT = re.compile(r'["\\\x00-\x1f\x7f]')


def loads(namespace: Namespace, refused: list[NotLoaded]) -> Iterator[Load]:
    """Every rule set of a namespace, sets first; what is not loaded is added to ``refused``."""
    if namespace.ipsets:
        yield Load(("ipset", "restore"), ipset_text(namespace.ipsets, refused))
    # Of chains with equal priorities the kernel asks those first that came last (net/netfilter/core.c,
    # nf_hook_entries_grow): legacy ones, as the model takes it.
    for ruleset in sorted(namespace.rulesets, key=lambda each: each.backend == "legacy"):
        if ruleset.tables:
            text = iptables_text(ruleset, refused)
            yield Load((_RESTORE[ruleset.family, ruleset.backend],), text)
    # What iptables-nft manages is loaded by it, above.
    own = native_tables(namespace.nft, namespace.rulesets)
    if own:
        from sekisho.lab.nft_text import nft_text

        yield Load(("nft", "-f", "-"), nft_text(own, refused))


def _place(fact: Table | Chain | Rule | IpSet) -> Evidence:
    return fact.evidence or Evidence("", 0, "")


# ------------------------------------------------------------------------------------- iptables


def iptables_text(ruleset: Ruleset, refused: list[NotLoaded]) -> str:
    """What iptables-restore reads. What is not loaded is added to ``refused``."""
    lines: list[str] = []
    for table in ruleset.tables:
        if table.name in BUILTIN_CHAINS:
            lines += _table(table, ruleset.family, refused)
        else:
            refused.append(NotLoaded(_place(table), said("there is no table {0!r}", table.name)))
    return "".join(f"{line}\n" for line in lines)


def _table(table: Table, family: Family, refused: list[NotLoaded]) -> Iterator[str]:
    yield f"*{table.name}"
    known: list[Chain] = []
    for chain in table.chains:
        try:
            chain_name(chain.name)
        except BadNameError as error:
            refused.append(NotLoaded(_place(chain), said("{0}", error)))
            continue
        if chain.policy not in _POLICIES:
            refused.append(NotLoaded(_place(chain), said("there is no policy {0!r}", chain.policy)))
            continue
        known.append(chain)
        yield f":{chain.name} {chain.policy or '-'} [{chain.packets or 0}:{chain.bytes or 0}]"
    names = frozenset(chain.name for chain in known)
    for chain in known:
        for rule in chain.rules:
            words = rule_words(rule, family, names, refused)
            if words is not None:
                yield f"-A {chain.name} {words}".rstrip()
    yield "COMMIT"


def rule_words(rule: Rule, family: Family, chains: frozenset[str], refused: list[NotLoaded]) -> str | None:
    """A rule without ``-A CHAIN``, None where it is not loaded. ``chains``: those that it may go to."""
    if rule.target is not None and rule.target.name in _TELLING_TARGETS:
        rule = replace(rule, target=None)
    why = _objection(rule, chains)
    if why is None:
        words = render_rule(rule)
        why = _line_objection(words)
        if why is None:
            if _same(rule, words, family):
                return words
            why = said("it does not read back as it was")
    refused.append(NotLoaded(_place(rule), why, understood=is_understood(rule)))
    return None


def _same(rule: Rule, words: str, family: Family) -> bool:
    try:
        back, problems = parse_rule(words, family)
    except ValueError:
        return False
    if problems:
        return False
    return back == rule or normal_form(back) == normal_form(rule)


def _is_option(name: str, known: Collection[str]) -> bool:
    """Also where it is cut short as getopt_long(3) allows: the beginning of one, and no word of iptables'."""
    return name in known or (name not in _GENERAL and sum(one.startswith(name) for one in known) == 1)


def _objection(rule: Rule, chains: frozenset[str]) -> Said | None:
    """Why a rule's facts are not loaded, None where they are."""
    if not is_understood(rule):
        return said("not understood")
    target = rule.target
    if target is not None and target.name not in TARGETS and target.name not in chains:
        return said("there is no target and no chain {0!r}", target.name)
    for option in (*rule.matches, *(target.options if target is not None else ())):
        known = MATCHES.get(option.module, TARGETS.get(option.module))
        if option.module and known is None:
            return said("there is no match {0!r}", option.module)
        if option.module and option.name and not _is_option(option.name, known or ()):
            return said("{0} has no option {1!r}", option.module, option.name)
        if (option.module, option.name) in _FILES:
            return said("{0} {1} names a file of the machine", option.module, option.name)
        why = _values_objection(option)
        if why is not None:
            return why
    return None


def _values_objection(option: Option) -> Said | None:
    for value in option.values:
        if not value.isprintable():
            return said("not to be seen: {0!r}", value)
        if len(value.encode()) > _LONGEST_WORD:
            return said("longer than a word of iptables can be")
    return None


def _line_objection(words: str) -> Said | None:
    if len(words.encode()) > _LONGEST_LINE:
        return said("longer than a line of iptables-restore can be")
    return None


# ---------------------------------------------------------------------------------------- ipset


def ipset_text(sets: Sequence[IpSet], refused: list[NotLoaded]) -> str:
    """What ``ipset restore`` reads: every set first, since sets of sets name others."""
    creates: list[str] = []
    adds: list[str] = []
    for item in sets:
        words = _create(item)
        if isinstance(words, Said):
            refused.append(NotLoaded(_place(item), words))
            continue
        creates.append(" ".join(words))
        for element, options in item.entries:
            shown = _add(item, element, options)
            if shown is None:
                place = replace(_place(item), text=f"add {item.name} {element}")
                refused.append(NotLoaded(place, said("no element that can be loaded")))
            else:
                adds.append(shown)
    text = "".join(f"{line}\n" for line in (*creates, *adds))
    back = ipset_save.parse(text, "")
    if back.unread:
        place = back.unread[0].evidence
        refused.append(NotLoaded(place, said("it does not read back as it was")))
        return ""
    return text


def _create(item: IpSet) -> list[str] | Said:
    """The words of the set's line, or why it is not loaded."""
    try:
        name = set_name(item.name)
    except BadNameError as error:
        return said("{0}", error)
    if not _SET_TYPE.match(item.type):
        return said("there is no type of set {0!r}", item.type)
    words = _options(item.options, create=True)
    if words is None:
        return said("no options of a set: {0!r}", item.options)
    return ["create", name, item.type, *words]


def _add(item: IpSet, element: str, options: Iterable[tuple[str, str]]) -> str | None:
    words = _options(options, create=False)
    if words is None or not _SET_VALUE.match(element.replace("[", "").replace("]", "")):
        return None
    return " ".join(["add", item.name, element, *words])


def _options(options: Iterable[tuple[str, str]], create: bool) -> list[str] | None:
    words: list[str] = []
    for name, value in options:
        if not _SET_OPTION.match(name):
            return None
        words.append(name)
        if name == "comment" and not create:
            # ipset knows no way to write a quote inside quotes (lib/parse.c, ipset_parse_comment).
            if _NOT_IN_COMMENT.search(value) or not value.isprintable():
                return None
            words.append(f'"{value}"')
        elif value:
            if not _SET_VALUE.match(value):
                return None
            words.append(value)
    return words


def backends(rulesets: Iterable[Ruleset]) -> frozenset[str]:
    """Which kinds of iptables are loaded: nft, legacy."""
    return frozenset(ruleset.backend or "nft" for ruleset in rulesets if ruleset.tables)
