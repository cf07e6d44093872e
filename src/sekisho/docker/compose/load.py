"""Compose files from disk to one checked model: includes, extends, overrides, profiles.

The order of the steps is compose-go's (loader/loader.go): each file is interpolated, its includes are
taken in, its services extended, and then it is merged over the files before it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sekisho.docker.compose import dotenv, schema, yaml_tree
from sekisho.docker.compose import env_files as service_files
from sekisho.docker.compose.canonical import canonical
from sekisho.docker.compose.files import ProjectFiles
from sekisho.docker.compose.interpolate import interpolate
from sekisho.docker.compose.merge import merge, unique
from sekisho.docker.compose.node import Node
from sekisho.docker.compose.project import Project, make_project, normal_name
from sekisho.errors import SourceError, UsageError, said
from sekisho.model.evidence import Evidence
from sekisho.sources.bounds import USUAL, Bounds, LeadsOutError, raise_it

DEFAULT_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
OVERRIDE_NAMES = (
    "compose.override.yml", "compose.override.yaml", "docker-compose.override.yml",
    "docker-compose.override.yaml",
)  # fmt: skip
# How deep files include, and services extend, one another.
_DEEPEST = 100
SHARED = ("services", "volumes", "networks", "secrets", "configs", "models")


def load_project(
    files: Sequence[Path | str],
    *,
    project_name: str | None = None,
    profiles: Iterable[str] = (),
    env_files: Sequence[Path | str] = (),
    environment: Mapping[str, str] | None = None,
    bounds: Bounds = USUAL,
) -> Project:
    """Read compose files as ``docker compose -f A -f B -p NAME --profile P`` does.

    ``environment`` is the shell's (os.environ where None); ``.env`` beside the first file counts too.
    A folder stands for the compose file in it. What the files name is read in their own folders only, unless
    ``bounds`` let it be outside. Raises SourceError with file, line and text.
    """
    paths = _paths(files)
    folder = paths[0].parent
    shell = dict(os.environ if environment is None else environment)
    project = ProjectFiles([*paths, *map(Path, env_files)], bounds)
    loader = _Loader(project)
    variables = {**_env(project, env_files or [folder / ".env"], shell, bool(env_files)), **shell}
    name = project_name if project_name is not None else shell.get("COMPOSE_PROJECT_NAME")
    if name is not None and normal_name(name) != name:
        raise UsageError(
            f'invalid project name "{name}": must consist only of lowercase alphanumeric characters, hyphens,'
            " and underscores as well as start with a letter or number"
        )
    if not name:
        name = _name_in(project, paths, variables) or normal_name(folder.resolve().name)
    variables["COMPOSE_PROJECT_NAME"] = name
    model = loader.files(paths, folder, variables, ())
    if not model.mapping:
        raise SourceError("empty compose file", file=str(paths[0]))
    if not name:
        raise SourceError("project name must not be empty", file=str(paths[0]), advice="give --project-name")
    wanted = set(profiles) or {p for p in variables.get("COMPOSE_PROFILES", "").split(",") if p}
    return make_project(model, name, wanted, tuple(loader.unset), variables, project)


def _paths(files: Sequence[Path | str]) -> list[Path]:
    found: list[Path] = []
    for file in files:
        path = Path(file)
        if path.is_dir():
            main = next((path / name for name in DEFAULT_NAMES if (path / name).is_file()), None)
            if main is None:
                raise SourceError(
                    "no configuration file provided: not found", file=str(path),
                    advice=f"compose looks for {', '.join(DEFAULT_NAMES)}",
                )  # fmt: skip
            found.append(main)
            found += [path / name for name in OVERRIDE_NAMES if (path / name).is_file()][:1]
        else:
            found.append(path)
    return found


def _env(
    project: ProjectFiles, files: Sequence[Path | str], shell: Mapping[str, str], needed: bool
) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in files:
        path = Path(file)
        project.check(path)
        if not path.exists() or path.is_dir():
            if needed:
                raise SourceError("couldn't find env file", file=str(path))
            continue
        found.update(dotenv.parse(_read(project, path), str(path), {**found, **shell}))
    return found


def _read(project: ProjectFiles, path: Path) -> str:
    try:
        return project.text(path)
    except OSError as error:
        raise SourceError(error.strerror or "cannot be read", file=str(path)) from None


def _name_in(project: ProjectFiles, paths: Iterable[Path], variables: Mapping[str, str]) -> str:
    """The ``name:`` of the last file that has one."""
    name = ""
    for path in paths:
        for document in yaml_tree.parse(_read(project, path), str(path)):
            node = document.get("name")
            if node is not None and isinstance(node.value, str):
                name = str(interpolate(node, variables, lambda _name, _node: None, ("name",)).value)
    return normal_name(name)


class _Loader:
    def __init__(self, project: ProjectFiles) -> None:
        self.project = project
        self.unset: dict[tuple[str, Evidence], None] = {}
        # What was read once is not read again: files that include and extend one another in turns make few
        # files very many. The size of what is taken from here is counted all the same.
        self._imports: dict[tuple[object, ...], Node] = {}
        self._served: dict[tuple[object, ...], Node] = {}
        self._bases: dict[tuple[int, str], tuple[Node, Node]] = {}  # by the services' identity, held here
        self._taken = 0

    def _take(self, found: Node, wanted: Node) -> Node:
        """A copy of a tree, for changes. Raises SourceError where that makes the project too large."""
        self._taken += found.size()
        bounds = self.project.bounds
        if self._taken > bounds.nodes:
            raise wanted.error(
                said("more than {0} values once all that is included and extended is written out",
                     bounds.nodes),
                raise_it(bounds.most),
            )  # fmt: skip
        return found.copy()

    def files(
        self, paths: Sequence[Path], folder: Path, variables: Mapping[str, str], included: tuple[Path, ...]
    ) -> Node:
        model = Node({}, Evidence(str(paths[0]), 0, ""))
        for path in paths:
            model = self._file(model, path, folder, variables, included)
        return model

    def _file(
        self, model: Node, path: Path, folder: Path, variables: Mapping[str, str], included: tuple[Path, ...]
    ) -> Node:
        for document in self._documents(path, variables, folder):
            document = self._include(document, path, folder, variables, (*included, path.resolve()))
            document = self._extend_all(document, path, variables)
            model = unique(merge(model, document))
            _forget_resets(model)
            schema.validate(model)
            model.mapping.pop("version", None)
            model = unique(canonical(model, self.project.bounds))
        return model

    def _documents(self, path: Path, variables: Mapping[str, str], folder: Path) -> Iterable[Node]:
        for document in yaml_tree.parse(_read(self.project, path), str(path)):
            if document.value is None:
                continue
            if not isinstance(document.value, dict):
                raise document.error("top-level object must be a mapping")
            found = interpolate(document, variables, self._unset)
            service_files.anchor(found, folder)
            yield found

    def _unset(self, name: str, node: Node) -> None:
        self.unset.setdefault((name, node.place))

    # ------------------------------------------------------------------------------------- include

    def _include(
        self, document: Node, path: Path, folder: Path, variables: Mapping[str, str],
        included: tuple[Path, ...],
    ) -> Node:  # fmt: skip
        wanted = document.mapping.pop("include", None)
        if wanted is None:
            return document
        if not isinstance(wanted.value, list):
            raise wanted.error("`include` must be a list")
        for entry in wanted.items:
            imported = self._imported(entry, folder, variables, included)
            for kind in SHARED:
                source = imported.get(kind)
                if source is None:
                    continue
                target = document.mapping.setdefault(kind, Node({}, source.place))
                for name, node in source.mapping.items():
                    mine = target.mapping.get(name)
                    target.mapping[name] = node if mine is None else merge(node, mine, (kind, name))
        return document

    def _imported(
        self, entry: Node, folder: Path, variables: Mapping[str, str], included: tuple[Path, ...]
    ) -> Node:
        paths = _texts(entry.get("path")) if entry.mapping else _texts(entry)
        if not paths:
            raise entry.error("include needs a path")
        found = [folder / text for text in paths]
        if _is_remote(paths[0]):
            raise entry.error("a remote include is not read", said("download it, and include the file"))
        directory = entry.text("project_directory")
        inside = folder / directory if directory else found[0].parent
        for one in found:
            self._check(one, entry)
            if one.resolve() in included:
                chain = "\n include ".join(str(p) for p in (*included[1:], one.resolve()))
                raise entry.error(f"include cycle detected:\n{included[0]}\n include {chain}")
            if not one.is_file():
                raise entry.error(f"no such file: {one}")
        env_files = [folder / text for text in _texts(entry.get("env_file")) if text != "/dev/null"]
        for one in (*env_files, inside / ".env"):
            self._check(one, entry)
        if len(included) > _DEEPEST:
            raise entry.error(said("included more than {0} deep", _DEEPEST))
        extra = _env(self.project, env_files or [inside / ".env"], variables, bool(env_files))
        mine = {**extra, **variables}
        key = (tuple(one.resolve() for one in found), inside.resolve(), _of(mine))
        if key not in self._imports:
            self._imports[key] = self.files(found, inside, mine, included)
        return self._take(self._imports[key], entry)

    def _check(self, path: Path, node: Node) -> None:
        """Raises SourceError, at the node that names it, for a path that is outside."""
        try:
            self.project.check(path)
        except LeadsOutError as error:
            raise node.error(f"{path}: {error.what}", error.said_advice) from None

    # ------------------------------------------------------------------------------------- extends

    def _extend_all(self, document: Node, path: Path, variables: Mapping[str, str]) -> Node:
        services = document.get("services")
        if services is None or not isinstance(services.value, dict):
            return document
        done: dict[str, Node] = {}
        for name in services.mapping:
            done[name] = self._extended(name, services, path, variables, ())
        services.value = done
        return document

    def _extended(
        self, name: str, services: Node, path: Path, variables: Mapping[str, str],
        trail: tuple[tuple[str, str], ...],
    ) -> Node:  # fmt: skip
        service = services.mapping[name]
        wanted = service.get("extends")
        if wanted is None:
            return service
        base_name = wanted.text("service") if wanted.mapping else _texts(wanted)[0]
        if base_name is None:
            raise wanted.error(f"extends.{name}.service is required")
        key = (str(path.resolve()), name)
        if key in trail:
            raise wanted.error(f"circular reference: service {name} extends itself")
        if len(trail) > _DEEPEST:
            raise wanted.error(said("extended more than {0} deep", _DEEPEST))
        file = wanted.text("file") if wanted.mapping else None
        others, where = services, path
        if file is not None:
            where = path.parent / file
            self._check(where, wanted)
            if _is_remote(file) or not where.is_file():
                raise wanted.error(f"no such file: {where}")
            others = self._services_of(where, variables, wanted)
        if base_name not in others.mapping:
            shown = f" in {file}" if file is not None else ""
            raise wanted.error(
                f'cannot extend service "{name}" in {path}: service "{base_name}" not found{shown}'
            )
        known = (id(others), base_name)
        if known not in self._bases:
            found = self._extended(base_name, others, where, variables, (*trail, key))
            self._bases[known] = others, found
        base = self._take(self._bases[known][1], wanted)
        own = Node({k: v for k, v in service.mapping.items() if k != "extends"}, service.place)
        merged = merge(base, own, ("services", "x"))
        _forget_resets(merged)
        return merged

    def _services_of(self, path: Path, variables: Mapping[str, str], wanted: Node) -> Node:
        key = (path.resolve(), path.parent.resolve(), _of(variables))
        model = self._served.get(key)
        if model is None:
            model = Node({}, Evidence(str(path), 0, ""))
            for document in self._documents(path, variables, path.parent):
                model = unique(merge(model, document))
            self._served[key] = model
        services = model.get("services")
        if services is None:
            raise wanted.error(f"cannot extend a service of {path}: no services section")
        return services


def _of(variables: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(variables.items()))


def _texts(node: Node | None) -> list[str]:
    if node is None:
        return []
    if isinstance(node.value, list):
        return [str(item.value) for item in node.value]
    return [str(node.value)] if node.value is not None and not node.mapping else []


def _is_remote(text: str) -> bool:
    return "://" in text or text.startswith(("oci:", "git@"))


def _forget_resets(node: Node) -> None:
    """``!reset`` values without anything before them to take away."""
    if isinstance(node.value, dict):
        node.value = {key: item for key, item in node.value.items() if item.tag != "!reset"}
        for item in node.value.values():
            _forget_resets(item)
    elif isinstance(node.value, list):
        node.value = [item for item in node.value if item.tag != "!reset"]
        for item in node.value:
            _forget_resets(item)
