"""The command line of labs, as a user types it; and the commands it prints, typed by hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sekisho.lab.namespaces import tool
from sekisho.lab.system.tour import EXERCISES
from tests.cli.command import EXAMPLES, Ran, process

pytestmark = pytest.mark.kernel
NAME = f"commands-{os.getpid()}"


@pytest.fixture(scope="module")
def up() -> Iterator[Ran]:
    ran = process("lab", "up", "--name", NAME, "-v")
    yield ran
    process("lab", "down", NAME)


def lab(verb: str, *words: str, lang: str = "en") -> Ran:
    """A verb on this module's lab, options first."""
    return process("lab", verb, "--name", NAME, "--lang", lang, *words)


def test_up_tells_nodes_and_seconds(up: Ran) -> None:
    assert (up.status, up.err) == (0, "")
    assert f"{NAME}: 9 nodes stand after " in up.out
    assert "172.18.0.3" in up.out
    assert "ms  in all" in up.out


@pytest.mark.usefixtures("up")
def test_a_second_lab_of_the_name_is_refused() -> None:
    ran = process("lab", "up", "--name", NAME)
    assert ran.status == 2
    assert "stands already" in ran.err
    assert f"sekisho lab down {NAME}" in ran.err


@pytest.mark.usefixtures("up")
def test_exec_passes_words_and_status_through() -> None:
    ran = lab("exec", "host", "ip", "-br", "-4", "address", "show", "dev", "docker0")
    assert (ran.status, ran.out.split()) == (0, ["docker0", "UP", "172.17.0.1/16"])
    assert lab("exec", "host", "--", "sh", "-c", "exit 9").status == 9
    assert lab("exec", "host", "--", "echo", "--json", "-h").out == "--json -h\n"
    missing = lab("exec", "nobody", "true")
    assert (missing.status, "there is no node 'nobody'" in missing.err) == (2, True)
    assert lab("exec", "host").status == 2


@pytest.mark.usefixtures("up")
def test_shell_is_a_shell_inside() -> None:
    ran = process("lab", "shell", "--name", NAME, "web", stdin="hostname\nexit 4\n", env={"SHELL": "/bin/sh"})
    assert (ran.status, ran.out) == (4, "web\n")


@pytest.mark.usefixtures("up")
def test_status_as_text_and_json() -> None:
    ran = lab("status")
    assert ran.status == 0
    assert "listens: tcp 0.0.0.0:8080" in ran.out
    answer = json.loads(lab("status", "--json").out)
    assert answer["schema"] == "sekisho/lab-status/1"
    assert [node["name"] for node in answer["nodes"]][:2] == ["internet", "igw"]
    assert "待ち受け" in lab("status", lang="ja").out


@pytest.mark.usefixtures("up")
def test_trace_shows_model_and_kernel() -> None:
    ran = lab("trace", "internet", "198.51.100.10:8080")
    assert (ran.status, ran.err) == (0, "")
    assert "= prerouting   nat DOCKER 4" in ran.out
    assert "model and kernel agree" in ran.out
    denied = lab("trace", "internet", "198.51.100.10:23", "--json")
    answer = json.loads(denied.out)
    assert (denied.status, answer["agree"], answer["kernel"]["connected"]) == (1, True, False)
    from_db = lab("trace", "db", "web:8080", lang="ja").out
    assert "モデルとカーネルは一致" in from_db
    # The source that routing chose had no value before.
    assert "  src 172.18.0.2" in from_db
    assert "src  ->" not in ran.out + from_db


@pytest.mark.usefixtures("up")
def test_set_shows_what_changes() -> None:
    ran = lab("set", "host", "ip_forward=0")
    assert ran.status == 0
    assert (
        "internet -> 198.51.100.10:8080/tcp: answered by web, which sees 203.0.113.10; now no answer"
        in ran.out
    )
    assert "internet -> 198.51.100.10:22" not in ran.out
    assert lab("set", "--only", "host", "ip_forward=1").status == 0
    assert lab("verify", "--from", "internet").status == 0
    assert lab("set", "host", "nonsense").status == 2
    refused = lab("set", "--only", "host", "iptables", "-D", "FORWARD", "99")
    assert (refused.status, "iptables -D FORWARD 99" in refused.err) == (2, True)


@pytest.mark.usefixtures("up")
def test_verify_and_graph_and_doctor() -> None:
    answer = json.loads(lab("verify", "--json", "--from", "peer").out)
    assert {pair["verdict"] for pair in answer["pairs"]} == {"agree"}
    assert "└─ web  172.18.0.3" in lab("graph").out
    assert lab("graph", "--format", "mermaid").out.startswith("flowchart LR\n")
    doctor = process("lab", "doctor", "--json")
    assert (doctor.status, json.loads(doctor.out)["ready"]) == (0, True)


