"""Bots in any language: real shell, JavaScript and Python programs at the table."""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter
from pathlib import Path

import pytest

import arena
from arena.errors import ConfigError, PlayerError
from arena.match import Patience
from arena.player import Fault, Move, Request, Requests
from arena.players.process import Process
from arena.registry import load_player
from arena.seeds import derive

KUHN = arena.load_game("kuhn_poker")

SHELL = r"""#!/bin/sh
# Plays the first legal move.
while read -r line; do
    echo "$line" | sed 's/.*"legal": \[\("[^"]*"\).*/\1/'
done
"""

JAVASCRIPT = """
// Plays a legal move at random, the same one for the same seed.
const lines = require("readline").createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const { legal, seed } = JSON.parse(line);
  console.log(JSON.stringify({ action: legal[seed % legal.length] }));
});
"""

PYTHON = """
import json, sys, time
count = 0
for line in sys.stdin:
    count += 1
    question = json.loads(line)
    {body}
    print(json.dumps({{"action": question["legal"][0]}}), flush=True)
"""


@pytest.fixture
def bot(tmp_path: Path):
    """Return a function that writes a Python bot and makes the player; programs end with the test."""
    made: list[Process] = []

    def make(body: str, **options) -> Process:
        path = tmp_path / f"bot{len(made)}.py"
        path.write_text(PYTHON.format(body=body))
        made.append(Process([sys.executable, str(path)], **options))
        return made[-1]

    yield make
    for player in made:
        player.close()


def play(player, opponent="uniform", matches=20, game="kuhn_poker"):
    return arena.play(game, [player, opponent], matches, seed=3)


def first_question(**more) -> Request:
    s = KUHN.step(KUHN.step(KUHN.start(), "K"), "Q")
    return Request(KUHN, s, 0, seed=derive(1, "q"), match="m", **more)


def test_a_shell_script_plays(tmp_path: Path) -> None:
    path = tmp_path / "first.sh"
    path.write_text(SHELL)
    path.chmod(0o755)
    player = Process(str(path))
    records = play(player)
    assert {str(record.stop) for record in records} == {"finished"}
    mine = {turn.action for record in records for turn in record.turns if turn.seat == 0}
    assert mine == {KUHN.actions[0]}
    player.close()


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_a_javascript_bot_plays_and_a_seed_gives_the_same_matches(tmp_path: Path) -> None:
    (tmp_path / "bot.js").write_text(JAVASCRIPT)
    rounds = []
    for _ in range(2):
        player = load_player(f'process(command="node {tmp_path}/bot.js")', arena.load_game("tic_tac_toe"))
        rounds.append(play(player, matches=10, game="tic_tac_toe"))
        player.close()
    assert rounds[0] == rounds[1]
    assert len({record.turns for record in rounds[0]}) > 5


def test_a_question_holds_all_that_a_bot_needs(bot) -> None:
    player = bot('question["legal"] = [json.dumps(question, sort_keys=True)]')
    game = arena.load_game("kuhn_poker")
    (move,) = player.act(Requests([first_question(complaint="no", past=[(game.start(), "bet")])]))
    asked = json.loads(move.action)
    assert asked["game"] == "kuhn_poker"
    assert (asked["role"], asked["seat"], asked["match"]) == ("first", 0, "m")
    assert "your card: K" in asked["view"]
    assert asked["complaint"] == "no"
    assert asked["past"][0][1] == "bet"
    assert 0 <= asked["seed"] < 2**53
    assert asked["rules"] == game.rules("first")
    assert "Q" not in asked["view"].replace("your card: K", "")


@pytest.mark.parametrize(
    ("said", "action", "fault"),
    [
        ('{"action": "bet"}', "bet", None),
        ('"bet"', "bet", None),
        ('{"action": "bet", "why": "strong"}', "bet", None),
        ('{"resign": true}', None, Fault.RESIGN),
        ("bet", None, Fault.UNPARSABLE),
        ('{"action": 3}', None, Fault.UNPARSABLE),
        ("[]", None, Fault.UNPARSABLE),
        ("NaN", None, Fault.UNPARSABLE),
        ("9" * 10_000, None, Fault.UNPARSABLE),
        ('{"action": "\\ud800"}', None, Fault.UNPARSABLE),
        ("[" * 100_000, None, Fault.UNPARSABLE),
        ("", None, Fault.EMPTY),
    ],
)
def test_answers(bot, said: str, action: str | None, fault: Fault | None) -> None:
    player = bot(f"print({said!r}, flush=True)\n    continue")
    (move,) = player.act(Requests([first_question()]))
    assert (move.action, move.fault) == (action, fault)
    assert move.raw == ("" if said in ('{"action": "bet"}',) else said)


