"""Equals meet, nobody twice while it can be avoided, and every pairing follows from the results."""

import random
from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import arena
from arena.config import TournamentConfig
from arena.store import Store
from arena.tournaments.swiss import Swiss, pairings
from arena.tournaments.tournament import standings

NAMES = tuple("abcdefgh")


def play_rounds(names, rounds, rng):
    """Play rounds with random results; returns the meetings by round, and points and byes at the end."""
    points, met, byes, played = dict.fromkeys(names, 0.0), Counter(), Counter(), []
    for _ in range(rounds):
        meetings, bye = pairings(names, points, met, byes)
        for first, second in meetings:
            won = rng.choice([0.0, 0.5, 1.0])
            points[first] += won
            points[second] += 1 - won
            met[frozenset((first, second))] += 1
        if bye is not None:
            byes[bye] += 1
            points[bye] += 1
        played.append((meetings, bye))
    return played, points, byes


def fewest_rematches(names, met):
    """By trying all pairings."""
    if not names:
        return 0
    first, *rest = names
    return min(
        (frozenset((first, other)) in met) + fewest_rematches([name for name in rest if name != other], met)
        for other in rest
    )


def test_the_upper_half_meets_the_lower_half():
    assert pairings(NAMES, dict.fromkeys(NAMES, 0.0), {}, {}) == (
        [("a", "e"), ("b", "f"), ("c", "g"), ("d", "h")],
        None,
    )
    points = {"a": 1, "b": 1, "c": 0, "d": 1, "e": 0, "f": 0, "g": 1, "h": 0}
    assert pairings(NAMES, points, {}, {})[0] == [("a", "d"), ("b", "g"), ("c", "f"), ("e", "h")]


def test_who_is_left_over_floats_to_the_next_group():
    points = {"a": 1, "b": 1, "c": 1, "d": 0, "e": 0, "f": 0}
    assert pairings("abcdef", points, {}, {})[0] == [("a", "b"), ("c", "d"), ("e", "f")]


def test_an_opponent_is_not_met_again_while_another_is_free():
    met = {frozenset("ae"): 1, frozenset("bf"): 1}
    meetings, _ = pairings(NAMES, dict.fromkeys(NAMES, 0.0), met, {})
    assert not {frozenset(two) for two in meetings} & set(met)


def test_the_best_are_paired_so_that_the_others_can_be_too():
    """a and b could meet, but then c and d, who have met, would have to meet again."""
    points = {"a": 2, "b": 2, "c": 0, "d": 0}
    meetings, _ = pairings("abcd", points, {frozenset("cd"): 1}, {})
    assert sorted(map(sorted, meetings)) == [["a", "c"], ["b", "d"]]


@pytest.mark.parametrize("n", range(2, 13))
def test_a_bye_goes_round_before_anybody_has_a_second(n):
    names = [f"p{i}" for i in range(n)]
    played, _, byes = play_rounds(names, n, random.Random(n))
    if n % 2 == 0:
        assert not byes
        return
    assert set(byes.values()) == {1}
    assert played[0][1] == names[-1]
    for meetings, bye in played:
        assert sorted([name for two in meetings for name in two] + [bye]) == sorted(names)


@given(st.integers(2, 8), st.integers(0, 10_000))
def test_no_round_has_more_rematches_than_it_must(n, seed):
    names = [f"p{i}" for i in range(n)]
    rounds, _, _ = play_rounds(names, n - 1 + n % 2, random.Random(seed))
    met = set()
    for meetings, bye in rounds:
        playing = [name for name in names if name != bye]
        again = sum(frozenset(two) in met for two in meetings)
        assert again == fewest_rematches(playing, met)
        met |= {frozenset(two) for two in meetings}


def test_half_of_all_possible_rounds_need_no_rematch_at_all():
    """The graph of who has not met is then so dense that a perfect matching is certain (Dirac, 1952)."""
    names = [f"p{i}" for i in range(20)]
    for seed in range(5):
        rounds, _, _ = play_rounds(names, 10, random.Random(seed))
        met = Counter(frozenset(two) for meetings, _ in rounds for two in meetings)
        assert set(met.values()) == {1}


def test_a_stronger_one_ends_above_a_weaker_one():
    names = [f"p{i}" for i in range(16)]
    order = {name: i for i, name in enumerate(reversed(names))}
    points, met = dict.fromkeys(names, 0.0), Counter()
    for _ in range(4):
        for two in pairings(names, points, met, {})[0]:
            points[min(two, key=order.get)] += 1
            met[frozenset(two)] += 1
    assert max(points, key=points.get) == "p15"
    assert Counter(points.values()) == {4: 1, 3: 4, 2: 6, 1: 4, 0: 1}  # the binomial numbers: equals met equals


