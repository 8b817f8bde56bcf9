"""Folders of tensors and numbers come back as they were."""

import pytest
import torch

from arena.errors import CheckpointError
from arena.trainers import memory
from tests.learning import nets


def test_what_is_saved_is_loaded(tmp_path):
    tensors = {"a": torch.arange(6.0).reshape(2, 3).T, "b": torch.tensor([1, 2])}
    memory.save(tmp_path, tensors, {"steps": 7})
    loaded, numbers = memory.load(tmp_path)
    assert numbers == {"steps": 7}
    assert all(torch.equal(loaded[name], tensor) for name, tensor in tensors.items())


def test_a_net_gets_the_weights_of_its_own_name():
    one, other, third = nets(1, seed=1)[0], nets(1, seed=2)[0], nets(1, seed=3)[0]
    tensors = {**memory.weights("one", one), **memory.weights("other", other)}
    memory.restore_weights("other", third, tensors)
    assert all(torch.equal(a, b) for a, b in zip(third.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize("hidden", [(32,), (16, 16)])
def test_a_net_of_another_shape_is_refused(hidden):
    tensors = memory.weights("magnet", nets(1)[0])
    with pytest.raises(CheckpointError, match="the magnet of this training folder was trained with a net of another"):
        memory.restore_weights("magnet", nets(1, hidden)[0], tensors)


def test_blending_goes_part_of_the_way():
    one, other = nets(1, seed=1)[0], nets(1, seed=2)[0]
    before = [parameter.detach().clone() for parameter in one.parameters()]
    memory.blend(one, other, 0.25)
    for old, new, target in zip(before, one.parameters(), other.parameters(), strict=True):
        assert new.detach().numpy() == pytest.approx((0.75 * old + 0.25 * target).detach().numpy(), abs=1e-6)
    memory.blend(one, other)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
