"""Files of folders and archives."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from sekisho.capture.zstd import decompress
from sekisho.errors import SourceError
from sekisho.sources.archive import archive_kind, read_archive, read_folder
from sekisho.sources.bounds import Bounds, Folder, LeadsOutError, NoFileError
from sekisho.sources.load import load

FILES = {"ip-route.txt": b"default via 10.0.0.1 dev eth0\n", "netns/web/ss.txt": b""}


def tar_of(files: dict[str, bytes], mode: str = "w:") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as tar:  # type: ignore[call-overload]
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return out.getvalue()


def zstd(data: bytes) -> bytes:
    if shutil.which("zstd") is None:
        pytest.skip("the zstd program is not installed")
    return subprocess.run(["zstd", "-cq"], input=data, capture_output=True, check=True).stdout


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        ("tar", lambda: tar_of(FILES)),
        ("gz", lambda: tar_of(FILES, "w:gz")),
        ("xz", lambda: tar_of(FILES, "w:xz")),
        ("bz2", lambda: tar_of(FILES, "w:bz2")),
        ("zst", lambda: zstd(tar_of(FILES))),
    ],
)
@pytest.mark.parametrize("prefix", ["", "./", "web-1/", "./snap/"])
def test_kinds_and_top_folders(kind: str, make: Callable[[], bytes], prefix: str) -> None:
    assert archive_kind(make()) == kind
    files, notes = read_archive(tar_of({prefix + name: data for name, data in FILES.items()}), "snap.tar")
    assert files == FILES
    assert notes == []
    assert read_archive(make(), "snap.tar", decompress)[0] == FILES


def test_text_is_no_archive() -> None:
    assert archive_kind(b"default via 10.0.0.1 dev eth0\n") is None
    assert archive_kind(b"") is None


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "a/../../evil", ".."])
def test_names_that_lead_out_are_refused(name: str) -> None:
    with pytest.raises(SourceError) as caught:
        read_archive(tar_of({name: b"x"}), "snap.tar")
    assert (caught.value.file, caught.value.text) == ("snap.tar", name)


def test_links_are_not_followed() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:") as tar:
        member = tarfile.TarInfo("ip-route.txt")
        member.type = tarfile.SYMTYPE
        member.linkname = "/etc/passwd"
        tar.addfile(member)
    files, notes = read_archive(out.getvalue(), "snap.tar")
    assert files == {}
    assert [(note.file, note.text) for note in notes] == [("ip-route.txt", "not read: no regular file")]


@pytest.mark.parametrize("mode", ["w:", "w:gz", "w:xz"])
def test_too_large_is_refused(mode: str) -> None:
    with pytest.raises(SourceError, match="larger than") as caught:
        read_archive(tar_of({"a": b"x" * 600, "b": b"x" * 600}, mode), "snap.tar", None, Bounds(most=1000))
    assert "--max-input" in caught.value.advice


def test_too_large_when_unpacked_is_refused() -> None:
    with pytest.raises(SourceError, match="larger than"):
        read_archive(zstd(b"\0" * 10_000_000), "snap.tar.zst", decompress, Bounds(most=1000))


@pytest.mark.parametrize("mode", ["w:gz", "w:xz", "w:bz2", "zst"])
@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_what_stands_before_the_members_is_bounded_too(mode: str, form: int) -> None:
    """A long name, or a pax header, is held whole before any member is there whose size could be told."""
    out = io.BytesIO()
    with tarfile.open(  # type: ignore[call-overload]
        fileobj=out, mode="w:" if mode == "zst" else mode, format=form
    ) as tar:
        tar.addfile(tarfile.TarInfo("a" * 4_000_000))
    data = zstd(out.getvalue()) if mode == "zst" else out.getvalue()
    assert len(data) < 20_000
    with pytest.raises(SourceError, match="larger than"):
        read_archive(data, "snap.tar", decompress, Bounds(most=1_000_000))


def test_headers_without_end_are_refused() -> None:
    """Each header that a name belongs to is read before the one that it stands for."""
    header = tarfile.TarInfo("././@LongLink")
    header.type = tarfile.GNUTYPE_LONGNAME
    header.size = 1
    one = header.tobuf(tarfile.GNU_FORMAT) + b"a".ljust(512, b"\0")
    with pytest.raises(SourceError):
        read_archive(one * 2000 + bytes(1024), "snap.tar")


@pytest.mark.parametrize("mode", ["w:gz", "w:xz", "w:bz2"])
def test_damaged_archives(mode: str) -> None:
    data = bytearray(tar_of({"a": os.urandom(20_000)}, mode))
    for at in range(5000, 5100):
        data[at] ^= 0xFF
    with pytest.raises(SourceError) as caught:
        read_archive(bytes(data), "snap")
    assert caught.value.advice


@pytest.mark.parametrize("mode", ["w:", "w:gz", "w:xz", "zst"])
def test_cut_archives(mode: str) -> None:
    big = {"a": os.urandom(20_000)}
    data = zstd(tar_of(big)) if mode == "zst" else tar_of(big, mode)
    with pytest.raises(SourceError) as caught:
        read_archive(data[: len(data) // 2], "snap", decompress)
    assert caught.value.file == "snap"
    assert caught.value.advice


def test_zst_without_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    data = zstd(tar_of(FILES))
    with pytest.raises(SourceError, match="cannot be unpacked here"):
        read_archive(data, "snap.tar.zst")
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(SourceError, match="zstd program") as caught:
        read_archive(data, "snap.tar.zst", decompress)
    assert "install zstd" in caught.value.advice


def test_folders(tmp_path: Path) -> None:
    for name in (
        "ip-route.txt",
        "netns/web/ss.txt",
        "hosts/a/netns/b/ss.txt",
        "old/x",
        ".git/config",
        ".hidden",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "netns" / "loop").symlink_to(tmp_path)
    (tmp_path / "netns" / "linked").symlink_to(tmp_path / "netns" / "web")
    files, notes = read_folder(tmp_path)
    assert {name for name in files if "loop" not in name} == {
        "ip-route.txt",
        "netns/web/ss.txt",
        "netns/linked/ss.txt",
        "hosts/a/netns/b/ss.txt",
    }
    assert ("old", "not read") in [(note.file, note.text) for note in notes]
    assert ("dangling", "not read: no regular file") in [(note.file, note.text) for note in notes]


SECRET = "root:$6$secret:19000:0:99999:7:::\n"


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    """A snapshot's folder beside what its maker wants to know."""
    (tmp_path / "shadow").write_text(SECRET)
    (tmp_path / "private" / "web").mkdir(parents=True)
    (tmp_path / "private" / "web" / "ss.txt").write_text(SECRET)
    folder = tmp_path / "snapshot"
    (folder / "netns").mkdir(parents=True)
    (folder / "ip-route.txt").write_text("10.0.0.0/24 dev eth0\n")
    return folder


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("capture-notes.txt", "../shadow"), ("iptables-save.txt", "{out}/shadow"),
        ("ip-rule.txt", "netns/../../shadow"),
        ("netns/web", "../../private/web"), ("netns/web", "{out}/private/web"), ("netns", "{out}/private"),
        ("netns/x", "/proc"), ("hosts", "/"), ("aws", "/etc"), ("ss.txt", "/dev/zero"),
    ],
)  # fmt: skip
def test_no_link_leads_out_of_a_folder(stranger: Path, name: str, target: str) -> None:
    link = stranger / name
    if link.is_dir():
        link.rmdir()
    link.symlink_to(target.format(out=stranger.parent))
    with pytest.raises(LeadsOutError) as caught:
        load(str(stranger))
    assert SECRET.strip() not in str(caught.value)
    assert caught.value.file == name
    assert "--outside" in caught.value.advice


