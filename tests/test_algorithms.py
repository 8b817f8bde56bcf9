"""[training.NAME] reaches the trainer of that name, and a misspelt key gets one sentence."""

import re

import pytest

from arena.config import LeagueConfig, load
from arena.errors import ConfigError
from tests.config_files import LEAGUE, written


def test_a_file_without_an_algorithm_means_the_policy_gradient(tmp_path):
    assert load(written(tmp_path, LEAGUE), LeagueConfig).training.algorithm == "policy_gradient"


def test_a_sub_table_sets_the_parameters_of_its_algorithm(tmp_path):
    text = LEAGUE + 'algorithm = "ppo"\n[training.ppo]\nclip = 0.3\n'
    training = load(written(tmp_path, text), LeagueConfig, ["training.mmd.epochs=7"]).training
    assert (training.algorithm, training.ppo.clip, training.mmd.epochs) == ("ppo", 0.3, 7)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("algorithm = 'pop'\n", "training.algorithm = 'pop' will not do: input should be 'policy_gradient', 'ppo'"),
        ("[training.ppo]\nclp = 0.1\n", "there is no key 'training.ppo.clp'; did you mean 'clip'?"),
        ("[training.pop]\nclip = 0.1\n", "there is no key 'training.pop'; did you mean 'ppo'?"),
        ("[training.mmd]\nmagnet_rate = 2.0\n", "training.mmd.magnet_rate = 2.0 will not do"),
        (
            "[training.nfsp]\nanticipation = 0.0\n",
            "training.nfsp.anticipation = 0.0 will not do: input should be greater",
        ),
        ("[training.ppo]\nepochs = 1.5\n", "training.ppo.epochs = 1.5 will not do"),
    ],
)
def test_a_bad_table_gets_one_sentence(tmp_path, text, sentence):
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        load(written(tmp_path, LEAGUE + text), LeagueConfig)
