import json
import re
from pathlib import Path

import pytest

from arena.config import LeagueConfig, TournamentConfig, check, load
from arena.errors import ConfigError

ROOT = Path(__file__).resolve().parent.parent
GOOD = 'game = "kuhn_poker"\n[entrants]\na = "uniform"\nb = "uniform"\n'
LEAGUE = 'game = "kuhn_poker"\n[training]\nupdates = 10\n'


def written(tmp_path, text):
    file = tmp_path / "config.toml"
    file.write_text(text)
    return file


@pytest.mark.parametrize(("n", "least", "most"), [(2, 1, 1), (3, 2, 3), (4, 2, 3), (5, 3, 5), (8, 3, 7), (9, 4, 9)])
def test_a_swiss_has_enough_rounds_to_link_all_and_no_more_than_there_are_opponents(n, least, most):
    entrants = {f"p{i}": "uniform" for i in range(n)}
    for rounds in range(1, n + 3):
        values = {"game": "kuhn_poker", "format": "swiss", "rounds": rounds, "entrants": entrants}
        if least <= rounds <= most:
            check(values, TournamentConfig, "x")
        else:
            with pytest.raises(ConfigError, match="rounds are too"):
                check(values, TournamentConfig, "x")


def test_entrants_are_seeded_by_strength_or_else_in_the_order_of_the_file(tmp_path):
    text = "format = 'double_elimination'\n" + GOOD + "c = 'uniform'\n"
    assert load(written(tmp_path, text), TournamentConfig).seeded == ["a", "b", "c"]
    text += "[seeding]\na = 900\nb = 1100.5\nc = 900\n"
    assert load(written(tmp_path, text), TournamentConfig).seeded == ["b", "a", "c"]


