"""Topology files: examples are read, faults are told with file, line and text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sekisho.errors import SourceError
from sekisho.lab.system.article import ARTICLE
from sekisho.lab.system.document import from_plain, parse
from sekisho.lab.system.read import read_topology, topology_of
from sekisho.lab.system.schema import check, schema_text, topology_schema

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples" / "topologies").glob("*.yaml"))

BASE = """\
vpcs:
  vpc:
    cidr: 10.0.0.0/16
    subnets:
      public:
        cidr: 10.0.0.0/24
    security_groups:
      web: {}
hosts:
  host:
    subnet: public
    address: 10.0.0.10
"""


def read(text: str) -> object:
    return topology_of(parse(text, "t.yaml"), "t.yaml")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_examples_are_read(path: Path) -> None:
    found = read_topology(str(path))
    assert found.hosts
    assert found.name == path.stem


def test_the_article_as_a_file_is_the_article_built_in() -> None:
    path = next(path for path in EXAMPLES if path.name == "article.yaml")
    assert read_topology(str(path)) == topology_of(ARTICLE)


@pytest.mark.parametrize(
    ("line", "said", "change"),
    [
        (13, "unknown key 'hosts.host.adress'", ("", "    adress: 10.0.0.11\n")),
        (12, "not in the subnet", ("10.0.0.10", "10.0.1.10")),
        (11, "there is no subnet 'private'", ("subnet: public", "subnet: private")),
        (6, "host bits are set", ("10.0.0.0/24", "10.0.0.1/24")),
        (12, "hosts.host.address is not as it should be", ("10.0.0.10", "ten")),
        (12, "not an IP address", ("10.0.0.10", "10.0.0.310")),
        (13, "there is no security group 'db'", ("", "    security_groups: [db]\n")),
        (13, "hosts.host.serves", ("", "    serves: [70000]\n")),
        (13, "hosts.host.serves", ("", "    serves: 80\n")),
        (14, "http is served over tcp", ("", "    serves:\n      - {port: 5, proto: udp, kind: http}\n")),
        (14, "there is no network 'app'", ("", "    containers:\n      web: {network: app}\n")),
        (
            15, "is taken already",
            ("", "    networks: {app: {subnet: 172.18.0.0/16}}\n    containers:\n"
                 "      web: {network: app, address: 172.18.0.1}\n"),
        ),
        (
            15, "is not in the network",
            ("", "    networks: {app: {subnet: 172.18.0.0/16}}\n    containers:\n"
                 "      web: {network: app, address: 172.19.0.2}\n"),
        ),
        (
            15, "publish",
            ("", "    networks: {app: {subnet: 172.18.0.0/16}}\n    containers:\n"
                 "      web: {network: app, publish: ['80:x']}\n"),
        ),
        (13, "hosts.host.link.delay", ("", "    link: {delay: 20}\n")),
        (13, "hosts.host.sysctls", ("", "    sysctls: {kernel.hostname: x}\n")),
        (8, "vpcs.vpc.security_groups.web.ingress", ("web: {}", "web: {ingress: [{proto: gre}]}")),
        (8, "ports go from 0 to 65535", ("web: {}", "web: {ingress: [{proto: all, ports: 80}]}")),
        (12, "has no value", ("10.0.0.10", "")),
    ],
)  # fmt: skip
def test_faults_name_their_line(line: int, said: str, change: tuple[str, str]) -> None:
    old, new = change
    text = BASE.replace(old, new) if old else BASE + new
    with pytest.raises(SourceError) as caught:
        read(text)
    assert said in caught.value.what
    assert (caught.value.file, caught.value.line) == ("t.yaml", line)


# What a stranger would write to be run, and not to be read: (line, what it says, text, the document's end).
OF_A_STRANGER = [
    (13, "that can be seen", "192.0.2.0/24 dev eth0\nnetns add p\nnetns exec p id",
     '    routes: ["192.0.2.0/24 dev eth0\\nnetns add p\\nnetns exec p id"]\n'),
    (14, "not understood as the words of ip route add", "192.0.2.0/24 dev eth0 netns p",
     "    routes:\n    - 192.0.2.0/24 dev eth0 netns p\n"),
    (14, "expected `table FAMILY NAME {`", 'include "/etc/hostname"',
     '    nft: |\n      include "/etc/hostname"\n'),
    (13, "line 2 of it: expected `table FAMILY NAME {`", 'include "/etc/hostname"',
     '    nft: "\\ninclude \\"/etc/hostname\\"\\n"\n'),
    (16, "not understood", 'include "/etc/hostname"',
     "    nft: |\n      table ip x {\n        chain c {\n"
     '          include "/etc/hostname"\n        }\n      }\n'),
    (16, "not understood", 'tcp dport 1 accept comment "a" include "/etc/hostname"',
     "    nft: |\n      table ip x {\n        chain c {\n"
     '          tcp dport 1 accept comment "a" include "/etc/hostname"\n        }\n      }\n'),
    (15, "object-pinned", "-A INPUT -m bpf --object-pinned /etc/hostname",
     "    iptables: |\n      *filter\n"
     "      -A INPUT -m bpf --object-pinned /etc/hostname -j ACCEPT\n      COMMIT\n"),
    (15, "not a command that is understood", "--modprobe=/bin/true",
     "    iptables: |\n      *filter\n      --modprobe=/bin/true\n      COMMIT\n"),
    (15, "not understood: -A", "-A INPUT -j ACCEPT -A OUTPUT",
     "    iptables: |\n      *filter\n      -A INPUT -j ACCEPT -A OUTPUT\n      COMMIT\n"),
    (15, "not understood: -Z", "-D INPUT -j ACCEPT -Z",
     "    iptables: |\n      *filter\n      -D INPUT -j ACCEPT -Z\n      COMMIT\n"),
    (15, "not a command that is understood", "-E INPUT x",
     "    iptables: |\n      *filter\n      -E INPUT x\n      COMMIT\n"),
    # iptables would say that there is no such rule; its first digits are another one's number.
    (15, "not understood: 1234567", "-D INPUT 1234567",
     "    iptables: |\n      *filter\n      -D INPUT 1234567\n      COMMIT\n"),
    (15, "not understood: -tnat", "-A INPUT -j ACCEPT -tnat",
     "    iptables: |\n      *filter\n      -A INPUT -j ACCEPT -tnat\n      COMMIT\n"),
    (13, "not a kernel parameter's name", "", "    sysctls: {net.ipv4.//.//.//.//.tmp.x: 1}\n"),
    (13, "hosts.host.sysctls", "", "    sysctls: {net/ipv4/../../../../tmp/x: 1}\n"),
    (13, "hosts.host.interface", "", '    interface: "eth0\\nnetns add p"\n'),
]  # fmt: skip


@pytest.mark.parametrize(("line", "said", "shown", "end"), OF_A_STRANGER)
def test_what_is_not_understood_is_refused_where_it_stands(
    line: int, said: str, shown: str, end: str
) -> None:
    with pytest.raises(SourceError) as caught:
        read(BASE + end)
    assert said in caught.value.what
    assert (caught.value.file, caught.value.line) == ("t.yaml", line)
    assert shown in caught.value.text


def test_containers_get_the_lowest_free_address_as_dockerd_gives_it() -> None:
    text = BASE + (
        "    networks: {app: {subnet: 172.18.0.0/16}}\n    containers:\n      a: {network: app}\n"
        "      b: {network: app, address: 172.18.0.3}\n      c: {network: app}\n"
    )
    [host] = topology_of(parse(text, "t.yaml")).hosts
    assert [str(item.networks[0][1]) for item in host.containers] == [
        "172.18.0.2",
        "172.18.0.3",
        "172.18.0.4",
    ]
    assert host.networks[0].bridge == "br-app"


@pytest.mark.parametrize(
    ("want", "text"),
    [((8080, 8080, "tcp", None), "8080"), ((80, 8080, "tcp", None), "8080:80"),
     ((53, 5353, "udp", None), "5353:53/udp"), ((80, 80, "tcp", "127.0.0.1"), "127.0.0.1:80:80")],
)  # fmt: skip
def test_publish(want: tuple[int, int, str, str | None], text: str) -> None:
    text = BASE + (
        "    networks: {app: {subnet: 172.18.0.0/16}}\n"
        f"    containers: {{a: {{network: app, publish: ['{text}']}}}}\n"
    )
    [port] = topology_of(parse(text, "t.yaml")).hosts[0].containers[0].publish
    address = None if port.host_address is None else str(port.host_address)
    assert (port.port, port.host_port, port.proto, address) == want


def test_links_and_rules() -> None:
    text = BASE + "    link: {delay: 20ms, loss: 0.5%, rate: 10mbit}\n"
    link = topology_of(parse(text, "t.yaml")).hosts[0].link
    assert (link.delay, link.loss, link.rate) == (20.0, 0.5, 10_000_000)
    text = BASE + "    link: {delay: 1.5s, rate: 512kbit}\n"
    link = topology_of(parse(text, "t.yaml")).hosts[0].link
    assert (link.delay, link.loss, link.rate) == (1500.0, None, 512_000)


def test_every_keyword_of_the_schema_is_checked() -> None:
    """The schema is published: what it says must be what is checked."""
    schema = json.loads(schema_text())
    assert schema["$id"] == "sekisho/topology/1"
    seen: set[str] = set()

    def walk(part: object, is_schema: bool) -> None:
        if isinstance(part, dict):
            for key, value in part.items():
                if is_schema:
                    seen.add(key)
                walk(value, not is_schema or key in ("items", "additionalProperties", "propertyNames"))
        elif isinstance(part, list):
            for item in part:
                walk(item, is_schema and isinstance(item, dict))

    walk(schema, True)
    for key in ("type", "properties", "required", "enum", "pattern", "minimum", "anyOf", "$ref"):
        assert key in seen
    check(from_plain(ARTICLE), topology_schema(), "article")


def test_an_own_json_schema_library_agrees_on_the_examples() -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    for path in EXAMPLES:
        jsonschema.validate(parse(path.read_text(), path.name).plain(), json.loads(schema_text()))