def test_where_links_may_lead_out_they_are_followed_to_files(stranger: Path) -> None:
    (stranger / "capture-notes.txt").symlink_to("../shadow")
    (stranger / "ss.txt").symlink_to("/dev/zero")
    os.mkfifo(stranger / "ip-rule.txt")
    snapshot = load(str(stranger), bounds=Bounds(outside=True))
    assert [(note.file, note.text) for note in snapshot.notes] == [
        ("ip-rule.txt", "not read: no regular file"), ("ss.txt", "not read: no regular file"),
        ("capture-notes.txt", SECRET.strip()),
    ]  # fmt: skip


def test_what_no_snapshot_has_is_a_note_wherever_it_leads(stranger: Path) -> None:
    (stranger / "README").symlink_to("../shadow")
    (stranger / "pipe").symlink_to("/dev/zero")
    snapshot = load(str(stranger))
    assert [(note.file, note.text) for note in snapshot.notes] == [
        ("README", "not read: leads out of the folder"), ("pipe", "not read: leads out of the folder")
    ]  # fmt: skip


def test_a_folder_that_is_a_link_itself_is_where_it_leads(stranger: Path) -> None:
    named = stranger.parent / "named"
    named.symlink_to(stranger)
    (stranger / "ip-rule.txt").symlink_to(named / "rules")
    (stranger / "rules").write_text("0:\tfrom all lookup local\n")
    assert len(load(str(named)).host.rules or ()) == 1


