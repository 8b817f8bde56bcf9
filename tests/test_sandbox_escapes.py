"""Programs that want out stay in, end with the right kind, and leave a sandbox in which the next one runs as ever."""

from __future__ import annotations

import os
import platform
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest

from arena.sandbox.ending import Kind
from arena.sandbox.pool import Pool, isolation
from arena.sandbox.program_limits import Limits
from tests.escapes import (
    ANYTHING,
    CALLED,
    CRASHES,
    DAEMON,
    ENDLESS,
    OUTSIDE,
    POWERS,
    PRELUDE,
    READ_MEMORY,
    TOO_MUCH,
    Escape,
)

MISSING = None if isolation().walls else isolation().sentence
pytestmark = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))
LIMITS = Limits(
    cpu_seconds=20, wall_seconds=60, memory_bytes=128 << 20, file_bytes=1 << 20, output_bytes=70_000, open_files=32
)
GOOD = "import math\nprint('good')\nresult = math.factorial(5)"
numbers_of_x86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="calls the kernel by x86-64's numbers")


@pytest.fixture(scope="module")
def pool():
    """One slot: a program and the next run in the same one."""
    with Pool(LIMITS, 1) as pool:
        yield pool


@pytest.fixture(scope="module")
def hasty_pool():
    with Pool(Limits(wall_seconds=0.6, memory_bytes=128 << 20), 1) as pool:
        yield pool


@pytest.fixture(scope="module")
def prelude(tmp_path_factory):
    """What programs are told about this process, with everything there to be found."""
    folder = tmp_path_factory.mktemp("outside")
    folder.chmod(0o755)
    secret = folder / "secret"
    secret.write_text("the secret")
    secret.chmod(0o644)
    abstract = f"\0arena-escape-{os.getpid()}"
    with socket.create_server(("127.0.0.1", 0)) as inet, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(abstract)
        unix.listen()
        known = {
            "SECRET": str(secret),
            "PARENT": os.getpid(),
            "PORT": inet.getsockname()[1],
            "ABSTRACT": abstract,
            "SITE": sysconfig.get_path("purelib"),
        }
        yield "".join(f"{name} = {value!r}\n" for name, value in known.items()) + PRELUDE
    assert secret.read_text() == "the secret"
    assert [path.name for path in folder.iterdir()] == ["secret"]


def is_contained(pool: Pool, prelude: str, escape: Escape) -> None:
    ending, good = pool.run([prelude + escape.source, GOOD])
    assert ending.kind in escape.kinds, ending
    assert ending.sentence.isprintable()
    if escape.value is not ANYTHING:
        assert ending.value == escape.value
    assert len(ending.stdout) <= 4 * pool.limits.output_bytes  # an escaped byte is four characters
    assert "the secret" not in ending.stdout + ending.stderr + str(ending.value)
    assert (good.kind, good.value, good.stdout, good.stderr) == (Kind.DONE, 120, "good\n", "")


def of(escapes: dict[str, Escape]):
    return pytest.mark.parametrize("escape", escapes.values(), ids=escapes.keys())


@of(ENDLESS)
def test_what_does_not_end_is_ended(hasty_pool, prelude, escape) -> None:
    is_contained(hasty_pool, prelude, escape)


@of(TOO_MUCH)
def test_who_takes_too_much_is_stopped(pool, prelude, escape) -> None:
    is_contained(pool, prelude, escape)


@of(CRASHES)
def test_who_crashes_crashes_alone(pool, prelude, escape) -> None:
    is_contained(pool, prelude, escape)


@of(OUTSIDE)
def test_nothing_outside_is_found(pool, prelude, escape) -> None:
    is_contained(pool, prelude, escape)


@numbers_of_x86
@of(POWERS)
def test_no_power_is_left(pool, prelude, escape) -> None:
    is_contained(pool, prelude, escape)


def named(name: str) -> set[int]:
    """Return the processes of this machine that go by a name, but for those that have ended."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            before, _, after = path.read_text().rpartition(")")
        except OSError:  # it has just ended
            continue
        if before.endswith(f"({name}") and after.split()[0] not in "ZX":
            found.add(int(path.parent.name))
    return found


def soon(holds) -> bool:
    """Return whether something comes to hold within some seconds."""
    deadline = time.monotonic() + 20
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.01)
    return holds()


def test_a_daemon_does_not_outlive_its_program(pool) -> None:
    name = f"dmn{os.getpid()}"
    ending, good = pool.run([DAEMON.replace("NAME", name), GOOD])
    assert ending.kind is Kind.DONE
    assert good.value == 120
    assert named(name) == set()


def test_a_process_that_got_away_would_be_found() -> None:
    """So that the test above can fail."""
    name = f"out{os.getpid()}"
    subprocess.run([sys.executable, "-c", DAEMON.replace("NAME", name)], check=True)
    (daemon,) = named(name)
    os.kill(daemon, signal.SIGKILL)
    assert soon(lambda: named(name) == set())


@pytest.mark.parametrize("program", [CALLED + "import time", DAEMON], ids=["plain", "daemon"])
def test_nothing_outlives_a_parent_that_is_killed(program: str, tmp_path: Path) -> None:
    name = f"kid{os.getpid()}"
    script = tmp_path / "parent.py"
    endless = program.replace("NAME", name) + "\ntime.sleep(600)"
    script.write_text(f"from arena.sandbox.pool import Pool\nPool(slots=2).run([{endless!r}] * 2)")
    parent = subprocess.Popen([sys.executable, str(script)])
    assert soon(lambda: len(named(name)) >= 2)
    parent.kill()
    parent.wait()
    assert soon(lambda: named(name) == set())


def test_nothing_of_a_program_is_seen_by_the_next(pool) -> None:
    mark = f"trace{os.getpid()}"
    leaves = f"""
import builtins, os, sys, json
builtins.len = json.loads = sys.exit = print
open("{mark}", "w").write("{mark}" * 1000)
os.environ["MARK"] = "{mark}"
os.umask(0)
print("{mark}" * 100)
result = ["{mark}"] * 100
"""
    looks = """
import os
result = [os.listdir("."), dict(os.environ), len("four"), os.umask(0o22) == 0, os.getpid()]
"""
    left, seen, read = pool.run([leaves, looks, f"MARK = {mark[::-1]!r}\n{READ_MEMORY}"])
    assert left.value == [mark] * 100
    assert seen.value == [["program.py"], {}, 4, False, 1]
    assert (read.kind, read.value) == (Kind.DONE, False)


def test_what_is_in_memory_would_be_found(pool) -> None:
    """So that the test above can fail: the same search finds what the program itself has there."""
    mark = f"trace{os.getpid()}"
    own = f"MARK = {mark[::-1]!r}\nhere = [MARK[::-1] * 3 for _ in range(1000)]\n{READ_MEMORY}"
    assert pool.run([own])[0].value is True


def test_results_are_the_same_every_time(pool) -> None:
    program = "print({str(n) for n in range(50)}, hash('x'))\nresult = [str({*'abcdefgh'}), hash('y')]"
    first, *others = pool.run([program] * 3)
    with Pool(LIMITS, 1) as another:
        others += another.run([program])
    for other in others:
        assert (other.stdout, other.value) == (first.stdout, first.value)


def test_a_program_may_have_as_many_processes_as_it_may(pool) -> None:
    program = (
        "import os, time\nresult = 1\ntry:\n    while True:\n        if os.fork() == 0: time.sleep(600)\n"
        "        result += 1\nexcept BlockingIOError: pass"
    )
    assert pool.run([program])[0].value == pool.limits.processes
