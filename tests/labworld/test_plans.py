"""Plans without a kernel: the article's routes and rules to the letter, the commands, the pictures."""

from __future__ import annotations

import os
import subprocess
import xml.etree.ElementTree as ElementTree
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import cast

import pytest

from sekisho.cli.terminal import harmless
from sekisho.errors import UsageError, one_line
from sekisho.lab.operations import AddRoute, Load, OnLink, Wire
from sekisho.lab.system import commands, graph
from sekisho.lab.system.article import ARTICLE
from sekisho.lab.system.docker_rules import docker_rules
from sekisho.lab.system.imds import lookup
from sekisho.lab.system.lay_out import lay_out
from sekisho.lab.system.plan import NodeLoad, Plan
from sekisho.lab.system.read import read_topology, topology_of
from sekisho.lab.system.source import plan_of
from sekisho.lab.words import setting_words
from sekisho.model.routing import Route
from sekisho.sources import ip_route, iptables_list, iptables_save
from sekisho.values.address import Address
from sekisho.values.names import interface_name as iface
from sekisho.views.commands import shell_words
from tests.hostile.printing import Asked

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
NAMES = (
    'a"b', "%%{init: {}}%%", "<script>x</script>", "`x`", "#quot;", 'x]\nclick n_a "javascript:x"',
    "\x1b]0;t\x07", "é²",
)  # fmt: skip


@pytest.fixture(scope="module")
def article() -> Plan:
    return plan_of(None)


def test_the_hosts_routes_are_the_articles(article: Plan) -> None:
    """Those that DHCP's answer makes; the kernel adds the bridges' own."""
    listed = (EXAMPLES / "host-10.0.0.10" / "ip-route.txt").read_text().splitlines()
    planned = {
        setting_words(item).removeprefix("ip -n host route append ").replace("/32", "")
        for item in article.settings
        if isinstance(item, AddRoute) and item.node == "host"
    }
    in_words = {_in_planned_order(line) for line in listed if "eth0" in line}
    assert planned == in_words


def _in_planned_order(line: str) -> str:
    """The same words in the order in which commands are printed: scope before src."""
    return " ".join(line.split())


def test_the_nat_rules_are_the_articles_second_listing() -> None:
    host = read_topology(str(EXAMPLES / "topologies" / "host-10.1.0.81.yaml")).hosts[0]
    saved = iptables_save.parse(docker_rules(host), "planned", 4)
    text = (EXAMPLES / "host-10.1.0.81" / "iptables-nat.txt").read_text()
    listed = iptables_list.parse(text, "iptables-nat.txt", 4, "nat")
    mine = next(table for table in saved.facts[0].tables if table.name == "nat")
    theirs = listed.facts[0]
    for chain in theirs.chains:
        own = next(item for item in mine.chains if item.name == chain.name)
        assert [(rule.matches, rule.target) for rule in own.rules] == [
            (rule.matches, rule.target) for rule in chain.rules
        ]


def test_every_link_and_rule_has_a_plain_command(article: Plan) -> None:
    lines = list(commands.commands(article))
    wires = [link for link in article.links if isinstance(link, Wire)]
    assert sum(" type veth peer name " in line for line in lines) == len(wires)
    assert sum(line.startswith("ip netns add ") for line in lines) == len(article.nodes)
    assert "ip netns exec host sysctl -w net.ipv4.ip_forward=1" in lines
    assert any("docker-proxy" in line and "172.18.0.3:8080" in line for line in lines)


@pytest.mark.parametrize("text", [*NAMES, "it's", "\\", "$HOME", "\udcff\n", "\x7f\u202e", ""])
def test_a_printed_word_is_one_word_on_one_line(text: str) -> None:
    """bash takes it for what it is, also what cannot be seen."""
    shown = shell_words(["printf", "%s", text])
    assert shown.isprintable()
    said = subprocess.run(["bash", "-c", shown], capture_output=True, check=True).stdout
    assert said == os.fsencode(text)


@pytest.mark.parametrize("draw", [graph.text, graph.mermaid, graph.svg])
def test_pictures_show_every_node(article: Plan, draw: object) -> None:
    assert callable(draw)
    text = draw(article)
    for node in article.nodes:
        assert node.name in text
    assert "172.18.0.3" in text


@pytest.mark.parametrize("name", NAMES)
def test_no_name_is_markup_of_a_picture(name: str, article: Plan, tmp_path: Path) -> None:
    """Of a node in a host, a node outside, a bridge, the plan: in each picture it is text, on one line."""
    shown = Asked(tmp_path)
    plan = _renamed(article, {"db": name, "internet": name + "2", "docker0": name[:14]}, name)
    shown.svg("svg", graph.svg(plan))
    shown._view("mermaid", ["mermaid"], graph.mermaid(plan))
    shown.text("text", harmless(graph.text(plan)))
    assert shown.found == []
    for draw in (graph.svg, graph.mermaid, graph.text):
        plain = draw(_renamed(article, {"db": "x", "internet": "x2", "docker0": "x"}, "x"))
        assert draw(plan).count("\n") == plain.count("\n")
    root = ElementTree.fromstring(graph.svg(plan))
    told = [one.text for one in root.iter() if one.text]
    assert told.count(harmless(one_line(name))) >= 2


def _renamed(plan: Plan, names: dict[str, str], title: str) -> Plan:
    """The plan with other names in it, whether or not anything could have them."""

    def other(value: object) -> object:
        if isinstance(value, str):
            return names.get(value, value)
        if isinstance(value, tuple):
            return tuple(other(item) for item in value)
        if is_dataclass(value) and not isinstance(value, type):
            named = [one.name for one in fields(value) if one.name != "role"]
            return replace(value, **{name: other(getattr(value, name)) for name in named})
        return value

    return replace(cast("Plan", other(replace(plan, loads=(), programs=()))), title=title)


