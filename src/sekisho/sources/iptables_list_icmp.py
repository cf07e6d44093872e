"""The ICMP matches in listings: ``icmptype 8 code 0``, ``icmp !type 3``, ``icmp echo-request``.

Before 1.4.11 a blank stood in ``icmp type 8``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sekisho.sources.iptables_list_forms import Context, Form, Given, Piece, Said
from sekisho.sources.iptables_names import ICMP6_TYPES, ICMP_TYPES
from sekisho.sources.iptables_values import icmp6_type, icmp_type
from sekisho.values.numbers import DIGITS


def _form(module: str, option: str, head: str, names: dict[str, str], normal: Callable[[str], str]) -> Form:
    printed: dict[str, str] = {}
    for name, number in names.items():
        printed.setdefault(number, name)  # the first name is the one that is printed
    pattern = re.compile(
        rf"{head}(?: *(?P<no>!)type| ?type) (?P<type>{DIGITS})(?: code (?P<code>{DIGITS}))?(?= |\Z)"
        rf"|{head} (?P<not>!)?(?P<name>[A-Za-z-]+)(?= |\Z)"
    )

    def read(found: re.Match[str], _context: Context) -> Sequence[Said] | None:
        negated = (found["no"] or found["not"]) is not None
        if found["name"]:
            try:
                return [(option, negated, (normal(found["name"]),))]
            except ValueError:
                return None
        value = found["type"] + (f"/{found['code']}" if found["code"] else "")
        # 255 is how "any" is stored for ICMP; ICMPv6 has no such value.
        return [(option, negated, ("any" if module == "icmp" and value == "255" else value,))]

    def show(given: Given, context: Context) -> str | None:
        one = given.get(option)
        if one is None:
            return None
        value = one.values[0]
        sign = "!" if one.negated else ""
        if not context.numeric and value in printed:
            return f"{head} {sign}{printed[value]}"
        if not context.numeric and value == "any":
            return f"{head} {sign}any"
        kind, slash, code = ("255" if value == "any" else value).partition("/")
        shown = kind + (f" code {code}" if slash else "")
        return f"{head} {sign}type {shown}" if one.negated or context.old else f"{head}type {shown}"

    return Form(module, "", (Piece((option,), pattern, read, show, "i"),))


ICMP = _form("icmp", "icmp-type", "icmp", ICMP_TYPES, icmp_type)
ICMP6 = _form("icmp6", "icmpv6-type", "ipv6-icmp", ICMP6_TYPES, icmp6_type)
