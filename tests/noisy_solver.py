"""A solver and a critic whose steps and verdicts are wrong at known rates, and what searches with them come to.

The solver writes a wrong step in the place of a right one at a rate; after one it ends in a wrong answer, always the
same. The critic knows the right steps, and takes right and wrong ones for right at two rates.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from math import comb
from pathlib import Path

from arena.games.corruptions import KINDS, corrupt
from arena.games.worked import EXACT
from arena.games.worked_problems import worked
from arena.player import Move
from arena.seeds import derive, generator, uniform


def problems(count: int, seed: int = 0):
    """Return problems by their questions."""
    return {one.question: one for one in worked(count, EXACT, "test", seed)}


def write_problems(path: Path, known) -> str:
    """Write the problems as a file for `step_by_step`, and return its spec."""
    rows = [
        {"question": one.question, "answer": "\n".join([*one.steps, f"#### {one.answer}"])} for one in known.values()
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    return f"step_by_step(file={str(path)!r})"


class NoisySolver:
    """Writes the right step, or at a rate a wrong one."""

    name = "noisy solver"

    def __init__(self, known, rate: float, kinds: Sequence[str] = tuple(KINDS)) -> None:
        self.known, self.rate, self.kinds, self.asked = known, rate, kinds, 0

    def act(self, batch):
        self.asked += len(batch)
        return [Move(self._step(request)) for request in batch]

    def _step(self, request) -> str:
        question, steps = request.game.solution(request.state())
        one, place = self.known[question], len(steps)
        wrong = uniform(derive(request.seed, "wrong")) < self.rate
        if place == len(one.steps) - 1:
            wrong = wrong or steps != one.steps[:place]
            return f"The answer is {Fraction(one.answer) + 1}." if wrong else one.steps[place]
        return spoilt(one, place, self.kinds, generator(request.seed, "kind")) if wrong else one.steps[place]


def spoilt(one, place: int, kinds: Sequence[str], rng) -> str:
    """Return a step with an error of one of the kinds, or of any kind where none of them goes with it."""
    drawn = [kinds[i] for i in rng.permutation(len(kinds))]
    steps = (corrupt(one, place, kind, rng) for kind in (*drawn, *KINDS))
    return next(step for step in steps if step is not None)


class KnownCritic:
    """Says Correct of right steps and of wrong ones at two rates. It reads the question like any other critic."""

    name = "known critic"

    def __init__(self, known, of_right: float = 1.0, of_wrong: float = 0.0) -> None:
        self.known, self.of_right, self.of_wrong, self.asked = known, of_right, of_wrong, 0

    def act(self, batch):
        self.asked += len(batch)
        return [Move(self._verdict(request)) for request in batch]

    def _verdict(self, request) -> str:
        lines = request.text.splitlines()
        question = lines[1].removeprefix("problem| ")
        number, _, step = lines[lines.index("The next step:") + 1].removeprefix("step ").partition("| ")
        right = self.known[question].steps[int(number) - 1] == step
        believed = uniform(derive(request.seed, "verdict")) < (self.of_right if right else self.of_wrong)
        return "I looked at it.\nCorrect" if believed else "I looked at it.\nIncorrect"


# What is to be expected, for a share `rate` of wrong steps and a critic that believes `a` of the right ones and `b` of
# the wrong ones.


def filtered(length: int, rate: float, a: float, b: float, tries: int) -> float:
    """Return the probability that a filter of so many tries comes to the right answer of a problem of some length."""
    right, refused = 1 - rate, (1 - rate) * (1 - a) + rate * (1 - b)
    accepted = right * a * sum(refused**t for t in range(tries))
    return (accepted + refused ** (tries - 1) * right * (1 - a)) ** length


def best(length: int, rate: float, a: float, b: float, n: int) -> float:
    """Return the probability that the answer chosen among n solutions is right, for votes of one.

    A solution speaks for its answer if all its steps are believed. Wrong solutions all come to one answer.
    """
    right, works = (1 - rate) ** length, ((1 - rate) * a) ** (length - 1)
    wrong_believed = b * ((rate * b + (1 - rate) * a) ** (length - 1) - works) + rate * b * works
    speaks = a**length, wrong_believed / (1 - right)
    return sum(p * _wins(c, n - c, *speaks) for c, p in enumerate(binomial(n, right)))


def _wins(c: int, d: int, p: float, q: float) -> float:
    """Return how often c right solutions, each believed with probability p, beat d wrong ones, believed with q."""
    level = 0.5 if c == d else float(c > d)
    return sum(
        x * y * (1.0 if i > j else level if i == j else 0.0)
        for i, x in enumerate(binomial(c, p))
        for j, y in enumerate(binomial(d, q))
    )


def binomial(n: int, p: float) -> list[float]:
    return [comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]
