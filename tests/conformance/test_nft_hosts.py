"""Rule sets that nft prints back, as the campaign draws them."""

from __future__ import annotations

import pytest

from tests.conformance.nft_hosts import Scratch, random_nft_host

pytestmark = pytest.mark.kernel


def test_a_rule_set_that_kills_nft_as_it_prints_is_left_out() -> None:
    """nft 1.0.6 takes this seed's rules and dies of an assertion when it lists them (payload.c)."""
    scratch = Scratch()
    try:
        host = random_nft_host(20261202002564, scratch)
    finally:
        scratch.close()
    assert host.kind.startswith("nft ip")
    assert host.snapshot.host.nft is not None
