"""Lines that were wrapped read as one where that is certain, and nowhere else."""

from __future__ import annotations

import pytest

from sekisho.sources.paste_wrapped import rejoined
from sekisho.sources.recognise import Format as F

HEAD = "target prot opt source destination"


@pytest.mark.parametrize(
    ("format_", "lines", "first"),
    [
        (F.IP_ROUTE, ["default via 192.0.2.1 dev", "eth0 metric 5"],
         "default via 192.0.2.1 dev eth0 metric 5"),
        (F.IP_ROUTE, ["default via 192.0.2.1 dev eth0", "proto dhcp"],
         "default via 192.0.2.1 dev eth0 proto dhcp"),
        (F.IP_ROUTE, ["192.168.200.0/24 via 192.168.100.200 dev br-0123456789ab proto st", "atic metric 50"],
         "192.168.200.0/24 via 192.168.100.200 dev br-0123456789ab proto static metric 50"),
        (F.IPTABLES_S, ["-A INPUT -p tcp -m tcp --dport 80", "-j ACCEPT"],
         "-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT"),
        (F.IPTABLES_S, ["-A INPUT -p tcp -m tcp --dport", "80 -m conntrack --ctstate", "NEW -j ACCEPT"],
         "-A INPUT -p tcp -m tcp --dport 80 -m conntrack --ctstate NEW -j ACCEPT"),
        (F.IPTABLES_SAVE, ["[1:2] -A INPUT -s 192.0.2.1/32 -j", "DROP"],
         "[1:2] -A INPUT -s 192.0.2.1/32 -j DROP"),
    ],
)  # fmt: skip
def test_parts_that_make_one_line(format_: F, lines: list[str], first: str) -> None:
    found = rejoined(lines, format_, 4)
    assert found == [first, *[""] * (len(lines) - 1)]


def test_rows_of_a_listing() -> None:
    lines = ["Chain INPUT (policy DROP)", HEAD, "ACCEPT tcp -- 0.0.0.0/0 0.0.0.0/0", "tcp dpt:22",
             "DROP all -- 192.0.2.1", "0.0.0.0/0"]  # fmt: skip
    assert rejoined(lines, F.IPTABLES_LIST, 4) == [
        *lines[:2], "ACCEPT tcp -- 0.0.0.0/0 0.0.0.0/0 tcp dpt:22", "", "DROP all -- 192.0.2.1 0.0.0.0/0", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("format_", "lines"),
    [
        (F.IP_ROUTE, ["default via 192.0.2.1 dev eth0", "10.0.0.0/8 dev eth1"]),  # two routes
        (F.IP_ROUTE, ["default via 192.0.2.1 dev eth0", "gibberish"]),
        (F.IP_ROUTE, ["default via 192.0.2.1 dev eth0", "", "proto dhcp"]),  # not next to it
        # No terminal is so narrow, and no mail program breaks words.
        (F.IP_ROUTE, ["192.0.2.0/24 dev eth0 proto ker", "nel scope link"]),
        (F.IPTABLES_S, ["-A INPUT -i eth", "0 -j DROP"]),
        (F.IPTABLES_S, ["-A INPUT -j DROP", "-A INPUT -j ACCEPT"]),
        (F.IPTABLES_S, ["-A FORWARD -m string --string \"a", "b\" --algo bm -j DROP"]),
    ],
)  # fmt: skip
def test_what_is_not_certain_stays(format_: F, lines: list[str]) -> None:
    assert rejoined(lines, format_, 4) == lines
