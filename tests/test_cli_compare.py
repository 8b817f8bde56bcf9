"""Comparing two players, and one with its best response, on the command line: real processes, some of them killed."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from arena.store import Store
from tests.command_line import run, succeed

CENTRE = 'script(prefer="5")'

# A real player that takes its time and does not say how it plays.
SLOW = """
import os
import time
from pathlib import Path
from arena.players.uniform import UniformPlayer

class Slow:
    name = "slow"

    def act(self, batch):
        Path(__file__).with_suffix(".asked").touch()
        time.sleep(float(os.environ.get("PAUSE", "0")))
        return UniformPlayer().act(batch)
"""


def pit(*arguments):
    return succeed("pit", *arguments)


def test_pit_says_who_is_better():
    text = pit("uniform", "minimax", "--game", "tic_tac_toe", "--pairs", 30)
    first, numbers, elo = text.splitlines()
    assert first == "SPRT: H1 accepted, minimax is better than uniform, after 16 pairs"
    assert re.match(r"\+0\.\d+ per match, 95% interval \[\+", numbers)
    assert numbers.endswith("matches won 30 (exactly 87.3%), drawn 2 (12.7%), lost 0 (0.0%)")
    assert "nElo" in elo
    assert elo.endswith("[0, 100]")


def test_pit_answers_a_payoff_game_exactly():
    text = pit('tabular(table="arena.games.kuhn_poker:equilibrium")', 'script(prefer="bet")', "-g", "kuhn_poker")
    assert "is better than" in text
    assert "exactly +0.111111 per match, by the policies that they state" in text
    assert "\nas played, " in text
    assert re.search(r"matches won \d+ \(exactly 40\.6%\), drawn 0 \(0\.0%\), lost \d+ \(59\.4%\)\n", text)


def test_pit_says_that_it_does_not_know():
    text = pit("uniform", CENTRE, "-g", "tic_tac_toe", "--pairs", 20, "--elo1", 5, "--alpha", 0.01)
    assert text.startswith(f"SPRT: undecided after 20 pairs between uniform and {CENTRE}: play more with --pairs\n")
    assert "99% interval" in text


def test_pit_compares_in_one_role():
    text = pit("minimax", "uniform", "-g", "tic_tac_toe", "--role", "second", "--against", "uniform")
    assert text.startswith("minimax is better than uniform as second against uniform #2")
    assert "pairs won" in text


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-g", "tic_tac_toe", "--elo0", 5, "--elo1", 5], "elo0 = 5 must lie below elo1 = 5: H1 is the stronger claim"),
        (["-g", "tic_tac_toe", "--alpha", 1.5], "alpha = 1.5 and beta = 0.05 are no error rates"),
        (["-g", "tic_tac_toe", "--role", "first"], "needs both: --role ROLE and --against PLAYER"),
        (
            ["-g", "tic_tac_toe", "--role", "third", "--against", "uniform"],
            "has no role 'third': its roles are first, second",
        ),
        (["-g", "tic_tac_toe", "--pairs", -3], "-3 pairs cannot be played: ask for 1 or more"),
        (["-g", "kuhn_poker", "--elo1", 50], "kuhn_poker is scored by payoff, so there is no Elo to test"),
        (["-g", "tic_tac_toe", "--precision", -1], "precision = -1 is no half-width"),
        (["-g", "tic_tac_toe", "--model", "bayes"], "model"),
        (["-g", "tic_tac_toe", "--pairs", 50, "--min-pairs", 60], "no verdict before 60 pairs, but 50 are the most"),
    ],
)
def test_a_mistake_is_one_sentence(arguments, sentence):
    done = run("pit", "uniform", "minimax" if "tic_tac_toe" in arguments else "uniform", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


def start(folder, pause, *more):
    """Begin a comparison of a slow player in a process of its own."""
    (folder / "slow.py").write_text(SLOW)
    command = [sys.executable, "-m", "arena", "pit", f"{folder}/slow.py:Slow", CENTRE, "-g", "tic_tac_toe"]
    command += ["--pairs", "200", "--elo1", "5", "--seed", "4", *map(str, more)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "PAUSE": str(pause)},
    )  # fmt: skip


def count(folder):
    """Return how many matches a run holds, which may not have begun."""
    if not (folder / "run.sqlite").exists():
        return 0
    try:
        with Store.read(folder) as store:
            return store.count()
    except Exception:  # noqa: BLE001 - it is being made at this moment
        return 0


def wait_for(matches, folder, process):
    deadline = time.monotonic() + 60
    while count(folder) < matches and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert process.poll() is None, "it was over before it was stopped"
    assert count(folder) >= matches


def test_a_comparison_that_is_killed_goes_on_and_says_the_same(tmp_path):
    kept = tmp_path / "kept"
    for matches in (20, 50, 120):
        process = start(tmp_path, 0.05, "--run", kept)
        wait_for(matches, kept, process)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    before = count(kept)
    out, err = start(tmp_path, 0, "--run", kept).communicate(timeout=120)
    whole, _ = start(tmp_path, 0).communicate(timeout=120)
    assert out == whole, err
    assert before < count(kept) == 400
    with Store.read(kept) as store:
        assert len({record.key for record in store.records()}) == 400

    other = run("pit", "uniform", CENTRE, "-g", "tic_tac_toe", "--run", kept)
    assert other.returncode == 2
    assert re.fullmatch(r"arena: .* was begun with entrants = .*: use another folder\n", other.stderr)


def test_an_interrupt_prints_what_is_known(tmp_path):
    kept = tmp_path / "kept"
    process = start(tmp_path, 0.05, "--run", kept)
    wait_for(40, kept, process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert re.match(r"interrupted after \d+ pairs: no verdict yet on \S+slow.py:Slow and script", out)
    assert "per match, 95% interval" in out
    assert "the same command goes on from here" in err
    assert "Traceback" not in err


def test_an_interrupt_without_a_folder_promises_nothing(tmp_path):
    process = start(tmp_path, 5)
    while not (tmp_path / "slow.asked").exists() and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == "interrupted before a pair was complete: no verdict\n"
    assert "goes on" not in err
    assert "Traceback" not in err


def test_exploit_is_exact_and_says_where_it_is_lost():
    text = succeed("exploit", "uniform", "--game", "kuhn_poker", "--top", 1)
    assert text.splitlines() == [
        "measured: the policy that it states at each of 12 information sets",
        "NashConv 0.916667 (exploitability 0.458333), 0 at equilibrium",
        "  first: earns +0.125000 against itself, a best response +0.500000",
        "    costs 0.125000  your card: K; so far: pass, bet",
        "                    better: bet; plays pass 0.50, bet 0.50",
        "  second: earns -0.125000 against itself, a best response +0.416667",
        "    costs 0.250000  your card: K; so far: bet",
        "                    better: bet; plays pass 0.50, bet 0.50",
    ]


def test_exploit_shows_no_more_than_it_is_asked_for_and_fits_the_screen():
    assert "costs" not in succeed("exploit", "uniform", "--game", "kuhn_poker", "--top", 0)
    long = succeed("exploit", "uniform", "--game", "liars_dice(faces=4)", "--top", 4)
    assert long.count("costs") == 8
    assert "others" in long
    assert max(map(len, long.splitlines())) <= 80
    refused = run("exploit", "uniform", "--game", "kuhn_poker", "--top", -1)
    assert refused.returncode == 2
    assert refused.stderr == "arena: top = -1 places cannot be shown: ask for 0 or more\n"


def test_exploit_by_samples_says_how_many_it_asks_for_and_what_they_are_worth():
    done = run("exploit", "uniform", "--game", "kuhn_poker", "--top", 1, "--samples", 300, "--seed", 4)
    assert done.stderr.splitlines()[0] == "asking for 3,600 replies, 300 at each of 12 information sets"
    first, second, third, fourth, *rest = done.stdout.splitlines()
    assert first == "measured: 300 replies at each of 12 information sets"
    assert re.fullmatch(r"NashConv 0\.[89]\d+ as sampled \(exploitability 0\.4\d+\), 0 at equilibrium", second)
    bounds = re.fullmatch(r"  at most (1\.\d+) with 95% confidence; an equilibrium would show 0\.0(\d+)", third)
    assert float(bounds[1]) > 11 / 12
    assert fourth == "  forfeits: 0.00% of replies (at most 0.00%), 0.00% of its matches"
    assert len(rest) == 6
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert done.stdout == succeed("exploit", "uniform", "-g", "kuhn_poker", "--top", 1, "--samples", 300, "--seed", 4)


def test_exploit_that_is_interrupted_promises_nothing(tmp_path):
    (tmp_path / "slow.py").write_text(SLOW)
    process = subprocess.Popen(
        [sys.executable, "-m", "arena", "exploit", f"{tmp_path}/slow.py:Slow", "-g", "kuhn_poker"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PAUSE": "5"},
    )  # fmt: skip
    while not (tmp_path / "slow.asked").exists() and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == "interrupted before all replies were there: nothing was measured\n"
    assert "goes on" not in err
    assert "Traceback" not in err


LAW = """
import numpy as np

