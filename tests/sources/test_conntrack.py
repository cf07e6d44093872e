"""Reading and rendering tracked connections. The lines are from conntrack 1.4.7 and Linux 6.18."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.model.host import FlowTuple, TrackedConnection
from sekisho.sources import conntrack
from sekisho.values.address import Address
from tests.strategies.host import connections
from tests.truth import needs_truth, truth_dir


def flow(src: str, dst: str, sport: int | None = None, dport: int | None = None,
         icmp: tuple[int, int, int] | None = None) -> FlowTuple:  # fmt: skip
    return FlowTuple(Address.parse(src), Address.parse(dst), sport, dport, icmp)


DNATED = TrackedConnection(
    4, 6, flow("10.9.0.1", "10.9.0.50", 38872, 23), flow("127.0.0.1", "10.9.0.1", 22, 38872),
    "ESTABLISHED", ("ASSURED",), 0, 0, 431999, (("use", "1"),),
)  # fmt: skip


LINES = """\
tcp      6 431999 ESTABLISHED src=10.9.0.1 dst=10.9.0.50 sport=38872 dport=23 src=127.0.0.1 dst=10.9.0.1 \
sport=22 dport=38872 [ASSURED] mark=0 use=1
ipv4     2 tcp      6 431999 ESTABLISHED src=10.9.0.1 dst=10.9.0.50 sport=38872 dport=23 src=127.0.0.1 \
dst=10.9.0.1 sport=22 dport=38872 [ASSURED] mark=0 zone=0 use=1
unknown  50 599 src=10.9.0.1 dst=10.9.0.9 [UNREPLIED] src=10.9.0.9 dst=10.9.0.1 mark=0 use=1
udp      17 29 src=127.0.0.1 dst=127.0.0.1 sport=52667 dport=53 zone-orig=9 packets=1 bytes=29 [UNREPLIED] \
src=127.0.0.1 dst=127.0.0.1 sport=53 dport=52667 packets=0 bytes=0 mark=5 use=1
icmp     1 29 src=127.0.0.1 dst=127.0.0.1 type=8 code=0 id=6010 src=127.0.0.1 dst=127.0.0.1 type=0 code=0 \
id=6010 mark=0 zone=7 use=1 id=1815047804
ipv4     2 gre      47 29 timeout=30, stream_timeout=180 src=10.9.0.1 dst=10.9.0.9 srckey=0x0 dstkey=0x0 \
[UNREPLIED] src=10.9.0.9 dst=10.9.0.1 srckey=0x0 dstkey=0x0 mark=0 zone=0 use=2
ipv6     10 udp      17 29 src=::1 dst=::1 sport=1 dport=53 [UNREPLIED] src=::1 dst=::1 sport=53 dport=1 \
mark=0 use=1
""".splitlines()
ESP = flow("10.9.0.1", "10.9.0.9"), flow("10.9.0.9", "10.9.0.1")
WANT = [
    DNATED,
    DNATED,
    TrackedConnection(4, 50, *ESP, None, ("UNREPLIED",), 0, 0, 599, (("use", "1"),)),
    TrackedConnection(
        4, 17, flow("127.0.0.1", "127.0.0.1", 52667, 53), flow("127.0.0.1", "127.0.0.1", 53, 52667),
        None, ("UNREPLIED",), 5, 0, 29,
        (("original.zone-orig", "9"), ("original.packets", "1"), ("original.bytes", "29"),
         ("reply.packets", "0"), ("reply.bytes", "0"), ("use", "1")),
    ),
    TrackedConnection(
        4, 1, flow("127.0.0.1", "127.0.0.1", icmp=(8, 0, 6010)),
        flow("127.0.0.1", "127.0.0.1", icmp=(0, 0, 6010)), None, (), 0, 7, 29,
        (("use", "1"), ("id", "1815047804")),
    ),
    TrackedConnection(
        4, 47, *ESP, None, ("UNREPLIED",), 0, 0, 29,
        (("timeout", "30"), ("stream_timeout", "180"), ("original.srckey", "0x0"),
         ("original.dstkey", "0x0"), ("reply.srckey", "0x0"), ("reply.dstkey", "0x0"), ("use", "2")),
    ),
    TrackedConnection(
        6, 17, flow("::1", "::1", 1, 53), flow("::1", "::1", 53, 1), None, ("UNREPLIED",), 0, 0, 29,
        (("use", "1"),),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("want", "line"), list(zip(WANT, LINES, strict=True)))
def test_reads(want: TrackedConnection, line: str) -> None:
    parsed = conntrack.parse(line + "\n", "conntrack.txt")
    assert parsed.facts == (want,)
    assert not parsed.unread


@pytest.mark.parametrize(
    "line",
    [
        "tcp      6 117 TIME_WAIT src=172.17.0.2 dst=172.18.0.2 sport=45052 dport=80 src=172.18",
        "tcp      6 117 TIME_WAIT src=172.17.0.2 dst=172.18.0.999 sport=1 dport=80 src=1.1.1.1 dst=2.2.2.2",
        "tcp      6 117 TIME_WAIT src=172.17.0.2 dst=172.18.0.9 sport=http dport=80 src=1.1.1.1 dst=2.2.2.2",
        "tcp      6 117 TIME_WAIT src=1.1.1.1 dst=2.2.2.2 src=1.1.1.1 dst=2.2.2.2 src=1.1.1.1 dst=2.2.2.2",
        "conntrack: command not found",
        "tcp",
        # Torn lines: the name is missing, or the number is another one's.
        "     6 114 TIME_WAIT src=10.0.1.1 dst=172.18.0.1 sport=1 dport=2 src=172.18.0.2 dst=10.0.1.1",
        "tcp 17 29 src=10.9.0.1 dst=10.9.0.9 sport=1 dport=5 src=10.9.0.9 dst=10.9.0.1 sport=5 dport=1",
    ],
)
def test_keeps_what_it_cannot_read(line: str) -> None:
    parsed = conntrack.parse("\n" + line, "conntrack.txt")
    assert not parsed.facts
    assert [(one.evidence.line, one.evidence.text) for one in parsed.unread] == [(2, line)]


def test_footer_is_no_fact() -> None:
    parsed = conntrack.parse(
        "conntrack v1.4.7 (conntrack-tools): 0 flow entries have been shown.\n", "conntrack.txt"
    )
    assert parsed.facts == ()
    assert parsed.unread == ()


@given(st.lists(connections(), max_size=5))
def test_round_trip(facts: list[TrackedConnection]) -> None:
    parsed = conntrack.parse(conntrack.render(facts), "conntrack.txt")
    assert list(parsed.facts) == facts
    assert not parsed.unread


@needs_truth
def test_real_captures_come_back_byte_for_byte() -> None:
    truth = truth_dir()
    assert truth is not None
    files = sorted(truth.glob("docker/2[78]*/*/conntrack.txt"))
    assert files
    for file in files:
        text = file.read_text()
        parsed = conntrack.parse(text, file.name)
        # Some captures have conntrack's footer (standard error) in the middle of a line.
        broken = {one.evidence.text for one in parsed.unread}
        want = [
            line
            for line in text.split("\n")
            if line and not line.startswith("conntrack v") and line not in broken
        ]
        assert conntrack.render(parsed.facts).splitlines() == want
        lines = text.split("\n")
        for one in parsed.unread:
            around = lines[one.evidence.line - 2 : one.evidence.line + 1]
            assert any("conntrack v" in line[1:] for line in around)
