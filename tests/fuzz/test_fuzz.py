"""The campaign finds what it is for, and finds nothing in fresh inputs."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from sekisho.cli.verbs import VERBS, load_verb
from sekisho.model.evidence import Evidence, Unread
from sekisho.model.snapshot import Snapshot
from sekisho.sources import conntrack, ip_neigh, ip_route, ip_rule, ip_rule_json, ss, sysctl
from sekisho.sources.load import load
from sekisho.sources.parsed import Parsed
from tests.cli.command import ROOT, sekisho
from tests.fuzz import commands, worker
from tests.fuzz.accounted import dropped, lost_canary, unshown
from tests.fuzz.campaign import Asked, Result, run
from tests.fuzz.inputs import Input, made
from tests.fuzz.mutate import CANARY
from tests.fuzz.samples import Corpus, corpus
from tests.fuzz.worker import Finding, shrunk, tried

FRESH = 5000
ROUTES = (
    b"default via 10.0.0.1 dev eth0\n10.0.0.0/24 dev eth0 scope link\n10.9.0.0/16 via 10.0.0.9 dev eth0\n"
)
RULES = b"0:\tfrom all lookup local\n32766:\tfrom all lookup main\n"


def reader(data: bytes = ROUTES, name: str = "ip-route.txt", canary: bool = False) -> Input:
    return Input(7, {name: data}, ("explain", "{}/" + name, "--json"), (name,), True, canary)


@pytest.fixture(scope="module")
def samples() -> Corpus:
    return corpus(truth=False)


def head() -> str:
    done = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or time.strftime("%Y%m%d")


def test_fresh_inputs_find_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Others for each commit; the seed is told, so that what is found can be found again."""
    seed = int(os.environ.get("SEKISHO_FUZZ_SEED") or int(head()[:8], 16))
    said: list[str] = []
    result = run(Asked(seed, FRESH, readers=0.98, truth=False), said.append)
    with capsys.disabled():
        print(
            f"\n{result.count} damaged inputs: python -m tests.fuzz --no-truth --readers 0.98 --seed {seed}"
        )
    assert "".join(said) == ""
    assert result.count == FRESH


def test_an_input_is_the_same_for_its_seed_and_number(samples: Corpus) -> None:
    for number in range(200):
        assert made(samples, 1, number) == made(samples, 1, number)
    assert len({str(made(samples, seed, 3)) for seed in range(20)}) == 20


def test_every_verb_and_every_file_of_a_snapshot_has_its_turn(samples: Corpus) -> None:
    drawn = [made(samples, 5, number, 0.5) for number in range(6000)]
    assert {one.argv[0] for one in drawn if not one.reader} == set(VERBS)
    assert set(commands.VERBS) == set(VERBS)
    assert {name for one in drawn if one.reader for name in one.files} == set(samples.texts)
    assert any(one.stdin for one in drawn)


def test_no_command_line_builds_or_runs_anything(samples: Corpus) -> None:
    for number in range(6000):
        argv = made(samples, 6, number, 0.0).argv
        if argv[0] == "lab":
            assert argv[1] == "graph" or "--print-commands" in argv
        if argv[0] == "capture":
            assert "--script" in argv


def test_nothing_is_found_where_nothing_is_wrong(tmp_path: Path) -> None:
    assert tried(reader(), tmp_path / "in") is None
    assert tried(reader(b"\xff\x00"), tmp_path / "in") is None  # refused, in words


@pytest.mark.parametrize("error", [KeyError("x"), RecursionError(), MemoryError()])
def test_a_reader_that_raises_is_found(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_given: object) -> None:
        raise error

    monkeypatch.setattr(ip_rule, "parse", refuse)
    found = tried(reader(RULES, "ip-rule.txt"), tmp_path / "in")
    assert found is not None
    assert found.key.startswith(f"fault: {type(error).__name__}, sources/assemble.py:")


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        (lambda *_given: 4, "status 4"),
        (lambda *_given: 2, "status 2 without a word"),
        (lambda *_given: 0, "status 0 without an answer"),
        (lambda *_given: time.sleep(30), "hang: explain"),
    ],
)
def test_a_verb_that_does_wrong_is_found(
    wrong: Callable[..., int], key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_verb("explain"), "run", wrong)
    found = tried(reader(), tmp_path / "in", seconds=0.1)
    assert found is not None
    assert found.key == key