def test_a_hung_bot_forfeits_and_the_next_match_goes_on(bot) -> None:
    player = bot("if count == 3: time.sleep(600)", move_seconds=0.4)
    records = play(player, matches=6)
    stops = Counter(str(record.stop) for record in records)
    assert stops["forfeit"] >= 1
    assert stops["finished"] >= 3
    assert stops["abandoned"] == 0
    late = next(record for record in records if record.stop == "forfeit")
    assert late.reason.endswith("ran out of time")
    assert late.turns[-1].fault == "timeout"
    assert late.returns[0] == KUHN.payoff_range[0]


def test_a_match_has_its_own_clock(bot) -> None:
    """Every answer is quick enough, and all of them together are not."""
    player = bot("time.sleep(0.25)", move_seconds=5, match_seconds=0.4)
    records = play(player, matches=1, game="tic_tac_toe")
    assert str(records[0].stop) == "forfeit"
    assert 1 <= sum(turn.seat == 0 and not turn.fault for turn in records[0].turns) <= 2
    fresh = play(player, matches=1, game="kuhn_poker")
    assert str(fresh[0].stop) == "finished"


def test_a_match_that_begins_again_has_its_whole_time_again(bot) -> None:
    """The other's crash must not cost this one its clock."""
    player = bot("time.sleep(0.15)", match_seconds=0.9)

    class Crash:
        name, asked = "crash", 0

        def act(self, batch):
            self.asked += 1
            if self.asked in (4, 8):
                raise RuntimeError("boom")
            return [Move(request.legal[0]) for request in batch]

    (record,) = arena.play("nim(piles=(1, 1, 1, 1, 1, 1, 1, 1))", [player, Crash()], 1)
    assert len(record.crashes) == 2
    assert str(record.stop) == "finished"


def test_after_a_line_that_is_no_answer_the_program_is_in_step_again(bot) -> None:
    """A bot that greets its first question would otherwise answer each question one too late."""
    greeting = 'if count == 2: print("thinking", flush=True); time.sleep(0.2)'
    player = bot(f"{greeting}\n    time.sleep(0.02)")
    for record in play(player, "uniform", matches=8, game="tic_tac_toe"):
        stale = [turn for turn in record.turns if turn.seat == 0 and turn.fault == "illegal"]
        assert stale == []


def test_a_crash_is_void_tried_again_and_counted(bot) -> None:
    player = bot('if count % 10 == 0: sys.exit("jammed")')
    records = play(player, matches=40)
    assert {str(record.stop) for record in records} == {"finished"}  # the second try begins with a fresh program
    assert sum(bool(record.crashes) for record in records) >= 2


def test_a_bot_that_always_crashes_is_not_started_for_ever(bot, tmp_path: Path) -> None:
    log = tmp_path / "starts"
    player = bot(f'open({str(log)!r}, "a").write("x"); sys.exit("no")', crashes=4)
    with pytest.raises(PlayerError, match=r"no match could be played to an end.*its process ended"):
        play(player, matches=10)
    assert log.read_text() == "xxxx"
    (move,) = player.act(Requests([first_question()]))
    assert move.fault is Fault.CRASHED
    assert "crashed 4 times" in move.raw


def test_garbage_forfeits_after_patience(bot) -> None:
    player = bot('print("how about a nice game of chess?", flush=True)\n    continue')
    (record,) = arena.play("kuhn_poker", [player, "uniform"], 1, patience=Patience(retries=2))
    assert str(record.stop) == "forfeit"
    assert [turn.fault for turn in record.turns if turn.seat == 0] == ["unparsable"] * 3
    assert record.turns[-1].raw == "how about a nice game of chess?"


def test_free_text_and_huge_sets_are_described(bot, tmp_path: Path) -> None:
    source = (
        "import arena\n"
        "class Talk(arena.Game):\n"
        "    name = 'talk'\n"
        "    def start(self): return ''\n"
        "    def turn(self, s): return arena.OVER if s else 0\n"
        "    def step(self, s, action): return action\n"
        "    def legal(self, s, seat): return arena.Text(50, ('yes', 'no'))\n"
        "    def returns(self, s): return (0.0, 0.0)\n"
        "    def view(self, s, seat): return 'speak'\n"
    )
    (tmp_path / "talk.py").write_text(source)
    player = bot("question['legal'] = ['{max_chars} at most\\n{moves[1]}'.format(**question['legal'])]")
    (record,) = arena.play(f"{tmp_path}/talk.py:Talk", [player, "uniform"], 1)
    assert record.turns[0].action == "50 at most\nno"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"command": ""}, "names no program"),
        ({"command": "no-such-program-here --x"}, "there is no program 'no-such-program-here'"),
        ({"command": "sh", "move_seconds": 0}, "will not do"),
        ({"command": "sh", "match_seconds": -1.0}, "will not do"),
        ({"command": "sh", "move_seconds": 1e9}, "will not do"),
        ({"command": "sh", "start_seconds": "3"}, "will not do"),
        ({"command": "sh", "crashes": "x"}, "will not do"),
    ],
)
def test_a_mistake_gets_one_sentence(options, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        Process(**options)
