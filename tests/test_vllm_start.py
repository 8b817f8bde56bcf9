"""How vLLM is started; that what has been started answers is in test_vllm_engine.py."""

import os
from importlib.util import find_spec
from types import SimpleNamespace

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


def test_each_engine_sees_its_own_gpu_and_no_other(asked, monkeypatch) -> None:
    from arena.players.engines import vllm_start

    gpus = SimpleNamespace(is_cpu=lambda: False, device_control_env_var="THE_GPUS", device_count=lambda: 2)
    monkeypatch.setattr(vllm_start, "current_platform", gpus)
    seen: list[str | None] = []
    monkeypatch.setattr(vllm_start, "LLM", lambda *args, **given: seen.append(os.environ.get("THE_GPUS")))

    def begin(gpu: int | None) -> None:
        vllm_start.start("m", None, None, 1, False, 0, 8, [], gpu)

    for gpu in (None, 0, 1):
        begin(gpu)
    assert "THE_GPUS" not in os.environ
    monkeypatch.setenv("THE_GPUS", "6,4")
    for gpu in (0, 1):
        begin(gpu)
    assert seen == [None, "0", "1", "6", "4"]
    assert os.environ["THE_GPUS"] == "6,4"
    with pytest.raises(ConfigError, match="an engine is to have GPU 2, but there are 2: give fewer engines"):
        begin(2)
