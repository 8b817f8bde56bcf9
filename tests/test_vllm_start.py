"""How vLLM is started; that what has been started answers is in test_vllm_engine.py."""

from importlib.util import find_spec

import pytest

from arena.errors import ConfigError

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed"),
    pytest.mark.filterwarnings("ignore"),  # those of vLLM
]


@pytest.fixture
def asked(monkeypatch):
    """What vLLM is asked for, without starting it."""
    from arena.players.engines import vllm_start

    seen: dict = {}
    monkeypatch.setattr(vllm_start, "LLM", lambda model, **given: seen.update(given, model=model) or seen)
    return seen


def test_adapters_need_room_for_the_model_as_it_is_too(asked) -> None:
    from arena.players.engines.vllm_start import start

    start("m", None, 64, 2, False, 3, 16, ["model.layers.0.mlp.up_proj", "model.layers.0.self_attn.q_proj"])
    assert (asked["max_loras"], asked["max_lora_rank"]) == (4, 16)
    assert asked["lora_target_modules"] == ["q_proj", "up_proj"]
    assert (asked["dtype"], asked["kv_cache_memory_bytes"]) == ("float32", 2 << 30)
    assert "enable_sleep_mode" not in asked


def test_weights_that_change_may_sleep_and_need_no_adapters(asked) -> None:
    from arena.players.engines.vllm_start import start

    start("m", "bfloat16", None, None, True, 0, 8, [])
    assert asked["enable_sleep_mode"] is True
    assert "enable_lora" not in asked
    assert asked["dtype"] == "bfloat16"


def test_a_model_that_is_none_is_told_in_one_sentence(tmp_path) -> None:
    from arena.players.engines.vllm_start import start

    with pytest.raises(ConfigError, match="vLLM cannot start with the model"):
        start(str(tmp_path), None, None, 1, False, 0, 8, [])
