"""Who is fooled by what: bandits and learning progress over simulated learners whose skill is known."""

import json
from math import comb, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.config.curriculum import CurriculumConfig, ProgressConfig, SECConfig
from arena.curriculum import SEC, Evidence, Progress, Score, allot, curriculum, group_advantages, sure_change
from arena.errors import ConfigError, RatingError

UNIFORM = CurriculumConfig(method="fixed")
BANDIT = CurriculumConfig(method="sec", sec=SECConfig(temperature=0.2))
PROGRESS = CurriculumConfig()

LADDER = {"easy": 0.0, "mid": 3.0, "hard": 6.0}
"""Games by difficulty: a learner of skill s succeeds with probability σ(s − difficulty), and learns p (1 − p)."""
COIN, REPEATS, MATCHES, EVERY = "coin", 8, 200, 10


def success(game, skill):
    return 0.5 if game == COIN else 1 / (1 + np.exp(LADDER[game] - skill))


def size_of_advantages(won):
    """Return the mean |advantage| of a group of eight repeats of which so many were won."""
    outcome = (np.arange(REPEATS) < won).astype(float)
    return float(np.abs(group_advantages(outcome, np.zeros(REPEATS, np.int64))).mean())


SIZE = np.array([size_of_advantages(won) for won in range(REPEATS + 1)])


def train(config, games, steps=600, seed=0, groups=64, rate=0.15):
    """Return the skill after so many steps of one learner on all games, and the shares of every step."""
    rng, method, skill, shares = np.random.default_rng(seed), curriculum(config, games), 0.0, []
    for step in range(steps):
        shares.append(list(method.shares().values()))
        played, evidence, learned = allot(method.shares(), groups, rng), {}, 0.0
        for game, number in played.items():
            p = success(game, skill)
            advantage = float(SIZE[rng.binomial(REPEATS, p, number)].mean()) if number else None
            measured = Score.of((rng.random(MATCHES) < p).astype(float)) if step % EVERY == 0 else None
            evidence[game] = Evidence(advantage, measured)
            learned += 0.0 if game == COIN else rate * number / groups * p * (1 - p)
        method.update(step, evidence)
        skill += learned
    return skill, np.array(shares)


def scores(game, means, error=0.03, every=10):
    return [(step * every, {game: Evidence(score=Score(mean, error))}) for step, mean in enumerate(means)]


def fed(method, *series):
    for each in series:
        for step, evidence in each:
            method.update(step, evidence)
    return method


# The reward of SEC.


@pytest.mark.parametrize(("p", "published"), [(0.5, 0.87), (0.1, 0.39), (0.9, 0.39), (0.02, 0.09), (0.98, 0.09)])
def test_the_mean_size_of_advantages_in_groups_of_eight(p, published):
    """By all nine outcomes of a group, weighted by their probability."""
    chance = [comb(REPEATS, k) * p**k * (1 - p) ** (REPEATS - k) for k in range(REPEATS + 1)]
    assert SIZE @ chance == pytest.approx(published, abs=0.005)


@pytest.mark.parametrize("p", [0.5, 0.1, 0.9, 0.02])
def test_in_large_groups_it_is_twice_the_deviation_of_the_outcome(p):
    payoff = (np.arange(100_000) < 100_000 * p).astype(float)
    advantage = group_advantages(payoff, np.zeros(len(payoff), np.int64))
    assert np.abs(advantage).mean() == pytest.approx(2 * sqrt(p * (1 - p)), abs=1e-4)


@given(st.lists(st.tuples(st.integers(-20, 20), st.integers(-2, 2)), min_size=1, max_size=30), st.floats(0.1, 100))
def test_advantages_in_standard_deviations_know_no_stakes_and_no_other_group(rows, stakes):
    payoff, group = np.array([p / 4 for p, _ in rows]), np.array([g for _, g in rows])
    advantage = group_advantages(payoff, group)
    assert group_advantages(stakes * payoff, group) == pytest.approx(advantage, abs=1e-6)
    for one in set(group):
        mine = group == one
        assert group_advantages(payoff[mine], group[mine]) == pytest.approx(advantage[mine], abs=1e-6)


def test_a_group_with_one_outcome_has_no_advantages_not_even_by_rounding():
    assert group_advantages(np.array([0.1, 0.1, 0.1, 3.0]), np.array([7, 7, 7, 8])).tolist() == [0, 0, 0, 0]


# What each is drawn to.


def test_the_bandit_climbs_a_ladder_rung_by_rung_and_faster_than_equal_shares():
    skill, shares = train(BANDIT, LADDER)
    thirds = [part.mean(axis=0) for part in np.split(shares, [60, 200])]
    assert [int(part.argmax()) for part in thirds] == [0, 1, 2]
    assert min(part.max() for part in thirds) > 0.45
    assert skill > train(UNIFORM, LADDER)[0] + 0.8


