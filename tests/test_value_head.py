"""The value head: zero at first, linear, and in a file of its own."""

import numpy as np
import pytest
import torch

from arena.errors import CheckpointError
from arena.players.engines.module import Module
from arena.players.value_head import FILE, ValueHead
from arena.players.weights import Weights
from arena.trainers.tiny_model import make
from tests.test_distinct_turns import batch_of

CPU = torch.device("cpu")


def head_of(*weights: float) -> ValueHead:
    """Return the head with such weights, the one for all prompts last."""
    head = ValueHead(len(weights) - 1, CPU)
    with torch.no_grad():
        for parameter, value in zip(head.parameters(), (list(weights[:-1]), weights[-1]), strict=True):
            parameter.copy_(torch.tensor(value))
    return head


def test_it_knows_nothing_at_first() -> None:
    assert ValueHead(3, CPU)(torch.randn(5, 3)).tolist() == [0.0] * 5


def test_it_is_linear_and_in_full_precision() -> None:
    hidden = torch.tensor([[1.0, 2.0], [0.0, -4.0]], dtype=torch.bfloat16)
    value = head_of(0.5, -0.25, 1.0)(hidden)
    assert value.tolist() == [1.0, 2.0]
    assert value.dtype == torch.float32


def test_what_was_written_is_read(tmp_path) -> None:
    head_of(0.5, -0.25, 1.0).write(tmp_path)
    other = ValueHead(2, CPU)
    other.read(tmp_path)
    assert [p.tolist() for p in other.parameters()] == [[0.5, -0.25], 1.0]
    assert list(tmp_path.glob("*.safetensors")) == []  # where vLLM looks for the weights of the model


def test_what_does_not_fit_is_refused(tmp_path) -> None:
    with pytest.raises(CheckpointError, match="a value head goes on from one that was saved"):
        ValueHead(2, CPU).read(tmp_path)
    head_of(0.5, 1.0).write(tmp_path)
    with pytest.raises(CheckpointError, match="value head of another model"):
        ValueHead(2, CPU).read(tmp_path)
    (tmp_path / FILE).write_bytes(b"no tensors")
    with pytest.raises(CheckpointError, match="cannot be read"):
        ValueHead(2, CPU).read(tmp_path)


def test_a_payoff_is_predicted_from_the_prompt_alone_and_moves_the_weights_below(tmp_path) -> None:
    module = Module(str(make(tmp_path, ["bet pass"], width=32, layers=1)))
    weights = Weights(module, "", value=True)
    *below, weight, bias = weights.parameters()
    with torch.no_grad():
        weight.copy_(torch.linspace(-1, 1, 32))
        bias.fill_(0.5)
    pairs = [([5, 6, 7], [9, 2]), ([10], [11, 12, 13, 2]), ([5, 6, 7], [2])]
    value = weights.evaluate(batch_of(pairs)).value
    with torch.no_grad(), module.using("") as model:
        alone = [
            model(input_ids=torch.tensor([p]), output_hidden_states=True).hidden_states[-1][0, -1] for p, _ in pairs
        ]
    wanted = [float(hidden @ torch.linspace(-1, 1, 32) + 0.5) for hidden in alone]
    np.testing.assert_allclose(value.detach(), wanted, atol=1e-5)
    value.sum().backward()
    assert sum(float(p.grad.abs().sum()) for p in below if p.grad is not None) > 0
