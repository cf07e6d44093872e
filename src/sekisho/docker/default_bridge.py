"""The network "bridge" as dockerd makes it at its start, out of its flags and of what the bridge has already.

Source: moby's daemon_unix.go, initBridgeDriver and (from 28 on) getDefaultBridgeIPAMConf; the flags were
tried on a 20.10.24.
"""

from __future__ import annotations

from collections.abc import Callable

from sekisho.docker.engine import Engine
from sekisho.docker.errors import DockerError
from sekisho.docker.host_state import HostState
from sekisho.docker.intent import (
    BRIDGE_NAME_OPTION,
    HOST_BINDING_OPTION,
    ICC_OPTION,
    MASQUERADE_OPTION,
    MTU_OPTION,
    NetworkSpec,
    SubnetSpec,
)
from sekisho.docker.ipam import NoSubnetLeft, Pools
from sekisho.values.address import Address, Family, Prefix

DEFAULT_OPTION = "com.docker.network.bridge.default_bridge"
DOCKER0 = "docker0"


def spec_of(engine: Engine, host: HostState, free_subnet: Callable[[bool], Prefix]) -> NetworkSpec:
    """What dockerd asks of itself. ``free_subnet``: the next of the pools, given out or only looked for.
    Raises DockerError where it would not start."""
    name = engine.bridge or DOCKER0
    if engine.bridge is not None and not host.has_interface(name):
        raise DockerError(f"bridge device with non default name {name} must be created manually")
    truth = {True: "true", False: "false"}
    return NetworkSpec(
        "bridge",
        "bridge",
        (_subnet(engine, host, name, free_subnet), *(_subnets6(engine) if engine.ipv6 else ())),
        (
            (DEFAULT_OPTION, "true"),
            (ICC_OPTION, truth[engine.icc]),
            (MASQUERADE_OPTION, truth[engine.ip_masq]),
            (HOST_BINDING_OPTION, str(engine.host_address or "0.0.0.0")),
            (BRIDGE_NAME_OPTION, name),
            (MTU_OPTION, str(engine.mtu)),
        ),
        ipv6=engine.ipv6,
    )


def gateway_of(engine: Engine, spec: NetworkSpec, family: Family) -> Address | None:
    """--default-gateway: what containers on the default bridge route by, instead of its own address."""
    if spec.option(DEFAULT_OPTION) != "true":
        return None
    return engine.default_gateway if family == 4 else engine.default_gateway_v6


def _subnet(
    engine: Engine, host: HostState, bridge: str, free_subnet: Callable[[bool], Prefix]
) -> SubnetSpec:
    """The IPv4 subnet, the bridge's own address, and the range that containers' come from: by --bip, by the
    address that the bridge has, by --fixed-cidr, or from the pools."""
    inside = engine.fixed_cidr
    kept = () if engine.default_gateway is None else (engine.default_gateway,)
    own = _address_of(host, bridge, inside)
    if engine.bip is not None:
        if own is None and engine.version < (27, 0, 0):
            _from_pools(engine, free_subnet, remember=False)  # it must be there, whatever is asked for
        address, length = engine.bip
        return SubnetSpec(_around(address, length), address, inside, kept)
    if own is not None:
        subnet, address = own
        fits = inside is None or subnet.contains(inside.address)
        if fits or engine.version < (28, 0, 0) or bridge != DOCKER0:
            return SubnetSpec(subnet, address, inside if fits else None, kept)
    if inside is not None and engine.fixed_cidr_is_subnet:
        return SubnetSpec(inside, ip_range=inside, auxiliary=kept)
    subnet = _from_pools(engine, free_subnet, remember=True)
    within = inside is not None and subnet.contains(inside.address)
    return SubnetSpec(subnet, ip_range=inside if within else None, auxiliary=kept)


def _from_pools(engine: Engine, free_subnet: Callable[[bool], Prefix], remember: bool) -> Prefix:
    try:
        return free_subnet(remember)
    except NoSubnetLeft:
        if engine.version >= (27, 0, 0):
            raise DockerError("all predefined address pools have been fully subnetted") from None
        candidates = " ".join(map(str, Pools(engine).candidates()))
        raise DockerError(
            f"list bridge addresses failed: PredefinedLocalScopeDefaultNetworks List: [{candidates}]:"
            " no available network"
        ) from None


def _subnets6(engine: Engine) -> tuple[SubnetSpec, ...]:
    """By --bip6 (from 28 on), by --fixed-cidr-v6; without either a ULA prefix, from 28 on."""
    inside = engine.fixed_cidr_v6
    kept = () if engine.default_gateway_v6 is None else (engine.default_gateway_v6,)
    if engine.bip6 is not None:
        address, length = engine.bip6
        return (SubnetSpec(_around(address, length), address, inside, kept),)
    if inside is not None:
        return (SubnetSpec(inside, auxiliary=kept),)
    if not engine.default_bridge_ula:
        raise DockerError(
            "IPv6 is enabled for the default bridge, but no subnet is configured. Specify an IPv6 subnet"
            " using --fixed-cidr-v6"
        )
    return ()


def _address_of(host: HostState, bridge: str, inside: Prefix | None) -> tuple[Prefix, Address] | None:
    """The subnet and the IPv4 address that a bridge has already; of several, the one for the range."""
    mine = [item for item in host.addresses if item.interface == bridge and item.family == 4]
    found = [(_around(item.address, item.length), item.address) for item in mine]
    fitting = [one for one in found if inside is not None and one[0].contains(inside.address)]
    return next(iter([*fitting, *found]), None)


def _around(address: Address, length: int) -> Prefix:
    """The subnet of an address with its length."""
    bits = (32 if address.family == 4 else 128) - length
    return Prefix(address.family, address.value >> bits << bits, length)
