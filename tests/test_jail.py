"""The walls, from a process that has gone behind them: real namespaces, and a root with nothing of this machine."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from arena.sandbox import jail
from arena.sandbox.pool import isolation

NAMESPACES = ("user", "pid", "mnt", "net", "ipc", "uts", "cgroup")

INSIDE = """
import json, os, sys
from glob import glob
from arena.sandbox import jail

library = os.path.dirname(os.__file__)

outside = {name: os.readlink(f"/proc/self/ns/{name}") for name in NAMESPACES}
proc = jail.enter()
if os.fork() == 0:
    inside = {name: os.readlink(f"self/ns/{name}", dir_fd=proc) for name in NAMESPACES}
    own = jail.own_pids(proc)
    firsts = []
    for _ in range(2):
        reader, writer = os.pipe()
        jail.next_child_is_first(own)
        if os.fork() == 0:
            jail.confine(1 << 20)
            os.write(writer, json.dumps([os.getpid(), os.getuid(), os.listdir("."), os.getcwd()]).encode())
            os._exit(0)
        jail.next_child_is_ordinary(own)
        os.wait()
        firsts.append(json.loads(os.read(reader, 4096)))
    ordinary = os.fork()
    if ordinary == 0:
        os._exit(0)
    print(json.dumps({
        "new": [name for name in NAMESPACES if inside[name] != outside[name]],
        "pid": os.getpid(), "root": sorted(os.listdir("/")), "firsts": firsts, "ordinary": ordinary,
        "library": library,
        "others": [path for name in ("site", "dist") for path in glob(f"{library}/{name}-packages/*")],
    }))
    sys.stdout.flush()
    os._exit(0)
os.wait()
"""


ROOT = Path(__file__).resolve().parent.parent
SOMEBODY = 1234
"""A user without any rights, as whom root tries what other users do."""


def run(python: str, code: str, user: int | None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [python, "-S", "-c", code], env={"PYTHONPATH": str(ROOT)}, cwd="/", user=user, group=user, capture_output=True
    )


@pytest.fixture(scope="module", params=["whoever runs the tests", "a user without rights"])
def inside(request) -> dict[str, object]:
    if not isolation().walls:
        pytest.skip(isolation().sentence)
    python, user = sys.executable, None
    if request.param == "a user without rights":
        if os.geteuid() != 0:
            pytest.skip("whoever runs the tests is one")
        user = SOMEBODY
        fits = "import sys, arena.sandbox.jail\nsys.exit(sys.version_info < (3, 11))"
        found = [path for path in (sys.executable, "/usr/bin/python3") if is_there(path, fits, user)]
        if not found:
            pytest.skip("no Python, or not the package, can be read by other users")
        python = found[0]
    done = run(python, f"NAMESPACES = {NAMESPACES!r}\n{INSIDE}", user)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def is_there(python: str, code: str, user: int) -> bool:
    try:
        return run(python, code, user).returncode == 0
    except OSError:  # it may not be started
        return False


def test_every_namespace_is_new(inside) -> None:
    assert tuple(inside["new"]) == NAMESPACES


def test_it_is_the_first_process_and_so_is_each_program(inside) -> None:
    assert inside["pid"] == 1
    assert inside["firsts"] == [[1, 65534, [], "/program"]] * 2
    assert inside["ordinary"] > 1  # after programs it has children in its own namespace again


def test_the_root_holds_python_and_nothing_else(inside) -> None:
    library = Path(inside["library"]).parts[1]
    assert set(inside["root"]) <= {"dev", "etc", "lib", "lib64", "usr", "program", "tmp", library}
    assert inside["others"] == []


def test_where_there_are_no_walls_it_says_why(monkeypatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    assert jail.missing() == "Darwin has no namespaces (Linux has)"
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert jail.missing() == "the system calls of riscv64 are not known here, so they cannot be filtered"
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert jail.missing() == ""


def test_a_wall_that_cannot_be_built_is_named() -> None:
    with pytest.raises(OSError, match=r"^\[Errno 9\] the own pid namespace: "):
        jail.next_child_is_ordinary(-1)
