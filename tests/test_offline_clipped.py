"""The offline objective on a small real model: against single answers written out, and what it must not depend on."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from arena.errors import ConfigError
from arena.trainers.offline_clipped import _dealt, _Objective, improve
from arena.trainers.tiny_model import make

PROMPTS = ([5, 6, 7, 8], [10], [14, 15])
ANSWERS = [(PROMPTS[0], [9, 2]), (PROMPTS[1], [11, 12, 13, 2]), (PROMPTS[2], [2]), (PROMPTS[0], [9, 2])]
PAID = np.array([1.0, -1.0, 0.5, -1.0])
EXAMPLES = [(PROMPTS[0], [20, 21, 2]), (PROMPTS[1], [30, 2])]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = make(tmp_path_factory.mktemp("offline"), ["bet pass"], width=32, layers=1, heads=2)
    return AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True).eval()


@pytest.fixture
def model(made):
    return copy.deepcopy(made)


def mean_logp(model, pair) -> torch.Tensor:
    """Return the mean log-probability of an answer's tokens, asked alone and in float64."""
    prompt, answer = pair
    logits = model(input_ids=torch.tensor([[*prompt, *answer]])).logits[0].double()
    logp = torch.log_softmax(logits, -1)[len(prompt) - 1 : -1]
    return logp.gather(1, torch.tensor(answer)[:, None]).mean()


def moved(model, by: float, seed: int = 0):
    """Return a model whose weights are some way off."""
    other = copy.deepcopy(model)
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in other.parameters():
            weight += by * weight.abs().mean() * torch.randn(weight.shape, generator=rng)
    return other


@pytest.mark.parametrize("tokens", [1, 12, 4096])
def test_parts_add_up_to_the_objective_written_out_and_its_gradient(model, tokens) -> None:
    """Whatever is computed at once: equal answers that were paid differently among them."""
    objective = _Objective(model, ANSWERS, PAID, EXAMPLES, 0.2, 0.15, tokens)
    objective.model = learner = moved(model, 0.4)
    rows, items = np.array([0, 1, 2, 3, 0]), np.array([0, 1, 1, 0, 1])
    parts = list(objective.parts(rows, items))
    if tokens == 1:
        assert len(parts) == 6, "four kinds of answers by sign, and two examples"
    ratios = [(mean_logp(learner, ANSWERS[i]) - mean_logp(model, ANSWERS[i]).detach()).exp() for i in rows]
    assert any(abs(ratio.item() - 1) > 0.2 for ratio in ratios)
    each = [torch.minimum(r * PAID[i], r.clamp(0.8, 1.2) * PAID[i]) for r, i in zip(ratios, rows, strict=True)]
    supervised = [-mean_logp(learner, EXAMPLES[i]) for i in items]
    wanted = -torch.stack(each).mean() + 0.15 * torch.stack(supervised).mean()
    total = sum(loss for loss, _ in parts)
    assert total.item() == pytest.approx(wanted.item(), abs=1e-6)
    weights = list(learner.parameters())
    found, true = (torch.autograd.grad(loss, weights) for loss in (total, wanted))
    for one, two in zip(found, true, strict=True):
        torch.testing.assert_close(one, two, atol=1e-6, rtol=1e-4)


def test_the_weight_of_examples_does_not_depend_on_what_is_computed_at_once(model) -> None:
    """Nor on how often each of them is named: it is a mean."""
    learned = []
    for tokens, examples in [(1, EXAMPLES), (4096, EXAMPLES), (16, EXAMPLES * 2)]:
        learner = copy.deepcopy(model)
        sights = improve(learner, ANSWERS, PAID, examples, epochs=4, rate=1e-3, step_answers=4, batch_tokens=tokens)
        learned.append((learner, sights))
    (first, told), *others = learned
    for other, sights in others:
        np.testing.assert_allclose(sights, told, atol=1e-4)
        for one, two in zip(first.parameters(), other.parameters(), strict=True):
            torch.testing.assert_close(one, two, atol=2e-5, rtol=1e-3)


