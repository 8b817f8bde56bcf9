"""The walls around a program on Linux: namespaces, a root with nothing in it but Python, and no privileges.

`enter` is for the process that will start programs (`zygote.py`), `confine` for each program. This is what bubblewrap
(github.com/containers/bubblewrap) does, by the same calls, and needs nothing but a kernel of 2021 (5.12) that lets its
users make namespaces. Nothing here trusts the program: all of it is done before its first line runs. What the walls
do not hold is a fault in the kernel itself; and the machine's shared libraries, in /usr/lib, can be read.

==================  ====================================================================================
namespace           what it takes away
==================  ====================================================================================
user                every privilege; a sandbox that root starts is nobody's
pid                 other processes; the first of the namespace takes all of it along when it ends
mount               the file system; left are Python's library, read-only, and an empty folder of its own
net                 every network, that of this machine too
ipc, uts, cgroup    shared memory, the machine's name, its groups of processes
==================  ====================================================================================
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
import sysconfig

from arena.sandbox import calls

WALLS = ("user", "pid", "mount", "net", "ipc", "uts", "cgroup", "root", "calls")
"""What stands when a sandbox has started: all of it, or none starts."""

_NEW_MOUNT, _NEW_PID = 0x00020000, 0x20000000
_NEW_ALL = _NEW_MOUNT | _NEW_PID | 0x10000000 | 0x40000000 | 0x08000000 | 0x04000000 | 0x02000000
_PRIVATE, _RECURSIVE, _BIND = 1 << 18, 1 << 14, 1 << 12
_NO_SETUID, _NO_DEVICES, _NO_PROGRAMS = 2, 4, 8
_DETACH = 2
_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE, _READ_ONLY = 442, -100, 0x8000, 1
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _SIGKILL = 1, 4, 9

_NOBODY = 65534
_FOLDER = "/program"
_MOST_FILES = 1000
"""Files and folders of one program."""

_libc = ctypes.CDLL(None, use_errno=True)
_no_capabilities = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
"""What capset is given: version 3 of its own form, for this process; none effective, permitted or inheritable."""


def missing() -> str:
    """Return what this system lacks to build the walls at all, as far as that is known without trying; or ""."""
    if not sys.platform.startswith("linux"):
        return f"{platform.system()} has no namespaces (Linux has)"
    if not calls.known(platform.machine()):
        return f"the system calls of {platform.machine()} are not known here, so they cannot be filtered"
    return ""


def enter() -> int:
    """Cut this process off from the machine; its next child is the first process of a new pid namespace.

    Returns a handle of the machine's /proc, for `own_pids`. Raises OSError that names the wall it could not build.
    """
    proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
    readable = [(path, os.path.realpath(path)) for path in _pythons_own() if os.path.exists(path)]
    if os.geteuid() == 0:
        # Root's files can be bound only by root, and root's processes are not counted against limits: so the root is
        # built as root, and all that follows is done as nobody.
        _call("a mount namespace", _libc.unshare(_NEW_MOUNT))
        _build_root(readable)
        _call("nobody's groups", _libc.setgroups(0, None))
        _call("nobody's group", _libc.setresgid(_NOBODY, _NOBODY, _NOBODY))
        _call("nobody", _libc.setresuid(_NOBODY, _NOBODY, _NOBODY))
        _call("a dumpable process", _libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0))  # else its uid_map is still root's
        _new_namespaces(proc)
    else:
        _new_namespaces(proc)
        _build_root(readable)
    return proc


def own_pids(proc: int) -> int:
    """Return a handle of the pid namespace that this process is in, and close that of /proc, which shows too much."""
    own = os.open("self/ns/pid", os.O_RDONLY, dir_fd=proc)
    os.close(proc)
    return own


def die_with_parent() -> None:
    """Let the kernel kill this process when its parent ends."""
    _call("a death signal", _libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0))


def next_child_is_first(own: int) -> None:
    """Let the next fork start a pid namespace; `own` is a handle of the one that this process is in.

    After the fork `next_child_is_ordinary(own)` must follow, before the next call of this.
    """
    next_child_is_ordinary(own)
    _call("a pid namespace", _libc.unshare(_NEW_PID))


def next_child_is_ordinary(own: int) -> None:
    """Let this process have children in its own pid namespace again."""
    _call("the own pid namespace", _libc.setns(own, _NEW_PID))


def confine(disk_bytes: int) -> None:
    """Give this process an empty folder that only it sees, and take every privilege from it. No way back."""
    _call("a mount namespace", _libc.unshare(_NEW_MOUNT))
    options = f"size={disk_bytes},nr_inodes={_MOST_FILES},mode=700"
    _mount("tmpfs", _FOLDER, "tmpfs", _NO_SETUID | _NO_DEVICES | _NO_PROGRAMS, options)
    os.chdir(_FOLDER)
    _call("no capabilities", _libc.capset(*_no_capabilities))
    _call("no core dumps", _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0))
    calls.forbid()


def _new_namespaces(proc: int) -> None:
    """Make all namespaces, and be nobody in them."""
    user, group = os.geteuid(), os.getegid()
    _call("user and other namespaces", _libc.unshare(_NEW_ALL))
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{_NOBODY} {user} 1"),
        ("gid_map", f"{_NOBODY} {group} 1"),
    ):
        handle = os.open(f"self/{name}", os.O_WRONLY, dir_fd=proc)
        _call(name, _libc.write(handle, text.encode(), len(text)))
        os.close(handle)


def _build_root(readable: list[tuple[str, str]]) -> None:
    """Make a root that has these paths, each bound to the real one beside it, and nothing else; all of it read-only."""
    _mount("", "/", "", _PRIVATE | _RECURSIVE)
    _mount("tmpfs", "/tmp", "tmpfs", _NO_SETUID | _NO_DEVICES, "size=1m,mode=755")  # noqa: S108 - seen by nobody else
    os.chdir("/tmp")  # noqa: S108
    os.mkdir("machine")
    _call("pivot_root", _libc.syscall(_pivot_root(), b".", b"machine"))
    os.chdir("/")
    os.mkdir(_FOLDER)
    for path, real in readable:
        source = f"/machine{real}"
        if os.path.isdir(source):
            os.makedirs(path, exist_ok=True)
        else:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDONLY))
        _mount(source, path, "", _BIND | _RECURSIVE)
    own = os.path.dirname(os.__file__)
    for others in (f"{own}/site-packages", f"{own}/dist-packages", "/usr/lib/python3/dist-packages"):
        if os.path.isdir(others):
            _mount("tmpfs", others, "tmpfs", 0, "size=4k")
    if not os.path.lexists("/tmp"):  # noqa: S108 - where this machine's Python may be
        os.symlink(_FOLDER, "/tmp")  # noqa: S108 - where programs expect to write
    _call("umount", _libc.umount2(b"/machine", _DETACH))
    os.rmdir("/machine")
    attributes = (ctypes.c_uint64 * 4)(_READ_ONLY | _NO_SETUID)
    _call(
        "a read-only root",
        _libc.syscall(
            _MOUNT_SETATTR,
            ctypes.c_int(_AT_FDCWD),
            b"/",
            ctypes.c_uint(_AT_RECURSIVE),
            attributes,
            ctypes.c_size_t(ctypes.sizeof(attributes)),
        ),
    )


def _pythons_own() -> list[str]:
    """Return the files and folders that Python needs to import its standard library, and a few devices."""
    library = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), os.path.dirname(os.__file__)}
    with open("/proc/self/maps") as maps:
        mapped = {line.split(maxsplit=5)[5].strip() for line in maps if ".so" in line}
    shared = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache"]
    inside = (*library, *shared)
    loose = {path for path in mapped if not path.startswith(tuple(f"{folder}/" for folder in inside))}
    return [*sorted(library), *shared, *sorted(loose), "/dev/null", "/dev/zero", "/dev/urandom"]


def _pivot_root() -> int:
    """Return the number of a call that libraries offer no function for."""
    return 155 if platform.machine() == "x86_64" else 41


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    done = _libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode())
    _call(f"mount {target}", done)


def _call(wall: str, done: int) -> None:
    """Raise what a call of the C library left in errno."""
    if done < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{wall}: {os.strerror(number)}")
