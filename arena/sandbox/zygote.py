"""Starts programs: a Python that is up already, behind the walls of `jail.py`, and forks once for each.

`python -m arena.sandbox.zygote isolated|open` talks over the socket that is its standard input, in lines of JSON. It
says which walls it is in, or what is missing; then it takes one order at a time: the limits, with handles of the
source and of pipes for output, errors and result. It reads none of them: each program reads its own source after the
fork, so that nothing of one program is ever in the memory from which the next is forked. While a program runs, any
word kills it. When the socket closes, because the parent let go of it or died, everything here ends.

::

    parent ── launcher ── zygote, first of its pid namespace ── program, first of another, with all that it starts
                          (if it ends, all below dies)          (if it ends, all below dies)

A program pays for being first: no signal that it sends to itself ends it, unless it is a crash.
"""

from __future__ import annotations

import atexit
import errno
import gc
import io
import json
import os
import resource
import select
import signal
import socket
import sys
import traceback
import types
from contextlib import suppress
from importlib import import_module
from typing import NoReturn

from arena.sandbox import jail
from arena.sandbox.ending import Kind
from arena.sandbox.program_limits import Limits

_CONTROL, _RESULT = 3, 3
"""The zygote's handle of its socket; in a program, that of the pipe for its result."""
_WARM = (
    *("bisect", "collections", "copy", "dataclasses", "datetime", "decimal", "fractions", "functools"),
    *("hashlib", "heapq", "itertools", "math", "operator", "re", "string", "time", "typing", "zlib"),
)
"""What programs import most; here it costs each of them nothing. Not `random`, whose state all would share."""
_FILE = "program.py"
_MOST_FRAMES, _LONGEST = 50, 8_000
"""Of what Python says of an exception: the last calls and characters, so that it never counts as endless output."""


def main(mode: str) -> None:
    """Build the walls, and run programs inside until the socket closes."""
    for name in _WARM:
        import_module(name)
    os.dup2(0, _CONTROL)
    control = socket.socket(fileno=_CONTROL)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    own = None
    if mode == "isolated":
        try:
            own = _enter(control)
        except OSError as error:
            _say(control, missing=error.strerror)
            return
    os.dup2(nothing, 2)  # where the reason would stand if it had not come so far
    gc.freeze()  # a collection in a program would copy all the memory that it shares with this process
    _say(control, walls=jail.WALLS if mode == "isolated" else ())
    _serve(control, own)


def _enter(control: socket.socket) -> int:
    """Return in the first process behind the walls, with a handle of its pid namespace; the launcher waits for it."""
    if lacking := jail.missing():
        raise OSError(errno.ENOSYS, lacking)
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:  # a machine short of memory ends this first
        score.write("1000")
    proc = jail.enter()
    first = os.fork()
    if first:
        control.close()  # the zygote alone holds it, so that its end is heard
        os.close(proc)
        os.waitpid(first, 0)
        os._exit(0)
    jail.die_with_parent()
    with suppress(OSError):
        socket.sethostname("sandbox")
    return jail.own_pids(proc)


def _say(control: socket.socket, **what: object) -> None:
    control.sendall(json.dumps(what).encode() + b"\n")


def _serve(control: socket.socket, own: int | None) -> None:
    """Run what is ordered, one program after another, until the socket closes."""
    ended, ending = os.pipe()
    for handle in (ended, ending):
        os.set_blocking(handle, False)
    signal.set_wakeup_fd(ending)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        message, handles, _, _ = socket.recv_fds(control, 4096, 4)
        if not message:
            return
        if not handles:  # to kill a program that had ended just then
            continue
        order = json.loads(message.splitlines()[-1])
        if own is not None:
            jail.next_child_is_first(own)
        child = os.fork()
        if child == 0:
            _become(handles, Limits(**order["limits"]), order["folder"])
        if own is not None:
            jail.next_child_is_ordinary(own)
        for handle in handles:
            os.close(handle)
        status, cpu = _watch(child, control, ended)
        _say(control, status=status, cpu=cpu)


def _watch(child: int, control: socket.socket, ended: int) -> tuple[int, float]:
    """Return the status and the seconds of computing of a program that has ended; kill it when there is word."""
    while True:
        ready, _, _ = select.select([_CONTROL, ended], [], [])
        if _CONTROL in ready:
            gone = not control.recv(4096)
            os.kill(child, signal.SIGKILL)  # it has not been waited for, so this is nobody else
            _kill_session(child)
            if gone:
                os._exit(0)
        if ended in ready:
            os.read(ended, 4096)
            pid, status, usage = os.wait4(child, os.WNOHANG)
            if pid:
                _kill_session(child)  # what it has left; behind walls the kernel has killed all of it before
                return status, usage.ru_utime + usage.ru_stime