class Lawful:
    name = "lawful"

    def act(self, batch):
        raise RuntimeError("it is not asked")

    def law(self, batch):
        return np.tile([0.35, 0.60, 0.05], (len(batch), 1))
"""


def test_exploit_shows_what_is_forfeited(tmp_path):
    (tmp_path / "lawful.py").write_text(LAW)
    text = succeed("exploit", f"{tmp_path}/lawful.py:Lawful", "--game", "kuhn_poker", "--top", 1)
    lines = text.splitlines()
    assert lines[0] == "measured: the law of its replies at each of 12 information sets, computed"
    assert lines[2:4] == [
        "  forfeits: 5.00% of replies (at most 5.00%), 10.80% of its matches",
        "  (legal moves in other words are among them: --samples N reads what it says)",
    ]
    assert "plays bet 0.60, pass 0.35, forfeits 0.05\n" in text
    assert max(map(len, lines)) <= 80


def test_exploit_says_that_nothing_is_lost():
    text = succeed("exploit", 'tabular(table="arena.games.kuhn_poker:equilibrium")', "--game", "kuhn_poker")
    lines = text.splitlines()
    assert [lines[3], lines[5]] == ["    no decision there costs anything"] * 2
    assert len(lines) == 6
    without = succeed("exploit", 'tabular(table="arena.games.kuhn_poker:equilibrium")', "-g", "kuhn_poker", "--top", 0)
    assert "no decision" not in without


NEARLY = """
from arena.games.kuhn_poker import equilibrium

