"""What a user installs: the wheel by itself, and a checkout set up by ./run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
import yaml

from sekisho import __version__
from tests.cli.command import ROOT, sekisho

COMPLETIONS = {
    "bash": "share/bash-completion/completions/sekisho",
    "zsh": "share/zsh/site-functions/_sekisho",
    "fish": "share/fish/vendor_completions.d/sekisho.fish",
}


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run without this process's PYTHONPATH, so that only what was installed is found."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env=environment,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    assert built.returncode == 0, built.stderr
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with nothing but the wheel and what it requires."""
    prefix = tmp_path_factory.mktemp("installed") / "venv"
    made = run(sys.executable, "-m", "venv", prefix, cwd=wheel.parent)
    assert made.returncode == 0, made.stderr
    done = run(
        prefix / "bin/python", "-m", "pip", "install", "--quiet", "--no-compile", wheel, cwd=wheel.parent
    )
    assert done.returncode == 0, done.stderr
    return prefix


def test_wheel_holds_the_whole_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    source = ROOT / "src" / "sekisho"
    shipped = {
        f"sekisho/{path.relative_to(source).as_posix()}"
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert shipped <= names
    extra = {name for name in names - shipped if not name.startswith(("sekisho-", "sekisho/examples/"))}
    assert extra == set()
    assert f"sekisho-{__version__}.dist-info/licenses/LICENSE" in names


def test_installed_command(installed: Path, tmp_path: Path) -> None:
    version = run(installed / "bin/sekisho", "--version", cwd=tmp_path)
    assert (version.returncode, version.stdout) == (0, f"sekisho {__version__}\n")
    subnet = run(installed / "bin/sekisho", "vpc", "subnet", "10.0.0.0/24", cwd=tmp_path)
    assert (subnet.returncode, subnet.stderr) == (0, "")


@pytest.mark.parametrize("argv", [("demo",), ("capture", "--script")])
def test_installed_data(installed: Path, tmp_path: Path, argv: tuple[str, ...]) -> None:
    """The example and the script are read from the package, not from a checkout."""
    ran = run(installed / "bin/sekisho", *argv, cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert str(ROOT) not in ran.stdout
    assert len(ran.stdout) > 1000


@pytest.mark.parametrize("shell", COMPLETIONS)
def test_installed_completion(installed: Path, shell: str) -> None:
    text = (installed / COMPLETIONS[shell]).read_text(encoding="utf-8")
    assert text == sekisho("completion", shell).out


def test_run_sets_up_a_checkout_once(tmp_path: Path) -> None:
    """From another directory, with spaces in the path, and the second time without any set-up."""
    checkout = tmp_path / "a folder with spaces"
    shutil.copytree(
        ROOT, checkout, ignore=shutil.ignore_patterns(".*", "__pycache__", "shared", "tests", "docs")
    )
    first = run(checkout / "run", "vpc", "subnet", "10.0.0.0/24", cwd=tmp_path)
    if "could not be installed" in first.stderr:
        pytest.skip("no package index is reached from here: " + first.stderr.strip().splitlines()[-1])
    assert first.returncode == 0, first.stderr
    assert "10.0.0.254" in first.stdout
    second = run(checkout / "run", "vpc", "subnet", "10.0.0.0/24", cwd=tmp_path)
    assert (second.returncode, second.stdout, second.stderr) == (0, first.stdout, "")
    refused = run(checkout / "run", "vpc", "subnet", "10.0.0.0/8", cwd=tmp_path)
    assert refused.returncode == 2


def test_run_mends_a_moved_checkout(tmp_path: Path) -> None:
    """A .venv that points elsewhere is set up again instead of running the old place's code."""
    venv = tmp_path / "checkout" / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to("/nowhere/python")
    script = f"""
        set -euo pipefail
        root={venv.parent}
        . "{ROOT}/scripts/setup.sh"
        setup_make_venv
        "$venv/bin/python" -c ""
    """
    done = run("bash", "-c", script, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_python_that_is_too_old_is_said(tmp_path: Path) -> None:
    """No Python 3.11 on the PATH: one clear sentence and status 2, before anything is touched."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("bash", "cat", "cksum", "rm", "dirname", "env"):
        found = shutil.which(tool)
        assert found
        (tools / tool).symlink_to(found)
    (tools / "python3").write_text("#!/bin/sh\nexit 1\n")
    (tools / "python3").chmod(0o755)
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    for name in ("run", "pyproject.toml", "hatch_build.py", "requirements-run.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, checkout / name)
    shutil.copytree(ROOT / "scripts", checkout / "scripts")
    done = subprocess.run(
        [checkout / "run", "--version"], capture_output=True, text=True, check=False, env={"PATH": str(tools)}
    )
    assert done.returncode == 2
    assert "Python 3.11 or newer" in done.stderr
    assert not (checkout / ".venv").exists()


# ------------------------------------------------------------------------------------ pins


def pins(name: str) -> dict[str, str]:
    """A lock file's packages, each with its version, its condition and its hashes."""
    text = (ROOT / name).read_text()
    entries = re.split(r"(?m)^(?=[a-z])", re.sub(r"(?m)^ *#.*\n", "", text))
    return {entry.split("==")[0]: entry.rstrip() for entry in entries if entry}


def needed(*names: str) -> set[str]:
    """These packages and whatever they require, on some system."""
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop().lower().replace("_", "-")
        if name in found:
            continue
        found.add(name)
        for line in metadata.requires(name) or ():
            wanted, _, condition = line.partition(";")
            if "extra" not in condition and "python_version < '3.1" not in condition.replace('"', "'"):
                left.append(re.split(r"[^A-Za-z0-9._-]", wanted.strip())[0])
    return found


def test_what_run_installs_is_pinned_like_the_rest() -> None:
    """Exactly what sekisho and its build need, in the versions and with the hashes of the tests."""
    run_pins, dev_pins = pins("requirements-run.lock"), pins("requirements-dev.lock")
    assert set(run_pins) == needed("oxidd", "pyyaml", "hatchling", "editables")
    assert {name: dev_pins[name] for name in run_pins} == run_pins
    assert all("--hash=sha256:" in entry for entry in run_pins.values())


def test_nothing_is_installed_without_a_hash() -> None:
    """By ./run, ./test and the GitHub Action: with hashes, or the checkout itself without anything else."""
    lines = [
        line
        for name in ("scripts/setup.sh", "action.yml", "test")
        for line in (ROOT / name).read_text().replace("\\\n", " ").splitlines()
        if re.search(r"setup_pip -|pip (install|download) .*(-r|ACTION|\$root)", line)
    ]
    assert len(lines) == 5
    for line in lines:
        assert "--require-hashes -r" in line or "--no-deps --no-build-isolation" in line, line


def _action() -> dict[str, dict[str, str]]:
    steps = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]
    return {step.get("name", step.get("uses")): step for step in steps}


def test_the_action_uses_others_by_commit() -> None:
    used = [step["uses"] for step in _action().values() if "uses" in step]
    assert len(used) == 1
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name) for name in used)


@pytest.mark.parametrize(
    "given", ["--schema", "-h", "a b", "$(touch pwned)", "`touch pwned`; touch pwned", "-x\ny", "--"]
)
def test_the_actions_inputs_are_no_options(given: str, tmp_path: Path) -> None:
    """Its script as it stands, with a sekisho that tells its words; inputs come by the environment."""
    script = "sekisho() { printf '%s\\0' \"$@\"; }\n" + _action()["Check"]["run"]
    assert "${{" not in script
    for junit in ("", given):
        names = dict.fromkeys(("SNAPSHOT", "POLICY", "SARIF"), given) | {"JUNIT": junit}
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", script], capture_output=True, text=True, check=True,
            cwd=tmp_path, env={"PATH": os.environ["PATH"], **names},
        )  # fmt: skip
        options = [f"--junit={given}"] if junit else []
        assert done.stdout.split("\0")[:-1] == ["check", *options, f"--sarif={given}", "--", given, given]
    assert list(tmp_path.iterdir()) == []
