"""What is said of IPsec, tc, virtual services and WireGuard, and of settings by the table's three words."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho.explain.beside import explain_beside
from sekisho.explain.context import HostContext
from sekisho.explain.sysctl import explain_sysctl
from sekisho.model.beside import BesideKind
from sekisho.sources import beside
from sekisho.sources.load import load


@pytest.mark.parametrize(
    ("kind", "text", "ids"),
    [
        ("xfrm", "src 10.0.0.0/8 dst ::/0 \n\tdir out priority 0\n", ["beside.policy"]),
        ("xfrm", "src 0.0.0.0/0 dst 0.0.0.0/0 \n\tsocket in priority 0\n", ["beside.policy.socket"]),
        ("tc", "tc filter show dev eth0 egress\nfilter protocol all pref 1 bpf\n", ["beside.filter"]),
        ("tc", "qdisc netem 1: dev eth0 root refcnt 2\n", ["beside.losing"]),
        ("tc", "qdisc mq 0: dev eth0 root refcnt 2\n", ["beside.queue"]),
        ("ipvs", "-A -t 192.0.2.1:80 -s rr\n-A -f 5 -s rr\n", ["beside.service", "beside.mark"]),
        ("wireguard", "wg0\t10.0.0.2/32\nwg0\t(none)\n", ["beside.peer", "beside.peer.none"]),
    ],
)
def test_each_entry_is_explained(kind: BesideKind, text: str, ids: list[str]) -> None:
    facts = beside.parse(kind, text, "f").facts
    assert [message.code for fact in facts for message in explain_beside(fact)] == ids


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("net.ipv6.conf.eth0.use_oif_addrs_only = 1", "sysctl.not_modelled"),
        ("net.ipv6.conf.eth0.use_oif_addrs_only = 0", "sysctl.harmless"),
        ("net.ipv6.conf.eth0.use_tempaddr = 2", "sysctl.irrelevant"),
        ("net.ipv6.no_such_setting = 1", "sysctl.unknown"),
    ],
)
def test_a_setting_without_words_of_its_own_has_those_of_the_table(
    tmp_path: Path, line: str, said: str
) -> None:
    (tmp_path / "sysctl.txt").write_text(f"{line}\n")
    snapshot = load(str(tmp_path))
    [item] = snapshot.host.sysctls or ()
    context = HostContext(snapshot, snapshot.host)
    assert [message.code for message in explain_sysctl(item, context)] == [said]
