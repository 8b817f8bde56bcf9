"""vLLM behind the protocol: it says what transformers and peft say, for every member, whoever else is in the batch.

It runs where vLLM is installed: VLLM_CPU_OMP_THREADS_BIND=nobind OMP_NUM_THREADS=1 python -m pytest -m vllm -s. The
model has random weights, and so have its adapters.
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

import arena
from arena.errors import ConfigError, PlayerError
from arena.match import Fixture, play_fixtures
from arena.players.chat import ConstrainedChat
from arena.players.engines.engine import Message, Sampling
from arena.players.engines.kinds import engine_class
from arena.players.engines.transformers_engine import TransformersEngine
from arena.players.prompt import Style
from arena.store import Store
from arena.trainers.tiny_model import make
from tests.engines import answers, keeps_replies_to_other_tickets

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed"),
    pytest.mark.filterwarnings("ignore"),  # those of vLLM
]

ASK = (Message("system", "Answer with one legal move."), Message("user", "bet or pass?"))
OTHER = (Message("user", "Your card is a king. There are 3 chips in the pot."),)
CLOSE = 1e-3
"""Nats between vLLM and transformers, both in float32."""


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    texts = [message.content for message in ASK + OTHER] * 10
    return str(make(tmp_path_factory.mktemp("model"), texts, width=64, layers=2, heads=2, context=1024))


@pytest.fixture(scope="module")
def adapters(model, tmp_path_factory) -> list[str]:
    from peft import LoraConfig, get_peft_model

    folders = []
    for seed, targets in enumerate([["q_proj", "v_proj"], ["o_proj", "up_proj", "down_proj"], ["k_proj", "v_proj"]]):
        adapted = get_peft_model(AutoModelForCausalLM.from_pretrained(model), LoraConfig(r=4, target_modules=targets))
        draw = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for name, weight in adapted.named_parameters():
                if "lora_" in name:
                    weight.normal_(0, 0.5, generator=draw)
        folders.append(str(tmp_path_factory.mktemp("adapter")))
        adapted.save_pretrained(folders[-1])
    return folders


@pytest.fixture(scope="module")
def members(adapters) -> list[str]:
    return ["", *adapters[:2]]


@pytest.fixture(scope="module")
def apart(model):
    """An engine in a process of its own, as vLLM has it, whose zero adapter is switched off."""
    from arena.players.engines.vllm_engine import VllmEngine

    join = VllmEngine._join

    def without_zero(self, folder, files) -> None:
        if folder:
            join(self, folder, files)
        else:
            self._members[""] = None
            self._alone[""] = self._probed([None])[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(VllmEngine, "_join", without_zero)
        engine = VllmEngine(model, adapters=2, rank=8, memory=0.1)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def engine(model):
    """An engine in this process, which starts sooner."""
    from arena.players.engines.vllm_engine import VllmEngine

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
        engine = VllmEngine(model, adapters=2, rank=8, memory=0.1)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def reference(model) -> TransformersEngine:
    return TransformersEngine(model)


# The engine that stands apart comes first: vLLM reads where to compute but once.


def test_an_engine_that_mixes_members_up_is_found(apart, adapters) -> None:
    """Without an adapter the model as it is gets the weights in the last of three places, so all must be taken."""
    replies = answers(apart, [(ASK, Sampling(4), member) for member in ["", *adapters[:2]]])
    assert all(reply.completion_tokens for reply in replies)
    with pytest.raises(PlayerError, match="'the model as it is' with other weights when others are in its batch"):
        apart.submit(ASK, Sampling(4), adapters[2])


def test_nobody_loses_by_an_engine_that_dies(apart) -> None:
    tickets = {apart.submit(ASK, Sampling(900, seed=seed)) for seed in range(4)}
    assert apart.collect(tickets, 0) == {}
    for process in apart._llm.llm_engine.engine_core.resources.engine_manager.processes:
        process.kill()
    replies = apart.collect(tickets, 60)
    assert replies.keys() == tickets
    [late] = answers(apart, [(ASK, Sampling(4))])
    for reply in [*replies.values(), late]:
        assert reply.stop == "unavailable"
        assert reply.text.startswith("vLLM has failed")
    with pytest.raises(PlayerError, match="has failed, so it can score nothing"):
        apart.score([(ASK, ["bet"])])


def test_stored_ids_have_the_stored_log_probabilities(engine, model, members) -> None:
    """Under the law that they were drawn from, by transformers and peft."""
    from peft import PeftModel

    ways = [Sampling(24, 1.0), Sampling(24, 0.7, top_k=5), Sampling(24, 1.3, top_k=20), Sampling(24, 0.0)]
    asked = [(ASK, way._replace(seed=i), member) for i, way in enumerate(ways * 4) for member in members]
    replies = answers(engine, asked)
    gap = 0.0
    for member in members:
        judge = AutoModelForCausalLM.from_pretrained(model)
        judge = PeftModel.from_pretrained(judge, member).eval() if member else judge.eval()
        for (_, way, whose), reply in zip(asked, replies, strict=True):
            if whose != member:
                continue
            with torch.no_grad():
                logits = judge(input_ids=torch.tensor([[*reply.prompt_ids.tolist(), *reply.ids.tolist()]])).logits[0]
            logits = logits[len(reply.prompt_ids) - 1 : -1]
            if way.temperature == 0:
                assert logits.argmax(-1).tolist() == reply.ids.tolist()
                assert not reply.logp.any()
                continue
            logits = logits / way.temperature
            if way.top_k:
                logits[logits < logits.topk(way.top_k).values[:, -1:]] = -torch.inf
            logp = torch.log_softmax(logits, -1).gather(1, torch.tensor(reply.ids.tolist())[:, None])[:, 0].numpy()
            gap = max(gap, float(np.abs(logp - reply.logp).max()))
    print(f"\nvLLM against transformers: {gap:.2e} nats at most, {sum(len(r.ids) for r in replies)} tokens")
    assert gap < CLOSE


def test_members_in_one_batch_answer_as_each_does_alone_and_as_peft(engine, reference, members) -> None:
    asked = [(prompt, Sampling(24, 0.0), member) for prompt in (ASK, OTHER) for member in [*members, *members[::-1]]]
    together = answers(engine, asked)
    for one, reply, other in zip(asked, together, answers(reference, asked), strict=True):
        [alone] = answers(engine, [one])
        assert alone.ids.tolist() == reply.ids.tolist() == other.ids.tolist()
        assert (alone.text, alone.stop, alone.prompt_ids.tolist()) == (
            other.text,
            other.stop,
            other.prompt_ids.tolist(),
        )
    assert len({tuple(reply.ids.tolist()) for reply in together[:3]}) == 3


def test_a_reply_depends_on_its_own_seed_alone(engine, members) -> None:
    asked = [(ASK, Sampling(24, seed=seed), member) for seed in (1, 2**63 - 1) for member in members]
    together = answers(engine, asked)
    for one, reply in zip(asked, together, strict=True):
        assert answers(engine, [one])[0].ids.tolist() == reply.ids.tolist()
    assert len({tuple(reply.ids.tolist()) for reply in together}) == 6


def test_scores_are_those_of_transformers(engine, reference, members) -> None:
    texts = ["<answer>bet</answer>", "<answer>pass</answer>", "b", ""]
    for member in members:
        asked = [(ASK, texts)]
        for one, two in zip(engine.score(asked, member)[0], reference.score(asked, member)[0], strict=True):
            assert one.dtype == np.float32
            np.testing.assert_allclose(one, two, atol=CLOSE)


def test_choices_are_drawn_as_transformers_draws_them(engine, reference, members) -> None:
    texts = ("bet", "pass", "b")
    asked = [(ASK, Sampling(1, 2.0, seed=s * 7919, choices=texts), member) for s in range(30) for member in members]
    replies = answers(engine, [*asked, (ASK, Sampling(1, 0.0, choices=texts), "")])
    for reply, other in zip(replies, answers(reference, asked), strict=False):
        assert (reply.text, reply.stop, reply.ids.tolist()) == (other.text, "end", other.ids.tolist())
        np.testing.assert_allclose(reply.logp, other.logp, atol=CLOSE)
    assert len({reply.text for reply in replies}) > 1
    assert replies[-1].logp.sum() == 0


def test_lengths_are_kept(engine) -> None:
    long = (Message("user", "x\u00e9" * 600),)
    cut, full = answers(engine, [(ASK, Sampling(2, seed=3)), (long, Sampling())])
    assert (cut.stop, cut.completion_tokens) == ("length", 2)
    assert (full.stop, full.text, len(full.ids)) == ("length", "", 0)
    assert full.prompt_tokens > 1024
    with pytest.raises(PlayerError, match="exceed the 1023 of vLLM"):
        engine.score([(long, ["bet"])])


def test_more_prompts_than_are_read_at_a_time_are_answered(engine) -> None:
    """One of them read in parts would end vLLM on the CPU, where draws are seeded."""
    replies = answers(engine, [((Message("user", f"{i}" + "x\u00e9" * 300),), Sampling(4, seed=i)) for i in range(16)])
    assert sum(reply.prompt_tokens for reply in replies) > 2 * 4096
    assert {reply.stop for reply in replies} <= {"end", "length"}


def test_replies_to_other_tickets_are_kept(engine) -> None:
    keeps_replies_to_other_tickets(engine)


def test_what_vllm_would_draw_from_another_law_is_refused(engine) -> None:
    with pytest.raises(PlayerError, match="whole law"):
        engine.submit(ASK, Sampling(top_k=3, choices=("bet",)))
    with pytest.raises(PlayerError, match=r"no temperature between 0 and 0\.01"):
        engine.submit(ASK, Sampling(temperature=0.001))


def test_members_play_a_tournament_on_one_engine(engine, members) -> None:
    assert engine_class("vllm") is type(engine)
    game = arena.load_game("kuhn_poker")
    names = ["base", "a", "b"]
    players = {
        name: ConstrainedChat(engine, Style(), Sampling(temperature=1.5), member)
        for name, member in zip(names, members, strict=True)
    }
    pairs = [(one, two) for one in names for two in names if one != two]
    fixtures = [Fixture(f"{i}", "tournament", pairs[i % 6], i, "") for i in range(36)]
    records = list(play_fixtures(game, fixtures, players, concurrent=12))
    assert len(records) == 36
    assert {record.stop for record in records} == {"finished"}


def test_more_members_than_fit_in_a_batch_take_turns(engine, reference, adapters) -> None:
    asked = [(ASK, Sampling(16, 0.0), member) for member in ["", *adapters, *adapters, ""]]
    replies = answers(engine, asked)
    assert [r.ids.tolist() for r in replies] == [r.ids.tolist() for r in answers(reference, asked)]


def test_an_adapter_of_another_model_is_refused(engine, tmp_path) -> None:
    from peft import LoraConfig, get_peft_model

    small = make(tmp_path / "small", ["bet pass"], width=32, layers=1, heads=2)
    other = get_peft_model(AutoModelForCausalLM.from_pretrained(small), LoraConfig(r=4, target_modules=["q_proj"]))
    other.save_pretrained(tmp_path / "adapter")
    with pytest.raises(ConfigError, match="does not fit the model"):
        engine.submit(ASK, Sampling(), str(tmp_path / "adapter"))
    assert answers(engine, [(ASK, Sampling(4))])[0].completion_tokens


def test_what_is_no_model_is_named(model, adapters, tmp_path) -> None:
    from arena.players.engines.vllm_engine import VllmEngine

    with pytest.raises(ConfigError, match="cannot be loaded"):
        VllmEngine(str(tmp_path / "nowhere"))
    with pytest.raises(ConfigError, match="is an adapter: give the model that it belongs to"):
        VllmEngine(adapters[0])
    with pytest.raises(ConfigError, match="adapters = -1"):
        VllmEngine(model, adapters=-1)
    with pytest.raises(ConfigError, match="vLLM cannot start"):
        VllmEngine(model, rank=7)


def test_an_engine_that_is_closed_takes_no_prompt_and_leaves_nothing_behind(engine) -> None:
    folder = Path(engine._folder.name)
    assert folder.is_dir()
    engine.close()
    assert not folder.exists()
    with pytest.raises(PlayerError, match="closed"):
        engine.submit(ASK, Sampling())


def test_adapters_meet_in_the_tournament_that_comes_with_arena(members, adapters, tmp_path, monkeypatch) -> None:
    """With a tiny model in the place of a large one, held to legal moves since nobody has taught it.

    It comes last: of two engines in one process the first to be closed takes the other with it.
    """
    monkeypatch.setenv("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
    text = (Path(__file__).parent.parent / "tournaments/lora_checkpoints.toml").read_text(encoding="utf-8")
    rules = [message.content for message in ASK + OTHER]
    model = make(tmp_path / "model", rules, width=64, layers=2, heads=2, context=4096)
    text = text.replace('model="Qwen/Qwen3-4B"', f'model="{model}", constrained=True, options={{"memory": 0.2}}')
    for step, adapter in zip((100, 200, 300), adapters, strict=True):
        text = text.replace(f"outputs/checkpoint-{step}", adapter)
    (tmp_path / "adapters.toml").write_text(text, encoding="utf-8")
    ladder = arena.tournament(tmp_path / "adapters.toml", tmp_path / "run", ["pairs=2"])
    assert {row.name for row in ladder.rows} == {"untrained", "step_100", "step_200", "step_300", "uniform"}
    with Store.read(tmp_path / "run") as store:
        records = list(store.records())
    assert len(records) == 40
    assert {record.stop for record in records} == {"finished"}
