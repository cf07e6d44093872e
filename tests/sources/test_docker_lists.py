"""Docker's short listings: the client's own output (28.2.2) for three containers and four networks."""

from __future__ import annotations

import pytest

from sekisho.semantics.listed import listed_names
from sekisho.sources import docker_network_ls, docker_port, docker_ps, docker_template
from sekisho.sources.load import load_text
from sekisho.values.address import Address
from tests.sources.capture_files import capture

WEB = "3f1c2d4e5a6b"
FTP = [(port, port) for port in range(21000, 21011)]


def test_ps() -> None:
    parsed = docker_ps.parse(capture("docker/docker-ps.txt"), "f")
    web, ftp = parsed.facts
    assert parsed.unread == ()
    assert (web.name, web.id, web.image, web.running, web.status) == (
        "web", WEB, "nginx:1.27", True, "Up 2 hours",
    )  # fmt: skip
    assert [(str(p.host_address), p.host_port, p.container_port, p.proto) for p in web.published or ()] == [
        ("0.0.0.0", 8080, 80, "tcp"),
        ("::", 8080, 80, "tcp"),
    ]
    assert web.exposed == ((443, "tcp"),)
    assert [(p.host_port, p.container_port) for p in ftp.published or ()] == [*FTP, (2121, 21)]
    assert (web.networks, web.addresses) == (None, None)  # not told, which is not none


def test_ps_of_all_and_untruncated() -> None:
    web, ftp, db = docker_ps.parse(capture("docker/docker-ps-no-trunc"), "f").facts
    assert web.id == f"{WEB}7c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f"
    assert (ftp.name, db.name, db.running, db.published) == ("ftp", "db", False, ())


def test_ps_with_columns_of_ones_own_and_as_json() -> None:
    table = docker_ps.parse(capture("docker/docker-ps-table"), "f")
    lines = docker_ps.parse(capture("docker/docker-ps-json"), "f")
    for parsed in (table, lines):
        assert parsed.unread == ()
        assert [(one.name, one.networks) for one in parsed.facts] == [("web", ("app",)), ("ftp", ("bridge",))]
        assert [len(one.published or ()) for one in parsed.facts] == [2, 12]
    assert [one.running for one in table.facts] == [None, None]
    assert [one.running for one in lines.facts] == [True, True]


def test_without_a_column_of_ports_nothing_is_known_of_them() -> None:
    (found,) = docker_ps.parse("CONTAINER ID   NAMES\n3f1c2d4e5a6b   web\n", "f").facts
    assert found.published is None


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("3f1c2d4e5a6b nginx Up 2 hours 0.0.0.0:80->80/tcp web", "columns-moved"),
        ("3f1c2d4e5a6b   nginx     Up 1 s    0.0.0.0:80->8x/tcp   web", "bad-port"),
        ("3f1c2d4e5a6b   nginx     Up 1 s    80-90->80/tcp        web", "bad-port"),
        ("3f1c2d4e5a6b   nginx     Up 1 s    0.0.0.0:8-9->8/tcp   web", "bad-port"),
        ("3f1c2d4e5a6b   nginx     Up 1 s    99999/tcp            web", "bad-port"),
        ("3f1c2d4e5a6b   nginx     Up 1 s                         -w", "bad-name"),
    ],
)
def test_ps_keeps_what_it_cannot_read(row: str, reason: str) -> None:
    head = "CONTAINER ID   IMAGE     STATUS    PORTS                NAMES\n"
    parsed = docker_ps.parse(head + row, "f")
    assert parsed.facts == ()
    assert [(one.evidence.line, one.reason) for one in parsed.unread] == [(2, reason)]


def test_a_few_words_do_not_ask_for_millions_of_ports() -> None:
    ranges = ", ".join(["1-65535/tcp"] * 50)
    parsed = docker_ps.parse(f"NAMES   PORTS\nweb     {ranges}\n", "f")
    assert [one.reason for one in parsed.unread] == ["too-many-ports"]


def test_port() -> None:
    parsed = docker_port.parse(capture("docker/docker-port.txt"), "f", ("web",))
    assert [(one.name, str(one.published[0].host_address)) for one in parsed.facts if one.published] == [
        ("web", "0.0.0.0"),
        ("web", "::"),
    ]
    asked = docker_port.parse("0.0.0.0:8080\n[::]:8080\n", "f", ("web", "80"))
    assert [one.published for one in asked.facts] == [one.published for one in parsed.facts]
    assert [one.reason for one in docker_port.parse("0.0.0.0:8080\n", "f").unread] == ["unknown-line"]


