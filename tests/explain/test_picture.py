"""The drawing of the host."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho.explain.context import HostContext
from sekisho.explain.layout import columns
from sekisho.explain.picture import draw
from sekisho.sources.load import load
from tests.explain.snapshots import EXAMPLES
from tests.truth import needs_truth, truth_dir

ARTICLE = """\
                          Internet and other networks
                                       │
                           default gateway 10.1.0.1
                                       │
┌─ this host ──────────────────────────┴─────────────────────────────────────┐
│ eth0  10.1.0.81  10.1.0.0/24                                               │
│   forwarding on                                                            │
│   published: 3306/tcp → 172.18.0.2:3306, 8080/tcp → 172.18.0.3:8080        │
│                                                                            │
│ docker0  172.17.0.1  172.17.0.0/16  Docker's default network "bridge"      │
│   down: no running container                                               │
│                                                                            │
│ br-528a7aa7b156  172.18.0.1  172.18.0.0/16  a user-defined Docker network  │
│   ├─ 172.18.0.2  a rule sends packets here  published: 3306/tcp            │
│   └─ 172.18.0.3  a rule sends packets here  published: 8080/tcp            │
└────────────────────────────────────────────────────────────────────────────┘
Addresses of this host are inferred from its routes."""


def _host(path: Path) -> HostContext:
    snapshot = load(str(path))
    return HostContext(snapshot, snapshot.host)


def test_the_shipped_host() -> None:
    assert "\n".join(draw(_host(EXAMPLES / "host-10.1.0.81"), "en")) == ARTICLE


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("name", ["host-10.1.0.81", "host-10.0.0.10"])
def test_the_frame_is_straight(name: str, lang: str) -> None:
    drawn = list(draw(_host(EXAMPLES / name), lang))
    framed = [line for line in drawn if line[:1] in "│┌└"]
    assert len(framed) > 5
    assert {columns(line) for line in framed} == {78}
    assert all(columns(line) <= 78 for line in drawn)


@needs_truth
@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("version", ["20.10.24", "28.5.2", "29.7.2"])
def test_containers_and_networks_by_name(version: str, lang: str) -> None:
    truth = truth_dir()
    assert truth is not None
    drawn = list(draw(_host(truth / "docker" / version / "compose-basic"), lang))
    text = "\n".join(drawn)
    for wanted in ("proj_default", "proj-web-1", "proj-db-1", "10.0.1.1", "10.0.1.23", "172.18.0.0/16"):
        assert wanted in text
    assert {columns(line) for line in drawn if line[:1] in "│┌└"} == {78}
