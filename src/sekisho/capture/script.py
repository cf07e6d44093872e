"""The script that takes a snapshot where nothing of Sekisho is installed."""

from __future__ import annotations

from importlib import resources

NAME = "snapshot.sh"


def script() -> str:
    """The POSIX sh script that ``sekisho capture --script`` prints.

    It writes one tar in the snapshot layout to standard output, reads only, and runs with dash and
    busybox ash alike.
    """
    return resources.files(__package__).joinpath(NAME).read_text(encoding="utf-8")