@pytest.mark.usefixtures("up")
@pytest.mark.skipif(tool("tcpdump") is None, reason="tcpdump is not installed")
def test_capture_is_pcap_that_tcpdump_reads(tmp_path: object) -> None:
    file = f"{tmp_path}/x.pcap"
    asking = 'sleep 0.6; exec "$0" -m sekisho lab exec --name "$1" internet curl -s http://198.51.100.10:8080'
    with subprocess.Popen(
        ["sh", "-c", asking, sys.executable, NAME],
        env={**os.environ, "PYTHONPATH": str(EXAMPLES.parent / "src")}, stdout=subprocess.DEVNULL,
    ):  # fmt: skip
        ran = lab("capture", "-w", file, "-c", "3", "--seconds", "8", "host", "eth0")
    assert (ran.status, "3 frames" in ran.out) == (0, True)
    shown = subprocess.run(["tcpdump", "-nr", file], capture_output=True, text=True, check=True).stdout
    assert "203.0.113.10" in shown
    assert len(shown.splitlines()) == 3
    assert lab("capture", "-w", file, "host", "nothing").status == 2


def test_print_commands_can_be_typed() -> None:
    """Inside a mount namespace of its own, where ``ip netns`` may have names."""
    script = process("lab", "up", "--print-commands")
    assert script.status == 0
    look = (
        "\nip netns exec host ip route | sort\necho ----\n"
        "ip netns exec host iptables -t nat -S DOCKER\necho ----\n"
        "ip netns exec host dig +short +time=1 +tries=2 @10.0.0.2 host.ec2.internal\nkill %1\n"
    )
    done = subprocess.run(
        ["unshare", "-mn", "--propagation", "private", "bash", "-c",
         "mount -t tmpfs none /run && set -e\n" + script.out + look],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    routes, rules, name = done.stdout.split("----\n")
    listed = (EXAMPLES / "host-10.0.0.10" / "ip-route.txt").read_text().replace("xxxxxxxx", "528a7aa7b156")
    shown = [" ".join(line.replace(" linkdown", "").split()) for line in routes.splitlines() if line.strip()]
    assert sorted(shown[-6:]) == sorted(listed.splitlines())
    assert "--dport 8080 -j DNAT --to-destination 172.18.0.3:8080" in rules
    assert name.strip() == ("10.0.0.10" if tool("dnsmasq") and tool("dig") else "")


def test_the_tours_exercises_are_found_undone_then_done() -> None:
    """In order, on one lab: each check says no before its solution and yes after it."""
    name = f"{NAME}-tour"
    answers = {1: "10.0.0.1", 8: "172.18.0.1"}
    assert process("lab", "up", "--name", name).status == 0
    try:
        for exercise in EXERCISES:
            tour = ("lab", "tour", "--name", name, str(exercise.number))
            for lang in ("en", "ja"):
                shown = process(*tour, "--lang", lang)
                assert (shown.status, str(exercise.number) in shown.out) == (0, True)
            assert process(*tour, "--check").status == 1
            assert process(*tour, "--solve").status == 0
            if exercise.asks:
                assert process(*tour, "--answer", "192.0.2.1").status == 1
                assert process(*tour, "--answer", answers[exercise.number]).status == 0
    finally:
        process("lab", "down", name)


def test_the_tour_without_a_terminal_is_a_list() -> None:
    ran = process("lab", "tour", "--lang", "ja")
    assert (ran.status, len(ran.out.splitlines())) == (0, 10)
    assert process("lab", "tour", "11").status == 2


def test_up_tells_whose_facts_it_builds(tmp_path: Path) -> None:
    (tmp_path / "snapshot.toml").write_text('name = "shop\\u001b"\n')
    (tmp_path / "ip-addr.txt").write_text(
        "2: eth0: <BROADCAST,UP,LOWER_UP> mtu 1500\n    link/ether 02:00:00:00:00:01\n"
        "    inet 10.0.0.1/24 scope global eth0\n"
    )
    (tmp_path / "ip-route.txt").write_text("10.0.0.0/24 dev eth0 scope link\ndefault via 10.0.0.2 dev eth0\n")
    (tmp_path / "sysctl.txt").write_text("net.ipv4.ip_forward = 1\n")
    (tmp_path / "iptables-save.txt").write_text("*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j DROP\nCOMMIT\n")
    name = f"{NAME}-origin"
    try:
        en = process("lab", "up", str(tmp_path), "--name", name)
        status = process("lab", "status", "--name", name, "--json")
        ja = process("lab", "status", "--name", name, "--lang", "ja")
    finally:
        process("lab", "down", name)
    told = f"the snapshot {tmp_path}, whose host calls itself 'shop\\x1b': 2 routes, 1 rules, 1 sysctls,"
    assert told in en.out
    assert f"スナップショット {tmp_path} (ホスト名 'shop\\x1b'): 経路2個" in ja.out
    assert json.loads(status.out)["origin"] == {
        "kind": "snapshot", "path": str(tmp_path), "name": "shop\x1b",
        "counts": {"routes": 2, "rules": 1, "sysctls": 1, "namespaces": 0},
    }  # fmt: skip


def test_faults_of_files_are_told(tmp_path: object) -> None:
    path = f"{tmp_path}/t.yaml"
    with open(path, "w") as file:
        file.write("vpcs: {}\nhosts:\n  a: {adress: 1}\n")
    ran = process("lab", "up", path)
    assert ran.status == 2
    assert f"{path}:3: unknown key 'hosts.a.adress'" in ran.err
    assert "did you mean 'address'?" in ran.err
    assert process("lab", "up", f"{tmp_path}/nothing.yaml").status == 2
