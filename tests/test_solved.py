"""Players that a solver makes: they play its average, are solved once, and are refused where nothing can be solved."""

import numpy as np
import pytest

import arena
from arena.errors import CheckpointError, ConfigError, GameError, TooLarge
from arena.game import Uniform
from arena.games.matrix import Matrix
from arena.player import HasPolicy, Loadable
from arena.players import solved
from arena.registry import find, load_game, load_player
from arena.testing import check_player
from arena.tree import enumerate_game, nash_conv

KUHN = load_game("kuhn_poker")
SPECS = [
    *("cfr(iterations=100)", "cfr_plus(iterations=100)", "discounted_cfr(iterations=100, gamma=3)"),
    *("mccfr(iterations=100, seed=3, walks=16)", "fictitious_play(iterations=100)"),
]


def test_there_is_a_player_for_every_solver():
    assert {spec.partition("(")[0] for spec in SPECS} == {
        name for name in ("cfr", "cfr_plus", "discounted_cfr", "fictitious_play", "mccfr") if find("trainers", name)
    }


@pytest.mark.parametrize("spec", SPECS)
def test_it_keeps_the_contract_and_plays_the_average_of_its_solver(spec):
    player = load_player(spec, KUHN)
    assert isinstance(player, HasPolicy)
    assert isinstance(player, Loadable)
    check_player(player, KUHN)
    tree = enumerate_game(KUHN)
    solver = find("trainers", player.solver)(tree, **player.settings)
    for _ in range(100):
        solver.step()
    assert tree.policy(player) == pytest.approx(solver.average(), abs=1e-15)
    assert nash_conv(tree, tree.policy(player)) < 0.1


class SameWords(Matrix):
    """A matrix game that tells both players the same."""

    name = "same_words"

    def view(self, s, seat):
        return "choose"


def test_seats_that_see_the_same_words_are_not_confused(tmp_path):
    game = SameWords([[2, -1], [0, 1]])
    tree = enumerate_game(game)
    player = load_player("cfr_plus(iterations=500)", game)
    assert tree.policy(player) == pytest.approx(np.array([[1 / 4, 3 / 4], [1 / 2, 1 / 2]]), abs=0.02)
    player.save(tmp_path / "solved")
    assert (tree.policy(load_player(str(tmp_path / "solved"), game)) == tree.policy(player)).all()


def test_the_game_is_solved_at_the_first_question_and_once_for_all():
    solved._solve.cache_clear()
    one, other = load_player("cfr(iterations=30)", KUHN), load_player("cfr(iterations=30)", load_game("kuhn_poker"))
    assert solved._solve.cache_info().misses == 0
    assert one.table is other.table
    assert solved._solve.cache_info().misses == 1
    assert load_player("cfr(iterations=31)", KUHN).table is not one.table
    with pytest.raises(ValueError, match="read-only"):
        one.table[0] = 0


def test_a_checkpoint_folder_holds_what_was_found(tmp_path):
    player = load_player("mccfr(iterations=50, seed=2, walks=8)", KUHN)
    player.save(tmp_path / "solved")
    found = player.table
    solved._solve.cache_clear()
    again = load_player(str(tmp_path / "solved"), KUHN)
    assert (again.table == found).all()
    assert solved._solve.cache_info().misses == 0
    assert (again.name, again.version, again.settings) == ("solved", 50, {"seed": 2, "walks": 8})
    with pytest.raises(CheckpointError, match="cannot play leduc_poker"):
        load_player(str(tmp_path / "solved"), load_game("leduc_poker"))


def test_a_checkpoint_that_lacks_a_row_is_refused(tmp_path, monkeypatch):
    player = load_player("cfr(iterations=2)", KUHN)
    monkeypatch.setattr(player, "_rows", dict(list(player._rows.items())[:-1]))
    monkeypatch.setattr(player, "_loaded", player.table[:-1])
    player.save(tmp_path / "torn")
    with pytest.raises(CheckpointError, match="does not hold a row per information set of kuhn_poker"):
        load_player(str(tmp_path / "torn"), KUHN)


class NoList(type(KUHN)):
    """Kuhn poker without a list of its actions."""

    name = "no_list"
    actions = ()

    def legal(self, s, seat):
        return ("pass", "bet")


class TooMany(type(KUHN)):
    """Kuhn poker with a deck like a library."""

    name = "too_many"

    def chance(self, s):
        return Uniform(10**9, "card")


@pytest.mark.parametrize(
    ("spec", "game", "error", "sentence"),
    [
        ("cfr", "tic_tac_toe", GameError, "tic_tac_toe hides nothing, .*: let minimax play it perfectly"),
        ("mccfr", TooMany(), TooLarge, "too_many has .*500,000 states.* too many for exact tables"),
        ("cfr(iterations=0)", "kuhn_poker", ConfigError, "cfr cannot do 0 iterations: give a whole number, 1 or more"),
        ("cfr_plus(iterations=2.5)", "kuhn_poker", ConfigError, r"cfr_plus cannot do 2\.5 iterations"),
        ("mccfr(walks=0)", "kuhn_poker", ConfigError, "mccfr cannot make 0 walks: give 1 or more"),
        ("cfr(seed=1)", "kuhn_poker", ConfigError, "has no parameter 'seed'; known: iterations"),
        ("cfr", NoList(), ConfigError, "no_list has no closed list of actions, so cfr cannot solve it"),
    ],
)
def test_what_cannot_be_solved_is_refused_when_it_is_made(spec, game, error, sentence):
    with pytest.raises(error, match=sentence):
        load_player(spec, load_game(game))


def test_it_can_be_the_anchor_of_a_ladder(tmp_path):
    file = tmp_path / "ladder.toml"
    spec = "cfr(iterations=1000)"
    file.write_text(
        f'game = "kuhn_poker"\npairs = 600\nblock_pairs = 50\nanchor = "{spec}"\n'
        f'[entrants]\n"{spec}" = "{spec}"\nbet = \'script(prefer="bet")\'\n'
    )
    ladder = arena.tournament(file, tmp_path / "run")
    by_name = {row.name: row for row in ladder.rows}
    assert by_name[spec].elo == 1000
    assert by_name["bet"].elo < 1000


def test_the_ladder_that_ships_seats_every_solver(tmp_path):
    quick = [f'entrants.{spec.partition("(")[0]}="{spec}"' for spec in SPECS]
    ladder = arena.tournament("leduc_ladder", tmp_path / "run", ["pairs=20", "block_pairs=5", *quick])
    payoff = {row.name: row.mean_payoff.value for row in ladder.rows}
    solvers = {spec.partition("(")[0] for spec in SPECS}
    assert set(payoff) == solvers | {"uniform", "always_call", "always_raise"}
    assert min(payoff[name] for name in solvers) > payoff["uniform"]


def test_it_can_be_measured_and_compared_exactly():
    found = arena.exploit("cfr_plus(iterations=1000)", "kuhn_poker")
    assert found.nash_conv < 1e-3
    assert found.values == pytest.approx((-1 / 18, 1 / 18), abs=1e-3)
    verdict = arena.pit("cfr", 'script(prefer="bet")', "kuhn_poker")
    assert verdict.exact == pytest.approx(1 / 9, abs=0.05)
    assert np.isclose(sum(verdict.results), 1)
