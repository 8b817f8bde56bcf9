import numpy as np
import pytest

from arena.alpha_rank import alpha_rank, alpha_rank_profiles
from arena.errors import RatingError

RPS = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], float)
BIASED = np.array([[0, -0.25, 0.5], [0.25, 0, -0.05], [-0.5, 0.05, 0]])
DILEMMA = np.array([[3.0, 0.0], [5.0, 1.0]])


@pytest.mark.parametrize(
    ("alpha", "shares"),
    [
        (0.1, (0.286923, 0.579558, 0.133519)),
        (1, (0.1744, 0.717043, 0.108557)),
        (10, (0.280534, 0.440809, 0.278657)),
    ],
)
def test_biased_rock_paper_scissors(alpha, shares):
    # OpenSpiel's alpharank.compute with a population of 50.
    assert alpha_rank(BIASED, alpha) == pytest.approx(shares, abs=1e-6)


@pytest.mark.parametrize("alpha", [0.01, 1, 100, None])
def test_a_circle_shares_alike(alpha):
    assert alpha_rank(RPS, alpha) == pytest.approx([1 / 3] * 3)


def test_a_sweep_ends_where_the_strongest_selection_ends():
    assert alpha_rank(BIASED) == pytest.approx([1 / 3] * 3, abs=1e-5)
    chain = np.array([[0, 1, 1], [-1, 0, 1], [-1, -1, 0]], float)
    assert alpha_rank(chain) == pytest.approx([1, 0, 0])
    # One who beats the circle, and one whom all of it beats.
    five = np.zeros((5, 5))
    five[:3, :3], five[3, :3], five[:3, 3] = RPS, 0.1, -0.1
    five[4, :4], five[:4, 4] = -0.2, 0.2
    assert alpha_rank(five) == pytest.approx([0, 0, 0, 1, 0], abs=1e-9)


def test_the_sweep_does_not_depend_on_units():
    assert alpha_rank(1000 * BIASED) == pytest.approx(alpha_rank(BIASED), abs=1e-6)


def test_prisoners_defect_with_a_population_each():
    shares = alpha_rank_profiles([DILEMMA, DILEMMA.T], 10)
    assert shares[1, 1] == pytest.approx(1)
    assert alpha_rank_profiles([DILEMMA, DILEMMA.T])[1, 1] == pytest.approx(1)


@pytest.mark.parametrize("alpha", [1e-3, 1.0, 5.0])  # its eigenvalues merge under stronger selection
def test_it_agrees_with_openspiel(alpha):
    pytest.importorskip("matplotlib", reason="OpenSpiel's module draws too")
    reference = pytest.importorskip("open_spiel.python.egt.alpharank", reason="needs the extra openspiel")
    rng = np.random.default_rng(1)
    for n in (2, 5, 20):
        A = rng.normal(0, 0.1, (n, n))
        A[0] = A[:, 0]  # some ties
        theirs = reference.compute([A], m=50, alpha=alpha)[2]
        assert alpha_rank(A, alpha) == pytest.approx(theirs, abs=1e-10)
    tables = [rng.normal(0, 0.1, (4, 3)) for _ in range(2)]
    theirs = reference.compute(tables, m=50, alpha=alpha)[2]
    assert alpha_rank_profiles(tables, alpha).ravel() == pytest.approx(theirs, abs=1e-10)


def test_no_selection_is_too_strong():
    shares = alpha_rank(BIASED, 1e12)  # takeovers against the current have probabilities of e^{-10^12}
    assert shares == pytest.approx([1 / 3] * 3)


def test_everybody_alike_and_alone():
    assert alpha_rank(np.zeros((4, 4))) == pytest.approx([0.25] * 4)
    assert alpha_rank(np.zeros((1, 1))) == pytest.approx([1])


def test_who_never_met_cannot_be_ranked():
    gap = RPS.copy()
    gap[0, 1] = np.nan
    with pytest.raises(RatingError, match="1 of the pairs of entrants never met"):
        alpha_rank(gap)
    with pytest.raises(RatingError, match="row and a column"):
        alpha_rank(np.zeros((2, 3)))
    with pytest.raises(RatingError, match="never played"):
        alpha_rank_profiles([gap, gap])
    with pytest.raises(RatingError, match="an axis per role"):
        alpha_rank_profiles([RPS])