def test_progress_climbs_the_same_ladder():
    skill, shares = train(PROGRESS, LADDER)
    order = [int(shares[60:100].mean(axis=0).argmax()), int(shares[130:180].mean(axis=0).argmax())]
    assert [*order, int(shares[300:400].mean(axis=0).argmax())] == [0, 1, 2]
    assert skill > train(UNIFORM, LADDER)[0] + 0.8


@pytest.mark.parametrize("seed", range(3))
def test_a_coin_flip_fools_the_bandit_and_not_progress(seed):
    """Documented, not mended: SEC seeks the success rate nearest ½, which a coin has for ever."""
    games = [*LADDER, COIN]
    fooled, shares = train(BANDIT, games, seed=seed)
    assert shares[:, -1].mean() > 0.5
    skill, shares = train(PROGRESS, games, seed=seed)
    learning = shares[50:400, -1]
    assert learning.mean() < 0.1  # 0.05 is the least that exploration leaves
    assert skill > fooled + 1.0


def test_the_bandit_takes_the_success_rate_nearest_one_half_not_the_one_that_moves():
    """The moving game goes from .8 to 1, the coin stays: at its fastest the first is not preferred."""
    method = SEC(["moves", COIN], SECConfig(temperature=0.2))
    for p in np.linspace(0.8, 1.0, 50):
        method.update(0, {"moves": Evidence(2 * sqrt(p * (1 - p))), COIN: Evidence(1.0)})
        assert method.shares()[COIN] > 0.5


@pytest.mark.parametrize(("divide", "preferred"), [(False, "stakes"), (True, "even")])
def test_high_stakes_fool_a_bandit_on_payoffs_that_are_not_divided_by_the_greatest(divide, preferred):
    """Won half the time for ±1, and nine times of ten for ±10. A mean |R − mean R| of 1 against 3.6, or .36."""
    rng, method = np.random.default_rng(0), SEC(["even", "stakes"], SECConfig())
    for step in range(40):
        evidence = {}
        for game, p, greatest in (("even", 0.5, 1.0), ("stakes", 0.9, 10.0)):
            payoff = greatest * np.where(rng.random(400) < p, 1.0, -1.0) / (greatest if divide else 1.0)
            evidence[game] = Evidence(float(np.abs(payoff - payoff.mean()).mean()))
        method.update(step, evidence)
    assert method.shares()[preferred] > 0.75


def test_high_stakes_mean_nothing_to_progress():
    """Scores are in [0, 1] whatever a game pays, so only the speed counts."""
    method = fed(Progress(["slow", "fast"], ProgressConfig()), *rising("slow", 0.01), *rising("fast", 0.03))
    assert method.shares()["fast"] > 0.7


def rising(game, per_score, start=0.4, number=8, error=0.005):
    return [scores(game, [start + per_score * k for k in range(number)], error)]


@pytest.mark.parametrize("seed", range(3))
def test_a_balanced_mirror_game_draws_the_bandit_and_not_progress(seed):
    """Against itself a policy wins half, so |advantage| is 1 for ever; against anchors it stays where it is.

    The other game is learned from a success rate of .3 to one of .9.
    """
    rng, games = np.random.default_rng(seed), ["mirror", "learned"]
    bandit, progress, drawn = SEC(games, SECConfig()), Progress(games, ProgressConfig()), []
    for step in range(300):
        evidence = {}
        for game, p in (("mirror", 0.5), ("learned", 0.3 + 0.002 * step)):
            payoff = np.where(rng.random(256) < p, 1.0, -1.0)
            measured = Score.of((rng.random(MATCHES) < p).astype(float)) if step % EVERY == 0 else None
            evidence[game] = Evidence(float(np.abs(payoff - payoff.mean()).mean()), measured)
        for method in (bandit, progress):
            method.update(step, evidence)
        drawn.append((bandit.shares()["mirror"], progress.shares()["mirror"]))
    by_bandit, by_progress = np.mean(drawn[100:], axis=0)
    assert by_bandit > 0.5
    assert by_progress < 0.25  # 0.1 is the least that exploration leaves


def test_a_game_that_goes_round_in_circles_is_not_progress():
    """Its score swings by .2 about the mean, six errors, because play wanders; a line does not explain that."""
    circling = scores("circles", 0.5 + 0.2 * np.sin(1.7 * np.arange(8)), error=0.03)
    method = fed(Progress(["circles", "learned"], ProgressConfig()), circling, *rising("learned", 0.02, error=0.03))
    assert method.shares()["circles"] == pytest.approx(0.1)


# Before there is evidence, and after.


