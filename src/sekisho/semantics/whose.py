"""Whose fact is missing: a container's namespace lacks its own, and another command shows it.

What is said of the host's namespace stands as it is; what is said of another one is inside a message that
names it. So two namespaces' settings of one name are two questions, too.
"""

from __future__ import annotations

from sekisho.model.snapshot import Namespace
from sekisho.semantics.journey import Doubt, Lean

HOST = "host"
# Arguments: the namespace, the message id, its arguments.
IN_NAMESPACE = "in-namespace"


def lean(namespace: Namespace, code: str, *args: str) -> Lean:
    """What is taken for granted of a namespace."""
    return Lean(code, args) if namespace.name == HOST else Lean(IN_NAMESPACE, (namespace.name, code, *args))


def doubt(namespace: Namespace, code: str, *args: str) -> Doubt:
    """What nobody can decide of a namespace."""
    return Doubt(code, args) if namespace.name == HOST else Doubt(IN_NAMESPACE, (namespace.name, code, *args))
