"""``env_file`` and ``label_file`` of services: nothing of them touches the network, but compose reads them,
and refuses to go on where one is missing or cannot be read (compose-go, types/project.go,
WithServicesEnvironmentResolved).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from sekisho.docker.compose import dotenv
from sekisho.docker.compose.files import ProjectFiles
from sekisho.docker.compose.node import Node, scalar_text
from sekisho.errors import SourceError
from sekisho.sources.bounds import LeadsOutError

_KEYS = ("env_file", "label_file")


def anchor(document: Node, folder: Path) -> None:
    """Make the services' paths absolute: they are relative to the file's own project folder."""
    services = document.get("services")
    for service in services.mapping.values() if services is not None else ():
        for key in _KEYS:
            for node in _paths(service.get(key)):
                if isinstance(node.value, str) and node.value:
                    node.value = os.path.abspath(folder / node.value)


def _paths(node: Node | None) -> Iterator[Node]:
    """The nodes that hold a path: one text, or a list of texts and of mappings with ``path``."""
    if node is None:
        return
    for item in node.items if isinstance(node.value, list) else [node]:
        found = item.get("path") if item.mapping else item
        if found is not None:
            yield found


def check(service: Node, variables: Mapping[str, str], project: ProjectFiles) -> None:
    """Raises SourceError where compose would: at the service's line for a missing file, else in the file; and
    for a file outside of the project's folder."""
    known = dict(variables)
    own = service.get("environment")
    for name, value in (own.mapping if own is not None else {}).items():
        if not isinstance(value.value, dict | list) and value.value is not None:
            known[name] = scalar_text(value.value)
    for key in _KEYS:
        node = service.get(key)
        for item in node.items if node is not None and isinstance(node.value, list) else [node]:
            for found in _paths(item):
                needed = item is None or item.text("required") != "false"
                raw = item is not None and item.text("format") == "raw"
                _read(found, key.replace("_", " "), needed, raw, known, project)


def _read(
    found: Node, what: str, needed: bool, raw: bool, variables: Mapping[str, str], project: ProjectFiles
) -> None:
    path = str(found.value or "")
    try:
        project.check(path)
    except LeadsOutError as error:
        raise found.error(f"{what} {path}: {error.what}", error.said_advice) from None
    if not os.path.exists(path):
        if needed:
            raise found.error(f"{what} {path} not found: stat {path}: no such file or directory")
        return
    try:
        text = project.text(path)
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise found.error(f"failed to read {path}: read {path}: {reason}") from None
    if raw:
        _check_raw(text, path)
    else:
        dotenv.parse(text, path, variables)


def _check_raw(text: str, path: str) -> None:
    """``format: raw`` is read as ``docker run --env-file`` reads it (docker/cli, pkg/kvfile)."""
    for number, line in enumerate(text.split("\n"), 1):
        name = line.lstrip().partition("=")[0]
        if not line.strip() or name.startswith("#"):
            continue
        what = ""
        if not name:
            what = f"no variable name on line '{line}'"
        elif any(letter in name for letter in " \t"):
            what = f"variable '{name}' contains whitespaces"
        if what:
            raise SourceError(f"failed to parse env_file {path}: {what}", file=path, line=number, text=line)
