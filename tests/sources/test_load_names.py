"""Which folders of a snapshot are namespaces: by their names, and no line of the others is lost."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from sekisho.model.snapshot import Snapshot
from sekisho.sources.load import load

ROUTE = "default via 172.18.0.1 dev eth0\n"
# What `ip netns add NAME` (iproute2 6.1) makes, and snapshots take.
NAMES = ("web", "cni-1f", "日本", "a@b", "x;y", "n" * 255)
# What it makes as well, but what would be an option, a hidden file or several words to the next command.
ODD = ("-x", ".hidden", "a b", "a\nb", "a\u2028b")
# What it refuses.
REFUSED = (".", "..", "n" * 256)


def _archive(where: Path, *names: str) -> Snapshot:
    """A host with a namespace of each name; a folder cannot have them all."""
    path = where / "snapshot.tar"
    with tarfile.open(path, "w") as archive:
        for name in ("ip-route.txt", *(f"netns/{name}/ip-route.txt" for name in names)):
            member = tarfile.TarInfo(name)
            member.size = len(ROUTE)
            archive.addfile(member, io.BytesIO(ROUTE.encode()))
    return load(str(path))


def test_namespaces_bear_the_names_of_their_folders(tmp_path: Path) -> None:
    snapshot = _archive(tmp_path, *NAMES)
    assert {one.name for one in snapshot.namespaces} == set(NAMES)
    assert all(len(one.routes) == 1 for one in snapshot.namespaces)
    assert snapshot.unread == ()


@pytest.mark.parametrize("name", ODD)
def test_a_folder_of_another_name_is_unread_as_a_whole(name: str, tmp_path: Path) -> None:
    snapshot = _archive(tmp_path, "web", name)
    assert [one.name for one in snapshot.namespaces] == ["web"]
    assert [(one.evidence.file, one.reason, one.detail) for one in snapshot.unread] == [
        (f"netns/{name}/ip-route.txt", "bad-name", name)
    ]
    # Nothing of it came to the host either.
    assert len(snapshot.host.routes) == 1


@pytest.mark.kernel
def test_ip_netns_makes_the_names_that_are_taken() -> None:
    """In a mount namespace of its own: nothing of it is seen outside."""
    script = (
        "mount -t tmpfs names /run && mkdir /run/netns || exit 9\n"
        'for name; do ip netns add "$name" 2>/dev/null; echo $?; done'
    )
    words = ["unshare", "-m", "sh", "-c", script, "sh", *NAMES, *ODD, *REFUSED]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    made = [code == "0" for code in done.stdout.split()]
    assert made == [True] * len(NAMES + ODD) + [False] * len(REFUSED)
