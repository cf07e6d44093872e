"""The small facts that several steps of a prediction share."""

from __future__ import annotations

from dataclasses import dataclass

from sekisho.values.address import Address


@dataclass(frozen=True, slots=True)
class Binding:
    """A published port as dockerd bound it, one per host address family.

    ``host_port`` 0: the port is open, but not mapped to the host (a routed network).
    """

    proto: str
    container_address: Address
    container_port: int
    host_address: Address | None
    host_port: int

    @property
    def by_proxy_only(self) -> bool:
        """Host IPv6 to a container's IPv4 address: no rule can translate that, docker-proxy does."""
        if self.host_address is None:
            return False
        return self.host_address.family != self.container_address.family
