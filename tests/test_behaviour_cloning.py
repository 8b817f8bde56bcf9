import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

import arena
from arena.causal import shared_beginning
from arena.errors import ConfigError
from arena.player import Request
from arena.players.engines.engine import Sampling
from arena.players.engines.transformers_engine import TransformersEngine
from arena.trainers.behaviour_cloning import _batches, answer_loss, clone
from arena.trainers.tiny_model import make
from tests.language import decisions, question, tagged, taught, tiny_folder


@pytest.fixture
def model(tmp_path):
    folder = make(tmp_path, ["bet pass"], width=32, layers=1, heads=2)
    return AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True).eval()


PAIRS = [([5, 6, 7, 8], [9, 2]), ([10], [11, 12, 13, 2]), ([14, 15], [2])]


def test_the_loss_is_that_of_the_answers_tokens_alone(model) -> None:
    each = []
    for prompt, answer in PAIRS:
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([[*prompt, *answer]])).logits[0]
        logp = torch.log_softmax(logits, -1)[len(prompt) - 1 : -1].gather(1, torch.tensor(answer)[:, None])
        each += logp[:, 0].tolist()
    assert answer_loss(model, PAIRS).item() == pytest.approx(-np.mean(each), abs=1e-5)


@pytest.mark.parametrize("adapted", [False, True])
def test_what_all_prompts_begin_with_changes_neither_loss_nor_gradient(model, adapted) -> None:
    """Each alone shares nothing, so the weighted mean of single losses is what the batch must give."""
    if adapted:
        from peft import LoraConfig, get_peft_model

        model = get_peft_model(model, LoraConfig(r=2, target_modules="all-linear", init_lora_weights=False))
    rules = list(range(20, 60))
    batch = [([*rules, *prompt], answer) for prompt, answer in PAIRS]
    assert shared_beginning(model, batch) == len(rules)
    assert shared_beginning(model, [(rules, [1]), (rules, [1])]) == len(rules) - 1
    assert shared_beginning(model, PAIRS) == 0
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    total = sum(len(answer) for _, answer in batch)
    single = sum(answer_loss(model, [pair]) * len(pair[1]) / total for pair in batch)
    together = answer_loss(model, batch)
    torch.testing.assert_close(together, single)
    for one, two in zip(*(torch.autograd.grad(loss, weights) for loss in (single, together)), strict=True):
        torch.testing.assert_close(one, two, atol=1e-6, rtol=1e-4)


def test_every_pair_is_in_one_batch_of_an_epoch_and_batches_keep_their_budget() -> None:
    pairs = [([1] * n, [n, 2]) for n in range(1, 30)]
    for epoch in range(3):
        batches = list(_batches(pairs, 64, 0, epoch))
        assert sorted(len(prompt) for batch in batches for prompt, _ in batch) == list(range(1, 30))
        assert all(len(b) * max(len(p) + len(a) for p, a in b) <= 64 for b in batches if len(b) > 1)
    assert list(_batches(pairs, 64, 0, 0)) != list(_batches(pairs, 64, 0, 1))
    assert [len(batch) for batch in _batches(pairs, 1, 0, 0)] == [1] * 29


def test_it_learns_and_says_how_well(model) -> None:
    losses = clone(model, PAIRS, epochs=60, rate=1e-2)
    assert len(losses) == 60
    assert losses[0] > 5
    assert losses[-1] < 0.1
    assert not model.training


def test_the_same_seed_learns_the_same(model) -> None:
    import copy

    one, two, other = (copy.deepcopy(model) for _ in range(3))
    runs = [clone(m, PAIRS, epochs=3, batch_tokens=8, seed=s) for m, s in [(one, 1), (two, 1), (other, 2)]]
    assert runs[0] == runs[1] != runs[2]


def test_only_weights_that_want_a_gradient_move(model) -> None:
    from peft import LoraConfig, get_peft_model

    before = {name: weight.clone() for name, weight in model.named_parameters()}
    adapted = get_peft_model(model, LoraConfig(r=2, target_modules=["q_proj"]))
    assert clone(adapted, PAIRS, epochs=5, rate=1e-2)[-1] < 6
    for name, weight in adapted.named_parameters():
        if "lora_" not in name:
            original = name.removeprefix("base_model.model.").replace(".base_layer", "")
            torch.testing.assert_close(weight, before[original])
        elif "lora_B" in name:
            assert weight.abs().sum() > 0


@pytest.mark.parametrize("pairs", [[], [([], [1])], [([1], [])]])
def test_nothing_cannot_be_learned(model, pairs) -> None:
    with pytest.raises(ConfigError, match="behaviour cloning needs"):
        clone(model, pairs)


def legal_share(folder, game: str, matches: int) -> float:
    """Return the share of sampled replies that are a legal move."""
    engine = TransformersEngine(str(folder))
    asked = {}
    for i, (request, _) in enumerate(decisions(game, matches, seed=77)):
        asked[engine.submit(question(request), Sampling(24, seed=i))] = request
    replies: dict = {}
    while len(replies) < len(asked):
        replies |= engine.collect(asked.keys() - replies.keys(), 10)
    return float(np.mean([replies[i].text in map(tagged, request.legal) for i, request in asked.items()]))


def test_a_taught_model_plays_kuhn_poker_as_it_was_played() -> None:
    """By chance: each move in every situation about half of the time."""
    game = arena.load_game("kuhn_poker")
    engine = TransformersEngine(str(tiny_folder()))
    state = game.step(game.start(), game.chance(game.start())[0][0])
    while game.turn(state) == arena.CHANCE:
        state = game.step(state, game.chance(state)[0][0])
    request = Request(game, state, game.turn(state))
    (scores,) = engine.score([(question(request), list(map(tagged, request.legal)))])
    shares = [np.exp(s.sum(dtype=float)) for s in scores]
    assert sum(shares) > 0.9
    assert min(shares) > 0.3


@pytest.mark.slow
def test_nearly_all_replies_of_a_taught_model_are_legal(tmp_path) -> None:
    folder = taught(tmp_path, decisions("kuhn_poker", 1500), width=96, layers=2, heads=3)
    assert legal_share(folder, "kuhn_poker", 1000) >= 0.99
