import pytest

import arena
from arena.errors import RatingError
from arena.games.matrix import MatchingPennies
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
    assert str(one) == str(other), "the sentence and its numbers are those of the better one"
    assert str(one).startswith("minimax is better than uniform: +")
    assert one.high <= 1.0


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
    uniform = arena.load_player("uniform", game)
    with pytest.raises(RatingError, match="both players are called 'a'"):
        run(game, ("a", uniform), ("a", uniform))
    with pytest.raises(RatingError, match=r"minimax crashed in 4 of its 4 matches, more than 3%.*hides information"):
        arena.pit("minimax", "uniform", game, pairs=2)


def test_crashing_never_pays(tmp_path):
    """A player that crashes whenever its card is bad would win what is left of its matches."""
    (tmp_path / "p.py").write_text(
        "from arena.players.uniform import UniformPlayer\n"
        "class Picky(UniformPlayer):\n"
        "    def act(self, batch):\n"
        "        assert all('K' in request.text for request in batch), 'a bad card'\n"
        "        return super().act(batch)\n"
    )
    with pytest.raises(RatingError, match=r"crashed in .* so there is no verdict .*a bad card"):
        arena.pit(f"{tmp_path}/p.py:Picky", "uniform", "kuhn_poker", pairs=50)


def test_a_game_that_is_not_between_two_sides_is_refused():
    class Common(MatchingPennies):
        zero_sum = False

    class Three(MatchingPennies):
        sides = (0, 1, 2)

    with pytest.raises(RatingError, match="no zero-sum game"):
        arena.pit("uniform", "uniform", Common())
    with pytest.raises(RatingError, match="played by 3 sides"):
        arena.pit("uniform", "uniform", Three())
