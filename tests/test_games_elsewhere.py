import pytest

import arena
from arena.errors import ConfigError, GameError
from arena.games.elsewhere import Elsewhere

SPEC = "arena.games.elsewhere:Elsewhere(scoring='payoff', most=20.0)"


def test_it_cannot_be_played_and_says_so():
    game = Elsewhere()
    for call in (game.start, lambda: game.turn(()), lambda: game.step((), "a"), lambda: game.returns(())):
        with pytest.raises(GameError, match="played elsewhere"):
            call()
    with pytest.raises(GameError, match="played elsewhere"):
        game.view((), 0)
    with pytest.raises(GameError, match="played elsewhere"):
        arena.play(game, ["uniform", "uniform"])


def test_its_spec_makes_it_again_and_its_parameters_tell_it_apart():
    game = arena.load_game(SPEC)
    assert (game.scoring, game.scale, game.spec) == ("payoff", 20.0, SPEC)
    assert game.fingerprint == Elsewhere("payoff", 20.0).fingerprint
    assert len({game.fingerprint, Elsewhere().fingerprint, Elsewhere("payoff", 10.0).fingerprint}) == 3


@pytest.mark.parametrize("parameters", ["scoring='fun'", "most=0.0", "most=-1.0", "most=1e-320", "most=1e300"])
def test_what_cannot_be_is_refused(parameters):
    with pytest.raises(ConfigError, match="will not do"):
        arena.load_game(f"arena.games.elsewhere:Elsewhere({parameters})")
