"""The door for names: what the kernel takes is taken, and nothing that leads elsewhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.lab import rtnetlink
from sekisho.lab.namespaces import LabError, NetworkNamespace
from sekisho.lab.netlink import attribute, nested
from sekisho.values.names import (
    BadNameError,
    chain_name,
    container_name,
    ethernet_address,
    interface_name,
    lab_name,
    link_address,
    namespace_name,
    network_name,
    nft_name,
    set_name,
    sysctl_key,
    sysctl_of,
    sysctl_parts,
)

# By the rule in net/core/dev.c, and by the kernel itself below.
INTERFACES = {
    "eth0": True, "eth0.100": True, "a" * 15: True, "a" * 16: False, "é" * 7: True, "é" * 8: False,
    "": False, ".": False, "..": False, "...": True, "a/b": False, "a:b": False, "a b": False, "a\nb": False,
    "a\tb": False, "a\x0bb": False, "a\x0cb": False, "a\rb": False, "a\x1bb": True, "à": False, "a\x85": True,
    "-j": True, "$(id)": True, '"': True, "a\xa0": False, "a'b": True, ";": True, "#": True, "eth0@if7": True,
}  # fmt: skip


@pytest.mark.parametrize(("name", "good"), INTERFACES.items(), ids=repr)
def test_interfaces(name: str, good: bool) -> None:
    if good:
        assert interface_name(name) == name
    else:
        with pytest.raises(BadNameError):
            interface_name(name)


@pytest.mark.kernel
def test_the_kernel_takes_the_same_interfaces() -> None:
    """Each name as it stands, in a message that does not ask the door."""
    namespace = NetworkNamespace()
    with namespace.inside():
        sock = rtnetlink.open_route()
    told = {}
    for name in INTERFACES:
        raw = attribute(3, name.encode() + b"\0") + nested(18, attribute(1, b"bridge"))
        try:
            rtnetlink.send(sock, [(16, 0x600, bytes(16) + raw)], str)
            told[name] = True
        except LabError:
            told[name] = False
    sock.close()
    namespace.close()
    assert told == INTERFACES


ESCAPES = ("", ".", "..", "../x", "a/b", "/etc", "-rf", "a\nb", "a\0b", "a\x1b[0m", "a\u202eb", " ", "\udcff")


@pytest.mark.parametrize("make", [namespace_name, container_name, lab_name], ids=lambda one: one.__name__)
@pytest.mark.parametrize("name", [*ESCAPES, ".hidden", "a b"], ids=repr)
def test_what_becomes_a_file_or_a_word_of_a_command(make: Callable[[str], str], name: str) -> None:
    with pytest.raises(BadNameError):
        make(name)


def test_usual_names_of_namespaces_and_containers() -> None:
    assert [namespace_name(name) for name in ("web", "cni-1f", "日本", "a@b", "x;y")]
    assert [container_name(name) for name in ("web", "proj-web-1", "a", "A_b.c")]
    for name in ("日本", "a@b", "x;y", "_a"):
        with pytest.raises(BadNameError):
            container_name(name)
    assert network_name("my network") == "my network"
    for name in ("", "  ", "a\nb", "a\u200bb"):
        with pytest.raises(BadNameError):
            network_name(name)


@pytest.mark.parametrize(
    ("key", "parts"),
    [
        ("net.ipv4.ip_forward", ("net", "ipv4", "ip_forward")),
        ("net.ipv4.conf.eth0/100.rp_filter", ("net", "ipv4", "conf", "eth0.100", "rp_filter")),
        ("net.ipv4.conf.a///b.rp_filter", ("net", "ipv4", "conf", "a...b", "rp_filter")),
    ],
)
def test_sysctls_lead_to_one_file(key: str, parts: tuple[str, ...]) -> None:
    assert sysctl_parts(sysctl_key(key)) == parts
    assert sysctl_of(*parts) == key


@pytest.mark.parametrize(
    "key",
    ["net", "", ".", "net.", ".net", "net..x", "net.ipv4.//.//.tmp.x", "net./.x", "net.ipv4.a b",
     "net.a\nb.c", "net.a\0.b", "net.a=b.c", "net." + "a" * 256],
)  # fmt: skip
def test_sysctls_that_lead_nowhere_or_elsewhere(key: str) -> None:
    with pytest.raises(BadNameError):
        sysctl_key(key)


@pytest.mark.parametrize("name", ["a=b", "é", "\u202e", "x\x01", "a.b", "=", "..."])
def test_every_interface_has_sysctls(name: str) -> None:
    """Whatever the kernel lets one be called (dev_valid_name) is a folder below /proc/sys as well."""
    parts = ("net", "ipv4", "conf", interface_name(name), "rp_filter")
    assert sysctl_parts(sysctl_of(*parts)) == parts


@pytest.mark.parametrize("part", ["", ".", "..", "a/b", "/", "a\0b", "a" * 256])
def test_parts_that_lead_nowhere_or_elsewhere(part: str) -> None:
    with pytest.raises(BadNameError):
        sysctl_of("net", part, "rp_filter")


@given(st.text(st.sampled_from("ab./-_ \n\0é"), max_size=30))
def test_no_sysctl_leads_out_of_its_folder(text: str) -> None:
    try:
        parts = sysctl_parts(sysctl_key(text))
    except BadNameError:
        return
    assert not {"", ".", ".."} & set(parts)
    assert not any("/" in part or "\0" in part for part in parts)


def test_addresses_of_links() -> None:
    infiniband = ":".join(["80"] * 20)
    for text in ("02:42:ac:11:00:02", infiniband, "10.0.0.1", "fe80::1"):
        assert link_address(text) == text
    assert ethernet_address("02:42:AC:11:00:02") == "02:42:AC:11:00:02"
    for text in ("", "02:42:ac:11:00:0", "02:42:ac:11:00:02\n", "g2:42:ac:11:00:02", "02 42", "ip", "1.2.3"):
        with pytest.raises(BadNameError):
            link_address(text)
    for text in ("10.0.0.1", "02:42:ac:11:00", "02:42:ac:11:00:02:03", "02:42:ac:11:00:02 "):
        with pytest.raises(BadNameError):
            ethernet_address(text)


@pytest.mark.parametrize("make", [chain_name, set_name, nft_name], ids=lambda one: one.__name__)
@pytest.mark.parametrize("name", ["", "a b", "a\nb", "a\tb", 'a"b', "a" * 300, "\u2028"], ids=repr)
def test_names_in_rule_sets(make: Callable[[str], str], name: str) -> None:
    with pytest.raises(BadNameError):
        make(name)


def test_usual_names_in_rule_sets() -> None:
    assert all(map(chain_name, ("DOCKER-ISOLATION-STAGE-1", "ufw6-before-input", "a" * 28)))
    assert all(map(set_name, ("cali40all-ipam-pools", "a" * 31)))
    assert nft_name("f2b-table") == "f2b-table"
    for name in ("-A", "!x", "a" * 29):
        with pytest.raises(BadNameError):
            chain_name(name)
    with pytest.raises(BadNameError):
        set_name("-exist")
