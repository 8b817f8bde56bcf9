"""Runs are really killed with SIGKILL, at random moments, and started again with the same command."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from arena.config import TournamentConfig, load
from arena.registry import load_game
from arena.store import Store
from arena.tournaments.round_robin import RoundRobin
from arena.tournaments.tournament import ladder, standings

KILLS = 20

TOURNAMENT = """
game = "tic_tac_toe"
seed = 3
pairs = {pairs}
{format}
[entrants]
uniform = "uniform"
centre = 'script(prefer="5")'
corner = 'script(prefer="1")'
edge = 'script(prefer="2")'
slow = "{slow}:Slow"
"""

# A real player that takes its time, so that a tournament lasts long enough to be killed so often.
SLOW = """
import os
import time
from arena.players.uniform import UniformPlayer

class Slow(UniformPlayer):
    def act(self, batch):
        time.sleep(float(os.environ.get("PAUSE", "0")))
        return super().act(batch)
"""

# A player that answers one question at a time, and leaves a trace and a bill.
TALKER = """
import os
import time
from arena.player import Move, Requests
from arena.players.uniform import UniformPlayer

class Talker(UniformPlayer):
    keeps_traces = True

    def __init__(self):
        super().__init__()
        self.open = []

    def act(self, batch):
        moves = zip(batch, super().act(batch))
        return [Move(m.action, trace={"ids": [r.seed % 1000, len(r.text)], "prompt_tokens": 1}) for r, m in moves]

    def submit(self, batch):
        self.open += batch

    def collect(self, seconds):
        time.sleep(float(os.environ.get("PAUSE", "0")))
        request = self.open.pop(len(self.open) // 2)
        return [(request, self.act(Requests([request]))[0])]
"""

TALKERS = """
game = "leduc_poker"
seed = 3
pairs = 30
[entrants]
one = "{talker}:Talker"
other = "{talker}:Talker"
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
league_role = "main"
[learners.spy]
player = "net(hidden=[16])"
policies = "per_role"
league_role = "main_exploiter"
[schedule]
checkpoint_every = 10
snapshot_every = 20
[rating]
pairs = 60
rivals = 2
block_pairs = 10
"""

SNEAKY = """
game = "sneaky_critic(words=False, kinds=['arithmetic'])"
seed = 5
[training]
updates = 40
matches = 48
[learners.main]
player = "net(hidden=[8])"
policies = "per_role"
[opponents]
latest = 1.0
uniform = 1.0
[schedule]
checkpoint_every = 4
snapshot_every = 8
[rating]
pairs = 10
rivals = 1
block_pairs = 5
"""


# Programs judge it, in sandboxes that have to end with the run.
TOOLS = """
game = "tool_tasks(challenger=False, words=False)"
seed = 5
[training]
updates = 24
matches = 32
[learners.main]
player = "net(hidden=[8])"
[cast]
verifier = "verifier(run_untrusted_code_without_isolation=True)"
[schedule]
checkpoint_every = 4
snapshot_every = 8
[rating]
pairs = 5
rivals = 1
block_pairs = 5
"""


def start(command: str, file: Path, folder: Path, pause: float = 0.0) -> subprocess.Popen[bytes]:
    arguments = [sys.executable, "-m", "arena", command, str(file), "--run", str(folder)]
    environment = {**os.environ, "PAUSE": str(pause)}
    return subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, env=environment
    )


def finish(command: str, file: Path, folder: Path) -> str:
    process = start(command, file, folder)
    output = process.communicate(timeout=300)[0].decode()
    assert process.returncode == 0, output
    return output


def kill(times: int, command: str, file: Path, folder: Path, rng: random.Random, pause: float = 0.0) -> int:
    """Start the run again and again, and kill it soon after it has written something; returns the kills that hit."""
    hits = 0
    for _ in range(times):
        before = traces(folder)
        process = start(command, file, folder, pause)
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


def tournament_file(folder: Path, pairs: int, form: str = "") -> Path:
    (folder / "slow.py").write_text(SLOW)
    file = folder / "tournament.toml"
    file.write_text(TOURNAMENT.format(pairs=pairs, format=form, slow=folder / "slow.py"))
    return file


def assert_nothing_was_lost_or_played_twice(file: Path, whole_run: Path, killed_run: Path) -> None:
    config = load(file, TournamentConfig)
    game = load_game(config.game)
    with Store.read(whole_run) as whole, Store.read(killed_run) as killed:
        records = sorted(killed.records(), key=key)
        assert len({record.key for record in records}) == len(records)
        assert records == sorted(whole.records(), key=key)
        assert ladder(killed, config, game).rows == ladder(whole, config, game).rows
        for record in records[::50]:
            list(record.replay(game))
    assert standings(killed_run) == standings(whole_run)


def test_ten_thousand_matches_killed_twenty_times_lose_none_and_play_none_twice(tmp_path):
    file = tournament_file(tmp_path, pairs=500)
    finish("tournament", file, tmp_path / "whole")
    hits = kill(KILLS, "tournament", file, tmp_path / "killed", random.Random(1), pause=0.05)
    assert hits == KILLS, f"the tournament was over after {hits} kills"
    finish("tournament", file, tmp_path / "killed")

    assert_nothing_was_lost_or_played_twice(file, tmp_path / "whole", tmp_path / "killed")
    config = load(file, TournamentConfig)
    (schedule,) = RoundRobin(config, load_game(config.game)).stages(lambda *_: pytest.fail("nothing to ask"))
    with Store.read(tmp_path / "killed") as store:
        assert {record.key for record in store.records()} == {fixture.key for fixture in schedule}
        assert store.count() == 10_000


@pytest.mark.parametrize("form", ["swiss", "double_elimination"])
def test_rounds_that_depend_on_results_come_again_after_every_kill(tmp_path, form):
    """Killed between rounds and inside of them, a Swiss pairs the same and a bracket brings the same together."""
    file = tournament_file(tmp_path, 60, f'format = "{form}"' + ("\nrounds = 5" if form == "swiss" else ""))
    finish("tournament", file, tmp_path / "whole")
    hits = kill(6, "tournament", file, tmp_path / "killed", random.Random(2), pause=0.1)
    assert hits >= 4, f"the tournament was over after {hits} kills"
    finish("tournament", file, tmp_path / "killed")
    assert_nothing_was_lost_or_played_twice(file, tmp_path / "whole", tmp_path / "killed")


def test_a_continuous_player_loses_no_match_and_no_trace(tmp_path):
    """What a language model has answered is dear: whatever a kill leaves of a match, it leaves all of it."""
    (tmp_path / "talker.py").write_text(TALKER)
    file = tmp_path / "tournament.toml"
    file.write_text(TALKERS.format(talker=tmp_path / "talker.py"))
    finish("tournament", file, tmp_path / "whole")
    hits = kill(4, "tournament", file, tmp_path / "killed", random.Random(3), pause=0.02)
    assert hits == 4, f"the tournament was over after {hits} kills"
    finish("tournament", file, tmp_path / "killed")

    assert_nothing_was_lost_or_played_twice(file, tmp_path / "whole", tmp_path / "killed")
    with Store.read(tmp_path / "whole") as whole, Store.read(tmp_path / "killed") as killed:
        assert killed.costs() == whole.costs() != {}
        for record in whole.records():
            one, other = whole.traces(record.key), killed.traces(record.key)
            assert list(one) == list(other) == [n for n, turn in enumerate(record.turns) if turn.seat >= 0]
            assert all(one[turn]["ids"].tolist() == other[turn]["ids"].tolist() for turn in one)


@pytest.mark.parametrize(
    ("league", "kills"),
    [(LEAGUE, 10), (SNEAKY, 5), (TOOLS, 3)],
    ids=["kuhn_poker", "sneaky_critic", "tool_tasks"],
)
def test_a_league_killed_often_ends_with_the_same_weights_baselines_pool_and_tallies(tmp_path, league, kills):
    file = tmp_path / "league.toml"
    file.write_text(league)
    finish("train", file, tmp_path / "whole")
    hits = kill(kills, "train", file, tmp_path / "killed", random.Random(2))
    assert hits == kills, f"the league was over after {hits} kills"
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
