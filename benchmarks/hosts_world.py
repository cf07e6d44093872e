"""Many hosts as one world: whole processes, CPU seconds, the least of some runs.

python benchmarks/hosts_world.py [--hosts 100] [--containers 50] [--runs 3]

    trace     a container of one host to the published port of another, there and back
    exposed   every port of every host, as the Internet can call it
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.hosts import docker_host  # noqa: E402


def many(folder: Path, hosts: int, containers: int) -> Path:
    """Hosts on one subnet, each with the same addresses behind it."""
    base = docker_host(folder / "base", networks=5, containers=containers, ports=1)
    texts = {file.name: file.read_text() for file in base.iterdir()}
    for number in range(hosts):
        place = folder / "world" / "hosts" / f"web-{number:03}"
        place.mkdir(parents=True)
        for name, text in texts.items():
            (place / name).write_text(text.replace("10.0.0.10", f"10.0.{number // 200}.{number % 200 + 20}"))
    return folder / "world"


def seconds(*words: str) -> float:
    """What a whole process takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "sekisho", *words], check=False, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--containers", type=int, default=50)
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        world = str(many(Path(folder), args.hosts, args.containers))
        asked = {
            "trace": ("trace", world, "container:web-001/c3", "10.0.0.22:10001"),
            "exposed": ("exposed", world, "--from", "internet", "--json"),
        }
        for name, words in asked.items():
            print(f"{name:8} {min(seconds(*words) for _ in range(args.runs)):6.2f} s")


if __name__ == "__main__":
    main()
