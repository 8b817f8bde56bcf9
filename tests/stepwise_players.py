"""Players that write and judge steps as a test tells them, and a question to put to them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from arena.games.sneaky_critic import SneakyCritic
from arena.games.step_by_step import State, StepByStep
from arena.player import Move, Request
from arena.question_file import Question
from arena.seeds import derive

GAME = StepByStep(most=4)
ASKED = State(Question("What is 2 + 3?", "5"))


class Says:
    """Answers by a function of the request, and keeps the requests."""

    def __init__(self, say: Callable, name: str = "says") -> None:
        self.say, self.name, self.batches = say, name, []

    def act(self, batch):
        self.batches.append(list(batch))
        said = [self.say(request) for request in batch]
        return [one if isinstance(one, Move) else Move(one) for one in said]

    @property
    def asked(self) -> list[Request]:
        return [request for batch in self.batches for request in batch]


class Costs(Says):
    """Has what it says paid for: a dollar, 10 tokens and 2."""

    keeps_traces = True

    def act(self, batch):
        paid = {"dollars": np.float64(1), "prompt_tokens": np.int64(10), "completion_tokens": np.int64(2)}
        return [move._replace(trace=paid) for move in super().act(batch)]


class Sure(Says):
    """A critic of the game without words that states how sure it is, as a function of the step."""

    def policy(self, batch):
        self.batches.append(list(batch))
        law = np.zeros((len(batch), len(batch.game.actions)))
        law[:, -2] = [self.say(step_of(request)) for request in batch]
        law[:, -1] = 1 - law[:, -2]
        return law


def judge(believe: Callable[[str], bool], kind: type[Says] = Says) -> Says:
    """Return a critic that believes steps by a function of their text."""
    return kind(lambda request: "Correct" if believe(step_of(request)) else "Incorrect", "critic")


def step_of(request: Request) -> str:
    """Return the step that a critic is asked about."""
    assert isinstance(request.game, SneakyCritic)
    lines = request.text.splitlines()
    return lines[lines.index("The next step:") + 1].partition("| ")[2]


def in_turn(*answers: str | Move) -> Says:
    """Return a player that says these, one after the other, whoever asks."""
    left = iter(answers)
    return Says(lambda request: next(left))


def request(s: State = ASKED, seed: int = 1, complaint: str = "") -> Request:
    return Request(GAME, s, 0, seed=derive(seed, "asked"), match="m", complaint=complaint)
