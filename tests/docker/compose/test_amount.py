"""Small projects that ask for very much: what is in them once is read once, and the rest has its bounds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from sekisho.docker.compose import load_project
from sekisho.docker.compose.acts import acts
from sekisho.docker.compose.files import ProjectFiles
from sekisho.docker.compose.project import Project
from sekisho.docker.intent import RunContainer
from sekisho.errors import SourceError
from sekisho.sources.bounds import USUAL, Bounds
from tests.cli.command import sekisho


def _project(folder: Path, text: str, bounds: Bounds = USUAL, **more: str) -> Project:
    folder.mkdir(exist_ok=True)
    (folder / "compose.yaml").write_text(text)
    for name, content in more.items():
        (folder / f"{name}.yaml").write_text(content)
    return load_project([folder], environment={}, bounds=bounds)


def _one(lines: str) -> str:
    return f"services:\n  a:\n    image: x\n{lines}"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often which file is read."""
    found: Counter[str] = Counter()
    real = ProjectFiles.text

    def text(self: ProjectFiles, path: Path | str) -> str:
        found[Path(path).name] += 1
        return real(self, path)

    monkeypatch.setattr(ProjectFiles, "text", text)
    return found


def test_files_that_include_one_another_twice(tmp_path: Path, read: Counter[str]) -> None:
    for at in range(40):
        text = f"include:\n- c{at + 1}.yaml\n- path: c{at + 1}.yaml\nservices:\n  s{at}:\n    image: x\n"
        (tmp_path / f"c{at}.yaml").write_text(text)
    project = _project(tmp_path, "include: [c0.yaml]\n", c40="services:\n  s40:\n    image: y\n")
    assert [name for name, _ in project.services] == sorted(f"s{at}" for at in range(41))
    assert read["c40.yaml"] == 1


def test_what_is_included_again_is_counted(tmp_path: Path) -> None:
    bounds = Bounds(most=1 << 20)
    services = "services:\n" + "".join(f"  s{at}:\n    image: x\n" for at in range(100))
    project = _project(tmp_path, "include: [b.yaml]\n", bounds, b=services)
    assert len(project.services) == 100
    with pytest.raises(SourceError, match="more than 1024 values once all that is included") as caught:
        _project(tmp_path, "include: [b.yaml, b.yaml, b.yaml, b.yaml, b.yaml, b.yaml]\n", bounds)
    assert (caught.value.line, "--max-input" in caught.value.advice) == (1, True)


@pytest.mark.parametrize("deep", [100, 101])
def test_how_deep_files_include_one_another(deep: int, tmp_path: Path) -> None:
    for at in range(1, deep):
        (tmp_path / f"c{at}.yaml").write_text(f"include: [c{at + 1}.yaml]\n")
    (tmp_path / f"c{deep}.yaml").write_text(_one(""))
    if deep == 100:
        assert len(_project(tmp_path, "include: [c1.yaml]\n").services) == 1
    else:
        with pytest.raises(SourceError, match="included more than 100 deep"):
            _project(tmp_path, "include: [c1.yaml]\n")


def test_a_file_that_services_extend_is_read_once(tmp_path: Path, read: Counter[str]) -> None:
    names = range(50)
    wanted = "".join(f"  s{at}:\n    extends: {{file: b.yaml, service: t{at}}}\n" for at in names)
    base = "services:\n" + "".join(f"  t{at}:\n    image: i{at}\n    labels: [l={at}]\n" for at in names)
    project = _project(tmp_path, f"services:\n{wanted}", b=base)
    assert [service.text("image") for _, service in project.services] == [
        f"i{name[1:]}" for name, _ in project.services
    ]
    assert read["b.yaml"] == 1


def test_a_base_is_not_changed_by_what_extends_it(tmp_path: Path) -> None:
    text = "services:\n  b:\n    image: x\n    labels: [a=1]\n"
    text += "".join(f"  s{at}:\n    extends: b\n    labels: [own{at}=1]\n" for at in range(3))
    found = {
        name: sorted(service.mapping["labels"].mapping) for name, service in _project(tmp_path, text).services
    }
    assert found == {"b": ["a"], **{f"s{at}": ["a", f"own{at}"] for at in range(3)}}


