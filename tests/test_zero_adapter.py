"""An adapter of zeros is an adapter like any other, and what it is added to says what it said before."""

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from arena.errors import ConfigError
from arena.players.engines.zero_adapter import check_adapter, last, linear_layers, write_zero_adapter
from tests.language import tiny_folder

TARGETS = ["down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"]


@pytest.fixture(scope="module")
def layers():
    return linear_layers(str(tiny_folder()))


@pytest.fixture
def zero(tmp_path, layers):
    return write_zero_adapter(tmp_path / "zero", layers)


def test_the_layers_are_those_of_the_model_without_its_head(layers) -> None:
    model = AutoModelForCausalLM.from_pretrained(tiny_folder(), use_safetensors=True)
    assert sorted({last(name) for name in layers}) == TARGETS
    assert len(layers) == 7 * model.config.num_hidden_layers
    for name, (inputs, outputs) in layers.items():
        assert model.get_submodule(name).weight.shape == (outputs, inputs)


def test_peft_loads_it_whole_and_it_changes_nothing(zero) -> None:
    from peft import PeftModel

    model = AutoModelForCausalLM.from_pretrained(tiny_folder(), use_safetensors=True).eval()
    ids = torch.arange(3, 40)[None]
    with torch.no_grad():
        before = model(input_ids=ids).logits
        adapted = PeftModel.from_pretrained(model, str(zero)).eval()
        after = adapted(input_ids=ids).logits
    assert torch.equal(before, after)
    weights = [weight for key, weight in adapted.named_parameters() if "lora_" in key]
    assert len(weights) == len(load_file(zero / "adapter_model.safetensors"))
    assert all((weight == 0).all() for weight in weights), "every matrix was found, so none has its initial values"


def changed(zero, **weights):
    """Put other matrices into an adapter, by their names."""
    held = load_file(zero / "adapter_model.safetensors")
    save_file(held | {f"base_model.model.{n}": w for n, w in weights.items()}, zero / "adapter_model.safetensors")
    return str(zero)


def test_an_adapter_that_fits_is_taken(zero, layers) -> None:
    check_adapter(str(zero), layers, 8)


def test_an_adapter_of_the_head_is_refused(zero, layers) -> None:
    changed(zero, **{"lm_head.lora_A.weight": torch.zeros(1, 64)})
    with pytest.raises(ConfigError, match="changes lm_head, which is no layer that vLLM can adapt"):
        check_adapter(str(zero), layers, 8)


@pytest.mark.parametrize("matrix", ["A", "B"])
def test_an_adapter_of_another_model_is_refused(zero, layers, matrix) -> None:
    name = f"model.layers.0.self_attn.q_proj.lora_{matrix}.weight"
    changed(zero, **{name: torch.zeros(16, 16)})
    with pytest.raises(ConfigError, match=rf"does not fit the model: its base_model\.model\.{name} is \[16, 16\]"):
        check_adapter(str(zero), layers, 32)


def test_an_adapter_of_too_high_a_rank_is_refused(zero, layers) -> None:
    changed(zero, **{"model.layers.0.self_attn.q_proj.lora_A.weight": torch.zeros(33, 64)})
    with pytest.raises(ConfigError, match="has rank 33, and the engine takes 32 at most"):
        check_adapter(str(zero), layers, 32)


def test_a_damaged_or_missing_file_is_named(zero, layers) -> None:
    (zero / "adapter_model.safetensors").write_text("{")
    with pytest.raises(ConfigError, match="cannot be read"):
        check_adapter(str(zero), layers, 8)
    for file in ("adapter_model.safetensors", "adapter_config.json"):
        (zero / file).unlink()
        with pytest.raises(ConfigError, match=f"has no {file}"):
            check_adapter(str(zero), layers, 8)