def _kill_session(child: int) -> None:
    """Kill what is in a program's session; there may be none yet, or nothing in it any more."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)


def _become(handles: list[int], limits: Limits, folder: str | None) -> NoReturn:
    """Turn this process, just forked, into the program: shut every door, then run its first line."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    with open(handles[0], "rb") as given:
        source = given.read()
    for handle, place in zip(handles[1:], (1, 2, _RESULT), strict=True):
        os.dup2(handle, place)
    os.closerange(_RESULT + 1, 256)
    try:
        if folder is None:
            jail.confine(limits.file_bytes + len(source) + (64 << 10))
        else:
            os.chdir(folder)
            if not jail.missing():
                jail.die_with_parent()  # the zygote, if it is killed; no namespace sees to that here
        with open(_FILE, "wb") as file:
            file.write(source)
        _limit(limits, strict=folder is None)
    except OSError as error:
        _write(json.dumps([Kind.REFUSED, str(error)]).encode())
        os._exit(1)
    os.environ.clear()
    _forget_arena()
    sys.argv = [_FILE]
    assert isinstance(sys.stdout, io.TextIOWrapper)
    sys.stdout.reconfigure(line_buffering=True)  # what it said before it hung is worth knowing
    _leave(_run(source))


def _limit(limits: Limits, *, strict: bool) -> None:
    """Set the limits that the kernel enforces; without `strict`, those that this system has."""
    for kind, value in (
        ("CPU", limits.cpu_seconds),
        ("AS", limits.memory_bytes),
        ("NPROC", limits.processes + 2),  # the launcher and the zygote are counted too
        ("FSIZE", limits.file_bytes),
        ("NOFILE", limits.open_files),
        ("CORE", 0),
    ):
        with suppress(*(() if strict else (AttributeError, ValueError, OSError))):
            resource.setrlimit(getattr(resource, f"RLIMIT_{kind}"), (value, value))


def _forget_arena() -> None:
    """Leave a program nothing to import but the standard library."""
    for name in [name for name in sys.modules if name.split(".")[0] == "arena"]:
        del sys.modules[name]
    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    sys.path[:] = [path for path in sys.path if path != here]
    sys.path_importer_cache.pop(here, None)


def _run(source: bytes) -> int:
    """Run the program, report its result or its exception, and return its exit code."""
    first = os.getpid()
    module = types.ModuleType("__main__")
    module.__file__ = _FILE
    sys.modules["__main__"] = module
    try:
        exec(compile(source, _FILE, "exec", dont_inherit=True), vars(module))  # noqa: S102 - what this file is for
        code, kind, what = 0, Kind.DONE, vars(module).get("result")
    except SystemExit as leaving:
        code, kind, what = _code(leaving), Kind.DONE, vars(module).get("result")
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the program's
        code, (kind, what) = 1, _describe(error)
    try:
        report = json.dumps([kind, what], allow_nan=False).encode()
    except BaseException as error:  # noqa: BLE001 - a result may be written to do anything
        code, (kind, what) = 1, _describe(error)
        report = json.dumps([kind, what], allow_nan=False).encode()
    if os.getpid() == first:  # processes that it forked come by here too
        _write(report)
    return code


def _code(leaving: SystemExit) -> int:
    """Return the exit code of a program that calls sys.exit, as Python takes it."""
    if leaving.code is None or isinstance(leaving.code, int):
        return (leaving.code or 0) & 0xFF
    print(leaving.code, file=sys.stderr)  # noqa: T201 - Python does
    return 1


def _leave(code: int) -> NoReturn:
    """End this process as Python ends, but without its last clearing up, which costs 25 ms: it would copy all memory.

    Whatever the program has put in the way of an orderly end, this process ends.
    """
    try:
        if threading := sys.modules.get("threading"):
            for thread in threading.enumerate():
                if thread is not threading.current_thread() and not thread.daemon:
                    thread.join()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _write(report: bytes) -> None:
    with suppress(OSError):  # it closed the pipe
        while report:
            report = report[os.write(_RESULT, report) :]


def _describe(error: BaseException) -> tuple[Kind, str]:
    """Return what kind of end an exception is, and print it as Python would, but the program's own lines alone."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != _FILE:
        trace = trace.tb_next
    try:
        shown = "".join(traceback.format_exception(type(error), error, trace, limit=-_MOST_FRAMES))
        print(shown[-_LONGEST:], end="", file=sys.stderr)  # noqa: T201 - Python does
        said = "".join(traceback.format_exception_only(error)).strip()[:_LONGEST]
    except BaseException:  # noqa: BLE001 - an exception may be written to do this
        said = "an exception that cannot be printed"
    return _kind(error), said


def _kind(error: BaseException) -> Kind:
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, MemoryError) or number == errno.ENOMEM:
        return Kind.MEMORY
    if number in {errno.ENOSPC, errno.EFBIG, errno.EMFILE}:
        return Kind.FILES
    if number == errno.EAGAIN and not _may_fork():
        return Kind.PROCESSES
    if isinstance(error, RuntimeError) and error.args == ("can't start new thread",):
        return Kind.MEMORY if _may_fork() else Kind.PROCESSES  # a thread fails for no other reason
    return Kind.ERROR


def _may_fork() -> bool:
    """Return whether one more process could start, which tells this from other reasons to try again later."""
    try:
        child = os.fork()
    except OSError:
        return False
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return True


if __name__ == "__main__":
    main(sys.argv[1])
