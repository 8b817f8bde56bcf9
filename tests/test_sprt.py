"""The sequential test: golden vectors of fishtest's GSPRT, degenerate data, and error rates by simulation."""

from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.errors import ConfigError
from arena.sprt import NORMALISED_ELO, Decision, Sprt, elo_of, estimate, expected_score, summary


def one_sided(elo0, elo1, model="logistic"):
    return Sprt(elo0, elo1, two_sided=False, model=model)


def closed_form(counts, elo0, elo1):
    """The normalised ratio approximated: matches/2 · ln((1 + (t − t0)²) / (1 + (t − t1)²)); another road to it."""
    scores = np.linspace(0, 1, len(counts))
    pairs, per_pair = sum(counts), len(counts) // 2
    mean = counts @ scores / pairs
    t = (mean - 0.5) / sqrt(per_pair * (counts @ (scores - mean) ** 2) / pairs)
    t0, t1 = elo0 / NORMALISED_ELO, elo1 / NORMALISED_ELO
    return per_pair * pairs / 2 * log((1 + (t - t0) ** 2) / (1 + (t - t1) ** 2))


# Measured with fishtest's own code: counts, elo0, elo1, then the ratio: logistic, normalised, closed form.
GOLDEN = [
    ([10, 20, 40, 25, 15], 0, 5, 0.29329, 0.24312, 0.24354),
    ([50, 100, 60], 0, 5, 0.23335, 0.17712, 0.17691),
    ([100, 380, 1040, 420, 110], 0, 5, 1.09735, 0.94052, 0.94114),
    ([10789, 19328, 33806, 19402, 10543], -3, 1, 2.13107, 0.30087, 0.30091),
    ([379, 10170, 21828, 10640, 343], 0, 2, None, 2.94550, 2.94610),
]


@pytest.mark.parametrize(("counts", "elo0", "elo1", "logistic", "normalised", "closed"), GOLDEN)
def test_ratios_are_those_of_fishtest(counts, elo0, elo1, logistic, normalised, closed):
    if logistic is not None:
        assert one_sided(elo0, elo1).llr(counts) == pytest.approx(logistic, abs=6e-6)
    assert one_sided(elo0, elo1, "normalised").llr(counts) == pytest.approx(normalised, abs=6e-6)
    assert closed_form(np.array(counts), elo0, elo1) == pytest.approx(closed, abs=6e-6)


def test_bounds_are_those_of_wald():
    assert one_sided(0, 5).bounds == pytest.approx((-2.944438979, 2.944438979), abs=1e-9)
    assert Sprt(0, 5, alpha=0.05, beta=0.1).bounds == pytest.approx((log(0.1 / 0.975), log(0.9 / 0.025)))


def test_the_estimate_is_that_of_fishtest():
    found = estimate([379, 10170, 21828, 10640, 343])
    assert found.elo.value == pytest.approx(1.5946, abs=5e-5)
    assert (found.elo.high - found.elo.low) / 2 == pytest.approx(1.2087, abs=2e-4)
    assert found.normalised_elo.value == pytest.approx(3.05, abs=5e-3)
    assert found.normalised_elo.high - found.normalised_elo.value == pytest.approx(2.31, abs=5e-3)
    assert found.superiority == pytest.approx(0.99514, abs=5e-6)
    assert found.even == pytest.approx(21828 / 43360)
    assert found.ratio == pytest.approx((10640 + 343) / (379 + 10170))


def test_elo_and_score_are_inverse():
    assert expected_score(100) == pytest.approx(0.640065, abs=1e-6)
    assert elo_of(expected_score(-37.5)) == pytest.approx(-37.5)


@pytest.mark.parametrize("model", ["logistic", "normalised"])
@pytest.mark.parametrize("scale", [1, 10, 1_000_000])
@pytest.mark.parametrize("hypotheses", [(0, 5), (-200, 600), (0, 2000)])
@pytest.mark.parametrize("where", range(5))
def test_pairs_that_are_all_alike_neither_explode_nor_hang(model, scale, hypotheses, where):
    counts = [0] * 5
    counts[where] = scale
    llr = float(one_sided(*hypotheses, model).llr(counts))
    assert np.isfinite(llr)
    assert "Ptnml(0-2)" in summary(counts, one_sided(*hypotheses, model))


def test_alike_pairs_say_what_they_show():
    assert Sprt().decide([0, 0, 16, 0, 0]) is Decision.NEITHER
    assert Sprt().decide([0, 0, 0, 0, 16]) is Decision.FIRST
    assert Sprt().decide([16, 0, 0, 0, 0]) is Decision.SECOND
    assert one_sided(0, 100).decide([16, 0, 0, 0, 0]) is Decision.NEITHER
    assert Sprt().decide([0, 0, 0, 0, 5]) is Decision.OPEN
    assert one_sided(0, 5, "normalised").llr([0, 0, 10, 0, 0]) == pytest.approx(-0.003, abs=5e-4)
    assert one_sided(0, 5).llr([0, 0, 0, 0, 0]) == pytest.approx(0, abs=1e-3)


