"""``docker run``, ``docker network create`` and their kin, as lines of text."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from sekisho.docker.errors import DockerError
from sekisho.docker.intent import (
    Act,
    Connect,
    ContainerSpec,
    CreateNetwork,
    EndpointSpec,
    NetworkSpec,
    PortSpec,
    RemoveContainer,
    RemoveNetwork,
    RunContainer,
    SubnetSpec,
)
from sekisho.docker.port_words import parse_port
from sekisho.errors import said
from sekisho.model.evidence import Evidence
from sekisho.values.address import Address, Prefix
from sekisho.values.numbers import integer, is_number

# Options of `docker run` that take a value and touch the network.
_RUN_VALUES = frozenset({
    "name", "network", "net", "publish", "p", "expose", "ip", "ip6", "mac-address", "network-alias",
    "net-alias", "link-local-ip", "sysctl", "label", "l",
})  # fmt: skip
# Options of `docker run` without a value; every other one takes the next word or stands with `=`.
_RUN_SWITCHES = frozenset({
    "d", "detach", "i", "interactive", "t", "tty", "rm", "init", "privileged", "read-only", "P",
    "publish-all", "q", "quiet", "oom-kill-disable", "no-healthcheck", "sig-proxy", "disable-content-trust",
    "use-api-socket",
})  # fmt: skip
_CREATE_VALUES = frozenset({
    "driver", "d", "subnet", "gateway", "ip-range", "aux-address", "opt", "o", "label", "ipam-driver",
    "ipam-opt", "scope", "config-from",
})  # fmt: skip
_CREATE_SWITCHES = frozenset({"internal", "attachable", "ipv6", "ipv4", "ingress", "config-only"})


def parse_command(line: str, place: Evidence | None = None) -> Act | None:
    """The act of one command line; None for what leaves the network alone (``docker pull``...).

    Raises DockerError for a line that docker's own command line would refuse, or that is not planned.
    """
    try:
        words = shlex.split(line, comments=True)
    except ValueError as error:
        raise DockerError(f"not a command line: {error}", place) from None
    while words and (words[0] in ("sudo", "docker", "podman") or words[0].startswith("-")):
        del words[0]
    match words:
        case ["run", *rest] | ["container", "run", *rest]:
            return RunContainer(_run(rest, place))
        case ["network", "create", *rest]:
            return CreateNetwork(_create(rest, place))
        case ["network", "rm" | "remove", name]:
            return RemoveNetwork(name, place)
        case ["network", "connect", *rest]:
            return _connect(rest, place)
        case ["rm", *rest] | ["container", "rm", *rest]:
            return RemoveContainer([word for word in rest if not word.startswith("-")][-1], place)
        case [] | ["pull" | "build" | "login" | "ps" | "version" | "info" | "inspect" | "logs", *_]:
            return None
    raise DockerError(
        f"not planned: docker {' '.join(words[:2])}", place,
        said("known: {0}", "docker run, docker rm, docker network create, connect, rm; compose files"),
    )  # fmt: skip


def parse_lines(lines: Iterable[str], file: str) -> list[Act]:
    """A script of docker commands: one a line, ``\\`` at the end continues it, ``#`` comments."""
    acts: list[Act] = []
    held, start = "", 0
    for number, line in enumerate(lines, 1):
        start = start or number
        if line.rstrip().endswith("\\"):
            held += line.rstrip()[:-1] + " "
            continue
        whole = held + line
        if whole.strip() and not whole.strip().startswith("#"):
            act = parse_command(whole, Evidence(file, start, whole.strip()))
            if act is not None:
                acts.append(act)
        held, start = "", 0
    return acts


