import pytest
from safetensors.numpy import load_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from arena.errors import ConfigError, PlayerError, UnknownName
from arena.trainers import tiny_model
from arena.trainers.tiny_model import make, run

TEXTS = ["You are dealt a king. Your move: bet or pass?"] * 3


TALK = """
from arena.game import Text
from arena.games.matrix import MatchingPennies

class Talk(MatchingPennies):
    def legal(self, s, seat):
        return Text(100)
"""


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
    assert one.std() == pytest.approx(one.shape[1] ** -0.5, rel=0.02)


@pytest.mark.parametrize(
    ("width", "heads", "sentence"),
    [
        (33, 0, "a width of 33 has no even number for its one head: give a multiple of 2, such as 32, or another"),
        (70, 0, "a width of 70 has no even number for each of 2 heads: give a multiple of 4, such as 68, or another"),
        (64, 33, "a width of 64 has no even number for each of 33 heads: give a multiple of 66, such as 66, or"),
    ],
)
def test_heads_that_cannot_share_a_width_are_a_sentence(tmp_path, width, heads, sentence) -> None:
    with pytest.raises(ConfigError, match=sentence):
        make(tmp_path / "new", TEXTS, width=width, heads=heads)
    assert not (tmp_path / "new").exists()


def test_heads_are_32_wide_unless_their_number_is_given(tmp_path) -> None:
    for heads, width in [(0, 32), (1, 64), (4, 16)]:
        make(tmp_path / str(heads), TEXTS, width=64, layers=1, heads=heads)
        assert AutoConfig.from_pretrained(tmp_path / str(heads)).head_dim == width


def test_it_knows_the_words_of_the_games_that_are_named(tmp_path) -> None:
    weights = run(tmp_path / "words", ["kuhn_poker", "tic_tac_toe"], seed=1)
    assert weights == sum(w.size for w in load_file(tmp_path / "words" / "model.safetensors").values()) > 1e6
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "words")
    for word in ("answer", " move", " the", " first"):
        assert len(tokenizer(word)["input_ids"]) == 1


def test_what_cannot_be_made_is_a_sentence(tmp_path, monkeypatch) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(ConfigError, match="there exists already"):
        run(tmp_path / "there", ["kuhn_poker"])
    with pytest.raises(ConfigError, match="name a game whose words"):
        run(tmp_path / "new", [])
    with pytest.raises(UnknownName, match="did you mean 'kuhn_poker'"):
        run(tmp_path / "new", ["kuhn_pokr"])
    (tmp_path / "talk.py").write_text(TALK)
    with pytest.raises(PlayerError, match=r"uniform does not come to a decision in .*talk.py:Talk: .*free text"):
        run(tmp_path / "new", [f"{tmp_path}/talk.py:Talk"])
    monkeypatch.setattr(tiny_model, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"transformers, which is missing: pip install 'selfplay-arena\[llm\]'"):
        run(tmp_path / "new", ["kuhn_poker"])
    assert not (tmp_path / "new").exists()


def test_it_knows_the_words_of_all_players_that_are_named(tmp_path) -> None:
    said, bot = {}, "script(prefer='bet')"
    for name, players in {"one": ["uniform"], "other": [bot], "both": ["uniform", bot]}.items():
        run(tmp_path / name, ["kuhn_poker"], players=players, width=32, layers=1)
        said[name] = (tmp_path / name / "tokenizer.json").read_text()
    assert len(set(said.values())) == 3
