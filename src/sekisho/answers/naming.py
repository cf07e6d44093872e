"""Which host, container or interface a name in a question means, where several hosts may have it.

host:A   container:A/web   iface:A/eth0   network:A/shop_default     A's, whatever others have
container:web                                                        the only one of that name
container:shop                                                       the only one of that compose service
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sekisho.errors import UsageError, said
from sekisho.model.snapshot import HOST
from sekisho.semantics.attachment import Attachment
from sekisho.semantics.site import Site
from sekisho.semantics.world import World
from sekisho.values.address import Address

# The label by which compose tells which service a container is of.
_SERVICE = "com.docker.compose.service"


def host_of(name: str, text: str, world: World) -> Site:
    """The host of that name; "": the only one. Raises UsageError."""
    if not name:
        return _only(world.sites.values(), text, world)
    if name in world.sites:
        return world.sites[name]
    called = [site for site in world.sites.values() if name == site.snapshot.name]
    if len(called) == 1:
        return called[0]
    raise UsageError(
        said("no host is called {0!r}", name),
        text=text,
        advice=said("there are: {0}", ", ".join(world.sites)),
    )


def _only(sites: Iterable[Site], text: str, world: World) -> Site:
    found = tuple(sites)
    if len(found) == 1:
        return found[0]
    raise UsageError(
        said("there are {0} hosts here, and this names none of them", len(world.sites)),
        text=text,
        advice=said("write host:NAME, one of: {0}", ", ".join(world.sites)),
    )


def container_of(name: str, text: str, world: World) -> str:
    """What tells the container or namespace of that name from all others; the name as it is where nothing is
    called so. Raises UsageError where several are."""
    if _is_there(world, name):
        return name
    found = list(_everywhere(world, name))
    if not found:
        found = [site.called(item) for site in world.sites.values() for item in _of_service(site, name)]
    if len(found) > 1:
        raise UsageError(
            said("{0} is the name of {1}", name, ", ".join(sorted(found))),
            text=text,
            advice=said("write one of these, for example container:{0}", sorted(found)[0]),
        )
    return found[0] if found else name


def _is_there(world: World, name: str) -> bool:
    return world.sites.holds(name) and (name in world.nodes or world.sites.of(name).knows(name))


def _everywhere(world: World, name: str) -> Iterator[str]:
    for site in world.sites.values():
        called = site.called(name)
        if name != HOST and called != name and (called in site.nodes or site.knows(called)):
            yield called


def _of_service(site: Site, service: str) -> Iterator[str]:
    for container in site.snapshot.containers or ():
        if container.running and (_SERVICE, service) in container.labels:
            yield container.name


def on_host(
    name: str, text: str, world: World, has: Iterable[tuple[Site, Iterable[str]]]
) -> tuple[Site, str]:
    """The host and the name there of an interface or a network: ``A/eth0``, or one that a single host
    ``has``. Raises UsageError where several do."""
    host, slash, rest = name.partition("/")
    if slash and host in world.sites:
        return world.sites[host], rest
    if len(world.sites) == 1:
        return world.site, name
    found = [site for site, names in has if name in names]
    if len(found) == 1:
        return found[0], name
    if found:
        named = ", ".join(f"{site.id}/{name}" for site in found)
        raise UsageError(
            said("{0} is the name of {1}", name, named), text=text,
            advice=said("write one of these, for example {0}", f"{found[0].id}/{name}"),
        )  # fmt: skip
    return next(iter(world.sites.values())), name


def with_bridge_for(address: Address, world: World, holders: tuple[Attachment, ...]) -> Site | None:
    """Of several hosts the only one on a bridge of which somebody may have the address; None where there is
    none. Raises UsageError where there are more."""
    if len(world.sites) == 1:
        return None
    has = {item.link for item in holders}
    for site in world.sites.values():
        bridge = site.bridge_for({address})
        if bridge is not None and not site.nobody_has(address):
            has.add(site.on(bridge))
    if len({link.owner for link in has}) > 1:
        raise UsageError(
            said("{0} may be on several bridges: {1}", address, ", ".join(map("/".join, sorted(has)))),
            text=str(address), advice="write container:HOST/NAME, or name the bridge with --in HOST/IFACE",
        )  # fmt: skip
    return next((world.site_of(link.owner) for link in has), None)
