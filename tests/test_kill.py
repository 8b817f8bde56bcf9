"""Runs are really killed with SIGKILL, at random moments, and started again with the same command."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from arena.config import TournamentConfig, load
from arena.registry import load_game
from arena.store import Store
from arena.tournaments.round_robin import fixtures, standings

KILLS = 10

TOURNAMENT = """
game = "kuhn_poker"
seed = 3
pairs = 400
[entrants]
uniform = "uniform"
always_bet = 'script(prefer="bet")'
equilibrium = 'tabular(table="arena.games.kuhn_poker:equilibrium")'
slow = "%s:Slow"
"""

# A real player that takes its time, so that a tournament lasts long enough to be killed ten times.
SLOW = """
import time
from arena.players.uniform import UniformPlayer

class Slow(UniformPlayer):
    def act(self, batch):
        time.sleep(0.2)
        return super().act(batch)
"""

LEAGUE = """
game = "kuhn_poker"
seed = 5
[training]
updates = 240
matches = 128
learning_rate = 0.003
kl_weight = 0.1
reference_every = 20
[learners.main]
player = "net(hidden=[16])"
[learners.roles]
player = "net(hidden=[16])"
policies = "per_role"
[opponents]
latest = 0.6
uniform = 0.2
prioritised = 0.2
[schedule]
checkpoint_every = 10
snapshot_every = 20
[rating]
pairs = 60
rivals = 2
block_pairs = 10
"""


def start(command: str, file: Path, folder: Path) -> subprocess.Popen[bytes]:
    arguments = [sys.executable, "-m", "arena", command, str(file), "--run", str(folder)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)


def finish(command: str, file: Path, folder: Path) -> str:
    process = start(command, file, folder)
    output = process.communicate(timeout=300)[0].decode()
    assert process.returncode == 0, output
    return output


def kill_ten_times(command: str, file: Path, folder: Path, rng: random.Random) -> int:
    """Start the run again and again, and kill it soon after it has written something; returns the kills that hit."""
    hits = 0
    for _ in range(KILLS):
        before = traces(folder)
        process = start(command, file, folder)
        deadline = time.monotonic() + 60
        while process.poll() is None and traces(folder) == before and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(rng.uniform(0, 0.3))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            hits += 1
        process.communicate()
    return hits


def traces(folder: Path) -> list[tuple[str, int, int]]:
    """What a run has written so far: names, sizes and times of its files, but for the lock."""
    found = []
    for path in sorted(folder.rglob("*")) if folder.exists() else ():
        try:
            status = path.stat()
        except FileNotFoundError:  # a draft that was renamed while we looked
            continue
        if path.name != "run.lock":
            found.append((str(path), status.st_size, status.st_mtime_ns))
    return found


def test_a_tournament_killed_ten_times_loses_no_match_and_plays_none_twice(tmp_path):
    (tmp_path / "slow.py").write_text(SLOW)
    file = tmp_path / "tournament.toml"
    file.write_text(TOURNAMENT % (tmp_path / "slow.py"))
    finish("tournament", file, tmp_path / "whole")
    hits = kill_ten_times("tournament", file, tmp_path / "killed", random.Random(1))
    assert hits == KILLS, f"the tournament was over after {hits} kills"
    finish("tournament", file, tmp_path / "killed")

    config = load(file, TournamentConfig)
    game = load_game(config.game)
    with Store.read(tmp_path / "whole") as whole, Store.read(tmp_path / "killed") as killed:
        records = list(killed.records())
        keys = [record.key for record in records]
        assert sorted(keys) == sorted({fixture.key for fixture in fixtures(config, game)})
        assert sorted(records, key=lambda r: r.key) == sorted(whole.records(), key=lambda r: r.key)
        assert standings(killed, config, game).rows == standings(whole, config, game).rows
        for record in records[::50]:
            list(record.replay(game))


def test_a_league_killed_ten_times_ends_with_the_same_weights_baselines_pool_and_tallies(tmp_path):
    file = tmp_path / "league.toml"
    file.write_text(LEAGUE)
    finish("train", file, tmp_path / "whole")
    hits = kill_ten_times("train", file, tmp_path / "killed", random.Random(2))
    assert hits == KILLS, f"the league was over after {hits} kills"
    finish("train", file, tmp_path / "killed")

    with Store.read(tmp_path / "whole") as whole, Store.read(tmp_path / "killed") as killed:
        assert killed.meta("digest") == whole.meta("digest")
        assert killed.tallies() == whole.tallies()
        assert killed.players() == whole.players()
        assert killed.measures("nash_conv") == whole.measures("nash_conv")
        assert sorted(killed.records(), key=key) == sorted(whole.records(), key=key)
    assert folders(tmp_path / "killed") == folders(tmp_path / "whole")


def key(record):
    return record.key


def folders(run: Path) -> list[str]:
    return sorted(path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_dir())
