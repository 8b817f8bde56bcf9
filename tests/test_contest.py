"""The two matches of a pair, and the one number that is read from them."""

import numpy as np
import pytest

import arena
from arena.errors import ConfigError, RatingError
from arena.game import OVER
from arena.games.matrix import MatchingPennies
from arena.match import play_fixtures
from arena.player import Move
from arena.players.uniform import UniformPlayer
from arena.tournaments.contest import Contest, Knowledge, knowledge

EQUILIBRIUM = 'tabular(table="arena.games.kuhn_poker:equilibrium")'


class Silent:
    """A player that does not say how it plays."""

    def __init__(self, spec, game):
        self.name = "silent"
        self._player = arena.load_player(spec, game)

    def act(self, batch):
        return self._player.act(batch)


def kuhn():
    game = arena.load_game("kuhn_poker")
    specs = {"bet": 'script(prefer="bet")', "equilibrium": EQUILIBRIUM, "uniform": "uniform"}
    return game, {name: arena.load_player(spec, game) for name, spec in specs.items()}


def observations(contest, players, count, luck):
    values = []
    for number in range(count):
        records = list(play_fixtures(contest.game, contest.fixtures(number), players))
        values.append(contest.observe(records[::-1], luck))
    return np.array(values)


def test_in_a_pair_the_players_swap_seats_and_share_the_deal():
    game, _ = kuhn()
    contest = Contest(game, "bet", "equilibrium", seed=1)
    one, other = contest.fixtures(3)
    assert {one.entrants, other.entrants} == {("bet", "equilibrium"), ("equilibrium", "bet")}
    assert one.seed == other.seed
    assert one.pair == other.pair
    assert contest.bounds({}) == (-2, 2)
    assert [f.key for f in contest.fixtures(3)] == [one.key, other.key]
    assert one.seed != contest.fixtures(4)[0].seed


def test_in_one_role_both_meet_the_same_opponent_on_the_same_deal():
    game, _ = kuhn()
    contest = Contest(game, "bet", "equilibrium", 1, "second", "uniform")
    one, other = contest.fixtures(0)
    assert (one.entrants, other.entrants) == (("uniform", "bet"), ("uniform", "equilibrium"))
    assert one.seed == other.seed
    assert one.key != other.key
    assert contest.bounds({}) == (-4, 4)
    first = Contest(game, "bet", "equilibrium", 1, "first", "uniform").fixtures(0)
    assert not {one.key, other.key} & {fixture.key for fixture in first}


def test_three_sides_and_a_sum_other_than_zero_are_compared_in_one_role():
    class Three(MatchingPennies):
        """Three players; the first is paid 5 for heads, 1 for tails, and the last sees to it that this is no duel."""

        roles = ("first", "helper", "helper")
        zero_sum = False
        payoff_range = (0.0, 5.0)

        def turn(self, s):
            return len(s) if len(s) < 3 else OVER

        def ready(self, s):
            return (self.turn(s),)

        def legal(self, s, seat):
            return self.actions

        def view(self, s, seat):
            return f"{seat}: {s[seat] if seat < len(s) else 'choose'}"

        def step(self, s, action):
            return (*s, action)

        def returns(self, s):
            return (5.0 if s[0] == "heads" else 1.0, 0.0, 5.0 if s[2] == "heads" else 0.0)

    game = Three()
    players = {
        name: arena.load_player(f"script(prefer={side!r})", game) for name, side in [("h", "heads"), ("t", "tails")]
    } | {"x": UniformPlayer()}
    contest = Contest(game, "h", "t", 0, "first", "x")
    assert [f.entrants for f in contest.fixtures(0)] == [("h", "x", "x"), ("t", "x", "x")]
    assert contest.bounds({}) == (-5, 5)
    assert (observations(contest, players, 5, {}) == 4).all()
    assert knowledge(contest, players).exact == 4

    helpers = Contest(game, "h", "t", 0, "helper", "x")
    assert [f.entrants for f in helpers.fixtures(0)] == [("x", "h", "h"), ("x", "t", "t")]
    assert (observations(helpers, players, 5, {}) == 2.5).all()
    with pytest.raises(RatingError, match=r"played by 3 sides.*compare two players in one of its roles"):
        Contest(game, "h", "t", 0)