def test_services_that_extend_one_another_very_deep(tmp_path: Path) -> None:
    def chain(deep: int) -> str:
        links = "".join(f"  s{at}:\n    extends: s{at + 1}\n" for at in range(deep))
        return f"services:\n{links}  s{deep}:\n    image: x\n"

    assert len(_project(tmp_path, chain(100)).services) == 101
    with pytest.raises(SourceError, match="extended more than 100 deep"):
        _project(tmp_path, chain(300))


def test_services_that_wait_for_one_another_very_deep(tmp_path: Path) -> None:
    text = "services:\n" + "".join(
        f"  s{at:04}:\n    image: x\n    depends_on: [s{at + 1:04}]\n" for at in range(1500)
    )
    project = _project(tmp_path, text + "  s1500:\n    image: x\n")
    first = next(act for act in acts(project) if isinstance(act, RunContainer))
    assert first.spec.name.endswith("-s1500-1")


@pytest.mark.parametrize(
    "key", ["scale: 100000000", "scale: 1e8", "scale: '5000'", "deploy: {replicas: 4097}"]
)
def test_too_many_containers(key: str, tmp_path: Path) -> None:
    project = _project(tmp_path, _one(f"    {key}\n"))
    with pytest.raises(SourceError, match="more than 4096 containers in one project") as caught:
        list(acts(project))
    assert (caught.value.line, "--max-input" in caught.value.advice) == (2, True)


@pytest.mark.parametrize(
    ("key", "count"), [("scale: 1e1", 10), ("scale: 2", 2), ("deploy: {replicas: 3}", 3), ("scale: 0", 0)]
)
def test_how_many_containers(key: str, count: int, tmp_path: Path) -> None:
    found = [act for act in acts(_project(tmp_path, _one(f"    {key}\n"))) if isinstance(act, RunContainer)]
    assert len(found) == count


@pytest.mark.parametrize(
    "lines",
    [
        "    ports: ['1-300:1-300']\n",
        "    expose: ['1-300']\n",
        "    ports: ['1-100:1-100', '101-200:101-200', '201-300']\n",
        "    scale: 3\n    ports: ['1-100']\n",
    ],
)
def test_too_many_ports(lines: str, tmp_path: Path) -> None:
    bounds = Bounds(most=1 << 20)
    assert bounds.ports == 256
    with pytest.raises(SourceError, match="more than 256 ports in one project"):
        list(acts(_project(tmp_path, _one(lines), bounds)))
    assert list(acts(_project(tmp_path, _one(lines))))


def test_the_words_in_both_languages(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(_one("    scale: 1e8\n"))
    asked = ("plan", str(tmp_path / "compose.yaml"))
    for lang, words in (("en", "more than 4096 containers"), ("ja", "コンテナが 4096 個より多くあります")):
        ran = sekisho(*asked, "--lang", lang)
        assert (ran.status, words in ran.err) == (2, True)


def test_variables_that_name_one_another(tmp_path: Path) -> None:
    """Ten times each: the last one would be 10**30 characters."""
    doubled = "".join(f"A{at}={f'${{A{at - 1}}}' * 10}\n" for at in range(1, 31))
    (tmp_path / ".env").write_text("A0=x\n" + doubled)
    with pytest.raises(SourceError, match="longer than 1048576 characters"):
        _project(tmp_path, _one("    labels: {a: $A30}\n"))


def test_one_long_line_of_many_values(tmp_path: Path) -> None:
    """The line is each value's place; they share it."""
    text = "    labels: {" + ", ".join(f"k{at}: v" for at in range(40_000)) + "}\n"
    (service,) = (service for _, service in _project(tmp_path, _one(text)).services)
    places = {id(node.place.text) for node in service.mapping["labels"].mapping.values()}
    assert len(places) == 1
