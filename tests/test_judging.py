"""Judges with known biases: what is told of them is what they were given, exactly and in matches."""

from itertools import product
from math import exp

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.games.debate import Debate
from arena.games.kuhn_poker import KuhnPoker
from arena.judging import Judged, Judgement, judgements, self_bonus, trust
from arena.match import Fixture, play_fixtures
from arena.player import Move
from arena.seeds import derive, generator

logits = st.floats(-3, 3)


def sigma(logit):
    return 1 / (1 + exp(-logit))


class Biased:
    """A judge with a stated law: it takes the side of `own` with the odds that its biases and the debate say.

    A debate speaks for the right side by `merit` logits, more or less so by question.
    """

    def __init__(self, bonus, position, own="mine", merit=0.0, name="judge"):
        self.bonus, self.position, self.own, self.merit, self.name = bonus, position, own, merit, name

    def says_a(self, request):
        """Return the probability of the verdict A."""
        view, game = request.text, request.game
        number = next(i for i, dispute in enumerate(game.disputes) if f"question| {dispute.question}\n" in view)
        own = (f"\nA| {self.own}\n" in view) - (f"\nB| {self.own}\n" in view)
        right = 1 if f"\nA's answer| {game.disputes[number].answers[0]}\n" in view else -1
        return sigma(self.merit * (number % 3) * right + self.bonus * own + self.position)

    def act(self, batch):
        return [Move("A" if generator(r.seed, self.name).random() < self.says_a(r) else "B") for r in batch]


class Tells:
    """A debater whose speech says who it is."""

    def __init__(self, name):
        self.name = name

    def act(self, batch):
        return [Move(self.name) for _ in batch]


def judged_by(judges, game, pairs=400):
    """Return what was said of `mine` against `other`, each pair with swapped seats."""
    players = {"mine": Tells("mine"), "other": Tells("other"), **judges}
    cast = [name for name in judges for _ in range(2)]
    fixtures = [
        Fixture(f"{i:05d}-{turn}", "tournament", (*sides, *cast), derive(3, "deal", i), f"{i:05d}")
        for i in range(pairs)
        for turn, sides in enumerate([("mine", "other"), ("other", "mine")])
    ]
    return judgements(play_fixtures(game, fixtures, players), game)


def one(said, sides=("mine", "other"), judge="judge", match="m", right=None):
    return Judgement(match, match, judge, sides, said, right)


# Exactly.


@given(logits, logits, logits)
def test_the_mean_over_both_orders_is_what_the_law_says(merit, bonus, position):
    """½(σ(d + s + b) + σ(d + s − b)), summed over all that the judge may say."""
    shown_first, shown_last = sigma(merit + bonus + position), sigma(merit + bonus - position)
    mean = flips = 0.0
    for own_first, own_last in product((True, False), repeat=2):
        p = (shown_first if own_first else 1 - shown_first) * (shown_last if own_last else 1 - shown_last)
        said = one((0 if own_first else 1, 0 if own_last else 1))
        mean += p * said.share(0)
        flips += p * said.flipped
    assert mean == pytest.approx((shown_first + shown_last) / 2)
    assert flips == pytest.approx(shown_first * (1 - shown_last) + shown_last * (1 - shown_first))


@given(logits)
def test_without_a_self_bonus_the_mean_is_a_half_whatever_the_position_is_worth(position):
    assert (sigma(position) + sigma(-position)) / 2 == pytest.approx(0.5)


@given(st.lists(logits, min_size=1, max_size=6), logits, logits, logits)
def test_the_self_bonus_is_found_exactly_whatever_positions_and_debates_are_worth(merits, bonus, mine, theirs):
    """Of any mixture of debates in which both hear the same; the expected counts of a billion of them."""
    alone = np.zeros((2, 2))
    for merit, (order, sign) in product(merits, enumerate((1, -1))):
        p, q = sigma(merit + bonus + sign * mine), sigma(merit + sign * theirs)
        alone[order] += 1e9 * np.array([p * (1 - q), q * (1 - p)])
    assert self_bonus(alone).value == pytest.approx(bonus, abs=1e-5)


@given(st.lists(logits, min_size=1, max_size=6), logits, logits, st.floats(0, 2), st.floats(0, 2))
def test_without_a_self_bonus_it_is_zero_for_judges_of_any_ability(merits, mine, theirs, able, other_able):
    """Where the right side is known, each question being debated with the own side right and wrong."""
    alone = np.zeros((2, 2, 2))
    for merit, (order, sign), (wrong, right) in product(merits, enumerate((1, -1)), enumerate((1, -1))):
        p, q = sigma(right * able * merit + sign * mine), sigma(right * other_able * merit + sign * theirs)
        alone[order, wrong] += 1e9 * np.array([p * (1 - q), q * (1 - p)])
    assert self_bonus(alone.reshape(-1, 2)).value == pytest.approx(0.0, abs=1e-5)


