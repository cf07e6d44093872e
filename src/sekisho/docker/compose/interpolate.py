"""Variables in a tree, and the types that compose casts the results to."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sekisho.docker.compose.node import Node, Scalar, matches, pattern
from sekisho.docker.compose.template import TemplateError, substitute
from sekisho.errors import said
from sekisho.values.numbers import integer, is_number


def _to_int(text: str) -> Scalar:
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not is_number(digits):
        raise ValueError(f"invalid syntax: {text!r}")
    return integer(text)


def _to_float(text: str) -> Scalar:
    return float(text)


def _to_bool(text: str) -> Scalar:
    if text.lower() in ("true", "y", "yes", "on"):
        return True
    if text.lower() in ("false", "n", "no", "off"):
        return False
    raise ValueError(f"invalid boolean: {text}")


_CASTS: tuple[tuple[tuple[str, ...], Callable[[str], Scalar]], ...] = (
    *((pattern(f"services.*.{name}"), _to_int) for name in (
        "cpu_count", "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_shares",
        "deploy.replicas", "deploy.update_config.parallelism", "deploy.rollback_config.parallelism",
        "deploy.restart_policy.max_attempts", "deploy.placement.max_replicas_per_node",
        "healthcheck.retries", "oom_score_adj", "pids_limit", "ports.[].target", "scale", "ulimits.*",
        "ulimits.*.hard", "ulimits.*.soft",
    )),
    *((pattern(f"services.*.{name}"), _to_float) for name in (
        "cpu_percent", "cpus", "deploy.update_config.max_failure_ratio",
        "deploy.rollback_config.max_failure_ratio",
    )),
    *((pattern(f"services.*.{name}"), _to_bool) for name in (
        "init", "depends_on.*.required", "depends_on.*.restart", "healthcheck.disable", "oom_kill_disable",
        "privileged", "read_only", "stdin_open", "tty", "volumes.[].read_only", "volumes.[].volume.nocopy",
    )),
    *((pattern(f"networks.*.{name}"), _to_bool) for name in (
        "external", "internal", "attachable", "enable_ipv4", "enable_ipv6",
    )),
    *((pattern(f"{name}.*.external"), _to_bool) for name in ("volumes", "secrets", "configs")),
)  # fmt: skip


def interpolate(
    node: Node, variables: Mapping[str, str], unset: Callable[[str, Node], None], path: tuple[str, ...] = ()
) -> Node:
    """The tree with its variables replaced. Raises SourceError with the place of a bad ``$``."""
    value = node.value
    if isinstance(value, dict):
        made = {key: interpolate(item, variables, unset, (*path, key)) for key, item in value.items()}
        return Node(made, node.place, node.tag)
    if isinstance(value, list):
        return Node(
            [interpolate(item, variables, unset, (*path, "[]")) for item in value], node.place, node.tag
        )
    if not isinstance(value, str):
        return node
    try:
        text = substitute(value, variables, lambda name: unset(name, node))
    except TemplateError as error:
        raise node.error(said("{0}: {1}", ".".join(path), error)) from None
    for cast_path, cast in _CASTS if len(path) > 2 else ():
        if matches(path, cast_path):
            try:
                return Node(cast(text), node.place, node.tag)
            except ValueError as error:
                raise node.error(
                    f"error while interpolating {'.'.join(path)}: failed to cast to expected type: {error}"
                ) from None
    return Node(text, node.place, node.tag) if text != value else node
