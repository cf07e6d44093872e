"""What to type to know for certain: the commands that show what an answer doubts, or leans on.

Those come first that settle the most doubts, then those that settle the most leans. Commands of the host
only; what no command shows (a rate limit, a hash) has none.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable

from sekisho.semantics.journey import Doubt, Lean
from sekisho.semantics.whose import IN_NAMESPACE, ON_HOST
from sekisho.values.address import Family
from sekisho.values.names import BadNameError, container_name

_Args = tuple[str, ...]
_INSPECT = ("docker network inspect $(docker network ls -q)", "docker inspect $(docker ps -aq)")
_NFT = "nft list ruleset"
# The families of nftables' tables: "ip filter" is one of its tables, "filter" one of iptables'.
_NATIVE = ("ip ", "ip6 ", "inet ", "bridge ", "netdev ", "arp ", "nftables")


def _tables(args: _Args, family: Family) -> _Args:
    if args and args[0].startswith(_NATIVE):
        return (_NFT,)
    return ("iptables-save" if family == 4 else "ip6tables-save",)


def _routes(args: _Args, family: Family) -> _Args:
    return (f"{_ip(family)} route",)


def _one_table(args: _Args, family: Family) -> _Args:
    return (f"{_ip(6 if args[0] == 'IPv6' else 4)} route show table {shlex.quote(args[1])}",)


def _every_table(args: _Args, family: Family) -> _Args:
    return (f"{_ip(family)} route show table all",)


def _rules(args: _Args, family: Family) -> _Args:
    return (f"{_ip(family)} rule",)


def _setting(args: _Args, family: Family) -> _Args:
    return (f"sysctl {shlex.quote(args[0])}",)


def _failed(args: _Args, family: Family) -> _Args:
    return (f"sudo {shlex.join(shlex.split(args[0]))}",) if _words(args[0]) else ()


def _plain(*commands: str) -> Callable[[_Args, Family], _Args]:
    return lambda args, family: commands


def _ip(family: Family) -> str:
    return "ip" if family == 4 else "ip -6"


def _words(text: str) -> bool:
    """Whether a command of the capture's notes is one of plain words."""
    return all(character.isalnum() or character in " -_./" for character in text)


_ADDRESSES, _LINKS, _SOCKETS, _SETS = "ip addr", "ip -d link", "ss -lntup", "ipset save"
_BY_CODE: dict[str, Callable[[_Args, Family], _Args]] = {
    **dict.fromkeys(
        (
            "table-not-captured", "table-not-shown", "table-incomplete", "table-filtered", "table-selected",
            "table-unread", "table-hidden", "table-before", "table-changed", "table-frontend",
            "table-predicted", "table-not-read", "ports-not-known", "policy-not-shown", "chain-not-in-text",
            "policy-not-understood", "match-lost-in-listing", "target-lost-in-listing", "match-not-readable",
            "table-lost", "policy-unknown",
        ),
        _tables,
    ),
    **dict.fromkeys(("nft-failed", "nft-lost", "nft-rest-not-captured", "chain-not-captured"), _plain(_NFT)),
    **dict.fromkeys(("routes-not-captured", "target-nowhere", "route-without-device"), _routes),
    **dict.fromkeys(("route-line-unread", "route-gateway-hidden"), _every_table),
    "table-default-empty": _plain("ip route show table default"),
    "routing-table-not-captured": _one_table,
    "policy-rules-not-captured": _rules,
    "command-failed": _failed,
    "table-failed": lambda args, family: tuple(f"sudo {command}" for command in _tables(args, family)),
    **dict.fromkeys(
        (
            "own-address-not-captured", "addresses-not-captured", "address-decides", "address-line-unread",
            "local-table-inferred", "addresses-by-ifconfig",
        ),
        _plain(_ADDRESSES),
    ),
    "neighbours-not-captured": _plain("ip neigh"),
    **dict.fromkeys(("sysctl-decides", "sysctl-not-captured", "sysctl-not-understood"), _setting),
    **dict.fromkeys(
        (
            "sockets-not-shown", "sockets-not-captured", "socket-line-unread", "host-ports-not-listed",
            "socket-of-both-families", "only-docker-proxy", "only-docker-proxy-there",
        ),
        _plain(_SOCKETS),
    ),
    **dict.fromkeys(
        ("sets-not-captured", "set-not-captured", "set-incomplete", "set-not-read"), _plain(_SETS)
    ),
    **dict.fromkeys(
        (
            "bridge-by-name", "links-not-captured", "hairpin-not-captured", "link-line-unread",
            "mtu-not-captured",
        ),
        _plain(_LINKS),
    ),
    **dict.fromkeys(
        (
            "containers-not-listed", "container-inferred", "container-not-inspected",
            "network-not-listed", "members-not-captured", "members-routing-assumed",
            "container-not-captured", "proxy-target-unknown", "container-routing-assumed",
            "bridge-members-not-captured", "listed-without-address",
        ),
        _plain(*_INSPECT),
    ),
}  # fmt: skip


