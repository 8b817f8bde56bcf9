"""A server of chat completions in a process of its own, which a test can kill: python api_process.py PORT [PROMPTS].

It answers every prompt with one of the legal moves that stand there, and after so many prompts kills itself as the
system would kill it: with SIGKILL, in the middle of an answer.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextmanager
def api(port: int, prompts: int = 0) -> Iterator[subprocess.Popen[bytes]]:
    """Run the server until the end of the block, or until it has killed itself."""
    root = Path(__file__).resolve().parent.parent
    command = [sys.executable, "-m", "tests.api_process", str(port), str(prompts)]
    process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def main(port: int, prompts: int) -> None:
    """Serve for ever, or for so many prompts."""
    from tests.chat_server import ChatServer, Handler, delta, good

    asked = count(1)

    def answer(handler: Handler) -> None:
        question = handler.body["messages"][-1]["content"]
        if prompts and next(asked) > prompts:
            handler.begin()
            handler.event(delta("<ans"))
            os.kill(os.getpid(), signal.SIGKILL)
        (legal,) = re.findall("^Legal moves: (.*)$", question, re.MULTILINE)
        moves = legal.split(", ")
        good(f"<answer>{moves[zlib.crc32(question.encode()) % len(moves)]}</answer>")(handler)

    with ChatServer(port) as server:
        server.always = answer
        print("ready", flush=True)
        server.serve_forever(poll_interval=0.01)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
