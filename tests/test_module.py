"""A model and its members: they begin, learn, are written and read, and never touch each other."""

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from arena.errors import CheckpointError, ConfigError
from arena.hugging_face import chat_parameters
from arena.players.engines.module import Module
from arena.trainers.tiny_model import make

IDS = torch.tensor([[5, 6, 7, 8, 9]])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make(tmp_path_factory.mktemp("module"), ["bet pass"], width=32, layers=1)


@pytest.fixture
def module(folder):
    return Module(str(folder))


@torch.no_grad()
def said(module: Module, member: str) -> np.ndarray:
    with module.using(member) as model:
        return model(input_ids=IDS).logits.numpy()


def shaken(module: Module, member: str, seed: int = 0) -> None:
    """Give a member other weights."""
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in module.parameters(member):
            weight.add_(torch.empty(weight.shape).normal_(0, 0.1, generator=rng))


def test_a_new_adapter_changes_nothing_and_begins_from_its_seed(module, folder) -> None:
    plain = said(module, "")
    one, two, other = module.begin(4, seed=1), module.begin(4, seed=1), module.begin(4, seed=2)
    for member in (one, two, other, ""):
        np.testing.assert_allclose(said(module, member), plain, atol=1e-6)
    pairs = list(zip(module.parameters(one), module.parameters(two), module.parameters(other), strict=True))
    assert all(torch.equal(a, b) for a, b, _ in pairs)
    assert any(not torch.equal(a, c) for a, _, c in pairs)
    assert len({one, two, other}) == 3


def test_members_do_not_touch_each_other(module) -> None:
    one, two = module.begin(4, seed=1), module.begin(2, seed=2)
    plain, before = said(module, ""), said(module, two)
    shaken(module, one)
    assert np.abs(said(module, one) - plain).max() > 1e-3
    np.testing.assert_array_equal(said(module, two), before)
    np.testing.assert_array_equal(said(module, ""), plain)


def test_a_copy_stands_for_itself(module) -> None:
    whole, name = module.copy("")
    assert name == ""
    assert whole is not module
    one = module.begin(4, seed=1)
    shaken(module, one)
    place, copy = module.copy(one)
    assert place is module
    before = said(module, one)
    np.testing.assert_array_equal(said(module, copy), before)
    shaken(module, copy, seed=5)
    np.testing.assert_array_equal(said(module, one), before)
    shaken(whole, "")
    np.testing.assert_array_equal(said(module, one), before)


@pytest.mark.parametrize("rank", [0, 4])
def test_what_is_written_is_read_again_and_loads_as_others_load_it(module, folder, tmp_path, rank) -> None:
    member = module.begin(rank, seed=1) if rank else ""
    shaken(module, member)
    wanted = said(module, member)
    module.write(member, tmp_path / "out")
    again = Module(str(folder))
    reader = again.begin(rank, seed=7) if rank else ""
    again.read(reader, tmp_path / "out")
    np.testing.assert_array_equal(said(again, reader), wanted)
    fresh = Module(str(folder if rank else tmp_path / "out"))
    if rank:
        fresh.load(str(tmp_path / "out"))
    np.testing.assert_allclose(said(fresh, str(tmp_path / "out") if rank else ""), wanted, atol=1e-6)
    assert not (tmp_path / "out" / "README.md").exists()


def test_equal_adapters_have_equal_files_and_name_a_model_beside_them_from_where_they_are(folder, tmp_path) -> None:
    written = []
    for run in (tmp_path / "one", tmp_path / "other"):
        shutil.copytree(folder, run / "base")
        module = Module(str(run / "base"))
        module.write(module.begin(4, seed=1), run / "players" / "it")
        written.append((run / "players" / "it" / "adapter_config.json").read_text())
    assert written[0] == written[1]
    said = json.loads(written[0])
    assert said["base_model_name_or_path"] == "../../base"
    assert said["target_modules"] == sorted(said["target_modules"])
    assert chat_parameters(tmp_path / "other/players/it", {})["model"] == str(tmp_path / "other/base")
    (tmp_path / "other").rename(tmp_path / "elsewhere")
    assert chat_parameters(tmp_path / "elsewhere/players/it", {})["model"] == str(tmp_path / "elsewhere/base")
    module.write(module.begin(4, seed=1), tmp_path / "far")
    assert json.loads((tmp_path / "far/adapter_config.json").read_text())["base_model_name_or_path"].endswith("base")


def test_weights_of_another_shape_are_refused(module, folder, tmp_path) -> None:
    small = module.begin(2, seed=1)
    module.write(small, tmp_path / "small")
    large = module.begin(4, seed=1)
    with pytest.raises(CheckpointError, match="does not fit the model that learns"):
        module.read(large, tmp_path / "small")
    file = tmp_path / "small" / "adapter_model.safetensors"
    few = load_file(file)
    few.pop(next(iter(few)))
    save_file(few, file)
    with pytest.raises(CheckpointError, match="it lacks"):
        module.read(small, tmp_path / "small")
    file.write_bytes(b"no weights")
    with pytest.raises(CheckpointError, match="cannot be read"):
        module.read(small, tmp_path / "small")


def test_an_adapter_that_is_let_go_is_gone(module) -> None:
    one, two = module.begin(2, seed=1), module.begin(2, seed=2)
    module.forget(one)
    with pytest.raises(KeyError):
        said(module, one)
    assert said(module, two).shape[1] == 5
    module.forget(two)
    assert said(module, "").shape[1] == 5


def test_gradients_reach_the_member_that_learns_alone(module) -> None:
    one, two = module.begin(4, seed=1), module.begin(4, seed=2)
    weights = {name: module.parameters(name) for name in (one, two)}
    said(module, two)
    with module.using(one) as model, module.learning(checkpointing=False):
        model(input_ids=IDS).logits.sum().backward()
    assert any(weight.grad is not None and weight.grad.any() for weight in weights[one])
    assert all(weight.grad is None for weight in weights[two])


def test_activations_that_are_computed_again_give_the_same_gradient(module) -> None:
    one = module.begin(4, seed=1)
    shaken(module, one)
    gradients = []
    for checkpointing in (False, True):
        with module.using(one) as model, module.learning(checkpointing):
            loss = model(input_ids=IDS, use_cache=False).logits.square().mean()
        gradients.append(torch.autograd.grad(loss, module.parameters(one)))
        assert not model.training
    for plain, again in zip(*gradients, strict=True):
        torch.testing.assert_close(plain, again)


def test_an_adapter_that_is_none_is_refused(module, tmp_path) -> None:
    with pytest.raises(ConfigError, match=r"it has no adapter_config\.json"):
        module.load(str(tmp_path))