counts = st.lists(st.integers(0, 500), min_size=5, max_size=5)
models = st.sampled_from(["logistic", "normalised"])


@settings(max_examples=25)
@given(counts, st.floats(1, 300), models)
def test_exchanging_the_players_exchanges_the_hypotheses(counts, elo, model):
    one = one_sided(-elo, elo, model).llr(counts)
    assert one_sided(-elo, elo, model).llr(counts[::-1]) == pytest.approx(-one, rel=1e-6, abs=1e-6)


@settings(max_examples=25)
@given(counts, st.floats(-200, 200), st.floats(1, 200), st.floats(1, 200))
def test_evidence_for_two_steps_is_the_sum_over_the_steps(counts, elo0, step, further):
    a, b, c = elo0, elo0 + step, elo0 + step + further
    total = one_sided(a, b).llr(counts) + one_sided(b, c).llr(counts)
    assert one_sided(a, c).llr(counts) == pytest.approx(total, rel=1e-6, abs=1e-6)


@given(counts.filter(any))
def test_an_estimate_lies_in_its_interval(counts):
    found = estimate(counts)
    assert found.elo.low <= found.elo.value <= found.elo.high
    assert 0 <= found.superiority <= 1
    mirror = estimate(counts[::-1])
    assert mirror.elo.value == pytest.approx(-found.elo.value, abs=1e-6)


# Error rates.

LOOKS = np.array([16, 32, 48, 64, 80, 100, 125, 156, 195, 243, 303, 378, 472, 590])  # those of a pit
TESTS = 2000


def pairs(elo, seat, draws):
    """Return the law of a pair's score (5,) when a seat is worth `seat` Elo."""

    def match(elo):
        win = expected_score(elo) - draws / 2
        return [1 - win - draws, draws, win]

    return np.convolve(match(elo + seat), match(elo - seat))


def share(test, elo, seat, draws, seed):
    """Return the share of tests that end with each decision, and the mean number of pairs."""
    rng = np.random.default_rng(seed)
    steps = np.diff(LOOKS, prepend=0)
    counts = np.stack([rng.multinomial(n, pairs(elo, seat, draws), size=TESTS) for n in steps], 1).cumsum(1)
    lower, upper = test.bounds
    first = test.llr(counts)
    second = test.llr(counts[..., ::-1]) if test.two_sided else first
    wins, losses = first >= upper, (second >= upper) & test.two_sided
    neither = np.maximum(first, second) <= lower
    over = wins | losses | neither
    last = np.where(over.any(1), over.argmax(1), len(LOOKS) - 1)
    at = np.arange(TESTS), last
    return wins[at].mean(), losses[at].mean(), neither[at].mean(), LOOKS[last].mean()


@pytest.mark.parametrize(("seat", "draws"), [(0, 0.0), (150, 0.3)])
def test_errors_are_as_rare_as_promised(seat, draws):
    first, second, _, length = share(Sprt(), 0, seat, draws, 1)
    assert first + second <= 0.05
    assert length < 100
    first, second, neither, length = share(Sprt(), 100, seat, draws, 2)
    assert neither + second <= 0.05
    assert first > 0.94
    assert length < 80


@pytest.mark.parametrize("model", ["logistic", "normalised"])
def test_errors_of_the_one_sided_test_are_as_rare_as_promised(model):
    # 100 Elo of players who never draw are t = .2801 deviations of a match above one half.
    elo1 = 100 if model == "logistic" else (expected_score(100) - 0.5) / 0.48 * NORMALISED_ELO
    test = one_sided(0, elo1, model)
    assert share(test, 0, 0, 0.0, 3)[0] <= 0.05
    assert share(test, 100, 0, 0.0, 4)[2] <= 0.05


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"elo0": 5, "elo1": 5}, "elo0 = 5 must lie below elo1 = 5"),
        ({"elo0": -5, "elo1": 5}, "only a one-sided test"),
        ({"elo1": float("inf")}, "must lie below"),
        ({"alpha": 0}, "alpha = 0 and beta = 0.05 are no error rates"),
        ({"alpha": 0.5, "beta": 0.5}, "their sum below 1"),
    ],
)
def test_an_impossible_test_is_refused(arguments, sentence):
    with pytest.raises(ConfigError, match=sentence):
        Sprt(**arguments)


def test_the_summary_reads_as_testers_of_engines_know_it():
    line = summary([10, 20, 40, 25, 15], one_sided(0, 5))
    for part in (
        "Elo +23.7 ± ",
        "nElo +",
        "LOS ",
        "even pairs 36%",
        "pairs ratio 1.33",
        "Ptnml(0-2) [10, 20, 40, 25, 15]",
    ):
        assert part in line
    assert line.endswith("LLR 0.29 (-2.94, 2.94) [0, 5]")
    assert summary([0, 0, 0, 0, 20], Sprt()).startswith("Elo above +301.3, nElo unknown, LOS 100.0%")
    assert summary([20, 0, 0, 0, 0], Sprt()).startswith("Elo below -301.3, nElo unknown, LOS 0.0%")
    with pytest.raises(ConfigError, match="no pairs yet"):
        estimate([0, 0, 0, 0, 0])
