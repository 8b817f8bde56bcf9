import pytest

import arena
from arena.errors import RatingError
from arena.tournaments.pit import run

EQUILIBRIUM = 'tabular(table="arena.games.kuhn_poker:equilibrium")'


def test_a_better_player_is_found_and_the_sentence_says_how_sure_that_is():
    verdict = arena.pit(EQUILIBRIUM, 'script(prefer="bet")', "kuhn_poker", pairs=2000)
    assert verdict.low > 0
    # Exactly: the mean over both seats of what the equilibrium earns from always-bet.
    assert verdict.low < 0.1111 < verdict.high
    assert "is better than" in str(verdict)
    assert verdict.wins + verdict.draws + verdict.losses == 4000
    assert verdict.stops == {"finished": 4000}


def test_a_player_cannot_be_told_apart_from_itself():
    verdict = arena.pit("uniform", "uniform", "kuhn_poker", pairs=500)
    assert (verdict.first, verdict.second) == ("uniform", "uniform #2")
    assert verdict.low < 0 < verdict.high
    assert "cannot be told apart after 500 pairs" in str(verdict)


def test_swapping_the_players_mirrors_the_verdict():
    one = arena.pit("minimax", "uniform", "tic_tac_toe", pairs=40, seed=3)
    other = arena.pit("uniform", "minimax", "tic_tac_toe", pairs=40, seed=3)
    assert (one.mean, one.low, one.high) == (-other.mean, -other.high, -other.low)
    assert (one.wins, one.losses) == (other.losses, other.wins)


def test_the_same_seed_gives_the_same_verdict_and_another_seed_another():
    first = arena.pit("uniform", 'script(prefer="raise")', "leduc_poker", pairs=100, seed=1)
    assert first == arena.pit("uniform", 'script(prefer="raise")', "leduc_poker", pairs=100, seed=1)
    assert first != arena.pit("uniform", 'script(prefer="raise")', "leduc_poker", pairs=100, seed=2)


def test_progress_is_told():
    told = []
    arena.pit("uniform", "uniform", "matching_pennies", pairs=5, tell=told.append)
    assert told == list(range(1, 11))


def test_players_of_one_name_and_players_that_only_crash_are_refused():
    game = arena.load_game("kuhn_poker")
    with pytest.raises(RatingError, match="both players are called 'uniform'"):
        run(game, arena.load_player("uniform", game), arena.load_player("uniform", game))
    with pytest.raises(RatingError, match="no match was completed: minimax crashed"):
        arena.pit("minimax", "uniform", game, pairs=2)
