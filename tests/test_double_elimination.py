"""Two lost meetings and one is out; nobody who crashes is carried, and nothing hangs."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

import arena
from arena.config import TournamentConfig
from arena.games.tic_tac_toe import TicTacToe
from arena.seeds import derive
from arena.store import Store
from arena.tournaments.double_elimination import DoubleElimination, bracket
from arena.tournaments.meeting import Score
from arena.tournaments.tournament import standings

GAME = TicTacToe()


def config(n, **values):
    entrants = {f"p{i}": "uniform" for i in range(1, n + 1)}
    return TournamentConfig(
        **{"game": "tic_tac_toe", "format": "double_elimination", "pairs": 1, "entrants": entrants, **values}
    )


def play(configuration, net, crashes=lambda first, second: (0, 0)):
    """Play it through, where `net(first, second, matches)` is the result of a meeting."""
    form = DoubleElimination(configuration, GAME)
    keys = []

    def score(first, second, fixtures):
        return Score(float(net(first, second, fixtures)), 0, 0, 0, crashes(first, second))

    for stage in form.stages(score):
        keys += [fixture.key for fixture in stage]
    return form, keys


def lower_number(first, second, _):
    return int(second[1:]) - int(first[1:])


def meetings(form):
    """(winner, loser) of all meetings, in order."""
    return re.findall(r"(p\d+) beat (p\d+)", " ".join(form.told))


def test_the_seeds_stand_as_in_every_bracket():
    assert bracket("abcdefgh") == ["a", "h", "d", "e", "b", "g", "c", "f"]
    assert bracket("abcde") == ["a", None, "d", "e", "b", None, "c", None]
    assert bracket("ab") == ["a", "b"]


def test_the_best_two_meet_in_the_first_round_only_if_they_are_alone():
    for n in range(3, 40):
        slots = bracket(list(range(n)))
        size = len(slots)
        assert {0, 1} - set(slots[: size // 2]) == {1}
        assert size < 2 * n
        assert [slots[i ^ 1] for i in range(size) if slots[i] is not None and slots[i] < size - n] == [None] * (
            size - n
        )


def test_eight_entrants_by_hand():
    form, _ = play(config(8), lower_number)
    assert meetings(form) == [
        *[("p1", "p8"), ("p4", "p5"), ("p2", "p7"), ("p3", "p6")],
        *[("p1", "p4"), ("p2", "p3")],
        *[("p5", "p8"), ("p6", "p7")],
        *[("p3", "p5"), ("p4", "p6")],  # who dropped from the other half
        ("p1", "p2"),
        ("p3", "p4"),
        ("p2", "p3"),
        ("p1", "p2"),
    ]
    assert form.words()[-1] == "places: 1. p1; 2. p2; 3. p3; 4. p4; 5. p5, p6; 7. p7, p8"


@given(st.integers(2, 20), st.integers(0, 2**32))
def test_who_loses_twice_is_out_and_all_but_the_winner_lose_twice(n, seed):
    form, keys = play(config(n), lambda first, second, fixtures: 2 * (derive(seed, fixtures[0].key) % 2) - 1)
    lost = Counter(loser for _, loser in meetings(form))
    (champion,) = form.out[-1]
    assert lost[champion] <= 1
    assert {lost[name] for name in form.seeds if name != champion} == {2}
    assert sorted(name for names in form.out for name in names) == sorted(form.seeds)
    assert len(meetings(form)) == 2 * (n - 1) + lost[champion]
    assert len(set(keys)) == len(keys) == 2 * len(meetings(form))


def test_the_grand_final_is_repeated_if_the_unbeaten_one_loses_it():
    form, _ = play(config(2), lower_number)
    assert meetings(form) == [("p1", "p2"), ("p1", "p2")]
    results = iter([1, -1, 1])  # p1, then p2 from below, then p1 again
    form, keys = play(config(2), lambda *_: next(results))
    assert meetings(form) == [("p1", "p2"), ("p2", "p1"), ("p1", "p2")]
    assert [line.partition(":")[0] for line in form.told] == [
        "winners bracket, round 1", "grand final", "grand final, once more",
    ]  # fmt: skip
    assert len(set(keys)) == 6  # rematches have deals of their own


def test_a_drawn_meeting_goes_on_pair_by_pair_and_the_others_wait_no_longer_than_they_must():
    seen = []

    def net(first, second, fixtures):
        seen.append((first, len(fixtures) // 2))
        return 0 if first == "p1" and len(fixtures) < 2 * 5 else 1

    form, _ = play(config(4, pairs=2), net)
    assert seen[:5] == [("p1", 2), ("p2", 2), ("p1", 3), ("p1", 4), ("p1", 5)]
    assert "p1 beat p4 after 3 extra pairs" in form.told[0]


@pytest.mark.parametrize("extra", [0, 3])
def test_after_the_limit_the_higher_seed_goes_on(extra):
    form, _ = play(config(4, extra_pairs=extra), lambda *_: 0)
    assert all(int(winner[1:]) < int(loser[1:]) for winner, loser in meetings(form))
    assert "as the higher seed" + (" after 3 extra pairs" if extra else "") in form.told[0]
    assert form.words()[-1].startswith("places: 1. p1; 2. p2;")


def test_but_never_because_it_crashed():
    form, _ = play(config(4, extra_pairs=1), lambda *_: 0, lambda first, second: (first == "p1", second == "p1"))
    assert "p4 beat p1 by fewer crashes after 1 extra pairs" in form.told[0]
    assert form.words()[-1].endswith("p1")


def test_given_strengths_seed_instead_of_the_order():
    form, _ = play(config(4, seeding={"p1": 1000, "p2": 900, "p3": 1200, "p4": 1100}), lower_number)
    assert form.seeds == ["p3", "p4", "p1", "p2"]
    assert meetings(form)[:2] == [("p2", "p3"), ("p1", "p4")]


def test_a_real_one_ends_with_its_bracket_and_its_ladder(tmp_path):
    entrants = {
        "uniform": "uniform",
        "minimax": "minimax",
        "centre": 'script(prefer="5")',
        "corner": 'script(prefer="1")',
        "edge": 'script(prefer="2")',
    }
    knock_out = config(5, entrants=entrants, pairs=5, extra_pairs=2, seed=3)
    seen = []
    ladder = arena.tournament(knock_out, tmp_path, tell=seen.append)
    assert {progress.total for progress in seen} == {None}
    assert [progress.played for progress in seen] == list(range(1, len(seen) + 1))
    assert ladder.rows[0].name == "minimax"
    lines = standings(tmp_path)
    assert lines[0] == "double elimination: seeds uniform, minimax, centre, corner, edge"
    assert lines[-1].startswith("places: 1. minimax; 2. ")
    again = []
    assert arena.tournament(knock_out, tmp_path, tell=again.append).rows == ladder.rows
    assert again == []
    assert standings(tmp_path) == lines
    with Store.read(tmp_path) as store:
        pairs = Counter(record.pair for record in store.records())
    assert set(pairs.values()) == {2}


CRASHING = """
from arena.players.uniform import UniformPlayer

