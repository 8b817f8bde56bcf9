"""A program in a process of its own, asked over its pipes: lines in, lines out, never waited for beyond a deadline."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from time import monotonic

_MAX_LINE = 1_000_000
"""Bytes of one answer; whoever says more without a line's end has not answered."""
_TAIL = 2_000
"""Bytes of its last words on standard error that are kept to explain a crash."""


class Late(Exception):  # noqa: N818 - it is no error: the clock is part of the game
    """The answer did not come in time."""


class Ended(Exception):  # noqa: N818 - what it means is for the caller to say
    """The program is gone, or could not be started."""


class Worker:
    """One running program, in a process group of its own, so that it dies with all its children.

    `environment` is all that it gets of variables; None: what this process has.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the user named this program; no shell is involved
                command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True, env=environment
            )
        except OSError as error:
            raise Ended(f"{command[0]} could not be started: {error}") from None
        assert self._process.stdin
        assert self._process.stdout
        assert self._process.stderr
        self._in, self._out, self._err = (
            pipe.fileno() for pipe in (self._process.stdin, self._process.stdout, self._process.stderr)
        )
        for pipe in (self._in, self._out, self._err):
            os.set_blocking(pipe, False)
        self._heard = b""
        self._tail = b""
        self._end = weakref.finalize(self, _end, self._process)

    def ask(self, line: str, seconds: float) -> str:
        """Send one line and return the one that comes back. Raises Late, and Ended if the program is gone."""
        deadline = monotonic() + seconds
        unsent = line.encode("utf-8", "replace") + b"\n"
        self._forget()
        with selectors.DefaultSelector() as pipes:
            pipes.register(self._in, selectors.EVENT_WRITE)
            pipes.register(self._out, selectors.EVENT_READ)
            pipes.register(self._err, selectors.EVENT_READ)
            while b"\n" not in self._heard:
                left = deadline - monotonic()
                if left <= 0 or not (ready := pipes.select(left)):
                    raise Late(f"no answer came within {seconds:g} s")
                for key, _ in ready:
                    if key.fd == self._in:
                        unsent = self._send(unsent)
                        if not unsent:
                            pipes.unregister(self._in)
                    elif key.fd == self._out:
                        self._listen()
                    elif not self._overhear():
                        pipes.unregister(self._err)
        return self._heard.partition(b"\n")[0].decode("utf-8", "replace")

    def kill(self) -> None:
        """Kill the program and its children, and reap it."""
        self._end()

    def _forget(self) -> None:
        """Drop what was said before the question: it answers nothing."""
        self._heard = b""
        with suppress(BlockingIOError):
            while os.read(self._out, 65536):
                pass

    def _send(self, unsent: bytes) -> bytes:
        try:
            return unsent[os.write(self._in, unsent) :]
        except BlockingIOError:
            return unsent
        except BrokenPipeError:
            raise self._ended() from None

    def _listen(self) -> None:
        chunk = os.read(self._out, 65536)
        if not chunk:
            raise self._ended()
        self._heard += chunk
        if len(self._heard) > _MAX_LINE and b"\n" not in self._heard:
            self.kill()
            raise Ended(f"it said {_MAX_LINE:,} bytes without the end of a line")

    def _overhear(self) -> bool:
        """Take what it says on standard error, so that it never waits there; False at the end."""
        chunk = os.read(self._err, 65536)
        self._tail = (self._tail + chunk)[-_TAIL:]
        return bool(chunk)

    def _ended(self) -> Ended:
        """Return why the program is gone, with its last words."""
        try:
            code: int | str = self._process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            code = "none yet, but it closed its pipes"
        else:
            while self._has_last_words():
                pass
        words = [line.strip() for line in self._tail.decode("utf-8", "replace").splitlines() if line.strip()]
        telling = [line for line in words if "error" in line.lower()] or words
        return Ended(f"its process ended (exit code {code}){': ' + telling[-1] if telling else ''}")

    def _has_last_words(self) -> bool:
        try:
            return self._overhear()
        except BlockingIOError:  # a child of it still holds the pipe
            return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the whole group: a bot may have started programs of its own."""
    with suppress(ProcessLookupError):  # nobody of the group is left
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe:
            pipe.close()