def test_without_evidence_all_games_have_equal_parts():
    for config in (UNIFORM, BANDIT, PROGRESS):
        assert list(curriculum(config, "abcd").shares().values()) == pytest.approx([0.25] * 4)


def test_two_scores_are_no_evidence_and_a_game_without_it_counts_as_the_best():
    method = fed(Progress("abc", ProgressConfig()), *rising("a", 0.03), *rising("b", 0.01), *rising("c", 0.3, 0, 2))
    shares = method.shares()
    assert shares["c"] == shares["a"] > shares["b"]


def test_three_scores_are_evidence():
    method = fed(Progress("ab", ProgressConfig()), *rising("a", 0.1, number=3), *rising("b", 0.0, number=3))
    assert method.shares() == {"a": 0.9, "b": 0.1}


def test_where_nothing_surely_moves_all_games_have_equal_parts():
    still = [scores(game, [0.5] * 8) for game in "ab"]
    assert fed(Progress("ab", ProgressConfig()), *still).shares() == {"a": 0.5, "b": 0.5}


def test_forgetting_counts_like_learning():
    method = fed(Progress("abc", ProgressConfig()), *rising("a", 0.03), *rising("b", -0.03, 0.8), *rising("c", 0.0))
    shares = method.shares()
    assert shares["a"] == pytest.approx(shares["b"])
    assert shares["c"] == pytest.approx(0.2 / 3)


@given(st.lists(st.lists(st.floats(0, 1), max_size=10), min_size=1, max_size=5), st.floats(0.01, 1))
def test_no_game_starves(series, exploration):
    names = [f"game {k}" for k in range(len(series))]
    method = Progress(names, ProgressConfig(exploration=exploration))
    shares = fed(method, *(scores(name, each) for name, each in zip(names, series, strict=True))).shares()
    assert sum(shares.values()) == pytest.approx(1)
    assert min(shares.values()) >= exploration / len(names) - 1e-12


def test_only_the_latest_scores_count():
    """A game that was learned, and has stood still for as long as the window."""
    means = [*np.linspace(0.1, 0.5, 8), *[0.5] * 8]
    method = fed(Progress("ab", ProgressConfig(window=8)), scores("a", means), scores("b", [0.5] * 16))
    assert method.shares() == {"a": 0.5, "b": 0.5}
    assert len(method.state()["series"]["a"]) == 8


# How sure a change is.


def test_what_counts_of_a_slope_is_what_two_standard_errors_leave():
    """Steps 0, 10, 20 on a line: the slope's variance is error² / Σ (step − 10)² = error² / 200."""
    line = [(10 * k, Score(0.3 + 0.1 * k, 0.02)) for k in range(3)]
    assert sure_change(line) == pytest.approx(0.01 - 2 * 0.02 / sqrt(200))
    assert sure_change([(step, Score(1 - mean, error)) for step, (mean, error) in line]) == pytest.approx(
        sure_change(line)
    )
    assert sure_change([(step, Score(mean, 0.2)) for step, (mean, _) in line]) == 0


def test_scores_that_scatter_more_than_their_errors_say_make_the_slope_less_sure():
    """Residuals (2, −4, 2) in errors: χ² is 24 at one degree of freedom, so the slope's error is √24 times as great."""
    bent = [(k, Score(0.2 + 0.2 * k + 0.02 * (1, -2, 1)[k], 0.01)) for k in range(3)]
    assert sure_change(bent) == pytest.approx(0.2 - 2 * 0.01 * sqrt(24) / sqrt(2))


def test_a_score_that_is_measured_well_weighs_more():
    def with_errors(*errors):
        means = (0.5, 0.5, 0.9)
        return sure_change([(k, Score(mean, error)) for k, (mean, error) in enumerate(zip(means, errors, strict=True))])

    assert with_errors(0.01, 0.01, 0.5) == 0
    assert with_errors(0.01, 0.5, 0.01) > 0.15


def test_chance_alone_seldom_counts():
    """Of 1000 games of pure chance, about 46 exceed two standard errors."""
    rng = np.random.default_rng(0)
    found = [
        sure_change([(k, Score(0.5 + 0.03 * e, 0.03)) for k, e in enumerate(rng.normal(size=8))]) for _ in range(1000)
    ]
    assert 5 < sum(change > 0 for change in found) < 70


def test_the_score_of_results_is_never_certain():
    assert Score.of(np.ones(98)) == pytest.approx((0.99, sqrt(0.99 * 0.01) / 10))
    assert Score.of(np.zeros(0)) == pytest.approx((0.5, sqrt(1 / 8)))
    mean, error = Score.of((np.random.default_rng(0).random(10_000) < 0.3).astype(float))
    assert (mean, error) == pytest.approx((0.3, sqrt(0.21 / 10_000)), rel=0.03)


# The bandit's values.


