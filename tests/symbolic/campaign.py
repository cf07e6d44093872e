"""Many random hosts:  python -m tests.symbolic.campaign FIRST LAST PACKETS"""

from __future__ import annotations

import sys

from tests.symbolic.agreement import disagreements
from tests.symbolic.worlds import random_world


def main(first: int, last: int, packets: int) -> int:
    """Print each disagreement; 1 when there was one."""
    total = bad = 0
    for seed in range(first, last):
        found, compared = disagreements(random_world(seed), seed, packets)
        total += compared
        bad += len(found)
        for difference in found[:1]:
            print(f"seed {seed}: {len(found)} differ, e.g. {difference.packet} from {difference.source}")
            print(f"  together: {difference.together}")
    print(f"{last - first} hosts, {total} packets, {bad} disagreements")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in sys.argv[1:4])))
