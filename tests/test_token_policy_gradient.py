"""Policy gradient on tokens: its gradient against formulas in float64, and what each option changes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from arena.config.algorithms import TokenPolicyGradientConfig
from arena.errors import ConfigError
from arena.players.language_model import language_model
from arena.trainers.advantage import Key
from arena.trainers.token_policy_gradient import TokenPolicyGradient
from arena.trainers.trainer import Lessons
from tests.bigrams import (
    LONGEST,
    PAIRS,
    PAYOFF,
    SEAT,
    UNTOLD,
    Bigrams,
    V,
    batch_by,
    gradients,
    policy_of,
    trainer_of,
)
from tests.language import tiny_folder
from tests.test_distinct_turns import batch_of


def accumulated(trainer: TokenPolicyGradient, batch) -> torch.Tensor:
    """Return the gradient of the logits in one update, before the optimiser does anything with it."""
    return gradients(trainer, batch)[0]


def reference_gradient(policy: Bigrams, batch, options: TokenPolicyGradientConfig, reference: Bigrams) -> torch.Tensor:
    """The loss of the module's docstring, turn by turn and token by token, with baselines of 0 before any match."""
    logits = policy.logits.detach().clone().requires_grad_()
    total = torch.zeros((), dtype=torch.float64)
    for n, (prompt, answer) in enumerate(PAIRS):
        advantage = PAYOFF[n] / 2.0
        before, whole = prompt[-1], 0.0
        tokens = slice(batch.offsets[n], batch.offsets[n + 1])
        engine = batch.behaviour_logp[tokens][batch.loss_mask[tokens]]
        mine = []
        for token in answer:
            mine.append(torch.log_softmax(logits[before], -1))
            before = token
        old = [float(row[token].detach()) for row, token in zip(mine, answer, strict=True)]
        whole = sum(old) - engine.sum()
        before = prompt[-1]
        for row, token, mu, was in zip(mine, answer, engine, old, strict=True):
            w = {
                "none": 1.0,
                "token": min(np.exp(was - mu), options.cap),
                "sequence": min(np.exp(whole), options.cap),
                "masked": float(1 / options.cap <= np.exp(was - mu) <= options.cap),
            }[options.correction]
            ratio = (row[token] - was).exp()
            clipped = ratio.clamp(1 - options.clip, 1 + options.clip_higher)
            total = total - w * torch.minimum(ratio * advantage, clipped * advantage)
            theirs = torch.log_softmax(reference.logits.detach()[before], -1)
            total = total + options.kl_weight * (row.exp() * (row - theirs)).sum()
            total = total + options.reverse_kl_weight * (theirs.exp() * (theirs - row)).sum()
            total = total + options.entropy_weight * (row.exp() * row).sum()
            before = token
    (total / (len(PAIRS) * LONGEST)).backward()
    return logits.grad


