"""An adapter of zeros is an adapter like any other, and what it is added to says what it said before."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from arena.errors import ConfigError
from arena.players.engines.zero_adapter import check_adapter, last, linear_layers, write_zero_adapter
from tests.language import tiny_folder

TARGETS = ["down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"]


@pytest.fixture
def zero(tmp_path):
    return write_zero_adapter(tmp_path / "zero", linear_layers(str(tiny_folder())))


def test_the_layers_are_those_of_the_model_without_its_head() -> None:
    layers = linear_layers(str(tiny_folder()))
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


def test_an_adapter_that_fits_is_taken(zero) -> None:
    check_adapter(str(zero), TARGETS, 8)


def test_an_adapter_of_the_head_is_refused(zero) -> None:
    weights = load_file(zero / "adapter_model.safetensors")
    weights["base_model.model.lm_head.lora_A.weight"] = torch.zeros(1, 4)
    save_file(weights, zero / "adapter_model.safetensors")
    with pytest.raises(ConfigError, match="changes lm_head, which vLLM cannot adapt"):
        check_adapter(str(zero), TARGETS, 8)


def test_an_adapter_of_too_high_a_rank_is_refused(zero) -> None:
    config = json.loads((zero / "adapter_config.json").read_text())
    (zero / "adapter_config.json").write_text(json.dumps(config | {"r": 64}))
    with pytest.raises(ConfigError, match="has rank 64, and the engine takes 32 at most"):
        check_adapter(str(zero), TARGETS, 32)


@pytest.mark.parametrize("damaged", ["adapter_config.json", "adapter_model.safetensors"])
def test_a_damaged_or_missing_file_is_named(zero, tmp_path, damaged) -> None:
    shutil.copytree(zero, tmp_path / "copy")
    (tmp_path / "copy" / damaged).write_text("{")
    with pytest.raises(ConfigError, match="cannot be read"):
        check_adapter(str(tmp_path / "copy"), TARGETS, 8)
    (zero / damaged).unlink()
    with pytest.raises(ConfigError, match=f"has no {damaged}"):
        check_adapter(str(zero), TARGETS, 8)
