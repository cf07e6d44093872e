"""Sets of packets against single packets, on random hosts.

A longer campaign:  python -m tests.symbolic.campaign FIRST LAST PACKETS
"""

from __future__ import annotations

import pytest

from sekisho.answers.trace import Question, trace
from tests.symbolic.agreement import disagreements
from tests.symbolic.worlds import random_hosts, random_world

# Every host has about six places to set out from: more than 700 packets each.
PACKETS = 130


@pytest.mark.parametrize("seed", range(1, 9))
def test_every_packet_does_what_its_set_does(seed: int) -> None:
    found, compared = disagreements(random_world(seed), seed, PACKETS)
    assert compared >= 700
    assert not found, found[0]


@pytest.mark.parametrize("seed", range(1, 5))
def test_of_two_hosts_as_well(seed: int) -> None:
    found, compared = disagreements(random_hosts(seed), seed, 60)
    assert compared >= 500
    assert not found, found[0]


def test_packets_of_random_hosts_get_from_one_to_the_other() -> None:
    crossed = 0
    for seed in range(1, 9):
        world = random_hosts(seed)
        for target in ("10.0.0.10", "10.0.0.77", "10.9.0.1", "192.168.7.7"):
            for source in ("host:a", "host:b"):
                hops = trace(world, Question(source, f"{target}:22", "tcp", 40000)).forward.hops
                crossed += len({hop.node.partition("/")[0] for hop in hops}) > 1
    assert crossed >= 8
