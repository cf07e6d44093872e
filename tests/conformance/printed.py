"""A host as its own commands show it once it stands, read again: what is asked of the model."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sekisho.lab.namespaces import NetworkNamespace
from sekisho.lab.oracle import Oracle
from sekisho.model.snapshot import Snapshot
from sekisho.sources.load import load
from tests.conformance.hosts import Host

# iptables-nft-save prints two of these in one rule as one, which is another rule.
_TWICE = re.compile(r"-m (tcp|udp) .*-m \1 ")
_SHOWN = ("ip-route", "ip6-route", "ip-rule", "ip6-rule")


def printed(host: Host, oracle: Oracle) -> Snapshot:
    """The snapshot of a host that stands: links, addresses, neighbours, routes, policy rules and sockets as
    ip, bridge and ss print them, on every second host as JSON; on every third one the rules as iptables-save
    does. The rest is as it was made."""
    _settle(host, oracle.node("host").namespace)
    made = {name: text for name, text in host.texts if not name.startswith(_SHOWN)}
    with tempfile.TemporaryDirectory(prefix="sekisho-") as folder:
        shown = _shown(host, oracle.node("host").namespace)
        for name, text in (*made.items(), *shown):
            Path(folder, name).write_text(text, encoding="utf-8")
        snapshot = load(folder)
    unread = [item for item in snapshot.host.unread if item.reason != "not-modelled"]
    assert not unread, unread
    return snapshot


def _settle(host: Host, namespace: NetworkNamespace) -> None:
    """Wait until the kernel's worker has told every interface that it has a carrier (linkwatch)."""
    wanted = {item.name for item in host.snapshot.host.interfaces or () if item.state == "UP"}
    limit = time.monotonic() + 10
    while True:
        links = json.loads(namespace.run(("ip", "-j", "link")))
        late = wanted - {item["ifname"] for item in links if item["operstate"] == "UP"}
        if not late:
            return
        assert time.monotonic() < limit, late
        time.sleep(0.002)


def _shown(host: Host, namespace: NetworkNamespace) -> Iterator[tuple[str, str]]:
    kind, flags = ("json", ("-j",)) if host.seed % 2 == 0 else ("txt", ())
    six = "6" if host.family == 6 else ""

    def ip(*words: str) -> str:
        return namespace.run(("ip", *flags, *words))

    # Every interface with routes has a carrier; the kernel's worker tells routes so a second later.
    routes = ip(f"-{host.family}", "route", "show", "table", "all")
    yield f"ip{six}-route-table-all.{kind}", routes.replace('"linkdown"', "").replace(" linkdown", "")
    yield f"ip{six}-rule.{kind}", ip(f"-{host.family}", "rule")
    yield f"ip-addr.{kind}", ip("addr")
    yield f"ip-link.{kind}", ip("-d", "link")
    yield "ip-neigh.txt", namespace.run(("ip", "neigh")) + _silent(host)
    if host.seed % 3 == 0:
        for name, text in host.texts:
            if not name.startswith((f"ip{six}tables-save", f"ip{six}tables-legacy-save")):
                continue
            if not _TWICE.search(text):
                back_end = "legacy" if "legacy" in name else "nft"
                yield name, namespace.run((f"ip{six}tables-{back_end}-save",))
    bridge = (namespace.run(("bridge", *flags, *words)) for words in (("-d", "link"), ("fdb",)))
    yield f"bridge.{kind}", "".join(bridge)
    yield "ss.txt", namespace.run(("ss", "-H", "-n", "-l", "-t", "-u"))


def _silent(host: Host) -> str:
    """Those who do not answer: the kernel knows of them once it has asked."""
    silent = (item for item in host.snapshot.host.neighbours or () if item.state == "FAILED")
    return "".join(f"{item.address} dev {item.interface} FAILED\n" for item in silent)
