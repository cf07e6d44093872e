"""What a compose file makes one read: below the project's folder, unless the user allows more."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sekisho.docker.compose import load_project
from sekisho.docker.compose.project import Project
from sekisho.errors import SekishoError, SourceError
from sekisho.sources.bounds import Bounds

BOUNDS = Bounds()
SECRET = "SECRET of the machine: no assignment\n"
SERVICE = "services:\n  web:\n    image: x\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project's folder beside what its author wants to know."""
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "secret.yaml").write_text("SECRET: of the machine\nservices: {base: {image: SECRET}}\n")
    (tmp_path / "secret.env").write_text("SECRET=1\n")
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def load(project: Path, text: str, bounds: Bounds = BOUNDS) -> Project:
    """The project of that compose file."""
    (project / "compose.yaml").write_text(text)
    return load_project([project / "compose.yaml"], environment={}, bounds=bounds)


ASKS: dict[str, Callable[[str], str]] = {
    "include": lambda path: f"include: ['{path}']\n{SERVICE}",
    "include path": lambda path: f"include: [{{path: ['{path}']}}]\n{SERVICE}",
    "extends": lambda path: f"services: {{web: {{extends: {{file: '{path}', service: base}}}}}}\n",
    "env_file": lambda path: f"{SERVICE}    env_file: '{path}'\n",
    "env_file list": lambda path: f"{SERVICE}    env_file: [{{path: '{path}', format: raw}}]\n",
    "label_file": lambda path: f"{SERVICE}    label_file: ['{path}']\n",
    "include env_file": lambda path: f"include: [{{path: inside.yaml, env_file: '{path}'}}]\n{SERVICE}",
}


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
@pytest.mark.parametrize(
    "path", ["../secret", "/etc/shadow", "link", "sub/../../secret.yaml", "/proc/self/environ"]
)
def test_paths_that_lead_out_are_refused(project: Path, ask: Callable[[str], str], path: str) -> None:
    (project / "inside.yaml").write_text("services: {}\n")
    (project / "sub").mkdir()
    (project / "link").symlink_to("../secret")
    with pytest.raises(SourceError, match="leads out of the folder") as caught:
        load(project, ask(path))
    assert "SECRET" not in str(caught.value)
    assert "--outside" in caught.value.advice
    assert caught.value.file == str(project / "compose.yaml")
    assert caught.value.line > 0


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
def test_whether_something_is_there_is_not_told(project: Path, ask: Callable[[str], str]) -> None:
    (project / "inside.yaml").write_text("services: {}\n")
    told = set()
    for name in ("secret", "nothing"):
        with pytest.raises(SourceError) as caught:
            load(project, ask(f"../{name}"))
        told.add(str(caught.value).replace(name, "NAME"))
    assert len(told) == 1


def test_what_lies_beside_the_file_is_read(project: Path) -> None:
    (project / "sub").mkdir()
    (project / "sub" / "more.yaml").write_text("services: {db: {image: x, env_file: db.env}}\n")
    (project / "sub" / "db.env").write_text("A=1\n")
    (project / "base.yaml").write_text("services: {base: {image: x, env_file: [sub/db.env]}}\n")
    (project / "linked.env").symlink_to("sub/db.env")
    text = (
        "include: [sub/more.yaml]\nservices:\n  web:\n    extends: {file: base.yaml, service: base}\n"
        "    env_file: [linked.env, /dev/null]\n"
    )
    assert [name for name, _ in load(project, text).services] == ["db", "web"]


def test_with_the_users_leave_paths_lead_where_they_want(project: Path) -> None:
    text = f"{SERVICE}    env_file: ../secret.env\n    extends: {{file: ../secret.yaml, service: base}}\n"
    with pytest.raises(SekishoError):
        load(project, text)
    (project.parent / "secret.yaml").write_text("services: {base: {image: y}}\n")
    assert load(project, text, bounds=Bounds(outside=True)).services[0][0] == "web"


def test_what_the_user_names_is_read_with_what_lies_beside_it(project: Path) -> None:
    other = project.parent / "other"
    other.mkdir()
    (other / "over.yaml").write_text("services: {web: {env_file: more.env}}\n")
    (project / "compose.yaml").write_text(SERVICE)
    (project / "more.env").write_text("A=1\n")
    files = [project / "compose.yaml", other / "over.yaml"]
    named = load_project(files, environment={}, env_files=[project.parent / "secret.env"])
    assert [name for name, _ in named.services] == ["web"]


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
def test_pipes_and_devices_are_no_files(project: Path, ask: Callable[[str], str]) -> None:
    """Even where paths may lead out, nothing waits for a pipe or reads a device without end."""
    (project / "inside.yaml").write_text("services: {}\n")
    os.mkfifo(project / "pipe")
    for path, bounds in (("pipe", Bounds()), ("/dev/zero", Bounds(outside=True))):
        with pytest.raises(SourceError, match=r"no regular file|no such file|couldn't find|not UTF-8"):
            load(project, ask(path), bounds=bounds)


def test_all_files_together_have_a_bound(project: Path) -> None:
    for name in ("a.env", "b.env"):
        (project / name).write_text("A=1\n#" + "x" * 600)
    text = f"{SERVICE}    env_file: [a.env, b.env]\n"
    assert load(project, text, bounds=Bounds(most=5000))
    with pytest.raises(SourceError, match="larger than") as caught:
        load(project, text, bounds=Bounds(most=1000))
    assert "--max-input" in caught.value.advice


def test_the_env_file_beside_it_is_held_to_the_same(project: Path) -> None:
    (project / ".env").symlink_to("../secret.env")
    with pytest.raises(SourceError, match="leads out of the folder"):
        load(project, SERVICE)
    (project / ".env").unlink()
    os.mkfifo(project / ".env")
    with pytest.raises(SourceError, match="no regular file"):
        load(project, SERVICE)
