import numpy as np
import pytest

from arena.errors import RatingError
from arena.ladder import Ladder, Row, Standing
from arena.payoff import exact_matrix


@pytest.fixture
def ladder():
    rows = (
        Row("strong", Standing.RATED, "attack", 1100.0, 1040.0, 1160.0),
        Row("weak", Standing.RATED, "attack", 1000.0, 1000.0, 1000.0),
        Row("wall", Standing.RATED, "defend", 1000.0, 1000.0, 1000.0),
        Row("new", Standing.UNRATED, "attack", note="it has not played"),
    )
    half_width = np.array([[0.0, 60.0, np.nan], [60.0, 0.0, np.nan], [np.nan, np.nan, 0.0]])
    place = {"strong": 0, "weak": 1, "wall": 2}
    matrix = exact_matrix(["strong", "weak", "wall"], lambda a, b: 0.0)
    return Ladder(rows, {"attack": "weak", "defend": "wall"}, {}, 0.0, matrix, place, half_width)


def test_a_difference_has_its_own_interval(ladder):
    assert ladder.compare("strong", "weak") == (100, 40, 160)
    assert ladder.compare("weak", "strong") == (-100, -160, -40)
    assert ladder.compare("weak", "weak") == (0, 0, 0)


def test_roles_cannot_be_compared(ladder):
    with pytest.raises(RatingError, match="strong only plays attack and wall only plays defend"):
        ladder.compare("strong", "wall")


def test_who_has_no_elo_cannot_be_compared(ladder):
    with pytest.raises(RatingError, match="new has no Elo to compare: it has not played"):
        ladder.compare("strong", "new")


def test_a_stranger_is_named_with_those_who_are_there(ladder):
    with pytest.raises(RatingError, match="'z' is not on this ladder; on it are strong, weak"):
        ladder["z"]


def test_superiority_is_how_likely_the_difference_is_above_0(ladder):
    # 100 Elo with a standard error of 60/1.96: z = 3.2667, and Φ(3.2667) = 0.999456.
    assert ladder.superiority("strong", "weak") == pytest.approx(0.999456, abs=1e-6)
    assert ladder.superiority("weak", "strong") == pytest.approx(1 - 0.999456, abs=1e-6)
    assert ladder.superiority("weak", "weak") == 0.5
    with pytest.raises(RatingError, match="only plays attack"):
        ladder.superiority("strong", "wall")
