"""Edges of ranges, intervals of sets and prefixes of nftables, as a kernel counts them."""

from __future__ import annotations

import socket

import pytest

from sekisho.answers.trace import Question, trace
from sekisho.lab.namespaces import NetworkNamespace
from sekisho.semantics.world import World
from sekisho.sources.load import load_text
from tests.semantics.wired import HOST

# A question, and which of these ports of 127.0.0.1 it fits (measured: Linux 6.18, nftables 1.0.6).
PORTS = (79, 80, 85, 90, 91, 100, 65535)
TABLE: list[tuple[str, tuple[int, ...]]] = [
    ("udp dport 80-90", (80, 85, 90)),
    ("udp dport != 80-90", (79, 91, 100, 65535)),
    ("udp dport { 80-90, 100 }", (80, 85, 90, 100)),
    ("udp dport != { 80-90, 100 }", (79, 91, 65535)),
    ("udp dport @some", (80, 85, 90, 100)),
    ("udp dport != @some", (79, 91, 65535)),
    ("udp dport < 80", (79,)),
    ("udp dport <= 80", (79, 80)),
    ("udp dport > 90", (91, 100, 65535)),
    ("udp dport >= 90", (90, 91, 100, 65535)),
    ("udp dport & 1 == 1", (79, 85, 91, 65535)),
    ("ip daddr . udp dport { 127.0.0.0/8 . 80-90, 10.0.0.0/8 . 91 }", (80, 85, 90)),
    ("ip daddr 127.0.0.0-127.0.0.1 udp dport 80-85", (80, 85)),
    ("ip daddr 126.0.0.0-127.0.0.0 udp dport 80-85", ()),
    ("ip daddr 127.0.0.0/31 udp dport 90", (90,)),
    ("ip daddr 127.0.0.2/31 udp dport 90", ()),
]
SET = """table ip t {
	set some {
		type inet_service
		flags interval
		elements = { 80-90, 100 }
	}

	chain c {
		type filter hook HOOK priority filter; policy accept;
RULES	}
}
"""


@pytest.mark.kernel
def test_the_kernel_counts_them_so() -> None:
    rules = "".join(f"\t\t{words} counter\n" for words, _ in TABLE)
    found: dict[str, list[int]] = {words: [] for words, _ in TABLE}
    where = NetworkNamespace()
    try:
        where.run(["ip", "link", "set", "lo", "up"])
        for port in PORTS:
            text = SET.replace("HOOK", "output").replace("RULES", rules)
            where.run(["nft", "-f", "-"], feed=f"flush ruleset\n{text}")
            with where.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
                asking.sendto(b"?", ("127.0.0.1", port))
            listed = where.run(["nft", "list", "chain", "ip", "t", "c"]).splitlines()
            counted = [line for line in listed if "counter" in line]
            for (words, _), line in zip(TABLE, counted, strict=True):
                found[words] += [port] if "packets 1 " in line else []
    finally:
        where.close()
    assert {words: tuple(ports) for words, ports in found.items()} == dict(TABLE)


@pytest.mark.parametrize(("words", "fits"), TABLE)
def test_and_so_does_trace(words: str, fits: tuple[int, ...]) -> None:
    listing = SET.replace("HOOK", "output").replace("RULES", f"\t\t{words} drop\n")
    world = World(load_text(f"{HOST}$ nft list ruleset\n{listing}"))
    asked = (trace(world, Question("host", "127.0.0.1", "udp", 4000, port)) for port in PORTS)
    found = {port: one.forward.disposition for port, one in zip(PORTS, asked, strict=True)}
    assert found == {port: "dropped" if port in fits else "delivered" for port in PORTS}
