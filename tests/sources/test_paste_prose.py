"""People's words are told from lines of a listing, and a line that may be damaged never for words."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from sekisho.sources.paste import gather
from sekisho.sources.paste_prose import ELISION, is_prose
from sekisho.sources.recognise import Format as F

WORDS = [
    "and this is the other one:",
    "Thanks in advance!",
    "The packets go out via 10.0.0.1 to the router, I think",
    "is that the right gateway?",
    "経路は次のとおりです。",
    "(デバイス dev)から10.0.0.1",
    "----------------",
    "## Routes",
    "Is 192.0.2.78 mine?",
    "see https://example.com/x",
]
LISTINGS = [
    (F.IP_ROUTE, "default via 10.0.0.1 dev eth0"),
    (F.IP_ROUTE, "defau1t via 10.0.0.1 dev eth0 proto dhcp"),
    (F.IP_ROUTE, "via 10.0.0.1 dev eth0"),
    (F.IP_ROUTE, "10.0.0.300/24 dve eth0"),
    (F.IP_ROUTE, "x.x.x.x via 10.0.0.1 dev eth0"),
    (F.IP_ROUTE, "<redacted> dev eth0 scope link"),
    (F.IP_ROUTE, "default gateway is the router"),
    (F.IP_ROUTE, "10.0.0.1"),
    (F.IP_ROUTE, "defaul"),
    (F.IP_ROUTE, "unreachable 10.9"),
    (F.IP_RULE, "100:	form 10.0.0.1 lookup 7"),
    (F.IP_RULE, "from all lookup main"),
    (F.IPTABLES_LIST, "DROP all 0.0.0.0/0"),
    (F.IPTABLES_LIST, "    0     0 DR0P       tcp -- eth0"),
    (F.IPTABLES_LIST, "DOCKER"),
    (F.IPTABLES_LIST, "MYCHAIN"),
    (F.IPTABLES_LIST, "tcp  --  0.0.0.0/0  0.0.0.0/0 tcp dpt:22"),
    (F.IPTABLES_LIST, "Chain FORWARD (polcy DROP)"),
    (F.IPTABLES_S, "-A INPUT -j DROP"),
    (F.IPTABLES_S, "A INPUT -p tcp -j DROP"),
    (F.IPTABLES_SAVE, "COMMI"),
    (F.SYSCTL, "net.ipv4.ip_forward"),
    (F.SYSCTL, "net.ipv4.ip_forward: 1"),
    (F.IP_ADDR, "    inet 10.0.0.300/24 scope global eth0"),
    (F.IP_ADDR, "2: eth0 <UP>"),
    (F.IPTABLES_LIST, "hain DOCKER (1 references)"),
    (F.IPTABLES_LIST, "pkts xyzzy target prot opt in out source destination"),
    (F.IPTABLES_SAVE, "xyzzy - [0:0]"),
    (F.IPTABLES_SAVE, "nat"),
    (F.IP_ADDR, "       valxd_lft forever preferred_lft forever"),
    (F.SS, "etid State Recv-Q Send-Q Local"),
    (F.IP_ROUTE, "um"),
    (F.IP_ROUTE, "ref medium"),
    (F.IP_NEIGH, "10.0.0.1 dev eth0 lladdr 02:00:00:00:00 STALE"),
]


@pytest.mark.parametrize("format_", [F.IP_ROUTE, F.IP_RULE, F.IPTABLES_LIST, F.SYSCTL, F.IP_ADDR])
@pytest.mark.parametrize("line", WORDS)
def test_words(format_: F, line: str) -> None:
    assert is_prose(line, format_)


@pytest.mark.parametrize(("format_", "line"), LISTINGS)
def test_lines_that_may_be_the_listings(format_: F, line: str) -> None:
    assert not is_prose(line, format_)


@pytest.mark.parametrize(
    "line",
    ["...", "…", "[...]", "[snip]", "<snip>", "(output omitted)", "-- snip --", "... 12 more lines ...",
     "# ...", "(以下省略)", "(12 more rules)"],
)  # fmt: skip
def test_marks_of_what_was_left_out(line: str) -> None:
    assert ELISION.match(line)
    (piece,) = gather(f"$ ip route\ndefault via 192.0.2.1 dev eth0\n{line}\n", "f").pieces
    assert piece.partial
    assert piece.filtered


@pytest.mark.parametrize("line", ["default via 192.0.2.1 dev eth0", "and so on...", "-A INPUT -j cut"])
def test_what_is_no_such_mark(line: str) -> None:
    assert not ELISION.match(line)


def test_a_few_words_behind_a_listing_are_words() -> None:
    page = "$ ip route\ndefault via 192.0.2.1 dev eth0\n{}Kind regards\nKim\n"
    assert [one.text for one in gather(page.format("\n"), "f").prose] == ["Kind regards", "Kim"]
    # Right below its last line they might be what is left of another.
    assert gather(page.format(""), "f").prose == ()


def test_words_leave_no_doubt_and_are_told_once() -> None:
    page = "$ ip route\ndefault via 192.0.2.1 dev eth0\nmine:\n192.0.2.0/24 dev eth0\n// old\n"
    page += "\nBest regards\nbye\n"
    gathered = gather(page, "f")
    (piece,) = gathered.pieces
    assert [line for line in piece.text.split("\n") if line] == [
        "default via 192.0.2.1 dev eth0",
        "192.0.2.0/24 dev eth0",
    ]
    assert [one.text for one in gathered.prose] == ["mine:", "// old", "Best regards", "bye"]
    assert not gathered.unread


def test_a_word_set_apart_in_a_sentence_is_no_route() -> None:
    page = "$ ip route\ndefault via 192.0.2.1 dev eth0\n192.0.2.9\nから先は\n192.0.2.8\n"
    (piece,) = gather(page, "f").pieces
    lines = [line for line in piece.text.split("\n") if line]
    assert lines == ["default via 192.0.2.1 dev eth0", "192.0.2.8"]


def test_the_head_of_a_listing_is_not_lost() -> None:
    page = "hello\nvia 192.0.2.1 dev eth0 proto static\ndefault dev eth0\n"
    gathered = gather(page, "f")
    assert [piece.text.split("\n")[1] for piece in gathered.pieces] == ["via 192.0.2.1 dev eth0 proto static"]
    assert [one.text for one in gathered.prose] == ["hello"]


def test_a_comment_in_a_file_is_noted() -> None:
    from sekisho.sources.comments import without_comments

    text, found = without_comments("# mine\ndefault dev eth0\n  // x\n", F.IP_ROUTE, "ip-route.txt")
    assert text == "\ndefault dev eth0\n\n"
    assert [(one.line, one.text) for one in found] == [(1, "# mine"), (3, "  // x")]
    assert without_comments("# kept\n", F.SYSCTL, "f") == ("# kept\n", ())


CAPTURES = Path(__file__).parent / "captures"
# Files of the collection whose lines are damaged below, by format.
REAL = {
    F.IP_ROUTE: "ip-d-route-table-all.txt",
    F.IP_RULE: "ip-d-rule.txt",
    F.IP_ADDR: "ip-addr.txt",
    F.IP_LINK: "ip-d-link.txt",
    F.IP_NEIGH: "ip-neigh-all.txt",
}


@pytest.mark.parametrize("format_", REAL)
def test_a_real_line_with_a_wrong_character_is_no_prose(format_: F) -> None:
    """Nor one that has lost its first, whichever it is."""
    draw = Random(7)
    taken = []
    lines = (CAPTURES / REAL[format_]).read_text().splitlines()
    for line in (one for one in lines if "alias" not in one):  # an alias is people's words
        places = range(len(line)) if len(line) < 60 else draw.sample(range(len(line)), 60)
        damaged = [line[:at] + draw.choice("axz019.:") + line[at + 1 :] for at in places]
        taken += [one for one in (line, line[1:], *damaged) if one.strip() and is_prose(one, format_)]
    assert taken == []
