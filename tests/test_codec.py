"""Words and ids: what a reply says, how it ended, and a thought that the template has opened."""

import json

import pytest
from transformers import AutoTokenizer

from arena.errors import ConfigError
from arena.player import Fault
from arena.players.answer import read
from arena.players.engines.codec import Codec
from arena.players.engines.engine import Message
from arena.trainers.tiny_model import TEMPLATE, make

ASK = (Message("user", "Your move: bet or pass?"),)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    texts = ["Your move: bet or pass? <answer>bet</answer> <think> perhaps </think>"]
    return make(tmp_path_factory.mktemp("codec"), texts, width=16, layers=1)


@pytest.fixture(scope="module")
def codec(folder):
    return Codec(str(folder))


def thinking(folder, place, opened: str) -> Codec:
    """Return the codec of a model whose template begins every answer so."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.chat_template = TEMPLATE.replace("assistant\n{%", f"assistant\n{opened}{{%")
    tokenizer.save_pretrained(place)
    (place / "config.json").write_bytes((folder / "config.json").read_bytes())
    return Codec(str(place))


def test_what_is_answered_comes_back(codec) -> None:
    ids = codec.answer("<answer>bet</answer>")
    prompt = codec.prompt(ASK)
    reply = codec.reply(prompt, ids, [-0.5] * len(ids))
    assert (reply.text, reply.stop) == ("<answer>bet</answer>", "end")
    assert (reply.ids.tolist(), reply.prompt_ids.tolist()) == (ids, prompt)
    assert (reply.prompt_tokens, reply.completion_tokens) == (len(prompt), len(ids))
    assert reply.logp.tolist() == [-0.5] * len(ids)


def test_a_reply_without_an_end_was_cut(codec) -> None:
    ids = codec.answer("<answer>bet")[:-1]
    assert codec.reply([], ids, [0.0] * len(ids))[:2] == ("<answer>bet", "length")
    assert codec.reply([], [], [])[:2] == ("", "length")


@pytest.mark.parametrize("opened", ["<think>\n", "<think>"])
def test_a_draft_in_a_thought_that_the_template_opened_is_no_answer(folder, tmp_path, opened: str) -> None:
    codec = thinking(folder, tmp_path, opened)
    prompt, draft = codec.prompt(ASK), codec.answer("I could say <answer>bet</answer>, but")[:-1]
    cut = codec.reply(prompt, draft, [0.0] * len(draft))
    assert cut.text == "<think>\nI could say <answer>bet</answer>, but"
    assert read(cut.text, cut.stop, ["bet", "pass"], "tag") is Fault.TRUNCATED
    whole = codec.answer("<answer>bet</answer> no</think><answer>pass</answer>")
    reply = codec.reply(prompt, whole, [0.0] * len(whole))
    assert read(reply.text, reply.stop, ["bet", "pass"], "tag") == "pass"
    begun = codec.prompt((*ASK, Message("assistant", "I know.</think>")))  # the thought has ended in the prompt
    assert codec.reply(begun, codec.answer("<answer>bet</answer>"), [0.0] * 9).text == "<answer>bet</answer>"
    assert codec.reply(prompt, whole, [0.0] * len(whole), "bet").text == "bet"  # one of the given choices


def test_a_thought_that_the_template_has_ended_is_none(folder, tmp_path) -> None:
    codec = thinking(folder, tmp_path, "<think>\n\n</think>\n\n")
    ids = codec.answer("<answer>bet</answer>")
    assert codec.reply(codec.prompt(ASK), ids, [0.0] * len(ids)).text == "<answer>bet</answer>"


def test_further_ends_are_those_of_the_generation_config(folder, tmp_path) -> None:
    AutoTokenizer.from_pretrained(folder).save_pretrained(tmp_path)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "config.json").write_text(json.dumps({**config, "eos_token_id": 99}), encoding="utf-8")
    assert 99 in Codec(str(tmp_path)).ends
    (tmp_path / "generation_config.json").write_text('{"eos_token_id": [77, 78]}', encoding="utf-8")
    assert {77, 78} < set(Codec(str(tmp_path)).ends)
    assert 99 not in Codec(str(tmp_path)).ends


def test_what_is_no_model_is_named(tmp_path) -> None:
    with pytest.raises(ConfigError, match="cannot be loaded"):
        Codec(str(tmp_path / "nothing"))
    (tmp_path / "adapter_config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError, match="is an adapter: give the model that it belongs to"):
        Codec(str(tmp_path))
