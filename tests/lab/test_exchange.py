"""What of all that a host sends is asked as its answer to a packet."""

from __future__ import annotations

import pytest

from sekisho.lab.exchange import exchange, start_at
from sekisho.lab.oracle import Oracle
from tests.lab.hosts import namespace, packet, ruleset, snapshot

pytestmark = pytest.mark.kernel

NO_REDIRECTS = """\
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A OUTPUT -p ipv6-icmp -m icmp6 --icmpv6-type 137 -j REJECT
COMMIT
"""


def test_an_error_about_the_hosts_own_redirect_answers_no_packet() -> None:
    """The redirect goes to the sender, here the host itself; what rejects it tells the link-local address."""
    host = namespace(
        addresses="eth1 fd00:b::10/64\neth1 fe80::5/64",
        routes="",
        routes6="fd00:b::/64 dev eth1\nfe80::/64 dev eth1",
        rulesets=(ruleset(NO_REDIRECTS, 6),),
    )
    told = snapshot(host)
    with Oracle(told) as oracle:
        start = start_at(packet("fd00:b::10", "fd00:b::9", iif="eth1"))
        (first,) = exchange(told, oracle, start, further=True)
    assert first.seen.disposition == "dropped"
    assert [str(passage.first) for passage in first.seen.replies][:1] == ["ipv6-icmp fd00:b::10 -> fe80::5"]