@pytest.mark.parametrize(("paid", "least", "most"), [(1.0, 1.15, 1.25), (-1.0, 0.75, 0.85)])
def test_the_drift_ends_at_the_clip_however_long_it_learns(model, paid, least, most) -> None:
    *epochs, after = improve(model, ANSWERS[:1], np.array([paid]), epochs=300, rate=1e-4)
    ratio = after.raised if paid > 0 else after.lowered
    assert least < ratio < most
    assert max(abs(sight.raised * sight.lowered - 1) for sight in epochs) < 0.3, "on the way, too"
    assert (after.lowered if paid > 0 else after.raised) == 1.0, "there is no answer of the other kind"


def test_without_the_clip_the_same_would_go_far(model) -> None:
    *_, after = improve(model, ANSWERS[:1], np.array([1.0]), epochs=300, rate=1e-4, clip=1e6)
    assert after.raised > 5


def test_the_reference_is_what_it_begins_with(model) -> None:
    """All rounds at once: ratios begin at 1, and are those of the first weights at the end."""
    before = copy.deepcopy(model)
    first = []
    *_, after = improve(
        model, ANSWERS, PAID, epochs=5, rate=3e-3, step_answers=2, tell=lambda done, steps, sight: first.append(sight)
    )
    assert first[0][:3] == pytest.approx((1.0, 1.0, 0.0), abs=1e-5)
    with torch.no_grad():
        ratios = [float((mean_logp(model, pair) - mean_logp(before, pair)).exp()) for pair in ANSWERS]
    assert after.raised == pytest.approx((ratios[0] + ratios[2]) / 2, abs=1e-5)
    assert after.lowered == pytest.approx((ratios[1] + ratios[3]) / 2, abs=1e-5)


def test_an_answer_that_was_paid_nothing_moves_nothing(model) -> None:
    before = copy.deepcopy(model)
    improve(model, ANSWERS, np.zeros(4), epochs=3, rate=1e-2)
    for one, two in zip(model.parameters(), before.parameters(), strict=True):
        assert torch.equal(one, two)


def test_the_same_seed_learns_the_same(model) -> None:
    one, two, other = (copy.deepcopy(model) for _ in range(3))
    told = [
        improve(m, ANSWERS, PAID, EXAMPLES, step_answers=1, rate=1e-3, seed=s)
        for m, s in [(one, 1), (two, 1), (other, 2)]
    ]
    assert told[0] == told[1] != told[2]


def test_dropout_is_silent_while_ratios_are_taken(model) -> None:
    model.config.attention_dropout = 0.5
    for layer in model.model.layers:
        layer.self_attn.attention_dropout = 0.5
    first = []
    improve(model.train(), ANSWERS, PAID, epochs=1, tell=lambda done, steps, sight: first.append(sight))
    assert first[0].raised == pytest.approx(1.0, abs=1e-5)


def test_every_answer_is_in_one_step_of_an_epoch_beside_as_many_examples() -> None:
    rng = np.random.default_rng(0)
    for examples in (0, 1, 3, 10, 25):
        steps = list(_dealt(10, examples, 4, rng))
        assert sorted(np.concatenate([rows for rows, _ in steps])) == list(range(10))
        assert [len(rows) for rows, _ in steps] == [4, 4, 2]
        assert [len(items) for _, items in steps] == ([4, 4, 2] if examples else [0, 0, 0])
        times = np.bincount(np.concatenate([items for _, items in steps]), minlength=examples)
        assert not examples or times.max() - times.min() <= 1


@pytest.mark.parametrize(
    ("answers", "how"), [([], {}), ([([], [1])], {}), ([([1], [])], {}), (ANSWERS[:1], {"epochs": 0})]
)
def test_nothing_cannot_be_learned(model, answers, how) -> None:
    with pytest.raises(ConfigError, match="take an epoch, and prompts and answers that are not empty"):
        improve(model, answers, np.ones(len(answers)), **how)


def test_what_leaves_no_number_is_a_sentence(model) -> None:
    with torch.no_grad():
        model.lm_head.weight[0, 0] = torch.inf
    with pytest.raises(ConfigError, match=r"the loss has become no number: try less than rate = 0.001"):
        improve(model, ANSWERS, PAID, EXAMPLES, rate=1e-3)
