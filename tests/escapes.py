"""Programs that try to get out of the sandbox, to bring it down, or to be judged better than they are.

Each begins with `PRELUDE` and with the names that the test knows: SECRET (the path of a file of the test), PARENT (its
process), PORT (where it listens on 127.0.0.1), ABSTRACT (the abstract Unix socket where it listens), SITE (its
site-packages).
"""

from typing import Any, NamedTuple

from arena.sandbox.ending import Kind

PRELUDE = """
def attempt(what, *arguments):
    try:
        return what(*arguments)
    except BaseException as error:
        return type(error).__name__

def call(number, *arguments):
    import ctypes, errno
    libc = ctypes.CDLL(None, use_errno=True)
    done = libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments))
    return errno.errorcode[ctypes.get_errno()] if done == -1 else done
"""

CALLED = """
import ctypes
ctypes.CDLL(None).prctl(15, b"NAME", 0, 0, 0)
"""
"""Names a process as the machine sees it: a way to find one that got away."""

DAEMON = (
    CALLED
    + """
import os, signal, time
for number in (1, 2, 3, 15):
    signal.signal(number, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 99)
        time.sleep(600)
    os._exit(0)
time.sleep(0.2)
"""
)
"""Ends, and leaves a process in a session of its own, without a parent and without a pipe."""

READ_MEMORY = """
import ctypes, gc, os
libc = ctypes.CDLL(None)
libc.sbrk.restype = ctypes.c_void_p
end = libc.sbrk(0) >> 18
around = {id(thing) >> 18 for thing in gc.get_objects()}
found = 0
for place in {place + near for place in around for near in (-1, 0, 1)} | {*range(end - 60, end + 1)}:
    if os.fork() == 0:  # which may be shot for looking where nothing is
        os._exit(7 if MARK.encode() in ctypes.string_at(place << 18, 1 << 18)[::-1] else 0)
    found += os.waitstatus_to_exitcode(os.wait()[1]) == 7
result = found > 0
"""
"""Looks for MARK in all the memory around Python's objects and in 15 MB of the heap, read backwards: so that it does
not find itself."""

ANYTHING = object()


class Escape(NamedTuple):
    """A program, the ways in which it may end, and what it may have found out."""

    source: str
    kinds: set[Kind]
    value: Any = ANYTHING


def ends(kind: Kind, **sources: str) -> dict[str, Escape]:
    return {name: Escape(source, {kind}) for name, source in sources.items()}


def finds(**findings: tuple[str, Any]) -> dict[str, Escape]:
    """Return programs that end well but may have found only this."""
    return {name: Escape(f"{source}\n", {Kind.DONE}, value) for name, (source, value) in findings.items()}


ENDLESS = ends(
    Kind.TIME,
    loop="while True: pass",
    sleep="import time\ntime.sleep(600)",
    pause="import signal\nsignal.pause()",
    deadlock="import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()",
    loop_in_c="import itertools\nsum(itertools.repeat(0))",
    tower_of_powers="10 ** 10 ** 10",
    huge_power="pow(3, 10**8)",
    regex_catastrophe="import re\nre.match(r'(a+)+$', 'a' * 60 + 'b')",
    deaf_to_signals=(
        "import signal\nfor number in range(1, 65):\n"
        "    attempt(signal.signal, number, signal.SIG_IGN)\nwhile True: pass"
    ),
    signals_blocked=("import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: pass"),
    catches_everything="while True:\n    try:\n        while True: pass\n    except BaseException: pass",
    fork_bomb_that_swallows_errors="import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
    children_that_stay="import os, time\nif os.fork() == 0: time.sleep(600)\nos.wait()",
    thread_that_stays="import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()",
    exit_that_hangs="import atexit\n@atexit.register\ndef hang():\n    while True: pass",
    exception_that_hangs="class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E",
    report_that_hangs="import json\ndef hang(*_, **__):\n    while True: pass\njson.dumps = hang",
    own_pipe_full="import os\nr, w = os.pipe()\nwhile True: os.write(w, bytes(4096))",
)

