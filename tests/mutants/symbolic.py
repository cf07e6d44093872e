"""Changes in what rules, routes and connections mean for sets of packets."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "sets-interval-edge", "symbolic/spans.py", "(base + 1 << left) - 1", "(base + 1 << left)",
        "who can call what is printed with one address too many",
        ("tests/symbolic/test_space.py",),
    ),
    Mutant(
        "sets-forget-uid-of-rules", "symbolic/asked.py", '("uid", "flow_uid")}', '("uid",)}',
        "a witness does not state the user that a policy rule asks for",
        ("tests/answers/test_exposed.py",), must=True,
    ),
    Mutant(
        "sets-masked-bits", "symbolic/space.py",
        "literal if value >> at & 1 else", "literal if mask >> at & 1 else",
        "a masked mark is compared with all ones",
    ),
    Mutant(
        "sets-negation", "symbolic/guards.py",
        "return Cond(~held.maybe, ~held.yes)", "return Cond(~held.maybe, held.yes)",
        "`!` before what nobody can decide gives wrong answers for all packets",
    ),
    Mutant(
        "sets-first-element", "symbolic/guards.py",
        "in reversed(guard.entries):", "in tuple(guard.entries):",
        "an exception within an ipset's network is lost in proofs",
    ),
    Mutant(
        "sets-spent-ttl", "symbolic/guards.py",
        "(first + by, min(last + by, 255))", "(first - by, min(last + by, 255))",
        "-m ttl behind a router takes packets of another TTL in proofs",
    ),
    Mutant(
        "sets-zone-of-replies", "symbolic/tracking.py",
        "zone = connection.zone_reply if direction else connection.zone",
        "zone = connection.zone if direction else connection.zone",
        "replies of a connection with --zone-reply are new ones in proofs",
    ),
    Mutant(
        "sets-kept-port", "symbolic/translation.py",
        "space.member(present, IntSet.span(first, last))",
        "space.member(present, IntSet.span(first + 1, last))",
        "SNAT to a range of ports lets go of the range's first port in proofs",
    ),
    Mutant(
        "sets-reply-side", "symbolic/tracking.py",
        "if direction == 1:\n        bit ^=", "if direction == 0:\n        bit ^=",
        "a reply's source is restored where its destination should be, in proofs",
    ),
    Mutant(
        "sets-mirror-ports", "symbolic/bits.py",
        "self.dst, self.src, self.dport, self.sport", "self.dst, self.src, self.sport, self.dport",
        "an answer is looked for with the ports of the question",
        ("tests/symbolic/test_tracking.py",),
    ),
    Mutant(
        "sets-xor-mark", "symbolic/effects.py", "kept ^ 1)", "kept)",
        "--xor-tos leaves bits as they are in proofs",
    ),
    Mutant(
        "sets-runs-of-lines", "symbolic/narrow.py", "all(one[1] < other[0]", "all(one[1] <= other[0]",
        "of two rules for one port the second is thought to take packets, too",
    ),
    Mutant(
        "sets-set-of-interfaces", "symbolic/narrow.py",
        "return ALWAYS if entries[0][1] else NEVER", "return ALWAYS if entries[-1][1] else NEVER",
        "in a set of interfaces a later exception decides over an earlier element, in proofs",
    ),
    Mutant(
        "sets-goto", "symbolic/flow.py", "if isinstance(action, Jump):\n", "if isinstance(action, Goto):\n",
        "goto comes back to where it was called, in proofs",
    ),
    Mutant(
        "sets-boxes", "symbolic/boxes.py", "((base + 1) << left) - 1", "((base + 1) << left)",
        "ranges of ports are printed with one too many",
    ),
)  # fmt: skip
