"""Rules put to nft and a kernel, and what nft lists of them."""

from __future__ import annotations

import re

from sekisho.lab.namespaces import LabError, NetworkNamespace
from tests.suites.nft_files import RuleFile

# The interfaces that rules of the suite name.
INTERFACES = ("eth0", "eth1", "eth2", "eth3", "dummy0", "dummy1")
_PLACE = re.compile(r"/dev/stdin:(\d+):\d+-\d+: Error")
_MOST_TRIES = 400


class Scratch:
    """A namespace in which nft reads rules and prints them back."""

    def __init__(self) -> None:
        self.namespace = NetworkNamespace()
        self.namespace.run(("ip", "link", "set", "lo", "up"))
        for number, name in enumerate(INTERFACES):
            self.namespace.run(("ip", "link", "add", name, "type", "veth", "peer", "name", f"far{number}"))

    def listing(self, lines: list[str], *words: str) -> tuple[str, list[str]]:
        """What nft prints after loading the lines, and the lines that nft or the kernel refused. A listing as
        JSON is "" where nft has none."""
        left, refused = list(lines), []
        for _ in range(_MOST_TRIES):
            self.namespace.run(("nft", "flush", "ruleset"))
            try:
                self.namespace.run(("nft", "-f", "-"), "\n".join(left) + "\n")
                break
            except LabError as error:
                wrong = {int(number) - 1 for number in _PLACE.findall(str(error))} or {len(left) - 1}
                refused += [left[at] for at in sorted(wrong)]
                left = [line for at, line in enumerate(left) if at not in wrong]
        return self.namespace.run(("nft", *words, "list", "ruleset")), refused

    def as_json(self) -> str:
        """The rule set as it is, as JSON; "" where nft has none for some of it."""
        try:
            return self.namespace.run(("nft", "-j", "list", "ruleset"))
        except LabError:
            return ""

    def close(self) -> None:
        """Let go of it."""
        self.namespace.close()


def lines_of(one: RuleFile) -> list[str]:
    """The table of a file, one command a line: every rule stands in the first of its chains."""
    where = f"{one.family} {one.table}"
    lines = [f"add table {where}"]
    for name, declared in one.chains:
        lines.append(f"add chain {where} {name} {{ {declared}; }}")
    for text in one.declarations:
        kind, _, rest = text.partition(" {")
        lines.append(f"add {kind.rpartition(' ')[0]} {where} {kind.rpartition(' ')[2]} {{{rest}")
    for name, elements in one.elements:
        lines.append(f"add element {where} {name} {{ {elements} }}")
    lines += [f"add rule {where} {one.chains[0][0]} {rule}" for rule in one.rules]
    return lines
