"""What AWS says of the machines that are EC2 instances."""

from __future__ import annotations

from dataclasses import dataclass, field

from sekisho.model.evidence import Evidence
from sekisho.values.address import Address


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance and how its metadata service (IMDS, 169.254.169.254) answers.

    ``addresses`` are private ones. ``endpoint`` enabled or disabled, ``tokens`` required or optional,
    ``hop_limit`` the TTL of the answer to PUT, which carries the token; "" and None: not told.
    ``evidence`` is the line of the hop limit, or of the instance's id.
    """

    id: str
    addresses: tuple[Address, ...] = ()
    endpoint: str = ""
    tokens: str = ""
    hop_limit: int | None = None
    evidence: Evidence | None = field(default=None, compare=False)
