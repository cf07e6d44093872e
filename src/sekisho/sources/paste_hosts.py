"""Whose a pasted listing is, where a text shows more than one host.

    a@web1:~$ ip route  ... a@web2:~$ ip route      the prompts name them
    $ ip route          ... $ ip route              the second one has other own addresses: another host

Without a name in the prompt a host begins where a listing contradicts what the one before showed: no own
address in common, or, where no listing tells any, no connected network, or another gateway. Addresses on
container bridges do not count, every host of Docker has the same. The same again, or more, is the same host.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from sekisho.model.routing import Route
from sekisho.sources.pieces import HOST, Piece
from sekisho.sources.recognise import Format
from sekisho.values.address import Prefix

_ROUTES = (Format.IP_ROUTE, Format.IP_ROUTE_JSON, Format.ROUTE_N)
_ADDRESSES = (Format.IP_ADDR, Format.IP_ADDR_JSON, Format.IP_BRIEF_ADDR, Format.IFCONFIG)
# Interfaces whose addresses tell hosts not apart: loopback, and bridges and links of containers and guests.
_SHARED = re.compile(r"lo|docker.*|br-.*|veth.*|cni.*|flannel.*|virbr.*|lxc.*|lxdbr.*|podman.*|cali.*|kube.*")


# An IP version before each value: listings of one say nothing of the other.
Value = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a listing, or all of a host's, tell of it: own addresses, connected networks, gateways.

    ``extent`` of the own addresses: 0 some (another table's), 1 those of table main, 2 all of them.
    """

    own: tuple[Value, ...] = ()
    networks: frozenset[Value] = frozenset()
    gateways: frozenset[Value] = frozenset()
    extent: int = 0

    def joined(self, other: Shown) -> Shown:
        """What both tell."""
        return Shown(
            tuple(dict.fromkeys((*self.own, *other.own))),
            self.networks | other.networks,
            self.gateways | other.gateways,
            max(self.extent, other.extent),
        )

    def contradicts(self, other: Shown) -> bool:
        """Whether no one host can show both at one time."""
        if set(self.own) & set(other.own):
            return False
        if _common(self.own, other.own):
            return 2 in (self.extent, other.extent) or (self.extent > 0 and other.extent > 0)
        if _common(self.networks, other.networks):
            return not self.networks & other.networks
        if not _common(self.gateways, other.gateways):
            return False
        return not (self.gateways & other.gateways or self._reaches(other) or other._reaches(self))

    def _reaches(self, other: Shown) -> bool:
        """Whether a gateway of the other is in a connected network of this one: it may have been changed."""
        gateways = [Prefix.parse(text) for _, text in other.gateways]
        return any(Prefix.parse(net).contains(each) for _, net in self.networks for each in gateways)


def _common(one: Iterable[Value], other: Iterable[Value]) -> set[int]:
    """The IP versions that both tell of."""
    return {family for family, _ in one} & {family for family, _ in other}


@dataclass(slots=True)
class _Host:
    name: str = ""
    shown: Shown = Shown()
    places: list[int] = field(default_factory=list)


def with_hosts(
    pieces: Sequence[Piece], prompts: Sequence[str]
) -> tuple[tuple[Piece, ...], tuple[str, ...], tuple[tuple[int, str], ...]]:
    """The pieces with their hosts, the hosts' names, and from which line on the page is whose.

    ``prompts`` is, for each piece, the name in the prompt before it ("" for none). One host has no name.
    """
    hosts: list[_Host] = []
    of_piece: list[_Host] = []
    current: _Host | None = None
    for piece, prompt in zip(pieces, prompts, strict=True):
        shown = _shown(piece) if _tells(piece) and len(pieces) > 1 else Shown()
        current = _whose(hosts, current, prompt, shown)
        current.name = _fuller(current.name, prompt)
        current.shown = current.shown.joined(shown)
        current.places.append(len(of_piece))
        of_piece.append(current)
    if len(hosts) < 2:
        return tuple(pieces), (), ()
    names = _names(hosts)
    named = [names[hosts.index(host)] for host in of_piece]
    owners: list[tuple[int, str]] = []
    for piece, name in zip(pieces, named, strict=True):
        if not owners or owners[-1][1] != name:
            owners.append((piece.place().line, name))
    found = tuple(replace(piece, host=name) for piece, name in zip(pieces, named, strict=True))
    return found, tuple(names), tuple(owners)


