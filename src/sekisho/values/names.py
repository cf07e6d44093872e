"""The one door for names: of interfaces, namespaces, containers, networks, sysctls, chains, sets.

A snapshot may come from anybody, and its names end up in messages to the kernel, on command lines, in
files and paths. A name is text until one of these functions has taken it; each gives a type of its own,
so that mypy tells who hands over text where a name is due. Readers make them (a bad one makes the line
an ``Unread`` of the reason ``bad-name``), and what writes or builds asks for them.

All of them raise BadNameError. What the kernel takes is taken, however odd it looks.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NewType, TypeVar, cast

from sekisho.errors import said
from sekisho.values.numbers import integer

InterfaceName = NewType("InterfaceName", str)
# A lab's: HOST, or HOST/NAME where there are several hosts.
NodeName = NewType("NodeName", str)
NamespaceName = NewType("NamespaceName", NodeName)
# Docker's names are narrower: each can be a namespace's.
ContainerName = NewType("ContainerName", NamespaceName)
NetworkName = NewType("NetworkName", str)
SysctlKey = NewType("SysctlKey", str)
LinkAddress = NewType("LinkAddress", str)
EthernetAddress = NewType("EthernetAddress", LinkAddress)
ChainName = NewType("ChainName", str)
SetName = NewType("SetName", str)
NftName = NewType("NftName", str)
LabName = NewType("LabName", str)

_LONGEST_FILE_NAME = 255  # NAME_MAX of include/uapi/linux/limits.h
_INTERFACE_BYTES = 15  # IFNAMSIZ of include/uapi/linux/if.h, less the final zero
# isspace of the kernel (lib/ctype.c), which goes by bytes; NUL would end the name early.
_NO_INTERFACE_BYTE = re.compile(rb"[\0\t\n\v\f\r /:\xa0]")
_DOCKER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*\Z")
_HEX_PAIRS = re.compile(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2})*\Z")
_SWAP = str.maketrans("./", "/.")
_CHAIN_BYTES = 28  # XT_EXTENSION_MAXNAMELEN of include/uapi/linux/netfilter/x_tables.h, less the zero
_SET_BYTES = 31  # IPSET_MAXNAMELEN of include/uapi/linux/netfilter/ipset/ip_set.h, less the zero


class BadNameError(ValueError):
    """A text that cannot be the name of what it should name; ``what`` is the sentence for it."""

    def __init__(self, what: str, text: str) -> None:
        super().__init__(said(what, text))
        self.text = text


_NO_INTERFACE = "not an interface's name: {0!r}"
_NO_NAMESPACE = "not a network namespace's name: {0!r}"
_NO_CONTAINER = "not a container's name: {0!r}"
_NO_NETWORK = "not a network's name: {0!r}"
_NO_SYSCTL = "not a kernel parameter's name: {0!r}"
_NO_LINK_ADDRESS = "not a link-layer address: {0!r}"
_NO_CHAIN = "not a chain's name: {0!r}"
_NO_SET = "not a set's name: {0!r}"
_NO_NFT = "not a name of nftables: {0!r}"
_NO_LAB = "not a lab's name: {0!r}"

_T = TypeVar("_T")


def _remembered(read: Callable[[str], _T]) -> Callable[[str], _T]:
    """The same names come again and again. (functools' own type would take anything for an argument.)"""
    return cast("Callable[[str], _T]", lru_cache(maxsize=65536)(read))


@_remembered
def interface_name(text: str) -> InterfaceName:
    """An interface's name as dev_valid_name (net/core/dev.c) takes it: 1 to 15 bytes, none of them a space,
    ``/`` or ``:``, and not ``.`` or ``..``."""
    raw = _bytes(_NO_INTERFACE, text)
    if not 0 < len(raw) <= _INTERFACE_BYTES or text in (".", "..") or _NO_INTERFACE_BYTE.search(raw):
        raise BadNameError(_NO_INTERFACE, text)
    return InterfaceName(text)


@_remembered
def namespace_name(text: str) -> NamespaceName:
    """A network namespace's name: one that a file can have (``ip netns`` keeps them as files, a snapshot as
    folders), without spaces and control characters, and not beginning as an option or a hidden file does."""
    raw = _bytes(_NO_NAMESPACE, text)
    if not 0 < len(raw) <= _LONGEST_FILE_NAME or "/" in text or text[0] in "-.":
        raise BadNameError(_NO_NAMESPACE, text)
    if not is_word(text):
        raise BadNameError(_NO_NAMESPACE, text)
    return NamespaceName(NodeName(text))


def node_name(text: str) -> NodeName:
    """A namespace's name in a lab: alone, or behind its host's (``Namespace.node`` of model/snapshot.py)."""
    host, slash, inside = text.partition("/")
    return NodeName("/".join(map(namespace_name, (host, inside) if slash else (host,))))


def container_name(text: str) -> ContainerName:
    """A container's name as dockerd takes it (daemon/names: RestrictedNamePattern), without the slash before
    it. Podman's may be one letter."""
    if not _DOCKER_NAME.match(text) or len(text) > _LONGEST_FILE_NAME:
        raise BadNameError(_NO_CONTAINER, text)
    return ContainerName(NamespaceName(NodeName(text)))


def network_name(text: str) -> NetworkName:
    """A Docker network's name. Older daemons took nearly everything: what can be seen on one line is one."""
    _bytes(_NO_NETWORK, text)
    if not text.strip() or not is_word(text.replace(" ", "")):
        raise BadNameError(_NO_NETWORK, text)
    return NetworkName(text)


@_remembered
def sysctl_key(text: str) -> SysctlKey:
    """A kernel parameter as sysctl(8) prints it: ``net.ipv4.conf.eth0/100.rp_filter``, dots between the
    parts, ``/`` for a dot within one."""
    parts = text.split(".")
    if len(parts) < 2 or not all(map(_is_sysctl_part, parts)):
        raise BadNameError(_NO_SYSCTL, text)
    return SysctlKey(text)


def sysctl_parts(key: SysctlKey) -> tuple[str, ...]:
    """The names of the folders below /proc/sys and, last, of the file. None is empty, ``.`` or ``..``."""
    return tuple(key.translate(_SWAP).split("/"))


def sysctl_of(*parts: str) -> SysctlKey:
    """The key of these parts: the inverse of ``sysctl_parts``.

    One of them may be an interface's name, and holds whatever ``interface_name`` let pass: a dot, a ``=``.
    What leads nowhere or elsewhere as a part of a path is refused.
    """
    key = ".".join(part.translate(_SWAP) for part in parts)
    if len(parts) < 2 or not all(map(_is_path_part, parts)):
        raise BadNameError(_NO_SYSCTL, key)
    return SysctlKey(key)


def _is_path_part(part: str) -> bool:
    raw = part.encode(errors="replace")
    return part not in ("", ".", "..") and len(raw) <= _LONGEST_FILE_NAME and not set(part) & {"/", "\0"}


def _is_sysctl_part(part: str) -> bool:
    raw = part.encode(errors="replace")
    odd = part in ("", "/", "//") or len(raw) > _LONGEST_FILE_NAME
    return not odd and part.isprintable() and " " not in part and "=" not in part


def link_address(text: str) -> LinkAddress:
    """A link-layer address: pairs of hexadecimal digits, or the IP address of a tunnel's end."""
    if not _HEX_PAIRS.match(text):
        from sekisho.values.address import Address

        try:
            Address.parse(text)
        except ValueError:
            raise BadNameError(_NO_LINK_ADDRESS, text) from None
    return LinkAddress(text)


def ethernet_address(text: str) -> EthernetAddress:
    """A MAC address of six bytes."""
    if len(text) != 17 or not _HEX_PAIRS.match(text):
        raise BadNameError(_NO_LINK_ADDRESS, text)
    return EthernetAddress(LinkAddress(text))


def mac_number(text: str) -> int:
    """A MAC address as one number."""
    return integer(text.replace(":", ""), 16)


def mac_text(number: int) -> str:
    """The number as a MAC address is written: 02:42:ac:11:00:02."""
    return number.to_bytes(6).hex(":")


def chain_name(text: str) -> ChainName:
    """A chain of iptables: 1 to 28 bytes without spaces, not beginning as an option or a negation does
    (iptables/xshared.c, assert_valid_chain_name)."""
    if not 0 < len(_bytes(_NO_CHAIN, text)) <= _CHAIN_BYTES or text[0] in "-!" or not _plain(text):
        raise BadNameError(_NO_CHAIN, text)
    return ChainName(text)


def set_name(text: str) -> SetName:
    """An ipset's name: 1 to 31 bytes without spaces, not beginning as an option does."""
    if not 0 < len(_bytes(_NO_SET, text)) <= _SET_BYTES or text[0] == "-" or not _plain(text):
        raise BadNameError(_NO_SET, text)
    return SetName(text)


def nft_name(text: str) -> NftName:
    """A table, chain, set or object of nftables: 1 to 255 bytes (NFT_NAME_MAXLEN) that can be seen, without
    spaces and quotes. The kernel takes others as well; no program that reads or writes text makes them."""
    if not 0 < len(_bytes(_NO_NFT, text)) <= 255 or not is_word(text) or '"' in text:
        raise BadNameError(_NO_NFT, text)
    return NftName(text)


def lab_name(text: str) -> LabName:
    """A lab's own name: letters, digits, ``_ . -`` and 63 of them at most."""
    if not _DOCKER_NAME.match(text) or len(text) > 63:
        raise BadNameError(_NO_LAB, text)
    return LabName(text)


def as_lab_name(text: str, otherwise: str) -> LabName:
    """Any text as a lab's name, as far as it goes; ``otherwise`` where nothing is left of it."""
    kept = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "._-") else "-"
                   for letter in text[:200])  # fmt: skip
    return lab_name(kept.strip("._-")[:40] or otherwise)


def _plain(text: str) -> bool:
    """Nothing in it that a line of iptables or ipset would not keep as it stands."""
    return is_word(text) and not any(letter in "\"'\\#" for letter in text)


def is_word(text: str) -> bool:
    """Whether all of it can be seen: no control characters, no spaces, nothing that turns the line round."""
    return text.isprintable() and not any(letter.isspace() for letter in text)


def _bytes(what: str, text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:  # a file's name that was no UTF-8
        raise BadNameError(what, text) from None


LOOPBACK = interface_name("lo")
