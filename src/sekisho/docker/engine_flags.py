"""dockerd's command line, as far as it touches the network.

A flag that says nothing about the network is known and passed over; one that dockerd of that version does not
have is refused, as dockerd does (moby's cmd/dockerd, from 29 on daemon/command, at the tags of the profiles).
What the flags together forbid is refused in dockerd's words (daemon_unix.go, verifyDaemonSettings).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sekisho.docker.engine import Engine, Pool, Version, with_backend
from sekisho.errors import UsageError, said
from sekisho.values.address import Address, Prefix
from sekisho.values.numbers import integer, is_number

# Flags with a value that say nothing about the network.
_OTHER_VALUES = frozenset({
    "userland-proxy-path", "data-root", "exec-root", "pidfile", "config-file", "log-level", "log-format",
    "log-driver", "log-opt", "storage-driver", "storage-opt", "dns", "dns-opt", "dns-search", "label",
    "group", "containerd", "containerd-namespace", "containerd-plugins-namespace", "cgroup-parent",
    "default-runtime", "add-runtime", "exec-opt", "default-ulimit", "insecure-registry", "registry-mirror",
    "shutdown-timeout", "default-stop-timeout", "tlscacert", "tlscert", "tlskey", "feature",
    "swarm-default-advertise-addr", "network-control-plane-mtu", "host-gateway-ip", "default-cgroupns-mode",
    "default-ipc-mode", "default-shm-size", "seccomp-profile", "userns-remap", "authorization-plugin",
    "cdi-spec-dir", "cpu-rt-period", "cpu-rt-runtime", "init-path", "max-concurrent-downloads",
    "max-concurrent-uploads", "max-download-attempts", "node-generic-resource", "nri-opts", "http-proxy",
    "https-proxy", "no-proxy", "oom-score-adjust", "allow-nondistributable-artifacts", "api-cors-header",
    "cluster-advertise", "cluster-store", "cluster-store-opt", "graph", "network-diagnostic-port",
})  # fmt: skip
_OTHER_SWITCHES = frozenset({
    "debug", "selinux-enabled", "tls", "tlsverify", "init", "no-new-privileges", "raw-logs", "validate",
    "cri-containerd", "restart", "live-restore",
})  # fmt: skip
_SHORT = {"b": "bridge", "D": "debug", "G": "group", "H": "host", "g": "graph", "l": "log-level",
          "p": "pidfile", "s": "storage-driver"}  # fmt: skip
# Flags that an engine has from a version on.
_FIRST_IN: dict[str, Version] = {
    "default-network-opt": (24, 0, 0),
    "bip6": (28, 0, 0),
    "ip-forward-no-drop": (28, 0, 0),
    "allow-direct-routing": (28, 2, 0),
    "bridge-accept-fwmark": (29, 0, 0),
    "firewall-backend": (29, 0, 0),
}
HTTP_PORT, HTTPS_PORT = 2375, 2376


def apply(engine: Engine, words: list[str]) -> Engine:
    """The engine with these flags. Raises UsageError where a value is missing or bad, for a flag that dockerd
    does not have, and for flags that it does not take together."""
    at = 0
    pools: list[Pool] = []
    while at < len(words):
        word = words[at]
        at += 1
        name, value = _split(word)
        if _FIRST_IN.get(name, engine.version) > engine.version:
            first = ".".join(map(str, _FIRST_IN[name]))
            raise UsageError(f"unknown flag: --{name}", advice=said("it came with Docker {0}", first))
        if name in _SWITCHES or name in _OTHER_SWITCHES:
            on = _truth(name, "true" if value is None else value)
            engine = _SWITCHES[name](engine, on) if name in _SWITCHES else engine
            continue
        if name not in _VALUES and name not in _OTHER_VALUES and name != "default-address-pool":
            raise UsageError(f"unknown flag: {word.partition('=')[0]}", advice="see dockerd --help")
        if value is None:
            if at >= len(words):
                raise UsageError(said("a value must follow {0}", word))
            value = words[at]
            at += 1
        try:
            if name == "default-address-pool":
                pools.append(_pool(value))
            elif name in _VALUES:
                engine = _VALUES[name](engine, value)
        except ValueError as error:
            raise UsageError(f"bad value for --{name}: {error}", text=value) from error
    engine = replace(engine, pools=tuple(pools)) if pools else engine
    _verify(engine)
    return engine


def _split(word: str) -> tuple[str, str | None]:
    """A flag's long name and its value, None where that is another word: ``--bip=X``, ``-b X``, ``-b=X``."""
    if word.startswith("--"):
        name, equals, value = word[2:].partition("=")
        return name, value if equals else None
    if word.startswith("-") and word[1:2] in _SHORT:
        rest = word[2:].removeprefix("=")
        return _SHORT[word[1]], rest or None
    raise UsageError(said("not a flag of dockerd: {0!r}", word), advice="for example --userland-proxy=false")


def _verify(engine: Engine) -> None:
    """What dockerd refuses to start with."""
    for flag, given in (("bip", engine.bip), ("bip6", engine.bip6)):
        if engine.bridge not in (None, "none") and given is not None:
            raise UsageError(
                f"You specified -b & --{flag}, mutually exclusive options. Please specify only one"
            )
    if not engine.icc and not engine.iptables:
        raise UsageError(
            "You specified --iptables=false with --icc=false. ICC=false uses iptables to function."
            " Please set --icc or --iptables to true"
        )
    if not engine.icc and engine.ipv6 and not engine.ip6tables and engine.version >= (27, 0, 0):
        raise UsageError(
            "You specified --ip6tables=false with --icc=false. ICC=false uses ip6tables to function."
            " Please set --icc or --ip6tables to true"
        )
    if engine.ip6tables_flag and not engine.experimental and engine.version < (27, 0, 0):
        raise UsageError("ip6tables rules are only available if experimental features are enabled")


