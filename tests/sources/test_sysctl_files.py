"""The files that set sysctls: read, printed back as they were, and which line holds in the end.

The expected winners are those of sysctl(8), --system, and sysctl.d(5); the command itself is asked in
``test_the_command_agrees``.
"""

from __future__ import annotations

import glob
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from sekisho.model.host import SysctlFile
from sekisho.semantics.sysctl_files import in_order, winner
from sekisho.sources import sysctl_files
from sekisho.sources.load import load
from sekisho.sources.recognise import Format, by_content
from sekisho.sources.write import snapshot_texts

HEADED = """\
==> /etc/sysctl.d/10-router.conf <==
# routes

net.ipv4.ip_forward = 1
-net.ipv4.conf.*.rp_filter=2
-net.ipv4.conf.tun0
==> /etc/sysctl.d/20-hidden.conf <==
==> /usr/lib/sysctl.d/20-hidden.conf <==
net.ipv4.ip_forward=0
==> /etc/sysctl.conf <==
  net/ipv4/conf/eth0.100/forwarding = 1
"""
GREPPED = """\
/etc/sysctl.conf:#net.ipv4.ip_forward=1
/etc/sysctl.d/99-app.conf:net.ipv4.ip_forward = 0
/etc/sysctl.d/99-app.conf:; old
/usr/lib/sysctl.d/50-default.conf:-net.ipv4.ping_group_range = 0 2147483647
"""


@pytest.mark.parametrize("text", [HEADED, GREPPED])
def test_printed_as_it_was(text: str) -> None:
    found = sysctl_files.parse(text, "sysctl-files.txt")
    assert found.unread == ()
    assert sysctl_files.render(found.facts) == text
    assert by_content(text) is Format.SYSCTL_FILES


def test_what_the_lines_say() -> None:
    facts = sysctl_files.parse(HEADED, "f").facts
    assert [(item.path, len(item.lines)) for item in facts] == [
        ("/etc/sysctl.d/10-router.conf", 5),
        ("/etc/sysctl.d/20-hidden.conf", 0),
        ("/usr/lib/sysctl.d/20-hidden.conf", 1),
        ("/etc/sysctl.conf", 1),
    ]
    settings = [(line.key, line.value) for item in facts for line in item.lines if line.key]
    assert settings == [
        ("net.ipv4.ip_forward", "1"),
        ("net.ipv4.conf.*.rp_filter", "2"),
        ("net.ipv4.conf.tun0", None),
        ("net.ipv4.ip_forward", "0"),
        ("net.ipv4.conf.eth0/100.forwarding", "1"),
    ]
    grepped = sysctl_files.parse(GREPPED, "f").facts
    assert [line.evidence.line for item in grepped for line in item.lines if line.evidence] == [1, 2, 3, 4]


def test_a_line_that_sets_nothing_is_unread_and_printed_still() -> None:
    text = "==> /etc/sysctl.d/a.conf <==\nip_forward\n"
    found = sysctl_files.parse(text, "f")
    assert [item.evidence.line for item in found.unread] == [2]
    assert sysctl_files.render(found.facts) == text


def _files(*settings: str) -> tuple[SysctlFile, ...]:
    """``PATH KEY=VALUE`` each; a PATH alone is an empty file."""
    text = ""
    for item in settings:
        path, _, line = item.partition(" ")
        text += f"==> {path} <==\n" + (f"{line}\n" if line else "")
    return sysctl_files.parse(text, "f").facts


FOLDERS = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d")
FORWARD = "net.ipv4.ip_forward"


@pytest.mark.parametrize(
    ("files", "value"),
    [
        (("/etc/sysctl.d/10-a.conf ip_default_ttl=1",), None),
        # by name, whatever the directory
        (("/etc/sysctl.d/10-a.conf ip_forward=1", "/usr/lib/sysctl.d/99-b.conf ip_forward=0"),
         "0"),
        (("/usr/lib/sysctl.d/10-a.conf ip_forward=1", "/run/sysctl.d/05-b.conf ip_forward=0"),
         "1"),
        # one name: the first directory's counts, even empty
        (("/usr/lib/sysctl.d/50-a.conf ip_forward=0", "/etc/sysctl.d/50-a.conf ip_forward=1"),
         "1"),
        (("/usr/lib/sysctl.d/50-a.conf ip_forward=0", "/etc/sysctl.d/50-a.conf"), None),
        # last of all
        (("/etc/sysctl.conf ip_forward=0", "/etc/sysctl.d/99-z.conf ip_forward=1"), "0"),
        # no .conf, no effect; nor in another place
        (("/etc/sysctl.d/README ip_forward=0", "/opt/sysctl.d/a.conf ip_forward=0"), None),
        # two names of one switch, and a glob that yields to a key that is written out
        (("/etc/sysctl.d/a.conf ip_forward=1", "/etc/sysctl.d/b.conf conf.all.forwarding=0"),
         "0"),
        (("/etc/sysctl.d/a.conf ip_forward=1", "/etc/sysctl.d/b.conf conf.*.forwarding=0"),
         "1"),
        (("/etc/sysctl.d/b.conf conf.*.forwarding=0",), "0"),
    ],
)  # fmt: skip
def test_which_line_holds(files: tuple[str, ...], value: str | None) -> None:
    made = _files(*(one.replace(" ", " net.ipv4.", 1) for one in files))
    found = winner(made, FORWARD)
    assert (None if found is None else found.line.value) == value


@pytest.mark.skipif(shutil.which("sysctl") is None, reason="sysctl is not installed")
def test_the_command_agrees(tmp_path: Path) -> None:
    """The order in which ``sysctl --system`` takes the files of this very machine (it only looks:
    --dry-run where it knows that, else nothing is compared)."""
    done = subprocess.run(
        ["sysctl", "--dry-run", "--system"], capture_output=True, text=True, timeout=20, check=False
    )
    if done.returncode or "* Applying" not in done.stdout:
        pytest.skip("this sysctl has no --dry-run, or there are no files")
    taken = re.findall(r"^\* Applying (\S+)", done.stdout, re.MULTILINE)
    there = [Path(path) for folder in FOLDERS for path in sorted(glob.glob(f"{folder}/*.conf"))]
    made = [SysctlFile(str(path)) for path in (*there, Path("/etc/sysctl.conf")) if path.exists()]
    assert [item.path for item in in_order(made)] == [path for path in taken if Path(path).exists()]


def test_kept_by_a_snapshot(tmp_path: Path) -> None:
    (tmp_path / "sysctl-files.txt").write_text(HEADED)
    snapshot = load(str(tmp_path))
    assert snapshot_texts(snapshot)["sysctl-files.txt"] == HEADED


def test_a_line_without_a_colon_is_looked_at_once() -> None:
    """Each ``sysctl`` in it might be the one of a file's name: 10**11 steps, if all were tried."""
    parsed = sysctl_files.parse(
        "/" + "sysctl" * 150_000 + "\n/etc/sysctl.conf:net.ipv4.ip_forward = 1\n", "f"
    )
    assert [one.reason for one in parsed.unread] == ["unknown-line"]
    assert [file.path for file in parsed.facts] == ["/etc/sysctl.conf"]


@pytest.mark.parametrize(
    "line", ["/etc/x.conf:net.ipv4.ip_forward = 1", "etc/sysctl.conf:a.b = 1", "/etc/sysctl"]
)
def test_lines_that_name_no_file(line: str) -> None:
    assert sysctl_files.parse(line + "\n", "f").facts == ()
