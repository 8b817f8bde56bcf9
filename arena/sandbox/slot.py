"""A zygote seen from outside: it takes one program at a time, and is put down when it does not obey."""

from __future__ import annotations

import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import weakref
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from arena.errors import ConfigError
from arena.sandbox.program import Program
from arena.sandbox.program_limits import Limits

_START_SECONDS = 60.0
"""For a zygote to start, on a machine that may be busy."""
_END_SECONDS = 2.0
_HOME = str(Path(__file__).resolve().parents[2])


class Slot:
    """One zygote. Raises ConfigError, with the wall that is missing, where it cannot start."""

    def __init__(self, *, isolated: bool) -> None:
        if not hasattr(os, "fork"):
            raise ConfigError(f"programs cannot be run on {platform.system()}: it cannot fork")
        self.isolated = isolated
        self.control, theirs = socket.socketpair()
        with theirs, tempfile.TemporaryFile() as words:
            # Not -I: it would ignore the seed of hashes too, with which sets have the same order every time.
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-s", "-S", "-P", "-m", "arena.sandbox.zygote", "isolated" if isolated else "open"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=words,
                # One arena of memory: each thread would reserve another 64 MB of addresses, which count.
                env={"PYTHONPATH": _HOME, "PYTHONHASHSEED": "0", "MALLOC_ARENA_MAX": "1"},
                start_new_session=True,
            )
            self.close = weakref.finalize(self, _end, self._process, self.control)
            theirs.close()
            self.control.settimeout(_START_SECONDS)
            told = self.hear()
            if told is None:
                words.seek(0)
                lines = words.read().decode("utf-8", "replace").split("\n")
                told = {"missing": next((line for line in reversed(lines) if line), "the child does not start")}
        if "missing" in told:
            self.close()
            raise ConfigError(f"programs cannot be isolated here: {told['missing']}")
        self.walls: tuple[str, ...] = tuple(told["walls"])
        self.control.setblocking(False)

    def start(self, number: int, source: bytes, limits: Limits) -> Program:
        """Let it run a program: its pipes are to be read, and `hear` says when it has ended."""
        program = Program(number, limits, in_folder=not self.isolated)
        order = json.dumps({"limits": asdict(limits), "folder": program.folder}).encode() + b"\n"
        with tempfile.TemporaryFile() as file, suppress(OSError):  # a zygote that has gone is heard to be gone
            file.write(source)
            file.seek(0)
            socket.send_fds(self.control, [order], [file.fileno(), *program.theirs])
        program.let_go()
        return program

    def hear(self) -> dict[str, Any] | None:
        """Return what the zygote says; None if it is gone."""
        try:
            line = self.control.recv(65536)
        except OSError:
            return None
        told: dict[str, Any] | None = json.loads(line) if line.endswith(b"\n") else None
        return told

    def kill_program(self) -> None:
        """Let the zygote kill what it runs."""
        with suppress(OSError):
            self.control.send(b"kill\n")

    def is_up(self) -> bool:
        """Return whether it can take a program."""
        return self.close.alive and self._process.poll() is None


def _end(process: subprocess.Popen[bytes], control: socket.socket) -> None:
    """Hang up, whereupon a zygote ends with all that it started; kill one that does not."""
    control.close()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
