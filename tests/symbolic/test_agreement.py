"""Sets of packets against single packets, on random hosts.

A longer campaign:  python -m tests.symbolic.campaign FIRST LAST PACKETS
"""

from __future__ import annotations

import pytest

from tests.symbolic.agreement import disagreements
from tests.symbolic.worlds import random_world

# Every host has about six places to set out from: more than 700 packets each.
PACKETS = 130


@pytest.mark.parametrize("seed", range(1, 9))
def test_every_packet_does_what_its_set_does(seed: int) -> None:
    found, compared = disagreements(random_world(seed), seed, PACKETS)
    assert compared >= 700
    assert not found, found[0]
