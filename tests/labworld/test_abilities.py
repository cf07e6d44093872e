"""What a machine lacks is said: links that cannot be slowed down, root without its powers, large labs."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sekisho.lab.api import Lab
from sekisho.lab.system.abilities import abilities
from sekisho.lab.system.look import SeenNode
from sekisho.lab.system.owner import start
from sekisho.lab.system.source import plan_of
from sekisho.values.names import lab_name

pytestmark = pytest.mark.kernel
ROOT = Path(__file__).resolve().parents[2]
VPCS = {"v": {"cidr": "10.9.0.0/16", "subnets": {"s": {"cidr": "10.9.0.0/24"}}}}


def test_links_are_shaped_as_far_as_the_kernel_can() -> None:
    link = {"delay": "20ms", "loss": "1%", "rate": "10mbit"}
    with Lab({"vpcs": VPCS, "hosts": {"slow": {"subnet": "s", "address": "10.9.0.9", "link": link}}}) as lab:
        shown = lab["slow"].run("tc", "qdisc", "show", "dev", "eth0").stdout
        if next(one for one in abilities() if one.code == "netem").state == "yes":
            assert "delay 20ms" in shown
            assert "loss 1%" in shown
            assert lab.remarks == ()
        else:
            assert "tbf" in shown
            assert "rate 10Mbit" in shown
            assert {remark.split(": ")[1] for remark in lab.remarks} == {"no delay", "no loss"}
            assert all("CONFIG_NET_SCH_NETEM" in remark for remark in lab.remarks)


def test_root_without_its_powers_uses_a_user_namespace() -> None:
    """As in a container: user number 0, but without CAP_SYS_ADMIN."""
    code = (
        "from sekisho.lab.api import Lab\nwith Lab() as lab:\n"
        "    print(lab['internet'].http('198.51.100.10:8080').node, lab['host'].run('id', '-u').stdout)"
    )
    caps = "-sys_admin,-net_admin,-net_raw"
    done = subprocess.run(
        ["setpriv", "--bounding-set", caps, "--inh-caps", caps, sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    if "not let the lab make namespaces" in done.stderr:
        pytest.skip("this system has no user namespaces")
    assert done.stdout.split() == ["web", "0"]


def test_hundreds_of_containers() -> None:
    """More nodes than descriptors fit into one message; each is its own and reachable."""
    count = 300
    containers = {
        f"c{at}": {"network": f"n{at % 4}", "serves": [80], "publish": [f"{20000 + at}:80"]}
        for at in range(count)
    }
    networks = {f"n{at}": {"subnet": f"172.{20 + at}.0.0/16"} for at in range(4)}
    host = {"subnet": "s", "address": "10.9.0.9", "networks": networks, "containers": containers}
    with Lab({"vpcs": VPCS, "hosts": {"host": host}}) as lab:
        assert len(lab) == count + 3
        assert lab["host"].http(f"10.9.0.9:{20000 + count - 1}", timeout=20).node == f"c{count - 1}"
        assert lab["c7"].http("c3:80", timeout=20).node == "c3"
        seen: SeenNode = lab["c299"].look()
        assert seen.listeners == (("tcp", "0.0.0.0", 80),)


def test_however_many_remarks_are_told() -> None:
    """A message to the process that started the owner has its length."""
    plan = plan_of(None)
    remarks = tuple(f"not built: rule {number} of {'x' * 80}" for number in range(3000))
    started = start(replace(plan, name=lab_name(f"remarks-{os.getpid()}"), remarks=remarks), attached=True)
    started.link.close()  # the owner ends with it
    assert started.remarks[: len(remarks)] == remarks
