"""Policy gradient on tokens: its gradient against formulas in float64, and what each option changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from arena.config.algorithms import TokenPolicyGradientConfig
from arena.errors import ConfigError
from arena.player import TokenEvaluation
from arena.trainers.token_policy_gradient import TokenPolicyGradient
from tests.test_distinct_turns import batch_of

V, LONGEST = 6, 5
PAIRS = [([0], [1, 2]), ([1], [3]), ([0], [1, 2]), ([1], [3]), ([0], [4, 4, 5]), ([1], [0, 1])]
PAYOFF = np.array([2.0, -2.0, -1.0, 1.0, 2.0, -2.0])
SEAT = np.array([0, 1, 0, 1, 0, 1])
MATCH = np.array([0, 0, 1, 1, 2, 2])


class Bigrams:
    """A language model whose next token depends on the one before: a table of logits."""

    max_tokens = LONGEST

    def __init__(self, logits: torch.Tensor) -> None:
        self.name, self.version, self.synced = "bigrams", 0, []
        self.logits = torch.nn.Parameter(logits.clone())

    def parameters(self) -> list[torch.nn.Parameter]:
        return [self.logits]

    def evaluate(self, batch) -> TokenEvaluation:
        before = np.flatnonzero(batch.loss_mask) - 1
        policy = torch.log_softmax(self.logits, -1)[torch.from_numpy(batch.ids[before])]
        return TokenEvaluation(policy.gather(1, torch.from_numpy(batch.ids[batch.loss_mask])[:, None])[:, 0], policy)

    def frozen(self) -> Bigrams:
        return Bigrams(self.logits.detach())

    def rest(self) -> None:
        self.rested = self.version

    def sync(self) -> None:
        self.synced.append(self.version)


def policy_of(seed: int) -> Bigrams:
    return Bigrams(torch.randn(V, V, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)))


def batch_by(policy: Bigrams, engine_off: float = 0.0):
    """Return a batch that the policy has played, through an engine that is off by so many nats at every third token."""
    batch = batch_of(PAIRS, payoff=PAYOFF, seat=SEAT, side=SEAT, role=SEAT, match=MATCH, turn=SEAT)
    logp = np.zeros(len(batch.ids))
    logp[batch.loss_mask] = policy.evaluate(batch).logp.detach().numpy()
    logp[batch.loss_mask] += engine_off * (np.arange(batch.loss_mask.sum()) % 3 == 0)
    return replace(batch, behaviour_logp=logp)


def trainer_of(policy: Bigrams, **options) -> TokenPolicyGradient:
    return TokenPolicyGradient(
        policy, 2.0, TokenPolicyGradientConfig(**options), learning_rate=0.01, updates=10, seed=3
    )


def accumulated(trainer: TokenPolicyGradient, batch) -> torch.Tensor:
    """Return the gradient of one update, before the optimiser does anything with it."""
    found = []
    apply = trainer.optimiser.apply

    def kept() -> float:
        found.append(trainer.policy.parameters()[0].grad.clone())
        return apply()

    trainer.optimiser.apply = kept
    trainer.update(batch)
    return found[0]


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
    second = trainer.advantages(batch_by(policy))
    means = [np.average(PAYOFF[s == SEAT] / 2, weights=[0.25, 0.5, 1]) for s in (0, 1)]
    assert second.tolist() == pytest.approx([p / 2 - means[s] for p, s in zip(PAYOFF, SEAT, strict=True)])


def test_more_steps_are_relative_to_what_the_policy_was_before_the_first() -> None:
    policy = policy_of(1)
    trainer = trainer_of(policy, epochs=2, clip=1e-9, clip_higher=1e-9)
    batch, seen = batch_by(policy), []
    step = trainer._step
    trainer._step = lambda *args: seen.append(args[1].behaviour_logp.copy()) or step(*args)
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
            advantage = trainer.advantages(batch)
        assert advantage[:2].tolist() == pytest.approx(wanted, abs=0.05), baseline


def test_an_answer_that_is_no_move_has_its_price() -> None:
    legal = np.array([True, False, True, True, True, False])
    batch = replace(batch_by(policy_of(1)), legal=legal)
    plain, priced = (trainer_of(policy_of(1), invalid_penalty=p).advantages(batch) for p in (0.0, 0.4))
    assert (plain - priced).tolist() == pytest.approx((0.4 * ~legal).tolist())


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


def test_weights_that_run_away_are_told() -> None:
    policy = policy_of(1)
    batch = replace(batch_by(policy), payoff=np.full(6, np.inf))
    with pytest.raises(ConfigError, match="no longer finite"):
        trainer_of(policy).update(batch)
