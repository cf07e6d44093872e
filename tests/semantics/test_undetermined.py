"""Never guess: what was captured and is damaged or unknown leaves the answers open that depend on it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sekisho.answers.reach import Question as Reachability
from sekisho.answers.reach import reach
from sekisho.answers.trace import Question, trace
from sekisho.semantics.journey import Journey
from sekisho.semantics.world import World
from sekisho.sources.load import load, load_text

HOST = Path(__file__).resolve().parents[2] / "examples" / "host-10.1.0.81"
PUBLISHED = ("internet", "10.1.0.81:3306")
OUT = ("172.18.0.2", "8.8.8.8:443")

Edit = tuple[str, str, str]
ROUTE, NAT, SYSCTL = "ip-route.txt", "iptables-nat.txt", "sysctl.txt"
FORWARD = "net.ipv4.ip_forward = 1"


def damaged(folder: Path, *edits: Edit) -> Path:
    """The example with texts replaced; a text "" is an added line, a file that is not there a new one."""
    shutil.copytree(HOST, folder)
    for name, before, after in edits:
        file = folder / name
        text = file.read_text() if file.exists() else ""
        assert before in text, before
        file.write_text(text.replace(before, after, 1) if before else text + after + "\n")
    return folder


def ask(folder: Path, source: str, target: str) -> Journey:
    return trace(World(load(str(folder))), Question(source, target))


SS = "tcp LISTEN 0 128 0.0.0.x:22 0.0.0.0:*\ntcp LISTEN 0 128 0.0.0.0:25 0.0.0.0:*"
ADDRESSES = """\
2: eth0: <UP> mtu 1500
    inet 10.1.0.81/24 scope global eth0
    inet 10.1.0.8x/24 scope global noprefixroute eth0
3: br-528a7aa7b156: <UP> mtu 1500
    inet 172.18.0.1/16 scope global br-528a7aa7b156"""
RULES = "0:\tfrom all lookup local\n100:\tfrom 1.2.3.4/77 lookup 7"
LIMIT = "-P FORWARD DROP\n-A FORWARD -m limit --limit 5/min -j ACCEPT"
CUT = "*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -s 1.2"
TABLE: list[tuple[str, Edit, tuple[str, str]]] = [
    ("route-line-unread", (ROUTE, "via 10.1.0.1", "via 10.1.0.999"), OUT),
    ("route-line-unread", (ROUTE, "", "10.1.0.0/99 dev eth0"), OUT),
    ("route-line-unread", ("ip-rule.txt", "", RULES), OUT),
    ("route-not-understood", (ROUTE, "", "nat 8.8.8.0/24 via 10.1.0.9 dev eth0"), OUT),
    ("sysctl-not-understood", (SYSCTL, FORWARD, "net.ipv4.ip_forward ="), PUBLISHED),
    ("sysctl-not-understood", (SYSCTL, FORWARD, "net.ipv4.ip_forward = yes"), PUBLISHED),
    ("sysctl-not-understood", (SYSCTL, "", "net.ipv4.conf.eth0.rp_filter = 1x"), PUBLISHED),
    ("sysctl-not-understood", (SYSCTL, "", "net.ipv4.conf.eth0.forwarding = ?"), PUBLISHED),
    ("target-not-understood", (NAT, "0 0 DNAT", "0 0 FROBNICATE"), PUBLISHED),
    ("match-not-understood", (NAT, "tcp dpt:3306 to", "tcp dpt:3306 quux 5 to"), PUBLISHED),
    ("match-not-understood", (NAT, "tcp dpt:3306 to", "tcp dpt:33x6 to"), PUBLISHED),
    ("policy-not-understood", (NAT, "POSTROUTING (policy ACCEPT", "POSTROUTING (policy MAYBE"), PUBLISHED),
    ("socket-line-unread", ("ss.txt", "", SS), ("internet", "10.1.0.81:22")),
    ("address-line-unread", ("ip-addr.txt", "", ADDRESSES), OUT),
    ("rate-limit", ("iptables-filter.txt", "", LIMIT), OUT),
    ("table-incomplete", ("iptables-save.txt", "", CUT), OUT),
]  # fmt: skip


@pytest.mark.parametrize(("code", "edit", "question"), TABLE)
def test_damage_is_named(tmp_path: Path, code: str, edit: Edit, question: tuple[str, str]) -> None:
    # The untouched host has an answer.
    assert ask(HOST, *question).forward.disposition in ("delivered", "exits")
    found = ask(damaged(tmp_path / "s", edit), *question)
    assert found.forward.disposition == "undetermined"
    assert code in {doubt.code for doubt in found.forward.doubts}
    place = next(doubt.evidence for doubt in found.forward.doubts if doubt.code == code)
    assert place is not None
    assert place.file == edit[0]


def test_damage_that_does_not_matter_leaves_the_answer(tmp_path: Path) -> None:
    """A rule for another port, a setting of another interface: nothing depends on them."""
    folder = damaged(
        tmp_path / "s",
        (NAT, "tcp dpt:8080 to", "tcp dpt:8080 quux 5 to"),
        (SYSCTL, "", "net.ipv4.conf.docker0.rp_filter = x"),
    )
    assert ask(folder, *PUBLISHED).forward.disposition == "delivered"


@pytest.mark.parametrize("name", ["stdin", "session.txt"])
def test_pasted_text_is_as_strict_as_files(name: str) -> None:
    text = "$ ip route\n" + (HOST / ROUTE).read_text().replace("via 10.1.0.1", "via 10.1.0.999")
    text += "default via 10.1.0.1 dev eth0 metric 500\n$ iptables -t nat -nL -v\n" + (HOST / NAT).read_text()
    found = trace(World(load_text(text, name)), Question(*OUT))
    assert [doubt.code for doubt in found.forward.doubts] == ["route-line-unread"]


def test_both_ends_of_an_open_question_are_told(tmp_path: Path) -> None:
    rules = "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -m limit --limit 5/min -j ACCEPT\nCOMMIT"
    found = ask(damaged(tmp_path / "s", ("iptables-save.txt", "", rules)), *OUT)
    assert [way.disposition for way in found.forward.ways] == ["dropped", "exits"]
    assert found.reply is None


def test_an_open_question_that_decides_nothing_is_no_matter(tmp_path: Path) -> None:
    rules = "*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m limit --limit 5/min -j LOG\n"
    rules += "-A FORWARD -m limit --limit 5/min -j ACCEPT\nCOMMIT"
    found = ask(damaged(tmp_path / "s", ("iptables-save.txt", "", rules)), *OUT)
    assert found.forward.disposition == "exits"
    assert found.forward.ways == ()


@pytest.mark.parametrize(
    ("setting", "wanted"), [("1", "delivered"), ("0", "dropped"), (None, "undetermined")]
)
def test_what_br_netfilter_decides_on_the_way_up_is_asked_of_it(
    tmp_path: Path, setting: str | None, wanted: str
) -> None:
    """A neighbour's published port: seen on the bridge, the packet stays there, and nobody takes off its TTL
    (br_nf_pre_routing_finish)."""
    rules = "*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m ttl --ttl-lt 255 -j DROP\nCOMMIT\n"
    rules += "*nat\n:PREROUTING ACCEPT [0:0]\n"
    rules += "-A PREROUTING -p tcp -m tcp --dport 3306 -j DNAT --to-destination 172.18.0.2:3306\nCOMMIT"
    folder = damaged(
        tmp_path / "s",
        ("iptables-save.txt", "", rules),
        *((SYSCTL, "", f"net.bridge.bridge-nf-call-iptables = {one}") for one in (setting,) if one),
    )
    world = World(load(str(folder)))
    assert (
        trace(world, Question("172.18.0.3", "10.1.0.81:3306", stated=(("ttl", 255),))).forward.disposition
        == wanted
    )
    (cell,) = reach(world, Reachability("172.18.0.3", "10.1.0.81:3306", proto="tcp")).cells
    # The TTL of the answer is stated by nobody.
    assert (cell.status == "no") == (wanted == "dropped")
    assert ("sysctl-decides" in {doubt.code for doubt in cell.doubts}) == (setting is None)


LINKS = """\
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP mode DEFAULT group default
    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff
