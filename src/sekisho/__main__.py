"""``python -m sekisho``, and the ``sekisho`` command."""

from __future__ import annotations

from sekisho.cli.interrupts import INTERRUPTED, end_at_once, was_raised

end_at_once()  # before all other imports: they are most of a short answer's time

import os  # noqa: E402
import sys  # noqa: E402
from contextlib import suppress  # noqa: E402
from typing import NoReturn  # noqa: E402

from sekisho.cli.main import main  # noqa: E402


def program() -> NoReturn:
    """The command itself. It ends at once: taking the memory of a large answer apart, piece by piece, would
    cost a tenth of the time."""
    try:
        status = main()
    except BaseException:
        if not was_raised():
            raise
        status = INTERRUPTED
    end_at_once()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            if stream is not None:  # closed by whoever started it
                stream.flush()
    os._exit(status)


if __name__ == "__main__":
    program()
