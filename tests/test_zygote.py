"""The zygote by its own words: what it says when it starts, and that it ends with its socket."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from arena.sandbox.jail import WALLS
from arena.sandbox.pool import isolation


@pytest.fixture(params=["isolated", "open"])
def zygote(request):
    """One that has started, and the socket to speak to it through."""
    if request.param == "isolated" and not isolation().walls:
        pytest.skip(isolation().sentence)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        process = subprocess.Popen(
            [sys.executable, "-S", "-P", "-m", "arena.sandbox.zygote", request.param],
            stdin=theirs.fileno(),
            env={"PYTHONPATH": str(Path(__file__).resolve().parent.parent)},
        )
        theirs.close()
        ours.settimeout(60)
        walls = json.loads(ours.recv(4096))["walls"]
        assert walls == (list(WALLS) if request.param == "isolated" else [])
        yield process, ours
        ours.close()
        assert process.wait(20) == 0


def test_it_ends_when_its_socket_closes(zygote) -> None:
    process, ours = zygote
    ours.close()
    assert process.wait(20) == 0


def test_what_has_no_handles_is_no_order(zygote) -> None:
    _, ours = zygote
    ours.send(b"kill\n")
    ours.settimeout(0.2)
    with pytest.raises(TimeoutError):
        ours.recv(1)


def order(source: Path, folder: Path | None, ours: socket.socket) -> tuple[dict[str, float], bytes]:
    """Let it run a program; return what it says then, and the program's report."""
    report, theirs = os.pipe()
    with source.open("rb") as file, open(os.devnull, "wb") as null:
        message = json.dumps({"limits": {}, "folder": folder and str(folder)}).encode() + b"\n"
        socket.send_fds(ours, [message], [file.fileno(), null.fileno(), null.fileno(), theirs])
    os.close(theirs)
    told = json.loads(ours.recv(4096))
    with open(report, "rb") as pipe:
        return told, pipe.read()


def test_it_says_how_a_program_ended_and_what_it_took(zygote, tmp_path, request) -> None:
    _, ours = zygote
    source = tmp_path / "given.py"
    source.write_text("import time\nwhile time.process_time() < 0.1: pass\nresult = 1\nraise SystemExit(4)")
    told, report = order(source, None if "isolated" in request.node.name else tmp_path, ours)
    assert os.waitstatus_to_exitcode(told["status"]) == 4
    assert 0.1 <= told["cpu"] < 5
    assert json.loads(report) == ["done", 1]


def test_a_program_that_cannot_be_set_up_is_refused(zygote, tmp_path) -> None:
    _, ours = zygote
    source = tmp_path / "given.py"
    source.write_text("result = 1")
    told, report = order(source, tmp_path / "nowhere", ours)
    assert os.waitstatus_to_exitcode(told["status"]) == 1
    assert json.loads(report)[0] == "refused"


def test_a_wall_that_cannot_be_built_is_what_it_says() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        code = (
            "import resource\nfrom arena.sandbox import jail, zygote\n"
            "def enter(): raise OSError(1, 'user and other namespaces: Operation not permitted')\n"
            "jail.enter = enter\nzygote.main('isolated')"
        )
        done = subprocess.run(
            [sys.executable, "-S", "-P", "-c", code],
            stdin=theirs.fileno(),
            env={"PYTHONPATH": str(Path(__file__).resolve().parent.parent)},
            timeout=60,
        )
        assert done.returncode == 0
        assert json.loads(ours.recv(4096)) == {"missing": "user and other namespaces: Operation not permitted"}
