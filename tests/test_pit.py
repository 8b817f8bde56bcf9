"""Two players compared: how it ends, what is counted, and that a stopped run goes on."""

from itertools import pairwise

import numpy as np
import pytest

import arena
from arena.errors import ConfigError, RatingError
from arena.games.matrix import MatchingPennies
from arena.match import play_fixtures
from arena.player import Move
from arena.players.uniform import UniformPlayer
from arena.sprt import Decision
from arena.store import Store
from arena.tournaments.contest import Contest
from arena.tournaments.pit import MIN_PAIRS, PAIRS, looks, run
from arena.tournaments.verdict import Ended

EQUILIBRIUM = 'tabular(table="arena.games.kuhn_poker:equilibrium")'
CENTRE = 'script(prefer="5")'


class Silent:
    """A player that does not say how it plays."""

    def __init__(self, spec, game):
        self.name = "silent"
        self._player = arena.load_player(spec, arena.load_game(game))

    def act(self, batch):
        return self._player.act(batch)


def test_a_clear_difference_is_found_in_few_pairs():
    verdict = arena.pit("minimax", "uniform", "tic_tac_toe", seed=3)
    assert (verdict.ended, verdict.decision, verdict.pairs) == (Ended.DECIDED, Decision.FIRST, MIN_PAIRS)
    assert verdict.wins + verdict.draws + verdict.losses == 2 * verdict.pairs
    assert sum(verdict.counts) == verdict.pairs
    assert verdict.stops == {"finished": 2 * verdict.pairs}
    assert 0 < verdict.low < verdict.mean < verdict.high <= 1
    assert str(verdict).startswith("SPRT: H1 accepted, minimax is better than uniform, after 16 pairs\n+")


def test_swapping_the_players_mirrors_the_verdict():
    one = arena.pit("minimax", "uniform", "tic_tac_toe", seed=3)
    other = arena.pit("uniform", "minimax", "tic_tac_toe", seed=3)
    assert (one.mean, one.low, one.high) == pytest.approx((-other.mean, -other.high, -other.low))
    assert (one.wins, one.losses, one.counts) == (other.losses, other.wins, other.counts[::-1])
    assert (one.decision, other.decision) == (Decision.FIRST, Decision.SECOND)
    assert str(one) == str(other), "the sentence and its numbers are those of the better one"


def test_equal_players_of_one_spec_are_found_equal_or_stay_undecided():
    verdict = arena.pit("uniform", "uniform", "tic_tac_toe")
    assert (verdict.first, verdict.second) == ("uniform", "uniform #2")
    assert verdict.decision is Decision.NEITHER
    assert "are not 100 Elo apart" in str(verdict)
    few = arena.pit("uniform", "uniform", "tic_tac_toe", pairs=20, elo1=20)
    assert (few.ended, few.decision, few.pairs) == (Ended.LIMIT, Decision.OPEN, 20)
    assert "SPRT: undecided after 20 pairs" in str(few)


@pytest.mark.parametrize("game", ["tic_tac_toe", "matching_pennies"])
def test_one_pair_proves_nothing(game):
    for seed in range(10):
        verdict = arena.pit("uniform", Silent("uniform", game), game, pairs=1, min_pairs=1, seed=seed)
        assert (verdict.ended, verdict.decision) == (Ended.LIMIT, Decision.OPEN)


def test_a_one_sided_question():
    verdict = arena.pit("minimax", "uniform", "tic_tac_toe", elo0=0, elo1=50)
    assert not verdict.test.two_sided
    assert "minimax leads uniform by +50 Elo or more rather than by +0 Elo" in str(verdict)
    worse = arena.pit("uniform", "minimax", "tic_tac_toe", elo0=0, elo1=50, model="normalised")
    assert worse.decision is Decision.NEITHER
    assert "uniform leads minimax by +0 Elo or less rather than by +50 Elo" in str(worse)


def test_stated_policies_answer_exactly():
    verdict = arena.pit(EQUILIBRIUM, 'script(prefer="bet")', "kuhn_poker")
    assert (verdict.ended, verdict.decision, verdict.pairs) == (Ended.EXACT, Decision.FIRST, MIN_PAIRS)
    assert verdict.exact == pytest.approx(1 / 9)  # the mean over both seats of what the equilibrium earns
    same = arena.pit("uniform", "uniform", "leduc_poker", pairs=1)
    assert (same.ended, same.decision, same.exact) == (Ended.EXACT, Decision.NEITHER, 0.0)


