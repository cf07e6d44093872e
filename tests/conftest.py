"""What every test stands on: a fixed locale, one hypothesis profile, and the kernel marker."""

from __future__ import annotations

import os
from functools import cache

import pytest
from hypothesis import HealthCheck, settings

from sekisho.lab import doctor

# The command's language and colours follow the environment: here it is always the same.
for name in ("LANG", "LANGUAGE", "LC_MESSAGES", "NO_COLOR", "FORCE_COLOR"):
    os.environ.pop(name, None)
os.environ["LC_ALL"] = "C.UTF-8"

# Two busy cores make single examples slow now and then; that is no failure. The examples are the same for
# everybody who runs a commit; SEKISHO_TEST_SEARCH=1 looks for new ones, and more.
_SEARCHES = bool(os.environ.get("SEKISHO_TEST_SEARCH"))
settings.register_profile(
    "sekisho",
    deadline=None,
    print_blob=True,
    derandomize=not _SEARCHES,
    max_examples=200 if _SEARCHES else 50,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("sekisho")

# What kernel tests run beside what the lab itself needs.
KERNEL_TOOLS = (
    "iptables", "iptables-save", "ipset", "conntrack", "ss", "unshare",
    "iptables-legacy-restore", "ip6tables-legacy-restore",
)  # fmt: skip


@cache
def kernel_lacks() -> str:
    """Why the kernel tests cannot run here, as the lab's doctor says it; empty when they can."""
    return "; ".join(doctor.missing(KERNEL_TOOLS))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what is marked ``kernel`` where it cannot run, with the reason."""
    marked = [item for item in items if item.get_closest_marker("kernel")]
    if marked and (reason := kernel_lacks()):
        for item in marked:
            item.add_marker(pytest.mark.skip(reason=reason))
