from pathlib import Path

import pytest

from arena.config import LeagueConfig, TournamentConfig, load
from arena.errors import ConfigError
from tests.config_files import LEAGUE, TOURNAMENT, written

ROOT = Path(__file__).resolve().parent.parent


def test_defaults_fill_what_a_file_leaves_out(tmp_path):
    config = load(written(tmp_path, TOURNAMENT), TournamentConfig)
    assert config.entrants == {"a": "uniform", "b": "uniform"}
    assert (config.pairs, config.block_pairs, config.patience.retries) == (100, 50, 2)
    assert list(load(written(tmp_path, LEAGUE), LeagueConfig).learners) == ["main"]


def test_overrides_are_toml_values_at_dotted_keys(tmp_path):
    file = written(tmp_path, LEAGUE)
    overrides = ["training.updates=500", "learners.solo.player=net(hidden=[8])", "seed = 3", "rating.pairs=250"]
    overrides += ["training.learning_rate=1"]
    config = load(file, LeagueConfig, overrides)
    assert config.training.updates == 500
    assert config.learners["solo"].player == "net(hidden=[8])"
    assert config.seed == 3
    assert config.rating.pairs == 250
    assert (config.training.learning_rate, type(config.training.learning_rate)) == (1, float)


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("updates", "'updates' is no override: write key=value"),
        ("training.update=5", "there is no key 'training.update'; did you mean 'updates'?"),
        ("game.name=5", "game holds a value, not a table"),
        ("seed=" + "9" * 5000, "cannot be read: it holds a number of thousands of digits"),
        ("seed=" + "[" * 5000, "or hundreds of brackets in each other"),
        ('training.updates="500"', "training.updates = '500' will not do"),
    ],
)
def test_a_bad_override_gets_one_sentence(tmp_path, override, sentence):
    with pytest.raises(ConfigError, match=sentence.replace("?", r"\?")):
        load(written(tmp_path, LEAGUE), LeagueConfig, [override])


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path, TournamentConfig)
    file = tmp_path / "binary.toml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(file, TournamentConfig)


@pytest.mark.parametrize("file", sorted(ROOT.glob("tournaments/*.toml")), ids=lambda file: file.stem)
def test_every_file_that_ships_is_valid_and_begins_with_its_command(file):
    league = "[training]" in file.read_text()
    load(file, LeagueConfig if league else TournamentConfig)
    command = "train" if league else "tournament"
    assert file.read_text().splitlines()[0] == f"# arena {command} tournaments/{file.name}"


def test_the_other_kind_of_file_is_told_which_command_runs_it(tmp_path):
    league, tournament = tmp_path / "league.toml", tmp_path / "tournament.toml"
    league.write_text('game = "kuhn_poker"\n[training]\nupdates = 3\n')
    tournament.write_text('game = "kuhn_poker"\n[entrants]\na = "uniform"\nb = "uniform"\n')
    with pytest.raises(ConfigError, match=r"describes a league, not a tournament: arena train .*league\.toml runs it"):
        load(league, TournamentConfig)
    with pytest.raises(ConfigError, match=r"describes a tournament, not a league: arena tournament .* plays it"):
        load(tournament, LeagueConfig)


def test_a_key_below_the_wrong_heading_is_told_where_it_belongs(tmp_path):
    path = tmp_path / "t.toml"
    path.write_text('game = "kuhn_poker"\n[entrants]\na = "uniform"\nb = "uniform"\npairs = 10\n')
    with pytest.raises(ConfigError, match=r"if pairs is meant for the whole file, move it above \[entrants\]"):
        load(path, TournamentConfig)


@pytest.mark.parametrize(
    ("override", "meant"),
    [
        ("training.algorithm=mdm", "mmd"),
        ("training.rollouts=tabels", "tables"),
        ("opponents.meta_solver=nahs", "nash"),
        ("learners.main.policies=per-role", "per_role"),
        ('population.tune=["learning_rat"]', "learning_rate"),
    ],
)
def test_a_misspelt_value_is_told_which_one_was_meant(tmp_path, override, meant):
    with pytest.raises(ConfigError, match=rf"will not do: input should be .*; did you mean '{meant}'\?$"):
        load(written(tmp_path, LEAGUE), LeagueConfig, [override])


def test_a_value_that_is_like_none_is_told_all_of_them(tmp_path):
    with pytest.raises(ConfigError, match=r"will not do: input should be 'auto', 'tables' or 'matches'$"):
        load(written(tmp_path, LEAGUE), LeagueConfig, ["training.rollouts=xyz"])
    with pytest.raises(ConfigError, match=r"format = 'swis' will not do: .*; did you mean 'swiss'\?$"):
        load(written(tmp_path, TOURNAMENT), TournamentConfig, ["format=swis"])
