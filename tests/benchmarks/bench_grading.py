"""How many answers a child judges per second, right ones and wrong ones: python tests/benchmarks/bench_grading.py.

Answers that exact rules find equal never reach math-verify; a wrong one always does, and a term that means the same is
what it is there for.
"""

import time
from unittest.mock import patch

from arena.games.problems import arithmetic, expected_value
from arena.grading.grader import Grader

QUESTIONS = [*arithmetic(200, "test", 0), *expected_value(200, "test", 0)]
EXPECTED = [question.answer for question in QUESTIONS]
ANSWERS = {
    "right": EXPECTED,
    "wrong": [*EXPECTED[1:], EXPECTED[0]],
    "terms": [f"x = {answer} + 0" for answer in EXPECTED],
}


def rates(grader: Grader) -> dict[str, float]:
    """Return answers per second by kind."""
    found = {}
    with grader:
        grader.judge("1", "1")  # until then the child is not there
        for kind, answers in ANSWERS.items():
            began = time.perf_counter()
            for expected, answer in zip(EXPECTED, answers, strict=True):
                grader.judge(expected, answer)
            found[kind] = len(answers) / (time.perf_counter() - began)
    return found


def main() -> None:
    graders = [Grader()]
    with patch("arena.grading.grader.find_spec", lambda name: None):
        graders.append(Grader())
    for grader in graders:
        for kind, rate in rates(grader).items():
            print(f"{grader.name:18} {kind:6} {rate:8,.0f} answers/s")


if __name__ == "__main__":
    main()