class _Options:
    """The options in front of a command's arguments, in order."""

    def __init__(
        self, words: list[str], values: frozenset[str], switches: frozenset[str], place: Evidence | None,
        strict: bool,
    ) -> None:  # fmt: skip
        self.found: list[tuple[str, str]] = []
        self.place = place
        at = 0
        self.arguments: list[str] = []
        while at < len(words):
            word = words[at]
            at += 1
            if not word.startswith("-") or word == "-":
                self.arguments.append(word)
                if not strict:  # what follows the image is the container's own
                    self.arguments += words[at:]
                    break
                continue
            if not word.startswith("--") and len(word) > 2 and "=" not in word:
                # -dit, -p8080:80
                if all(letter in switches for letter in word[1:]):
                    self.found += [(letter, "true") for letter in word[1:]]
                    continue
                if word[1] not in switches:
                    self.found.append((word[1], word[2:]))
                    continue
                if all(letter in switches for letter in word[1:-1]) and at < len(words):
                    self.found += [(letter, "true") for letter in word[1:-1]]
                    self.found.append((word[-1], words[at]))
                    at += 1
                    continue
            name, equals, value = word.lstrip("-").partition("=")
            if name in switches:
                self.found.append((name, value if equals else "true"))
                continue
            if strict and name not in values:
                raise DockerError(f"unknown flag: {word}", place)
            if not equals:
                if at >= len(words):
                    raise DockerError(f"flag needs an argument: {word}", place)
                value = words[at]
                at += 1
            self.found.append((name, value))

    def all(self, *names: str) -> list[str]:
        return [value for name, value in self.found if name in names]

    def last(self, *names: str) -> str | None:
        found = self.all(*names)
        return found[-1] if found else None

    def on(self, *names: str) -> bool:
        return (self.last(*names) or "false").lower() in ("true", "1", "t")

    def address(self, *names: str) -> Address | None:
        text = self.last(*names)
        return parse_address(text, names[0], self.place) if text is not None else None

    def pairs(self, *names: str) -> tuple[tuple[str, str], ...]:
        return tuple((text.partition("=")[0], text.partition("=")[2]) for text in self.all(*names))


def parse_address(text: str, what: str, place: Evidence | None) -> Address:
    """An address of the command line or a file. Raises DockerError."""
    try:
        return Address.parse(text)
    except ValueError:
        raise DockerError(
            f'invalid argument "{text}" for "--{what}" flag: invalid IP address', place
        ) from None


def _prefix(text: str, what: str, place: Evidence | None) -> Prefix:
    host, slash, length = text.partition("/")
    try:
        address = Address.parse(host)
        bits = 32 if address.family == 4 else 128
        if not slash or not is_number(length) or integer(length) > bits:
            raise ValueError
    except ValueError:
        raise DockerError(
            f"invalid {what} {text}: invalid CIDR block notation", place,
            said("an address with a prefix length, such as {0}", "172.28.0.0/16"),
        ) from None  # fmt: skip
    shift = bits - integer(length)
    masked = address.value >> shift << shift
    if masked != address.value:
        network = Prefix(address.family, masked, integer(length))
        raise DockerError(f"invalid subnet {text}: it should be {network}", place)
    return Prefix(address.family, masked, integer(length))


def _run(words: list[str], place: Evidence | None) -> ContainerSpec:
    options = _Options(words, _RUN_VALUES, _RUN_SWITCHES, place, strict=False)
    if not options.arguments:
        raise DockerError('"docker run" requires at least 1 argument', place, said("name an image"))
    name = options.last("name")
    if name is None:
        raise DockerError(
            "the container has no name, and Docker would draw one", place, said("add {0}", "--name NAME")
        )
    ports: list[PortSpec] = []
    for text in options.all("p", "publish"):
        ports += ports_of(text, place)
    exposed: list[tuple[int, str]] = []
    for text in options.all("expose"):
        exposed += exposed_of(text, place)
    exposed += [(port.container_port, port.proto) for port in ports]
    mode, endpoints = _networks(options, place)
    return ContainerSpec(
        name, options.arguments[0], mode, endpoints, tuple(dict.fromkeys(ports)),
        tuple(dict.fromkeys(exposed)), options.on("P", "publish-all"), options.pairs("sysctl"),
        options.pairs("l", "label"), place=place,
    )  # fmt: skip


def ports_of(text: str, place: Evidence | None) -> list[PortSpec]:
    """``-p`` in its short form, or ``target=80,published=8080,protocol=tcp``. Raises DockerError."""
    if "=" in text:
        fields = dict(part.partition("=")[::2] for part in text.split(","))
        host = fields.get("published", "")
        text = f"{host}:{fields.get('target', '')}" if host else fields.get("target", "")
        text += f"/{fields.get('protocol', 'tcp')}"
    try:
        return parse_port(text, place)
    except ValueError as error:
        raise DockerError(str(error), place) from None


