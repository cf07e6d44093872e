"""What a file's text tells of being whole, and remarks between its lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho.answers.reach import Question as ReachQuestion
from sekisho.answers.reach import reach
from sekisho.answers.trace import Question, trace
from sekisho.semantics.journey import Lean
from sekisho.semantics.world import World
from sekisho.sources import iptables_save
from sekisho.sources.load import load

ROUTES = "default via 192.0.2.1 dev eth0\n192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.10\n"
ADDRESSES = """1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536
    inet 127.0.0.1/8 scope host lo
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500
    inet 192.0.2.10/24 scope global eth0
"""
FILES = {
    "ip-route.txt": ROUTES,
    "ip-rule.txt": "0:\tfrom all lookup local\n32766:\tfrom all lookup main\n",
    "ip-neigh.txt": "192.0.2.1 dev eth0 lladdr 02:00:00:00:00:01 REACHABLE\n",
    "ss.txt": "tcp   LISTEN 0 128 0.0.0.0:22 0.0.0.0:*\n",
    "sysctl.txt": "net.ipv4.ip_forward = 1\nnet.ipv4.conf.all.rp_filter = 0\n",
    "conntrack.txt": "udp 17 29 src=192.0.2.10 dst=192.0.2.1 sport=5 dport=53 src=192.0.2.1 dst=192.0.2.10"
    " sport=53 dport=5 mark=0 use=1\n",
}  # fmt: skip


def world(folder: Path, **changed: str) -> World:
    for name, text in {**FILES, **changed}.items():
        (folder / name).write_text(text)
    return World(load(str(folder)))


@pytest.mark.parametrize("name", list(FILES))
def test_a_remark_between_lines_changes_nothing(name: str, tmp_path: Path) -> None:
    lines = FILES[name].splitlines(keepends=True)
    remarked = "".join(f"# what stands here is\n{line}" for line in lines) + "  # all of it\n"
    for folder in ("plain", "remarked"):
        (tmp_path / folder).mkdir()
    plain, other = world(tmp_path / "plain"), world(tmp_path / "remarked", **{name: remarked})
    assert other.site.host.facts.unread == ()
    question = Question("198.51.100.7", "192.0.2.10:22", "tcp", 40000, iface="eth0")
    found, same = trace(plain, question), trace(other, question)
    assert (found.works, found.leans_on) == (same.works, same.leans_on) == (True, found.leans_on)


def test_a_last_line_without_its_end_is_said(tmp_path: Path) -> None:
    """``src 192.0.2.1`` may have been ``src 192.0.2.10``."""
    here = world(tmp_path, **{"ip-route.txt": ROUTES[:-2]})
    lean = Lean("text-ends-in-a-line", ("ip-route.txt",))
    assert lean in trace(here, Question("198.51.100.7", "192.0.2.10:22", "tcp", 40000)).leans_on
    assert lean in reach(here, ReachQuestion("internet", "host:22", "tcp")).leans_on
    assert here.site.snapshot.host.cut_files == ("ip-route.txt",)


@pytest.mark.parametrize("name", ["ss.txt", "ip-route.txt", "iptables-save.txt"])
def test_an_empty_file_of_the_host_is_said(name: str, tmp_path: Path) -> None:
    """These commands print nothing where there is nothing, and nothing without the rights to look."""
    here = world(tmp_path, **{name: "", "ip-addr.txt": ADDRESSES})
    lean = Lean("text-empty", (name,))
    assert lean in trace(here, Question("192.0.2.20", "192.0.2.10:22", "tcp", 40000, iface="eth0")).leans_on


def test_strange_connections_refuse_nothing(tmp_path: Path) -> None:
    """No answer about packets needs them; what could not be read is told as such."""
    here = world(tmp_path, **{"conntrack.txt": "conntrack v1.4.7: Operation failed\n"})
    assert [line.evidence.file for line in here.site.snapshot.host.unread] == ["conntrack.txt"]
    assert trace(here, Question("198.51.100.7", "192.0.2.10:22", "tcp", 40000, iface="eth0")).works


def test_all_tables_without_the_local_one_are_not_all(tmp_path: Path) -> None:
    """``ip route show table all`` shows the local routes of every namespace whose lo is up."""
    (tmp_path / "ip-route-table-all.txt").write_text(f"{ROUTES}203.0.113.0/24 dev wg0 table 51820\n")
    assert load(str(tmp_path)).host.route_tables == {(4, "main"), (4, "51820")}
    whole = f"{ROUTES}local 192.0.2.10 dev eth0 table local proto kernel scope host src 192.0.2.10\n"
    (tmp_path / "ip-route-table-all.txt").write_text(whole)
    assert load(str(tmp_path)).host.route_tables == {(4, "all")}


def test_an_address_that_cannot_be_read_may_be_the_one(tmp_path: Path) -> None:
    """``inet x.x.x.x/24 scope global eth0``: the host does not send from docker0's address for that."""
    hidden = (
        ADDRESSES.replace("192.0.2.10/24", "x.x.x.x/24")
        + "3: docker0: <UP> mtu 1500\n    inet 172.17.0.1/16\n"
    )
    routes = ROUTES.replace(" src 192.0.2.10", "") + "172.17.0.0/16 dev docker0 proto kernel scope link\n"
    here = world(tmp_path, **{"ip-addr.txt": hidden, "ip-route.txt": routes})
    found = trace(here, Question("host", "192.0.2.20:22", "tcp", 40000))
    assert found.works is None
    [doubt] = found.forward.doubts[:1]
    assert "address" in doubt.code


def test_a_route_that_is_missing_leans_too(tmp_path: Path) -> None:
    """No route, because the file is empty: the answer says so."""
    here = world(tmp_path, **{"ip-addr.txt": ADDRESSES, "ip-route.txt": ""})
    found = trace(here, Question("host", "198.51.100.9:22", "tcp", 40000))
    assert found.forward.disposition == "no_route"
    assert Lean("text-empty", ("ip-route.txt",)) in found.leans_on


@pytest.mark.parametrize("last", [False, True])
def test_a_head_without_its_table(last: bool) -> None:
    """iptables-save writes a head and a foot around every table; here one was taken out between them."""
    head = "# Generated by iptables-save v1.8.9 (nf_tables) on Mon Nov 30 12:00:00 2026\n"
    foot = "# Completed on Mon Nov 30 12:00:00 2026\n"
    whole = f"{head}*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n{foot}"
    text = f"{whole}{head}{foot}" if last else f"{head}{foot}{whole}"
    [ruleset] = iptables_save.parse(text, "iptables-save.txt").facts
    assert ruleset.incomplete is not None
    assert not ruleset.complete
    [ruleset] = iptables_save.parse(whole, "iptables-save.txt").facts
    assert ruleset.complete
