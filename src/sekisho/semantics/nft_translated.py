"""What nft's listing loses of rules that iptables-nft made.

nft asks iptables' extensions for the nft words of what only they know (xt_xlate), and these words are those
of a translator for people who move to nftables: parts are left out, negations get lost, and operators stand
in another order. Nothing in the kernel is as they say. Measured with iptables-nft 1.8.9 and nft 1.0.6:

    -m addrtype --src-type A --dst-type B        fib saddr type A
    -m addrtype --src-type A ! --dst-type B      fib saddr type != A
    -m conntrack ! --ctstate NEW,DNAT            ct status dnat
    -p udp -m multiport ! --ports 53,1024:2000   udp sport . udp dport { 0-65535 . 53, ... }
    -p tcp -m ecn ! --ecn-tcp-ece                tcp flags != ecn
    -j CONNMARK --set-xmark 0x4/0xf              ct mark set ct mark xor 0x4 and 0xfffffff0
    -j CONNMARK --restore-mark --mask 5          meta mark set ct mark and 0x5
    -j TOS --set-tos 4                           ip6 dscp set 0x01, in IPv4's table too
    -m frag --fraglen 42, -m rt                  nothing, as for a comment (both are of IPv6 alone)

Where a table is iptables-nft's own, what such words hide is left open.
"""

from __future__ import annotations

from sekisho.model.netfilter import is_builtin
from sekisho.model.nft import NftTable
from sekisho.model.nft_expression import Binary, Concat, Ct, Expression, Fib, Flags, Meta, Payload, Word
from sekisho.model.nft_rule import Assign, Match, Statement, Xt
from sekisho.semantics.hooks import CHAIN_HOOKS


def made_by_iptables(table: NftTable) -> bool:
    """Whether the table is one of iptables-nft's: by the listing's warning, or by its chains."""
    if table.family not in ("ip", "ip6"):
        return False
    bases = [chain for chain in table.chains if chain.hook is not None]
    return table.managed or any(
        is_builtin(table.name, one.name) and CHAIN_HOOKS[one.name] == one.hook for one in bases
    )


def says_a_part(statement: Statement) -> bool:
    """Whether all that the words of such a statement say must hold, whatever else must."""
    return isinstance(statement, Match) and isinstance(statement.left, Fib) and statement.operator == "=="


def hidden_match(statement: Statement, family: str) -> str:
    """The match of iptables that may stand behind a condition, "" where the words tell all."""
    if isinstance(statement, Xt):
        return "frag" if statement == Xt("match", "?") else ""
    if not isinstance(statement, Match):
        return ""
    match statement.left:
        case Fib(flags) if "saddr" in flags:
            return "addrtype"
        case Ct("status") if _names(statement.right) & {"snat", "dnat"}:
            return "conntrack"
        case Concat((Payload(_, "sport"), Payload(_, "dport"))):
            return "multiport"
        case Payload("tcp", "flags") if statement.operator == "!=" and not statement.form:
            return "ecn" if _names(statement.right) & {"ecn", "cwr"} else ""
        case Payload("ip" | "ip6" as protocol) if protocol != family:
            return "ecn"
    return ""


def _names(expression: Expression) -> set[str]:
    words = expression.names if isinstance(expression, Flags) else (expression,)
    return {word.text for word in words if isinstance(word, Word)}


def hidden_target(statement: Statement) -> str:
    """The target of iptables that may stand behind an assignment, "" where the words tell all."""
    if not isinstance(statement, Assign):
        return ""
    match statement.key, statement.value:
        case Payload("ip6", "dscp"), _:
            return "TOS"
        case (Meta("mark"), Binary() as value) if Ct("mark") in _leaves(value):
            return "CONNMARK"
        case (Ct("mark"), Binary(_, left, right) as value) if (
            Meta("mark") in _leaves(value) or isinstance(left, Binary) or isinstance(right, Binary)
        ):
            return "CONNMARK"
    return ""


def _leaves(expression: Expression) -> list[Expression]:
    if isinstance(expression, Binary):
        return [*_leaves(expression.left), *_leaves(expression.right)]
    return [expression]
