"""Which layout of ``iptables -nL`` a table was captured in, told from the evidence of its lines."""

from __future__ import annotations

from sekisho.model.netfilter import Table
from sekisho.sources.iptables_list_style import ListStyle, detect_style


def captured_style(table: Table) -> ListStyle:
    """The style of the listing that the table was read from; the newest for any other source.

    Evidence holds every line but the blank ones: where those stood follows from the line numbers.
    """
    header = table.evidence.text if table.evidence else ""
    if "prot opt" not in " ".join(header.split()):
        return ListStyle()
    lines: list[str] = []
    last = 0
    for chain in table.chains:
        if chain.evidence is None:
            continue
        if last and chain.evidence.line > last + 1:
            lines.append("")
        lines += [chain.evidence.text, header]
        last = chain.evidence.line + 1
        for rule in chain.rules:
            if rule.evidence is not None:
                lines.append(rule.evidence.text)
                last = rule.evidence.line
    return detect_style("\n".join(lines) + "\n")
