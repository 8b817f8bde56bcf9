"""A stranger's game and player, in a folder of their own: everything works with them, and nothing is edited here."""

import tomllib
from pathlib import Path

import pytest

from arena.registry import BUILT_IN
from tests.command_line import run, succeed

GAME = '''
"""High card: a game that arena has never seen."""

from typing import NamedTuple

from arena.game import CHANCE, OVER, Game, IllegalAction


class State(NamedTuple):
    cards: tuple[int, ...] = ()
    said: tuple[str, ...] = ()


class HighCard(Game[State]):
    """Two players get one card each from a deck numbered 1 to 5, which only they see.

    The first player says stay or double, and then the second player does. The higher card wins 1 chip from the
    other, and twice as much for every double that was said.
    """

    name = "high_card"
    actions = ("stay", "double")
    hidden = True
    scoring = "payoff"

    def __init__(self, ranks: int = 5) -> None:
        self.ranks = ranks

    payoff_range = (-4.0, 4.0)

    def start(self):
        return State()

    def turn(self, s):
        return CHANCE if len(s.cards) < 2 else OVER if len(s.said) == 2 else len(s.said)

    def chance(self, s):
        left = [card for card in range(1, self.ranks + 1) if card not in s.cards]
        return [(str(card), 1 / len(left)) for card in left]

    def step(self, s, action):
        if self.turn(s) == CHANCE:
            if action not in [card for card, _ in self.chance(s)]:
                raise IllegalAction(f"{action!r} is not in the deck")
            return State((*s.cards, int(action)), s.said)
        if self.turn(s) == OVER or action not in self.actions:
            raise IllegalAction(f"{action!r} is no move here: say stay or double")
        return State(s.cards, (*s.said, action))

    def returns(self, s):
        stake = 2.0 ** s.said.count("double")
        return (stake, -stake) if s.cards[0] > s.cards[1] else (-stake, stake)

    def view(self, s, seat):
        card = s.cards[seat] if seat < len(s.cards) else "none yet"
        return f"you are {self.roles[seat]}; your card: {card}; said: {', '.join(s.said) or 'nothing'}"

    def draw(self, s, seat=None):
        return str(s) if seat is None else self.view(s, seat)
'''

PLAYER = '''
"""A player that doubles on high cards."""

import re

import numpy as np

from arena.player import Move


class Careful:
    def __init__(self, least: int = 4) -> None:
        self.name = "careful"
        self.least = least

    def act(self, batch):
        return [Move(self.choose(request)) for request in batch]

    def policy(self, batch):
        policy = np.zeros((len(batch), 2))
        policy[range(len(batch)), [("stay", "double").index(self.choose(request)) for request in batch]] = 1
        return policy

    def choose(self, request):
        card = int(re.search(r"your card: (\\d+)", request.text)[1])
        return "double" if card >= self.least else "stay"
'''

TOURNAMENT = """
game = "high_card.py:HighCard(ranks=5)"
pairs = 200
block_pairs = 20
[entrants]
careful = "careful.py:Careful"
bold = "careful.py:Careful(least=1)"
uniform = "uniform"
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stranger")
    (folder / "high_card.py").write_text(GAME)
    (folder / "careful.py").write_text(PLAYER)
    (folder / "cards.toml").write_text(TOURNAMENT)
    succeed("tournament", "cards.toml", cwd=folder)
    return folder


def test_the_game_is_proved_right(home):
    text = succeed("check", "high_card.py:HighCard(ranks=5)", "--verbose", cwd=home)
    assert "size: 146 states, 60 of them decisions, in 15 information sets" in text  # 1+5+20·(1+2+4); 5+5·2
    assert "deal 2: first does not, second sees it" in text
    assert "you are second; your card: " in text
    assert text.endswith("high_card.py:HighCard(ranks=5) keeps its promises\n")


def test_a_mistake_in_it_would_have_been_found(home):
    (home / "leaky.py").write_text(
        GAME.replace("card = s.cards[seat] if seat < len(s.cards)", "card = s.cards if s.cards")
    )
    done = run("check", "leaky.py:HighCard", cwd=home)
    assert done.returncode == 1
    assert "error [nothing_hidden]" in done.stdout


def test_the_player_is_proved_right(home):
    text = succeed("check", "careful.py:Careful", "--game", "high_card.py:HighCard", cwd=home)
    assert text == "careful.py:Careful keeps its promises\n"


def test_the_tournament_is_rated(home):
    text = succeed("ratings", "runs/cards", cwd=home)
    for name in ("careful", "bold", "uniform"):
        assert name in text


def test_two_of_them_are_compared(home):
    text = succeed("pit", "careful.py:Careful", "uniform", "-g", "high_card.py:HighCard", "--pairs", "300", cwd=home)
    assert "careful.py:Careful" in text


def test_the_player_is_measured_exactly(home):
    text = succeed("exploit", "careful.py:Careful", "-g", "high_card.py:HighCard", cwd=home)
    assert "\nNashConv " in text


def test_a_match_is_replayed(home):
    key = succeed("replay", "runs/cards", cwd=home).split()[0]
    assert "payoff: first" in succeed("replay", "runs/cards", key, cwd=home)


def test_the_run_becomes_a_page(home):
    if "page" not in BUILT_IN["tournaments"]:
        pytest.skip("there is no arena report yet")
    succeed("report", "runs/cards", cwd=home)
    assert "high_card" in (home / "runs/cards/report.html").read_text(encoding="utf-8")


def test_nothing_here_knows_of_them():
    root = Path(__file__).parent.parent
    assert not any("high_card" in target for kind in BUILT_IN.values() for target in kind.values())
    assert "high_card" not in str(tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8")))
