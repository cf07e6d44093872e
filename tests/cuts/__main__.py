"""``python -m tests.cuts [FOLDER ...] [--every 50]``: cut the texts of captures and ask ``check``.

Without folders: those of the large collection that have containers, each as it is and with the few texts that
people paste. Exit status 1 where something passes that fails for the whole capture, and nothing says why.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.cuts.campaign import FEW, Capture, Found, places
from tests.truth import truth_dir


def main() -> int:
    """Run over all of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.cuts")
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--every", type=int, default=50, help="bytes from one cut to the next")
    parser.add_argument("--most", type=int, default=21, help="so many captures of the large collection")
    args = parser.parse_args()
    every = Found()
    for folder in args.folders or _collection(args.most):
        for few in (False, True):
            with tempfile.TemporaryDirectory() as scratch:
                try:
                    capture = Capture(folder, Path(scratch) / "capture", few)
                except AssertionError:
                    continue  # nothing fails here: there is nothing that a cut could let pass
                found = Found()
                for name in (*FEW, "docker-proxy.txt"):
                    path = capture.folder / name
                    if path.suffix != ".txt" or not path.exists():
                        continue
                    found.add(capture.cut(path.name, places(path.read_bytes(), args.every)))
            print(f"{folder}{' (few texts)' if few else ''}: {dict(found.told)}", flush=True)
            for name, place, assertion in found.wrong:
                print(f"  wrong: {name} cut after {place} bytes: {assertion} passes")
            every.add(found)
    print(f"all: {dict(every.told)}, {len(every.wrong)} wrong")
    return 1 if every.wrong or not every.told else 0


def _collection(most: int) -> list[Path]:
    root = truth_dir()
    if root is None:
        sys.exit("the large collection of captures is not here: name folders, or set SEKISHO_TRUTH")
    folders = sorted(path.parent for path in root.glob("docker/*/*/docker-containers.json"))
    first = [path for path in folders if path.name == "compose-basic"]
    others = [path for path in folders if path not in first]
    return [*first, *others[:: max(1, len(others) // max(1, most - len(first)))]][:most]


if __name__ == "__main__":
    sys.exit(main())