def test_what_is_read_is_what_was_found(stranger: Path) -> None:
    """A file that becomes a link, or a folder that does, between the look and the reading."""
    top = Folder(stranger, Bounds())
    (stranger / "ss.txt").write_text("x")
    (stranger / "netns" / "web").mkdir()
    (stranger / "netns" / "web" / "ss.txt").write_text("x")
    for parts in (("ss.txt",), ("netns", "web", "ss.txt")):
        with os.fdopen(top._open(parts), "rb") as file:
            assert file.read() == b"x"
    (stranger / "ss.txt").unlink()
    (stranger / "ss.txt").symlink_to("../shadow")
    shutil.rmtree(stranger / "netns" / "web")
    (stranger / "netns" / "web").symlink_to("../../private/web")
    for parts in (("ss.txt",), ("netns", "web", "ss.txt")):
        with pytest.raises(OSError, match=r"Too many levels|Not a directory"):
            top._open(parts)


def test_pipes_devices_and_folders_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    top = Folder(tmp_path, Bounds(outside=True))
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        with pytest.raises(NoFileError):
            top.read(path, "shown")


def test_folders_that_are_too_large(tmp_path: Path) -> None:
    for name in ("ss.txt", "sysctl.txt"):
        (tmp_path / name).write_text("x" * 600)
    assert len(read_folder(tmp_path, Bounds(most=1200))[0]) == 2
    with pytest.raises(SourceError, match="larger than") as caught:
        read_folder(tmp_path, Bounds(most=1199))
    assert caught.value.file == "sysctl.txt"
    assert "--max-input" in caught.value.advice


def test_an_archive_cut_between_two_members_is_not_whole() -> None:
    """tarfile takes such a cut for the end; the files behind it would be missing without a word."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in ("ip-route.txt", "sysctl.txt", "iptables-nat.txt"):
            member = tarfile.TarInfo(name)
            member.size = 3
            tar.addfile(member, io.BytesIO(b"abc"))
    data = whole.getvalue()
    assert set(read_archive(data, "whole.tar")[0]) == {"ip-route.txt", "sysctl.txt", "iptables-nat.txt"}
    for length in range(512, 3 * 1024 + 1, 64):
        with pytest.raises(SourceError):
            read_archive(data[:length], "cut.tar")


def test_members_of_any_kind_are_counted() -> None:
    bounds = Bounds(most=2_000_000)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:") as tar:
        tar.addfile(tarfile.TarInfo("ip-route.txt"))
        for at in range(bounds.members):
            member = tarfile.TarInfo(f"m{at}")
            member.type = (b"Z", tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.REGTYPE)[at % 4]
            tar.addfile(member)
    with pytest.raises(SourceError, match=f"holds more than {bounds.members} files") as caught:
        read_archive(out.getvalue(), "snap.tar", None, bounds)
    assert "--max-input" in caught.value.advice


def test_files_of_a_folder_are_counted(tmp_path: Path) -> None:
    bounds = Bounds(most=1)
    for at in range(bounds.members):
        (tmp_path / f"f{at}").touch()
    assert len(read_folder(tmp_path, bounds)[0]) == bounds.members
    (tmp_path / "one-more").touch()
    with pytest.raises(SourceError, match=f"holds more than {bounds.members} files"):
        read_folder(tmp_path, bounds)


def test_names_that_no_system_has_are_refused() -> None:
    assert list(read_archive(tar_of({"a" * 4096: b""}), "snap.tar")[0]) == ["a" * 4096]
    with pytest.raises(SourceError, match="longer than 4096 characters") as caught:
        read_archive(tar_of({"a" * 4097: b""}), "snap.tar")
    assert len(caught.value.text) == 80


def test_headers_that_count_for_all_members_are_few() -> None:
    """Each member gets a copy of them: very many of both would be their product."""
    out = io.BytesIO()
    for at in range(70):
        out.write(tarfile.TarInfo.create_pax_global_header({f"k{at}": "v"}))
    out.write(tarfile.TarInfo("ip-route.txt").tobuf() + bytes(1024))
    with pytest.raises(SourceError, match="more than 64 headers"):
        read_archive(out.getvalue(), "snap.tar")