@pytest.mark.parametrize("correction", ["none", "token", "sequence", "masked"])
@pytest.mark.parametrize("prices", [{}, {"kl_weight": 0.3, "reverse_kl_weight": 0.2, "entropy_weight": 0.1}])
def test_the_gradient_is_that_of_the_formula(correction, prices) -> None:
    policy, options = policy_of(1), TokenPolicyGradientConfig(correction=correction, **prices)
    batch = batch_by(policy, engine_off=-0.9)
    trainer = trainer_of(policy, **options.model_dump())
    other = policy_of(2)
    if trainer.reference is not None:
        trainer.reference.logits.data.copy_(other.logits)
    wanted = reference_gradient(policy, batch, options, other)
    torch.testing.assert_close(accumulated(trainer, batch), wanted, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("tokens", [1, 7, 1000])
def test_the_budget_of_tokens_changes_nothing_but_what_is_computed_at_a_time(tokens) -> None:
    policy = policy_of(1)
    whole = accumulated(trainer_of(policy_of(1), kl_weight=0.1), batch_by(policy))
    parts = accumulated(trainer_of(policy_of(1), kl_weight=0.1, batch_tokens=tokens), batch_by(policy))
    torch.testing.assert_close(parts, whole, atol=1e-12, rtol=1e-12)


def test_only_sampled_tokens_carry_loss() -> None:
    """Row 5 of the table is asked only after the last token of an answer, so it has no gradient; nor have prompts'."""
    policy = policy_of(1)
    gradient = accumulated(trainer_of(policy), batch_by(policy))
    asked = {before for prompt, answer in PAIRS for before in [prompt[-1], *answer[:-1]]}
    assert [bool(row.any()) for row in gradient] == [i in asked for i in range(V)]


def test_the_first_step_has_ratios_of_one_and_baselines_are_read_before_they_move() -> None:
    policy = policy_of(1)
    trainer = trainer_of(policy, baseline_decay=0.5)
    report = trainer.update(batch_by(policy))
    for name in ("ratio_mean", "ratio_least", "ratio_most"):
        assert report.others[name] == pytest.approx(1.0)
    assert report.others["ratio_gap"] == pytest.approx(0.0, abs=1e-12)
    assert report.others["answer_tokens"] == pytest.approx(11 / 6)
    assert report.payoff == pytest.approx(PAYOFF.mean() / 2)
    assert trainer.baselines.state()[0]["count"] == 3
    second = trainer.advantages(batch_by(policy), UNTOLD)
    means = [np.average(PAYOFF[s == SEAT] / 2, weights=[0.25, 0.5, 1]) for s in (0, 1)]
    assert second.tolist() == pytest.approx([p / 2 - means[s] for p, s in zip(PAYOFF, SEAT, strict=True)])


def test_more_steps_are_relative_to_what_the_policy_was_before_the_first() -> None:
    policy = policy_of(1)
    trainer = trainer_of(policy, epochs=2, clip=1e-9, clip_higher=1e-9)
    batch, seen = batch_by(policy), []
    step = trainer._step
    trainer._step = lambda *args: seen.append(args[0].old.behaviour_logp.copy()) or step(*args)
    before = policy.evaluate(batch).logp.detach().numpy()
    trainer.update(batch)
    assert len(seen) == 2
    for logp in seen:
        assert logp[batch.loss_mask].tolist() == pytest.approx(before.tolist(), abs=1e-6)
    # With no room to move, what went the right way in the first step has no gradient in the second.
    assert trainer.optimiser.steps == 2


def test_minibatches_deal_every_turn_out_once() -> None:
    trainer = trainer_of(policy_of(1), epochs=2, minibatches=3)
    parts = [part.tolist() for part in trainer._parts(7)]
    assert [len(part) for part in parts] == [3, 2, 2] * 2
    for epoch in (parts[:3], parts[3:]):
        assert sorted(n for part in epoch for n in part) == list(range(7))
    assert parts[:3] != parts[3:]


def test_one_baseline_for_all_roles_rewards_a_good_seat_for_ever() -> None:
    """What the option is for: to show what role-conditioned advantages are worth."""
    payoff = np.where(SEAT == 0, 1.5, -1.5)
    batch = replace(batch_by(policy_of(1)), payoff=payoff)
    for baseline, wanted in [("role", [0.0, 0.0]), ("shared", [0.75, -0.75]), ("none", [0.75, -0.75])]:
        trainer = trainer_of(policy_of(1), baseline=baseline, baseline_decay=0.9)
        for _ in range(200):
            advantage = trainer.advantages(batch, UNTOLD)
        assert advantage[:2].tolist() == pytest.approx(wanted, abs=0.05), baseline


def test_an_answer_that_is_no_move_has_its_price() -> None:
    legal = np.array([True, False, True, True, True, False])
    batch = replace(batch_by(policy_of(1)), legal=legal)
    plain, priced = (trainer_of(policy_of(1), invalid_penalty=p)._lesson(batch)[0] for p in (0.0, 0.4))
    assert (plain.advantage - priced.advantage).tolist() == pytest.approx((0.4 * ~legal).tolist())
    assert plain.target.tolist() == priced.target.tolist()


def test_the_price_of_leaving_the_reference_falls_geometrically() -> None:
    trainer = trainer_of(policy_of(1), kl_weight=1.0, final_kl_weight=0.01)
    prices = []
    for version in (0, 5, 10):
        trainer.policy.version = version
        prices.append(trainer.kl_weight())
    assert prices == pytest.approx([1.0, 0.1, 0.01])
    with pytest.raises(ValueError, match="approached geometrically"):
        TokenPolicyGradientConfig(final_kl_weight=0.1)


def test_a_reference_may_follow_slowly() -> None:
    policy = policy_of(1)
    trainer = trainer_of(policy, kl_weight=0.1, reference_rate=0.25)
    before = policy.logits.detach().clone()
    trainer.update(batch_by(policy))
    moved = trainer.reference.logits.detach() - before
    torch.testing.assert_close(moved, 0.25 * (policy.logits.detach() - before))
    assert moved.abs().max() > 0


def test_it_plays_what_it_has_learned_and_learns_nothing_from_nothing() -> None:
    policy = policy_of(1)
    trainer = trainer_of(policy)
    trainer.update(batch_by(policy))
    trainer.update(batch_by(policy))
    assert policy.synced == [1, 2]
    empty = batch_by(policy).where(np.zeros(0, np.int64))
    assert trainer.update(empty).others == {}
    assert policy.synced == [1, 2]


def test_it_goes_on_exactly_where_it_was_saved(tmp_path) -> None:
    options = {"kl_weight": 0.2, "reference_rate": 0.3, "epochs": 2, "minibatches": 2}
    one = trainer_of(policy_of(1), **options)
    for _ in range(2):
        one.update(batch_by(one.policy))
    one.save(tmp_path)
    two = trainer_of(Bigrams(one.policy.logits.detach()), **options)
    two.policy.version = one.policy.version
    two.load(tmp_path)
    for trainer in (one, two):
        trainer.update(batch_by(trainer.policy))
    assert torch.equal(one.policy.logits, two.policy.logits)
    assert torch.equal(one.reference.logits, two.reference.logits)
    assert one.baselines.state() == two.baselines.state()


def test_a_lesson_is_a_step_up_the_likelihood_of_its_answers() -> None:
    policy = policy_of(1)
    trainer = trainer_of(policy, kl_weight=0.3, batch_tokens=4)
    batch = batch_by(policy)
    logits = policy.logits.detach().clone().requires_grad_()
    (-Bigrams.evaluate(SimpleNamespace(logits=logits, predicts=False), batch).logp.mean()).backward()
    wanted = -float(policy.evaluate(batch).logp.detach().mean())
    found, apply = [], trainer.optimiser.apply
    trainer.optimiser.apply = lambda: found.append(policy.logits.grad.clone()) or apply()
    report = trainer.update(Lessons(batch))
    torch.testing.assert_close(found[0], logits.grad, atol=1e-12, rtol=1e-9)
    assert report.others["imitation_loss"] == pytest.approx(wanted)
    assert (policy.version, policy.synced) == (1, [1])
    assert trainer.baselines.state() == []


def test_weights_that_run_away_are_told() -> None:
    policy = policy_of(1)
    batch = replace(batch_by(policy), payoff=np.full(6, np.inf))
    with pytest.raises(ConfigError, match="no longer finite"):
        trainer_of(policy).update(batch)


# Predicted payoffs.

ONE_SEAT = {"seat": np.zeros(6, np.int64), "match": np.array([0, 0, 0, 1, 1, 1]), "turn": np.array([0, 1, 2, 0, 1, 2])}
"""Two matches of three turns each, all of one seat."""


def by_hand(values: torch.Tensor, payoff: float, prompts: list[int], trace_decay: float) -> list[float]:
    """Return the advantages of the turns of one seat in one match: sums over λ of what the next prompt is better by."""
    value = [float(values[last]) for last in prompts] + [payoff / 2.0]
    better = [after - before for before, after in pairwise(value)]
    return [sum(trace_decay ** (k - t) * better[k] for k in range(t, len(better))) for t in range(len(better))]


@pytest.mark.parametrize("steps", [{}, {"epochs": 2}])
@pytest.mark.parametrize("trace_decay", [0.0, 0.7, 1.0])
def test_with_predicted_payoffs_the_gradient_is_that_of_the_formula(trace_decay, steps) -> None:
    policy, payoff = policy_of(1, predicts=True), np.array([2.0] * 3 + [-1.0] * 3)
    before = policy.values.detach().clone()
    batch = batch_by(policy, payoff=payoff, **ONE_SEAT)
    logits, values = (p.detach().clone().requires_grad_() for p in policy.parameters())
    advantage = [
        a
        for rows in (slice(0, 3), slice(3, 6))
        for a in by_hand(before, payoff[rows][0], [prompt[-1] for prompt, _ in PAIRS[rows]], trace_decay)
    ]
    total = torch.zeros((), dtype=torch.float64)
    for n, (prompt, answer) in enumerate(PAIRS):
        for last, token in pairwise([prompt[-1], *answer]):
            total = total - advantage[n] * torch.log_softmax(logits[last], -1)[token]
        target = advantage[n] + before[prompt[-1]]
        total = total + 0.3 * (values[prompt[-1]] - target) ** 2
    (total / (len(PAIRS) * LONGEST)).backward()
    found = gradients(trainer_of(policy, value_weight=0.3, trace_decay=trace_decay, **steps), batch)
    torch.testing.assert_close(found, [logits.grad, values.grad], atol=1e-6, rtol=1e-6)


def test_equal_answers_with_other_targets_are_one_with_their_mean() -> None:
    """Answers 0 and 2 are the same, and so are 1 and 3: what is computed once has the gradient of all."""
    batch = batch_by(policy_of(1, predicts=True))
    apart = gradients(trainer_of(policy_of(1, predicts=True), value_weight=0.3), batch)
    alone = [torch.zeros(V, V, dtype=torch.float64), torch.zeros(V, dtype=torch.float64)]
    for n in range(6):
        one = gradients(trainer_of(policy_of(1, predicts=True), value_weight=0.3), batch.where(np.array([n])))
        alone = [total + part / 6 for total, part in zip(alone, one, strict=True)]
    torch.testing.assert_close(apart, alone, atol=1e-12, rtol=1e-12)


@pytest.mark.parametrize("tokens", [1, 7])
def test_the_budget_of_tokens_does_not_change_what_is_learned_of_payoffs(tokens) -> None:
    options = {"value_weight": 0.5, "trace_decay": 0.8}
    batch = batch_by(policy_of(1, predicts=True), **ONE_SEAT)
    whole = gradients(trainer_of(policy_of(1, predicts=True), **options), batch)
    parts = gradients(trainer_of(policy_of(1, predicts=True), batch_tokens=tokens, **options), batch)
    torch.testing.assert_close(parts, whole, atol=1e-12, rtol=1e-12)


def test_what_is_predicted_is_no_matter_of_role_baselines_and_its_error_is_told() -> None:
    policy = policy_of(1, predicts=True)
    value = policy.values.detach().numpy()[[prompt[-1] for prompt, _ in PAIRS]]
    trainer = trainer_of(policy, value_weight=0.5)
    report = trainer.update(batch_by(policy))
    assert trainer.baselines.state() == []
    assert report.others["value_error"] == pytest.approx(np.mean((PAYOFF / 2 - value) ** 2))


def test_a_policy_that_predicts_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"value_weight = 0.5 is for a learner that predicts payoffs: .* value=True"):
        trainer_of(policy_of(1), value_weight=0.5)


