"""Changes in what rules, routes and connections mean for one packet."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

# Cases that a kernel answered, walked again: for modules that have no test file of their own.
_CASES = ("tests/test_cases.py",)

MUTANTS: tuple[Mutant, ...] = (
    # What no test noticed once.
    Mutant(
        "tos-of-routes", "semantics/fib.py", "-item[1].tos,", "item[1].tos,",
        "a route without tos is asked before the one for the packet's tos",
        _CASES, must=True,
    ),
    Mutant(
        "tos-sees-ecn", "semantics/fib.py", "mask = 0x1C if family == 4", "mask = 0x1E if family == 4",
        "a route or policy rule by TOS does not take packets that may be marked on congestion",
        _CASES, must=True,
    ),
    Mutant(
        "ttl-gt", "semantics/matches.py", "IntSet.span(value + 1, 255)", "IntSet.span(value, 255)",
        "--ttl-gt 5 takes a packet with a TTL of 5",
        must=True,
    ),
    # Others.
    Mutant(
        "another-mac", "semantics/wires.py", "if False in told:", "if True in told:",
        "hosts are on one wire though a neighbour table has another MAC address for one of them",
        ("tests/answers/test_several_hosts.py",),
    ),
    Mutant(
        "one-address-twice", "semantics/wires.py", "if len(several) > 1}", "if len(several) > 2}",
        "of two hosts with one address one is taken",
        ("tests/answers/test_several_hosts.py",),
    ),
    Mutant(
        "any-tunnel", "semantics/tunnels.py",
        "(self.kind, self.key) != (other.kind, other.key)", "self.kind != other.kind",
        "packets of one vxlan come out of another one",
        ("tests/answers/test_several_hosts.py",),
    ),
    Mutant(
        "suppress-prefixlength", "semantics/fib.py",
        "line.action.prefix_length <= length", "line.action.prefix_length < length",
        "suppress_prefixlength 0 lets the default route pass: a tunnel is gone round",
    ),
    Mutant(
        "rule-goto", "semantics/fib.py", "other.priority >= rule.goto", "other.priority > rule.goto",
        "goto of a policy rule skips the rule that it leads to",
    ),
    Mutant(
        "localnet-of-all", "semantics/input_checks.py",
        'if not conf(namespace, "all", _LOCALNET):', 'if conf(namespace, "all", _LOCALNET):',
        "what is published on 127.0.0.1 can be called from the wire",
        _CASES,
    ),
    Mutant(
        "no-broadcast-of-31", "semantics/addresses.py", "subnet.length < 31", "subnet.length <= 31",
        "in a /31 the other end's address is taken for a broadcast",
    ),
    Mutant(
        "ipset-nomatch", "semantics/ipsets.py", "excluded == nomatch", "excluded != nomatch",
        "an ipset's elements are out and its exceptions are in",
    ),
    Mutant(
        "ipset-specific-first", "semantics/ipsets.py",
        "entries.sort(key=lambda entry: entry[0])", "entries.sort(key=lambda entry: -entry[0])",
        "an exception within an ipset's network is never reached",
    ),
    Mutant(
        "multiport-either", "semantics/matches.py",
        'AnyOf((In("sport", values), In("dport", values)))',
        'All((In("sport", values), In("dport", values)))',
        "multiport --ports asks both ports, not either",
    ),
    Mutant(
        "conntrack-untracked", "semantics/match_conntrack.py",
        "AnyOf((Not(TRACKED), rest))", "All((Not(TRACKED), rest))",
        "--ctstate with another option of conntrack fits nothing",
    ),
    Mutant(
        "set-mark-is-or", "semantics/targets.py", "(mask | value, value)", "(mask, value)",
        "MARK --set-mark turns bits outside its mask over, as --set-xmark does",
    ),
    Mutant(
        "goto-calls-nobody", "semantics/control.py", "isinstance(act, Jump | Goto)", "isinstance(act, Jump)",
        "a chain that is only gone to counts as called by nobody",
    ),
    Mutant(
        "goto-comes-back", "symbolic/one_chain.py",
        "if isinstance(action, Jump):", "if isinstance(action, Goto):",
        "goto comes back to where it was called, a jump does not",
    ),
    Mutant(
        "policy-not-shown", "semantics/netfilter.py",
        'known = _POLICIES.get(chain.policy or "ACCEPT")', 'known = _POLICIES.get(chain.policy or "DROP")',
        "a chain whose policy no line shows drops",
        ("tests/semantics/test_partial.py",),
    ),
    Mutant(
        "nft-set-interval", "semantics/nft_values.py",
        "IntSet.span(number(first, kind), number(last, kind))",
        "IntSet.span(number(first, kind), number(last, kind) - 1)",
        "an interval of an nft set lacks its last value",
    ),
    Mutant(
        "mapped-socket", "semantics/sockets.py",
        "address.value >> 32 != 0xFFFF:", "address.value >> 32 == 0xFFFF:",
        "a socket of ::ffff:10.0.0.1 is not found, one of ::1 takes IPv4",
    ),
)  # fmt: skip
