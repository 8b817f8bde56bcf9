"""A learner that vLLM plays: every version of its weights is the one that answers, by what transformers says of it.

It runs where vLLM is installed: VLLM_CPU_OMP_THREADS_BIND=nobind OMP_NUM_THREADS=1 python -m pytest -m vllm -s.
"""

import shutil
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from transformers import AutoConfig, AutoModelForCausalLM

import arena
from arena.config.algorithms import TokenPolicyGradientConfig
from arena.errors import ConfigError, PlayerError
from arena.match import Fixture, Patience, play_fixtures
from arena.players.language_model import language_model
from arena.registry import load_checkpoint
from arena.token_rollout import from_records
from arena.trainers.token_policy_gradient import TokenPolicyGradient
from tests.language import tiny_folder
from tests.test_language_model import asked, moved

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed"),
    pytest.mark.filterwarnings("ignore"),  # those of vLLM
]

GAME = arena.load_game("kuhn_poker")
CLOSE = 1e-3
"""Nats between vLLM and transformers, both in float32."""


def played(players, matches: int = 16):
    """Return what "it" said against "other", with the version that its traces must tell."""
    fixtures = [Fixture(f"{i:03d}", "train", ("it", "other"), i, "") for i in range(matches)]
    records = list(play_fixtures(GAME, fixtures, players, patience=Patience(retries=0)))
    records.sort(key=lambda record: record.key)
    return from_records(GAME, records, {"it"}, "shared", players["it"].version, GAME.roles)


def gap(player, batch) -> float:
    """Return how far the module that learns is from the engine that drew, at most, in nats."""
    logp = player.evaluate(batch).logp.detach().numpy()
    return float(np.abs(logp - batch.behaviour_logp[batch.loss_mask]).max())


@pytest.fixture(scope="module")
def untied(tmp_path_factory) -> str:
    """The tiny model with a head of its own."""
    folder = tmp_path_factory.mktemp("untied") / "model"
    shutil.copytree(tiny_folder(), folder)
    tied = AutoModelForCausalLM.from_pretrained(tiny_folder())
    config = AutoConfig.from_pretrained(tiny_folder())
    config.tie_word_embeddings = False
    model = AutoModelForCausalLM.from_config(config)
    model.load_state_dict({**tied.state_dict(), "lm_head.weight": tied.get_input_embeddings().weight.detach().clone()})
    model.save_pretrained(folder)
    return str(folder)


def test_a_head_that_vllm_would_not_renew_is_refused() -> None:
    with pytest.raises(ConfigError, match="keeps a packed copy of a head that is tied to the embeddings"):
        language_model(str(tiny_folder()), engine="vllm", options={"context": 1024, "memory": 1})


@pytest.mark.parametrize("rank", [4, 0])
def test_train_sync_play_twice_over(rank, untied, tmp_path, capsys) -> None:
    """In one engine with a frozen snapshot of itself, or with all weights."""
    options = {"context": 1024, "memory": 1, **({"adapters": 2} if rank else {})}
    model = str(tiny_folder()) if rank else untied
    player = language_model(model, rank, engine="vllm", max_tokens=12, options=options, seed=1)
    trainer = TokenPolicyGradient(player, 2.0, TokenPolicyGradientConfig(warmup=0), learning_rate=1e-2, updates=9)
    player.save(tmp_path / "first")
    other = load_checkpoint(tmp_path / "first", GAME) if rank else arena.load_player("uniform", GAME)
    first, gaps, drift = player.frozen(), [], []
    for version in range(3):
        batch = played({"it": player, "other": other})
        assert set(batch.seat) == {0}
        gaps.append(gap(player, batch))
        drift.append(gap_to(first, batch))
        report = trainer.update(batch)
        assert report.others["ratio_gap"] < CLOSE
        assert player.version == version + 1
    with capsys.disabled():
        print(f"\nrank {rank}: vLLM is off by {max(gaps):.1e} nats; from the first version by {drift[-1]:.3f}")
    assert max(gaps) < CLOSE
    assert drift[2] > 50 * CLOSE, "or it would not show which version has answered"
    if rank:
        assert other.engine is player.engine
    batch = played({"it": player, "other": other})
    moved(player)
    with pytest.raises(PlayerError, match="drawn from version 3 of the weights, but 4 is what learns"):
        played({"it": player, "other": other})
    player.load(tmp_path / "first")
    assert gap(player, played({"it": player, "other": other})) < CLOSE
    other.close() if rank else None
    player.close()
    with pytest.raises(PlayerError, match="this engine is closed"):
        player.engine.renew("", 1, Path(tmp_path))