def rarely():
    return equilibrium() | {"your card: K; so far: bet": {"bet": 0.998, "pass": 0.002}}

def hardly():
    return equilibrium() | {"your card: K; so far: bet": {"bet": 1 - 1e-7, "pass": 1e-7}}
"""


def test_exploit_shows_what_is_wrong_with_a_decision_that_is_nearly_always_right(tmp_path):
    (tmp_path / "nearly.py").write_text(NEARLY)
    rarely = succeed("exploit", f'tabular(table="{tmp_path}/nearly.py:rarely")', "--game", "kuhn_poker")
    assert "better: bet; plays bet 1.00, pass 0.002\n" in rarely
    hardly = succeed("exploit", f'tabular(table="{tmp_path}/nearly.py:hardly")', "--game", "kuhn_poker")
    assert "costs 0.000000" not in hardly
    assert hardly.count("no decision there costs anything") == 2


WIDE = """
from arena.games.matrix import Matrix

class Wide(Matrix):
    name = "wide"

    def __init__(self):
        super().__init__([[float(i == j) for j in range(300)] for i in range(300)])
        self.payoffs = ((5.0,) * 300, *self.payoffs[1:])

    def view(self, s, seat):
        return "" if seat else "line one\\nline two"
"""


def test_exploit_finds_words_for_a_wide_game_and_an_empty_view(tmp_path):
    (tmp_path / "wide.py").write_text(WIDE)
    text = succeed("exploit", "uniform", "--game", f"{tmp_path}/wide.py:Wide", "--top", 1)
    assert re.search(r"costs 4\.9\d+  line one / line two\n +better: 1; plays 1 0\.00, 299 others\n", text)