3: br-528a7aa7b156: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT
    link/ether 02:00:00:00:00:02 brd ff:ff:ff:ff:ff:ff promiscuity 0
    bridge forward_delay 1500
"""


@pytest.mark.parametrize(("before", "after", "wanted"), [
    ("2: eth0: <BROADCAST", "2 eth0 <BROADCAST", "undetermined"),  # may be down
    ("2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP>", "2: eth0: <BROADCAST,MULTICAST>", "link_down"),
    ("eth0: <BROADCAST", "eth0: <MASTER,BROADCAST", "exits"),
])  # fmt: skip
def test_whether_an_interface_carries_frames_is_asked_of_its_line(
    tmp_path: Path, before: str, after: str, wanted: str
) -> None:
    folder = damaged(tmp_path / "s", ("ip-link.txt", "", LINKS.replace(before, after)))
    world = World(load(str(folder)))
    found = trace(world, Question(*OUT)).forward
    assert found.disposition == wanted
    (cell,) = reach(world, Reachability(OUT[0], OUT[1], proto="tcp")).cells
    assert cell.status == {"undetermined": "perhaps", "link_down": "no", "exits": "yes"}[wanted]
    for doubts in (found.doubts, cell.doubts):
        assert ("link-line-unread" in {doubt.code for doubt in doubts}) == (wanted == "undetermined")


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("    inet 10.1.0.7/24 scope global eth0", "dropped"),
        ("    inet 10.1.0.77/24 scope global eth0", "delivered"),
        ("    inet 10.1.0.7x/24 scope global eth0", "undetermined"),
    ],
)
def test_an_address_that_could_not_be_read_may_be_the_one_of_which_a_rule_asks(
    tmp_path: Path, line: str, wanted: str
) -> None:
    rules = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m addrtype --src-type LOCAL -j DROP\nCOMMIT"
    addresses = ADDRESSES.replace("    inet 10.1.0.8x/24 scope global noprefixroute eth0", line)
    loose = "net.ipv4.conf.all.accept_local = 1\nnet.ipv4.conf.all.rp_filter = 0"
    folder = damaged(
        tmp_path / "s",
        ("ip-addr.txt", "", addresses),
        ("iptables-save.txt", "", rules),
        (SYSCTL, "", loose + "\nnet.ipv4.conf.eth0.rp_filter = 0"),
    )
    found = ask(folder, "10.1.0.7", "10.1.0.81:22").forward
    assert found.disposition == wanted
