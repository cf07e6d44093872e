"""What actions make of marks and header bits in sets of packets: plain arithmetic on single values."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sekisho.semantics.program import CopyMark, SetBits
from sekisho.symbolic.bits import ONE, Bits
from sekisho.symbolic.domain import at_start
from sekisho.symbolic.effects import effect
from sekisho.symbolic.space import Space

SPACE = Space(4)
BYTES, MARKS = st.integers(0, 0xFF), st.integers(0, 0xFFFFFFFF)


def value(bits: Bits, field: str, of: int) -> int:
    """The number that a packet gets whose original field is ``of``."""
    first, found = SPACE.first[field], 0
    for code in bits.codes:
        bit = code == ONE if code < 0 else bool(of >> (7 - ((code >> 1) - first)) & 1) != bool(code & 1)
        found = found << 1 | bit
    return found


@given(BYTES, BYTES, BYTES)
def test_bits_of_the_header(before: int, mask: int, bits: int) -> None:
    """xt_DSCP.c, xt_ECN: zero the bits of the mask, then turn over those of the value."""
    for field in ("tos", "tcp_flags"):
        state = effect(SetBits(field, mask, bits), at_start(SPACE), SPACE)
        assert value(getattr(state, field), field, before) == (before & ~mask) ^ bits
        # Twice the same: --xor-tos takes itself back.
        again = effect(SetBits(field, 0, bits), effect(SetBits(field, 0, bits), state, SPACE), SPACE)
        assert getattr(again, field) is getattr(state, field)


@given(MARKS, MARKS, MARKS)
def test_marks(before: int, mask: int, bits: int) -> None:
    state = effect(SetBits("mark", mask, bits), at_start(SPACE, mark=before), SPACE)
    assert state.mark == (before & ~mask) ^ bits


@given(MARKS, MARKS, MARKS)
def test_there_is_no_connection_to_mark(mark: int, mask: int, bits: int) -> None:
    """xt_connmark.c: a packet without a connection is left as it is."""
    state = at_start(SPACE, mark=mark)
    assert effect(CopyMark("ctmark", "mark", mask, mask), state, SPACE) is state
    assert effect(SetBits("ctmark", mask, bits), state, SPACE) is state
