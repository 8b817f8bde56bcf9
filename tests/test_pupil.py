"""What is to be taught and how it is kept; what is refused is in test_imitation.py, sentence by sentence."""

from __future__ import annotations

import json

import pytest
import torch
from transformers import AutoTokenizer

from arena import __version__
from arena.errors import ConfigError
from arena.trainers import pupil
from arena.trainers.tiny_model import make


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> str:
    place = tmp_path_factory.mktemp("pupil") / "tiny"
    return str(make(place, ["bet pass"], width=32, layers=1, heads=2, context=77))


def test_a_model_is_loaded_to_be_changed_and_kept_with_what_it_was_told(folder, tmp_path) -> None:
    assert pupil.folder_of(f"chat(model='{folder}')", adapter=False) == folder
    weights, tokenizer = pupil.load(folder, adapter=False, rank=4, seed=0)
    assert all(weight.requires_grad and weight.dtype == torch.float32 for weight in weights.parameters())
    assert pupil.is_small(weights)
    assert pupil.most_tokens(weights) == 77
    pupil.keep(tmp_path / "new", weights, tokenizer, "told.json", {"seed": 3})
    again, _ = pupil.load(str(tmp_path / "new"), adapter=False, rank=4, seed=0)
    for one, two in zip(weights.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, two)
    assert json.loads((tmp_path / "new" / "told.json").read_text()) == {"seed": 3, "arena": __version__}
    assert AutoTokenizer.from_pretrained(tmp_path / "new").encode("bet") == tokenizer.encode("bet")
    with pytest.raises(ConfigError, match="exists already"):
        pupil.keep(tmp_path / "new", weights, tokenizer, "told.json", {})


def test_an_adapter_begins_from_its_seed_and_changes_nothing(folder) -> None:
    plain, _ = pupil.load(folder, adapter=False, rank=4, seed=0)
    one, two, other = (pupil.load(folder, adapter=True, rank=4, seed=seed)[0] for seed in (1, 1, 2))
    asked = torch.tensor([[5, 6, 7]])
    assert torch.equal(one(asked).logits, plain(asked).logits)
    first, second, third = (next(w for n, w in m.named_parameters() if "lora_A" in n) for m in (one, two, other))
    assert torch.equal(first, second)
    assert not torch.equal(first, third)


@pytest.mark.parametrize(
    ("rate", "counts", "sentence"),
    [
        (-0.1, {}, "rate = -0.1 is no learning rate"),
        (1.0, {}, "rate = 1 is no learning rate"),
        (0.0, {"epochs": 3, "steps": 0}, "steps = 0 teaches nothing: give a number from 1"),
    ],
)
def test_numbers_that_teach_nothing_are_sentences(rate, counts, sentence) -> None:
    pupil.check_numbers(0.0, epochs=1)
    with pytest.raises(ConfigError, match=sentence):
        pupil.check_numbers(rate, **counts)
