"""What listens in a container whose ``ss`` was not captured, told by its command.

That busybox' server and Python's take both families at the port they name, and no other port, is what the
probes of real containers show (tests/answers/test_trace_probes.py); here the words that say so.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sekisho.answers.trace import Question, trace
from sekisho.model.docker import DockerContainer
from sekisho.model.snapshot import Snapshot
from sekisho.semantics.journey import Journey
from sekisho.semantics.listeners import listens
from sekisho.semantics.world import World
from sekisho.sources.docker_inspect import parse_containers
from sekisho.sources.docker_render import render_containers
from sekisho.sources.load import load
from sekisho.values.names import container_name

CAPTURE = Path(__file__).parents[1] / "data" / "docker" / "28.5.2" / "two-custom-networks"


@pytest.mark.parametrize(
    ("command", "opens"),
    [
        ("httpd -f -vv -h /www -p 80", ["*:80"]),
        ("/bin/busybox httpd -f", ["*:80"]),
        ("busybox httpd -fvvp 8080", ["*:8080"]),
        ("httpd -f -p 10.0.0.5:81", ["10.0.0.5:81"]),
        ("httpd -f -p [fd00::5]:81", ["fd00::5:81"]),
        ("python3 -m http.server", ["*:8000"]),
        ("/usr/bin/python3.12 -m http.server 8081 --bind 127.0.0.1 -d /srv", ["127.0.0.1:8081"]),
        ("sleep infinity", []),
        ("tail -f /dev/null", []),
        ("/pause", []),
    ],
)
def test_commands_that_tell(command: str, opens: list[str]) -> None:
    found = listens(DockerContainer(container_name("web"), "1", command=tuple(command.split())))
    assert found is not None
    assert [f"{item.address or '*'}:{item.port}" for item in found] == opens


@pytest.mark.parametrize(
    "command",
    [
        "",
        "httpd -D FOREGROUND",  # Apache's
        "httpd -f -p none",
        "httpd -f /etc/httpd.conf",
        "nginx -g daemon off;",
        "sh -c sleep 5",
        "tail -f /var/log/app.log server",
        "python3 app.py",
        "python3 -m http.server --cgi 80",
    ],
)
def test_commands_that_do_not_tell(command: str) -> None:
    assert listens(DockerContainer(container_name("web"), "1", command=tuple(command.split()))) is None


def test_command_is_read_and_printed() -> None:
    text = (CAPTURE / "docker-containers.json").read_text()
    containers = parse_containers(text, "docker-containers.json").facts
    wanted = [(c["Path"], *c["Args"]) for c in json.loads(text)]
    assert [item.command for item in containers] == wanted
    assert parse_containers(render_containers(containers), "").facts == containers


def _with_command(*words: str) -> Snapshot:
    snapshot = load(str(CAPTURE))
    containers = tuple(
        replace(item, command=words) if item.name == "web" else item for item in snapshot.containers or ()
    )
    return replace(snapshot, containers=containers)


def _asked(snapshot: Snapshot, target: str, proto: str | None = None) -> Journey:
    return trace(World(snapshot), Question("container:web", target, proto))


def test_a_port_nobody_serves_is_refused() -> None:
    snapshot = load(str(CAPTURE))
    served, other = _asked(snapshot, "127.0.0.1:80"), _asked(snapshot, "127.0.0.1:81")
    assert served.forward.disposition == "delivered"
    assert other.forward.disposition == "no_socket"
    for found in (served, other):
        assert "sockets-by-command" in [lean.code for lean in found.leans_on]


def test_without_a_telling_command_a_listener_is_assumed() -> None:
    found = _asked(_with_command("nginx", "-g", "daemon off;"), "127.0.0.1:81")
    assert found.forward.disposition == "delivered"
    assert "sockets-not-captured" in [lean.code for lean in found.leans_on]


@pytest.mark.parametrize("proto", ["tcp", "udp"])
def test_dockers_resolver_listens_beside_the_command(proto: str) -> None:
    snapshot = load(str(CAPTURE))
    found = _asked(snapshot, "127.0.0.11:53", proto)
    assert found.forward.disposition == "delivered"
    assert found.forward.packet.dport != 53  # its rules translate to a random port
    assert _asked(snapshot, "127.0.0.11:54", proto).forward.disposition == "no_socket"


def test_a_container_in_anothers_namespace_counts() -> None:
    """Only where every process's command tells is it known what listens."""
    snapshot = load(str(CAPTURE))
    web = next(item for item in snapshot.containers or () if item.name == "web")
    beside = replace(
        web, name=container_name("side"), id="f" * 64, network_mode=f"container:{web.id}", endpoints=()
    )
    for command, port, end in (
        (("httpd", "-p", "3000"), 3000, "delivered"),
        (("httpd", "-p", "3000"), 3001, "no_socket"),
        (("nginx",), 3001, "delivered"),
    ):
        both = replace(snapshot, containers=(*(snapshot.containers or ()), replace(beside, command=command)))
        assert _asked(both, f"127.0.0.1:{port}").forward.disposition == end
