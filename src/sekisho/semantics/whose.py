"""Whose fact is missing: a container's namespace lacks its own, and another command shows it.

What is said of the only host's namespace stands as it is; what is said of another one, or of one host of
several, is inside a message that names it. So two namespaces' settings of one name are two questions, too.
"""

from __future__ import annotations

from sekisho.model.snapshot import HOST, Namespace
from sekisho.semantics.journey import Doubt, Lean

# Arguments: the namespace or the host, the message id, its arguments.
IN_NAMESPACE = "in-namespace"
ON_HOST = "on-host"


def lean(namespace: Namespace, code: str, *args: str) -> Lean:
    """What is taken for granted of a namespace."""
    return of(namespace, Lean(code, args))


def of(namespace: Namespace, told: Lean) -> Lean:
    """What is said, with the namespace that it is said of."""
    if namespace.node == HOST:
        return told
    return Lean(_kind(namespace), (namespace.node, told.code, *told.args))


def plain(told: Lean) -> Lean:
    """What is said, without the namespace."""
    return Lean(told.args[1], told.args[2:]) if told.code in (IN_NAMESPACE, ON_HOST) else told


def doubt(namespace: Namespace, code: str, *args: str) -> Doubt:
    """What nobody can decide of a namespace."""
    if namespace.node == HOST:
        return Doubt(code, args)
    return Doubt(_kind(namespace), (namespace.node, code, *args))


def _kind(namespace: Namespace) -> str:
    return ON_HOST if namespace.is_host else IN_NAMESPACE
