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
    """Return the probability that the best of n solutions has the right answer, for votes of one."""
    p = (1 - rate) ** length
    right = binomial(length, a)
    wrong = [0.0] * (length + 1)
    for m, chance in enumerate(binomial(length - 1, rate)):
        ends_wrong = chance if m else chance * rate
        for k, part in enumerate(convolved(convolved(binomial(length - 1 - m, a), binomial(m, b)), [1 - b, b])):
            wrong[k] += ends_wrong * part / (1 - p)
    return sum(comb(n, c) * p**c * (1 - p) ** (n - c) * _wins(right, wrong, c, n - c) for c in range(1, n + 1))


def _wins(right, wrong, c: int, d: int) -> float:
    """Return how often the chosen one of c right and d wrong solutions is right: by score, majority, then at random."""
    total = 0.0
    for k in range(len(right)):
        for t in range(1, c + 1):
            ahead = comb(c, t) * right[k] ** t * sum(right[:k]) ** (c - t)
            total += ahead * sum(wrong[:k]) ** d
            for u in range(1, d + 1):
                level = comb(d, u) * wrong[k] ** u * sum(wrong[:k]) ** (d - u)
                total += ahead * level * (t / (t + u) if c == d else float(c > d))
    return total


def binomial(n: int, p: float) -> list[float]:
    return [comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]


def convolved(first: list[float], second: list[float]) -> list[float]:
    out = [0.0] * (len(first) + len(second) - 1)
    for i, x in enumerate(first):
        for j, y in enumerate(second):
            out[i + j] += x * y
    return out