def config(**values):
    entrants = {
        "uniform": "uniform",
        "minimax": "minimax",
        "centre": 'script(prefer="5")',
        "corner": 'script(prefer="1")',
        "edge": 'script(prefer="2")',
    }
    given_ = {"game": "tic_tac_toe", "format": "swiss", "rounds": 3, "pairs": 5, "seed": 4, "entrants": entrants}
    return TournamentConfig(**{**given_, **values})


def test_a_swiss_is_played_rated_and_told(tmp_path):
    seen = []
    ladder = arena.tournament(config(), tmp_path, tell=seen.append)
    assert [progress.played for progress in seen] == list(range(1, 61))
    assert {progress.total for progress in seen} == {60}
    assert ladder.rows[0].name == "minimax"
    assert sum(row.matches for row in ladder.rows) == 120  # byes are not rated
    head, *lines = standings(tmp_path)
    assert head == "swiss: after 3 of 3 rounds, 5 pairs a meeting"
    assert lines[0].startswith("  1. minimax  points 3, Buchholz")
    assert sum(line.count("had a bye") for line in lines) == 2 * 3  # in the table and in the rounds
    assert [line.partition(":")[0] for line in lines[5:]] == ["round 1", "round 2", "round 3"]


def test_pairings_follow_from_the_store_alone(tmp_path):
    """Whoever reads the run finds the pairings that were played: the order of playing left no trace in them."""
    arena.tournament(config(rounds=5), tmp_path)
    with Store.read(tmp_path) as store:
        played = Counter(frozenset(record.entrants) for record in store.records())
    assert set(played.values()) == {10}
    assert set(played) == {frozenset(two) for two in combinations(config().entrants, 2)}  # 5 rounds: a round robin


def test_more_rounds_may_be_appended(tmp_path):
    arena.tournament(config(), tmp_path / "grown")
    with Store.read(tmp_path / "grown") as store:
        before = {record.key for record in store.records()}
    arena.tournament(config(rounds=5), tmp_path / "grown")
    arena.tournament(config(rounds=5), tmp_path / "whole")
    with Store.read(tmp_path / "grown") as grown, Store.read(tmp_path / "whole") as whole:
        assert before < {record.key for record in grown.records()} == {record.key for record in whole.records()}
    assert standings(tmp_path / "grown") == standings(tmp_path / "whole")


def test_an_unfinished_round_is_not_told(tmp_path):
    arena.tournament(config(pairs=60), tmp_path)
    whole = standings(tmp_path)
    with Store.open(tmp_path) as store, store.transaction():
        store._db.execute("DELETE FROM matches WHERE number > 333")  # of 240 a round
    assert standings(tmp_path)[0].startswith("swiss: after 1 of 3 rounds")
    arena.tournament(config(pairs=60), tmp_path)
    assert standings(tmp_path) == whole


def test_poker_is_scored_by_chips(tmp_path):
    entrants = {
        "equilibrium": 'tabular(table="arena.games.kuhn_poker:equilibrium")',
        "always_bet": 'script(prefer="bet")',
        "always_pass": 'script(prefer="pass")',
        "uniform": "uniform",
    }
    poker = config(game="kuhn_poker", entrants=entrants, pairs=400, rounds=3)
    arena.tournament(poker, tmp_path)
    first = standings(tmp_path)[1]
    assert first.split()[:2] == ["1.", "equilibrium"]  # by hands won it would be always_bet


def test_buchholz_is_the_sum_of_the_opponents_points_and_a_bye_counts_ones_own():
    swiss = Swiss(config(), arena.load_game("tic_tac_toe"))
    swiss.points.update(uniform=2.0, minimax=3.0, centre=1.5, corner=1.0, edge=1.5)
    swiss.met.update(
        [frozenset(("uniform", "minimax")), frozenset(("uniform", "corner")), frozenset(("edge", "centre"))]
    )
    swiss.byes["uniform"] = 1
    assert swiss.buchholz("uniform") == 3.0 + 1.0 + 2.0
    assert swiss.buchholz("edge") == 1.5
    swiss.met.update([frozenset(("corner", "centre"))])
    assert swiss.standings() == ["minimax", "uniform", "centre", "edge", "corner"]  # centre has met more than edge


CRASHING = """
from arena.players.uniform import UniformPlayer

class Crashing(UniformPlayer):
    def act(self, batch):
        raise RuntimeError("out of memory")
"""


def test_who_always_crashes_loses_every_meeting_and_the_tournament_ends(tmp_path):
    (tmp_path / "crashing.py").write_text(CRASHING)
    entrants = {"crashing": f"{tmp_path / 'crashing.py'}:Crashing", **config().entrants}
    ladder = arena.tournament(config(entrants=entrants), tmp_path / "run")
    assert ladder["crashing"].standing == "withdrawn"
    assert [line.split()[1:4] for line in standings(tmp_path / "run")[6:7]] == [["crashing", "points", "0,"]]
