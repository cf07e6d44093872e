"""WireGuard's listings: what they tell of peers, and never a secret."""

from __future__ import annotations

from sekisho.model.beside import LISTENS
from sekisho.sources import beside, wireguard

CONF = """wg showconf wg0
[Interface]
ListenPort = 51820
PrivateKey = aGVyZSBpcyBhIGtleSB0aGF0IG5vYm9keSBtYXkgcyE=
[Peer]
PublicKey = cHVibGlj
AllowedIPs = 10.9.0.2/32, fd00::/64
Endpoint = [2001:db8::7]:51821
[Peer]
AllowedIPs = (none)
Endpoint = (none)
"""
SHOW = """interface: wg1
  public key: cHVibGlj
  private key: (hidden)
  listening port: 40000

peer: cHVibGlj
  endpoint: 192.0.2.7:51820
  allowed ips: 10.9.0.0/24
  latest handshake: 1 minute, 5 seconds ago
  transfer: 1.2 KiB received, 3.4 KiB sent
"""


def test_a_configuration_tells_of_the_interface_and_its_peers() -> None:
    found = beside.parse("wireguard", CONF, "wireguard.txt")
    assert found.unread == ()
    own, first, second = found.facts
    assert (own.interface, own.word, own.port) == ("wg0", LISTENS, 51820)
    assert (first.interface, str(first.address), first.port) == ("wg0", "2001:db8::7", 51821)
    assert [str(prefix) for prefix in first.allowed] == ["10.9.0.2/32", "fd00::/64"]
    assert (second.address, second.port, second.allowed) == (None, None, ())


def test_what_wg_show_prints_tells_the_same() -> None:
    found = wireguard.parse(SHOW, "wireguard.txt")
    assert found.unread == ()
    own, peer = found.facts
    assert (own.interface, own.port) == ("wg1", 40000)
    assert (str(peer.address), peer.port, [str(each) for each in peer.allowed]) == (
        "192.0.2.7", 51820, ["10.9.0.0/24"],
    )  # fmt: skip


def test_a_secret_is_not_kept() -> None:
    found = beside.parse("wireguard", CONF, "wireguard.txt")
    assert "PrivateKey = (hidden)" in beside.render("wireguard", found.facts)
    assert "aGVyZSBp" not in repr([fact.lines for fact in found.facts])


def test_a_line_that_is_none_of_it_is_told() -> None:
    found = wireguard.parse(CONF + "AllowedIPs = 10.9.0.300/32\nMood = good\n", "wireguard.txt")
    assert [(line.evidence.line, line.reason) for line in found.unread] == [
        (12, "bad-address"), (13, "unknown-word"),
    ]  # fmt: skip
    assert wireguard.parse("[Peer]\nAllowedIPs = 10.9.0.2/32\n", "wireguard.txt").facts == ()