def test_a_player_that_plays_another_policy_than_it_states_is_noticed():
    game = arena.load_game("kuhn_poker")

    class Claims(UniformPlayer):
        """Says that it plays uniformly, and always passes."""

        name = "claims"

        def act(self, batch):
            return arena.load_player('script(prefer="pass")', game).act(batch)

    verdict = arena.pit(Claims(), 'script(prefer="bet")', game, min_pairs=200)
    assert "but the matches say otherwise: somebody plays another policy" in str(verdict)


FOLD, RAISE, CALL = ('script(prefer="fold")', 'script(prefer="raise")', 'script(prefer="call")')


def test_a_payoff_game_stops_when_its_interval_excludes_zero():
    verdict = arena.pit(Silent(FOLD, "leduc_poker"), Silent(RAISE, "leduc_poker"), "leduc_poker")
    assert (verdict.ended, verdict.decision) == (Ended.DECIDED, Decision.SECOND)
    assert verdict.high < 0
    assert verdict.pairs < 300
    assert verdict.saved == 1.0


def test_luck_is_taken_out_where_one_player_states_its_policy():
    helped = arena.pit(Silent(RAISE, "leduc_poker"), "uniform", "leduc_poker", pairs=600)
    plain = arena.pit(Silent(RAISE, "leduc_poker"), Silent("uniform", "leduc_poker"), "leduc_poker", pairs=600)
    assert helped.saved > 2
    assert "AIVAT took luck out" in str(helped)
    assert helped.high - helped.low < 0.8 * (plain.high - plain.low)
    exact = arena.pit(RAISE, "uniform", "leduc_poker", pairs=1).exact
    assert helped.low < exact < helped.high


def test_a_bad_guess_of_a_silent_player_is_given_up():
    """Somebody who always folds is taken to play uniformly; its luck would add to the variance."""
    verdict = arena.pit(Silent(FOLD, "leduc_poker"), "uniform", "leduc_poker", pairs=200)
    assert verdict.saved > 0.6
    assert verdict.low < -0.75 < verdict.high


def test_precision_stops_as_soon_as_the_interval_is_narrow():
    verdict = arena.pit("uniform", CENTRE, "tic_tac_toe", precision=0.25, elo1=5)
    assert verdict.ended is Ended.PRECISE
    assert (verdict.high - verdict.low) / 2 <= 0.25
    assert verdict.pairs < PAIRS
    assert verdict.decision is Decision.OPEN
    with pytest.raises(ConfigError, match=r"precision = -0.1 is no half-width"):
        arena.pit("uniform", "uniform", "tic_tac_toe", precision=-0.1)
    with pytest.raises(ConfigError, match="precision = nan"):
        arena.pit("uniform", "uniform", "tic_tac_toe", precision=float("nan"))


def test_players_that_repeat_themselves_end_at_once():
    first = arena.pit(CENTRE, 'script(prefer="1")', "tic_tac_toe", elo1=5)
    assert (first.ended, first.pairs) == (Ended.REPEATED, MIN_PAIRS)
    assert "went the same way, move for move" in str(first)
    assert arena.pit(CENTRE, 'script(prefer="1")', "tic_tac_toe", elo1=5, min_pairs=20).pairs == 20


def test_pairs_that_all_pay_the_same_end_after_sixty():
    """The same policy twice on the same deals pays 0 in every pair, though no two pairs go alike."""
    one, other = (Silent('script(prefer="raise")', "leduc_poker") for _ in range(2))
    verdict = arena.pit(one, other, "leduc_poker")
    assert (verdict.ended, verdict.pairs, verdict.mean) == (Ended.EVEN, 64, 0.0)
    assert "cannot be told apart: each of 64 pairs was even" in str(verdict)


def test_alpha_is_the_intervals_too():
    wide = arena.pit("uniform", CENTRE, "tic_tac_toe", pairs=30, alpha=0.005, elo1=5)
    usual = arena.pit("uniform", CENTRE, "tic_tac_toe", pairs=30, elo1=5)
    assert wide.low < usual.low < usual.high < wide.high
    assert "99.5% interval" in str(wide)


def test_one_role_of_a_game_of_winning():
    verdict = arena.pit("minimax", CENTRE, "tic_tac_toe", role="second", against=Silent("uniform", "tic_tac_toe"))
    assert (verdict.decision, verdict.test) == (Decision.FIRST, None)
    assert "minimax is better than " + CENTRE + " as second against silent" in str(verdict)
    assert "; pairs won " in str(verdict)
    swapped = arena.pit(CENTRE, "minimax", "tic_tac_toe", role="second", against=Silent("uniform", "tic_tac_toe"))
    assert str(swapped) == str(verdict)


