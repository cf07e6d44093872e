"""What an answer leans on, as lines: what is the same for several tables or addresses stands in one."""

from __future__ import annotations

from sekisho.semantics.journey import Lean

# Of each of these there may be many: the message for all of them together.
_SEVERAL = {
    "table-not-captured": "tables-not-captured",
    "table-not-shown": "tables-not-shown",
    "address-tentative": "addresses-tentative",
}


def grouped(leans: tuple[Lean, ...]) -> list[Lean]:
    """What is the same for several tables or addresses stands in one line.

    Tables that were not captured come first, and of these filter: it decides most often.
    """
    groups: dict[str, list[Lean]] = {}
    for lean in sorted(leans, key=lambda lean: lean.code not in ("table-not-captured", "table-not-shown")):
        groups.setdefault(lean.code if lean.code in _SEVERAL else f"{lean.code} {lean.args}", []).append(lean)
    found = []
    for code, same in groups.items():
        if len(same) == 1:
            found += same
            continue
        items = [f"{lean.args[0]} ({lean.args[1]})" if len(lean.args) > 1 else lean.args[0] for lean in same]
        found.append(Lean(_SEVERAL[code], (", ".join(sorted(items, key=lambda name: name != "filter")),)))
    return found
