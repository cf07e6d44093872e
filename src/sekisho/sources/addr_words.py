"""The words of an address line in ``ip addr``, shared by its text and JSON form."""

from __future__ import annotations

from sekisho.sources.text import Unreadable, read_address
from sekisho.values.address import BITS, Address
from sekisho.values.numbers import integer, is_number

# IFA_F_* of linux/if_addr.h in iproute2's words; "dynamic" is the absence of permanent.
FLAGS = frozenset({
    "secondary", "temporary", "nodad", "optimistic", "dadfailed", "home", "homeaddress", "deprecated",
    "tentative", "permanent", "dynamic", "mngtmpaddr", "noprefixroute", "autojoin", "stable-privacy",
})  # fmt: skip
SCOPES = frozenset({"global", "site", "link", "host", "nowhere"})
FOREVER = 0xFFFFFFFF


def split_length(word: str, *, last: bool) -> tuple[Address, int]:
    """``10.0.0.10/16`` as the address and the length of its subnet; no length means all bits."""
    text, slash, digits = word.partition("/")
    address = read_address(text, last=last and not slash)
    bits = BITS[address.family]
    if not slash:
        return address, bits
    if not is_number(digits) or integer(digits) > bits:
        raise Unreadable("truncated" if last and not digits else "bad-address", word)
    return address, integer(digits)
