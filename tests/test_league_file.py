import re

import pytest

from arena.config import LeagueConfig, load
from arena.errors import ConfigError
from tests.config_files import LEAGUE, written

POPULATION = LEAGUE + "[population]\nevery = 300\n"
SEVERAL = "games = ['kuhn_poker', 'tic_tac_toe']\n"
LANGUAGE = "[training]\nalgorithm = 'token_policy_gradient'\nupdates = 9\n"
TOKENS = LEAGUE + "algorithm = 'token_policy_gradient'\n"
NOBODY = "nobody could inherit in this population: give it two plain learners that are described alike"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (LEAGUE + "[learners.main]\nplayr = 'net'\n", "no key 'learners.main.playr'; did you mean 'player'?"),
        (
            TOKENS + "[training.phases]\nin_turn = {first = 1}\n[alarms]\nroll_backs = 1\n",
            "where roles learn in turn there is no way back",
        ),
        (LEAGUE + "[training.phases]\nin_turn = {first = 1}\n", "in_turn is for language models"),
        (
            TOKENS + "[training.phases]\nin_turn = {first = 1}\nafter = 'random'\n",
            "in_turn counts updates of self-play",
        ),
        (LEAGUE + "[opponents]\nlatest = 0.0\n", "at least one of latest, uniform, prioritised, meta and anchors"),
        (LEAGUE + "[learners.x]\nleague_role = 'main_exploiter'\n", "exploiters need somebody to exploit"),
        (
            LEAGUE + "[learners.x]\nleague_role = 'main'\nfresh_after_snapshot = true\n",
            "a main knows by itself when to start afresh",
        ),
        (LEAGUE + "[population]\nevery = 50\n", "population.every must be a multiple of schedule.snapshot_every"),
        (LEAGUE + "[population]\ndiversity = -0.1\n", "population.diversity = -0.1 will not do"),
        (LEAGUE + "[population]\ndiversity = 0.1\n", "population.diversity keeps learners apart, and there is one"),
        (
            LEAGUE + "[learners.a]\n[learners.b]\npolicies = 'per_role'\n[population]\ndiversity = 0.1\n",
            'give all the same policies, "shared" or "per_role"',
        ),
        (
            LEAGUE + "[learners.a]\n[learners.b]\nleague_role = 'main'\n[population]\ndiversity = 0.1\n",
            "population.diversity is for plain learners, and b is a main: drop one of the two",
        ),
        (POPULATION + "[learners.a]\n", NOBODY),
        (POPULATION + "[learners.a]\n[learners.b]\nplayer = 'net(hidden=[8])'\n", NOBODY),
        (POPULATION + "[learners.a]\nleague_role = 'main'\n[learners.b]\nleague_role = 'main'\n", NOBODY),
        (POPULATION + "tune = []\n[learners.a]\n[learners.b]\n", "population.tune is empty: name what is to be tuned"),
        (
            POPULATION.replace("[population]", "algorithm = 'ppo'\n[population]") + "[learners.a]\n[learners.b]\n",
            'kl_weight belongs to the policy_gradient, and the algorithm is ppo: set population.tune = ["learning_rate',
        ),
        (LEAGUE + "[opponents]\nweighting = 'soft'\n", "opponents.weighting = 'soft' will not do"),
        (LEAGUE + "[opponents]\ndelta = 1.5\n", "opponents.delta = 1.5 will not do"),
        (LEAGUE + "[opponents]\nmeta_solver = 'nahs'\n", "opponents.meta_solver = 'nahs' will not do"),
        (LEAGUE + "[schedule]\nbeaten = 0.5\n", "schedule.beaten = 0.5 will not do"),
        (LEAGUE + "[schedule]\ncheckpoint_every = 7\n", "snapshot_every must be a multiple of checkpoint_every"),
        (LEAGUE + "[anchors]\nmain = 'uniform'\n", "'main' is both a learner and an anchor"),
        (LEAGUE + "[learners.a]\npolicies = 'both'\n", "learners.a.policies = 'both' will not do"),
        (LEAGUE + "[opponents]\nlatest = inf\n", "opponents.latest = inf will not do: input should be a finite number"),
        (LEAGUE + "learning_rate = inf\n", "training.learning_rate = inf will not do"),
        (LEAGUE + "[anchors]\nmain-20 = 'uniform'\n", "'main-20' is what a snapshot of 'main' is called"),
        (LEAGUE + "[learners.a]\n[learners.a-3]\n", "'a-3' is what a snapshot of 'a' is called: take another name"),
        (LEAGUE + "[anchors]\n'a|b' = 'uniform'\n", "the name 'a|b' will not do"),
        (
            LEAGUE + "[anchors]\n'cast:judge' = 'uniform'\n[cast]\njudge = 'uniform'\n",
            "the player of a cast seat is called",
        ),
        ("game = 'kuhn_poker'\n", "the key 'training' is missing"),
        ("[training]\nupdates = 9\n", "the key 'game' is missing"),
        (SEVERAL + "game = 'nim'\n" + LANGUAGE, "there are both game and games: leave one of them out"),
        (SEVERAL.replace("tic_tac_toe", "kuhn_poker") + LANGUAGE, "games names a game twice"),
        (SEVERAL + "[training]\nupdates = 9\n", "several games are for language models"),
        (
            SEVERAL + LANGUAGE + "[anchors]\na = {tic_tac_to = 'mcts'}\n",
            "anchors.a names the game 'tic_tac_to', which is not played; did you mean 'tic_tac_toe'?",
        ),
        (SEVERAL + LANGUAGE + "[anchors]\na = {tic_tac_toe = 'mcts'}\n", "no anchor plays kuhn_poker: give it one"),
        (SEVERAL + LANGUAGE + "[learners.a]\npolicies = 'per_role'\n", "learner 'a': in a run of several games"),
        (SEVERAL + LANGUAGE + "[learners.a]\nleague_role = 'main'\n", "learner 'a': in a run of several games"),
        (SEVERAL + LANGUAGE + "[population]\nevery = 300\n", "[population] compares learners on one ladder"),
        (
            SEVERAL + LANGUAGE + "[curriculum]\nmethod = 'fixed'\nweights = {tictactoe = 2}\n",
            "curriculum.weights names the game 'tictactoe', which is not played; did you mean 'tic_tac_toe'?",
        ),
        (LEAGUE + "[curriculum]\nmethod = 'sec'\n", "[curriculum] shares play out among games, and there is one"),
    ],
)
def test_a_bad_league_file_gets_one_sentence(tmp_path, text, sentence):
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        load(written(tmp_path, text), LeagueConfig)


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".", "a b", "-a", "3a", "a.b", "a" * 51])
def test_a_learner_has_a_name_that_can_name_a_folder(tmp_path, name):
    with pytest.raises(ConfigError, match="cannot name a folder: take up to 50 letters, digits, _ and -, a letter"):
        load(written(tmp_path, LEAGUE + f"[learners.'{name}']\n"), LeagueConfig)