def test_defaults_fill_what_a_file_leaves_out(tmp_path):
    config = load(written(tmp_path, GOOD), TournamentConfig)
    assert config.entrants == {"a": "uniform", "b": "uniform"}
    assert (config.pairs, config.block_pairs, config.patience.retries) == (100, 50, 2)
    assert list(load(written(tmp_path, LEAGUE), LeagueConfig).learners) == ["main"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty: it needs at least game, entrants"),
        ("game = ", "is no TOML: Invalid value"),
        (GOOD.replace("game", "gmae"), "there is no key 'gmae'; did you mean 'game'?"),
        ("[entrants]\na = 'uniform'\nb = 'uniform'\n", "the key 'game' is missing"),
        ("pairs = 0\n" + GOOD, "pairs = 0 will not do: input should be greater than or equal to 1"),
        ('pairs = "many"\n' + GOOD, "pairs = 'many' will not do: input should be a valid integer"),
        ("pairs = true\n" + GOOD, "pairs = True will not do: input should be a valid integer"),
        ('pairs = "7"\n' + GOOD, "pairs = '7' will not do: input should be a valid integer"),
        ("pairs = 2.0\n" + GOOD, "pairs = 2.0 will not do: input should be a valid integer"),
        ("anchor = 5\n" + GOOD, "anchor = 5 will not do: input should be a valid string"),
        (
            GOOD + "[patience]\nfeedback = 'yes'\n",
            "patience.feedback = 'yes' will not do: input should be a valid bool",
        ),
        (
            GOOD + "[patience]\nretries = false\n",
            "patience.retries = False will not do: input should be a valid integer",
        ),
        (f"seed = {'9' * 5000}\n" + GOOD, "cannot be read: it holds a number of thousands of digits"),
        (f"seed = {'[' * 5000}{']' * 5000}\n" + GOOD, "or hundreds of brackets in each other"),
        (f"seed = 0x{'f' * 5000}\n" + GOOD, "seed = a value of great length will not do"),
        (f"seed.{'a.' * 5000}b = 1\n" + GOOD, "seed = a value of great length will not do"),
        (f"format = '{'a' * 5000}'\n" + GOOD, f"format = '{'a' * 198}… will not do"),
        (GOOD.replace('b = "uniform"\n', ""), "a tournament needs at least two entrants"),
        ('anchor = "c"\n' + GOOD, "the anchor 'c' is not among the entrants"),
        (GOOD + "'a|b' = 'uniform'\n", "the name 'a|b' will not do: take 1 to 100 printable characters, no |"),
        (GOOD + "'' = 'uniform'\n", "the name '' will not do"),
        (GOOD + "' a' = 'uniform'\n", "the name ' a' will not do"),
        (GOOD + '"a\\n" = "uniform"\n', r"the name 'a\n' will not do"),
        (GOOD + f"{'a' * 101} = 'uniform'\n", "will not do"),
        (GOOD + "[patience]\nretires = 1\n", "there is no key 'patience.retires'; did you mean 'retries'?"),
        (
            "format = 'suisse'\n" + GOOD,
            "format = 'suisse' will not do: input should be 'round_robin', 'gauntlet', 'swiss'",
        ),
        ("rounds = 3\n" + GOOD, "rounds belongs to the format swiss, and this is a round_robin"),
        ("format = 'swiss'\nrounds = 1\nnewcomers = ['a']\n" + GOOD, "newcomers belongs to the format gauntlet"),
        ("extra_pairs = 0\n" + GOOD, "extra_pairs belongs to the format double_elimination"),
        (GOOD + "[seeding]\na = 1\nb = 2\n", "seeding belongs to the format swiss or double_elimination"),
        ("format = 'gauntlet'\n" + GOOD, 'a gauntlet needs newcomers, for example newcomers = ["mine"]'),
        ("format = 'gauntlet'\nnewcomers = ['c']\n" + GOOD, "the newcomer 'c' is not among the entrants"),
        ("format = 'gauntlet'\nnewcomers = ['a', 'a']\n" + GOOD, "the newcomer 'a' is named twice"),
        ("format = 'gauntlet'\nnewcomers = ['a', 'b']\n" + GOOD, "at least one entrant must not be a newcomer"),
        ("format = 'swiss'\n" + GOOD, "a swiss needs a number of rounds, for example rounds = 5"),
        ("format = 'swiss'\nrounds = 0\n" + GOOD, "rounds = 0 will not do"),
        ("format = 'swiss'\nrounds = 2\n" + GOOD, "2 rounds are too many for 2 entrants, who have all met after 1"),
        ("format = 'swiss'\nrounds = 1\n" + GOOD + "c = 'uniform'\n", "1 rounds are too few to put 3 entrants on one"),
        ("format = 'double_elimination'\nextra_pairs = -1\n" + GOOD, "extra_pairs = -1 will not do"),
        ("format = 'double_elimination'\n" + GOOD + "[seeding]\na = 1\n", "and only them: 'b' is missing"),
        ("format = 'swiss'\nrounds = 1\n" + GOOD + "[seeding]\na = 1\nb = 2\nc = 3\n", "'c' is no entrant"),
        ("format = 'swiss'\nrounds = 1\n" + GOOD + "[seeding]\na = nan\nb = 2\n", "seeding.a = nan will not do"),
        (GOOD + "'cast:judge' = 'uniform'\n[cast]\njudge = 'uniform'\n", "what the player of a cast seat is called"),
    ],
)
def test_a_bad_tournament_file_gets_one_sentence(tmp_path, text, sentence):
    with pytest.raises(ConfigError, match=re.escape(sentence)) as caught:
        load(written(tmp_path, text), TournamentConfig)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (LEAGUE + "[learners.main]\nplayr = 'net'\n", "no key 'learners.main.playr'; did you mean 'player'?"),
        (LEAGUE + "[opponents]\nlatest = 0.0\n", "at least one of latest, uniform and prioritised"),
        (LEAGUE + "[schedule]\ncheckpoint_every = 7\n", "snapshot_every must be a multiple of checkpoint_every"),
        (LEAGUE + "[anchors]\nmain = 'uniform'\n", "'main' is both a learner and an anchor"),
        (LEAGUE + "[learners.a]\npolicies = 'both'\n", "learners.a.policies = 'both' will not do"),
        (LEAGUE + "[opponents]\nlatest = inf\n", "opponents.latest = inf will not do: input should be a finite number"),
        (LEAGUE + "learning_rate = inf\n", "training.learning_rate = inf will not do"),
        (LEAGUE + "[anchors]\nmain-20 = 'uniform'\n", "'main-20' is what a snapshot of 'main' is called"),
        (LEAGUE + "[learners.a]\n[learners.a-3]\n", "'a-3' is what a snapshot of 'a' is called: take another name"),
        (LEAGUE + "[anchors]\n'a|b' = 'uniform'\n", "the name 'a|b' will not do"),
        ("game = 'kuhn_poker'\n", "the key 'training' is missing"),
    ],
)
def test_a_bad_league_file_gets_one_sentence(tmp_path, text, sentence):
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        load(written(tmp_path, text), LeagueConfig)


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".", "a b", "-a", "3a", "a.b", "a" * 51])
def test_a_learner_has_a_name_that_can_name_a_folder(tmp_path, name):
    with pytest.raises(ConfigError, match="cannot name a folder: take up to 50 letters, digits, _ and -, a letter"):
        load(written(tmp_path, LEAGUE + f"[learners.'{name}']\n"), LeagueConfig)


@pytest.mark.parametrize("name", ["net(hidden=[8, 8]), 'a': \"b\" #2 + 1.5_x-3", "नेट", "甲-乙", "$x^$", "[red]a[/]"])
def test_labels_may_be_almost_anything(tmp_path, name):
    line = f'{json.dumps(name, ensure_ascii=False)} = "uniform"\n'
    assert name in load(written(tmp_path, GOOD + line), TournamentConfig).entrants
    assert name in load(written(tmp_path, LEAGUE + f"[anchors]\n{line}"), LeagueConfig).anchors


def test_only_a_learner_has_snapshots(tmp_path):
    text = LEAGUE + "[learners.main-b]\n[anchors]\nother-20 = 'uniform'\nmain-x = 'uniform'\n"
    assert list(load(written(tmp_path, text), LeagueConfig).anchors) == ["other-20", "main-x"]


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
    league = file.stem.endswith("_league")
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