def exposed_of(text: str, place: Evidence | None) -> list[tuple[int, str]]:
    """``--expose 80``, ``8000-8010/udp``. Raises DockerError."""
    try:
        return [(port.container_port, port.proto) for port in parse_port(text, place)]
    except ValueError:
        raise DockerError(f"invalid range format for --expose: {text}", place) from None


def _networks(options: _Options, place: Evidence | None) -> tuple[str, tuple[EndpointSpec, ...]]:
    names = options.all("network", "net")
    if not names:
        names = ["bridge"]
    first = names[0]
    if first in ("host", "none") or first.startswith("container:"):
        if options.all("p", "publish") and first.startswith("container:"):
            raise DockerError(
                "conflicting options: port publishing and the container type network mode", place
            )
        return first, ()
    endpoints: list[EndpointSpec] = []
    for at, text in enumerate(names):
        fields = text.split(",")
        if "=" in text:
            given = [part.partition("=")[::2] for part in fields]
            single = dict(given)
            endpoints.append(
                EndpointSpec(
                    single.get("name", ""),
                    parse_address(single["ip"], "ip", place) if "ip" in single else None,
                    parse_address(single["ip6"], "ip6", place) if "ip6" in single else None,
                    single.get("mac-address"),
                    tuple(value for key, value in given if key == "alias"),
                    gw_priority=integer(single.get("gw-priority", "0")),
                    place=place,
                )
            )
        else:
            endpoints.append(EndpointSpec("bridge" if text == "default" else text, place=place))
        if at == 0:
            only = endpoints[0]
            endpoints[0] = EndpointSpec(
                only.network,
                only.ipv4 or options.address("ip"),
                only.ipv6 or options.address("ip6"),
                only.mac or options.last("mac-address"),
                only.aliases + tuple(options.all("network-alias", "net-alias")),
                gw_priority=only.gw_priority,
                place=place,
            )
    return "", tuple(endpoints)


def _create(words: list[str], place: Evidence | None) -> NetworkSpec:
    options = _Options(words, _CREATE_VALUES, _CREATE_SWITCHES, place, strict=True)
    if len(options.arguments) != 1:
        raise DockerError('"docker network create" requires exactly 1 argument', place)
    subnets = [_prefix(text, "subnet", place) for text in options.all("subnet")]
    ranges = [_prefix(text, "ip-range", place) for text in options.all("ip-range")]
    gateways = [parse_address(text, "gateway", place) for text in options.all("gateway")]
    auxiliary = [parse_address(value, "aux-address", place) for _, value in options.pairs("aux-address")]
    specs = [
        SubnetSpec(
            prefix,
            next((gateway for gateway in gateways if prefix.contains(gateway)), None),
            next((item for item in ranges if prefix.contains(item)), None),
            tuple(item for item in auxiliary if prefix.contains(item)),
        )
        for prefix in subnets
    ]
    named: list[Address | Prefix] = [*gateways, *ranges, *auxiliary]
    for item in named:
        if not any(prefix.contains(item) for prefix in subnets):
            raise DockerError(f"no matching subnet for {item}", place)
    return NetworkSpec(
        options.arguments[0],
        options.last("driver", "d") or "bridge",
        tuple(specs),
        options.pairs("opt", "o"),
        options.on("internal"),
        not options.all("ipv4") or options.on("ipv4"),
        options.on("ipv6") or any(prefix.family == 6 for prefix in subnets if options.on("ipv6")),
        options.on("attachable"),
        options.pairs("label"),
        options.last("ipam-driver") or "default",
        place=place,
    )


def _connect(words: list[str], place: Evidence | None) -> Connect:
    values = frozenset({"alias", "driver-opt", "gw-priority", "ip", "ip6", "link", "link-local-ip"})
    options = _Options(words, values, frozenset(), place, strict=True)
    if len(options.arguments) != 2:
        raise DockerError('"docker network connect" requires exactly 2 arguments', place)
    network, container = options.arguments
    return Connect(
        container,
        EndpointSpec(
            network, options.address("ip"), options.address("ip6"), aliases=tuple(options.all("alias")),
            gw_priority=integer(options.last("gw-priority") or "0"), place=place,
        ),
    )  # fmt: skip
