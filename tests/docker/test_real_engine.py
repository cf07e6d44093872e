"""A real dockerd, started by hand in namespaces of its own, and what ``plan`` said that it would make.

Needs root, a static busybox, and an engine: dockerd, containerd, runc and docker on the PATH, or below the
folder that SEKISHO_ENGINE names (unpacked Debian packages will do: nothing has to be installed).
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from sekisho.capture.script import script
from sekisho.docker.commands import parse_lines
from sekisho.docker.engine import Engine, parse_version
from sekisho.docker.engine_flags import apply
from sekisho.docker.errors import DockerError
from sekisho.docker.predict import Predictor
from sekisho.errors import UsageError
from sekisho.sources.load import load
from tests.docker.scenario import compare

pytestmark = pytest.mark.kernel


@cache
def engine_path() -> str:
    """The PATH that has an engine; empty where there is none."""
    root = os.environ.get("SEKISHO_ENGINE", "")
    path = ":".join(f"{root}{place}" for place in ("/usr/sbin", "/usr/bin")) + ":" if root else ""
    path += os.environ["PATH"]
    programs = [shutil.which(name, path=path) for name in ("dockerd", "containerd", "runc", "docker")]
    if not shutil.which("busybox", path=path):
        return ""
    for program in programs:  # unpacked, a library may be missing
        if program is None or subprocess.run([program, "--version"], capture_output=True).returncode:
            return ""
    return path


needs_engine = pytest.mark.skipif(
    not engine_path(),
    reason="no engine here: dockerd, containerd, runc, docker and busybox (or SEKISHO_ENGINE)",
)

# Everything dies with its process namespace; the machine's own network is never touched.
INSIDE = """\
set -e
cd "$WORK"
ip link set lo up
ip link add eth0 address 0a:12:34:56:78:9a mtu 9001 type veth peer name wire mtu 9001
ip link set wire up
ip addr add 10.0.1.23/24 dev eth0
ip link set eth0 up
ip route add default via 10.0.1.1
mount --make-rprivate /
mkdir -p cg && mount --rbind /sys/fs/cgroup cg
umount -l /sys && mount -t sysfs sysfs /sys && mount --rbind cg /sys/fs/cgroup && umount -l cg
sh capture.sh > before.tar
dockerd -H "unix://$WORK/s" --data-root "$WORK/data" --exec-root "$WORK/exec" --pidfile "$WORK/pid" \\
    $FLAGS > dockerd.log 2>&1 &
docker() { command docker -H "unix://$WORK/s" "$@"; }
for i in $(seq 1 300); do docker version > version.txt 2>/dev/null && break; sleep 0.1; done
docker version --format '{{.Server.Version}}' > version.txt
mkdir -p image/bin && cp "$(command -v busybox)" image/bin/ && ln -sf busybox image/bin/sleep
tar -C image -c . | docker import - bb:latest > import.txt
. ./commands.sh > out.txt 2> err.txt
DOCKER_HOST="unix://$WORK/s" sh capture.sh > after.tar
"""

SCENARIOS = {
    "networks-and-ports": (
        "",
        """\
docker network create app
docker network create --internal inner
docker network create --subnet 10.77.0.0/24 --gateway 10.77.0.254 -o com.docker.network.bridge.name=br9 named
docker run -d --name web --network app -p 8080:80 -p 127.0.0.1:8443:443 -p 53:53/udp bb:latest sleep 600
docker run -d --name db --network inner bb:latest sleep 600
docker run -d --name c3 --network named --ip 10.77.0.77 -p 9000-9002:81 bb:latest sleep 600
docker run -d --name c4 bb:latest sleep 600
docker network connect named web
docker run -d --name gone --network app -p 7777:7 bb:latest sleep 600
docker rm -f gone
docker network create last
docker network rm last
""",
    ),
    "no-proxy-no-icc": (
        "--userland-proxy=false --icc=false --bip=192.168.77.1/24",
        """\