def test_a_reference_follows_a_policy_that_predicts_and_both_go_on_where_they_were_saved(tmp_path) -> None:
    options = {"kl_weight": 0.2, "reference_rate": 0.3, "value_weight": 0.5}
    one = trainer_of(policy_of(1, predicts=True), **options)
    one.update(batch_by(one.policy))
    one.save(tmp_path)
    two = trainer_of(Bigrams(one.policy.logits.detach(), one.policy.values.detach()), **options)
    two.policy.version = one.policy.version
    two.load(tmp_path)
    for trainer in (one, two):
        trainer.update(batch_by(trainer.policy))
    assert torch.equal(one.reference.logits, two.reference.logits)
    for mine, theirs in zip(one.policy.parameters(), two.policy.parameters(), strict=True):
        assert torch.equal(mine, theirs)


@pytest.mark.parametrize(("rank", "rate"), [(0, 0.003), (4, 0.01)])
def test_the_head_of_a_language_model_learns_what_a_seat_gets_on_average(rank, rate) -> None:
    """Each seat is asked in its own words, and wins seven matches of ten or loses them, by chance."""
    policy = language_model(str(tiny_folder()), rank, value=True, max_tokens=12, seed=1)
    seat, won = np.arange(32) % 2, np.random.default_rng(0).choice([2.0, -2.0], 32, p=[0.7, 0.3])
    batch = batch_of(
        [([5, 6, 7 + s], [9, 2]) for s in seat.tolist()],
        payoff=np.where(seat == 0, won, -won),
        **dict.fromkeys(("seat", "side", "role"), seat),
        match=np.arange(32) // 2,
    )
    mean = [batch.payoff[seat == s].mean() / 2 for s in (0, 1)]
    options = TokenPolicyGradientConfig(value_weight=10.0, warmup=0)
    trainer = TokenPolicyGradient(policy, 2.0, options, learning_rate=rate, updates=1000, seed=3)
    errors = [trainer.update(batch).others["value_error"] for _ in range(60)]
    with torch.no_grad():
        value = policy.evaluate(batch).value.tolist()
    policy.close()
    assert errors[0] == pytest.approx(1.0)
    assert errors[-1] == pytest.approx(np.mean((batch.payoff / 2 - np.array(mean)[seat]) ** 2), abs=0.01)
    assert value == pytest.approx([mean[s] for s in seat], abs=0.05)


