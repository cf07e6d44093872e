"""What an answer leans on, as lines: what is the same for several tables or addresses stands in one."""

from __future__ import annotations

from sekisho.semantics.journey import Lean
from sekisho.semantics.whose import IN_NAMESPACE, ON_HOST, plain

_OF = (IN_NAMESPACE, ON_HOST)
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
    for lean in sorted(
        dict.fromkeys(leans), key=lambda lean: lean.code not in ("table-not-captured", "table-not-shown")
    ):
        groups.setdefault(_alike(lean), []).append(lean)
    found = []
    for same in groups.values():
        if len(same) == 1:
            found += same
            continue
        inside = [plain(each) for each in same]
        items = [
            f"{lean.args[0]} ({lean.args[1]})" if len(lean.args) > 1 else lean.args[0] for lean in inside
        ]
        code, told = _SEVERAL[inside[0].code], ", ".join(sorted(items, key=lambda name: name != "filter"))
        of = same[0]
        found.append(Lean(of.code, (of.args[0], code, told)) if of.code in _OF else Lean(code, (told,)))
    return found


def _alike(lean: Lean) -> str:
    """What those have in common that stand in one line."""
    if lean.code in _OF and lean.args[1] in _SEVERAL:
        return f"{lean.args[1]} of {lean.args[0]}"
    return lean.code if lean.code in _SEVERAL else f"{lean.code} {lean.args}"