TOO_MUCH = {
    **ends(
        Kind.PROCESSES,
        fork_bomb="import os\nwhile True: os.fork()",
        thread_bomb=(
            "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(600,), daemon=True).start()"
        ),
    ),
    **ends(
        Kind.MEMORY,
        memory_bomb="bytearray(1 << 40)",
        small_allocations="kept = []\nwhile True: kept.append(bytes(1000))",
        doubling="kept = [0]\nwhile True: kept += kept",
        long_list="list(range(10**9))",
        mapped="import mmap\nkept = [mmap.mmap(-1, 1 << 26) for _ in range(99)]",
    ),
    **ends(
        Kind.OUTPUT,
        endless_stdout="while True: print('x' * 1000)",
        endless_stderr="import sys\nwhile True: sys.stderr.write('x' * 1000)",
        output_past_python="import os\nwhile True: os.write(1, bytes(1000))",
        output_of_children="import os\nfor _ in range(3): os.fork()\nwhile True: os.write(1, bytes(1000))",
        endless_report="import os\nwhile True: os.write(3, b'[' * 1000)",
        large_result="result = 'x' * 10**6",
    ),
    **ends(
        Kind.FILES,
        full_disk="for n in range(99): open(str(n), 'wb').write(bytes(1 << 18))",
        large_file="open('x', 'wb').write(bytes(1 << 25))",
        sparse_file="open('x', 'wb').truncate(1 << 40)",
        many_files="for n in range(10**6): open(str(n), 'w').close()",
        many_folders="import os\nwhile True: os.mkdir('x'); os.chdir('x')",
        many_open_files="kept = [open('/dev/null') for _ in range(10**6)]",
        endless_symlinks="import os\nfor n in range(10**6): os.symlink('x', str(n))",
    ),
}

CRASHES = {
    **ends(
        Kind.KILLED,
        segfault="import ctypes\nctypes.string_at(0)",
        abort="import os\nos.abort()",
    ),
    **ends(
        Kind.ERROR,
        recursion="def f(): f()\nf()",
        mutual_recursion="def f(): g()\ndef g(): f()\nf()",
        long_exception="raise ValueError('x' * 10**6)",
        deep_repr="deep = []\nfor _ in range(10**5): deep = [deep]\nrepr(deep)",
        deep_json="import json\njson.loads('[' * 10**5)",
        deep_pickle="import pickle\ndeep = []\nfor _ in range(10**5): deep = [deep]\npickle.dumps(deep)",
        deep_result="result = []\nfor _ in range(10**5): result = [result]",
        deep_report="import os\nos.write(3, b'[\"done\", ' + b'[' * 30000 + b']' * 30000 + b']')\nos._exit(0)",
        runner_that_cannot_leave="import os\nos._exit = print\nresult = 1",
        report_that_is_none="import os\nos.write(3, b'\\xff\\x00')\nos._exit(0)",
        number_too_long="import os\nos.write(3, b'[\"done\", ' + b'9' * 9999 + b']')\nos._exit(0)",
        half_a_character='import os\nos.write(3, b\'["done", "\\\\ud800"]\')\nos._exit(0)',
        no_number="result = float('nan')",
        report_said_twice="import os\nos.write(3, b'[\"done\", true]')\nresult = True",
        result_that_is_no_json="result = object()",
        exit_code="import sys\nsys.exit(3)",
        exit_with_words="import sys\nsys.exit('no')",
        exit_at_once="import os\nos._exit(7)",
        exception_without_words="class E(Exception):\n    def __str__(self): raise self\nraise E",
        exception_that_exits="class E(BaseException):\n    def __repr__(self): raise SystemExit\nraise E(E())",
        exception_of_many="raise ExceptionGroup('x', [ValueError('\\x1b[2J\\x00')] * 9)",
        syntax="def",
        null_byte="x = '\0'",
        stdin="input()",
        imports_arena="import arena",
        imports_numpy="import numpy",
        imports_from_site_packages="import sys\nsys.path.append(SITE)\nimport numpy",
    ),
    "stack_overflow": Escape(
        "import sys\nsys.setrecursionlimit(10**9)\ndef f(): return list(map(lambda _: f(), [0]))\nf()",
        {Kind.KILLED, Kind.ERROR, Kind.MEMORY},  # by the version of Python
    ),
    "deep_parentheses": Escape("compile('-' * 10**5 + '1', '', 'eval')", {Kind.ERROR, Kind.MEMORY, Kind.KILLED}),
    "closes_all": Escape("import os\nos.closerange(0, 99)\nprint('x')", {Kind.ERROR, Kind.DONE}),
}