class Crashing(UniformPlayer):
    def act(self, batch):
        raise RuntimeError("out of memory")
"""


def test_two_that_always_crash_end_too(tmp_path):
    (tmp_path / "crashing.py").write_text(CRASHING)
    spec = f"{tmp_path / 'crashing.py'}:Crashing"
    entrants = {"one": spec, "sober": "uniform", "clear": 'script(prefer="5")', "other": spec}
    knock_out = config(4, entrants=entrants, pairs=5, extra_pairs=2)
    ladder = arena.tournament(knock_out, tmp_path / "run")
    assert {row.name for row in ladder.rows if row.standing == "withdrawn"} == {"one", "other"}
    assert re.search(
        r"places: 1\. (sober; 2\. clear|clear; 2\. sober); 3\. one; 4\. other", standings(tmp_path / "run")[-1]
    )


SORE_LOSER = """
from arena.games.tic_tac_toe import LINES
from arena.players.uniform import UniformPlayer

class SoreLoser(UniformPlayer):
    def act(self, batch):
        for request in batch:
            board, other = request.state(), "xo"[1 - request.seat]
            if any(sorted(board[cell] for cell in line) == [".", other, other] for line in LINES):
                raise RuntimeError("out of memory")
        return super().act(batch)
"""


def test_who_crashes_rather_than_lose_does_not_win_the_meeting(tmp_path):
    """Its matches are dealt again after a crash, and those that it could finish are rated, which it never loses."""
    (tmp_path / "sore.py").write_text(SORE_LOSER)
    entrants = {"sore": f"{tmp_path / 'sore.py'}:SoreLoser", "one": "uniform", "two": "uniform"}
    ladder = arena.tournament(config(3, entrants=entrants, pairs=20, anchor="one"), tmp_path / "run")
    with Store.read(tmp_path / "run") as store:
        records = [record for record in store.records() if "sore" in record.entrants]
    rated = [record for record in records if record.stop.rated]
    assert any(record.crashes for record in rated)
    assert not any(record.returns[record.entrants.index("sore")] < 0 for record in rated)
    assert standings(tmp_path / "run")[-1].endswith("; 3. sore")
    assert ladder["sore"].standing == "withdrawn"
