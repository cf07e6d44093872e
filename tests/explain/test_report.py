"""The report around the lines: sections, lines that could not be read, what was not captured."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho.errors import UsageError
from sekisho.explain.report import explain
from sekisho.explain.words import sentences
from sekisho.sources.load import load, load_text
from tests.explain.snapshots import EXAMPLES


def snapshot(folder: Path, **files: str) -> str:
    for name, text in files.items():
        (folder / f"{name.replace('_', '-')}.txt").write_text(text, encoding="utf-8")
    return str(folder)


def test_an_unreadable_line_stands_in_its_place_with_the_reason(tmp_path: Path) -> None:
    path = snapshot(
        tmp_path, ip_route="default via 10.0.0.1 dev eth0\n10.0.0.999 dev eth0\n10.9.0.0/16 dev eth0\n"
    )
    (section,) = explain(load(path), ("routes",), "en").sections
    assert [(line.line, line.read) for line in section.lines] == [(1, True), (2, False), (3, True)]
    words = sentences(section.lines[1].messages, "en")
    assert words.startswith("Sekisho could not read this line (")
    assert "10.0.0.999" in words or "10.0.0.999" in section.lines[1].text


def test_a_line_that_is_read_in_part_stands_there_once(tmp_path: Path) -> None:
    save = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
    save += "-A INPUT -s 10.0.0.0/8 --wonder 7 -j DROP\n-A INPUT -p tcp -m tcp --dp"
    sections = explain(load(snapshot(tmp_path, iptables_save=save)), ("filter",), "en").sections
    lines = [line for section in sections for line in section.lines]
    assert [line.line for line in lines] == [1, 2, 3, 4, 5, 6]
    for line, part in ((lines[4], "--wonder"), (lines[5], "--dp")):
        words = sentences(line.messages, "en")
        assert part in words
        assert "answers that depend on it are undetermined" in words


def test_a_missing_part_is_not_called_empty() -> None:
    found = explain(load(str(EXAMPLES / "host-10.1.0.81")), ("filter", "sockets"), "en")
    assert [section.name for section in found.sections] == ["filter", "sockets"]
    for section in found.sections:
        assert not section.lines
        assert "which does not mean that there is nothing" in sentences(section.remarks, "en")


def test_a_second_back_end_is_pointed_out(tmp_path: Path) -> None:
    listing = "# Warning: iptables-legacy tables present, use iptables-legacy to see them\n-P INPUT ACCEPT\n"
    path = snapshot(tmp_path, iptables_filter=listing + "-P FORWARD DROP\n-P OUTPUT ACCEPT\n")
    (section,) = explain(load(path), ("filter",), "en").sections
    assert [line.line for line in section.lines] == [1, 2, 3, 4]
    assert "The kernel runs both" in sentences(section.lines[0].messages, "en")


def test_sections_can_be_chosen() -> None:
    loaded = load(str(EXAMPLES / "host-10.1.0.81"))
    assert {section.name for section in explain(loaded, ("nat",), "en").sections} == {"nat"}
    assert not explain(loaded, ("nat",), "en").picture
    assert explain(loaded, ("picture",), "en").picture
    assert not explain(loaded, ("picture",), "en").sections
    assert {section.name for section in explain(loaded, (), "ja").sections} == {"routes", "nat", "sysctl"}


def test_an_unknown_section_is_refused_with_the_list() -> None:
    with pytest.raises(UsageError, match="no section is called 'natt'") as caught:
        explain(load(str(EXAMPLES / "host-10.1.0.81")), ("natt",), "en")
    assert "nat" in caught.value.advice


def test_neighbouring_lines_with_one_explanation_share_it(tmp_path: Path) -> None:
    path = snapshot(tmp_path, sysctl="vm.swappiness = 60\nvm.overcommit_memory = 0\nfoo.bar = 1\n")
    text = explain(load(path), ("sysctl",), "en").to_text(color=False)
    assert text.count("Does not decide where packets go.") == 1
    assert "vm.swappiness = 60\nvm.overcommit_memory = 0\n    Does not" in text
    assert "foo.bar = 1\n    Not known to Sekisho" in text


@pytest.mark.parametrize(
    ("settings", "want"),
    [
        ("net.ipv4.ip_forward = 0\n", "forwarding is off"),
        (
            "net.ipv4.conf.all.rp_filter = 2\nnet.ipv4.conf.eth0.rp_filter = 1\n",
            "and conf.all's (2) counts: 2.",
        ),
        ("net.ipv4.conf.eth0.rp_filter = 1\n", "that one was not captured"),
        ("net.ipv4.conf.br0.route_localnet = 1\n", "127.0.0.0/8 may be routed on br0"),
        ("net.bridge.bridge-nf-call-iptables = 1\n", "PREROUTING, FORWARD and POSTROUTING"),
        ("net.ipv4.ip_local_port_range = 32768\t60999\n", "(32768-60999)"),
        ("net.netfilter.nf_conntrack_max = 262144\n", "At most 262144 connections"),
        ("net.ipv6.conf.all.forwarding = 1\n", "IPv6 forwarding of the whole host, value 1"),
        ("net.ipv4.ip_forward = 0\nnet.ipv4.ip_forward = 1\n", "the last line counts"),
    ],
)
def test_settings(tmp_path: Path, settings: str, want: str) -> None:
    text = explain(load(snapshot(tmp_path, sysctl=settings)), ("sysctl",), "en").to_text(color=False)
    assert want in " ".join(text.split())


@pytest.mark.parametrize(
    ("route", "want"),
    [
        (
            "default via 10.0.0.1 dev eth0 metric 50\ndefault via 10.0.0.2 dev eth1 metric 90",
            "metric 50 comes first",
        ),
        ("blackhole 10.9.0.0/16", "dropped without a word"),
        ("unreachable 10.9.0.0/16", "host is unreachable"),
        ("throw 10.9.0.0/16", "next policy rule is asked"),
        ("10.9.0.0/16 via 10.0.0.9 dev eth0 onlink", "is taken to be on the link of eth0"),
        ("10.9.0.0/16 dev eth1 linkdown", "no carrier"),
        ("10.9.0.0/16 dev eth1 mtu 1400", "at most 1400 bytes"),
        (
            "10.9.0.0/16 \n\tnexthop via 10.0.0.2 dev eth0 weight 1 "
            "\n\tnexthop via 10.0.0.3 dev eth1 weight 2 ",
            "spread over 2 next hops, connection by connection, by weight: 10.0.0.2 out of eth0 (weight 1)",
        ),
    ],
)
def test_routes(tmp_path: Path, route: str, want: str) -> None:
    text = explain(load(snapshot(tmp_path, ip_route=route + "\n")), ("routes",), "en").to_text(color=False)
    assert want in " ".join(text.split())


@pytest.mark.parametrize(
    ("chain", "owner"),
    [
        ("ufw-user-input", "ufw"), ("f2b-sshd", "fail2ban"), ("KUBE-SERVICES", "Kubernetes"),
        ("cali-FORWARD", "Calico"), ("LIBVIRT_FWI", "libvirt"), ("ts-forward", "Tailscale"),
        ("DOCKER-USER", "leaves its rules to the administrator"), ("MINE", "passed only when a rule jumps"),
    ],
)  # fmt: skip
def test_chains_tell_who_writes_them(tmp_path: Path, chain: str, owner: str) -> None:
    save = f"*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [7:420]\n:{chain} - [0:0]\nCOMMIT\n"
    text = " ".join(
        explain(load(snapshot(tmp_path, iptables_save=save)), ("filter",), "en").to_text(False).split()
    )
    assert owner in text
    assert "No captured rule calls it" in text
    assert "7 packets (420 bytes) met the policy so far." in text


SYSCTL_FILES = """\
==> /etc/sysctl.d/10-router.conf <==
# routes
net.ipv4.ip_forward = 1
==> /usr/lib/sysctl.d/10-router.conf <==
net.ipv4.conf.*.rp_filter = 2
==> /etc/sysctl.d/README <==
==> /etc/sysctl.conf <==
net/ipv4/ip_forward=0
-net.ipv4.conf.tun0.rp_filter
"""


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ["number 1 of the 2", "A comment", "It does not last: line 8", "is not applied", "no effect",
                "only files ending in .conf", "number 2 of the 2", "captured the value was 1", "Takes "]),
        ("ja", ["2個のうち1番目", "コメント", "8行目", "適用されません", "効果はありません",
                ".conf で終わる", "2個のうち2番目", "時点の値は 1", "外します"]),
    ],
)  # fmt: skip
def test_files_that_set_sysctls(lang: str, words: list[str], tmp_path: Path) -> None:
    path = snapshot(tmp_path, sysctl="net.ipv4.ip_forward = 1\n", sysctl_files=SYSCTL_FILES)
    (section,) = explain(load(path), ("sysctl-files",), lang).sections
    assert [line.text for line in section.lines] == SYSCTL_FILES.splitlines()
    for line, word in zip(section.lines, words, strict=True):
        assert word in sentences(line.messages, lang)


# What a snapshot of this file, next to a route, has in the section; a session that was pasted has "hello".
@pytest.mark.parametrize(
    ("section", "name", "text", "shown"),
    [
        ("notes", "capture-notes.txt", "iptables-save.txt: iptables-save: not found\n", "not found"),
        ("notes", "foo.txt", "hello\n", "foo.txt"),
        ("notes", "pasted", "hello\n$ ip route\ndefault via 10.0.0.1 dev eth0\n", "hello"),
        (
            "unread",
            "pasted",
            "via 10.0.7.1 dev x scope link\n\n$ ip route\ndefault via 10.0.0.1 dev eth0\n",
            "via 10.0.7.1",
        ),
    ],
)
def test_notes_and_unread_lines_are_sections_like_others(
    section: str, name: str, text: str, shown: str, tmp_path: Path
) -> None:
    path = snapshot(tmp_path, ip_route="default via 10.0.0.1 dev eth0\n")
    (empty,) = explain(load(path), (section,), "en").sections
    assert sentences(empty.remarks, "en") == "There are none."
    (tmp_path / name).write_text(text, encoding="utf-8")
    with_it = str(tmp_path / name) if name == "pasted" else path
    (found,) = explain(load(with_it), (section,), "en").sections
    assert [line.text for line in found.lines if shown in line.text]
    assert section not in {each.name for each in explain(load(with_it), ("routes",), "en").sections}


def test_a_listing_that_lacks_chains_is_shown_whole(tmp_path: Path) -> None:
    """That FORWARD is missing is said of the file; column heads and strange lines are shown all the same."""
    listing = tmp_path / "iptables-filter.txt"
    listing.write_text(
        "Chain INPUT (policy ACCEPT)\n"
        "target     prot opt source               destination\n"
        "DROP       all  --  10.0.0.1             0.0.0.0/0\n"
        "something strange\n"
    )
    explanation = explain(load(str(listing)), ("filter",), "en")
    lines = [line for section in explanation.sections for line in section.lines]
    assert [line.line for line in lines if line.line] == [1, 2, 3, 4]


PAGE = """$ ip rule
0:\tfrom all lookup local
5210:\tfrom all fwmark 0x80000/0xff0000 lookup main
32765:\tnot from all fwmark 0xca6c lookup 51820
32766:\tfrom all lookup main
$ ip route
default via 192.0.2.1 dev eth0 src 192.0.2.10
[...]
192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.10

Does that help?
"""


@pytest.mark.parametrize(
    ("line", "english"),
    [
        ("32765:\tnot from", "All packets except those that carry the mark 0xca6c are looked up"),
        ("5210:\tfrom", "Packets that carry the mark 0x80000/0xff0000 are looked up"),
        ("[...]", "The page leaves something out here"),
        ("Does that", "Words beside the listings"),
    ],
)
def test_lines_of_a_page(line: str, english: str) -> None:
    found = explain(load_text(PAGE), (), "en")
    (told,) = [each for section in found.sections for each in section.lines if each.text.startswith(line)]
    assert sentences(told.messages, "en").startswith(english)