def _whose(hosts: list[_Host], current: _Host | None, prompt: str, shown: Shown) -> _Host:
    """The host of a listing; a new one is added to ``hosts``."""
    if prompt:
        known = next((host for host in hosts if host.name and same_host(host.name, prompt)), None)
        if known is not None:
            return known
        if current is not None and not current.name and not shown.contradicts(current.shown):
            return current  # its prompt did not tell so far
    elif current is not None and not shown.contradicts(current.shown):
        return current
    elif current is not None:
        known = next((host for host in hosts if _fits(host.shown, shown)), None)
        if known is not None:
            return known
    host = _Host()
    hosts.append(host)
    return host


def _fits(known: Shown, shown: Shown) -> bool:
    return bool(set(known.own) & set(shown.own)) and not shown.contradicts(known)


def same_host(one: str, other: str) -> bool:
    """``web1`` and ``web1.example.com`` are one host."""
    short, long = sorted((one.lower(), other.lower()), key=len)
    return short == long or long.startswith(short + ".")


def _fuller(known: str, prompt: str) -> str:
    return known or prompt


def _names(hosts: Sequence[_Host]) -> list[str]:
    """A name for each that can be typed: the prompt's, an own address, or its number on the page."""
    names: list[str] = []
    for number, host in enumerate(hosts, 1):
        wanted = host.name or next((address for _, address in host.shown.own), "") or f"host-{number}"
        name, again = wanted, 2
        while name in names:
            name, again = f"{wanted}-{again}", again + 1
        names.append(name)
    return names


def _tells(piece: Piece) -> bool:
    return piece.namespace == HOST and piece.format in _ROUTES + _ADDRESSES and not piece.partial


def _shown(piece: Piece) -> Shown:
    """What a listing tells of its host; its lines that do not read tell nothing."""
    if piece.format in _ADDRESSES:
        from sekisho.sources.interfaces_of import read_addresses

        addresses = [
            address
            for address in read_addresses(piece).facts
            if not _SHARED.fullmatch(address.interface) and address.scope in ("global", None)
            if not str(address.address).startswith(("127.", "fe80:", "::1"))
        ]
        found = sorted({(address.family, str(address.address)): None for address in addresses}, key=_family)
        # ifconfig shows one address of an interface, no more.
        return Shown(tuple(found), extent=1 if piece.format is Format.IFCONFIG else 2)
    return _of_routes(_routes(piece))


def _routes(piece: Piece) -> Iterable[Route]:
    from sekisho.sources import ip_route, ip_route_json, route_n

    if piece.format is Format.ROUTE_N:
        return route_n.parse(piece.text, piece.file, piece.family).facts
    if piece.format is Format.IP_ROUTE_JSON:
        return ip_route_json.parse(piece.text, piece.file, piece.family).facts
    return ip_route.parse(piece.text, piece.file, piece.family, table=piece.table or "main").facts


def _of_routes(routes: Iterable[Route]) -> Shown:
    own: list[tuple[str, Value]] = []
    networks: set[Value] = set()
    gateways: set[Value] = set()
    ways: set[str] = set()
    main = False
    for route in routes:
        in_main = route.table == "main"
        main = main or in_main
        for hop in route.nexthops:
            device = hop.dev or ""
            if route.dst.length == 0 and in_main:
                ways.add(device)
                if hop.via is not None and hop.via.family == route.family:
                    gateways.add((route.family, str(hop.via)))
            if _SHARED.fullmatch(device) or route.kind not in ("unicast", "local"):
                continue
            if route.src is not None:
                own.append((device, (route.family, str(route.src))))
            if in_main and hop.via is None and not hop.hidden and route.dst.length not in (0, route.dst.bits):
                networks.add((route.family, str(route.dst)))
    # The address on the way out names the host best.
    own.sort(key=lambda one: one[0] not in ways)
    addresses = tuple(dict.fromkeys(value for _, value in own))
    return Shown(addresses, frozenset(networks), frozenset(gateways), int(main))


def _family(value: Value) -> int:
    return value[0]
