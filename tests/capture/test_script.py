"""The capture script, run by dash and by busybox ash in private namespaces, and its tar loaded."""

from __future__ import annotations

import json
import os
import pty
import shlex
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sekisho.capture.script import script
from sekisho.sources.load import load

SHELLS = {"dash": ["dash"], "busybox ash": ["busybox", "ash"]}
HOST = """
ip link set lo up
ip link add br0 type bridge
ip link add v0 type veth peer name v1
ip link set v0 master br0
ip link set br0 up; ip link set v0 up; ip link set v1 up
ip addr add 172.18.0.1/16 dev br0
ip route add blackhole 10.99.0.0/16
ip rule add from 10.0.0.139 lookup 10001
ip route add default dev br0 table 10001
iptables -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 172.18.0.2:80
ipset create allowed hash:ip
ipset add allowed 1.2.3.4
"""


def needs(shell: str) -> None:
    if shutil.which(SHELLS[shell][0]) is None:
        pytest.skip(f"{SHELLS[shell][0]} is not installed")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the script, and an empty one for temporary files."""
    (tmp_path / "snapshot.sh").write_text(script())
    (tmp_path / "tmp").mkdir()
    return tmp_path


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A folder with the script that every user may use."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o777)
        (place / "snapshot.sh").write_text(script())
        (place / "snapshot.sh").chmod(0o644)
        yield place


def capture(place: Path, shell: str, setup: str, path: str = "", after: str = "") -> str:
    """Run the script in fresh network and mount namespaces; the commands' other output comes back."""
    needs(shell)
    tar = place / "snapshot.tar"
    command = [str(shutil.which(SHELLS[shell][0])), *SHELLS[shell][1:], str(place / "snapshot.sh")]
    lines = [
        "set -e",
        "mount -t tmpfs none /run",
        setup,
        f"export TMPDIR={shlex.quote(str(place / 'tmp'))}",
        f"PATH={path or os.environ['PATH']} {shlex.join(command)} >{shlex.quote(str(tar))}",
        after,
    ]
    done = subprocess.run(
        ["unshare", "-n", "-m", "sh", "-c", "\n".join(lines)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert list((place / "tmp").iterdir()) == []
    return done.stdout


def capture_notes(tar: Path) -> list[str]:
    return [note.text for note in load(str(tar)).notes if note.file == "capture-notes.txt"]


def test_it_is_a_hundred_readable_lines() -> None:
    lines = script().splitlines()
    assert lines[0] == "#!/bin/sh"
    assert 80 < len(lines) < 190
    assert max(map(len, lines)) <= 110


def test_it_does_not_write_a_tar_to_a_terminal(place: Path) -> None:
    needs("dash")
    leader, follower = pty.openpty()
    try:
        done = subprocess.run(
            ["dash", str(place / "snapshot.sh")],
            stdout=follower,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(leader)
        os.close(follower)
    assert done.returncode == 2
    assert ">snapshot.tar" in done.stderr


@pytest.mark.kernel
@pytest.mark.parametrize("shell", SHELLS)
def test_what_the_kernel_has_is_in_the_snapshot(shell: str, place: Path) -> None:
    # The kernel's own answers, in the same namespace, right after the capture.
    after = "ip -j route show table all; ip -j -6 rule; cat /proc/net/ip_tables_names 2>/dev/null || :"
    routes, rules, *legacy = capture(place, shell, HOST, after=after).split("\n", 2)
    snapshot = load(str(place / "snapshot.tar"))
    host = snapshot.host
    assert host.unread == ()
    assert snapshot.unread == ()
    wanted = [
        (route["dst"].removesuffix("/32"), route.get("table", "main"))
        for route in json.loads(routes)
        if ":" not in route["dst"]
    ]
    found = [
        ("default" if route.dst.length == 0 else str(route.dst).removesuffix("/32"), route.table)
        for route in host.routes
        if route.family == 4
    ]
    assert sorted(found) == sorted(wanted)
    assert ("10.99.0.0/16", "main") in found
    assert ("default", "10001") in found
    assert host.route_tables >= {(4, "all"), (6, "all")}
    assert [(rule.priority, rule.table) for rule in host.rules or () if rule.family == 4] == [
        (0, "local"), (32765, "10001"), (32766, "main"), (32767, "default"),
    ]  # fmt: skip
    assert len([rule for rule in host.rules or () if rule.family == 6]) == len(json.loads(rules))
    assert {interface.name for interface in host.interfaces or ()} >= {"lo", "br0", "v0", "v1"}
    assert [one.master for one in host.interfaces or () if one.name == "v0"] == ["br0"]
    assert "172.18.0.1" in [str(address.address) for address in host.addresses or ()]
    nat = {one.backend: one for one in host.rulesets if one.family == 4}["nft"].tables
    assert [table.name for table in nat] == ["nat"]
    assert [len(chain.rules) for chain in nat[0].chains if chain.name == "PREROUTING"] == [1]
    assert [(ipset.name, [entry[0] for entry in ipset.entries]) for ipset in host.ipsets or ()] == [
        ("allowed", ["1.2.3.4"])
    ]
    assert host.sysctl("net.ipv4.ip_forward") in ("0", "1")
    assert host.sysctl("net.ipv4.conf.br0.rp_filter") is not None
    assert host.sockets == ()
    assert host.nft is not None
    # It only read: to list a legacy table would have made it.
    assert "".join(legacy).strip() == ""


@pytest.mark.kernel
@pytest.mark.parametrize("shell", SHELLS)
def test_other_namespaces(shell: str, place: Path) -> None:
    """A named namespace, and a container whose engine is a stand-in with two containers in one namespace."""
    binaries = place / "bin"
    binaries.mkdir()
    (binaries / "docker").write_text(
        """#!/bin/sh
pid=$(cat "$(dirname "$0")/pid")
case "$*" in
    "version"*) echo '{"Server":{"Version":"28.5.2"}}' ;;
    "network ls"*) echo n1 ;;
    "network inspect"*) echo '[{"Name":"app","Id":"db89ce9e566a58","Driver":"bridge","IPAM":{}}]' ;;
    "ps"*) printf 'c1\\nc2\\nc3\\n' ;;
    *State.Pid*c3) echo 1 ;;
    *State.Pid*) echo "$pid" ;;
    *Name*c1) echo /web ;;
    *Name*c2) echo /sidecar ;;
    *Name*c3) echo /onhost ;;
    inspect*) echo '[{"Id":"c1","Name":"/web","State":{"Running":true,"Pid":'$pid'},"NetworkSettings":{}}]' ;;
esac
"""
    )
    (binaries / "docker").chmod(0o755)
    setup = f"""
ip link set lo up
ip netns add blue
ip -n blue link set lo up
ip -n blue route add blackhole 10.66.0.0/16
unshare -n sleep 30 >/dev/null 2>&1 & pid=$!
while [ "$(readlink /proc/$pid/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
nsenter -t $pid -n ip link set lo up
nsenter -t $pid -n ip route add blackhole 10.77.0.0/16
echo $pid >{binaries}/pid
"""
    capture(place, shell, setup, f"{binaries}:{os.environ['PATH']}", "kill $pid")
    snapshot = load(str(place / "snapshot.tar"))
    kinds: dict[str, list[str]] = {
        one.name: [str(route.dst) for route in one.routes if route.kind == "blackhole"]
        for one in (snapshot.host, *snapshot.namespaces)
    }
    shared = "the namespace is the host's or another one's that was read"
    notes = capture_notes(place / "snapshot.tar")
    assert kinds["blue"] == ["10.66.0.0/16"]
    assert kinds["web"] == ["10.77.0.0/16"]
    assert kinds["host"] == []
    assert [note.partition(":")[0] for note in notes if shared in note] == ["netns/sidecar/"]
    assert snapshot.docker_version == "28.5.2"
    assert [network.name for network in snapshot.networks or ()] == ["app"]
    assert [container.name for container in snapshot.containers or ()] == ["web"]
    assert all(one.unread == () for one in (snapshot.host, *snapshot.namespaces))


@pytest.mark.kernel
def test_a_machine_with_next_to_nothing(place: Path) -> None:
    """No iproute2, no iptables, no ss: sysctls from /proc, and a note for everything else."""
    binaries, empty = place / "bin", place / "empty"
    binaries.mkdir()
    empty.mkdir()
    for tool in (
        "tar",
        "mktemp",
        "rm",
        "mkdir",
        "head",
        "cat",
        "grep",
        "readlink",
        "tr",
        "uname",
        "sh",
        "dash",
    ):
        (binaries / tool).symlink_to(str(shutil.which(tool)))
    needs("dash")
    capture(
        place, "dash", f"mount --bind {empty} /usr/sbin; mount --bind {empty} /usr/local/sbin", str(binaries)
    )
    snapshot = load(str(place / "snapshot.tar"))
    assert snapshot.host.sysctl("net.ipv4.ip_forward") in ("0", "1")
    assert snapshot.host.routes == ()
    assert (snapshot.host.interfaces, snapshot.host.sockets, snapshot.networks) == (None, None, None)
    notes = capture_notes(place / "snapshot.tar")
    for start in (
        "ip-route.txt: ip route: not installed",
        "iptables-legacy-save.txt: iptables-save -c: not installed",
        "ipset-save.txt: ipset save: not installed",
        "docker-networks.json: docker: not installed",
        "ss.txt: ss: ",
    ):
        assert any(note.startswith(start) for note in notes), (start, notes)


BESIDE = """
ip xfrm policy add src 10.0.0.0/24 dst 10.9.0.0/16 dir out \
    tmpl src 192.0.2.1 dst 192.0.2.2 proto esp mode tunnel
tc qdisc add dev v0 clsact
"""
KINDS = ("xfrm", "tc", "ipvs", "wireguard")
KEY = "aGVyZSBpcyBhIGtleSB0aGF0IG5vYm9keSBtYXkgcyE="
# The kernel here has neither filters nor WireGuard: what their programs print (tc-bpf(8), wg(8)).
TC = """#!/bin/sh
[ "$1" != filter ] || { echo "filter protocol all pref 49152 bpf chain 0 $4 $5"; exit; }
PATH=${PATH#*:} exec tc "$@"
"""
WG = f"""#!/bin/sh
[ "$*" = "show all dump" ] || exit 1
printf 'wg0\\t{KEY}\\t{KEY}\\t51820\\toff\\n'
printf 'wg0\\t{KEY}\\t{KEY}\\t192.0.2.7:51821\\t10.9.0.2/32,10.9.1.0/24\\t0\\t0\\t0\\toff\\n'
printf 'wg0\\t{KEY}\\t(none)\\t(none)\\t(none)\\t0\\t0\\t0\\toff\\n'
"""


@pytest.mark.kernel
@pytest.mark.parametrize("shell", SHELLS)
def test_what_has_packets_beside_the_tables(shell: str, place: Path) -> None:
    (place / "bin").mkdir()
    for name, text in (("tc", TC), ("wg", WG)):
        (place / "bin" / name).write_text(text)
        (place / "bin" / name).chmod(0o755)
    capture(place, shell, HOST + BESIDE, f"{place / 'bin'}:{os.environ['PATH']}")
    host = load(str(place / "snapshot.tar")).host
    assert host.unread == ()
    of_iproute2 = {"xfrm", "tc"} if shell == "dash" else set()  # busybox ash takes its own ip and tc
    assert host.beside_shown == of_iproute2 | {"ipvs", "wireguard"}
    found = {kind: [one for one in host.beside if one.kind == kind] for kind in host.beside_shown}
    assert found["ipvs"] == []
    told = [(one.word, one.port, [str(prefix) for prefix in one.allowed]) for one in found["wireguard"]]
    assert told == [("listens", 51820, []), ("", 51821, ["10.9.0.2/32", "10.9.1.0/24"]), ("", None, [])]
    assert KEY.encode() not in (place / "snapshot.tar").read_bytes()
    assert not any(f"{name}.txt" in note for note in capture_notes(place / "snapshot.tar") for name in KINDS)
    if not of_iproute2:
        return
    assert [(str(one.src), str(one.dst), one.direction) for one in found["xfrm"]] == [
        ("10.0.0.0/24", "10.9.0.0/16", "out")
    ]
    filters = [(one.interface, one.direction, one.lines) for one in found["tc"] if one.direction]
    assert filters == [
        ("v0", way, (f"filter protocol all pref 49152 bpf chain 0 v0 {way}",))
        for way in ("ingress", "egress")
    ]
    assert ("v0", "clsact") in {(one.interface, one.word) for one in found["tc"]}


@pytest.mark.kernel
@pytest.mark.parametrize("shell", SHELLS)
def test_it_lists_its_files_as_they_are(shell: str, place: Path) -> None:
    """Each file's bytes and lines; nothing of a capture is taken for changed, and what is cut is seen."""
    capture(place, shell, HOST)
    folder = place / "there"
    with tarfile.open(place / "snapshot.tar") as tar:
        tar.extractall(folder, filter="data")
    listed = (folder / "capture-manifest.txt").read_text().splitlines()
    sizes = {line.split()[3].rstrip(":"): line.split()[:3] for line in listed if line.startswith("0 ")}
    own = {"capture-manifest.txt", "capture-notes.txt", "snapshot.toml", "docker-containers.json"}
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - own
    assert written
    assert set(sizes) >= written
    for name in written:
        data = (folder / name).read_bytes()
        assert sizes[name] == ["0", str(len(data)), str(data.count(b"\n"))]
    host = load(str(folder)).host
    assert (host.changed_files, host.cut_files, host.empty_files) == ((), (), ())
    (folder / "iptables-save.txt").write_text("")
    cut = load(str(folder)).host
    [rules] = [each for each in cut.rulesets if (each.family, each.backend) == (4, "")]
    assert rules.incomplete is not None


@pytest.mark.kernel
def test_without_rights_it_says_what_it_could_not_read(open_place: Path) -> None:
    needs("dash")
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed")
    tar = open_place / "snapshot.tar"
    nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups"
    command = f"ip link set lo up; TMPDIR={open_place} {nobody} dash {open_place}/snapshot.sh >{tar}"
    done = subprocess.run(["unshare", "-n", "sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in open_place.iterdir()) == ["snapshot.sh", "snapshot.tar"]
    notes = capture_notes(tar)
    assert any(note.startswith("iptables-save.txt: iptables-save -c: ") for note in notes)
    assert "could not be read" in done.stderr
    assert "iptables-save.txt: iptables-save -c: " in done.stderr
    assert "not installed" not in done.stderr
    host = load(str(tar)).host
    assert host.route_tables >= {(4, "all")}
    # What could not be read is unknown, not empty.
    unread = [one for one in host.rulesets if one.backend != "legacy"]
    assert [(one.family, one.tables) for one in unread] == [(4, ()), (6, ())]
    assert {one.incomplete and one.incomplete.why for one in unread} == {"failed"}
    assert {"iptables-save.txt", "ip6tables-save.txt"} <= {one.file for one in host.failed}


@pytest.fixture
def slow(place: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The script in the middle of its work: its `ip` takes for ever."""
    binaries = place / "bin"
    binaries.mkdir()
    (binaries / "ip").write_text(f"#!/bin/sh\n: >{place}/begun\nexec sleep 60\n")
    (binaries / "ip").chmod(0o755)
    with subprocess.Popen(
        ["unshare", "-n", "dash", str(place / "snapshot.sh")],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        env={"PATH": f"{binaries}:{os.environ['PATH']}", "TMPDIR": str(place / "tmp")},
    ) as process:
        yield process
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.kernel
def test_interrupted_it_leaves_nothing_behind(slow: subprocess.Popen[bytes], place: Path) -> None:
    needs("dash")
    deadline = time.monotonic() + 60
    while not (place / "begun").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (place / "begun").exists()
    assert list((place / "tmp").iterdir())
    os.killpg(slow.pid, signal.SIGTERM)
    assert slow.wait(20) != 0
    assert list((place / "tmp").iterdir()) == []


@pytest.mark.kernel
def test_the_tar_has_plain_members_only(place: Path) -> None:
    capture(place, "dash", "ip link set lo up")
    with tarfile.open(place / "snapshot.tar") as tar:
        members = tar.getmembers()
    assert all(member.isfile() or member.isdir() for member in members)
    assert "./ip-route.txt" in [member.name for member in members]