def test_one_role_is_answered_exactly_where_all_three_state_their_policies():
    verdict = arena.pit(EQUILIBRIUM, "uniform", "kuhn_poker", role="second", against='script(prefer="bet")')
    assert verdict.ended is Ended.EXACT
    assert verdict.exact > 0
    assert verdict.decision is Decision.FIRST


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"role": "first"}, "needs both: --role ROLE and --against PLAYER"),
        ({"against": "uniform"}, "needs both: --role ROLE and --against PLAYER"),
        ({"role": "third", "against": "uniform"}, "has no role 'third'"),
        ({"elo1": 50}, "scored by payoff, so there is no Elo to test"),
        ({"role": "first", "against": "uniform", "elo0": 0}, "one role is compared, so there is no Elo to test"),
        ({"alpha": 1.5}, r"alpha = 1\.5"),
        ({"pairs": 0}, "0 pairs cannot be played"),
        ({"min_pairs": -2}, "-2 pairs cannot be played"),
    ],
)
def test_what_cannot_be_asked_is_refused(changes, sentence):
    with pytest.raises(ConfigError, match=sentence):
        arena.pit("uniform", 'script(prefer="bet")', "kuhn_poker", **changes)


def test_players_of_one_name_are_refused():
    game = arena.load_game("kuhn_poker")
    uniform = arena.load_player("uniform", game)
    with pytest.raises(RatingError, match="both players are called 'a'"):
        run(game, ("a", uniform), ("a", uniform))
    with pytest.raises(RatingError, match="both players are called 'b'"):
        run(game, ("a", uniform), ("b", uniform), role="first", against=("b", uniform))


def test_a_game_that_is_not_between_two_sides_is_refused():
    class Common(MatchingPennies):
        zero_sum = False

    class Three(MatchingPennies):
        sides = (0, 1, 2)

    with pytest.raises(RatingError, match=r"no zero-sum game.*--role"):
        arena.pit("uniform", "uniform", Common())
    with pytest.raises(RatingError, match="played by 3 sides"):
        arena.pit("uniform", "uniform", Three())


def test_players_that_only_crash_are_refused():
    class Peeks:
        name = "peeks"

        def act(self, batch):
            return [Move(str(request.state())) for request in batch]

    with pytest.raises(RatingError, match=r"peeks crashed in 4 of its 4 matches, more than 3%.*hides information"):
        arena.pit(Peeks(), "uniform", "kuhn_poker", pairs=2)


class Crashes(UniformPlayer):
    """A uniform player that crashes in the matches that `when` picks by their key, at every try."""

    name = "crashes"

    def __init__(self, when):
        self.when = when

    def act(self, batch):
        assert not any(self.when(request.match) for request in batch), "out of paper"
        return super().act(batch)


def test_crashing_too_often_leaves_no_verdict():
    with pytest.raises(RatingError, match=r"crashes crashed in .* so there is no verdict .*out of paper"):
        arena.pit(Crashes(lambda key: key[0] in "01"), "uniform", "tic_tac_toe")


def test_a_rare_crash_costs_its_pair_and_nothing_else():
    contest = Contest(arena.load_game("tic_tac_toe"), "crashes", "uniform", 0)
    bad = contest.fixtures(5)[1].key
    verdict = arena.pit(Crashes(lambda key: key == bad), "uniform", "tic_tac_toe", pairs=40, elo1=5)
    assert verdict.pairs == 39
    assert verdict.stops == {"finished": 79, "abandoned": 1}
    assert "1 abandoned" in str(verdict)
    bad = Contest(contest.game, "crashes", "minimax", 0).fixtures(5)[1].key
    early = arena.pit(Crashes(lambda key: key == bad), "minimax", "tic_tac_toe")
    assert early.decision is Decision.SECOND
    assert early.pairs == 31, "one crash in 32 matches is more than 3%, so the verdict waited"


def test_forfeits_count_and_stay_within_the_bounds():
    class Coward:
        name = "coward"

        def act(self, batch):
            return [Move("nonsense")] * len(batch)

    verdict = arena.pit(Coward(), "uniform", "leduc_poker")
    assert verdict.decision is Decision.SECOND
    assert verdict.stops == {"forfeit": 2 * verdict.pairs}
    assert f"{2 * verdict.pairs} forfeit" in str(verdict)


# The order of the pairs, and what is told.