def test_only_a_learner_has_snapshots(tmp_path):
    text = LEAGUE + "[learners.main-b]\n[anchors]\nother-20 = 'uniform'\nmain-x = 'uniform'\n"
    assert list(load(written(tmp_path, text), LeagueConfig).anchors) == ["other-20", "main-x"]


@pytest.mark.parametrize(
    ("algorithm", "tune"),
    [
        ("policy_gradient", ["learning_rate", "kl_weight"]),
        ("policy_gradient", ["kl_weight"]),
        ("mmd", ["learning_rate"]),
    ],
)
def test_a_population_tunes_what_its_algorithm_has(tmp_path, algorithm, tune):
    text = POPULATION.replace("[population]", f"algorithm = '{algorithm}'\n[population]\ntune = {tune}")
    others = "[learners.c]\nleague_role = 'main'\n[learners.d]\nplayer = 'net(hidden=[8])'\n"
    config = load(written(tmp_path, text + "[learners.a]\n[learners.b]\n" + others), LeagueConfig)
    assert config.population.tune == tune


def test_every_game_has_its_own_anchors(tmp_path):
    text = SEVERAL + LANGUAGE + "[curriculum]\nmethod = 'sec'\n[anchors]\nrandom = 'uniform'\n"
    text += "search = {kuhn_poker = 'ismcts', tic_tac_toe = 'mcts'}\nexpert = {tic_tac_toe = 'minimax'}\n"
    several = load(written(tmp_path, text), LeagueConfig)
    poker, board = several.of_each_game()
    assert (poker.game, poker.games, poker.anchors) == ("kuhn_poker", [], {"random": "uniform", "search": "ismcts"})
    assert board.anchors == {"random": "uniform", "search": "mcts", "expert": "minimax"}
    for one in (poker, board):  # each is a league like any other
        assert LeagueConfig.model_validate(one.model_dump()) == one
        assert one.of_each_game() == [one]
