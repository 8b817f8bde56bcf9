"""Two runs become one: every match once, all of it or nothing, and only what belongs together."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

import arena
from arena.config import TournamentConfig
from arena.errors import ConfigError, RunLocked, StoreError
from arena.store import Store
from arena.tournaments.merge import run as merge

SPECS = {
    "uniform": "uniform",
    "bet": 'script(prefer="bet")',
    "pass": 'script(prefer="pass")',
    "equilibrium": 'tabular(table="arena.games.kuhn_poker:equilibrium")',
}


def played(folder, *names, **values):
    entrants = {name: SPECS[name] for name in names}
    config = TournamentConfig(**{"game": "kuhn_poker", "pairs": 20, "block_pairs": 5, "entrants": entrants, **values})
    arena.tournament(config, folder)
    return config


def records(folder):
    with Store.read(folder) as store:
        return {record.key: record for record in store.records()}


def test_every_match_is_there_once_with_all_it_had(tmp_path):
    played(tmp_path / "a", "uniform", "bet", "pass")
    played(tmp_path / "b", "bet", "pass", "equilibrium")
    a, b = records(tmp_path / "a"), records(tmp_path / "b")
    assert len(set(a) & set(b)) == 40  # bet and pass met in both, with the same cards
    assert merge(tmp_path / "a", tmp_path / "b", tmp_path / "c") == len({**a, **b}) == 200
    assert records(tmp_path / "c") == {**b, **a}
    assert sorted(os.listdir(tmp_path)) == ["a", "b", "c"]


def test_the_merged_run_is_rated_and_goes_on(tmp_path):
    played(tmp_path / "a", "uniform", "bet", "pass")
    played(tmp_path / "b", "bet", "pass", "equilibrium")
    merge(tmp_path / "a", tmp_path / "b", tmp_path / "c")
    seen = []
    config = TournamentConfig(game="kuhn_poker", pairs=20, block_pairs=5, entrants=SPECS)
    ladder = arena.tournament(config, tmp_path / "c", tell=seen.append)
    assert len(seen) == 40  # uniform and the equilibrium had not met
    whole = arena.tournament(config, tmp_path / "whole")
    assert ladder.rows == whole.rows


def test_runs_of_two_seeds_add_up_and_no_pair_is_torn(tmp_path):
    played(tmp_path / "a", "uniform", "bet", seed=1)
    played(tmp_path / "b", "uniform", "bet", seed=2)
    assert merge(tmp_path / "a", tmp_path / "b", tmp_path / "c") == 80
    with Store.read(tmp_path / "c") as store:
        pairs = [result.pair for result in store.results(arena.load_game("kuhn_poker"))]
    assert len(set(pairs)) == 40
    assert {pairs.count(pair) for pair in pairs} == {2}


def test_merging_again_and_in_any_order_gives_the_same_matches(tmp_path):
    played(tmp_path / "a", "uniform", "bet")
    played(tmp_path / "b", "uniform", "pass", format="double_elimination")
    merge(tmp_path / "a", tmp_path / "b", tmp_path / "ab")
    merge(tmp_path / "b", tmp_path / "a", tmp_path / "ba")
    merge(tmp_path / "ab", tmp_path / "a", tmp_path / "aba")
    assert records(tmp_path / "ab") == records(tmp_path / "ba") == records(tmp_path / "aba")


@pytest.mark.parametrize(
    ("names", "values", "sentence"),
    [
        (["bet"], {"game": "leduc_poker", "entrants": {"bet": "uniform", "x": "uniform"}}, "leduc_poker, another game"),
        (["bet"], {"entrants": {"bet": "uniform", "pass": SPECS["pass"]}}, "one name must mean one player"),
        (["bet", "pass"], {"patience": {"retries": 0}}, "differ in patience"),
    ],
)
def test_what_does_not_belong_together_is_refused(tmp_path, names, values, sentence):
    played(tmp_path / "a", "uniform", "bet")
    played(tmp_path / "b", *names, **values)
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        merge(tmp_path / "a", tmp_path / "b", tmp_path / "c")
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]


def test_a_new_folder_and_two_tournaments_are_needed(tmp_path):
    played(tmp_path / "a", "uniform", "bet")
    with pytest.raises(ConfigError, match="exists already: name a new folder"):
        merge(tmp_path / "a", tmp_path / "a", tmp_path / "a")
    with Store.open(tmp_path / "league") as store, store.transaction():
        store.put_meta({"format": "league", "config": {"game": "kuhn_poker"}})
    with pytest.raises(ConfigError, match="holds no tournament"):
        merge(tmp_path / "a", tmp_path / "league", tmp_path / "c")
    with pytest.raises(StoreError, match="there is no run"):
        merge(tmp_path / "a", tmp_path / "nothing", tmp_path / "c")


def test_two_cannot_merge_into_the_same_folder_at_once(tmp_path):
    played(tmp_path / "a", "uniform", "bet")
    with Store.open(tmp_path / ".c.draft"), pytest.raises(RunLocked):
        merge(tmp_path / "a", tmp_path / "a", tmp_path / "c")


def test_a_merge_that_is_killed_leaves_nothing_and_can_be_given_again(tmp_path):
    entrants = {"one": "uniform", "two": "uniform"}
    for name, seed in (("a", 1), ("b", 2)):
        arena.tournament(TournamentConfig(game="kuhn_poker", pairs=1500, seed=seed, entrants=entrants), tmp_path / name)
    command = [sys.executable, "-m", "arena", "merge", "a", "b", "--into", "c"]
    hits = 0
    for wait in (0.0, 0.005, 0.01, 0.02):
        process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + 60
        while not (tmp_path / ".c.draft/run.sqlite").exists() and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
        hits += not (tmp_path / "c").exists()
        if (tmp_path / "c").exists():
            assert len(records(tmp_path / "c")) == 6000  # whole or not there
            shutil.rmtree(tmp_path / "c")
    assert hits
    merge(tmp_path / "a", tmp_path / "b", tmp_path / "c")
    assert records(tmp_path / "c") == {**records(tmp_path / "a"), **records(tmp_path / "b")}
    assert sorted(os.listdir(tmp_path)) == ["a", "b", "c"]
