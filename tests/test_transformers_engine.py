"""A real model behind the protocol: what it says is what the model says, whoever else is asked at the same time."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from arena.errors import ConfigError, PlayerError
from arena.players.engines.engine import Message, Sampling
from arena.players.engines.transformers_engine import TransformersEngine
from tests.engines import answers, keeps_replies_to_other_tickets
from tests.language import decisions, question, tagged, tiny_folder

ASK = (Message("system", "Answer with one legal move."), Message("user", "bet or pass?"))


@pytest.fixture(scope="module")
def engine():
    return TransformersEngine(str(tiny_folder()), slots=16)


@pytest.fixture(scope="module")
def adapters(tmp_path_factory) -> list[str]:
    """Two adapters whose weights are random, so that each says something else."""
    from peft import LoraConfig, get_peft_model

    folders = []
    for name in ("a", "b"):
        model = AutoModelForCausalLM.from_pretrained(tiny_folder(), use_safetensors=True)
        adapted = get_peft_model(model, LoraConfig(r=4, target_modules=["q_proj", "v_proj", "up_proj"]))
        draw = torch.Generator().manual_seed(ord(name))
        with torch.no_grad():
            for key, weight in adapted.named_parameters():
                if "lora_" in key:
                    weight.normal_(0, 0.3, generator=draw)
        folders.append(str(tmp_path_factory.mktemp(name)))
        adapted.save_pretrained(folders[-1])
    return folders


def test_a_model_that_was_taught_answers_legally(engine) -> None:
    played = decisions("kuhn_poker", 60, seed=5)
    replies = answers(engine, [(question(r), Sampling(32, seed=i)) for i, (r, _) in enumerate(played)])
    legal = [reply.text in map(tagged, r.legal) for reply, (r, _) in zip(replies, played, strict=True)]
    assert np.mean(legal) > 0.9
    good = replies[legal.index(True)]
    tokenizer = AutoTokenizer.from_pretrained(tiny_folder())
    assert good.stop == "end"
    assert good.ids[-1] == tokenizer.eos_token_id
    assert tokenizer.decode(good.ids[:-1]) == good.text
    assert (good.prompt_tokens, good.completion_tokens) == (len(good.prompt_ids), len(good.ids))
    assert (good.prompt_ids.dtype, good.ids.dtype, good.logp.dtype) == (np.int32, np.int32, np.float32)


def test_a_reply_depends_on_its_own_seed_alone(engine) -> None:
    asked = [(ASK, Sampling(24, temperature=3.0, seed=seed)) for seed in (1, 2, 3, 1)]
    one, two, three, again = answers(engine, asked)
    assert one.ids.tolist() == again.ids.tolist() == answers(engine, asked[:1])[0].ids.tolist()
    assert len({tuple(reply.ids.tolist()) for reply in (one, two, three)}) == 3


def test_a_reply_that_does_not_end_is_cut_at_its_length(engine) -> None:
    [reply] = answers(engine, [(ASK, Sampling(max_tokens=2))])
    assert (reply.stop, len(reply.ids)) == ("length", 2)


def test_a_prompt_that_fills_the_context_leaves_no_room(engine) -> None:
    [reply] = answers(engine, [((Message("user", "x\u00e9" * 3000),), Sampling())])
    assert (reply.stop, reply.text, len(reply.ids)) == ("length", "", 0)
    assert reply.prompt_tokens > 2048


def test_scores_are_the_log_probabilities_of_a_whole_answer(engine) -> None:
    texts = [tagged("bet"), tagged("pass"), "b"]
    [reply] = answers(engine, [(ASK, Sampling(1))])
    tokenizer = AutoTokenizer.from_pretrained(tiny_folder())
    model = AutoModelForCausalLM.from_pretrained(tiny_folder(), use_safetensors=True)
    for text, found in zip(texts, engine.score([(ASK, texts)])[0], strict=True):
        answer = [*tokenizer(text)["input_ids"], tokenizer.eos_token_id]
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([[*reply.prompt_ids.tolist(), *answer]])).logits[0]
        logp = torch.log_softmax(logits, -1)[len(reply.prompt_ids) - 1 : -1].gather(1, torch.tensor(answer)[:, None])
        np.testing.assert_allclose(found, logp[:, 0].numpy(), atol=1e-4)


def test_choices_are_drawn_by_their_scores(engine) -> None:
    texts = (tagged("bet"), tagged("pass"), tagged("both"))
    scores = np.array([score.sum(dtype=float) for score in engine.score([(ASK, texts)])[0]])
    law = np.exp(scores / 2) / np.exp(scores / 2).sum()
    replies = answers(engine, [(ASK, Sampling(1, temperature=2.0, seed=s * 7919, choices=texts)) for s in range(300)])
    counts = np.array([sum(reply.text == text for reply in replies) for text in texts])
    assert counts.sum() == 300
    assert (np.abs(counts - 300 * law) < 4 * np.sqrt(300 * law * (1 - law)) + 1).all()
    for reply in replies[:20]:
        assert reply.stop == "end"
        assert reply.logp.sum() == pytest.approx(np.log(law[texts.index(reply.text)]), abs=1e-4)


def test_members_in_one_batch_answer_as_each_does_alone(engine, adapters) -> None:
    """And as peft itself computes; the model as it is stays what it was before any adapter was loaded."""
    before = answers(TransformersEngine(str(tiny_folder())), [(ASK, Sampling(24, seed=1))])[0]
    asked = [(ASK, Sampling(24, seed=1), member) for member in ["", *adapters, "", *adapters]]
    together = answers(engine, asked)
    for one, reply in zip(asked, together, strict=True):
        [alone] = answers(engine, [one])
        assert alone.ids.tolist() == reply.ids.tolist()
        np.testing.assert_allclose(alone.logp, reply.logp, atol=1e-4)
    assert together[0].ids.tolist() == before.ids.tolist()
    assert len({tuple(reply.ids.tolist()) for reply in together}) == 3

    from peft import PeftModel

    for folder, reply in zip(adapters, together[1:3], strict=True):
        base = AutoModelForCausalLM.from_pretrained(tiny_folder(), use_safetensors=True)
        adapted = PeftModel.from_pretrained(base, folder).eval()
        with torch.no_grad():
            logits = adapted(input_ids=torch.tensor([[*reply.prompt_ids.tolist(), *reply.ids.tolist()]])).logits[0]
        logp = torch.log_softmax(logits, -1)[len(reply.prompt_ids) - 1 : -1]
        logp = logp.gather(1, torch.tensor(reply.ids.tolist())[:, None])[:, 0]
        np.testing.assert_allclose(reply.logp, logp.numpy(), atol=1e-4)


def test_members_score_with_their_own_weights(engine, adapters) -> None:
    scores = [engine.score([(ASK, [tagged("bet")])], member)[0][0].sum() for member in ["", *adapters, ""]]
    assert scores[0] == pytest.approx(scores[3], abs=1e-5)
    assert len({round(float(score), 3) for score in scores}) == 3


def test_replies_to_other_tickets_are_kept(engine) -> None:
    keeps_replies_to_other_tickets(engine)


def test_damaged_weights_are_an_error_and_no_reply(tmp_path) -> None:
    model = AutoModelForCausalLM.from_pretrained(tiny_folder(), use_safetensors=True)
    with torch.no_grad():
        model.model.layers[0].mlp.up_proj.weight[0, 0] = float("nan")
    model.save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(tiny_folder()).save_pretrained(tmp_path)
    broken = TransformersEngine(str(tmp_path))
    ticket = broken.submit(ASK, Sampling())
    with pytest.raises(PlayerError, match="not finite"):
        broken.collect([ticket], 10)


def test_pickled_weights_are_refused(tmp_path, adapters) -> None:
    model = AutoModelForCausalLM.from_pretrained(tiny_folder(), use_safetensors=True)
    shutil.copytree(tiny_folder(), tmp_path / "model")
    (tmp_path / "model" / "model.safetensors").unlink()
    torch.save(model.state_dict(), tmp_path / "model" / "pytorch_model.bin")
    with pytest.raises(ConfigError, match="cannot be loaded"):
        TransformersEngine(str(tmp_path / "model"))
    shutil.copytree(adapters[0], tmp_path / "adapter")
    (tmp_path / "adapter" / "adapter_model.safetensors").rename(tmp_path / "adapter" / "adapter_model.bin")
    with pytest.raises(ConfigError, match=r"has no adapter_model\.safetensors"):
        TransformersEngine(str(tiny_folder())).submit(ASK, Sampling(), str(tmp_path / "adapter"))


def test_code_that_comes_with_a_model_is_not_run(tmp_path) -> None:
    shutil.copytree(tiny_folder(), tmp_path / "model")
    config = json.loads((tmp_path / "model" / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {k: f"own.{k}" for k in ("AutoConfig", "AutoModelForCausalLM")}}
    (tmp_path / "model" / "config.json").write_text(json.dumps(config))
    (tmp_path / "model" / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(ConfigError, match="cannot be loaded"):
        TransformersEngine(str(tmp_path / "model"))
    assert not (tmp_path / "ran").exists()


def test_what_is_no_model_is_named(tmp_path, adapters) -> None:
    with pytest.raises(ConfigError, match="cannot be loaded"):
        TransformersEngine(str(tmp_path / "nowhere"))
    with pytest.raises(ConfigError, match="is an adapter: give the model that it belongs to"):
        TransformersEngine(adapters[0])
    with pytest.raises(ConfigError, match="slots = 0"):
        TransformersEngine(str(tiny_folder()), slots=0)


def test_an_adapter_of_another_model_is_refused(tmp_path, adapters) -> None:
    from arena.trainers.tiny_model import make

    other = TransformersEngine(str(make(tmp_path, ["bet pass"], width=32, layers=1, heads=2)))
    with pytest.raises(ConfigError, match="does not fit the model"):
        other.submit(ASK, Sampling(), adapters[0])


def test_choices_go_without_what_cuts_the_law(engine) -> None:
    with pytest.raises(PlayerError, match="whole law"):
        engine.submit(ASK, Sampling(top_k=3, choices=("bet",)))


def test_an_engine_that_is_closed_takes_no_prompt() -> None:
    engine = TransformersEngine(str(tiny_folder()))
    engine.submit(ASK, Sampling())
    engine.close()
    with pytest.raises(PlayerError, match="closed"):
        engine.submit(ASK, Sampling())


def test_a_folder_may_be_moved(tmp_path) -> None:
    copied = Path(shutil.copytree(tiny_folder(), tmp_path / "copy"))
    assert answers(TransformersEngine(str(copied), dtype="bfloat16"), [(ASK, Sampling(3))])[0].completion_tokens
