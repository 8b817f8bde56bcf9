"""What a part of an update computes: its loss, what it has seen, and that parts add up to the whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from arena.config.algorithms import TokenPolicyGradientConfig
from arena.trainers.token_objective import Imitate, Improve, Lesson, Part, Say, Sight, Step, report, turn_of_tokens
from tests.bigrams import LONGEST, PAIRS, batch_by, policy_of
from tests.test_distinct_turns import batch_of

ADVANTAGE = np.array([1.5, -0.5, 0.25, 0.0, -2.0, 1.0])
TIMES = np.array([1.0, 3.0, 1.0, 2.0, 1.0, 1.0])
NOTHING = np.zeros(6)
OPTIONS = TokenPolicyGradientConfig(kl_weight=0.2, reverse_kl_weight=0.1, entropy_weight=0.05, value_weight=0.5)


def part_of(policy, rows=range(6)) -> Part:
    """Return some turns of a batch that an engine has drawn which is off, before some steps that have been taken."""
    batch = batch_by(policy, engine_off=0.2)
    old = replace(batch, behaviour_logp=batch.behaviour_logp - 0.1 * batch.loss_mask)
    at = np.array(list(rows))
    return Part(Lesson(batch, old, ADVANTAGE, NOTHING, ADVANTAGE).where(at), TIMES[at])


def test_parts_add_up_to_the_whole() -> None:
    policy, reference = policy_of(1, predicts=True), policy_of(2)
    improve = Improve(OPTIONS, 0.2, TIMES.sum(), LONGEST)
    whole, all_seen = improve(policy, reference, part_of(policy))
    parts = [improve(policy, reference, part_of(policy, rows)) for rows in ([0, 1], [2], [3, 4, 5])]
    assert sum(float(loss.detach()) for loss, _ in parts) == pytest.approx(float(whole.detach()), abs=1e-12)
    for column in range(1, len(Sight._fields)):
        together = np.concatenate([seen[column] for _, seen in parts])
        assert together == pytest.approx(all_seen[column], abs=1e-12)
    assert sum(seen.answers for _, seen in parts) == all_seen.answers == TIMES.sum()


def test_a_turn_that_stands_for_several_counts_as_often() -> None:
    policy, reference = policy_of(1, predicts=True), policy_of(2)
    improve = Improve(OPTIONS, 0.2, TIMES.sum(), LONGEST)
    once, _ = improve(policy, reference, part_of(policy))
    repeated = np.repeat(np.arange(6), TIMES.astype(int))
    each = part_of(policy, repeated)._replace(times=np.ones(len(repeated)))
    again, seen = improve(policy, reference, each)
    assert float(again.detach()) == pytest.approx(float(once.detach()), abs=1e-12)
    assert seen.answers == TIMES.sum()


def test_without_a_reference_nothing_is_held() -> None:
    policy = policy_of(1)
    _, seen = Improve(OPTIONS, 0.2, 6, LONGEST)(policy, None, part_of(policy))
    assert not seen.kl.any()
    _, held = Improve(OPTIONS, 0.2, 6, LONGEST)(policy, policy_of(2), part_of(policy))
    assert (held.kl > 0).all()


def test_imitation_is_the_mean_log_likelihood_of_all_tokens() -> None:
    policy, batch = policy_of(3), batch_of(PAIRS)
    tokens = int(batch.loss_mask.sum())
    loss, told = Imitate(tokens)(policy, None, (batch, np.ones(6)))
    assert told == float(loss.detach()) == pytest.approx(-float(policy.evaluate(batch).logp.detach().mean()))


def test_what_is_said_comes_turn_by_turn_and_teaches_nothing() -> None:
    policy, batch = policy_of(3, predicts=True), batch_of(PAIRS)
    loss, (logp, value) = Say()(policy, None, batch)
    assert loss is None
    assert [len(said) for said in logp] == [len(answer) for _, answer in PAIRS]
    assert np.concatenate(logp) == pytest.approx(policy.evaluate(batch).logp.detach().numpy())
    assert value == pytest.approx([float(policy.values.detach()[prompt[-1]]) for prompt, _ in PAIRS])
    assert not Say()(policy_of(3), None, batch)[1][1].any()


def test_a_report_is_of_answers_and_not_of_turns() -> None:
    tokens = np.array([1, 3])
    sight = Sight(2.0, tokens, np.array([0.5, 1.0]), np.array([0.1, 0.2]), np.zeros(2), np.zeros(2))
    told = report([Step(2.0, [sight]), Step(4.0, [sight])], 0.25, {"more": 7.0}, cap=2.0)
    assert told.entropy == pytest.approx((0.5 + 3.0) / 2)
    assert told.kl == pytest.approx((0.1 + 0.6) / 2)
    assert (told.payoff, told.others["more"], told.others["gradient_norm"]) == (0.25, 7.0, 3.0)
    assert told.others["answer_tokens"] == 2.0
    assert told.others["ratio_mean"] == 1.0
    assert report([], 0.25, {}, 2.0) == (0.0, 0.0, 0.25, {})


def test_each_token_knows_its_turn() -> None:
    assert turn_of_tokens(batch_of(PAIRS)).tolist() == [i for i, (_, answer) in enumerate(PAIRS) for _ in answer]
