"""The model that a run begins with: made, taught, published whole, and the same from the same seed."""

import pytest
from transformers import AutoConfig

import arena
from arena.config.league_file import BaseConfig
from arena.errors import ConfigError
from arena.player import Requests
from arena.trainers.base_model import prepare
from arena.tree import enumerate_game

GAME = arena.load_game("kuhn_poker")
SPEC = "language_model(model='base', answer='brackets', max_tokens=8)"


def small(**changes) -> BaseConfig:
    return BaseConfig.model_validate({"width": 32, "layers": 1, "matches": 40, "epochs": 1, **changes})


def make(folder, base: BaseConfig, seed: int = 0):
    return prepare(base, [GAME], SPEC, folder, seed, lambda *_: None)


def test_it_is_made_once_and_the_same_seed_makes_the_same(tmp_path) -> None:
    learned = make(tmp_path / "a", small())
    assert learned.decisions > 50
    assert make(tmp_path / "a", small()) is None
    make(tmp_path / "b", small())
    make(tmp_path / "c", small(), seed=1)
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in "abc"]
    assert weights[0] == weights[1] != weights[2]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c"]


def test_its_shape_is_refused_before_anybody_plays(tmp_path) -> None:
    def told(*_):
        raise AssertionError("a teacher has played")

    with pytest.raises(ConfigError, match="a width of 33 has no even number for its one head"):
        prepare(small(width=33), [GAME], SPEC, tmp_path / "base", 0, told)
    assert not list(tmp_path.iterdir())
    make(tmp_path / "base", small(heads=2))
    assert AutoConfig.from_pretrained(tmp_path / "base").num_attention_heads == 2


def test_what_a_killed_run_left_is_made_again(tmp_path) -> None:
    (tmp_path / "base-untaught").mkdir()
    (tmp_path / ".base.draft").mkdir()
    make(tmp_path / "base", small())
    assert [path.name for path in tmp_path.iterdir()] == ["base"]


def test_it_is_taught_in_the_words_in_which_it_will_be_asked(tmp_path) -> None:
    make(tmp_path / "base", small(epochs=25, matches=60, learning_rate=0.003))
    asked = Requests(enumerate_game(GAME).requests)
    legal = {}
    for answer in ("brackets", "tag"):
        player = arena.load_player(f"chat(model={str(tmp_path / 'base')!r}, answer={answer!r})", GAME)
        legal[answer] = 1 - player.law(asked)[:, -1].mean()
        player.close()
    assert legal["brackets"] > 0.8
    assert legal["tag"] < 0.2


def test_a_model_that_is_there_may_be_taught_by_a_run(tmp_path) -> None:
    make(tmp_path / "first", small())
    file = tmp_path / "two.toml"
    file.write_text('game = "kuhn_poker"\npairs = 20\n[entrants]\na = "uniform"\nb = "script(prefer=\'bet\')"\n')
    arena.tournament(file, tmp_path / "run")
    second = small(model=str(tmp_path / "first"), teachers=[], runs=[str(tmp_path / "run")])
    assert make(tmp_path / "second", second).decisions > 20
    with pytest.raises(ConfigError, match="has no teachers whose decisions could be learned, and no runs"):
        make(tmp_path / "third", small(teachers=[]))
    with pytest.raises(ConfigError, match="is no folder of a model"):
        make(tmp_path / "third", small(model=str(tmp_path / "nothing")))
    assert not (tmp_path / "third").exists()
