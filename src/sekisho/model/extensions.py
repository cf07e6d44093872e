"""The matches and targets of iptables: their options, and what a rule with them must have to be loaded.

Each is written down once, in ``extension_matches`` and ``extension_targets``; readers take the options from
there, ``semantics.loadable`` the rest. An option is NAME[=COUNT][:TYPE][MARKS]:

    sport:tport^        one value, a port of TCP, may be inverted with ``!``
    match-set=2^        two values
    comment!            must be given
    set=0^              no value
    reqid:u32^*         may be given several times; all others once

A TYPE says what a value must be (``semantics.loadable_values``): u8 u16 u32 u64, with bounds ``u8(1-255)``,
with ranges ``u16r``; ``mark`` VALUE/MASK; names ``is(original,reply,both)``; and words such as ``tport``.
Facts: extensions/lib{xt,ipt,ip6t}_*.c of iptables 1.8.9 and 1.8.11 and the kernel's checkentry functions;
each was measured with iptables-nft and iptables-legacy 1.8.9.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

Arity = dict[str, int]

_OPTION = re.compile(r"([a-z0-9_-]+?)(?:=([0-9]))?(?::([a-z0-9]+)(?:\(([^)]*)\))?)?([\^!*]*)")

_ARITY = re.compile(r"([a-z0-9_-]+)(?:=([0-9]))?\S*")


@dataclass(frozen=True, slots=True)
class OptionSpec:
    """One option: how many values, of what type with which bounds or words (``among``)."""

    name: str
    count: int = 1
    type: str = ""
    among: str = ""
    inverts: bool = False
    needed: bool = False
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Extension:
    """A match or target.

    ``one_of``: options of which at least one must be given (``*``: any), ``none`` what iptables says else.
    ``apart``: options that cannot be given together, any two of a group (groups with blanks between, options
    with ``|``). ``along``: OPTION>OTHER, the first also needs the second. ``protocols``: ``-p`` must name one
    of them. ``tables`` and ``chains``: where the kernel takes it ("" everywhere; chains after ``not``: where
    it does not). ``family``: 4 or 6 where there is one for that IP version only.
    """

    options: str = ""
    one_of: str = ""
    none: str = ""
    apart: str = ""
    along: str = ""
    protocols: str = ""
    tables: str = ""
    chains: str = ""
    family: int = 0

    def specs(self) -> dict[str, OptionSpec]:
        """The options by name."""
        return _specs(self.options)

    def arity(self) -> Arity:
        """How many values each option takes."""
        return {name: int(count or 1) for name, count in _ARITY.findall(self.options)}

    def allows_chain(self, chain: str) -> bool:
        """Whether the kernel takes it in that built-in chain."""
        words = self.chains.split()
        if not words:
            return True
        return chain not in words[1:] if words[0] == "not" else chain in words


@lru_cache(maxsize=512)
def _specs(text: str) -> dict[str, OptionSpec]:
    found: dict[str, OptionSpec] = {}
    for item in text.split():
        match = _OPTION.fullmatch(item)
        assert match is not None, item
        name, count, kind, among, marks = match.groups()
        found[name] = OptionSpec(
            name, int(count or 1), kind or "", among or "", "^" in marks, "!" in marks, "*" in marks
        )
    return found
