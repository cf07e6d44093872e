"""Open files: every node is held by a descriptor or two."""

from __future__ import annotations

import resource
from contextlib import suppress

from sekisho.errors import said
from sekisho.lab.namespaces import LabError


def raise_descriptor_limit(wanted: int) -> None:
    """Let this process have that many. Raises LabError where the system does not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= wanted:
        return
    if hard != resource.RLIM_INFINITY and hard < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
            return
        raise LabError(
            said("this many nodes need {0} open files, and the limit is {1}", wanted, hard),
            advice=said("raise it first:  ulimit -n {0}", wanted),
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
