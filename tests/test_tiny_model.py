import pytest
from safetensors.numpy import load_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from arena.trainers.tiny_model import make

TEXTS = ["You are dealt a king. Your move: bet or pass?"] * 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make(tmp_path_factory.mktemp("tiny"), TEXTS, seed=3)


def test_it_is_an_ordinary_folder_with_a_million_parameters(folder) -> None:
    assert AutoConfig.from_pretrained(folder).model_type == "llama"
    model = AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True)
    assert 1e6 < sum(weight.numel() for weight in model.parameters()) < 3e6
    assert not list(folder.glob("*.bin"))


def test_its_tokenizer_gives_back_any_text_and_has_learned_words(folder) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    text = "You are dealt a king. \x00 漢字 🂡\n"
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    assert len(tokenizer(TEXTS[0])["input_ids"]) < 15
    assert tokenizer.model_max_length == 2048


def test_its_template_is_in_the_manner_of_chatml(folder) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    said = [{"role": "user", "content": "bet?"}]
    shown = tokenizer.apply_chat_template(said, tokenize=False, add_generation_prompt=True)
    assert shown == "<|im_start|>user\nbet?<|im_end|>\n<|im_start|>assistant\n"
    assert AutoModelForCausalLM.from_pretrained(folder).generation_config.eos_token_id == tokenizer.eos_token_id


def test_the_same_seed_makes_the_same_files(folder, tmp_path) -> None:
    again, other = make(tmp_path / "again", TEXTS, seed=3), make(tmp_path / "other", TEXTS, seed=4)
    for file in folder.iterdir():
        assert file.read_bytes() == (again / file.name).read_bytes()
    name = "model.embed_tokens.weight"
    one, two = (load_file(path / "model.safetensors")[name] for path in (folder, other))
    assert abs(one - two).max() > 0
    assert one.std() == pytest.approx(0.02, rel=0.02)