def test_the_svg_is_well_formed_whatever_the_names(article: Plan) -> None:
    from dataclasses import replace

    root = ElementTree.fromstring(graph.svg(replace(article, title="<&\"'>")))
    assert root.tag.endswith("svg")
    assert len(root.findall(".//{*}rect")) == len(article.nodes) + 2  # and two bridges


@pytest.mark.parametrize(
    ("want", "path"),
    [
        ("10.0.0.10", "/latest/meta-data/local-ipv4"),
        ("198.51.100.10", "/latest/meta-data/public-ipv4"),
        ("ip-10-0-0-10.ec2.internal", "/latest/meta-data/local-hostname"),
        ("dynamic/\nmeta-data/", "/latest/"),
        ("interfaces/", "/latest/meta-data/network/"),
        (None, "/latest/user-data"),
        (None, "/latest/meta-data/local-ipv4/x"),
    ],
)
def test_instance_metadata(article: Plan, want: str | None, path: str) -> None:
    instance = next(item for item in article.instances if item.node == "host")
    assert lookup(instance, path) == want


HOST = {"subnet": "public", "address": "10.0.0.10"}


def _with(**changes: object) -> dict[str, object]:
    document = {
        "vpcs": {"vpc": {"cidr": "10.0.0.0/16", "subnets": {"public": {"cidr": "10.0.0.0/24"}}}},
        "hosts": {"host": HOST},
    }
    return {**document, **changes}


@pytest.mark.parametrize(
    ("said", "document"),
    [
        ("an internet gateway's own address", _with(internet={"out": {"address": "203.0.113.1/24"}})),
        ("two nodes have the name 'router'", _with(hosts={"router": HOST})),
        (
            "route to 'nowhere'",
            _with(vpcs={"vpc": {"cidr": "10.0.0.0/16", "subnets": {
                "public": {"cidr": "10.0.0.0/24", "routes": [{"to": "0.0.0.0/0", "via": "nowhere"}]}}}}),
        ),
        (
            "security group 'ghost'",
            _with(vpcs={"vpc": {"cidr": "10.0.0.0/16", "subnets": {"public": {"cidr": "10.0.0.0/24"}},
                                "security_groups": {"web": {"ingress": [{"from": "sg:ghost"}]}}}},
                  hosts={"host": {"subnet": "public", "address": "10.0.0.10", "security_groups": ["web"]}}),
        ),
    ],
)  # fmt: skip
def test_what_makes_no_sense_as_a_whole_is_told(said: str, document: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=said):
        lay_out(topology_of(document))


def test_two_vpcs_have_a_router_and_a_gateway_each() -> None:
    vpc = {"cidr": "10.0.0.0/16", "subnets": {"a": {"cidr": "10.0.0.0/24"}}}
    other = {"cidr": "10.1.0.0/16", "subnets": {"b": {"cidr": "10.1.0.0/24"}}}
    plan = lay_out(
        topology_of(
            {
                "internet": ARTICLE["internet"],
                "vpcs": {"one": vpc, "two": other},
                "hosts": {
                    "x": {"subnet": "a", "address": "10.0.0.5"}, "y": {"subnet": "b", "address": "10.1.0.5"}
                },
            }
        )
    )  # fmt: skip
    names = {node.name for node in plan.nodes}
    assert {"one-router", "two-router", "one-igw", "two-igw", "exchange"} <= names


# Names that the kernel takes, and texts that a shell would run were they not quoted.
SHELL = ("$(id)", "`id`", "a;id", "a&id", "a|id", "'id'", '"id"', "a>b", "~", "*", "!!", "#a", "-x", "{a,b}")


@pytest.mark.parametrize("name", SHELL)
def test_a_printed_command_is_the_same_words_for_a_shell(name: str) -> None:
    words = setting_words(AddRoute("host", _route(f"192.0.2.0/24 dev {name}")))
    said = _bash('ip() { printf "%s\\n" "$@"; }\n' + words)
    assert said.splitlines() == ["-n", "host", "route", "append", "192.0.2.0/24", "dev", name]


@pytest.mark.parametrize(
    "text", ["RULES\ntouch x\n", "RULES\nRULES_\n$(id)\n`id`\n", "a\\\nRULES\n", "*nat\n", "$HOME\n"]
)
def test_a_printed_rule_set_is_the_same_text_for_a_shell(text: str) -> None:
    item = NodeLoad("host", Load(("nft", "-f", "/dev/stdin"), text))
    assert _bash("ip() { cat; }\n" + "\n".join(commands.load_commands(item))) == text


def _route(words: str) -> Route:
    return ip_route.parse(f"{words}\n", "", 4).facts[0]


def _bash(script: str) -> str:
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, cwd="/")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_an_address_that_no_source_is_chosen_from_is_printed_so() -> None:
    item = OnLink("host", iface("eth0"), Address.parse("fd00::5"), 64, deprecated=True)
    words = "ip -n host address add fd00::5/64 dev eth0 preferred_lft 0 nodad"
    assert setting_words(item) == words


@pytest.mark.parametrize("name", ["host", "router", "internet"])
def test_a_container_may_not_take_the_name_of_another_node(name: str, tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text(f"services:\n  a:\n    image: x\n    container_name: {name}\n")
    with pytest.raises(UsageError, match=f"has the name '{name}'|have the name '{name}'"):
        plan_of(str(path))
    path.write_text("services:\n  a:\n    image: x\n    container_name: another\n")
    assert "another" in {node.name for node in plan_of(str(path)).nodes}
