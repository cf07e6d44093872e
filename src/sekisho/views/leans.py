"""What an answer leans on, as lines: what is the same for several tables or addresses stands in one."""

from __future__ import annotations

from sekisho.semantics.journey import Lean
from sekisho.semantics.whose import IN_NAMESPACE

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
        groups.setdefault(_alike(lean), []).append(lean)
    found = []
    for same in groups.values():
        if len(same) == 1:
            found += same
            continue
        inside = [Lean(each.args[1], each.args[2:]) if each.code == IN_NAMESPACE else each for each in same]
        items = [
            f"{lean.args[0]} ({lean.args[1]})" if len(lean.args) > 1 else lean.args[0] for lean in inside
        ]
        code, told = _SEVERAL[inside[0].code], ", ".join(sorted(items, key=lambda name: name != "filter"))
        whose = same[0].code == IN_NAMESPACE
        found.append(Lean(IN_NAMESPACE, (same[0].args[0], code, told)) if whose else Lean(code, (told,)))
    return found


def _alike(lean: Lean) -> str:
    """What those have in common that stand in one line."""
    if lean.code == IN_NAMESPACE and lean.args[1] in _SEVERAL:
        return f"{lean.args[1]} of {lean.args[0]}"
    return lean.code if lean.code in _SEVERAL else f"{lean.code} {lean.args}"