# Filters.


def test_turns_worth_nothing_may_go_and_leave_the_gradient_as_it_was() -> None:
    """Of three matches the last is a draw: its turns moved nothing, and their number stays in the mean."""
    payoff = np.array([2.0, -2.0, -1.0, 1.0, 0.0, 0.0])
    whole = accumulated(trainer_of(policy_of(1)), batch_by(policy_of(1), payoff=payoff))
    trainer = trainer_of(policy_of(1), filters={})
    torch.testing.assert_close(accumulated(trainer, batch_by(policy_of(1), payoff=payoff)), whole, atol=1e-12, rtol=0)
    trainer = trainer_of(policy_of(1), filters={})
    assert trainer.update(batch_by(trainer.policy, payoff=payoff)).others["kept"] == pytest.approx(4 / 6)


def test_without_the_table_all_is_learned_from_and_turns_worth_nothing_are_still_held() -> None:
    payoff, kept = np.zeros(6), {}
    for name, options in {"all": {}, "useful": {"filters": {}}}.items():
        trainer = trainer_of(policy_of(1), kl_weight=0.5, **options)
        trainer.reference.logits.data.copy_(policy_of(2).logits)
        before = trainer.policy.logits.detach().clone()
        kept[name] = trainer.update(batch_by(trainer.policy, payoff=payoff)), trainer.policy, before
    (report, policy, before), (nothing, unmoved, as_before) = kept["all"], kept["useful"]
    assert "kept" not in report.others
    assert not torch.equal(policy.logits, before)
    assert torch.equal(unmoved.logits, as_before)
    assert (nothing.others["kept"], unmoved.version, unmoved.synced) == (0.0, 1, [1])


