"""What every test stands on: a fixed locale, one hypothesis profile, and the kernel marker."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache

import pytest
from hypothesis import HealthCheck, settings

# The command's language and colours follow the environment: here it is always the same.
for name in ("LANG", "LANGUAGE", "LC_MESSAGES", "NO_COLOR", "FORCE_COLOR"):
    os.environ.pop(name, None)
os.environ["LC_ALL"] = "C.UTF-8"

# Two busy cores make single examples slow now and then; that is no failure.
settings.register_profile(
    "sekisho", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("sekisho")

KERNEL_TOOLS = ("ip", "iptables", "iptables-save", "nft", "ipset", "conntrack", "ss", "unshare")


@cache
def kernel_lacks() -> str:
    """Why the kernel tests cannot run here; empty when they can."""
    if sys.platform != "linux":
        return "the kernel tests need Linux"
    if os.geteuid() != 0:
        return "the kernel tests need root (for private network namespaces)"
    missing = [tool for tool in KERNEL_TOOLS if shutil.which(tool) is None]
    if missing:
        return f"the kernel tests need commands that are not installed: {', '.join(missing)}"
    # A container's root is often not allowed to: only trying tells.
    for command in (
        ["true"],
        ["ip", "link", "add", "a0", "type", "veth", "peer", "name", "b0"],
        ["nft", "list", "ruleset"],
    ):
        tried = subprocess.run(["unshare", "-n", *command], capture_output=True, text=True, check=False)
        if tried.returncode:
            said = tried.stderr.strip() or f"status {tried.returncode}"
            return f"the kernel tests cannot run here: unshare -n {' '.join(command)}: {said}"
    return ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what is marked ``kernel`` where it cannot run, with the reason."""
    marked = [item for item in items if item.get_closest_marker("kernel")]
    if marked and (reason := kernel_lacks()):
        for item in marked:
            item.add_marker(pytest.mark.skip(reason=reason))
