"""Losses over tokens against their formulas, worked out by hand."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from arena.trainers import losses, token_losses
from arena.trainers.token_losses import importance, length_normalised_surrogate, ratios

LOGP = torch.log(torch.tensor([0.5, 0.2, 0.9, 0.1], dtype=torch.float64))
ENGINE = torch.log(torch.tensor([0.4, 0.05, 0.9, 0.4], dtype=torch.float64))
TURN = torch.tensor([0, 0, 1, 1])
RATIO = [1.25, 4.0, 1.0, 0.25]


@pytest.mark.parametrize(
    ("how", "weights"),
    [
        ("token", [1.25, 2.0, 1.0, 0.25]),
        ("sequence", [2.0, 2.0, 0.25, 0.25]),  # 5 is cut to 2
        ("masked", [1.0, 0.0, 1.0, 0.0]),
    ],
)
def test_tokens_are_weighed_by_how_much_likelier_they_are_to_the_model_that_learns(how, weights) -> None:
    assert importance(LOGP, ENGINE, TURN, how).tolist() == pytest.approx(weights)
    assert importance(LOGP[:0], ENGINE[:0], TURN[:0], how).tolist() == []


@given(st.lists(st.floats(-30, 0), min_size=1, max_size=8), st.sampled_from(["token", "sequence", "masked"]))
def test_an_engine_that_plays_the_same_weights_needs_no_correction(logp, how) -> None:
    same = torch.tensor(logp, dtype=torch.float64)
    assert importance(same, same.clone(), torch.zeros(len(logp), dtype=torch.int64), how).tolist() == [1.0] * len(logp)


def test_weights_have_no_slope_of_their_own() -> None:
    logp = LOGP.clone().requires_grad_()
    assert not importance(logp, ENGINE, TURN, "token").requires_grad


def test_truncated_weights_make_the_mean_right_where_nothing_is_cut() -> None:
    """E_μ[π/μ f] = E_π[f], by all outcomes."""
    pi, mu = torch.tensor([0.2, 0.3, 0.5]), torch.tensor([0.3, 0.3, 0.4])
    weights = importance(pi.log(), mu.log(), torch.arange(3), "token")
    value = torch.tensor([1.0, -2.0, 3.0])
    assert (mu * weights * value).sum().item() == pytest.approx((pi * value).sum().item())


def test_an_answer_costs_as_much_per_token_however_long_it_is() -> None:
    each = torch.ones(6, requires_grad=True)
    loss = token_losses.constant_length_mean(each, turns=2, length=10)
    assert loss.item() == pytest.approx(6 / 20)
    loss.backward()
    assert each.grad.tolist() == pytest.approx([1 / 20] * 6)


def test_entropies() -> None:
    policy = torch.tensor([[0.25] * 4, [0.5, 0.5, 0.0, 0.0]])
    assert token_losses.entropy(policy.log()).tolist() == pytest.approx([math.log(4), math.log(2)])


def test_raw_ratios_are_told_before_they_are_cut() -> None:
    found = ratios(LOGP, ENGINE)
    assert found == pytest.approx((sum(RATIO) / 4, 0.25, 4.0, 0.5, sum(abs(math.log(r)) for r in RATIO) / 4))
    assert ratios(LOGP[:0], ENGINE[:0]) == (1.0, 1.0, 1.0, 0.0, 0.0)


def test_the_clipped_loss_of_tokens_has_the_gradient_of_its_formula() -> None:
    """Two turns of a model with three tokens, in float64, against the derivative written out.

    d loss / d logit = −w A r (1[a] − π) / (N L) where the clipped term is not the lesser one, and 0 elsewhere.
    """
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(5, 3, generator=generator, dtype=torch.float64).requires_grad_()
    ids, turn = torch.tensor([0, 2, 1, 1, 0]), torch.tensor([0, 0, 0, 1, 1])
    old = torch.log_softmax(logits.detach() + 0.4 * torch.randn(5, 3, generator=generator, dtype=torch.float64), -1)
    old = old.gather(1, ids[:, None])[:, 0]
    engine = old + 0.3 * torch.randn(5, generator=generator, dtype=torch.float64)
    advantage = torch.tensor([0.7, -1.2], dtype=torch.float64)[turn]
    weights = importance(old, engine, turn, "token", cap=1.1)
    logp = torch.log_softmax(logits, -1).gather(1, ids[:, None])[:, 0]
    each = weights * losses.clipped_surrogate(logp, old, advantage, 0.2, 0.28)
    token_losses.constant_length_mean(each, turns=2, length=4).backward()
    policy, ratio = torch.softmax(logits.detach(), -1), (logp - old).detach().exp()
    counts = torch.where(advantage > 0, ratio < 1.28, ratio > 0.8)
    assert 0 < counts.sum() < 5
    assert (weights < (old - engine).exp()).any()
    score = torch.nn.functional.one_hot(ids, 3) - policy
    wanted = -(weights * advantage * ratio * counts)[:, None] * score / 8
    assert logits.grad is not None
    torch.testing.assert_close(logits.grad, wanted, rtol=1e-9, atol=1e-12)


def surrogate_by_hand(logp, reference, turn, advantage, clip):
    """Return the losses of whole answers and their slopes by token, in plain numbers."""
    each, slope = [], [0.0] * len(logp)
    for n, worth in enumerate(advantage):
        places = [place for place, whose in enumerate(turn) if whose == n]
        ratio = math.exp(sum(logp[place] - reference[place] for place in places) / len(places))
        clipped = min(max(ratio, 1 - clip), 1 + clip)
        each.append(-min(ratio * worth, clipped * worth))
        moves = ratio < 1 + clip if worth > 0 else ratio > 1 - clip
        for place in places:
            slope[place] = -worth * ratio * moves / len(places)
    return each, slope


def test_the_surrogate_of_whole_answers_is_its_formula_with_its_gradient() -> None:
    """Answers inside the band and out of it on both sides, for either sign, of unequal lengths."""
    turn = [0, 0, 0, 1, 2, 2, 3, 3, 3, 3, 4, 5, 5, 6]
    advantage = [1.0, 0.5, 1.0, -1.0, -0.5, -1.0, 0.0]
    shift = [0.05, 0.4, -0.4, -0.1, -0.5, 0.6, 0.1]
    rng = torch.Generator().manual_seed(3)
    reference = -torch.rand(len(turn), generator=rng, dtype=torch.float64) - 0.7
    noise = torch.rand(len(turn), generator=rng, dtype=torch.float64) * 0.02
    logp = (reference + torch.tensor(shift, dtype=torch.float64)[turn] + noise).requires_grad_()
    owner = torch.tensor(turn)
    means = [token_losses.mean_of_turns(of, owner, 7) for of in (logp, reference)]
    each = length_normalised_surrogate(*means, torch.tensor(advantage, dtype=torch.float64), 0.2)
    each.sum().backward()
    wanted, slope = surrogate_by_hand(logp.tolist(), reference.tolist(), turn, advantage, 0.2)
    assert each.tolist() == pytest.approx(wanted, abs=1e-12)
    assert logp.grad is not None
    assert logp.grad.tolist() == pytest.approx(slope, abs=1e-12)
    still = [n for n in range(7) if not any(slope[place] for place in range(len(turn)) if turn[place] == n)]
    assert still == [1, 4, 6], "paid and beyond 1.2, costly and below 0.8, and worth nothing"


def test_an_answer_of_ten_tokens_counts_as_one_of_one_token_with_the_same_mean() -> None:
    logp = torch.tensor([-1.0] + [-0.5, -1.5] * 5, dtype=torch.float64, requires_grad=True)
    turn = torch.tensor([0] + [1] * 10)
    mean = token_losses.mean_of_turns(logp, turn, 2)
    assert mean.tolist() == pytest.approx([-1.0, -1.0])
    one, ten = length_normalised_surrogate(mean, torch.full((2,), -1.1).double(), torch.ones(2).double(), 0.2)
    assert one.item() == pytest.approx(ten.item())
    (one + ten).backward()
    assert logp.grad is not None
    assert logp.grad[0].item() == pytest.approx(logp.grad[1:].sum().item())