def test_minibatches_of_what_is_left_have_the_same_mean() -> None:
    trainer = trainer_of(policy_of(1), filters={"draws": "drop"}, minibatches=2)
    seen, step = [], trainer._step
    trainer._step = lambda *args: seen.append((len(args[0].batch), args[1])) or step(*args)
    trainer.update(batch_by(trainer.policy, payoff=np.array([2.0, -2.0, -1.0, 1.0, 0.0, 0.0])))
    assert seen == [(2, 3.0), (2, 3.0)]


def test_a_draw_has_its_worth_before_the_baselines_and_the_report_tells_what_was_paid() -> None:
    payoff = np.array([2.0, -2.0, 0.0, 0.0, 0.0, 0.0])
    trainer = trainer_of(policy_of(1), filters={"draw_worth": -0.25})
    lesson, (kept, *_) = trainer._lesson(batch_by(trainer.policy, payoff=payoff))
    assert lesson.advantage.tolist() == [1.0, -1.0, *[-0.25] * 4]
    assert kept.tolist() == list(range(6))
    assert trainer.baselines.read(Key("kuhn_poker", 0, 0)) < np.mean(payoff[SEAT == 0] / 2)
    assert trainer.update(batch_by(trainer.policy, payoff=payoff)).payoff == 0.0


def test_long_answers_have_their_own_price_and_those_that_were_cut_the_whole() -> None:
    """Answers of 2, 1, 2, 1, 3 and 2 tokens, where 5 is the most; the last was cut because its prompt left no room."""
    cut = np.array([False] * 5 + [True])
    options = {"overlong": "penalty", "overlong_from": 0.2, "overlong_price": 0.4}
    trainer = trainer_of(policy_of(1), filters=options)
    lesson, _ = trainer._lesson(batch_by(trainer.policy, cut=cut))
    price = PAYOFF / 2 - lesson.advantage
    assert price.tolist() == pytest.approx([0.1, 0.0, 0.1, 0.0, 0.2, 0.4])
    dropped = trainer_of(policy_of(1), filters={"overlong": "drop"})
    assert dropped._lesson(batch_by(dropped.policy, cut=cut))[1].rows.tolist() == [0, 1, 2, 3, 4]


def test_repeats_of_a_start_are_compared_and_need_one() -> None:
    """Matches 0 and 1 began alike and ended otherwise; match 2 was alone. The more varied half of four groups stays."""
    trainer = trainer_of(policy_of(1), filters={"varied": 0.5})
    batch = batch_by(trainer.policy, start=np.array([0, 0, 0, 0, 1, 1]))
    assert trainer._lesson(batch)[1].rows.tolist() == [0, 1, 2, 3]
    with pytest.raises(ConfigError, match="no start was played twice"):
        trainer._lesson(replace(batch, start=None))