docker run -d --name one -p 8080:80 bb:latest sleep 600
docker network create -o com.docker.network.bridge.enable_icc=false quiet
docker run -d --name two --network quiet -p 8081:80 -p 8082:80 bb:latest sleep 600
""",
    ),
}
SCENARIOS["flags-and-ports-that-are-not-open"] = (
    "--bip=192.168.77.1/24 --default-gateway=192.168.77.254 --fixed-cidr=192.168.77.64/26 --ip=127.0.0.1"
    " --ip-masq=false --mtu=1400 -H tcp://127.0.0.1:2375 --metrics-addr 127.0.0.1:9323",
    """\
docker run -d --name one -p 8080:80 bb:latest sleep 600
docker network create --internal inner
docker run -d --name two --network inner -p 8081:80 bb:latest sleep 600
docker network create -d macvlan -o parent=eth0 --subnet 10.0.2.0/24 wire
docker run -d --name three --network wire -p 8082:80 bb:latest sleep 600
docker run -d --name four --network host -p 8083:80 bb:latest sleep 600
docker network create app
docker run -d --name five --network inner -p 8084:80 bb:latest sleep 600
docker network connect app five
""",
)
SCENARIOS["fixed-cidr-alone"] = (
    "--fixed-cidr=172.17.128.0/17",
    "docker run -d --name one -p 8080:80 bb:latest sleep 600\ndocker network create app\n",
)


def random_commands(seed: int) -> str:
    """Networks with any of their options, containers on some of them, and some of both taken away."""
    draw = random.Random(seed)
    lines: list[str] = []
    networks: list[str] = []
    for number in range(draw.randint(2, 5)):
        options = []
        if draw.random() < 0.4:
            options.append(f"--subnet 10.{50 + number}.0.0/{draw.choice((16, 24, 28))}")
            if draw.random() < 0.5:
                options.append(f"--gateway 10.{50 + number}.0.{draw.choice((2, 9, 14))}")
        if draw.random() < 0.25:
            options.append("--internal")
        if draw.random() < 0.25:
            options.append("-o com.docker.network.bridge.enable_icc=false")
        if draw.random() < 0.25:
            options.append("-o com.docker.network.bridge.enable_ip_masquerade=false")
        if draw.random() < 0.25:
            options.append(f"-o com.docker.network.bridge.name=brx{number}")
        if draw.random() < 0.2:
            options.append("-o com.docker.network.bridge.host_binding_ipv4=10.0.1.23")
        name = f"n{number}"
        lines.append(" ".join(["docker network create", *options, name]))
        networks.append(name)
    running: list[str] = []
    for number in range(draw.randint(2, 6)):
        name = f"box{number}"
        network = draw.choice([*networks, "bridge"])
        port = draw.choice(("", f"-p {8000 + number}:80", f"-p 127.0.0.1:{8000 + number}:80/udp", "-p 81",
                            f"-p {9000 + 10 * number}-{9004 + 10 * number}:82"))  # fmt: skip
        lines.append(f"docker run -d --name {name} --network {network} {port} bb:latest sleep 600")
        others = [other for other in networks if other != network]
        if others and draw.random() < 0.4:
            lines.append(f"docker network connect {draw.choice(others)} {name}")
        running.append(name)
        if draw.random() < 0.3:
            lines.append(f"docker rm -f {running.pop(draw.randrange(len(running)))}")
    return "\n".join(lines) + "\n"


SCENARIOS.update({f"random-{seed}": ("", random_commands(seed)) for seed in range(3)})


@pytest.fixture
def work() -> Iterator[Path]:
    """A folder with a short name: containerd's sockets lie below it, and their paths end at 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="sekisho-") as name:
        yield Path(name)


