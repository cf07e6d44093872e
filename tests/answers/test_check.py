"""check: assertions for all packets, their counterexamples, and the forms of the results."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sekisho.answers.check import Result, check
from sekisho.answers.policy import KINDS, load_policy
from sekisho.answers.trace import trace
from sekisho.errors import SourceError, UsageError
from sekisho.explain.errors import japanese
from sekisho.semantics.world import World
from sekisho.sources.load import load
from sekisho.views.check_view import to_json, to_junit, to_sarif, to_text
from tests.answers.dual import dual
from tests.answers.shop import FORWARD, world, write

# (assertion, status)
ASSERTIONS: list[tuple[str, str]] = [
    ('allow: {from: internet, to: "container:web:80"}', "passed"),
    ('allow: {from: internet, to: "10.0.0.10:8080"}', "passed"),
    ('allow: {from: [internet, host], to: "container:db:3306"}', "failed"),
    ('allow: {from: "container:web", to: internet}', "passed"),
    ('allow: {from: host, to: "container:db:3306"}', "passed"),
    ('allow: {from: internet, to: "container:web:80-81"}', "failed"),
    ('deny: {from: internet, to: "container:db"}', "passed"),
    ('deny: {from: any, to: "container:web:80"}', "failed"),
    ('deny: {from: internet, to: "host:22", proto: udp}', "passed"),
    ('deny: {from: internet, to: "host:22"}', "failed"),
    ('only: {from: ["container:web", host], to: "container:db:3306"}', "passed"),
    ('only: {from: host, to: "container:db:3306"}', "failed"),
    ('only: {from: [internet, vpc, host, "network:shop"], to: "container:web:80"}', "passed"),
    ('isolated: ["network:shop", "network:back"]', "passed"),
    ('isolated: ["container:web", "container:db"]', "failed"),
    ("same-as: twin", "passed"),
    ("same-as: other", "failed"),
]


def _policy(folder: Path, *assertions: str) -> str:
    path = folder / "policy.yaml"
    path.write_text("version: 1\nassertions:\n" + "".join(f"  - {each}\n" for each in assertions))
    return str(path)


def _result(folder: Path, assertion: str) -> Result:
    write(folder / "twin")
    write(folder / "other", forward=FORWARD.replace("--dport 80 ", "--dport 81 "))
    (found,) = check(world(folder / "host"), load_policy(_policy(folder, assertion))).results
    return found


@pytest.mark.parametrize(("assertion", "status"), ASSERTIONS)
def test_assertions(assertion: str, status: str, tmp_path: Path) -> None:
    found = _result(tmp_path, assertion)
    assert found.status == status, found.args
    if found.witness is not None:
        replayed = trace(world(tmp_path / "host"), found.witness.question)
        arrived = replayed.forward.disposition in ("delivered", "exits")
        if found.assertion.kind in ("deny", "only", "isolated"):
            assert arrived
        elif found.assertion.kind == "allow":
            assert not arrived


def test_what_nobody_can_say(tmp_path: Path) -> None:
    unknown = FORWARD.replace("--dport 80 -j", "--dport 80 -m u32 --u32 0x0=0x1 -j")
    policy = load_policy(_policy(tmp_path, 'deny: {from: internet, to: "container:web:80"}'))
    (found,) = check(world(tmp_path / "host", forward=unknown), policy).results
    assert found.status == "unsure"


# (text, line of the error)
BAD: list[tuple[str, int]] = [
    ("assertions:\n  - alow: {}\n", 2),
    ("version: 2\nassertions: []\n", 1),
    ("assertions:\n  - deny: {from: internet}\n", 2),
    ("assertions:\n  - deny:\n      from: internet\n      to: 10.0.0.1:99999\n", 4),
    ("assertions:\n  - isolated: [host]\n", 2),
    ("assertions:\n  - deny: {from: internet, to: host, proto: nonsense}\n", 2),
    ("assertions: 5\n", 1),
]


@pytest.mark.parametrize(("text", "line"), BAD)
def test_a_bad_policy_names_its_line(text: str, line: int, tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(text)
    with pytest.raises(SourceError) as error:
        load_policy(str(path))
    assert error.value.line == line


def test_a_name_that_is_not_there_names_the_line_of_the_policy(tmp_path: Path) -> None:
    policy = load_policy(_policy(tmp_path, 'deny: {from: "container:nobody", to: host}'))
    with pytest.raises(UsageError) as error:
        check(world(tmp_path / "host"), policy)
    assert error.value.line == 3
    assert "nobody に当たるものはありません" in error.value.in_words(japanese)


def test_forms_of_the_results(tmp_path: Path) -> None:
    path = _policy(tmp_path, 'deny: {from: internet, to: "container:db"}', 'deny: {from: any, to: "host:22"}')
    report = check(world(tmp_path / "host"), load_policy(path))
    assert [item["status"] for item in to_json(report, "en")["results"]] == ["passed", "failed"]  # type: ignore[attr-defined]
    suite = ElementTree.fromstring(to_junit(report, "en")).find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    sarif = json.loads(json.dumps(to_sarif(report, "ja")))
    (result,) = sarif["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 4
    leans = to_json(report, "en")["leans_on"]
    assert isinstance(leans, list)
    assert any("iptables-save.txt" in lean and "taken as whole" in lean for lean in leans)
    told = to_text(report, "en", False, "host")
    for lean in leans:
        assert f"  - {lean}\n" in told + "\n"
        assert f"  - {lean}\n" in f"{suite.findtext('system-out')}\n"
    assert len(sarif["runs"][0]["properties"]["leansOn"]) == len(leans)


def test_junit_is_xml_whatever_the_name(tmp_path: Path) -> None:
    """XML has no place at all for some characters, not even escaped."""
    name = 'a\\x1b\\x85\\uFFFE\\n<b>\\"&'
    path = tmp_path / "policy.yaml"
    path.write_text(f'assertions: [{{name: "{name}", deny: {{from: any, to: "host:22"}}}}]')
    write(tmp_path / "host")
    report = check(world(tmp_path / "host"), load_policy(str(path)))
    assert report.results[0].assertion.name == 'a\x1b\x85\ufffe\n<b>"&'
    case = ElementTree.fromstring(to_junit(report, "en")).find("testsuite/testcase")
    assert case is not None
    assert case.get("name") == 'a\\x1b\\x85\\ufffe\n<b>"&'


@pytest.mark.parametrize(
    ("kind", "perhaps"),
    [("deny", "perhaps gets through: "), ("allow", "perhaps not everything gets through: ")],
)
def test_what_nobody_can_say_is_said_with_its_reason(tmp_path: Path, kind: str, perhaps: str) -> None:
    """Two rules that Sekisho does not know, of which one is about the port that is asked about."""
    host = tmp_path / "host"
    host.mkdir()
    (host / "ip-route.txt").write_text("default via 10.0.0.1 dev eth0\n10.0.0.0/24 dev eth0 src 10.0.0.2\n")
    rules = [f"-A INPUT -p tcp -m tcp --dport {port} -m frob --x {port} -j DROP" for port in (22, 80)]
    (host / "iptables-save.txt").write_text(
        "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
        + "\n".join(rules)
        + "\nCOMMIT\n"
    )
    policy = load_policy(_policy(tmp_path, f'{kind}: {{from: internet, to: "host:22", proto: tcp}}'))
    report = check(World(load(str(host))), policy)
    (result,) = report.results
    assert (result.status, [doubt.args for doubt in result.doubts]) == ("unsure", [("-m frob --x 22",)])
    why = "because: this match is not known to Sekisho: -m frob --x 22"
    text = to_text(report, "en", False, "host").splitlines()
    assert perhaps in text[1]
    assert text[2].strip() == why
    item = json.loads(json.dumps(to_json(report, "en")))["results"][0]
    assert item["because"] == [why.removeprefix("because: ")]
    error = ElementTree.fromstring(to_junit(report, "en")).find("testsuite/testcase/error")
    assert error is not None
    assert why in (error.text or "")
    sarif = json.loads(json.dumps(to_sarif(report, "en")))
    assert why in sarif["runs"][0]["results"][0]["message"]["text"]


def test_the_schema_knows_every_kind() -> None:
    from importlib.resources import files

    schema = json.loads(files("sekisho.answers").joinpath("policy.schema.json").read_text())
    known = schema["$defs"]["assertion"]["properties"]
    assert set(known) == {"name", *KINDS}
    assert [each["required"] for each in schema["$defs"]["assertion"]["oneOf"]] == [[kind] for kind in KINDS]


# IPv4 is shut and IPv6 open: what an end lacks one version for does not take the other out of the question.
DUAL = [
    ('deny: {from: vpc, to: "container:a:80"}', "passed"),
    ('deny: {from: vpc, to: "container:b:80"}', "failed"),
    ('deny: {from: vpc, to: ["container:a:80", "container:b:80"]}', "failed"),
    ('deny: {from: vpc, to: ["container:b:80", "container:a:80"]}', "failed"),
    ('deny: {from: vpc, to: "container:six:80"}', "failed"),
    ('deny: {from: vpc, to: "container:b:80", ipv: 4}', "passed"),
    ('only: {from: [host, "container:a"], to: "container:b:80"}', "failed"),
    ('allow: {from: vpc, to: "container:six:80"}', "passed"),
    ('allow: {from: vpc, to: "container:b:80"}', "failed"),
]


@pytest.mark.parametrize(("assertion", "status"), DUAL)
def test_both_versions_are_asked_about(assertion: str, status: str, tmp_path: Path) -> None:
    (found,) = check(dual(tmp_path), load_policy(_policy(tmp_path, assertion))).results
    assert found.status == status, found.args


@pytest.mark.parametrize("kind", ["deny", "only", "allow"])
def test_who_is_nowhere_is_named(kind: str, tmp_path: Path) -> None:
    policy = load_policy(_policy(tmp_path, f'{kind}: {{from: vpc, to: ["container:b", "container:gone"]}}'))
    with pytest.raises(UsageError, match="container:gone"):
        check(dual(tmp_path), policy)
