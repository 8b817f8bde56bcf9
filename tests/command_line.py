"""What the tests of the command line share: real processes, in a folder with a finished tournament and league."""

import subprocess
import sys

TOURNAMENT = """
game = "kuhn_poker"
pairs = 60
block_pairs = 20
[entrants]
uniform = "uniform"
bet = 'script(prefer="bet")'
"""

LEAGUE = """
game = "kuhn_poker"
[training]
updates = 20
matches = 64
[learners.main]
player = "net(hidden=[8])"
[schedule]
checkpoint_every = 10
snapshot_every = 10
[rating]
pairs = 40
block_pairs = 10
"""


MINE = """
from arena.games.kuhn_poker import KuhnPoker
from arena.players.uniform import UniformPlayer

class Buggy(KuhnPoker):
    def step(self, s, action):
        return super().step(s, action) if action != "bet" else 1 / 0

class Crash(UniformPlayer):
    def act(self, batch):
        raise ValueError("out of paper")

class NoPolicy(UniformPlayer):
    def policy(self, batch):
        return 1 / 0
"""


def run(*arguments, cwd=None):
    command = [sys.executable, "-m", "arena", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=cwd)


def succeed(*arguments, cwd=None):
    done = run(*arguments, cwd=cwd)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def make_runs(folder):
    """Play a small tournament and train a small league in `folder`, with a file of a user's own beside them."""
    (folder / "poker.toml").write_text(TOURNAMENT)
    (folder / "league.toml").write_text(LEAGUE)
    (folder / "mine.py").write_text(MINE)
    (folder / "half_written.py").write_text("def game(:\n")
    succeed("tournament", "poker.toml", cwd=folder)
    succeed("train", "league.toml", cwd=folder)
    return folder