def _inside(work: Path, flags: str, wait: int = 300) -> subprocess.CompletedProcess[str]:
    """Start dockerd and run commands.sh, all in namespaces that go with it; ``wait``: tenths of a second for
    dockerd to answer."""
    return subprocess.run(
        [
            "unshare",
            "--net",
            "--mount",
            "--pid",
            "--fork",
            "--mount-proc",
            "--kill-child",
            "sh",
            "-c",
            INSIDE.replace("seq 1 300", f"seq 1 {wait}"),
        ],
        env={**os.environ, "PATH": engine_path(), "WORK": str(work), "FLAGS": flags},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


@needs_engine
@pytest.mark.parametrize("name", SCENARIOS)
def test_dockerd_makes_what_was_planned(name: str, work: Path) -> None:
    flags, commands = SCENARIOS[name]
    (work / "capture.sh").write_text(script())
    (work / "commands.sh").write_text("set -e\n" + commands)
    done = _inside(work, flags)
    logs = {file.name: file.read_text()[-2000:] for file in work.glob("*.[lt][ox][gt]")}
    assert done.returncode == 0, (done.stderr, logs)
    engine = apply(Engine(parse_version((work / "version.txt").read_text())), flags.split())
    predictor = Predictor(load(str(work / "before.tar")), engine)
    for act in parse_lines(commands.split("\n"), "commands.sh"):
        predictor.apply(act)
    found = compare(load(str(work / "after.tar")), predictor.plan().after)
    assert found.different == []
    assert found.same["rules"] > 20


# Flags that dockerd refuses to start with.
REFUSED_FLAGS = (
    "--bip6=fd00::1/64", "--never-heard-of=1", "--default-gateway=10.0.0.9", "--icc=false --iptables=false",
    "--ip6tables", "--ipv6", "--bridge=br9", "--bridge=br9 --bip=10.0.0.1/24",
)  # fmt: skip


@needs_engine
@pytest.mark.parametrize("flags", REFUSED_FLAGS)
def test_dockerd_refuses_flags_in_the_words_that_are_planned(flags: str, work: Path) -> None:
    (work / "capture.sh").write_text(script())
    (work / "commands.sh").write_text("true\n")
    done = _inside(work, flags, wait=10)
    said = done.stderr + (work / "dockerd.log").read_text()
    env = {**os.environ, "PATH": engine_path()}
    version = subprocess.run(["dockerd", "--version"], env=env, capture_output=True, text=True).stdout
    engine, before = Engine(parse_version(version.split()[2])), load(str(work / "before.tar"))
    with pytest.raises((UsageError, DockerError)) as refused:
        Predictor(before, apply(engine, flags.split()))
    assert str(refused.value.what) in said


# Lines that dockerd refuses; the words are its own, whatever its version.
REFUSED = (
    "docker network create -d overlay mesh",
    "docker network create -d weave other",
    "docker network create --subnet 10.9.0.128/25 overlapping",
    "docker run -d --name api --network one -p 8080:81 bb:latest sleep 600",
    "docker run -d --name far --network one --ip 10.8.0.5 bb:latest sleep 600",
    "docker run -d --name near --network one --ip 10.9.0.2 bb:latest sleep 600",
    "docker run -d --name lost --network nowhere bb:latest sleep 600",
    "docker network create one",
)
MADE = (
    "docker network create --subnet 10.9.0.0/24 one",
    "docker run -d --name web --network one -p 8080:80 bb:latest sleep 600",
)


@needs_engine
def test_dockerd_refuses_in_the_words_that_are_planned(work: Path) -> None:
    (work / "capture.sh").write_text(script())
    asked = "\n".join(f"{line} 2>refused-{at}.txt && exit 9" for at, line in enumerate(REFUSED))
    (work / "commands.sh").write_text("\n".join(("set -e", *MADE, "set +e", asked, "true\n")))
    done = _inside(work, "")
    assert done.returncode == 0, done.stderr
    predictor = Predictor(
        load(str(work / "before.tar")), Engine(parse_version((work / "version.txt").read_text()))
    )
    for act in parse_lines(MADE, "commands.sh"):
        predictor.apply(act)
    for at, line in enumerate(REFUSED):
        with pytest.raises(DockerError) as refused:
            predictor.apply(*parse_lines([line], "commands.sh"))
        assert refused.value.what in (work / f"refused-{at}.txt").read_text(), line
