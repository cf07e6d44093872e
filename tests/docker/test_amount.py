"""Very many ports: the work for each does not grow with how many there are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sekisho.docker.bare import ORDINARY
from sekisho.docker.compose import load_project
from sekisho.docker.compose.acts import acts
from sekisho.docker.engine import Engine
from sekisho.docker.errors import DockerError
from sekisho.docker.predict import predict
from tests.counting import doubles


def _asks(folder: Path, port: str) -> Callable[[int], Callable[[], object]]:
    def made(count: int) -> Callable[[], object]:
        lines = f"    ports: ['{port.format(1000 + count)}']\n"
        (folder / "compose.yaml").write_text(f"services:\n  a:\n    image: x\n{lines}")
        wanted = list(acts(load_project([folder], environment={})))

        def ask() -> None:
            try:
                predict(ORDINARY, Engine(), wanted)
            except DockerError:
                assert "32768" not in port

        return ask

    return made


def test_ports_of_the_host(tmp_path: Path) -> None:
    assert doubles(_asks(tmp_path, "1001-{0}:1001-{0}"), 150) < 2.5


def test_ports_that_docker_chooses(tmp_path: Path) -> None:
    assert doubles(_asks(tmp_path, "1001-{0}"), 150) < 2.5