def test_pairs_count_in_the_order_of_their_numbers_not_of_their_ends():
    """The verdict after n pairs is that on pairs 0 … n − 1, though a slow match of pair 0 ends last."""
    contest = Contest(arena.load_game("tic_tac_toe"), "silent", "uniform", 7)
    short, whole = (arena.pit(Silent(CENTRE, "tic_tac_toe"), "uniform", "tic_tac_toe", pairs, 7) for pairs in (16, 500))
    assert whole.pairs >= short.pairs
    players = {"silent": Silent(CENTRE, "tic_tac_toe"), "uniform": UniformPlayer()}
    values = []
    for number in range(16):
        records = list(play_fixtures(contest.game, contest.fixtures(number), players))
        values.append(contest.observe(records, {}))
    assert short.mean == pytest.approx(np.mean(values))


def test_the_same_seed_gives_the_same_verdict_and_another_seed_another():
    play = [arena.pit("uniform", CENTRE, "tic_tac_toe", 30, seed, elo1=5) for seed in (1, 1, 2)]
    assert play[0] == play[1]
    assert play[0] != play[2]


def test_progress_is_told():
    told = []
    arena.pit("uniform", CENTRE, "tic_tac_toe", 40, tell=told.append, elo1=5)
    assert [progress.played for progress in told] == list(range(1, 81))
    assert {progress.most for progress in told} == {80}
    assert told[0].note == ""
    assert told[-1].note.startswith("LLR ")


def test_an_interrupt_tells_what_is_known_so_far():
    told = []

    def interrupt(progress):
        told.append(progress)
        if progress.played == 50:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        arena.pit("uniform", CENTRE, "tic_tac_toe", elo1=5, tell=interrupt)
    verdict = told[-1].verdict
    assert (verdict.ended, verdict.decision) == (Ended.INTERRUPTED, Decision.OPEN)
    assert 16 <= verdict.pairs <= 25
    assert str(verdict).startswith(f"interrupted after {verdict.pairs} pairs: no verdict yet on")


def test_a_kept_comparison_goes_on(tmp_path):
    """Stopped at any match, it plays nothing twice and says the same."""

    def compare(folder, stop=0, pairs=80):
        played = []

        def tell(progress):
            played.append(progress.played)
            if len(played) == stop:
                raise KeyboardInterrupt

        try:
            return arena.pit("uniform", CENTRE, "tic_tac_toe", pairs, 3, tell, elo1=5, folder=folder), played
        except KeyboardInterrupt:
            return None, played

    for stop in (1, 30, 40, 2):
        assert compare(tmp_path / "stopped", stop)[0] is None
    verdict, played = compare(tmp_path / "stopped")
    assert len(played) < 160
    assert verdict == compare(None)[0]
    with Store.read(tmp_path / "stopped") as store:
        assert store.count() == 160
    again, played = compare(tmp_path / "stopped", pairs=100)
    assert played == list(range(161, 201)), "more pairs only add pairs"
    assert again == compare(None, pairs=100)[0]


def test_another_comparison_in_the_same_folder_is_refused(tmp_path):
    def compare(first="uniform", second=CENTRE, game="tic_tac_toe", seed=0, **more):
        return arena.pit(first, second, game, 16, seed, folder=tmp_path / "kept", **more)

    verdict = compare()
    assert str(compare(CENTRE, "uniform").mirrored()) == str(verdict)
    compare(alpha=0.01, elo1=20)  # another question to the same matches
    for wrong, sentence in [
        ({"game": "connect_four", "second": "uniform"}, "was begun with game = "),
        ({"seed": 1}, "was begun with seed = 0, not 1: use another folder"),
        ({"second": "minimax"}, "was begun with entrants = "),
        ({"role": "first", "against": "minimax"}, "was begun with "),
    ]:
        with pytest.raises(ConfigError, match=sentence):
            compare(**wrong)
    with Store.open(tmp_path / "league") as store, store.transaction():
        store.put_meta({"format": "league", "config": {}})
    with pytest.raises(ConfigError, match="holds a league, not a pit"):
        arena.pit("uniform", CENTRE, "tic_tac_toe", folder=tmp_path / "league")


def test_little_is_played_after_the_answer_was_clear():
    assert looks(16, 100) == [16, 32, 48, 64, 80, 100]
    assert looks(16, 10) == [10]
    assert looks(1, 3) == [1, 2, 3]
    for before, after in pairwise(looks(16, 10**6)):
        assert after - before <= max(16, before / 4)
