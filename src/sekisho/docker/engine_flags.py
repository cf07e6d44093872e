"""dockerd's command line, as far as it touches the network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sekisho.docker.engine import Engine, Pool, with_backend
from sekisho.errors import UsageError
from sekisho.values.address import Address, Prefix

# Flags with a value that say nothing about the network.
_OTHER_VALUES = frozenset({
    "userland-proxy-path", "data-root", "exec-root", "pidfile", "host", "H", "config-file", "log-level",
    "log-driver", "log-opt", "storage-driver", "storage-opt", "dns", "dns-opt", "dns-search", "label",
    "group", "containerd", "cgroup-parent", "default-runtime", "add-runtime", "exec-opt", "default-ulimit",
    "insecure-registry", "registry-mirror", "shutdown-timeout", "tlscacert", "tlscert", "tlskey", "feature",
    "metrics-addr", "swarm-default-advertise-addr", "network-control-plane-mtu", "host-gateway-ip",
    "default-cgroupns-mode", "default-ipc-mode", "default-shm-size", "seccomp-profile", "userns-remap",
})  # fmt: skip


def apply(engine: Engine, words: list[str]) -> Engine:
    """The engine with these flags. Raises UsageError where a value is missing or bad."""
    at = 0
    pools: list[Pool] = []
    while at < len(words):
        word = words[at]
        at += 1
        if not word.startswith("-"):
            raise UsageError(f"not a flag of dockerd: {word!r}", advice="for example --userland-proxy=false")
        name, equals, value = word.lstrip("-").partition("=")
        if name in _SWITCHES:
            engine = _SWITCHES[name](engine, _truth(name, value if equals else "true"))
            continue
        if name not in _VALUES and name not in _OTHER_VALUES and name != "default-address-pool":
            if equals or name in ("debug", "D", "selinux-enabled", "tls", "tlsverify", "init"):
                continue
            raise UsageError(f"unknown flag of dockerd: {word}", advice="see dockerd --help")
        if not equals:
            if at >= len(words):
                raise UsageError(f"a value must follow {word}")
            value = words[at]
            at += 1
        try:
            if name == "default-address-pool":
                pools.append(_pool(value))
            elif name in _VALUES:
                engine = _VALUES[name](engine, value)
        except ValueError as error:
            raise UsageError(f"bad value for --{name}: {error}", text=value) from error
    return replace(engine, pools=tuple(pools)) if pools else engine


def _truth(name: str, text: str) -> bool:
    if text.lower() in ("1", "t", "true"):
        return True
    if text.lower() in ("0", "f", "false"):
        return False
    raise UsageError(f"--{name} is true or false, not {text!r}")


def _pool(text: str) -> Pool:
    fields = dict(part.split("=", 1) for part in text.split(",") if "=" in part)
    if "base" not in fields or not fields.get("size", "").isdigit():
        raise ValueError("it is written base=10.0.0.0/8,size=24")
    base = Prefix.parse(fields["base"])
    size = int(fields["size"])
    if not base.length <= size <= base.bits:
        raise ValueError(f"subnets of /{size} do not fit into {base}")
    return Pool(base, size)


def interface_address(text: str) -> tuple[Address, int]:
    """``192.168.5.1/24`` with its host bits kept. Raises ValueError."""
    host, slash, length = text.partition("/")
    if not slash or not length.isdigit():
        raise ValueError("an address with a prefix length is needed, for example 172.26.0.1/16")
    address = Address.parse(host)
    if int(length) > (32 if address.family == 4 else 128):
        raise ValueError(f"prefix length {length} is too large")
    return address, int(length)


def _network_option(engine: Engine, text: str) -> Engine:
    driver, equals, rest = text.partition("=")
    key, again, value = rest.partition("=")
    if not (equals and again):
        raise ValueError("it is written bridge=com.docker.network.driver.mtu=1450")
    return replace(engine, network_options=(*engine.network_options, (driver, key, value)))


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
    "live-restore": lambda engine, on: replace(engine, live_restore=on),
}
_VALUES: dict[str, Callable[[Engine, str], Engine]] = {
    "firewall-backend": with_backend,
    "bip": lambda engine, text: replace(engine, bip=interface_address(text)),
    "bip6": lambda engine, text: replace(engine, bip6=interface_address(text)),
    "fixed-cidr": lambda engine, text: replace(engine, fixed_cidr=Prefix.parse(text)),
    "fixed-cidr-v6": lambda engine, text: replace(engine, fixed_cidr_v6=Prefix.parse(text)),
    "default-gateway": lambda engine, text: replace(engine, default_gateway=Address.parse(text)),
    "bridge": lambda engine, text: replace(engine, bridge=text),
    "b": lambda engine, text: replace(engine, bridge=text),
    "ip": lambda engine, text: replace(engine, host_address=Address.parse(text)),
    "mtu": lambda engine, text: replace(engine, mtu=int(text), mtu_given=True),
    "bridge-accept-fwmark": lambda engine, text: replace(engine, accept_fwmark=text),
    "default-network-opt": _network_option,
}
