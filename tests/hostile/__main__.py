"""Every string in every field of every format, each built and put to the kernel: hours on one processor.

    python -m tests.hostile [--jobs N] [--only FORMAT]...

Formats are the names in ``samples``. Ends with 1 where anything got out of a lab.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys


def main() -> int:
    """As many sandboxes at once as there are jobs."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", action="append", default=[])
    args = parser.parse_args()
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.hostile.campaign", "--share", f"{number}/{args.jobs}",
             *(word for name in args.only for word in ("--only", name))],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        for number in range(1, args.jobs + 1)
    ]  # fmt: skip
    total: dict[str, int] = {}
    found: list[str] = []
    for process in running:
        out, _ = process.communicate()
        if process.returncode:
            found.append(f"a sandbox ends with {process.returncode}")
            continue
        count = json.loads(out)
        found += count.pop("found")
        for name, number in (*count.pop("statuses").items(), *count.items()):
            total[name] = total.get(name, 0) + number
    print("\n".join(f"{number:8} {name}" for name, number in sorted(total.items())))
    print("\n".join(found) or "nothing got out")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
