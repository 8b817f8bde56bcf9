"""A tournament with players that hang, crash and talk nonsense: it finishes, and their failures are not mixed up."""

from __future__ import annotations

import sys
import time

import pytest

from arena.registry import load_game
from arena.store import Store
from tests.command_line import run, succeed

HANGS = """
import json, sys, time
for count, line in enumerate(sys.stdin):
    if count % 12 == 11:
        time.sleep(600)
    print(json.dumps({"action": json.loads(line)["legal"][0]}), flush=True)
"""

MINE = """
from arena.player import Fault, Move


class Crash:
    "Raises at every 50th move."

    name = "crash"

    def __init__(self):
        self.asked = 0

    def act(self, batch):
        moves = []
        for request in batch:
            self.asked += 1
            if self.asked % 50 == 0:
                raise RuntimeError("the 50th move")
            moves.append(Move(request.legal[0]))
        return moves


class Garbage:
    "Answers with whatever is no move."

    name = "garbage"
    replies = (
        Move("all in"),
        Move(None, "\\x00\\u202e<script>alert(1)</script>", fault=Fault.UNPARSABLE),
        Move(None, "", fault=Fault.EMPTY),
        Move("pass " * 2000),
    )

    def act(self, batch):
        return [self.replies[request.seed % 4] for request in batch]


class Wrong:
    "Answers with what is no answer at all."

    name = "wrong"

    def act(self, batch):
        return [None] * (len(batch) + 1)
"""

TOURNAMENT = """
game = "kuhn_poker"
pairs = 12
block_pairs = 4
[entrants]
uniform = "uniform"
bet = 'script(prefer="bet")'
hangs = "process(command='{python} hangs.py', move_seconds=0.3)"
crash = "mine.py:Crash"
garbage = "mine.py:Garbage"
wrong = "mine.py:Wrong"
"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory):
    """Play the tournament on the command line; returns (folder, what it printed, seconds)."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "hangs.py").write_text(HANGS)
    (folder / "mine.py").write_text(MINE)
    (folder / "hostile.toml").write_text(TOURNAMENT.format(python=sys.executable))
    began = time.monotonic()
    shown = succeed("tournament", "hostile.toml", cwd=folder)
    return folder, shown, time.monotonic() - began


def stops(folder, name):
    """Return how the matches of a player ended, as (stop, whether it was to blame) → count."""
    counts: dict[tuple[str, bool], int] = {}
    with Store.read(folder / "runs/hostile") as store:
        for record in store.records():
            if name in record.entrants:
                blamed = record.culprit is not None and record.entrants[record.culprit] == name
                key = (str(record.stop), blamed)
                counts[key] = counts.get(key, 0) + 1
    return counts


def test_every_match_is_played_to_an_end(hostile) -> None:
    folder, _, _ = hostile
    with Store.read(folder / "runs/hostile") as store:
        records = list(store.records())
    assert len(records) == 15 * 12 * 2
    assert "void" not in {str(record.stop) for record in records}
    game = load_game("kuhn_poker")
    for record in records:
        list(record.replay(game))


def test_whoever_hangs_forfeits(hostile) -> None:
    found = stops(hostile[0], "hangs")
    assert found["forfeit", True] >= 3
    assert ("abandoned", True) not in found
    assert hostile[2] < 120


def test_whoever_answers_garbage_forfeits(hostile) -> None:
    found = stops(hostile[0], "garbage")
    assert found["forfeit", True] > 50
    assert ("abandoned", True) not in found
    with Store.read(hostile[0] / "runs/hostile") as store:
        faults = {t.fault for r in store.records() for t in r.turns if t.fault and r.entrants[t.seat] == "garbage"}
    assert faults == {"illegal", "unparsable", "empty"}


def test_a_crash_voids_is_tried_again_and_counted(hostile) -> None:
    with Store.read(hostile[0] / "runs/hostile") as store:
        crashed, played = store.crashes()["crash"]
    assert 1 <= crashed < played
    assert ("forfeit", True) not in stops(hostile[0], "crash")


def test_whoever_cannot_answer_at_all_is_withdrawn_and_others_are_rated(hostile) -> None:
    folder, shown, _ = hostile
    found = stops(folder, "wrong")
    assert set(found) <= {("abandoned", True), ("forfeit", False), ("abandoned", False)}
    assert "wrong is withdrawn: it crashed in" in shown
    ladder = [line for line in shown.splitlines() if "hangs" in line]
    assert ladder
    assert "uniform" in shown


def test_a_second_start_plays_nothing_again(hostile) -> None:
    folder, shown, _ = hostile
    again = succeed("tournament", "hostile.toml", cwd=folder)
    assert again.splitlines()[:-1] == shown.splitlines()[:-1]


def test_what_was_given_up_is_played_again_once_it_is_mended(tmp_path) -> None:
    (tmp_path / "bot.py").write_text("import sys\nsys.exit('the model file is missing')\n")
    bot = f"process(command='{sys.executable} bot.py')"
    (tmp_path / "t.toml").write_text(
        f'game = "kuhn_poker"\npairs = 3\n[entrants]\nuniform = "uniform"\nbot = "{bot}"\n'
    )
    broken = run("tournament", "t.toml", cwd=tmp_path)
    assert broken.returncode == 2
    (tmp_path / "bot.py").write_text(HANGS.replace("count % 12 == 11", "False"))
    assert run("tournament", "t.toml", cwd=tmp_path).returncode == 2  # what was given up stays so
    mended = succeed("tournament", "t.toml", "--redo-abandoned", cwd=tmp_path)
    assert "withdrawn" not in mended
    with Store.read(tmp_path / "runs/t") as store:
        assert {str(record.stop) for record in store.records()} == {"finished"}
    refused = run(
        "tournament", "t.toml", "--redo-abandoned", "--set", "format=swiss", "--set", "rounds=1", cwd=tmp_path
    )
    assert refused.returncode == 2
    assert "a swiss was paired by its results" in refused.stderr
