"""Adam against its paper, the falling rate, and a state that survives a stop."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from arena.errors import ConfigError
from arena.trainers.optimiser import Adam


def parameters():
    return [torch.nn.Parameter(torch.tensor([1.0, -2.0])), torch.nn.Parameter(torch.tensor([[0.5]]))]


def loss(weights, number):
    """Return a loss that changes from step to step."""
    return sum(((w - number) ** 2).sum() for w in weights) / (number + 1)


def steps(adam, weights, numbers):
    for number in numbers:
        adam.step(loss(weights, number))


def test_a_step_is_that_of_the_paper():
    """Kingma and Ba (2015), algorithm 1, on one weight; the first step has the length of the rate."""
    weight = torch.nn.Parameter(torch.tensor([3.0], dtype=torch.float64))
    adam = Adam([weight], rate=0.1, updates=10**9, clip=1e9)
    expected, m, v = 3.0, 0.0, 0.0
    for t in range(1, 6):
        gradient = 2 * expected
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        expected -= 0.1 * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)) ** 0.5 + 1e-8)
        adam.step((weight**2).sum())
        assert weight.item() == pytest.approx(expected, rel=1e-6)
    assert adam.steps == 5


def test_the_rate_falls_in_a_line_to_zero():
    """Under a constant gradient every step of Adam has the length of the rate."""
    weight = torch.nn.Parameter(torch.tensor([0.0], dtype=torch.float64))
    adam = Adam([weight], rate=0.1, updates=4)
    lengths = []
    for _ in range(6):
        before = weight.item()
        adam.step(weight.sum())
        lengths.append(before - weight.item())
    assert lengths == pytest.approx([0.1, 0.075, 0.05, 0.025, 0, 0], abs=1e-6)


def test_a_long_gradient_is_cut_as_a_whole():
    """The norm of (30, 40) is 50: cut to 1 the direction stays."""
    weights = [torch.nn.Parameter(torch.zeros(1)), torch.nn.Parameter(torch.zeros(1))]
    adam = Adam(weights, rate=0.1, updates=10, clip=1.0)
    adam.step((30 * weights[0] + 40 * weights[1]).sum())
    assert [w.grad.item() for w in weights] == pytest.approx([0.6, 0.8])


def test_a_step_starts_from_a_clean_gradient():
    weight = torch.nn.Parameter(torch.zeros(1))
    adam = Adam([weight], rate=0.1, updates=10)
    for _ in range(2):
        adam.step((0.5 * weight).sum())
        assert weight.grad.item() == 0.5


def test_weights_that_are_no_longer_numbers_are_refused_with_the_rate_that_made_them():
    weight = torch.nn.Parameter(torch.tensor([1.0]))
    adam = Adam([weight], rate=1e30, updates=10)
    adam.step((weight**4).sum())
    with pytest.raises(ConfigError, match=r"no longer finite numbers: lower training.learning_rate, which is 1e\+30"):
        adam.step((weight**4).sum())  # whose gradient at 1e30 is infinite
    assert not weight.isfinite()


@pytest.mark.parametrize("stop", [0, 1, 7])
def test_restored_it_goes_on_as_if_it_had_never_stopped(stop, tmp_path):
    whole = parameters()
    steps(Adam(whole, 0.1, 20), whole, range(12))

    before = parameters()
    adam = Adam(before, 0.1, 20)
    steps(adam, before, range(stop))
    save_file(adam.state(), tmp_path / "adam.safetensors")

    after = [torch.nn.Parameter(w.detach().clone()) for w in before]
    again = Adam(after, 0.1, 20)
    again.restore(load_file(tmp_path / "adam.safetensors"), adam.steps)
    steps(again, after, range(stop, 12))
    assert all(torch.equal(a, b) for a, b in zip(whole, after, strict=True))


def test_a_restored_state_is_a_copy():
    weights = parameters()
    adam = Adam(weights, 0.1, 20)
    steps(adam, weights, range(2))
    state = adam.state()
    kept = {key: value.clone() for key, value in state.items()}
    other = parameters()
    again = Adam(other, 0.1, 20)
    again.restore(state, 2)
    steps(again, other, range(3))
    assert all(torch.equal(state[key], kept[key]) for key in kept)


def test_the_rate_may_rise_before_it_falls() -> None:
    weight = torch.nn.Parameter(torch.zeros(1))
    adam = Adam([weight], 0.1, updates=10, warmup=4)
    rates = []
    for _ in range(10):
        adam.step(weight.sum())
        rates.append(adam._adam.param_groups[0]["lr"])
    wanted = [0.1 * min(1, (i + 1) / 5) * (1 - i / 10) for i in range(10)]
    assert rates == pytest.approx(wanted)


def test_a_gradient_may_come_in_parts() -> None:
    one, two = (torch.nn.Parameter(torch.tensor([1.0, -2.0])) for _ in range(2))
    whole, parts = Adam([one], 0.1, 5), Adam([two], 0.1, 5)
    for _ in range(3):
        whole.step((one**2).sum())
        parts.accumulate(two[0] ** 2)
        parts.accumulate(two[1] ** 2)
        assert parts.apply() > 0
    torch.testing.assert_close(one, two)
