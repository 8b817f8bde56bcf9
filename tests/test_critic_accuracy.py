"""How well critics judge, against critics whose accuracy is known."""

from __future__ import annotations

import pytest

from arena.games.critic_accuracy import Critique, accuracy, critiques
from arena.games.sneaky_critic import SneakyCritic
from arena.match import Fixture, play_fixtures
from arena.player import Move
from arena.players.uniform import UniformPlayer

GAME = SneakyCritic(words=False, seed=4)


class Critic:
    """Says what a function of the question says."""

    name = "critic"

    def __init__(self, say) -> None:
        self.say = say

    def act(self, batch):
        return [Move(self.say(request)) for request in batch]


def played(say, matches: int = 200):
    fixtures = [Fixture(f"{i:03d}", "play", ("s", "c"), i, "") for i in range(matches)]
    records = list(play_fixtures(GAME, fixtures, {"s": UniformPlayer(), "c": Critic(say)}))
    return critiques(records, GAME)


@pytest.mark.parametrize(("word", "true", "wrong"), [("Correct", 1.0, 0.0), ("Incorrect", 0.0, 1.0)])
def test_who_does_not_look_has_a_balanced_accuracy_of_one_half(word: str, true: float, wrong: float) -> None:
    found = accuracy(played(lambda request: word))
    assert (found.true.value, found.wrong.value) == (true, wrong)
    assert found.balanced.value == 0.5
    assert found.harmonic == 0.0
    assert found.balanced.low < 0.5 < found.balanced.high


def test_a_critic_without_a_verdict_is_wrong_in_both() -> None:
    found = accuracy(played(lambda request: "perhaps", 60))
    assert (found.true.value, found.wrong.value, found.silent) == (0.0, 0.0, 1.0)


def test_shares_are_those_of_each_class() -> None:
    judged = [Critique("c", "true", "", right, True) for right in (True, True, True, False)]
    judged += [Critique("c", "sneaky", "slip", right, True) for right in (True, False)]
    found = accuracy(judged)
    assert (found.true.value, found.wrong.value) == (0.75, 0.5)
    assert found.balanced.value == 0.625
    assert found.harmonic == pytest.approx(0.6)
    assert found.balanced.low < 0.625 < found.balanced.high


def test_who_is_asked_and_of_what_kind() -> None:
    judged = played(lambda request: "Correct")
    assert {one.critic for one in judged} == {"c"}
    assert {one.kind for one in judged if one.shown == "sneaky"} <= set(GAME.errors)
    assert {one.kind for one in judged if one.shown == "true"} == {""}
    assert len(judged) == 200


def test_without_steps_nothing_is_known() -> None:
    found = accuracy([])
    assert (found.true.low, found.true.high, found.wrong.low, found.wrong.high) == (0, 1, 0, 1)