def test_without_a_self_bonus_it_is_zero_and_no_disagreement_says_nothing():
    for mine, theirs in product((-2.0, 0.0, 1.5), repeat=2):
        alone = [
            [sigma(sign * mine) * sigma(-sign * theirs), sigma(sign * theirs) * sigma(-sign * mine)] for sign in (1, -1)
        ]
        assert self_bonus(1e9 * np.array(alone)).value == pytest.approx(0.0, abs=1e-6)
    nothing = self_bonus(np.zeros((2, 2)))
    assert nothing.value == 0.0
    assert nothing.high > 2.5


# What is counted.


def test_shares_of_a_handful():
    said = [one((0, 0), match="a", right=0), one((1, 1), match="b", right=0), one((0, 1), match="c", right=1)]
    (found,) = trust(said, {"judge": {"mine"}})
    assert (found.matches, found.flips.value) == (3, pytest.approx(1 / 3))
    assert found.first.value == pytest.approx((0.5 + 0.5 + 1.0) / 3)
    assert found.right.value == pytest.approx((1 + 0 + 0.5) / 3)
    assert found.survived_right.value == 0.5
    assert found.own.value == 0.5
    assert found.self_bonus == {}


def test_what_is_not_known_is_not_told():
    (found,) = trust([one((0, 1))])
    assert (found.right, found.survived_right, found.own) == (None, None, None)
    assert trust([]) == []
    assert trust([one((0, 0))], {"judge": {"mine", "other"}})[0].own is None


def test_only_a_judge_who_is_kin_to_nobody_is_compared_with():
    said = [one((0, 0)), one((1, 1), judge="stranger"), one((1, 1), judge="cousin")]
    found = {each.judge: each for each in trust(said, {"judge": {"mine"}, "cousin": {"other"}})}
    assert set(found["judge"].self_bonus) == {"stranger"}
    assert found["judge"].self_bonus["stranger"].value > 0
    assert set(found["cousin"].self_bonus) == {"stranger"}
    assert found["stranger"].self_bonus == {}


def test_matches_that_do_not_count_and_games_without_judges_have_no_judgements():
    game = Debate()
    players = {"a": Tells("a"), "b": Tells("b"), "judge": Biased(0, 0)}
    seats = ("a", "b", "judge", "judge")
    for kind, count in (("tournament", 1), ("rating", 1), ("train", 0), ("play", 0)):
        assert len(judgements(play_fixtures(game, [Fixture("k", kind, seats, 0, "")], players), game)) == count
    assert isinstance(game, Judged)
    assert judgements([], KuhnPoker()) == []


# In matches.


@pytest.mark.parametrize("position", [-1.0, 0.0, 2.0])
def test_a_judge_without_a_self_bonus_shows_none_in_matches(position):
    (found,) = trust(judged_by({"judge": Biased(0.0, position)}, Debate()), {"judge": {"mine"}})
    flips = sigma(position) ** 2 + sigma(-position) ** 2
    assert found.own.low <= 0.5 <= found.own.high
    assert found.first.low <= sigma(position) <= found.first.high
    assert found.flips.low <= flips <= found.flips.high
    assert found.flips.high - found.flips.low < 0.12


def test_a_panel_tells_the_self_bonus_of_one_of_them():
    judges = {
        "judge_1": Biased(1.0, 0.8, merit=0.7, name="judge_1"),
        "judge_2": Biased(0.0, -0.5, merit=0.3, name="judge_2"),
        "judge_3": Biased(0.0, 1.5, merit=0.7, name="judge_3"),
    }
    kin = {name: {"mine"} for name in ("judge_1", "judge_3")}
    said = judged_by(judges, Debate(panel=3))
    found = {each.judge: each for each in trust(said, kin)}
    biased, fair = (found[name].self_bonus["judge_2"] for name in ("judge_1", "judge_3"))
    assert biased.low <= 1.0 <= biased.high
    assert biased.low > 0.3
    assert fair.low <= 0.0 <= fair.high
    assert found["judge_1"].right.low > 0.5


@pytest.mark.slow
@settings(deadline=None)
@given(st.integers(0, 3))
def test_nineteen_intervals_of_twenty_hold(seed):
    """Of counts that are drawn, the interval of the bonus misses it about once in twenty."""
    rng = np.random.default_rng(seed)
    p = np.array([[0.30, 0.11], [0.24, 0.09]])  # of a bonus of ½ log(0.30·0.24 / (0.11·0.09))
    truth = float(np.log(p[:, 0] / p[:, 1]).mean())
    drawn = [self_bonus(rng.binomial(400, p).astype(float)) for _ in range(1000)]
    assert np.mean([found.low <= truth <= found.high for found in drawn]) > 0.93
