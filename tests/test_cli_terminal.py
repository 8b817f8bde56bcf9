"""What commands print, on a terminal and in a pipe."""

import os
import pty
import subprocess
import sys

from tests.command_line import TOURNAMENT, run


def test_on_a_terminal_there_are_bars_and_in_a_pipe_plain_lines(runs, tmp_path):
    (tmp_path / "poker.toml").write_text(TOURNAMENT)
    piped = run("tournament", "poker.toml", cwd=tmp_path)
    assert "matches: 120 of 120 matches" in piped.stderr
    assert "\x1b" not in piped.stderr + piped.stdout

    master, slave = pty.openpty()
    command = [sys.executable, "-m", "arena", "tournament", "poker.toml", "--run", "again"]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120"}
    process = subprocess.Popen(command, cwd=tmp_path, stdout=slave, stderr=slave, env=environment)
    os.close(slave)
    shown = b""
    while True:
        try:
            chunk = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not chunk:
            break
        shown += chunk
    assert process.wait() == 0
    os.close(master)
    text = shown.decode()
    assert "\x1b[" in text
    assert "120/120" in text
