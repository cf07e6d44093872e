"""What sysctls say of a namespace's interfaces, and lines that name the sysctl which asks for them."""

from __future__ import annotations

import re

from sekisho.model.snapshot import Namespace
from sekisho.semantics.journey import Doubt
from sekisho.semantics.program import Action, Guard, Guarded, NotUnderstood
from sekisho.values.address import Family
from sekisho.values.numbers import integer, is_number

# A setting of one interface: dots in its name are written as slashes.
_OF_INTERFACE = re.compile(r"net\.ipv[46]\.conf\.([^.]+)\.")


def interfaces_of(namespace: Namespace) -> tuple[str, ...]:
    """Every interface that any fact names, lo left out."""
    names: dict[str, None] = {}
    for item in namespace.interfaces or ():
        names[item.name] = None
    for route in namespace.routes:
        for hop in route.nexthops:
            if hop.dev:
                names[hop.dev] = None
    for address in namespace.addresses or ():
        names[address.interface] = None
    for fact in namespace.sysctls or ():
        if found := _OF_INTERFACE.match(fact.key):
            names[found[1].replace("/", ".")] = None
    for name in ("lo", "all", "default"):
        names.pop(name, None)
    return tuple(names)


def key_of(interface: str, name: str, family: Family = 4) -> str:
    """The sysctl of an interface, or of "all"; dots in its name are written as slashes."""
    return f"net.ipv{family}.conf.{interface.replace('.', '/')}.{name}"


def conf(namespace: Namespace, interface: str, name: str, family: Family = 4) -> int | None:
    """A per-interface sysctl; None where not captured."""
    value = namespace.sysctl(key_of(interface, name, family))
    return integer(value) if value is not None and _is_number(value) else None


def greater(namespace: Namespace, interface: str, name: str) -> int:
    """Settings of which the greater of the interface's and of ``all`` counts (IN_DEV_MAXCONF)."""
    return max(conf(namespace, "all", name) or 0, conf(namespace, interface, name) or 0)


def either(namespace: Namespace, interface: str, name: str) -> bool:
    """Switches that are on when ``all`` or the interface has them on (IN_DEV_ORCONF)."""
    return bool(conf(namespace, "all", name)) or bool(conf(namespace, interface, name))


def picks_up(namespace: Namespace) -> bool:
    """Whether tracking takes up TCP connections that it has not seen begin (tcp_new): the default."""
    return namespace.sysctl("net.netfilter.nf_conntrack_tcp_loose") != "0"


def unknown_key(namespace: Namespace, interface: str, name: str) -> str | None:
    """The first of a setting's two sysctls, the interface's and that of ``all``, that was not captured."""
    keys = (key_of(interface, name), key_of("all", name))
    return next((key for key in keys if namespace.sysctl(key) is None), None)


def because(guard: Guard, action: Action, namespace: Namespace, *keys: str) -> Guarded:
    """A line whose evidence is the sysctl that asks for it: the first of the keys that was captured."""
    fact = next((found for key in keys if (found := namespace.sysctl_fact(key)) is not None), None)
    text = f"{fact.key} = {fact.value}" if fact else ""
    return Guarded(guard, action, 0, text, "", fact.evidence if fact else None)


def unreadable(namespace: Namespace, interface: str, *names: str) -> NotUnderstood | None:
    """What to say where one of the interface's settings, or of all interfaces', is no number."""
    return no_number(namespace, *(key_of(each, name) for name in names for each in ("all", interface)))


def no_number(namespace: Namespace, *keys: str) -> NotUnderstood | None:
    """Settings are known and their value is not: a line that was cut or damaged."""
    for fact in namespace.sysctls or ():
        if fact.key in keys and not _is_number(fact.value):
            return NotUnderstood(Doubt("sysctl-not-understood", (fact.key, fact.value), fact.evidence))
    return None


def _is_number(value: str) -> bool:
    return value.isascii() and is_number(value.removeprefix("-"))