def test_a_reader_that_hangs_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_given: object) -> None:
        while True:
            pass

    monkeypatch.setattr(ip_rule, "parse", hang)
    found = tried(reader(RULES, "ip-rule.txt"), tmp_path / "in", seconds=0.3)
    assert found is not None
    assert found.key == "hang: explain"


def test_what_takes_too_much_memory_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[bytes] = []
    monkeypatch.setattr(worker, "BYTES", 400 << 20)
    monkeypatch.setattr(load_verb("explain"), "run", lambda *_given: held.append(b"x" * (500 << 20)))
    found = tried(reader(), tmp_path / "in")
    assert found is not None
    assert found.key == "memory: explain"


def without_last(real: Callable[..., Parsed[object]]) -> Callable[..., Parsed[object]]:
    def read(*given: object) -> Parsed[object]:
        parsed = real(*given)
        return Parsed(parsed.facts[:-1], parsed.unread[:-1])

    return read


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("ip-rule.txt", RULES),
        ("ip-rule.txt", RULES + b"9:\tfrom all nonsense\n"),
        ("ip-rule.json", b'[\n{"priority":0,"src":"all","table":"local"},\n'
                         b'{"priority":9,"src":"all","table":"main"}\n]'),
        ("ip-neigh.txt", b"10.0.0.1 dev eth0 lladdr 02:00:00:00:00:01 REACHABLE\n10.0.0.2 dev eth0 FAILED\n"),
        ("ss.txt", b"tcp LISTEN 0 5 *:80 *:*\ntcp LISTEN 0 5 *:82 *:*\n"),
        ("sysctl.txt", b"net.ipv4.ip_forward = 1\nnet.ipv4.conf.all.rp_filter = 2\n"),
        ("conntrack.txt", b"tcp 6 9 ESTABLISHED src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2 src=2.2.2.2"
                          b" dst=1.1.1.1 sport=2 dport=1 [ASSURED] mark=0 use=1\n" * 2),
    ],
)  # fmt: skip
def test_a_reader_that_drops_a_line_is_found(
    name: str, data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tried(reader(data, name), tmp_path / "in") is None
    for reads in (ip_rule, ip_rule_json, ip_neigh, ss, sysctl, conntrack):
        monkeypatch.setattr(reads, "parse", without_last(reads.parse))
    found = tried(reader(data, name), tmp_path / "in")
    assert found is not None
    assert found.key == f"dropped line: {name}"


SAVE = (
    b"*filter\n:INPUT ACCEPT [0:0]\n:X - [0:0]\n-A INPUT -p tcp -j X\n-A X -s 10.0.0.1/32 -j DROP\nCOMMIT\n"
)
LIST = (
    b"Chain INPUT (policy ACCEPT)\ntarget     prot opt source               destination\n"
    b"DROP       all  --  10.0.0.1             0.0.0.0/0\n"
)
NFT = (
    b"table ip t {\n\tset s {\n\t\ttype ipv4_addr\n\t\telements = { 10.0.0.1,\n\t\t\t     10.0.0.2 }\n\t}\n\n"
    b"\tchain c {\n\t\ttype filter hook input priority 0; policy accept;\n\t\ttcp dport 80 drop\n\t}\n}\n"
)
NFT_JSON = (
    b'{"nftables": [\n{"table": {"family": "ip", "name": "t", "handle": 1}},\n'
    b'{"set":{"family":"ip","table":"t","name":"s","type":"ipv4_addr","handle":2}}\n]}\n'
)


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("iptables-save.txt", SAVE, "-A X -s 10.0.0.1/32 -j DROP"),
        ("iptables-filter.txt", LIST, "DROP       all  --  10.0.0.1             0.0.0.0/0"),
        ("nft-ruleset.txt", NFT, "tcp dport 80 drop"),
        ("nft-ruleset.json", NFT_JSON, '{"set":'),
        ("ip-route.txt", ROUTES, "10.0.0.0/24 dev eth0 scope link"),
    ],
    ids=["save", "list", "nft", "nft-json", "route"],
)
def test_a_line_that_no_fact_names_is_found(name: str, data: bytes, text: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    snapshot = load(str(path))
    assert dropped(snapshot) == []
    [found] = dropped(without(snapshot, text))
    assert text in found


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("ip-route.txt", b"default proto static\n\tnexthop\tdev v2 weight 3 \n"),
        ("ip-route.txt", b"default proto static\n\tnexthop   via fe80::2 dev v2 weight 5 \n"),
        ("iptables-filter.txt", LIST.replace(b"target  ", b"num\x1e  pkts bytes target  ")),
        ("ipset-save.txt", b"create ports bitmap:port range 1-100\nadd\t ports 80\n"),
        ("nft-ruleset.txt", NFT.replace(b"\tset", b'\tcomment "mine"\n\tset')),
        ("docker-ps.txt", b"\tCONTAINER ID   IMAGE   NAMES\n3f1c2d4e5a6b   nginx   web\n"),
    ],
)  # fmt: skip
def test_what_belongs_to_another_lines_fact_is_not_dropped(name: str, data: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert dropped(load(str(path))) == []


def without(value: Snapshot, text: str) -> Snapshot:
    """The snapshot whose facts do not name the line with that text."""

    def moved(found: object) -> object:
        if isinstance(found, Evidence):
            return replace(found, line=1, text="") if text in found.text else found
        if isinstance(found, Mapping):
            return {key: moved(item) for key, item in found.items()}
        if isinstance(found, tuple):
            return tuple(moved(item) for item in found)
        if hasattr(found, "__dataclass_fields__") and not isinstance(found, type):
            made = {
                field.name: moved(getattr(found, field.name))
                for field in found.__dataclass_fields__.values()
                if field.init and field.name != "texts"
            }
            return replace(found, **made)  # type: ignore[type-var]
        return found

    found = moved(value)
    assert isinstance(found, Snapshot)
    return found


def test_a_word_that_is_dropped_is_found(tmp_path: Path) -> None:
    path = tmp_path / "ip-rule.txt"
    path.write_bytes(RULES + b"9:\tfrom all " + CANARY + b"\n")
    snapshot = load(str(path))
    assert not lost_canary(snapshot)
    [unread] = snapshot.host.unread
    assert isinstance(unread, Unread)
    assert lost_canary(replace(snapshot, host=replace(snapshot.host, unread=())))


def test_a_line_that_explain_leaves_out_is_found(tmp_path: Path) -> None:
    path = tmp_path / "iptables-filter.txt"
    path.write_bytes(LIST)
    explained = json.loads(sekisho("explain", str(path), "--json").out)
    assert unshown(json.dumps(explained), LIST.decode()) == []
    for section in explained["sections"]:
        section["lines"] = [line for line in section["lines"] if line["line"] != 2]
    [missing] = unshown(json.dumps(explained), LIST.decode())
    assert missing.startswith("2: 'target")


def test_what_was_found_becomes_smaller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = ip_route.parse

    def refuse(text: str, *given: object) -> object:
        assert "10.9" not in text
        return real(text, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(ip_route, "parse", refuse)
    given = reader(ROUTES * 10)
    found = tried(given, tmp_path / "in")
    assert found is not None
    smaller = shrunk(given, found, tmp_path / "in")
    assert smaller.files == {"ip-route.txt": b"10.9.0.0/16 via 10.0.0.9 dev eth0"}


def test_kinds_are_told_apart_and_counted() -> None:
    result = Result()
    assert [result.add(Finding(number, "a", "")) for number in range(5)] == [True, True, True, False, False]
    assert result.add(Finding(9, "b", ""))
    assert {key: len(found) for key, found in result.findings.items()} == {"a": 5, "b": 1}
