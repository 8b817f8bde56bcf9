"""Which calls of the Linux kernel a program may not make: a filter that the kernel runs, built here (seccomp BPF).

It is the second wall. The namespaces of `jail.py` hold without it but for two gaps, which only a filter closes: some
networks have no namespaces (a virtual machine's AF_VSOCK reaches its host), and some memory belongs to no process that
a limit could count (shared memory, memfd). The rest of the list is what has let programs out of namespaces before.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import socket
import struct
from collections.abc import Sequence

# The numbers of each call on x86-64 and on 64-bit ARM.
_FORBIDDEN = {
    # Memory that no limit of a process counts.
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    # Other programs: to start them, to look into them.
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    # Namespaces, mounts and roots.
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    # Large parts of the kernel that small programs do not need.
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_setup": (206, 0),
    "vmsplice": (278, 75),
    "fanotify_init": (300, 262),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "personality": (135, 92),
    "quotactl": (179, 60),
    "acct": (163, 89),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "kexec_load": (246, 104),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "syslog": (103, 116),
}
_SOCKET, _CLONE = (41, 198), (56, 220)
_CLONE3, _UNKNOWN = 435, 463
"""clone3 hides its flags from a filter, so it does not exist here, and neither do calls younger than this list."""
_X32 = 0x40000000
"""Numbers from here on are x86-64's second set of calls, which would pass by the list."""
_NAMESPACES = 0x7E020080
"""The flags of clone that ask for a new namespace."""

_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""By name: the column of the numbers above, and how the kernel calls the machine in a filter."""
_NUMBER, _MACHINE, _FIRST_ARGUMENT = 0, 4, 16
"""Where in the kernel's description of a call (struct seccomp_data) they stand."""

_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _FAIL_WITH = 0x7FFF0000, 0x80000000, 0x00050000

_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, _PR_SET_NO_NEW_PRIVS = 22, 2, 38

_libc = ctypes.CDLL(None, use_errno=True)

Instruction = tuple[int, int, int, int]
"""Of the kernel's filters: what to do, how many to skip if so, how many if not, and a number."""


def known(machine: str) -> bool:
    """Return whether the numbers of the calls are known for a machine, as platform.machine() names it."""
    return machine in _MACHINES


def program(machine: str) -> list[Instruction]:
    """Return the filter for a machine: what is forbidden fails with EPERM, what is unknown with ENOSYS."""
    column, name = _MACHINES[machine]
    refuse: Instruction = (_RETURN, 0, 0, _FAIL_WITH | errno.EPERM)
    absent: Instruction = (_RETURN, 0, 0, _FAIL_WITH | errno.ENOSYS)
    allow: Instruction = (_RETURN, 0, 0, _ALLOW)
    kill: Instruction = (_RETURN, 0, 0, _KILL)
    lines: list[Instruction] = [(_LOAD, 0, 0, _MACHINE), (_IF_EQUAL, 1, 0, name), kill, (_LOAD, 0, 0, _NUMBER)]
    if machine == "x86_64":
        lines += [(_IF_AT_LEAST, 0, 1, _X32), kill]
    lines += [(_IF_AT_LEAST, 0, 1, _UNKNOWN), absent, (_IF_EQUAL, 0, 1, _CLONE3), absent]
    for numbers in _FORBIDDEN.values():
        lines += [(_IF_EQUAL, 0, 1, numbers[column]), refuse]
    first: Instruction = (_LOAD, 0, 0, _FIRST_ARGUMENT)
    lines += [(_IF_EQUAL, 0, 4, _SOCKET[column]), first, (_IF_EQUAL, 0, 1, socket.AF_UNIX), allow, refuse]
    lines += [(_IF_EQUAL, 0, 4, _CLONE[column]), first, (_IF_ANY_BIT, 0, 1, _NAMESPACES), refuse, allow]
    return [*lines, allow]


class _Filter(ctypes.Structure):
    """The kernel's struct sock_fprog."""

    _fields_ = [("length", ctypes.c_ushort), ("lines", ctypes.c_char_p)]


def _packed(lines: Sequence[Instruction]) -> _Filter:
    return _Filter(len(lines), b"".join(struct.pack("HBBI", *line) for line in lines))


_ready = _packed(program(platform.machine())) if known(platform.machine()) else None
"""Built once, since the process that needs it is forked for each program."""


def forbid() -> None:
    """Put the filter on this process and on all that it will start, for good. Raises OSError where that fails."""
    assert _ready, "whoever calls this has asked for known(machine)"
    zero = ctypes.c_ulong(0)
    if _libc.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero) or _libc.prctl(
        _PR_SET_SECCOMP, ctypes.c_ulong(_SECCOMP_MODE_FILTER), ctypes.byref(_ready), zero, zero
    ):
        raise OSError(ctypes.get_errno(), "the filter of system calls")
