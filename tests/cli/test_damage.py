"""Damaged captures through the verbs: an answer or an error in words, never a traceback."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from tests.cli.command import EXAMPLES, ROOT, sekisho

HOSTS = [EXAMPLES / "host-10.1.0.81", EXAMPLES / "host-10.0.0.10"]
HOSTS += sorted(path for path in (ROOT / "tests" / "data" / "docker").glob("*/*") if path.is_dir())
WORDS = (
    "!", "-j", "DNAT", "0.0.0.0/0", "1.2.3.4/33", "::1", "999.1.1.1", "-m", "65536", "9" * 30, "-1", "", "\t",
    "\0", "é", "１", "br-", "+", "tcp", "2:1", "{", "}", '"', "multiport dports", "Chain X (0 references)",
    "*filter", "COMMIT", "via", "dev", "nexthop", "default", "lookup", "-A", "null", "0xffffffffff", "-g",
)  # fmt: skip
ENDS = (
    "internet", "host", "172.18.0.2", "10.1.0.81:3306", "8.8.8.8:443", "127.0.0.1:80", "255.255.255.255:67",
    "224.0.0.1", "::1", "[2001:db8::5]:80", "container:web", "0.0.0.0:1",
)  # fmt: skip
LISTINGS = ("routes", "rules", "addresses", "nat", "filter", "raw", "sysctl", "networks", "links", "sockets")


def damaged(data: bytes, draw: random.Random) -> bytes:
    """Cut, swap, repeat, drop or overwrite lines, words and characters."""
    lines = data.split(b"\n")
    at, other = draw.randrange(len(lines)), draw.randrange(len(lines))
    words = lines[at].split(b" ")
    word = draw.randrange(len(words))
    match draw.randrange(8):
        case 0:
            return data[: draw.randrange(len(data) + 1)]
        case 1:
            spot = draw.randrange(len(data) + 1)
            return data[:spot] + bytes([draw.randrange(256)]) + data[spot + 1 :]
        case 2:
            lines[at], lines[other] = lines[other], lines[at]
        case 3:
            lines.insert(at, lines[other])
        case 4:
            del lines[at]
        case 5:
            words.insert(word, draw.choice(WORDS).encode())
            lines[at] = b" ".join(words)
        case kind:
            words[word] = draw.choice(WORDS).encode() if kind == 6 else draw.choice(lines[other].split(b" "))
            lines[at] = b" ".join(words)
    return b"\n".join(lines)


def command(path: Path, draw: random.Random) -> list[str]:
    """A random command line for the snapshot."""
    common = ["--lang", draw.choice(("en", "ja")), *(["--json"] if draw.random() < 0.3 else [])]
    verb = draw.choice(("explain", "show", "trace", "trace"))
    if verb == "show":
        return ["show", str(path), draw.choice(LISTINGS), *common]
    ends = [draw.choice(ENDS), draw.choice(ENDS)] if verb == "trace" else []
    return [verb, str(path), *ends, *common]


@pytest.mark.parametrize("seed", range(60))
def test_damage(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    folder = tmp_path / "s"
    shutil.copytree(draw.choice(HOSTS), folder)
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".txt", ".json"))
    for file in draw.sample(files, min(len(files), 3)):
        file.write_bytes(damaged(file.read_bytes(), draw))
    for path in (folder, draw.choice(files)):
        ran = sekisho(*command(path, draw))
        assert ran.status in (0, 1, 2, 3)
        if ran.status == 2:
            assert ran.err.startswith("sekisho: ")
            assert ran.out == ""
        else:
            assert ran.out
        assert "Traceback" not in ran.err