def test_two_engines_play_every_version_as_one() -> None:
    options = {"context": 1024, "memory": 1, "adapters": 2, "engines": 2}
    player = language_model(str(tiny_folder()), 4, engine="vllm", max_tokens=12, options=options, seed=1)
    trainer = TokenPolicyGradient(player, 2.0, TokenPolicyGradientConfig(warmup=0), learning_rate=1e-2, updates=9)
    other = arena.load_player("uniform", GAME)
    first, gaps = player.frozen(), []
    for _ in range(3):
        batch = played({"it": player, "other": other})
        gaps.append(gap(player, batch))
        drift = gap_to(first, batch)
        trainer.update(batch)
    assert all(engine._numbered > 10 for engine in player.engine._engines)
    assert max(gaps) < CLOSE
    assert drift > 50 * CLOSE
    player.close()


def gap_to(weights, batch) -> float:
    logp = weights.evaluate(batch).logp.detach().numpy()
    return float(np.abs(logp - batch.behaviour_logp[batch.loss_mask]).max())


def test_sleep_is_for_weights_that_change() -> None:
    from arena.players.engines.vllm_engine import VllmEngine

    with pytest.raises(ConfigError, match="goes with adapters = 0"):
        VllmEngine(str(tiny_folder()), adapters=2, sleep=True)


def test_a_gpu_wakes_weights_before_they_are_loaded_and_the_cache_last() -> None:
    """What a CPU cannot do; the calls are in the order that vLLM asks for."""
    from arena.players.engines.vllm_engine import VllmEngine

    calls = []

    class Llm:
        llm_engine = SimpleNamespace(
            vllm_config=SimpleNamespace(
                device_config=SimpleNamespace(device_type="cuda"),
                model_config=SimpleNamespace(hf_text_config=SimpleNamespace(tie_word_embeddings=True)),
            )
        )

        def __getattr__(self, name):
            return lambda *args, **kwargs: calls.append((name, *args, *kwargs.values()))

    engine = VllmEngine.__new__(VllmEngine)
    engine._llm, engine._sleep, engine._asleep, engine._dead, engine._requests = Llm(), True, False, "", {}
    engine._versions = {}
    engine.rest()
    engine.renew("", 5, Path("weights"))
    assert calls == [
        ("sleep", 2),
        ("wake_up", ["weights"]),
        ("collective_rpc", "reload_weights", {"weights_path": "weights"}),
        ("wake_up", ["kv_cache"]),
        ("reset_prefix_cache",),
    ]
    assert engine._versions == {"": 5}
    assert not engine._asleep


def test_questions_are_all_scored_by_the_present_version() -> None:
    player = language_model(
        str(tiny_folder()), 4, engine="vllm", max_tokens=12, options={"context": 1024, "memory": 1, "adapters": 1}
    )
    before = player.law(requests())
    moved(player)
    player.sync()
    after = player.law(requests())
    assert np.abs(np.log(before[:, :2] / after[:, :2])).max() > 0.05
    same = language_model(str(tiny_folder()), 4, max_tokens=12)
    for mine, theirs in zip(same.parameters(), player.parameters(), strict=True):
        mine.data.copy_(theirs.data)
    np.testing.assert_allclose(np.log(after), np.log(same.law(requests())), atol=1e-3)
    player.close()
    same.close()


def requests():
    from arena.player import Requests

    return Requests(asked())
