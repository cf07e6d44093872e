"""A lab is found by its user, and by nothing that another user can do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sekisho.lab.api import Lab
from sekisho.lab.namespaces import LabError
from sekisho.lab.system import control, whereabouts
from sekisho.values.names import lab_name

pytestmark = pytest.mark.kernel
NOBODY = 65534

# What another user binds: the lab's name as far as it can be known or seen (a queue that is full, one that is
# not), names that would break a list of lines.
HOLDS = """
import os, socket, sys
os.setuid({uid})
name, digits = sys.argv[1], "0" * 16
held = []
for address in (
    f"sekisho-lab/0/{{name}}",
    f"sekisho-lab/0/{{name}}/up/{{digits}}", f"sekisho-lab/0/{{name}}/by/{{digits}}",
    f"sekisho-lab/0/{{name}}/up/1{{digits[1:]}}",
    "x\\n00000000aaaaaaaa: 00000002 00000000 00010000 0001 01 77 @sekisho-lab/0/forged/up/" + digits,
    f"sekisho-lab/0/\\udcff\\udc80/up/{{digits}}", f"sekisho-lab/0/a/b/up/{{digits}}",
):
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(b"\\0" + address.encode(errors="surrogateescape"))
    sock.listen(0)
    held.append(sock)
full = socket.socket(socket.AF_UNIX)
full.connect(f"\\0sekisho-lab/0/{{name}}/up/{{digits}}")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held_by_another(name: str) -> Iterator[None]:
    code = HOLDS.format(uid=NOBODY)
    with subprocess.Popen(
        [sys.executable, "-c", code, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        try:
            yield
        finally:
            process.stdin.close()


@pytest.fixture(params=["as the kernel says", "as the list says"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A kernel that tells whose sockets are, and one that does not."""
    if request.param == "as the list says":

        def old_kernel() -> list[bytes]:
            raise OSError

        monkeypatch.setattr(whereabouts, "_asked", old_kernel)
    return str(request.param)


@pytest.mark.usefixtures("way")
def test_another_user_cannot_hold_a_name() -> None:
    name = f"held-{os.getpid()}"
    with held_by_another(name):
        assert not {name, "forged"} & set(whereabouts.names())
        assert whereabouts.meet(name) is None
        with Lab(name=name) as lab:
            assert whereabouts.names().count(name) == 1
            assert lab["host"].run("true").returncode == 0
            with pytest.raises(LabError, match="stands already"):
                Lab(name=name).up()
    assert name not in whereabouts.names()


@pytest.mark.usefixtures("way")
def test_what_is_met_is_the_own_users() -> None:
    name = lab_name(f"met-{os.getpid()}")
    listening, kept = whereabouts.take(name, os.geteuid())
    with listening, kept:
        met = whereabouts.meet(name)
        assert met is not None
        with met:
            assert whereabouts.peer(met) == (os.getpid(), os.geteuid())
    assert whereabouts.meet(name) is None


def test_of_many_that_begin_at_once_one_goes_on() -> None:
    """They begin together: each process waits for the same pipe to be closed."""
    code = """
import os, sys
from sekisho.lab.system.whereabouts import take
from sekisho.lab.namespaces import LabError
from sekisho.values.names import lab_name
print("ready", flush=True)
sys.stdin.read()
try:
    held = take(lab_name(sys.argv[1]), os.geteuid())
    print("took", flush=True)
    import time; time.sleep(7)
except LabError:
    print("turned away", flush=True)
"""
    name = f"together-{os.getpid()}"
    reading, writing = os.pipe()
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, name], stdin=reading, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": ":".join(path for path in sys.path if path)},
        )
        for _ in range(5)
    ]  # fmt: skip
    os.close(reading)
    heard = []
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    os.close(writing)
    for process in started:
        assert process.stdout is not None
        heard.append(process.stdout.readline().strip())
    for process in started:
        process.kill()
        process.communicate()
    assert sorted(heard) == ["took", *["turned away"] * 4]


def test_other_users_are_turned_away() -> None:
    with Lab() as lab:
        spot = next(spot for spot in whereabouts._own(0) if spot.name == lab.plan.name and spot.kind == "up")
        code = f"""
import os, socket
os.setuid({NOBODY})
sock = socket.socket(socket.AF_UNIX)
sock.connect({spot.address!r})
sock.sendall(b'{{"want": "plan"}}\\n')
sock.settimeout(2)
print(len(sock.recv(10)))
"""
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert done.stdout.strip() == "0" or "Broken pipe" in done.stderr or "reset" in done.stderr


def test_a_name_as_long_as_may_be_fits() -> None:
    name = lab_name("n" * 63)
    listening, kept = whereabouts.take(name, os.geteuid())
    with listening, kept:
        assert name in whereabouts.names()
    with pytest.raises(LabError, match="no lab named"):
        control.Client(name)
