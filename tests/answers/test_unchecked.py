"""Each kind of fact that lint's checks ask for is named where it was not captured, and not where it was."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sekisho.answers.lint import lint
from sekisho.explain.words import say
from sekisho.sources.load import load

WHOLE = Path(__file__).parents[1] / "data" / "docker" / "28.5.2" / "two-custom-networks"
LO = "1: lo    inet 127.0.0.1/8 scope host lo\n"
TWO = (
    LO + "2: eth0    inet 192.0.2.5/24 scope global eth0\n3: eth1    inet 198.51.100.5/24 scope global eth1\n"
)
RULE = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n"
ROUTE = "default via 192.0.2.1 dev eth0\n192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.5\n"

# What is taken from the whole capture, and the words that name it.
GONE: list[tuple[tuple[str, ...], str]] = [
    (("ip-route",), "what depends on routes: ip route was not captured"),
    (("ip-link", "ip-addr"), "whether their MTUs fit: ip -d link was not captured"),
    (("ip-addr", "ip-route-table-all"), "whether the bridges have their addresses: ip addr was not captured"),
    (("ss",), "whether docker-proxy listens on published ports: ss -lntup was not captured"),
    (("sysctl",), "what depends on kernel settings: sysctl net.ipv4.ip_forward"),
    (("ip6tables", "nft-ruleset"), "(ip6tables-save shows them)"),
    (("iptables", "nft-ruleset"), "filter, mangle, nat, raw, security (iptables-save shows them)"),
]  # fmt: skip


def _left(folder: Path, lang: str = "en") -> list[str]:
    return [say(code, args, lang) for code, args in lint(load(str(folder))).left_out]


@pytest.mark.parametrize(("starts", "words"), GONE, ids=[" ".join(starts) for starts, _ in GONE])
def test_what_is_gone_is_named(starts: tuple[str, ...], words: str, tmp_path: Path) -> None:
    folder = tmp_path / "host"
    shutil.copytree(WHOLE, folder)
    assert not any(words in each for each in _left(folder))
    for path in folder.glob("*.*"):
        if path.name.startswith(starts):
            path.unlink()
    assert any(words in each for each in _left(folder))


# Texts of a small host, and the (message, first argument) of what is left out or not.
TEXTS: list[tuple[str, dict[str, str], tuple[str, str], bool]] = [
    ("a save that holds rules outside of tables", {"iptables-save.txt": RULE + "-A OWN -j DROP\n"},
     ("lint.partial", "iptables"), True),
    ("a whole one", {"iptables-save.txt": RULE}, ("lint.partial", "iptables"), False),
    ("two interfaces, and no policy rules", {"ip-addr.txt": TWO},
     ("lint.not-captured", "lint.about.rules"), True),
    ("one interface", {"ip-addr.txt": TWO[: TWO.index("3:")]},
     ("lint.not-captured", "lint.about.rules"), False),
    ("a text that ends in a line", {"ipset-save.txt": "create a hash:ip family inet\nadd a 192.0.2.9"},
     ("text-ends-in-a-line", "ipset-save.txt"), True),
    ("sets that were not captured", {}, ("lint.not-captured", "lint.about.sets"), True),
    ("none", {"ipset-save.txt": "create a hash:ip family inet\n"},
     ("lint.not-captured", "lint.about.sets"), False),
    ("a set whose element nobody can read", {"ipset-save.txt": "create a hash:ip family inet\nadd a\n"},
     ("lint.unread", "ipset-save.txt:2"), True),
    ("IPv6, and no routes of it", {"ip-addr.txt": f"{TWO}3: eth1    inet6 2001:db8::5/64 scope global\n"},
     ("lint.not-captured", "ip -6 route"), True),
    ("IPv6 nowhere", {}, ("lint.not-captured", "ip -6 route"), False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "left", "told"), [each[1:] for each in TEXTS], ids=[each[0] for each in TEXTS]
)
def test_texts_in_part(files: dict[str, str], left: tuple[str, str], told: bool, tmp_path: Path) -> None:
    for name, text in {"ip-route.txt": ROUTE, **files}.items():
        (tmp_path / name).write_text(text)
    found = {(code, arg) for code, args in lint(load(str(tmp_path))).left_out for arg in args}
    assert (left in found) is told


def test_a_command_that_failed_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "ip-route.txt").write_text(ROUTE)
    (tmp_path / "capture-manifest.txt").write_text(
        f"0 {len(ROUTE)} 2 ip-route.txt: ip route\n0 9 1 ip-rule.txt: ip rule\n"
    )
    [told] = [each for each in _left(tmp_path) if "ip rule" in each]
    assert "manifest-lost" not in told
    assert "its file was taken out" in told


def test_what_followed_packets_leans_and_doubts(tmp_path: Path) -> None:
    """Whether a port is open to all is asked of a packet: its leans are those of the finding, too."""
    folder = tmp_path / "host"
    shutil.copytree(WHOLE, folder)
    for path in folder.glob("ip-rule*"):
        path.unlink()
    found = lint(load(str(folder)))
    assert "policy-rules-not-captured" in {lean.code for lean in found.leans_on}
    save = folder / "iptables-save.txt"
    save.write_text(
        save.read_text()
        .replace(":FORWARD DROP", ":FORWARD STRANGE")
        .replace("-A DOCKER -d", "-A DOCKER -m x -d")
    )
    for path in folder.glob("*tables-*.txt"):
        if path != save:
            path.unlink()
    open_ = lint(load(str(folder)))
    assert "trap.data-port-open.maybe" in {one.id for one in open_.findings}
    assert open_.doubts