def _truth(name: str, text: str) -> bool:
    if text.lower() in ("1", "t", "true"):
        return True
    if text.lower() in ("0", "f", "false"):
        return False
    raise UsageError(f"--{name} is true or false, not {text!r}")


def _pool(text: str) -> Pool:
    fields = dict(part.split("=", 1) for part in text.split(",") if "=" in part)
    if "base" not in fields or not is_number(fields.get("size", "")):
        raise ValueError("it is written base=10.0.0.0/8,size=24")
    base = Prefix.parse(fields["base"])
    size = integer(fields["size"])
    if not base.length <= size <= base.bits:
        raise ValueError(f"subnets of /{size} do not fit into {base}")
    return Pool(base, size)


def interface_address(text: str, family: int = 4) -> tuple[Address, int]:
    """``192.168.5.1/24`` with its host bits kept. Raises ValueError."""
    host, slash, length = text.partition("/")
    if not slash or not is_number(length):
        raise ValueError("an address with a prefix length is needed, for example 172.26.0.1/16")
    address = Address.parse(host)
    if address.family != family:
        raise ValueError(f"not an IPv{family} address: {host}")
    if integer(length) > (32 if address.family == 4 else 128):
        raise ValueError(f"prefix length {length} is too large")
    return address, integer(length)


def _prefix(text: str, family: int) -> Prefix:
    found = Prefix.parse(text)
    if found.family != family:
        raise ValueError(f"not an IPv{family} prefix: {text}")
    return found


def _gateway(engine: Engine, text: str, family: int) -> Engine:
    address = Address.parse(text)
    if address.family != family:
        raise ValueError(f"not an IPv{family} address: {text}")
    if family == 4:
        return replace(engine, default_gateway=address)
    return replace(engine, default_gateway_v6=address)


def _network_option(engine: Engine, text: str) -> Engine:
    driver, equals, rest = text.partition("=")
    key, again, value = rest.partition("=")
    if not (equals and again):
        raise ValueError("it is written bridge=com.docker.network.driver.mtu=1450")
    return replace(engine, network_options=(*engine.network_options, (driver, key, value)))


def _listen(engine: Engine, text: str) -> Engine:
    """``-H``: a TCP address is a socket of the host, ``tcp://:2375`` one of localhost (opts/hosts.go)."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "tcp", text
    if scheme != "tcp":
        return engine  # unix and fd are no sockets of the network
    return replace(engine, listens=(*engine.listens, _socket(rest.rstrip("/"), HTTP_PORT)))


def _metrics(engine: Engine, text: str) -> Engine:
    return replace(engine, listens=(*engine.listens, _socket(text, None)))


def _socket(text: str, port: int | None) -> tuple[Address, int]:
    """``127.0.0.1:2375``, ``[::1]:2375``, ``:2375``, ``10.0.0.5``. Raises ValueError."""
    host, colon, number = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    if not colon:
        host, number = text, ""
    if number and not is_number(number):
        raise ValueError(f"not a port: {number}")
    if not number and port is None:
        raise ValueError("an address and a port are needed, for example 127.0.0.1:9323")
    host = host.strip("[]")
    address = Address.parse("127.0.0.1" if host in ("", "localhost") else host)
    return address, integer(number) if number else port or HTTP_PORT


def _rootless(engine: Engine, on: bool) -> Engine:
    if on:
        raise UsageError(
            "a rootless daemon's networks are in a namespace of RootlessKit's",
            advice="what it makes of the host's ports is not planned",
        )
    return engine


_SWITCHES: dict[str, Callable[[Engine, bool], Engine]] = {
    "iptables": lambda engine, on: replace(engine, iptables=on),
    "ip6tables": lambda engine, on: replace(engine, ip6tables_flag=on),
    "experimental": lambda engine, on: replace(engine, experimental=on),
    "ip-forward": lambda engine, on: replace(engine, ip_forward=on),
    "ip-forward-no-drop": lambda engine, on: replace(engine, ip_forward_no_drop=on),
    "ip-masq": lambda engine, on: replace(engine, ip_masq=on),
    "icc": lambda engine, on: replace(engine, icc=on),
    "userland-proxy": lambda engine, on: replace(engine, userland_proxy=on),
    "allow-direct-routing": lambda engine, on: replace(engine, allow_direct_routing=on),
    "ipv6": lambda engine, on: replace(engine, ipv6=on),
    "rootless": _rootless,
}
_VALUES: dict[str, Callable[[Engine, str], Engine]] = {
    "firewall-backend": with_backend,
    "bip": lambda engine, text: replace(engine, bip=interface_address(text)),
    "bip6": lambda engine, text: replace(engine, bip6=interface_address(text, 6)),
    "fixed-cidr": lambda engine, text: replace(engine, fixed_cidr=_prefix(text, 4)),
    "fixed-cidr-v6": lambda engine, text: replace(engine, fixed_cidr_v6=_prefix(text, 6)),
    "default-gateway": lambda engine, text: _gateway(engine, text, 4),
    "default-gateway-v6": lambda engine, text: _gateway(engine, text, 6),
    "bridge": lambda engine, text: replace(engine, bridge=text),
    "ip": lambda engine, text: replace(engine, host_address=Address.parse(text)),
    "mtu": lambda engine, text: replace(engine, mtu=integer(text)),
    "bridge-accept-fwmark": lambda engine, text: replace(engine, accept_fwmark=text),
    "default-network-opt": _network_option,
    "host": _listen,
    "metrics-addr": _metrics,
}
