"""``plan`` through the command line: the answer, the snapshot it writes, and what it refuses."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from sekisho.lab.api import Lab
from sekisho.lab.system.commands import _sysctl
from sekisho.lab.system.plan import SetSysctl
from sekisho.sources.load import load
from sekisho.values.names import sysctl_of
from tests.cli.command import ROOT, sekisho

CAPTURES = ROOT / "tests" / "data" / "docker"
HOST = CAPTURES / "28.5.2" / "two-custom-networks"
COMPOSE = """\
services:
  web:
    image: nginx
    ports: ["8088:80"]
    depends_on: [db]
  db:
    image: postgres
    ports: ["127.0.0.1:5432:5432"]
"""


@pytest.fixture
def compose(tmp_path: Path) -> Path:
    path = tmp_path / "compose.yaml"
    path.write_text(COMPOSE)
    return path


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_a_plan_in_words(compose: Path, lang: str) -> None:
    ran = sekisho("plan", str(compose), "-p", "shop", "--docker", "28", "--lang", lang)
    assert (ran.status, ran.err) == (0, "")
    assert re.search(r"shop_default +bridge +br-\d{12} +172\.18\.0\.0/16", ran.out)
    assert re.search(r"shop-db-1 +shop_default 172\.18\.0\.2\n +5432/tcp on 127\.0\.0\.1:5432\n", ran.out)
    assert re.search(
        r"shop-web-1 +shop_default 172\.18\.0\.3\n +80/tcp on 0\.0\.0\.0:8088, \[::\]:8088\n", ran.out
    )
    assert re.search(
        r"\+ rule +iptables nat DOCKER \d+: ! -i br-\d{12} -p tcp -m tcp --dport 8088 -j DNAT", ran.out
    )
    assert re.search(r"~ sysctl +net\.ipv4\.ip_forward: 0 -> 1", ran.out)
    assert ran.out.isascii() == (lang == "en")
    assert "plan." not in ran.out  # a message id without words


def test_a_plan_as_json_says_what_stays_open(compose: Path) -> None:
    ran = sekisho("plan", str(compose), "-p", "shop", "--docker", "29", "--json")
    answer = json.loads(ran.out)
    assert (answer["schema"], answer["engine"], answer["project"]) == ("sekisho/plan/1", "29.7.2", "shop")
    assert {"plan.ordinary-host", "plan.bridge-name", "plan.mac-random", "plan.dns-ports"} <= {
        note["id"] for note in answer["notes"]
    }
    (web,) = [one for one in answer["containers"] if one["name"] == "shop-web-1"]
    assert web["endpoints"][0]["addresses"] == ["172.18.0.3"]
    assert web["endpoints"][0]["mac"] is None


def test_mac_addresses_up_to_27_follow_from_the_address(compose: Path) -> None:
    answer = json.loads(sekisho("plan", str(compose), "--docker", "27", "--json").out)
    macs = {one["name"].split("-")[-2]: one["endpoints"][0]["mac"] for one in answer["containers"]}
    assert macs == {"db": "02:42:ac:12:00:02", "web": "02:42:ac:12:00:03"}


ENGINES = [("20.10", ()), ("23", ()), ("24", ()), ("25", ()), ("26", ()), ("27", ()), ("28", ()), ("29", ()),
           ("29", ("--firewall-backend", "nftables"))]  # fmt: skip


@pytest.mark.parametrize(("version", "more"), ENGINES, ids=[" ".join((v, *m)) for v, m in ENGINES])
def test_a_plan_on_no_host_can_be_asked(
    version: str, more: tuple[str, ...], compose: Path, tmp_path: Path
) -> None:
    """An ordinary EC2 host is taken, and said so: it has a way in, and the rules are in the snapshot."""
    out = tmp_path / "after"
    # dockerd 29 with nftables refuses to make a network where forwarding is off, and never turns it on.
    flags = ("--dockerd=--ip-forward=false",) if more else ()
    ran = sekisho("plan", str(compose), "-p", "shop", "--docker", version, *more, *flags, "-o", str(out))
    assert (ran.status, ran.err) == (0, "")
    assert "an ordinary EC2 host is taken, eth0 10.1.0.81/24" in ran.out
    snapshot = load(str(out))
    text = "nft-ruleset.txt" if more else "iptables-save.txt"
    assert "172.18.0.3" in (out / text).read_text()
    (default,) = [route for route in snapshot.host.routes if route.family == 4 and not route.dst.length]
    assert str(default.nexthops[0].via) == "10.1.0.1"
    answer = json.loads(sekisho("exposed", str(out), "--json").out)
    internet, vpc = (
        {port["place"]: port["from"][who]["status"] for port in answer["ports"]}
        for who in ("internet", "vpc")
    )
    assert internet == {"shop-web-1": "no" if flags else "yes", "shop-db-1": "no"}
    # Up to 27 a neighbour that routes to it calls a container's own address, published on 127.0.0.1 or not.
    assert vpc["shop-db-1"] == ("yes" if version not in ("28", "29") else "no")
    assert answer["no_way_in"] == []
    if not flags:
        assert sekisho("plan", "--drift", str(out)).status == 0


CLOSED = [
    ("plan.not-published.internal", ("--create", "--internal inner",
                                     "--run", "-d --name web --network inner {0}")),
    ("plan.not-published.driver", ("--create", "-d macvlan -o parent=eth0 --subnet 10.1.0.0/24 wire",
                                   "--run", "-d --name web --network wire {0}")),
    ("plan.not-published.host", ("--run", "-d --name web --network host {0}")),
    ("plan.not-published.none", ("--run", "-d --name web --network none {0}")),
]  # fmt: skip


@pytest.mark.parametrize("version", ["20.10", "26", "27", "28", "29"])
@pytest.mark.parametrize(("note", "lines"), CLOSED, ids=[note for note, _ in CLOSED])
def test_a_port_that_nobody_opens_is_said(version: str, note: str, lines: tuple[str, ...]) -> None:
    """Engines 20.10.24 to 29.7.2 start the container, open nothing and say nothing (measured on an internal
    network; of macvlan and the host's network on a 20.10.24)."""
    asked = [line.format("-p 8080:80 nginx") for line in lines]
    answer = json.loads(sekisho("plan", "--docker", version, *asked, "--json").out)
    (web,) = [one for one in answer["containers"] if one["name"] == "web"]
    assert (web["ports"], answer["host"]["sockets"]["added"]) == ([], [])
    assert [one["args"][:2] for one in answer["notes"] if one["id"] == note] == [["web", "80/tcp"]]
    assert not any("8080" in rule["text"] for rule in answer["host"]["rules"]["added"])
    without = [line.format("nginx") for line in lines]
    quiet = json.loads(sekisho("plan", "--docker", version, *without, "--json").out)
    assert not any(one["id"].startswith("plan.not-published") for one in quiet["notes"])


def test_a_port_of_a_container_that_is_on_another_network_as_well_is_open() -> None:
    answer = json.loads(sekisho(
        "plan", "--create", "--internal inner", "--create", "app", "--json",
        "--run", "-d --name web --network inner --network app -p 8080:80 nginx",
    ).out)  # fmt: skip
    (web,) = [one for one in answer["containers"] if one["name"] == "web"]
    assert {port["host_port"] for port in web["ports"]} == {8080}
    assert not any(one["id"].startswith("plan.not-published") for one in answer["notes"])


@pytest.mark.parametrize("version", ["30.0.0", "29.99.0", "19.03.15", "a-build-of-mine"])
def test_an_engine_that_nobody_knows(version: str, tmp_path: Path) -> None:
    host = tmp_path / "host"
    shutil.copytree(HOST, host)
    (host / "docker-version.json").write_text(json.dumps({"Server": {"Version": version}}))
    drift = sekisho("plan", "--drift", str(host))
    assert drift.status == 3
    assert version in drift.out
    assert "nothing drifted" not in drift.out.splitlines()
    answer = json.loads(sekisho("plan", "--drift", str(host), "--json").out)
    assert (answer["unknown_engine"], answer["engine_known"]) == (version, False)
    plan = sekisho("plan", "--on", str(host), "--run", "-d --name new nginx", "--json")
    assert (plan.status, json.loads(plan.out)["unknown_engine"]) == (3, version)
    assert "plan.version-unknown" in {note["id"] for note in json.loads(plan.out)["notes"]}
    lint = json.loads(sekisho("lint", str(host), "--json").out)
    assert [one["args"][0] for one in lint["not_checked"] if one["id"] == "lint.unknown-engine"] == [version]
    assert not any(one["id"].startswith("drift.") for one in lint["findings"])
    # The one to compare with may be named.
    named = sekisho("plan", "--drift", str(host), "--docker", "28.5.2")
    assert (named.status, "nothing drifted" in named.out) == (0, True)


def test_a_newer_engine_of_a_known_series_may_be_asked_for(compose: Path) -> None:
    ran = sekisho("plan", str(compose), "--docker", "29.99.0")
    assert ran.status == 3
    assert (
        "Docker 29.99.0 is none of the engines that are known here: the rules are those of 29.7.2" in ran.out
    )
    assert sekisho("plan", str(compose), "--docker", "29.7.2").status == 0
    assert sekisho("plan", str(compose), "--docker", "30").status == 2


def test_an_empty_save_does_not_take_the_place_of_what_dockerd_writes(compose: Path, tmp_path: Path) -> None:
    """A host on which iptables-save prints nothing: no table exists yet."""
    host, out = tmp_path / "host", tmp_path / "after"
    host.mkdir()
    (host / "iptables-save.txt").write_text("")
    (host / "ip-route.txt").write_text("10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.5\n")
    ran = sekisho("plan", str(compose), "--docker", "28", "--on", str(host), "-o", str(out))
    assert (ran.status, ran.err) == (0, "")
    assert "-j DOCKER" in (out / "iptables-save.txt").read_text()


def test_a_plan_upon_a_host_is_asked_like_a_capture(compose: Path, tmp_path: Path) -> None:
    out = tmp_path / "after"
    ran = sekisho("plan", str(compose), "-p", "shop", "--on", str(HOST), "-o", str(out))
    assert (ran.status, ran.err) == (0, "")
    # 172.17 to 172.19 are taken by the host's own networks.
    assert "172.20.0.0/16" in ran.out
    traced = sekisho("trace", str(out), "10.0.1.1", "10.0.1.23:8088", "--in", "eth0")
    assert traced.status == 0
    assert "172.20.0.3:80" in traced.out
    inside = sekisho("trace", str(out), "container:shop-web-1", "container:shop-db-1:5432")
    assert inside.status == 0
    # What was there before still is.
    before = sekisho("trace", str(HOST), "10.0.1.1", "10.0.1.23:3306", "--in", "eth0")
    after = sekisho("trace", str(out), "10.0.1.1", "10.0.1.23:3306", "--in", "eth0")
    assert (before.status, after.status) == (0, 0)
    again = load(str(out))
    assert {network.name for network in again.networks or ()} >= {"app", "other", "shop_default"}
    # And a plan may be made upon a plan.
    more = sekisho("plan", "--run", "docker run -d --name late --network shop_default x", "--on", str(out))
    assert "shop_default 172.20.0.4" in more.out


def test_lines_of_the_command_line() -> None:
    ran = sekisho(
        "plan", "--create", "--subnet 10.9.0.0/24 app", "--run", "--name a --network app -p 80:80 x",
        "--run", "docker run --name b --network app x", "--docker", "20.10", "--userland-proxy", "false",
    )  # fmt: skip
    assert ran.status == 0
    assert "10.9.0.3" in ran.out
    assert "tcp 0.0.0.0:80 dockerd" in ran.out
    assert "-m addrtype --src-type LOCAL -j MASQUERADE" in ran.out


def test_dockerds_own_flags() -> None:
    ran = sekisho(
        "plan", "--run", "--name a x", "--dockerd", "--bip=192.168.5.1/24 --fixed-cidr=192.168.5.128/25"
    )
    assert "bridge 192.168.5.128" in ran.out
    nft = sekisho(
        "plan", "--run", "--name a x", "--firewall-backend", "nftables", "--dockerd=--ip-forward=false"
    )
    assert re.search(r"\+ rule +nft ip docker-bridges filter-forward-in__docker0 1: ", nft.out)


def test_another_engine_on_the_same_host() -> None:
    """An upgrade: the rules of 27 go, those of 29 come, for the networks and containers that are there."""
    host = str(CAPTURES / "27.5.1" / "two-custom-networks")
    answer = json.loads(sekisho("plan", "--on", host, "--docker", "29", "--json").out)
    assert answer["upgraded_from"] == "27.5.1"
    removed = {rule["text"] for rule in answer["host"]["rules"]["removed"]}
    added = {(rule["chain"], rule["text"]) for rule in answer["host"]["rules"]["added"]}
    assert "-j DOCKER-ISOLATION-STAGE-1" in removed
    assert ("DOCKER-FORWARD", "-j DOCKER-INTERNAL") in added
    assert any(chain == "PREROUTING" and text.endswith("-j DROP") for chain, text in added)
    same = json.loads(sekisho("plan", "--on", host, "--docker", "27.5.1", "--json").out)
    assert same["host"]["rules"] == {"added": [], "removed": []}


@pytest.mark.parametrize("lone", ["host", "none"])
def test_every_daemon_has_its_lone_networks(lone: str, tmp_path: Path) -> None:
    """Also where the list of networks that was captured lacks them."""
    shutil.copytree(CAPTURES / "27.5.1" / "two-custom-networks", tmp_path / "host")
    path = tmp_path / "host" / "docker-networks.json"
    kept = [one for one in json.loads(path.read_text()) if one["Name"] not in ("host", "none")]
    path.write_text(json.dumps(kept))
    host = str(tmp_path / "host")
    ran = sekisho("plan", "--on", host, "--run", f"-d --name new --network {lone} nginx", "--json")
    assert ran.status == 0, ran.err
    again = sekisho("plan", "--on", host, "--create", f"docker network create {lone}")
    assert again.status == 2
    assert f"network with name {lone} already exists" in again.err or "predefined" in again.err
    (tmp_path / "compose.yaml").write_text(
        f"services: {{a: {{image: x, network_mode: {lone}}}}}\n"
        f"networks: {{n: {{external: true, name: {lone}}}}}\n"
    )
    composed = sekisho("plan", str(tmp_path / "compose.yaml"), "--on", host)
    assert composed.status == 0, composed.err


# What dockerd refuses: (its words, arguments). {compose} is a file of that text.
REFUSED: list[tuple[str, int, str]] = [
    ("Bind for 0.0.0.0:80 failed: port is already allocated", 3,
     "services:\n  a: {image: x, ports: ['80:80']}\n  b: {image: x, ports: ['80:81']}\n"),
    ('plugin "weave" not found', 4,
     "services:\n  a: {image: x, networks: [n]}\nnetworks:\n  n: {driver: weave}\n"),
    ("Pool overlaps with other one on this address space", 5,
     "services:\n  a: {image: x, networks: [m, n]}\nnetworks:\n"
     "  m: {ipam: {config: [{subnet: 10.0.0.0/16}]}}\n  n: {ipam: {config: [{subnet: 10.0.5.0/24}]}}\n"),
    ("no configured subnet contains IP address 10.9.9.9", 4,
     "services:\n  a:\n    image: x\n    networks: {n: {ipv4_address: 10.9.9.9}}\nnetworks: {n: }\n"),
    ("invalid subnet", 3, "services: {a: {image: x, networks: [n]}}\nnetworks:\n"
     "  n: {ipam: {config: [{subnet: 10.0.0.1/24}]}}\n"),
    ("network other declared as external, but could not be found", 4,
     "services:\n  a: {image: x, networks: [n]}\nnetworks:\n  n: {external: true, name: other}\n"),
    ('Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.', 4,
     "services:\n  a: {image: x, networks: [n]}\nnetworks:\n  n: {driver: overlay}\n"),
    ("invalid subnet 10.0.0.0/33: invalid CIDR block notation", 4,
     "services:\n  a: {image: x, networks: [n]}\n"
     "networks:\n  n: {ipam: {config: [{subnet: 10.0.0.0/33}]}}\n"),
    ("invalid gateway 10.1.0.1: parent subnet 10.0.0.0/24 doesn't contain this address", 7,
     "services:\n  a: {image: x, networks: [n]}\n"
     "networks:\n  n:\n    ipam:\n      config:\n      - {subnet: 10.0.0.0/24, gateway: 10.1.0.1}\n"),
    ("all predefined address pools have been fully subnetted", 34,
     "services:\n  a: {image: x, networks: [" + ", ".join(f"n{at:02}" for at in range(40)) + "]}\n"
     "networks:\n" + "".join(f"  n{at:02}: {{}}\n" for at in range(40))),
    ("gone.env not found: stat ", 5,
     "services:\n  a:\n    image: x\n    env_file:\n    - gone.env\n"),
    ("gone.labels not found: stat ", 2, "services:\n  a: {image: x, label_file: gone.labels}\n"),
    ("Address already in use", 3,
     "services:\n  a: {image: x, networks: {n: {ipv4_address: 10.0.0.9}}}\n"
     "  b: {image: x, networks: {n: {ipv4_address: 10.0.0.9}}}\n"
     "networks: {n: {ipam: {config: [{subnet: 10.0.0.0/24}]}}}\n"),
    ("additional properties 'imagee' not allowed", 2, "services:\n  a: {imagee: x}\n"),
    ("networks have same bridge name", 5,
     "services:\n  a: {image: x, networks: [m, n]}\nnetworks:\n"
     "  m: {driver_opts: {com.docker.network.bridge.name: br9}}\n"
     "  n: {driver_opts: {com.docker.network.bridge.name: br9}}\n"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "line", "text"), REFUSED)
def test_refused_with_file_and_line(words: str, line: int, text: str, tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text(text)
    ran = sekisho("plan", str(path))
    assert ran.status == 2
    assert ran.out == ""
    assert words in ran.err
    assert f"compose.yaml:{line}:" in ran.err


@pytest.mark.parametrize(
    ("lang", "words"),
    [("en", "port 80 is published already: "), ("ja", "ポート 80 はすでに公開されています: ")],
)
def test_who_has_the_port_is_said_in_both_languages(lang: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text("services:\n  a: {image: x, ports: ['80:80']}\n  b: {image: x, ports: ['80:81']}\n")
    ran = sekisho("plan", str(path), "--lang", lang)
    assert ran.status == 2
    assert f"{words}{path}:2" in ran.err


def test_env_files_are_read_as_compose_does(tmp_path: Path) -> None:
    """They change nothing of the network; one that is not required, or not enabled, may be missing."""
    path = tmp_path / "compose.yaml"
    path.write_text(
        "services:\n  a:\n    image: x\n    env_file:\n    - {path: gone.env, required: false}\n"
        "    - there.env\n  b: {image: x, profiles: [debug], env_file: gone.env}\n"
    )
    (tmp_path / "there.env").write_text("A=1\n")
    assert sekisho("plan", str(path)).status == 0
    assert sekisho("plan", str(path), "--profile", "debug").status == 2
    (tmp_path / "there.env").write_text("A=1\nA B=1\n")
    ran = sekisho("plan", str(path))
    assert ran.status == 2
    assert "there.env:2: " in ran.err


def test_the_thirty_second_network() -> None:
    lines = [word for number in range(31) for word in ("--create", f"n{number}")]
    ran = sekisho("plan", *lines)
    assert (ran.status, ran.out) == (2, "")
    assert "all predefined address pools have been fully subnetted" in ran.err


def test_nothing_to_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = sekisho("plan")
    assert ran.status == 2
    assert "nothing to plan" in ran.err
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    assert sekisho("plan").status == 0


def test_nftables_needs_forwarding(compose: Path) -> None:
    ran = sekisho("plan", str(compose), "--firewall-backend", "nftables")
    assert ran.status == 2
    assert "IPv4 forwarding is disabled" in ran.err


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_drift(lang: str, tmp_path: Path) -> None:
    still = sekisho("plan", "--drift", str(HOST), "--lang", lang)
    assert still.status == 0
    changed = tmp_path / "changed"
    changed.mkdir()
    for file in HOST.iterdir():
        if file.is_file() and file.suffix in (".txt", ".json"):
            text = file.read_text()
            if file.name == "iptables-save.txt":
                text = "".join(line for line in text.splitlines(True) if "--dport 3306 -j DNAT" not in line)
            (changed / file.name).write_text(text)
    ran = sekisho("plan", "--drift", str(changed), "--lang", lang)
    assert ran.status == 1
    assert "--dport 3306 -j DNAT" in ran.out
    answer = json.loads(sekisho("plan", "--drift", str(changed), "--json").out)
    assert [finding["id"] for finding in answer["findings"]] == ["drift.rule-missing"]


NAMED = """\
services:
  web:
    image: nginx
    ports: ["8088:80"]
    networks: {front: {interface_name: "c=d.5"}}
networks:
  front: {driver_opts: {com.docker.network.bridge.name: "a=b"}}
"""


def test_names_that_no_sysctl_line_could_hold(tmp_path: Path) -> None:
    """The kernel takes a "=" in an interface's name, and so does dockerd."""
    path = tmp_path / "compose.yaml"
    path.write_text(NAMED)
    assert (ran := sekisho("plan", str(path), "--docker", "28", "--json")).status == 0, ran.err
    assert "a=b" in ran.out
    script = sekisho("lab", "up", str(path), "--print-commands")
    assert script.status == 0, script.err


@pytest.mark.kernel
def test_they_stand_in_a_lab(tmp_path: Path) -> None:
    """The printed commands set what the lab itself sets: ``sysctl -w`` would end the key at the =."""
    path = tmp_path / "compose.yaml"
    path.write_text(NAMED)
    key = "/proc/sys/net/ipv4/conf/a=b/proxy_arp"
    command = _sysctl(SetSysctl("host", sysctl_of("net", "ipv4", "conf", "a=b", "proxy_arp"), "1"))
    with Lab(path) as lab:
        assert lab["host"].run("cat", key).stdout == "0\n"
        words = shlex.split(command.removeprefix("ip netns exec host "))
        lab["host"].run(*words)
        assert lab["host"].run("cat", key).stdout == "1\n"


def test_two_hundred_services_take_less_than_a_second(tmp_path: Path) -> None:
    import resource

    from tests.cli.command import process

    lines = ["services:"]
    for number in range(200):
        lines += [f"  s{number:03}:", f"    image: app:{number}", f"    ports: ['{10000 + number}:80']",
                  f"    networks: [front, n{number % 10}]"]  # fmt: skip
    lines += ["networks:", "  front:", *(f"  n{number}:" for number in range(10))]
    (tmp_path / "compose.yaml").write_text("\n".join(lines) + "\n")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert process("plan", str(tmp_path / "compose.yaml")).status == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Its own time, not that of whoever else runs here.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.0