OUTSIDE = finds(
    secret_file=("result = attempt(open, SECRET)", "FileNotFoundError"),
    secret_by_symlink=("import os\nos.symlink(SECRET, 'x')\nresult = attempt(open, 'x')", "FileNotFoundError"),
    secret_by_hard_link=("import os\nresult = attempt(os.link, SECRET, 'x')", "FileNotFoundError"),
    secret_by_many_dots=("result = attempt(open, '../' * 99 + SECRET)", "FileNotFoundError"),
    passwords=("result = attempt(open, '/etc/passwd')", "FileNotFoundError"),
    folders=(
        "import os\nresult = [attempt(os.listdir, f'/{name}') for name in ('home', 'var', 'proc', 'sys', 'run')]",
        ["FileNotFoundError"] * 5,
    ),
    folder_for_all=(
        "import os, tempfile\nopen('/tmp/x', 'w').close()\nresult = [tempfile.gettempdir(), sorted(os.listdir())]",
        ["/tmp", ["program.py", "x"]],
    ),
    devices=("import os\nresult = sorted(os.listdir('/dev'))", ["null", "urandom", "zero"]),
    new_device=("import os\nresult = attempt(os.mknod, 'x', 0o20600, os.makedev(1, 1))", "PermissionError"),
    writes_outside=(
        "import os\nresult = [attempt(open, path, 'w') for path in ('/x', '/dev/x', '/lib/x', os.__file__)]",
        ["OSError"] * 4,
    ),
    removes_library=("import os\nresult = attempt(os.remove, os.__file__)", "OSError"),
    environment=("import os\nresult = dict(os.environ)", {}),
    environment_in_c=(
        "import ctypes\nlist_ = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), 'environ')\n"
        "result = list_[0] if list_ else None",
        None,
    ),
    environment_of_parent=("result = attempt(open, f'/proc/{PARENT}/environ')", "FileNotFoundError"),
    memory_of_parent=("result = attempt(open, f'/proc/{PARENT}/mem', 'rb')", "FileNotFoundError"),
    processes=(
        "import os\nresult = [pid for pid in range(1, 40000) if attempt(os.kill, pid, 0) is None], os.getppid()",
        [[1], 0],
    ),
    signal_to_parent=("import os\nresult = attempt(os.kill, PARENT, 9)", "ProcessLookupError"),
    signals_to_all=(
        "import os\nresult = [attempt(os.kill, pid, 9) for pid in (1, 0, -1, os.getpid(), os.getppid())]",
        [None, None, "ProcessLookupError", None, None],
    ),
    stops_itself=("import os, signal\nos.kill(0, signal.SIGSTOP)", None),
    shell=("import os\nresult = attempt(os.execv, '/bin/sh', ['sh'])", "PermissionError"),
    system=("import os\nresult = os.system('true') != 0", True),
    subprocess=("import subprocess\nresult = attempt(subprocess.run, ['true'])", "PermissionError"),
    python_again=(
        "import subprocess, sys\nresult = attempt(subprocess.run, [sys.executable, '-V'])",
        "PermissionError",
    ),
    by_subclasses=(
        "found = [c for c in ().__class__.__base__.__subclasses__() if c.__name__ == '_wrap_close'][0]\n"
        "result = attempt(found.__init__.__globals__['open'], SECRET, 0)",
        "FileNotFoundError",
    ),
    standard_input=("import sys\nresult = sys.stdin.read()", ""),
)