def test_a_value_moves_by_td_0_and_only_where_there_was_play():
    method = SEC("ab", SECConfig(rate=0.5, temperature=1.0))
    method.update(0, {"a": Evidence(0.8), "b": Evidence(0.4)})
    method.update(1, {"a": Evidence(0.6), "b": Evidence()})
    assert method.state() == {"value": {"a": pytest.approx(0.5), "b": pytest.approx(0.2)}}
    assert method.shares()["a"] == pytest.approx(1 / (1 + np.exp(-0.3)))


def test_low_temperatures_do_not_overflow():
    method = SEC("ab", SECConfig(rate=1.0, temperature=1e-4))
    method.update(0, {"a": Evidence(10.0)})
    assert method.shares() == {"a": 1.0, "b": 0.0}


# Shares into matches.


@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=8), st.integers(0, 300), st.integers(0, 2**32))
def test_every_game_gets_its_due_rounded_up_or_down(weights, count, seed):
    due = {f"game {k}": count * w / sum(weights) for k, w in enumerate(weights)}
    got = allot(
        {name: w / sum(weights) for name, w in zip(due, weights, strict=True)}, count, np.random.default_rng(seed)
    )
    assert sum(got.values()) == count
    assert all(abs(got[name] - due[name]) < 1 + 1e-9 for name in due)


def test_a_single_match_is_drawn_by_share():
    rng = np.random.default_rng(0)
    drawn = [allot({"a": 0.7, "b": 0.0, "c": 0.3}, 1, rng) for _ in range(2000)]
    assert sum(each["a"] for each in drawn) / 2000 == pytest.approx(0.7, abs=0.04)
    assert sum(each["b"] for each in drawn) == 0


def test_no_draw_reaches_a_game_without_a_share():
    class Lowest:
        def random(self):
            return 0.0

    assert allot({"a": 0.0, "b": 1.0}, 3, Lowest()) == {"a": 0, "b": 3}


# Fixed weights, memory, mistakes.


def test_fixed_weights_stay_and_unnamed_games_weigh_one():
    method = curriculum(CurriculumConfig(method="fixed", weights={"b": 3.0}), "ab")
    method.update(0, {"a": Evidence(1.0, Score(0.9, 0.01))})
    assert method.shares() == {"a": 0.25, "b": 0.75}


@pytest.mark.parametrize("config", [UNIFORM, BANDIT, PROGRESS])
def test_numbers_of_any_precision_can_be_written_down(config):
    method = curriculum(config, "ab")
    method.update(0, {"a": Evidence(np.float32(0.5), Score(np.float32(0.5), np.float32(0.25)))})
    assert json.loads(json.dumps(method.state())) == method.state()


@pytest.mark.parametrize("config", [UNIFORM, BANDIT, PROGRESS])
def test_saved_and_restored_it_goes_on_bit_for_bit(config):
    rng = np.random.default_rng(0)
    straight, stopped = curriculum(config, "abc"), curriculum(config, "abc")
    for step in range(30):
        evidence = {
            g: Evidence(rng.random(), Score(rng.random(), 0.1 + rng.random())) for g in "abc" if rng.random() < 0.8
        }
        straight.update(step, evidence)
        stopped.update(step, evidence)
        if step == 12:
            saved = json.dumps(stopped.state())
            stopped = curriculum(config, "abc")
            stopped.restore(json.loads(saved))
        assert stopped.shares() == straight.shares()
    assert stopped.state() == straight.state()


def test_a_step_that_is_done_again_replaces_what_it_said():
    once, twice = Progress("ab", ProgressConfig()), Progress("ab", ProgressConfig())
    series = rising("a", 0.02)[0]
    fed(once, series)
    fed(twice, series[:6], [(step, {"a": Evidence(score=Score(0.1, 0.5))}) for step in (30, 40)], series[3:])
    assert once.state() == twice.state()


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ({"kuhn_pokr": 1.0}, "'kuhn_pokr', which is not played; did you mean 'kuhn_poker'"),
        ({"kuhn_poker": 0.0}, "all .* are 0"),
    ],
)
def test_weights_that_fit_no_game_get_one_sentence(weights, sentence):
    with pytest.raises(ConfigError, match=sentence):
        curriculum(CurriculumConfig(method="fixed", weights=weights), ["kuhn_poker"])


@pytest.mark.parametrize(
    "score", [Score(1.2, 0.1), Score(float("nan"), 0.1), Score(0.5, 0.0), Score(0.5, float("inf"))]
)
def test_what_is_no_score_gets_one_sentence(score):
    with pytest.raises(RatingError, match="a has a score of"):
        Progress("a", ProgressConfig()).update(0, {"a": Evidence(score=score)})
    with pytest.raises(RatingError, match="is no score"):
        Score.of(np.array([0.5, -1.0]))
