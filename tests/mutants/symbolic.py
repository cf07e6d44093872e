"""Changes in what rules, routes and connections mean for sets of packets."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_CASES = ("tests/test_cases.py",)

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
        "sets-runs-of-lines", "symbolic/narrow.py", "all(one[1] < other[0]", "all(one[1] <= other[0]",
        "of two rules for one port the second is thought to take packets, too",
    ),
    Mutant(
        "sets-set-of-interfaces", "symbolic/narrow.py",
        "return ALWAYS if entries[0][1] else NEVER", "return ALWAYS if entries[-1][1] else NEVER",
        "in a set of interfaces a later exception decides over an earlier element, in proofs",
    ),
    Mutant(
        "returned-is-gone", "symbolic/past.py", "left |= passed | returned", "left |= passed",
        "a line is called dead that only packets come to which a called chain has returned",
        ("tests/answers/test_dead_lines.py",),
    ),
    Mutant(
        "sets-goto", "symbolic/fold.py", "self.join(back, each, those)", "self.join(over, each, those)",
        "goto comes back to where it was called, in proofs",
        ("tests/symbolic/test_flow.py",),
    ),
    Mutant(
        "sets-boxes", "symbolic/boxes.py", "((base + 1) << left) - 1", "((base + 1) << left)",
        "ranges of ports are printed with one too many",
    ),
    Mutant(
        "rp-filter-before-dnat", "symbolic/way_back.py",
        'ends = state.ends.mirrored() if guard.side == "src"',
        'ends = (state.ctsent or state.ends).mirrored() if guard.side == "src"',
        "rp_filter looks the way back up from the address before DNAT: other packets are dropped",
        _CASES, must=True,
    ),
    Mutant(
        "masquerade-next-hop", "symbolic/translation.py",
        "if space.family == 4 and hop is not None", "if space.family == 6 and hop is not None",
        "MASQUERADE takes an address by the destination, not by the gateway's subnet",
        _CASES, must=True,
    ),
    Mutant(
        "zone-of-replies-kept", "symbolic/tracking.py",
        "Connection(state.ends, state.ends, state.zone, state.zone_reply",
        "Connection(state.ends, state.ends, state.zone, state.zone",
        "a connection of --zone-orig has its replies in the zone, too",
        ("tests/semantics/test_conntrack.py",), must=True,
    ),
    Mutant(
        "uid-on-reroute", "symbolic/sending.py", "of_root=self.space.family == 4",
        "of_root=self.space.family == 6",
        "a local packet that is routed again still goes by uidrange rules (IPv4), or does no more (IPv6)",
        _CASES, must=True,
    ),
    Mutant(
        "kept-port-first", "symbolic/translation.py", "space.member(present, IntSet.span(first, last))",
        "space.member(present, IntSet.span(first + 1, last))",
        "SNAT to a range of ports lets go of a port that is the range's first",
        ("tests/semantics/test_nat.py",), must=True,
    ),
    Mutant(
        "kept-port-last", "symbolic/translation.py", "space.member(present, IntSet.span(first, last))",
        "space.member(present, IntSet.span(first, last - 1))",
        "SNAT to a range of ports lets go of a port that is the range's last",
        ("tests/semantics/test_nat.py",), must=True,
    ),
    Mutant(
        "bare-ack", "symbolic/tracking.py", "opening |= space.masked(state.tcp_flags, bits, ACK)",
        "opening |= space.masked(state.tcp_flags, bits, SYN)",
        "an ACK without a connection is INVALID, though the kernel picks it up",
        ("tests/semantics/test_conntrack.py",),
    ),
    Mutant(
        "port-shift", "symbolic/translation.py", "% (last - first + 1)", "% (last - first)",
        "DNAT of a range of ports to another sends the last one to the first port",
        ("tests/semantics/test_nat.py",),
    ),
    Mutant(
        "ipset-icmp", "symbolic/one_fields.py", "kind << 8 | usual(_ICMP_CODE(state))",
        "kind << 4 | usual(_ICMP_CODE(state))", "an ipset's icmp:8/0 fits no ping",
        ("tests/semantics/test_ipsets.py",),
    ),
    Mutant(
        "sets-xor-mark", "symbolic/space.py", "kept ^ 1)", "kept)",
        "--xor-tos leaves bits as they are in proofs", ("tests/symbolic/test_effects.py",),
    ),
    Mutant(
        "second-lookup-takes-any", "symbolic/second_lookup.py", "if len(each) == 1:", "if each:",
        "of two sources that are as good one is taken, though no text shows which the kernel takes",
        ("tests/symbolic/test_second_lookup.py",), must=True,
    ),
    Mutant(
        "own-error-has-a-source", "symbolic/one_journeys.py", "or leg.hops[-1].iif is None", "",
        "an IPv6 error about what the host itself sent is refused by a policy rule from its address",
        _CASES, must=True,
    ),
)  # fmt: skip