POWERS = {
    **ends(Kind.KILLED, calls_of_another_machine="call(0x40000000 + 39)"),
    **finds(
        memory_of_parent_by_call=("result = call(310, PARENT, 0, 0, 0, 0, 0)", "EPERM"),
        network=("import socket\nresult = attempt(socket.create_connection, ('1.1.1.1', 80))", "PermissionError"),
        web=("import urllib.request\nresult = attempt(urllib.request.urlopen, 'http://example.com')", "URLError"),
        localhost=("import socket\nresult = attempt(socket.create_connection, ('127.0.0.1', PORT))", "PermissionError"),
        listening=("import socket\nresult = attempt(socket.create_server, ('127.0.0.1', 0))", "PermissionError"),
        name_service=("import socket\nresult = attempt(socket.gethostbyname, 'example.com')", "gaierror"),
        datagrams=(
            "import socket\nresult = attempt(socket.socket, socket.AF_INET6, socket.SOCK_DGRAM)",
            "PermissionError",
        ),
        packets=(
            "import socket\nresult = attempt(socket.socket, socket.AF_PACKET, socket.SOCK_RAW)",
            "PermissionError",
        ),
        netlink=(
            "import socket\nresult = attempt(socket.socket, socket.AF_NETLINK, socket.SOCK_RAW)",
            "PermissionError",
        ),
        host_of_the_machine=(
            "import socket\nresult = attempt(socket.socket, socket.AF_VSOCK, socket.SOCK_STREAM)",
            "PermissionError",
        ),
        abstract_socket=(
            "import socket\nwith socket.socket(socket.AF_UNIX) as s: result = attempt(s.connect, ABSTRACT)",
            "ConnectionRefusedError",
        ),
        inherited_handles=(
            "import os, stat\nfound = {n: attempt(os.fstat, n) for n in range(999)}\n"
            "result = [[n, stat.S_IFMT(s.st_mode) == stat.S_IFIFO] for n, s in found.items() if s != 'OSError']\n"
            "assert os.path.sameopenfile(0, os.open('/dev/null', 0))",
            [[0, False], [1, True], [2, True], [3, True]],
        ),
        reads_its_own_pipes=(
            "import os\nresult = [attempt(os.read, n, 1) for n in (1, 2, 3)]",
            ["OSError"] * 3,
        ),
        root=(
            "import os\nresult = [attempt(os.setuid, 0), attempt(os.setgid, 0), os.getuid()]",
            ["OSError", "OSError", 65534],
        ),
        groups=("import os\nresult = attempt(os.setgroups, [0])", "PermissionError"),
        chroot=("import os\nresult = attempt(os.chroot, '.')", "PermissionError"),
        limits=(
            "import resource\nnames = 'CPU AS NPROC FSIZE NOFILE CORE'.split()\n"
            "kinds = [getattr(resource, f'RLIMIT_{name}') for name in names]\n"
            "result = [attempt(resource.setrlimit, kind, (-1, -1)) for kind in kinds]",
            ["ValueError"] * 6,
        ),
        priority=("import os\nresult = attempt(os.nice, -5)", "PermissionError"),
        clock=("import time\nresult = attempt(time.clock_settime, time.CLOCK_REALTIME, 0.0)", "PermissionError"),
        host_name=(
            "import os, socket\nresult = [os.uname().nodename, attempt(socket.sethostname, 'x')]",
            ["sandbox", "PermissionError"],
        ),
        ptrace=("result = [call(101, 16, 1, 0, 0), call(101, 0, 0, 0, 0)]", ["EPERM", "EPERM"]),
        mount=("result = [call(165, 0, 0, 0, 0, 0), call(166, 0, 2), call(155, 0, 0)]", ["EPERM"] * 3),
        namespaces=("result = [call(272, 0x10000000), call(308, 0, 0), call(56, 0x10000011, 0)]", ["EPERM"] * 3),
        newer_clone=("result = [call(435, 0, 0), call(999)]", ["ENOSYS", "ENOSYS"]),
        memory_of_nobody=(
            "result = [call(319, 0, 0), call(29, 0, 4096, 512), call(68, 0, 512), call(240, 0, 64)]",
            ["EPERM"] * 4,
        ),
        kernel=("result = [call(n, 0, 0, 0) for n in (321, 298, 323, 425, 246, 169, 175, 250)]", ["EPERM"] * 8),
        privileges_again=(
            "import ctypes\nhead = (ctypes.c_uint32 * 2)(0x20080522, 0)\n"
            "all_ = (ctypes.c_uint32 * 6)(*[0xffffffff] * 6)\n"
            "result = ctypes.CDLL(None).capset(head, all_)",
            -1,
        ),
    ),
}
"""Some call the kernel by x86-64's numbers."""