def test_network_ls() -> None:
    parsed = docker_network_ls.parse(capture("docker/docker-network-ls.txt"), "f")
    assert [(one.id, one.name, one.driver, one.scope) for one in parsed.facts] == [
        ("4a2b3c4d4a2b", "app_default", "bridge", "local"),
        ("1a2b3c4d1a2b", "bridge", "bridge", "local"),
        ("2a2b3c4d2a2b", "host", "host", "local"),
        ("3a2b3c4d3a2b", "none", "null", "local"),
    ]
    assert parsed.unread == ()


@pytest.mark.parametrize(
    ("template", "line", "name", "addresses"),
    [
        ("{{.Name}} {{.NetworkSettings.IPAddress}}", "/db 172.17.0.3", "db", ("172.17.0.3",)),
        ("{{.Name}} {{.NetworkSettings.IPAddress}}", "/web ", "web", None),
        ("{{.Name}}: {{.NetworkSettings.IPAddress}}", "/db: 172.17.0.3", "db", ("172.17.0.3",)),
        (
            "{{.Name}} - {{range $k,$v := .NetworkSettings.Networks}}{{$k}}={{$v.IPAddress}} {{end}}",
            "/db - bridge=172.17.0.3 ",
            "db",
            ("172.17.0.3",),
        ),
        (
            "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}",
            "172.18.0.2 172.19.0.2 ",
            "web",
            ("172.18.0.2", "172.19.0.2"),
        ),
        ("{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", "172.18.0.2", "web", ("172.18.0.2",)),
    ],
)
def test_template(template: str, line: str, name: str, addresses: tuple[str, ...] | None) -> None:
    parsed = docker_template.parse(f"{line}\n", "f", (template, "web"))
    assert parsed.unread == ()
    (found,) = parsed.facts
    assert found.name == name
    assert found.addresses == (None if addresses is None else tuple(map(Address.parse, addresses)))


def test_template_of_ports() -> None:
    line = (
        '{"443/tcp":null,"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"},{"HostIp":"::","HostPort":"8080"}]}'
    )
    (found,) = docker_template.parse(line, "f", ("{{json .NetworkSettings.Ports}}", "web")).facts
    assert [(p.container_port, p.host_port) for p in found.published or ()] == [(80, 8080), (80, 8080)]


@pytest.mark.parametrize(
    ("template", "line", "reason"),
    [
        ("{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", "172.18.0.2172.19.0.2", "bad-address"),
        ("{{.Id}}{{.Name}}", "3f1c2d4e5a6b/web", "template-unknown"),
        ("{{if .State.Running}}{{.Name}}{{end}}", "/web", "template-unknown"),
        ("{{.Name}} {{.NetworkSettings.IPAddress}}", "Error: No such object: web", "unknown-line"),
    ],
)
def test_template_that_does_not_tell(template: str, line: str, reason: str) -> None:
    parsed = docker_template.parse(line, "f", (template, "web"))
    assert parsed.facts == ()
    assert [one.reason for one in parsed.unread] == [reason]


def test_without_its_command_name_and_address_are_read() -> None:
    parsed = docker_template.parse(capture("docker/docker-inspect-f.txt"), "f")
    assert [(one.name, one.addresses) for one in parsed.facts] == [
        ("web", ()),
        ("db", (Address.parse("172.17.0.3"),)),
    ]


HOST = (
    "$ ip route\ndefault via 192.0.2.1 dev eth0\n"
    "192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.10\n"
    "172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1\n"
)
NAT = (
    "$ iptables -t nat -S\n-P PREROUTING ACCEPT\n-P INPUT ACCEPT\n-P OUTPUT ACCEPT\n"
    "-P POSTROUTING ACCEPT\n-N DOCKER\n"
    "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n"
    "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.5:80\n"
)


def test_a_published_port_and_its_rule_tell_the_address() -> None:
    snapshot = load_text(f"{HOST}{NAT}$ docker ps\n{capture('docker/docker-ps.txt')}")
    assert listed_names(snapshot) == {Address.parse("172.17.0.5"): "web"}
    assert snapshot.containers is None  # a list of all that Docker knows was not captured


def test_two_that_would_have_one_address_have_none() -> None:
    again = capture("docker/docker-ps.txt").replace("web\n", "other\n").replace("3f1c", "4f1c")
    snapshot = load_text(f"{HOST}{NAT}$ docker ps\n{capture('docker/docker-ps.txt')}$ docker ps\n{again}")
    assert listed_names(snapshot) == {}