def test_what_cannot_be_compared_is_refused():
    class Common(MatchingPennies):
        zero_sum = False

    with pytest.raises(RatingError, match="no zero-sum game"):
        Contest(Common(), "a", "b", 0)
    with pytest.raises(ConfigError, match="has no role 'critic': its roles are first, second"):
        Contest(arena.load_game("kuhn_poker"), "a", "b", 0, "critic", "c")


def test_stated_policies_give_the_exact_answer():
    game, players = kuhn()
    two = {name: players[name] for name in ("equilibrium", "bet")}
    assert knowledge(Contest(game, "equilibrium", "bet", 0), two).exact == pytest.approx(1 / 9)
    assert knowledge(Contest(game, "bet", "equilibrium", 0), two).exact == pytest.approx(-1 / 9)
    assert knowledge(Contest(game, "bet", "equilibrium", 0), two).results == pytest.approx((107 / 180, 0, 73 / 180))
    in_role = knowledge(Contest(game, "equilibrium", "bet", 0, "first", "uniform"), players)
    assert in_role.results is None
    measured = observations(Contest(game, "equilibrium", "bet", 0, "first", "uniform"), players, 1500, {})
    assert abs(measured.mean() - in_role.exact) < 4 * measured.std() / np.sqrt(1500)


@pytest.mark.parametrize("silent", ["first", "second"])
@pytest.mark.parametrize("role", ["", "second"])
def test_luck_is_corrected_where_somebody_states_a_policy(silent, role):
    game, players = kuhn()
    names = ("equilibrium", "bet")
    everybody = {name: players[name] for name in [*names, *(["uniform"] if role else [])]}
    contest = Contest(game, *names, 5, role, "uniform" if role else "")
    exact = knowledge(contest, everybody).exact
    quiet = names[0 if silent == "first" else 1]
    spec = EQUILIBRIUM if quiet == "equilibrium" else 'script(prefer="bet")'
    known = knowledge(contest, {**everybody, quiet: Silent(spec, game)})
    assert known.exact is None
    assert set(known.luck) == {seating.entrants for seating in contest.seatings}
    low, high = contest.bounds(known.luck)
    corrected = observations(contest, everybody, 600, known.luck)
    assert low <= corrected.min()
    assert corrected.max() <= high
    assert abs(corrected.mean() - exact) < 4 * corrected.std() / np.sqrt(600)


def test_nothing_is_known_of_players_that_say_nothing():
    game, _ = kuhn()
    nobody = {"a": Silent("uniform", game), "b": Silent("uniform", game)}
    assert knowledge(Contest(game, "a", "b", 0), nobody) == Knowledge()


def test_of_a_game_of_winning_it_is_known_how_often_that_happens():
    game = arena.load_game("tic_tac_toe")
    contest = Contest(game, "a", "b", 0)
    both = {"a": UniformPlayer(), "b": UniformPlayer()}
    drawn = 46_080 / 362_880  # of the orders in which a board is filled at random
    assert knowledge(contest, both) == (None, {}, pytest.approx(((1 - drawn) / 2, drawn, (1 - drawn) / 2)))
    assert knowledge(contest, {**both, "b": Silent("uniform", game)}) == Knowledge()
    perfect = knowledge(contest, {**both, "b": arena.load_player("minimax", game)})
    assert perfect.results[0] == 0
    assert perfect.results[2] > 0.85


def test_a_forfeit_stays_within_the_bounds():
    """A player that gives up whenever it may, against one that states its policy."""
    game, players = kuhn()

    class Coward:
        name = "coward"

        def act(self, batch):
            return [Move("nonsense")] * len(batch)

    everybody = {"uniform": players["uniform"], "coward": Coward()}
    contest = Contest(game, "coward", "uniform", 0)
    known = knowledge(contest, everybody)
    low, high = contest.bounds(known.luck)
    values = observations(contest, everybody, 20, known.luck)
    assert low <= values.min()
    assert values.max() <= high
    assert values.mean() < -1.5
