"""New adapters: how they begin; that they change nothing is in test_module.py and test_imitation.py."""

import torch

from arena.adapters import begin, lora


def test_an_adapter_is_on_all_linear_layers_with_a_scale_of_two() -> None:
    config = lora(8)
    assert (config.r, config.lora_alpha, config.target_modules) == (8, 16, "all-linear")


def test_only_first_matrices_are_drawn_and_seeds_decide_them() -> None:
    drawn = []
    for seed in (1, 1, 2):
        weights = {"q.lora_A.x": torch.zeros(4, 16), "q.lora_B.x": torch.zeros(16, 4), "norm": torch.ones(3)}
        begin(weights.items(), seed)
        assert not weights["q.lora_B.x"].any()
        assert weights["norm"].tolist() == [1, 1, 1]
        assert 0 < weights["q.lora_A.x"].abs().max() <= 0.25
        drawn.append(weights["q.lora_A.x"])
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
