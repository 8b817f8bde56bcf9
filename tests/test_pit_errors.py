"""How often a pit errs, by thousands of simulations of its own rule: when it looks, and what it then asks."""

import numpy as np
import pytest

import arena
from arena.confidence import ConfidenceSequence, Moments, log_gains
from arena.sprt import Sprt, expected_score
from arena.tournaments.contest import Contest, Knowledge
from arena.tournaments.pit import MIN_PAIRS, _Evidence, _Limits, looks
from arena.tournaments.verdict import Ended


def a_law(elo, seat, draws):
    """Return the law of a pair's score (5,) when a seat is worth `seat` of a point."""
    wins = [expected_score(elo) + sign * seat - draws / 2 for sign in (1, -1)]
    return np.convolve(*([1 - win - draws, draws, win] for win in wins))


def answers(test, elo, seat, draws, tests=2000, most=2000):
    """Return how often a pit says "first", "second" and "neither", and its mean number of pairs.

    The rule is run for all tests at once; that it is the pit's own is tested below.
    """
    rng = np.random.default_rng([elo, int(10 * seat), int(10 * draws)])
    at = np.array(looks(MIN_PAIRS, most))
    steps = [rng.multinomial(n, a_law(elo, seat, draws), size=tests) for n in np.diff(at, prepend=0)]
    counts = np.stack(steps, 1).cumsum(1)
    first, second = test.llr(counts), test.llr(counts[..., ::-1])
    lower, upper = test.bounds
    said = np.stack([first >= upper, second >= upper, np.maximum(first, second) <= lower], -1)
    last = np.where(said.any((1, 2)), said.any(2).argmax(1), len(at) - 1)
    return *said[np.arange(tests), last].mean(0), at[last].mean(), counts, last


@pytest.mark.parametrize(("seat", "draws"), [(0, 0.0), (0, 0.5), (0.2, 0.2)])
def test_a_pit_of_winning_errs_as_rarely_as_promised(seat, draws):
    first, second, neither, length, *_ = answers(Sprt(), 0, seat, draws)
    assert first + second <= 0.05
    assert first + second + neither == 1
    assert length < 100
    first, second, neither, length, *_ = answers(Sprt(), 100, seat, draws)
    assert second + neither <= 0.05
    assert first >= 0.95
    assert length < 100


def evidence(test, bounds=(-1.0, 1.0)):
    contest = Contest(arena.load_game("tic_tac_toe"), "a", "b", 0)
    return _Evidence(contest, Knowledge(), test, ConfidenceSequence(*bounds))


def test_the_simulated_rule_is_that_of_the_pit():
    *_, counts, last = answers(Sprt(), 50, 0.1, 0.2, tests=40)
    for row, end in zip(counts, last, strict=True):
        said = evidence(Sprt())
        said.moves = {("one",), ("another",)}
        for look, pairs in enumerate(looks(MIN_PAIRS, 2000)):
            said.raw, said.counts = [0.0, 1.0] * (pairs // 2) + [0.5] * (pairs % 2), list(row[look])
            ended = said.ended(_Limits(MIN_PAIRS, 2000, 0.0))
            assert (ended is Ended.DECIDED) == (look == end)
            if ended:
                break


def poker_like(rng, shape):
    """Return payoffs with mean 0 and a heavy side: many small losses, few pots of 9 antes."""
    return rng.choice([-1.0, 0.5, 9.0], p=[0.7, 0.22, 0.08], size=shape) + 0.0


POKER_MEAN, RANGE = -0.7 + 0.11 + 0.72, (-13.0, 13.0)


def paid(mean, tests=2000, most=1500):
    """Return at which look pit's interval of the mean payoff gives up 0 (the number of looks: never)."""
    rng = np.random.default_rng(int(100 * mean))
    x = poker_like(rng, (tests, most)) - POKER_MEAN + mean
    at = np.array(looks(MIN_PAIRS, most))
    low, high = RANGE
    capital = log_gains((x - low) / (high - low), np.float64(0.5), Moments(0, np.zeros(tests), np.zeros(tests)))
    rich = capital.cumsum(1)[:, at - 1] >= np.log(1 / 0.05)
    return np.where(rich.any(1), rich.argmax(1), len(at)), at, x


def test_a_pit_of_payoffs_errs_as_rarely_as_promised():
    """Ville: at no look, however many there are, may 0 be excluded in more than one of twenty."""
    wrong, at, _ = paid(0.0)
    assert (wrong < len(at)).mean() <= 0.05
    found, at, _ = paid(1.0)
    assert (found < len(at)).mean() >= 0.95
    assert np.median(at[np.minimum(found, len(at) - 1)]) < 700


def test_the_simulated_interval_is_that_of_the_pit():
    found, at, x = paid(2.0, tests=6, most=400)
    assert (found < len(at)).all()
    for row, end in zip(x, found, strict=True):
        said = evidence(None, RANGE)
        said.moves = {("one",), ("another",)}
        begin = 0
        for look, pairs in enumerate(at):
            said.mean.update(row[begin:pairs])
            said.raw, begin = list(row[:pairs]), pairs
            if said.ended(_Limits(MIN_PAIRS, 400, 0.0)) is Ended.DECIDED:
                # The interval is rounded outwards by a cell, so it may be a look later, and never earlier.
                assert end <= look <= end + 1
                break
        else:
            pytest.fail("the interval never gave up 0")
