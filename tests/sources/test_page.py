"""What a page puts around lines is taken away, and nothing of a listing with it."""

from __future__ import annotations

import pytest

from sekisho.sources.page import lines_of_page


@pytest.mark.parametrize(
    ("page", "lines"),
    [
        ("> > # ip route\n>default via 192.0.2.1 dev eth0", ["# ip route", "default via 192.0.2.1 dev eth0"]),
        ("\x1b[1;35m192.0.2.0/24\x1b[0m dev \x1b]0;t\x07eth0", ["192.0.2.0/24 dev eth0"]),
        ("default\u00a0via\u202f192.0.2.1\u200b dev eth0", ["default via 192.0.2.1 dev eth0"]),
        ("`ip route`\n``default dev eth0``", ["ip route", "default dev eth0"]),
        ("<pre>\n2: lo: &lt;UP&gt; mtu 9\n</pre>", ["```", "2: lo: <UP> mtu 9", "```"]),
        ("2: lo: &lt;UP&gt; mtu 9 &amp; &#39;x&#x27; &quot;y&quot;", ["2: lo: <UP> mtu 9 & 'x' \"y\""]),
        ("text\n\n    $ ip route\n    default dev eth0", ["text", "", "$ ip route", "default dev eth0"]),
        ("text\n\n\t$ ip rule\n\t0:\tfrom all", ["text", "", "$ ip rule", "0:\tfrom all"]),
    ],
)
def test_what_the_page_put_there(page: str, lines: list[str]) -> None:
    assert lines_of_page(page) == lines


@pytest.mark.parametrize(
    "text",
    [
        # What looks like an entity, on a page that shows a "<" of its own, is meant as it stands.
        '2: eth0: <UP> mtu 9\n-A INPUT -m string --string "&lt;" --algo bm -j DROP',
        # ip addr and nft indent by themselves.
        "2: eth0: <UP> mtu 1500\n    link/ether 02:00:00:00:00:01\n    inet 192.0.2.1/24",
        "table ip x {\n\tchain y {\n\t\tip saddr 192.0.2.1 drop\n\t}\n}",
        "default\n\tnexthop via 192.0.2.1 dev eth0 weight 1",
        "host> show\n-> x",
    ],
)
def test_a_listing_stays_as_it_is(text: str) -> None:
    assert lines_of_page(text) == text.split("\n")
