"""Giving up power: capabilities, the way back to them, and calls of the kernel that nobody here needs.

capabilities(7), prctl(2), seccomp(2); numbers of include/uapi/linux/{capability,prctl,seccomp,audit}.h.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from functools import cache

DAC_READ_SEARCH, SETPCAP, NET_BIND_SERVICE, NET_ADMIN, NET_RAW = 2, 8, 10, 12, 13
SYS_CHROOT, SYS_ADMIN, SYS_RESOURCE = 18, 21, 24

_CAPBSET_READ, _CAPBSET_DROP, _SET_NO_NEW_PRIVS, _SET_SECCOMP = 23, 24, 38, 22
_CAP_AMBIENT, _CAP_AMBIENT_CLEAR_ALL = 47, 4
_CAPABILITY_VERSION = 0x20080522
_SECCOMP_FILTER = 2

_libc = ctypes.CDLL(None, use_errno=True)


def _do(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def give_up_all_but(kept: Iterable[int]) -> None:
    """This process, and what it starts, has these capabilities at most, and none that it had not. Raises
    OSError."""
    head = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    have = ctypes.create_string_buffer(24)
    _do(_libc.capget(head, have), "capget")
    _, low, _, _, high, _ = struct.unpack("=6I", have.raw)
    mask = sum(1 << number for number in set(kept)) & (high << 32 | low)
    number = 0
    while _libc.prctl(_CAPBSET_READ, number, 0, 0, 0) >= 0:
        if not mask >> number & 1:
            _do(_libc.prctl(_CAPBSET_DROP, number, 0, 0, 0), "prctl")
        number += 1
    _libc.prctl(_CAP_AMBIENT, _CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    low, high = mask & 0xFFFFFFFF, mask >> 32
    _do(_libc.capset(head, struct.pack("=6I", low, low, 0, high, high, 0)), "capset")


def never_gain() -> None:
    """No program that is started from here on gives more power than there is (no set-user-id, no file
    capabilities)."""
    _do(_libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")


# Calls that reach other processes, other namespaces, file systems or the kernel itself: what the programs of
# a room have no business with. (x86-64, and the generic table of arm64 and riscv64)
_CALLS: dict[str, tuple[int, int]] = {
    "ptrace": (101, 117), "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240), "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424), "pidfd_getfd": (438, 438), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "process_madvise": (440, 440), "kcmp": (312, 272),
    "setns": (308, 268), "unshare": (272, 97), "mount": (165, 40), "umount2": (166, 39),
    "pivot_root": (155, 41), "chroot": (161, 51), "open_tree": (428, 428), "move_mount": (429, 429),
    "fsopen": (430, 430), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264), "mknodat": (259, 33),
    "mknod": (133, -1),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225),
    "acct": (163, 89), "quotactl": (179, 60), "syslog": (103, 116), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "adjtimex": (159, 171), "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "iopl": (172, -1), "ioperm": (173, -1), "personality": (135, 92),
}  # fmt: skip
_SOCKET = (41, 198)
# clone makes processes and threads: refused only with a CLONE_NEW* flag (include/uapi/linux/sched.h). clone3
# has its flags in memory, where no filter looks: without it (ENOSYS) the C library asks for clone.
_CLONE, _CLONE3, _NEW_NAMESPACES = (56, 220), 435, 0x7E020000
# Families that a network namespace holds in: unix, inet, inet6, netlink, packet.
_FAMILIES = (1, 2, 10, 16, 17)
# Machine: AUDIT_ARCH_*, column above.
_MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1), "riscv64": (0xC00000F3, 1)}
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # struct sock_filter's codes
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO
_EPERM, _EINVAL, _ENOSYS, _EAFNOSUPPORT, _X32 = 1, 22, 38, 97, 0x40000000


@cache
def call_filter() -> bytes | None:
    """The filter for this machine; None on one whose numbers are not known."""
    known = _MACHINES.get(os.uname().machine)
    return None if known is None else _filter(*known)


def refuse_calls() -> None:
    """The kernel refuses these calls (EPERM) from here on. Nothing happens where there is no filter for this
    machine, and where the kernel has none.

    Raises OSError where it has, and does not take this one.
    """
    code = call_filter()
    if code is None:
        return
    buffer = ctypes.create_string_buffer(code, len(code))
    head = struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer))
    result = _libc.prctl(_SET_SECCOMP, _SECCOMP_FILTER, head, 0, 0)
    if result != 0 and ctypes.get_errno() != _EINVAL:  # CONFIG_SECCOMP_FILTER is off
        _do(result, "seccomp")


def _filter(arch: int, column: int) -> bytes:
    refused = sorted(numbers[column] for numbers in _CALLS.values() if numbers[column] >= 0)
    refuse, other = _REFUSE | _EPERM, _REFUSE | _EAFNOSUPPORT
    rows: list[tuple[int, int, int, int]] = [
        (_LOAD, 0, 0, 4),  # struct seccomp_data: nr i32, arch u32, address u64, six arguments u64
        (_EQUAL, 1, 0, arch),
        (_RETURN, 0, 0, refuse),
        (_LOAD, 0, 0, 0),
    ]
    if column == 0:
        rows += [(_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, refuse)]
    for number in refused:
        rows += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, refuse)]
    rows += [(_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _REFUSE | _ENOSYS)]
    # The low half of the first argument: every machine here is little-endian.
    rows += [(_EQUAL, 0, 4, _CLONE[column]), (_LOAD, 0, 0, 16), (_ANY_BIT, 0, 1, _NEW_NAMESPACES)]
    rows += [(_RETURN, 0, 0, refuse), (_RETURN, 0, 0, _ALLOW)]
    rows += [(_EQUAL, 1, 0, _SOCKET[column]), (_RETURN, 0, 0, _ALLOW), (_LOAD, 0, 0, 16)]
    for family in _FAMILIES:
        rows += [(_EQUAL, 0, 1, family), (_RETURN, 0, 0, _ALLOW)]
    rows.append((_RETURN, 0, 0, other))
    return b"".join(struct.pack("=HBBI", *row) for row in rows)