def settling(doubts: Iterable[Doubt], leans: Iterable[Lean], family: Family) -> tuple[str, ...]:
    """The commands for an answer about one IP version, ready to copy; settings share one command. Of several
    hosts each command says behind a ``#`` on which."""
    settles: dict[str, dict[str, list[int]]] = {}
    both: tuple[Iterable[Doubt | Lean], ...] = (dict.fromkeys(doubts), dict.fromkeys(leans))
    for kind, every in enumerate(both):
        for one in every:
            for command in commands_for(one, family):
                settles.setdefault(_host(one), {}).setdefault(command, [0, 0])[kind] += 1
    found = (_on(host, command) for host, each in settles.items() for command in _ordered(each))
    return tuple(found)


def _host(one: Doubt | Lean) -> str:
    """Of several hosts the one that is meant; "" where nothing tells."""
    if one.code == ON_HOST:
        return one.args[0]
    if one.code == IN_NAMESPACE:
        return one.args[0].rpartition("/")[0]
    evidence = one.evidence if isinstance(one, Doubt) else None
    folder = evidence.file.split("/") if evidence is not None else []
    return folder[1] if len(folder) > 2 and folder[0] == "hosts" else ""


def _on(host: str, command: str) -> str:
    try:
        return f"{command}  # on {container_name(host)}" if host else command
    except BadNameError:
        return command


def _ordered(settles: dict[str, list[int]]) -> tuple[str, ...]:
    if "ip route show table all" in settles or "ip -6 route show table all" in settles:
        # It shows what listings of single tables show.
        settles = {each: count for each, count in settles.items() if " route" not in each or "all" in each}
    for command in [each for each in settles if _told_by_another(each, settles)]:
        del settles[command]
    ordered = sorted(settles, key=lambda command: (-settles[command][0], -settles[command][1]))
    return _together(ordered)


def _told_by_another(command: str, commands: Iterable[str]) -> bool:
    """Whether one with the rights for it, or without its further options, is there as well."""
    others = (each for each in commands if each != command and each.startswith("sudo "))
    return any(command == each.removeprefix("sudo ") or command.startswith(f"{each} ") for each in others)


def commands_for(one: Doubt | Lean, family: Family) -> tuple[str, ...]:
    """The commands that show what one doubt or lean is about."""
    if one.code == IN_NAMESPACE:
        inner = _by_code(one.args[1], one.args[2:], family)
        name = one.args[0].rpartition("/")[2]
        return tuple(dict.fromkeys(inside(name, command) for command in inner))
    if one.code == ON_HOST:
        return _by_code(one.args[1], one.args[2:], family)
    commands = _by_code(one.code, one.args, family)
    evidence = one.evidence if isinstance(one, Doubt) else None
    folder = evidence.file.split("/") if evidence is not None else []
    if len(folder) >= 3 and folder[-3] == "netns":
        return tuple(dict.fromkeys(inside(folder[-2], command) for command in commands))
    return commands


def _by_code(code: str, args: _Args, family: Family) -> _Args:
    found = _BY_CODE.get(code)
    return () if found is None else found(args, family)


def inside(name: str, command: str) -> str:
    """The same command in a container's network namespace, by the host's own program: an image has few. A
    name that no container can have is left out: then the reader has to say whose it is."""
    if command in _INSPECT:
        return command
    try:
        whose = str(container_name(name))
    except BadNameError:
        whose = "NAME"
    plain = command.removeprefix("sudo ")
    return f"sudo nsenter -t \"$(docker inspect -f '{{{{.State.Pid}}}}' {whose})\" -n {plain}"


def _together(commands: Iterable[str]) -> tuple[str, ...]:
    """All settings in the first command that asks for one."""
    every = tuple(commands)
    keys = [command.removeprefix("sysctl ") for command in every if command.startswith("sysctl ")]
    found: dict[str, None] = {}
    for command in every:
        found["sysctl " + " ".join(keys) if command.startswith("sysctl ") else command] = None
    return tuple(found)
